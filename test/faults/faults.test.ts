import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  destroyInstance,
  type Instance,
  instanceStatus,
  startInstance,
  stopInstance,
} from '../../cluster/index.ts';
import { stopNode } from '../../cluster/node.ts';
import { waitFor } from '../../cluster/wait.ts';
import { installSql } from '../../lib/install.ts';
import { count, expectRollupsEqualRecount, recount } from '../sql/support.ts';
import { citusMissing, folders, freezeNode, killNode, workerFolder } from './nodes.ts';
import { type Batch, startWorkload, type Workload } from './workload.ts';

// nodes of their own, on this machine: they are killed
process.env.WORKSHOP_ENGINE = 'native';
const NAME = `faults-${process.pid}`;
const ROUNDS = Number(process.env.WORKSHOP_FAULT_ROUNDS || 1);
const batches: Batch[] = [];
let instance: Instance;
let pool: pg.Pool;
let work: Workload | undefined;

beforeAll(async () => {
  await bringUp();
  await installSql(pool);
  await pool.query('call maintain_partitions()');
});

afterAll(async () => {
  await work?.stop();
  await pool?.end();
  await destroyInstance(NAME);
});

type Fault = [title: string, strike: () => Promise<unknown>];

const onCluster: Fault[] = [
  ['a worker is killed', () => killNode(workerFolder(instance, 1))],
  ['the coordinator is killed', () => killNode(instance.dataDirectory)],
  ['every node is killed', () => Promise.all(folders(instance).map(killNode))],
  ['a worker is shut down while writes go on', shutDownWorker],
  ['a worker stands still for a while', () => freezeNode(workerFolder(instance, 2), writesFor2s)],
  ['everything is restarted', () => stopInstance(NAME)],
];

const onOneServer: Fault[] = [
  ['the server is killed', () => killNode(instance.dataDirectory)],
  ['the server stands still for a while', () => freezeNode(instance.dataDirectory, writesFor2s)],
  ['the server is restarted', () => stopInstance(NAME)],
];

const missing = citusMissing();
if (missing)
  console.log(`Faults of a cluster are left out, those of one server are tested: it ${missing}`);

describe.each(Array.from({ length: ROUNDS }, (_, index) => index + 1))('round %i', () => {
  test.each(missing ? onOneServer : onCluster)(
    '%s: what was acknowledged is counted exactly once',
    async (_title, strike) => {
      work = startWorkload(() => pool, { firstId: batches.length + 1 });
      await progress(work, 5 + Math.random() * 20);
      await strike();
      const { state, detail } = await instanceStatus(NAME);
      if (state !== 'running') expect(detail).toContain('npm run up');
      await bringUp();
      await progress(work);
      batches.push(...(await work.stop()));
      await expectExactlyOnce();
    },
    180_000,
  );

  test('a write that was acknowledged while a worker died is waited for, and counted', async ({
    skip,
  }) => {
    if (missing) skip(`${missing}; the faults above were those of one server`);
    const [holder] = await query(
      `select nodeport as port from pg_dist_placement join pg_dist_node using (groupid)
       where shardid = get_shard_id_for_distribution_column('events', 1)`,
    );
    const worker = instance.workers?.find(({ port }) => port === holder?.port);
    const before = await query('select name, last_aggregated_id from rollups order by name');

    // workers have prepared, the coordinator's commit is held: this worker dies, then it goes on
    await holdCommits("'nobody'");
    const id = batches.length + 1;
    const write = pool.query(
      `insert into events (event_time, customer_id, session_id)
       select now(), number, $1 from generate_series(1, 40) as number`,
      [id],
    );
    write.catch(() => {});
    await waitFor('a commit that is held', async () => {
      const held = await query(`select from pg_stat_activity where wait_event = 'SyncRep'`);
      return held.length > 0;
    });
    await killNode(worker?.dataDirectory ?? '');
    await holdCommits("''");
    await write;
    batches.push({ id, size: 40, isAcknowledged: true });

    await expect(pool.query('call aggregate_events()')).rejects.toThrow();
    expect(await query('select name, last_aggregated_id from rollups order by name')).toEqual(
      before,
    );

    await bringUp();
    await expectExactlyOnce();
  }, 180_000);
});

async function bringUp(): Promise<void> {
  const port = instance?.port;
  instance = await startInstance(NAME);
  if (instance.port === port) return;
  await pool?.end();
  pool = new pg.Pool({ connectionString: instance.url, max: 20 });
  pool.on('error', () => {}); // nodes die under their connections
}

async function shutDownWorker(): Promise<void> {
  await stopNode(workerFolder(instance, 2), () => {});
  await writesFor2s();
}

// Not for all of them: some wait for the node, some are refused.
async function writesFor2s(): Promise<void> {
  const end = Date.now() + 2000;
  await waitFor('two seconds of writes', () => Date.now() > end);
}

async function progress(work: Workload, more = 5): Promise<void> {
  const { acknowledged, rollups } = work;
  const isThere = () => work.acknowledged > acknowledged + more && work.rollups > rollups;
  await waitFor('writes and a rollup', isThere, { limitMs: 60_000 }).catch((error) => {
    const last = [...new Set(work.failures)].slice(-5).join('\n');
    throw new Error(`${error.message}. What failed last:\n${last}`);
  });
}

async function expectExactlyOnce(): Promise<void> {
  await pool.query('call aggregate_events()');
  const stored = await query(
    'select session_id as id, count(*)::int as size from events group by 1',
  );
  const sizes = new Map(stored.map(({ id, size }) => [Number(id), size]));
  const wrong = batches.filter(({ id, size, isAcknowledged }) => {
    const found = sizes.get(id) ?? 0;
    return found !== size && (isAcknowledged || found !== 0); // whole, or nobody was told so
  });
  expect(wrong.map((batch) => ({ ...batch, stored: sizes.get(batch.id) ?? 0 }))).toEqual([]);
  const events = await count(pool, 'select count(*) from events');
  for (const row of await recount(pool)) {
    expect(row).toMatchObject({ raw_events: String(events), rolled_up_events: String(events) });
  }
  await expectRollupsEqualRecount(pool, events);
}

async function holdCommits(standby: string): Promise<void> {
  await query(`alter system set synchronous_standby_names = ${standby}`);
  await query('select pg_reload_conf()');
}

// On a connection that waits for no standby of its own.
async function query(sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({
    connectionString: instance.url,
    options: '-c synchronous_commit=local',
  });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}
