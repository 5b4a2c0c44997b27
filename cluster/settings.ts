/** The configuration of a node, written from one place for every way to start one. */

/** Alone, or with Citus: the node that clients talk to, or one that holds shards. */
export type Role = 'single' | 'coordinator' | 'worker';

export interface NodeSettings {
  port: number;
  /** @default '127.0.0.1': reachable from this machine only */
  addresses?: string;
  /** Undefined means no Unix socket. */
  socketDirectory?: string;
  database: string;
  /** The libraries that the server offers, as file names without `.so`. */
  libraries: string[];
  /** On a coordinator: how many workers make the cluster complete. */
  workers?: number;
}

/** The text of `workshop.conf`, which the server's `postgresql.conf` includes. */
export function serverSettings(role: Role, settings: NodeSettings): string {
  const { port, addresses = '127.0.0.1', socketDirectory, database, libraries, workers } = settings;
  const isCitus = role !== 'single';
  const wanted = [...(isCitus ? ['citus'] : []), 'pg_cron', 'pg_partman_bgw', 'hll'];
  const preloaded = wanted.filter((name) => libraries.includes(name)); // Citus must be the first
  const values: Record<string, string | number | boolean> = {
    listen_addresses: addresses,
    port,
    unix_socket_directories: socketDirectory ?? '',
    unix_socket_permissions: '0700',
    password_encryption: 'scram-sha-256',
    max_connections: 100,

    // fit for a laptop; fsync stays on, because chapters kill this server
    shared_buffers: '256MB',
    effective_cache_size: '1GB',
    maintenance_work_mem: '128MB',
    max_wal_size: '2GB',
    random_page_cost: 1.1,
    jit: false,

    // many partitions, several scheduled jobs at once, prepared transactions in the lessons
    max_locks_per_transaction: 256,
    max_worker_processes: 24,
    max_prepared_transactions: 16,

    // every bucket is cut in UTC; messages are the ones that the lessons quote
    timezone: 'UTC',
    log_timezone: 'UTC',
    lc_messages: 'C',
    track_io_timing: true,
    log_line_prefix: '%m [%p] %d ',
    log_checkpoints: false,
    shared_preload_libraries: preloaded.join(','),

    // what this node is meant to be: health.sql compares
    'workshop.role': role,
    'workshop.extensions': preloaded.map((name) => name.replace(/_bgw$/, '')).join(','),
  };
  if (isCitus) Object.assign(values, citusSettings);
  if (workers !== undefined) values['workshop.workers'] = workers;
  if (preloaded.includes('pg_cron')) {
    values['cron.database_name'] = database;
    values['cron.use_background_workers'] = true; // needs no password and no open port
    values['cron.log_statement'] = false;
  }
  const lines = Object.entries(values).map(([name, value]) => `${name} = ${quote(value)}\n`);
  return `# Written by "npm run up" (role: ${role}) at every start; changes made here are lost.\n${lines.join('')}`;
}

/** The text of `pg_hba.conf`: a password on the loopback address and on the socket, nothing else. */
export function accessRules(from = '127.0.0.1/32'): string {
  return [
    '# Written by "npm run up" at every start; changes made here are lost.',
    'local all all scram-sha-256',
    `host all all ${from} scram-sha-256`,
    '',
  ].join('\n');
}

// A statement over many shards takes a connection, and when it commits a prepared transaction, for
// each; shards move by logical replication.
const citusSettings = {
  max_connections: 200,
  max_prepared_transactions: 300,
  max_worker_processes: 32,
  wal_level: 'logical',
  max_wal_senders: 20,
  max_replication_slots: 40,
  'citus.node_conninfo': 'sslmode=prefer',
  'citus.local_hostname': '127.0.0.1',
  'citus.enable_statistics_collection': false, // tells nobody about this cluster
};

function quote(value: string | number | boolean): string {
  if (typeof value === 'string') return `'${value.replaceAll("'", "''")}'`;
  return typeof value === 'boolean' ? (value ? 'on' : 'off') : String(value);
}
