import { afterAll, beforeAll, expect, test } from 'vitest';
import { installSql } from '../../lib/install.ts';
import { freshDatabase, sqlFile, type TestDatabase } from '../database.ts';
import { expectRollupsEqualRecount, insertEvents, one, rollUp } from './support.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await freshDatabase('reset', { install: false });
});
afterAll(() => db?.drop());

// all that lives in the database, extensions aside
const contents = async () =>
  (
    await db.pool.query(
      `select format('%s %s', relkind, oid::regclass) as thing, 'pg_class'::regclass as class, oid
         from pg_class where relnamespace not in (select oid from pg_namespace where nspname ~ '^pg_|^information')
       union all
       select format('%s %s', prokind, oid::regprocedure), 'pg_proc'::regclass, oid
         from pg_proc where pronamespace not in (select oid from pg_namespace where nspname ~ '^pg_|^information')`,
    )
  ).rows
    .filter(
      ({ thing }) =>
        !/partman|cron\.|citus|hll|topn_?(pack|union_|add_|record|ser|des)/.test(thing),
    )
    .map(({ thing }) => thing)
    .sort();

// ours, each with its arguments
const ROUTINES = `
  select array_agg(oid::regprocedure::text order by oid::regprocedure::text) as installed from pg_proc
   where obj_description(oid, 'pg_proc') like 'workshop:%'`;

test('an installation runs twice without losing anything', async () => {
  await installSql(db.pool);
  await db.pool.query('call maintain_partitions()');
  await insertEvents(db.pool, 100);
  await rollUp(db.pool);
  await installSql(db.pool);
  await expectRollupsEqualRecount(db.pool, 100);
  const { marks } = await one(
    db.pool,
    'select count(*)::int as marks from rollups where last_aggregated_id >= 100',
  );
  expect(marks).toBe(2);
});

test('an installation on top of an older version replaces what has changed, and keeps the data', async () => {
  const { installed } = await one(db.pool, ROUTINES);
  await db.pool.query(`
    create procedure maintain_partitions(history interval, patience interval, days int default 1)
      language sql as '';
    comment on procedure maintain_partitions(interval, interval, int) is 'workshop: as it was before';
    drop function record_load;
    create function record_load(name text, sha256 text, table_name text, rows bigint, bytes bigint, again boolean)
      returns bigint language sql as 'select 1::bigint';
    comment on function record_load is 'workshop: as it was before'`);
  await installSql(db.pool);
  expect(await one(db.pool, ROUTINES)).toEqual({ installed });
  await expectRollupsEqualRecount(db.pool, 100);
});

test("an older version that is somebody else's stays, and the message says what to do", async () => {
  await db.pool.query('create procedure maintain_partitions(hours int) language sql as $$$$');
  await expect(installSql(db.pool)).rejects.toThrow(
    /sql.02-maintain-partitions.sql failed: .* is not unique.*npm run reset/,
  );
  await db.pool.query('drop procedure maintain_partitions(int)');
});

test('a reset leaves nothing of ours, and what others have', async () => {
  await db.pool.query(`drop table if exists theirs; create table theirs (n int)`);
  await db.pool.query(
    `create or replace function their_function() returns int language sql as 'select 1';
     comment on function their_function is 'not of the workshop: theirs'`,
  );
  const { partman } = await one(db.pool, `select to_regclass('partman.part_config') as partman`);
  if (partman) {
    await db.pool.query(
      `insert into partman.part_config (parent_table, control, partition_type, partition_interval)
       select 'public.their_events', control, partition_type, partition_interval
         from partman.part_config where parent_table = 'public.events'`,
    );
  }
  await db.pool.query(sqlFile('99-reset.sql'));
  const left = await contents();
  expect(left.filter((thing) => !thing.startsWith('f topn'))).toEqual([
    'f their_function()',
    'r theirs',
  ]);
  if (partman) {
    const { rows } = await db.pool.query('select parent_table from partman.part_config');
    expect(rows).toEqual([{ parent_table: 'public.their_events' }]);
    const template = await one(
      db.pool,
      `select to_regclass('partman.template_public_events') as name`,
    );
    expect(template.name).toBeNull();
  }
});

test('a reset of an empty database does nothing, and everything can be made again', async () => {
  await db.pool.query(sqlFile('99-reset.sql'));
  await installSql(db.pool);
  await db.pool.query('call maintain_partitions()');
  await insertEvents(db.pool, 10);
  await rollUp(db.pool);
  await expectRollupsEqualRecount(db.pool, 10);
});

test("a table events that is somebody else's stays as it is", async () => {
  await db.pool.query(sqlFile('99-reset.sql'));
  await db.pool.query('create table events (theirs text)');
  await expect(installSql(db.pool)).rejects.toThrow(
    `sql/02-events.sql failed: database ${db.name} already has a table events that is not the workshop's (Use a database of its own`,
  );
  await db.pool.query(sqlFile('99-reset.sql'));
  await db.pool.query('select theirs from events');
});
