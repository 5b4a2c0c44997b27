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
export const maps = new Map<number, SourceMap>();

/** `/dir/[cell 3]:14:5` -> `cell 3, line 9` */
const inCell = (line: string) =>
  line.replace(CELL, (_, n, row, column) => {
    const found = maps.get(Number(n))?.findEntry(Number(row) - 1, Number(column) - 1);
    // tslab puts one line before the cell, hence no + 1
    return `cell ${n}` + (found && 'originalLine' in found ? `, line ${found.originalLine}` : '');
  });

export function runtimeError(thrown: unknown): Failure {
  const e = thrown as { name?: unknown; message?: unknown } | null | undefined;
  const isError = thrown instanceof Error;
  return {
    ename: isError ? (e!.name as string) : 'Error',
    evalue: isError ? (e!.message as string) : inspect(thrown),
    traceback: inspect(thrown)
      .split('\n')
      .filter((l) => !/^ +\w+: undefined,?$/.test(l)) // the many empty fields of a PostgreSQL error
      .filter((l) => !/^ +at .*(node:|[\\/]tslab[\\/]|[\\/]kernels[\\/]tslab[\\/])/.test(l))
      .map(inCell),
  };
}

/** Type errors come one by one, as tslab prints them: file, line, column, text. */
export function typeError(
  code: string,
  file: string,
  line: number,
  column: number,
  text: string,
  before: Failure | null,
): Failure {
  const where = file ? file.trim() : `line ${line}`;
  const source = file ? undefined : code.split('\n')[line - 1];
  return {
    ename: 'TypeScriptError',
    evalue: before?.evalue ?? `${text} (${where})`,
    traceback: [
      ...(before?.traceback ?? []),
      `TypeScriptError: ${text}`,
      ...(source === undefined
        ? [`    ${where}`]
        : [`    ${where}: ${source}`, `${' '.repeat(`    ${where}: `.length + column - 1)}^`]),
    ],
  };
}
