/** The notebook file format (nbformat 4.5), as far as the kit uses it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Notebook {
  cells: Cell[];
  metadata: Record<string, unknown>;
  nbformat: 4;
  nbformat_minor: 5;
}

export interface Cell {
  id: string;
  cell_type: 'code' | 'markdown';
  metadata: { tags?: string[]; [key: string]: unknown };
  source: string;
  outputs?: Output[];
  execution_count?: number | null;
}

export type Output = StreamOutput | DataOutput | ErrorOutput;

export interface StreamOutput {
  output_type: 'stream';
  name: 'stdout' | 'stderr';
  text: string;
}

export interface DataOutput {
  output_type: 'display_data' | 'execute_result';
  data: Record<string, unknown>;
  metadata: object;
  execution_count?: number | null;
}

export interface ErrorOutput {
  output_type: 'error';
  ename: string;
  evalue: string;
  traceback: string[];
}

/** The folder of the workshop's kernel. */
export const KERNEL = join(import.meta.dirname, '../kernel/kernels/tslab');

/** What every notebook of the kit says about itself. */
export const METADATA = {
  kernelspec: {
    display_name: JSON.parse(readFileSync(join(KERNEL, 'kernel.json'), 'utf8')).display_name,
    language: 'typescript',
    name: 'tslab',
  },
  language_info: {
    codemirror_mode: 'typescript',
    file_extension: '.ts',
    mimetype: 'text/typescript',
    name: 'typescript',
    version: '5.0.4',
  },
};

/** @throws when the file is not there or is not a notebook */
export function readNotebook(file: string): Notebook {
  try {
    const notebook = JSON.parse(readFileSync(file, 'utf8'));
    for (const cell of notebook.cells) {
      cell.source = joined(cell.source);
      for (const output of cell.outputs ?? []) joinOutput(output);
    }
    return notebook;
  } catch (cause) {
    throw new Error(`Cannot read the notebook ${file}: ${(cause as Error).message}`, { cause });
  }
}

/** Text is stored as a list of lines, which is what Jupyter and VS Code write. */
export function serialise({ cells, metadata }: Notebook): string {
  const stored = cells.map((cell) => ({ ...cell, source: toLines(cell.source) }));
  const notebook = { cells: stored, metadata, nbformat: 4, nbformat_minor: 5 };
  return `${JSON.stringify(notebook, null, 1)}\n`;
}

/** A text of the notebook format: a string, or a list of lines. */
export const joined = (text: unknown): string => [text].flat().join('');

const toLines = (text: string) => text.split(/(?<=\n)/);

function joinOutput(output: Output): void {
  if (output.output_type === 'stream') output.text = joined(output.text);
  if (!('data' in output)) return;
  for (const [type, value] of Object.entries(output.data)) {
    if (Array.isArray(value) && !type.endsWith('json')) output.data[type] = joined(value);
  }
}
