import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { freshDatabase, runOnWorker, type TestDatabase } from '../database.ts';
import {
  count,
  emptyTables,
  expectRollupsEqualRecount,
  insertEvents,
  one,
  rollUp,
  until,
  withClient,
} from './support.ts';
import { partitionOfNow, preparedTransactions, writeConcurrently } from './writers.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await freshDatabase('writers');
});
beforeEach(() => emptyTables(db));
afterAll(() => db?.drop());

test('no event is lost or counted twice while writers of every kind and both rollups are busy', async () => {
  let writing = true;
  let windows = 0;
  const loop = async (statement: string) => {
    while (writing) {
      const { start_id, end_id } = await one(db.pool, statement);
      if (Number(end_id) >= Number(start_id)) windows += 1;
    }
  };
  const [written] = await Promise.all([
    writeConcurrently(db, { durationMs: 6000 }).finally(() => {
      writing = false;
    }),
    loop('select * from five_minutely_aggregation()'),
    loop('select * from hourly_aggregation(max_events => 1500)'),
  ]);
  await db.pool.query('call aggregate_events()');
  expect(windows).toBeGreaterThan(5);
  expect(written).toBeGreaterThan(500);
  await expectRollupsEqualRecount(db.pool, written);
});

describe('a writer that stays open', () => {
  const kinds = {
    inserts: `insert into events (customer_id) values (1)`,
    copies: `copy events (customer_id) from program 'echo 1'`,
    'names its partition': `insert into %partition (event_time, customer_id) values (now(), 1)`,
    'deletes and inserts': `delete from events where customer_id = 999; insert into events (customer_id) values (1)`,
  };

  test.each(Object.entries(kinds))(
    'makes the window be refused, and the next run exact, when it %s',
    async (_kind, statement) => {
      const write = statement.replace(
        '%partition',
        (await partitionOfNow(db.pool)) ?? 'events_default',
      );
      await insertEvents(db.pool, 100);
      await withClient(db, async (writer) => {
        await writer.query('begin');
        await writer.query(write);
        await insertEvents(db.pool, 100);
        const before = await one(db.pool, 'select min(last_aggregated_id) from rollups');
        const { pid } = await one(writer, 'select pg_backend_pid() as pid');
        await expect(
          db.pool.query(`select five_minutely_aggregation(patience => '200 ms')`),
        ).rejects.toMatchObject({
          code: '55P03',
          message: expect.stringMatching(
            new RegExp(
              `^rollup 'rollup_events_5min': writers of events still open after 00:00:00.2: pid ${pid} `,
            ),
          ),
          hint: expect.stringContaining('the watermark has not moved'),
        });
        expect(await one(db.pool, 'select min(last_aggregated_id) from rollups')).toEqual(before);
        expect(await count(db.pool, 'select count(*) from rollup_events_5min')).toBe(0);
        await writer.query('commit');
      });
      await rollUp(db.pool);
      await expectRollupsEqualRecount(db.pool, 201);
    },
  );

  test('is waited for, and its events are in that same window', async () => {
    await withClient(db, async (writer) => {
      await writer.query('begin');
      await insertEvents(writer, 50);
      const run = one(db.pool, 'select * from five_minutely_aggregation()');
      await until(db.pool, waiting);
      await writer.query('commit');
      const { start_id, end_id } = await run;
      expect(Number(end_id) - Number(start_id)).toBe(49);
    });
    await rollUp(db.pool);
    await expectRollupsEqualRecount(db.pool, 50);
  });

  test('holds up the rollup only: other writers go on at once', async () => {
    await withClient(db, async (writer) => {
      await writer.query('begin');
      await insertEvents(writer, 50);
      const run = one(db.pool, 'select * from five_minutely_aggregation()');
      await until(db.pool, waiting);
      for (let n = 0; n < 5; n += 1) await insertEvents(db.pool, 20);
      await db.pool.query(`insert into events (customer_id) values (1)`);
      await until(db.pool, waiting); // still
      await writer.query('rollback');
      await run;
    });
    await rollUp(db.pool);
    await expectRollupsEqualRecount(db.pool, 101);
  });

  test('and began after the window was read does not hold it up', async () => {
    await withClient(db, async (first) => {
      await withClient(db, async (second) => {
        await first.query('begin');
        await insertEvents(first, 10);
        const run = one(db.pool, 'select * from five_minutely_aggregation()');
        await until(db.pool, waiting);
        await second.query('begin');
        await insertEvents(second, 10);
        await first.query('commit');
        const { start_id, end_id } = await run;
        expect(Number(end_id) - Number(start_id)).toBe(9);
        await second.query('commit');
      });
    });
    await rollUp(db.pool);
    await expectRollupsEqualRecount(db.pool, 20);
  });

  test('does not keep back a rollup that has nothing new to count', async () => {
    await withClient(db, async (writer) => {
      await writer.query('begin');
      await writer.query(`delete from events where customer_id = 5`);
      const { start_id, end_id } = await one(
        db.pool,
        `select * from five_minutely_aggregation(patience => '200 ms')`,
      );
      expect(Number(end_id)).toBe(Number(start_id) - 1);
      await writer.query('rollback');
    });
  });
});

test('a prepared transaction is waited for like any other writer', async ({ skip }) => {
  if (db.engine === 'citus') skip('Citus refuses PREPARE TRANSACTION on distributed tables');
  if (!(await preparedTransactions(db.pool))) skip('max_prepared_transactions is 0 on this server');
  await withClient(db, async (writer) => {
    await writer.query('begin');
    await insertEvents(writer, 10);
    const run = one(db.pool, 'select * from five_minutely_aggregation()');
    await until(db.pool, waiting);
    await writer.query(`prepare transaction 'workshop: ${db.name}'`); // while the rollup waits
    await until(db.pool, waiting);
    await db.pool.query(`commit prepared 'workshop: ${db.name}'`);
    await run;
  });
  await withClient(db, async (writer) => {
    await writer.query('begin');
    await insertEvents(writer, 10);
    await writer.query(`prepare transaction 'workshop: ${db.name}'`); // before it begins
    await expect(
      db.pool.query(`select five_minutely_aggregation(patience => '200 ms')`),
    ).rejects.toMatchObject({ message: expect.stringContaining('see pg_prepared_xacts') });
    await db.pool.query(`commit prepared 'workshop: ${db.name}'`);
  });
  await rollUp(db.pool);
  await expectRollupsEqualRecount(db.pool, 20);
});

test('a rollup that another run keeps waiting gives up after its patience', async () => {
  await insertEvents(db.pool, 10);
  await withClient(db, async (client) => {
    await client.query('begin');
    await client.query('select five_minutely_aggregation()');
    await expect(
      db.pool.query(`select five_minutely_aggregation(patience => '200 ms')`),
    ).rejects.toMatchObject({ code: '55P03' });
    await client.query('commit');
  });
  await rollUp(db.pool);
  await expectRollupsEqualRecount(db.pool, 10);
});

test('on Citus a write that was acknowledged but is only prepared on a worker is finished first', async ({
  skip,
}) => {
  if (db.engine !== 'citus') skip('needs Citus: a single node commits in one step');
  const { host, port, shard } = await one(
    db.pool,
    `select nodename as host, nodeport as port, 'events_default_' || shardid as shard
       from (select get_shard_id_for_distribution_column('events_default', 1) as shardid) as of
       join pg_dist_placement using (shardid) join pg_dist_node using (groupid)`,
  );
  const { id } = await one(db.pool, `select nextval('events_event_id_seq') as id`);
  const gid = 'citus_0_1_999999999_1';
  await runOnWorker(
    db.url,
    { host, port },
    db.name,
    `begin; insert into ${shard} (event_id, event_time, customer_id) values (${id}, '2020-01-01', 1);
     prepare transaction '${gid}'`,
  );
  await db.pool.query(
    `insert into pg_dist_transaction (groupid, gid) select groupid, '${gid}' from pg_dist_node
      where nodename = '${host}' and nodeport = ${port}`,
  );
  await rollUp(db.pool);
  await expectRollupsEqualRecount(db.pool, 1);
});

// is a rollup waiting for a writer?
const waiting = `exists (select from pg_stat_activity
  where query like '%_aggregation(%' and wait_event = 'PgSleep' and pid <> pg_backend_pid())`;
