/** A room without a network: a program that reaches this machine's loopback and nothing else. */
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

// A new network has a loopback only, and that is down. Root keeps its rights; others get those they need for it.
const UNSHARE =
  process.getuid?.() === 0
    ? ['unshare', '--net']
    : ['unshare', '--map-current-user', '--keep-caps', '--net'];

/** Why there is no such room here; undefined when there is. */
export const noRoom: string | undefined = (() => {
  const [program = '', ...args] = inRoom('true');
  const { status, stderr, error } = spawnSync(program, args, { encoding: 'utf8' });
  if (status === 0) return;
  return `a network of its own cannot be had: ${error?.message ?? stderr.trim()}`;
})();

/** Runs a program of the kit. @returns its exit code and all that it printed */
export async function runOffline(
  file: string,
  args: string[],
  env: NodeJS.ProcessEnv,
): Promise<{ code: number | null; printed: string }> {
  const [program = '', ...rest] = inRoom(process.execPath, file, ...args);
  const child = spawn(program, rest, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data) => {
      printed += data;
    });
  }
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  child.once('error', reject);
  child.once('exit', resolve); // a server that it leaves behind would hold the pipes open
  return { code: await promise, printed };
}

function inRoom(...command: string[]): string[] {
  const script = 'ip link set lo up && exec "$@"';
  return [...UNSHARE, 'sh', '-c', script, 'sh', ...command];
}
