// %% [markdown]
// # Aggregate, twice, and recount
//
// **7 minutes.** You run the rollups over everything that is loaded, run them again to see that nothing is
// counted twice, and then do what no dashboard ever should: count all raw events, to see that the numbers are
// the same.
//
// **What you need:** loaded events. `ready` loads some if there are none.

// %%
import { atLeast, between, checkpoint, COLOURS, countTasks, describeServer, drawPlot, drawVegaLite,
  exercise, needsSeveralNodes, progressBar, query, ready, recount, rollUpAll, rollUpMinutes, summary,
  table, watermarks } from '../lib/index.ts';
import * as Plot from '@observablehq/plot';

const db = await ready('06');

// %% [markdown]
// ## How far behind are we?
//
// The watermark of each rollup (chapter 03) against the last id that was handed out. The difference is the
// *backlog*. (If it is 0, chapter 05 was left out, or this chapter has run before. The rest works all the same;
// `await resetTo('06')` in a new cell makes a backlog, by building all the workshop's tables anew.)

// %%
const before = await query<{ name: string; watermark: number; backlog: number }>(db, `
  select name, last_aggregated_id as watermark,
         pg_sequence_last_value(event_id_sequence_name::regclass) - last_aggregated_id as backlog
    from rollups order by name`);
table(before);

// %% [markdown]
// ## Run them
//
// One call. It works through the backlog in windows of 100,000 events at most, first for one rollup, then for the
// other, and commits after each: if something stops it, what is done stays done, and the next call goes on from
// there. The bar counts windows.

// %%
const started = performance.now();
await rollUpAll(db, {
  maxEvents: 100_000, onProgress: progressBar('Rolling up', { unit: 'windows' }),
});
const firstSeconds = (performance.now() - started) / 1000;
`${firstSeconds.toFixed(1)} s`;

// %% [markdown]
// ## Run them again
//
// Nothing new came in, so there is nothing to do: the window is empty, and no watermark moves.

// %%
const marks = await watermarks(db);
const restarted = performance.now();
await rollUpAll(db);
const secondSeconds = (performance.now() - restarted) / 1000;
const empty = await rollUpMinutes(db);
const marksAgain = await watermarks(db);
`${(secondSeconds * 1000).toFixed(0)} ms, window ${empty.start_id} to ${empty.end_id}: empty`;

// %% [markdown]
// ## Recount
//
// The same total two ways: `sum(event_count)` over a rollup, and `count(*)` over the raw events up to its
// watermark. One event too few or too many shows here (in exercise 11.1 you try it).

// %%
const totals = await recount(db);
table(totals);

// %% [markdown]
// ## On a cluster: a join that stays at home
//
// Customer by customer, the recount is a *join* of raw events and rollup. Both live on the same node, so each node
// joins its own customers, and only the result travels. `explain` says how many queries to shards a statement becomes:
// its *task count* (chapter 02). For one customer it is one, and one node does all the work.

// %%
const join = (customers: string) => `
  select count(*) as customers,
         count(*) filter (where raw.events is distinct from rolled_up.events) as disagree
    from (select customer_id, count(*) as events from events where ${customers} group by 1) as raw
    left join (select customer_id, sum(event_count) as events from rollup_events_5min
           where ${customers} group by 1) as rolled_up
   using (customer_id)`;
const answers: { where: string; disagree: number; tasks: number; ms: number }[] = [];
if (needsSeveralNodes(await describeServer(db), 'a join on each node')) {
  for (const customers of ['customer_id = 1', 'customer_id > 0']) {
    const tasks = await countTasks(db, join(customers));
    const start = performance.now();
    const [answer] = await query<{ customers: number; disagree: number }>(db, join(customers));
    answers.push({ where: customers, ...answer!, tasks, ms: performance.now() - start });
  }
  table(answers);
}

// %% [markdown]
// ### Exercise 06.1: the proof for one customer
//
//
// The recount above is over everybody. One customer calls and doubts their numbers.
//
// **Task:** write a query that gives two numbers for customer 900006: the raw events up to the watermark of
// `rollup_events_5min`, and the sum of the events in that rollup. **Done when** they agree on events that
// the check makes, of which one is not rolled up yet.
//
// <details><summary>Hint</summary>
//
// `select (select …) as raw, (select …) as rolled_up` puts two answers side by side. The watermark is `last_aggregated_id` in the table `rollups`.
//
// </details>
//
// **Read:** [scalar subqueries](https://www.postgresql.org/docs/current/sql-expressions.html#SQL-SYNTAX-SCALAR-SUBQUERIES)

// %%
let proof = `
  -- your query
`;
//#region solution
proof = `
  select
    (select count(*) from events
      where customer_id = 900006
        and event_id <= (select last_aggregated_id from rollups where name = 'rollup_events_5min')) as raw,
    (select sum(event_count) from rollup_events_5min
      where customer_id = 900006) as rolled_up`;
//#endregion
await exercise('06.1', db, proof);

// %% [markdown]
// ## How much smaller is it?
//
// Events against rollup rows. The rollups are smaller, and not tiny: more than half of the 5-minute groups hold a
// single event.

// %%
const sizes = await query<{ what: string; rows: number }>(db, `
  select 'events' as what, count(*) as rows from events
  union all select '5-minute rollup', count(*) from rollup_events_5min
  union all select 'hourly rollup', count(*) from rollup_events_1hr`);

// %%
drawPlot({
  title: 'Rows to read', width: 640, height: 180, marginLeft: 110, marginRight: 70, marginBottom: 40,
  x: { grid: true, label: 'rows', labelAnchor: 'center', ticks: 5 },
  y: { label: null },
  marks: [
    Plot.barX(sizes, { x: 'rows', y: 'what', fill: 'what', sort: { y: '-x' } }),
    Plot.text(sizes, {
      x: 'rows', y: 'what', dx: 4, textAnchor: 'start',
      text: (row) => row.rows.toLocaleString('en-US'),
    }),
  ],
  color: { range: [COLOURS.sky, COLOURS.grey, COLOURS.blue] },
});

// %% [markdown]
// The big customers are the ones that need it, and a rollup does more for them. Below, each dot is a customer: its
// events to the right, its 5-minute groups upwards. On the dashed line each event would be a group of its own; the
// further below it, the more is saved. There can be no more groups than combinations of type, country, browser and
// 5 minutes, however many events come. (Both axes are logarithmic: the same distance is the same factor.)

// %%
const customers = await query<{ customer_id: number; events: number; groups: number }>(db, `
  select customer_id, sum(event_count) as events, count(*) as groups
    from rollup_events_5min where customer_id < 900000
   group by customer_id order by events desc limit 300`);
const axis = { type: 'quantitative', axis: { labelSeparation: 12 } } as const;
const log = { ...axis, scale: { type: 'log', nice: false } } as const;
await drawVegaLite({
  title: 'Events and groups of the 300 biggest customers', width: 560, height: 260,
  data: { values: customers },
  layer: [
    { mark: { type: 'point', filled: true, opacity: 0.6, tooltip: { content: 'data' } } },
    {
      mark: { type: 'line', strokeDash: [4, 4], color: '#8c8c8c' },
      encoding: { y: { field: 'events', type: 'quantitative' } },
    },
  ],
  encoding: {
    x: { field: 'events', title: 'events', ...log },
    y: { field: 'groups', title: '5-minute groups', ...log },
  },
});

// %% [markdown]
// ### Exercise 06.2: roll up the rollup
//
//
// What is rolled up can be rolled up again: hours out of the 5-minute groups, without a look at the events.
//
// **Task:** write a query over `rollup_events_5min` that gives the hours of customer 900006: `hour`,
// `events`, `devices`. **Done when** it is right for groups that the check makes, in every time zone.
//
// <details><summary>Hint</summary>
//
// Counts add up, sketches merge (chapter 04), and `date_trunc` takes the time zone as its third argument.
//
// </details>
//
// **Read:** [date_trunc](https://www.postgresql.org/docs/current/functions-datetime.html#FUNCTIONS-DATETIME-TRUNC)

// %%
let byHour = `
  -- your query
`;
//#region solution
byHour = `
  select date_trunc('hour', minute, 'UTC') as hour, sum(event_count) as events,
         hll_cardinality(hll_union_agg(device_distinct_count)) as devices
    from rollup_events_5min
   where customer_id = 900006
   group by 1`;
//#endregion
await exercise('06.2', db, byHour);

// %% [markdown]
// ## Late events
//
// An event can arrive hours after it happened: a phone was off. Its id is new, so it is in the next window;
// its *time* is old, so it goes into the bucket where it belongs. Insert one from yesterday and roll up: yesterday
// has one event more.

// %%
const ofYesterday = () => query<{ events: number }>(db, `
  select coalesce(sum(event_count), 0)::bigint as events from rollup_events_5min
   where customer_id = 900006 and minute < now() - interval '23 hours'`);
const [beforeLate] = await ofYesterday();
await query(db, `
  insert into events (event_time, customer_id, event_type, country, browser, device_id, session_id)
  values (now() - interval '1 day', 900006, 'click', 'India', 'chrome', 1, 1)`);
await rollUpAll(db);
const [afterLate] = await ofYesterday();
table([{ before: beforeLate?.events, after: afterLate?.events }], { caption: 'events of yesterday' });

// %% [markdown]
// ## Checkpoints

// %%
checkpoint('06.1', 'there was something to count', totals[0]?.raw_events ?? 0, atLeast(100_000));
checkpoint('06.2', 'the second run had nothing to do',
  [empty.end_id < empty.start_id, marksAgain], [true, marks]);
checkpoint('06.3', 'both rollups count every event once',
  totals.map((row) => row.rolled_up_events), totals.map((row) => row.raw_events));
const eventsInGroup = customers.map(({ events, groups }) => events / groups);
checkpoint('06.4', 'the groups of the biggest customer hold more events than those of the 300th',
  eventsInGroup[0]! > eventsInGroup.at(-1)!, true);
checkpoint('06.5', 'a late event is counted in yesterday',
  (afterLate?.events ?? 0) - (beforeLate?.events ?? 0), 1);
const [allEvents, byMinutes, byHours] = ['events', '5-minute rollup', 'hourly rollup'].map(
  (what) => sizes.find((size) => size.what === what)!.rows) as [number, number, number];
checkpoint('06.6', 'each rollup has fewer rows, and not a tenth only',
  [allEvents > byMinutes, byMinutes > byHours, byHours > allEvents / 10], [true, true, true]);
const [single] = await query<{ percent: number }>(db, `
  select (100.0 * count(*) filter (where event_count = 1) / count(*))::float8 as percent
    from rollup_events_5min where customer_id < 900000`);
checkpoint('06.7', 'more than half of the 5-minute groups hold one event', single!.percent, between(50, 100));

// %% [markdown]
// And what if something stops it? Of 25 events, one window takes ten. Then somebody holds the hourly rollup, and the call
// gives up half-way. What is done stays done, and the next call goes on from there.

// %%
await query(db, `
  insert into events (customer_id, event_type, country, browser, device_id, session_id)
  select 900006, 'click', 'India', 'chrome', n, n from generate_series(1, 25) as n`);
const [ten] = await query<{ start_id: number; end_id: number }>(db,
  'select * from five_minutely_aggregation(max_events => 10)');
const holder = await db.connect();
await holder.query(`begin; select from rollups where name = 'rollup_events_1hr' for update`);
const stopped = await query(db, `call aggregate_events(10, '500 milliseconds')`).then(() => 'done', String);
const [hourly, minutely] = await watermarks(db); // by name
await holder.query('rollback');
holder.release();
await rollUpAll(db);
checkpoint('06.8', 'a window is as large as it may be', ten!.end_id - ten!.start_id + 1, 10);
checkpoint('06.9', 'a call that is stopped half-way keeps what it has done',
  [/lock timeout/.test(stopped), minutely!.last_aggregated_id - hourly!.last_aggregated_id], [true, 25]);
checkpoint('06.10', 'and the next one goes on', (await recount(db)).map((row) => row.equal), [true, true]);
if (answers.length) {
  checkpoint('06.11', 'on each node, rollup and raw events agree, customer by customer',
    answers.map(({ disagree }) => disagree), [0, 0]);
  checkpoint('06.12', 'one query for one customer, several for all',
    [answers[0]!.tasks, answers[1]!.tasks > 1], [1, true]);
}

// %%
summary({
  learned: [
    'a rollup may run at any time, any number of times',
    'recounting the raw events is the proof, and belongs into your tests',
    'late events land in the bucket of their time',
  ],
  next: '07-dashboards',
});
