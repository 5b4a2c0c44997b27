/** Waiting for a condition, with a limit and a name for what is awaited. */

import { setTimeout as delay } from 'node:timers/promises';

/**
 * Asks again and again until the answer is neither undefined nor false.
 *
 * @throws when the limit has passed.
 */
export async function waitFor<T>(
  what: string,
  ask: () => T | undefined | false | Promise<T | undefined | false>,
  { limitMs = 30_000, everyMs = 50 } = {},
): Promise<T> {
  for (const end = Date.now() + limitMs; ; await delay(everyMs)) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() > end) throw new Error(`Waited ${limitMs / 1000} s for ${what}, in vain`);
  }
}
