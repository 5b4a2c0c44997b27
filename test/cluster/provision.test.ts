import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { databaseChecks, presentSubject, runChecks } from '../../cluster/checks.ts';
import { chooseEngine } from '../../cluster/engine.ts';
import { instanceFolder } from '../../cluster/instance.ts';
import { withLock } from '../../cluster/lock.ts';
import { installCommand, providePrograms } from '../../cluster/packages.ts';
import { accessRules, serverSettings } from '../../cluster/settings.ts';
import { waitFor } from '../../cluster/wait.ts';
import { closingLine, countTests } from '../../tools/test.ts';

test('DATABASE_URL comes before everything, and its password is not shown', () => {
  const url = 'postgres://me:secret@example.org/db';
  const choice = chooseEngine({ DATABASE_URL: url, WORKSHOP_ENGINE: 'docker' });
  expect(choice).toMatchObject({ engine: 'url', url });
  expect(choice.why).toContain('me:***@example.org');
  const { why } = chooseEngine({
    DATABASE_URL: 'postgres://me@example.org/db?password=secret&a=b',
  });
  expect(why).toContain('example.org/db?password=***&a=b');
});

const name = 'never-started';
const noEngine = () => ({ reason: 'there is no program "docker"' });
const someEngine = () => ({ text: 'Docker 20' });

test('without a wish and without a container engine the database is native, and the reason is given', () => {
  const { engine, why } = chooseEngine({}, { name, findEngine: noEngine });
  expect(engine).toBe('native');
  expect(why).toContain('neither DATABASE_URL nor WORKSHOP_ENGINE is set, and there is no program');
  expect(chooseEngine({ WORKSHOP_ENGINE: 'native' }).why).toContain('WORKSHOP_ENGINE=native');
});

test('a container engine that answers is used, unless the wish is another', () => {
  const options = { name, findEngine: someEngine };
  expect(chooseEngine({}, options)).toMatchObject({ engine: 'docker' });
  expect(chooseEngine({ WORKSHOP_ENGINE: 'native' }, options)).toMatchObject({ engine: 'native' });
});

test('DATABASE_URL may be in a file', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'url-')), 'url');
  writeFileSync(file, 'postgres://me:secret@example.org/db\n');
  const choice = chooseEngine({ DATABASE_URL_FILE: file });
  expect(choice).toMatchObject({ engine: 'url', url: 'postgres://me:secret@example.org/db' });
  expect(() => chooseEngine({ DATABASE_URL_FILE: `${file}.not` })).toThrow('cannot be read');
});

test('a wish that cannot be met is refused', () => {
  expect(() => chooseEngine({ WORKSHOP_ENGINE: 'podman' })).toThrow('got "podman"');
  const demand = () => chooseEngine({ WORKSHOP_ENGINE: 'docker' }, { findEngine: noEngine });
  expect(demand).toThrow('WORKSHOP_ENGINE=docker, but there is no program "docker"');
  expect(() => chooseEngine({ DATABASE_URL: 'mysql://x/y' })).toThrow('Expected `DATABASE_URL`');
});

test('without PostgreSQL and without rights the message names three ways out', () => {
  const env = { ...process.env, WORKSHOP_INSTALL: 'never', WORKSHOP_POSTGRES_BIN: '/nowhere' };
  const told: string[] = [];
  const provide = () => providePrograms((line) => told.push(line), { env });
  expect(provide).toThrow(
    /Three ways out.*apt-get install --no-install-recommends postgresql-.*-hll.*WORKSHOP_ENGINE=docker.*DATABASE_URL=postgres/s,
  );
  expect(told).toEqual([]);
});

test('the command to install names the extensions too', () => {
  expect(installCommand(17)).toBe(
    'sudo apt-get install --no-install-recommends postgresql-17 ' +
      'postgresql-17-hll postgresql-17-cron postgresql-17-partman postgresql-17-tdigest',
  );
});

test('only libraries that are there are preloaded', () => {
  const node = { port: 1, database: 'workshop' };
  const text = serverSettings('single', { ...node, libraries: ['hll', 'citus'] });
  expect(text).toContain("shared_preload_libraries = 'hll'");
  expect(text).not.toContain('cron.');
  const both = serverSettings('single', { ...node, libraries: ['hll', 'pg_cron'] });
  expect(both).toContain("shared_preload_libraries = 'pg_cron,hll'");
  expect(both).toContain("cron.database_name = 'workshop'");
});

test('nobody gets in without a password', () => {
  const rules = accessRules().split('\n');
  expect(rules.filter((rule) => rule && !/^#|scram-sha-256$/.test(rule))).toEqual([]);
});

test('an instance has a name that fits in a path', () => {
  expect(() => instanceFolder('../elsewhere')).toThrow('Expected an instance name');
});

test('a lock keeps a second holder waiting, and is taken over from a dead one', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lock-'));
  const file = join(folder, 'lock');
  const order: string[] = [];
  const { promise: release, resolve } = Promise.withResolvers<void>();
  const first = withLock(file, async () => {
    order.push('first in');
    await release;
    order.push('first out');
  });
  const report = () => resolve();
  const second = withLock(file, async () => order.push('second in'), { report });
  await Promise.all([first, second]);
  expect(order).toEqual(['first in', 'first out', 'second in']);

  writeFileSync(file, '999999999'); // no process has this number
  await withLock(file, async () => order.push('third in'));
  writeFileSync(file, String(process.pid)); // alive, but this old: not the holder any more
  utimesSync(file, 0, 0);
  await withLock(file, async () => order.push('fourth in'));
  expect(order.slice(3)).toEqual(['third in', 'fourth in']);
  expect(existsSync(file)).toBe(false);
  rmSync(folder, { recursive: true });
});

test('waiting has a limit and a name', async () => {
  const waiting = waitFor('a miracle', () => false, { limitMs: 20, everyMs: 5 });
  await expect(waiting).rejects.toThrow('Waited 0.02 s for a miracle');
});

test('every check that is not green comes with its fix', async () => {
  const findings = await runChecks(databaseChecks, {
    ...presentSubject(),
    facts: async () => ({
      version: '14.1',
      major: 14,
      database: 'mine',
      available: { pg_cron: '1.6' },
      preloaded: ['pg_cron'],
      cronDatabase: 'theirs',
      mayCreate: true,
      nodes: [
        { name: 'one', port: 5432, isActive: true, isCoordinator: true },
        { name: 'two', port: 5433, isActive: false, isCoordinator: false },
      ],
    }),
  });
  const state = Object.fromEntries(findings.map(({ title, state }) => [title, state]));
  expect(state).toMatchObject({ hll: 'error', pg_partman: 'warning', Citus: 'error' });
  expect(findings.find(({ title }) => title === 'pg_cron')?.fix).toContain("'mine'");
  expect(findings.filter(({ state, fix }) => state !== 'ok' && !fix)).toEqual([]);
});

test('requirements are pinned exactly', () => {
  const lines = readFileSync(join(import.meta.dirname, '../../requirements.txt'), 'utf8');
  const names = lines.split('\n').filter((line) => line && !line.startsWith('#'));
  expect(names.filter((line) => !/^[\w.-]+==[\w.]+$/.test(line))).toEqual([]);
});

test('tests are counted with the files that could not be loaded', () => {
  const counts = countTests({
    success: false,
    testResults: [
      { status: 'passed', assertionResults: [{ status: 'passed' }, { status: 'pending' }] },
      { status: 'failed', assertionResults: [{ status: 'passed' }, { status: 'failed' }] },
      { status: 'failed', assertionResults: [] },
    ],
  });
  expect(closingLine(counts)).toBe('2 passed, 2 failed, 1 skipped');
});
