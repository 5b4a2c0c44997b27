/** The cell that runs now, or ran last: its value, and what went wrong in it. */
import { inspect } from 'node:util';
import { type Failure, runtimeError, type TypeErrorParts, typeError } from './errors.ts';
import type { Untyped } from './tslab.ts';

export type Bundle = Record<string, unknown>;

interface Cell {
  code: string;
  running: boolean;
  failure: Failure | undefined;
  /** Sends the cell's last value to the front end. */
  result: (data: Bundle) => void;
}

export const cell: Cell = { code: '', running: false, failure: undefined, result: () => {} };

/** tslab prints a cell's value and its errors through a console; here they become messages. */
export const output = {
  log(value: unknown) {
    cell.result(toBundle(value));
  },
  error(first: unknown, ...rest: TypeErrorParts | []) {
    cell.failure = rest.length ? typeError(cell.code, rest, cell.failure) : runtimeError(first);
  },
};

/** Nothing that goes wrong stays silent: it fails the running cell, or else is printed below the last one. */
export function reportStray(title: string, thrown: unknown): void {
  const failure = runtimeError(thrown);
  if (cell.running) cell.failure ??= failure;
  else process.stderr.write(`${title}: ${failure.traceback.join('\n')}\n`);
}

const DISPLAY = Symbol.for('Jupyter.display');

function toBundle(value: Untyped): Bundle {
  if (typeof value?.[DISPLAY] === 'function') return value[DISPLAY]();
  if (value instanceof Promise) return { 'text/plain': 'Promise (await it to see its value)' };
  return { 'text/plain': typeof value === 'string' ? value : inspect(value) };
}
