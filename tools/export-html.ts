/**
 * An executed notebook as one self-contained page: nothing is loaded from anywhere.
 *
 * Usage: node tools/export-html.ts executed.ipynb page.html
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isMain, runTool } from './cli.ts';
import { createRenderer, type Heading, type Renderer } from './export-markdown.ts';
import { renderOutput, VEGA_LITE } from './export-outputs.ts';
import { escapeHtml } from './html.ts';
import { type Cell, type Notebook, readNotebook } from './notebook.ts';

/** @param options.folder - of the notebook, where its pictures are @default the notebooks of the kit */
export async function exportHtml(
  notebook: Notebook,
  { folder = join(root, 'notebooks') }: { folder?: string } = {},
): Promise<string> {
  const renderer = await createRenderer(folder);
  const cells = notebook.cells.map((cell) => renderCell(cell, renderer)).join('\n');
  const title = renderer.headings.find(({ level }) => level === 1)?.text ?? 'Notebook';
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<title>${escapeHtml(title)}</title>
<style>
${readFileSync(join(import.meta.dirname, 'page.css'), 'utf8')}</style>
</head>
<body>
${tableOfContents(renderer.headings)}
<main>
${cells}
</main>
${cells.includes(VEGA_LITE) ? chartScripts() : ''}
</body>
</html>
`;
}

const root = join(import.meta.dirname, '..');

// The browser itself refuses every request. Charts are compiled from expressions, hence unsafe-eval.
const POLICY = [
  "default-src 'none'",
  "style-src 'unsafe-inline'",
  "script-src 'unsafe-inline' 'unsafe-eval'",
  'img-src data: blob:',
  'font-src data:',
].join('; ');

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

function tableOfContents(headings: Heading[]): string {
  const entries = headings.filter(({ level }) => level === 2);
  if (entries.length < 2) return '';
  const items = entries.map(
    ({ slug, text }) => `<li><a href="#${slug}">${escapeHtml(text)}</a></li>`,
  );
  return `<nav aria-label="Contents"><details><summary>Contents</summary><ol>${items.join('')}</ol></details></nav>`;
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
