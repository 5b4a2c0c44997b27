/** Databases for tests: one of its own for whoever asks, kept when a test failed. */

import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import pg from 'pg';
import { afterEach } from 'vitest';
import { readInstance } from '../cluster/instance.ts';
import { installSql } from '../lib/install.ts';

export interface TestDatabase {
  name: string;
  url: string;
  pool: pg.Pool;
  engine: 'postgres' | 'citus';
  /** What the server said, since the start or since the array was emptied. */
  notices: string[];
  /** Drops the database, unless a test of the file failed: then it prints its name. */
  drop(): Promise<void>;
}

interface Options {
  /** Install the SQL of every chapter. @default true */
  install?: boolean;
  /** Make the partitions of the last days and of the next half hour. @default true */
  partitions?: boolean;
}

let failed = false;
afterEach(({ task }) => {
  if (task.result?.state === 'fail') failed = true;
});

/** The server that tests run on: `DATABASE_URL`, or the instance that `npm test` starts. */
export function testServerUrl(): string {
  const url =
    process.env.DATABASE_URL || readInstance(process.env.WORKSHOP_INSTANCE ?? 'test')?.url;
  if (!url) {
    throw new Error(
      'Tests need a database server: run "npm test", which starts one, or set DATABASE_URL',
    );
  }
  return url;
}

/**
 * Makes an empty database with all SQL installed; on Citus on every node.
 *
 * @param label is part of its name
 */
export async function freshDatabase(
  label = 'test',
  { install = true, partitions = true }: Options = {},
): Promise<TestDatabase> {
  const server = testServerUrl();
  const name = `workshop_${label}_${randomBytes(4).toString('hex')}`;
  const nodes = await createDatabase(server, name);
  const url = withDatabase(server, name);
  const notices: string[] = [];
  const pool = openPool(url, notices);
  if (install) await installSql(pool);
  if (install && partitions) await pool.query('call maintain_partitions()');
  notices.length = 0;

  const drop = async () => {
    await pool.end();
    if (failed) console.log(`A test failed: its database is kept, ${url}`);
    else await dropDatabase(server, name, nodes);
  };
  return { name, url, pool, engine: nodes.length > 0 ? 'citus' : 'postgres', notices, drop };
}

/** The text of a file in `sql/`. */
export function sqlFile(name: string): string {
  return readFileSync(new URL(`../sql/${name}`, import.meta.url), 'utf8');
}

/** Runs one statement on a connection of its own, for example in another database of the server. */
export async function runOn(url: string, statement: string, values: unknown[] = []) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(statement, values)).rows;
  } finally {
    await client.end();
  }
}

function openPool(url: string, notices: string[]) {
  const pool = new pg.Pool({ connectionString: url, max: 30, application_name: 'workshop test' });
  pool.on('connect', (client) => client.on('notice', ({ message }) => notices.push(message ?? '')));
  pool.on('error', () => {}); // an idle connection may die with a server that a test kills
  return pool;
}

// On Citus a database is made on each node, and the nodes are made known to each other.
async function createDatabase(server: string, name: string) {
  const nodes = await citusNodes(server);
  for (const url of [server, ...nodes]) await runOn(url, `create database ${name}`);
  if (nodes.length === 0) return nodes;
  for (const url of [server, ...nodes]) {
    await runOn(withDatabase(url, name), 'create extension citus');
  }
  const { hostname, port } = new URL(server);
  const coordinator = withDatabase(server, name);
  await runOn(coordinator, 'select citus_set_coordinator_host($1, $2)', [hostname, port || 5432]);
  for (const url of nodes) {
    const worker = new URL(url);
    await runOn(coordinator, 'select citus_add_node($1, $2)', [worker.hostname, worker.port]);
  }
  return nodes;
}

async function dropDatabase(server: string, name: string, nodes: string[]) {
  for (const url of [server, ...nodes]) {
    await runOn(url, `drop database if exists ${name} with (force)`);
  }
}

// The workers that the server's own database knows, reached with the same user and password.
async function citusNodes(server: string): Promise<string[]> {
  const [found] = await runOn(server, `select to_regclass('pg_catalog.pg_dist_node') as nodes`);
  if (!found?.nodes) return [];
  const workers = await runOn(
    server,
    `select nodename, nodeport from pg_dist_node
      where noderole = 'primary' and groupid <> 0 order by nodeid`,
  );
  return workers.map(({ nodename, nodeport }) => {
    const url = new URL(server);
    url.hostname = nodename;
    url.port = String(nodeport);
    return url.href;
  });
}

function withDatabase(server: string, name: string) {
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}
