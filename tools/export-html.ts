/**
 * An executed notebook as one self-contained page: nothing is loaded from anywhere.
 *
 * Usage: node tools/export-html.ts executed.ipynb page.html
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from '../cluster/instance.ts';
import { isMain, runTool } from './cli.ts';
import { createRenderer, type Renderer, type RendererOptions } from './export-markdown.ts';
import { renderOutput, VEGA_LITE } from './export-outputs.ts';
import { type Frame, renderPage } from './export-page.ts';
import { type Cell, type Notebook, readNotebook } from './notebook.ts';

/**
 * @param options.folder - of the notebook, where its pictures are @default the notebooks of the kit
 * @param options.link - says where a link leads @default a notebook's leads to its page
 * @param options.frame - what a site puts around the page
 */
export async function exportHtml(
  notebook: Notebook,
  { folder = join(root, 'notebooks'), link, frame }: RendererOptions & { frame?: Frame } = {},
): Promise<string> {
  const renderer = await createRenderer({ folder, link });
  const cells = notebook.cells.map((cell) => renderCell(cell, renderer)).join('\n');
  const { headings } = renderer;
  const title = headings.find(({ level }) => level === 1)?.text ?? 'Notebook';
  const scripts = cells.includes(VEGA_LITE) ? chartScripts() : '';
  return renderPage({ title, content: cells, headings, scripts, frame });
}

function renderCell(cell: Cell, renderer: Renderer): string {
  if (cell.cell_type === 'markdown') {
    return `<section class="prose">\n${renderer.markdown(cell.source)}</section>`;
  }
  const outputs = (cell.outputs ?? []).map((output) => renderOutput(output, renderer)).join('\n');
  const count = cell.execution_count ?? ' ';
  return (
    `<section class="cell${cell.metadata.workshop ? ' failed' : ''}">\n` +
    `<div class="source" data-count="${count}">${renderer.code(cell.source, 'typescript')}</div>\n` +
    `${outputs && `<div class="outputs">\n${outputs}\n</div>\n`}</section>`
  );
}

function chartScripts(): string {
  const libraries = ['vega', 'vega-lite', 'vega-embed'].map((name) =>
    join(root, 'node_modules', name, 'build', `${name}.min.js`),
  );
  return [...libraries, join(import.meta.dirname, 'page.js')]
    .map((file) => readFileSync(file, 'utf8').replaceAll('</script', '<\\/script'))
    .map((text) => `<script>\n${text.replace(/^\/\/# sourceMappingURL.*$/m, '')}\n</script>`)
    .join('\n');
}

async function main([file, out]: string[]): Promise<void> {
  if (!file || !out) throw new Error('Usage: node tools/export-html.ts executed.ipynb page.html');
  writeFileSync(out, await exportHtml(readNotebook(file), { folder: dirname(file) }));
  console.log(`written ${out}`);
}

if (isMain(import.meta.url)) await runTool(main);
