import type { Database } from '../connect.ts';
import { ok, todo, type Verdict, wrong } from '../exercise.ts';
import { format } from '../table.ts';
import { group, without } from './rows.ts';
import { isBlank, tryOut } from './trial.ts';

export const chapter04 = {
  '04.1': mergeSketches,
  '04.2': mergeLists,
  '04.3': addUp,
};

const CUSTOMER = 900004;
const groups = (...devices: number[][]) => [
  ...without(CUSTOMER),
  ...devices.map((ids, at) => {
    const time = `'2026-01-01 10:0${5 * at}+00'::timestamptz`;
    return group('rollup_events_5min', { customer: CUSTOMER, time, devices: ids });
  }),
];

// 3 devices and 4, of which 2 are the same
async function mergeSketches(db: Database, statement: string): Promise<Verdict> {
  const before = groups([1, 2, 3], [2, 3, 4, 5]);
  const rows = await tryOut(db, statement, { before });
  const devices = Math.round(Number(rows[0]?.[0]));
  if (rows.length > 1)
    return wrong('There should be one row: the devices of both groups together.');
  if (Number.isNaN(devices))
    return wrong('That is no number. `hll_cardinality` says how many are in a sketch.');
  if (devices === 5) return ok('3 devices in one group and 4 in the other are 5 different ones.');
  if (devices === 7)
    return todo('3 devices and 4 are counted as 7, but two of them are in both groups.');
  return devices === 4
    ? wrong('4 is the larger of the two groups. Merge the sketches first, then count.')
    : wrong(`3 devices and 4, two of them in both groups, are not ${format(devices)}.`);
}

// device 1 leads in the first group, 2 is second there, and the first of both together
async function mergeLists(db: Database, statement: string): Promise<Verdict> {
  if (isBlank(statement))
    return todo('the three most active devices of customer 900004, with their events.');
  const before = groups([1, 1, 1, 1, 1, 2, 2, 2, 2, 3], [2, 2, 3, 3, 4, 4, 4, 4]);
  const rows = await tryOut(db, statement, { before });
  const found = rows.map((row) => row.map(Number));
  if (found.some(({ length }) => length !== 2))
    return wrong(
      'Two columns are wanted, device and events: (topn(…)).* makes two of what topn gives.',
    );
  const text = found.map(([device, events]) => `${device} with ${events}`).join(', ');
  if (text === '2 with 6, 1 with 5, 4 with 4') return ok(`of two lists: ${text}.`);
  if (text.startsWith('1 with 5, 2 with 4'))
    return wrong('That is the top of one group. Unite the lists of all groups first.');
  return found.length > 3 && text.startsWith('2 with 6, 1 with 5, 4 with 4')
    ? wrong(`Three devices are wanted, and there are ${found.length}: topn has a second argument.`)
    : wrong(
        `On two lists that the check made, the answer should be 2 with 6, 1 with 5, 4 with 4; it is: ${text || 'nothing'}.`,
      );
}

// three visits, one statement each
async function addUp(db: Database, statement: string): Promise<Verdict> {
  const rows = await tryOut(db, `${statement};${statement};${statement}`, {
    before: ['create table visits (country text unique nulls not distinct, visits int)'],
    after: 'select country, visits from visits',
  });
  const [[, visits] = []] = rows;
  if (rows.length !== 1)
    return wrong(`Three visits from one country made ${rows.length} rows; one is wanted.`);
  if (visits === 3) return ok('three visits, counted one by one, are 3.');
  return visits === 1
    ? todo(
        'three visits, counted one by one, are 1: each replaces the one before. Let them add up.',
      )
    : wrong(
        `Three visits, counted one by one, should be 3; this makes ${format(visits) || 'null'} of them.`,
      );
}
