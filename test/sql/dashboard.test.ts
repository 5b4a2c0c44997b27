import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freshDatabase, runOn, sqlFile, type TestDatabase } from '../database.ts';
import { insertEvents, rollUp, withClient } from './support.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await freshDatabase('dashboard');
  await insertEvents(db.pool, 40_000, { span: '170 hours', customers: 40 });
  await insertEvents(db.pool, 10_000, {
    span: '1 hour',
    customers: 40,
    until: "now() + interval '4 minutes'",
  });
  await rollUp(db.pool);
});
afterAll(() => db?.drop());

const ask = async (question: string, customer: number, asOf: Date | string) =>
  (await db.pool.query(sqlFile(`07-${question}.sql`), [customer, asOf])).rows;

// Counts must be equal. Distinct counts of up to 32 are exact, those of more within four standard errors; of a few
// dozen, two or three may fall into one register by chance.
const tolerance = (exact: number) => (exact <= 32 ? 0 : Math.max(4, exact * 4 * 0.023));
function expectSameAnswer(rolledUp: Answer[], raw: Answer[]) {
  expect(rolledUp.length).toBe(raw.length);
  rolledUp.forEach((row, index) => {
    const twin = raw[index] as Answer;
    expect(Object.keys(row)).toEqual(Object.keys(twin));
    for (const [column, value] of Object.entries(row)) {
      if (/^(device|session)_count$/.test(column)) {
        const exact = Number(twin[column]);
        expect(Math.abs(Number(value) - exact)).toBeLessThanOrEqual(tolerance(exact));
      } else {
        expect({ [column]: value }).toEqual({ [column]: twin[column] });
      }
    }
  });
}
type Answer = Record<string, unknown>;

const QUESTIONS = ['last-minutes', 'sessions-week', 'trend-hours', 'top-devices'];

describe.each(QUESTIONS)('%s', (question) => {
  test('has the same answer from the rollup as from the raw events, now and for any past moment', async () => {
    const clocks = [0, 7, 61, 1600, 5000].map((minutes) => new Date(Date.now() - minutes * 60_000));
    for (const asOf of clocks) {
      for (const customer of [1, 2, 17]) {
        const raw = await ask(`raw-${question}`, customer, asOf);
        expectSameAnswer(await ask(question, customer, asOf), raw);
      }
    }
    const [busiest] = await ask(question, 1, clocks[0] as Date);
    expect(Number(Object.values(busiest).at(-1))).toBeGreaterThan(5);
  });

  test('has the same answer at the very edges of buckets', async () => {
    const edges = ['00:00.000', '00:00.001', '59:59.999', '05:00.000', '04:59.999', '30:00.000'];
    const hour = new Date(Date.now() - 7_200_000).toISOString().slice(0, 14);
    for (const edge of edges) {
      const raw = await ask(`raw-${question}`, 1, `${hour}${edge}Z`);
      expectSameAnswer(await ask(question, 1, `${hour}${edge}Z`), raw);
    }
  });

  test('has an answer for a customer without events', async () => {
    const rows = await ask(question, 987654, new Date());
    expectSameAnswer(rows, await ask(`raw-${question}`, 987654, new Date()));
    expect(rows.length).toBe(question.endsWith('minutes') || question.endsWith('week') ? 1 : 0);
  });

  test("does not depend on the session's time zone", async () => {
    const asOf = new Date(Date.now() - 3_600_000);
    await withClient(db, async (client) => {
      await client.query(`set timezone to 'Asia/Kathmandu'`);
      const { rows } = await client.query(sqlFile(`07-${question}.sql`), [1, asOf]);
      expect(rows).toEqual(await ask(question, 1, asOf));
    });
  });
});

describe('an event at the edge of the window', () => {
  const asOf = '2026-03-10T12:07:30Z';
  const cases: [string, string, string, boolean][] = [
    ['last-minutes', '12:00:00', 'the first of the bucket in which the window begins', true],
    ['last-minutes', '11:59:59.999', 'just before that bucket', false],
    ['last-minutes', '12:09:59.999', 'the last of the bucket of the stated moment', true],
    ['last-minutes', '12:10:00', 'just after that bucket', false],
    ['top-devices', '11:35:00', 'the first of the bucket in which the window begins', true],
    ['top-devices', '11:34:59.999', 'just before that bucket', false],
    ['trend-hours', '12:59:59.999', 'the last of the hour of the stated moment', true],
    ['trend-hours', '13:00:00', 'just after that hour', false],
    ['sessions-week', '12:00:00', 'within the hour of the stated moment', true],
  ];
  test.each(cases)('%s: %s, %s, counts: %s', async (question, time, _what, counts) => {
    await withClient(db, async (client) => {
      await client.query('begin');
      await client.query(
        `insert into events (event_time, customer_id, device_id, session_id) values ($1, 555, 5, 5)`,
        [`2026-03-10T${time}Z`],
      );
      await rollUp(client);
      const seen = (rows: Answer[]) => rows.some((row) => Number(Object.values(row).at(-1)) > 0);
      const { rows } = await client.query(sqlFile(`07-${question}.sql`), [555, asOf]);
      const raw = await client.query(sqlFile(`07-raw-${question}.sql`), [555, asOf]);
      expect(seen(rows)).toBe(counts);
      expect(seen(raw.rows)).toBe(counts);
      await client.query('rollback');
    });
  });
});

test('a session that lasts a week is one session', async () => {
  await db.pool.query(
    `insert into events (event_time, customer_id, session_id)
     select now() - n * interval '10 hours', 777, 42 from generate_series(0, 16) as n`,
  );
  await rollUp(db.pool);
  expect(await ask('sessions-week', 777, new Date())).toEqual([
    { event_count: '17', session_count: '1' },
  ]);
});

test('the role for dashboards reads the rollups and nothing else, and changes nothing', async ({
  skip,
}) => {
  const [role] = await runOn(db.url, `select from pg_roles where rolname = 'dashboard_reader'`);
  if (!role) skip('this user may not create roles');
  const user = `${db.name}_reader`;
  const url = new URL(db.url);
  url.username = user;
  url.password ||= 'reader'; // the nodes of a cluster know one password, that of its owner
  await db.pool.query(
    `create role ${user} login password '${url.password}' in role dashboard_reader`,
  );
  try {
    for (const question of QUESTIONS) {
      await runOn(url.href, sqlFile(`07-${question}.sql`), [1, new Date()]);
    }
    for (const refused of [
      'select count(*) from events',
      'delete from rollup_events_5min',
      'update rollup_events_1hr set event_count = 0',
    ]) {
      await expect(runOn(url.href, refused)).rejects.toMatchObject({ code: '42501' });
    }
  } finally {
    await db.pool.query(`drop role ${user}`);
  }
});
