import type { Database } from '../../lib/connect.ts';
import { type Case, pairReporter } from './bench.ts';
import { alternate, compare, type Samples, stopwatch } from './measure.ts';
import { watchMemory } from './memory.ts';

/** Everything that is retained is new: both rollups from nothing. */
export const backlog: Case = {
  name: 'backlog',
  title: 'both rollups of a backlog of 2,000,000 events, and the memory that they take',
  async run(bench) {
    await bench.retain();
    const { engine, quick } = bench;
    const pairs = quick ? 1 : 5;
    const memory: Samples = { ours: [], other: [] };
    if (!quick) bench.report(`${pairs} pairs, about a minute each where nothing else runs`);
    const samples = await alternate(
      pairs,
      {
        ours: () => rollUpAgain(bench.ours, OURS, memory.ours),
        other: () => rollUpAgain(bench.tutorial, TUTORIAL, memory.other),
      },
      pairReporter(bench, 'backlog', pairs, 's'),
    );
    const against = "the tutorial's functions";
    // within the noise of a machine that does other things too
    const time = compare({ name: 'backlog', against, unit: 's', engine, samples, atLeast: 0.95 });
    if (memory.ours.length < pairs || memory.other.length < pairs) {
      bench.report(
        'memory left out: the server process is not on this machine, or cannot be seen here',
      );
      return [time];
    }
    if (engine.startsWith('Citus')) {
      bench.report("memory is that of the coordinator's process, without the workers'");
    }
    const peak = { name: 'backlog, memory', against, unit: 'MB', engine };
    return [time, compare({ ...peak, samples: memory, atMost: 300 })];
  },
};

const OURS = ['call aggregate_events()'];
const TUTORIAL = ['select five_minutely_aggregation()', 'select hourly_aggregation()'];

// seconds; and the peak of the process, where it can be seen
async function rollUpAgain(db: Database, statements: string[], peaks: number[]): Promise<number> {
  await forgetRollups(db);
  const client = await db.connect();
  try {
    const { rows } = await client.query('select pg_backend_pid() as pid');
    const watch = watchMemory(rows[0].pid);
    const ms = await stopwatch(async () => {
      for (const statement of statements) await client.query(statement);
    });
    if (watch) peaks.push(watch.stop());
    return ms / 1000;
  } finally {
    client.release(true); // the next run starts with a process of its own
  }
}

async function forgetRollups(db: Database): Promise<void> {
  await db.query('truncate rollup_events_5min');
  await db.query('truncate rollup_events_1hr');
  await db.query('update rollups set last_aggregated_id = (select min(event_id) - 1 from events)');
}
