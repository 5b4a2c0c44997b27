/** Why a notebook failed: one message with the notebook, the cell, its source and the error. */
import { stripVTControlCharacters } from 'node:util';
import { escapeHtml } from '../lib/html.ts';
import type { Cell, Notebook, Output } from './notebook.ts';

export type FailureKind =
  | 'no-kernel' // it did not start, or died before the first cell
  | 'error' // a reply that is not ok, or an error output
  | 'no-error' // a cell tagged `raises-exception` ended well
  | 'timeout'
  | 'dead-kernel'
  | 'stray-error' // a rejection or a throw that no cell waited for
  | 'checkpoint' // one that is not ok
  | 'missing-checkpoint'
  | 'exercise' // a wrong answer as given, or a solution that does not pass its check
  | 'missing-exercise'
  | 'hanging-kernel'; // it did not answer, or not end, after the last cell

export interface Failure {
  kind: FailureKind;
  /** Number of the code cell, from 1, as in `In [1]`; 0 when no cell is at fault. */
  cell: number;
  id: string;
  source: string;
  /** One sentence. */
  reason: string;
  /** Everything a person needs: notebook, cell, source with the line marked, error, stderr. */
  message: string;
}

/** A code cell and its number. */
export interface NumberedCell {
  number: number;
  cell: Cell;
}

export interface Fault {
  kind: FailureKind;
  reason: string;
  at?: NumberedCell;
}

/** @param printed - what the kernel's process itself printed */
export function describeFailure(notebook: string, fault: Fault, printed: string): Failure {
  const { kind, reason, at: { number, cell } = { number: 0, cell: undefined } } = fault;
  const { id = '', source = '', outputs = [] } = cell ?? {};
  const traceback = tracebackOf(outputs);
  const stderr = stderrOf(outputs);
  const message = [
    `${notebook}${cell ? `, code cell ${number} (id ${id})` : ''}: ${reason}`,
    cell && quote(source, failingLine(`${traceback}\n${stderr}`, number)),
    traceback,
    stderr && `stderr of the cell:\n${lastLines(stderr)}`,
    printed.trim() && `printed by the kernel:\n${lastLines(printed)}`,
  ];
  return { kind, cell: number, id, source, reason, message: message.filter(Boolean).join('\n\n') };
}

/** Says in the notebook itself that it failed and where, as papermill does. */
export function markFailure(notebook: Notebook, { kind, id, reason, cell }: Failure): void {
  const at = notebook.cells.findIndex((candidate) => candidate.id === id);
  if (at >= 0) {
    notebook.cells[at].metadata = { ...notebook.cells[at].metadata, workshop: { failure: kind } };
    const text = `<a id="failed-cell"></a>The next cell failed: ${escapeHtml(reason)}`;
    notebook.cells.splice(at, 0, note('failed-cell', text));
  }
  const where = at >= 0 ? ` in <a href="#failed-cell">cell ${cell}</a>` : '';
  notebook.cells.unshift(note('failure', `This notebook failed${where}: ${escapeHtml(reason)}`));
}

export const stderrOf = (outputs: readonly Output[]): string =>
  outputs
    .filter((output) => output.output_type === 'stream')
    .map(({ name, text }) => (name === 'stderr' ? text : ''))
    .join('');

function tracebackOf(outputs: readonly Output[]): string {
  const error = outputs.findLast((output) => output.output_type === 'error');
  return stripVTControlCharacters(error?.traceback.join('\n') ?? '');
}

// A stack names it as `cell 3, line 2`, a type error as `    line 2: …`.
function failingLine(text: string, cell: number): number | undefined {
  const found = new RegExp(`cell ${cell}, line (\\d+)`).exec(text) ?? /^ +line (\d+):/m.exec(text);
  return found ? Number(found[1]) : undefined;
}

// The source with line numbers and an arrow at the failing line.
const quote = (source: string, failing: number | undefined) =>
  source
    .split('\n')
    .map((line, at) => {
      const mark = at + 1 === failing ? '→' : ' ';
      return `  ${mark} ${String(at + 1).padStart(2)} │ ${line}`.trimEnd();
    })
    .join('\n');

const lastLines = (text: string) => text.trimEnd().split('\n').slice(-20).join('\n');

const note = (id: string, text: string): Cell => ({
  id,
  cell_type: 'markdown',
  metadata: { tags: ['workshop-failure'] },
  source: `<p style="color: #c62828; font-weight: bold">${text}</p>`,
});
