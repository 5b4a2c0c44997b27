import type { Database } from '../connect.ts';
import { query } from '../sql.ts';
import type { Placement, Shard } from './colocation.ts';

/**
 * Where a customer's rows are: as Citus has them, or as it would have them, with eight shards on two workers.
 *
 * The hash that Citus takes for a `bigint` is PostgreSQL's own, so that it can be had on any server.
 */
export async function findPlacement(db: Database, customerId: number): Promise<Placement> {
  const [row] = await query<{ hash: number; citus: boolean }>(
    db,
    `select hashint8($1) as hash, to_regclass('pg_catalog.pg_dist_shard') is not null as citus`,
    [customerId],
  );
  if (!row) throw new Error('The server did not answer `select hashint8(…)`; is it PostgreSQL?');
  const shards = row.citus ? await query<Shard>(db, SHARDS, [Object.keys(TABLES)]) : imagine();
  return {
    customerId,
    hash: row.hash,
    shards: shards.map((shard) => ({ ...shard, table: TABLES[shard.table] ?? shard.table })),
  };
}

const TABLES: Record<string, string> = {
  events: 'events',
  rollup_events_5min: 'rollup 5 min',
  rollup_events_1hr: 'rollup 1 h',
  rollup_progress: 'progress',
};

const SHARDS = `
  select shard.logicalrelid::text as table, shard.shardminvalue::int as min, shard.shardmaxvalue::int as max,
         node.nodename || ':' || node.nodeport as node
    from unnest($1::text[]) with ordinality as tables (name, position)
    join pg_dist_shard as shard on shard.logicalrelid = to_regclass(tables.name)
    join pg_dist_placement as placement using (shardid)
    join pg_dist_node as node using (groupid)
   order by tables.position, min`;

// equal ranges, dealt out in turn
const imagine = (): Shard[] =>
  Object.keys(TABLES).flatMap((table) =>
    Array.from({ length: 8 }, (_, at) => ({
      table,
      min: at * 2 ** 29 - 2 ** 31,
      max: (at + 1) * 2 ** 29 - 2 ** 31 - 1,
      node: `imagined worker ${1 + (at % 2)}`,
    })),
  );
