import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../../cluster/instance.ts';

const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const tools = Object.values<string>(scripts).flatMap(
  (script) => /^node tools\/(.+)\.ts$/.exec(script)?.[1] ?? [],
);
const run = (tool: string, args: string[], env: Record<string, string> = {}) => {
  const file = join(root, 'tools', `${tool}.ts`);
  const { status, stdout, stderr } = spawnSync(process.execPath, [file, ...args], {
    encoding: 'utf8',
    env: { ...process.env, WORKSHOP_INSTANCE: 'test-options', ...env },
  });
  return { status, stdout, stderr };
};

test.each([
  ['start', '--lab', 'npm start'],
  ['test', '--watch', 'npm test'],
  ['reset', '--all', 'npm run reset'],
  ['doctor', '--jsn', 'npm run doctor'],
  ['links', '--outside', 'npm run links'],
  ['prefetch', '--all', 'npm run prefetch'],
  ['install-kernel', '--delete', 'npm run kernel'],
  ['fix', '--sql', 'npm run fix'],
  ['up', '--add-wroker', 'npm run up'],
  ['down', '--delte', 'npm run down'],
  ['slides', '--wacth', 'npm run slides'],
  ['site', '--reues', 'npm run site'],
])(
  '%s refuses an option that it does not know, and says which there are',
  (tool, option, usage) => {
    const { status, stderr } = run(tool, [option]);
    expect(status).toBe(1);
    expect(stderr).toContain(`'${option}'`);
    expect(stderr).toContain(`Usage: ${usage}`);
    expect(stderr).not.toMatch(/^\s+at /m);
  },
);

test.each(tools)('%s says how it is used', (tool) => {
  const { status, stdout, stderr } = run(tool, ['--help']);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toContain('npm ');
  expect(stdout.split('\n').length).toBeLessThan(20);
});

test('up adds no worker to a server that is not ours', () => {
  const env = { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nowhere' };
  const { status, stderr } = run('up', ['--add-worker'], env);
  expect(status).toBe(1);
  expect(stderr).toContain('citus_add_node');
});
