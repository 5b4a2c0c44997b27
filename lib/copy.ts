import { createHash } from 'node:crypto';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import {
  AlreadyLoadedError,
  CsvError,
  explainFailure,
  type Failure,
  type ServerError,
} from './copy-errors.ts';
import { type FileTracker, type LoadProgress, sum, Tracker } from './copy-progress.ts';
import { checkColumns, describeTable, type Target } from './copy-table.ts';
import { CHUNK_BYTES, type Context, type Loaded, transact } from './copy-transaction.ts';
import { formatRow, HEADER_BYTES, readHeader } from './csv.ts';
import { interruptible, untilAborted } from './interrupt.ts';

export { AlreadyLoadedError, CsvError } from './copy-errors.ts';
export type { LoadProgress } from './copy-progress.ts';

export interface LoadOptions {
  /** How many files are loaded at a time, each through a connection of its own. @default 2 */
  streams?: number;
  /** Loads a file even though the same content was loaded before. @default false */
  force?: boolean;
  /** Called as bytes leave for the server, and at the end; `progressBar()` draws it. */
  onProgress?: (progress: LoadProgress) => void;
  /** Stops: what is under way is rolled back, files that were complete stay. */
  signal?: AbortSignal;
  /** @default 'events' */
  table?: string;
}

export interface FileLoad extends Loaded {
  /** As it was given. */
  file: string;
  seconds: number;
}

export interface LoadResult {
  files: FileLoad[];
  rows: number;
  bytes: number;
  seconds: number;
  rowsPerSecond: number;
}

/** Some of several files failed. `errors` holds an error for each, `loaded` the files that are in the table. */
export class LoadError extends AggregateError {
  override name = 'LoadError';
  readonly loaded: FileLoad[];

  constructor(errors: Error[], loaded: FileLoad[]) {
    const rows = sum(loaded, 'rows').toLocaleString('en-US');
    const lines = [
      `${errors.length} of ${errors.length + loaded.length} files were not loaded; nothing of them stayed:`,
      ...errors.map((error) => `  ✗ ${error.message}`),
      loaded.length ? `Loaded, ${rows} rows:` : 'No file was loaded.',
      ...loaded.map((file) => `  ✓ ${file.file}: ${file.rows.toLocaleString('en-US')} rows`),
    ];
    super(errors, lines.join('\n'));
    this.loaded = loaded;
  }
}

/**
 * Loads CSV files with COPY. Each file is one transaction, which also records it in `loads`: a file is in the table
 * and in the records, or in neither, whatever happens in between. The columns are those that the file's header names,
 * in its order; `event_id` is never one of them. Takes the same memory for a file of any size.
 *
 * @param files a path, or several
 * @throws {CsvError} for a bad header or row: names file, line, column and value
 * @throws {AlreadyLoadedError} when the same content was loaded before
 * @throws {LoadError} when there are several files and some failed; the others are in the table
 */
export async function loadCsv(
  pool: pg.Pool,
  files: string | string[],
  { streams = 2, force = false, onProgress, signal, table = 'events' }: LoadOptions = {},
): Promise<LoadResult> {
  const names = [files].flat();
  if (names.length === 0) throw new Error('Expected `files` to be at least one path, got [].');
  if (!Number.isInteger(streams) || streams < 1) {
    throw new RangeError(`Expected \`streams\` to be a whole number from 1, got \`${streams}\`.`);
  }
  const target = await describeTable(pool, table);
  const tracker = new Tracker(await Promise.all(names.map(sizeOf)), onProgress);
  const stop = interruptible(signal);
  const outcomes = new Array<FileLoad | Error>(names.length);
  let next = 0;
  const work = async () => {
    for (let index = next++; index < names.length; index = next++) {
      const context = { pool, target, force, signal: stop.signal };
      outcomes[index] = await loadFile(names[index], tracker.file(index), context);
    }
  };
  try {
    const workers = Math.min(streams, names.length, pool.options.max ?? streams);
    await Promise.all(Array.from({ length: workers }, work));
  } finally {
    stop.dispose();
  }
  return conclude(outcomes, tracker, stop.signal);
}

export interface StreamLoadOptions {
  /** What the rows are called in messages and in `loads`. @default 'rows' */
  name?: string;
  /** Which values of a row to load. @default those that the first row has */
  columns?: string[];
  /** Records the load in `loads` and refuses the same rows under the same name a second time. @default false */
  record?: boolean;
  /** With `record`: loads them nevertheless. @default false */
  force?: boolean;
  onProgress?: (progress: LoadProgress) => void;
  /** Stops, and rolls back. */
  signal?: AbortSignal;
  /** @default 'events' */
  table?: string;
}

/**
 * Loads rows with COPY as they come, in one transaction: all of them, or none. The source is asked for more only as
 * fast as the server takes them.
 *
 * @param source objects by column name: an array, a generator, a stream in object mode
 * @throws {CsvError} for a bad row: names its number, column and value
 */
export async function loadStream(
  pool: pg.Pool,
  source: Iterable<object> | AsyncIterable<object>,
  {
    name = 'rows',
    columns,
    record = false,
    force = false,
    onProgress,
    signal,
    table = 'events',
  }: StreamLoadOptions = {},
): Promise<LoadResult> {
  const target = await describeTable(pool, table, { record });
  const tracker = new Tracker([undefined], onProgress);
  const stop = interruptible(signal);
  try {
    const context = { pool, target, force, signal: stop.signal };
    const outcome = await loadRows({ name, columns, record, source }, tracker.file(0), context);
    return conclude([outcome], tracker, stop.signal);
  } finally {
    stop.dispose();
  }
}

// a file's size, or nothing when there is no such file: loading it says so
async function sizeOf(file: string): Promise<number | undefined> {
  return (await stat(file).catch(() => undefined))?.size;
}

async function loadFile(
  name: string,
  track: FileTracker,
  { pool, target, force, signal }: Context,
): Promise<FileLoad | Error> {
  const started = performance.now();
  const failure: Failure = { name, table: target.table, columns: [], path: name };
  let handle: FileHandle | undefined;
  try {
    signal.throwIfAborted();
    handle = await openFile(name);
    failure.columns = await readColumns(handle, name, target);
    const { size } = await handle.stat();
    if (!force) await refuseEarly({ pool, target, signal }, handle, name, size);
    const load = await transact({
      context: { pool, target, force, signal },
      failure,
      options: 'header true',
      track,
      record: basename(name),
      source: () =>
        (handle as FileHandle).createReadStream({ start: 0, highWaterMark: CHUNK_BYTES }),
    });
    return { file: name, ...load, seconds: (performance.now() - started) / 1000 };
  } catch (error) {
    track.failed();
    return stopped(failure, signal) ?? (await explainFailure(error as Error, failure));
  } finally {
    await handle?.close().catch(() => {}); // the stream may have closed it
  }
}

async function openFile(name: string): Promise<FileHandle> {
  const handle = await open(name).catch((cause: ServerError) => {
    const reason =
      cause.code === 'ENOENT' ? 'there is no such file' : `it cannot be opened: ${cause.message}`;
    throw new CsvError(reason, { file: name }, { cause });
  });
  const { isFile, isDirectory } = await handle.stat().then((status) => ({
    isFile: status.isFile(),
    isDirectory: status.isDirectory(),
  }));
  if (isFile) return handle;
  await handle.close();
  const reason = isDirectory ? 'it is a folder; name the files in it' : 'it is not a regular file';
  throw new CsvError(reason, { file: name });
}

// the columns of the header, after a look whether the table takes them
async function readColumns(handle: FileHandle, name: string, target: Target): Promise<string[]> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEADER_BYTES), 0, HEADER_BYTES, 0);
  let columns: string[];
  try {
    columns = readHeader(buffer.subarray(0, bytesRead));
  } catch (cause) {
    throw new CsvError((cause as Error).message, { file: name, line: 1 }, { cause });
  }
  checkColumns(columns, target, { file: name, line: 1 });
  return columns;
}

// before a byte is sent: a file as long as one that was loaded may be that one, and is read to make sure
async function refuseEarly(
  { pool, target, signal }: Omit<Context, 'force'>,
  handle: FileHandle,
  name: string,
  bytes: number,
): Promise<void> {
  const { rows } = await pool.query(
    'select file_name, finished_at, sha256 from loads where table_name = $1 and bytes = $2 and not repeated',
    [target.table, bytes],
  );
  if (!rows.length) return;
  const hash = createHash('sha256');
  await pipeline(handle.createReadStream({ start: 0, autoClose: false }), hash, { signal });
  const sha256 = hash.digest('hex');
  const same = rows.find((row) => row.sha256 === sha256);
  if (same) throw new AlreadyLoadedError(name, same.file_name, same.finished_at);
}

interface RowsSource {
  name: string;
  columns?: string[];
  record: boolean;
  source: Iterable<object> | AsyncIterable<object>;
}

async function loadRows(
  { name, columns, record, source }: RowsSource,
  track: FileTracker,
  context: Context,
): Promise<FileLoad | Error> {
  const started = performance.now();
  const failure: Failure = {
    name,
    table: context.target.table,
    columns: columns ?? [],
    unit: 'row',
  };
  try {
    context.signal.throwIfAborted();
    const rows = await peek(source, columns, context.signal);
    checkColumns(rows.columns, context.target, { file: name });
    failure.columns = rows.columns;
    const load = await transact({
      context,
      failure,
      options: 'header false',
      track,
      record: record ? name : undefined,
      source: () =>
        Readable.from(formatRows(rows), { objectMode: false, highWaterMark: CHUNK_BYTES }),
    });
    return { file: name, ...load, seconds: (performance.now() - started) / 1000 };
  } catch (error) {
    track.failed();
    return stopped(failure, context.signal) ?? (await explainFailure(error as Error, failure));
  }
}

interface Rows {
  columns: string[];
  rows: AsyncIterable<object>;
}

// the first row tells the columns; it is handed on with the others
async function peek(
  source: RowsSource['source'],
  columns: string[] | undefined,
  signal: AbortSignal,
): Promise<Rows> {
  const iterator =
    Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  const next = () => untilAborted(iterator.next(), signal);
  const first = columns ? undefined : await next();
  async function* rows() {
    try {
      for (let step = first ?? (await next()); !step.done; step = await next()) yield step.value;
    } finally {
      const ended = Promise.resolve(iterator.return?.());
      if (signal.aborted)
        ended.catch(() => {}); // it may wait for a row that never comes
      else await ended;
    }
  }
  const named = columns ?? (first?.done ? ['customer_id'] : Object.keys(first?.value ?? {}));
  return { columns: named, rows: rows() };
}

async function* formatRows({ columns, rows }: Rows): AsyncGenerator<Buffer> {
  let text = '';
  for await (const row of rows) {
    text += formatRow(columns, row as Record<string, unknown>);
    if (text.length < CHUNK_BYTES) continue;
    yield Buffer.from(text);
    text = '';
  }
  if (text) yield Buffer.from(text);
}

function stopped({ name, committing }: Failure, signal: AbortSignal): Error | undefined {
  if (!signal.aborted || committing) return undefined;
  const error = new Error(`${name} was stopped before it was complete; nothing of it stayed.`, {
    cause: signal.reason,
  });
  error.name = 'AbortError';
  return error;
}

function conclude(
  outcomes: (FileLoad | Error)[],
  tracker: Tracker,
  signal: AbortSignal,
): LoadResult {
  const errors = outcomes.filter((outcome): outcome is Error => outcome instanceof Error);
  const files = outcomes.filter((outcome): outcome is FileLoad => !(outcome instanceof Error));
  tracker.report(errors.length ? 'failed' : 'done');
  if (errors.length) {
    if (outcomes.length === 1) throw errors[0];
    const error = new LoadError(errors, files);
    if (signal.aborted) error.name = 'AbortError';
    throw error;
  }
  const { seconds } = tracker;
  const rows = sum(files, 'rows');
  return { files, rows, bytes: sum(files, 'bytes'), seconds, rowsPerSecond: rows / seconds };
}
