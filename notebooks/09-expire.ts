// %% [markdown]
// # Forget on time, and never too early
//
// **11 minutes.** Raw events are only needed until they are counted. You drop old partitions, see that those that
// are not counted yet stay, and where events go that find no partition.
//
// **What you need:** a running database; `ready` builds the rest.

// %%
import { atLeast, between, checkpoint, COLOURS, drawPlot, exercise, query, ready, recount,
  rollUpAll, rollUpMinutes, runFile, show, summary, table } from '../lib/index.ts';
import * as Plot from '@observablehq/plot';
import { setTimeout as sleep } from 'node:timers/promises';

const db = await ready('09');

// %% [markdown]
// ## Some really old events
//
// The history of the workshop is a week. These events of an invented customer are about ten days
// old. There is no partition for them, and still none of them is refused: the *default* partition takes what
// belongs nowhere.

// %%
const insertOld = `
  insert into events (event_time, customer_id, event_type, country, browser, device_id, session_id)
  select now() - interval '9 days' - n * interval '12 hours', 900009, 'click', 'India', 'chrome', n, n
    from generate_series(1, $1::int) as n`;
const places = `
  select tableoid::regclass as partition, count(*) from events
   where customer_id = 900009 and event_time < now() - interval '8 days' group by 1 order by 1`;
await query(db, insertOld, [3]);
await show(db, places);
const inDefault = async () => (await query<{ found: number }>(db,
  'select count(*) as found from events_default where customer_id = 900009'))[0]!.found;
const idsOfOld = async () => (await query<{ ids: string }>(db, `
  select string_agg(event_id::text, ' ' order by event_id) as ids from events
   where customer_id = 900009 and event_time < now() - interval '8 days'`))[0]!.ids;
const [taken, idsBefore] = [await inDefault(), await idsOfOld()];

// %% [markdown]
// `maintain_partitions` gives them a place of their own: it makes the partitions that are missing, and moves
// the rows there with their ids. (Chapter 08 puts it on a schedule.)

// %%
await show(db, 'call maintain_partitions()');
const [left, idsAfter] = [await inDefault(), await idsOfOld()];
await show(db, places);

// %% [markdown]
// ### Exercise 09.1: what lies in the default partition?
//
//
// It should be empty, so what lies there is worth a look. It is a table like any other: `events_default`.
//
// **Task:** write a query that counts its events by day (in UTC): the day, the number. **Done when** it
// finds events that the check puts there.
//
// <details><summary>Hint</summary>
//
// `date_trunc` cuts a time to its day, in the time zone of its third argument.
//
// </details>
//
// **Read:** [the default partition](https://www.postgresql.org/docs/current/ddl-partitioning.html#DDL-PARTITIONING-DECLARATIVE)

// %%
let strays = `
  -- your query
`;
//#region solution
strays = `
  select date_trunc('day', event_time, 'UTC') as day, count(*) as events
    from events_default
   group by 1`;
//#endregion
await exercise('09.1', db, strays);

// %% [markdown]
// ## Drop what is old, but nothing that is not counted
//
// The tutorial says `drop table` on the partition. That asks no rollup: what one of them had not counted at that moment
// is gone, and nobody notices. This procedure looks first: a partition goes only when every rollup has passed its last
// event, and it looks *again* under a lock, so that nobody can add a late row in between. Further down, somebody tries.

// %%
await runFile(db, '09-expire-events.sql');

// %% [markdown]
// The new old events are not rolled up. So the call below keeps their partitions and says why. Then one of the two
// rollups counts them, and the same call still keeps them.

// %%
interface Partition {
  name: string; kind: string; range_from: Date | null; range_to: Date | null; bytes: number;
}
const partitions = () => query<Partition>(db, '09-partitions.sql');
const [{ limit }] = await query<{ limit: Date }>(db,
  `select date_trunc('day', now() - interval '8 days', 'UTC') as limit`) as [{ limit: Date }];
const homes = async () => (await query<{ name: string }>(db, `
  select distinct tableoid::regclass::text as name from events
   where customer_id = 900009 and event_time < $1 order by 1`, [limit])).map(({ name }) => name);
const said: string[] = [];
const expire = () => show(db, 'call expire_events(older_than => $1)', [limit], said);
const homesBefore = await homes();
await expire();
await rollUpMinutes(db);
await expire();
const homesKept = await homes();
const kept = await partitions();

// %% [markdown]
// ### Exercise 09.2: what could go?
//
//
// Before you call `expire_events` on a database of your own, you want to know what it would drop.
// `event_partitions()` has `name`, `range_to` and `kind`; `describe_partition(name)` gives `rolled_up` for
// one.
//
// **Task:** write a query that gives the name of each partition that ended three days ago or earlier, and
// is rolled up. **Done when** it leaves out one with an event that the check takes for not counted.
//
// <details><summary>Hint</summary>
//
// `cross join lateral describe_partition(part.name) as about` adds what is known about each partition to its row.
// The default partition has no end.
//
// </details>
//
// **Read:** [lateral](https://www.postgresql.org/docs/current/queries-table-expressions.html#QUERIES-LATERAL)

// %%
let droppable = `
  -- your query
`;
//#region solution
droppable = `
  select part.name
    from event_partitions() as part
   cross join lateral describe_partition(part.name) as about
   where part.range_to <= now() - interval '3 days' and about.rolled_up`;
//#endregion
await exercise('09.2', db, droppable);

// %% [markdown]
// ## Roll up, then drop
//
// Now they are counted, and the same call drops the partitions: whole tables, and no row one by one.

// %%
await rollUpAll(db);
const started = performance.now();
await expire();
const milliseconds = performance.now() - started;
const after = await partitions();
`${kept.length - after.length} partitions dropped in ${milliseconds.toFixed(0)} ms`;

// %% [markdown]
// Before and after: the red ones are gone. (Where nothing is drawn, a day had no events, and needed no partition.)

// %%
const gone = new Set(
  kept.map((part) => part.name).filter((name) => !after.some((part) => part.name === name)),
);
const bars = kept
  .filter((part) => part.range_from && part.range_to)
  .map((part) => ({ ...part, state: gone.has(part.name) ? 'dropped' : part.kind }));
drawPlot({
  title: 'Partitions of the raw events', width: 720, height: 110, marginLeft: 20, marginRight: 20,
  x: { type: 'utc', label: null },
  y: { axis: null },
  color: {
    domain: ['dropped', 'history', '5 minutes'], range: [COLOURS.red, COLOURS.grey, COLOURS.blue],
    legend: true,
  },
  marks: [
    Plot.barX(bars, { x1: 'range_from', x2: 'range_to', y: () => 0, fill: 'state' }),
    Plot.ruleX(bars.filter(({ kind }) => kind === 'history'), { x: 'range_to', stroke: 'white' }),
  ],
});

// %% [markdown]
// ## The answers stay
//
// The raw events are gone. The rollups still have their counts and devices, at their time.

// %%
await show(db, `
  select minute, event_count, hll_cardinality(device_distinct_count) as devices
    from rollup_events_5min
   where customer_id = 900009 and minute < now() - interval '8 days'
   order by minute desc limit 3`);

// %% [markdown]
// ## While somebody is writing
//
// Dropping takes a lock that is not to be had while a writer is open. The procedure tries for two seconds, its
// `patience`; then it says *busy* and keeps the partition, and the next run takes it. It tries for a part of a second at a
// time, with pauses: whoever stands in the queue for a lock holds up all who come later.
//
// One more old event is rolled up, so that its partition could go. Then one writer is open, the procedure waits for
// its lock, and another writer comes meanwhile. The list says who is first to end.

// %%
await query(db, insertOld, [1]);
await query(db, 'call maintain_partitions()');
await rollUpAll(db);
const waiting = await partitions();
const isWaiting = async () => (await query<{ waiting: boolean }>(db, `
  select count(*) > 0 as waiting from pg_stat_activity where query like 'call expire_events%'
     and (wait_event_type = 'Lock' or wait_event = 'PgSleep')`))[0]!.waiting;
const ends: string[] = [];
const writer = await db.connect();
try {
  await writer.query('begin');
  await writer.query(insertOld, [1]);
  const expiry = expire().then(() => ends.push('expire_events'));
  while (!ends.length && !(await isWaiting())) await sleep(20);
  await query(db, insertOld, [1]).then(() => ends.push('another writer'));
  await expiry;
} finally {
  await writer.query('commit');
  writer.release();
}
const busy = await partitions();
ends.join(', then ');

// %% [markdown]
// Both writers have ended. Their events are counted, so the partition could go. But again a writer is open when the
// procedure comes, and now it ends *while the procedure waits* for its lock. The first look, without a lock, could not
// see this writer's event. The second one does.

// %%
await rollUpAll(db);
let running = true;
let waited = false;
const late = await db.connect();
try {
  await late.query('begin');
  await late.query(insertOld, [1]);
  const expiry = expire().finally(() => { running = false; });
  while (running && !waited) waited = await isWaiting();
  await late.query('commit');
  await expiry;
} finally {
  await late.query('rollback'); // of nothing, unless something went wrong above
  late.release();
}
const lookedAgain = await partitions();

// %% [markdown]
// Nobody is writing now. What came late is counted, and the partition goes.

// %%
await rollUpAll(db);
await expire();
const free = await partitions();

// %% [markdown]
// ## How much is there to forget?
//
// The 5-minute partitions of today are small. What costs is their number: a query that does not say which time it
// wants is [planned for each of
// them](https://www.postgresql.org/docs/current/ddl-partitioning.html#DDL-PARTITIONING-DECLARATIVE-BEST-PRACTICES).

// %%
const sizes = await query<{ kind: string; partitions: number; megabytes: number }>(db, `
  select part.kind, count(*) as partitions, round(sum(about.bytes) / 1e6, 1) as megabytes
    from event_partitions() as part
   cross join lateral describe_partition(part.name) as about
   group by 1 order by 1`);
table(sizes);

// %% [markdown]
// So forget early, or keep the old ones coarse: when an hour is over and every rollup has it, `maintain_partitions`
// makes one partition of its twelve; when the day is over, one of its hours. A week is some tens of partitions, not
// two thousand.
//
// Two hours of a day three weeks ago show it. The first try comes before the rollups. For the second the hours have
// just ended, which `older_than` says; for the third the day is long over.

// %%
const [{ hour }] = await query<{ hour: Date }>(db, `
  select date_trunc('day', now() - interval '21 days', 'UTC') + interval '8 hours' as hour`,
) as [{ hour: Date }];
const slots = `
  select $1::timestamptz + n * interval '5 minutes' as slot from generate_series(0, 23) as n`;
const look = async (when: string) => {
  const [found] = await query<{ partitions: number; events: number }>(db, `
    select count(distinct tableoid) as partitions, count(*) as events from events
     where event_time >= $1 and event_time < $1 + interval '2 hours'`, [hour]);
  return { when, ...found! };
};
await query(db, `
  select make_partition(slot, slot + interval '5 minutes') from (${slots}) as s`, [hour]);
await query(db, `
  insert into events (event_time, customer_id, event_type, country, browser, device_id, session_id)
  select slot, 900009, 'click', 'India', 'chrome', 1, 1 from (${slots}) as s`, [hour]);
const coarse = [await look('made')];

// %%
await query(db, 'call maintain_partitions()');
coarse.push(await look('not in the rollups yet'));
await rollUpAll(db);
await query(db, `call merge_partitions(older_than => $1::timestamptz + interval '2 hours')`, [hour]);
coarse.push(await look('the hours are over'));
await query(db, 'call maintain_partitions()');
coarse.push(await look('the day is over'));
await expire();
table(coarse);

// %% [markdown]
// ## Checkpoints

// %%
const [raw] = await query<{ left: number }>(db,
  'select count(*) as left from events where customer_id = 900009 and event_time < $1', [limit]);
const [rolled] = await query<{ events: number; devices: number }>(db, `
  select sum(event_count) as events,
         round(hll_cardinality(hll_union_agg(device_distinct_count))) as devices from rollup_events_5min
   where customer_id = 900009 and minute < $1`, [limit]);
const totals = await recount(db);
checkpoint('09.1', 'the default partition took the old events, and maintenance moved them with their ids',
  [taken, left, idsAfter === idsBefore], [3, 0, true],
  'A database of many days has partitions for them: `npm run reset -- 09`, then run the chapter again.');
checkpoint('09.2', 'partitions that not every rollup had counted were kept', homesKept, homesBefore);
checkpoint('09.3', 'then they were dropped', gone.size, atLeast(1));
checkpoint('09.4', 'while somebody writes, the partition is kept', busy[0]?.name, waiting[0]?.name);
checkpoint('09.5', 'and another writer was through first', ends, ['another writer', 'expire_events']);
checkpoint('09.6', 'an event that comes while it waits for the lock keeps the partition, too',
  [waited, lookedAgain[0]?.name], [true, waiting[0]?.name]);
checkpoint('09.7', 'after that it goes', free.some(({ name }) => name === waiting[0]?.name), false);
checkpoint('09.8', 'the raw events are gone', raw?.left, 0);
checkpoint('09.9', 'their counts and devices are not',
  [(rolled?.events ?? 0) >= 31, rolled?.devices], [true, 3]);

// %% [markdown]
// How many partitions are left, what they hold, and what the procedure said:

// %%
checkpoint('09.10', 'a week is some tens of partitions', free.length, between(8, 99));
checkpoint('09.11', 'what is counted and over becomes coarse, with all its events',
  coarse.map((then) => [then.partitions, then.events]), [[24, 24], [24, 24], [2, 24], [1, 24]]);
const planned = JSON.stringify(await query(db, 'explain select count(*) from events where event_id > 0'));
checkpoint('09.12', 'a query that names no time is planned for every partition',
  free.every(({ name }) => planned.includes(name)), true);
const reasons = ['is not in rollup_events_1hr yet', 'busy', 'arrived just now'];
checkpoint('09.13', 'each time it said why',
  reasons.filter((reason) => said.some((line) => line.includes(reason))), reasons);
checkpoint('09.14', 'rollup and recount agree on what is left',
  totals.map((row) => row.rolled_up_events), totals.map((row) => row.raw_events));

// %%
summary({
  learned: [
    'old events go by the partition, not by the row',
    'drop only what every rollup has passed, and check it under the lock',
    'a default partition loses nothing, and maintenance empties it',
  ],
  next: '10-scale-out',
});

// %% [markdown]
// You have built the whole pipeline. Two more chapters show what it does on several servers, and try to break it.
//
// **Read more:** [Citus and
// pg_partman](https://www.citusdata.com/blog/2018/01/24/citus-and-pg-partman-creating-a-scalable-time-series-database-on-PostgreSQL/)
