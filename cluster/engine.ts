/** Where the database comes from. */

import { findContainerEngine } from './docker.ts';
import { defaultName, givenUrl, hidePassword, readInstance } from './instance.ts';

export interface Choice {
  engine: 'url' | 'docker' | 'native';
  /** For people: which one and why. */
  why: string;
  url?: string;
  /** Nothing else will do. */
  isDemanded?: boolean;
}

/**
 * The first that holds: `DATABASE_URL`, `WORKSHOP_ENGINE`, the one that this instance has its data
 * in, a container engine that answers, a server of our own on this machine.
 */
export function chooseEngine(
  env: NodeJS.ProcessEnv = process.env,
  { name = defaultName(), findEngine = findContainerEngine } = {},
): Choice {
  const url = givenUrl(env);
  if (url) return chooseUrl(url, env);
  const { WORKSHOP_ENGINE: wish } = env;
  if (wish === 'docker') return demandContainers(findEngine({ env }));
  if (wish === 'native') return native('WORKSHOP_ENGINE=native');
  if (wish) throw new Error(`Expected \`WORKSHOP_ENGINE\` to be native or docker, got "${wish}"`);
  const known = readInstance(name);
  if (known) {
    return known.containers ? inContainers('its data is there') : native('its data is there');
  }
  const { text, reason } = findEngine({ env });
  return text
    ? inContainers(`${text} answers`)
    : native(`neither DATABASE_URL nor WORKSHOP_ENGINE is set, and ${reason}`);
}

function chooseUrl(url: string, { DATABASE_URL }: NodeJS.ProcessEnv): Choice {
  const variable = DATABASE_URL ? 'DATABASE_URL' : 'DATABASE_URL_FILE';
  if (!/^postgres(ql)?:\/\//.test(url)) {
    throw new Error(
      `Expected \`${variable}\` to be like postgres://user:password@host:5432/database`,
    );
  }
  return { engine: 'url', url, why: `the server of ${variable} (${hidePassword(url)})` };
}

function demandContainers({ text, reason }: ReturnType<typeof findContainerEngine>): Choice {
  if (text) return { ...inContainers(`WORKSHOP_ENGINE=docker; ${text}`), isDemanded: true };
  throw new Error(
    `WORKSHOP_ENGINE=docker, but ${reason}.\nStart it, or unset WORKSHOP_ENGINE for a server of our own.`,
  );
}

function inContainers(reason: string): Choice {
  return { engine: 'docker', why: `containers (${reason})` };
}

function native(reason: string): Choice {
  return { engine: 'native', why: `a PostgreSQL of its own on this machine (${reason})` };
}
