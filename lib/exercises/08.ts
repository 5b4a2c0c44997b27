import type { Database } from '../connect.ts';
import { ok, todo, type Verdict, wrong } from '../exercise.ts';
import { format } from '../table.ts';
import { event, without } from './rows.ts';
import { firstValue, isBlank, tryOut } from './trial.ts';

export const chapter08 = {
  '08.1': scheduleNightly,
  '08.2': countWaiting,
};

const JOB = 'workshop: expire events';

async function scheduleNightly(db: Database, statement: string): Promise<Verdict> {
  const { rows } = await db.query(`select to_regnamespace('cron') is null as missing`);
  const jobs = await tryOut(db, statement, {
    before: rows[0]?.missing ? STAND_IN : [],
    after: `select schedule, command from cron.job where jobname = '${JOB}' and database = current_database()`,
  });
  const [schedule, command] = (jobs[0] ?? []).map(String);
  if (!schedule)
    return wrong(`There is no job "${JOB}" after it: keep the name, so that the job is changed.`);
  const [minute, hour, ...rest] = schedule.split(/\s+/);
  if (!/expire_events/.test(command ?? ''))
    return wrong('The job should still call expire_events.');
  if (minute === '*/5')
    return todo('it runs every five minutes. Let it run once a night, at 03:00.');
  if (minute === '3' && hour === '*')
    return wrong('That is three minutes past every hour: the first field is the minute.');
  if (minute === '*')
    return wrong('A * for the minute is every minute: 60 times between 03:00 and 04:00.');
  return Number(minute) === 0 && Number(hour) === 3 && rest.join('') === '***'
    ? ok('the job runs at 03:00, each night.')
    : wrong(`"${schedule}" is not 03:00 of each night: minute, hour, day, month, day of the week.`);
}

// where pg_cron is not in this database, as much of it as a statement needs
const STAND_IN = [
  'create schema cron',
  'create table cron.job (jobname text primary key, schedule text, command text, database text default current_database())',
  `create function cron.schedule(name text, schedule text, command text) returns void language sql as
   'insert into cron.job values ($1, $2, $3) on conflict (jobname) do update set schedule = $2, command = $3'`,
];

const CUSTOMER = 900008;

// three events that are rolled up, and two that wait; then one of a customer whom no rollup has met
async function countWaiting(db: Database, statement: string): Promise<Verdict> {
  if (isBlank(statement)) return todo('how many events of customer 900008 are not rolled up yet.');
  const two = await firstValue(db, statement, [
    ...without(CUSTOMER),
    ...[-1, -2, -3].map((id) => event(CUSTOMER, 'now()', id)),
    `insert into rollup_progress (customer_id, last_id)
     select ${CUSTOMER}, coalesce(pg_sequence_last_value('events_event_id_seq'), 0)`,
    event(CUSTOMER),
    event(CUSTOMER),
  ]);
  if (Number(two) === 5)
    return wrong('5 are all events. Count those above the last_id of this customer.');
  if (Number(two) !== 2)
    return wrong(
      `With 3 events rolled up and 2 behind them the answer should be 2, found ${format(two) || 'null'}.`,
    );
  const one = await firstValue(db, statement, [...without(CUSTOMER), event(CUSTOMER)]);
  return Number(one) === 1
    ? ok('with 3 events rolled up and 2 behind them: 2.')
    : wrong(
        'A customer whose first event waits is not in rollup_progress yet: coalesce the last_id.',
      );
}
