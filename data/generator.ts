import { createWriteStream } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import {
  currentMinute,
  type EventRow,
  type EventsOptions,
  events,
  uniformEvents,
} from './events.ts';

export interface GeneratorOptions extends EventsOptions {
  /** How many files; arrivals go on from one to the next. @default 10 */
  files?: number;
  /** How many events each file holds. @default 200000 */
  rows?: number;
  /** As the tutorial's: six columns, no time, each value equally likely. @default false */
  uniform?: boolean;
  /** Folder to write to; made where it is missing. @default `data/` of this project */
  out?: string;
  /** Called after each piece that is written. */
  onProgress?: (progress: GeneratorProgress) => void;
  /** Stops in the middle; files that are complete stay. */
  signal?: AbortSignal;
}

export interface GeneratorProgress {
  state: 'running' | 'done';
  files: number;
  filesDone: number;
  rows: number;
  totalRows: number;
  bytes: number;
  /** Since the start. */
  seconds: number;
  secondsLeft: number;
}

export interface GeneratorResult {
  /** Paths, in the order of arrival. */
  files: string[];
  rows: number;
  bytes: number;
  seconds: number;
}

/** Where files go unless told otherwise. */
export const DATA_FOLDER = fileURLToPath(new URL('.', import.meta.url));

/**
 * Writes events into `events-001.csv`, `events-002.csv`, … The same options give the same bytes, the time where
 * events end (`until`) among them. A file appears under its name when it is complete, never before.
 *
 * @throws when an option is not what it should be, naming it
 */
export async function generateEvents(options: GeneratorOptions = {}): Promise<GeneratorResult> {
  const settings = checked(options);
  const { files, rows, uniform, out, onProgress, signal } = settings;
  const source = (uniform ? uniformEvents : events)({ ...settings, rows: rows * files });
  const columns = uniform ? UNIFORM_COLUMNS : COLUMNS;
  const started = performance.now();
  const written: string[] = [];
  let bytes = 0;
  const report = (rowsInFile: number, pieceBytes = 0) => {
    bytes += pieceBytes;
    const done = written.length * rows + rowsInFile;
    const seconds = (performance.now() - started) / 1000;
    onProgress?.({
      state: written.length === files ? 'done' : 'running',
      files,
      filesDone: written.length,
      rows: done,
      totalRows: files * rows,
      bytes,
      seconds,
      secondsLeft: (seconds * (files * rows - done)) / (done || 1),
    });
  };
  await mkdir(out, { recursive: true });
  while (written.length < files) {
    const path = join(out, fileName(written.length + 1));
    await writeWhole(path, pieces(source, columns, rows), report, signal);
    written.push(path);
  }
  report(0);
  return {
    files: written,
    rows: rows * files,
    bytes,
    seconds: (performance.now() - started) / 1000,
  };
}

/** The name of the file with this number. */
export function fileName(number: number): string {
  return `events-${String(number).padStart(3, '0')}.csv`;
}

/** The options with their defaults, or an error that says what one should be. */
function checked(options: GeneratorOptions) {
  const settings = {
    files: 10,
    rows: 200_000,
    seed: 1,
    until: currentMinute() as Date | string,
    days: 7,
    customers: 1000,
    devices: 10_000,
    lateShare: 0.02,
    uniform: false,
    out: DATA_FOLDER,
    ...Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)),
  } as Required<Omit<GeneratorOptions, 'onProgress' | 'signal'>> &
    Pick<GeneratorOptions, 'onProgress' | 'signal'>;
  expectWhole('files', settings.files, 1, 999);
  expectWhole('rows', settings.rows, 1, 1_000_000_000);
  expectWhole('seed', settings.seed, 0, 2 ** 40 - 1);
  expectWhole('customers', settings.customers, 1, 100_000);
  expectWhole('devices', settings.devices, 1, 1_000_000);
  expect('days', settings.days, settings.days > 0 && settings.days <= 366, 'from 0 to 366');
  const { lateShare } = settings;
  expect('lateShare', lateShare, lateShare >= 0 && lateShare <= 1, 'a share from 0 to 1');
  const ends = new Date(settings.until).getTime();
  const isTime = ends > Date.UTC(2021, 0) && ends < Date.UTC(2100, 0);
  const example = 'a time from 2021 to 2099 such as 2026-01-31T12:00:00Z';
  expect('until', settings.until, isTime, example);
  return settings;
}

function expectWhole(name: string, value: number, least: number, most: number): void {
  const holds = Number.isInteger(value) && value >= least && value <= most;
  const range = `${least.toLocaleString('en-US')} to ${most.toLocaleString('en-US')}`;
  expect(name, value, holds, `a whole number from ${range}`);
}

function expect(name: string, value: unknown, holds: boolean, description: string): void {
  if (!holds) throw new RangeError(`Expected \`${name}\` to be ${description}, got \`${value}\`.`);
}

const UNIFORM_COLUMNS = [
  'customer_id',
  'event_type',
  'country',
  'browser',
  'device_id',
  'session_id',
] as const;
const COLUMNS = ['event_time', ...UNIFORM_COLUMNS] as const;
const PIECE_CHARACTERS = 256 * 1024;

type Source = Iterator<Partial<EventRow>, void>;

interface Piece {
  text: string;
  /** Rows of the file up to here. */
  rows: number;
}

// the text of one file, in pieces: no value holds a comma, a quote or a line end, and all of it is ASCII
function* pieces(
  source: Source,
  columns: readonly (keyof EventRow)[],
  rows: number,
): Generator<Piece> {
  let text = `${columns.join(',')}\n`;
  for (let row = 1; row <= rows; row++) {
    const event = source.next().value as EventRow;
    const time = event.event_time === undefined ? '' : `${event.event_time},`;
    text += `${time}${event.customer_id},${event.event_type},${event.country},${event.browser},${event.device_id},${event.session_id}\n`;
    if (text.length < PIECE_CHARACTERS && row < rows) continue;
    yield { text, rows: row };
    text = '';
  }
}

// under another name first, so that whoever finds the file finds all of it
async function writeWhole(
  path: string,
  file: Iterable<Piece>,
  written: (rows: number, bytes: number) => void,
  signal?: AbortSignal,
): Promise<void> {
  const part = `${path}.${process.pid}.part`; // another process may write the same file
  async function* bytes(source: AsyncIterable<Piece>) {
    for await (const { text, rows } of source) {
      yield Buffer.from(text, 'latin1');
      written(rows, text.length);
    }
  }
  try {
    const source = Readable.from(file, { highWaterMark: 2 });
    await pipeline(source, bytes, createWriteStream(part), { signal });
    await rename(part, path);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}
