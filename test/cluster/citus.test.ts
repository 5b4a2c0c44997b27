import { existsSync, renameSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { databaseChecks, presentSubject, runChecks } from '../../cluster/checks.ts';
import {
  addWorker,
  destroyInstance,
  type Instance,
  instanceStatus,
  startInstance,
  stopInstance,
} from '../../cluster/index.ts';
import { instanceFolder } from '../../cluster/instance.ts';
import { runningServer } from '../../cluster/processes.ts';
import { waitFor } from '../../cluster/wait.ts';
import { runOn } from '../database.ts';
import { citusMissing } from '../faults/nodes.ts';

const name = `nodes-${process.pid}`;
let instance: Instance;
let told: string[] = [];
const report = (line: string) => told.push(line);

const missing = citusMissing();

describe('a native cluster', () => {
  if (missing) return test('lives', ({ skip }) => skip(missing));

  beforeAll(async () => {
    vi.stubEnv('WORKSHOP_ENGINE', 'native');
    instance = await startInstance(name, { report });
    await ask('create table kept (id int primary key)');
    await ask("select create_distributed_table('kept', 'id')");
    await ask('insert into kept select generate_series(1, 100)');
  });

  beforeEach(() => {
    vi.stubEnv('WORKSHOP_ENGINE', 'native');
    vi.stubEnv('WORKSHOP_INSTANCE', name);
    vi.stubEnv('DATABASE_URL', undefined);
    told = [];
  });

  afterEach(() => vi.unstubAllEnvs());

  afterAll(() => destroyInstance(name));

  test('has a coordinator and two workers that know each other, and hold the shards', async () => {
    expect(instance).toMatchObject({ engine: 'citus', workers: [{}, {}] });
    expect(await places()).toEqual(ports());
    const holders = await ask('select distinct nodeport as port from citus_shards order by 1');
    expect(holders.map(({ port }) => port)).toEqual(ports().slice(1).toSorted());
    expect(await startInstance(name, { report })).toEqual(instance);
    expect(told).toEqual([]);
  });

  test('does not let anybody in without the password, on any node', async () => {
    for (const port of ports()) {
      const { host, user, database } = instance;
      const wrong = new pg.Client({ host, port, user, database, password: 'wrong' });
      await expect(wrong.connect()).rejects.toThrow('password authentication failed');
    }
  });

  test('says which node is down, and starts only that one', async () => {
    const coordinator = runningServer(instance.dataDirectory);
    await kill(worker(0).dataDirectory);
    expect(await instanceStatus(name)).toMatchObject({
      state: 'incomplete',
      detail: expect.stringContaining(`worker-1 (port ${worker(0).port})`),
    });
    const findings = await runChecks(databaseChecks, presentSubject());
    expect(findings.find(({ title }) => title === 'Citus')?.text).toContain(
      `no answer from worker 127.0.0.1:${worker(0).port}`,
    );
    instance = await startInstance(name, { report });
    expect(told.join('\n')).toContain('worker-1 did not shut down properly');
    expect(runningServer(instance.dataDirectory)).toBe(coordinator);
    expect(await kept()).toBe(100);
  });

  test('comes up again when every node was killed', async () => {
    for (const folder of folders()) await kill(folder);
    expect((await instanceStatus(name)).state).toBe('stopped');
    instance = await startInstance(name);
    expect(await kept()).toBe(100);
  });

  test('moves to other ports together, and every node is told', async () => {
    await stopInstance(name);
    const before = ports();
    const taken = [instance.port, worker(0).port].map(occupy);
    try {
      instance = await startInstance(name);
    } finally {
      for (const server of taken) server.close();
    }
    expect(ports().filter((port) => before.includes(port))).toEqual([worker(1).port]);
    expect(await places()).toEqual(ports());
    expect(await kept()).toBe(100);
  });

  test('survives the loss of its stored password', async () => {
    const before = instance.password;
    rmSync(join(instanceFolder(name), 'instance.json'));
    instance = await startInstance(name);
    expect(instance.password).not.toBe(before);
    expect(await kept()).toBe(100);
  });

  test('takes in a worker that the coordinator has forgotten', async () => {
    await ask('drop table kept');
    await ask('select citus_remove_node($1, $2)', [instance.host, worker(1).port]);
    expect((await instanceStatus(name)).detail).toContain('1 of 2 workers are active');
    instance = await startInstance(name);
    expect(await places()).toEqual(ports());
  });

  test('grows by one worker, once', async () => {
    instance = await addWorker(name);
    expect(ports()).toHaveLength(4);
    expect(await places()).toEqual(ports());
    expect(await addWorker(name)).toEqual(instance);
  });

  test('does not start without the data of a worker, and says why', async () => {
    await stopInstance(name);
    const folder = dirname(worker(1).dataDirectory);
    renameSync(folder, `${folder}-aside`);
    await expect(startInstance(name)).rejects.toThrow(/data of worker-2 is gone.*--delete/s);
    renameSync(`${folder}-aside`, folder);
    instance = await startInstance(name);
  });

  test('without a coordinator its workers are set aside, and a new cluster is made', async () => {
    await stopInstance(name);
    rmSync(instance.dataDirectory, { recursive: true });
    vi.stubEnv('WORKSHOP_WORKERS', '1');
    instance = await startInstance(name, { report });
    expect(told.join('\n')).toContain('belonged to a coordinator that is gone');
    expect(ports()).toHaveLength(2);
    expect(await places()).toEqual(ports());
    const findings = await runChecks(databaseChecks, presentSubject());
    expect(findings.find(({ title }) => title === 'Leftovers')?.text).toContain('worker-1.broken-');
    expect(findings.find(({ title }) => title === 'Citus')?.text).toContain('1 worker');
  });

  test('keeps its size, whatever is wished for later', async () => {
    await stopInstance(name);
    vi.stubEnv('WORKSHOP_WORKERS', '3');
    instance = await startInstance(name, { report });
    expect(told.join('\n')).toContain('stays with 1 worker');
    expect(ports()).toHaveLength(2);
  });

  test('a delete leaves nothing', async () => {
    expect(await destroyInstance(name)).toBe(true);
    expect(existsSync(instanceFolder(name))).toBe(false);
    for (const folder of folders()) expect(existsSync(folder)).toBe(false);
  });

  test('is one plain node where no workers are wished for', async () => {
    vi.stubEnv('WORKSHOP_WORKERS', '0');
    instance = await startInstance(name);
    expect(instance).toMatchObject({ engine: 'postgres' });
    await expect(addWorker(name)).rejects.toThrow('this database is one node');
  });
});

test('workers are refused where the server has no Citus', async ({ skip }) => {
  if (!missing) skip('needs a server without Citus');
  vi.stubEnv('WORKSHOP_ENGINE', 'native');
  vi.stubEnv('WORKSHOP_WORKERS', '2');
  try {
    await expect(startInstance(name)).rejects.toThrow('takes the citus extension');
  } finally {
    vi.unstubAllEnvs();
    await destroyInstance(name);
  }
});

const ask = (sql: string, values?: unknown[]): Promise<Record<string, unknown>[]> =>
  runOn(instance.url, sql, values);

async function kept(): Promise<unknown> {
  return (await ask('select count(*)::int from kept'))[0]?.count;
}

// Where the cluster believes that its nodes listen; every node must have been told.
async function places(): Promise<unknown[]> {
  const rows = await ask('select nodeport as port from pg_dist_node order by groupid');
  const views = await ask(`
    select result from run_command_on_all_nodes(
      'select jsonb_agg(nodeport order by groupid) from pg_dist_node')`);
  expect(new Set(views.map(({ result }) => result)).size).toBe(1);
  return rows.map(({ port }) => port);
}

function ports(): number[] {
  return [instance.port, ...(instance.workers ?? []).map(({ port }) => port)];
}

function folders(): string[] {
  return [instance, ...(instance.workers ?? [])].map(({ dataDirectory }) => dataDirectory);
}

function worker(index: number) {
  const found = instance.workers?.[index];
  if (!found) throw new Error(`The cluster has no worker ${index + 1}`);
  return found;
}

// A stranger's server, which wants nothing of us.
function occupy(port: number) {
  return createServer((socket) => socket.destroy()).listen(port, '127.0.0.1');
}

async function kill(dataDirectory: string): Promise<void> {
  const pid = runningServer(dataDirectory) ?? 0;
  process.kill(pid, 'SIGKILL');
  await waitFor('the end of the server', () => !runningServer(dataDirectory));
}
