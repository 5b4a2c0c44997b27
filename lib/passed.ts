/** What an attendee has passed so far: one small file beside the database, and nothing outside the clone. */

import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { defaultName, instanceFolder } from '../cluster/instance.ts';

/** Ids, in order. */
export interface Passed {
  checkpoints: string[];
  exercises: string[];
  /** Chapters that were read to the end with all their checkpoints green. */
  chapters: string[];
}

/** Reads what was passed. Headless runs (`WORKSHOP_PROGRESS=off`) have passed nothing and note nothing. */
export function readPassed(file: string | undefined = passedFile()): Passed {
  try {
    return { ...nothing(), ...(file && JSON.parse(readFileSync(file, 'utf8'))) };
  } catch {
    return nothing(); // no file yet, or one that cannot be read: progress is no reason to stop a lesson
  }
}

/** Notes that something was passed. It stays passed until a reset. */
export function notePassed(kind: keyof Passed, id: string, file = passedFile()): void {
  const passed = readPassed(file);
  if (!file || passed[kind].includes(id)) return;
  passed[kind] = [...passed[kind], id].sort();
  write(file, passed);
}

/**
 * Forgets what was passed in a chapter and in those after it.
 *
 * @param from such as `05`; without it everything is forgotten
 */
export function forgetPassed(from = '00', file = passedFile()): void {
  const passed = readPassed(file);
  const kept = (ids: string[]) => ids.filter((id) => id.slice(0, 2) < from);
  const { checkpoints, exercises, chapters } = passed;
  if (!file || !(checkpoints.length || exercises.length || chapters.length)) return;
  write(file, {
    checkpoints: kept(checkpoints),
    exercises: kept(exercises),
    chapters: kept(chapters),
  });
}

const nothing = (): Passed => ({ checkpoints: [], exercises: [], chapters: [] });

const passedFile = () =>
  process.env.WORKSHOP_PROGRESS === 'off'
    ? undefined
    : join(instanceFolder(defaultName()), 'progress.json');

// A reader sees the old file or the new one, never half of it.
function write(file: string, passed: Passed): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(`${file}.${process.pid}`, `${JSON.stringify(passed, null, 2)}\n`);
    renameSync(`${file}.${process.pid}`, file);
  } catch {
    // a folder that cannot be written to: the lesson goes on without
  }
}
