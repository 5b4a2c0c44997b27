import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { freshDatabase, sqlFile, type TestDatabase } from '../database.ts';
import {
  count,
  emptyTables,
  expectRollupsEqualRecount,
  insertEvents,
  one,
  rollUp,
  withClient,
} from './support.ts';
import { writeConcurrently } from './writers.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await freshDatabase('partitions', { partitions: false });
});
afterAll(() => db?.drop());

interface Partition {
  name: string;
  kind: string;
  range_from: Date | null;
  range_to: Date | null;
}

const MINUTE = 60_000;
const DAY = 86_400_000;

const partitions = async (): Promise<Partition[]> =>
  (
    await db.pool.query(
      'select name::text, kind, range_from, range_to from event_partitions() order by 3',
    )
  ).rows;

const maintain = (history = '7 days') => db.pool.query(`call maintain_partitions('${history}')`);

const inDefault = () => count(db.pool, 'select count(*) from events_default');

// every event with its id: what maintenance must never change
const allEvents = async () =>
  (await db.pool.query('select event_id, event_time, customer_id from events order by 1, 2')).rows;

function expectCovered(list: Partition[], from: number, to: number) {
  let covered = from;
  const byTime = list.toSorted((a, b) => Number(a.range_from) - Number(b.range_from));
  for (const { range_from, range_to } of byTime) {
    if (range_from && range_to && range_from.getTime() <= covered) {
      covered = Math.max(covered, range_to.getTime());
    }
  }
  expect(covered, 'covered without a gap').toBeGreaterThanOrEqual(to);
}

// as after a pause: nothing but one partition that ended hours ago
async function pauseSince(hours: number) {
  await emptyTables(db);
  for (const { name, kind } of await partitions()) {
    if (kind !== 'default') await db.pool.query(`drop table ${name}`);
  }
  await db.pool.query(
    `select make_partition(slot, slot + interval '5 minutes')
       from date_bin('5 minutes', now() - interval '${hours} hours', '2000-01-01Z') as slot`,
  );
  db.notices.length = 0;
}

describe('on an empty database', () => {
  test('makes 5-minute partitions for now and half an hour ahead, and a coarse one per day of history', async () => {
    await maintain();
    const list = await partitions();
    const now = Date.now();
    expectCovered(list, now - 7 * DAY, now + 29 * MINUTE);
    const kinds = Map.groupBy(list, ({ kind }) => kind);
    expect(kinds.get('history')?.length).toBeLessThanOrEqual(9);
    expect(kinds.get('5 minutes')?.length).toBeLessThanOrEqual(21);
    expect(kinds.get('default')).toHaveLength(1);
    const current = list.find(
      ({ range_from, range_to }) => Number(range_from) <= now && Number(range_to) > now,
    );
    expect(current?.kind).toBe('5 minutes');
  });

  test('does nothing when it runs again, in any time zone', async () => {
    const before = await partitions();
    db.notices.length = 0;
    await maintain();
    await withClient(db, async (client) => {
      await client.query(`set timezone to 'Asia/Kathmandu'`);
      await client.query(`set datestyle to 'German'`);
      await client.query('call maintain_partitions()');
    });
    expect(await partitions()).toEqual(before);
    expect(db.notices).toEqual([]);
  });

  test('leaves pg_partman content with what it finds', async ({ skip }) => {
    const { partman } = await one(db.pool, `select to_regclass('partman.part_config') as partman`);
    if (!partman) skip('this server does not offer pg_partman');
    const before = await partitions();
    await db.pool.query(`select partman.run_maintenance('public.events')`);
    await db.pool.query(`select partman.run_maintenance()`);
    expect((await partitions()).length - before.length).toBeLessThanOrEqual(1); // a slot may have passed
    expect((await db.pool.query(`select * from partman.check_default()`)).rows).toEqual([]);
    expect(
      (await db.pool.query(`select * from partman.show_partitions('public.events', 'DESC')`))
        .rows[0].partition_tablename,
    ).toMatch(/^events_p/);
  });
});

describe('after a pause', () => {
  beforeEach(() => pauseSince(9));

  test('fills the gap coarsely, in at most two partitions, and goes on with 5-minute ones', async () => {
    await maintain('0');
    const list = await partitions();
    expectCovered(list, Date.now() - 9 * 3_600_000, Date.now() + 29 * MINUTE);
    expect(list.filter(({ kind }) => kind === 'history').length).toBeLessThanOrEqual(2);
    expect(list.filter(({ kind }) => kind === '5 minutes').length).toBeLessThanOrEqual(9);
  });

  test('reads and writes times alike, whatever the date style of the session', async () => {
    await insertEvents(db.pool, 200, { span: '30 days' });
    const before = await allEvents();
    await withClient(db, async (client) => {
      await client.query(`set datestyle to 'German'`);
      await client.query('call maintain_partitions()');
    });
    expect(await inDefault()).toBe(0);
    expect(await allEvents()).toEqual(before);
    expectCovered(await partitions(), Date.now() - 7 * DAY, Date.now() + 29 * MINUTE);
  });

  test('moves the events that had no partition into one, each once and with its id', async () => {
    await insertEvents(db.pool, 500, { span: '20 hours' });
    await insertEvents(db.pool, 50, { span: '2 minutes' });
    await insertEvents(db.pool, 50, { span: '20 minutes', until: `now() + interval '25 minutes'` });
    const before = await allEvents();
    expect(await inDefault()).toBeGreaterThan(500);
    await maintain();
    expect(await inDefault()).toBe(0);
    expect(await allEvents()).toEqual(before);
    await rollUp(db.pool);
    await expectRollupsEqualRecount(db.pool, 600);
  });

  test('does not touch what rollups have: moved events are not counted again', async () => {
    await insertEvents(db.pool, 300, { span: '8 hours' });
    await rollUp(db.pool);
    await maintain();
    await rollUp(db.pool);
    expect(await inDefault()).toBe(0);
    await expectRollupsEqualRecount(db.pool, 300);
  });
});

describe('an event', () => {
  beforeAll(async () => {
    await maintain();
  });
  beforeEach(() => emptyTables(db));

  test('from long ago gets a partition of its day', async () => {
    await db.pool.query(
      `insert into events (event_time, customer_id) values ('2024-02-29T23:59:59.999Z', 1), ('1999-12-31Z', 2), ('2024-02-29Z', 3)`,
    );
    const before = await allEvents();
    await maintain('0');
    expect(await inDefault()).toBe(0);
    expect(await allEvents()).toEqual(before);
    const days = (await partitions()).map(({ range_from }) => range_from?.toISOString());
    expect(days).toEqual(
      expect.arrayContaining(['1999-12-31T00:00:00.000Z', '2024-02-29T00:00:00.000Z']),
    );
  });

  test('from the future waits in events_default until its time comes, and is rolled up meanwhile', async () => {
    await db.pool.query(
      `insert into events (event_time, customer_id) values ('2199-01-01Z', 1), ('infinity', 1), (now() + interval '3 days', 1)`,
    );
    const before = await allEvents();
    await maintain();
    expect(await inDefault()).toBe(3);
    expect(await allEvents()).toEqual(before);
    await db.pool.query(`delete from events where event_time = 'infinity'`); // (has no five minutes)
    await rollUp(db.pool);
    await expectRollupsEqualRecount(db.pool, 2);
  });

  test('of each of a hundred days finds its partition in a few runs', async () => {
    await db.pool.query(
      `insert into events (event_time, customer_id)
       select '2023-01-01Z'::timestamptz + n * interval '1 day', 1 from generate_series(1, 100) as n`,
    );
    const before = await allEvents();
    for (let run = 0; run < 4 && (await inDefault()) > 0; run += 1) await maintain('0');
    expect(await inDefault()).toBe(0);
    expect(await allEvents()).toEqual(before);
  });
});

test('two runs at once make each partition once', async () => {
  await pauseSince(30);
  await insertEvents(db.pool, 200, { span: '29 hours' });
  const before = await allEvents();
  await Promise.all([maintain(), maintain(), maintain()]);
  await maintain();
  expect(await inDefault()).toBe(0);
  expect(await allEvents()).toEqual(before);
});

test('whoever holds the table for long is not waited for without end, and keeps nobody else up', async () => {
  await pauseSince(5);
  await insertEvents(db.pool, 100, { span: '4 hours' });
  await withClient(db, async (reader) => {
    await reader.query('begin');
    await reader.query('select count(*) from events');
    db.notices.length = 0;
    let isTrying = true;
    const run = db.pool.query(`call maintain_partitions(patience => '4 s')`).finally(() => {
      isTrying = false;
    });
    for (let n = 0; n < 5; n += 1) await insertEvents(db.pool, 1);
    expect(isTrying).toBe(true); // they came in between
    await run;
    expect(db.notices.join()).toMatch(/partitions are not made yet: no lock on .* within 00:00:04/);
    await reader.query('commit');
  });
  await maintain();
  expect(await inDefault()).toBe(0);
  expect(await count(db.pool, 'select count(*) from events')).toBe(105);
});

test('writers, rollups and maintenance at once lose and double nothing', async () => {
  await pauseSince(3);
  let busy = true;
  const loop = async (work: () => Promise<unknown>) => {
    while (busy) await work();
  };
  let strays = 0;
  const [written] = await Promise.all([
    writeConcurrently(db, { durationMs: 5000 }).finally(() => {
      busy = false;
    }),
    loop(() => db.pool.query('select five_minutely_aggregation()')),
    loop(() => db.pool.query('select hourly_aggregation()')),
    loop(() => maintain('0')),
    loop(async () => {
      strays += 1;
      // a day that has no partition yet
      await db.pool.query(
        `insert into events (event_time, customer_id) values ('2022-01-01Z'::timestamptz + $1 * interval '1 day', 3)`,
        [strays],
      );
      await new Promise((resolve) => setTimeout(resolve, 100));
    }),
  ]);
  await maintain();
  await db.pool.query('call aggregate_events()');
  expect(await inDefault()).toBe(0);
  await expectRollupsEqualRecount(db.pool, written + strays);
});

test('the list of partitions says what each holds and whether it is rolled up', async () => {
  await pauseSince(1);
  await maintain('2 days');
  await insertEvents(db.pool, 40, {
    span: '2 minutes',
    until: `date_trunc('day', now() - interval '1 day')`,
  });
  const list = async () => (await db.pool.query(sqlFile('09-partitions.sql'))).rows;
  const filled = (await list()).filter(({ event_count }) => event_count > 0);
  expect(filled).toMatchObject([{ kind: 'history', event_count: '40', rolled_up: false }]);
  await rollUp(db.pool);
  expect((await list()).every(({ rolled_up, bytes }) => rolled_up && Number(bytes) > 0)).toBe(true);
  expect((await list()).at(-1)).toMatchObject({
    name: 'events_default',
    kind: 'default',
    range_from: null,
  });
});

test('without pg_partman plain SQL makes the same partitions', async () => {
  const plain = await freshDatabase('plain', { partitions: false });
  try {
    await plain.pool.query(
      'drop extension if exists pg_partman cascade; drop schema if exists partman cascade',
    );
    await plain.pool.query('call maintain_partitions()');
    const { rows } = await plain.pool.query(
      'select kind, range_from, range_to from event_partitions()',
    );
    expectCovered(rows, Date.now() - 7 * DAY, Date.now() + 29 * MINUTE);
    plain.notices.length = 0;
    await plain.pool.query('call maintain_partitions()');
    expect(plain.notices).toEqual([]);
  } finally {
    await plain.drop();
  }
}, 180_000);
