/** What can be wrong with a database, and what to do about it. */

import { askServer } from './health.ts';
import { loginFromUrl } from './url.ts';

/** Connects to a server that is not ours, and says in a line what it is. @throws when it is of no use. */
export async function checkServer(url: string): Promise<string> {
  const health = await askServer(loginFromUrl(url), { timeoutMs: 10_000 });
  return `PostgreSQL ${health.version}`;
}
