/** What can be wrong with the database, and what to do about it: a list for `doctor`, tests and guides. */

import { existsSync, readdirSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { findContainerEngine } from './docker.ts';
import { type Choice, chooseEngine } from './engine.ts';
import { askFacts, type ServerFacts } from './facts.ts';
import { instanceStatus } from './index.ts';
import { readInstance, root } from './instance.ts';
import { installCommand, missingExtensions } from './packages.ts';
import { findPrograms, hasCitus, inspectPrograms, type Programs } from './programs.ts';

/** `warning`: usable, with something less. `unknown`: another line says why. */
export interface Finding {
  state: 'ok' | 'warning' | 'error' | 'unknown';
  text: string;
  /** What to do, for each warning and error. */
  fix?: string;
}

export interface Check {
  title: string;
  run(subject: Subject): Finding | Promise<Finding>;
}

/** What the checks of one round look at; the server is asked once. */
export interface Subject {
  choice: Choice;
  /** Undefined while there is no server. */
  facts(): Promise<ServerFacts | undefined>;
}

/** The database that commands and notebooks would use now. */
export function presentSubject(): Subject {
  const choice = chooseEngine();
  let facts: Promise<ServerFacts | undefined> | undefined;
  const ask = async () => {
    const url = choice.url ?? readInstance()?.url;
    return url ? askFacts(url).catch(() => undefined) : undefined;
  };
  return {
    choice,
    facts() {
      facts ??= ask();
      return facts;
    },
  };
}

/** In the order in which a person would look. */
export const databaseChecks: Check[] = [
  { title: 'Engine', run: ({ choice }) => ok(choice.why) },
  { title: 'PostgreSQL', run: checkPrograms },
  { title: 'Database', run: checkServer },
  { title: 'hll', run: withFacts(checkHll) },
  { title: 'TopN', run: withFacts(checkTopn) },
  { title: 'pg_partman', run: withFacts(checkPartman) },
  { title: 'pg_cron', run: withFacts(checkCron) },
  { title: 'tdigest', run: withFacts(checkTdigest) },
  { title: 'Citus', run: withFacts(checkCitus) },
  { title: 'Disk', run: checkDisk },
  { title: 'Leftovers', run: checkLeftovers },
];

/** Runs checks; one that throws is an error of its own. */
export async function runChecks(
  checks: Check[],
  subject = presentSubject(),
): Promise<(Finding & { title: string })[]> {
  const findings = [];
  for (const { title, run } of checks) {
    let finding: Finding;
    try {
      finding = await run(subject);
    } catch (error) {
      finding = bad((error as Error).message, 'this should not happen: please report it');
    }
    findings.push({ title, ...finding });
  }
  return findings;
}

function checkPrograms({ choice }: Subject): Finding {
  if (choice.engine === 'docker') {
    const { text, reason = '' } = findContainerEngine();
    return text ? ok(`in containers: ${text}`) : bad(reason, 'start the container engine');
  }
  if (choice.engine !== 'native') return ok('not needed on this machine');
  const [best] = usedPrograms();
  if (!best) return bad('no PostgreSQL 15 to 18 on this machine', 'npm run up');
  const lacks = missingExtensions(best).map(({ extension }) => extension);
  const text = `${best.version} in ${best.folder}`;
  const all = `hll, pg_cron, pg_partman, tdigest${hasCitus(best) ? ', citus' : ''}`;
  if (!lacks.length) return ok(`${text}, with ${all}`);
  const fix = `npm run up, or: ${installCommand(best.major)}`;
  return lacks.includes('hll')
    ? bad(`${text}, without ${lacks.join(', ')}`, fix)
    : warn(`${text}, without ${lacks.join(', ')}`, fix);
}

// Those that run the database; without one, those that would.
function usedPrograms(): Programs[] {
  const used = readInstance()?.programs;
  return [used ? inspectPrograms(used) : undefined, ...findPrograms()].filter((found) => !!found);
}

async function checkServer({ choice, facts }: Subject): Promise<Finding> {
  if (choice.url) return checkUrl(choice.url, await facts());
  const { state, detail } = await instanceStatus();
  if (state !== 'running') return bad(detail.replace(/: npm run up$/, ''), 'npm run up');
  return ok(detail);
}

async function checkUrl(url: string, facts: ServerFacts | undefined): Promise<Finding> {
  if (!facts) {
    const reason = await askFacts(url).then(
      () => 'it answered only now',
      (error) => error.message || error.code,
    );
    return bad(
      `the server of DATABASE_URL cannot be used: ${reason}`,
      'start it, correct DATABASE_URL, or unset it for a database of our own',
    );
  }
  const text = `PostgreSQL ${facts.version}, database "${facts.database}"`;
  if (facts.major < 15 || facts.major > 18) {
    return bad(`${text}: the workshop is made for 15 to 18`, 'use another server');
  }
  if (facts.mayCreate) return ok(text);
  return bad(`${text}: this user may not create there`, 'grant create on the database to it');
}

function checkHll({ available }: ServerFacts): Finding {
  return available.hll
    ? ok(available.hll)
    : bad('the server does not offer it, and rollups need it', 'install postgresql-NN-hll there');
}

function checkTopn({ available }: ServerFacts): Finding {
  return ok(available.topn ? `extension ${available.topn}` : 'as SQL functions (no extension)');
}

function checkPartman({ available }: ServerFacts): Finding {
  return available.pg_partman
    ? ok(available.pg_partman)
    : warn('not offered: partitions are made by plain SQL', 'install postgresql-NN-partman');
}

function checkCron({ available, preloaded, cronDatabase, database }: ServerFacts): Finding {
  const version = available.pg_cron;
  const without = 'nothing runs on a schedule (chapter 08 then repeats by itself)';
  if (!version) return warn(`not offered: ${without}`, 'install postgresql-NN-cron');
  if (!preloaded.includes('pg_cron') && cronDatabase === undefined) {
    return warn(`${version}, not preloaded: ${without}`, 'add it to shared_preload_libraries');
  }
  if (cronDatabase !== undefined && cronDatabase !== database) {
    return warn(
      `${version}, but its jobs run in database "${cronDatabase}": ${without}`,
      `set cron.database_name = '${database}' and restart the server`,
    );
  }
  const [major = 0, minor = 0] = version.match(/\d+/g)?.map(Number) ?? [];
  const seconds = major > 1 || minor >= 5;
  return ok(`${version}, ${seconds ? 'schedules by the second' : 'schedules by the minute'}`);
}

function checkTdigest({ available }: ServerFacts): Finding {
  return ok(available.tdigest ?? 'not offered; optional');
}

function checkCitus({ nodes, available }: ServerFacts): Finding {
  if (!nodes.length) {
    return ok(available.citus ? 'offered by the server, not used' : 'no: one node of PostgreSQL');
  }
  const workers = nodes.filter(({ isCoordinator }) => !isCoordinator);
  const place = ({ name, port }: (typeof nodes)[number]) => `${name}:${port}`;
  const mute = workers.filter(({ answers }) => answers === false).map(place);
  if (mute.length) {
    return bad(`no answer from worker ${mute.join(', ')}`, 'start it (npm run up, if it is ours)');
  }
  const dead = workers.filter(({ isActive }) => !isActive).map(place);
  return dead.length
    ? bad(
        `worker ${dead.join(', ')} is not active`,
        'start it, then: select citus_activate_node(...)',
      )
    : ok(`${workers.length} worker${workers.length === 1 ? '' : 's'}, all active`);
}

async function checkDisk(): Promise<Finding> {
  const place = readInstance()?.dataDirectory ?? root;
  const { bavail, bsize } = await statfs(existsSync(place) ? place : root);
  const gigabytes = (bavail * bsize) / 1e9;
  const text = `${gigabytes.toFixed(1)} GB free at ${existsSync(place) ? place : root}`;
  if (gigabytes < 2) return bad(text, 'free at least 5 GB');
  return gigabytes < 5 ? warn(text, 'free at least 5 GB') : ok(text);
}

function checkLeftovers(): Finding {
  const instance = readInstance();
  const folder = instance && !instance.containers && dirname(instance.dataDirectory);
  if (!folder || !existsSync(folder)) return ok('none');
  const broken = readdirSync(folder).filter((name) => name.includes('.broken-'));
  if (!broken.length) return ok('none');
  const paths = broken.map((name) => join(folder, name));
  return warn(`incomplete databases set aside: ${broken.join(', ')}`, `rm -r ${paths.join(' ')}`);
}

// Checks of the server have nothing to say while there is none; "Database" is the red line then.
function withFacts(check: (facts: ServerFacts) => Finding): Check['run'] {
  return async ({ facts }) => {
    const found = await facts();
    return found ? check(found) : { state: 'unknown', text: 'not known without a database' };
  };
}

function ok(text: string): Finding {
  return { state: 'ok', text };
}

function warn(text: string, fix: string): Finding {
  return { state: 'warning', text, fix };
}

function bad(text: string, fix: string): Finding {
  return { state: 'error', text, fix };
}
