// %% [markdown]
// # Load 400,000 events, and lose none
//
// **9 minutes.** You compare COPY with `insert`, load four CSV files with it, watch the throughput, and then try
// to break it: the same file twice, a bad row, an interrupt.
//
// **What you need:** a running database; `ready` builds the tables.

// %%
import { checkpoint, COLOURS, CsvError, describeServer, drawPlot, drawShardMap, drawVegaLite,
  exercise, loadCsv, type LoadProgress, makeFiles, mapShards, needsSeveralNodes, openTransaction,
  type OpenTransaction, progressBar, query, ready, runFile, summary, table } from '../lib/index.ts';
import * as Plot from '@observablehq/plot';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { from as copyFrom } from 'pg-copy-streams';

const db = await ready('05');

// %% [markdown]
// ## Why COPY?
//
// An `insert` for each event is a round trip for each event: send, wait, send. One `insert` of many rows saves
// the trips, and the server has to read one long statement. **COPY** is a short command that is followed by a
// stream of rows: the client writes as fast as the server reads, and neither needs all rows at once.
//
// Here are the three, for the same 2,000 rows. You need not read how: the names of the `ways` say it.

// %%
const rows = Array.from({ length: 2000 }, (_, n) => [1 + (n % 7), 'click', n]);
const insert = (count: number) => 'insert into copy_practice values ' +
  Array.from({ length: count }, (_, n) => `($${3 * n + 1}, $${3 * n + 2}, $${3 * n + 3})`);
const copy = 'copy copy_practice from stdin with (format csv)';
const ways: Record<string, (transaction: OpenTransaction) => Promise<unknown>> = {
  'an insert for each': async (transaction) => {
    for (const row of rows) await transaction.query(insert(1), row);
  },
  'one insert for all': (transaction) => transaction.query(insert(rows.length), rows.flat()),
  COPY: (transaction) => pipeline([rows.join('\n')], transaction.query(copyFrom(copy))),
};

// %% [markdown]
// The next cell tries them in turn, in a table that is gone afterwards. Each way is one transaction, so that it
// is not the number of commits that differs.

// %%
await query(db, `
  drop table if exists copy_practice;
  create table copy_practice (customer_id bigint, event_type text, device_id bigint);
  comment on table copy_practice is 'workshop: compares ways to write rows'`);
const speeds: { way: string; rowsPerSecond: number; rows: number; devices: number }[] = [];
for (const [way, write] of Object.entries(ways)) {
  const started = performance.now();
  const transaction = await openTransaction(db);
  await write(transaction);
  await transaction.commit();
  const rowsPerSecond = rows.length / ((performance.now() - started) / 1000);
  const [found] = await query<{ rows: number; devices: number }>(db,
    'select count(*) as rows, count(distinct device_id) as devices from copy_practice');
  speeds.push({ way, rowsPerSecond, ...found! });
  await query(db, 'truncate copy_practice');
}
await query(db, 'drop table copy_practice');
drawPlot({
  title: 'Rows per second, three ways', width: 600, height: 150, marginLeft: 120, marginBottom: 36,
  x: { grid: true, label: null, tickFormat: '~s' }, y: { label: null, domain: Object.keys(ways) },
  marks: [Plot.barX(speeds, { x: 'rowsPerSecond', y: 'way', fill: COLOURS.sky })],
});

// %% [markdown]
// How far they are apart depends on the machine, and on how long the way to the server is. As a rule the round
// trips cost most, and the long statement comes next. It also takes [65,535 parameters at
// most](https://www.postgresql.org/docs/current/limits.html), and must be complete before it is sent. A stream has no such limit: it takes a file of any size.
//
// ## Make some data
//
// Real traffic is skewed: a few customers send most of the events, nights are quiet, and some events come late. The
// generator draws from such distributions. (Chapter 00 shows the first two, chapter 11 the third.) It starts from a
// *seed*: with the same seed and the same end, `until`, it draws the same rows.

// %%
const files = await makeFiles({ files: 4, rows: 100_000, seed: 5, until: new Date() });
readFileSync(files[0]!, 'utf8').split('\n').slice(0, 4).join('\n');

// %% [markdown]
// ## A list of what was loaded
//
// Each file is one transaction, and in it a row is written into the table `loads`: the name of the file, a hash
// of its content and the number of rows. So the file is in and on the list, or neither.

// %%
await runFile(db, '05-loads.sql');

// %% [markdown]
// ## Load
//
// Four files, two at a time, beside whatever is in the table already. The bar moves while the rows go in. (A second run
// of this cell is refused, as you will see below. For other files, run the cell that makes them again.)

// %%
const sent: { seconds: number; rows: number }[] = [];
const bar = progressBar('Loading 4 files');
const watch = (progress: LoadProgress) => {
  sent.push({ seconds: progress.seconds, rows: progress.rows });
  bar(progress);
};
const [atStart] = await query<{ events: number }>(db, 'select count(*) as events from events');
const result = await loadCsv(db, files, { streams: 2, onProgress: watch });
table(result.files.map(({ file, rows, bytes, seconds }) => ({ file, rows, bytes, seconds })),
  { caption: `${Math.round(result.rowsPerSecond).toLocaleString('en-US')} rows a second` });

// %% [markdown]
// The slope is the throughput. It is limited by one of three: how fast the client reads, the network, or how
// fast the server writes rows and index entries. The steps tell which: rows are counted when they leave, and
// where the line is flat, the client most likely waits for the server.

// %%
await drawVegaLite({
  title: 'Rows sent while loading', width: 600, height: 180, data: { values: sent },
  mark: { type: 'area', line: true, color: COLOURS.sky, fillOpacity: 0.5 },
  encoding: {
    x: { field: 'seconds', type: 'quantitative', title: 'seconds', axis: { tickCount: 6 } },
    y: { field: 'rows', type: 'quantitative', title: 'rows', axis: { format: '~s' } },
  },
});

// %% [markdown]
// ## Where did the rows go?
//
// On a cluster, the coordinator reads each row, hashes its customer, and passes it on to the worker that has
// the shard: one COPY in, one COPY out to each shard, all at the same time. The map of chapter 02 shows where
// they are now.

// %%
const server = await describeServer(db);
if (needsSeveralNodes(server, 'a look at how the rows spread'))
  drawShardMap(await mapShards(db), { title: 'Where the rows are' });

// %% [markdown]
// Is that faster than one node? On a cluster, the next cell loads the same files into a plain table of the
// coordinator, and into one that is spread over the workers; neither has partitions or indexes. While all nodes
// share the cores of your own machine, there may be no gain. On machines of their own the workers write side by side,
// until the coordinator's reading is the limit.

// %%
const throughput: { where: string; rowsPerSecond: number }[] = [];
const spread = `
  select create_distributed_table('copy_test', 'customer_id', shard_count => 8, colocate_with => 'none')`;
if (needsSeveralNodes(server, 'a comparison of one node with several'))
  for (const where of ['the coordinator', 'all workers']) {
    await query(db, `
      drop table if exists copy_test;
      create table copy_test as
        select event_time, customer_id, event_type, country, browser, device_id, session_id
          from events with no data;
      comment on table copy_test is 'workshop: compares COPY into one node and into several'`);
    if (where === 'all workers') await query(db, spread);
    const { rowsPerSecond } = await loadCsv(db, files, { table: 'copy_test', force: true });
    throughput.push({ where, rowsPerSecond });
  }
await query(db, `drop table if exists copy_test;
  delete from loads where table_name like '%copy_test'`);
if (throughput.length) drawPlot({
  title: 'Rows a second into', width: 600, height: 130, marginLeft: 110, marginBottom: 36,
  x: { grid: true, label: null, tickFormat: '~s' },
  y: { label: null, domain: ['the coordinator', 'all workers'] },
  marks: [Plot.barX(throughput, { x: 'rowsPerSecond', y: 'where', fill: COLOURS.sky })],
});

// %% [markdown]
// ### Exercise 05.1: which load was fast?
//
// Each row of `loads` has `file_name`, `rows`, `started_at` and `finished_at`.
//
// **Task:** write a query that gives the name of each file and its rows per second. **Done when** it is
// right for two loads that the check writes down.
//
// <details><summary>Hint</summary>
//
// The difference of two times is an interval. `extract(epoch from …)` makes seconds of it.
//
// </details>
//
// **Read:** [extract](https://www.postgresql.org/docs/current/functions-datetime.html#FUNCTIONS-DATETIME-EXTRACT)

// %%
let loadSpeeds = `
  -- your query
`;
//#region solution
loadSpeeds = `
  select file_name, rows / extract(epoch from finished_at - started_at) as rows_per_second
    from loads`;
//#endregion
await exercise('05.1', db, loadSpeeds);

// %% [markdown]
// ## The same file twice
//
// It happens: a job runs again after it has failed half-way. **The next cell asks for two refusals**: the
// content of the file is in the list of loads, whatever its name. (If you mean it, say `force: true`.)

// %%
const state = 'select (select count(*) from events) as events, (select count(*) from loads) as loads';
const [before] = await query<{ events: number; loads: number }>(db, state);
const refusalOf = (file: string) => loadCsv(db, file).then(
  () => 'loaded twice!', (error: Error) => error.message);
const renamed = join(dirname(files[0]!), 'renamed.csv');
copyFileSync(files[0]!, renamed);
const twice = [await refusalOf(files[0]!), await refusalOf(renamed)];
twice.join('\n\n');

// %% [markdown]
// ### Exercise 05.2: what came twice?
//
// With `force: true` a content may come again, and under another name.
//
// **Task:** write a query that finds the contents that were loaded more than once: their `sha256`, and how
// often. **Done when** it finds the one that the check loads twice, and no other.
//
// <details><summary>Hint</summary>
//
// Group by what tells whether two files have the same content, and keep the groups with more than one row.
//
// </details>
//
// **Read:** [having](https://www.postgresql.org/docs/current/queries-table-expressions.html#QUERIES-GROUP)

// %%
let repeats = `
  -- your query
`;
//#region solution
repeats = `
  select sha256, count(*) as times
    from loads
   group by sha256
  having count(*) > 1`;
//#endregion
await exercise('05.2', db, repeats);

// %% [markdown]
// ## A bad row
//
// Line 3 of this file has a device that is not a number. **This fails on purpose.** The message names file,
// line, column and value, and nothing of the file stays: no row before the bad one either.

// %%
const [header, good, next] = readFileSync(files[0]!, 'utf8').split('\n');
const bad = next!.replace(/\d+,(\d+)$/, 'device-seven,$1');
const brokenFile = join(dirname(files[0]!), 'broken.csv');
writeFileSync(brokenFile, [header, good, bad, ''].join('\n'));
const failure = await loadCsv(db, brokenFile).catch((error: unknown) => error);
failure instanceof Error ? failure.message : 'it loaded!';

// %% [markdown]
// ### Exercise 05.3: repair a file
//
// This file does not load. The check loads it into a table of its own, and says where it stops.
//
// **Task:** repair the text until all three rows load. The second device is number 8. The third country has
// a comma in its name: Korea, Republic of. **Done when** all three rows are in.
//
// <details><summary>Hint</summary>
//
// In CSV a value with a comma stands between double quotes.
//
// </details>
//
// **Read:** [the CSV format of COPY](https://www.postgresql.org/docs/current/sql-copy.html#SQL-COPY-FILE-FORMATS)

// %%
let csv = `customer_id,event_type,country,browser,device_id,session_id
1,click,India,chrome,7,70
2,click,India,chrome,device-eight,80
3,click,Korea, Republic of,firefox,9,90`;
//#region solution
csv = `customer_id,event_type,country,browser,device_id,session_id
1,click,India,chrome,7,70
2,click,India,chrome,8,80
3,click,"Korea, Republic of",firefox,9,90`;
//#endregion
await exercise('05.3', db, csv);

// %% [markdown]
// ## Interrupt it
//
// A load can be stopped: by the stop button of the notebook, or by a program, as here, with an `AbortSignal`.
// **The load below is stopped on purpose**, as soon as the first rows have left. The transaction ends, and the
// server forgets the rows that it had got.

// %%
const [extra] = await makeFiles({
  files: 1, rows: 100_000, seed: 6, until: new Date(), name: 'interrupted' });
const stop = new AbortController();
const interrupted = await loadCsv(db, extra!, {
  signal: stop.signal,
  onProgress: ({ rows }) => {
    if (rows > 0) stop.abort();
  },
}).catch((error: Error) => error.message);
String(interrupted);

// %% [markdown]
// ## Checkpoints

// %%
const [after] = await query(db, state);
checkpoint('05.1', 'all rows of the four files are in',
  [result.rows, before!.events - atStart!.events], [400_000, 400_000]);
checkpoint('05.2', 'the same content again is refused', twice.map((said) => /already/.test(said)), [true, true]);
const { file: where, line, column, value } = failure instanceof CsvError ? failure : ({} as CsvError);
checkpoint('05.3', 'a bad row is named with file, line, column and value',
  [basename(where ?? ''), line, column, value], ['broken.csv', 3, 'device_id', 'device-seven']);
checkpoint('05.4', 'no refusal, failure or interrupt left anything behind',
  [after, /was stopped/.test(String(interrupted))], [before, true]);
const listed = await query(db, 'select distinct file_name from loads where file_name = any ($1)',
  [files.map((file) => basename(file))]);
checkpoint('05.5', 'the list of loads has each file', listed.length, 4);
checkpoint('05.6', 'the same rows are in, each way',
  speeds.map((speed) => `${speed.rows} rows, ${speed.devices} devices`),
  Array(3).fill('2000 rows, 2000 devices'));
const draw = async () => readFileSync((await makeFiles({
  files: 1, rows: 1000, seed: 5, until: new Date('2026-01-01'), name: 'seed' }))[0]!, 'utf8');
const [first, second] = [await draw(), await draw()];
checkpoint('05.7', 'the same seed and the same end make the same rows', first === second, true);
await query(db, `drop table if exists copy_test; create table copy_test as
  select event_time, customer_id, event_type, country, browser, device_id, session_id from events with no data`);
for (const force of [false, true]) await loadCsv(db, extra!, { table: 'copy_test', force });
const [forced] = await query<{ rows: number }>(db, 'select count(*) as rows from copy_test');
checkpoint('05.8', 'by force, the same content comes again', forced!.rows, 200_000);
await query(db, `drop table copy_test; delete from loads where table_name like '%copy_test'`);

// %%
summary({
  learned: [
    'COPY is a stream of rows, in one transaction: no round trip and no statement for each',
    'a list of loads in the same transaction makes loading exactly-once',
    'a bad row stops its file whole, and the message says where it is',
  ],
  next: '06-aggregate',
});
