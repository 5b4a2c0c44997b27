import { setTimeout as delay } from 'node:timers/promises';
import { waitFor } from '../../cluster/wait.ts';
import type { Database } from '../../lib/connect.ts';
import type { Case } from './bench.ts';
import { alternate, compare, median, type Samples } from './measure.ts';

/**
 * One writer is slow to commit, a rollup comes by, and others go on writing, one event every 20 ms. How long do these
 * wait? And does the rollup wait for the slow writer only, though one that came later is open as well?
 */
export const writers: Case = {
  name: 'writers',
  title: 'single inserts while a rollup waits for a writer that is open',
  async run(bench) {
    await bench.rollUp();
    const { ours, tutorial, engine, quick } = bench;
    const pairs = quick ? 1 : 5;
    const holdMs = quick ? 200 : 1000;
    const middle: Samples = { ours: [], other: [] };
    const rollup: Samples = { ours: [], other: [] };
    const run = (db: Database, side: keyof Samples) => async () => {
      const { latencies, rollupMs } = await meet(db, holdMs);
      middle[side].push(median(latencies));
      rollup[side].push(rollupMs);
      return Math.max(...latencies);
    };
    const samples = await alternate(
      pairs,
      { ours: run(ours, 'ours'), other: run(tutorial, 'other') },
      (pair, one, other) =>
        bench.report(
          `writers, pair ${pair} of ${pairs}: the slowest insert took ${one.toFixed(0)} against ${other.toFixed(0)} ms`,
        ),
    );
    const common = { against: "the tutorial's lock", unit: 'ms', engine };
    return [
      compare({ name: 'insert, median', samples: middle, ...common }),
      compare({ name: 'insert, slowest', samples, ...common, atMost: 100 }),
      compare({ name: 'rollup, after the open writer', samples: rollup, ...common }),
    ];
  },
};

const INSERT = `
  insert into events (customer_id, event_type, country, browser, device_id, session_id)
  values (1, 'click', 'Germany', 'firefox', 1, 1)`;

async function meet(db: Database, holdMs: number) {
  const slow = await openWriter(db);
  const aggregation = db.query('select five_minutely_aggregation()');
  await waitFor('the rollup to wait for the open writer', () => isWaiting(db), {
    limitMs: 10_000,
    everyMs: 5,
  });
  const ended = aggregation.then(() => performance.now());
  ended.catch(() => {}); // told below
  const late = openWriter(db);
  const latencies: Promise<number>[] = [];
  const until = performance.now() + holdMs;
  for (let due = performance.now(); due < until; due += PACE_MS) {
    await delay(Math.max(0, due - performance.now()));
    latencies.push(insertSince(db, due));
  }
  await slow.commit();
  const committed = performance.now();
  const rollupMs = (await ended) - committed;
  await (await late).commit();
  return { latencies: await Promise.all(latencies), rollupMs };
}

const PACE_MS = 20;

async function openWriter(db: Database) {
  const client = await db.connect();
  await client.query('begin');
  await client.query(INSERT);
  return {
    async commit() {
      await client.query('commit');
      client.release();
    },
  };
}

async function isWaiting(db: Database): Promise<boolean> {
  const { rows } = await db.query(
    `select from pg_stat_activity
      where query like 'select five_minutely_aggregation%' and state = 'active'
        and datname = current_database()
        and (wait_event = 'PgSleep' or wait_event_type = 'Lock')`,
  );
  return rows.length > 0;
}

// counted from when it was due: an application's user waits for a free connection too
async function insertSince(db: Database, due: number): Promise<number> {
  await db.query(INSERT);
  return performance.now() - due;
}
