import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { freshDatabase, type TestDatabase } from '../database.ts';
import {
  count,
  emptyTables,
  expectRollupsEqualRecount,
  one,
  rollUp,
  until,
  withClient,
} from './support.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await freshDatabase('merge');
});
afterAll(() => db?.drop());

// 5-minute partitions of the first half hour of a day, of an hour of it, and of an hour of the next day
const SPANS = [
  ['2026-03-01T00:00Z', 6],
  ['2026-03-01T08:00Z', 12],
  ['2026-03-02T01:00Z', 12],
] as const;
const PER_PARTITION = 20;
const EVENTS = 30 * PER_PARTITION;
const HOUR_MS = 3_600_000;

beforeEach(async () => {
  await startAfresh();
  for (const [from, slots] of SPANS) await fill(from, slots);
  db.notices.length = 0;
});

async function startAfresh() {
  await emptyTables(db);
  for (const { name, kind } of await partitions()) {
    if (kind !== 'default') await db.pool.query(`drop table ${name}`);
  }
}

async function fill(from: string, slots: number) {
  await db.pool.query(
    `select make_partition(slot, slot + interval '5 minutes')
       from generate_series($1::timestamptz, $1::timestamptz + ($2 - 1) * interval '5 minutes', interval '5 minutes') as slot`,
    [from, slots],
  );
  await db.pool.query(
    `insert into events (event_time, customer_id, device_id, session_id)
     select $1::timestamptz + slot * interval '5 minutes' + n * interval '10 seconds', n % 7, n, n
       from generate_series(0, $2::int - 1) as slot, generate_series(1, ${PER_PARTITION}) as n`,
    [from, slots],
  );
}

const partitions = async () =>
  (
    await db.pool.query(
      `select name::text, kind, range_from, range_to from event_partitions() order by range_from`,
    )
  ).rows;
const spans = async () =>
  (await partitions())
    .filter(({ kind }) => kind === 'history')
    .map(({ range_from, range_to }) => [range_from.toISOString(), range_to.toISOString()]);
const fine = async () => (await partitions()).filter(({ kind }) => kind === '5 minutes').length;
const merge = (olderThan: string, patience = '5 seconds') =>
  db.pool.query(`call merge_partitions('${olderThan}', '${patience}')`);
const allEvents = async () =>
  (await db.pool.query('select event_id, event_time, customer_id from events order by 1, 2')).rows;

const HOUR = ['2026-03-02T01:00:00.000Z', '2026-03-02T02:00:00.000Z'];
const DAY = ['2026-03-01T00:00:00.000Z', '2026-03-01T09:00:00.000Z'];

test('a day that is over becomes one partition, and an hour of a day that is not', async () => {
  await rollUp(db.pool);
  const before = await allEvents();
  await merge('2026-03-02 02:00Z');
  expect(await spans()).toEqual([DAY, HOUR]);
  expect(await fine()).toBe(0);
  expect(await allEvents()).toEqual(before);
  await rollUp(db.pool);
  await expectRollupsEqualRecount(db.pool, EVENTS);
});

test('what is not over stays, and a second run does nothing', async () => {
  await rollUp(db.pool);
  await merge('2026-03-02 01:59Z');
  await merge('2026-03-02 01:59Z');
  expect(await spans()).toEqual([DAY]);
  expect(await fine()).toBe(12);
  expect(db.notices.filter((notice) => notice.startsWith('made '))).toHaveLength(1);
});

test('the hours of a day become that day when it is over, with what lay between them', async () => {
  await db.pool.query(
    `insert into events (event_time, customer_id) values ('2026-03-01 05:00Z', 1)`,
  );
  await rollUp(db.pool);
  await merge('2026-03-01 09:00Z');
  expect(await spans()).toEqual([
    ['2026-03-01T00:00:00.000Z', '2026-03-01T00:30:00.000Z'],
    ['2026-03-01T08:00:00.000Z', '2026-03-01T09:00:00.000Z'],
  ]);
  expect(await count(db.pool, 'select count(*) from events_default')).toBe(1);
  await merge('2026-03-02 00:00Z');
  expect(await spans()).toEqual([DAY]);
  expect(await count(db.pool, 'select count(*) from events_default')).toBe(0);
  await expectRollupsEqualRecount(db.pool, EVENTS + 1);
});

test('an event that is not rolled up keeps its partitions as they are', async () => {
  await rollUp(db.pool);
  await db.pool.query(
    `insert into events (event_time, customer_id) values ('2026-03-01 08:01Z', 1)`,
  );
  await merge('2026-03-02 02:00Z');
  expect(await spans()).toEqual([HOUR]);
  expect(db.notices.join('\n')).toMatch(
    /not merged yet: event \d+ of events_p\S+ is not in every rollup/,
  );
  await rollUp(db.pool);
  await merge('2026-03-02 02:00Z');
  expect(await spans()).toEqual([DAY, HOUR]);
  await expectRollupsEqualRecount(db.pool, EVENTS + 1);
});

test.each([
  ['to the table', 'events'],
  ['that names its partition', undefined],
])(
  'an open late write %s is waited for with patience, and keeps nobody else up',
  async (_, table) => {
    await rollUp(db.pool);
    const { name } = await one(
      db.pool,
      `select name::text from event_partitions() where range_from = '2026-03-01 08:00Z'`,
    );
    await withClient(db, async (writer) => {
      await writer.query('begin');
      await writer.query(
        `insert into ${table ?? name} (event_time, customer_id) values ('2026-03-01 08:01Z', 1)`,
      );
      const run = merge('2026-03-02 02:00Z', '400 ms');
      expect(await count(db.pool, 'select count(*) from events')).toBe(EVENTS);
      await db.pool.query(
        `insert into events (event_time, customer_id) values ('2026-03-02 01:01Z', 2)`,
      );
      await run;
      await writer.query('commit');
    });
    expect(db.notices.join('\n')).toMatch(/not merged yet: no lock on only events .* within/);
    await rollUp(db.pool);
    await merge('2026-03-02 02:00Z');
    expect(await spans()).toEqual([DAY, HOUR]);
    await expectRollupsEqualRecount(db.pool, EVENTS + 2);
  },
);

test('a late write that ends while its partition is waited for is in no copy, so nothing is merged yet', async () => {
  const { name } = await one(
    db.pool,
    `select name::text from event_partitions() where range_from = '2026-03-01 08:00Z'`,
  );
  await withClient(db, async (writer) => {
    const write = () =>
      writer.query(`insert into ${name} (event_time, customer_id) values ('2026-03-01 08:01Z', 1)`);
    await write(); // the next one does not need to look at the parent any more
    await rollUp(db.pool);
    await writer.query('begin');
    await write();
    const run = merge('2026-03-02 00:00Z');
    await until(
      db.pool,
      `exists (select from pg_stat_activity where query like 'call merge_partitions%'
         and datname = current_database() and (wait_event_type = 'Lock' or wait_event = 'PgSleep'))`,
    );
    await writer.query('commit');
    await run;
  });
  expect(await spans()).toEqual([]);
  expect(db.notices.join('\n')).toMatch(/event \d+ of \S+ is not in every rollup/);
  await rollUp(db.pool);
  await merge('2026-03-02 00:00Z');
  expect(await spans()).toEqual([DAY]);
  await expectRollupsEqualRecount(db.pool, EVENTS + 2);
});

test('readers never miss an event, and late writers, rollups and merging at once lose none', async () => {
  await rollUp(db.pool);
  let busy = true;
  let written = 0;
  const counts: number[] = [];
  const loop = async (work: () => Promise<unknown>) => {
    while (busy) await work();
  };
  await Promise.all([
    loop(async () => {
      counts.push(await count(db.pool, `select count(*) from events where customer_id < 100`));
    }),
    (async () => {
      for (let round = 0; round < 40; round += 1) {
        await db.pool.query(
          `insert into events (event_time, customer_id) values
             ('2026-03-01 08:31Z', 100), ('2026-03-02 01:31Z', 100), (now(), 100)`,
        );
        written += 3;
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
    })(),
    loop(() => db.pool.query('call aggregate_events()')),
    (async () => {
      while ((await fine()) > 0) await merge('2026-03-02 02:00Z');
    })().finally(() => {
      busy = false;
    }),
  ]);
  expect(new Set(counts)).toEqual(new Set([EVENTS]));
  await db.pool.query('call aggregate_events()');
  await expectRollupsEqualRecount(db.pool, EVENTS + written);
});

test('maintenance merges too, so that an install that runs for weeks keeps a bounded number', async () => {
  await startAfresh();
  const hour = new Date(Math.floor(Date.now() / HOUR_MS - 4) * HOUR_MS).toISOString();
  await fill(hour, 12);
  await rollUp(db.pool);
  await db.pool.query(`call maintain_partitions('0')`);
  expect(
    (await partitions()).filter(({ range_from }) => range_from?.toISOString() === hour),
  ).toMatchObject([{ kind: 'history' }]);
  expect(await fine()).toBeLessThan(40);
  await expectRollupsEqualRecount(db.pool, 12 * PER_PARTITION);
});
