/** All decks, built as `npm run slides` does, and looked at in a browser. */
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { inflateSync } from 'node:zlib';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from '../../cluster/instance.ts';
import { buildSlides, writeExpanded } from '../../tools/slides/build.ts';
import { chooseDecks, listDecks } from '../../tools/slides/decks.ts';
import { convert } from '../../tools/slides/marp.ts';
import { noBrowser, openBrowser, watchRequests } from '../e2e/browser.ts';

const out = join(root, 'out/test/slides');
const bare = join(out, 'bare');
const decks = listDecks();
// A chart that has not been drawn on this machine is a frame of the same height.
const figures = { folder: join(root, 'out'), frames: true };

beforeAll(async () => {
  rmSync(out, { recursive: true, force: true });
  mkdirSync(bare, { recursive: true });
  await buildSlides([], { out, figures, pdf: false });
  await convert(join(out, 'source'), bare, { template: 'bare' });
});

describe('the web pages', () => {
  it.for(decks)('of $name load nothing from anywhere', ({ name }) => {
    const html = readFileSync(join(out, `${name}.html`), 'utf8');
    expect(html.match(/<script[^>]+src=/g)).toBe(null);
    const markup = html.replace(/<script.*?<\/script>/gs, '');
    const loaded = markup.matchAll(
      /(?:\b(?:src|srcset|poster)=|<link[^>]+href=|url\(|@import )["']?([^"')\s>]+)/g,
    );
    const addresses = [...loaded].map(([, address = '']) => address);
    expect(addresses.filter((address) => !/^(?:data:|#)/.test(address))).toEqual([]);
  });

  it('are all on the index', () => {
    const index = readFileSync(join(out, 'index.html'), 'utf8');
    const links = [...index.matchAll(/href="([^"]+)"/g)].map(([, link = '']) => link);
    expect(links).toEqual(decks.map(({ name }) => `${name}.html`));
    expect(links.filter((link) => !existsSync(join(out, link)))).toEqual([]);
  });

  it('keep the notes for the speaker', () => {
    const html = readFileSync(join(out, '03-window.html'), 'utf8');
    expect(html).toContain('bespoke-marp-note');
    expect(html).toContain('Asked often:');
  });
});

describe('without a browser', () => {
  const { PATH, CHROMIUM } = process.env;
  afterAll(() => {
    process.env.PATH = PATH;
    if (CHROMIUM) process.env.CHROMIUM = CHROMIUM;
  });

  it('the web pages are built, and it is said what the PDF needs', async () => {
    process.env.PATH = '';
    delete process.env.CHROMIUM;
    const lines: string[] = [];
    const report = (line: string) => lines.push(line);
    const built = await buildSlides(['closing'], { out: join(out, 'no-browser'), figures, report });
    expect(built.pdf).toBe(false);
    expect(lines.join('\n')).toMatch(/No PDF: .*apt-get install chromium/);
    expect(existsSync(join(out, 'no-browser/closing.html'))).toBe(true);
  });
});

describe('in a browser', () => {
  if (noBrowser) return it('is looked at', ({ skip }) => skip(noBrowser));

  let browser: Browser;
  let page: Page;
  let foreign: string[];

  beforeAll(async () => {
    browser = await openBrowser();
    page = await browser.newPage({ viewport: { width: 1280, height: 720 } });
    foreign = watchRequests(page);
  });
  afterAll(() => browser?.close());

  const open = (file: string) => page.goto(pathToFileURL(file).href);

  it.for(decks)('nothing overflows a slide of $name, and words are large', async ({ name }) => {
    await open(join(bare, `${name}.html`));
    expect(await page.evaluate(findOverflow)).toEqual([]);
    expect(Math.min(...(await page.evaluate(textSizes)))).toBeGreaterThanOrEqual(28);
    expect(foreign).toEqual([]);
  });

  it('finds what overflows', async () => {
    await open(join(bare, 'closing.html'));
    await page.evaluate(() => {
      for (const list of document.querySelectorAll('ul, ol'))
        list.innerHTML = list.innerHTML.repeat(4);
    });
    expect((await page.evaluate(findOverflow)).length).toBeGreaterThan(0);
  });

  it('a dark deck is dark on every slide', async () => {
    const folder = join(out, 'dark');
    const source = await writeExpanded(chooseDecks(['03']), folder, figures, { dark: true });
    await convert(source, folder, { template: 'bare' });
    await open(join(folder, '03-window.html'));
    const pages = await page.evaluate(() =>
      [...document.querySelectorAll('section')].map(
        (slide) => getComputedStyle(slide).backgroundColor,
      ),
    );
    expect(new Set(pages)).toEqual(new Set(['rgb(20, 24, 29)']));
  });

  it('a deck moves with the keyboard and asks nobody', async () => {
    await open(join(out, '03-window.html'));
    await page.keyboard.press('ArrowRight');
    await page.waitForFunction(() => location.hash === '#2');
    expect(foreign).toEqual([]);
  });

  it('a deck becomes a PDF with notes', async () => {
    await buildSlides(['closing'], { out: join(out, 'pdf'), figures });
    const pdf = readFileSync(join(out, 'pdf/closing.pdf'), 'latin1');
    expect(pdf.startsWith('%PDF-')).toBe(true);
    expect(inflated(pdf).match(/\/Subtype\s*\/Text/g)?.length).toBe(5); // a note for each slide
    expect(readFileSync(join(out, 'pdf/index.html'), 'utf8')).toContain('closing.pdf');
  });
});

// The objects of a PDF are in compressed streams.
const inflated = (pdf: string) =>
  [...pdf.matchAll(/stream\r?\n(.*?)\r?\nendstream/gs)]
    .map(([, stream = '']) => {
      try {
        return inflateSync(Buffer.from(stream, 'latin1')).toString('latin1');
      } catch {
        return stream;
      }
    })
    .join('\n');

// Runs in the page: what is read out, in pixels of a slide that is 1280 wide.
const textSizes = () =>
  [...document.querySelectorAll('section :is(p, li)')].map((text) =>
    Number.parseFloat(getComputedStyle(text).fontSize),
  );

// Runs in the page: whatever stands outside of the room that a slide has for its content.
function findOverflow(): string[] {
  const found: string[] = [];
  const sections = [...document.querySelectorAll<HTMLElement>('svg[data-marpit-svg] section')];
  for (const [at, section] of sections.entries()) {
    const frame = section.getBoundingClientRect();
    const scale = frame.width / section.offsetWidth;
    const { paddingTop, paddingRight, paddingBottom, paddingLeft } = getComputedStyle(section);
    const inner = (side: string) => Number.parseFloat(side) * scale - 1;
    for (const element of section.querySelectorAll<HTMLElement>('*')) {
      if (
        element.closest('footer, script, style, mjx-container') ||
        element.closest('svg')?.parentElement?.closest('section') === section
      )
        continue;
      const box = element.getBoundingClientRect();
      const outside =
        box.top < frame.top + inner(paddingTop) ||
        box.right > frame.right - inner(paddingRight) ||
        box.bottom > frame.bottom - inner(paddingBottom) ||
        box.left < frame.left + inner(paddingLeft);
      const cut = element.tagName === 'PRE' && element.scrollWidth > element.clientWidth + 1;
      if (outside || cut)
        found.push(
          `slide ${at + 1}: <${element.tagName.toLowerCase()}> ${element.textContent.trim().slice(0, 60)}`,
        );
    }
  }
  return found;
}
