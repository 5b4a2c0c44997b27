/** The site, built from a small project and opened from its folder as from a memory stick. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseHTML } from 'linkedom';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHAPTERS } from '../../lib/chapters.ts';
import type { Cell } from '../../tools/notebook.ts';
import { buildSite, type Folders } from '../../tools/site/build.ts';
import { checkSite, findForeign } from '../../tools/site/check.ts';
import { isCurrent } from '../../tools/site/executed.ts';
import { readReadme } from '../../tools/site/readme.ts';
import { noBrowser, openBrowser, watchRequests } from '../e2e/browser.ts';
import { makeProject } from './fixture.ts';

let folders: Folders;
let pages: string[];

beforeAll(async () => {
  folders = await makeProject();
  pages = await buildSite(folders);
});
afterAll(() => rmSync(folders.root, { recursive: true }));

const read = (page: string) => readFileSync(join(folders.out, page), 'utf8');
const open = (page: string) => parseHTML(read(page)).document;
const hrefs = (page: string, selector: string) =>
  [...open(page).querySelectorAll(selector)].map((link) => link.getAttribute('href'));

describe('the site', () => {
  it('has one index, the chapters in their order, and the documents that there are', () => {
    expect(pages).toEqual([
      'index.html',
      '00-start.html',
      '01-second.html',
      '02-last.html',
      'readme.html',
      'guide.html',
      'contributing.html',
    ]);
  });

  it('says on its front page what the README says', () => {
    const { title, body } = open('index.html');
    expect(title).toBe('A small workshop');
    expect(body.textContent).toContain('What it is, in few words');
    expect(body.textContent).toContain('npm start');
    expect(body.textContent).toContain('3 notebooks, 20 minutes');
    expect(body.textContent).toContain('You see the end & the beginning.');
    expect(body.textContent).toContain('The notebooks ran on a server <1>.');
    expect(body.querySelector('.lead img')?.getAttribute('src')).toMatch(/^data:image\/svg/);
  });

  it('links the decks where they are, and not where they are not', () => {
    expect(hrefs('index.html', '.chapters a')).toEqual([
      '00-start.html',
      '01-second.html',
      'slides/01-second.html',
      'slides/01-second.pdf',
      '02-last.html',
    ]);
    expect(hrefs('index.html', '[aria-labelledby=slides] a')).toEqual(['slides/opening.html']);
  });

  it('leads from chapter to chapter, to the slides and to the front page', () => {
    expect(hrefs('00-start.html', '.pager a')).toEqual(['01-second.html']);
    expect(hrefs('01-second.html', '.pager a')).toEqual([
      '00-start.html',
      'slides/01-second.html',
      '02-last.html',
    ]);
    expect(hrefs('02-last.html', '.pager a')).toEqual(['01-second.html']);
    expect(hrefs('02-last.html', '.bar a')).toContain('index.html');
  });

  it('turns links between files into links between pages, in texts and in outputs', () => {
    expect(hrefs('00-start.html', 'main p a')).toEqual([
      '01-second.html#the-chart',
      'readme.html#start',
    ]);
    expect(hrefs('01-second.html', '.outputs a')).toEqual(['02-last.html']);
    expect(hrefs('guide.html', 'main p a')).toEqual(['slides/01-second.html', 'readme.html#start']);
    expect(hrefs('contributing.html', 'main p a')).toEqual(['00-start.html', 'files/lib/a.ts.txt']);
  });

  it('works below any address: no link begins at the root of a host', () => {
    const all = pages.flatMap((page) => hrefs(page, '[href]'));
    expect(all.length).toBeGreaterThan(30);
    expect(all.filter((href) => href?.startsWith('/'))).toEqual([]);
  });

  it('leaves no link without an end, and loads nothing from another host', async () => {
    expect(await checkSite(folders.out)).toEqual([]);
  });

  it('needs no slides', async () => {
    const out = join(folders.root, 'bare');
    await buildSite({ ...folders, slides: join(folders.root, 'nowhere'), out });
    expect(readFileSync(join(out, 'index.html'), 'utf8')).not.toContain('slides/');
    expect(await checkSite(out)).toEqual([]);
  });
});

describe('the check of the site', () => {
  const ruin = async (page: string, html: string) => {
    const before = read(page);
    writeFileSync(join(folders.out, page), before.replace('</main>', `${html}</main>`));
    try {
      return await checkSite(folders.out);
    } finally {
      writeFileSync(join(folders.out, page), before);
    }
  };

  it('names a page that is not there', async () => {
    const faults = await ruin('02-last.html', '<a href="gone.html">gone</a>');
    expect(faults).toEqual(['02-last.html links to gone.html, which is not there']);
  });

  it('names a heading that is not there', async () => {
    const faults = await ruin('02-last.html', '<a href="01-second.html#gone">gone</a>');
    expect(faults).toEqual(['02-last.html links to 01-second.html#gone, which is not there']);
  });

  it('names what comes from another host', async () => {
    const faults = await ruin('guide.html', '<img src="//example.org/a.png" alt="">');
    expect(faults).toEqual(['guide.html loads //example.org/a.png']);
  });

  it.for([
    '<script src="https://example.org/a.js"></script>',
    '<link rel="stylesheet" href="https://example.org/a.css">',
    '<img srcset="a.png 1x, https://example.org/b.png 2x" alt="">',
    '<style>@import "https://example.org/a.css";</style>',
    '<style>b { background: url(https://example.org/a.png) }</style>',
    '<p style="background: url(\'https://example.org/a.png\')"></p>',
    '<iframe src="https://example.org"></iframe>',
  ])('sees that %s asks another host', (html) => {
    expect(findForeign(html)).toHaveLength(1);
  });

  it('lets a link to another host be: it is followed only by a click', () => {
    expect(findForeign('<a href="https://example.org">there</a>')).toEqual([]);
  });
});

describe('an executed notebook from an earlier run', () => {
  const store = (folder: string, source: string, more: Partial<Cell> = {}) => {
    const cell = { id: 'a', cell_type: 'code', metadata: {}, source, execution_count: 1, ...more };
    const notebook = { cells: [cell], metadata: {}, nbformat: 4, nbformat_minor: 5 };
    mkdirSync(join(folders.root, folder), { recursive: true });
    writeFileSync(join(folders.root, folder, '09-x.ipynb'), JSON.stringify(notebook));
  };
  const isGood = () => isCurrent('09-x', { ...folders, executed: join(folders.root, 'earlier') });

  it('is taken when it ran through and the chapter is the same', () => {
    store('notebooks', '1', { execution_count: null });
    expect(isGood()).toBe(false);
    store('earlier', '1');
    expect(isGood()).toBe(true);
  });

  it.for([
    ['the chapter has changed', '2', {}],
    ['a cell did not run', '1', { execution_count: null }],
    ['a cell failed', '1', { metadata: { workshop: { kind: 'error' } } }],
  ] as const)('is not taken when %s', ([, source, more]) => {
    store('earlier', source, more);
    expect(isGood()).toBe(false);
  });
});

describe('the README', () => {
  it('has the chapters that the kit has, in its table', () => {
    const text = readFileSync(join(import.meta.dirname, '../../README.md'), 'utf8');
    const chapters = readReadme(text).chapters.map(({ sees: _, ...chapter }) => chapter);
    expect(chapters).toEqual(CHAPTERS);
  });

  it('must have a table of chapters', () => {
    expect(() => readReadme('# Title\n')).toThrow('no table of chapters');
  });
});

describe('the site in a browser', () => {
  if (noBrowser) return it('is looked at', ({ skip }) => skip(noBrowser));

  let browser: Browser;
  beforeAll(async () => {
    browser = await openBrowser();
  });
  afterAll(() => browser?.close());

  const visit = async (name: string, width = 390) => {
    const page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme: 'dark' });
    const foreign = watchRequests(page);
    const errors: string[] = [];
    page.on('pageerror', ({ message }) => errors.push(message));
    await page.goto(pathToFileURL(join(folders.out, name)).href);
    return { page, foreign, errors };
  };

  it('is whole on a phone, from a file, without a network', async () => {
    for (const name of pages) {
      const { page, foreign, errors } = await visit(name);
      if (name === '01-second.html') await page.waitForSelector('.vega-embed svg.marks');
      expect(await page.evaluate(() => document.documentElement.scrollWidth), name).toBe(390);
      expect([...foreign, ...errors], name).toEqual([]);
      await page.close();
    }
  });

  it('can be read by those who do not see it', async () => {
    for (const name of pages) {
      const { page } = await visit(name);
      const seen = await page.evaluate(() => {
        const all = (selector: string) => [...document.querySelectorAll(selector)];
        return {
          language: document.documentElement.lang,
          titles: all('h1').length,
          mains: all('main').length,
          unnamed: all('nav:not([aria-label])').length,
          silent: all('img:not([alt]), img[alt=""]').length,
          empty: all('a[href]').filter(
            (link) => !link.textContent.trim() && !link.hasAttribute('aria-label'),
          ).length,
        };
      });
      const good = { language: 'en', titles: 1, mains: 1, unnamed: 0, silent: 0, empty: 0 };
      expect(seen, name).toEqual(good);
      await page.close();
    }
  });

  it('can be walked by the keyboard', async () => {
    const { page } = await visit('00-start.html', 1300);
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Skip to the text');
    const isSeen = await page.evaluate(
      () => (document.activeElement?.getBoundingClientRect().left ?? -1) >= 0,
    );
    expect(isSeen).toBe(true);
    await page.focus('.pager .next');
    await page.keyboard.press('Enter');
    await page.waitForURL(/01-second\.html$/);
    expect(basename(dirname(new URL(page.url()).pathname))).toBe('site');
    await page.close();
  });
});
