/** The database in containers: `compose.yaml` behind the same commands as a native server. */

import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { askFacts } from './facts.ts';
import { askServer, type Health } from './health.ts';
import { type Instance, root, writeInstance } from './instance.ts';
import { choosePort } from './ports.ts';

type Report = (line: string) => void;

/** What is in the image: Citus' own, or PostgreSQL from Debian's packages. */
export type Flavour = 'citus' | 'plain';

/** The image could not be built: everything else about the containers may be well. */
export class ImageError extends Error {}

/** The container engine that answers, for people; or why there is none. */
export function findContainerEngine({ env = process.env } = {}): {
  text?: string;
  reason?: string;
} {
  const ask = (...args: string[]) =>
    spawnSync('docker', args, { encoding: 'utf8', env, timeout: 10_000 });
  const engine = ask('version', '--format', '{{.Server.Version}}');
  if (engine.error) return { reason: 'there is no program "docker"' };
  if (engine.status !== 0)
    return { reason: lastLine(engine.stderr) || 'the engine does not answer' };
  const compose = ask('compose', 'version', '--short');
  if (compose.status !== 0) return { reason: '"docker compose" is not installed' };
  return { text: `Docker ${engine.stdout.trim()}, compose ${compose.stdout.trim()}` };
}

/**
 * Builds the image, starts the nodes, and waits until the cluster is formed.
 *
 * @throws ImageError when the image can be neither built nor found
 */
export async function startContainers(
  name: string,
  old: Instance | undefined,
  report: Report,
): Promise<Instance> {
  const containers: Containers = {
    project: projectName(name),
    flavour: chooseFlavour(old),
  };
  const port = await publishedPort(containers).catch(() => choosePort(old?.port));
  await buildImage(containers, report);
  report(`Starting the containers (project ${containers.project})`);
  const services = await servicesOf(containers);
  await bringUp(containers, services, port, report);
  const instance = await describe(name, containers);
  writeInstance(instance);
  return instance;
}

/** Adds a third worker to a cluster of containers. It holds nothing until shards are moved to it. */
export async function addContainer({ containers, port }: Instance, report: Report): Promise<void> {
  if (containers) await bringUp(containers, ['--no-deps', 'worker-3'], port, report);
}

/** Stops and removes the containers; their volumes, with the data, stay. True if any was running. */
export async function stopContainers({ containers }: Instance): Promise<boolean> {
  if (!containers) return false;
  const was = (await listNodes(containers)).some(({ State }) => State === 'running');
  await compose(containers, [...profile, 'down']);
  return was;
}

/** Removes the containers and their volumes. */
export async function destroyContainers({ containers }: Instance): Promise<void> {
  if (containers) await compose(containers, [...profile, 'down', '--volumes']);
}

/** Looks at the containers without changing anything. */
export async function containersStatus(instance: Instance): Promise<{
  state: 'stopped' | 'incomplete' | 'running' | 'unreachable';
  detail: string;
  health?: Health;
}> {
  const { containers, host, port } = instance;
  if (!containers) throw new Error(`"${instance.name}" does not run in containers`);
  let nodes: Container[];
  let wanted: string[];
  try {
    nodes = await listNodes(containers);
    wanted = await servicesOf(containers);
  } catch (error) {
    const { reason = (error as Error).message } = findContainerEngine();
    return {
      state: 'stopped',
      detail: `The container engine is not there (${reason}): start it, then npm run up`,
    };
  }
  const isUp = (service: string) =>
    nodes.some(({ Service, State }) => Service === service && State === 'running');
  const down = wanted.filter((service) => !isUp(service));
  if (down.length) {
    const all = down.length === wanted.length;
    const what = all ? 'The containers are stopped' : `Stopped: ${down.join(', ')}`;
    return { state: all ? 'stopped' : 'incomplete', detail: `${what}: npm run up` };
  }
  try {
    const health = await askServer(instance);
    const where = `${host}:${port}, containers of project ${containers.project}`;
    return { state: 'running', health, detail: `PostgreSQL ${health.version} on ${where}` };
  } catch (error) {
    const reason = (error as Error).message;
    return {
      state: 'unreachable',
      detail: `The containers run, but port ${port} does not answer: ${reason}.`,
    };
  }
}

/** A command that shows the log of an instance in containers. */
export function composeCommand({ project, flavour }: Containers): string {
  const variables = flavour === 'citus' ? '' : `WORKSHOP_FLAVOUR=${flavour} `;
  return `${variables}docker compose -p ${project}`;
}

type Containers = NonNullable<Instance['containers']>;

interface Container {
  Service: string;
  State: string;
  Health: string;
}

// Workers beyond the two that are always there.
const profile = ['--profile', 'more'];

function chooseFlavour(old: Instance | undefined): Flavour {
  const wish = process.env.WORKSHOP_FLAVOUR || old?.containers?.flavour || 'citus';
  if (wish === 'citus' || wish === 'plain') return wish;
  throw new Error(`Expected \`WORKSHOP_FLAVOUR\` to be citus or plain, got "${wish}"`);
}

// Two checkouts on one machine, or two instances of one, share nothing.
function projectName(name: string): string {
  const hash = createHash('sha256').update(root).digest('hex').slice(0, 6);
  return `workshop-${hash}${name === 'workshop' ? '' : `-${name}`}`;
}

async function buildImage(containers: Containers, report: Report): Promise<void> {
  report(`Building the image (flavour ${containers.flavour})`);
  const step = (line: string) => {
    const [, text] = line.match(/^#\d+ \[(.*)/) ?? [];
    if (text) report(`  [${text.slice(0, 100)}`);
  };
  try {
    await compose(containers, ['--progress', 'plain', 'build', 'coordinator'], { report: step });
  } catch (cause) {
    const image = `workshop-node:${containers.flavour}`;
    const reason = (cause as Error).message;
    if (spawnSync('docker', ['image', 'inspect', image], { stdio: 'ignore' }).status === 0) {
      report(`It cannot be built now, so the one built before is used: ${lastLine(reason)}`);
      return;
    }
    throw new ImageError(
      `The image (flavour ${containers.flavour}) cannot be built:\n${reason}\n` +
        'Without a way to an image registry: WORKSHOP_ENGINE=native npm run up takes a PostgreSQL of this machine.',
      { cause },
    );
  }
}

// Without Citus nobody would use workers. One that once was added holds shards, and belongs to the
// cluster from then on.
async function servicesOf({ project, flavour }: Containers): Promise<string[]> {
  if (flavour === 'plain') return ['coordinator'];
  const filter = `label=com.docker.compose.project=${project}`;
  const volumes = await docker(['volume', 'ls', '-q', '--filter', filter]);
  const more = volumes.split('\n').includes(`${project}_worker-3`) ? ['worker-3'] : [];
  return ['coordinator', 'worker-1', 'worker-2', ...more];
}

async function bringUp(
  containers: Containers,
  services: string[],
  port: number,
  report: Report,
): Promise<void> {
  const up = ['up', '-d', '--no-build', '--wait', '--wait-timeout', '600'];
  const tell = (line: string) =>
    /Healthy|Error|exited|unhealthy/.test(line) && report(`  ${line.trim()}`);
  try {
    await compose(containers, [...up, ...services], { port, report: tell });
  } catch (cause) {
    const { message } = cause as Error;
    throw new Error(`The containers did not come up: ${message}\n${await logs(containers)}`, {
      cause,
    });
  }
}

async function describe(name: string, containers: Containers): Promise<Instance> {
  const user = 'workshop';
  const host = '127.0.0.1';
  const port = await publishedPort(containers);
  const password = await compose(containers, [
    ...['exec', '-T', 'coordinator', 'cat', '/run/workshop/password'],
  ]);
  const url = `postgres://${user}:${password.trim()}@${host}:${port}/workshop`;
  const { version } = await askFacts(url);
  return {
    name,
    engine: containers.flavour === 'citus' ? 'citus' : 'postgres',
    host,
    port,
    user,
    password: password.trim(),
    database: 'workshop',
    socketDirectory: '',
    url,
    serverVersion: version,
    log: '',
    dataDirectory: '',
    programs: '',
    containers,
  };
}

async function publishedPort(containers: Containers): Promise<number> {
  const told = await compose(containers, ['port', 'coordinator', '5432']);
  const port = Number(told.trim().split(':').at(-1));
  if (port) return port;
  throw new Error('The coordinator has no published port');
}

async function listNodes(containers: Containers): Promise<Container[]> {
  const told = await compose(containers, [...profile, 'ps', '--all', '--format', 'json']);
  // one object a line, or one array: compose has had both
  return told
    .split('\n')
    .filter(Boolean)
    .flatMap((line) => JSON.parse(line));
}

// The last words of nodes that are not well.
async function logs(containers: Containers): Promise<string> {
  const told = await compose(containers, ['logs', '--no-color', '--tail', '12']).catch(() => '');
  return `${told.trim()}\nMore: ${composeCommand(containers)} logs`;
}

function compose(
  { project, flavour }: Containers,
  args: string[],
  { port = 0, report }: { port?: number; report?: (line: string) => unknown } = {},
): Promise<string> {
  const file = ['--project-directory', root, '-f', join(root, 'compose.yaml'), '-p', project];
  const env = { ...process.env, WORKSHOP_FLAVOUR: flavour, COORDINATOR_PORT: String(port) };
  return docker(['compose', ...file, ...args], { env, report });
}

// Gives what was printed on stdout; rejects with what was printed last on stderr.
function docker(
  args: string[],
  {
    env = process.env,
    report,
  }: { env?: NodeJS.ProcessEnv; report?: (line: string) => unknown } = {},
): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const child = spawn('docker', args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const told: string[] = [];
  child.stdout.on('data', (data) => {
    output += data;
  });
  for (const input of report ? [child.stdout, child.stderr] : [child.stderr]) {
    createInterface({ input }).on('line', (line) => {
      told.push(line);
      report?.(line);
    });
  }
  child.once('error', reject);
  child.once('close', (code) =>
    code === 0
      ? resolve(output)
      : reject(new Error(told.slice(-8).join('\n') || `exit code ${code}`)),
  );
  return promise;
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
