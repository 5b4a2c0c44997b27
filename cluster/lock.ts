/** One process at a time starts, stops or deletes an instance. */

import { linkSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { isAlive } from './processes.ts';
import { waitFor } from './wait.ts';

/** Runs `work` while holding `file`; waits for another holder, and takes over from a dead one. */
export async function withLock<T>(
  file: string,
  work: () => Promise<T>,
  { report = (_line: string) => {}, limitMs = 180_000 } = {},
): Promise<T> {
  let told = false;
  await waitFor(
    `the command that holds ${file}`,
    () => {
      if (take(file)) return true;
      if (!told) report('Another command is working on this database; waiting for it.');
      told = true;
      return false;
    },
    { limitMs, everyMs: 100 },
  );
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

// The file appears whole or not at all: it is written beside, then linked to its name.
function take(file: string): boolean {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, String(process.pid));
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    dropStale(file);
    return false;
  } finally {
    rmSync(draft, { force: true });
  }
}

const oldestMs = 15 * 60_000; // after a crash and a reboot the number may belong to somebody else

function dropStale(file: string): void {
  const holder = read(file);
  if (!holder || (isAlive(holder.pid) && holder.ageMs < oldestMs)) return;
  const aside = `${file}.stale-${process.pid}`;
  try {
    renameSync(file, aside);
  } catch {
    return; // somebody else was faster
  }
  if (read(aside)?.pid !== holder.pid) linkSync(aside, file); // not the one that was judged
  rmSync(aside, { force: true });
}

function read(file: string): { pid: number; ageMs: number } | undefined {
  try {
    const pid = Number(readFileSync(file, 'utf8'));
    return { pid, ageMs: Date.now() - statSync(file).mtimeMs };
  } catch {
    return undefined;
  }
}
