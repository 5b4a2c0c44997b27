/**
 * Percent scripts (.ts with `// %%` before each cell, the shape that jupytext reads) and their notebooks.
 * The script is the source; the .ipynb beside it is generated, without outputs.
 *
 * Usage: node tools/percent.ts build|check [folder]
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exerciseIds, splitSolution } from '../lib/exercise-source.ts';
import { isMain, runTool } from './cli.ts';
import { type Cell, METADATA, type Notebook, serialise } from './notebook.ts';

/** Writes the notebook of every script. @returns the files that changed */
export function buildNotebooks(folder: string): string[] {
  return scripts(folder).flatMap((name) => {
    const file = notebookFile(folder, name);
    const text = generate(join(folder, name));
    if (existsSync(file) && readFileSync(file, 'utf8') === text) return [];
    writeFileSync(file, text);
    return [file];
  });
}

/** Writes the notebooks that are not there; others may hold somebody's work. @returns their files */
export function buildMissing(folder: string): string[] {
  return missingNotebooks(folder).map((name) => {
    const file = notebookFile(folder, name);
    writeFileSync(file, generate(join(folder, name)));
    return file;
  });
}

/** The scripts that have no notebook. */
export const missingNotebooks = (folder: string): string[] =>
  scripts(folder).filter((name) => !existsSync(notebookFile(folder, name)));

/** Compares every notebook with its script. @returns one sentence for each that is wrong */
export function checkNotebooks(folder: string): string[] {
  const wanted = new Map(scripts(folder).map((name) => [notebookFile(folder, name), name]));
  const orphans = readdirSync(folder)
    .filter((name) => name.endsWith('.ipynb') && !wanted.has(join(folder, name)))
    .map(
      (name) => `${join(folder, name)} has no script ${name.replace(/ipynb$/, 'ts')}: remove it`,
    );
  const wrong = [...wanted].flatMap(([file, name]) => {
    const fault = compare(file, generate(join(folder, name)));
    return fault ? [`${file} ${fault}: run \`npm run fix\``] : [];
  });
  return [...orphans, ...wrong, ...scripts(folder).flatMap((name) => unsolved(folder, name))];
}

/**
 * Reads a percent script. What stands between `//#region solution` and `//#endregion` is left out.
 * @param name - for messages
 * @param options.solved - the solutions of exercises stay in their cells @default false
 * @throws when a line belongs to no cell, or is code in a text cell
 */
export function parsePercent(
  text: string,
  name = 'the script',
  { solved = false }: { solved?: boolean } = {},
): Notebook {
  const [preamble, ...parts] = text.replaceAll('\r\n', '\n').split(/^\/\/ %%(.*)$/m);
  const stray = preamble.split('\n').findIndex((line) => line.trim() && !line.startsWith('//'));
  if (stray >= 0) throw new Error(`${name}:${stray + 1} has code before the first \`// %%\``);
  const cells: Cell[] = [];
  const copies = new Map<string, number>();
  for (let at = 0; at < parts.length; at += 2) {
    const { task, solved: whole } = splitSolution(parts[at + 1]);
    const body = (solved ? whole : task).replace(/^\n+|\s+$/g, '');
    const cell = parseCell(parts[at], body, name);
    const earlier = copies.get(cell.source) ?? 0;
    copies.set(cell.source, earlier + 1);
    cells.push({ id: cellId(cell.source, earlier), ...cell });
  }
  return { cells, metadata: METADATA, nbformat: 4, nbformat_minor: 5 };
}

/** The scripts of a folder, in order. */
export const scripts = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => /^\d\d-.*\.ts$/.test(name))
    .sort();
const notebookFile = (folder: string, script: string) =>
  join(folder, script.replace(/\.ts$/, '.ipynb'));
const generate = (script: string) => serialise(parsePercent(readFileSync(script, 'utf8'), script));

// An exercise whose solution nobody wrote cannot be checked, nor revealed.
function unsolved(folder: string, name: string): string[] {
  const cells = readFileSync(join(folder, name), 'utf8').split(/^\/\/ %%/m);
  const ids = cells.flatMap((cell) => (splitSolution(cell).solution ? [] : exerciseIds(cell)));
  return ids.map(
    (id) => `${join(folder, name)} has no solution of exercise ${id}: see CONTRIBUTING.md`,
  );
}

// The notebook in words, so that the message says what is wrong with it.
function compare(file: string, wanted: string): string | undefined {
  if (!existsSync(file)) return 'is missing';
  const stored = readFileSync(file, 'utf8');
  if (stored === wanted) return;
  try {
    const [is, should]: Notebook[] = [JSON.parse(stored), JSON.parse(wanted)];
    if (is.cells.some((cell) => cell.outputs?.length)) return 'has outputs';
    if (is.cells.some((cell) => cell.execution_count)) return 'has execution counts';
    if (JSON.stringify(is.metadata) !== JSON.stringify(should.metadata))
      return 'has other metadata';
    return 'differs from its script';
  } catch {
    return 'is not a notebook';
  }
}

function parseCell(head: string, body: string, name: string): Omit<Cell, 'id'> {
  const metadata = parseTags(head, name);
  if (!/\[(markdown|md)\]/.test(head)) {
    return { cell_type: 'code', metadata, source: body, outputs: [], execution_count: null };
  }
  const code = body.split('\n').find((line) => line.trim() && !line.startsWith('//'));
  if (code) throw new Error(`${name}: \`${code}\` is code in a text cell; is a \`// %%\` missing?`);
  return { cell_type: 'markdown', metadata, source: body.replace(/^\/\/ ?/gm, '') };
}

function parseTags(head: string, name: string): Cell['metadata'] {
  const tags = /tags=(.*)$/.exec(head)?.[1];
  if (!tags) return {};
  try {
    return { tags: JSON.parse(tags) };
  } catch (cause) {
    const message = `${name}: Expected \`tags=\` to be a list such as ["a"], got \`${tags}\``;
    throw new Error(message, { cause });
  }
}

// From the text alone: the same bytes each time, and an edit leaves the ids of the other cells.
const cellId = (source: string, copy: number) =>
  createHash('sha256').update(`${source}\n${copy}`).digest('hex').slice(0, 8);

function main([mode, folder = 'notebooks']: string[]): void {
  if (mode === 'build') {
    for (const file of buildNotebooks(folder)) console.log(`written ${file}`);
  } else if (mode === 'check') {
    const faults = checkNotebooks(folder);
    for (const fault of faults) console.error(fault);
    if (faults.length) process.exitCode = 1;
  } else {
    throw new Error(`Expected \`build\` or \`check\`, got \`${mode}\``);
  }
}

if (isMain(import.meta.url)) await runTool(main);
