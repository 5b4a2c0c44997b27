// %% [markdown]
// # Try to make it lose an event
//
// **15 minutes.** "Every event is counted exactly once, whatever happens" is easy to say. In this chapter you attack
// it: writers that overlap with a rollup, events that come late, a rollup that dies in the middle, a cluster whose
// node fails between two halves of a commit. After each attack everything is counted again.
//
// **What you need:** rolled-up events; `ready` makes some if there are none. The last attack takes several nodes.

// %%
import { atLeast, between, checkpoint, COLOURS, describeServer, drawPlot, exercise,
  needsSeveralNodes, query, ready, recount, rollUpAll, rollUpMinutes, showFile, summary, table,
  watermarks } from '../lib/index.ts';
import * as Plot from '@observablehq/plot';

const db = await ready('11');
const server = await describeServer(db);
await rollUpAll(db);

// %% [markdown]
// ## The judge
//
// One statement decides: what a rollup holds, against a count of the raw events up to its watermark. It is the
// statement of chapter 06, and it reads every event. `judge` runs it, and rolls up first what is still open.

// %%
showFile('06-recount.sql', { folded: true });
const isExact = async () => (await recount(db)).every((row) => row.equal);
const judge = async () => {
  await rollUpAll(db);
  return isExact();
};
table(await recount(db));

// %% [markdown]
// ## Attack 1: writers in flight
//
// Seven writers each insert 100 events and keep their transaction open for a while. Two are open when the rollup
// starts, so it must wait for them: their ids are in its window. Five begin *while it waits*.
//
// A `write` notes when it began and ended.

// %%
interface Span { who: string; from: number; to: number; kind: 'writer' | 'rollup' }
const spans: Span[] = [];
let clock = performance.now();
const now = () => (performance.now() - clock) / 1000;
const insert = `
  insert into events (customer_id, event_type, country, browser, device_id, session_id)
  select 900011, 'click', 'India', 'chrome', n, n from generate_series(1, 100) as n`;
async function write(who: string, open: (written: () => void) => Promise<unknown>): Promise<void> {
  const client = await db.connect();
  const from = now();
  await client.query('begin');
  await client.query(insert);
  await new Promise<void>((resolve) => void open(resolve));
  await client.query('commit');
  client.release();
  spans.push({ who, from, to: now(), kind: 'writer' });
}

// %% [markdown]
// The two early writers stay open until the five others have ended. If a writer ever had to wait for the rollup,
// this cell would be stuck, and the rollup would give up in the end: it waits for the early ones, and those for the
// rest.

// %%
spans.length = 0;
clock = performance.now();
const gates: (() => void)[] = [];
const early = ['early 1', 'early 2'].map((who) =>
  write(who, async (close) => gates.push(close)));
while (gates.length < 2) await new Promise((resolve) => setTimeout(resolve, 10));
const from = now();
const rollup = rollUpMinutes(db).then((window) => {
  spans.push({ who: 'rollup', from, to: now(), kind: 'rollup' });
  return window;
});
const later = ['late 1', 'late 2', 'late 3', 'late 4', 'late 5'];
for (const who of later)
  await write(who, async (close) => setTimeout(close, 150));
const endedBefore = spans.filter((span) => span.kind === 'writer').length;
const waited = !spans.some((span) => span.kind === 'rollup');
for (const close of gates) close();
await Promise.all(early);
const window = await rollup;
table([{ ended_meanwhile: endedBefore, ids_in_the_window: window.end_id - window.start_id + 1 }]);

// %% [markdown]
// Blue is a transaction from its begin to its commit, orange the rollup. It ends when the two early ones have: no
// later one keeps it back (chapter 03), and it keeps nobody back. Its window has the 200 ids of the early writers,
// and whatever later ones had drawn before the rollup looked.

// %%
drawPlot({
  title: 'Who waits for whom', width: 680, height: 240, marginLeft: 70, marginBottom: 40,
  x: { label: 'seconds', labelAnchor: 'center', grid: true },
  y: { label: null, domain: ['early 1', 'early 2', 'rollup', ...later] },
  color: { domain: ['writer', 'rollup'], range: [COLOURS.blue, COLOURS.orange], legend: true },
  marks: [Plot.barX(spans, { x1: 'from', x2: 'to', y: 'who', fill: 'kind', rx: 3 })],
});
const exactAfterWriters = await judge();
table(await recount(db));

// %% [markdown]
// ## Attack 2: events that come late
//
// A phone was off, a server was down, a file of last week is loaded: events arrive long after they happened. Below, the
// last hour of an invented customer arrives in four batches of 250 events, every twentieth up to two hours late. After
// each batch the rollups run.
//
// *Late* are those that happened before the newest event that had been counted when they came.

// %%
const batch = `
  insert into events (event_time, customer_id, event_type, country, browser, device_id, session_id)
  select now() - (1000 - n) * interval '3.6 seconds'
           - case when n % 20 = 0 then random() else 0 end * interval '2 hours',
         900011, 'click', 'India', 'chrome', n, n
    from generate_series($1::int + 1, $1::int + 250) as n
  returning event_time`;
const countOf900011 = async () => (await query<{ events: number }>(db, `
  select coalesce(sum(event_count), 0)::bigint as events
    from rollup_events_5min where customer_id = 900011`))[0]!.events;
const countedBefore = await countOf900011();
const arrivals: { event_time: Date; late: boolean }[] = [];
for (const arrived of [0, 250, 500, 750]) {
  const newest = Math.max(0, ...arrivals.map(({ event_time }) => Number(event_time)));
  for (const { event_time } of await query<{ event_time: Date }>(db, batch, [arrived]))
    arrivals.push({ event_time, late: Number(event_time) < newest });
  await rollUpAll(db);
}
const lateOnes = arrivals.filter(({ late }) => late).length;
const counted = (await countOf900011()) - countedBefore;

// %% [markdown]
// To the right the order in which they arrived, upwards when they happened; at the dashed lines the rollups ran. A
// rollup that went on from the newest *time* that it has would miss every red one. This one goes on from the last *id*,
// and an id is new however old its time is.

// %%
drawPlot({
  title: 'When it happened, in the order of arrival',
  width: 680, height: 300, marginLeft: 60, marginBottom: 40,
  x: { label: 'arrived', labelAnchor: 'center' },
  y: { type: 'utc', label: null, grid: true, tickFormat: '%H:%M' },
  color: { domain: ['in time', 'late'], range: [COLOURS.sky, COLOURS.red], legend: true },
  marks: [
    Plot.ruleX([250, 500, 750, 1000], { stroke: '#8c8c8c', strokeDasharray: '4 4' }),
    Plot.dot(arrivals, {
      x: (_, at) => at + 1, y: 'event_time', r: ({ late }) => (late ? 4 : 2),
      fill: ({ late }) => (late ? 'late' : 'in time'),
    }),
  ],
  r: { type: 'identity' },
});
table([{ arrived: arrivals.length, late: lateOnes, counted }]);

// %% [markdown]
// Now one that is two days late, after everything has been rolled up. It must turn up in the bucket of *its* time.

// %%
const bucket = `
  select coalesce(sum(event_count), 0)::bigint as events from rollup_events_5min
   where customer_id = 900011 and minute < now() - interval '1 day'`;
const [beforeLate] = await query<{ events: number }>(db, bucket);
await query(db, `
  insert into events (event_time, customer_id, event_type, country, browser, device_id, session_id)
  values (now() - interval '2 days', 900011, 'click', 'India', 'chrome', 1, 1)`);
const exactAfterLate = await judge();
const [afterLate] = await query<{ events: number }>(db, bucket);
table([{ before: beforeLate?.events, after: afterLate?.events }]);

// %% [markdown]
// ## Attack 3: windows that must be refused
//
// A writer that never ends, and a rollup with half a second of patience. A rollup in a transaction whose snapshot is
// older than its wait. **Both are refused on purpose**; what matters is the watermark, which must not move.

// %%
const marks = async () => (await watermarks(db)).map((mark) => mark.last_aggregated_id);
const marksBefore = await marks();
const refusals: string[] = [];
const stuck = await db.connect();
await stuck.query('begin');
await stuck.query(insert);
await query(db, `select five_minutely_aggregation(patience => '500 milliseconds')`).catch(
  (error: Error) => refusals.push(error.message.split('\n')[0]!));
await stuck.query('commit');
await stuck.query('begin isolation level repeatable read');
await stuck.query('select five_minutely_aggregation()').catch(
  (error: Error) => refusals.push(error.message));
await stuck.query('rollback');
stuck.release();
const marksAfter = await marks();
const exactAfterRefusals = await isExact();
refusals.join('\n\n');

// %% [markdown]
// ## Attack 4: kill a rollup in the middle
//
// This one has counted its window, written its groups and moved its watermark, and is about to commit. Then its
// process is ended from outside, as a crash would. PostgreSQL forgets the transaction as a whole: groups and
// watermark together. Had they been two transactions, one of them would have stayed.

// %%
await query(db, insert);
const victim = await db.connect();
victim.on('error', () => {}); // its connection dies with it
await victim.query('begin');
const { rows: [done] } = await victim.query(
  'select *, pg_backend_pid() as pid from five_minutely_aggregation()');
const { rows: [inside] } = await victim.query(
  `select last_aggregated_id as mark from rollups where name = 'rollup_events_5min'`);
await query(db, 'select pg_terminate_backend($1::int, 5000)', [done.pid]);
const lost = await victim.query('commit').then(
  () => 'it committed!',
  (error: Error) => error.message,
);
victim.release(true);
const marksAfterCrash = await marks();
const exactAfterCrash = await isExact();
const exactAfterRepeat = await judge();
table([{ what_the_client_saw: lost, ids_of_the_dead_window: `${done.start_id} to ${done.end_id}` }]);

// %% [markdown]
// ## Attack 5: a node that fails between *prepare* and *commit*
//
// On a cluster, a transaction that wrote on several nodes commits in two steps. First every node *prepares*: it
// promises that it can commit, whatever happens. Then the coordinator commits, and tells each node to do the same. A
// node that dies between the two has the rows, prepared and visible to nobody, while the client has read "committed".
// A rollup that comes now would pass them by, for ever.
//
// The cell makes just that: an insert that is prepared on the node of customer 1, and the coordinator's note that it
// is committed.

// %%
let closing = { start_id: 0, end_id: 0 };
const ghost = { id: 0, seen_before: -1, seen_after: -1, prepared_before: -1, prepared_after: -1 };
const isSeen = async () => (await query<{ seen: number }>(db,
  'select count(*) as seen from events where customer_id = 1 and event_id = $1',
  [ghost.id]))[0]!.seen;
const prepared = async () => (await query<{ sum: number }>(db, `
  select sum(result::int)::int from run_command_on_workers(
    $$select count(*) from pg_prepared_xacts where gid = 'citus_0_1_999999999_${ghost.id}'$$)`))[0]!.sum;
if (needsSeveralNodes(server, 'a commit in two steps')) {
  const [drawn] = await query<{ id: number }>(db, `select nextval('events_event_id_seq') as id`);
  ghost.id = drawn!.id;
  await query(db, '11-leave-prepared.sql', [1, ghost.id]);
  [ghost.seen_before, ghost.prepared_before] = [await isSeen(), await prepared()];
  closing = await rollUpMinutes(db);
  [ghost.seen_after, ghost.prepared_after] = [await isSeen(), await prepared()];
  table([ghost]);
}
const exactAfterGhost = await judge();

// %% [markdown]
// The row was there and could not be seen; after the rollup it can, and it is counted. Before its window closes, the
// rollup asks the coordinator's notes whether a commit is unfinished somewhere, and finishes it.

// %%
showFile('03-settle-distributed-writes.sql');

// %% [markdown]
// And if the node does not answer? The same note again, this time of a node that is not there. The rollup must not
// close its window: it raises an error, and the watermark stays. (`rollback` takes the note back, and the next run
// goes on.)

// %%
const outage = { says: '', before: [0, 0], after: [0, 0], exact: false };
if (ghost.id) {
  await query(db, insert);
  outage.before = await marks();
  const client = await db.connect();
  await client.query('begin');
  await client.query(`insert into pg_dist_transaction (groupid, gid)
    values (9999, 'citus_0_1_999999999_${ghost.id}')`);
  await client.query(`select five_minutely_aggregation(patience => '500 milliseconds')`).catch(
    (error: Error) => { outage.says = error.message; });
  await client.query('rollback');
  client.release();
  outage.after = await marks();
  outage.exact = await judge();
  table([{ what_the_rollup_says: outage.says }]);
}

// %% [markdown]
// ### Exercise 11.1: an attack that works
//
//
// All attacks so far came from outside. You are the owner of the tables, and can do more.
//
// **Task:** write one statement after which a rollup and the recount disagree. (The check takes it back.)
// **Done when** the recount notices.
//
// <details><summary>Hint</summary>
//
// There are two places: where the counts are, and where a rollup remembers how far it is.
//
// </details>
//
// **Read:** [privileges](https://www.postgresql.org/docs/current/ddl-priv.html)

// %%
let attack = `
  -- your statement
`;
//#region solution
attack = `
  update rollups set last_aggregated_id = last_aggregated_id - 100
   where name = 'rollup_events_1hr'`;
//#endregion
await exercise('11.1', db, attack);

// %% [markdown]
// ## What is *not* exact, and by how much
//
// Counts are exact. Distinct counts are estimates, by design, with a standard error of 1.04 / √2048 = 2.3 %.
// Is that so? Below, 300 sketches of 10,000 different values each, and the bell curve that theory draws.

// %%
const sketches = await query<{ error: number }>(db, `
  select 100 * (hll_cardinality(hll_add_agg(hll_hash_bigint(value))) / 10000 - 1) as error
    from generate_series(1, 300) as number,
         generate_series(number * 1000000, number * 1000000 + 9999) as value
   group by number`);
const sigma = 104 / Math.sqrt(2048);
const bell = Array.from({ length: 161 }, (_, step) => {
  const error = step / 10 - 8;
  const density = Math.exp(-(error ** 2) / (2 * sigma ** 2)) / (sigma * Math.sqrt(2 * Math.PI));
  return { error, sketches: density * sketches.length };
});
const bars = Array.from({ length: 16 }, (_, step) => ({
  from: step - 8, to: step - 7,
  sketches: sketches.filter(({ error }) => Math.floor(error) === step - 8).length,
}));
const spread = Math.sqrt(sketches.reduce((sum, { error }) => sum + error ** 2, 0) / sketches.length);

// %%
drawPlot({
  title: `Error of 300 sketches: measured ${spread.toFixed(1)} %, in theory ${sigma.toFixed(1)} %`,
  width: 680, height: 260, marginLeft: 50, marginBottom: 40,
  x: { label: 'error, %', labelAnchor: 'center', domain: [-8, 8] },
  y: { label: 'sketches', grid: true },
  marks: [
    Plot.rectY(bars, { x1: 'from', x2: 'to', y: 'sketches', fill: COLOURS.sky, inset: 0.5 }),
    Plot.lineY(bell, { x: 'error', y: 'sketches', stroke: COLOURS.red, strokeWidth: 2 }),
    Plot.ruleY([0]),
  ],
});

// %% [markdown]
// And your own rollups: each dot is one customer in one quarter of a day, its devices or sessions counted both
// ways. The inner band is one standard error, the outer one three. Of many dots a few may lie outside by chance.

// %%
interface Pair { what: string; truth: number; error_percent: number }
const pairs = await query<Pair>(db, '11-sketch-errors.sql');
const widest = Math.max(...pairs.map((pair) => pair.truth));
const band = (percent: number, opacity: number) => Plot.rect([0], {
  x1: 160, x2: widest, y1: -percent, y2: percent, fill: COLOURS.sky, fillOpacity: opacity,
});
drawPlot({
  title: `Error of ${pairs.length} groups in the rollups`,
  width: 680, height: 280, marginLeft: 50, marginBottom: 40,
  x: { type: 'log', label: 'distinct values', labelAnchor: 'center', tickFormat: ',' },
  y: { label: 'error, %', domain: [-8, 8], grid: true },
  color: { domain: ['devices', 'sessions'], range: [COLOURS.blue, COLOURS.orange], legend: true },
  marks: [
    band(3 * sigma, 0.15), band(sigma, 0.25), Plot.ruleY([0]),
    Plot.dot(pairs, { x: 'truth', y: 'error_percent', stroke: 'what', r: 3.5 }),
  ],
});

// %% [markdown]
// ### Exercise 11.2: one percent
//
//
// A sketch of hll has 2^`log2m` registers, and 11 is the default: 2,048. Each 8 registers take 5 bytes.
//
// **Task:** which is the smallest `log2m` that has a standard error of 1 % or less? **Done when** the check
// agrees.
//
// <details><summary>Hint</summary>
//
// The error is 1.04 / √registers. Solve for the registers, and take the next power of two.
//
// </details>
//
// **Read:** [the parameters of hll](https://github.com/citusdata/postgresql-hll#explanation-of-parameters-and-tuning)

// %%
let log2m = 11;
//#region solution
log2m = 14;
//#endregion
await exercise('11.2', db, log2m);

// %% [markdown]
// ## Checkpoints

// %%
checkpoint('11.1', 'nobody waited for the rollup: five writers ended while it waited',
  [endedBefore, waited], [5, true]);
checkpoint('11.2', 'the window holds the early writers', window.end_id - window.start_id + 1, atLeast(200));
checkpoint('11.3', 'every event of the overlapping writers is counted once', exactAfterWriters, true);
checkpoint('11.4', 'many came late, and all are counted',
  [lateOnes >= 10, counted], [true, arrivals.length]);
checkpoint('11.5', 'a late event is in the bucket of its time, once',
  [(afterLate?.events ?? 0) - (beforeLate?.events ?? 0), exactAfterLate], [1, true]);
checkpoint('11.6', 'both windows were refused, with the reason',
  [/still open after/.test(refusals[0] ?? ''), /needs isolation level/.test(refusals[1] ?? '')],
  [true, true]);
checkpoint('11.7', 'a refusal moves no watermark and counts nothing',
  [marksAfter, exactAfterRefusals], [marksBefore, true]);
checkpoint('11.8', 'a rollup that dies moves no watermark and counts nothing',
  [marksAfterCrash, exactAfterCrash], [marksAfter, true]);
checkpoint('11.9', 'it had counted and moved its watermark; the next run counts what it had',
  [done.end_id - done.start_id >= 99, inside.mark, exactAfterRepeat], [true, done.end_id, true]);

// %%
checkpoint('11.10', 'the spread of the errors is the one of the theory', spread, between(1.9, 2.7));
const near = sketches.filter(({ error }) => Math.abs(error) <= sigma).length;
checkpoint('11.11', 'two of three sketches are within one standard error',
  near / sketches.length, between(0.57, 0.79));
const within = pairs.filter(({ error_percent }) => Math.abs(error_percent) <= 3 * sigma).length;
const inTwo = sketches.filter(({ error }) => Math.abs(error) <= 2 * sigma).length;
checkpoint('11.12', '95 of 100 are within two', inTwo / sketches.length, between(0.91, 0.99));
checkpoint('11.13', 'at least 95 % of the groups are within three standard errors',
  (100 * within) / pairs.length, atLeast(95));
checkpoint('11.14', 'after everything, every event is counted once', exactAfterGhost, true);
if (ghost.id) {
  checkpoint('11.15', 'a prepared write in the window could not be seen, and then it could',
    [closing.start_id <= ghost.id && ghost.id <= closing.end_id, ghost.seen_before, ghost.seen_after],
    [true, 0, 1]);
  checkpoint('11.16', 'nothing is left prepared', [ghost.prepared_before, ghost.prepared_after], [1, 0]);
  checkpoint('11.17', 'a node that does not answer stops the rollup and its watermark, for now',
    [/not finished on every node/.test(outage.says), outage.after, outage.exact],
    [true, outage.before, true]);
}

// %% [markdown]
// For attacks with more force, on whole servers and nodes, read `test/crash` and `test/faults`.

// %%
summary({
  learned: [
    'a rollup waits for the writers of its window, and nobody waits for it',
    'watermark and counts are one transaction: a crash leaves both or neither',
    'on a cluster, finish what is prepared before you close a window',
    'the error of a sketch is known beforehand',
  ],
});

// %% [markdown]
// You have built the whole pipeline, and seen it hold. **Where to go from here:** run it on your own data, or on a
// Citus cluster by setting `DATABASE_URL`.
//
// **Read more:** [Scalable incremental data aggregation on Postgres and
// Citus](https://www.citusdata.com/blog/2018/06/14/scalable-incremental-data-aggregation/)
