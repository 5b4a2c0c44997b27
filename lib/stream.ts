import { population } from '../data/events.ts';
import type { Database } from './connect.ts';
import { loadStream } from './copy.ts';

/** A source of events that runs beside the cells, as an application's users would. */
export interface EventStream {
  /** Events that the server has acknowledged so far. */
  readonly sent: number;
  /**
   * Ends it and waits for what is under way.
   *
   * @throws what a write failed with
   */
  stop(): Promise<number>;
}

export interface StreamOptions {
  /** @default 200 */
  eventsPerSecond?: number;
  /** @default 50 */
  customers?: number;
  /** Ends by itself after this, should nobody stop it. @default 120 */
  maxSeconds?: number;
}

/** Starts a stream of events that happen now: a batch by COPY, four times a second. */
export function streamEvents(
  db: Database,
  { eventsPerSecond = 200, customers = 50, maxSeconds = 120 }: StreamOptions = {},
): EventStream {
  const next = population({ seed: Date.now() % 2 ** 32, customers });
  const started = performance.now();
  let stopped = false;
  let sent = 0;
  const running = send();
  running.catch(() => {}); // told to whoever stops it
  return {
    get sent() {
      return sent;
    },
    async stop() {
      stopped = true;
      await running;
      return sent;
    },
  };

  async function send(): Promise<void> {
    for (let seconds = 0; !stopped && seconds < maxSeconds; ) {
      const due = Math.floor(seconds * eventsPerSecond) - sent;
      const batch = Array.from({ length: Math.max(0, due) }, () => next(Date.now()));
      if (batch.length) await loadStream(db, batch);
      sent += batch.length;
      await new Promise((resolve) => setTimeout(resolve, BATCH_MS));
      seconds = (performance.now() - started) / 1000;
    }
  }
}

const BATCH_MS = 250;
