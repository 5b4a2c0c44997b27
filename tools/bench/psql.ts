import { execFile, spawnSync } from 'node:child_process';
import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findPrograms } from '../../cluster/programs.ts';

const run = promisify(execFile);

/** A psql of this machine. */
export function findPsql(): string | undefined {
  const candidates = [...findPrograms().map(({ folder }) => join(folder, 'psql')), 'psql'];
  return candidates.find((program) => spawnSync(program, ['--version']).status === 0);
}

/**
 * Loads CSV files one after the other into `events` by `\copy`.
 *
 * @returns milliseconds by psql's own clock, so that its start does not count
 */
export async function copyByPsql(psql: string, url: string, files: string[]): Promise<number> {
  const commands = files.flatMap((file) => [
    '-c',
    `\\copy events (${headerOf(file)}) from '${file.replaceAll("'", "''")}' with (format csv, header true)`,
  ]);
  const args = ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-c', '\\timing on', ...commands];
  const { stdout } = await run(psql, args, { env: { ...process.env, ...connectionOf(url) } });
  const times = [...stdout.matchAll(/^Time: ([\d.]+) ms/gm)].map((match) => Number(match[1]));
  if (times.length !== files.length) throw new Error(`psql told no time: ${stdout}`);
  return times.reduce((sum, ms) => sum + ms, 0);
}

function headerOf(file: string): string {
  const start = Buffer.alloc(1024);
  const descriptor = openSync(file, 'r');
  const length = readSync(descriptor, start, 0, start.length, 0);
  closeSync(descriptor);
  return start.subarray(0, length).toString().split(/\r?\n/, 1)[0];
}

// not as an argument: everybody on the machine can read those
function connectionOf(url: string): NodeJS.ProcessEnv {
  const { hostname, port, username, password, pathname } = new URL(url);
  return {
    LC_ALL: 'C',
    PGHOST: decodeURIComponent(hostname),
    PGPORT: port || '5432',
    PGUSER: decodeURIComponent(username),
    PGPASSWORD: decodeURIComponent(password),
    PGDATABASE: decodeURIComponent(pathname.slice(1)),
  };
}
