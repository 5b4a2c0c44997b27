import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import {
  destroyInstance,
  type Instance,
  instanceStatus,
  readInstance,
  startInstance,
  stopInstance,
} from '../../cluster/index.ts';
import { instanceFolder } from '../../cluster/instance.ts';
import { runningServer } from '../../cluster/processes.ts';
import { waitFor } from '../../cluster/wait.ts';
import { runOn } from '../database.ts';

const name = `probe-${process.pid}`;
process.env.WORKSHOP_ENGINE = 'native'; // test/container is for the other one
process.env.WORKSHOP_WORKERS = '0'; // citus.test.ts is for several nodes
let told: string[] = [];
const report = (line: string) => told.push(line);
let instance: Instance;

beforeAll(async () => {
  instance = await startInstance(name, { report });
  await ask('create table kept as select 42 as answer');
}, 60_000);

beforeEach(() => {
  told = [];
});

afterAll(async () => {
  await destroyInstance(name);
}, 60_000);

test('a second start finds the database running and does nothing', async () => {
  const again = await startInstance(name, { report });
  expect(again).toEqual(instance);
  expect(told).toEqual([]);
});

test('two starts at once end in one server', async () => {
  await stopInstance(name);
  const both = await Promise.all([startInstance(name), startInstance(name)]);
  expect(both[0]).toEqual(both[1]);
  expect(await kept()).toBe(42);
});

test('the server listens on the loopback address only', async () => {
  const [row] = await ask('show listen_addresses');
  expect(row).toEqual({ listen_addresses: '127.0.0.1' });
  expect(listeningAddresses(instance.port)).toEqual(['0100007F']);
});

test('the password is needed, on TCP and on the socket', async () => {
  for (const host of ['127.0.0.1', instance.socketDirectory]) {
    const { port, user, database } = instance;
    const wrong = new pg.Client({ host, port, user, database, password: 'wrong' });
    await expect(wrong.connect()).rejects.toThrow('password authentication failed');
    const right = new pg.Client({ host, port, user, database, password: instance.password });
    await right.connect();
    await right.end();
  }
});

test('what is stored can be read by its owner only, and the password is in no log', () => {
  const folder = instanceFolder(name);
  for (const file of ['instance.json', 'pg_service.conf', 'server.log']) {
    expect(statSync(join(folder, file)).mode & 0o777).toBe(0o600);
  }
  expect(readFileSync(instance.log, 'utf8')).not.toContain(instance.password);
});

test('the settings that the lessons rely on are in force', async () => {
  const names = ['fsync', 'TimeZone', 'cron.database_name', 'max_locks_per_transaction'];
  const rows = await ask('select setting from pg_settings where name = any($1) order by name', [
    names,
  ]);
  expect(rows.map(({ setting }) => setting)).toEqual(['UTC', 'workshop', 'on', '256']);
});

test('a killed server comes up again with its data', async () => {
  const pid = runningServer(instance.dataDirectory) ?? 0;
  process.kill(pid, 'SIGKILL');
  await waitFor('the end of the server', () => !runningServer(instance.dataDirectory));
  expect((await instanceStatus(name)).state).toBe('stopped');
  await startInstance(name, { report });
  expect(told.join('\n')).toContain('did not shut down properly');
  expect(await kept()).toBe(42);
});

test('pid files that name a living stranger do not prevent a start', async () => {
  await stopInstance(name);
  writeFileSync(join(instance.dataDirectory, 'postmaster.pid'), `${process.pid}\n`);
  const lock = join(instance.socketDirectory, `.s.PGSQL.${instance.port}.lock`);
  writeFileSync(lock, `${process.pid}\n`);
  await startInstance(name, { report });
  expect(told.join('\n')).toContain('now belongs to another program');
  expect(await kept()).toBe(42);
});

test('a taken port is left to its owner', async () => {
  await stopInstance(name);
  const stranger = await listen(instance.port);
  try {
    const moved = await startInstance(name);
    expect(moved.port).not.toBe(instance.port);
    expect(readInstance(name)?.port).toBe(moved.port);
    instance = moved;
    expect(await kept()).toBe(42);
  } finally {
    stranger.close();
  }
});

test('a lost password is replaced', async () => {
  await stopInstance(name);
  rmSync(join(instanceFolder(name), 'instance.json'));
  const old = instance.password;
  instance = await startInstance(name);
  expect(instance.password).not.toBe(old);
  expect(await kept()).toBe(42);
});

test('a stop is safe to repeat', async () => {
  expect(await stopInstance(name)).toBe(true);
  expect(await stopInstance(name)).toBe(false);
  expect(await stopInstance('never-made')).toBe(false);
  expect((await instanceStatus(name)).state).toBe('stopped');
});

test('a half-finished data folder is set aside, and a new one made', async () => {
  await stopInstance(name);
  rmSync(join(instance.dataDirectory, 'global'), { recursive: true });
  mkdirSync(`${instance.dataDirectory}.new`, { recursive: true });
  instance = await startInstance(name, { report });
  expect(told.join('\n')).toContain('set aside');
  expect(readdirSync(join(instance.dataDirectory, '..')).join()).toMatch(/data\.broken-\d+/);
  await ask('create table kept as select 42 as answer');
});

test('a deleted data folder ends the server that worked in it, and a new one is made', async () => {
  rmSync(instance.dataDirectory, { recursive: true });
  instance = await startInstance(name, { report });
  expect((await instanceStatus(name)).state).toBe('running');
});

test('a data folder of a PostgreSQL that is gone is kept, with the way to start afresh', async () => {
  await stopInstance(name);
  const file = join(instance.dataDirectory, 'PG_VERSION');
  const version = readFileSync(file, 'utf8');
  writeFileSync(file, '9\n');
  await expect(startInstance(name)).rejects.toThrow(/made by PostgreSQL 9.*\n.*--delete/s);
  writeFileSync(file, version);
  await startInstance(name);
});

test('a server that cannot start shows the end of its log', async () => {
  await stopInstance(name);
  const file = join(instance.dataDirectory, 'postgresql.auto.conf');
  writeFileSync(file, "shared_preload_libraries = 'no_such_library'\n");
  await expect(startInstance(name)).rejects.toThrow(/server\.log.*no_such_library/s);
  writeFileSync(file, '');
  await startInstance(name);
});

test('a delete leaves nothing', async () => {
  expect(await destroyInstance(name)).toBe(true);
  expect(existsSync(instanceFolder(name))).toBe(false);
  expect(existsSync(instance.dataDirectory)).toBe(false);
  expect(await destroyInstance(name)).toBe(false);
});

const ask = (sql: string, values?: unknown[]): Promise<Record<string, unknown>[]> =>
  runOn(instance.url, sql, values);

async function kept(): Promise<unknown> {
  return (await ask('select answer from kept'))[0]?.answer;
}

async function listen(port: number): Promise<Server> {
  const server = createServer();
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(port, '127.0.0.1', resolve);
  await promise;
  return server;
}

// Hexadecimal addresses of the sockets in state LISTEN (0A) on a port; tcp6 too.
function listeningAddresses(port: number): string[] {
  const rows = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) =>
    existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').slice(1) : [],
  );
  return rows
    .map((row) => row.trim().split(/\s+/))
    .filter(([, , , state]) => state === '0A')
    .map(([, local = '']) => local.split(':'))
    .filter(([, hex = '']) => Number.parseInt(hex, 16) === port)
    .map(([address = '']) => address);
}
