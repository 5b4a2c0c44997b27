import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { root } from '../../cluster/instance.ts';
import { freshDatabase, type TestDatabase } from '../database.ts';

// DATABASE_URL names a server that is not ours
let db: TestDatabase;

beforeAll(async () => {
  db = await freshDatabase('url');
  await db.pool.query('create table theirs (id int); insert into theirs values (1)');
});

afterAll(() => db?.drop());

test('doctor and up say what the server can do, and start nothing', () => {
  for (const tool of ['doctor', 'up']) {
    const { stdout, status } = run(tool);
    expect(stdout).toMatch(/server of DATABASE_URL \(postgres:\/\/\w+:\*\*\*@/);
    expect(stdout).toMatch(new RegExp(`✓ Database +PostgreSQL \\d+.*"${db.name}"`));
    for (const title of ['hll', 'TopN', 'pg_partman', 'pg_cron', 'Citus']) {
      expect(stdout).toMatch(new RegExp(`^[✓!] ${title} `, 'm'));
    }
    expect(status).toBe(0);
  }
});

test('a server that is not there is told with its reason and a way on', () => {
  const { stdout, status } = run('up', [], { url: 'postgres://me@127.0.0.1:1/none' });
  expect(stdout).toMatch(/✗ Database .*cannot be used: .*ECONNREFUSED.*\n.*fix: .*DATABASE_URL/);
  expect(status).toBe(1);
});

test('down leaves it alone', () => {
  expect(run('down').stdout).toContain('The server of DATABASE_URL is not ours: it runs on.');
});

test('a reset without anybody to ask is refused, and nothing is changed', async () => {
  const { stderr, status } = run('reset');
  expect(stderr).toContain('add --yes');
  expect(status).toBe(1);
  expect(await things()).toEqual({ ours: 'events', theirs: 'theirs' });
});

test('a reset asks, and takes only a yes', async ({ skip }) => {
  if (spawnSync('script', ['--version']).error) skip('needs the program "script" for a terminal');
  expect(ask('n\n')).toMatch(/Remove everything of the workshop there\?.*Nothing was changed/s);
  expect(await things()).toEqual({ ours: 'events', theirs: 'theirs' });
  expect(ask('yes\n')).toContain('Nothing of the workshop is left.');
  expect(await things()).toEqual({ ours: null, theirs: 'theirs' });
});

test('with --yes it rebuilds a chapter, and leaves what others have', async () => {
  expect(run('reset', ['03', '--yes']).stdout).toContain('As at the start of chapter 03.');
  expect(await things()).toEqual({ ours: 'events', theirs: 'theirs' });
  const { rows } = await db.pool.query('select * from theirs');
  expect(rows).toEqual([{ id: 1 }]);
});

function run(tool: string, args: string[] = [], { url = db.url } = {}) {
  return spawnSync(process.execPath, [join(root, 'tools', `${tool}.ts`), ...args], {
    encoding: 'utf8',
    env: { ...process.env, DATABASE_URL: url, NO_COLOR: '1', WORKSHOP_INSTANCE: 'never-started' },
  });
}

// In a terminal, with somebody who types.
function ask(answer: string): string {
  const command = `${process.execPath} ${join(root, 'tools', 'reset.ts')}`;
  const { stdout } = spawnSync('script', ['-qec', command, '/dev/null'], {
    encoding: 'utf8',
    input: answer,
    env: { ...process.env, DATABASE_URL: db.url },
    timeout: 60_000,
  });
  return stdout;
}

async function things() {
  const { rows } = await db.pool.query(
    `select to_regclass('events')::text as ours, to_regclass('theirs')::text as theirs`,
  );
  return rows[0];
}
