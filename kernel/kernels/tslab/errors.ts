/** A failed cell as Jupyter shows it. */
import type { SourceMap } from 'node:module';
import { inspect } from 'node:util';
import { CELL } from './modules.ts';

export interface Failure {
  ename: string;
  evalue: string;
  traceback: string[];
}

/** Source maps of the cells that ran, by execution count. */
export const sourceMaps = new Map<number, SourceMap>();

export function runtimeError(thrown: unknown): Failure {
  const isError = thrown instanceof Error;
  return {
    ename: isError ? thrown.name : 'Error',
    evalue: isError ? thrown.message : inspect(thrown),
    traceback: inspect(thrown)
      .split('\n')
      .filter((line) => !EMPTY_FIELD.test(line) && !INTERNAL_FRAME.test(line))
      .map(nameCells),
  };
}

/** Type errors come one by one, as tslab prints them; `earlier` are those of the same cell. */
export function typeError(
  code: string,
  [file, line, column, text]: TypeErrorParts,
  earlier: Failure | undefined,
): Failure {
  const where = file ? file.trim() : `line ${line}`;
  const head = `    ${where}: `;
  const shown = file
    ? [head.trimEnd().slice(0, -1)]
    : [`${head}${code.split('\n')[line - 1]}`, `${' '.repeat(head.length + column - 1)}^`];
  return {
    ename: 'TypeScriptError',
    evalue: earlier?.evalue ?? `${text} (${where})`,
    traceback: [...(earlier?.traceback ?? []), `TypeScriptError: ${text}`, ...shown],
  };
}

/** What a beginner should try, after all errors of a cell: of many, the first is seldom the cause. */
export function withHint(failure: Failure, code: string): Failure {
  if (failure.ename !== 'TypeScriptError') return failure;
  const outsideTexts = code.replace(/`[^`]*`|'[^'\n]*'|"[^"\n]*"|\/\/.*/g, ' ');
  let hint: string | undefined;
  if (/`/.test(outsideTexts)) hint = 'A back-tick is missing: SQL stands between two of them.';
  else if (/\b(select|insert\s+into|create\s+table)\s/.test(outsideTexts))
    hint = 'SQL stands between back-ticks: `select …`.';
  else if (/Cannot find name/.test(failure.traceback.join()))
    hint =
      'Run the cells above first, from the top: a kernel that was started again knows none of them.';
  return hint ? { ...failure, traceback: [...failure.traceback, `Hint: ${hint}`] } : failure;
}

export type TypeErrorParts = [file: string, line: number, column: number, text: string];

/** An error of PostgreSQL has many fields without a value. */
const EMPTY_FIELD = /^ +\w+: undefined,?$/;
const INTERNAL_FRAME = /^ +at .*(node:|[\\/]tslab[\\/]|[\\/]kernels[\\/]tslab[\\/])/;

// `/dir/[cell 3]:14:5` -> `cell 3, line 9`
const nameCells = (frame: string) =>
  frame.replace(CELL, (_, cell, row, column) => {
    const found = sourceMaps.get(Number(cell))?.findEntry(Number(row) - 1, Number(column) - 1);
    // tslab puts one line before the cell, hence no + 1
    return `cell ${cell}${found && 'originalLine' in found ? `, line ${found.originalLine}` : ''}`;
  });
