/** JupyterLab in `.venv`, with everything it writes inside the checkout. */

import { spawn, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, join } from 'node:path';
import { root } from '../cluster/instance.ts';
import { aptInstall, rootPrefix } from '../cluster/packages.ts';
import { isFree } from '../cluster/ports.ts';
import { waitFor } from '../cluster/wait.ts';

type Report = (line: string) => void;

const venv = join(root, '.venv');
const own = join(root, '.jupyter');
const requirements = join(root, 'requirements.txt');
const stamp = join(venv, 'installed.json');

export interface JupyterLab {
  /** With the token: opens the first notebook. */
  url: string;
  port: number;
  token: string;
  log: string;
  /** Resolves when it has ended, by itself or by `stop`. */
  ended: Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts JupyterLab and waits until it answers.
 *
 * @param options.instance name of the database that kernels use; default as for all commands
 * @param options.open whether a browser is opened; by default only where there is a display
 * @throws with the end of its log when it does not come up
 */
export async function startJupyterLab({
  port,
  token = randomBytes(24).toString('hex'),
  open = hasDisplay(),
  instance,
  report = () => {},
}: {
  port?: number;
  token?: string;
  open?: boolean;
  instance?: string;
  report?: Report;
} = {}): Promise<JupyterLab> {
  installJupyterLab(report);
  const chosen = port ?? (await freePort());
  const log = join(own, 'jupyterlab.log');
  mkdirSync(own, { recursive: true });
  const page = `lab/tree/${firstNotebook()}`;
  const file = openSync(log, 'w');
  const lab = spawn(venvProgram('jupyter-lab'), flags(chosen, page, open), {
    cwd: root,
    detached: true, // Ctrl-C is answered by us, without JupyterLab's question
    stdio: ['ignore', file, file],
    env: {
      ...jupyterEnvironment(),
      JUPYTER_TOKEN: token, // not in the arguments, which everybody on this machine can read
      ...(instance ? { WORKSHOP_INSTANCE: instance } : {}),
    },
  });
  closeSync(file);
  const ended = new Promise<void>((resolve) => {
    lab.once('exit', () => resolve());
    lab.once('error', () => resolve());
  });
  let isEnded = false;
  void ended.then(() => {
    isEnded = true;
  });
  const stop = async () => {
    if (!isEnded) lab.kill('SIGTERM');
    const force = setTimeout(() => lab.kill('SIGKILL'), 10_000);
    await ended;
    clearTimeout(force);
  };
  try {
    await waitFor(
      `JupyterLab on port ${chosen}`,
      () => {
        if (isEnded) throw new Error('JupyterLab ended at once');
        return isUp(chosen, token);
      },
      { limitMs: 90_000, everyMs: 200 },
    );
  } catch (cause) {
    await stop();
    const told = readFileSync(log, 'utf8').trim().split('\n').slice(-15).join('\n');
    throw new Error(`${(cause as Error).message}. The end of ${log}:\n${told}`, { cause });
  }
  const url = `http://127.0.0.1:${chosen}/${page}?token=${token}`;
  return { url, port: chosen, token, log, ended, stop };
}

/** Makes `.venv` as `requirements.txt` says, unless it is so already. */
export function installJupyterLab(report: Report = () => {}): void {
  if (isInstalled()) return;
  const python = findPython() ?? installPython(report);
  const started = performance.now();
  if (!existsSync(venvProgram('python')) || !pipWorks()) {
    report(`Making .venv with Python ${python.version}`);
    makeVenv(python, report);
  }
  report('Installing JupyterLab and sqlfluff into .venv (about half a minute, 250 MB)');
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
  const { status, stdout, stderr } = run(venvProgram('python'), [...pip, '-r', requirements]);
  if (status !== 0) {
    throw new Error(`JupyterLab could not be installed:\n${lastLines(`${stdout}${stderr}`)}`);
  }
  writeSettings();
  writeFileSync(stamp, JSON.stringify(wantedStamp()));
  report(`JupyterLab is installed (${((performance.now() - started) / 1000).toFixed(0)} s)`);
}

/** Whether `.venv` is what `requirements.txt` asks for, made in this place. */
export function isInstalled(): boolean {
  try {
    const text = readFileSync(stamp, 'utf8');
    return text === JSON.stringify(wantedStamp()) && existsSync(venvProgram('python'));
  } catch {
    return false;
  }
}

/** A program of `.venv`, as an absolute path. */
export function venvProgram(name: string): string {
  return join(venv, 'bin', name);
}

/** With the kit's Node and kernel, and with everything that Jupyter writes inside the checkout. */
export function jupyterEnvironment(): NodeJS.ProcessEnv {
  const bin = join(root, 'node_modules', '.bin');
  return {
    ...process.env,
    PATH: `${bin}${delimiter}${process.env.PATH}`,
    JUPYTER_PATH: join(root, 'kernel'),
    JUPYTER_CONFIG_DIR: join(own, 'config'),
    JUPYTER_DATA_DIR: join(own, 'data'),
    JUPYTER_RUNTIME_DIR: join(own, 'runtime'),
    IPYTHONDIR: join(own, 'ipython'),
  };
}

/** A Python that JupyterLab runs on; undefined when there is none. */
export function findPython(): { program: string; version: string } | undefined {
  for (const program of ['python3', 'python', '/usr/bin/python3']) {
    const { status, stdout } = run(program, ['--version']);
    const version = stdout?.match(/\d+\.\d+\.\d+/)?.[0];
    const [major = 0, minor = 0] = version?.split('.').map(Number) ?? [];
    if (status === 0 && version && major === 3 && minor >= 11) return { program, version };
  }
  return undefined;
}

function installPython(report: Report): { program: string; version: string } {
  if (rootPrefix()) aptInstall(['python3', 'python3-venv'], report);
  const python = findPython();
  if (python) return python;
  throw new Error(
    'JupyterLab needs Python 3.11 or later, and there is none. Install it, then run this again:\n' +
      '  sudo apt-get install python3-venv     (Debian 12, Ubuntu 24.04 or later)',
  );
}

function makeVenv({ program }: { program: string }, report: Report): void {
  const make = () => {
    rmSync(venv, { recursive: true, force: true });
    return run(program, ['-m', 'venv', venv]);
  };
  if (make().status === 0) return;
  // Debian packs the venv module apart from Python
  if (rootPrefix()) aptInstall(['python3-venv'], report);
  const { status, stdout, stderr } = make();
  if (status === 0) return;
  throw new Error(
    `${program} cannot make a virtual environment:\n${lastLines(`${stdout}${stderr}`)}\n` +
      'Install its venv module (Debian, Ubuntu: sudo apt-get install python3-venv), then run this again.',
  );
}

function pipWorks(): boolean {
  return run(venvProgram('python'), ['-m', 'pip', '--version']).status === 0;
}

// A virtual environment holds absolute paths: moved elsewhere, it is made again.
function wantedStamp() {
  const hash = createHash('sha256').update(readFileSync(requirements)).digest('hex');
  return { venv, requirements: hash };
}

// No news from the network, no question about it. And JupyterLab's own scripts are not of our package, which says that
// all scripts are modules: without a package of theirs they fail, and the log fills with their text.
function writeSettings(): void {
  writeFileSync(join(venv, 'package.json'), '{}\n');
  const folder = join(venv, 'share', 'jupyter', 'lab', 'settings');
  mkdirSync(folder, { recursive: true });
  const settings = {
    '@jupyterlab/apputils-extension:notification': {
      fetchNews: 'false',
      checkForUpdates: false,
      doNotDisturbMode: true,
    },
  };
  writeFileSync(join(folder, 'overrides.json'), `${JSON.stringify(settings, null, 2)}\n`);
}

function flags(port: number, page: string, open: boolean): string[] {
  return [
    `--ServerApp.root_dir=${root}`,
    '--ServerApp.ip=127.0.0.1',
    `--ServerApp.port=${port}`,
    '--ServerApp.port_retries=0',
    `--LabApp.default_url=/${page}`,
    '--LabApp.news_url=',
    // the workshop's kernel is the only one offered
    '--KernelSpecManager.ensure_native_kernel=False',
    '--KernelSpecManager.allowed_kernelspecs=tslab',
    ...(open ? [] : ['--no-browser']),
    ...(process.getuid?.() === 0 ? ['--allow-root'] : []),
  ];
}

function firstNotebook(): string {
  const folder = join(root, 'notebooks');
  const files = existsSync(folder) ? readdirSync(folder).sort() : [];
  const first = files.find((file) => /^\d\d-.*\.ipynb$/.test(file));
  if (!first) throw new Error(`No notebook in ${folder}: npm run fix builds them`);
  return `notebooks/${first}`;
}

async function freePort(): Promise<number> {
  for (let port = 8888; port < 8988; port++) {
    if (await isFree(port)) return port;
  }
  throw new Error('Ports 8888 to 8987 on 127.0.0.1 are all taken');
}

async function isUp(port: number, token: string): Promise<boolean> {
  const headers = { authorization: `token ${token}` };
  const signal = AbortSignal.timeout(2000);
  return fetch(`http://127.0.0.1:${port}/api/status`, { headers, signal }).then(
    (response) => response.ok,
    () => false,
  );
}

function hasDisplay(): boolean {
  const { CI, DISPLAY, WAYLAND_DISPLAY } = process.env;
  if (CI) return false;
  return process.platform === 'darwin' || Boolean(DISPLAY || WAYLAND_DISPLAY);
}

function run(program: string, args: string[]) {
  return spawnSync(program, args, { cwd: root, encoding: 'utf8' });
}

function lastLines(text: string): string {
  return text.trim().split('\n').slice(-8).join('\n');
}
