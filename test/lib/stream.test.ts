import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { streamEvents } from '../../lib/stream.ts';
import { freshDatabase, type TestDatabase } from '../database.ts';
import { count, until, withClient } from '../sql/support.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await freshDatabase('stream');
});
beforeEach(async () => {
  await db.pool.query('truncate events');
});
afterAll(() => db?.drop());

const events = () => count(db.pool, 'select count(*) from events');
const COPY_WAITS = `exists (
  select from pg_stat_activity
   where datname = current_database() and query like 'copy %' and wait_event_type = 'Lock')`;
const ROLLED_BACK = `exists (
  select from pg_stat_activity where datname = current_database() and query = 'rollback')`;

test('a stream sends events of now until it is stopped, and knows how many', async () => {
  const stream = streamEvents(db.pool, { eventsPerSecond: 400, customers: 5 });
  await until(db.pool, '(select count(*) from events) > 100');
  const sent = await stream.stop();
  expect(sent).toBeGreaterThan(100);
  expect(await events()).toBe(sent);
  expect(
    await count(
      db.pool,
      `select count(*) from events where event_time between now() - interval '1 minute' and now()`,
    ),
  ).toBe(sent);
});

test('it ends by itself after its time', async () => {
  const stream = streamEvents(db.pool, { maxSeconds: 0.5 });
  await until(db.pool, '(select count(*) from events) > 0');
  const sent = await stream.stop();
  expect(await events()).toBe(sent);
});

test('an interrupt in the middle of a batch ends it, and stop tells what was sent before', async () => {
  const stream = streamEvents(db.pool);
  await until(db.pool, '(select count(*) from events) > 0');
  await withClient(db, async (blocker) => {
    await blocker.query('begin; lock table events in share mode');
    await until(db.pool, COPY_WAITS);
    process.emit('interrupt' as never);
    await until(db.pool, `not ${COPY_WAITS}`); // not only once the lock is free
    await blocker.query('commit');
  });
  const sent = await stream.stop();
  expect(sent).toBeGreaterThan(0);
  expect(await events()).toBe(sent);
});

test('a write that fails is told to whoever stops it', async () => {
  await db.pool.query('alter table events add constraint nobody check (customer_id < 0)');
  try {
    const stream = streamEvents(db.pool);
    await withClient(db, (watcher) => until(watcher, ROLLED_BACK));
    await expect(stream.stop()).rejects.toThrow(/violates check constraint "nobody"/);
  } finally {
    await db.pool.query('alter table events drop constraint nobody');
  }
});
