import type { Database } from './connect.ts';
import { query } from './sql.ts';

/** Whose dashboard it is, and as of when: the clock that "the last 5 minutes" counts back from. */
export interface Question {
  customerId: number;
  asOf: Date;
  /** Where to look: the rollups, or the raw events for a comparison. @default 'rollup' */
  from?: 'rollup' | 'raw';
}

export interface LastMinutes {
  event_count: number;
  device_count: number;
}
export interface WeekOfSessions {
  event_count: number;
  session_count: number;
}
export interface Hour {
  hour: Date;
  event_count: number;
  device_count: number;
  session_count: number;
}
export interface TopDevice {
  device_id: number;
  frequency: number;
}

/** Events and distinct devices of the last 5 minutes. */
export async function lastMinutes(db: Database, question: Question): Promise<LastMinutes> {
  const [row] = await ask<LastMinutes>(db, 'last-minutes', question);
  return row ?? { event_count: 0, device_count: 0 };
}

/** Events and distinct sessions of the last 7 days. */
export async function sessionsOfWeek(db: Database, question: Question): Promise<WeekOfSessions> {
  const [row] = await ask<WeekOfSessions>(db, 'sessions-week', question);
  return row ?? { event_count: 0, session_count: 0 };
}

/** Events, devices and sessions of the last 2 days, hour by hour. */
export function trendByHour(db: Database, question: Question): Promise<Hour[]> {
  return ask<Hour>(db, 'trend-hours', question);
}

/** The 10 devices with the most events in the last 30 minutes. */
export function topDevices(db: Database, question: Question): Promise<TopDevice[]> {
  return ask<TopDevice>(db, 'top-devices', question);
}

/**
 * The newest time in the rollups, of one customer or of all. A dashboard in production counts back from now; a chapter
 * counts back from here, so that data made yesterday still shows.
 */
export async function latestTime(db: Database, customerId?: number): Promise<Date> {
  const [row] = await query<{ latest: Date | null }>(
    db,
    `select max(minute) + interval '5 minutes' as latest from rollup_events_5min
      where minute <= now() and ($1::bigint is null or customer_id = $1)`,
    [customerId ?? null],
  );
  if (!row?.latest)
    throw new Error(
      'The rollups are empty. Load events and roll them up first: chapters 05 and 06.',
    );
  return row.latest;
}

/** The customers with the most events, biggest first. */
export function biggestCustomers(
  db: Database,
  limit = 10,
): Promise<{ customer_id: number; event_count: number }[]> {
  return query(
    db,
    `select customer_id, sum(event_count)::bigint as event_count
       from rollup_events_1hr group by customer_id order by 2 desc, 1 limit $1`,
    [limit],
  );
}

const ask = <Row extends object>(
  db: Database,
  question: string,
  { customerId, asOf, from = 'rollup' }: Question,
) => query<Row>(db, `07-${from === 'raw' ? 'raw-' : ''}${question}.sql`, [customerId, asOf]);
