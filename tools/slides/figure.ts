/** What a slide shows besides words: as HTML on one line, since an empty line ends HTML in Markdown. */
import type { TopLevelSpec } from 'vega-lite';
import { vegaLiteBundle } from '../../lib/charts.ts';
import { escapeHtml } from '../../lib/html.ts';
import { type DataOutput, joined } from '../notebook.ts';
import { type Figures, findOutput } from './executed.ts';

/** Room for a figure below a heading, in pixels of a slide that is 1280 wide. */
const WIDTH = 1120;
const HEIGHT = 440;

/**
 * A chart of an executed notebook, scaled to the slide.
 *
 * @param height in pixels of a slide that is 720 high
 */
export async function figure(
  id: string,
  title: string,
  height = HEIGHT,
  figures: Figures,
): Promise<string> {
  const data = findOutput('chart', id, title, figures);
  if (!data) return frame(title, `npm run notebooks -- ${id}`, height);
  const svg = await readSvg(data);
  return svg ? picture(svg, title, height) : withLegend(joined(data['text/html']), height);
}

/** A table of an executed notebook, cut after `limit` rows. */
export function table(id: string, text: string, limit = 8, figures: Figures): string {
  const data = findOutput('table', id, text, figures);
  if (!data) return frame(text, `npm run notebooks -- ${id}`, 200);
  let rows = 0;
  const cut = (row: string) => (++rows > limit ? '' : row);
  const html = joined(data['text/html']).replace(/<tr><td.*?<\/tr>/gs, cut);
  return oneLine(`<div class="table">${html}</div>`);
}

/** An SVG as an image of its own, so that ids and styles of two do not meet; as large as there is room. */
export function picture(svg: string, title: string, height = HEIGHT): string {
  const size = scaleTo(height, svg);
  const style = `width:${size.width}px;height:${size.height}px`;
  const address = `data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}`;
  return `<img class="figure" style="${style}" src="${address}" alt="${escapeHtml(title)}">`;
}

/** An empty frame in place of a picture that is not there yet, with what makes it. */
export const frame = (title: string, repair: string, height: number): string =>
  `<div class="frame" style="height:${height}px"><span>${escapeHtml(title)}</span>` +
  `<code>${escapeHtml(repair)}</code></div>`;

// A slide is read from further away: vega-lite draws the same chart with larger letters.
async function readSvg(data: DataOutput['data']): Promise<string | undefined> {
  const spec = data['application/vnd.vegalite.v5+json'];
  if (!spec) return data['image/svg+xml'] ? joined(data['image/svg+xml']) : undefined;
  const chart = structuredClone(spec) as { config: Record<string, object> };
  const letters = { labelFontSize: 16, titleFontSize: 16, labelLimit: 0 };
  for (const part of ['axis', 'legend']) chart.config[part] = { ...chart.config[part], ...letters };
  return joined((await vegaLiteBundle(chart as unknown as TopLevelSpec))['image/svg+xml']);
}

// A plot with a legend is HTML around an SVG; both grow together. Its styles are in slides/theme.css: Marp takes
// style elements out of a slide.
function withLegend(html: string, height: number): string {
  const { scale } = scaleTo(height, html, { around: { width: 24, height: 78 } });
  const content = html.replace(/<style>.*?<\/style>/gs, '');
  return oneLine(`<div class="figure" style="zoom:${scale.toFixed(2)}">${content}</div>`);
}

function scaleTo(height: number, markup: string, { around = { width: 0, height: 0 } } = {}) {
  const boxes = [...markup.matchAll(/<svg[^>]* viewBox="[\d.-]+ [\d.-]+ ([\d.]+) ([\d.]+)"/g)];
  const largest = (at: number) => Math.max(...boxes.map((box) => Number(box[at])));
  const scale = Math.min(
    WIDTH / (largest(1) + around.width),
    height / (largest(2) + around.height),
  );
  return {
    scale,
    width: Math.round(largest(1) * scale),
    height: Math.round(largest(2) * scale),
  };
}

const oneLine = (html: string) => html.replace(/\s*\n\s*/g, ' ');
