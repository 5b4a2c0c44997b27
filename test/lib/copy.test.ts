import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { waitFor } from '../../cluster/wait.ts';
import { generateEvents } from '../../data/generator.ts';
import {
  AlreadyLoadedError,
  CsvError,
  LoadError,
  type LoadProgress,
  loadCsv,
  loadStream,
} from '../../lib/copy.ts';
import { CsvScanner, splitRecord } from '../../lib/csv.ts';
import { freshDatabase, type TestDatabase } from '../database.ts';

let database: TestDatabase;
let pool: pg.Pool;
let folder: string;
let big: string;
const BIG_ROWS = 100_000;

beforeAll(async () => {
  database = await freshDatabase('copy');
  pool = database.pool;
  folder = await mkdtemp(join(tmpdir(), 'workshop-copy-'));
  [big] = (await generateEvents({ files: 1, rows: BIG_ROWS, out: folder })).files;
}, 60_000);

afterAll(async () => {
  await database?.drop();
  if (folder) await rm(folder, { recursive: true });
});

beforeEach(async () => {
  // a lock that a failed test left behind fails the others soon
  await pool.query("begin; set local lock_timeout = '5s'; truncate events, loads; commit");
});

const HEADER = 'customer_id,event_type,country,browser,device_id,session_id';
const ROW = '1,click,India,chrome,11,111';

async function csv(name: string, content: string | Buffer): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

async function counts(): Promise<{ events: number; loads: number }> {
  const { rows } = await pool.query(
    'select (select count(*)::int from events) as events, (select count(*)::int from loads) as loads',
  );
  return rows[0];
}

// what a load failed with
async function failure(load: Promise<unknown>): Promise<CsvError & LoadError> {
  return load.then(
    () => expect.unreachable('expected the load to fail'),
    (error) => error,
  );
}

const COPIES = `
  select pid, wait_event_type from pg_stat_activity
   where datname = current_database() and query like 'copy %' and state = 'active'`;

const copies = async () =>
  (await pool.query(COPIES)).rows as { pid: number; wait_event_type: string }[];
const noCopies = () => waitFor('all COPY to end', async () => (await copies()).length === 0);

describe('loading a file', () => {
  it('puts every row into the table and one record into loads', async () => {
    const result = await loadCsv(pool, big);
    const bytes = (await readFile(big)).length;
    expect(result).toMatchObject({ rows: BIG_ROWS, bytes, files: [{ file: big, rows: BIG_ROWS }] });
    expect(await counts()).toEqual({ events: BIG_ROWS, loads: 1 });
    const { rows } = await pool.query('select *, finished_at > started_at as in_order from loads');
    expect(rows[0]).toMatchObject({
      file_name: basename(big),
      sha256: result.files[0].sha256,
      rows: String(BIG_ROWS),
      bytes: String(bytes),
      in_order: true,
    });
  });

  it('takes the columns that the header names, in its order', async () => {
    await loadCsv(
      pool,
      await csv('order.csv', 'session_id,event_time,customer_id\n7,2026-01-02T03:04:05.678Z,9\n'),
    );
    const { rows } = await pool.query(
      'select event_time, customer_id, device_id, session_id from events',
    );
    expect(rows).toEqual([
      {
        event_time: new Date('2026-01-02T03:04:05.678Z'),
        customer_id: '9',
        device_id: null,
        session_id: '7',
      },
    ]);
  });

  it("takes the tutorial's six columns; the time is that of the load", async () => {
    const [uniform] = (
      await generateEvents({ uniform: true, files: 1, rows: 5000, out: join(folder, 'uniform') })
    ).files;
    await loadCsv(pool, uniform);
    const { rows } = await pool.query(
      "select count(*)::int, max(event_time) > now() - interval '1 minute' as now from events",
    );
    expect(rows[0]).toEqual({ count: 5000, now: true });
  });

  it('reads a byte order mark, CRLF, quotes and line ends in quotes', async () => {
    const text = '\uFEFF"customer_id",event_type\r\n1,"a ""b"",\r\nc"\r\n2,d\r\n';
    const { rows } = await loadCsv(pool, await csv('quotes.csv', text));
    expect(rows).toBe(2);
    const types = await pool.query('select event_type from events order by customer_id');
    expect(types.rows.map((row) => row.event_type)).toEqual(['a "b",\r\nc', 'd']);
  });

  it('says when the last line has no line end, which a file cut off may have', async () => {
    const { files } = await loadCsv(pool, await csv('end.csv', `${HEADER}\n${ROW}`));
    expect(files[0]).toMatchObject({ rows: 1, note: expect.stringContaining('no line end') });
  });

  it('draws ids from the default of the column, in the order of the lines', async () => {
    await loadCsv(
      pool,
      await csv('ids.csv', `customer_id\n${Array.from({ length: 500 }, (_, i) => i).join('\n')}\n`),
    );
    const { rows } = await pool.query('select customer_id::int from events order by event_id');
    expect(rows.map((row) => row.customer_id)).toEqual(Array.from({ length: 500 }, (_, i) => i));
  });

  it('tells how far it is, up to the rows that the server counted', async () => {
    const told: LoadProgress[] = [];
    await loadCsv(pool, big, { onProgress: (progress) => told.push(progress) });
    const bytes = told.map((progress) => progress.bytes);
    expect(bytes).toEqual(bytes.toSorted((a, b) => a - b));
    expect(told.length).toBeGreaterThan(20);
    expect(told[10]).toMatchObject({
      state: 'running',
      filesDone: 0,
      secondsLeft: expect.any(Number),
    });
    expect(told.at(-1)).toMatchObject({
      state: 'done',
      filesDone: 1,
      rows: BIG_ROWS,
      secondsLeft: 0,
    });
    expect(told.at(-1)?.bytes).toBe(told[0].totalBytes);
  });
});

describe('a header that cannot be', () => {
  const cases: [string, string | Buffer, RegExp, string?][] = [
    [
      'unknown column',
      'customer_id,colour\n1,red\n',
      /line 1, column colour: .* no column "colour"; the columns are event_time, customer_id/,
      'colour',
    ],
    ['missing column', 'event_type\nclick\n', /column "customer_id" is missing/, 'customer_id'],
    ['column named twice', 'customer_id,customer_id\n1,1\n', /named twice/, 'customer_id'],
    [
      'ids in the file',
      `event_id,${HEADER}\n1,${ROW}\n`,
      /the table assigns it itself/,
      'event_id',
    ],
    ['no header', `${ROW}\n${ROW}\n`, /no column "1"/, '1'],
    ['semicolons', 'customer_id;country\n1;India\n', /separated by commas/],
    ['blank first line', `\n${HEADER}\n`, /first line is blank/],
    ['nothing', '', /file is empty/],
    ['gzip', Buffer.from('1f8b0800', 'hex'), /compressed/],
    ['UTF-16', Buffer.from(`\uFEFF${HEADER}\n`, 'utf16le'), /UTF-16/],
  ];
  it.each(cases)('is refused with a reason: %s', async (name, content, message, column) => {
    const file = await csv('header.csv', content);
    const error = await failure(loadCsv(pool, file));
    expect(error, name).toBeInstanceOf(CsvError);
    expect(error).toMatchObject({ file, line: 1, message: expect.stringMatching(message) });
    if (column) expect(error.column).toBe(column);
  });

  it('is not looked for in a folder, or where there is nothing', async () => {
    await mkdir(join(folder, 'folder.csv'), { recursive: true });
    await expect(loadCsv(pool, join(folder, 'folder.csv'))).rejects.toThrow(/it is a folder/);
    await expect(loadCsv(pool, join(folder, 'nothing.csv'))).rejects.toThrow(
      /nothing.csv: there is no such file/,
    );
    await expect(loadCsv(pool, [])).rejects.toThrow(
      'Expected `files` to be at least one path, got [].',
    );
    await expect(loadCsv(pool, big, { streams: 0 })).rejects.toThrow('Expected `streams`');
  });
});

describe('a bad row', () => {
  const good = `${HEADER}\n${`${ROW}\n`.repeat(2000)}`;
  const cases: [string, string | Buffer, object][] = [
    [
      'a word for a number',
      '1,click,India,chrome,x,1\n',
      { column: 'device_id', value: 'x', code: '22P02' },
    ],
    [
      'a number too big',
      '1,click,India,chrome,1,99999999999999999999\n',
      { column: 'session_id', value: '99999999999999999999' },
    ],
    ['too few fields', '1,click\n', { column: 'country', row: '1,click' }],
    ['too many fields', `${ROW},7\n`, { row: `${ROW},7` }],
    ['an empty line', '\n', { column: 'event_type', row: '' }],
    ['a constraint', ',click,India,chrome,1,1\n', { column: 'customer_id', value: '' }],
    [
      'broken UTF-8',
      Buffer.from('1,click,\xff,chrome,1,1\n', 'latin1'),
      { column: 'country', value: '<ff>', code: '22021' },
    ],
    ['the end of COPY', `\\.\n${ROW}\n`, {}],
    ['cut off in the middle', '1,click,Ind', { column: 'browser', row: '1,click,Ind' }],
    ['an open quote', '1,"click', {}],
  ];
  it.each(cases)('stops its file whole and is named: %s', async (name, line, place) => {
    const file = await csv('bad.csv', Buffer.concat([Buffer.from(good), Buffer.from(line)]));
    const error = await failure(loadCsv(pool, file));
    expect(error, name).toBeInstanceOf(CsvError);
    expect(error).toMatchObject({ file, line: 2002, ...place });
    expect(error.message).toContain(`${file}, line 2002`);
    expect(error.message).toContain('Nothing of it was loaded');
    expect(await counts()).toEqual({ events: 0, loads: 0 });
  });

  it('is found behind line ends in quotes, and its line is that of the file', async () => {
    const file = await csv(
      'lines.csv',
      `customer_id,event_type,device_id\n1,"a\nb",1\n,c,2\n3,d,3\n`,
    );
    expect(await failure(loadCsv(pool, file))).toMatchObject({ line: 4, column: 'customer_id' });
  });

  it('that no partition takes is named with its time', async () => {
    await pool.query(`
      create table if not exists bounded (like events including defaults) partition by range (event_time);
      create table if not exists bounded_2026 partition of bounded for values from ('2026-01-01') to ('2027-01-01')`);
    const file = await csv('late.csv', 'customer_id,event_time\n1,2026-05-05\n2,2031-01-01\n');
    const error = await failure(loadCsv(pool, file, { table: 'bounded' }));
    expect(error).toMatchObject({ line: 3, column: 'event_time', value: '2031-01-01' });
    expect(error.message).toMatch(/no partition/);
  });

  it('of one file leaves the other files alone; all outcomes are told', async () => {
    const bad = await csv('bad.csv', `${HEADER}\n1,click,India,chrome,x,1\n`);
    const worse = join(folder, 'nowhere.csv');
    const small = await csv('small.csv', `${HEADER}\n${ROW}\n`);
    const told: LoadProgress[] = [];
    const error = await failure(
      loadCsv(pool, [bad, big, worse, small], { onProgress: (progress) => told.push(progress) }),
    );
    expect(error).toBeInstanceOf(LoadError);
    expect(error.errors).toEqual([
      expect.objectContaining({ file: bad, line: 2, column: 'device_id' }),
      expect.objectContaining({ file: worse }),
    ]);
    expect(error.loaded.map((load) => load.file)).toEqual([big, small]);
    expect(error.message).toMatch(/^2 of 4 files were not loaded; nothing of them stayed:/);
    expect(error.message).toContain(`✓ ${big}: 100,000 rows`);
    expect(told.at(-1)).toMatchObject({ state: 'failed', rows: BIG_ROWS + 1, filesDone: 2 });
    expect(await counts()).toEqual({ events: BIG_ROWS + 1, loads: 2 });
  });
});

describe('the same content', () => {
  it('is refused a second time, under another name too, before a byte is sent', async () => {
    await loadCsv(pool, big);
    const other = await csv('other-name.csv', await readFile(big));
    const writer = await pool.connect();
    try {
      await writer.query('begin; lock table events in access exclusive mode'); // a COPY would wait for this
      const error = await failure(loadCsv(pool, other, { signal: AbortSignal.timeout(20_000) }));
      expect(error).toBeInstanceOf(AlreadyLoadedError);
      expect(error.message).toMatch(
        /other-name.csv was loaded already, at 20.* under the name events-001.csv/,
      );
      expect(error.message).toContain('{ force: true }');
    } finally {
      await writer.query('rollback');
      writer.release();
    }
    expect(await counts()).toEqual({ events: BIG_ROWS, loads: 1 });
  });

  it('is loaded again when forced, and refused after that as before', async () => {
    const file = await csv('small.csv', `${HEADER}\n${ROW}\n`);
    await loadCsv(pool, file, { force: true });
    await expect(loadCsv(pool, file)).rejects.toThrow(AlreadyLoadedError);
    await loadCsv(pool, file, { force: true });
    await loadCsv(pool, file, { force: true });
    await expect(loadCsv(pool, file)).rejects.toThrow(AlreadyLoadedError);
    expect(await counts()).toEqual({ events: 3, loads: 3 });
  });

  it('goes in once when several load it at the same time', async () => {
    const outcomes = await Promise.allSettled([
      loadCsv(pool, big),
      loadCsv(pool, big),
      loadCsv(pool, [big, big]),
    ]);
    const loaded = outcomes.filter((outcome) => outcome.status === 'fulfilled').length;
    const partly = outcomes.filter(
      (outcome) => outcome.status === 'rejected' && outcome.reason.loaded?.length === 1,
    ).length;
    expect(loaded + partly).toBe(1);
    expect(await counts()).toEqual({ events: BIG_ROWS, loads: 1 });
  });

  it.each([
    ['commit', AlreadyLoadedError, 0],
    ['rollback', undefined, 1],
  ])('waits for the one that is ahead: after its %s', async (end, refusal, events) => {
    const file = await csv('small.csv', `${HEADER}\n${ROW}\n`);
    const { files } = await loadCsv(pool, file);
    await pool.query('truncate events, loads');
    const ahead = await pool.connect();
    await ahead.query('begin');
    await ahead.query("select record_load('ahead.csv', $1, 'events', 1, 84)", [files[0].sha256]);
    const second = loadCsv(pool, file).catch((error) => error);
    await waitFor('the second to wait', async () => {
      const { rows } = await pool.query(
        "select from pg_stat_activity where query like '%record_load%' and wait_event_type = 'Lock'",
      );
      return rows.length > 0;
    });
    await ahead.query(end);
    ahead.release();
    const outcome = await second;
    if (refusal) expect(outcome).toBeInstanceOf(refusal);
    else expect(outcome.rows).toBe(1);
    expect((await counts()).events).toBe(events);
  });

  it('under the same name but changed is another load', async () => {
    await loadCsv(pool, await csv('grows.csv', `${HEADER}\n${ROW}\n`));
    await loadCsv(pool, await csv('grows.csv', `${HEADER}\n${ROW}\n${ROW}\n`));
    expect(await counts()).toEqual({ events: 3, loads: 2 });
  });
});

describe('a load that ends in the middle leaves nothing behind', () => {
  it('when its process is killed', async () => {
    const url = new URL('./killed-load.ts', import.meta.url);
    const child = spawn(process.execPath, [url.pathname, database.url, big], { stdio: 'inherit' });
    const [, signal] = await once(child, 'exit');
    expect(signal).toBe('SIGKILL');
    await noCopies();
    expect(await counts()).toEqual({ events: 0, loads: 0 });
    await loadCsv(pool, big);
    expect(await counts()).toEqual({ events: BIG_ROWS, loads: 1 });
  });

  it('when the server ends its session, which the message tells', async () => {
    async function* source() {
      for (let id = 1; id <= 50_000; id++) yield { customer_id: id };
      await waitFor('the COPY to run', async () => (await copies()).length === 1);
      await pool.query(`select pg_terminate_backend(pid) from (${COPIES}) as copies`);
      while (true) yield { customer_id: 1 };
    }
    const error = await failure(loadStream(pool, source(), { name: 'live' }));
    expect(error.message).toMatch(
      /^The server went away while live was loading .*Nothing of it stayed, so it is safe to load it again/,
    );
    await noCopies();
    expect(await counts()).toEqual({ events: 0, loads: 0 });
  });

  it('when a signal aborts it', async () => {
    const stop = new AbortController();
    const small = await csv('small.csv', `${HEADER}\n${ROW}\n`);
    const error = await failure(
      loadCsv(pool, [big, small], {
        streams: 1,
        signal: stop.signal,
        onProgress: ({ bytes }) => bytes > 1_000_000 && stop.abort(),
      }),
    );
    expect(error.name).toBe('AbortError');
    expect(error.message).toMatch(
      /events-001.csv was stopped before it was complete; nothing of it stayed/,
    );
    expect(error.errors).toHaveLength(2);
    await noCopies();
    expect(await counts()).toEqual({ events: 0, loads: 0 });
  });

  it('when the notebook is interrupted, even while the server waits for a lock', async () => {
    const writer = await pool.connect();
    try {
      await writer.query('begin; lock table events in access exclusive mode');
      const load = failure(loadCsv(pool, big));
      await waitFor(
        'the COPY to wait',
        async () => (await copies())[0]?.wait_event_type === 'Lock',
      );
      process.emit('interrupt' as never);
      expect((await load).name).toBe('AbortError');
      await noCopies(); // not only once the lock is free
    } finally {
      await writer.query('rollback');
      writer.release();
    }
    expect(await counts()).toEqual({ events: 0, loads: 0 });
  });

  it('and when the answer to its commit is lost, loading it again tells whether it is in', async () => {
    const cut = await proxy(database.url, (bytes) => bytes.includes('commit\0'));
    const far = new pg.Pool({ connectionString: cut.url });
    far.on('error', () => {});
    const error = await failure(loadCsv(far, big));
    expect(error.message).toMatch(/in the table whole, or not at all/);
    await far.end();
    cut.close();
    await noCopies();
    await expect(loadCsv(pool, big)).rejects.toThrow(AlreadyLoadedError);
    expect(await counts()).toEqual({ events: BIG_ROWS, loads: 1 });
  });
});

// a way to the server that breaks as soon as these bytes have passed
async function proxy(address: string, breaks: (bytes: Buffer) => boolean) {
  const target = new URL(address);
  const server = net.createServer((near) => {
    const far = net.connect(Number(target.port), target.hostname);
    near.on('error', () => {}).on('close', () => far.end());
    far.on('error', () => {}).on('close', () => near.destroy());
    far.pipe(near, { end: false });
    near.on('data', (bytes: Buffer) => {
      if (breaks(bytes)) {
        far.unpipe(near);
        far.end(bytes);
        near.destroy();
      } else if (!far.write(bytes)) {
        near.pause();
        far.once('drain', () => near.resume());
      }
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const url = new URL(address);
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as net.AddressInfo).port);
  return { url: url.href, close: () => server.close() };
}

describe('memory', () => {
  it('stays the same for a source of any size: nothing is read that the server does not take', async () => {
    const writer = await pool.connect();
    let asked = 0;
    function* endless() {
      while (asked < 400_000) yield { customer_id: ++asked, country: 'x'.repeat(100) };
    }
    const lastAsked = { count: -1, at: 0 };
    const stable = () => {
      if (asked !== lastAsked.count) Object.assign(lastAsked, { count: asked, at: Date.now() });
      return asked > 0 && Date.now() - lastAsked.at > 300;
    };
    try {
      await writer.query('begin; lock table events in access exclusive mode');
      const load = loadStream(pool, endless());
      await waitFor(
        'the COPY to wait',
        async () => (await copies())[0]?.wait_event_type === 'Lock',
      );
      await waitFor('the source to rest', stable);
      expect(asked * 108).toBeLessThan(1_000_000); // of 43 MB
      await writer.query('rollback');
      expect((await load).rows).toBe(400_000);
    } finally {
      await writer.query('rollback');
      writer.release();
    }
  });
});

describe('a stream of rows', () => {
  it('goes in whole: texts with quotes, nulls, dates, bigints', async () => {
    async function* source() {
      yield { customer_id: 1, event_type: 'a "b", c\nd', device_id: 9007199254740993n };
      yield { customer_id: 2, event_type: null, device_id: undefined };
      yield { customer_id: 3, event_type: '', device_id: 4, unknown: 5 };
    }
    const { rows } = await loadStream(pool, source());
    expect(rows).toBe(3);
    const stored = await pool.query(
      'select customer_id, event_type, device_id from events order by customer_id',
    );
    expect(stored.rows).toEqual([
      { customer_id: '1', event_type: 'a "b", c\nd', device_id: '9007199254740993' },
      { customer_id: '2', event_type: null, device_id: null },
      { customer_id: '3', event_type: '', device_id: '4' },
    ]);
    expect((await counts()).loads).toBe(0);
  });

  it('takes the columns that are named', async () => {
    const event_time = new Date('2026-01-02T03:04:05.678Z');
    await loadStream(pool, [{ customer_id: 1, event_time, device_id: 8 }], {
      columns: ['event_time', 'customer_id'],
    });
    const { rows } = await pool.query('select event_time, device_id from events');
    expect(rows).toEqual([{ event_time, device_id: null }]);
  });

  it('names the row that is bad, and leaves nothing', async () => {
    const rows = [{ customer_id: 1 }, { customer_id: 2 }, { customer_id: 'three' }];
    const error = await failure(loadStream(pool, rows, { name: 'live' }));
    expect(error).toMatchObject({ file: 'live', line: 3, column: 'customer_id', value: 'three' });
    expect(error.message).toMatch(/^live, row 3, column customer_id/);
    const object = loadStream(pool, [{ customer_id: {} }]);
    await expect(object).rejects.toThrow(/Expected `customer_id` to be a text, .* got object/);
    expect((await counts()).events).toBe(0);
  });

  it('that breaks off leaves nothing, and hands on why', async () => {
    async function* source() {
      yield { customer_id: 1 };
      throw new Error('the sensor is gone');
    }
    await expect(loadStream(pool, source())).rejects.toThrow(
      /nothing of it stayed: the sensor is gone/,
    );
    expect((await counts()).events).toBe(0);
  });

  it('that waits for a row stops when it is told to', async () => {
    const stop = new AbortController();
    async function* source() {
      yield { customer_id: 1 };
      setImmediate(() => stop.abort());
      await new Promise(() => {});
    }
    const error = await failure(loadStream(pool, source(), { signal: stop.signal }));
    expect(error.name).toBe('AbortError');
    await noCopies();
  });

  it('is recorded on request, and then refused a second time', async () => {
    const rows = [{ customer_id: 1 }];
    await loadStream(pool, rows, { name: 'batch 1', record: true });
    await loadStream(pool, rows, { name: 'batch 2', record: true });
    await expect(loadStream(pool, rows, { name: 'batch 1', record: true })).rejects.toThrow(
      AlreadyLoadedError,
    );
    expect(await counts()).toEqual({ events: 2, loads: 2 });
  });

  it('may be empty', async () => {
    expect((await loadStream(pool, [])).rows).toBe(0);
  });
});

describe('a database that is not ready', () => {
  it('is told apart: no server, no table, no records', async () => {
    const nowhere = new pg.Pool({ connectionString: 'postgres://nobody@127.0.0.1:1/nothing' });
    await expect(loadCsv(nowhere, big)).rejects.toThrow(/No database answers .*npm run up/);
    await nowhere.end();
    await expect(loadCsv(pool, big, { table: 'evnts' })).rejects.toThrow(
      /no table evnts; nothing was loaded/,
    );
    const empty = new pg.Pool({
      connectionString: database.url,
      options: '-c search_path=pg_catalog',
    });
    await expect(loadCsv(empty, big, { table: 'public.events' })).rejects.toThrow(/no table loads/);
    await empty.end();
  });
});

describe('the scanner', () => {
  // in chunks of each size, so that whatever belongs together is torn apart everywhere
  const scan = (text: string) => {
    const found = new Set<string>();
    for (let size = 1; size <= text.length; size++) {
      const scanner = new CsvScanner();
      for (let at = 0; at < text.length; at += size)
        scanner.add(Buffer.from(text.slice(at, at + size)));
      scanner.end();
      found.add(`${scanner.markerAt}`);
    }
    return [...found];
  };

  it.each([
    ['a\n\\.\nb\n', ['2']],
    ['a\r\n\\.\r\nb', ['3']],
    ['a\n\\.', ['2']],
    ['\\.\n', ['0']],
    ['a\n\\.b\n', ['undefined']],
    ['a\nb\\.\n', ['undefined']],
    ['a,"x\n\\.\ny"\n', ['undefined']],
    ['a,"x""\n\\.\ny"\n\\.\n', ['13']],
    ['"\\."\n', ['undefined']],
  ])('finds the line that ends a COPY, and nothing else, in %j', (text, found) => {
    expect(scan(text)).toEqual(found);
  });

  it('knows roughly how many rows have passed', () => {
    const scanner = new CsvScanner();
    for (let chunk = 0; chunk < 100; chunk++)
      scanner.add(Buffer.from('1,click,India\n'.repeat(1000)));
    expect(scanner.records).toBeCloseTo(100_000, -1);
    expect(splitRecord('a,"b, ""c""",,d"e"')).toEqual(['a', 'b, "c"', '', 'de']);
  });
});
