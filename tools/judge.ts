/** What is wrong with a cell that has run. */
import {
  CHECKPOINT_MIME,
  type Checkpoint,
  EXERCISE_MIME,
  type ExerciseResult,
} from '../lib/mime.ts';
import { type Fault, type NumberedCell, stderrOf } from './failure.ts';
import type { CellResult } from './kernel-client.ts';
import type { Cell } from './notebook.ts';

export const checkpointsOf = (cell: Cell): Checkpoint[] => outputsOf(cell, CHECKPOINT_MIME);

export const exercisesOf = (cell: Cell): ExerciseResult[] => outputsOf(cell, EXERCISE_MIME);

/** Whether the notebook says that this cell ends with an error. */
export const expectsError = (cell: Cell): boolean => hasTag(cell, 'raises-exception');

/** The limit of a cell: a tag such as `timeout-90` is in seconds. */
export function cellTimeoutMs(cell: Cell, defaultMs: number): number {
  const tag = cell.metadata.tags?.find((name) => /^timeout-\d+$/.test(name));
  return tag ? Math.max(defaultMs, Number(tag.slice('timeout-'.length)) * 1000) : defaultMs;
}

/** Judges a cell as soon as it has ended. */
export function judgeCell(at: NumberedCell, { status, outputs }: CellResult): Fault | undefined {
  if (status === 'timeout') return; // the runner knows the limit
  const wrong = judgeCheckpoints(at);
  if (wrong) return wrong;
  const error = outputs.findLast((output) => output.output_type === 'error');
  const expected = expectsError(at.cell);
  if (expected && !error) {
    return {
      kind: 'no-error',
      reason: 'an error was expected (tag raises-exception), none came',
      at,
    };
  }
  if (!expected && (error || status !== 'ok')) {
    const reason = error ? `${error.ename}: ${error.evalue}` : `the reply is \`${status}\``;
    return { kind: 'error', reason, at };
  }
}

/** Checkpoints can change after their cell has ended, when a later one updates its output. */
export function judgeCheckpoints(at: NumberedCell): Fault | undefined {
  const failed = checkpointsOf(at.cell).find(({ ok }) => ok !== true);
  if (!failed) return;
  const { id, title, expected, actual } = failed;
  const values = `expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`;
  return { kind: 'checkpoint', reason: `checkpoint ${id} (${title}) failed: ${values}`, at };
}

/** As given an exercise is neutral, and with its solution it is solved. */
export function judgeExercises(
  at: NumberedCell,
  { solved = false }: { solved?: boolean } = {},
): Fault | undefined {
  const failed = exercisesOf(at.cell).find(
    ({ state }) => state === 'wrong' || (solved && state !== 'ok'),
  );
  if (!failed) return;
  const { id, state, say } = failed;
  const reason = `exercise ${id}, ${solved ? 'solved' : 'as it stands'}, is ${JSON.stringify(state)}: ${say}`;
  return { kind: 'exercise', reason, at };
}

/** A cell that promises a checkpoint or an exercise must show it. */
export function findMissingCheckpoint(cells: NumberedCell[]): Fault | undefined {
  for (const at of cells) {
    if (promises(at.cell, 'checkpoint') && !checkpointsOf(at.cell).length)
      return { kind: 'missing-checkpoint', reason: 'it shows no checkpoint, but has one', at };
    if (promises(at.cell, 'exercise') && !exercisesOf(at.cell).length)
      return { kind: 'missing-exercise', reason: 'it shows no verdict, but has an exercise', at };
  }
}

/** What the kernel prints, below the last cell, when something fails that no cell waits for. */
export function findStrayError(cells: NumberedCell[]): Fault | undefined {
  for (const at of cells) {
    const found = STRAY.exec(stderrOf(at.cell.outputs ?? []));
    if (found)
      return { kind: 'stray-error', reason: found[0], at: originOf(found.input, cells) ?? at };
  }
}

/** The cell that a traceback names. */
export function originOf(traceback: string, cells: NumberedCell[]): NumberedCell | undefined {
  const number = Number(/\bcell (\d+)(?:, line \d+)?\b/.exec(traceback)?.[1]);
  return cells.find((candidate) => candidate.number === number);
}

const STRAY = /^(?:UnhandledPromiseRejection|UncaughtException): .*/m;

const hasTag = (cell: Cell, tag: string) => cell.metadata.tags?.includes(tag) ?? false;

const promises = (cell: Cell, what: 'checkpoint' | 'exercise') =>
  hasTag(cell, what) || new RegExp(`^(?!\\s*//).*\\b${what}\\(`, 'm').test(cell.source);

function outputsOf<Content>(cell: Cell, type: string): Content[] {
  return (cell.outputs ?? [])
    .map((output) => ('data' in output ? output.data[type] : undefined))
    .filter((content) => content !== undefined) as Content[];
}
