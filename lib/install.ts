/** Installs the workshop's SQL in a database. */

import type { ClientBase, Pool } from 'pg';
import { readSql, sqlFiles } from './sql-files.ts';

export interface InstallOptions {
  /** Called with the name of each file once it has run. */
  report?: (name: string) => void;
}

/**
 * Creates every object of the workshop: the files of `sql/` in order of their names, with what
 * the server lacks from `sql/engine/`. Safe to run again, on an older version too; it makes no
 * partitions and no data.
 *
 * @throws when a file fails: the message names the file, `cause` is the database's error.
 */
export async function installSql(
  client: ClientBase | Pool,
  { report = () => {} }: InstallOptions = {},
): Promise<void> {
  for (const name of installedFiles()) {
    await runFile(client, name);
    report(name);
    if (!name.startsWith('01-')) continue;
    for (const variant of await engineFiles(client)) {
      await runFile(client, variant);
      report(variant);
    }
  }
}

/** Names of the files in `sql/` that create objects, in the order of installation. */
function installedFiles(): string[] {
  return sqlFiles().filter((name) => !ACTS.test(name) && !ASKS.test(readSql(name)));
}

// What starts or ends something is run where it is taught.
const ACTS = /^(08-(schedule|unschedule)|99-)/;
// The first statement, behind the comments, is a query.
const ASKS = /^(\s*--.*\n)*\s*(select|with)\b/i;

async function runFile(client: ClientBase | Pool, name: string) {
  const text = readSql(name);
  try {
    await client.query(text).catch(async (error) => {
      if (!OUTDATED.includes(error.code)) throw error;
      await client.query(`${await dropOutdated(client, text)};\n${text}`); // both, or neither
    });
  } catch (error) {
    throw readable(error as ServerError, name);
  }
}

type ServerError = Error & { code?: string; hint?: string };

// A function whose arguments or result have changed: the name is not unique, or it cannot be replaced.
const OUTDATED = ['42725', '42P13'];

// Every version of the routines that a file makes, as far as they are ours.
async function dropOutdated(client: ClientBase | Pool, text: string): Promise<string> {
  const made = text.matchAll(/^create or replace (?:function|procedure|aggregate) (\w+)/gm);
  const { rows } = await client.query(
    `select string_agg(oid::regprocedure::text, ', ') as routines from pg_proc
      where proname = any ($1) and obj_description(oid, 'pg_proc') like 'workshop:%'`,
    [Array.from(made, ([, name]) => name)],
  );
  const { routines } = rows[0];
  return routines ? `drop routine ${routines}` : '';
}

function readable(cause: ServerError, name: string): Error {
  const advice = cause.hint ? ` (${cause.hint})` : '';
  const cure = OUTDATED.includes(cause.code ?? '')
    ? '. Another version is in the way; `npm run reset` takes away all of the workshop, its events too, then run this again'
    : '';
  return new Error(`sql/${name} failed: ${cause.message}${advice}${cure}`, { cause });
}

// What the server does not offer is made in SQL.
async function engineFiles(client: ClientBase | Pool) {
  const { rows } = await client.query(`select from pg_extension where extname = 'topn'`);
  return rows.length > 0 ? [] : ['engine/topn.sql'];
}
