/** JupyterLab in a real browser, as an attendee uses it; screenshots are kept in out/screenshots. */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startInstance } from '../../cluster/index.ts';
import { type JupyterLab, startJupyterLab } from '../../tools/jupyterlab.ts';
import {
  look,
  noBrowser,
  openBrowser,
  openNotebook,
  photograph,
  runAllCells,
  watchRequests,
} from './browser.ts';

const root = join(import.meta.dirname, '../..');
const out = join(root, 'out');
const screenshots = join(out, 'screenshots');

describe('JupyterLab', { timeout: 180_000 }, () => {
  if (noBrowser) return it('is looked at', ({ skip }) => skip(noBrowser));

  let lab: JupyterLab;
  let browser: Browser;
  const copies: string[] = [];

  beforeAll(async () => {
    process.env.WORKSHOP_INSTANCE ??= 'test';
    if (!process.env.DATABASE_URL) await startInstance();
    mkdirSync(screenshots, { recursive: true });
    lab = await startJupyterLab({ open: false, instance: process.env.WORKSHOP_INSTANCE });
    browser = await openBrowser();
  }, 180_000);

  afterAll(async () => {
    await browser?.close();
    await lab?.stop();
    for (const copy of copies) rmSync(copy, { force: true });
  });

  // JupyterLab saves what it shows, so it gets a copy; beside lib/, as the folder of the notebooks is.
  function copyOf(number: string): string {
    const folder = join(root, 'notebooks');
    const name = readdirSync(folder).find((file) => new RegExp(`^${number}-.*ipynb$`).test(file));
    const copy = `lab-${name}`;
    copyFileSync(join(folder, name ?? ''), join(out, copy));
    copies.push(join(out, copy));
    return copy;
  }

  it.for([
    { number: '00', vegaLite: 1, plots: 0 },
    { number: '07', vegaLite: 2, plots: 2 },
  ])(
    'runs notebook $number: charts, checkpoints, no error, nothing from elsewhere',
    async (wanted) => {
      const name = copyOf(wanted.number);
      const { cells } = JSON.parse(readFileSync(join(out, name), 'utf8'));
      const source = JSON.stringify(cells);
      const page = await browser.newPage({ viewport: { width: 1280, height: 9000 } });
      const foreign = watchRequests(page);
      try {
        await openNotebook(
          page,
          `http://127.0.0.1:${lab.port}/lab/tree/out/${name}?reset&token=${lab.token}`,
        );
        await runAllCells(page, 120_000);
        const seen = await look(page);
        expect(seen.errors).toEqual([]);
        const code = cells.filter((cell: { cell_type: string }) => cell.cell_type === 'code');
        expect([seen.cells, seen.executed]).toEqual([code.length, code.length]);
        expect(seen.vegaLite).toBeGreaterThanOrEqual(wanted.vegaLite);
        expect(seen.plots).toBeGreaterThanOrEqual(wanted.plots);
        // at the start of a line: one that is indented may be for several nodes only
        for (const [, id] of source.matchAll(/(?:"|\\n)checkpoint\((?:\\n|",|"|\s)*'([\d.]+)'/g)) {
          expect(seen.text).toContain(`✓ ${id}`);
        }
        expect(seen.text).not.toContain('✗');
        expect(seen.text).toContain('checkpoints passed');
        expect(foreign).toEqual([]);
      } finally {
        await photograph(page, join(screenshots, `jupyterlab-${wanted.number}.png`));
        await page.close();
      }
    },
  );
});
