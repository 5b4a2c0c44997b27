// %% [markdown]
// # See a customer's dashboard in one minute
//
// **5 minutes.** You run a product that records what its users do: clicks, downloads, purchases. Every one of
// your customers wants a live dashboard of *their own* events. There are a thousand customers, and the biggest
// of them sends hundreds of times more events than the smallest.
//
// This workshop builds the part of a product that answers them, step by step, on PostgreSQL:
//
// ![Events come in by COPY, rollup functions count what is new, dashboards read the rollups, a scheduler runs
// it all](../docs/pictures/pipeline.svg)
//
// Raw events come in, one row each. *Rollup functions* count what is new into two tables, the *rollups*, that
// have one row for each group of events. Dashboards read only those. A scheduler keeps it going and drops what
// is old.
//
// **How a notebook works:** click into the next cell and press *Shift + Enter*. It runs, shows its result
// below, and goes on to the next one. `[*]` beside a cell means that it is still running. A notebook may
// run again from its top, and a cell too; the few that refuse say so in the text above them. When you are through with
// a notebook, *File → Close and Shut Down Notebook* gives its memory back.
//
// **How to read the code:** you need no more than some SQL, and it stands between back-ticks. Cells that draw a chart
// can be run unread. `await` waits
// for an answer. `a?.b` and `a!.b` read `b` of something that might not be there.

// %% [markdown]
// ## Is everything there?
//
// `ready` connects to the database and builds what a chapter needs. For this first look it builds the finished
// pipeline: it makes 400,000 events, loads them and rolls them up. That takes about half a minute on a laptop the first
// time, and next to nothing after that. Below its bar of chapters it says how long it took, and which server you
// are on.

// %%
import { atLeast, biggestCustomers, checkpoint, describeServer, drawVegaLite, latestTime, query,
  readSql, ready, show, summary, table, topDevices, trendByHour } from '../lib/index.ts';

const db = await ready('00');

// %% [markdown]
// ## What does an event look like?
//
// One row says: at this time, for this customer, this device did that, in this session, from this country with this
// browser. Nothing else is asked of the application. Here are the latest five.

// %%
await show(db, `
  select event_time, customer_id, event_type, country, browser, device_id, session_id
    from events order by event_id desc limit 5`);

// %% [markdown]
// ## The first dashboard
//
// The biggest customer's last two days, hour by hour: events, and the different sessions and devices that they
// came from. No event is counted now: the three lines come from the hourly rollup, which has the counts ready.

// %%
const [customer] = await biggestCustomers(db, 1);
const customerId = customer!.customer_id;
const question = { customerId, asOf: await latestTime(db, customerId) };
const started = performance.now();
const hours = await trendByHour(db, question);
const milliseconds = performance.now() - started;
await drawVegaLite({
  title: `Customer ${customerId}: the last two days by the hour`, width: 640, height: 260,
  data: { values: hours.map((row) => ({ ...row, hour: row.hour.toISOString() })) },
  transform: [{ fold: ['event_count', 'session_count', 'device_count'], as: ['what', 'count'] }],
  mark: { type: 'line', point: { size: 18 }, tooltip: true },
  encoding: {
    x: { field: 'hour', type: 'temporal', title: null, scale: { type: 'utc' } },
    y: { field: 'count', type: 'quantitative', title: 'per hour' },
    color: { field: 'what', type: 'nominal', title: null },
  },
});

// %% [markdown]
// Point at the chart: it tells you the values. Days go up and down, as people do.
//
// How much work was that? Two days touch up to 49 hours, the first and the last in part. Each hour has a row for
// each *group*: event type, country and browser. There are never more rows than groups; more events make the numbers in
// them higher (chapter 06 counts both).

// %%
const [read] = await query<{ rows: number }>(db, `
  select count(*) as rows from rollup_events_1hr
   where customer_id = $1 and hour between $2 and $3`,
  [customerId, hours[0]!.hour, question.asOf]);
const events = hours.reduce((sum, hour) => sum + hour.event_count, 0);
table([{ hours: hours.length, rollup_rows: read!.rows, events_in_them: events,
  answered_in_ms: milliseconds }]);

// %% [markdown]
// Each group also keeps a list of its most active devices. For the last 30 minutes, the rollup by 5 minutes is the
// one to ask.

// %%
table(await topDevices(db, question), {
  caption: 'Its ten most active devices of the last 30 minutes',
});

// %% [markdown]
// ## What does the work?
//
// PostgreSQL can be extended. **hll** counts distinct things in little space, **topn** keeps lists of the most
// frequent ones, **pg_partman** splits a table by time into *partitions*, **pg_cron** runs jobs. Each has its
// chapter. Where one of the last three is not in the list below, plain SQL or the kit does its work.

// %%
const server = await describeServer(db);
table(Object.entries(server.extensions).map(([extension, version]) => ({ extension, version })));

// %% [markdown]
// ## Checkpoints
//
// A chapter ends with green lines like those below. Each compares a value with what the chapter promises. If
// one is red, it says what to try. You need not read their code.
//
// From chapter 02 on there are **exercises**, too: a task, a cell to change, and a check that says how far you
// are. Nothing later depends on them, so do them now, another time, or not at all. `reveal('02.1')` in a new
// cell shows a solution of exercise 02.1. (The key *B*, outside of the text of a cell, makes a new cell below.)

// %%
const [customers] = await query<{ found: number; ratio: number; events: number }>(db, `
  select count(*) as found, (max(events) / min(events))::int as ratio, sum(events)::bigint as events
    from (select sum(event_count) as events from rollup_events_1hr
           where customer_id <= 1000 group by customer_id) as customers`);
checkpoint('00.1', 'there are a thousand customers', customers?.found, 1000);
checkpoint('00.2', 'the biggest sends hundreds of times more than the smallest',
  customers!.ratio, atLeast(200));
checkpoint('00.3', 'each hour of two days that has events is in the chart, and there are up to 49',
  [hours.length, hours.length <= 49], [(await trendByHour(db, { ...question, from: 'raw' })).length, true]);
checkpoint('00.4', 'fewer rows were read than events were counted', read!.rows < events, true);
checkpoint('00.5', '400,000 events are rolled up', customers!.events, atLeast(400_000));

// %% [markdown]
// Two more, about the dashboard: which tables its query reads, by its plan, and how the afternoons compare with the
// nights.

// %%
const plan = await query<{ 'QUERY PLAN': string }>(db,
  `explain ${readSql('07-trend-hours.sql')}`, [customerId, question.asOf]);
const tables = plan.flatMap((line) => line['QUERY PLAN'].match(/ on (rollup_events_1hr|events)/)?.[1] ?? []);
checkpoint('00.6', 'the dashboard reads the rollup, and no event', [...new Set(tables)], ['rollup_events_1hr']);
const [day] = await query<{ ratio: number }>(db, `
  select (sum(event_count) filter (where at between 14 and 16)
        / sum(event_count) filter (where at between 2 and 4))::float8 as ratio
    from rollup_events_1hr, extract(hour from hour at time zone 'UTC') as at
   where customer_id <= 1000`);
checkpoint('00.7', 'days go up and down', day!.ratio, atLeast(2));

// %%
summary({
  learned: [
    'what we build: events by COPY, rollups that keep up, dashboards that read only the rollups',
    'what a dashboard reads depends on the groups, not on the number of events',
    '`ready` builds what a chapter needs',
  ],
  next: '01-connect',
});

// %% [markdown]
// **Read more:** [the tutorial of 2018](https://github.com/citusdata/pgopensv-analytics-tutorial) that this
// workshop follows, and [its
// slides](https://docs.google.com/presentation/d/1294AeJ1EZXN6Ae1URD4DqW-ekHIc977atQoMDQnJc_M/edit?usp=sharing)
