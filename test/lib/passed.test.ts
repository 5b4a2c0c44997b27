/** What an attendee has passed: noted in one file, forgotten by a reset, never by a headless run. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { instanceFolder } from '../../cluster/instance.ts';
import { bar, progressLines } from '../../lib/bar.ts';
import { CHAPTERS, chapter } from '../../lib/chapters.ts';
import { forgetPassed, notePassed, readPassed } from '../../lib/passed.ts';
import { runNotebook } from '../../tools/run-notebook.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'passed-'));
  file = join(folder, 'instance', 'progress.json');
});
afterEach(() => rmSync(folder, { recursive: true }));

const fill = () => {
  notePassed('exercises', '05.1', file);
  for (const id of ['06.1', '02.1', '05.1']) notePassed('checkpoints', id, file);
  for (const id of ['02', '05']) notePassed('chapters', id, file);
};

describe('what was passed', () => {
  it('is noted once, in order', () => {
    fill();
    fill();
    expect(readPassed(file)).toEqual({
      checkpoints: ['02.1', '05.1', '06.1'],
      exercises: ['05.1'],
      chapters: ['02', '05'],
    });
  });

  it('is forgotten from a chapter on', () => {
    fill();
    forgetPassed('05', file);
    expect(readPassed(file)).toEqual({ checkpoints: ['02.1'], exercises: [], chapters: ['02'] });
    forgetPassed(undefined, file);
    expect(readPassed(file)).toEqual({ checkpoints: [], exercises: [], chapters: [] });
  });

  it('is nothing where there is no file, or none that can be read', () => {
    const nothing = { checkpoints: [], exercises: [], chapters: [] };
    expect(readPassed(file)).toEqual(nothing);
    writeFileSync(join(folder, 'broken.json'), '{"checkpoints": ["02');
    expect(readPassed(join(folder, 'broken.json'))).toEqual(nothing);
    notePassed('checkpoints', '02.1', join(folder, 'broken.json'));
    expect(readPassed(join(folder, 'broken.json')).checkpoints).toEqual(['02.1']);
  });

  it('does not stop a lesson where nothing can be written', () => {
    writeFileSync(join(folder, 'instance'), 'a file in the place of the folder');
    expect(() => notePassed('checkpoints', '02.1', file)).not.toThrow();
  });
});

describe('the bar of a notebook', () => {
  const passed = { checkpoints: ['02.1', '02.2'], exercises: ['02.3'], chapters: ['02'] };
  const shown = (id: string) => String(bar(chapter(id), ['a server'], passed)['text/html']);

  it('says where one is, how long it is and what was passed', () => {
    const last = CHAPTERS.at(-1)?.id;
    const after = CHAPTERS.slice(3).reduce((sum, { minutes }) => sum + minutes, 0);
    expect(shown('02')).toContain(
      `Chapter 02 of ${last} · ${chapter('02').minutes} minutes, ${after} more after it · ` +
        '2 checkpoints passed, 1 of 3 exercises solved · a server',
    );
    expect(shown('03')).toContain('more after it · a server');
    expect(shown('03')).toContain("await resetTo('03')");
  });

  it('marks the chapters that were finished', () => {
    expect(shown('03')).toContain('>✓02<');
    expect(shown('03')).toContain('>03<');
  });

  it('has its counterpart for the doctor', () => {
    const lines = progressLines({ ...passed, checkpoints: ['02.1', '04.1'] });
    expect(lines).toEqual([
      '● 02 A schema for time and customers: 1 checkpoint passed, 1 of 3 exercises solved',
      '○ 04 Rollup functions: 1 checkpoint passed, 0 of 3 exercises solved',
    ]);
  });
});

describe('a notebook that runs', () => {
  const fixture = join(import.meta.dirname, '../fixtures/notebooks/exercise.ts');
  const instance = 'test-progress';
  const there = instanceFolder(instance);
  afterEach(() => rmSync(there, { recursive: true, force: true }));

  it('notes for an attendee what was passed, beside the database', async () => {
    const env = { WORKSHOP_INSTANCE: instance, WORKSHOP_PROGRESS: '' };
    await runNotebook(fixture, { env });
    expect(existsSync(there)).toBe(false);
    await runNotebook(fixture, { env, solved: true });
    expect(readdirSync(there)).toEqual(['progress.json']);
    expect(JSON.parse(readFileSync(join(there, 'progress.json'), 'utf8'))).toEqual({
      checkpoints: [],
      exercises: ['00.1'],
      chapters: [],
    });
  });

  it('notes nothing when a program runs it', async () => {
    await runNotebook(fixture, { env: { WORKSHOP_INSTANCE: instance }, solved: true });
    expect(existsSync(there)).toBe(false);
  });
});
