import { biggestCustomers } from '../../lib/dashboard.ts';
import { readSql } from '../../lib/sql.ts';
import { type Case, pairReporter } from './bench.ts';
import { alternate, compare, type Measurement, stopwatch } from './measure.ts';

/**
 * The four questions of chapter 07, for the customer with the most events, at the time of the newest event: rollups
 * against raw events.
 *
 * The trend merges two sketches of each of some 4,000 rows. While a sketch holds its values one by one, hll sorts
 * them again at every merge; with up to 160 of them, which is its default, this question was answered half as fast.
 */
export const dashboard: Case = {
  name: 'dashboard',
  title: 'dashboard questions of the biggest customer, against the same to the raw events',
  async run(bench) {
    await bench.rollUp();
    const { ours: db, engine, quick } = bench;
    const pairs = quick ? 3 : 25;
    const [biggest] = await biggestCustomers(db, 1);
    const { rows } = await db.query('select max(event_time) as now from events');
    const parameters = [biggest?.customer_id, rows[0].now];
    const measurements: Measurement[] = [];
    for (const question of ['last-minutes', 'sessions-week', 'trend-hours', 'top-devices']) {
      const ask = (file: string) => {
        const text = readSql(file);
        return async () => {
          const total = await stopwatch(async () => {
            for (let asked = 0; asked < REPEATS; asked++) await db.query(text, parameters);
          });
          return total / REPEATS;
        };
      };
      const sides = { ours: ask(`07-${question}.sql`), other: ask(`07-raw-${question}.sql`) };
      const report = pairReporter(bench, question, pairs, 'ms');
      await alternate(1, sides); // what is read for the first time comes from the disk
      const samples = await alternate(pairs, sides, (pair, ours, other) => {
        if (pair === pairs) report(pair, ours, other);
      });
      const common = { unit: 'ms', against: 'raw events', engine, samples };
      measurements.push(compare({ name: question, ...common, atLeast: 10 }));
    }
    return measurements;
  },
};

// a fraction of a millisecond says little by itself: a dashboard asks again and again, and so does a sample
const REPEATS = 5;
