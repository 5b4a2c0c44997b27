import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { freshDatabase, sqlFile, type TestDatabase } from '../database.ts';
import { count, recount, until, withClient } from '../sql/support.ts';

let db: TestDatabase;
const children = new Set<ReturnType<typeof spawn>>();
beforeEach(async () => {
  db ??= await freshDatabase('ready', { install: false });
  await db.pool.query(sqlFile('99-reset.sql'));
});
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
});
afterAll(() => db?.drop());

// a kernel of its own, as far as the database is concerned
function openChapter(id: string) {
  const text = `import('./lib/ready.ts').then(({ ready }) => ready('${id}')).then((db) => db.end())`;
  const child = spawn(process.execPath, ['--eval', text], {
    env: { ...process.env, DATABASE_URL: db.url },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  children.add(child);
  const ended = once(child, 'exit').finally(() => children.delete(child));
  return { child, ended };
}

const EVENTS = 400_000;
const COPYING = `exists (
  select from pg_stat_activity
   where datname = current_database() and query like 'copy %' and state = 'active')`;
test.each([
  ['while it loads', [COPYING]],
  [
    'when something is loaded and nothing rolled up',
    [`to_regclass('loads') is not null`, 'exists (select from loads)'],
  ],
])(
  'what a chapter was about to build is complete the next time, if it was killed %s',
  async (_, moments) => {
    const { child, ended } = openChapter('07');
    await withClient(db, async (watcher) => {
      for (const moment of moments) await until(watcher, moment, 30_000);
      child.kill('SIGKILL');
      await ended;
    });
    expect(await openChapter('07').ended).toEqual([0, null]);
    expect(await count(db.pool, 'select count(*) from events')).toBe(EVENTS);
    expect(await recount(db.pool)).toMatchObject([
      { raw_events: String(EVENTS), rolled_up_events: String(EVENTS) },
      { raw_events: String(EVENTS), rolled_up_events: String(EVENTS) },
    ]);
  },
  180_000,
);
