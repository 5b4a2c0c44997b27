/** Which programs run an instance on this machine, and which nodes it has. */

import { existsSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Instance } from './instance.ts';
import { isComplete } from './node.ts';
import { providePrograms } from './packages.ts';
import { findPrograms, hasCitus, inspectPrograms, type Programs } from './programs.ts';

type Report = (line: string) => void;

/** A data folder belongs to one major version for life, and one of a cluster to Citus. */
export function programsFor(storage: string, old: Instance | undefined, report: Report): Programs {
  if (old?.workers?.length || workerFolders(storage).length)
    return citusPrograms(storage, old, report);
  const best = providePrograms(report);
  const dataDirectory = join(storage, 'data');
  const file = join(dataDirectory, 'PG_VERSION');
  if (!existsSync(file)) return best;
  const major = Number(readFileSync(file, 'utf8'));
  if (major === best.major) return best;
  const standard = inspectPrograms(`/usr/lib/postgresql/${major}/bin`);
  const same = findPrograms().find((found) => found.major === major) ?? standard;
  if (!same) {
    throw new Error(
      `The database in ${dataDirectory} was made by PostgreSQL ${major}, which is not installed ` +
        `any more (found: ${best.version}). Install postgresql-${major} again, or start afresh, ` +
        `which deletes its data:\n  ${afresh}`,
    );
  }
  report(
    `Staying with PostgreSQL ${same.version}, which made this database. To move to ${best.version} (deletes its data): ${afresh}`,
  );
  return same;
}

/**
 * The names of the workers. A cluster that is there keeps those that it has; a new one gets
 * `WORKSHOP_WORKERS`, by default two where the server offers Citus.
 *
 * @throws when a worker's data is gone: a part of every distributed table was there
 */
export function chooseWorkers(
  storage: string,
  old: Instance | undefined,
  programs: Programs,
  { growTo = 0, report = (_line: string) => {} } = {},
): string[] {
  const data = (name: string) => join(storage, name, 'data');
  let found = workerFolders(storage).filter((name) => isComplete(data(name)));
  const wish = wishedWorkers(programs);
  if (isComplete(join(storage, 'data'))) {
    const lost = old?.workers?.filter(({ name }) => !found.includes(name)) ?? [];
    if (lost.length) {
      const names = lost.map(({ name }) => name).join(', ');
      throw new Error(
        `The data of ${names} is gone (${lost[0]?.dataDirectory}), and with it a part of every distributed table. ` +
          `Put it back, or start afresh, which deletes what is left:\n  ${afresh}`,
      );
    }
    if (wish.isDemanded && wish.count !== found.length && !growTo) {
      const has = found.length
        ? `${found.length} worker${found.length > 1 ? 's' : ''}`
        : 'one node';
      report(
        `This database stays with ${has}, where its data is. For WORKSHOP_WORKERS=${wish.count} (deletes its data): ${afresh}`,
      );
    }
    return [...new Set([...found, ...workerNames(growTo)])].sort();
  }
  if (old) {
    for (const name of found) setAside(join(storage, name), report);
    found = [];
  }
  return [...new Set([...found, ...workerNames(wish.count)])].sort();
}

const afresh = 'npm run down -- --delete && npm run up';

// Those that ran it last, when they still offer Citus.
function citusPrograms(storage: string, old: Instance | undefined, report: Report): Programs {
  const last = old?.programs ?? lastPrograms(join(storage, 'data'));
  const same = last ? inspectPrograms(last) : undefined;
  if (same && hasCitus(same)) return same;
  const best = findPrograms().find(hasCitus);
  if (best) return best;
  const { folder } = providePrograms(report);
  throw new Error(
    `This database is a Citus cluster, and ${folder} does not offer the citus extension. ` +
      `Set WORKSHOP_POSTGRES_BIN to the programs that do, or start afresh, which deletes its data:\n  ${afresh}`,
  );
}

// A server notes how it was started.
function lastPrograms(dataDirectory: string): string | undefined {
  const file = join(dataDirectory, 'postmaster.opts');
  return existsSync(file) ? dirname(readFileSync(file, 'utf8').split(' ')[0] ?? '') : undefined;
}

function wishedWorkers(programs: Programs): { count: number; isDemanded: boolean } {
  const { WORKSHOP_WORKERS: wish } = process.env;
  if (!wish) return { count: hasCitus(programs) ? 2 : 0, isDemanded: false };
  const count = Number(wish);
  if (!Number.isInteger(count) || count < 0 || count > 8) {
    throw new Error(`Expected \`WORKSHOP_WORKERS\` to be a number from 0 to 8, got "${wish}"`);
  }
  if (count && !hasCitus(programs)) {
    throw new Error(
      `WORKSHOP_WORKERS=${count} takes the citus extension, which the server in ${programs.folder} does not offer. ` +
        'Install it, or use containers: WORKSHOP_ENGINE=docker npm run up',
    );
  }
  return { count, isDemanded: true };
}

function workerNames(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `worker-${index + 1}`);
}

function workerFolders(storage: string): string[] {
  if (!existsSync(storage)) return [];
  return readdirSync(storage).filter((name) => /^worker-\d$/.test(name));
}

// The data of a coordinator is gone, and its workers' is of no use to a new one.
function setAside(folder: string, report: Report): void {
  const aside = `${folder}.broken-${Date.now()}`;
  renameSync(folder, aside);
  report(`${folder} belonged to a coordinator that is gone: set aside as ${aside}`);
}
