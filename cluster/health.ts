/** Is it really our server, and does it answer? Asked with a query, not by looking at files. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';

export interface Health {
  version: string;
  dataDirectory: string;
  extensions: string[];
}

export interface Login {
  host: string;
  port: number;
  user: string;
  password: string;
  database: string;
}

/** Connects, asks, and closes. */
export async function askServer(login: Login, { timeoutMs = 3000 } = {}): Promise<Health> {
  return withClient(login, timeoutMs, async (client) => {
    const { rows } = await client.query(`
      select
        current_setting('server_version') as version,
        current_setting('data_directory') as "dataDirectory",
        array(select extname::text from pg_extension order by 1) as extensions`);
    return { ...rows[0], version: rows[0].version.split(' ')[0] };
  });
}

/**
 * Asks whether the node is what it is meant to be: extensions offered, workers active and answering.
 *
 * @throws with what is missing
 */
export async function checkHealth(login: Login, { timeoutMs = 10_000 } = {}): Promise<void> {
  const sql = readFileSync(join(import.meta.dirname, 'health.sql'), 'utf8');
  await withClient(login, timeoutMs, async (client) => {
    await client.query('set log_min_messages = fatal'); // what is missing is for the caller
    await client.query(sql);
  });
}

/** Makes a database unless it is there. */
export async function ensureDatabase(login: Login): Promise<void> {
  const maintenance = { ...login, database: 'postgres' };
  await withClient(maintenance, 10_000, async (client) => {
    const found = await client.query('select from pg_database where datname = $1', [
      login.database,
    ]);
    if (found.rowCount) return;
    await client.query(`create database ${client.escapeIdentifier(login.database)}`);
  });
}

/** Connects, works, and closes. */
export async function withClient<T>(
  login: pg.ClientConfig,
  timeoutMs: number,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({
    ...login,
    application_name: 'workshop-health',
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs,
  });
  client.on('error', () => {}); // the query that waits reports it
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
