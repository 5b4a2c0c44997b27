/** Which processes are a server of ours: told by the folder they work in, not by a number in a file. */

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { waitFor } from './wait.ts';

/** The postmaster of a data folder, if it runs. */
export function runningServer(dataDirectory: string): number | undefined {
  const pid = pidFromFile(dataDirectory);
  return pid && isAlive(pid) && worksIn(pid, dataDirectory) ? pid : undefined;
}

/** The number in `postmaster.pid`, whoever has it now. */
export function pidFromFile(dataDirectory: string): number | undefined {
  const file = join(dataDirectory, 'postmaster.pid');
  if (!existsSync(file)) return undefined;
  return Number.parseInt(readFileSync(file, 'utf8'), 10) || undefined;
}

/** Whether a process of that number runs; one of another user counts too. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !isZombie(pid);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

// Ended, but not yet collected by its parent.
function isZombie(pid: number): boolean {
  const file = `/proc/${pid}/stat`;
  return existsSync(file) && /\) Z /.test(readFileSync(file, 'utf8'));
}

/**
 * Ends what is left of a server whose postmaster is gone (killed, or its folder deleted): nobody
 * can start in that folder before.
 */
export async function endLeftovers(dataDirectory: string): Promise<number> {
  const left = processesOf(dataDirectory);
  for (const signal of ['SIGQUIT', 'SIGKILL'] as const) {
    const pids = processesOf(dataDirectory);
    if (!pids.length) break;
    for (const pid of pids) send(pid, signal);
    const gone = () => !processesOf(dataDirectory).length;
    await waitFor('the end of a killed server', gone, { limitMs: 3000 }).catch(() => {});
  }
  return left.length;
}

/** Every process that works in a data folder. None can be told where there is no /proc. */
export function processesOf(dataDirectory: string): number[] {
  if (!existsSync('/proc/self/cwd')) return [];
  const pids = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry));
  return pids.map(Number).filter((pid) => worksIn(pid, dataDirectory));
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {} // it ended by itself
}

// Every process of a server has the data folder as its working folder.
function worksIn(pid: number, dataDirectory: string): boolean {
  if (existsSync('/proc/self/cwd')) {
    try {
      const folder = readlinkSync(`/proc/${pid}/cwd`);
      return (
        (folder === dataDirectory || folder === `${dataDirectory} (deleted)`) && isPostgres(pid)
      );
    } catch {
      return false;
    }
  }
  const { stdout } = spawnSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout.includes(dataDirectory);
}

// A shell that somebody left in the folder is not a server.
function isPostgres(pid: number): boolean {
  return readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('postgres');
}
