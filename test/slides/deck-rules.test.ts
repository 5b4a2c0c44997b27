/** Rules of slides that a program can keep. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../../cluster/instance.ts';
import { CHAPTERS } from '../../lib/chapters.ts';
import { exerciseIds } from '../../lib/exercise-source.ts';
import { listDecks } from '../../tools/slides/decks.ts';
import { expandDeck } from '../../tools/slides/expand.ts';
import { readSlides, talkMinutes } from '../../tools/slides/notes.ts';

const LINES = 18;
const figures = { folder: 'nowhere', frames: true };
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const decks = listDecks();

it('every chapter has a deck, and there are an opening and a closing one', () => {
  const written = CHAPTERS.filter(({ name }) => existsSync(join(root, `notebooks/${name}.ipynb`)));
  const names = ['opening', ...written.map(({ name }) => name), 'closing'];
  expect(decks.map(({ name }) => name)).toEqual(names);
  const files = readdirSync(join(root, 'slides')).filter((file) => /^[a-z0-9-]+\.md$/.test(file));
  expect(files.sort()).toEqual(names.map((name) => `${name}.md`).sort());
});

describe.for(decks.filter(({ id }) => id))('$name', ({ id, name, title }) => {
  const text = read(`slides/${name}.md`);

  it('has the title and the minutes of its chapter', async () => {
    const chapter = CHAPTERS.find((candidate) => candidate.id === id);
    const expanded = await expandDeck({ id, name, title }, figures);
    expect(text.startsWith(`@title ${id}\n`)).toBe(true);
    expect(expanded).toContain(`# ${chapter?.title}\n`);
    expect(expanded).toContain(`Chapter ${id} · ${chapter?.minutes} minutes`);
    expect(expanded).toContain(`notebooks/${name}.ipynb`);
  });

  it('takes everything from its own chapter', () => {
    const used = text.matchAll(/^@(?:title|figure|table|checkpoints|exercises|learned) (\d\d)/gm);
    expect([...used].map(([, number]) => number).filter((number) => number !== id)).toEqual([]);
  });

  it('shows the exercises, where there are any', () => {
    const exercises = exerciseIds(read(`notebooks/${name}.ts`));
    expect(text.includes(`\n@exercises ${id}\n`)).toBe(exercises.length > 0);
  });

  it('names charts that the notebook draws', () => {
    for (const [, chart = ''] of text.matchAll(/^@figure \d\d "(.+)"/gm)) {
      expect(read(`notebooks/${name}.ts`)).toContain(chart);
    }
  });
});

describe.for(decks)('$name', ({ id, name, title }) => {
  const text = read(`slides/${name}.md`);
  const slides = readSlides(text);

  it('has notes with a time on every slide', () => {
    expect(slides.filter(({ minutes }) => minutes === undefined)).toEqual([]);
  });

  it('talks for less time than the chapter takes, and never long about one slide', () => {
    const limit = CHAPTERS.find((chapter) => chapter.id === id)?.minutes ?? 5;
    expect(talkMinutes(text)).toBeLessThanOrEqual(limit);
    expect(Math.max(...slides.map(({ minutes }) => minutes ?? 0))).toBeLessThanOrEqual(2);
  });

  it('answers a question that people ask', () => {
    expect(text.match(/Asked often: ".+\?"/g)?.length ?? 0).toBeGreaterThan(0);
  });

  it(`has code of at most 65 columns and ${LINES} lines`, async () => {
    const expanded = await expandDeck({ id, name, title }, figures);
    for (const [, code = ''] of expanded.matchAll(/^```\w+\n(.*?)\n```$/gms)) {
      const lines = code.split('\n');
      expect(lines.filter((line) => line.length > 65)).toEqual([]);
      expect(lines.length, code).toBeLessThanOrEqual(LINES);
    }
  });

  it('includes its SQL and copies none', () => {
    expect(text).not.toMatch(/^```sql/m);
  });
});
