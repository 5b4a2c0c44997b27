/** Decks, as web pages and as PDF. */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../cluster/instance.ts';
import { findChromium } from '../chromium.ts';
import { chooseDecks, type Deck } from './decks.ts';
import type { Figures } from './executed.ts';
import { expandDeck } from './expand.ts';
import { indexPage } from './index-page.ts';
import { convert } from './marp.ts';

export interface BuildOptions {
  /** Where the decks go. @default out/slides */
  out?: string;
  /** Where executed notebooks are, and what happens where one is not. @default out, an error */
  figures?: Figures;
  /** Makes PDF, too, where there is a Chromium. @default true */
  pdf?: boolean;
  /** Light text on a dark page. @default false */
  dark?: boolean;
  report?: (line: string) => void;
}

/**
 * Builds decks, by number or name; all of them without any.
 *
 * @returns the decks, and whether there are PDFs
 */
export async function buildSlides(
  wanted: string[],
  {
    out = join(root, 'out/slides'),
    figures = { folder: join(root, 'out') },
    pdf = true,
    dark = false,
    report = () => {},
  }: BuildOptions = {},
): Promise<{ decks: Deck[]; pdf: boolean }> {
  const decks = chooseDecks(wanted);
  const source = await writeExpanded(decks, out, figures, { dark });
  report(`${decks.length} ${decks.length === 1 ? 'deck' : 'decks'} as web pages`);
  await convert(source, out);
  const withPdf = pdf && Boolean(findChromium());
  if (withPdf) {
    report('as PDF, with notes; this takes some seconds a deck');
    await convert(source, out, { pdf: true });
  } else if (pdf) {
    report(`No PDF: ${NO_CHROMIUM}`);
  }
  writeFileSync(
    join(out, 'index.html'),
    indexPage(chooseDecks([]), (file) => existsSync(join(out, file))),
  );
  return { decks, pdf: withPdf };
}

/** Writes the decks that Marp reads. @returns their folder */
export async function writeExpanded(
  decks: Deck[],
  out: string,
  figures: Figures,
  { dark = false } = {},
): Promise<string> {
  const folder = join(out, 'source');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const deck of decks)
    writeFileSync(join(folder, `${deck.name}.md`), await expandDeck(deck, figures, { dark }));
  return folder;
}

const NO_CHROMIUM =
  'there is no Chromium or Chrome here. The web pages are complete. For PDF install one ' +
  '(Debian: apt-get install chromium), or name it: CHROMIUM=/path npm run slides';
