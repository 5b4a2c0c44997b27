import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { destroyInstance, type Instance, startInstance } from '../../cluster/index.ts';
import { runningServer } from '../../cluster/processes.ts';
import { generateEvents } from '../../data/generator.ts';
import { LoadError, loadCsv } from '../../lib/copy.ts';
import { installSql } from '../../lib/install.ts';
import { expectRollupsEqualRecount, insertEvents, until } from '../sql/support.ts';

// a server of its own, on this machine: it is killed
process.env.WORKSHOP_ENGINE = 'native';
const NAME = `test-crash-${process.pid}`;
const ROWS = 60_000; // of a file
const EVENTS = 40_000; // to roll up
let instance: Instance;
let folder: string;
let files: string[];
let before: pg.Pool;
let after: pg.Pool;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'workshop-crash-'));
  ({ files } = await generateEvents({ files: 2, rows: ROWS, customers: 5, out: folder }));
}, 60_000);

beforeEach(async () => {
  instance = await startInstance(NAME);
  before = openPool();
  await installSql(before);
  await before.query('call maintain_partitions()');
}, 60_000);

afterEach(async () => {
  await before?.end();
  await after?.end();
  await destroyInstance(NAME);
}, 60_000);

afterAll(async () => {
  if (folder) await rm(folder, { recursive: true });
});

test('a server that is killed in the middle of a load has each file whole or not at all', async () => {
  const [first, second] = files;
  let killed: Promise<void> | undefined;
  const load = loadCsv(before, files, {
    streams: 1,
    onProgress: ({ rows, filesDone }) => {
      if (filesDone === 1 && rows > 1.3 * ROWS) killed ??= killServer();
    },
  });
  const error: LoadError = await load.catch((reason) => reason);
  await killed;
  expect(error).toBeInstanceOf(LoadError);
  expect(error.loaded.map(({ file }) => file)).toEqual([first]);
  expect(error.message).toContain(`The server went away while ${second} was loading`);

  await bringUp();
  expect(await counts()).toEqual({ events: ROWS, loads: 1 });
  const again: LoadError = await loadCsv(after, files).catch((reason) => reason);
  expect(again.errors).toMatchObject([{ name: 'AlreadyLoadedError', file: first }]);
  expect(again.loaded).toMatchObject([{ file: second, rows: ROWS }]);
  await after.query('call aggregate_events()');
  await expectRollupsEqualRecount(after, 2 * ROWS);
}, 120_000);

test.each([
  ['five_minutely_aggregation', 'rollup_events_5min'],
  ['hourly_aggregation', 'rollup_events_1hr'],
])(
  'a server that is killed in the middle of %s counts each event once',
  async (_, rollup) => {
    await insertEvents(before, EVENTS, { span: '2 hours', customers: 10 });

    // a first window is committed, the next one is under way
    const run = before.query('call aggregate_events(max_events => 10000)').catch((error) => error);
    const isUnderWay = `exists (select from rollups where name = '${rollup}' and last_aggregated_id >= 10000)`;
    await until(before, isUnderWay, 60_000);
    await killServer();
    expect(await run).toBeInstanceOf(Error);

    await bringUp();
    expect(await watermark(rollup)).toBeLessThan(EVENTS);
    await after.query('call aggregate_events()');
    await expectRollupsEqualRecount(after, EVENTS);
  },
  120_000,
);

// the whole server at once, as when a machine loses power
async function killServer(): Promise<void> {
  const postmaster = runningServer(instance.dataDirectory);
  if (!postmaster) throw new Error(`No server runs in ${instance.dataDirectory}`);
  const { rows } = await before.query('select pid from pg_stat_activity where pid is not null');
  for (const pid of [postmaster, ...rows.map((row) => row.pid)]) process.kill(pid, 'SIGKILL');
}

async function bringUp(): Promise<void> {
  instance = await startInstance(NAME);
  after = openPool();
}

function openPool(): pg.Pool {
  const pool = new pg.Pool({ connectionString: instance.url });
  pool.on('error', () => {}); // the server dies under its connections
  return pool;
}

async function counts(): Promise<{ events: number; loads: number }> {
  const { rows } = await after.query(
    'select (select count(*)::int from events) as events, (select count(*)::int from loads) as loads',
  );
  return rows[0];
}

async function watermark(rollup: string): Promise<number> {
  const { rows } = await after.query('select last_aggregated_id from rollups where name = $1', [
    rollup,
  ]);
  return Number(rows[0].last_aggregated_id);
}
