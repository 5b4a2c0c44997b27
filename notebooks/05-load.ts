// %% [markdown]
// # Load half a million events, and lose none
//
// **10 minutes.** You make CSV files, load them with COPY, watch the throughput, and then try to break it: a
// bad row, the same file twice, an interrupt.
//
// **What you need:** a running database; `ready` builds the tables.

// %%
import { atLeast, checkpoint, COLOURS, CsvError, describeServer, drawVegaLite, loadCsv, makeFiles,
  needsSeveralNodes, progressBar, query, ready, runFile, show, summary, table, type LoadProgress } from
  '../lib/index.ts';
import { readFileSync, writeFileSync } from 'node:fs';

const db = await ready('05');

// %% [markdown]
// ## Make some data
//
// Real traffic is skewed: a few customers send most of the events, a few devices are always on, nights are
// quiet, and some events come late. The generator draws from such distributions, seeded, so that the same seed
// makes the same bytes. (The tutorial's data was uniform: every list of top devices would be noise.)

// %%
const files = await makeFiles({ files: 4, rows: 100_000, seed: 5, until: new Date() });
readFileSync(files[0]!, 'utf8').split('\n').slice(0, 4).join('\n');

// %% [markdown]
// ## Why COPY?
//
// An `insert` for each event is a round trip for each event. COPY is one command that is followed by a stream
// of rows: the client writes as fast as the server reads, and neither holds the file in memory. It is the
// fastest way into PostgreSQL, and on Citus the coordinator passes the rows on to all workers at once.
//
// Each file is one transaction, and a row in `loads` is written in it: name, hash and number of rows. Either
// the file is in and in the list, or neither.

// %%
await runFile(db, '05-loads.sql');

// %% [markdown]
// ## Load
//
// Two streams, four files. The bar is drawn over itself while the rows go in.

// %%
const sent: { seconds: number; rows: number }[] = [];
const bar = progressBar('Loading 4 files');
const watch = (progress: LoadProgress) => {
  sent.push({ seconds: progress.seconds, rows: progress.rows });
  bar(progress);
};
const result = await loadCsv(db, files, { streams: 2, onProgress: watch });
table(result.files.map(({ file, rows, bytes, seconds }) => ({ file, rows, bytes, seconds })),
  { caption: `${Math.round(result.rowsPerSecond).toLocaleString('en-US')} rows a second` });

// %% [markdown]
// The slope is the throughput, and a straight line is a steady stream. It is limited by one of three: how fast the client reads, the network, or how
// fast the server writes rows and index entries. With the server on your own machine it is usually the last.

// %%
await drawVegaLite({
  title: 'Rows sent while loading', width: 600, height: 180, data: { values: sent },
  mark: { type: 'area', line: true, color: COLOURS.sky, fillOpacity: 0.5 },
  encoding: {
    x: { field: 'seconds', type: 'quantitative', title: 'seconds' },
    y: { field: 'rows', type: 'quantitative', title: 'rows', axis: { format: '~s' } },
  },
});

// %% [markdown]
// On a cluster, the same COPY spreads over all workers:

// %%
if (needsSeveralNodes(await describeServer(db), 'a look at how the rows spread')) {
  await show(db, `
    select nodename, nodeport, pg_size_pretty(sum(shard_size)) as size
      from citus_shards group by nodename, nodeport order by nodeport`);
}

// %% [markdown]
// ## The same file twice
//
// It happens: a job runs again after it has failed half-way. **The next cell asks for a refusal**: the content
// of the file is in the list of loads. (If you mean it, say `force: true`.)

// %%
const twice = await loadCsv(db, files[0]!).then(
  () => 'loaded twice!',
  (error: Error) => error.message,
);
twice;

// %% [markdown]
// ## A bad row
//
// Line 3 of this file has a device that is not a number. **This fails on purpose.** The message names file,
// line, column and value, and nothing of the file stays: no row before the bad one either.

// %%
const [count] = await query<{ events: number }>(db, 'select count(*) as events from events');
const good = readFileSync(files[0]!, 'utf8').split('\n').slice(0, 5);
const broken = [
  good[0],
  good[1],
  good[2]!.replace(/,\d+,(\d+)$/, ',device-seven,$1'),
  good[3],
].join('\n');
writeFileSync(files[0]!.replace(/[^/\\]+$/, 'broken.csv'), `${broken}\n`);
const failure = await loadCsv(db, files[0]!.replace(/[^/\\]+$/, 'broken.csv')).catch(
  (error: unknown) => error,
);
failure instanceof Error ? failure.message : 'it loaded!';

// %% [markdown]
// ## Interrupt it
//
// A load can be stopped: by the stop button of the notebook, or by an `AbortSignal` as here. The connection
// ends the transaction, and the server forgets the rows that it had got.

// %%
const [extra] = await makeFiles({
  files: 1, rows: 100_000, seed: 6, until: new Date(),
  name: 'interrupted',
});
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
const [after] = await query<{ events: number }>(db, 'select count(*) as events from events');
checkpoint('05.1', 'all rows of the four files are in', result.rows, 400_000);
checkpoint('05.2', 'the same file again is refused', /already/.test(twice), true);
checkpoint('05.3', 'a bad row is named with its line', failure instanceof CsvError && failure.line, 3);
checkpoint('05.4', 'neither failure nor interrupt left a row behind', after?.events, count?.events);
checkpoint('05.5', 'the list of loads has each file',
  (await query(db, 'select from loads')).length, atLeast(4));

// %%
summary({
  learned: [
    'COPY is a stream: constant memory, one transaction a file',
    'a list of loads in the same transaction makes loading exactly-once',
    'a bad row stops its file whole, and the message says where it is',
  ],
  next: '06-aggregate',
});
