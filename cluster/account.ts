/** The unprivileged user that runs the server: PostgreSQL refuses to run as root. */

import { spawnSync } from 'node:child_process';
import { chownSync, mkdirSync } from 'node:fs';

export interface Account {
  name: string;
  /** Set when the server runs as another user than this process. */
  ids?: { uid: number; gid: number };
  /** Whether this account can walk to a folder. */
  canReach(folder: string): boolean;
  /** Makes a folder of this account's own. */
  own(folder: string, mode?: number): void;
}

/** As root the user `postgres`, otherwise whoever runs the command. */
export function serverAccount(): Account {
  if (process.getuid?.() !== 0) return ownAccount();
  const ids = { uid: lookUp('-u'), gid: lookUp('-g') };
  return {
    name: 'postgres',
    ids,
    canReach: (folder) =>
      spawnSync('test', ['-x', folder], { ...ids, cwd: '/', stdio: 'ignore' }).status === 0,
    own(folder, mode = 0o700) {
      mkdirSync(folder, { recursive: true, mode });
      chownSync(folder, ids.uid, ids.gid);
    },
  };
}

function ownAccount(): Account {
  return {
    name: process.env.USER ?? 'you',
    canReach: () => true,
    own: (folder, mode = 0o700) => void mkdirSync(folder, { recursive: true, mode }),
  };
}

function lookUp(flag: '-u' | '-g'): number {
  const { status, stdout } = spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' });
  if (status === 0) return Number(stdout);
  throw new Error(
    'PostgreSQL does not run as root, and there is no user "postgres" to run it.\n' +
      'Make one (useradd --system --create-home --home-dir /var/lib/postgresql postgres) or run this as another user.',
  );
}
