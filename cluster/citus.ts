/** Makes servers with Citus one cluster: the coordinator knows every worker, and where it listens now. */

import type pg from 'pg';
import { ensureDatabase, type Login, withClient } from './health.ts';

/**
 * Registers the nodes with each other; asking twice changes nothing. Where a node has moved to
 * another port, every database with Citus is told. Finishes what a failed node left prepared.
 *
 * @throws when a node cannot be taken in
 */
export async function formCluster(coordinator: Login, workers: Login[]): Promise<void> {
  for (const node of [coordinator, ...workers]) {
    await ensureDatabase(node);
    await withClient(node, limitMs, (client) =>
      client.query('create extension if not exists citus'),
    );
  }
  await introduce(coordinator, workers).catch((cause) => {
    const ports = workers.map(({ port }) => port).join(', ');
    throw new Error(
      `The coordinator on port ${coordinator.port} and the workers on ports ${ports} do not form a cluster: ${cause.message}`,
      { cause },
    );
  });
  for (const database of await otherDatabases(coordinator)) {
    await introduce({ ...coordinator, database }, workers, { isOurs: false });
  }
}

const limitMs = 60_000;

interface Member {
  id: number;
  group: number;
  host: string;
  port: number;
  isActive: boolean;
}

// In a database of somebody else, nodes that it knows are corrected, and none is added.
async function introduce(
  coordinator: Login,
  workers: Login[],
  { isOurs = true } = {},
): Promise<void> {
  const { database } = coordinator;
  await withClient(coordinator, limitMs, async (client) => {
    if (!isOurs && !(await usesCitus(client))) return;
    const members = await listMembers(client);
    let hasMoved = await placeCoordinator(client, coordinator, members);
    for (const worker of workers) {
      const group = await groupOf({ ...worker, database }, isOurs);
      const member = members.find((found) => group && found.group === group);
      if (member) hasMoved = (await correct(client, worker, member)) || hasMoved;
      else if (isOurs) await client.query('select citus_add_node($1, $2)', whereIs(worker));
    }
    if (hasMoved) await client.query('select start_metadata_sync_to_all_nodes()');
    await finishPrepared(client);
  });
}

// A rollup that runs now does the same, and keeps others from it meanwhile.
async function finishPrepared(client: pg.Client): Promise<void> {
  await client.query("set lock_timeout = '10s'");
  try {
    await client.query('select recover_prepared_transactions()');
  } catch (error) {
    if ((error as { code?: string }).code !== lockNotAvailable) throw error;
  }
}

const lockNotAvailable = '55P03';

async function usesCitus(client: pg.Client): Promise<boolean> {
  const found = await client.query("select from pg_extension where extname = 'citus'");
  if (!found.rowCount) return false;
  return (await listMembers(client)).length > 0;
}

async function listMembers(client: pg.Client): Promise<Member[]> {
  const { rows } = await client.query(`
    select nodeid as id, groupid as "group", nodename as host, nodeport as port,
      isactive as "isActive"
    from pg_dist_node`);
  return rows;
}

// True when workers must be told.
async function placeCoordinator(
  client: pg.Client,
  coordinator: Login,
  members: Member[],
): Promise<boolean> {
  const known = members.find(({ group }) => group === 0);
  if (known) return correct(client, coordinator, known);
  await client.query('select citus_set_coordinator_host($1, $2)', whereIs(coordinator));
  return members.length > 0;
}

// A worker knows its number, wherever it listens; 0 until a coordinator has taken it in.
async function groupOf(worker: Login, isOurs: boolean): Promise<number> {
  const ask = withClient(worker, limitMs, (client) =>
    client.query('select groupid from pg_dist_local_group'),
  );
  const { rows } = isOurs ? await ask : await ask.catch(() => ({ rows: [] }));
  return rows[0]?.groupid ?? 0;
}

// Changes only what the coordinator itself knows: another node may be at a new place, too.
async function correct(client: pg.Client, node: Login, member: Member): Promise<boolean> {
  const isMoved = !isAt(member, node);
  if (isMoved) {
    await client.query('select citus_update_node($1, $2, $3)', [member.id, ...whereIs(node)]);
  }
  if (!member.isActive) await client.query('select citus_activate_node($1, $2)', whereIs(node));
  return isMoved;
}

async function otherDatabases(coordinator: Login): Promise<string[]> {
  return withClient(coordinator, limitMs, async (client) => {
    const { rows } = await client.query(`
      select datname from pg_database
      where datallowconn and not datistemplate and datname <> current_database()`);
    return rows.map(({ datname }) => datname);
  });
}

function isAt(member: Member, { host, port }: Login): boolean {
  return member.host === host && member.port === port;
}

function whereIs({ host, port }: Login): [string, number] {
  return [host, port];
}
