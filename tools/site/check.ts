/** Looks over a built site: each link leads somewhere, and nothing comes from another host. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseHTML } from 'linkedom';
import { LinkChecker, LinkState } from 'linkinator';

/** @returns one sentence for each fault */
export async function checkSite(folder: string): Promise<string[]> {
  const pages = globSync('**/*.html', { cwd: folder }).sort();
  const foreign = pages.flatMap((page) =>
    findForeign(readFileSync(join(folder, page), 'utf8')).map((what) => `${page} loads ${what}`),
  );
  return [...foreign, ...(await findBroken(folder, pages))];
}

/** What a page would fetch from another host as soon as it is opened. */
export function findForeign(html: string): string[] {
  const { document } = parseHTML(html);
  const elements = [...document.querySelectorAll(LOADING)];
  const addresses = elements.flatMap((element) => [
    element.getAttribute('src'),
    element.getAttribute('poster'),
    element.getAttribute('data'),
    element.localName === 'link' ? element.getAttribute('href') : '',
    ...(element.getAttribute('srcset')?.split(/[\s,]+/) ?? []),
  ]);
  const styles = [...document.querySelectorAll('style, [style]')].map(
    (element) =>
      `${element.localName === 'style' ? element.textContent : ''}${element.getAttribute('style') ?? ''}`,
  );
  const inStyles = styles.flatMap((style) => [
    ...style.matchAll(/(?:url\(|@import)\s*["']?([^"')\s;]+)/g),
  ]);
  const all = [...addresses, ...inStyles.map(([, address]) => address)];
  return [...new Set(all)].filter((address) => /^(https?:)?\/\//.test(address ?? '')) as string[];
}

const LOADING = '[src], [srcset], [poster], object[data], link[href]:not([rel="canonical"])';

// Also the part behind the #. Other hosts are not asked.
async function findBroken(folder: string, pages: string[]): Promise<string[]> {
  const { links } = await new LinkChecker().check({
    path: pages,
    serverRoot: folder,
    checkFragments: true,
    linksToSkip: async (link) => !/^http:\/\/(localhost|127\.0\.0\.1|\[::1\]):/.test(link),
  });
  const broken = links.filter(({ state }) => state === LinkState.BROKEN);
  return broken.map(({ url, parent }) => `${parent} links to ${url}, which is not there`);
}
