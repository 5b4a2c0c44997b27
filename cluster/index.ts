/** The life of a database: start, stop, delete, look. */

import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Account, serverAccount } from './account.ts';
import {
  containersStatus,
  destroyContainers,
  ImageError,
  startContainers,
  stopContainers,
} from './docker.ts';
import { type Choice, chooseEngine } from './engine.ts';
import { askServer, type Health } from './health.ts';
import {
  defaultName,
  type Instance,
  instanceFolder,
  readInstance,
  storageFolder,
  writeInstance,
} from './instance.ts';
import { withLock } from './lock.ts';
import { initNode, type Node, setPassword, startNode, stopNode } from './node.ts';
import { providePrograms } from './packages.ts';
import { choosePort } from './ports.ts';
import { runningServer } from './processes.ts';
import { findPrograms, inspectPrograms, type Programs } from './programs.ts';
import { waitFor } from './wait.ts';

export { chooseEngine } from './engine.ts';
export { type Instance, readInstance } from './instance.ts';

const tooManyConnections = '53300';

interface Options {
  /** Is told what happens, a line at a time. */
  report?: (line: string) => void;
}

export interface Status {
  state: 'absent' | 'stopped' | 'running' | 'unreachable';
  /** For people. */
  detail: string;
  instance?: Instance;
  health?: Health;
}

/** Brings a database up, whatever state it is in; at once when it runs already. */
export async function startInstance(
  name = defaultName(),
  { report = () => {} }: Options = {},
): Promise<Instance> {
  const choice = chooseEngine(process.env, { name });
  const isWished = (instance: Instance) =>
    Boolean(instance.containers) === (choice.engine === 'docker');
  const { state, instance } = await instanceStatus(name);
  if (state === 'running' && instance && isWished(instance)) return instance;
  return locked(name, report, async () => {
    const now = await patientStatus(name, report);
    if (now.instance && !isWished(now.instance)) await leaveEngine(now, report);
    else if (now.state === 'running' && now.instance) return now.instance;
    if (choice.engine === 'docker') {
      const containers = await bringUpContainers(name, choice, report);
      if (containers) return containers;
    }
    if (now.state === 'unreachable' && now.instance && !now.instance.containers) {
      report('Starting it again.');
      await stopNode(now.instance.dataDirectory, report, { limitMs: 10_000 });
    }
    return bringUp(name, report);
  });
}

/** Stops a database; its data stays. True if it was running. */
export async function stopInstance(
  name = defaultName(),
  { report = () => {} }: Options = {},
): Promise<boolean> {
  const instance = readInstance(name);
  if (!instance) return false;
  return locked(name, report, () => stop(instance, report));
}

/** Stops a database and deletes it with all its data. True if there was one. */
export async function destroyInstance(
  name = defaultName(),
  { report = () => {} }: Options = {},
): Promise<boolean> {
  const folder = instanceFolder(name);
  if (!existsSync(folder)) return false;
  return locked(name, report, async () => {
    const instance = readInstance(name);
    if (instance?.containers) await destroyContainers(instance);
    const native = instance?.containers ? undefined : instance;
    const storage = native ? dirname(native.dataDirectory) : folder;
    await stopNode(join(storage, 'data'), report);
    if (native) rmSync(native.socketDirectory, { recursive: true, force: true });
    rmSync(storage, { recursive: true, force: true });
    rmSync(folder, { recursive: true, force: true });
    if (storage !== folder) removeIfEmpty(dirname(storage));
    return true;
  });
}

/** Looks at a database without changing anything. */
export async function instanceStatus(name = defaultName()): Promise<Status> {
  const instance = readInstance(name);
  if (!instance) {
    return { state: 'absent', detail: `There is no database "${name}" yet: npm run up` };
  }
  if (instance.containers) return { instance, ...(await containersStatus(instance)) };
  const pid = runningServer(instance.dataDirectory);
  if (!pid) return { state: 'stopped', instance, detail: 'The database is stopped: npm run up' };
  try {
    const health = await askServer(instance, { timeoutMs: 10_000 });
    if (health.dataDirectory !== instance.dataDirectory) throw new Error('another server answers');
    const where = `${instance.host}:${instance.port}, process ${pid}`;
    return {
      state: 'running',
      instance,
      health,
      detail: `PostgreSQL ${health.version} on ${where}`,
    };
  } catch (error) {
    const { message: reason, code } = error as Error & { code?: string };
    if (code === tooManyConnections) return { state: 'running', instance, detail: reason };
    const detail = `The server (process ${pid}) runs, but does not answer on port ${instance.port}: ${reason}.`;
    return { state: 'unreachable', instance, detail };
  }
}

// A server that recovers or is very busy is given time before it is started again.
async function patientStatus(name: string, report: (line: string) => void): Promise<Status> {
  let status = await instanceStatus(name);
  if (status.state !== 'unreachable') return status;
  report(status.detail);
  const changed = async () => {
    status = await instanceStatus(name);
    return status.state !== 'unreachable';
  };
  await waitFor('an answer', changed, { limitMs: 15_000, everyMs: 500 }).catch(() => {});
  return status;
}

async function locked<T>(
  name: string,
  report: (line: string) => void,
  work: () => Promise<T>,
): Promise<T> {
  const folder = instanceFolder(name);
  try {
    mkdirSync(folder, { recursive: true });
  } catch (cause) {
    throw new Error(`Cannot make ${folder}: ${(cause as Error).message}`, { cause });
  }
  return withLock(`${folder}.lock`, work, { report });
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {} // other instances are in it
}

function stop(instance: Instance, report: (line: string) => void): Promise<boolean> {
  return instance.containers ? stopContainers(instance) : stopNode(instance.dataDirectory, report);
}

// The other engine was asked for: this one keeps its data.
async function leaveEngine({ state, instance }: Status, report: (line: string) => void) {
  if (!instance) return;
  const [from, back] = instance.containers
    ? ['containers', 'docker']
    : ['a server of this machine', 'native'];
  report(`So far this database was in ${from}; that one stays as it is (WORKSHOP_ENGINE=${back}).`);
  if (state !== 'stopped') await stop(instance, report);
}

// Undefined when there can be no image, and a server of this machine will do.
async function bringUpContainers(
  name: string,
  { isDemanded }: Choice,
  report: (line: string) => void,
): Promise<Instance | undefined> {
  const old = readInstance(name);
  try {
    return await startContainers(name, old, report);
  } catch (error) {
    if (isDemanded || old?.containers || !(error instanceof ImageError)) throw error;
    report(error.message);
    report('Going on with a PostgreSQL of its own on this machine.');
    return undefined;
  }
}

async function bringUp(name: string, report: (line: string) => void): Promise<Instance> {
  if (process.platform === 'win32') {
    throw new Error('On Windows use WSL, or set DATABASE_URL to a PostgreSQL that has hll.');
  }
  const known = readInstance(name);
  const old = known?.containers ? undefined : known;
  let programs = providePrograms(report);
  const account = serverAccount();
  const folder = instanceFolder(name);
  mkdirSync(folder, { recursive: true });
  const storage = storageFolder(name, account);
  if (storage !== folder) {
    report(`User ${account.name} cannot reach ${folder}; the data lies in ${storage}`);
    mkdirSync(storage, { recursive: true });
  }
  const dataDirectory = join(storage, 'data');
  programs = programsFor(dataDirectory, programs, report);
  const node: Node = {
    role: 'single',
    host: '127.0.0.1',
    port: await choosePort(old?.port),
    user: 'workshop',
    password: old?.password ?? randomBytes(18).toString('base64url'),
    database: 'workshop',
    dataDirectory,
    socketDirectory: socketFolder(storage, old, account),
    log: join(folder, 'server.log'),
  };
  const isNew = !existsSync(join(dataDirectory, 'global', 'pg_control'));
  initNode(node, programs, account, report);
  if (!isNew && !old) {
    report('The stored password was lost; setting a new one');
    setPassword(node, programs, account);
  }
  writeInstance(describe(name, node, programs));
  await startOnFreePort(name, node, programs, account, report);
  return describe(name, node, programs);
}

// Somebody may take the port between the look and the start.
async function startOnFreePort(
  name: string,
  node: Node,
  programs: Programs,
  account: Account,
  report: (line: string) => void,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await startNode(node, programs, account, report);
    } catch (error) {
      await stopNode(node.dataDirectory, report);
      const taken = /could not create any TCP\/IP sockets|is served from/.test(
        (error as Error).message,
      );
      if (!taken || attempt === 3) throw error;
      report(`Port ${node.port} was taken meanwhile; trying another`);
      node.port = await choosePort(node.port + 1);
      writeInstance(describe(name, node, programs));
    }
  }
}

// A data folder belongs to one major version for life.
function programsFor(
  dataDirectory: string,
  best: Programs,
  report: (line: string) => void,
): Programs {
  const file = join(dataDirectory, 'PG_VERSION');
  if (!existsSync(file)) return best;
  const major = Number(readFileSync(file, 'utf8'));
  if (major === best.major) return best;
  const standard = inspectPrograms(`/usr/lib/postgresql/${major}/bin`);
  const same = findPrograms().find((found) => found.major === major) ?? standard;
  const move = 'npm run down -- --delete && npm run up';
  if (!same) {
    throw new Error(
      `The database in ${dataDirectory} was made by PostgreSQL ${major}, which is not installed ` +
        `any more (found: ${best.version}). Install postgresql-${major} again, or start afresh, ` +
        `which deletes its data:\n  ${move}`,
    );
  }
  report(
    `Staying with PostgreSQL ${same.version}, which made this database. To move to ${best.version} (deletes its data): ${move}`,
  );
  return same;
}

// A socket's path has at most 103 bytes on some systems.
function socketFolder(storage: string, old: Instance | undefined, account: Account): string {
  const near = join(storage, 'socket');
  const remembered = old && existsSync(old.socketDirectory) ? old.socketDirectory : undefined;
  const folder =
    Buffer.byteLength(near) <= 85 ? near : (remembered ?? mkdtempSync(join(tmpdir(), 'workshop-')));
  account.own(folder);
  return folder;
}

function describe(name: string, node: Node, programs: Programs): Instance {
  const { role: _role, ...rest } = node;
  const { user, password, host, port, database } = node;
  return {
    name,
    engine: 'postgres',
    ...rest,
    url: `postgres://${user}:${password}@${host}:${port}/${database}`,
    serverVersion: programs.version,
    programs: programs.folder,
  };
}
