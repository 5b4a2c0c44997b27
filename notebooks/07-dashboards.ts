// %% [markdown]
// # Answer four questions in milliseconds
//
// **10 minutes.** The four questions of the tutorial, each with its statement and its chart. Then the same
// questions on the raw events, to see what the rollups cost in exactness and save in time.
//
// **What you need:** rolled-up events. `ready` makes some if there are none.

// %%
import { atLeast, between, biggestCustomers, checkpoint, COLOURS, countTasks, describeServer, drawPlot,
  drawVegaLite, exercise, lastMinutes, latestTime, needsSeveralNodes, query, readSql, ready,
  sessionsOfWeek, showFile, summary, table, topDevices, trendByHour } from '../lib/index.ts';
import * as Plot from '@observablehq/plot';

const db = await ready('07');

// %% [markdown]
// ## Whose dashboard, and as of when?
//
// Every question is about **one customer**. Leaving that out would show everybody's data to everybody; on a
// cluster it would also ask every node.
//
// Every question has a **clock**, too: the time from which "the last 5 minutes" counts back. In production that is
// `now()`. Here it is the end of the five minutes of the customer's newest event, so that the charts look the same
// tomorrow.

// %%
const customers = await biggestCustomers(db, 5);
const customerId = customers[0]!.customer_id;
const asOf = await latestTime(db, customerId);
const question = { customerId, asOf };
table(customers, { caption: `the biggest customers; the clock stands at ${asOf.toISOString()}` });

// %% [markdown]
// ## 1. How many events and devices in the last 5 minutes?
//
// Sketches of several groups are merged first (`hll_union_agg`), and counted once at the end
// (`hll_cardinality`).

// %%
showFile('07-last-minutes.sql');
const now = await lastMinutes(db, question);
table([now]);

// %% [markdown]
// A number says more beside its neighbours. The last three hours in pieces of 5 minutes; the last bar is the
// answer above. (It is low where those five minutes have only begun when the events end.)

// %%
const recent = await query<{ minute: Date; events: number }>(db, `
  select minute, sum(event_count) as events from rollup_events_5min
   where customer_id = $1
     and minute >= $2::timestamptz - interval '3 hours' and minute < $2
   group by minute order by minute`, [customerId, asOf]);
await drawVegaLite({
  title: 'Events in 5 minutes', width: 640, height: 180,
  data: {
    values: recent.map((row, at) => ({
      ...row, minute: row.minute.toISOString(), last: at === recent.length - 1,
    })),
  },
  mark: { type: 'bar', size: 12, tooltip: true },
  encoding: {
    x: {
      field: 'minute', type: 'temporal', title: null,
      scale: { type: 'utc' }, axis: { format: '%H:%M' },
    },
    y: { field: 'events', type: 'quantitative', title: 'events' },
    color: { field: 'last', legend: null, scale: { range: [COLOURS.sky, COLOURS.red] } },
  },
});

// %% [markdown]
// ### Exercise 07.1: whose events are these?
//
//
// This query is on the dashboard of customer 900007. It has a fault that no chart shows.
//
// **Task:** find it and mend it. **Done when** events of another customer do not change the answer.
//
// <details><summary>Hint</summary>
//
// Read the first sentence of this chapter's first section again.
//
// </details>
//
// **Read:** [multi-tenant applications with Citus](https://docs.citusdata.com/en/stable/use_cases/multi_tenant.html)

// %%
let lastHour = `
  select sum(event_count) as events
    from rollup_events_5min
   where minute >= now() - interval '1 hour'`;
//#region solution
lastHour = `
  select sum(event_count) as events
    from rollup_events_5min
   where customer_id = 900007
     and minute >= now() - interval '1 hour'`;
//#endregion
await exercise('07.1', db, lastHour);

// %% [markdown]
// ## 2. How many sessions in the last week?
//
// The same idea over the hourly rollup, which has fewer rows for so long a time (chapter 06). (The tutorial's
// statement counted devices here; this one counts sessions.)

// %%
showFile('07-sessions-week.sql');
const week = await sessionsOfWeek(db, question);
table([week]);

// %% [markdown]
// Could we not simply add up the counts of the groups? A session with a click and a scroll is in two groups, and
// it would be counted twice:

// %%
const [sums] = await query<{ added_up: number; merged: number }>(db, `
  select round(sum(hll_cardinality(session_distinct_count))) as added_up,
         round(hll_cardinality(hll_union_agg(session_distinct_count))) as merged
    from rollup_events_1hr
   where customer_id = $1
     and hour >= date_trunc('hour', $2::timestamptz - interval '168 hours', 'UTC')
     and hour <= $2`, [customerId, asOf]);
table([sums!]);

// %% [markdown]
// Because sketches merge, the same rows give a distinct count for any stretch of time: below, for each day. (The
// first and the last bar are parts of a day. Do not add the days up either: a session that lasts past midnight is
// in two of them.)

// %%
const days = await query<{ day: Date; sessions: number }>(db, `
  select date_trunc('day', hour, 'UTC') as day,
         hll_cardinality(hll_union_agg(session_distinct_count)) as sessions
    from rollup_events_1hr
   where customer_id = $1 and hour >= $2::timestamptz - interval '7 days' and hour < $2
   group by 1 order by 1`, [customerId, asOf]);
drawPlot({
  title: 'Sessions by day', width: 640, height: 220, marginLeft: 60,
  x: { label: null, type: 'band', tickFormat: '%a %d' },
  y: { grid: true, label: 'sessions' },
  marks: [
    Plot.barY(days, { x: 'day', y: 'sessions', fill: COLOURS.green, insetLeft: 4, insetRight: 4 }),
    Plot.ruleY([0]),
  ],
});

// %% [markdown]
// ### Exercise 07.2: where do the sessions come from?
//
//
// A fifth question for the dashboard.
//
// **Task:** write a query over `rollup_events_1hr` that gives the three countries with the most distinct
// sessions of customer 900007 in the last 7 days, and their sessions. **Done when** it is right for groups
// that the check makes.
//
// <details><summary>Hint</summary>
//
// A session can be in several groups: merge `session_distinct_count` for each country, count, then sort and
// limit. The clock is `now()` here.
//
// </details>
//
// **Read:** [sorting](https://www.postgresql.org/docs/current/queries-order.html) and [limit](https://www.postgresql.org/docs/current/queries-limit.html)

// %%
let countries = `
  -- your query
`;
//#region solution
countries = `
  select country, hll_cardinality(hll_union_agg(session_distinct_count)) as sessions
    from rollup_events_1hr
   where customer_id = 900007 and hour >= now() - interval '7 days'
   group by country order by sessions desc limit 3`;
//#endregion
await exercise('07.2', db, countries);

// %% [markdown]
// ## 3. What is the trend of the last two days, by the hour?
//
// One row an hour comes out of the database, however many events went in.

// %%
showFile('07-trend-hours.sql');
const trend = await trendByHour(db, question);
table(trend, { limit: 4 });

// %%
await drawVegaLite({
  title: 'Events, sessions and devices by the hour', width: 640, height: 240,
  data: { values: trend.map((row) => ({ ...row, hour: row.hour.toISOString() })) },
  transform: [{ fold: ['event_count', 'session_count', 'device_count'], as: ['what', 'count'] }],
  mark: { type: 'line', interpolate: 'monotone', tooltip: true, strokeWidth: 2 },
  encoding: {
    x: { field: 'hour', type: 'temporal', title: null, scale: { type: 'utc' } },
    y: { field: 'count', type: 'quantitative', title: 'per hour' },
    color: { field: 'what', type: 'nominal', title: null },
  },
});

// %% [markdown]
// ## 4. Which devices are the most active of the last 30 minutes?
//
// The TopN lists of the groups in these 30 minutes are added up, device by device, and the ten largest sums come out.
// (Chapter 04's `topn_union_agg` makes one big list of them; for ten devices that is not needed.)

// %%
showFile('07-top-devices.sql');
const top = await topDevices(db, question);

// %%
drawPlot({
  title: 'The ten most active devices', width: 560, height: 290, marginLeft: 80, marginBottom: 40,
  x: { grid: true, label: 'events', labelAnchor: 'center' },
  y: { label: null, tickFormat: String },
  marks: [
    Plot.barX(top, { x: 'frequency', y: 'device_id', fill: COLOURS.orange, sort: { y: '-x' } }),
    Plot.text(top, {
      x: 'frequency', y: 'device_id', text: 'frequency', dx: 4, textAnchor: 'start',
    }),
  ],
});

// %% [markdown]
// ## Rollup against raw: what is won?
//
// The same four questions to the raw events. `milliseconds` asks a question five times and keeps the median: the
// third of the five times.

// %%
const names = ['last-minutes', 'sessions-week', 'trend-hours', 'top-devices'];
async function milliseconds(file: string): Promise<number> {
  const text = readSql(file);
  const times: number[] = [];
  for (let run = 0; run < 5; run++) {
    const start = performance.now();
    await db.query(text, [customerId, asOf]);
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[2]!;
}

// %% [markdown]
// Numbers above the line are the rollups, those below it the raw events; the axis is logarithmic. An answer takes
// longer the more rows it reads: groups in a rollup, events in the raw table. For a few minutes of time both are few,
// and the two may be near each other, or swapped; a week is another matter. (The statements on
// raw events are `sql/07-raw-*.sql`.)

// %%
const timings: { question: string; from: string; ms: number }[] = [];
for (const name of names) {
  const [rollup, raw] = [`07-${name}.sql`, `07-raw-${name}.sql`];
  timings.push({ question: name, from: 'rollup', ms: await milliseconds(rollup) });
  timings.push({ question: name, from: 'raw', ms: await milliseconds(raw) });
}
const place = { x: 'ms', y: 'question', text: (row: { ms: number }) => row.ms.toFixed(1) };
drawPlot({
  title: 'Milliseconds for an answer', width: 680, height: 260, marginLeft: 110, marginBottom: 40,
  x: { type: 'log', grid: true, label: 'ms', labelAnchor: 'center' },
  y: { label: null, domain: names },
  color: { domain: ['rollup', 'raw'], range: [COLOURS.blue, COLOURS.orange], legend: true },
  marks: [
    Plot.ruleY(names, { stroke: '#ddd' }),
    Plot.dot(timings, { x: 'ms', y: 'question', fill: 'from', r: 6 }),
    Plot.text(timings.filter(({ from }) => from === 'rollup'), { ...place, dy: -14 }),
    Plot.text(timings.filter(({ from }) => from === 'raw'), { ...place, dy: 14 }),
  ],
});

// %% [markdown]
// ## And what is lost?
//
// Counts are equal to the last event. Distinct counts are estimates: two out of three are within 2.3 %, the standard
// error, and on small sets they are nearly exact (chapter 04).

// %%
const raw = { ...question, from: 'raw' as const };
const exact = {
  now: await lastMinutes(db, raw),
  week: await sessionsOfWeek(db, raw),
  trend: await trendByHour(db, raw),
  top: await topDevices(db, raw),
};
const off = 100 * (week.session_count / exact.week.session_count - 1);
table(
  [
    { question: 'events, last 5 minutes', rollup: now.event_count, raw: exact.now.event_count },
    { question: 'devices, last 5 minutes', rollup: now.device_count, raw: exact.now.device_count },
    { question: 'events, week', rollup: week.event_count, raw: exact.week.event_count },
    { question: 'sessions, week', rollup: week.session_count, raw: exact.week.session_count },
  ],
  { caption: `the sessions of the week are off by ${off.toFixed(2)} %` },
);

// %% [markdown]
// ## On a cluster: one node answers
//
// A question with `customer_id = …` is a *router query*: the coordinator sends it, as a whole, to the one node that
// has this customer. Without it, every shard is asked and the coordinator merges the answers. The number beside a dot
// is the *task count* that `explain` tells: queries to shards.

// %%
const everybody = (text: string) => text.replace('customer_id = $1::bigint', '$1::bigint > 0');
const routes: { question: string; who: string; tasks: number; ms: number }[] = [];
async function route(question: string, who: string, text: string): Promise<void> {
  const tasks = await countTasks(db, text, [customerId, asOf]);
  const start = performance.now();
  await db.query(text, [customerId, asOf]);
  routes.push({ question, who, tasks, ms: performance.now() - start });
}
if (needsSeveralNodes(await describeServer(db), 'a query to one node or to all')) {
  for (const name of names) {
    await route(name, 'one customer', readSql(`07-${name}.sql`));
    await route(name, 'all', everybody(readSql(`07-${name}.sql`)));
  }
  drawPlot({
    title: 'Milliseconds, and queries to shards',
    width: 680, height: 230, marginLeft: 110, marginBottom: 40,
    x: { type: 'log', grid: true, label: 'ms', labelAnchor: 'center' }, y: { label: null },
    color: { domain: ['one customer', 'all'], range: [COLOURS.blue, COLOURS.orange], legend: true },
    marks: [
      Plot.ruleY(names, { stroke: '#ddd' }),
      Plot.dot(routes, { x: 'ms', y: 'question', fill: 'who', r: 6 }),
      Plot.text(routes, { x: 'ms', y: 'question', text: 'tasks', dy: -14 }),
    ],
  });
}

// %% [markdown]
// ## Checkpoints

// %%
checkpoint('07.1', 'events of the last 5 minutes are exact', now.event_count, exact.now.event_count);
checkpoint('07.2', 'and the last bar shows them', recent.at(-1)?.events, now.event_count);
checkpoint('07.3', 'events of the week are exact', week.event_count, exact.week.event_count);
checkpoint('07.4', 'sessions of the week are within 4 standard errors', Math.abs(off), between(0, 9.2));
checkpoint('07.5', 'groups that are merged make the week, groups that are added up far too many',
  [sums!.merged, sums!.added_up > 1.2 * exact.week.session_count], [week.session_count, true]);
checkpoint('07.6', 'each hour of the trend has its events',
  trend.filter((row, at) => row.event_count === exact.trend[at]?.event_count).length, exact.trend.length);
checkpoint('07.7', 'the ten most active devices are exact',
  top.map((row) => `${row.device_id}: ${row.frequency}`), exact.top.map((row) => `${row.device_id}: ${row.frequency}`));

// %% [markdown]
// And the sizes behind the times, the midnights, and the error of each hour:

// %%
const [rows] = await query<{ groups: number; events: number }>(db, `
  select count(*) as groups, sum(event_count) as events from rollup_events_1hr
   where customer_id = $1 and hour >= $2::timestamptz - interval '7 days' and hour < $2`, [customerId, asOf]);
checkpoint('07.8', 'a week has far fewer groups than events', rows!.events / rows!.groups, atLeast(3));
const [daily] = await query<{ added_up: number; sessions: number }>(db, `
  select count(*) as added_up, count(distinct session_id) as sessions from (
    select distinct date_trunc('day', event_time, 'UTC'), session_id from events
     where customer_id = $1 and event_time >= $2::timestamptz - interval '7 days' and event_time < $2
    ) as sessions_by_day`, [customerId, asOf]);
checkpoint('07.9', 'days added up count some sessions twice', daily!.added_up > daily!.sessions, true);
const offs = trend.flatMap((row, at) => (['device_count', 'session_count'] as const)
  .map((key) => Math.abs(100 * (row[key] / exact.trend[at]![key] - 1))));
checkpoint('07.10', 'devices and sessions of each hour are within 5 standard errors',
  Math.max(...offs), between(0, 11.5));
if (routes.length)
  checkpoint('07.11', 'a question about one customer asks one shard, one about all asks several',
    routes.map(({ who, tasks }) => (who === 'all' ? tasks > 1 : tasks)),
    [1, true, 1, true, 1, true, 1, true]);

// %%
summary({
  learned: [
    'one customer, a stated clock, the rollups: nothing else',
    'merge sketches first, count last',
    'counts are exact, distinct counts are within a few percent',
  ],
  next: '08-schedule',
});

// %% [markdown]
// **Read more:** [Real-time analytics dashboards with
// Citus](https://www.citusdata.com/blog/2017/12/27/real-time-analytics-dashboards-with-citus/)
