import { readRecord } from './csv.ts';

/** A file, or a row of it, that cannot be loaded. Nothing of the file is in the table. */
export class CsvError extends Error {
  override name = 'CsvError';
  /** As it was named to the loader. */
  readonly file: string;
  /** From 1, the header included; for rows that are no file, the number of the row. */
  readonly line?: number;
  readonly column?: string;
  /** The field at fault. */
  readonly value?: string;
  /** The whole row, where the fault lies in no field alone: one too many, or one too few. */
  readonly row?: string;
  /** The server's SQLSTATE, such as `22P02`, when the server found it. */
  readonly code?: string;

  constructor(reason: string, place: CsvPlace, options?: ErrorOptions) {
    super(describe(reason, place), options);
    this.file = place.file;
    this.line = place.line;
    this.column = place.column;
    this.value = place.value;
    this.row = place.row;
    this.code = place.code;
  }
}

/** The same content is in the table already. */
export class AlreadyLoadedError extends Error {
  override name = 'AlreadyLoadedError';
  readonly file: string;
  /** Under which name it was loaded. */
  readonly loadedAs: string;
  readonly loadedAt: Date;

  constructor(file: string, loadedAs: string, loadedAt: Date) {
    super(
      `${file} was loaded already, at ${loadedAt.toISOString()} under the name ${loadedAs}; it was not loaded again. ` +
        'To load the same events once more, say { force: true }.',
    );
    this.file = file;
    this.loadedAs = loadedAs;
    this.loadedAt = loadedAt;
  }
}

export interface CsvPlace {
  file: string;
  line?: number;
  column?: string;
  value?: string;
  row?: string;
  code?: string;
  /** What is counted. @default 'line' */
  unit?: 'line' | 'row';
}

/** What stopped a load, for whoever started it. */
export interface Failure {
  /** As it was named to the loader. */
  name: string;
  table: string;
  columns: readonly string[];
  /** Where to look up a line that the server names; without it, only the server's word is told. */
  path?: string;
  /** The load was about to commit: it is in the table whole, or not at all. */
  committing?: boolean;
  unit?: 'line' | 'row';
}

/** Turns what a load failed with into a message that says what, where, what stayed, and what to do. */
export async function explainFailure(cause: ServerError, failure: Failure): Promise<Error> {
  const { name, committing } = failure;
  if (cause instanceof CsvError || cause instanceof AlreadyLoadedError) return cause;
  if (isLostConnection(cause)) return new Error(lostConnection(cause, failure), { cause });
  if (cause.code && committing) {
    return new Error(`${name} was refused at the end: ${cause.message}. Nothing of it stayed.`, {
      cause,
    });
  }
  const place = await placeOf(cause, failure);
  if (place) return new CsvError(reasonOf(cause), { ...place, code: cause.code }, { cause });
  const parts = [cause.message, cause.detail, cause.hint && `Hint: ${cause.hint}`].filter(Boolean);
  return new Error(`${name} was not loaded, nothing of it stayed: ${parts.join('. ')}`, { cause });
}

/** An error of the server, as `pg` gives it. */
export type ServerError = Error & {
  code?: string;
  detail?: string;
  hint?: string;
  where?: string;
  column?: string;
};

function describe(reason: string, { file, line, column, value, row, unit = 'line' }: CsvPlace) {
  const where = [file, line && `${unit} ${line}`, column && `column ${column}`].filter(Boolean);
  const shown = shorten(JSON.stringify(value ?? row ?? ''));
  const subject = value === undefined ? unit : 'field';
  const isTold = (value ?? row) === undefined || (shown !== '""' && reason.includes(shown));
  const what = isTold ? '' : ` (the ${subject} is ${shown === '""' ? 'empty' : shown})`;
  const next = line ? `Nothing of it was loaded; correct the ${unit}, then load it again.` : '';
  return `${where.join(', ')}: ${reason}${what}. ${next}`.trim();
}

const shorten = (text: string) => (text.length > 200 ? `${text.slice(0, 200)}…` : text);

// the connection broke, or the server ended it: shut down, restarted, crashed, or told to end this session
export function isLostConnection({ code = '', message }: ServerError): boolean {
  return (
    /^(08|57P0[1-4])/.test(code) ||
    /^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND)/.test(code) ||
    /connection terminated|timeout exceeded when trying to connect|not queryable/i.test(message)
  );
}

function lostConnection(cause: ServerError, { name, committing }: Failure): string {
  const reason = cause.message || cause.code;
  if (!committing) {
    return (
      `The server went away while ${name} was loading (${reason}). Nothing of it stayed, so it is safe to load it ` +
      'again once the server is back: `npm run up` starts it.'
    );
  }
  return (
    `The server went away just when ${name} was to become permanent (${reason}): it is in the table whole, or not at ` +
    'all. Load it again without `force` once the server is back: if it is in, that is refused.'
  );
}

// `COPY events, line 3, column device_id: "x"`, `COPY events, line 3: "1,click"` or `COPY events, line 3`
const WHERE =
  /COPY [^\n]+?, line (\d+)(?:, column ([^:\n]+))?(?:: (?:"([\s\S]*?)"(?:\n|$)|null input))?/;

async function placeOf(error: ServerError, failure: Failure): Promise<CsvPlace | undefined> {
  const found = WHERE.exec(error.where ?? '');
  if (!found) return undefined;
  const line = Number(found[1]);
  const place = { file: failure.name, line, unit: failure.unit };
  if (found[2]) return { ...place, column: found[2], value: found[3] };
  const column = columnOf(error);
  const record = failure.path ? await readRecord(failure.path, line) : undefined;
  const broken =
    error.code === BAD_ENCODING ? record?.findIndex((field) => !field.isUtf8) : undefined;
  if (record && broken !== undefined && broken >= 0) {
    return { ...place, column: failure.columns[broken], value: record[broken].text };
  }
  const fields = record?.map((field) => field.text);
  const value = column ? fields?.[failure.columns.indexOf(column)] : undefined;
  return { ...place, column, value, row: found[3] ?? fields?.join(',') };
}

const BAD_ENCODING = '22021';

// of a constraint, of a row that is too short, of a row that no partition takes
function columnOf({ column, message, detail = '' }: ServerError): string | undefined {
  const named =
    /missing data for column "(.+)"/.exec(message) ?? /^Partition key .*\((\w+)\) = /.exec(detail);
  const isUndistributed = /partition column of table .* cannot be NULL/.test(message); // Citus
  return column ?? named?.[1] ?? (isUndistributed ? 'customer_id' : undefined);
}

function reasonOf({ message, detail = '', hint }: ServerError): string {
  const isUseful = !detail.startsWith('Failing row contains') && detail !== '';
  return [message, isUseful && detail.replace(/\.$/, ''), hint].filter(Boolean).join('; ');
}
