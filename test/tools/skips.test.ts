import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { factLines } from '../../cluster/facts.ts';
import { root } from '../../cluster/instance.ts';
import { reporters } from '../../tools/test.ts';

test('a run ends with every case that was left out, and the reason', () => {
  mkdirSync(join(root, 'out'), { recursive: true });
  const folder = mkdtempSync(join(root, 'out', 'skips-'));
  const config = join(folder, 'vitest.config.ts');
  writeFileSync(config, 'export default {};');
  writeFileSync(
    join(folder, 'one.test.ts'),
    `import { test } from 'vitest';
     test('runs', () => {});
     test('waits', ({ skip }) => skip('needs a miracle'));`,
  );
  try {
    const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
    const options = ['--root', root, '--dir', folder, '--config', config];
    const { stdout } = spawnSync(
      process.execPath,
      [vitest, 'run', ...options, ...reporters(join(folder, 'report.json'))],
      { cwd: root, encoding: 'utf8', env: { PATH: process.env.PATH, NO_COLOR: '1' } },
    );
    expect(stdout).toMatch(/Left out:\n {2}- waits: needs a miracle\n/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('a run begins with the server, its nodes and its extensions', () => {
  const server = {
    version: '17.2',
    major: 17,
    database: 'workshop',
    available: { hll: '2.18', plpgsql: '1.0' },
    preloaded: [],
    mayCreate: true,
    nodes: [],
  };
  expect(factLines(server)).toEqual(['PostgreSQL 17.2, one node', 'Extensions: hll 2.18']);
  const nodes = [
    { name: 'one', port: 1, isActive: true, isCoordinator: true },
    { name: 'two', port: 2, isActive: true, isCoordinator: false },
  ];
  const cluster = { ...server, available: { citus: '13.2' }, nodes };
  expect(factLines(cluster)[0]).toBe(
    'PostgreSQL 17.2, Citus 13.2, a coordinator and 1 worker (two:2)',
  );
});
