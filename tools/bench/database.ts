/** The database that is measured: one of its own, or that of DATABASE_URL when nothing is lost by it. */

import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { chooseEngine, destroyInstance, startInstance } from '../../cluster/index.ts';
import { DATA_FOLDER } from '../../data/generator.ts';
import { connect, type Database, databaseUrl } from '../../lib/connect.ts';
import { loadCsv } from '../../lib/copy.ts';
import { makeFiles } from '../../lib/data.ts';
import { resetTo } from '../../lib/ready.ts';
import { describeServer, serverLine } from '../../lib/server.ts';
import type { Bench } from './bench.ts';

interface Options {
  /** Little data. */
  quick: boolean;
  /** Whoever runs it agrees to lose the workshop's events in the database of DATABASE_URL. */
  agreed: boolean;
  report: (line: string) => void;
}

/** Makes a database ready to measure, calls `work`, and takes away what was made. */
export async function withBench(
  { quick, agreed, report }: Options,
  work: (bench: Bench) => Promise<void>,
): Promise<void> {
  process.env.WORKSHOP_INSTANCE = INSTANCE; // never the learner's
  const { engine: source, why } = chooseEngine();
  report(`database: ${why}`);
  if (source !== 'url') await startInstance(INSTANCE, { report });
  const url = databaseUrl();
  const ours = await connect(url);
  const tutorial = await connect(withSearchPath(url));
  let owned = false;
  try {
    await refuseLosses(ours, agreed || source !== 'url');
    owned = true;
    await build(ours, report);
    report('making events');
    const files = await makeFiles({
      name: FILES,
      ...(quick ? { files: 2, rows: 2_000 } : { files: 10, rows: 200_000 }),
    });
    const engine = serverLine(await describeServer(ours));
    const sides = { ours, tutorial };
    await work({
      ...sides,
      url,
      engine,
      quick,
      files,
      report,
      ...preparation(sides, files, report),
    });
    await clear(ours);
  } catch (error) {
    if (owned) await clear(ours).catch(() => {}); // the error that came first is the one to tell
    throw error;
  } finally {
    await Promise.all([ours.end(), tutorial.end()]);
    rmSync(join(DATA_FOLDER, FILES), { recursive: true, force: true });
    // nothing in it is worth keeping, and it is large
    if (source !== 'url') await destroyInstance(INSTANCE);
  }
}

const INSTANCE = 'bench';

/** The folder below `data/` for the files of this run. */
export const FILES = `bench-${process.pid}`;

// the tutorial's statements say `events`, and find its own table
function withSearchPath(url: string): string {
  const address = new URL(url);
  address.searchParams.set('options', '-c search_path=tutorial,public');
  return address.href;
}

// A database of somebody: it must be empty, or the workshop's, and then without events unless they may go.
async function refuseLosses(db: Database, agreed: boolean): Promise<void> {
  const { rows } = await db.query(FOREIGN_TABLES);
  if (rows.length) {
    const names = rows.map(({ name }) => name).join(', ');
    throw new Error(
      `This database holds tables that are not the workshop's (${names}); nothing was changed. ` +
        'Name an empty database in DATABASE_URL, or unset it: then the bench makes a server of its own.',
    );
  }
  if (agreed) return;
  const { rows: ours } = await db.query(`select to_regclass('public.events') is not null as found`);
  if (!ours[0].found) return;
  const { rows: events } = await db.query('select from events limit 1');
  if (!events.length) return;
  throw new Error(
    'This database holds events of the workshop, and the bench takes them away; nothing was changed. ' +
      'Add --yes if they may go, or unset DATABASE_URL: then the bench makes a server of its own.',
  );
}

const FOREIGN_TABLES = `
  select relname as name
    from pg_class
   where relnamespace = 'public'::regnamespace
     and relkind in ('r', 'p')
     and not relispartition
     and coalesce(obj_description(oid, 'pg_class'), '') not like 'workshop:%'
     and not exists (select from pg_depend where objid = pg_class.oid and deptype = 'e')
   order by relname
   limit 5`;

async function build(db: Database, report: Bench['report']): Promise<void> {
  await clear(db);
  report('installing our tables and functions, and the tutorial\'s in the schema "tutorial"');
  await resetTo('03', { report: () => {} });
  await db.query('call maintain_partitions()');
  await db.query(readFileSync(new URL('tutorial.sql', import.meta.url), 'utf8'));
}

async function clear(db: Database): Promise<void> {
  await db.query('drop schema if exists tutorial cascade');
  await resetTo(undefined, { report: () => {} });
}

// Each of these does its work once, whichever case asks first.
function preparation(
  { ours, tutorial }: Pick<Bench, 'ours' | 'tutorial'>,
  files: string[],
  report: Bench['report'],
): Pick<Bench, 'retain' | 'rollUp'> {
  const retain = once(async () => {
    report(`loading ${files.length} files, on both sides`);
    await ours.query('truncate events');
    await loadCsv(ours, files, { force: true });
    await tutorial.query(
      `insert into tutorial.events (${COLUMNS}) select ${COLUMNS} from public.events order by event_id`,
    );
    await ours.query('vacuum analyze');
  });
  const rollUp = once(async () => {
    await retain();
    report('rolling up what is retained, on both sides');
    await ours.query('call aggregate_events()');
    await tutorial.query('select five_minutely_aggregation()');
    await tutorial.query('select hourly_aggregation()');
    await ours.query('vacuum analyze');
  });
  return { retain, rollUp };
}

/** All columns of an event but its id. */
export const COLUMNS =
  'event_time, customer_id, event_type, country, browser, device_id, session_id';

function once(work: () => Promise<void>): () => Promise<void> {
  let result: Promise<void> | undefined;
  return () => {
    result ??= work();
    return result;
  };
}
