/** Coloured terminal text as HTML. */
import { stripVTControlCharacters } from 'node:util';
import { escapeHtml } from '../lib/html.ts';

// biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with the escape character
const COLOUR = /\x1b\[([\d;]*)m/;

/** Colours become classes such as `ansi-red`; all other escapes are dropped. */
export function ansiToHtml(text: string): string {
  const [plain, ...parts] = text.split(COLOUR);
  let html = toText(plain);
  let classes: string[] = [];
  for (let at = 0; at < parts.length; at += 2) {
    classes = parts[at].split(';').reduce(change, classes);
    const run = toText(parts[at + 1]);
    if (!run) continue;
    html += classes.length ? `<span class="${classes.join(' ')}">${run}</span>` : run;
  }
  return html;
}

const NAMES = ['black', 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan', 'white'];

const toText = (text: string) => escapeHtml(stripVTControlCharacters(text));

function change(classes: string[], code: string): string[] {
  const number = Number(code);
  const others = classes.filter((name) => !NAMES.includes(name.slice('ansi-'.length)));
  const colour = NAMES[number < 90 ? number - 30 : number - 90];
  if (number === 0) return [];
  if (number === 1) return [...classes, 'ansi-bold'];
  if (number === 22) return classes.filter((name) => name !== 'ansi-bold');
  if (number === 39) return others;
  return colour ? [...others, `ansi-${colour}`] : classes;
}
