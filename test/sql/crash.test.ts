import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { destroyInstance, type Instance, startInstance } from '../../cluster/index.ts';
import { installSql } from '../../lib/install.ts';
import { expectRollupsEqualRecount, insertEvents, until } from './support.ts';

// a server of its own: it is killed
const NAME = 'test-crash';
let instance: Instance;
beforeAll(async () => {
  await destroyInstance(NAME);
  instance = await startInstance(NAME);
}, 120_000);
afterAll(async () => {
  await destroyInstance(NAME);
});

function openPool() {
  const pool = new pg.Pool({ connectionString: instance.url });
  pool.on('error', () => {}); // the server dies under its connections
  return pool;
}

// the whole server at once, as when a machine loses power
async function killServer(pool: pg.Pool) {
  const file = join(instance.dataDirectory, 'postmaster.pid');
  const server = Number(readFileSync(file, 'utf8').split('\n')[0]);
  const { rows } = await pool.query('select pid from pg_stat_activity where pid is not null');
  for (const pid of [server, ...rows.map((row) => row.pid)]) process.kill(pid, 'SIGKILL');
}

test('a server that is killed in the middle of a rollup loses and doubles nothing', async () => {
  const before = openPool();
  await installSql(before);
  await before.query('call maintain_partitions()');
  await insertEvents(before, 120_000, { span: '6 days' });

  // a first window is committed, the next one is under way
  const run = before.query('call aggregate_events(max_events => 40000)').catch((error) => error);
  await until(before, `exists (select from rollups where last_aggregated_id >= 40000)`, 30_000);
  await killServer(before);
  expect(await run).toBeInstanceOf(Error);
  await before.end().catch(() => {});

  instance = await startInstance(NAME);
  const after = openPool();
  try {
    await expect(after.query('select 1')).resolves.toBeTruthy();
    await after.query('call aggregate_events()');
    await expectRollupsEqualRecount(after, 120_000);
  } finally {
    await after.end();
  }
}, 120_000);
