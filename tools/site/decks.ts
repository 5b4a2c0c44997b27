/** The slides, as `npm run slides` has made them. */
import { cpSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Deck {
  name: string;
  title: string;
  /** Addresses in the site. */
  html: string;
  pdf?: string;
}

/** Takes the decks of a folder over into the site, which has an index of its own; none where there is no folder. */
export function takeDecks(folder: string, out: string): Deck[] {
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder).filter((file) => /^(?!index\.).*\.(html|pdf)$/.test(file));
  for (const file of files) cpSync(join(folder, file), join(out, 'slides', file));
  const pages = files.filter((file) => file.endsWith('.html')).sort(openingFirst);
  return pages.map((file) => {
    const name = file.replace(/\.html$/, '');
    const title = /<title>([^<]*)/.exec(readFileSync(join(folder, file), 'utf8'))?.[1] || name;
    const pdf = files.includes(`${name}.pdf`) ? `slides/${name}.pdf` : undefined;
    return { name, title, html: `slides/${file}`, ...(pdf && { pdf }) };
  });
}

// `opening` before the chapters, `closing` after them
const openingFirst = (a: string, b: string) => rank(a) - rank(b) || a.localeCompare(b);
const rank = (file: string) => (file.startsWith('opening') ? 0 : /^\d/.test(file) ? 1 : 2);
