// %% [markdown]
// # Count once, and keep counting
//
// **12 minutes.** You look into the two *sketches*, small summaries that make distinct counts and top lists
// *addable*, and then read the two functions that turn events into rollups. Every dashboard adds up what they
// write.
//
// **What you need:** a running database; `ready` builds chapters 02 and 03.

// %%
import { between, checkpoint, COLOURS, drawPlot, exercise, hllRegisters, hyperLogLogPicture,
  matching, openTransaction, query, ready, rollUpHours, rollUpMinutes, runFile, show, showPicture, type Sketch,
  summary, table, type TopNList, topNPicture, watermarks } from '../lib/index.ts';
import * as Plot from '@observablehq/plot';

const db = await ready('04');

// %% [markdown]
// ## Why not just count?
//
// Counts add up: 3 events in one group and 4 in the next are 7. *Distinct* counts do not: 3 devices in one
// hour and 4 in the next are anything from 4 to 7. To merge them you would have to keep all ids.
//
// A **HyperLogLog** sketch keeps 2,048 registers of 5 bits instead: 1,280 bytes, and a few more for a header. It
// hashes each value. The last bits of the hash say which register looks at it, and the register remembers the longest
// run of zeros before them that it has seen. A long run is rare, so it tells of many different values. Two
// sketches merge by taking the larger of each register, and a value that comes twice changes nothing.
//
// The cell makes a sketch of 10,000 devices, and one of 6,000 and another of 6,000, of which 2,000 are in both.

// %%
const [union] = await query<{ all_devices: number; bytes: number; merged: number }>(db, `
  select hll_cardinality(hll_add_agg(hll_hash_bigint(device))) as all_devices,
         pg_column_size(hll_add_agg(hll_hash_bigint(device))) as bytes,
         hll_cardinality(hll_union(
           hll_add_agg(hll_hash_bigint(device)) filter (where device <= 6000),
           hll_add_agg(hll_hash_bigint(device)) filter (where device > 4000))) as merged
    from generate_series(1, 10000) as device`);
table([union!]);

// %% [markdown]
// The truth is 10,000 both times. The estimate is off by a little, and the two sketches that overlap, merged,
// give the very same one: nothing is counted twice.
//
// ## Watch the registers fill
//
// 2,048 bars would be hard to see, so the next sketches have 64 registers. The picture reads them out of the
// bytes that the database stores. (In `hll_add_agg(…, 6, 5, 0, 0)` the 6 means 2⁶ registers and the 5 their bits; the
// zeros keep it from storing a small set in another way.) A run with one more zero is half as likely, so once all registers are in use,
// ten times as many devices make the bars about 3.3 higher on average: 2 to the power of 3.3 is 10.

// %%
const sketches = await query<Sketch>(db, `
  with sketches as (
    select truth, hll_add_agg(hll_hash_bigint(device), 6, 5, 0, 0) as hll
      from unnest(array[10, 100, 1000, 10000]) as truth, lateral generate_series(1, truth) as device
     group by truth)
  select truth, hll_cardinality(hll) as estimate, hll from sketches order by truth`);
showPicture(hyperLogLogPicture(sketches));

// %% [markdown]
// ## How far off is it?
//
// The standard error is 1.04 / √2048 = 2.3 %. Below, sketches of 10 to 200,000 values are compared with the
// truth. Small sets are exact: up to 32 values the sketch keeps their hashes themselves.

// %%
interface Estimate {
  truth: number;
  estimate: number;
}
const estimates = await query<Estimate>(db, `
  select size as truth, hll_cardinality(hll_add_agg(hll_hash_bigint(value), 11, 5, 32)) as estimate
    from unnest(array[10, 32, 100, 300, 1000, 3000, 10000, 30000, 60000, 100000, 150000, 200000])
           as size,
         lateral generate_series(size * 1000000::bigint, size * 1000000::bigint + size - 1) as value
   group by size order by size`);
const errors = estimates.map(({ truth, estimate }) => ({
  truth,
  percent: 100 * (estimate / truth - 1),
}));

// %% [markdown]
// The inner band is one standard error wide to each side, the outer one two. Of many sketches, two thirds fall
// into the inner band, and 95 of 100 into the outer one. (Chapter 11 draws 300 of them.)

// %%
const band = (percent: number) => Plot.rect([{}], {
  x1: 10, x2: 200_000, y1: -percent, y2: percent, fill: COLOURS.sky, fillOpacity: 0.2,
});
drawPlot({
  title: 'Error of HyperLogLog, in percent', width: 640, height: 270, grid: true,
  marginLeft: 50, marginBottom: 44,
  x: { type: 'log', label: 'distinct values', tickFormat: ',' },
  y: { label: 'error, %', domain: [-7, 7] },
  marks: [
    band(4.6),
    band(2.3),
    Plot.ruleY([0]),
    Plot.dot(errors, { x: 'truth', y: 'percent', fill: COLOURS.red, r: 5 }),
  ],
});

// %% [markdown]
// ### Exercise 04.1: devices of two groups
//
// Now you. The check makes two groups of an invented customer, 900004: one with 3 devices, one with 4. Two
// of the devices are in both.
//
// **Task:** this query adds the two counts up. Change it so that it counts each device once. **Done when**
// it says 5.
//
// <details><summary>Hint</summary>
//
// `hll_union_agg` merges the sketches of many rows into one; `hll_cardinality` counts what is in one.
//
// </details>
//
// **Read:** [aggregates of the hll extension](https://github.com/citusdata/postgresql-hll#readme)

// %%
let devices = `
  select sum(hll_cardinality(device_distinct_count)) as devices
    from rollup_events_5min
   where customer_id = 900004`;
//#region solution
devices = `
  select hll_cardinality(hll_union_agg(device_distinct_count)) as devices
    from rollup_events_5min
   where customer_id = 900004`;
//#endregion
await exercise('04.1', db, devices);

// %% [markdown]
// ## The most frequent ones: TopN
//
// **TopN** keeps a list of counters, here up to 1,000 a group, as JSON. Lists add up, counter by counter; when
// one grows too long, the rarest counters go. That makes it exact for as long as there are fewer different
// values than counters.

// %%
await show(db, `
  with lists as (
    select topn_add_agg(device) as list from unnest(array['a', 'b', 'a', 'c']) as device
    union all
    select topn_add_agg(device) from unnest(array['b', 'b', 'd']) as device)
  select (topn(topn_union_agg(list), 3)).* from lists`);

// %% [markdown]
// What happens when there are more values than counters? With room for 8 in place of 1,000 you can see it. The
// lists of three days are added twice, once with room for all, once with room for 8. The second time, `i` is
// dropped on Tuesday, and when it comes back on Wednesday it starts again from nothing.

// %%
const unions = `
  select topn_union(mon, tue) as added, topn_union(topn_union(mon, tue), wed) as later
    from (select '{"a": 25, "b": 20, "c": 27, "e": 8, "f": 15, "h": 10, "j": 5, "k": 3}'::jsonb as mon,
                 '{"a": 16, "b": 13, "d": 22, "e": 10, "g": 12, "i": 7, "l": 2}'::jsonb as tue,
                 '{"a": 3, "i": 11}'::jsonb as wed) as lists`;
const session = await db.connect();
const addWithRoomFor = async (counters: number): Promise<{ added: TopNList; later: TopNList }> => {
  await session.query('select set_config($1, $2, false)', ['topn.number_of_counters', counters]);
  return (await session.query(unions)).rows[0];
};
const kept = await addWithRoomFor(8);
const truth = await addWithRoomFor(1000);
session.release();
showPicture(topNPicture({
  counters: 8, added: truth.added, kept: kept.added, later: kept.later, truth: truth.later,
}));

// %% [markdown]
// A count is never too high, and what is frequent all along stays exact. A list in a rollup has 1,000 counters
// for the devices of one group in five minutes. (Chapter 07 compares its lists with the raw events.)
//
// ### Exercise 04.2: the three most active devices
//
// The column `top_devices_1000` of `rollup_events_5min` has such a list for each group.
//
// **Task:** write a query that gives the three most active devices of customer 900004, over all of its
// groups, each with its number of events. **Done when** it is right for two groups that the check makes.
//
// <details><summary>Hint</summary>
//
// The first query about TopN, above, ends with what you need. Here the lists are there already.
//
// </details>
//
// **Read:** [functions of the topn extension](https://github.com/citusdata/postgresql-topn#readme)

// %%
let topThree = `
  -- your query
`;
//#region solution
topThree = `
  select (topn(topn_union_agg(top_devices_1000), 3)).*
    from rollup_events_5min
   where customer_id = 900004`;
//#endregion
await exercise('04.2', db, topThree);

// %% [markdown]
// ## The rollup functions
//
// Now the function itself. It asks for a window (chapter 03), groups the events of that window, and *upserts*:
// it inserts the groups that are new, and adds the numbers to those that are there. Look for `insert` and for
// `on conflict`. `date_bin` cuts the time into pieces of five minutes counted from a fixed origin, so that they
// do not depend on anybody's time zone.

// %%
await runFile(db, '04-five-minutely-aggregation.sql');

// %% [markdown]
// The hourly one is its twin, with a watermark of its own: each may lag behind or fail without touching the other.
// `aggregate_events` calls both, in windows of bounded size (exercise 03.2) with a commit after each. A hundred
// million events that wait then take many small steps, not one that fills the memory.

// %%
await runFile(db, '04-hourly-aggregation.sql', { folded: true });
await runFile(db, '04-aggregate-events.sql');

// %% [markdown]
// ### Exercise 04.3: replace, or add?
//
// The check runs the statement below three times, on an empty table `visits`.
//
// **Task:** change what happens when the row is there already, so that visits add up. **Done when** the
// table has one row with 3 visits.
//
// <details><summary>Hint</summary>
//
// In `do update set` the old row goes by the name of its table, and the new one by `excluded`.
//
// </details>
//
// **Read:** [insert … on conflict](https://www.postgresql.org/docs/current/sql-insert.html#SQL-ON-CONFLICT)

// %%
let countVisit = `
  insert into visits (country, visits) values ('India', 1)
  on conflict (country) do update
    set visits = excluded.visits`;
//#region solution
countVisit = `
  insert into visits (country, visits) values ('India', 1)
  on conflict (country) do update
    set visits = visits.visits + excluded.visits`;
//#endregion
await exercise('04.3', db, countVisit);

// %% [markdown]
// ## Try them by hand
//
// Five events of an invented customer: three from India, by two devices, and two without a country. Each rollup
// tells the window that it has counted. (A window has more ids than that: the checks of exercises have drawn some, and
// took their events back. Run the cell again, and there are five events more.)

// %%
await query(db, `
  insert into events (customer_id, event_type, country, browser, device_id, session_id) values
    (900004, 'click', 'India', 'chrome',  1, 11),
    (900004, 'click', 'India', 'chrome',  1, 11),
    (900004, 'click', 'India', 'chrome',  2, 12),
    (900004, 'click', null,    'firefox', 1, 13),
    (900004, 'click', null,    'firefox', 1, 13)`);
const minutes = await rollUpMinutes(db);
const hours = await rollUpHours(db);
table([{ rollup: '5 minutes', ...minutes }, { rollup: '1 hour', ...hours }]);

// %% [markdown]
// And these are the customer's latest groups in the rollup, with what their sketches say.

// %%
const groups = `
  select country, browser, minute, event_count,
         round(hll_cardinality(device_distinct_count)) as devices,
         round(hll_cardinality(session_distinct_count)) as sessions, top_devices_1000
    from rollup_events_5min where customer_id = 900004 order by minute desc, country limit 4`;
await show(db, groups);

// %% [markdown]
// ## Again, with nothing new and with something new
//
// A second call finds an empty window. Then one more event without a country comes. Its group exists: the row is
// updated, and none is added. (Unless five minutes were just over; then it is the first of a new group.) The hourly
// rollup takes it in a session with India's time, which is half an hour off: hours still begin in UTC.

// %%
const again = await rollUpMinutes(db);
await query(db, `
  insert into events (customer_id, event_type, country, browser, device_id, session_id)
  values (900004, 'click', null, 'firefox', 3, 14)`);
await rollUpMinutes(db);
const [hourly, minutely] = await watermarks(db); // by name
const elsewhere = await openTransaction(db); // half an hour off UTC: its hours are not ours
await elsewhere.query(`set local timezone to 'Asia/Kolkata'`);
await elsewhere.query('select hourly_aggregation()');
await elsewhere.commit();
table([{ second_call: again.end_id < again.start_id ? 'nothing to do' : 'a window', ...again }]);
await show(db, groups);

// %% [markdown]
// ## Checkpoints

// %%
const [counted] = await query<Record<string, number>>(db, `
  select (select count(*) from events where customer_id = 900004) as raw,
         sum(event_count) as rolled_up, count(*) as groups,
         count(distinct row(event_type, country, browser, minute)) as distinct_groups,
         round(hll_cardinality(hll_union_agg(device_distinct_count)
           filter (where country = 'India'))) as indian_devices
    from rollup_events_5min where customer_id = 900004`);
checkpoint('04.1', 'the rollup counts every event once', counted?.rolled_up, counted?.raw);
checkpoint('04.2', 'no group stands twice, with or without a country',
  counted?.groups, counted?.distinct_groups);
checkpoint('04.3', 'a second call has nothing to do', again.end_id < again.start_id, true);
checkpoint('04.4', 'no estimate is off by more than 3 standard errors',
  Math.max(...errors.map((point) => Math.abs(point.percent))), between(0, 6.9));
checkpoint('04.5', '32 distinct values are counted exactly', estimates[1]?.estimate, 32);
const tooHigh = Object.entries(kept.later).filter(([item, count]) => count > truth.later[item]!);
checkpoint('04.6', 'a short TopN list counts too little or right, never too much',
  `${tooHigh.length} too high, i has ${kept.later.i} of ${truth.later.i}`, '0 too high, i has 11 of 18');
checkpoint('04.7', 'two sketches that overlap, merged, count nothing twice',
  union?.merged, union?.all_devices);
checkpoint('04.8', 'a sketch of 10,000 values takes about 1,280 bytes', union!.bytes, between(1280, 1300));

// %% [markdown]
// The top list again, and the customer of this chapter, by 5 minutes and by the hour:

// %%
checkpoint('04.9', 'what is frequent all along stays exact',
  ['a', 'b', 'c'].map((item) => kept.later[item]), ['a', 'b', 'c'].map((item) => truth.later[item]));
checkpoint('04.10', 'two devices from India, however often they came', counted?.indian_devices, 2);
const [inUtc] = await query<{ hours: boolean }>(db, `
  select bool_and(extract(epoch from hour)::bigint % 3600 = 0) as hours
    from rollup_events_1hr where customer_id = 900004`);
checkpoint('04.11', 'hours begin in UTC, whatever the time zone of who calls', inUtc?.hours, true);
const height = ({ hll }: Sketch) => hllRegisters(hll).reduce((sum, register) => sum + register) / 64;
checkpoint('04.12', 'ten times as many devices: bars about 3.3 higher',
  height(sketches[3]!) - height(sketches[2]!), between(2.8, 3.8));
const [long] = await query<{ counters: number }>(db, `
  select count(*) as counters from jsonb_object_keys((
    select topn_add_agg(n::text) from generate_series(1, 5000) as n))`);
checkpoint('04.13', 'a list has up to 1,000 counters', long!.counters, between(1, 1000));
checkpoint('04.14', 'one rollup may lag behind the other',
  hourly!.last_aggregated_id < minutely!.last_aggregated_id, true);
checkpoint('04.15', 'the sketch of 10,000 devices is off by a little',
  union!.all_devices, between(9310, 10690));

// %% [markdown]
// And `aggregate_events`: how many windows of two events does it make of five? Does it commit? Then it cannot be part
// of somebody's transaction.

// %%
await query(db, 'insert into events (customer_id) select 900004 from generate_series(1, 5)');
const said: string[] = [];
const caller = await db.connect();
caller.on('notice', ({ message }) => said.push(String(message)));
await caller.query('begin');
const inside = await caller.query('call aggregate_events(2)').then(() => 'done', String);
await caller.query('rollback');
said.length = 0;
await caller.query('call aggregate_events(2)');
caller.release(true);
checkpoint('04.16', 'five events, two at a time, are three windows for each rollup',
  ['rollup_events_5min', 'rollup_events_1hr'].map((name) =>
    said.filter((line) => line.startsWith(`${name}: events`)).length), [3, 3]);
checkpoint('04.17', 'each window is committed', inside, matching(/invalid transaction termination/));

// %%
summary({
  learned: [
    'a sketch is an answer that can be added up: HyperLogLog for distinct counts, TopN for top lists',
    'one statement groups the window and upserts it, in the same transaction as the watermark',
    'buckets are cut in UTC',
  ],
  next: '05-load',
});

// %% [markdown]
// **Read more:** [Distributed count(distinct) with
// HyperLogLog](https://www.citusdata.com/blog/2017/04/04/distributed_count_distinct_with_postgresql/) · [TopN
// for your Postgres database](https://www.citusdata.com/blog/2018/03/27/topn-for-your-postgres-database/)
