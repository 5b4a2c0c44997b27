import type { Database } from './connect.ts';
import { type Progress, watchWork } from './progress.ts';
import { query } from './sql.ts';

/** The ids that one rollup counted: both bounds included; none when `end_id < start_id`. */
export interface Window {
  start_id: number;
  end_id: number;
}

/** How far a rollup has come. */
export interface Watermark {
  name: string;
  last_aggregated_id: number;
}

/** The same total two ways. */
export interface Recount {
  rollup: string;
  last_aggregated_id: number;
  raw_events: number;
  rolled_up_events: number;
  equal: boolean;
}

/**
 * Counts the events that came since the last call into the 5-minute rollup.
 *
 * @throws when a writer stays open longer than the function's patience; nothing is changed then
 */
export async function rollUpMinutes(db: Database): Promise<Window> {
  return one(await query<Window>(db, 'select * from five_minutely_aggregation()'));
}

/** Counts the events that came since the last call into the hourly rollup. Throws as `rollUpMinutes` does. */
export async function rollUpHours(db: Database): Promise<Window> {
  return one(await query<Window>(db, 'select * from hourly_aggregation()'));
}

export interface RollUpOptions {
  /** The most events in one window. @default 2_000_000 */
  maxEvents?: number;
  /** Called at once, about five times a second, and at the end; `rows` are windows. */
  onProgress?: (progress: Progress) => void;
}

/**
 * Brings both rollups up to date, in windows of bounded size with a commit after each.
 *
 * @throws when a writer stays open longer than the patience; windows that were committed stay so
 */
export async function rollUpAll(
  db: Database,
  { maxEvents = 2_000_000, onProgress }: RollUpOptions = {},
): Promise<void> {
  const begun = onProgress ? await backlogs(db) : [];
  const work = query(db, 'call aggregate_events($1)', [maxEvents]);
  if (onProgress) await watchWork(work, () => countWindows(db, begun, maxEvents), onProgress);
  await work;
}

interface Backlog extends Watermark {
  last_id: number;
}

const backlogs = (db: Database) =>
  query<Backlog>(
    db,
    `select name, last_aggregated_id,
            coalesce(pg_sequence_last_value(event_id_sequence_name::regclass), 0) as last_id
       from rollups`,
  );

// how many windows make the way from where the rollups were to where the events ended then
async function countWindows(db: Database, begun: Backlog[], maxEvents: number) {
  const marks = new Map((await watermarks(db)).map((mark) => [mark.name, mark.last_aggregated_id]));
  let [rows, totalRows] = [0, 0];
  for (const { name, last_aggregated_id: from, last_id: to } of begun) {
    const mark = Math.min(to, marks.get(name) ?? from);
    rows += Math.ceil((mark - from) / maxEvents);
    totalRows += Math.ceil((to - from) / maxEvents);
  }
  return { rows, totalRows, bytes: 0 };
}

/** How far each rollup has come. */
export function watermarks(db: Database): Promise<Watermark[]> {
  return query<Watermark>(db, 'select name, last_aggregated_id from rollups order by name');
}

/** Counts the raw events behind each watermark again, beside what the rollup says. They must agree. */
export function recount(db: Database): Promise<Recount[]> {
  return query<Recount>(db, '06-recount.sql');
}

function one<Row>([row]: Row[]): Row {
  if (!row) throw new Error('The rollup function returned no row; reinstall it: npm run reset');
  return row;
}
