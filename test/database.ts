/** Databases for tests: one of its own for whoever asks, kept when a test failed. */

import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterEach } from 'vitest';
import { readInstance } from '../cluster/instance.ts';
import { installSql } from '../lib/install.ts';

export { readSql as sqlFile } from '../lib/sql-files.ts';

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
    if (failed) console.log(`A test failed: its database is kept, ${name}`);
    else await dropDatabase(server, name, nodes);
  };
  return { name, url, pool, engine: nodes.length > 0 ? 'citus' : 'postgres', notices, drop };
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
  await runOn(server, `create database ${name}`);
  if (nodes.length === 0) return nodes;
  const database = withDatabase(server, name);
  await runOn(database, 'create extension citus');
  const { hostname, port } = new URL(server);
  const self = nodes.find(({ isCoordinator }) => isCoordinator) ?? {
    host: hostname,
    port: port || 5432,
  };
  await runOn(database, 'select citus_set_coordinator_host($1, $2)', [self.host, self.port]);
  for (const worker of workersOf(nodes)) {
    await runOnWorker(server, worker, new URL(server).pathname.slice(1), `create database ${name}`);
    await runOnWorker(server, worker, name, 'create extension citus');
    await runOn(database, 'select citus_add_node($1, $2)', [worker.host, worker.port]);
  }
  return nodes;
}

async function dropDatabase(server: string, name: string, nodes: Node[]) {
  const statement = `drop database if exists ${name} with (force)`;
  await runOn(server, statement);
  for (const worker of workersOf(nodes)) {
    await runOnWorker(server, worker, new URL(server).pathname.slice(1), statement);
  }
}

interface Node {
  host: string;
  port: number;
  isCoordinator: boolean;
}

// The nodes that the server's own database knows, by the names that they have for each other.
async function citusNodes(server: string): Promise<Node[]> {
  const [found] = await runOn(server, `select to_regclass('pg_catalog.pg_dist_node') as nodes`);
  if (!found?.nodes) return [];
  return runOn(
    server,
    `select nodename as host, nodeport as port, groupid = 0 as "isCoordinator" from pg_dist_node
      where noderole = 'primary' order by nodeid`,
  );
}

const workersOf = (nodes: Node[]) => nodes.filter(({ isCoordinator }) => !isCoordinator);

/** Runs a statement on a worker. One in a container can be reached through the coordinator only. */
export async function runOnWorker(
  server: string,
  worker: Pick<Node, 'host' | 'port'>,
  database: string,
  statement: string,
) {
  if (['localhost', '127.0.0.1', '::1'].includes(worker.host)) {
    const url = new URL(withDatabase(server, database));
    url.hostname = worker.host;
    url.port = String(worker.port);
    return runOn(url.href, statement);
  }
  await runOn(server, 'create extension if not exists dblink');
  const { username } = new URL(server);
  const login = `host=${worker.host} port=${worker.port} dbname=${database} user=${username}`;
  return runOn(server, 'select dblink_exec($1, $2)', [login, statement]);
}

function withDatabase(server: string, name: string) {
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}
