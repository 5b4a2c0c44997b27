import pg from 'pg';
import { givenUrl, hidePassword, readInstance } from '../cluster/instance.ts';

/** A pool of connections to the workshop's database, as `pg` gives it. */
export type Database = pg.Pool;

/**
 * Opens a pool of connections and tries one, so that a wrong address fails here and not in the middle of a chapter.
 *
 * `bigint` and `numeric` values arrive as numbers where a number holds them exactly; a `bigint` beyond
 * 2^53 arrives as a BigInt, a `numeric` that a number would change as text.
 *
 * @param url a `postgres://` address; by default that of `databaseUrl()`
 * @throws when no server answers there: says where it looked and how to start one
 */
export async function connect(url: string = databaseUrl()): Promise<Database> {
  const pool = new pg.Pool({
    connectionString: url,
    application_name: 'workshop',
    connectionTimeoutMillis: 10_000,
    idleTimeoutMillis: 5_000,
    allowExitOnIdle: true,
    types: { getTypeParser },
  });
  pool.on('error', () => {}); // a connection that dies while idle: the next query opens another
  pool.on('connect', (client) => client.on('error', () => {})); // in use: its next query says so
  try {
    await pool.query('select 1');
    return pool;
  } catch (cause) {
    await pool.end();
    throw new Error(explain(url, cause as Error), { cause });
  }
}

/**
 * The address of the database: `DATABASE_URL` where it is set, else the instance that `npm run up` started.
 *
 * @throws when there is neither: says how to get one
 */
export function databaseUrl(): string {
  const url = givenUrl() ?? readInstance()?.url;
  if (url) return url;
  throw new Error(
    'No database is set up yet. Run `npm run up` in a terminal (it starts one on this machine), ' +
      'or set DATABASE_URL to a server of yours, then run this cell again.',
  );
}

/** The address without its password, fit to be shown. */
export const shownUrl = (url: string = databaseUrl()): string => hidePassword(url);

const explain = (url: string, cause: Error) => {
  const next = givenUrl()
    ? 'DATABASE_URL names this server: is it running, and are name and password right?'
    : 'Run `npm run up` in a terminal, then this cell again. `npm run doctor` finds out more.';
  return `Cannot connect to ${shownUrl(url)}: ${cause.message || (cause as { code?: string }).code}. ${next}`;
};

const BIGINT = 20;
const NUMERIC = 1700;

const getTypeParser = ((oid: number, format?: 'text' | 'binary') => {
  if (format !== 'binary' && oid === BIGINT) return toInteger;
  if (format !== 'binary' && oid === NUMERIC) return toNumber;
  return pg.types.getTypeParser(oid, format as 'text');
}) as typeof pg.types.getTypeParser;

const toInteger = (text: string) =>
  Number.isSafeInteger(Number(text)) ? Number(text) : BigInt(text);
const toNumber = (text: string) => {
  const trimmed = text.includes('.') ? text.replace(/\.?0+$/, '') : text;
  return String(Number(text)) === trimmed ? Number(text) : text;
};
