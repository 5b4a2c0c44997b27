import { isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';

/** The names in the first line of a CSV file. Only what this file itself shows is checked. */
export function readHeader(start: Buffer): string[] {
  if (start.length === 0)
    throw new Error('the file is empty; the first line must name the columns');
  refuseOtherFormats(start);
  const text = start.toString('utf8').replace(/^\uFEFF/, '');
  const end = text.search(/[\r\n]/);
  const line = end < 0 ? text : text.slice(0, end);
  const names = splitRecord(line).map((name) => name.trim());
  if (names.join('') === '') {
    throw new Error('the first line is blank; it must name the columns');
  }
  return names;
}

/** How much of a file `readHeader` needs at most. */
export const HEADER_BYTES = 64 * 1024;

function refuseOtherFormats(start: Buffer): void {
  const magic = start.subarray(0, 2).toString('hex');
  if (magic === '1f8b' || magic === '504b') {
    throw new Error('the file is compressed; unpack it first, then load the CSV in it');
  }
  if (magic === 'fffe' || magic === 'feff') {
    throw new Error('the file is UTF-16; save it as UTF-8');
  }
  if (start.includes(0)) throw new Error('the file is binary, not CSV');
}

/** The fields of one record, without their quotes. */
export function splitRecord(record: string): string[] {
  const fields: string[] = [];
  let field = '';
  let quoted = false;
  for (let index = 0; index < record.length; index++) {
    const character = record[index];
    if (character === '"' && quoted && record[index + 1] === '"') {
      field += record[++index]; // two quotes in a quoted field stand for one
    } else if (character === '"') {
      quoted = !quoted;
    } else if (character === ',' && !quoted) {
      fields.push(field);
      field = '';
    } else {
      field += character;
    }
  }
  return [...fields, field];
}

/** A row of values as one line of CSV. Missing values, null and undefined are NULL. */
export function formatRow(columns: readonly string[], row: Record<string, unknown>): string {
  let line = '';
  for (let index = 0; index < columns.length; index++) {
    const value = row[columns[index]];
    line += `${index ? ',' : ''}${typeof value === 'number' ? value : formatValue(columns[index], value)}`;
  }
  return `${line}\n`;
}

function formatValue(column: string, value: unknown): string {
  if (value === null || value === undefined) return '';
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'string') {
    return value === '' || /[",\r\n\\]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
  }
  if (typeof value === 'bigint' || typeof value === 'boolean') return String(value);
  throw new TypeError(
    `Expected \`${column}\` to be a text, a number, a bigint, a boolean, a Date or null, got ${typeof value}.`,
  );
}

/**
 * Looks at CSV bytes as they pass. Finds the line `\.`, which COPY up to PostgreSQL 17 takes for the end of the data:
 * it would drop all that follows without a word. And tells roughly how many rows have passed, from a look at every
 * eighth chunk: counting all of them would take time from the server where both share a machine.
 */
export class CsvScanner {
  /** Roughly; the server counts exactly. */
  records = 0;
  /** Where the line `\.` begins, in bytes, when there is one. */
  markerAt: number | undefined;
  /** The bytes so far end within a line. */
  endsInLine = false;
  #bytes = 0;
  #chunks = 0;
  #recordsPerByte = 0;
  #inQuotes = false;
  #state = LINE_START;

  add(chunk: Buffer): void {
    if (chunk.length === 0) return;
    const isPlain =
      !this.#inQuotes &&
      this.#state <= LINE_START &&
      !chunk.includes(BACKSLASH) &&
      !chunk.includes(QUOTE);
    if (isPlain) this.#pass(chunk);
    else this.#follow(chunk);
    this.endsInLine = !isLineEnd(chunk[chunk.length - 1]);
    if (isPlain) this.#state = this.endsInLine ? WITHIN : LINE_START;
    this.#bytes += chunk.length;
  }

  /** To be called after the last chunk. */
  end(): void {
    if (this.#state === MARKER) this.markerAt ??= this.#bytes - 2;
  }

  // no quotes and no backslash: each line end ends a record
  #pass(chunk: Buffer): void {
    if (this.#chunks++ % 8 > 0) {
      this.records += chunk.length * this.#recordsPerByte;
      return;
    }
    const records = countLineEnds(chunk);
    this.records += records;
    this.#recordsPerByte = records / chunk.length;
  }

  #follow(chunk: Buffer): void {
    for (let index = 0; index < chunk.length; index++) {
      const byte = chunk[index];
      if (byte === QUOTE) this.#inQuotes = !this.#inQuotes;
      if (isLineEnd(byte)) {
        if (this.#state === MARKER) this.markerAt ??= this.#bytes + index - 2;
        if (byte === LF && !this.#inQuotes) this.records++;
        this.#state = this.#inQuotes ? WITHIN : LINE_START;
      } else if (this.#state === LINE_START && byte === BACKSLASH) this.#state = AFTER_BACKSLASH;
      else if (this.#state === AFTER_BACKSLASH && byte === DOT) this.#state = MARKER;
      else this.#state = WITHIN;
    }
  }
}

/** The number, from 1, of the line that holds this byte of a file. */
export async function lineAt(file: string, offset: number): Promise<number> {
  if (offset === 0) return 1;
  let lines = 1;
  for await (const chunk of createReadStream(file, { end: offset - 1 }))
    lines += countLineEnds(chunk);
  return lines;
}

function countLineEnds(chunk: Buffer): number {
  let count = 0;
  for (let at = chunk.indexOf(LF); at >= 0; at = chunk.indexOf(LF, at + 1)) count++;
  return count;
}

const LF = 10;
const CR = 13;
const QUOTE = 34;
const DOT = 46;
const BACKSLASH = 92;

const WITHIN = 0;
const LINE_START = 1;
const AFTER_BACKSLASH = 2;
const MARKER = 3;

const isLineEnd = (byte: number) => byte === LF || byte === CR;

/**
 * The fields of the record that reaches to this line of the file, from 1; undefined when there is none. For messages:
 * reads from the start. A field that is not UTF-8 comes with each byte beyond ASCII as `<ff>`.
 */
export async function readRecord(file: string, line: number): Promise<CsvField[] | undefined> {
  let record = '';
  let number = 1;
  let inQuotes = false;
  for await (const chunk of createReadStream(file, { encoding: 'latin1' })) {
    const pieces = (chunk as string).split('\n');
    for (const [index, piece] of pieces.entries()) {
      if (index > 0) {
        if (number === line) return fields(record);
        number++;
        record = inQuotes ? `${record}\n` : '';
      }
      record += piece;
      if (hasOddQuotes(piece)) inQuotes = !inQuotes;
      if (record.length > LONGEST_RECORD) return undefined;
    }
  }
  return record && number === line ? fields(record) : undefined;
}

function hasOddQuotes(text: string): boolean {
  let odd = false;
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at + 1)) odd = !odd;
  return odd;
}

export interface CsvField {
  text: string;
  isUtf8: boolean;
}

const LONGEST_RECORD = 1024 * 1024;

function fields(record: string): CsvField[] {
  return splitRecord(record.replace(/\r$/, '')).map((field) => {
    const bytes = Buffer.from(field, 'latin1');
    return isUtf8(bytes)
      ? { text: bytes.toString('utf8'), isUtf8: true }
      : { text: field.replace(/[\x80-\xff]/g, escapeByte), isUtf8: false };
  });
}

const escapeByte = (byte: string) => `<${byte.charCodeAt(0).toString(16)}>`;
