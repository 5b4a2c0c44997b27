import type { Database } from '../connect.ts';
import { ok, todo, type Verdict, wrong } from '../exercise.ts';
import { format } from '../table.ts';
import { event, group, inTimeZone, without } from './rows.ts';
import { isBlank, tryOut } from './trial.ts';

export const chapter06 = {
  '06.1': recountCustomer,
  '06.2': rollUpTheRollup,
};

const CUSTOMER = 900006;

// some events that are rolled up, and one that waits; twice, so that no constant is an answer
async function recountCustomer(db: Database, statement: string): Promise<Verdict> {
  if (isBlank(statement))
    return todo('two numbers for customer 900006: the raw events, and the sum in the rollup.');
  const [raw, rolledUp] = await proveWith(db, statement, 2);
  if (rolledUp === 1) return wrong('The second number counts groups. How many events are in them?');
  if (raw === 3)
    return wrong('One of the three raw events is above the watermark: no rollup can have it yet.');
  if (raw === 2 && rolledUp === 2)
    return (await proveWith(db, statement, 3)).join() === '3,3'
      ? ok('2 events up to the watermark, 2 in the rollup; one that waits is in neither.')
      : wrong('With 3 events it says something else than 3 and 3. Count them.');
  return wrong(
    `With 2 events up to the watermark, 2 in the rollup and 1 that waits, both should be 2; found ${format(raw)} and ${format(rolledUp)}.`,
  );
}

async function proveWith(db: Database, statement: string, rolledUp: number): Promise<number[]> {
  const devices = Array.from({ length: rolledUp }, () => 1);
  const before = [
    ...without(CUSTOMER),
    ...devices.map((_, at) => event(CUSTOMER, 'now()', -1 - at)),
    event(CUSTOMER),
    group('rollup_events_5min', { customer: CUSTOMER, time: 'now()', devices }),
  ];
  const [row] = await tryOut(db, statement, { before });
  return (row ?? []).map(Number);
}

// 10:00 and 10:55 share a device
async function rollUpTheRollup(db: Database, statement: string): Promise<Verdict> {
  if (isBlank(statement))
    return todo('customer 900006 by the hour, out of the 5-minute rollup: hour, events, devices.');
  const at = (time: string, devices: number[]) =>
    group('rollup_events_5min', { customer: CUSTOMER, time: `'2026-01-01 ${time}+00'`, devices });
  const before = [
    ...inTimeZone('Asia/Kolkata'), // its hours begin at half past the hours of UTC
    ...without(CUSTOMER),
    at('10:00', [1, 2]),
    at('10:55', [2, 3]),
    at('11:00', [3]),
  ];
  const rows = await tryOut(db, statement, { before });
  const found = rows
    .map(([, events, devices]) => `${events}/${Math.round(Number(devices))}`)
    .sort()
    .join(' ');
  const isHour = rows.every(([hour]) => hour instanceof Date && hour.getUTCMinutes() === 0);
  if (rows.length === 2 && !isHour)
    return wrong(`Cut the hours in UTC: date_trunc takes a time zone, too.`);
  if (found === '1/1 4/3') return ok('10:00 has 4 events and 3 devices, 11:00 has 1 and 1.');
  if (found === '1/1 4/4')
    return wrong('4 events, but 3 devices: one of them was there at 10:00 and at 10:55.');
  return wrong(
    `Groups at 10:00, 10:55 and 11:00 should make two hours, found ${rows.length} rows (events/devices: ${found || 'none'}).`,
  );
}
