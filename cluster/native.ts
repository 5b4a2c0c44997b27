/** Servers on this machine: one node, or where Citus is offered a coordinator and its workers. */

import { randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Account, serverAccount } from './account.ts';
import { formCluster } from './citus.ts';
import { askServer, checkHealth, type Health } from './health.ts';
import {
  type Instance,
  instanceFolder,
  readInstance,
  storageFolder,
  writeInstance,
} from './instance.ts';
import { initNode, isComplete, type Node, setPassword, startNode, stopNode } from './node.ts';
import { chooseWorkers, programsFor } from './plan.ts';
import { choosePort } from './ports.ts';
import { runningServer } from './processes.ts';
import type { Programs } from './programs.ts';

type Report = (line: string) => void;

interface NodeStatus {
  state: 'stopped' | 'running' | 'unreachable';
  detail: string;
  health?: Health;
}

/**
 * Starts every node that does not run, makes those that were never made, and forms the cluster.
 *
 * @param options.growTo how many workers there shall be at least
 */
export async function startNative(
  name: string,
  report: Report,
  { growTo = 0 } = {},
): Promise<Instance> {
  if (process.platform === 'win32') {
    throw new Error('On Windows use WSL, or set DATABASE_URL to a PostgreSQL that has hll.');
  }
  const known = readInstance(name);
  const old = known?.containers ? undefined : known;
  const account = serverAccount();
  const storage = makeStorage(name, account, report);
  const programs = programsFor(storage, old, report);
  const workers = chooseWorkers(storage, old, programs, { growTo, report });
  const nodes = layOut(name, storage, old, workers, account);
  await endDeafNodes(nodes, report);
  if (!old) await renewPasswords(nodes, programs, account, report);
  const stopped = nodes.filter(({ dataDirectory }) => !runningServer(dataDirectory));
  for (const node of stopped) {
    node.port = await choosePort(node.port || undefined, { reserved: portsBut(node) });
  }
  for (const node of stopped.toReversed()) initNode(node, programs, account, report); // coordinator last
  const store = () => writeInstance(describe(name, nodes, programs));
  store();
  await allDone(stopped.map((node) => startOnFreePort(node)));
  const [first, ...others] = nodes as [Node, ...Node[]];
  if (others.length) await formCluster(first, others);
  await checkHealth(first, { timeoutMs: 30_000 });
  return describe(name, nodes, programs);

  // Somebody may take the port between the look and the start.
  async function startOnFreePort(node: Node): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await startNode(node, programs, account, report);
      } catch (error) {
        await stopNode(node.dataDirectory, report);
        const { message } = error as Error;
        const isTaken = /could not create any TCP\/IP sockets|is served from/.test(message);
        if (!isTaken || attempt === 3) throw error;
        report(`Port ${node.port} was taken meanwhile; trying another`);
        node.port = await choosePort(node.port + 1, { reserved: portsBut(node) });
        store();
      }
    }
  }

  function portsBut(node: Node): number[] {
    return nodes.filter((other) => other !== node).map(({ port }) => port);
  }
}

/** Stops every node; data stays. True if any was running. */
export async function stopNative(instance: Instance, report: Report): Promise<boolean> {
  const nodes = nodesOf(instance); // clients leave with the coordinator, which goes first
  let was = false;
  for (const { dataDirectory } of nodes) was = (await stopNode(dataDirectory, report)) || was;
  return was;
}

/** Stops every node, also of an instance whose file is lost, and deletes all data. */
export async function destroyNative(
  name: string,
  instance: Instance | undefined,
  report: Report,
): Promise<void> {
  const folder = instanceFolder(name);
  const storage = instance ? dirname(instance.dataDirectory) : folder;
  const folders = existsSync(storage) ? readdirSync(storage) : [];
  const workers = folders.map((entry) => join(storage, entry, 'data'));
  const known = instance?.workers?.map(({ dataDirectory }) => dataDirectory) ?? [];
  for (const data of new Set([join(storage, 'data'), ...workers, ...known])) {
    await stopNode(data, report);
  }
  if (instance) rmSync(instance.socketDirectory, { recursive: true, force: true });
  rmSync(storage, { recursive: true, force: true });
  if (storage !== folder) removeIfEmpty(dirname(storage));
}

/** Looks at every node without changing anything. */
export async function nativeStatus(
  instance: Instance,
): Promise<{ state: NodeStatus['state'] | 'incomplete'; detail: string; health?: Health }> {
  const nodes = nodesOf(instance);
  const found = await Promise.all(nodes.map((node) => nodeStatus(node)));
  const [first] = found as [NodeStatus];
  const deaf = found.find(({ state }) => state === 'unreachable');
  if (!instance.workers || deaf) return deaf ?? first;
  const stopped = nodes.filter((_node, index) => found[index]?.state === 'stopped');
  if (stopped.length === nodes.length) {
    return { state: 'stopped', detail: 'The nodes of the cluster are stopped: npm run up' };
  }
  if (stopped.length) {
    const names = stopped.map(({ name, port }) => `${name} (port ${port})`).join(', ');
    return { state: 'incomplete', detail: `Stopped: ${names}: npm run up` };
  }
  const problem = await checkHealth(nodes[0] as Node).catch((error: Error) => error);
  if (problem) {
    return {
      state: 'incomplete',
      detail: `The cluster is not complete (${problem.message}): npm run up`,
    };
  }
  const ports = instance.workers.map(({ port }) => port).join(', ');
  return { ...first, detail: `${first.detail}; workers on ports ${ports}` };
}

/** The servers of an instance on this machine, the one that clients talk to first. */
export function nodesOf({ workers, ...instance }: Instance): Node[] {
  const { host, user, password, database, socketDirectory, port, dataDirectory, log } = instance;
  const shared = { host, user, password, database, socketDirectory };
  const first = { ...shared, port, dataDirectory, log };
  if (!workers?.length) return [{ ...first, name: 'server', role: 'single' }];
  return [
    { ...first, name: 'coordinator', role: 'coordinator', workers: workers.length },
    ...workers.map((worker): Node => ({ ...shared, ...worker, role: 'worker' })),
  ];
}

const tooManyConnections = '53300';

async function nodeStatus(node: Node, { timeoutMs = 5000 } = {}): Promise<NodeStatus> {
  const pid = runningServer(node.dataDirectory);
  if (!pid) return { state: 'stopped', detail: 'The database is stopped: npm run up' };
  try {
    const health = await askServer(node, { timeoutMs });
    if (health.dataDirectory !== node.dataDirectory) throw new Error('another server answers');
    const where = `${node.host}:${node.port}, process ${pid}`;
    return { state: 'running', health, detail: `PostgreSQL ${health.version} on ${where}` };
  } catch (error) {
    const { message: reason, code } = error as Error & { code?: string };
    if (code === tooManyConnections) return { state: 'running', detail: reason };
    const detail = `The ${node.name} (process ${pid}) runs, but does not answer on port ${node.port}: ${reason}.`;
    return { state: 'unreachable', detail };
  }
}

function makeStorage(name: string, account: Account, report: Report): string {
  const folder = instanceFolder(name);
  mkdirSync(folder, { recursive: true });
  const storage = storageFolder(name, account);
  if (storage === folder || existsSync(storage)) return storage;
  report(`User ${account.name} cannot reach ${folder}; the data lies in ${storage}`);
  mkdirSync(storage, { recursive: true });
  return storage;
}

function layOut(
  name: string,
  storage: string,
  old: Instance | undefined,
  workers: string[],
  account: Account,
): Node[] {
  const folder = instanceFolder(name);
  const instance: Instance = {
    name,
    engine: workers.length ? 'citus' : 'postgres',
    host: '127.0.0.1',
    port: old?.port ?? lastPort(join(storage, 'data')),
    user: 'workshop',
    password: old?.password ?? randomBytes(18).toString('base64url'),
    database: 'workshop',
    socketDirectory: socketFolder(storage, old, account),
    url: '',
    serverVersion: '',
    log: join(folder, 'server.log'),
    dataDirectory: join(storage, 'data'),
    programs: '',
    workers: workers.map((worker) => ({
      name: worker,
      port: lastPort(join(storage, worker, 'data')),
      dataDirectory: join(storage, worker, 'data'),
      log: join(folder, `${worker}.log`),
    })),
  };
  for (const worker of workers) account.own(join(storage, worker));
  return nodesOf(instance);
}

// 0 for a node that never started.
function lastPort(dataDirectory: string): number {
  const file = join(dataDirectory, 'workshop.conf');
  if (!existsSync(file)) return 0;
  return Number(readFileSync(file, 'utf8').match(/^port = (\d+)$/m)?.[1] ?? 0);
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

// Those that run and do not answer; the caller has been patient.
async function endDeafNodes(nodes: Node[], report: Report): Promise<void> {
  for (const node of nodes) {
    if (!node.port) continue;
    const { state } = await nodeStatus(node, { timeoutMs: 3000 });
    if (state !== 'unreachable') continue;
    report(`Starting the ${node.name} again.`);
    await stopNode(node.dataDirectory, report, { limitMs: 10_000 });
  }
}

// Without the instance's file nobody knows the old one.
async function renewPasswords(
  nodes: Node[],
  programs: Programs,
  account: Account,
  report: Report,
): Promise<void> {
  const made = nodes.filter(({ dataDirectory }) => isComplete(dataDirectory));
  if (made.length) report('The stored password was lost; setting a new one');
  for (const node of made) {
    await stopNode(node.dataDirectory, report);
    setPassword(node, programs, account);
  }
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {} // other instances are in it
}

async function allDone(works: Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(works);
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) throw failed.reason;
}

function describe(name: string, [first, ...workers]: Node[], programs: Programs): Instance {
  if (!first) throw new Error('An instance has at least one node');
  const { role: _role, name: _name, workers: _count, ...server } = first;
  const { user, password, host, port, database } = server;
  return {
    name,
    engine: workers.length ? 'citus' : 'postgres',
    ...server,
    url: `postgres://${user}:${password}@${host}:${port}/${database}`,
    serverVersion: programs.version,
    programs: programs.folder,
    workers: workers.length
      ? workers.map(({ name, port, dataDirectory, log }) => ({ name, port, dataDirectory, log }))
      : undefined,
  };
}
