/** Rules of teaching that a program can keep. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CHAPTERS } from '../../lib/chapters.ts';
import { exerciseIds } from '../../lib/exercise-source.ts';
import { EXERCISES } from '../../lib/exercises/index.ts';
import type { Cell } from '../../tools/notebook.ts';
import { checkNotebooks, parsePercent } from '../../tools/percent.ts';

const folder = join(import.meta.dirname, '../../notebooks');
const LINES = 25;

const scripts = readdirSync(folder).filter((name) => /^\d\d-.*\.ts$/.test(name));
const isCode = ({ cell_type }: Cell) => cell_type === 'code';
const headings = (cells: Cell[], level: number) =>
  cells
    .filter((cell) => !isCode(cell))
    .flatMap(({ source }) => withoutCode(source).match(new RegExp(`^#{${level}} .+`, 'gm')) ?? []);
const withoutCode = (markdown: string) => markdown.replace(/^```[\s\S]*?^```/gm, '');

it('every notebook is in the list of chapters, and every chapter has one', () => {
  expect(scripts.sort().map((name) => name.replace(/\.ts$/, ''))).toEqual(
    CHAPTERS.map(({ name }) => name),
  );
});

it('chapters 00 to 09 take 90 minutes at most', () => {
  const minutes = CHAPTERS.filter(({ id }) => id < '10').map((chapter) => chapter.minutes);
  expect(minutes.reduce((sum, each) => sum + each)).toBeLessThanOrEqual(90);
});

it('every notebook is what its script makes, without outputs and counts', () => {
  expect(checkNotebooks(folder)).toEqual([]);
});

describe.for(scripts)('%s', (name) => {
  const number = name.slice(0, 2);
  const text = readFileSync(join(folder, name), 'utf8');
  const { cells } = parsePercent(text, name);
  const code = cells.filter(isCode);

  it('announces the minutes of its chapter', () => {
    const chapter = CHAPTERS.find(({ id }) => id === number);
    expect(cells[0].source).toContain(`**${chapter?.minutes} minutes.**`);
  });

  it('begins with its one title', () => {
    expect(headings(cells, 1)).toHaveLength(1);
    expect(cells[0].source).toMatch(/^# /);
  });

  it('gets ready in its first code cell', () => {
    expect(code[0].source).toContain(`await ready('${number}')`);
  });

  it('has text before each step: at most two cells of code in a row', () => {
    const kinds = cells.map((cell) => (isCode(cell) ? 'c' : 't')).join('');
    expect(kinds).toMatch(/^t/);
    expect(kinds).not.toContain('ccc');
  });

  it(`has cells of at most ${LINES} lines`, () => {
    const long = code.filter(({ source }) => source.split('\n').length > LINES);
    expect(long.map(({ source }) => source.split('\n').slice(0, 2).join('\n'))).toEqual([]);
  });

  it('asserts values, each checkpoint under a number of its own', () => {
    const source = code.map((cell) => cell.source).join('\n');
    const ids = [...source.matchAll(/\bcheckpoint\(\s*'([^']+)'/g)].map(([, id]) => id);
    expect(ids.length).toBeGreaterThan(0);
    expect(ids.filter((id) => !id.startsWith(`${number}.`))).toEqual([]);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('asks with each exercise a task, says when it is done, hints and names documentation', () => {
    const ids = code.flatMap(({ source }) => exerciseIds(source));
    expect(ids).toEqual(EXERCISES.filter((id) => id.startsWith(`${number}.`)));
    if (number > '01') expect(ids.length).toBeGreaterThanOrEqual(2);
    for (const id of ids) {
      const at = cells.findIndex(({ source }) => exerciseIds(source).includes(id));
      const text = cells[at - 1].source.replaceAll(/\s+/g, ' ');
      expect(text).toContain(`### Exercise ${id}: `);
      for (const part of [
        '**Task:** ',
        '**Done when** ',
        '<summary>Hint</summary>',
        '**Read:** [',
      ]) {
        expect(text).toContain(part);
      }
    }
  });

  it('ends with a summary and the next step', () => {
    const end = code.at(-1)?.source ?? '';
    expect(end).toContain('summary({');
    const next = CHAPTERS[CHAPTERS.findIndex((chapter) => chapter.id === number) + 1];
    if (next) expect(end).toContain(`next: '${next.name}'`);
  });

  it('announces every error that it expects', () => {
    cells.forEach((cell, at) => {
      if (!cell.metadata.tags?.includes('raises-exception')) return;
      expect(cells[at - 1].cell_type).toBe('markdown');
      expect(cells[at - 1].source).toMatch(/fail|error|refus/i);
    });
  });

  it('has no absolute path and no address of a machine', () => {
    const found = (pattern: RegExp) => text.match(pattern)?.[0];
    expect(found(/['"`( ]\/(?:home|root|work|Users|tmp|var|opt)\/.*/)).toBeUndefined();
    expect(found(/[A-Z]:\\\\.*/)).toBeUndefined();
    expect(found(/\b(?:localhost|127\.0\.0\.1):\d{2,}.*/)).toBeUndefined(); // port 1 is nobody's
  });
});
