import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { DATA_FOLDER } from '../../data/generator.ts';
import type { Database } from '../connect.ts';
import { CsvError, loadCsv } from '../copy.ts';
import { ok, todo, type Verdict, wrong } from '../exercise.ts';
import { query } from '../sql.ts';
import { isBlank, tryOut } from './trial.ts';

export const chapter05 = {
  '05.1': measureLoads,
  '05.2': findRepeats,
  '05.3': repairFile,
};

// into a table of its own, which is gone afterwards
async function repairFile(db: Database, text: string): Promise<Verdict> {
  const file = relative(process.cwd(), join(DATA_FOLDER, 'exercise', 'repaired.csv'));
  mkdirSync(join(DATA_FOLDER, 'exercise'), { recursive: true });
  writeFileSync(file, `${text.trim()}\n`);
  try {
    await query(db, PRACTICE);
    await loadCsv(db, file, { table: 'practice_events', force: true });
    const rows = await query<{ customer_id: number; country: string }>(
      db,
      'select customer_id, country from practice_events order by customer_id',
    );
    if (rows.length !== 3)
      return wrong(`It loads, with ${rows.length} rows. Repair the rows, do not leave them out.`);
    const country = rows[2]?.country;
    return country === 'Korea, Republic of'
      ? ok('it loads, and all three rows are in.')
      : wrong(
          `It loads, but the country of the third row is now "${country}"; it should be "Korea, Republic of".`,
        );
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    return error.line === 3 ? todo(error.message) : wrong(error.message);
  } finally {
    await query(db, 'drop table if exists practice_events');
    await query(db, `delete from loads where table_name = 'practice_events'`);
  }
}

const PRACTICE = `
  drop table if exists practice_events;
  create table practice_events (
    customer_id bigint, event_type text, country text, browser text, device_id bigint, session_id bigint);
  comment on table practice_events is 'workshop: of exercise 05.3'`;

const load = (name: string, hash: string, rows: number, seconds: number, repeated = false) => `
  insert into loads (file_name, sha256, rows, bytes, repeated, started_at, finished_at)
  values ('${name}', repeat('${hash}', 64), ${rows}, ${rows}, ${repeated}, now(), now() + interval '${seconds} seconds')`;

async function measureLoads(db: Database, statement: string): Promise<Verdict> {
  if (isBlank(statement))
    return todo('a row for each load: the name of its file, and its rows per second.');
  const before = [load('exercise-a.csv', 'a', 1000, 2), load('exercise-b.csv', 'b', 90_000, 90)];
  const rows = await tryOut(db, statement, { before });
  const rate = (name: string) => {
    const values = rows.find((row) => row.includes(name));
    return Number(values?.find((value) => value !== name));
  };
  if (Number.isNaN(rate('exercise-a.csv')))
    return wrong(
      'The check loaded exercise-a.csv, and the answer has no row with that name and a number.',
    );
  const [a, b] = [Math.round(rate('exercise-a.csv')), Math.round(rate('exercise-b.csv'))];
  if (a === 500 && b === 1000)
    return ok('1,000 rows in two seconds are 500 a second, and 90,000 in 90 seconds 1,000.');
  if (a === 500)
    return wrong(
      `90,000 rows in a minute and a half are 1,000 a second, not ${b}: a minute has seconds, too. Take \`epoch\`.`,
    );
  return rate('exercise-a.csv') === 1000
    ? wrong('That is the number of rows. Divide it by the seconds that the load took.')
    : wrong(`1,000 rows in two seconds are 500 a second, not ${rate('exercise-a.csv')}.`);
}

// the same content under two names, and two contents under one
async function findRepeats(db: Database, statement: string): Promise<Verdict> {
  if (isBlank(statement))
    return todo('the hash of each content that was loaded more than once, and how often.');
  const before = [
    load('exercise-monday.csv', 'a', 10, 1),
    load('exercise-tuesday.csv', 'a', 10, 1, true),
    load('exercise-wednesday.csv', 'b', 10, 1),
    load('exercise-wednesday.csv', 'c', 10, 1),
  ];
  const rows = await tryOut(db, statement, { before });
  const times = (hash: string) =>
    rows.find((row) => row.includes(hash.repeat(64)))?.find(Number.isInteger);
  if (rows.some((row) => row.includes('exercise-wednesday.csv')))
    return wrong(
      'Two files of one name had different contents. Only the hash tells what is the same.',
    );
  if (times('b') || times('c'))
    return wrong('It lists contents that were loaded once: `having` filters groups.');
  return times('a') === 2
    ? ok('it finds the content that came on Monday, and again on Tuesday under another name.')
    : wrong(
        'One content came twice, under two names: the answer should have its sha256 and the number 2.',
      );
}
