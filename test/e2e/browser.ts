/** A browser without a network, and a notebook in JupyterLab as a person sees it. */
import { type Browser, chromium, type Page } from 'playwright-core';
import { findChromium } from '../../tools/chromium.ts';

/** Why there is no browser test here; undefined when there can be one. */
export const noBrowser: string | undefined = findChromium()
  ? undefined
  : 'no Chromium on this machine; on Debian: apt-get install chromium';

export function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: findChromium(), args: FLAGS });
}

/** Requests of a page to any other machine, as they come. */
export function watchRequests(page: Page): string[] {
  const foreign: string[] = [];
  const watch = (address: string) => {
    const { protocol, hostname } = new URL(address);
    const isNetwork = /^(https?|wss?|ftp):$/.test(protocol);
    if (isNetwork && hostname !== '127.0.0.1') foreign.push(address);
  };
  page.on('request', (request) => watch(request.url()));
  page.on('requestfailed', (request) => {
    const refused = request.failure()?.errorText === 'csp'; // by the page's own policy: never sent
    if (refused) foreign.splice(foreign.indexOf(request.url()), 1);
  });
  page.on('websocket', (socket) => watch(socket.url()));
  return foreign;
}

/** Opens a notebook and waits for its kernel. */
export async function openNotebook(page: Page, url: string): Promise<void> {
  await page.goto(url);
  await page.waitForSelector('.jp-Notebook .jp-CodeCell', { timeout: 60_000 });
  await untilIdle(page, 60_000);
}

/** Runs all cells by the menu, and waits until each has its number and the kernel is idle. */
export async function runAllCells(page: Page, timeoutMs: number): Promise<void> {
  await page.click('.lm-MenuBar-itemLabel:text-is("Run")');
  await page.click('.lm-Menu-itemLabel:text-is("Run All Cells")');
  await page.waitForFunction(allNumbered, undefined, { timeout: timeoutMs });
  await untilIdle(page, timeoutMs);
}

export interface Seen {
  /** Text of all outputs. */
  text: string;
  vegaLite: number;
  plots: number;
  errors: string[];
  /** Code cells and those with a number. */
  cells: number;
  executed: number;
}

/** What stands in the notebook. */
export const look = (page: Page): Promise<Seen> =>
  page.evaluate(() => {
    const all = (selector: string) => [
      ...document.querySelectorAll<HTMLElement>(`.jp-Notebook ${selector}`),
    ];
    const outputs = '.jp-OutputArea-output';
    const prompts = all('.jp-CodeCell .jp-InputArea-prompt').map((prompt) => prompt.textContent);
    return {
      text: all(outputs)
        .map((output) => output.textContent)
        .join('\n'),
      vegaLite: all(`${outputs} .vega-embed :is(canvas, svg.marks)`).length,
      plots: all(`${outputs} svg[class^="plot"]`).length + all('.jp-RenderedSVG img').length,
      errors: all(
        ['error', 'stderr'].map((type) => `[data-mime-type$="jupyter.${type}"]`).join(', '),
      ).map((output) => output.textContent),
      cells: prompts.length,
      executed: prompts.filter((prompt) => /\[\d+\]/.test(prompt)).length,
    };
  });

/** A picture down to the last cell: the window of these tests is taller than any notebook. */
export async function photograph(page: Page, path: string): Promise<void> {
  const { width, height } = page.viewportSize() ?? { width: 1280, height: 1000 };
  const last = await page.locator('.jp-Notebook .jp-Cell').last().boundingBox();
  const bottom = last ? Math.min(last.y + last.height + 40, height) : height;
  await page.screenshot({ path, clip: { x: 0, y: 0, width, height: bottom } });
}

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

// Runs in the page. A cell that waits or runs shows `[*]`.
const allNumbered = () =>
  [...document.querySelectorAll<HTMLElement>('.jp-CodeCell .jp-InputArea-prompt')].every((prompt) =>
    /\[\d+\]/.test(prompt.textContent),
  );

const untilIdle = (page: Page, timeoutMs: number) =>
  page.waitForFunction(
    () => {
      const bar = document.querySelector<HTMLElement>('#jp-main-statusbar');
      return /\| Idle/.test(bar?.textContent ?? '');
    },
    undefined,
    { timeout: timeoutMs },
  );
