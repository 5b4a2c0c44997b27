/**
 * Every notebook of the kit on a real database: in order, again with its exercises solved, and alone on an empty
 * database.
 */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { startInstance } from '../../cluster/index.ts';
import { resetTo } from '../../lib/ready.ts';
import { serialise } from '../../tools/notebook.ts';
import { type Run, runNotebook } from '../../tools/run-notebook.ts';

const root = join(import.meta.dirname, '../..');
const folder = join(root, 'notebooks');
const out = join(root, 'out/test');
const files = readdirSync(folder)
  .filter((name) => /^\d\d-.*\.ipynb$/.test(name))
  .sort();

beforeAll(async () => {
  process.env.WORKSHOP_INSTANCE ??= 'test';
  if (!process.env.DATABASE_URL) await startInstance();
  mkdirSync(out, { recursive: true });
});

// A notebook that failed is kept.
async function passes(name: string, round: string, { solved = false } = {}): Promise<Run> {
  const run = await runNotebook(join(folder, name), { solved });
  if (run.failure) writeFileSync(join(out, `${round}-${name}`), serialise(run.notebook));
  expect(run.failure?.message ?? 'no failure').toBe('no failure');
  expect(run.checkpoints.length).toBeGreaterThan(0);
  const state = solved ? 'ok' : 'todo';
  expect(run.exercises.filter((exercise) => exercise.state !== state)).toEqual([]);
  return run;
}

const emptyDatabase = () => resetTo(undefined, { report: () => {} });
const limit = { timeout: 300_000 };

describe('notebooks in order on an empty database', limit, () => {
  const runs = new Map<string, Run>();
  beforeAll(emptyDatabase);

  it.for(files)('%s', async (name) => {
    runs.set(name.slice(0, 2), await passes(name, 'first'));
  });

  it('draw charts with both libraries', () => {
    const cells = runs.get('07')?.notebook.cells ?? [];
    const outputs = JSON.stringify(cells.flatMap((cell) => cell.outputs ?? []));
    expect(outputs.split('application/vnd.vegalite.v5+json').length - 1).toBeGreaterThanOrEqual(2);
    expect(outputs.split('class=\\"plot').length - 1).toBeGreaterThanOrEqual(2);
  });
});

describe('notebooks in order once more on the same database, their exercises solved', limit, () => {
  it.for(files)('%s', async (name) => {
    await passes(name, 'solved', { solved: true });
  });
});

describe('each notebook alone on an empty database', limit, () => {
  it.for(files)('%s', async (name) => {
    await emptyDatabase();
    await passes(name, 'alone');
  });
});
