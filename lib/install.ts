/** Installs the workshop's SQL in a database. */

import { readdirSync, readFileSync } from 'node:fs';
import type { ClientBase, Pool } from 'pg';

const folder = new URL('../sql/', import.meta.url);

// Files that ask or act when they are run, rather than create something.
const onDemand =
  /^(06-recount|07-(?!dashboard-reader)|08-(schedule|unschedule)|09-partitions|1\d-|99-)/;

export interface InstallOptions {
  /** Called with the name of each file once it has run. */
  report?: (name: string) => void;
}

/**
 * Creates every object of the workshop: the files of `sql/` in order of their names, with what
 * the server lacks from `sql/engine/`. Safe to run again; it makes no partitions and no data.
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
export function installedFiles(): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.sql') && !onDemand.test(name))
    .sort();
}

async function runFile(client: ClientBase | Pool, name: string) {
  try {
    await client.query(readFileSync(new URL(name, folder), 'utf8'));
  } catch (error) {
    const { message, hint } = error as { message: string; hint?: string };
    const advice = hint ? ` (${hint})` : '';
    throw new Error(`sql/${name} failed: ${message}${advice}`, { cause: error });
  }
}

// What the server does not offer is made in SQL.
async function engineFiles(client: ClientBase | Pool) {
  const { rows } = await client.query(`select from pg_extension where extname = 'topn'`);
  return rows.length > 0 ? [] : ['engine/topn.sql'];
}
