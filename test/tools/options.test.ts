import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../../cluster/instance.ts';

const run = (tool: string, args: string[], env: Record<string, string> = {}) => {
  const file = join(root, 'tools', `${tool}.ts`);
  const { status, stderr } = spawnSync(process.execPath, [file, ...args], {
    encoding: 'utf8',
    env: { ...process.env, WORKSHOP_INSTANCE: 'test-options', ...env },
  });
  return { status, stderr };
};

test.each([
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

test('up adds no worker to a server that is not ours', () => {
  const env = { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/nowhere' };
  const { status, stderr } = run('up', ['--add-worker'], env);
  expect(status).toBe(1);
  expect(stderr).toContain('citus_add_node');
});
