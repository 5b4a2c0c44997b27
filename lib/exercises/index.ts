/** The checks of all exercises. Their tasks and solutions stand in the chapters. */

import type { Database } from '../connect.ts';
import { assess } from '../exercise.ts';
import { chapter02 } from './02.ts';
import { chapter03 } from './03.ts';
import { chapter04 } from './04.ts';
import { chapter05 } from './05.ts';
import { chapter06 } from './06.ts';
import { chapter07 } from './07.ts';
import { chapter08 } from './08.ts';
import { chapter09 } from './09.ts';
import { chapter10 } from './10.ts';
import { chapter11 } from './11.ts';

/** By id. Each gets the answer and says how far it is. */
export const CHECKS = {
  ...chapter02,
  ...chapter03,
  ...chapter04,
  ...chapter05,
  ...chapter06,
  ...chapter07,
  ...chapter08,
  ...chapter09,
  ...chapter10,
  ...chapter11,
};

type Checks = typeof CHECKS;

/**
 * Checks the answer of an exercise and says below the cell what is still to do, or a hint that fits the mistake.
 *
 * @param id such as `05.2`
 * @param answer what the exercise asks for: mostly a statement, which is tried out and taken back
 */
export async function exercise<Id extends keyof Checks>(
  id: Id,
  db: Database,
  answer: Parameters<Checks[Id]>[1],
): Promise<void> {
  const check = CHECKS[id] as (db: Database, answer: unknown) => ReturnType<Checks[Id]>;
  await assess(id, () => check(db, answer));
}

/** The ids of all exercises. */
export const EXERCISES = Object.keys(CHECKS).sort();
