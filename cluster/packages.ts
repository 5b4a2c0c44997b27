/** Installs what is missing from Debian's or Ubuntu's packages, when it may, and says so. */

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { findPrograms, hasHll, type Programs, supportedMajors } from './programs.ts';

type Report = (line: string) => void;

/** Extensions from packages of their own: what for, and what happens without. */
const wanted = [
  { extension: 'hll', suffix: 'hll', without: 'no rollup of distinct counts' },
  { extension: 'pg_cron', suffix: 'cron', without: 'nothing runs on a schedule (chapter 08)' },
  { extension: 'pg_partman', suffix: 'partman', without: 'partitions are made by plain SQL' },
  { extension: 'tdigest', suffix: 'tdigest', without: 'no percentiles (optional)' },
];

/**
 * The server to use, with its extensions. Installs nothing when nothing is missing.
 *
 * @throws with the three ways out when the server or hll is missing and cannot be installed.
 */
export function providePrograms(report: Report, { env = process.env } = {}): Programs {
  const [best] = findPrograms({ env });
  const missing = missingExtensions(best);
  if (best && !missing.length) return best;
  if (!best || !hasHll(best) || mayInstall(env)) installFor(best, report, env);
  const [found] = findPrograms({ env });
  if (!found || !hasHll(found)) throw waysOut(best, 'the packages do not bring it', env);
  for (const { extension, without } of missingExtensions(found)) {
    report(`Not installed: ${extension}: ${without}.`);
  }
  return found;
}

/** What a server lacks of what the workshop uses. */
export function missingExtensions(programs?: Programs): typeof wanted {
  return wanted.filter(({ extension }) => !programs?.extensions.includes(extension));
}

/** The command that a person types to install everything for PostgreSQL `major`. */
export function installCommand(major: number | string): string {
  return `sudo apt-get install --no-install-recommends ${packageNames(major).join(' ')}`;
}

function packageNames(major: number | string): string[] {
  return [`postgresql-${major}`, ...wanted.map(({ suffix }) => `postgresql-${major}-${suffix}`)];
}

/** How to run a program as root: directly, through a silent sudo, or not at all (undefined). */
export function rootPrefix(env = process.env): string[] | undefined {
  if (env.WORKSHOP_INSTALL === 'never' || !existsSync('/usr/bin/apt-get')) return undefined;
  if (process.getuid?.() === 0) return [];
  const silent = spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0;
  return silent ? ['sudo', '-n'] : undefined;
}

/**
 * Runs `apt-get install` for those of the packages that are offered.
 *
 * @throws when none is offered, or it fails with fresh package lists too
 */
export function aptInstall(packages: string[], report: Report, { env = process.env } = {}): void {
  const prefix = rootPrefix(env);
  if (!prefix) throw new Error('Packages cannot be installed: no root rights, or no apt');
  if (!hasLists()) update(prefix, report, env);
  const names = offered(packages);
  if (!names.length) throw new Error(`no package source offers ${packages.join(', ')}`);
  report(`Installing packages: ${names.join(' ')}`);
  const environment = ['env', 'DEBIAN_FRONTEND=noninteractive', 'NEEDRESTART_MODE=l'];
  const command = ['apt-get', ...aptOptions, '-qq', '-y', '--no-install-recommends', 'install'];
  const install = () => run([...prefix, ...environment, ...command, ...names], env);
  try {
    install();
  } catch {
    update(prefix, report, env); // old lists name versions that are gone
    install();
  }
}

function update(prefix: string[], report: Report, env: NodeJS.ProcessEnv): void {
  report('Reading the package lists (apt-get update)');
  run([...prefix, 'apt-get', ...aptOptions, '-qq', 'update'], env);
}

// Fresh machines have no package lists at all.
function hasLists(): boolean {
  const folder = '/var/lib/apt/lists';
  return existsSync(folder) && readdirSync(folder).some((name) => name.includes('_Packages'));
}

const aptOptions = ['-o', 'DPkg::Lock::Timeout=120', '-o', 'Acquire::Retries=3'];

function mayInstall(env: NodeJS.ProcessEnv): boolean {
  return rootPrefix(env) !== undefined && !env.WORKSHOP_POSTGRES_BIN;
}

function installFor(present: Programs | undefined, report: Report, env: NodeJS.ProcessEnv): void {
  if (!mayInstall(env)) throw waysOut(present, 'and packages cannot be installed from here', env);
  const lacks = missingExtensions(present).map(({ extension }) => extension);
  report(
    present
      ? `PostgreSQL ${present.version} is there, without ${lacks.join(', ')}.`
      : 'PostgreSQL is not installed.',
  );
  try {
    withoutDebianCluster(env, () => aptInstall(packagesFor(present, report, env), report, { env }));
  } catch (cause) {
    if (!present || !hasHll(present)) throw waysOut(present, (cause as Error).message, env, cause);
    report(`Going on without: ${(cause as Error).message}`);
  }
}

// What a server lacks; where hll is not offered for that one, another server with everything.
function packagesFor(
  present: Programs | undefined,
  report: Report,
  env: NodeJS.ProcessEnv,
): string[] {
  if (!hasLists()) update(rootPrefix(env) ?? [], report, env);
  if (present && (hasHll(present) || offered([`postgresql-${present.major}-hll`]).length)) {
    return missingExtensions(present).map(({ suffix }) => `postgresql-${present.major}-${suffix}`);
  }
  const major = offeredMajor();
  if (major) return packageNames(major);
  throw new Error(`no package source offers postgresql-NN-hll for ${supportedMajors.join(', ')}`);
}

function offeredMajor(): number | undefined {
  const [name] = offered(supportedMajors.map((major) => `postgresql-${major}-hll`));
  return name ? Number(name.split('-')[1]) : undefined;
}

// Debian's server package makes and starts a cluster of its own on port 5432: not wanted here.
function withoutDebianCluster(env: NodeJS.ProcessEnv, install: () => void): void {
  const file = '/etc/postgresql-common/createcluster.d/workshop.conf';
  const prefix = rootPrefix(env) ?? [];
  run([...prefix, 'mkdir', '-p', dirname(file)], env);
  run([...prefix, 'tee', file], env, 'create_main_cluster = false\n');
  try {
    install();
  } finally {
    run([...prefix, 'rm', '-f', file], env);
  }
}

// Those of the packages that the lists on this machine know, in the same order.
function offered(packages: string[]): string[] {
  const { stdout } = spawnSync('apt-cache', ['policy', ...packages], {
    encoding: 'utf8',
    env: { ...process.env, LC_ALL: 'C' },
  });
  const blocks = (stdout ?? '').split(/\n(?=\S)/);
  const known = blocks.filter((block) => /Candidate: (?!\(none\))/.test(block));
  return packages.filter((name) => known.some((block) => block.startsWith(`${name}:`)));
}

function run([program = '', ...args]: string[], env: NodeJS.ProcessEnv, input = ''): void {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    encoding: 'utf8',
    input,
    env,
  });
  if (status === 0) return;
  const told = `${stdout ?? ''}${stderr ?? ''}`.trim().split('\n').slice(-8).join('\n');
  throw new Error(`"${[program, ...args].join(' ')}" failed: ${error?.message ?? told}`);
}

function waysOut(
  present: Programs | undefined,
  reason: string,
  env: NodeJS.ProcessEnv,
  cause?: unknown,
): Error {
  const state = present
    ? `PostgreSQL ${present.version} is there (${present.folder}), but its hll extension is missing`
    : env.WORKSHOP_POSTGRES_BIN
      ? `No PostgreSQL 15 to 18 in WORKSHOP_POSTGRES_BIN=${env.WORKSHOP_POSTGRES_BIN}`
      : 'No PostgreSQL 15 to 18 was found';
  const major = present?.major ?? offeredMajor();
  return new Error(
    `${state}, ${reason}.

Three ways out; after each, run the command again:
  1. Install the packages (Debian, Ubuntu):
       ${installCommand(major ?? 'NN')}${major ? '' : '\n     with NN = 15, 16, 17 or 18, whichever your system offers'}
  2. Start a container engine (Docker with compose), and let the workshop run in containers:
       export WORKSHOP_ENGINE=docker
  3. Use any PostgreSQL 15 to 18 that has the hll extension:
       export DATABASE_URL=postgres://user:password@host:5432/database`,
    { cause },
  );
}
