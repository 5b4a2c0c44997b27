/** The configuration of a node, written from one place for every way to start one. */

export type Role = 'single';

export interface NodeSettings {
  port: number;
  /** Undefined means no Unix socket. */
  socketDirectory?: string;
  database: string;
  /** The libraries that the server offers, as file names without `.so`. */
  libraries: string[];
}

/** The text of `workshop.conf`, which the server's `postgresql.conf` includes. */
export function serverSettings(role: Role, settings: NodeSettings): string {
  const { port, socketDirectory, database, libraries } = settings;
  const preloaded = ['pg_cron', 'pg_partman_bgw', 'hll'].filter((name) => libraries.includes(name));
  const values: Record<string, string | number | boolean> = {
    // reachable from this machine only
    listen_addresses: '127.0.0.1',
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
  };
  if (preloaded.includes('pg_cron')) {
    values['cron.database_name'] = database;
    values['cron.use_background_workers'] = true; // needs no password and no open port
    values['cron.log_statement'] = false;
  }
  const lines = Object.entries(values).map(([name, value]) => `${name} = ${quote(value)}\n`);
  return `# Written by "npm run up" (role: ${role}) at every start; changes made here are lost.\n${lines.join('')}`;
}

/** The text of `pg_hba.conf`: a password on the loopback address and on the socket, nothing else. */
export function accessRules(): string {
  return [
    '# Written by "npm run up" at every start; changes made here are lost.',
    'local all all scram-sha-256',
    'host all all 127.0.0.1/32 scram-sha-256',
    '',
  ].join('\n');
}

function quote(value: string | number | boolean): string {
  if (typeof value === 'string') return `'${value.replaceAll("'", "''")}'`;
  return typeof value === 'boolean' ? (value ? 'on' : 'off') : String(value);
}
