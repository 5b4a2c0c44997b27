import { clusterAdvice } from '../cluster/advice.ts';
import type { Database } from './connect.ts';
import { html } from './display.ts';
import { query } from './sql.ts';

/** A server that stores data: the only one, or one of Citus' nodes. */
export interface Node {
  name: string;
  port: number;
  role: 'single' | 'coordinator' | 'worker';
  active: boolean;
}

/** What the connected server is and can do. */
export interface Server {
  engine: 'PostgreSQL' | 'Citus';
  /** Such as `15.20`. */
  version: string;
  /** Version of the citus extension. */
  citusVersion: string | undefined;
  nodes: Node[];
  /** Installed extensions and their versions. */
  extensions: Record<string, string>;
  /** Whether pg_cron may run jobs in this very database. */
  canSchedule: boolean;
}

/** Asks the server what it is. */
export async function describeServer(db: Database): Promise<Server> {
  const [found] = await query<{
    version: string;
    extensions: Record<string, string>;
    port: number;
  }>(
    db,
    `select split_part(current_setting('server_version'), ' ', 1) as version,
            current_setting('port')::int as port,
            (select jsonb_object_agg(extname, extversion) from pg_extension) as extensions`,
  );
  if (!found) throw new Error('The server did not say what it is; is this address PostgreSQL?');
  const { version, extensions, port } = found;
  const workers = extensions.citus ? await citusNodes(db) : [];
  return {
    engine: extensions.citus ? 'Citus' : 'PostgreSQL',
    version,
    citusVersion: extensions.citus,
    nodes: workers.length ? workers : [{ name: 'localhost', port, role: 'single', active: true }],
    extensions,
    canSchedule: 'pg_cron' in extensions,
  };
}

/** One line such as `PostgreSQL 15.20, one node`. */
export function serverLine({ engine, version, citusVersion, nodes }: Server): string {
  const workers = nodes.filter((node) => node.role === 'worker').length;
  if (engine === 'PostgreSQL') return `PostgreSQL ${version}, one node`;
  return `Citus ${citusVersion} on PostgreSQL ${version}, ${
    workers ? `coordinator and ${workers} worker${workers > 1 ? 's' : ''}` : 'one node'
  }`;
}

/**
 * For a cell that only several nodes can fill: on one node says what is missing, and the first time how to get it.
 *
 * @returns true where the cell can go on
 */
export function needsSeveralNodes({ nodes }: Server, what: string): boolean {
  if (nodes.some((node) => node.role === 'worker')) return true;
  const advice = `Nothing is wrong: the chapter goes on. ${clusterAdvice().replace(/`(.+?)`/g, '<code>$1</code>')}`;
  html(
    `<div style="border-left:4px solid #0072b2;padding:.3em .8em">This server is one node, and ${what} takes several. ` +
      `${advised ? 'The chapter goes on.' : advice}</div>`,
  );
  advised = true;
  return false;
}

let advised = false;

const citusNodes = (db: Database) =>
  query<Node>(
    db,
    `select nodename as name, nodeport as port, isactive as active,
            case when groupid = 0 then 'coordinator' else 'worker' end as role
       from pg_dist_node order by groupid, nodename, nodeport`,
  );
