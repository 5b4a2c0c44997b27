import { loadCsv } from '../../lib/copy.ts';
import { makeFiles } from '../../lib/data.ts';
import { type Bench, type Case, pairReporter } from './bench.ts';
import { COLUMNS, FILES } from './database.ts';
import { alternate, compare, stopwatch } from './measure.ts';

/** The everyday run of both rollups: few new events, many that were counted before. */
export const steady: Case = {
  name: 'steady',
  title: 'both rollups of 10,000 new events, with 2,000,000 retained',
  async run(bench) {
    await bench.rollUp();
    const { ours, tutorial, engine, quick } = bench;
    const pairs = quick ? 2 : 9;
    const rollUp = (db: typeof ours) =>
      stopwatch(async () => {
        await db.query('select five_minutely_aggregation()');
        await db.query('select hourly_aggregation()');
      });
    let runs = 0;
    const run = (db: typeof ours) => async () => {
      if (runs++ % 2 === 0) await addEvents(bench); // each pair has events of its own
      return rollUp(db);
    };
    const samples = await alternate(
      pairs,
      { ours: run(ours), other: run(tutorial) },
      pairReporter(bench, 'rollups', pairs, 'ms'),
    );
    const against = "the tutorial's functions";
    return [compare({ name: 'steady', against, unit: 'ms', engine, samples, atLeast: 1.5 })];
  },
};

let batch = 0;

// the same events of the last five minutes on both sides
async function addEvents({ ours, quick }: Bench): Promise<void> {
  const rows = quick ? 500 : 10_000;
  const files = await makeFiles({
    name: `${FILES}/new`,
    files: 1,
    rows,
    days: 5 / 1440,
    seed: ++batch,
  });
  const { rows: before } = await ours.query('select max(event_id) as id from events');
  await loadCsv(ours, files, { force: true });
  await ours.query(
    `insert into tutorial.events (${COLUMNS}) select ${COLUMNS} from public.events where event_id > $1`,
    [before[0].id],
  );
}
