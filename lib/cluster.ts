import type { PoolClient } from 'pg';
import type { Database } from './connect.ts';
import { interruptible } from './interrupt.ts';
import { type Progress, watchWork } from './progress.ts';
import { query, readSql } from './sql.ts';

/** A node of a Citus cluster. */
export interface ClusterNode {
  name: string;
  port: number;
  role: 'coordinator' | 'worker';
  /** Whether a rebalance gives it shards. */
  takes_shards: boolean;
  /** Shards of `events` that it has. */
  shards: number;
}

/** The rows of one table whose customers have a hash from `hash_from` to `hash_to`. */
export interface Shard {
  table_name: string;
  /** Place of its piece in the range of hashes, from 1; tables with the same number are co-located. */
  shard: number;
  node: string;
  hash_from: number;
  hash_to: number;
  rows: number;
  /** `null` where the shard is imagined. */
  bytes: number | null;
}

/** The shard that has all rows of a customer. */
export interface Home {
  shard_id: number;
  node: string;
  /** True when no other customer can be in it. */
  alone: boolean;
}

/** The nodes, the coordinator first. */
export function listNodes(db: Database): Promise<ClusterNode[]> {
  return query<ClusterNode>(db, '10-nodes.sql');
}

/**
 * The shards of the workshop's tables. On PostgreSQL without Citus: those that Citus would make.
 *
 * @param options.shards so many are imagined @default 8
 * @param options.workers on so many workers @default 2
 */
export async function mapShards(
  db: Database,
  { shards = 8, workers = 2 }: ImaginedCluster = {},
): Promise<Shard[]> {
  if (await hasCitus(db)) return query<Shard>(db, '10-shards.sql');
  return query<Shard>(db, '10-imagined-shards.sql', [shards, workers]);
}

/** Where a customer lives, on Citus. */
export async function findCustomer(db: Database, customerId: number): Promise<Home | undefined> {
  return (await query<Home>(db, '10-customer-home.sql', [customerId]))[0];
}

/**
 * How many queries to shards a statement becomes: the "Task Count" that Citus' EXPLAIN tells. 1 means that one node
 * answers it alone, which is always so without Citus.
 */
export async function countTasks(
  db: Database,
  statement: string,
  parameters: unknown[] = [],
): Promise<number> {
  const text = statement.endsWith('.sql') ? readSql(statement) : statement;
  const [row] = await query(db, `explain (format json) ${text}`, parameters);
  return sumTasks(row?.['QUERY PLAN']) || 1;
}

/**
 * Moves shards until every worker has its share.
 *
 * Writes to a shard wait while it moves. Moving by logical replication would spare them that, and takes a primary key
 * on every table; the groups of a rollup have none, as a country may be missing.
 *
 * @param options.onProgress called about five times a second, and when it has ended
 * @param options.signal stops it; shards that were moved stay moved
 * @throws the server's error, or the signal's reason
 */
export async function rebalance(
  db: Database,
  { onProgress = () => {}, signal }: RebalanceOptions = {},
): Promise<void> {
  const { length: shards } = await query(db, '10-rebalance-plan.sql');
  const statement = `select rebalance_table_shards('events', shard_transfer_mode => 'block_writes')`;
  await runMoves(db, { shards, statement, parameters: [] }, { onProgress, signal });
}

/** Moves a shard away from a node, so that there is something to rebalance. Options as of `rebalance`. */
export async function unburden(
  db: Database,
  { name, port }: Pick<ClusterNode, 'name' | 'port'>,
  { onProgress = () => {}, signal }: RebalanceOptions = {},
): Promise<void> {
  const statement = readSql('10-unburden.sql');
  await runMoves(db, { shards: 1, statement, parameters: [name, port] }, { onProgress, signal });
}

/**
 * Gives a customer a shard of its own, in every co-located table. Writes to its shard wait meanwhile.
 *
 * @returns false when the customer had one already
 */
export async function isolateCustomer(db: Database, customerId: number): Promise<boolean> {
  if ((await findCustomer(db, customerId))?.alone) return false;
  await query(
    db,
    `select isolate_tenant_to_new_shard('events', $1::bigint, 'CASCADE', shard_transfer_mode => 'block_writes')`,
    [customerId],
  );
  return true;
}

interface ImaginedCluster {
  shards?: number;
  workers?: number;
}

interface RebalanceOptions {
  onProgress?: (progress: Progress) => void;
  signal?: AbortSignal;
}

const hasCitus = async (db: Database) =>
  (await query(db, `select from pg_extension where extname = 'citus'`)).length > 0;

// a plan is a tree; sub-plans have tasks of their own
function sumTasks(plan: unknown): number {
  if (typeof plan !== 'object' || plan === null) return 0;
  const here = (plan as { 'Task Count'?: number })['Task Count'] ?? 0;
  return Object.values(plan).reduce((sum: number, part) => sum + sumTasks(part), here);
}

interface Moves {
  /** How many shards will move. */
  shards: number;
  statement: string;
  parameters: unknown[];
}

async function runMoves(
  db: Database,
  { shards, statement, parameters }: Moves,
  { onProgress, signal }: Required<Pick<RebalanceOptions, 'onProgress'>> & RebalanceOptions,
): Promise<void> {
  const stop = interruptible(signal);
  const client = await db.connect();
  const cancel = () =>
    db.query('select pg_cancel_backend($1::int)', [pidOf(client)]).catch(() => {});
  stop.signal.addEventListener('abort', cancel);
  try {
    const moving = client.query(statement, parameters);
    // the server forgets the progress when it has ended, and does not have it yet when it has just begun
    let seen = { moved: 0, fraction: 0 };
    const look = async () => {
      const [row] = await query<typeof seen>(db, '10-rebalance-progress.sql');
      if (row && row.fraction > seen.fraction) seen = row;
      return { rows: seen.moved, totalRows: shards, bytes: 0, fraction: seen.fraction };
    };
    await watchWork(moving, look, (progress) =>
      onProgress({ ...progress, rows: progress.state === 'done' ? shards : progress.rows }),
    );
    await moving;
  } catch (error) {
    throw stop.signal.aborted ? stop.signal.reason : error;
  } finally {
    stop.dispose();
    client.release();
  }
}

const pidOf = (client: PoolClient) => (client as PoolClient & { processID: number }).processID;
