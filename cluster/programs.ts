/** Finds the PostgreSQL servers on this machine and what each offers. */

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

export const supportedMajors = [18, 17, 16, 15];

export interface Programs {
  /** The folder with `postgres` and `initdb`. */
  folder: string;
  /** For example `15.18`. */
  version: string;
  major: number;
  /** What `create extension` finds. */
  extensions: string[];
  /** What can be preloaded. */
  libraries: string[];
}

/** Supported servers, best first: one with hll before one without, then the newest. */
export function findPrograms({ env = process.env } = {}): Programs[] {
  const only = env.WORKSHOP_POSTGRES_BIN;
  const folders = only ? [only] : candidateFolders(env);
  return [...new Set(folders)]
    .map(inspectPrograms)
    .filter((found) => found !== undefined)
    .sort((a, b) => Number(hasHll(b)) - Number(hasHll(a)) || b.major - a.major);
}

/** What is in one folder; undefined when that is no supported server. */
export function inspectPrograms(folder: string): Programs | undefined {
  if (!existsSync(join(folder, 'initdb'))) return undefined;
  const version = output(join(folder, 'postgres'), '--version')?.match(/\d+(\.\d+|\w+)/)?.[0];
  const major = Number.parseInt(version ?? '', 10);
  if (!version || !supportedMajors.includes(major)) return undefined;
  const config = join(folder, 'pg_config');
  const share = output(config, '--sharedir') ?? `/usr/share/postgresql/${major}`;
  const library = output(config, '--pkglibdir') ?? join(dirname(folder), 'lib');
  return {
    folder,
    version,
    major,
    extensions: names(join(share, 'extension'), '.control'),
    libraries: names(library, process.platform === 'darwin' ? '.dylib' : '.so'),
  };
}

/** Whether a server offers the sketch type without which there are no rollups. */
export function hasHll(programs: Programs): boolean {
  return programs.extensions.includes('hll');
}

/** Whether a server can be a node of a Citus cluster. */
export function hasCitus({ extensions, libraries }: Programs): boolean {
  return extensions.includes('citus') && libraries.includes('citus');
}

function candidateFolders(env: NodeJS.ProcessEnv): string[] {
  const debian = supportedMajors.map((major) => `/usr/lib/postgresql/${major}/bin`);
  const redHat = supportedMajors.map((major) => `/usr/pgsql-${major}/bin`);
  const brew = supportedMajors.map((major) => `/opt/homebrew/opt/postgresql@${major}/bin`);
  const configured = output('pg_config', '--bindir');
  const path = (env.PATH ?? '').split(delimiter).filter(Boolean);
  return [...debian, ...redHat, ...brew, ...(configured ? [configured] : []), ...path];
}

function output(program: string, flag: string): string | undefined {
  const { status, stdout } = spawnSync(program, [flag], { encoding: 'utf8', cwd: '/' });
  return status === 0 ? stdout.trim() : undefined;
}

function names(folder: string, ending: string): string[] {
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder).filter((file) => file.endsWith(ending));
  return files.map((file) => file.slice(0, -ending.length));
}
