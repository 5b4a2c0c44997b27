/** The life of a database: start, stop, delete, look. */

import { existsSync, mkdirSync, rmSync } from 'node:fs';
import {
  addContainer,
  containersStatus,
  destroyContainers,
  ImageError,
  startContainers,
  stopContainers,
} from './docker.ts';
import { type Choice, chooseEngine } from './engine.ts';
import type { Health } from './health.ts';
import { defaultName, type Instance, instanceFolder, readInstance } from './instance.ts';
import { withLock } from './lock.ts';
import { destroyNative, nativeStatus, startNative, stopNative } from './native.ts';
import { waitFor } from './wait.ts';

export { chooseEngine } from './engine.ts';
export { type Instance, readInstance } from './instance.ts';

interface Options {
  /** Is told what happens, a line at a time. */
  report?: (line: string) => void;
}

export interface Status {
  /** `incomplete`: some node of a cluster runs, and another does not, or is not taken in. */
  state: 'absent' | 'stopped' | 'incomplete' | 'running' | 'unreachable';
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
    return startNative(name, report);
  });
}

/**
 * Brings a cluster up and gives it a third worker; a second call changes nothing. The new one holds
 * nothing until shards are moved to it.
 *
 * @throws when the database is no cluster
 */
export async function addWorker(
  name = defaultName(),
  { report = () => {} }: Options = {},
): Promise<Instance> {
  const instance = await startInstance(name, { report });
  if (instance.engine !== 'citus') {
    throw new Error(
      'A worker is added to a Citus cluster, and this database is one node. A cluster is started ' +
        'where PostgreSQL offers the citus extension, or in containers: WORKSHOP_ENGINE=docker npm run up',
    );
  }
  return locked(name, report, async () => {
    if (!instance.containers) return startNative(name, report, { growTo: 3 });
    await addContainer(instance, report);
    return instance;
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
    else await destroyNative(name, instance, report);
    rmSync(folder, { recursive: true, force: true });
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
  return { instance, ...(await nativeStatus(instance)) };
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

function stop(instance: Instance, report: (line: string) => void): Promise<boolean> {
  return instance.containers ? stopContainers(instance) : stopNative(instance, report);
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
