// %% [markdown]
// # See a customer's dashboard in one minute
//
// **5 minutes.** You run a product that records what its users do: page views, searches, clicks. Every one of
// your customers wants a live dashboard of *their own* events. There are thousands of customers, and the
// biggest of them sends a thousand times more events than the smallest.
//
// This workshop builds the part of a product that answers them, step by step, on PostgreSQL:
//
// ![Events come in by COPY, rollup functions count what is new, dashboards read the rollups, a scheduler runs
// it all](../docs/pictures/pipeline.svg)
//
// Raw events come in, one row each. *Rollup functions* count what is new into two tables that have one row a
// group, and dashboards read only those. A scheduler keeps it going and drops what is old.
//
// You need no more than some SQL. The TypeScript stays small, and it is explained where it is not.
//
// **How a notebook works:** click into the next cell and press *Shift + Enter*. It runs, shows its result
// below, and goes on to the next one. `[*]` beside a cell means that it is still running. Every cell may run
// twice.

// %% [markdown]
// ## Is everything there?
//
// `ready` connects to the database and builds what a chapter needs. For this first look it builds the finished
// pipeline: it makes some hundred thousand events, loads them and rolls them up. That takes half a minute the
// first time, and nothing after that. The line that it prints says which server you are on.

// %%
import { atLeast, biggestCustomers, checkpoint, describeServer, drawVegaLite, latestTime, query,
  ready, serverLine, show, summary, table, topDevices, trendByHour } from '../lib/index.ts';

const db = await ready('00');

// %% [markdown]
// The extensions below do the work that a rollup cannot do with plain counts. **hll** counts distinct things
// in 1,280 bytes, **topn** keeps lists of the most frequent ones, **pg_partman** makes partitions, **pg_cron**
// runs jobs. Where TopN is not installed, the kit brings the same functions in plain SQL.

// %%
const server = await describeServer(db);
table(Object.entries(server.extensions).map(([extension, version]) => ({ extension, version })));
serverLine(server);

// %% [markdown]
// ## What does an event look like?
//
// One row says: at this time, for this customer, this device did that. Nothing else is ever asked of the
// application.

// %%
await show(db, `
  select event_time, customer_id, event_type, country, browser, device_id, session_id
    from events order by event_id desc limit 5`);

// %% [markdown]
// ## The first dashboard
//
// The biggest customer's last two days, hour by hour. The chart reads 49 rows' worth of rollups, not the
// events: the three lines are counts that were prepared when the events came in.

// %%
const [customer] = await biggestCustomers(db, 1);
const question = { customerId: customer!.customer_id, asOf: await latestTime(db) };
const hours = await trendByHour(db, question);
await drawVegaLite({
  title: `Customer ${question.customerId}: the last two days by the hour`, width: 640, height: 260,
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
// The answer that stands behind it came in about a millisecond, and it stays that fast when there are a
// thousand times more events, because the size of a rollup depends on how many *groups* there are, not how
// many events.

// %%
table(await topDevices(db, question), {
  caption: 'Its ten most active devices of the last 30 minutes',
});

// %% [markdown]
// ## Checkpoints
//
// A green line like those below ends each step. It compares a value with what the chapter promises. If one is
// red, it says what to try.
//
// From chapter 02 on there are **exercises**, too: a task, a cell to change, and a check that says how far you
// are. Nothing later depends on them, so do them now, another time, or not at all. `reveal('02.1')` in a new
// cell shows a solution of exercise 02.1. (The key *B*, outside of the text of a cell, makes a new cell below.)

// %%
const [{ events } = { events: 0 }] = await query<{ events: number }>(
  db,
  'select count(*) as events from events',
);
checkpoint('00.1', 'there are events', events, atLeast(100_000));
checkpoint('00.2', 'two days have their hours', hours.length, atLeast(45));

// %%
summary({
  learned: [
    'what we build: events by COPY, rollups that keep up, dashboards that read only the rollups',
    'every cell can run twice, and `ready` builds what a chapter needs',
  ],
  next: '01-connect',
});

// %% [markdown]
// **Read more:** [the tutorial of 2018](https://github.com/citusdata/pgopensv-analytics-tutorial) that this
// workshop follows, and [its
// slides](https://docs.google.com/presentation/d/1294AeJ1EZXN6Ae1URD4DqW-ekHIc977atQoMDQnJc_M/edit?usp=sharing)
