/** Statements on slides: read from the files that run them, never copied. */

/** Columns of code that can be read at the back of a room. */
export const COLUMNS = 65;

/** From the line that holds `first` to the next that holds `last`. */
export interface Range {
  first: string;
  last: string;
}

/**
 * The lines of `text` in these ranges, without the indentation of the first. What lies between two
 * ranges is left out, and says so. A line that is too long for a slide is broken.
 *
 * @throws when a line is not found
 */
export function excerpt(text: string, ranges: Range[]): string {
  const lines = text.trimEnd().split('\n');
  if (!ranges.length) return foldLines(lines).join('\n');
  const shown: string[] = [];
  let at = 0;
  let depth = Number.POSITIVE_INFINITY;
  for (const { first, last } of ranges) {
    const begin = find(lines, first, at);
    const end = find(lines, last, begin);
    depth = Math.min(depth, ...depths(lines.slice(begin, end + 1)));
    const part = lines.slice(begin, end + 1).map((line) => line.slice(depth));
    if (shown.length && begin > at) shown.push(`${indentation(part[0])}…`);
    shown.push(...part);
    at = end + 1;
  }
  if (shown.at(-1)?.endsWith(',')) shown.push(`${indentation(shown.at(-1))}…`);
  return foldLines(shown).join('\n');
}

function find(lines: string[], part: string, from: number): number {
  const at = lines.findIndex((line, index) => index >= from && line.includes(part));
  if (at < 0) throw new Error(`no line with "${part}"${from ? ` after line ${from}` : ''}`);
  return at;
}

const depths = (lines: string[]) =>
  lines.filter((line) => line.trim()).map((line) => indentation(line).length);

const indentation = (line = '') => line.match(/^ */)?.[0] ?? '';

// Words of a comment flow on; a statement is broken where it reads best.
function foldLines(lines: string[]): string[] {
  const folded: string[] = [];
  for (let at = 0; at < lines.length; at++) {
    const length = blockLength(lines, at);
    const block = lines.slice(at, at + length);
    const start = commentStart(block[0]);
    if (block.every((line) => line.length <= COLUMNS)) folded.push(...block);
    else if (start) folded.push(...flow(block, start));
    else folded.push(...fold(block.map((line, index) => (index ? line.trim() : line)).join(' ')));
    at += length - 1;
  }
  return folded;
}

// Lines that are folded together: a comment, or a line that goes on after a comma inside of brackets.
function blockLength(lines: string[], at: number): number {
  const start = commentStart(lines[at]);
  const goesOn = (end: number) =>
    start
      ? commentStart(lines[end]) === start && !isParagraph(lines[end])
      : lines[end - 1]?.endsWith(',') && openBrackets(lines.slice(at, end).join(' ')) > 0;
  let end = at + 1;
  while (end < lines.length && goesOn(end)) end++;
  return start || end - at <= 3 ? end - at : 1;
}

const commentStart = (line = '') => line.match(/^ *-- /)?.[0];

const isParagraph = (line = '') => /^ *-- \d\. /.test(line);

function flow(lines: string[], start: string): string[] {
  const words = lines.flatMap((line) => line.slice(start.length).split(' '));
  const flowing = [start + words.shift()];
  for (const word of words) {
    const line = `${flowing.at(-1)} ${word}`;
    if (line.length <= COLUMNS) flowing[flowing.length - 1] = line;
    else flowing.push(start + word);
  }
  return flowing;
}

function fold(line: string, indent = `${indentation(line)}  `): string[] {
  const at = line.length > COLUMNS ? breakingPoint(line) : undefined;
  if (!at) return [line];
  return [line.slice(0, at).trimEnd(), ...fold(indent + line.slice(at).trimStart(), indent)];
}

// The last comma, or space before a keyword, that fits: outside of quotes and of as many brackets as possible.
// Failing that, before the last operator, behind the last opening bracket, or any space.
function breakingPoint(line: string): number | undefined {
  const start = indentation(line).length + 8;
  const fits = (index: number) => index > start && index <= COLUMNS;
  const places = (text: string, pattern: RegExp) =>
    [...text.matchAll(pattern)].map(({ index }) => index).filter(fits);
  const plain = withoutQuoted(line);
  const depth = (index: number) => openBrackets(plain.slice(0, index));
  const [best] = places(plain, /(?<=,) | (?=(?:as|from|where|into|and|or|on) )/g).sort(
    (a, b) => depth(a) - depth(b) || b - a,
  );
  const others = [/ (?=(?:-|\+|\|\||:?=) )|(?<=\((?!\)))/g, / /g];
  return best ?? others.flatMap((other) => places(withoutText(line), other).at(-1) ?? [])[0];
}

const withoutText = (sql: string) => sql.replace(/'[^']*'/g, (text) => "'".repeat(text.length));

const withoutQuoted = (sql: string) =>
  withoutText(sql.replace(/(\$\w*\$).*?\1/g, (quoted) => "'".repeat(quoted.length)));

const openBrackets = (text: string) =>
  withoutQuoted(text).split('(').length - withoutQuoted(text).split(')').length;
