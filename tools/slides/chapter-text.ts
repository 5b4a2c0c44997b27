/** Words of a chapter that its deck repeats: read from the notebook's source. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../cluster/instance.ts';
import { CHAPTERS, type Chapter, chapter } from '../../lib/chapters.ts';

/** The first slide of a chapter. */
export function titleSlide(id: string): string {
  const { name, title, minutes } = chapter(id);
  const promise = heading(source(chapter(id)));
  return [
    '<!-- _class: title -->',
    '',
    `## Chapter ${id} · ${minutes} minutes`,
    `# ${title}`,
    promise === title ? '' : promise,
    '',
    `\`notebooks/${name}.ipynb\``,
  ].join('\n');
}

/** All chapters, as a table. */
export function chapterTable(): string {
  const rows = CHAPTERS.map(({ id, title, minutes }) => `| ${id} | ${title} | ${minutes} |`);
  return ['| | chapter | minutes |', '|---|---|---|', ...rows].join('\n');
}

/** What the notebook checks, as a list; `11 6` shows the first 6 of chapter 11 and counts the rest. */
export function checkpointList(wanted: string): string {
  const [id = '', limit] = wanted.split(' ');
  const checkpoint = /^checkpoint\(\s*'(\d\d\.\d+)',\s*'((?:[^'\\]|\\.)*)'/gm;
  const found = [...source(chapter(id)).matchAll(checkpoint)];
  const shown = found.slice(0, limit ? Number(limit) : found.length);
  const lines = shown.map(([, number, promise = '']) => `- **${number}** ${unquoted(promise)}`);
  const more = found.length - shown.length;
  return [...lines, ...(more > 0 ? [`- … and ${more} more`] : [])].join('\n');
}

/** Its exercises, as a list. */
export function exerciseList(id: string): string {
  const found = [...source(chapter(id)).matchAll(/^\/\/ ### Exercise (\d\d\.\d+): (.+)$/gm)];
  if (!found.length) throw new Error(`chapter ${id} has no heading "Exercise ${id}.1: …"`);
  return found.map(([, number, task = '']) => `- **${number}** ${asSentence(task)}`).join('\n');
}

/** What its summary says was learned, as a list. */
export function learnedList(id: string): string {
  const block = source(chapter(id)).match(/learned: \[(.*?)\n {2}\]/s)?.[1] ?? '';
  const lines = [...block.matchAll(/'((?:[^'\\]|\\.)*)'/g)];
  if (!lines.length) throw new Error(`the summary of chapter ${id} lists nothing under "learned"`);
  return lines.map(([, line]) => `- ${asSentence(unquoted(line))}`).join('\n');
}

const source = ({ name }: Chapter) => readFileSync(join(root, 'notebooks', `${name}.ts`), 'utf8');

const heading = (text: string) => text.match(/^\/\/ # (.+)$/m)?.[1] ?? '';

const unquoted = (text: string) => text.replace(/\\(.)/g, '$1');

const asSentence = (text: string) => text.replace(/^[a-z]/, (first) => first.toUpperCase());
