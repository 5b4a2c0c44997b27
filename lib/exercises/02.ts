import type { Database } from '../connect.ts';
import { ok, todo, type Verdict, wrong } from '../exercise.ts';
import { query } from '../sql.ts';
import { format } from '../table.ts';
import { event } from './rows.ts';
import { firstValue, isBlank, tablesRead, tryOut } from './trial.ts';

export const chapter02 = {
  '02.1': keepOneGroup,
  '02.2': countPartitions,
  '02.3': readOneDay,
};

// the upsert of a rollup, twice into the attendee's table
async function keepOneGroup(db: Database, statement: string): Promise<Verdict> {
  const visit = (country: string) => `
    insert into visits as known (country, visits) values (${country}, 1)
    on conflict (country) do update set visits = known.visits + 1`;
  const add = [visit('null'), visit(`'India'`), visit('null'), visit(`'India'`)].join(';');
  const rows = await tryOut(db, `${statement};${add}`, {
    after: 'select country, visits from visits order by country',
  }).catch((error: Error & { cause?: { code?: string } }) => {
    if (error.cause?.code !== NOT_NULL) throw error;
  });
  if (!rows) return wrong('This refuses a visit without a country. It should be counted, too.');
  const without = rows.filter(([country]) => country === null);
  if (without.length === 2)
    return todo('two visits without a country made two rows of 1. They should make one row of 2.');
  return rows.length === 2 && rows.every(([, visits]) => visits === 2)
    ? ok('two visits without a country make one row, as two from India do.')
    : wrong(`Two visits from India and two without a country made ${JSON.stringify(rows)}.`);
}

const NOT_NULL = '23502';

async function countPartitions(db: Database, statement: string): Promise<Verdict> {
  if (isBlank(statement)) return todo('a row for each kind of partition, with its number.');
  const found = await tryOut(db, statement);
  const wanted = await query<{ kind: string; partitions: number }>(
    db,
    'select kind, count(*) as partitions from event_partitions() group by kind',
  );
  if (found.length !== wanted.length)
    return wrong(
      `There are ${wanted.length} kinds, and the answer has ${format(found.length)} rows: group by kind.`,
    );
  const numbers = new Map(found.map(([kind, number]) => [kind, Number(number)]));
  const missed = wanted.find(({ kind, partitions }) => numbers.get(kind) !== partitions);
  if (missed)
    return wrong(
      `Expected the columns kind and number, and "${missed.kind}" with ${missed.partitions}, found ${numbers.get(missed.kind) ?? 'no such row'}.`,
    );
  return ok(wanted.map(({ kind, partitions }) => `${partitions} of kind "${kind}"`).join(', '));
}

// an answer must prune, and still mean the day before yesterday, with its first instant and without its end
async function readOneDay(db: Database, statement: string): Promise<Verdict> {
  const tables = (await tablesRead(db, statement)).filter((name) => name.startsWith('events'));
  const count = async (...times: string[]) => {
    return Number(
      await firstValue(
        db,
        statement,
        times.map((time) => event(900002, time)),
      ),
    );
  };
  const start = `date_trunc('day', now(), 'UTC') - interval '2 days'`;
  const [none, first, last, later, earlier] = [
    await count(),
    await count(start),
    await count(`${start} + interval '1 day' - interval '1 microsecond'`),
    await count(`${start} + interval '1 day'`),
    await count(`${start} - interval '1 microsecond'`),
  ];
  if (Number.isNaN(none)) return wrong('The statement should still give one number: count(*).');
  if (first === none)
    return wrong('An event at 00:00 of that day is missing: use >= for its start.');
  if (last === none)
    return wrong('The last event of that day is missing: the range ends too early.');
  if (later > none)
    return wrong(
      'An event at 00:00 of the next day is in: use < for the end (`between` includes it).',
    );
  if (earlier > none) return wrong('Events of the day before are in: the range begins too early.');
  return tables.length > 2
    ? todo(
        `the count is right, but the plan still reads ${tables.length} partitions. Leave event_time bare.`,
      )
    : ok(`the same count, and the plan reads ${tables.length} of them.`);
}
