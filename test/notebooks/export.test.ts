/** The web page of an executed notebook. */
import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import { exportHtml } from '../../tools/export-html.ts';
import type { Notebook, Output } from '../../tools/notebook.ts';
import { parsePercent } from '../../tools/percent.ts';

const TEXT = `// %% [markdown]
// # A \`<title>\` & more
// [next](02-b.ipynb#there) and [far](https://example.org/a.ipynb) with \`code\`
// | a | b |
// |---|---|
// | 1 | 2 |

// %% [markdown]
// ## Same
// ## Same
// \`\`\`sql
// select 1
// \`\`\`

// %%
const answer: number = 42;
`;

const page = async (...outputs: Output[]) => {
  const notebook: Notebook = parsePercent(TEXT);
  notebook.cells[2].outputs = outputs;
  const html = await exportHtml(notebook);
  return { html, document: parseHTML(html).document };
};
const shown = (data: Record<string, unknown>): Output => ({
  output_type: 'display_data',
  data,
  metadata: {},
});

describe('the page of a notebook', () => {
  it('has a title, anchors and contents', async () => {
    const { document } = await page();
    expect(document.title).toBe('A <title> & more');
    expect([...document.querySelectorAll('h2')].map(({ id }) => id)).toEqual(['same', 'same-1']);
    const links = [...document.querySelectorAll('nav a')].map((link) => link.getAttribute('href'));
    expect(links).toEqual(['#same', '#same-1']);
    expect(document.querySelectorAll('.scroll > table td')).toHaveLength(2);
  });

  it('leads to the other pages, not to notebooks', async () => {
    const { document } = await page();
    const links = [...document.querySelectorAll('main p a:not(.anchor)')];
    expect(links.map((link) => link.getAttribute('href'))).toEqual([
      '02-b.html#there',
      'https://example.org/a.ipynb',
    ]);
  });

  it('highlights TypeScript and SQL for light and dark', async () => {
    const { html } = await page();
    expect(html).toMatch(/color:light-dark\(#\w+, #\w+\)">const</);
    expect(html).toMatch(/color:light-dark\(#\w+, #\w+\)">select</);
  });

  it('loads nothing from anywhere', async () => {
    const chart = {
      'application/vnd.vegalite.v5+json': { mark: 'bar' },
      'image/svg+xml': '<svg/>',
    };
    const { document, html } = await page(shown(chart));
    for (const element of document.querySelectorAll('[src], link')) {
      expect(element.getAttribute('src')).toMatch(/^data:/);
    }
    expect(html).toContain("default-src 'none'");
  });

  it('carries the chart library only where a chart needs it', async () => {
    const spec = { mark: 'bar', title: '</script><b>' };
    const plain = await page();
    const chart = await page(shown({ 'application/vnd.vegalite.v5+json': spec }));
    expect(plain.html.length).toBeLessThan(50_000);
    expect(chart.html.length).toBeGreaterThan(500_000);
    const stored = chart.document.querySelector('.vega-lite script')?.textContent ?? '';
    expect(JSON.parse(stored)).toEqual(spec);
    expect(chart.html).not.toContain('</script><b>');
  });

  it('shows each kind of output', async () => {
    const { document } = await page(
      { output_type: 'stream', name: 'stdout', text: 'a \x1b[1;31mred\x1b[0m <b>\x1b[2K' },
      { output_type: 'stream', name: 'stderr', text: 'careful' },
      { output_type: 'error', ename: 'E', evalue: 'v', traceback: ['E: v <1>'] },
      shown({ 'text/html': '<table></table>', 'text/plain': 'a table' }),
      shown({ 'text/markdown': '```sql\nselect 2\n```', 'text/plain': 'select 2' }),
      shown({ 'image/svg+xml': '<svg/>', 'text/plain': 'a "chart"' }),
      shown({ 'image/png': 'AAAA\n', 'text/plain': 'a picture' }),
      shown({ 'application/json': { a: 1 } }),
      shown({ 'text/plain': '{ a: 1 }' }),
    );
    const outputs = [...(document.querySelector('.outputs')?.children ?? [])];
    expect(outputs.map(({ className, tagName }) => className || tagName)).toEqual([
      'stdout',
      'stderr',
      'error',
      'html scroll',
      'prose',
      'FIGURE',
      'FIGURE',
      'PRE',
      'result',
    ]);
    expect(outputs[0].innerHTML).toBe('a <span class="ansi-bold ansi-red">red</span> &lt;b&gt;');
    expect(outputs[2].textContent).toBe('E: v <1>');
    expect(outputs[5].querySelector('img')?.getAttribute('alt')).toBe('a "chart"');
    expect(outputs[6].querySelector('img')?.getAttribute('src')).toBe('data:image/png;base64,AAAA');
  });

  it('is the same each time', async () => {
    expect((await page()).html).toBe((await page()).html);
  });
});
