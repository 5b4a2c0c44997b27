// %% [markdown]
// # Give events a place in time, and a customer to live with
//
// **10 minutes.** You look at the raw table and the rollup tables, statement by statement. Two decisions are
// made here that everything later leans on: events are kept in *partitions* by time, and every table that
// grows can be spread by *customer*.
//
// **What you need:** a running database. Chapter 01 is not required.

// %%
import { atLeast, between, checkpoint, colocationPicture, COLOURS, countTasks, describeServer,
  drawPlot, drawShardMap, exercise, findPlacement, mapShards, needsSeveralNodes, openTransaction,
  query, ready, runFile, show, showPicture, summary, table } from '../lib/index.ts';
import * as Plot from '@observablehq/plot';

const db = await ready('02');

// %% [markdown]
// ## The raw table
//
// One row an event. Read the statement below for three choices:
//
// * `event_id` comes from a sequence and is handed out by the column's default, never by the application. The
//   next chapter shows why exactly-once counting depends on it.
// * `partition by range (event_time)`: the table itself stores nothing. Its partitions do, each one for a
//   stretch of time.
// * A **BRIN** index on `event_id`. It notes only the lowest and the highest id of each stretch of the table, so
//   it stays small. It is enough to find "the ids since last time", because ids arrive roughly in order.
//
// `runFile` shows a file of `sql/` and runs it. `ready` has run those that make tables and functions, and each may
// run any number of times: running this one again changes nothing.

// %%
await runFile(db, '02-events.sql');

// %% [markdown]
// ## The rollup tables
//
// A rollup holds one row for each group that a dashboard can ask about: customer, event type, country,
// browser, and the 5 minutes (or the hour) in which it happened. Beside the plain count stand two
// **HyperLogLog** *sketches*, small summaries that tell how many different devices and sessions there were, and
// a **TopN** list of the most active devices. Chapter 04 fills them.
//
// `nulls not distinct` in the unique index matters: an event without a country must find its group again, or
// each run would add a group of its own. The hourly table is the same with `hour` in place of `minute`, and
// folded: a click opens it.

// %%
await runFile(db, '02-rollup-events-5min.sql');
await runFile(db, '02-rollup-events-1hr.sql', { folded: true });

// %% [markdown]
// ### Exercise 02.1: count those without a country
//
// Now you. The statement below makes a small table of visits by country. The check counts two visits from
// India and two without a country into it, as a rollup would, and looks at the rows.
//
// **Task:** change the table so that visits without a country share one row. Run the cell as it is first.
// **Done when** there are two rows with two visits each.
//
// <details><summary>Hint</summary>
//
// For `unique`, two nulls are different from each other, unless you say that they are not.
//
// </details>
//
// **Read:** [unique constraints](https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-UNIQUE-CONSTRAINTS)

// %%
let visits = `
  create table visits (
    country text,
    visits int,
    unique (country)
  )`;
//#region solution
visits = `
  create table visits (
    country text,
    visits int,
    unique nulls not distinct (country)
  )`;
//#endregion
await exercise('02.1', db, visits);

// %% [markdown]
// A check tries the statement out and takes everything back: run it as often as you like.
//
// ## Keep a customer's rows together
//
// On a cluster, rows must be told where to live. The four tables with customers in them (those above, and a small one
// that the next cell makes) are *distributed* by `customer_id`, which puts everything of one customer on one node: *co-location*. A dashboard, which is always
// about one customer, then asks exactly one node, and a rollup reads and writes on the same node (chapter 10 looks).
// On a single server the second file says that there is nothing to do.
//
// The first file makes a small table more: how far the rollup has come for each customer. Chapter 08 uses it.

// %%
await runFile(db, '02-rollup-progress.sql');
await runFile(db, '02-tables-distribute.sql');

// %% [markdown]
// How does a row find its node? The customer's id goes through a hash function, and each *shard* of a table
// takes one range of hashes. The four tables have the same ranges in the same places, so the four shards with
// one customer stand together. The picture takes customer 42. On one server the hash is real and the workers
// are imagined.

// %%
const placement = await findPlacement(db, 42);
showPicture(colocationPicture(placement));

// %% [markdown]
// On a cluster, the next cell draws the real ones. The *shard map* has an area for each node, a column for each
// range of hashes, and in it the shards of three tables, one on the other: as high as they have rows, and all
// alike while there are none.
//
// Below it, `explain` tells how many queries to shards a statement becomes, its *task count*: one for one
// customer, as many as there are shards for all.

// %%
const server = await describeServer(db);
const questions = ['customer_id = 42', 'customer_id > 0'].map((where) => ({
  where,
  statement: `select count(*) from events where ${where}`,
}));
const tasks: { where: string; task_count: number }[] = [];
if (needsSeveralNodes(server, 'a map of the shards')) {
  drawShardMap(await mapShards(db));
  for (const { where, statement } of questions)
    tasks.push({ where, task_count: await countTasks(db, statement) });
  table(tasks);
}

// %% [markdown]
// ## Partitions: fine where it is busy, coarse where it is quiet
//
// Old data should go away by dropping a table, which deletes no row one by one. For that, each stretch of time
// needs a table of its own. The tutorial behind this workshop uses 5 minutes.
//
// A week of that is 2,016 tables, and a query that names no time is planned for all of them. So the kit makes
// 5-minute partitions only around now and a little ahead (with **pg_partman**), and coarse ones, up to a day, for the
// history. `maintain_partitions` looks at what is there and adds what is missing: call it as often as you like. A
// *default* partition takes the rows that belong nowhere else, and a later call moves them to where they should be
// (chapter 09 tries it).

// %%
await runFile(db, '02-maintain-partitions.sql', { folded: true });
await show(db, 'call maintain_partitions()');

// %%
interface Partition {
  name: string;
  kind: string;
  range_from: Date | null;
  range_to: Date | null;
}
const partitions = await query<Partition>(db, `
  select name::text, kind, range_from, range_to from event_partitions() order by range_from`);
table(partitions.slice(-8), { caption: `the last 8 of ${partitions.length} partitions` });

// %% [markdown]
// Look at them on a line of time. The upper picture is the whole week, coarse partitions in grey; those of 5 minutes
// are too narrow to be seen there. The lower one shows them, with room ahead of the line so that the next events find
// a place.

// %%
const bounded = partitions.filter((part) => part.range_from && part.range_to);
const timeline = (title: string, shown: Partition[]) =>
  drawPlot({
    title, width: 720, height: 110, marginLeft: 20, marginRight: 20,
    x: { type: 'utc', label: null },
    y: { axis: null },
    color: { domain: ['history', '5 minutes'], range: [COLOURS.grey, COLOURS.blue], legend: true },
    marks: [
      Plot.barX(shown, { x1: 'range_from', x2: 'range_to', y: () => 0, fill: 'kind', inset: 1 }),
      Plot.ruleX([new Date()], { stroke: COLOURS.red, strokeWidth: 2 }),
    ],
  });
timeline('All partitions; the line is now', bounded);
timeline('The 5-minute partitions', bounded.filter((part) => part.kind === '5 minutes'));

// %% [markdown]
// ### Exercise 02.2: how many partitions of each kind?
//
// The function `event_partitions()` gives a row for each partition: `name`, `range_from`, `range_to`, `kind`.
//
// **Task:** write a query that says how many there are of each kind: a column with the kind, one with the
// number. **Done when** the numbers are those of your database.
//
// <details><summary>Hint</summary>
//
// A function that gives rows stands in `from`, like a table.
//
// </details>
//
// **Read:** [group by](https://www.postgresql.org/docs/current/queries-table-expressions.html#QUERIES-GROUP)

// %%
let kinds = `
  -- your query
`;
//#region solution
kinds = `
  select kind, count(*) as partitions
    from event_partitions()
   group by kind`;
//#endregion
await exercise('02.2', db, kinds);

// %% [markdown]
// ## What does a partition buy?
//
// Ask for the last five minutes and look at which tables the server reads. `explain` shows the plan of a
// statement without running it. Of all the partitions, only those that can hold such rows are left; one server
// counts the others as `Subplans Removed`. This is called *pruning*.

// %%
const plan = await query<{ 'QUERY PLAN': string }>(db, `
  explain (costs off) select count(*) from events
   where event_time >= now() - interval '5 minutes' and event_time < now() + interval '1 minute'`);
const lines = plan.map((line) => line['QUERY PLAN']);
const scanned = new Set(lines.flatMap((line) => line.match(/on (events_\w+)/)?.[1] ?? []));
lines.filter((line) => !/Filter|Output/.test(line)).slice(0, 16).join('\n');

// %% [markdown]
// ### Exercise 02.3: read one day, not all of them
//
// This query counts the events of the day before yesterday. Its answer is right, and it reads every partition
// to get there: the server compares the bounds of partitions with `event_time` itself, not with what a
// function makes of it.
//
// **Task:** write the condition so that the plan reads one day. **Done when** the count is the same and the
// plan reads one partition.
//
// <details><summary>Hint</summary>
//
// The left side should be `event_time` alone: at or after one moment, and before another one.
//
// </details>
//
// **Read:** [partition pruning](https://www.postgresql.org/docs/current/ddl-partitioning.html#DDL-PARTITION-PRUNING)

// %%
let oneDay = `
  select count(*) from events
   where date_trunc('day', event_time, 'UTC') = date_trunc('day', now(), 'UTC') - interval '2 days'`;
//#region solution
oneDay = `
  select count(*) from events
   where event_time >= date_trunc('day', now(), 'UTC') - interval '2 days'
     and event_time < date_trunc('day', now(), 'UTC') - interval '1 day'`;
//#endregion
await exercise('02.3', db, oneDay);

// %% [markdown]
// ## Checkpoints

// %%
const names = await query<{ relname: string }>(db, `
  select relname from pg_class
   where relname in ('events', 'rollup_events_5min', 'rollup_events_1hr')
     and relkind in ('r', 'p') and pg_table_is_visible(oid) order by 1`);
checkpoint('02.1', 'three tables are there',
  names.map((row) => row.relname).join(', '), 'events, rollup_events_1hr, rollup_events_5min');
checkpoint('02.2', 'there are 5-minute partitions ahead of now',
  bounded.filter((part) => part.kind === '5 minutes' && part.range_to! > new Date()).length, atLeast(3));
checkpoint('02.3', 'the plan reads a few partitions only', scanned.size, between(1, 6));
checkpoint('02.4', 'the history has its days',
  bounded.filter((part) => part.kind === 'history').length, atLeast(7));
const { shards, hash } = placement;
const homes = shards.filter(({ min, max }) => min <= hash && hash <= max).map(({ node }) => node);
const stand = tasks.length ? 'stand' : 'would stand';
checkpoint('02.5', `the four shards of a customer ${stand} on one node`,
  `${homes.length} shards, nodes: ${new Set(homes).size}`, '4 shards, nodes: 1');
if (tasks.length) checkpoint('02.6', 'one query for one customer, one to each shard for all',
  tasks.map((each) => each.task_count), [1, shards.length / 4]);
const places = new Set(shards.map(({ min, max, node }) => `${min} to ${max} on ${node}`));
checkpoint('02.7', 'four tables have the same ranges in the same places', shards.length, 4 * places.size);

// %% [markdown]
// And is it true that everything may run again?

// %%
const objects = `
  select count(*) || ' objects ' || md5(string_agg(oid::text, ' ' order by oid)) as made,
         coalesce(to_regclass('visits')::text, 'gone') as visits from (
    select oid from pg_class where obj_description(oid, 'pg_class') like 'workshop:%' union
    select oid from pg_proc where obj_description(oid, 'pg_proc') like 'workshop:%') as ours`;
const [before] = await query<{ made: string; visits: string }>(db, objects);
for (const file of ['events', 'rollup-events-5min', 'rollup-events-1hr', 'rollup-progress',
  'tables-distribute', 'maintain-partitions']) await query(db, `02-${file}.sql`);
const [again] = await query<{ made: string }>(db, objects);
await query(db, 'call maintain_partitions()');
const [gaps] = await query<{ missing: number; partitions: number }>(db, `select count(*) as missing,
  (select count(*) from event_partitions()) as partitions
  from missing_partitions('7 days', date_bin('5 minutes', now(), '2000-01-01 00:00+00'))`);
checkpoint('02.8', 'running the files again changes nothing', again!.made, before!.made);
checkpoint('02.9', 'after another call no partition is missing', gaps?.missing, 0);
checkpoint('02.10', 'the check of exercise 02.1 took its table back', before?.visits, 'gone');

// %% [markdown]
// And how much does the server read? A condition on a function of the time keeps all partitions (exercise 02.3). And a
// BRIN index on 100,000 ids, in a table that is gone at the end of its transaction: how small is it, and is it used?

// %%
const wide = await query<{ 'QUERY PLAN': string }>(db, `explain (costs off)
  select count(*) from events where date_trunc('day', event_time, 'UTC') = now()`);
const all = new Set(wide.flatMap((line) => line['QUERY PLAN'].match(/on (events_\w+)/)?.[1] ?? []));
checkpoint('02.11', 'a condition on a function of the time reads every partition',
  all.size, gaps!.partitions);
const removed = lines.join().match(/Subplans Removed: (\d+)/)?.[1];
if (removed) checkpoint('02.12', 'the other one leaves the rest out',
  scanned.size + Number(removed), partitions.length);
const scratch = await openTransaction(db);
await scratch.query(`
  create temp table ids on commit drop as
    select n as event_id, repeat('x', 80) as rest from generate_series(1, 100000) as n;
  create index ids_brin on ids using brin (event_id) with (pages_per_range = 16);
  analyze ids`);
const { rows: [size] } = await scratch.query(
  `select pg_relation_size('ids') / pg_relation_size('ids_brin') as ratio`);
const { rows: brin } = await scratch.query('explain select from ids where event_id > 99000');
await scratch.commit();
checkpoint('02.13', 'a BRIN index is a hundred times smaller than its table, and found useful',
  [size.ratio >= 100, /ids_brin/.test(JSON.stringify(brin))], [true, true]);

// %% [markdown]
// Last, what the tables are made of:

// %%
const [shape] = await query<{ stores: boolean; fine: string; coarse: string }>(db, `
  select pg_relation_filenode('events') is not null as stores,
         string_agg(replace(attname, 'minute', 'hour'), ' ' order by attnum)
           filter (where attrelid = 'rollup_events_5min'::regclass) as fine,
         string_agg(attname, ' ' order by attnum)
           filter (where attrelid = 'rollup_events_1hr'::regclass) as coarse
    from pg_attribute where attnum > 0`);
checkpoint('02.14', 'the raw table stores nothing itself', shape!.stores, false);
checkpoint('02.15', 'the hourly rollup has the columns of the other one', shape!.coarse, shape!.fine);

// %%
summary({
  learned: [
    'a partition is the unit of forgetting; fine ones now, coarse ones for the past',
    'co-location: everything of a customer lives on one node',
    'unique groups need `nulls not distinct`',
  ],
  next: '03-window',
});

// %% [markdown]
// **Read more:** [Citus and pg_partman: creating a scalable time series
// database](https://www.citusdata.com/blog/2018/01/24/citus-and-pg-partman-creating-a-scalable-time-series-database-on-PostgreSQL/)
