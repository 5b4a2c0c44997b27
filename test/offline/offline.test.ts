/** With the network off: after `npm run prefetch` a room needs none. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { findPrograms, hasHll } from '../../cluster/programs.ts';
import { installJupyterLab } from '../../tools/jupyterlab.ts';
import { differences } from '../../tools/prefetch/packages.ts';
import { prefetch } from '../../tools/prefetch.ts';
import { noRoom, runOffline } from './network.ts';

const noServer = findPrograms().some(hasHll) ? undefined : 'no PostgreSQL with hll on this machine';
const reason = noRoom ?? noServer;

describe('with the network off', { timeout: 240_000 }, () => {
  if (reason) return it('a day is run', ({ skip }) => skip(reason));

  const folder = mkdtempSync(join(tmpdir(), 'offline-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('database, chapters 00 and 07 and JupyterLab do their work', async () => {
    installJupyterLab(console.log);
    const { DATABASE_URL: _, DATABASE_URL_FILE: __, ...rest } = process.env;
    const env = { ...rest, WORKSHOP_INSTANCE: 'offline', WORKSHOP_ENGINE: 'native' };
    const { code, printed } = await runOffline('test/offline/day.ts', [folder], env);
    expect(printed).toContain('another host: ENETUNREACH');
    expect(printed).toContain('JupyterLab answers 200');
    expect(code, printed).toBe(0);
    const { notebooks } = JSON.parse(readFileSync(join(folder, 'notebooks.json'), 'utf8'));
    const done = notebooks.map(({ notebook, status }: Record<string, string>) => [
      notebook,
      status,
    ]);
    expect(done).toEqual([
      ['00-start-here', 'ok'],
      ['07-dashboards', 'ok'],
    ]);
  });
});

describe('prefetch', () => {
  const lines: string[] = [];
  const run = (text: string, bytes = 0) => ({ title: text, run: () => ({ text, bytes }) });
  const broken = {
    title: 'broken',
    run: () => {
      throw new Error('no way: do this');
    },
  };

  it('goes on after a step that failed, says why, and adds up the sizes', async () => {
    const steps = [run('first', 2e6), broken, run('last', 3e6)];
    const result = await prefetch(steps, (line) => lines.push(line));
    expect(result).toEqual({ failed: 1, bytes: 5e6 });
    expect(lines.join('\n')).toMatch(
      /✓.*first.*2 MB\n.*✗.*broken.*no way: do this\n.*✓.*last.*3 MB/,
    );
  });

  it('knows when node_modules is not what the lockfile says', () => {
    const wanted = {
      '': { version: '1.0.0' },
      'node_modules/a': { version: '1.0.0' },
      'node_modules/b': { version: '2.0.0' },
      'node_modules/c': { version: '3.0.0', optional: true },
    };
    const a = { 'node_modules/a': { version: '1.0.0' } };
    expect(differences(wanted, { ...a, 'node_modules/b': { version: '2.0.0' } })).toEqual([]);
    expect(differences(wanted, { ...a, 'node_modules/b': { version: '2.0.1' } })).toEqual([
      'b 2.0.0',
    ]);
    expect(differences(wanted, a)).toEqual(['b 2.0.0']);
  });
});
