/** Wrong answers, and the hint that each gets. (That the tasks are neutral and the solutions right is tested with the notebooks.) */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect, type Database } from '../../lib/connect.ts';
import type { Verdict } from '../../lib/exercise.ts';
import { CHECKS } from '../../lib/exercises/index.ts';
import { freshDatabase, type TestDatabase } from '../database.ts';
import { insertEvents } from '../sql/support.ts';

let test: TestDatabase;
let db: Database;
beforeAll(async () => {
  test = await freshDatabase('exercises');
  await insertEvents(test.pool, 1000, { span: '6 days' });
  await test.pool.query('call aggregate_events()');
  db = await connect(test.url);
});
afterAll(async () => {
  await db?.end();
  await test?.drop();
});

type Id = keyof typeof CHECKS;
const check = async (id: Id, answer: string | number) =>
  (CHECKS[id] as (db: Database, answer: unknown) => Verdict | Promise<Verdict>)(db, answer);
const visits = (constraint: string) =>
  `create table visits (country text, visits int, ${constraint})`;
const day = (condition: string) => `
  with day as (select date_trunc('day', now(), 'UTC') - interval '2 days' as start)
  select count(*) from events, day where ${condition}`;
const minutes = (what: string) =>
  `select ${what} from rollup_events_5min where customer_id = 900004`;
const upsert = (action: string) =>
  `insert into visits (country, visits) values ('India', 1) on conflict (country) do ${action}`;
const csv = (...rows: string[]) =>
  ['customer_id,event_type,country,browser,device_id,session_id', ...rows].join('\n');
const proof = (raw: string, rolledUp: string) => `
  select (select count(*) from events where customer_id = 900006 ${raw}),
         (select ${rolledUp} from rollup_events_5min where customer_id = 900006)`;
const hours = (hour: string, devices: string) => `
  select ${hour} as hour, sum(event_count), ${devices}
    from rollup_events_5min where customer_id = 900006 group by 1`;
const countries = (sessions: string, rest: string) => `
  select country, ${sessions} from rollup_events_1hr where customer_id = 900007 ${rest}`;
const schedule = (text: string) =>
  `select cron.schedule('workshop: expire events', '${text}', 'call expire_events(now())')`;
const partitions = (condition: string) => `
  select part.name from event_partitions() as part
   cross join lateral describe_partition(part.name) as about where ${condition}`;

const biggest = (factor: string) => `
  select customer_id, ${factor} * sum(event_count) / (select sum(event_count) from rollup_events_1hr)
    from rollup_events_1hr group by customer_id order by 2 desc`;

const UP_TO_WATERMARK = `and event_id <= (select min(last_aggregated_id) from rollups)`;
const MERGED = 'hll_cardinality(hll_union_agg(session_distinct_count))';
const WEEK = `and hour >= now() - interval '7 days'`;
const RANKED = 'group by country order by 2 desc';

const wrong: [id: Id, mistake: string, answer: string | number, hint: RegExp][] = [
  ['02.1', 'refuses nulls', visits('primary key (country)'), /should be counted/],
  [
    '02.1',
    'has no constraint',
    visits('check (visits > 0)'),
    /The server says: there is no unique/,
  ],
  ['02.2', 'does not group', 'select kind, 1 from event_partitions()', /group by kind/],
  [
    '02.2',
    'counts something else',
    'select kind, 1 from event_partitions() group by 1',
    /Expected the columns/,
  ],
  [
    '02.3',
    'includes the end',
    day(`event_time between start and start + interval '1 day'`),
    /use < for the end/,
  ],
  [
    '02.3',
    'leaves the start out',
    day(`event_time > start and event_time < start + interval '1 day'`),
    /use >=/,
  ],
  [
    '02.3',
    'ends too early',
    day(`event_time >= start and event_time < start + interval '23 hours'`),
    /too early/,
  ],
  [
    '02.3',
    'begins too early',
    day(`event_time >= start - interval '1 day' and event_time < start + interval '1 day'`),
    /begins too early/,
  ],
  [
    '03.1',
    'says when the writer connected',
    'select pid, backend_start from pg_stat_activity',
    /when it connected/,
  ],
  [
    '03.1',
    'says when its statement began',
    'select pid, query_start from pg_stat_activity',
    /latest statement/,
  ],
  ['03.1', 'says no time', 'select pid, state from pg_stat_activity', /not since when/],
  [
    '03.1',
    'names those who read, too',
    'select pid, xact_start from pg_stat_activity',
    /only reads/,
  ],
  ['03.1', 'does not name the writer', 'select 1 as pid', /does not name it/],
  [
    '03.2',
    'takes three',
    `select * from incremental_rollup_window('lesson', max_events => 3)`,
    /holds 3/,
  ],
  ['03.2', 'is not that function', 'select 2', /should still give/],
  [
    '04.1',
    'takes the larger one',
    minutes('max(hll_cardinality(device_distinct_count))'),
    /larger/,
  ],
  ['04.1', 'gives a sketch', minutes('hll_union_agg(device_distinct_count)'), /no number/],
  ['04.1', 'counts each group', minutes('hll_cardinality(device_distinct_count)'), /one row/],
  [
    '04.2',
    'takes one group',
    `${minutes('(topn(top_devices_1000, 3)).*')} order by 2 desc limit 3`,
    /one group/,
  ],
  [
    '04.2',
    'takes ten',
    minutes('(topn(topn_union_agg(top_devices_1000), 10)).*'),
    /second argument/,
  ],
  ['04.2', 'gives pairs', minutes('topn(topn_union_agg(top_devices_1000), 3)'), /Two columns/],
  [
    '04.3',
    'adds twice',
    upsert('update set visits = visits.visits * 2'),
    /should be 3; this makes 4/,
  ],
  [
    '05.1',
    'forgets the minutes',
    'select file_name, rows / extract(second from finished_at - started_at) from loads',
    /90,000 rows/,
  ],
  ['05.1', 'gives rows', 'select file_name, rows from loads', /number of rows/],
  [
    '05.1',
    'gives bytes a second',
    `select file_name, 2 * bytes / extract(epoch from finished_at - started_at) from loads`,
    /not 1000|number of rows/,
  ],
  [
    '05.2',
    'groups by name',
    'select file_name, count(*) from loads group by 1 having count(*) > 1',
    /Only the hash/,
  ],
  ['05.2', 'lists all', 'select sha256, count(*) from loads group by 1', /having/],
  ['05.2', 'finds none', 'select sha256, 1 from loads where false', /came twice/],
  ['05.3', 'leaves the row out', csv('1,click,India,chrome,7,70'), /do not leave them out/],
  [
    '05.3',
    'has a comma in a value',
    csv('1,a,b,c,7,70', '2,a,b,c,8,80', '3,a,Korea, Republic of,c,9,90'),
    /line 4/,
  ],
  [
    '05.3',
    'renames the country',
    csv('1,a,b,c,7,70', '2,a,b,c,8,80', '3,a,Korea,c,9,90'),
    /now "Korea"/,
  ],
  ['06.1', 'counts what waits', proof('', 'sum(event_count)'), /above the watermark/],
  ['06.1', 'knows the answer beforehand', 'select 2, 2', /Count them/],
  ['06.1', 'counts groups', proof(UP_TO_WATERMARK, 'count(*)'), /counts groups/],
  [
    '06.2',
    'adds devices up',
    hours(`date_trunc('hour', minute, 'UTC')`, 'sum(hll_cardinality(device_distinct_count))'),
    /4 events, but 3 devices/,
  ],
  [
    '06.2',
    'depends on the time zone',
    hours(`date_trunc('hour', minute)`, 'hll_cardinality(hll_union_agg(device_distinct_count))'),
    /in UTC/,
  ],
  [
    '07.1',
    'forgets the time',
    'select sum(event_count) from rollup_events_5min where customer_id = 900007',
    /keep the condition/,
  ],
  [
    '07.1',
    'asks for another customer',
    `select coalesce(sum(event_count), 0) from rollup_events_5min where customer_id = 900006 and minute > now() - interval '1 hour'`,
    /has 3 events/,
  ],
  [
    '07.2',
    'adds sessions up',
    countries('sum(hll_cardinality(session_distinct_count))', `${WEEK} ${RANKED}`),
    /Brazil has 5/,
  ],
  ['07.2', 'forgets the week', countries(MERGED, RANKED), /eight days/],
  ['07.2', 'forgets the limit', countries(MERGED, `${WEEK} ${RANKED}`), /found 4/],
  ['08.1', 'runs every minute of an hour', schedule('* 3 * * *'), /60 times/],
  ['08.1', 'takes minutes for hours', schedule('3 * * * *'), /three minutes past/],
  ['08.1', 'runs on Sundays', schedule('0 3 * * 0'), /is not 03:00 of each night/],
  ['08.2', 'counts all', 'select count(*) from events where customer_id = 900008', /all events/],
  [
    '08.2',
    'forgets new customers',
    `select count(*) from events where customer_id = 900008
        and event_id > (select last_id from rollup_progress where customer_id = 900008)`,
    /coalesce/,
  ],
  [
    '09.1',
    'reads all partitions',
    `select date_trunc('day', event_time, 'UTC'), count(*) from events group by 1`,
    /only the default one/,
  ],
  [
    '09.1',
    'depends on the time zone',
    `select date_trunc('day', event_time), count(*) from events_default group by 1`,
    /in UTC/,
  ],
  [
    '09.2',
    'takes what is not counted',
    partitions(`kind <> 'default' and range_to <= now() - interval '3 days'`),
    /not rolled up/,
  ],
  [
    '09.2',
    'takes what is too young',
    partitions(`range_to <= now() and rolled_up`),
    /did not end three days ago/,
  ],
  [
    '09.2',
    'misses some',
    partitions(`range_to <= now() - interval '6 days' and rolled_up`),
    /does not have it/,
  ],
  [
    '10.1',
    'takes the rest',
    'select n, 1 + n % 32 from generate_series(1, 6) as n',
    /With 32 shards/,
  ],
  ['10.2', 'lists all', biggest('100'), /One customer is wanted/],
  ['10.2', 'is a part of one', `${biggest('1')} limit 1`, /share of 1/],
  ['10.2', 'is the smallest', `${biggest('-100')} limit 1`, /the answer says/],
  ['10.2', 'is no share', `${biggest('1000')} limit 1`, /divide by the events/],
  ['11.1', 'changes nothing', 'select 1', /still agrees/],
  ['11.1', 'inserts an event', 'insert into events (customer_id) values (1)', /still agrees/],
  ['11.2', 'is too small', 13, /1.15 %: not good enough/],
  ['11.2', 'is too large', 15, /Half of them/],
  ['11.2', 'counts registers', 16384, /exponent/],
];

describe('a wrong answer gets a hint that fits', () => {
  it.for(wrong)('%s, when it %s', async ([id, , answer, hint]) => {
    const { state, say } = await check(id, answer).catch(({ message }: Error) => ({
      state: 'wrong',
      say: message,
    }));
    expect(say).toMatch(hint);
    expect(state).toBe('wrong');
  });
});

it('09.2 calls a partition not rolled up that nobody had rolled up before the check came', async () => {
  await test.pool.query(
    `insert into events (event_time, customer_id) values (now() - interval '5 days', 900009)`,
  );
  try {
    const answer = partitions(`kind <> 'default' and range_to <= now() - interval '3 days'`);
    expect((await check('09.2', answer)).say).toMatch(/holds an event that is not rolled up/);
  } finally {
    await test.pool.query('call aggregate_events()');
  }
});

it('has a wrong answer for each exercise', () => {
  expect([...new Set(wrong.map(([id]) => id))]).toEqual(Object.keys(CHECKS).sort());
});

it('an answer leaves nothing behind, whatever it does', async () => {
  const left = async () =>
    (
      await db.query(`
        select (select count(*) from events) as events, (select count(*) from rollup_events_5min) as groups,
               (select count(*) from loads) as loads, (select count(*) from pg_class) as relations`)
    ).rows;
  const before = await left();
  await check('02.1', `drop table rollups; ${visits('unique nulls not distinct (country)')}`);
  await check('04.1', `delete from events; delete from rollup_events_5min; select 5`);
  await check('05.3', csv('1,click,India,chrome,7,70'));
  expect(await left()).toEqual(before);
});
