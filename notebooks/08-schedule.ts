// %% [markdown]
// # Let it run by itself, and watch it move
//
// **10 minutes.** A scheduler calls the rollups, a live stream of events comes in, and a chart is redrawn in
// place while you watch. A function closes the gap between the last rollup and now.
//
// **What you need:** rolled-up events. `ready` makes some if there are none.

// %%
import { atLeast, between, checkpoint, COLOURS, describeServer, drawVegaLite, exercise, html, Live, matching,
  query, ready, recount, rollUpAll, runFile, streamEvents, summary, table } from '../lib/index.ts';
import { setTimeout as sleep } from 'node:timers/promises';

const db = await ready('08');

// %% [markdown]
// ## The schedule
//
// **pg_cron** runs SQL inside the server, at times that you give. Three jobs are all that the pipeline needs: one
// rolls up, one makes partitions ahead and puts old ones together, one drops old events (chapter 09). A job runs [once
// at a time](https://github.com/citusdata/pg_cron#what-is-pg_cron), and a rollup that fails has changed nothing: the
// next one does its work (chapter 11).
//
// Newer versions of pg_cron run jobs every few seconds. Before 1.5 a minute is the least, so there the job
// repeats the rollup through its minute (`sql/08-keep-aggregating.sql`).

// %%
const server = await describeServer(db);
await runFile(db, '08-schedule.sql');

// %%
interface Job {
  jobname: string; schedule: string; command: string;
  run_count: number; failure_count: number; last_status: string | null; last_start: Date | null;
}
const jobs = () => query<Job>(db, '08-schedule-status.sql');
const scheduled = server.canSchedule ? await jobs() : [];
if (server.canSchedule)
  table(scheduled.map(({ jobname, schedule, command }) => ({ jobname, schedule, command })));

// %% [markdown]
// ### Exercise 08.1: every night at three
//
//
// This is how the job that forgets old events is scheduled: a name, a schedule, a statement. The five
// fields of a schedule are minute, hour, day, month and day of the week, and `*/5` is every fifth.
//
// **Task:** change the schedule to 03:00 of each night. **Done when** the job says so. (The check takes the
// change back.)
//
// <details><summary>Hint</summary>
//
// The minute is 0 and the hour is 3. A `*` means every one.
//
// </details>
//
// **Read:** [pg_cron](https://github.com/citusdata/pg_cron#readme)

// %%
let nightly = `
  select cron.schedule('workshop: expire events', '*/5 * * * *',
                       $$call expire_events(older_than => now() - interval '7 days')$$)`;
//#region solution
nightly = `
  select cron.schedule('workshop: expire events', '0 3 * * *',
                       $$call expire_events(older_than => now() - interval '7 days')$$)`;
//#endregion
await exercise('08.1', db, nightly);

// %% [markdown]
// ## The live tail
//
// Between two rollups there are events that no rollup has counted. For most dashboards ten seconds do not
// matter. Where they do, this function adds them: the rolled-up groups, and the raw events behind *this
// customer's own* progress, in one statement, so that both come from the same moment. Of the raw events it asks for
// those of one customer since the last rollup.

// %%
await runFile(db, '08-live-events-5min.sql');

// %% [markdown]
// ### Exercise 08.2: how many wait?
//
//
// The function looks into `rollup_progress`: `customer_id`, and `last_id`, the last id that is rolled up.
//
// **Task:** write a query that says how many events of customer 900008 are *not* rolled up yet. **Done when**
// it is right with three events that are rolled up and two that wait, and for a customer whose very first
// event waits.
//
// <details><summary>Hint</summary>
//
// A customer whom no rollup has met has no row there. A sub-query without a row is null, and nothing is larger
// than null: `coalesce(…, 0)`.
//
// </details>
//
// **Read:** [coalesce](https://www.postgresql.org/docs/current/functions-conditional.html#FUNCTIONS-COALESCE-NVL-IFNULL)

// %%
let waiting = `
  -- your query
`;
//#region solution
waiting = `
  select count(*) from events
   where customer_id = 900008
     and event_id > coalesce(
       (select last_id from rollup_progress where customer_id = 900008), 0)`;
//#endregion
await exercise('08.2', db, waiting);

// %% [markdown]
// ## A stream, and a dashboard that moves
//
// `streamEvents` plays the application: 200 events a second of 50 customers, all happening now. The loop below
// asks once a second, for the biggest of them: how many events of the last minutes are rolled up, how many
// wait? Blue is counted, orange waits. Each time a rollup runs, orange turns blue.
//
// A schedule of minutes begins with the next full one. Until then the cell is the scheduler: every 8
// seconds it calls what the job calls, drawn as a dashed line. A solid line is a run of pg_cron. The cell ends a few
// seconds after the first solid line, or after two dashed ones where there is no pg_cron; after 85 seconds at the
// latest.

// %%
const began = new Date(Date.now() - (Date.now() % 300_000));
const total = (from: string) => query<{ events: number }>(db,
  `select coalesce(sum(event_count), 0)::bigint as events from ${from}`, [began]);
async function sample() { // the rollup first, so that the later answer can only be larger
  const [rolledUp] = await total('rollup_events_5min where customer_id = 1 and minute >= $1');
  const [live] = await total('live_events_5min(1, $1)');
  return { rolled_up: rolledUp!.events, live: live!.events };
}

// %% [markdown]
// The chart is a function of the samples, drawn into one area again and again:

// %%
interface Sample { seconds: number; state: 'rolled up' | 'waiting'; events: number }
interface Rollup { seconds: number; by: 'this cell' | 'pg_cron' }
const samples: Sample[] = [];
const rollups: Rollup[] = [];
const chart = (live: Live) => drawVegaLite({
  title: `Customer 1, events since ${began.toISOString().slice(11, 16)} (UTC)`, width: 640, height: 240,
  encoding: { x: { field: 'seconds', type: 'quantitative', title: 'seconds', scale: { nice: false } } },
  layer: [{
    data: { values: samples },
    mark: { type: 'area', interpolate: 'step-after' },
    encoding: {
      y: { field: 'events', type: 'quantitative', title: null, stack: 'zero' },
      color: { field: 'state', type: 'nominal', title: 'events',
        scale: { domain: ['rolled up', 'waiting'], range: [COLOURS.blue, COLOURS.orange] } },
      order: { field: 'state' },
    },
  }, {
    data: { values: rollups },
    mark: { type: 'rule', strokeWidth: 2 },
    encoding: {
      strokeDash: { field: 'by', type: 'nominal', title: 'rollup by',
        scale: { domain: ['this cell', 'pg_cron'], range: [[3, 3], [1, 0]] } },
    },
  }],
}, live);

// %% [markdown]
// Above it, a line says who is going to run the next rollup, and when:

// %%
const runsOf = (by: Rollup['by']) => rollups.filter((rollup) => rollup.by === by).length;
const nextRun = () =>
  runsOf('pg_cron') ? 'pg_cron has taken over.'
    : !server.canSchedule ? 'There is no scheduler here: this cell is one.'
    : `The next minute begins in ${60 - new Date().getSeconds()} s, and pg_cron with it at the latest.`;

// %% tags=["timeout-120"]
const [stream, status, area] = [streamEvents(db), new Live(), new Live()];
const start = Date.now();
const seconds = () => (Date.now() - start) / 1000;
samples.length = rollups.length = 0;
let [ends, nextOwnRun, counted] = [85, 6, -1];
while (seconds() < ends) {
  const own = seconds() > nextOwnRun && !runsOf('pg_cron');
  if (own) { await rollUpAll(db); nextOwnRun += 8; }
  const [now, at] = [await sample(), seconds()];
  if (counted >= 0 && now.rolled_up > counted) {
    rollups.push({ seconds: at, by: own ? 'this cell' : 'pg_cron' });
    if (ends === 85 && (!own || (!server.canSchedule && rollups.length === 2)))
      ends = Math.max(20, seconds() + 3);
  }
  counted = now.rolled_up;
  samples.push(
    { seconds: at, state: 'rolled up', events: counted },
    { seconds: at, state: 'waiting', events: now.live - counted },
  );
  status.html(nextRun());
  await chart(area);
  await sleep(1000);
}
const sent = await stream.stop();
`${sent} events sent, ${runsOf('this cell')} rollups by this cell, ${runsOf('pg_cron')} by pg_cron seen`;

// %% [markdown]
// ## Is the live tail exact?
//
// The stream has ended. Whatever is rolled up by now, the live tail must be the number of raw events.

// %%
const [tail] = await total('live_events_5min(1, $1)');
const [raw] = await query<{ events: number }>(db,
  'select count(*) as events from events where customer_id = 1 and event_time >= $1', [began]);
table([{ live_tail: tail!.events, raw_events: raw!.events }]);

// %% [markdown]
// ## Who did that?
//
// The scheduler keeps a diary: how often each job ran in the last hour, and how it ended.

// %%
const diary = server.canSchedule ? await jobs() : [];
if (server.canSchedule)
  table(diary.map(({ jobname, run_count, failure_count, last_status, last_start }) =>
    ({ jobname, run_count, failure_count, last_status, last_start })));
else
  html('pg_cron is not in this database, so the loop above ran the rollups itself. ' +
    '<code>npm run doctor</code> says how to get it.');

// %% [markdown]
// ## Stop it
//
// A schedule that nobody stops runs for ever. The file takes away the workshop's jobs and no other: the cell makes one of
// somebody else first, and removes it afterwards. Then one last rollup counts what came after the last run.

// %%
if (server.canSchedule) await query(db, `select cron.schedule('not ours', '0 3 1 1 *', 'select 1')`);
await runFile(db, '08-unschedule.sql', { folded: true });
const stillScheduled = server.canSchedule ? await jobs() : [];
const others = server.canSchedule ? await query(db,
  `select cron.unschedule(jobid) from cron.job where jobname = 'not ours'`) : [];
await rollUpAll(db);
const totals = await recount(db);
table(totals);

// %% [markdown]
// ## Checkpoints

// %%
checkpoint('08.1', 'the stream was written', sent, atLeast(500));
checkpoint('08.2', 'the scheduler ran a rollup while you watched',
  runsOf(server.canSchedule ? 'pg_cron' : 'this cell'), atLeast(1),
  'Does the scheduler run? `npm run doctor` looks at pg_cron; then run the loop again.');
checkpoint('08.3', 'every event is counted once',
  totals.map((row) => row.rolled_up_events), totals.map((row) => row.raw_events));
const shown = samples.filter((sample) => sample.state === 'waiting').map((sample) => sample.events);
checkpoint('08.4', 'the live tail never counts less than the rollup, and at times more',
  [Math.min(...shown) >= 0, Math.max(...shown) > 0], [true, true]);
checkpoint('08.5', 'and it counts every event', tail!.events, raw!.events);
const lives = samples.flatMap(({ state, events }, at) =>
  state === 'waiting' ? [events + samples[at - 1]!.events] : []);
checkpoint('08.6', 'no event is in both parts for a moment, or in none: the live tail never falls',
  lives.every((live, at) => !at || live >= lives[at - 1]!), true);
const [writers] = await query<{ found: number }>(db, `select count(distinct customer_id) as found
  from events where customer_id < 900000 and event_time >= $1`, [new Date(start)]);
checkpoint('08.7', 'they are events of up to 50 customers', writers!.found, between(10, 50));

// %% [markdown]
// And where there is a scheduler:

// %%
if (server.canSchedule) {
  const called = scheduled.map(({ schedule, command }) =>
    `${schedule.replace('* * * * *', 'each minute')}: ${command.match(/call (\w+)/)?.[1]}`);
  checkpoint('08.8', 'three jobs are scheduled', called.join(', '), matching(
    /^(10 seconds: a|each minute: keep_a)ggregat\w+, each minute: maintain_partitions, .*: expire_events$/));
  checkpoint('08.9', 'the diary has runs of the first', diary[0]!.run_count, atLeast(1));
  checkpoint('08.10', 'none of them is left, and the job of somebody else was',
    [stillScheduled.length, others.length], [0, 1]);
}

// %%
summary({
  learned: [
    'three scheduled jobs run the pipeline',
    'a rollup that fails or comes late loses nothing',
    'the live tail adds what is not rolled up yet, for one customer, exactly',
  ],
  next: '09-expire',
});

// %% [markdown]
// **Read more:** [pg_cron: jobs inside PostgreSQL](https://github.com/citusdata/pg_cron)
