/** Writers of every kind, all at once, as a busy service has them. */

import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { TestDatabase } from '../database.ts';

const COLUMNS = 'event_time, customer_id, event_type, country, browser, device_id, session_id';

/**
 * Writes for a while in every way there is: one row, many rows, from a query, COPY, straight into a
 * partition, prepared transactions, and each of them sometimes rolled back.
 *
 * @returns how many rows were committed
 */
export async function writeConcurrently(
  { pool, engine }: TestDatabase,
  { durationMs = 4000, seed = 1 } = {},
): Promise<number> {
  const kinds: Writer[] = [single, single, multiple, fromQuery, copy, copy, rolledBack];
  const partition = await partitionOfNow(pool);
  if (partition) kinds.push((client, round) => direct(client, round, partition));
  if (engine === 'postgres' && (await preparedTransactions(pool))) kinds.push(prepared);

  const end = performance.now() + durationMs;
  const counts = await Promise.all(
    kinds.map(async (write, index) => {
      const client = await pool.connect();
      let rows = 0;
      try {
        for (let round = seed * 1000 + index; performance.now() < end; round += kinds.length) {
          rows += await write(client, round);
        }
      } finally {
        client.release();
      }
      return rows;
    }),
  );
  return counts.reduce((sum, rows) => sum + rows, 0);
}

type Writer = (client: pg.PoolClient, round: number) => Promise<number>;

const values = (round: number) =>
  `(now() - interval '${round % 50} minutes', ${1 + (round % 40)}, 'view', 'DE', 'Firefox', ${round % 17}, ${round % 101})`;

async function single(client: pg.PoolClient, round: number) {
  await client.query(`insert into events (${COLUMNS}) values ${values(round)}`);
  return 1;
}

async function multiple(client: pg.PoolClient, round: number) {
  const rows = Array.from({ length: 20 }, (_, n) => values(round + n));
  await client.query(`insert into events (${COLUMNS}) values ${rows.join(', ')}`);
  return rows.length;
}

async function fromQuery(client: pg.PoolClient, round: number) {
  await client.query('begin');
  for (const part of [1, 2]) {
    await client.query(
      `insert into events (${COLUMNS})
       select now(), 1 + n % 40, 'click', 'US', 'Edge', n, n from generate_series(1, 25) as n`,
    );
    await client.query('select pg_sleep($1)', [((round + part) % 5) / 100]);
  }
  await client.query('commit');
  return 50;
}

async function copy(client: pg.PoolClient, round: number) {
  const stream = client.query(
    copyFrom(`copy events (customer_id, device_id) from stdin (format csv)`),
  );
  const lines = Array.from({ length: 200 }, (_, n) => `${1 + ((round + n) % 40)},${n}\n`);
  await pipeline(lines, stream);
  return lines.length;
}

// COPY, insert and a long pause, and none of it counts
async function rolledBack(client: pg.PoolClient, round: number) {
  await client.query('begin');
  await copy(client, round);
  await multiple(client, round);
  await client.query('select pg_sleep(0.03)');
  await client.query('rollback');
  return 0;
}

// the lock of such a writer is on the partition alone
async function direct(client: pg.PoolClient, round: number, partition: string) {
  await client.query('begin');
  await client.query(
    `insert into ${partition} (event_time, customer_id)
     select range_from, ${1 + (round % 40)} from event_partitions() where name = '${partition}'::regclass`,
  );
  await client.query('select pg_sleep(0.01)');
  await client.query('commit');
  return 1;
}

async function prepared(client: pg.PoolClient, round: number) {
  await client.query('begin');
  await single(client, round);
  await client.query(`prepare transaction 'workshop test ${round}'`);
  await client.query('select pg_sleep(0.02)');
  if (round % 3 === 0) {
    await client.query(`rollback prepared 'workshop test ${round}'`);
    return 0;
  }
  await client.query(`commit prepared 'workshop test ${round}'`);
  return 1;
}

export async function partitionOfNow(pool: pg.Pool): Promise<string | undefined> {
  const { rows } = await pool.query(
    'select name::text from event_partitions() where range_from <= now() and range_to > now()',
  );
  return rows[0]?.name;
}

export async function preparedTransactions(pool: pg.Pool): Promise<boolean> {
  const { rows } = await pool.query(
    `select current_setting('max_prepared_transactions')::int > 0 as possible`,
  );
  return rows[0].possible;
}
