import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { waitFor } from '../../cluster/wait.ts';
import { Kernel } from '../../tools/kernel-client.ts';
import { freshDatabase, type TestDatabase } from '../database.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
let database: TestDatabase;
let folder: string;
let kernel: Kernel;

beforeAll(async () => {
  database = await freshDatabase('interrupt');
  folder = await mkdtemp(join(root, '.probe-'));
  kernel = await Kernel.start(join(root, 'kernel/kernels/tslab'), folder);
}, 60_000);

afterAll(async () => {
  await kernel?.stop();
  await database?.drop();
  if (folder) await rm(folder, { recursive: true });
});

it('the stop button of a notebook rolls a load back, and the next cell works', async () => {
  const load = kernel.execute(
    `import pg from 'pg';
     import { loadStream } from '../lib/copy.ts';
     const pool = new pg.Pool({ connectionString: ${JSON.stringify(database.url)} });
     async function* endless() {
       for (let id = 1; ; id++) {
         yield { customer_id: id };
         if (id % 10_000 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
       }
     }
     await loadStream(pool, endless());`,
    { stopOnError: false },
  );
  await waitForCopies('the load to run', (count) => count === 1);
  await kernel.interrupt();
  expect((await load).status).toBe('error');
  await waitForCopies('the load to end', (count) => count === 0);
  const { rows } = await database.pool.query('select count(*)::int from events');
  expect(rows[0].count).toBe(0);
  const next = await kernel.execute('1 + 1', { stopOnError: false });
  expect(next.status).toBe('ok');
});

async function waitForCopies(what: string, holds: (count: number) => boolean): Promise<void> {
  await waitFor(what, async () => {
    const { rows } = await database.pool.query(
      `select count(*)::int from pg_stat_activity
        where datname = current_database() and query like 'copy %' and state = 'active'`,
    );
    return holds(rows[0].count);
  });
}
