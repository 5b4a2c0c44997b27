/** What a server says about itself, as far as the workshop cares. */

import type pg from 'pg';
import { withClient } from './health.ts';

export interface ServerFacts {
  version: string;
  major: number;
  database: string;
  /** Version that `create extension` would give, by name. */
  available: Record<string, string>;
  preloaded: string[];
  /** The one database in which pg_cron runs its jobs. */
  cronDatabase?: string;
  mayCreate: boolean;
  /** Citus' nodes; empty without Citus. */
  nodes: FoundNode[];
}

interface FoundNode {
  name: string;
  port: number;
  isActive: boolean;
  isCoordinator: boolean;
  /** False when a worker was asked and did not answer. */
  answers?: boolean;
}

/** The server, its nodes and its extensions, for people: two lines. */
export function factLines({ version, available, nodes }: ServerFacts): string[] {
  const workers = nodes
    .filter(({ isCoordinator }) => !isCoordinator)
    .map(({ name, port }) => `${name}:${port}`);
  const cluster = nodes.length
    ? `Citus ${available.citus}, a coordinator and ${workers.length} worker${workers.length === 1 ? '' : 's'} (${workers.join(', ')})`
    : 'one node';
  const used = ['hll', 'topn', 'pg_partman', 'pg_cron', 'tdigest', 'citus'];
  const offered = used
    .filter((name) => available[name])
    .map((name) => `${name} ${available[name]}`);
  return [`PostgreSQL ${version}, ${cluster}`, `Extensions: ${offered.join(', ')}`];
}

/** Asks any server, ours or not; the connected user may be an ordinary one. */
export async function askFacts(url: string, { timeoutMs = 10_000 } = {}): Promise<ServerFacts> {
  return withClient({ connectionString: url }, timeoutMs, async (client) => {
    const { rows } = await client.query(`
      select
        split_part(current_setting('server_version'), ' ', 1) as version,
        current_setting('server_version_num')::int / 10000 as major,
        current_database() as database,
        (select jsonb_object_agg(name, coalesce(installed_version, default_version))
          from pg_available_extensions) as available,
        (select jsonb_object_agg(name, setting) from pg_settings
          where name in ('shared_preload_libraries', 'cron.database_name')) as settings,
        has_database_privilege(current_database(), 'create') as "mayCreate",
        exists (select from pg_extension where extname = 'citus') as citus`);
    const { settings, citus, ...facts } = rows[0];
    return {
      ...facts,
      preloaded: (settings?.shared_preload_libraries ?? '').split(/[, ]+/).filter(Boolean),
      cronDatabase: settings?.['cron.database_name'],
      nodes: citus ? await askNodes(client) : [],
    };
  });
}

async function askNodes(client: pg.Client): Promise<FoundNode[]> {
  const { rows: nodes } = await client.query(`
    select nodename as name, nodeport as port, isactive as "isActive",
      groupid = 0 as "isCoordinator"
    from pg_dist_node order by groupid`);
  await client.query("set citus.node_connection_timeout = '3s'");
  const { rows: mute } = await client.query(`
    select nodename as name, nodeport as port
    from run_command_on_workers('select 1') where not success`);
  const isMute = (node: FoundNode) =>
    mute.some(({ name, port }) => name === node.name && port === node.port);
  return nodes.map((node) => ({ ...node, answers: !isMute(node) }));
}
