import { bar, showNeighbours } from './bar.ts';
import { type Chapter, chapter } from './chapters.ts';
import { connect, type Database } from './connect.ts';
import { loadCsv } from './copy.ts';
import { standardFiles } from './data.ts';
import { Live } from './display.ts';
import { installSql } from './install.ts';
import { forgetPassed } from './passed.ts';
import { rollUpHours, rollUpMinutes } from './rollup.ts';
import { describeServer, serverLine } from './server.ts';
import { query, readSql } from './sql.ts';

/**
 * Opens a chapter: connects, says what it runs on, and builds whatever earlier chapters leave behind and is not there
 * yet. So each notebook runs alone on an empty database, and again at any time.
 *
 * @param id of the chapter, such as `03`
 * @throws when there is no database, or when its table `events` is somebody else's
 */
export async function ready(id: string): Promise<Database> {
  const here = chapter(id);
  const status = new Live();
  const db = await connect();
  const started = performance.now();
  await build(db, here, (step) => status.html(`<em>Preparing: ${step} …</em>`));
  const seconds = (performance.now() - started) / 1000;
  const time = seconds < 1 ? 'ready' : `ready in ${seconds.toFixed(0)} s`;
  status.show(bar(here, [serverLine(await describeServer(db)), time]));
  showNeighbours(here);
  return db;
}

/**
 * Takes away everything of ours and rebuilds the state in which a chapter starts. What an attendee passed in that
 * chapter and later ones is forgotten.
 *
 * @param id of the chapter; without one the database is left empty
 * @throws when somebody else's transaction holds our tables: names it, and nothing was changed
 */
export async function resetTo(
  id?: string,
  { report = console.log }: ResetOptions = {},
): Promise<void> {
  const here = id === undefined ? undefined : chapter(id);
  const db = await connect();
  try {
    await refuseForeignTables(db);
    report('taking away the tables, functions and jobs of the workshop');
    await takeAway(db);
    if (here) await build(db, here, report);
    forgetPassed(id);
  } finally {
    await db.end();
  }
}

interface ResetOptions {
  report?: (step: string) => void;
}

// A transaction that a notebook has left open, as chapter 03 does on purpose, must not hold up a reset. One that is
// not ours gets a little time.
async function takeAway(db: Database): Promise<void> {
  await query(
    db,
    `select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and application_name = 'workshop' and state like 'idle in transaction%'`,
  );
  try {
    await asTransaction(db, [
      `set local citus.propagate_set_commands = 'local'`, // so that a worker gives up too
      `set local lock_timeout = '10s'`,
      readSql('99-reset.sql'),
    ]);
  } catch (cause) {
    if ((cause as { code?: string }).code !== LOCK_NOT_AVAILABLE) throw cause;
    const open = await query<{ who: string }>(
      db,
      `select format('pid %s (%s, %s)', pid, coalesce(nullif(application_name, ''), 'unnamed'), state) as who
         from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid() and xact_start is not null order by xact_start`,
    );
    throw new Error(
      `The workshop's tables are in use, and nothing was changed. Open transactions: ${open.map(({ who }) => who).join('; ')}. ` +
        'End them (stop the cell, or close that session), then reset again.',
      { cause },
    );
  }
}

const LOCK_NOT_AVAILABLE = '55P03';

async function asTransaction(db: Database, statements: string[]): Promise<void> {
  const client = await db.connect();
  try {
    for (const statement of ['begin', ...statements, 'commit']) await client.query(statement);
    client.release();
  } catch (error) {
    client.release(true); // closed, and with it what it had begun
    throw error;
  }
}

// everything that stands when a chapter starts; chapter 00 shows the finished pipeline
async function build(db: Database, { id }: Chapter, report: (step: string) => void): Promise<void> {
  const before = id === '00' ? '99' : id;
  await refuseForeignTables(db);
  report('schema and functions');
  await installSql(db);
  if (before > '02') await query(db, 'call maintain_partitions()');
  if (before > '05' && !(await hasLoads(db))) {
    report('making events');
    const files = await standardFiles();
    report('loading a week of events');
    await loadCsv(db, files);
  }
  if (before > '06') {
    report('rolling up');
    await Promise.all([rollUpMinutes(db), rollUpHours(db)]); // neither waits for the other
  }
}

async function hasLoads(db: Database): Promise<boolean> {
  const [row] = await query<{ found: boolean }>(db, 'select exists (select from loads) as found');
  return Boolean(row?.found);
}

// our table carries a mark, so that a database with an `events` of its own is left alone
async function refuseForeignTables(db: Database): Promise<void> {
  const [row] = await query<{ found: boolean; mark: string | null; name: string }>(
    db,
    `select to_regclass('public.events') is not null as found,
            obj_description(to_regclass('public.events'), 'pg_class') as mark,
            current_database() as name`,
  );
  if (!row?.found || row.mark?.startsWith('workshop:')) return;
  throw new Error(
    `The database "${row.name}" already has a table "events" that is not the workshop's; nothing was changed. ` +
      'Give the workshop a database of its own: `create database workshop`, then put its name into DATABASE_URL.',
  );
}
