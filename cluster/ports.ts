/** A free port that stays the same from start to start. */

import { createHash } from 'node:crypto';
import { createServer } from 'node:net';
import { root } from './instance.ts';

/**
 * A port on 127.0.0.1 that nobody uses: the remembered one if it is free, otherwise the first free
 * one from a place that depends on the checkout. Below 32768, where no outgoing connection ends up.
 *
 * @param reserved ports that are promised to others, whether or not they are in use now
 */
export async function choosePort(
  remembered?: number,
  { reserved = [] as number[] } = {},
): Promise<number> {
  const hash = createHash('sha256').update(root).digest().readUInt16BE();
  const start = remembered ?? 15_432 + (hash % 100) * 10;
  for (let port = start; port < start + 200; port++) {
    if (!reserved.includes(port) && (await isFree(port))) return port;
  }
  throw new Error(`Ports ${start} to ${start + 199} on 127.0.0.1 are all taken`);
}

/** Whether a server could listen there. */
export function isFree(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const server = createServer();
  server.once('error', () => resolve(false));
  server.listen({ port, host: '127.0.0.1', exclusive: true }, () =>
    server.close(() => resolve(true)),
  );
  return promise;
}
