import { createHash, type Hash } from 'node:crypto';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { AlreadyLoadedError, CsvError, type Failure, isLostConnection } from './copy-errors.ts';
import type { FileTracker } from './copy-progress.ts';
import type { Target } from './copy-table.ts';
import { CsvScanner, lineAt } from './csv.ts';
import { untilAborted } from './interrupt.ts';

/** What all files of a load share. */
export interface Context {
  pool: pg.Pool;
  target: Target;
  force: boolean;
  signal: AbortSignal;
}

export interface Transaction {
  context: Context;
  failure: Failure;
  /** Of COPY, for this format. */
  options: string;
  track: FileTracker;
  /** The name to record the load under; without one it is not recorded. */
  record?: string;
  source: () => Readable;
}

export interface Loaded {
  /** As the server counted them. */
  rows: number;
  bytes: number;
  /** Of these bytes. */
  sha256: string;
  /** What looks odd, though it was loaded. */
  note?: string;
}

/** One transaction: the events, then the record of their load. Whatever fails, nothing of it stays. */
export async function transact({
  context: { pool, target, force, signal },
  failure,
  options,
  track,
  record,
  source,
}: Transaction): Promise<Loaded> {
  const client = await untilAborted(pool.connect(), signal, (late) => late.release());
  let lost: Error | undefined;
  const lose = (error: Error) => {
    lost = error;
  };
  client.on('error', lose);
  const stop = () => void endSession(pool, client);
  signal.addEventListener('abort', stop, { once: true });
  let healthy = false;
  try {
    signal.throwIfAborted();
    await client.query('begin isolation level read committed');
    const columns = failure.columns.map((column) => pg.escapeIdentifier(column)).join(', ');
    const copy = client.query(
      copyFrom(
        `copy ${target.table} (${columns}) from stdin with (format csv, encoding 'UTF8', ${options})`,
        {
          highWaterMark: CHUNK_BYTES,
        },
      ),
    );
    const meter = new Meter(failure, track);
    await pipeline(source(), meter, copy, { signal });
    const load = {
      rows: copy.rowCount,
      bytes: meter.bytes,
      sha256: meter.digest(),
      note: meter.note,
    };
    if (record !== undefined) await recordLoad(client, target, record, load, { failure, force });
    signal.throwIfAborted();
    signal.removeEventListener('abort', stop); // from here on it is too late to stop
    failure.committing = true;
    await client.query('commit');
    healthy = true;
    track.loaded(load);
    return load;
  } catch (error) {
    healthy = !lost && !signal.aborted && (await rolledBack(client));
    throw isLostConnection(error as Error) ? error : (lost ?? error);
  } finally {
    signal.removeEventListener('abort', stop);
    // a broken connection may report more errors: somebody must listen
    if (healthy) client.off('error', lose);
    client.release(!healthy);
  }
}

async function rolledBack(client: pg.PoolClient): Promise<boolean> {
  return client.query('rollback').then(
    () => true,
    () => false,
  );
}

async function recordLoad(
  client: pg.PoolClient,
  { table }: Target,
  name: string,
  { rows, bytes, sha256 }: Loaded,
  { failure, force }: { failure: Failure; force: boolean },
): Promise<void> {
  // rows have no bytes of their own: the same rows under another name are another load
  const identity =
    failure.unit === 'row' ? digest(createHash('sha256').update(`${name}\n${sha256}`)) : sha256;
  const { rows: answers } = await client.query(
    'select load_id, earlier_name, earlier_at from record_load($1, $2, $3, $4, $5, $6)',
    [name, identity, table, rows, bytes, force],
  );
  const [{ load_id: id, earlier_name: earlierName, earlier_at: earlierAt }] = answers;
  if (id === null) throw new AlreadyLoadedError(failure.name, earlierName, earlierAt);
}

// Through a connection of its own: a server that waits for a lock does not see that its client has gone.
async function endSession(pool: pg.Pool, client: pg.PoolClient): Promise<void> {
  const { processID } = client as unknown as { processID: number };
  const messenger = new pg.Client({ ...pool.options, connectionTimeoutMillis: 5000 });
  messenger.on('error', () => {});
  try {
    await messenger.connect();
    // Citus has a function of this name for numbers of its own, which are bigint
    await messenger.query('select pg_terminate_backend($1::int)', [processID]);
  } catch {
    await (client as unknown as pg.Client).end().catch(() => {}); // the server notices in its own time
  } finally {
    await messenger.end().catch(() => {});
  }
}

// what passes through on its way to the server: counted, hashed, looked at
class Meter extends Transform {
  bytes = 0;
  note: string | undefined;
  readonly #hash: Hash = createHash('sha256');
  readonly #scanner = new CsvScanner();
  readonly #failure: Failure;
  readonly #track: FileTracker;

  constructor(failure: Failure, track: FileTracker) {
    super({ highWaterMark: CHUNK_BYTES });
    this.#failure = failure;
    this.#track = track;
  }

  override _transform(chunk: Buffer, _: string, done: Done): void {
    try {
      this.bytes += chunk.length;
      this.#hash.update(chunk);
      const before = this.#scanner.records;
      this.#scanner.add(chunk);
      if (this.#scanner.markerAt !== undefined) return void this.#refuseMarker(done);
      this.#track.passed(chunk.length, this.#scanner.records - before);
      done(null, chunk);
    } catch (error) {
      done(error as Error); // of whoever listens to the progress
    }
  }

  override _flush(done: Done): void {
    this.#scanner.end();
    if (this.#scanner.markerAt !== undefined) return void this.#refuseMarker(done);
    if (this.bytes && this.#scanner.endsInLine) {
      this.note = 'the last line has no line end: check that the file is complete';
    }
    done();
  }

  digest(): string {
    return digest(this.#hash);
  }

  async #refuseMarker(done: Done): Promise<void> {
    const { name: file, path, unit } = this.#failure;
    const at = this.#scanner.markerAt as number;
    const line = path && (await lineAt(path, at).catch(() => undefined));
    const reason =
      'the line holds nothing but \\. , which ends a COPY: all that follows would be left out';
    done(new CsvError(reason, { file, line: line || undefined, unit }));
  }
}

type Done = (error?: Error | null, data?: Buffer) => void;

const digest = (hash: Hash) => hash.digest('hex');

/** How much is under way between two stages of a load. */
export const CHUNK_BYTES = 64 * 1024;
