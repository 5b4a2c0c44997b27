import type { Database } from '../connect.ts';
import { ok, todo, type Verdict, wrong } from '../exercise.ts';
import { event, inTimeZone } from './rows.ts';
import { isBlank, tryOut } from './trial.ts';

export const chapter09 = {
  '09.1': lookIntoDefault,
  '09.2': findDroppable,
};

const CUSTOMER = 900010;

// three events of 2001, in a session whose days begin at another hour
async function lookIntoDefault(db: Database, statement: string): Promise<Verdict> {
  if (isBlank(statement)) return todo('the events of the default partition by day: day, number.');
  const before = [
    ...inTimeZone('Asia/Tokyo'),
    event(CUSTOMER, `'2001-02-03 10:00+00'`),
    event(CUSTOMER, `'2001-02-03 23:59+00'`),
    event(CUSTOMER, `'2001-02-04 00:00+00'`),
    event(CUSTOMER, 'now()'),
  ];
  const rows = await tryOut(db, statement, { before });
  const found = new Map(rows.map(([day, number]) => [dayOf(day), Number(number)]));
  if (found.get('2001-02-03') === 1 || rows.some(([day]) => isElsewhere(day)))
    return wrong('Cut the days in UTC: the answer must not depend on who asks from where.');
  if (found.get('2001-02-03') !== 2 || found.get('2001-02-04') !== 1)
    return wrong(
      'The check put 2 events of 2001-02-03 there, and 1 of the day after. The answer should have both days.',
    );
  return found.has(dayOf(new Date()))
    ? wrong('Events of today are in, and they have a partition: read only the default one.')
    : ok('2 events of 2001-02-03 and 1 of the day after are where they do not belong.');
}

// a moment that is midnight neither in UTC nor here
const isElsewhere = (day: unknown) =>
  day instanceof Date && day.getUTCHours() !== 0 && day.getHours() !== 0;

// a moment, or a date, which comes as midnight of this machine's zone
function dayOf(day: unknown): string {
  if (!(day instanceof Date)) return String(day).slice(0, 10);
  if (day.getUTCHours() === 0) return day.toISOString().slice(0, 10);
  return new Date(day.getTime() - day.getTimezoneOffset() * 60_000).toISOString().slice(0, 10);
}

// the watermark is put back by one event, which lies in a partition that is old enough
async function findDroppable(db: Database, statement: string): Promise<Verdict> {
  if (isBlank(statement))
    return todo('the names of the partitions that ended three days ago and are rolled up.');
  const before = [
    // in two steps: after a change that reads events too, Citus tells no sizes
    `create temp table newest as
       select max(event_id) as id from events where event_time < now() - interval '4 days'`,
    'update rollups set last_aggregated_id = newest.id - 1 from newest where newest.id is not null',
  ];
  const wanted = await names(db, `${OLD} and about.rolled_up`, before);
  const found = await names(db, statement, before);
  const old = await names(db, OLD, before);
  const extra = [...found].filter((name) => !wanted.has(name));
  if (extra.some((name) => old.has(name)))
    return wrong(`${extra[0]} holds an event that is not rolled up: describe_partition tells.`);
  if (extra.length)
    return wrong(`${extra[0]} did not end three days ago, or is no partition of events.`);
  const [missing] = [...wanted].filter((name) => !found.has(name));
  return missing
    ? wrong(`${missing} is old and rolled up, and the answer does not have it.`)
    : ok(`${wanted.size} could go; one more has an event that is not counted yet.`);
}

const names = async (db: Database, statement: string, before: string[]) =>
  new Set((await tryOut(db, statement, { before })).map((row) => String(row[0])));

const OLD = `
  select part.name::text from event_partitions() as part
   cross join lateral describe_partition(part.name) as about
   where part.kind <> 'default' and part.range_to <= now() - interval '3 days'`;
