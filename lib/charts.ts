import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import * as vega from 'vega';
import * as vegaLite from 'vega-lite';
import { display, type Live, type MimeBundle } from './display.ts';

/** The kit's colours: distinct in print, in dark mode and to colour-blind eyes (Okabe and Ito, 2008). */
export const COLOURS = {
  blue: '#0072b2',
  orange: '#e69f00',
  green: '#009e73',
  red: '#d55e00',
  purple: '#cc79a7',
  sky: '#56b4e9',
  grey: '#8c8c8c',
} as const;

/**
 * Draws a vega-lite specification: interactive where the front end can, an SVG elsewhere.
 *
 * @param live draws into this area in place of a new output
 */
export async function drawVegaLite(spec: vegaLite.TopLevelSpec, live?: Live): Promise<void> {
  const bundle = await vegaLiteBundle(spec);
  if (live) live.show(bundle);
  else display(bundle);
}

/**
 * Draws an Observable Plot as SVG.
 *
 * @param live draws into this area in place of a new output
 */
export function drawPlot(options: Plot.PlotOptions, live?: Live): void {
  const bundle = plotBundle(options);
  if (live) live.show(bundle);
  else display(bundle);
}

/** A vega-lite chart as Jupyter output: the specification and an SVG of it. */
export async function vegaLiteBundle(spec: vegaLite.TopLevelSpec): Promise<MimeBundle> {
  const themed = {
    config: THEME,
    background: 'white',
    ...structuredClone(spec),
  } as vegaLite.TopLevelSpec;
  // compiling writes a symbol into the data, hence a copy for each of the two
  const view = new vega.View(vega.parse(vegaLite.compile(structuredClone(themed)).spec), {
    renderer: 'none',
  });
  const svg = await view.toSVG();
  view.finalize();
  return {
    // the newest MIME type that JupyterLab and VS Code register; their renderers read version 6 under it
    'application/vnd.vegalite.v5+json': {
      $schema: 'https://vega.github.io/schema/vega-lite/v5.json',
      ...themed,
    },
    'image/svg+xml': svg,
    'text/plain': `[chart] ${title(spec.title)}`,
  };
}

/** An Observable Plot as Jupyter output. */
export function plotBundle(options: Plot.PlotOptions): MimeBundle {
  const { document } = parseHTML('<!doctype html><html><body></body></html>');
  const element = Plot.plot({
    ...options,
    title: options.title && titleElement(document.createElement('div'), title(options.title)),
    document: document as unknown as Document,
    style: {
      background: 'white',
      color: '#1b1b1b',
      fontSize: '12px',
      ...(options.style as object),
    },
  });
  for (const svg of [element, ...element.querySelectorAll('svg')])
    if (svg.tagName.toLowerCase() === 'svg') svg.setAttribute('xmlns', SVG_NAMESPACE);
  const text = `[chart] ${title(options.title)}`;
  return element.tagName.toLowerCase() === 'svg'
    ? { 'image/svg+xml': element.outerHTML, 'text/plain': text }
    : { 'text/html': onWhite(element.outerHTML), 'text/plain': text }; // a title or a legend makes it a <figure>
}

const SVG_NAMESPACE = 'http://www.w3.org/2000/svg';

const THEME = {
  view: { stroke: null },
  axisTemporal: { format: '%a %H:%M', labelOverlap: true },
  axis: {
    labelFontSize: 12,
    titleFontSize: 12,
    titleFontWeight: 'normal',
    grid: true,
    gridColor: '#eee',
  },
  legend: { labelFontSize: 12, titleFontSize: 12 },
  title: { fontSize: 15, anchor: 'start', offset: 12 },
  range: { category: Object.values(COLOURS) },
};

const title = (value: unknown) => {
  const text = typeof value === 'object' && value ? (value as { text?: unknown }).text : value;
  return [text ?? ''].flat().join(' ');
};

// As vega-lite's, and no heading of the notebook's own outline.
function titleElement(element: HTMLElement, text: string): HTMLElement {
  element.textContent = text;
  element.setAttribute('style', 'font:bold 15px sans-serif;margin:0 0 12px');
  return element;
}

const onWhite = (markup: string) =>
  `<div style="background:white;color:#1b1b1b;padding:8px 12px;display:inline-block">${markup}</div>`;
