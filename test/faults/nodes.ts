/** Nodes of an instance on this machine, and what can happen to them. */

import type { Instance } from '../../cluster/index.ts';
import { processesOf, runningServer } from '../../cluster/processes.ts';
import { findPrograms, hasCitus } from '../../cluster/programs.ts';
import { waitFor } from '../../cluster/wait.ts';

/** Why no native cluster of several nodes can be had here; undefined where it can. */
export function citusMissing(): string | undefined {
  const [best] = findPrograms();
  if (!best) return 'needs PostgreSQL on this machine, and there is none';
  return hasCitus(best)
    ? undefined
    : `needs the citus extension, which ${best.folder} does not offer`;
}

/** The data folder of worker 1, 2, …; on one node that of the only server. */
export function workerFolder({ workers, dataDirectory }: Instance, number: number): string {
  return workers?.[number - 1]?.dataDirectory ?? dataDirectory;
}

/** The data folders of all nodes. */
export function folders({ dataDirectory, workers = [] }: Instance): string[] {
  return [dataDirectory, ...workers.map((worker) => worker.dataDirectory)];
}

/** Ends all processes of a node at once, as when its machine loses power. */
export async function killNode(dataDirectory: string): Promise<void> {
  const postmaster = runningServer(dataDirectory);
  if (!postmaster) throw new Error(`No server runs in ${dataDirectory}`);
  process.kill(postmaster, 'SIGKILL'); // first, so that it starts no process in the place of one
  for (const pid of processesOf(dataDirectory)) signal(pid, 'SIGKILL');
  await waitFor('the end of the node', () => processesOf(dataDirectory).length === 0);
}

/** Stops all processes of a node for a while: it answers nobody, and its connections stay open. */
export async function freezeNode(dataDirectory: string, during: () => unknown): Promise<void> {
  const pids = processesOf(dataDirectory);
  for (const pid of pids) signal(pid, 'SIGSTOP');
  try {
    await during();
  } finally {
    for (const pid of pids) signal(pid, 'SIGCONT');
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {} // it ended by itself
}
