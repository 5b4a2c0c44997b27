import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Progress } from '../../lib/progress.ts';
import { rollUpAll } from '../../lib/rollup.ts';
import { freshDatabase, type TestDatabase } from '../database.ts';
import { emptyTables, expectRollupsEqualRecount, insertEvents } from '../sql/support.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await freshDatabase('rollup');
});
beforeEach(() => emptyTables(db));
afterAll(() => db?.drop());

async function watched(maxEvents?: number): Promise<Progress[]> {
  const told: Progress[] = [];
  await rollUpAll(db.pool, { maxEvents, onProgress: (progress) => told.push(progress) });
  return told;
}

test('the progress of both rollups is told in windows, from none to all', async () => {
  await insertEvents(db.pool, 25);
  const told = await watched(10);
  expect(told[0]).toMatchObject({ state: 'running', totalRows: 6 });
  expect(told.at(-1)).toMatchObject({ state: 'done', rows: 6, totalRows: 6 });
  await expectRollupsEqualRecount(db.pool, 25);
});

test('without anything new there is no window', async () => {
  expect((await watched()).at(-1)).toMatchObject({ state: 'done', rows: 0, totalRows: 0 });
});

test('a failure is told and thrown, and the windows before it stay', async () => {
  await insertEvents(db.pool, 25);
  const table = 'alter table rollup_events_1hr';
  await db.pool.query(`${table} add constraint no_hours_today check (event_count < 0)`);
  try {
    const told: Progress[] = [];
    const onProgress = (progress: Progress) => void told.push(progress);
    await expect(rollUpAll(db.pool, { maxEvents: 10, onProgress })).rejects.toThrow(
      'no_hours_today',
    );
    expect(told.at(-1)).toMatchObject({ state: 'failed', rows: 3, totalRows: 6 });
  } finally {
    await db.pool.query(`${table} drop constraint no_hours_today`);
  }
  await rollUpAll(db.pool);
  await expectRollupsEqualRecount(db.pool, 25);
});
