/**
 * From a deck as it is written to a deck that stands alone. These lines stand by themselves:
 *
 *     @title 03                           the first slide of a chapter
 *     @include sql/x.sql                  a file as code, or
 *     @include sql/x.sql "a" .. "b", …    its lines from the one with a to the one with b
 *     @figure 04 "title" 380              a chart of the executed notebook, 380 pixels high
 *     @table 03 "text" 4                  a table with this text in caption or head, 4 rows at most
 *     @checkpoints 03                     what the notebook checks; `@checkpoints 03 4` the first 4
 *     @exercises 03                       its exercises
 *     @learned 03                         what its summary says
 *     @chapters                           all chapters and their minutes
 *
 * A picture, `![description 400](../docs/pictures/x.svg)`, is put into the text, 400 pixels high.
 */
import { existsSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { root } from '../../cluster/instance.ts';
import {
  chapterTable,
  checkpointList,
  exerciseList,
  learnedList,
  titleSlide,
} from './chapter-text.ts';
import type { Deck } from './decks.ts';
import type { Figures } from './executed.ts';
import { figure, frame, picture, table } from './figure.ts';
import { excerpt } from './statement.ts';

/** @throws with file and line when something is not there */
export async function expandDeck(
  deck: Deck,
  figures: Figures,
  { dark = false } = {},
): Promise<string> {
  const file = `slides/${deck.name}.md`;
  const lines = readFileSync(join(root, file), 'utf8').split('\n');
  const expanded: string[] = [];
  for (const [at, line] of lines.entries()) {
    try {
      expanded.push(await expandLine(line, figures));
    } catch (cause) {
      throw new Error(`${file}:${at + 1}: ${(cause as Error).message}`, { cause });
    }
  }
  const text = frontMatter(deck) + expanded.join('\n');
  return dark ? darken(text) : text;
}

/** The chapters whose executed notebooks a deck shows. */
export function neededChapters({ name }: Deck): string[] {
  const text = readFileSync(join(root, 'slides', `${name}.md`), 'utf8');
  return [...new Set([...text.matchAll(/^@(?:figure|table) (\d\d)/gm)].map(([, id]) => id ?? ''))];
}

function frontMatter({ id, title }: Deck): string {
  const name = [id, title].filter(Boolean).join(' · ');
  const lines = [
    'theme: workshop',
    'paginate: true',
    'math: mathjax',
    `title: "${name}"`,
    `footer: "${name}"`,
  ];
  return `---\n${lines.join('\n')}\n---\n\n`;
}

// A class of one slide replaces that of the deck.
const darken = (text: string) =>
  text
    .replace('---\n', '---\nclass: dark\n')
    .replace(/^<!-- _class: (.+) -->$/gm, '<!-- _class: $1 dark -->');

function expandLine(line: string, figures: Figures): string | Promise<string> {
  const [, alt, path] = line.match(/^!\[(.*)\]\((\.\.\/.+\.svg)\)$/) ?? [];
  if (path) return image(alt ?? '', path, figures);
  const [, directive, rest = ''] = line.match(/^@(\w+)(?: (.+))?$/) ?? [];
  if (!directive) return line;
  const run = DIRECTIVES[directive];
  if (!run)
    throw new Error(`Expected one of @${Object.keys(DIRECTIVES).join(' @')}, got @${directive}`);
  return run(rest, figures);
}

const DIRECTIVES: Record<string, (rest: string, figures: Figures) => string | Promise<string>> = {
  title: titleSlide,
  include,
  figure: (rest, figures) => figure(...shown(rest), figures),
  table: (rest, figures) => table(...shown(rest), figures),
  checkpoints: checkpointList,
  exercises: exerciseList,
  learned: learnedList,
  chapters: chapterTable,
};

function include(rest: string): string {
  const [, path = '', list = ''] = rest.match(/^(\S+)\s*(.*)$/) ?? [];
  const file = join(root, path);
  if (!existsSync(file)) throw new Error(`there is no file ${path}`);
  const ranges = [...list.matchAll(/"(.+?)" \.\. "(.+?)"/g)];
  if (list && !ranges.length) throw new Error(`Expected "first" .. "last", got ${list}`);
  const code = excerpt(
    readFileSync(file, 'utf8'),
    ranges.map(([, first = '', last = '']) => ({ first, last })),
  );
  return `\`\`\`${extname(path).slice(1)}\n${code}\n\`\`\``;
}

function shown(rest: string): [id: string, text: string, size: number | undefined] {
  const [, id, text, size] = rest.match(/^(\d\d) "(.+)"(?: (\d+))?$/) ?? [];
  if (!id || !text)
    throw new Error(`Expected a chapter and a text such as 04 "Error", got ${rest}`);
  return [id, text, size ? Number(size) : undefined];
}

// A height in pixels may follow the description: `![The pipeline 400](…)`.
function image(description: string, path: string, { frames }: Figures): string {
  const [, alt = '', height] = description.match(/^(.*?)(?: (\d+))?$/) ?? [];
  const file = join(root, 'slides', path);
  if (existsSync(file))
    return picture(readFileSync(file, 'utf8'), alt, height ? Number(height) : undefined);
  if (!frames) throw new Error(`there is no picture ${path}`);
  return frame(alt, path, Number(height ?? 440));
}
