import type { Database } from '../connect.ts';
import { ok, todo, type Verdict, wrong } from '../exercise.ts';
import { format } from '../table.ts';
import { group, without } from './rows.ts';
import { firstValue, isBlank, tryOut } from './trial.ts';

export const chapter07 = {
  '07.1': askForOneCustomer,
  '07.2': rankCountries,
};

const CUSTOMER = 900007;

async function askForOneCustomer(db: Database, statement: string): Promise<Verdict> {
  const time = `now() - interval '10 minutes'`;
  const own = group('rollup_events_5min', { customer: CUSTOMER, time, devices: [1, 2, 3] });
  const old = group('rollup_events_5min', {
    customer: CUSTOMER,
    time: `now() - interval '3 hours'`,
    devices: [1],
  });
  const other = group('rollup_events_5min', {
    customer: CUSTOMER + 1,
    time,
    devices: [1, 2, 3, 4],
  });
  const before = [...without(CUSTOMER), own];
  const [alone, aged, both] = [
    await number(db, statement, before),
    await number(db, statement, [...before, old]),
    await number(db, statement, [...before, other]),
  ];
  if (both !== alone)
    return todo('4 events of another customer changed the answer of customer 900007.');
  if (aged !== alone)
    return wrong('An event of three hours ago is in: keep the condition on the time.');
  return alone === 3
    ? ok('it counts 3 events of customer 900007, and none of anybody else.')
    : wrong(
        `Customer 900007 has 3 events in the last hour; the answer is ${format(alone) || 'empty'}.`,
      );
}

const number = async (db: Database, statement: string, before: string[]) =>
  Number(await firstValue(db, statement, before));

// Brazil's ten sessions are five that came twice; Chad's many are eight days old
async function rankCountries(db: Database, statement: string): Promise<Verdict> {
  if (isBlank(statement))
    return todo('the three countries with the most sessions of customer 900007 in 7 days.');
  const groups = (country: string, event: string, sessions: number[], days = 1) =>
    group('rollup_events_1hr', {
      customer: CUSTOMER,
      time: `now() - interval '${days} days'`,
      country,
      event,
      sessions,
      devices: sessions,
    });
  const before = [
    ...without(CUSTOMER),
    groups('India', 'click', [1, 2, 3, 4]),
    groups('India', 'view', [4, 5, 6]),
    groups('Brazil', 'click', [1, 2, 3, 4, 5]),
    groups('Brazil', 'view', [1, 2, 3, 4, 5]),
    groups('Peru', 'click', [1, 2]),
    groups('Chad', 'click', [1]),
    groups('Chad', 'click', [1, 2, 3, 4, 5, 6, 7, 8], 8),
  ];
  const rows = await tryOut(db, statement, { before });
  const text = rows
    .map(([country, sessions]) => `${country} ${Math.round(Number(sessions))}`)
    .join(', ');
  if (text === 'India 6, Brazil 5, Peru 2') return ok(`on rows of the check: ${text}.`);
  if (/Brazil 10/.test(text))
    return wrong('Brazil has 5 sessions, in two groups each: merge the sketches, then count.');
  if (/Chad [89]/.test(text))
    return wrong('Sessions of eight days ago are in: the week is missing.');
  if (text.startsWith('India 6, Brazil 5, Peru 2'))
    return wrong(`Three countries are wanted, found ${rows.length}.`);
  return wrong(
    `On rows of the check it should be India 6, Brazil 5, Peru 2; it is: ${text || 'nothing'}.`,
  );
}
