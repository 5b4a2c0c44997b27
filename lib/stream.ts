import { population } from '../data/events.ts';
import type { Database } from './connect.ts';
import { loadStream } from './copy.ts';
import { interruptible } from './interrupt.ts';

/** A source of events that runs beside the cells, as an application's users would. */
export interface EventStream {
  /** Events that the server has acknowledged so far. */
  readonly sent: number;
  /** False once it has ended: stopped, interrupted, failed, or after its time. */
  readonly running: boolean;
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
  /**
   * Called when a batch was refused, which is then sent again, as an application would. Nothing of a refused batch
   * is in the database. @default the stream ends with the error
   */
  onRefused?: (error: Error) => void;
}

/**
 * Starts a stream of events that happen now: a batch by COPY, four times a second. The notebook's stop button ends it,
 * in the middle of a batch too: nothing of that batch is there or counted.
 */
export function streamEvents(
  db: Database,
  { eventsPerSecond = 200, customers = 50, maxSeconds = 120, onRefused }: StreamOptions = {},
): EventStream {
  const next = population({ seed: Date.now() % 2 ** 32, customers });
  const started = performance.now();
  const { signal, dispose } = interruptible();
  let stopped = false;
  let ended = false;
  let sent = 0;
  const running = send().finally(() => {
    ended = true;
    dispose();
  });
  running.catch(() => {}); // told to whoever stops it
  return {
    get sent() {
      return sent;
    },
    get running() {
      return !ended;
    },
    async stop() {
      stopped = true;
      await running;
      return sent;
    },
  };

  async function send(): Promise<void> {
    for (let seconds = 0; !stopped && !signal.aborted && seconds < maxSeconds; ) {
      const due = Math.floor(seconds * eventsPerSecond) - sent;
      const batch = Array.from({ length: Math.max(0, due) }, () => next(Date.now()));
      if (batch.length) sent += await write(batch);
      await new Promise((resolve) => setTimeout(resolve, BATCH_MS));
      seconds = (performance.now() - started) / 1000;
    }
  }

  // how many of the batch are in the database: all, or none after an interrupt
  async function write(batch: object[], attempt = 1): Promise<number> {
    return loadStream(db, batch, { name: 'a batch' }).then(
      ({ rows }) => rows,
      (error) => {
        if (signal.aborted && error.name === 'AbortError') return 0;
        if (!onRefused || attempt === ATTEMPTS) throw error;
        onRefused(error);
        return write(batch, attempt + 1);
      },
    );
  }
}

const BATCH_MS = 250;
const ATTEMPTS = 3;
