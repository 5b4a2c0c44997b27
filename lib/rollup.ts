import type { Database } from './connect.ts';
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

/** Brings both rollups up to date, in windows of bounded size with a commit after each. */
export async function rollUpAll(db: Database): Promise<void> {
  await query(db, 'call aggregate_events()');
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
