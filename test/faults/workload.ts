/** What a busy day does at once: single events, batches by COPY, files, and rollups; and what was acknowledged. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type pg from 'pg';
import { type EventRow, population } from '../../data/events.ts';
import { AlreadyLoadedError, loadCsv, loadStream } from '../../lib/copy.ts';

/** A group of events that is written by one transaction; its number is in their `session_id`. */
export interface Batch {
  id: number;
  size: number;
  /** The server said that it is stored. */
  isAcknowledged: boolean;
}

export interface Workload {
  /** How often something was acknowledged so far, rollups not counted. */
  readonly acknowledged: number;
  readonly rollups: number;
  /** What was refused or broke off, in the words that a person would see. */
  readonly failures: string[];
  /** Ends it; what is under way is waited for. */
  stop(): Promise<Batch[]>;
}

/**
 * Starts it. Whatever fails is given up, and the next of its kind is tried, until it is stopped.
 *
 * @param pool asked for each time, because a server may come back on another port
 * @param options.firstId the number of the first batch
 */
export function startWorkload(pool: () => pg.Pool, { firstId = 1 } = {}): Workload {
  const next = population({ seed: firstId, customers: 100, devices: 500 });
  const folder = mkdtempSync(join(tmpdir(), 'workshop-faults-'));
  const batches: Batch[] = [];
  const failures: string[] = [];
  let isStopped = false;
  let rollups = 0;
  const running = [
    repeat(() => write(1, insertOne)),
    repeat(() => write(20, insertMany)),
    repeat(() => write(100, (rows) => loadStream(pool(), rows))),
    repeat(loadFile),
    repeat(async () => {
      await pool().query('call aggregate_events(max_events => 1000)');
      rollups += 1;
    }),
  ];
  return {
    failures,
    get acknowledged() {
      return batches.filter(({ isAcknowledged }) => isAcknowledged).length;
    },
    get rollups() {
      return rollups;
    },
    async stop() {
      isStopped = true;
      await Promise.all(running);
      rmSync(folder, { recursive: true, force: true });
      return batches;
    },
  };

  async function repeat(work: () => Promise<unknown>): Promise<void> {
    while (!isStopped) {
      await work().catch((error) => failures.push(error.message));
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }

  async function write(size: number, store: (rows: EventRow[]) => Promise<unknown>) {
    const batch = newBatch(size);
    await store(makeRows(batch));
    batch.isAcknowledged = true;
  }

  // after a failure the file is loaded again, as a person would: it is in the database once
  async function loadFile(): Promise<void> {
    const batch = newBatch(300);
    const file = join(folder, `${batch.id}.csv`);
    const rows = makeRows(batch);
    const lines = rows.map((row) => Object.values(row).join(','));
    writeFileSync(file, `${Object.keys(rows[0] as EventRow)}\n${lines.join('\n')}\n`);
    while (!batch.isAcknowledged && !isStopped) {
      try {
        await loadCsv(pool(), file);
        batch.isAcknowledged = true;
      } catch (error) {
        failures.push((error as Error).message);
        batch.isAcknowledged = error instanceof AlreadyLoadedError;
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
    }
  }

  function newBatch(size: number): Batch {
    const batch = { id: firstId + batches.length, size, isAcknowledged: false };
    batches.push(batch);
    return batch;
  }

  function makeRows({ id, size }: Batch): EventRow[] {
    return Array.from({ length: size }, () => ({ ...next(Date.now()), session_id: id }));
  }

  function insertOne([row]: EventRow[]) {
    return pool().query(
      `insert into events (event_time, customer_id, event_type, country, browser, device_id, session_id)
       values ($1, $2, $3, $4, $5, $6, $7)`,
      Object.values(row as EventRow),
    );
  }

  function insertMany(rows: EventRow[]) {
    return pool().query(
      `insert into events (event_time, customer_id, event_type, country, browser, device_id, session_id)
       select event_time, customer_id, event_type, country, browser, device_id, session_id
       from jsonb_populate_recordset(null::events, $1)`,
      [JSON.stringify(rows)],
    );
  }
}

const PAUSE_MS = 100;
