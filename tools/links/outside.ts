/** Links to other hosts. */
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LinkChecker, LinkState } from 'linkinator';
import { escapeHtml } from '../../lib/html.ts';
import { isOutside } from './inside.ts';
import type { Text } from './texts.ts';

/** An address, with the places that name it. */
export type Addresses = Map<string, string[]>;

/** From the texts, and from the code that attendees see. */
export function findAddresses(texts: Text[], root: string): Addresses {
  const found: Addresses = new Map();
  const add = (address: string, place: string) => {
    if (!NAMES.test(address)) found.set(address, [...(found.get(address) ?? []), place]);
  };
  for (const { file, links } of texts) {
    for (const link of links.filter(isOutside)) {
      if (/^https?:/.test(link.href)) add(link.href, `${file}:${link.line}`);
    }
  }
  for (const file of globSync(['lib/**/*.ts', 'sql/**/*.sql'], { cwd: root }).sort()) {
    for (const [index, line] of readFileSync(join(root, file), 'utf8').split('\n').entries()) {
      for (const [address] of line.matchAll(/https?:\/\/[^\s'"`<>)]+/g)) {
        add(address, `${file}:${index + 1}`);
      }
    }
  }
  return found;
}

/**
 * Asks every address, patiently. A host that refuses programs (403, 429) is not judged.
 *
 * @returns one sentence for each that does not answer well
 */
export async function checkOutside(
  addresses: Addresses,
  { timeoutMs = 20_000 } = {},
): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'links-'));
  try {
    const list = [...addresses.keys()].map((address) => `<a href="${escapeHtml(address)}">x</a>`);
    writeFileSync(join(folder, 'list.html'), list.join('\n'));
    const { links } = await new LinkChecker().check({
      path: 'list.html',
      serverRoot: folder,
      concurrency: 5,
      timeout: timeoutMs,
      retry: true,
      retryErrors: true,
      retryErrorsCount: 2,
      statusCodes: { 403: 'skip', 429: 'skip' },
    });
    const broken = links.filter(({ state }) => state === LinkState.BROKEN);
    return broken.map(({ url, status }) => {
      const answer = status ? `answers ${status}` : 'does not answer';
      return `${(addresses.get(url) ?? []).join(', ')} links to ${url}, which ${answer}`;
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

// Names of formats look like addresses and are none; this machine is nobody else.
const NAMES = /\/\/(127\.0\.0\.1|localhost|www\.w3\.org\/\d|vega\.github\.io\/schema)/;
