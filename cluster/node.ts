/** Turns a data folder and a role into a running server, and back. */

import { type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chownSync,
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Account } from './account.ts';
import { askServer, ensureDatabase, type Login } from './health.ts';
import { endLeftovers, isAlive, pidFromFile, runningServer } from './processes.ts';
import type { Programs } from './programs.ts';
import { accessRules, type Role, serverSettings } from './settings.ts';
import { waitFor } from './wait.ts';

type Report = (line: string) => void;

export interface Node extends Login {
  /** For people. */
  name: string;
  role: Role;
  /** On a coordinator: how many workers belong to it. */
  workers?: number;
  dataDirectory: string;
  socketDirectory: string;
  log: string;
}

/** Whether a data folder holds a database. */
export function isComplete(dataDirectory: string): boolean {
  return existsSync(join(dataDirectory, 'global', 'pg_control'));
}

/** Makes the data folder if there is none. It appears complete or not at all. */
export function initNode(node: Node, programs: Programs, account: Account, report: Report): void {
  const { dataDirectory } = node;
  const draft = `${dataDirectory}.new`;
  rmSync(draft, { recursive: true, force: true });
  if (isComplete(dataDirectory)) return;
  if (existsSync(dataDirectory)) {
    const aside = `${dataDirectory}.broken-${Date.now()}`;
    renameSync(dataDirectory, aside);
    report(`${dataDirectory} is not a complete database: set aside as ${aside}`);
  }
  report(
    `Making a ${node.role === 'single' ? 'database' : node.role} with PostgreSQL ${programs.version} in ${dataDirectory}`,
  );
  account.own(draft);
  const passwordFile = join(draft, '..', 'first-password');
  writeFileSync(passwordFile, node.password, { mode: 0o600 });
  if (account.ids) chownSync(passwordFile, account.ids.uid, account.ids.gid);
  try {
    const flags = ['-D', draft, '-U', node.user, '--auth=scram-sha-256', '-E', 'UTF8'];
    const options = [`--pwfile=${passwordFile}`, '--locale=C.UTF-8', '--data-checksums'];
    const result = run(programs, 'initdb', [...flags, ...options], account);
    if (result.status !== 0) throw new Error(`initdb failed:\n${tail(result.stderr)}`);
    runAlone(draft, `create database ${node.database}`, programs, account);
  } finally {
    rmSync(passwordFile, { force: true });
  }
  renameSync(draft, dataDirectory);
}

/** Sets the superuser's password while the server is down, when the stored one was lost. */
export function setPassword(node: Node, programs: Programs, account: Account): void {
  const statement = `alter role ${node.user} password '${node.password}'`;
  runAlone(node.dataDirectory, statement, programs, account);
}

/**
 * Starts the server and waits until it answers a query.
 *
 * @throws with the end of the server's log when it does not.
 */
export async function startNode(
  node: Node,
  programs: Programs,
  account: Account,
  report: Report,
  { limitMs = 600_000 } = {},
): Promise<void> {
  await clearTheWay(node, report);
  configure(node, programs, account);
  const offset = rotateLog(node.log);
  const server = launch(node, programs, account);
  let exit: string | undefined;
  server.once('exit', (code, signal) => {
    exit = signal ?? `code ${code}`;
  });
  server.once('error', (error) => {
    exit = error.message;
  });
  let last: Error | undefined;
  let tellAt = Date.now() + 10_000;
  try {
    await waitFor(
      `PostgreSQL on port ${node.port}`,
      async () => {
        if (exit) throw new Error(`PostgreSQL ended with ${exit}`);
        if (last && Date.now() > tellAt) {
          report(`Still waiting for PostgreSQL: ${last.message}`);
          tellAt = Date.now() + 15_000;
        }
        last = await answers(node).then(
          () => undefined,
          (error) => error,
        );
        return !last;
      },
      { limitMs },
    );
    await ensureDatabase(node);
  } catch (cause) {
    const told = tail(readFileSync(node.log, 'utf8').slice(offset));
    const reason = exit || !last ? '' : ` (${last.message})`;
    throw new Error(
      `${(cause as Error).message}${reason}. The end of ${node.log}:\n${told || '(empty)'}`,
      { cause },
    );
  }
}

/** Stops the server: clients are sent away, nothing is lost. True if it was running. */
export async function stopNode(
  dataDirectory: string,
  report: Report,
  { limitMs = 60_000 } = {},
): Promise<boolean> {
  const pid = runningServer(dataDirectory);
  if (pid) {
    process.kill(pid, 'SIGCONT'); // one that was stopped by a signal hears nothing
    process.kill(pid, 'SIGINT'); // PostgreSQL's "fast" shutdown
    const gone = () => !runningServer(dataDirectory);
    await waitFor(`PostgreSQL (${pid}) to stop`, gone, { limitMs }).catch((error) =>
      report(`${error.message}: ending it at once; the next start recovers from its log`),
    );
  }
  const left = await endLeftovers(dataDirectory);
  return Boolean(pid) || left > 0;
}

// What a killed server or a reboot leaves, which the next one would stumble over.
async function clearTheWay(node: Node, report: Report): Promise<void> {
  const { dataDirectory, socketDirectory } = node;
  const left = await endLeftovers(dataDirectory);
  if (left) report(`Ended ${left} processes of a ${node.name} that was killed`);
  for (const file of readdirSync(socketDirectory)) {
    if (file.startsWith(`.s.PGSQL.${node.port}`)) rmSync(join(socketDirectory, file)); // this folder is ours alone
  }
  const pid = pidFromFile(dataDirectory);
  if (!pid) return;
  const whose = isAlive(pid) ? 'now belongs to another program' : 'is gone';
  report(`The ${node.name} did not shut down properly (process ${pid} ${whose}); recovering.`);
  rmSync(join(dataDirectory, 'postmaster.pid'), { force: true });
}

function configure(node: Node, programs: Programs, account: Account): void {
  const { dataDirectory } = node;
  const write = (name: string, text: string) => {
    const file = join(dataDirectory, name);
    writeFileSync(file, text, { mode: 0o600 });
    if (account.ids) chownSync(file, account.ids.uid, account.ids.gid);
  };
  write('workshop.conf', serverSettings(node.role, { ...node, libraries: programs.libraries }));
  write('pg_hba.conf', accessRules());
  if (node.role !== 'single') write(passFile, `*:*:*:*:${node.password}\n`);
  const main = join(dataDirectory, 'postgresql.conf');
  const include = "include 'workshop.conf'\n";
  if (!readFileSync(main, 'utf8').endsWith(include)) appendFileSync(main, `\n${include}`);
}

// How nodes of a cluster log in at each other, for whoever asks: so every user who reads distributed
// tables has this password.
const passFile = 'workshop-pgpass';

// Keeps one old log; gives the size of the present one.
function rotateLog(log: string): number {
  const size = existsSync(log) ? statSync(log).size : 0;
  if (size < 20_000_000) return size;
  renameSync(log, `${log}.old`);
  return 0;
}

// In a session of its own: Ctrl-C in this terminal is not for the server.
function launch(node: Node, programs: Programs, account: Account) {
  const log = openSync(node.log, 'a', 0o600);
  try {
    const server = spawn(join(programs.folder, 'postgres'), ['-D', node.dataDirectory], {
      ...account.ids,
      cwd: '/',
      detached: true,
      stdio: ['ignore', log, log],
      env: { ...serverEnvironment(), PGPASSFILE: join(node.dataDirectory, passFile) },
    });
    server.unref();
    return server;
  } finally {
    closeSync(log);
  }
}

// Another server on that port must not be taken for ours.
async function answers(node: Node): Promise<void> {
  const { dataDirectory } = await askServer({ ...node, database: 'postgres' });
  if (dataDirectory !== node.dataDirectory) {
    throw new Error(`port ${node.port} is served from ${dataDirectory}`);
  }
}

// A statement without a server: in PostgreSQL's single-user mode, which asks for no password.
function runAlone(
  dataDirectory: string,
  statement: string,
  programs: Programs,
  account: Account,
): void {
  const flags = ['--single', '-D', dataDirectory, '-c', 'shared_preload_libraries=', 'postgres'];
  const { status, stderr } = run(programs, 'postgres', flags, account, `${statement}\n`);
  if (status === 0 && !/ERROR|FATAL/.test(stderr)) return;
  throw new Error(`PostgreSQL could not be prepared in ${dataDirectory}:\n${tail(stderr)}`);
}

function run(
  programs: Programs,
  program: string,
  args: string[],
  account: Account,
  input = '',
): SpawnSyncReturns<string> {
  return spawnSync(join(programs.folder, program), args, {
    ...account.ids,
    cwd: '/',
    encoding: 'utf8',
    input,
    env: serverEnvironment(),
  });
}

// No PG* variable of the person's may reach the server.
function serverEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH, LC_ALL: 'C.UTF-8', TZ: 'UTC' };
}

function tail(text: string, lines = 15): string {
  return text.trim().split('\n').slice(-lines).join('\n');
}
