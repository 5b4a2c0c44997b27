import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { freshDatabase, type TestDatabase } from '../database.ts';
import {
  count,
  emptyTables,
  expectRollupsEqualRecount,
  insertEvents,
  one,
  recount,
  rollUp,
  withClient,
} from './support.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await freshDatabase('rollups');
});
beforeEach(() => emptyTables(db));
afterAll(() => db?.drop());

describe('rollups equal a recount of the raw events', () => {
  test('after one run, after two, and when there was nothing to do', async () => {
    await insertEvents(db.pool, 3000);
    await rollUp(db.pool);
    await expectRollupsEqualRecount(db.pool, 3000);
    await insertEvents(db.pool, 2000);
    await rollUp(db.pool);
    await expectRollupsEqualRecount(db.pool, 5000);
    await rollUp(db.pool);
    await expectRollupsEqualRecount(db.pool, 5000);
    expect((await recount(db.pool)).map(({ equal }) => equal)).toEqual([true, true]);
  });

  test('when events arrive late, into buckets that are rolled up already', async () => {
    await insertEvents(db.pool, 2000, { span: '20 minutes' });
    await rollUp(db.pool);
    await insertEvents(db.pool, 2000, { span: '6 days' });
    await insertEvents(db.pool, 500, { span: '20 minutes' });
    await rollUp(db.pool);
    await expectRollupsEqualRecount(db.pool, 4500);
  });

  test('when dimensions, devices and sessions are missing: one group each, not many', async () => {
    const insert = () =>
      db.pool.query(`insert into events (event_time, customer_id, event_type, country, browser, device_id, session_id)
        select '2026-03-01 10:00Z', 7, null, null, null, nullif(n, 1), null from generate_series(1, 3) as n`);
    await db.pool.query('truncate events');
    await insert();
    await rollUp(db.pool);
    await insert();
    await rollUp(db.pool);
    await expectRollupsEqualRecount(db.pool, 6);
    for (const rollup of ['rollup_events_5min', 'rollup_events_1hr']) {
      expect(
        await one(
          db.pool,
          `select count(*)::int as groups, sum(event_count)::int as events,
                  min(top_devices_1000::text) as devices, min(hll_cardinality(session_distinct_count)) as sessions
             from ${rollup} where customer_id = 7`,
        ),
      ).toEqual({ groups: 1, events: 6, devices: '{"2": 2, "3": 2}', sessions: 0 });
    }
  });

  test('in windows of bounded size, one after the other', async () => {
    await insertEvents(db.pool, 2500);
    const sizes = [];
    for (let run = 0; run < 4; run += 1) {
      const { start_id, end_id } = await one(
        db.pool,
        'select * from five_minutely_aggregation(max_events => 1000)',
      );
      sizes.push(Number(end_id) - Number(start_id) + 1);
    }
    expect(sizes).toEqual([1000, 1000, 500, 0]);
    await db.pool.query('call aggregate_events(max_events => 700)');
    await expectRollupsEqualRecount(db.pool, 2500);
  });

  test('when four runs of the same rollup and two of the other start at once', async () => {
    await insertEvents(db.pool, 4000);
    const runs = await Promise.all(
      [
        ...Array(4).fill('select * from five_minutely_aggregation()'),
        ...Array(2).fill('select * from hourly_aggregation()'),
      ].map((statement) => one(db.pool, statement)),
    );
    const busy = runs.filter(({ start_id, end_id }) => Number(end_id) >= Number(start_id));
    expect(busy).toHaveLength(2);
    await expectRollupsEqualRecount(db.pool, 4000);
  });

  test('when aggregate_events runs several times at once', async () => {
    await insertEvents(db.pool, 4000);
    await Promise.all(
      Array.from({ length: 3 }, () => db.pool.query('call aggregate_events(max_events => 500)')),
    );
    await expectRollupsEqualRecount(db.pool, 4000);
  });
});

test('a run that fails leaves neither rows nor a moved watermark behind', async () => {
  await insertEvents(db.pool, 100);
  const before = await one(db.pool, 'select min(last_aggregated_id) from rollups');
  await withClient(db, async (client) => {
    await client.query('begin');
    await client.query('select five_minutely_aggregation()');
    await client.query('rollback');
  });
  expect(await one(db.pool, 'select min(last_aggregated_id) from rollups')).toEqual(before);
  expect(await count(db.pool, 'select count(*) from rollup_events_5min')).toBe(0);
  await rollUp(db.pool);
  await expectRollupsEqualRecount(db.pool, 100);
});

test("the session's time zone and date style do not move the buckets", async () => {
  await withClient(db, async (client) => {
    await client.query(`set timezone to 'Asia/Kathmandu'`);
    // (Citus itself cannot write a time in such a style to its workers)
    if (db.engine !== 'citus') await client.query(`set datestyle to 'SQL, DMY'`);
    await client.query(
      `insert into events (event_time, customer_id) values ('2026-11-24T09:07:30Z', 1), ('2026-11-24T09:59:59Z', 1)`,
    );
    await rollUp(client);
  });
  const minutes = await db.pool.query('select minute from rollup_events_5min order by minute');
  expect(minutes.rows.map(({ minute }) => minute.toISOString())).toEqual([
    '2026-11-24T09:05:00.000Z',
    '2026-11-24T09:55:00.000Z',
  ]);
  const hours = await db.pool.query('select hour from rollup_events_1hr');
  expect(hours.rows.map(({ hour }) => hour.toISOString())).toEqual(['2026-11-24T09:00:00.000Z']);
});

test('distinct counts stay within the error that HyperLogLog states', async () => {
  await insertEvents(db.pool, 60_000, { customers: 3, devices: 30_000 });
  await rollUp(db.pool);
  // standard error 1.04 / sqrt(2048) = 2.3 %; three of them hold in 99.7 % of all cases
  for (const [sketch, column] of [
    ['device_distinct_count', 'device_id'],
    ['session_distinct_count', 'session_id'],
  ]) {
    const estimate = await count(
      db.pool,
      `select hll_cardinality(hll_union_agg(${sketch})) from rollup_events_1hr where customer_id = 1`,
    );
    const exact = await count(
      db.pool,
      `select count(distinct ${column}) from events where customer_id = 1`,
    );
    expect(exact).toBeGreaterThan(5000);
    expect(Math.abs(estimate / exact - 1)).toBeLessThan(3 * 0.023);
  }
});

test('a run says which events it has aggregated, or that there were none', async () => {
  await insertEvents(db.pool, 10, { customers: 1 });
  await rollUp(db.pool);
  await rollUp(db.pool);
  expect(db.notices).toEqual([
    expect.stringMatching(/^rollup_events_5min: events \d+ to \d+ are in \d+ rows$/),
    expect.stringMatching(/^rollup_events_1hr: events \d+ to \d+ are in \d+ rows$/),
    expect.stringMatching(/^rollup_events_5min: nothing to do, event \d+ was the last$/),
    expect.stringMatching(/^rollup_events_1hr: nothing to do, event \d+ was the last$/),
  ]);
});

describe('a window is refused', () => {
  test('in a transaction whose snapshot is older than the wait', async () => {
    for (const level of ['repeatable read', 'serializable']) {
      await withClient(db, async (client) => {
        await client.query(`begin isolation level ${level}`);
        await expect(client.query('select five_minutely_aggregation()')).rejects.toMatchObject({
          code: '25000',
          message: `rollup 'rollup_events_5min' needs isolation level read committed, not ${level}`,
        });
      });
    }
  });

  test('for a rollup that nobody knows, with the names of those there are', async () => {
    await expect(
      db.pool.query(`select incremental_rollup_window('rollup_1day')`),
    ).rejects.toMatchObject({
      message: `rollup 'rollup_1day' is not in table rollups`,
      hint: 'It has: rollup_events_1hr, rollup_events_5min',
    });
  });

  test('for a window of no events', async () => {
    await expect(
      db.pool.query('select five_minutely_aggregation(max_events => 0)'),
    ).rejects.toMatchObject({ message: 'Expected max_events to be at least 1 or null, got 0' });
  });

  test('when the sequence hands out ids in advance', async () => {
    await db.pool.query('create sequence cached cache 20');
    await db.pool.query(`insert into rollups values ('by cached ids', 'events', 'cached')`);
    try {
      await expect(
        db.pool.query(`select incremental_rollup_window('by cached ids')`),
      ).rejects.toMatchObject({
        code: '55000',
        hint: 'alter sequence cached cache 1 increment 1 no cycle;',
      });
    } finally {
      await db.pool.query(`delete from rollups where name = 'by cached ids'`);
      await db.pool.query('drop sequence cached');
    }
  });
});
