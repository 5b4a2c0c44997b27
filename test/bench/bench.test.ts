import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { root } from '../../cluster/instance.ts';
import { withBench } from '../../tools/bench/database.ts';
import { alternate, compare, type Measurement, median } from '../../tools/bench/measure.ts';
import { watchMemory } from '../../tools/bench/memory.ts';
import { findPsql } from '../../tools/bench/psql.ts';
import { formatTable } from '../../tools/bench/table.ts';
import { chooseCases } from '../../tools/bench.ts';
import { isInstalled } from '../../tools/jupyterlab.ts';
import { freshDatabase, runOn, type TestDatabase } from '../database.ts';
import { insertEvents } from '../sql/support.ts';

const folder = mkdtempSync(join(tmpdir(), 'bench-test-'));
const out = join(folder, 'bench.json');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const OUR_TABLES = `
  select relname from pg_class
   where relkind in ('r', 'p') and relnamespace::regnamespace::text in ('public', 'tutorial')
     and not exists (select from pg_depend where objid = pg_class.oid and deptype = 'e')`;

function bench(url: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['tools/bench.ts', '--quick', '--out', out, ...args],
    { cwd: root, encoding: 'utf8', env: { ...process.env, DATABASE_URL: url } },
  );
  return { status, stdout, stderr };
}

describe('a quick run on an empty database', () => {
  let db: TestDatabase;
  let ran: ReturnType<typeof bench>;
  let measurements: Measurement[];
  beforeAll(async () => {
    db = await freshDatabase('bench', { install: false });
    ran = bench(db.url);
    expect(ran.stderr).toBe('');
    expect(ran.status).toBe(0);
    measurements = JSON.parse(readFileSync(out, 'utf8'));
  });
  afterAll(() => db?.drop());

  test('measures every case', () => {
    const copies = findPsql() ? ['copy, 1 stream', 'copy, 2 streams'] : [];
    const memory = ran.stdout.includes('memory left out') ? [] : ['backlog, memory'];
    expect(measurements.map(({ name }) => name)).toEqual([
      ...copies,
      'backlog',
      ...memory,
      'last-minutes',
      'sessions-week',
      'trend-hours',
      'top-devices',
      'steady',
      'insert, median',
      'insert, slowest',
      'rollup, after the open writer',
    ]);
  });

  test('gives each with positive numbers, the engine and how often it ran', () => {
    for (const { ours, other, ratio, runs, unit, engine, target, met } of measurements) {
      for (const value of [ours, other, ratio]) expect(value).toBeGreaterThan(0);
      for (const value of [ours, other, ratio]) expect(Number.isFinite(value)).toBe(true);
      expect(Number.isInteger(runs) && runs >= 1).toBe(true);
      expect(['rows/s', 's', 'ms', 'MB']).toContain(unit);
      expect(engine).toMatch(/^(PostgreSQL|Citus) \d/);
      expect(typeof met).toBe(target ? 'boolean' : 'undefined');
    }
  });

  test('prints a line for each, and says that it was quick', () => {
    for (const { name } of measurements) expect(ran.stdout).toContain(`\n${name} `);
    expect(ran.stdout).toContain('the figures mean nothing');
  });

  test('leaves the database empty', async () => {
    expect(await runOn(db.url, OUR_TABLES)).toEqual([]);
  });
});

test('what was made is taken away after a failure, too', async () => {
  const db = await freshDatabase('benchfailed', { install: false });
  vi.stubEnv('DATABASE_URL', db.url);
  vi.stubEnv('WORKSHOP_INSTANCE', 'bench');
  try {
    const options = { quick: true, agreed: false, report: () => {} };
    const failing = withBench(options, () => Promise.reject(new Error('on purpose')));
    await expect(failing).rejects.toThrow('on purpose');
  } finally {
    vi.unstubAllEnvs();
  }
  expect(await runOn(db.url, OUR_TABLES)).toEqual([]);
  await db.drop();
});

describe('a database in which something would be lost is refused and stays as it is', () => {
  test('tables of somebody else', async () => {
    const db = await freshDatabase('benchforeign', { install: false });
    await db.pool.query('create table orders as select 1 as id');
    const { status, stderr } = bench(db.url, 'dashboard', '--yes');
    expect(status).toBe(1);
    expect(stderr).toContain("not the workshop's (orders)");
    expect((await db.pool.query('select id from orders')).rows).toEqual([{ id: 1 }]);
    await db.drop();
  });

  test("the workshop's events, unless --yes says that they may go", async () => {
    const db = await freshDatabase('benchours');
    await insertEvents(db.pool, 10);
    const { status, stderr } = bench(db.url, 'dashboard');
    expect(status).toBe(1);
    expect(stderr).toContain('Add --yes');
    expect((await db.pool.query('select from events')).rowCount).toBe(10);
    expect(bench(db.url, 'dashboard', '--yes').status).toBe(0);
    const { rows } = await db.pool.query(`select to_regclass('events') as events`);
    expect(rows).toEqual([{ events: null }]);
    await db.drop();
  });
});

test('our runner and that of Jupyter execute the same notebook', { timeout: 180_000 }, async ({
  skip,
}) => {
  if (!isInstalled()) skip('there is no .venv yet');
  const db = await freshDatabase('benchrunner', { install: false });
  const { stderr } = bench(db.url, 'notebooks');
  expect(stderr).toBe('');
  const [runner, ...rest] = JSON.parse(readFileSync(out, 'utf8')) as Measurement[];
  expect(rest).toEqual([]);
  expect(runner).toMatchObject({ name: 'one notebook', against: 'jupyter execute', unit: 's' });
  expect(Math.min(runner.ours, runner.other)).toBeGreaterThan(0);
  await db.drop();
});

test('a name chooses a case; one that there is not is refused with those that there are', () => {
  expect(chooseCases(['steady', 'copy']).map(({ name }) => name)).toEqual(['copy', 'steady']);
  expect(chooseCases([]).map(({ name }) => name)).not.toContain('notebooks');
  expect(() => chooseCases(['speed'])).toThrow(/no case speed; there are copy, backlog, dashboard/);
});

test('pairs change their order, so that neither side is always the first', async () => {
  const order: string[] = [];
  const side = (name: string, value: number) => async () => {
    order.push(name);
    return value;
  };
  const samples = await alternate(3, { ours: side('ours', 1), other: side('other', 2) });
  expect(order).toEqual(['ours', 'other', 'other', 'ours', 'ours', 'other']);
  expect(samples).toEqual({ ours: [1, 1, 1], other: [2, 2, 2] });
});

test('the median is the value in the middle, and of an even number lies between two', () => {
  expect(median([9, 1, 5])).toBe(5);
  expect(median([9, 1, 5, 100])).toBe(7);
  expect(() => median([])).toThrow(/at least one number/);
});

describe('a ratio above 1 is in our favour', () => {
  const common = { name: 'x', against: 'y', unit: 'ms', engine: 'z' };
  const samples = { ours: [10, 11, 12], other: [20, 22, 24] };

  test('when less is better', () => {
    expect(compare({ ...common, samples, atLeast: 2 })).toMatchObject({
      ours: 11,
      other: 22,
      ratio: 2,
      runs: 3,
      target: '>= 2x',
      met: true,
    });
    expect(compare({ ...common, samples, atLeast: 2.1 }).met).toBe(false);
  });

  test('when more is better', () => {
    const rate = compare({ ...common, samples, better: 'higher', atLeast: 1 });
    expect(rate).toMatchObject({ ratio: 0.5, met: false });
  });

  test('and a limit looks at ours alone', () => {
    expect(compare({ ...common, samples, atMost: 11 })).toMatchObject({
      target: '<= 11 ms',
      met: true,
    });
    expect(compare({ ...common, samples, atMost: 10 }).met).toBe(false);
    expect(compare({ ...common, samples })).not.toHaveProperty('met');
  });
});

test('the columns of the table are aligned', () => {
  const row = { against: 'y', unit: 'ms', engine: 'z', runs: 5, ratio: 2 };
  const text = formatTable([
    { ...row, name: 'short', ours: 1, other: 2 },
    { ...row, name: 'a longer name', ours: 123456, other: 0.5, target: '>= 1x', met: true },
  ]);
  const [head, rule, ...lines] = text.split('\n');
  expect(lines).toHaveLength(2);
  expect(rule).toMatch(/^[─ ]+$/);
  for (const line of lines) expect(line.indexOf('ms')).toBe(head.indexOf('unit'));
  expect(text).toContain('123,456');
});

test('memory is watched of a server process of this machine only', async ({ skip }) => {
  expect(watchMemory(process.pid)).toBeUndefined();
  const db = await freshDatabase('benchmemory', { install: false });
  const client = await db.pool.connect();
  const { rows } = await client.query('select pg_backend_pid() as pid');
  const watch = watchMemory(rows[0].pid, { everyMs: 5 });
  if (watch) {
    await client.query(
      `select length(string_agg(repeat('x', 1000), '')) from generate_series(1, 40000)`,
    );
    expect(watch.stop()).toBeGreaterThan(38);
  }
  client.release();
  await db.drop();
  if (!watch) skip('the server process cannot be seen from here');
});
