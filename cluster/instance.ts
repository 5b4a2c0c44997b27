/** What is known about a database that the kit started: one folder, one small file, one password. */

import { createHash } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Account } from './account.ts';

/** A database of the kit, as it is stored in `.cluster/<name>/instance.json`. */
export interface Instance {
  name: string;
  engine: 'postgres' | 'citus';
  host: string;
  port: number;
  user: string;
  password: string;
  database: string;
  socketDirectory: string;
  /** With the password: `postgres://user:password@host:port/database`. */
  url: string;
  /** For example `15.18`. */
  serverVersion: string;
  /** The server's log file. */
  log: string;
  dataDirectory: string;
  /** The folder of the PostgreSQL programs that run it. */
  programs: string;
  /** The other nodes of a Citus cluster on this machine; `port` and `dataDirectory` are the coordinator's. */
  workers?: { name: string; port: number; dataDirectory: string; log: string }[];
  /** Set when it runs in containers; then it has no folder, log file or programs on this machine. */
  containers?: { project: string; flavour: 'citus' | 'plain' };
}

/** The folder of the checkout. */
export const root = join(import.meta.dirname, '..');

/** The instance that commands and notebooks use unless they are told another. */
export function defaultName(): string {
  return process.env.WORKSHOP_INSTANCE || 'workshop';
}

/** The server that a person names: `DATABASE_URL`, or the text of the file `DATABASE_URL_FILE`. */
export function givenUrl(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const { DATABASE_URL: url, DATABASE_URL_FILE: file } = env;
  if (url || !file) return url || undefined;
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (cause) {
    const { message } = cause as Error;
    throw new Error(`DATABASE_URL_FILE cannot be read: ${message}`, { cause });
  }
}

/** The address of a server without its password, fit to be shown. */
export const hidePassword = (url: string): string =>
  url.replace(/(:\/\/[^:@/]*):[^@]*@/, '$1:***@').replace(/([?&]password=)[^&]*/gi, '$1***');

/**
 * Reads what is stored about an instance; it may be stopped.
 *
 * @throws when the file is there and cannot be read (it belongs to the person who started the database).
 */
export function readInstance(name = defaultName()): Instance | undefined {
  const file = instanceFile(name);
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    const advice =
      code === 'EACCES'
        ? 'it belongs to the user who ran "npm run up"; run this command as that user'
        : `${message}; remove that file and run "npm run up" (data is kept)`;
    throw new Error(`Cannot read ${file}: ${advice}`, { cause });
  }
}

/** Stores an instance for its owner's eyes only, and a service file for `psql`. */
export function writeInstance(instance: Instance): void {
  const { name, host, port, user, password, database } = instance;
  writePrivate(instanceFile(name), `${JSON.stringify(instance, null, 2)}\n`);
  const service = { host, port, user, password, dbname: database };
  const lines = Object.entries(service).map(([key, value]) => `${key}=${value}\n`);
  writePrivate(serviceFile(name), `[workshop]\n${lines.join('')}`);
}

/** `.cluster/<name>` in the checkout. */
export function instanceFolder(name: string): string {
  if (!/^[a-z][a-z0-9-]{0,30}$/.test(name)) {
    throw new Error(
      `Expected an instance name to be up to 31 small letters, digits and dashes, got "${name}"`,
    );
  }
  return join(root, '.cluster', name);
}

/** A file for `PGSERVICEFILE`, with a service named `workshop`. */
export function serviceFile(name: string): string {
  return join(instanceFolder(name), 'pg_service.conf');
}

/**
 * Where the data of an instance lies: beside its file, or, when the server's account cannot walk
 * through the folders above the checkout (as under /root), in that account's home.
 */
export function storageFolder(name: string, account: Account): string {
  const folder = instanceFolder(name);
  if (account.canReach(folder)) return folder;
  const hash = createHash('sha256').update(root).digest('hex').slice(0, 8);
  return join('/var/lib/postgresql', `workshop-${hash}`, name);
}

function instanceFile(name: string): string {
  return join(instanceFolder(name), 'instance.json');
}

// A reader sees the old text or the new one, never half of it.
function writePrivate(file: string, text: string): void {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, text, { mode: 0o600 });
  renameSync(draft, file);
}
