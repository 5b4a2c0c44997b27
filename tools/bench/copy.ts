import { loadCsv } from '../../lib/copy.ts';
import { type Bench, type Case, pairReporter } from './bench.ts';
import { alternate, compare, type Measurement, stopwatch } from './measure.ts';
import { copyByPsql, findPsql } from './psql.ts';

/** The same files into the same table, emptied before each run: `loadCsv` and psql's `\copy`. */
export const copy: Case = {
  name: 'copy',
  title: 'COPY of the same file, against psql \\copy',
  async run(bench) {
    const psql = findPsql();
    if (!psql) {
      bench.report('left out: there is no psql on this machine');
      return [];
    }
    const pairs = bench.quick ? 2 : 7;
    return [
      // as fast as psql, within the noise of a machine that does other things too
      await measure(bench, psql, { streams: 1, pairs, atLeast: 0.95 }),
      await measure(bench, psql, { streams: 2, pairs, atLeast: 1 }),
    ];
  },
};

async function measure(
  bench: Bench,
  psql: string,
  { streams, pairs, atLeast }: { streams: number; pairs: number; atLeast: number },
): Promise<Measurement> {
  const { ours: db, files, quick, engine, url } = bench;
  const chosen = files.slice(0, streams);
  const rows = chosen.length * (quick ? 2_000 : 200_000);
  const unit = 'rows/s';
  const empty = () => db.query('truncate events');
  const rate = (ms: number) => rows / (ms / 1000);
  const samples = await alternate(
    pairs,
    {
      async ours() {
        await empty();
        return rate(await stopwatch(() => loadCsv(db, chosen, { streams, force: true })));
      },
      async other() {
        await empty();
        return rate(await copyByPsql(psql, url, chosen));
      },
    },
    pairReporter(bench, `${streams} stream${streams > 1 ? 's' : ''}`, pairs, unit),
  );
  await empty();
  const name = `copy, ${streams} stream${streams > 1 ? 's' : ''}`;
  return compare({
    name,
    against: 'psql \\copy',
    unit,
    engine,
    samples,
    better: 'higher',
    atLeast,
  });
}
