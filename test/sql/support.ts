/** What the SQL tests share: making events, and counting them again. */

import type pg from 'pg';
import { expect } from 'vitest';
import { waitFor } from '../../cluster/wait.ts';
import { sqlFile, type TestDatabase } from '../database.ts';

type Queryable = pg.Pool | pg.PoolClient;

interface Events {
  /** When the latest of them happened, an SQL expression. @default now() */
  until?: string;
  /** How far they reach back from there. @default 1 hour */
  span?: string;
  customers?: number;
  devices?: number;
}

/** Inserts skewed events: customer 1 has the most, and so has device 1. */
export async function insertEvents(
  db: Queryable,
  count: number,
  { until = 'now()', span = '1 hour', customers = 1000, devices = 10_000 }: Events = {},
): Promise<void> {
  await db.query(
    `insert into events
       (event_time, customer_id, event_type, country, browser, device_id, session_id)
     select
       ${until} - random() * $2::interval,
       floor(power($3::float8, random())),
       (array['view', 'click', 'buy', 'share'])[1 + floor(random() * 4)],
       (array['DE', 'US', 'FR', 'IN', 'BR', 'JP'])[1 + floor(random() * 6)],
       (array['Firefox', 'Chrome', 'Safari', 'Edge'])[1 + floor(random() * 4)],
       floor(power($4::float8, random())),
       floor(random() * 100000)
     from generate_series(1, $1)`,
    [count, span, customers, devices],
  );
}

/** Takes every row away; the rollups start after the ids that are used up. */
export async function emptyTables({ pool, notices }: TestDatabase): Promise<void> {
  await pool.query('truncate events');
  await pool.query('truncate rollup_events_5min');
  await pool.query('truncate rollup_events_1hr');
  await pool.query('truncate rollup_progress');
  await pool.query(
    `update rollups
        set last_aggregated_id = coalesce(pg_sequence_last_value('events_event_id_seq'::regclass), 0)`,
  );
  notices.length = 0;
}

/** Runs both rollups once. */
export async function rollUp(db: Queryable): Promise<void> {
  await db.query('select five_minutely_aggregation()');
  await db.query('select hourly_aggregation()');
}

/** Runs one statement and returns its first row. */
export async function one(db: Queryable, statement: string, values: unknown[] = []) {
  const { rows } = await db.query(statement, values);
  return rows[0];
}

/** The first column of the first row as a number. */
export async function count(db: Queryable, statement: string, values: unknown[] = []) {
  return Number(Object.values(await one(db, statement, values))[0]);
}

const ROLLUPS = [
  {
    name: 'rollup_events_5min',
    bucket: 'minute',
    of: `date_bin('5 minutes', event_time, '2000-01-01 00:00+00')`,
  },
  { name: 'rollup_events_1hr', bucket: 'hour', of: `date_trunc('hour', event_time, 'UTC')` },
];

/**
 * Counts all raw events again and compares every group of both rollups: the number of events, both
 * distinct counts (a sketch of the same events gives the same estimate, however it came about) and
 * every counter of the device lists.
 */
export async function expectRollupsEqualRecount(db: pg.Pool, events?: number): Promise<void> {
  if (events !== undefined) expect(await count(db, 'select count(*) from events')).toBe(events);
  for (const { name, bucket, of } of ROLLUPS) {
    const groups = `customer_id, event_type, country, browser, ${bucket}`;
    const rolledUp = `
      select ${groups}, event_count,
        round(hll_cardinality(device_distinct_count) * 1000) as devices,
        round(hll_cardinality(session_distinct_count) * 1000) as sessions
      from ${name}`;
    const raw = `
      select customer_id, event_type, country, browser, ${of} as ${bucket}, count(*) as event_count,
        round(hll_cardinality(hll_add_agg(hll_hash_bigint(device_id), 11, 5, 32)) * 1000) as devices,
        round(hll_cardinality(hll_add_agg(hll_hash_bigint(session_id), 11, 5, 32)) * 1000) as sessions
      from events group by 1, 2, 3, 4, 5`;
    expect(await difference(db, rolledUp, raw), `groups of ${name}`).toEqual([]);

    const listed = `
      select ${groups}, counter.key::bigint as device_id, counter.value::bigint as frequency
      from ${name} cross join lateral jsonb_each(top_devices_1000) as counter`;
    const counted = `
      select customer_id, event_type, country, browser, ${of} as ${bucket}, device_id, count(*) as frequency
      from events where device_id is not null group by 1, 2, 3, 4, 5, 6`;
    expect(await difference(db, listed, counted), `device lists of ${name}`).toEqual([]);
  }
}

async function difference(db: pg.Pool, left: string, right: string) {
  const { rows } = await db.query(
    `(select * from (${left}) as l except all select * from (${right}) as r)
     union all
     (select * from (${right}) as r except all select * from (${left}) as l)
     limit 3`,
  );
  return rows;
}

/** The recount that chapter 06 shows. */
export async function recount(db: pg.Pool) {
  return (await db.query(sqlFile('06-recount.sql'))).rows;
}

/** Runs something on a connection of its own. */
export async function withClient<Result>(
  { pool }: TestDatabase,
  run: (client: pg.PoolClient) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect();
  try {
    return await run(client);
  } finally {
    client.release(true); // a new connection for the next: settings and transactions end here
  }
}

/** Waits until a query returns true. */
export async function until(db: Queryable, condition: string, limitMs = 10_000): Promise<void> {
  const isMet = async () => Boolean((await one(db, `select (${condition}) as met`)).met);
  await waitFor(condition, isMet, { limitMs, everyMs: 20 });
}
