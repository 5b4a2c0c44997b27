/** Outputs of a cell as HTML. */

import { escapeHtml } from '../lib/html.ts';
import { ansiToHtml } from './ansi.ts';
import type { Renderer } from './export-markdown.ts';
import { joined, type Output } from './notebook.ts';

/** Where the page's script draws a chart, with a picture of it until then. */
export const VEGA_LITE = 'class="vega-lite"';

export function renderOutput(output: Output, renderer: Renderer): string {
  if (output.output_type === 'stream') {
    return `<pre class="${output.name}">${ansiToHtml(output.text)}</pre>`;
  }
  if (output.output_type === 'error') {
    return `<pre class="error">${ansiToHtml(output.traceback.join('\n'))}</pre>`;
  }
  return renderData(output.data, renderer);
}

function renderData(data: Record<string, unknown>, { markdown, link }: Renderer): string {
  const text = joined(data['text/plain'] ?? '');
  const vegaLite = Object.keys(data).find((type) => /^application\/vnd\.vegalite\.v\d/.test(type));
  if (vegaLite) return renderVegaLite(data[vegaLite], data['image/svg+xml'], text);
  if (data['text/html']) {
    return `<div class="html scroll">${withLinks(joined(data['text/html']), link)}</div>`;
  }
  if (data['text/markdown']) {
    return `<div class="prose">${markdown(joined(data['text/markdown']))}</div>`;
  }
  if (data['image/svg+xml']) return figure(svgImage(data['image/svg+xml'], text));
  for (const type of ['image/png', 'image/jpeg', 'image/gif']) {
    if (data[type]) return figure(image(`${type};base64,${joined(data[type]).trim()}`, text));
  }
  if (data['application/json']) {
    return `<pre>${escapeHtml(JSON.stringify(data['application/json'], null, 2))}</pre>`;
  }
  return text && `<pre class="result">${ansiToHtml(text)}</pre>`;
}

const withLinks = (html: string, link: Renderer['link']) =>
  html.replace(/(<a\s[^>]*?href=")([^"]*)"/g, (_, before, href) => `${before}${link(href)}"`);

function renderVegaLite(spec: unknown, svg: unknown, text: string): string {
  const json = JSON.stringify(spec).replaceAll('<', '\\u003c'); // no tag can end the script
  return figure(
    `<div ${VEGA_LITE}><script type="application/json">${json}</script>` +
      `<div class="chart">${svg ? svgImage(svg, text) : escapeHtml(text)}</div></div>`,
    text,
  );
}

// As an image of its own: ids and styles of two charts do not meet.
const svgImage = (svg: unknown, text: string) =>
  image(`image/svg+xml;base64,${Buffer.from(joined(svg)).toString('base64')}`, text);

const image = (data: string, alt: string) => `<img src="data:${data}" alt="${escapeHtml(alt)}">`;

// A label only where the content may lose its own: a drawn chart has none.
const figure = (content: string, label = '') =>
  `<figure${label && ` aria-label="${escapeHtml(label)}"`}>${content}</figure>`;
