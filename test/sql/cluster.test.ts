import { afterAll, beforeAll, expect, test } from 'vitest';
import { waitFor } from '../../cluster/wait.ts';
import {
  type ClusterNode,
  countTasks,
  findCustomer,
  isolateCustomer,
  listNodes,
  mapShards,
  rebalance,
  type Shard,
  unburden,
} from '../../lib/cluster.ts';
import { connect, type Database } from '../../lib/connect.ts';
import type { Progress } from '../../lib/progress.ts';
import { query } from '../../lib/sql.ts';
import { streamEvents } from '../../lib/stream.ts';
import { underLoad } from '../../lib/under-load.ts';
import { freshDatabase, type TestDatabase } from '../database.ts';
import { count, expectRollupsEqualRecount, insertEvents, rollUp } from './support.ts';

const NO_CLUSTER = 'needs Citus with two workers';

let db: TestDatabase;
let pool: Database;
let canMove = false;
beforeAll(async () => {
  db = await freshDatabase('cluster');
  pool = await connect(db.url);
  await insertEvents(pool, 2000);
  await rollUp(pool);
  const nodes = db.engine === 'citus' ? await listNodes(pool) : [];
  canMove = nodes.filter((node) => node.role === 'worker').length > 1;
});
afterAll(async () => {
  await pool?.end();
  await db?.drop();
});

const rowsOf = (shards: Shard[], table: string) =>
  shards.filter((shard) => shard.table_name === table).reduce((sum, { rows }) => sum + rows, 0);

test('the shard map holds every row of every table', async () => {
  const map = await mapShards(pool);
  for (const table of ['events', 'rollup_events_5min', 'rollup_events_1hr', 'rollup_progress'])
    expect(rowsOf(map, table), table).toBe(await count(pool, `select count(*) from ${table}`));
});

test('imagined shards have the rows that Citus puts into real ones', async ({ skip }) => {
  if (db.engine !== 'citus') skip('needs Citus to compare with');
  const imagined = await query<Shard>(pool, '10-imagined-shards.sql', [8, 2]);
  const real = await mapShards(pool);
  const content = (shards: Shard[]) =>
    shards
      .filter(({ rows }) => rows > 0)
      .map(({ table_name, shard, rows }) => [table_name, shard, rows]);
  expect(content(imagined)).toEqual(content(real));
});

test('co-located shards have the same range on the same node', async () => {
  for (const column of Map.groupBy(await mapShards(pool), ({ shard }) => shard).values())
    expect(
      new Set(column.map(({ node, hash_from, hash_to }) => `${node} ${hash_from} ${hash_to}`)),
    ).toHaveLength(1);
});

test('a question about one customer is one task, one about all is a task for each shard', async () => {
  const all = db.engine === 'citus' ? 8 : 1;
  const one = 'select count(*) from events where customer_id = $1';
  expect(await countTasks(pool, one, [7])).toBe(1);
  expect(await countTasks(pool, '07-trend-hours.sql', [7, new Date()])).toBe(1);
  expect(await countTasks(pool, 'select count(*) from events')).toBe(all);
});

test('a batch that is refused is sent again', async () => {
  const refusals: string[] = [];
  const before = await count(pool, 'select count(*) from events');
  await pool.query('alter table events add constraint closed check (customer_id < 0) not valid');
  let reopened: Promise<unknown> | undefined;
  const reopen = () => pool.query('alter table events drop constraint closed');
  const stream = streamEvents(pool, {
    onRefused: ({ message }) => {
      refusals.push(message);
      reopened ??= reopen();
    },
  });
  await waitFor('a batch that is taken', () => stream.sent > 0 || !stream.running);
  await reopened;
  const sent = await stream.stop();
  expect(refusals[0]).toMatch(/closed/);
  expect(await count(pool, 'select count(*) from events')).toBe(before + sent);
});

test('shards move to where room is while events come in, and none is lost', async ({ skip }) => {
  if (!canMove) skip(NO_CLUSTER);
  const before = await count(pool, 'select count(*) from events');
  const workers = (await listNodes(pool)).filter((node) => node.role === 'worker');
  const last = workers.at(-1);
  await unburden(pool, last ?? expect.fail());
  const isLast = ({ name, port }: ClusterNode) => name === last?.name && port === last.port;
  const shardsOf = async () => (await listNodes(pool)).find(isLast)?.shards;
  expect(await shardsOf()).toBe((last?.shards ?? 0) - 1);

  const seen: Progress[] = [];
  const { sent } = await underLoad(pool, () =>
    rebalance(pool, { onProgress: (progress) => seen.push(progress) }),
  );
  expect(await query(pool, '10-rebalance-plan.sql')).toEqual([]);
  expect(seen.at(-1)).toMatchObject({ state: 'done', rows: 1, totalRows: 1 });
  await expectRollupsEqualRecount(pool, before + sent);
}, 120_000);

test('a customer gets a shard of its own while events come in, once', async ({ skip }) => {
  if (!canMove) skip(NO_CLUSTER);
  const before = await count(pool, 'select count(*) from events');
  const shards = (await mapShards(pool)).length;
  const { sent } = await underLoad(pool, async () => {
    expect(await isolateCustomer(pool, 1)).toBe(true);
  });
  expect(await isolateCustomer(pool, 1)).toBe(false);
  expect((await findCustomer(pool, 1))?.alone).toBe(true);
  expect((await mapShards(pool)).length).toBe(shards + 2 * 4);
  await expectRollupsEqualRecount(pool, before + sent);
}, 120_000);

test('an interrupt ends a rebalance', async ({ skip }) => {
  if (!canMove) skip(NO_CLUSTER);
  const stop = new AbortController();
  const moving = unburden(pool, (await listNodes(pool)).at(-1) ?? expect.fail(), {
    signal: stop.signal,
    onProgress: () => stop.abort(new Error('enough')),
  });
  await expect(moving).rejects.toThrow('enough');
}, 60_000);
