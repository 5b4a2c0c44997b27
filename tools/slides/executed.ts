/** Charts and tables of executed notebooks. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { chapter } from '../../lib/chapters.ts';
import { textOf } from '../../lib/html.ts';
import { type DataOutput, joined, readNotebook } from '../notebook.ts';

/** Where figures come from. */
export interface Figures {
  /** Folder of executed notebooks. */
  folder: string;
  /** Draws an empty frame in place of a figure that is not there; otherwise that is an error. */
  frames?: boolean;
}

type Data = DataOutput['data'];

/** The file of an executed chapter. */
export const executedFile = (id: string, { folder }: Figures): string =>
  join(folder, `${chapter(id).name}.ipynb`);

/**
 * A chart by a part of its title, or a table by a text in its caption or head.
 *
 * @returns undefined where an empty frame does
 * @throws when the chapter is not executed, or shows no such thing
 */
export function findOutput(
  kind: 'chart' | 'table',
  id: string,
  text: string,
  figures: Figures,
): Data | undefined {
  const file = executedFile(id, figures);
  const outputs = existsSync(file) ? readOutputs(file) : undefined;
  const found = outputs?.find((data) => nameOf[kind](data)?.includes(text));
  if (found || figures.frames) return found;
  const repair = `npm run notebooks -- ${id}`;
  if (!outputs) throw new Error(`chapter ${id} has not been executed here; first: ${repair}`);
  const names = outputs.flatMap((data) => nameOf[kind](data) ?? []);
  throw new Error(
    `the executed chapter ${id} has no ${kind} with "${text}", but: ${names.join(' | ')}. ` +
      `If its notebook has changed: ${repair}`,
  );
}

function readOutputs(file: string): Data[] {
  const outputs = readNotebook(file).cells.flatMap((cell) => cell.outputs ?? []);
  return outputs.flatMap((output) => ('data' in output ? [output.data] : []));
}

const nameOf = {
  chart: (data: Data) => joined(data['text/plain'] ?? '').match(/^\[chart\] (.*)/)?.[1],
  table: (data: Data) => {
    const html = joined(data['text/html'] ?? '');
    return html.includes('<table>') ? textOf(html.split('</thead>')[0] ?? '') : undefined;
  },
};
