import type pg from 'pg';
import type { Database } from '../connect.ts';

/**
 * Runs an attendee's statement and takes back all that it changes, so that an exercise may be tried any number of times
 * and leaves the database as it was.
 *
 * @param options.before what is done first, and taken back too: rows that tell a right answer from a wrong one
 * @param options.after a look at what the statement did, instead of its own rows
 * @returns rows as lists of values: an attendee names columns as they like
 * @throws the server's message, with the line that it points at
 */
export async function tryOut(
  db: Database,
  statement: string,
  { before = [], after }: Trial = {},
): Promise<unknown[][]> {
  const client = await db.connect();
  try {
    await client.query(`begin; set local statement_timeout = '20s'; set local lock_timeout = '5s'`);
    for (const preparation of before) await client.query(preparation);
    const rows = await run(client, statement).catch((error) => {
      throw new Error(`The server says: ${inWords(error, statement)}`, { cause: error });
    });
    return after ? await run(client, after) : rows;
  } finally {
    await client.query('rollback').catch(() => {});
    client.release();
  }
}

interface Trial {
  before?: string[];
  after?: string;
}

/** The first value that an attendee's statement gives. */
export async function firstValue(
  db: Database,
  statement: string,
  before: string[],
): Promise<unknown> {
  return (await tryOut(db, statement, { before }))[0]?.[0];
}

/** Whether a statement does nothing yet: it is empty, or only a comment. */
export const isBlank = (statement: string): boolean =>
  statement.replace(/--.*$/gm, '').trim() === '';

/** The names of the tables that a plan reads. */
export async function tablesRead(db: Database, statement: string): Promise<string[]> {
  const plan = await tryOut(db, `explain (costs off) ${statement}`);
  const names = plan.flatMap(([line]) => String(line).match(/\bon (\w+)/)?.[1] ?? []);
  return [...new Set(names)];
}

// of several statements the last one's rows
async function run(client: pg.PoolClient, text: string): Promise<unknown[][]> {
  const results = await client.query({ text, rowMode: 'array' });
  return [results].flat().at(-1)?.rows ?? [];
}

function inWords(
  { message, hint, position }: Error & { hint?: string; position?: string },
  statement: string,
): string {
  const before = position && statement.slice(0, Number(position) - 1).split('\n').length;
  const line = before && statement.split('\n')[before - 1]?.trim();
  return [message, line && `It points at: ${line}`, hint].filter(Boolean).join('\n');
}
