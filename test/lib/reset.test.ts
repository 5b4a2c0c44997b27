/** Catching up: a reset to a chapter ends in its state, whatever state the database was in. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { instanceFolder } from '../../cluster/instance.ts';
import { connect, type Database } from '../../lib/connect.ts';
import { notePassed, readPassed } from '../../lib/passed.ts';
import { resetTo } from '../../lib/ready.ts';
import { recount } from '../../lib/rollup.ts';
import { query } from '../../lib/sql.ts';
import { freshDatabase, type TestDatabase } from '../database.ts';

let test: TestDatabase;
let db: Database;
beforeAll(async () => {
  test = await freshDatabase('catchup', { install: false });
  vi.stubEnv('DATABASE_URL', test.url);
  vi.stubEnv('WORKSHOP_INSTANCE', 'test-catchup');
  db = await connect();
});
afterAll(async () => {
  rmSync(instanceFolder('test-catchup'), { recursive: true, force: true });
  vi.unstubAllEnvs();
  await db?.end();
  await test?.drop();
});

const quietly = { report: () => {} };
const count = async (table: string) =>
  (await query<{ rows: number }>(db, `select count(*) as rows from ${table}`))[0]?.rows;

describe('a reset', { timeout: 120_000 }, () => {
  it('to chapter 02 makes the tables, and no partitions yet', async () => {
    await resetTo('02', quietly);
    expect(await count('events')).toBe(0);
    expect(await count(`event_partitions() where kind <> 'default'`)).toBe(0);
  });

  it('to chapter 05 makes partitions, and no events', async () => {
    await resetTo('05', quietly);
    expect(await count(`event_partitions() where kind = 'history'`)).toBeGreaterThan(6);
    expect(await count('events')).toBe(0);
  });

  it('to chapter 06 loads events that are not rolled up', async () => {
    await resetTo('06', quietly);
    expect(await count('events')).toBe(400_000);
    expect(await count('rollup_events_5min')).toBe(0);
  });

  it('to chapter 09 rolls them up, each once', async () => {
    await query(db, `insert into events (customer_id, device_id) values (1, 1)`);
    await resetTo('09', quietly);
    expect(await recount(db)).toMatchObject([
      { raw_events: 400_000, rolled_up_events: 400_000 },
      { raw_events: 400_000, rolled_up_events: 400_000 },
    ]);
  });

  it('is not held up by a transaction that a notebook has left open', async () => {
    await resetTo('04', quietly);
    const slow = await db.connect();
    await slow.query('begin');
    await slow.query('insert into events (customer_id, device_id) values (1, 1)');
    await resetTo('03', quietly);
    expect(await count('events')).toBe(0);
    await expect(slow.query('commit')).rejects.toThrow();
    slow.release(true);
  });

  it("says whose transaction holds it up when it is somebody else's", async () => {
    const other = await test.pool.connect();
    await other.query('begin');
    await other.query('lock table events in row exclusive mode');
    await expect(resetTo('03', quietly)).rejects.toThrow(
      /nothing was changed. Open transactions: pid \d+ \(workshop test, idle in transaction\)/,
    );
    expect(await count('events')).toBe(0);
    await other.query('rollback');
    other.release();
  });

  it('forgets what was passed in that chapter and later', async () => {
    const file = join(instanceFolder('test-catchup'), 'progress.json');
    for (const id of ['02.1', '03.1', '04.1']) notePassed('checkpoints', id, file);
    await resetTo('03', quietly);
    expect(readPassed(file).checkpoints).toEqual(['02.1']);
  });

  it('to no chapter leaves nothing', async () => {
    await resetTo(undefined, quietly);
    expect(await count(`pg_class where relname in ('events', 'rollups', 'loads')`)).toBe(0);
  });
});
