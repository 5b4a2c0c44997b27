import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { freshDatabase, type TestDatabase } from '../database.ts';
import { count, emptyTables, insertEvents, one, rollUp, withClient } from './support.ts';
import { writeConcurrently } from './writers.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await freshDatabase('live');
});
beforeEach(() => emptyTables(db));
afterAll(() => db?.drop());

const LIVE = `select coalesce(sum(event_count), 0) from live_events_5min($1, $2)`;
const long = '2000-01-01Z';

test('counts every event at once, rolled up or not', async () => {
  await insertEvents(db.pool, 300, { customers: 3 });
  const raw = () => count(db.pool, 'select count(*) from events where customer_id = 1');
  expect(await count(db.pool, LIVE, [1, long])).toBe(await raw());
  await rollUp(db.pool);
  expect(await count(db.pool, LIVE, [1, long])).toBe(await raw());
  await insertEvents(db.pool, 300, { customers: 3 });
  expect(await count(db.pool, LIVE, [1, long])).toBe(await raw());
  expect(await count(db.pool, LIVE, [999, long])).toBe(0);
});

test('begins with the first whole bucket, in the rollup and in the tail alike', async () => {
  const insert = () =>
    db.pool.query(`insert into events (event_time, customer_id) values
      ('2026-03-01 10:04:59Z', 1), ('2026-03-01 10:05Z', 1), ('2026-03-01 10:09Z', 1), ('2026-03-01 10:10Z', 1)`);
  const counts = async () =>
    Promise.all(
      ['10:05', '10:05:01', '10:09', '10:10', '10:10:00.000001'].map((time) =>
        count(db.pool, LIVE, [1, `2026-03-01 ${time}Z`]),
      ),
    );
  await insert();
  expect(await counts()).toEqual([3, 1, 1, 1, 0]);
  await rollUp(db.pool);
  expect(await counts()).toEqual([3, 1, 1, 1, 0]);
  await insert();
  expect(await counts()).toEqual([6, 2, 2, 2, 0]);
});

test('begins there too in a session with another date style', async () => {
  await db.pool.query(
    `insert into events (event_time, customer_id) values ('2026-03-01Z', 1), ('2026-03-04Z', 1), ('2026-03-05Z', 1)`,
  );
  await withClient(db, async (client) => {
    await client.query(`set datestyle to 'German'`);
    expect(await count(client, LIVE, [1, '2026-03-04Z'])).toBe(2);
    await client.query('select five_minutely_aggregation()');
    expect(await count(client, LIVE, [1, '2026-03-04Z'])).toBe(2);
  });
});

test('gives sketches and device lists that go on from those of the rollup', async () => {
  await insertEvents(db.pool, 200, { customers: 1, devices: 30 });
  await rollUp(db.pool);
  await insertEvents(db.pool, 200, { customers: 1, devices: 30 });
  const live = await one(
    db.pool,
    `select round(hll_cardinality(hll_union_agg(device_distinct_count)))::int as devices,
            (select sum(value::int)::int from jsonb_each(topn_union_agg(top_devices_1000))) as events
       from live_events_5min(1, $1)`,
    [long],
  );
  const { devices } = await one(
    db.pool,
    'select count(distinct device_id)::int as devices from events',
  );
  expect(live).toEqual({ devices, events: 400 });
});

test('is exact in the middle of writers and rollups', async () => {
  let busy = true;
  const reads: string[] = [];
  const loop = async (work: () => Promise<unknown>) => {
    while (busy) await work();
  };
  await Promise.all([
    writeConcurrently(db, { durationMs: 4000 }).finally(() => {
      busy = false;
    }),
    loop(() => db.pool.query('select five_minutely_aggregation()')),
    ...[1, 2].map((customer) =>
      loop(async () => {
        // what was there before must be in, what comes after cannot be
        const before = await count(db.pool, 'select count(*) from events where customer_id = $1', [
          customer,
        ]);
        const live = await count(db.pool, LIVE, [customer, long]);
        const after = await count(db.pool, 'select count(*) from events where customer_id = $1', [
          customer,
        ]);
        reads.push(before <= live && live <= after ? 'exact' : `${before} ${live} ${after}`);
      }),
    ),
  ]);
  expect(reads.length).toBeGreaterThan(0);
  expect(new Set(reads)).toEqual(new Set(['exact']));
});

test('agrees with the raw events in one and the same statement', async ({ skip }) => {
  if (db.engine === 'citus') skip('Citus does not run this function inside a distributed query');
  let busy = true;
  let reads = 0;
  const wrong: unknown[] = [];
  await Promise.all([
    writeConcurrently(db, { durationMs: 3000 }).finally(() => {
      busy = false;
    }),
    (async () => {
      while (busy) await db.pool.query('select five_minutely_aggregation()');
    })(),
    (async () => {
      while (busy) {
        const row = await one(
          db.pool,
          `select (select sum(event_count)::bigint from live_events_5min(3, '2000-01-01Z')) as live,
                  (select count(*) from events where customer_id = 3) as raw`,
        );
        reads += 1;
        if (Number(row.live) !== Number(row.raw)) wrong.push(row);
      }
    })(),
  ]);
  expect(reads).toBeGreaterThan(0);
  expect(wrong).toEqual([]);
});
