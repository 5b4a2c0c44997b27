/** The web page of a notebook in a browser: charts come to life, and nothing is asked of anybody. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plotBundle, vegaLiteBundle } from '../../lib/charts.ts';
import { exportHtml } from '../../tools/export-html.ts';
import { parsePercent } from '../../tools/percent.ts';
import { noBrowser, openBrowser, watchRequests } from './browser.ts';

const screenshots = join(import.meta.dirname, '../../out/screenshots');
const file = join(screenshots, 'page.html');

const SCRIPT = `// %% [markdown]
// # A page for people
// ![picture](https://example.org/picture.png)
//
// ## The chart
// ## The end

// %%
const answer: number = 'a line of code that is certainly longer than a phone is wide, by far'.length;
`;

describe('the page of a notebook', () => {
  if (noBrowser) return it('is looked at', ({ skip }) => skip(noBrowser));

  let browser: Browser;

  beforeAll(async () => {
    mkdirSync(screenshots, { recursive: true });
    const notebook = parsePercent(SCRIPT);
    const data = { values: [1, 2, 4].map((count, hour) => ({ hour, count })) };
    const chart = await vegaLiteBundle({
      title: 'Events',
      width: 640,
      data,
      mark: { type: 'bar', tooltip: true },
      encoding: { x: { field: 'hour' }, y: { field: 'count', type: 'quantitative' } },
    });
    const bundles = [chart, plotBundle({ title: 'Plot', marks: [] })];
    notebook.cells[1].outputs = bundles.map((bundle) => ({
      output_type: 'display_data',
      data: bundle,
      metadata: {},
    }));
    writeFileSync(file, await exportHtml(notebook));
    browser = await openBrowser();
  });
  afterAll(() => browser?.close());

  it.for([
    { name: 'light', width: 1400, colorScheme: 'light' },
    { name: 'dark', width: 1000, colorScheme: 'dark' },
    { name: 'phone', width: 400, colorScheme: 'light' },
  ] as const)('is complete and fits: $name', async ({ name, width, colorScheme }) => {
    const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
    const foreign = watchRequests(page);
    const errors: string[] = [];
    page.on('pageerror', ({ message }) => errors.push(message));
    await page.goto(pathToFileURL(file).href);
    await page.waitForSelector('.vega-embed svg.marks');
    await page.screenshot({ path: join(screenshots, `page-${name}.png`) });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
    expect(await page.locator('nav a').count()).toBe(2);
    expect(foreign).toEqual([]); // not even the picture that the text asks for
    expect(errors).toEqual([]);
    const paper = await page.evaluate(() => getComputedStyle(document.documentElement).background);
    expect(paper.startsWith('rgb(255, 255, 255)')).toBe(colorScheme === 'light');
    const card = await page.evaluate(() => {
      const figure = document.querySelector('figure');
      return figure && getComputedStyle(figure).backgroundColor;
    });
    expect(card).toBe('rgb(255, 255, 255)');
    await page.close();
  });
});
