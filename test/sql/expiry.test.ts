import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { freshDatabase, type TestDatabase } from '../database.ts';
import { count, emptyTables, insertEvents, one, rollUp, until, withClient } from './support.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await freshDatabase('expiry');
});
afterAll(() => db?.drop());

// events in two days of history and in the 5 minutes of now
beforeEach(async () => {
  await db.pool.query('call maintain_partitions()');
  await emptyTables(db);
  for (const [day, rows] of [
    [3, 30],
    [2, 20],
  ] as const) {
    await insertEvents(db.pool, rows, {
      span: '23 hours',
      until: `date_trunc('day', now(), 'UTC') - interval '${day - 1} days 1 second'`,
    });
  }
  await insertEvents(db.pool, 10, { span: '1 second' });
  db.notices.length = 0;
});

const raw = () => count(db.pool, 'select count(*) from events');
const rolledUp = async () => [
  await count(db.pool, 'select sum(event_count) from rollup_events_5min'),
  await count(db.pool, 'select sum(event_count) from rollup_events_1hr'),
];
// everything before yesterday
const MIDNIGHT = `date_trunc('day', now(), 'UTC') - interval '1 day'`;
const expire = (olderThan = MIDNIGHT, patience = '2 seconds') =>
  db.pool.query(
    `do $$ begin call expire_events(${olderThan}, '${patience}'); end $$`, // (a call takes no sub-query)
  );
const oldPartitions = async () =>
  (
    await db.pool.query(
      `select name::text from event_partitions() where range_to <= ${MIDNIGHT} order by range_to`,
    )
  ).rows.map(({ name }) => name);

test('drops partitions that are old and rolled up, and keeps the totals', async () => {
  await rollUp(db.pool);
  const dropped = await oldPartitions();
  await expire();
  expect(await oldPartitions()).toEqual([]);
  expect(await raw()).toBe(10);
  expect(await rolledUp()).toEqual([60, 60]);
  expect(db.notices.filter((line) => line.startsWith('dropped '))).toHaveLength(dropped.length + 1);
  expect(db.notices.at(-1)).toMatch(/^dropped \d+ and kept 0 partitions that ended by /);
});

test('drops 5-minute partitions as well as days', async () => {
  await db.pool.query(
    `do $$ begin
       if not exists (select from event_partitions() where range_from = '2024-05-05 12:00Z') then
         perform make_partition('2024-05-05 12:00Z', '2024-05-05 12:05Z');
       end if;
     end $$`,
  );
  await db.pool.query(
    `insert into events (event_time, customer_id) values ('2024-05-05 12:01Z', 1)`,
  );
  await rollUp(db.pool);
  await expire(`'2024-05-05 12:05Z'`);
  expect(db.notices.join('\n')).toMatch(/dropped events_p2024.*which ended at 2024-05-05 12:05/);
  expect(await raw()).toBe(60);
});

test('keeps what one of the rollups does not have yet, and says which', async () => {
  await db.pool.query('select five_minutely_aggregation()');
  const before = await oldPartitions();
  await expire();
  expect(await raw()).toBe(60);
  // those without events are gone
  expect((await oldPartitions()).length).toBe(2);
  expect(before.length).toBeGreaterThan(2);
  expect(db.notices.join('\n')).toMatch(/kept \w+: event \d+ is not in rollup_events_1hr yet/);
  await rollUp(db.pool);
  await expire();
  expect(await raw()).toBe(10);
  expect(await rolledUp()).toEqual([60, 60]);
});

test('keeps a partition with an event that came late, and drops the next', async () => {
  await rollUp(db.pool);
  await insertEvents(db.pool, 1, {
    span: '1 hour',
    until: `date_trunc('day', now(), 'UTC') - interval '2 days 1 second'`,
  });
  await expire();
  expect(await raw()).toBe(30 + 1 + 10);
  await rollUp(db.pool);
  await expire();
  expect(await raw()).toBe(10);
  expect(await rolledUp()).toEqual([61, 61]);
});

test('keeps an event that arrives while it waits for the lock', async () => {
  await rollUp(db.pool);
  await withClient(db, async (writer) => {
    await writer.query('begin');
    // into the partition whose turn is first
    await writer.query(
      `insert into events (event_time, customer_id)
       select range_from, 1 from event_partitions() where range_from is not null order by range_from limit 1`,
    );
    const run = expire(MIDNIGHT, '5 seconds');
    await until(
      db.pool,
      `exists (select from pg_stat_activity where query like '%expire_events%'
      and pid <> pg_backend_pid() and (wait_event_type = 'Lock' or wait_event = 'PgSleep'))`,
    );
    await writer.query('commit');
    await run;
  });
  expect(db.notices.join('\n')).toMatch(/kept \w+: event \d+ arrived just now/);
  expect(await raw()).toBe(1 + 10);
  await rollUp(db.pool);
  expect(await rolledUp()).toEqual([61, 61]);
});

test('gives up on a busy table after its patience, with nothing lost, and nobody is stuck behind it', async () => {
  await rollUp(db.pool);
  await withClient(db, async (writer) => {
    await writer.query('begin');
    await insertEvents(writer, 1);
    const ends: string[] = [];
    const limit = `date_trunc('day', now(), 'UTC') - interval '2 days'`;
    const run = expire(limit, '1 second').then(() => ends.push('expiry'));
    await insertEvents(db.pool, 1).then(() => ends.push('another writer'));
    await run;
    expect(ends).toEqual(['another writer', 'expiry']);
    await writer.query('commit');
  });
  expect(db.notices.join('\n')).toMatch(/kept \w+: busy, no lock on events/);
  expect(await raw()).toBe(62);
  await rollUp(db.pool);
  await expire();
  expect(await rolledUp()).toEqual([62, 62]);
});

test('drops nothing of a table that no rollup knows', async () => {
  await withClient(db, async (client) => {
    await client.query(`update rollups set event_table_name = 'rollups'`);
    try {
      await expire();
      expect(db.notices).toEqual(['kept everything: table rollups knows no rollup of events']);
      expect(await raw()).toBe(60);
    } finally {
      await client.query(`update rollups set event_table_name = 'events'`);
    }
  });
});

test('leaves maintenance and pg_partman to go on as before', async () => {
  await rollUp(db.pool);
  await expire(`now() + interval '1 day'`); // even the partition of now
  const now = await one(db.pool, 'select count(*)::int as n from event_partitions()');
  expect(now.n).toBe(1);
  await insertEvents(db.pool, 5, { span: '1 second' });
  await db.pool.query(`call maintain_partitions('0')`);
  expect(await count(db.pool, 'select count(*) from events_default')).toBe(0);
  expect(
    await count(db.pool, `select count(*) from event_partitions() where kind = '5 minutes'`),
  ).toBeGreaterThan(6);
  await rollUp(db.pool);
  expect(await rolledUp()).toEqual([65, 65]);
});
