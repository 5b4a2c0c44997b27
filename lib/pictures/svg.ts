import { escapeHtml } from '../html.ts';

/** Colours beside the kit's own: a picture brings its paper along, so that it looks the same in dark mode. */
export const INK = '#1b1b1b';
export const FAINT = '#5f6368';
export const RULE = '#c8ccd0';
export const PAPER = '#ffffff';

/** Pictures are as wide as a slide, and no text is smaller than this: 24 of 1,280 can be read at the back of a room. */
export const WIDTH = 1280;
const TEXT_SIZE = 24;

// JupyterLab cuts what is wider than its column, beside an open side bar on a small screen
const SHOWN_WIDTH = 800;

export type Point = [x: number, y: number];

/**
 * A whole picture, 1,280 units wide, which scales to whatever it stands in.
 *
 * @param description the picture in words, for those who do not see it
 */
export function picture({ height, title, description }: Sheet, shapes: string[]): string {
  return tag(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      viewBox: `0 0 ${WIDTH} ${height}`,
      width: SHOWN_WIDTH,
      height: (SHOWN_WIDTH * height) / WIDTH,
      role: 'img',
      style: 'max-width:100%;height:auto',
      'font-family': "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif",
      'font-size': TEXT_SIZE,
    },
    [
      `<title>${escapeHtml(title)}</title>`,
      `<desc>${escapeHtml(description)}</desc>`,
      tag('rect', { width: WIDTH, height, rx: 16, fill: PAPER }),
      ...shapes,
    ].join('\n'),
  );
}

/** A rectangle; its colour fills it lightly, unless `solid`. */
export function box(
  [x, y]: Point,
  [width, height]: Point,
  {
    colour = FAINT,
    solid = false,
    empty = false,
    dashed = false,
    plain = false,
    thick = false,
    round = 10,
  }: BoxStyle = {},
): string {
  return tag('rect', {
    x,
    y,
    width,
    height,
    rx: round,
    fill: empty ? 'none' : solid ? colour : tint(colour),
    stroke: plain ? undefined : colour,
    'stroke-width': plain ? undefined : thick ? 6 : dashed ? 3 : 2.5,
    'stroke-dasharray': dashed ? '9 6' : undefined,
  });
}

/** Text on a baseline; several lines where it is a list. */
export function text(
  [x, y]: Point,
  content: string | string[],
  {
    size = TEXT_SIZE,
    anchor = 'start',
    colour = INK,
    bold = false,
    turned = false,
  }: TextStyle = {},
): string {
  return [content]
    .flat()
    .map((line, at) =>
      tag(
        'text',
        {
          x,
          y: y + at * size * 1.3,
          fill: colour,
          'font-size': size === TEXT_SIZE ? undefined : size,
          'font-weight': bold ? 700 : undefined,
          'text-anchor': anchor === 'start' ? undefined : anchor,
          transform: turned ? `rotate(-90 ${round(x)} ${round(y)})` : undefined,
        },
        escapeHtml(line),
      ),
    )
    .join('\n');
}

/** A line through some points. */
export function line(
  points: Point[],
  { colour = FAINT, width = 3, dashed = false }: LineStyle = {},
): string {
  return tag('polyline', {
    points: points.map((point) => point.map(round).join(',')).join(' '),
    fill: 'none',
    stroke: colour,
    'stroke-width': width,
    'stroke-dasharray': dashed ? '9 6' : undefined,
    'stroke-linejoin': 'round',
  });
}

/** A line that ends in a head. */
export function arrow(points: Point[], style: LineStyle = {}): string {
  const [x, y] = points.at(-1) as Point;
  const [fromX, fromY] = points.at(-2) as Point;
  const length = Math.hypot(x - fromX, y - fromY);
  const [alongX, alongY] = [(x - fromX) / length, (y - fromY) / length];
  const at = (along: number, aside: number): Point => [
    x - along * alongX - aside * alongY,
    y - along * alongY + aside * alongX,
  ];
  const head = [at(0, 0), at(18, 9), at(18, -9)];
  return [
    line([...points.slice(0, -1), at(14, 0)], style),
    tag('polygon', {
      points: head.map((point) => point.map(round).join(',')).join(' '),
      fill: style.colour ?? FAINT,
    }),
  ].join('\n');
}

/** A cross over what is gone. */
export function cross([x, y]: Point, [width, height]: Point, style: LineStyle = {}): string {
  return [
    line(
      [
        [x, y],
        [x + width, y + height],
      ],
      style,
    ),
    line(
      [
        [x, y + height],
        [x + width, y],
      ],
      style,
    ),
  ].join('\n');
}

/** A colour as light as a background. */
function tint(colour: string): string {
  const part = (at: number) => Number.parseInt(colour.slice(at, at + 2), 16);
  const lighter = [1, 3, 5].map((at) => Math.round(255 - (255 - part(at)) * 0.16));
  return `#${lighter.map((value) => value.toString(16).padStart(2, '0')).join('')}`;
}

interface Sheet {
  height: number;
  title: string;
  description: string;
}

interface BoxStyle {
  colour?: string;
  solid?: boolean;
  empty?: boolean;
  dashed?: boolean;
  /** Without an outline. */
  plain?: boolean;
  thick?: boolean;
  round?: number;
}

interface TextStyle {
  size?: number;
  anchor?: 'start' | 'middle' | 'end';
  colour?: string;
  bold?: boolean;
  /** Reads from the bottom to the top. */
  turned?: boolean;
}

interface LineStyle {
  colour?: string;
  width?: number;
  dashed?: boolean;
}

const tag = (
  name: string,
  attributes: Record<string, string | number | undefined>,
  content?: string,
) => {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${typeof value === 'number' ? round(value) : value}"`)
    .join('');
  return content === undefined ? `<${name}${written}/>` : `<${name}${written}>${content}</${name}>`;
};

// two decimals are enough for any screen, and the same on every machine
const round = (value: number) => Math.round(value * 100) / 100;
