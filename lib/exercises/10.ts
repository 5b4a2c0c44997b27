import type { Database } from '../connect.ts';
import { ok, todo, type Verdict, wrong } from '../exercise.ts';
import { query } from '../sql.ts';
import { group, without } from './rows.ts';
import { isBlank, tryOut } from './trial.ts';

export const chapter10 = {
  '10.1': cutIntoMore,
  '10.2': weighBiggest,
};

async function cutIntoMore(db: Database, statement: string): Promise<Verdict> {
  const found = await tryOut(db, statement);
  const shards = async (count: number) => {
    const rows = await query<{ customer_id: number; shard: number }>(
      db,
      `select customer_id, 1 + (hashint8(customer_id) + 2147483648) / (4294967296 / ${count}) as shard
         from generate_series(1, 6) as customer_id`,
    );
    return rows.map(({ customer_id, shard }) => `customer ${customer_id} in shard ${shard}`);
  };
  const answer = found.map(([customer, shard]) => `customer ${customer} in shard ${shard}`);
  const wanted = await shards(32);
  const missed = wanted.find((line) => !answer.includes(line));
  if (!missed) return ok(`with 32 shards ${wanted.slice(0, 3).join(', ')}, and so on.`);
  return (await shards(8)).every((line) => answer.includes(line))
    ? todo('these are the places with 8 shards. Cut the same range into 32.')
    : wrong(
        `With 32 shards there would be ${missed}. How long is a piece, when 4,294,967,296 numbers make 32?`,
      );
}

const CUSTOMER = 900010;

// a customer of the check has far more events than all others
async function weighBiggest(db: Database, statement: string): Promise<Verdict> {
  if (isBlank(statement))
    return todo('the biggest customer, and its share of all events in percent.');
  const before = [
    ...without(CUSTOMER),
    group('rollup_events_1hr', { customer: CUSTOMER, time: 'now()', devices: [1] }),
    `update rollup_events_1hr set event_count = 10000000 where customer_id = ${CUSTOMER}`,
  ];
  const rows = await tryOut(db, statement, { before });
  const [[share] = []] = await tryOut(
    db,
    `select 100.0 * sum(event_count) filter (where customer_id = ${CUSTOMER}) / sum(event_count)
       from rollup_events_1hr`,
    { before },
  );
  const [customer, percent] = (rows[0] ?? []).map(Number);
  const near = (value: number) => Math.abs(Number(percent) / value - 1) < 0.01;
  if (rows.length > 1)
    return wrong(`One customer is wanted, found ${rows.length}: order by the share, and limit.`);
  if (customer !== CUSTOMER)
    return wrong(
      `The check gives customer ${CUSTOMER} the most events; the answer says ${customer}.`,
    );
  if (near(Number(share)))
    return ok(`on rows of the check: customer ${CUSTOMER} with ${Number(percent).toFixed(1)} %.`);
  return near(Number(share) / 100)
    ? wrong('That is the share of 1: a percentage is a hundred times as much.')
    : wrong(
        `Its share is ${Number(share).toFixed(1)} %, and not ${percent}: divide by the events of all customers.`,
      );
}
