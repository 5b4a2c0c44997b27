import type { Database } from './connect.ts';
import { rollUpAll, watermarks } from './rollup.ts';
import { streamEvents } from './stream.ts';

/** How things stood at one moment. */
export interface LoadSample {
  /** Since the start. */
  seconds: number;
  /** Events that the server has acknowledged. */
  sent: number;
  /** Events that are in both rollups. */
  counted: number;
  /** Whether the work was under way. */
  working: boolean;
}

/** What happened meanwhile. */
export interface UnderLoad {
  samples: LoadSample[];
  sent: number;
  /** What the server said to batches and rollups that it refused. They were sent or run again. */
  refusals: string[];
}

/**
 * Does some work while events come in and are rolled up, a while before it and a while after it too.
 *
 * @param options.aroundEvents so many events come before the work, and so many after it @default 300
 * @throws what the work or the stream failed with
 */
export async function underLoad(
  db: Database,
  work: () => Promise<unknown>,
  { aroundEvents = 300 }: { aroundEvents?: number } = {},
): Promise<UnderLoad> {
  await rollUpAll(db);
  const offset = await countedSoFar(db);
  const started = performance.now();
  const result: UnderLoad = { samples: [], sent: 0, refusals: [] };
  const refused = (error: Error) => result.refusals.push(error.message);
  const stream = streamEvents(db, { onRefused: refused });
  let working = false;
  let ended = false;
  const watching = repeat(sample);
  const counting = repeat(() => rollUpAll(db).catch(refused));
  try {
    await reach(aroundEvents);
    working = true;
    await work();
    working = false;
    await reach(stream.sent + 1); // what has waited goes first, in one batch
    await reach(stream.sent + aroundEvents);
  } finally {
    result.sent = await stream.stop().finally(() => {
      ended = true;
      return Promise.all([watching, counting]);
    });
  }
  await rollUpAll(db);
  await sample();
  return result;

  async function sample(): Promise<void> {
    const ids = (await countedSoFar(db)) - offset;
    const seconds = (performance.now() - started) / 1000;
    // a refused batch leaves ids that no event has
    const counted = Math.min(ids, stream.sent);
    result.samples.push({ seconds, sent: stream.sent, counted, working });
  }

  async function repeat(step: () => Promise<unknown>): Promise<void> {
    while (!ended) {
      await step();
      await pause();
    }
  }

  // it ends by itself after two minutes, and when it fails
  async function reach(events: number): Promise<void> {
    while (stream.running && stream.sent < events) await pause();
  }
}

const pause = () => new Promise((resolve) => setTimeout(resolve, 200));

const countedSoFar = async (db: Database) =>
  Math.min(...(await watermarks(db)).map((mark) => mark.last_aggregated_id));
