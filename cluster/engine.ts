/** Where the database comes from. A further engine is one more line here. */

export interface Choice {
  engine: 'url' | 'native';
  /** For people: which one and why. */
  why: string;
  url?: string;
}

/** The first that holds: `DATABASE_URL`, `WORKSHOP_ENGINE`, a server of our own on this machine. */
export function chooseEngine(env: NodeJS.ProcessEnv = process.env): Choice {
  const { DATABASE_URL: url, WORKSHOP_ENGINE: wish } = env;
  if (url) {
    if (!/^postgres(ql)?:\/\//.test(url)) {
      throw new Error(
        'Expected `DATABASE_URL` to be like postgres://user:password@host:5432/database',
      );
    }
    return { engine: 'url', url, why: `the server of DATABASE_URL (${hidePassword(url)})` };
  }
  if (wish === 'docker') {
    throw new Error(
      'WORKSHOP_ENGINE=docker: this version starts no containers. Unset it for a server of our own, ' +
        'or start a container yourself and set DATABASE_URL.',
    );
  }
  if (wish && wish !== 'native') {
    throw new Error(`Expected \`WORKSHOP_ENGINE\` to be native or docker, got "${wish}"`);
  }
  const reason = wish
    ? 'WORKSHOP_ENGINE=native'
    : 'neither DATABASE_URL nor WORKSHOP_ENGINE is set';
  return { engine: 'native', why: `a PostgreSQL of its own on this machine (${reason})` };
}

/** For messages. */
export function hidePassword(url: string): string {
  return url.replace(/(:\/\/[^:@/]*):[^@/]*@/, '$1:***@');
}
