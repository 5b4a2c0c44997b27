import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freshDatabase, sqlFile, type TestDatabase } from '../database.ts';
import { one } from './support.ts';

let db: TestDatabase;
let client: pg.PoolClient;
let extension = false;

// engine/topn.sql lives in a schema of its own here, beside the extension where that exists
beforeAll(async () => {
  db = await freshDatabase('topn', { install: false });
  client = await db.pool.connect();
  await client.query(
    `set client_min_messages to warning; create schema in_sql; set search_path to in_sql, public`,
  );
  await client.query(sqlFile('engine/topn.sql'));
  const found = await one(
    client,
    `select count(*)::int as n from pg_available_extensions where name = 'topn'`,
  );
  extension = found.n > 0;
  if (extension) await client.query('create extension if not exists topn schema public');
  await client.query(
    `create temp table items as
      select 1 + n % 50 as customer, floor(power(900::float8, random()))::text as item, n
        from generate_series(1, 60000) as n`,
  );
});
afterAll(async () => {
  client?.release();
  await db?.drop();
});

const value = async (expression: string) =>
  (await one(client, `select (${expression}) as value`)).value;

describe('a list counts exactly as long as it holds every item', () => {
  test('built from items, in any order and with nulls among them', async () => {
    expect(
      await value(`select topn_add_agg(i) from unnest('{a,b,a,null,c,a,b}'::text[]) i`),
    ).toEqual({
      a: 3,
      b: 2,
      c: 1,
    });
    const { wrong } = await one(
      client,
      `with lists as (select customer, topn_add_agg(item) as list from items group by customer),
            listed as (select customer, (topn(list, 1000)).* from lists),
            counted as (select customer, item, count(*) as frequency from items group by 1, 2)
       select count(*)::int as wrong
         from listed full join counted using (customer, item, frequency)
        where listed is null or counted is null`,
    );
    expect(wrong).toBe(0);
  });

  test('united from lists, two at a time or all at once, is the list of all items', async () => {
    const { wrong } = await one(
      client,
      `with parts as (select customer, n % 7 as part, topn_add_agg(item) as list from items group by 1, 2),
            united as (select customer, topn_union_agg(list) as list from parts group by 1),
            pairs as (select customer, topn_union(
                        (select topn_union_agg(list) from parts p where p.customer = u.customer and part < 3),
                        (select topn_union_agg(list) from parts p where p.customer = u.customer and part >= 3)) as list
                        from united u),
            whole as (select customer, topn_add_agg(item) as list from items group by 1)
       select count(*) filter (where united.list <> whole.list or pairs.list <> whole.list)::int as wrong
         from united join pairs using (customer) join whole using (customer)`,
    );
    expect(wrong).toBe(0);
  });

  test('grown an item at a time is the list of all items', async () => {
    expect(
      await value(`topn_add(topn_add(topn_add(topn_add(null, 'x'), 'y'), null), 'x')`),
    ).toEqual({ x: 2, y: 1 });
  });

  test('built in parallel is the same', async () => {
    await client.query(`create table many as select item from items`);
    const serial = await value('select topn_add_agg(item) from many');
    await client.query(
      `set parallel_setup_cost to 0; set parallel_tuple_cost to 0; set min_parallel_table_scan_size to 0`,
    );
    const { rows } = await client.query('explain select topn_add_agg(item) from many');
    expect(rows.map((row) => row['QUERY PLAN']).join('\n')).toContain('Partial Aggregate');
    expect(await value('select topn_add_agg(item) from many')).toEqual(serial);
  });
});

test('nothing and null are lists of no items', async () => {
  expect(await value('select topn_add_agg(null) from generate_series(1, 1)')).toEqual({});
  expect(await value('select topn_add_agg(null) from generate_series(1, 3)')).toEqual({});
  expect(await value('select topn_add_agg(null) where false')).toEqual({});
  expect(await value('select topn_union_agg(null) from generate_series(1, 3)')).toEqual({});
  expect(await value('select topn_union_agg(null) where false')).toEqual({});
  expect(await value(`topn_union('{}', '{}')`)).toEqual({});
  expect(await value(`topn_union('{"a": 1}', '{}')`)).toEqual({ a: 1 });
  expect(await value(`topn_union('{}', '{"a": 1}')`)).toEqual({ a: 1 });
  expect(await value(`topn_union(null, '{"a": 1}')`)).toBeNull();
  expect(await value('topn_add(null, null)')).toEqual({});
  expect((await client.query(`select * from topn('{}', 5)`)).rows).toEqual([]);
  expect((await client.query('select * from topn(null, 5)')).rows).toEqual([]);
});

test('topn names the most frequent items first', async () => {
  expect((await client.query(`select * from topn('{"a": 2, "b": 10, "c": 9}', 2)`)).rows).toEqual([
    { item: 'b', frequency: '10' },
    { item: 'c', frequency: '9' },
  ]);
});

test('a list keeps its most frequent items when it grows too long', async () => {
  await client.query(`set topn.number_of_counters to 3`);
  try {
    const items = `unnest('{a,a,a,b,b,c,c,d,e}'::text[])`;
    const kept = { a: 3, b: 2, c: 2 };
    expect(await value(`select topn_add_agg(i) from ${items} i`)).toEqual(kept);
    expect(
      await value(`topn_union('{"a": 2, "b": 2, "c": 1}', '{"a": 1, "c": 1, "d": 1}')`),
    ).toEqual(kept);
    expect(await value(`select topn_union_agg(jsonb_build_object(i, 1)) from ${items} i`)).toEqual(
      kept,
    );
  } finally {
    await client.query('reset topn.number_of_counters');
  }
  const long = await one(
    client,
    `with lists as (select jsonb_object_agg(n::text, n) a, jsonb_object_agg((n + 600)::text, 5000 + n) b
                     from generate_series(1, 800) n)
     select count(*)::int as items, min(value::int) as least
       from lists, jsonb_each(topn_union(a, b))`,
  );
  expect(long).toEqual({ items: 1000, least: 401 });
});

describe('the same as the extension', () => {
  const cases: Record<string, string> = {
    'for items': 'select customer, %.topn_add_agg(item) as list from items group by 1',
    'for items with nulls':
      'select customer, %.topn_add_agg(nullif(item, $$1$$)) as list from items group by 1',
    'for unions of many lists': `select customer, %.topn_union_agg(list) as list from
       (select customer, n % 9, %.topn_add_agg(item) as list from items group by 1, 2) s group by 1`,
    'for unions of two lists': `select a.customer, %.topn_union(a.list, b.list) as list from
       (select customer, %.topn_add_agg(item) as list from items where n % 3 = 0 group by 1) a join
       (select customer, %.topn_add_agg(item) as list from items where n % 3 > 0 group by 1) b using (customer)`,
    'for one more item': `select customer, %.topn_add(%.topn_add_agg(item), 'new') as list from items group by 1`,
    'for nothing': `select 1 as customer, %.topn_add_agg(null) as list union all
       select 2, %.topn_union_agg(null) union all select 3, %.topn_add(null, null) union all
       select 4, %.topn_union('{}', '{}')`,
    'for the most frequent items': `select customer, jsonb_agg(frequency) as list from
       (select customer, (%.topn(%.topn_add_agg(item), 20)).frequency from items group by 1) s group by 1`,
  };
  for (const [name, statement] of Object.entries(cases)) {
    test(name, async ({ skip }) => {
      if (!extension) skip('this server does not offer the extension topn');
      const ours = await client.query(`${statement.replaceAll('%.', 'in_sql.')} order by 1`);
      const theirs = await client.query(`${statement.replaceAll('%.', 'public.')} order by 1`);
      expect(ours.rows.length).toBeGreaterThan(0);
      expect(ours.rows).toEqual(theirs.rows);
    });
  }
});
