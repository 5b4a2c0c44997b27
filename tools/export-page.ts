/** The frame of every page: its styles are inside, and nothing is loaded from anywhere. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { escapeHtml } from '../lib/html.ts';
import type { Heading } from './export-markdown.ts';

/** What a site puts around the content, as HTML. */
export interface Frame {
  style?: string;
  header?: string;
  footer?: string;
}

export interface Page {
  title: string;
  content: string;
  /** Those of the second level make the contents. */
  headings?: Heading[];
  scripts?: string;
  frame?: Frame;
}

export function renderPage({
  title,
  content,
  headings = [],
  scripts = '',
  frame: { style = '', header = '', footer = '' } = {},
}: Page): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<title>${escapeHtml(title)}</title>
<style>
${readFileSync(join(import.meta.dirname, 'page.css'), 'utf8')}${style}</style>
</head>
<body>
${header}
${tableOfContents(headings)}
<main id="main">
${content}
</main>
${footer}
${scripts}
</body>
</html>
`;
}

// The browser itself refuses every request. Charts are compiled from expressions, hence unsafe-eval.
const POLICY = [
  "default-src 'none'",
  "style-src 'unsafe-inline'",
  "script-src 'unsafe-inline' 'unsafe-eval'",
  'img-src data: blob:',
  'font-src data:',
].join('; ');

function tableOfContents(headings: Heading[]): string {
  const entries = headings.filter(({ level }) => level === 2);
  if (entries.length < 2) return '';
  const items = entries.map(
    ({ slug, text }) => `<li><a href="#${slug}">${escapeHtml(text)}</a></li>`,
  );
  return `<nav class="contents" aria-label="Contents"><details><summary>Contents</summary><ol>${items.join('')}</ol></details></nav>`;
}
