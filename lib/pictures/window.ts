import { COLOURS } from '../charts.ts';
import {
  box,
  cross,
  FAINT,
  INK,
  line,
  PAPER,
  type Point,
  picture,
  RULE,
  text,
  WIDTH,
} from './svg.ts';

/** What the database knows at one moment. */
export interface Moment {
  /** What has just happened, in one sentence or two. */
  title: string;
  /** The last id that is counted. */
  watermark: number;
  /** The ids handed out so far. */
  ids: DrawnId[];
  /** The window that a rollup takes or waits for. */
  window?: { start: number; end: number; waitsFor: Writer[] };
}

export interface DrawnId {
  id: number;
  writer: Writer;
  state: 'open' | 'committed' | 'rolled back';
}

export interface Writer {
  name: string;
  pid: number;
}

/** The window of a rollup as it moves over the ids of a sequence, one row for each moment. */
export function windowPicture(moments: Moment[]): string {
  const all = new Set(moments.flatMap((moment) => moment.ids.map(({ id }) => id)));
  const ids = [...all].sort((a, b) => a - b);
  const columns: Columns = { ids, width: Math.min(126, (RIGHT - LEFT) / Math.max(1, ids.length)) };
  const rows = moments.map((moment, at) => row(moment, at, columns));
  return picture(
    {
      height: TOP + Math.max(1, moments.length) * ROW + 50,
      title: 'The window of a rollup moves over the ids',
      description: moments.map(describe).join(' '),
    },
    [head(columns), ...rows.flat(), legend(TOP + moments.length * ROW + 34)],
  );
}

interface Columns {
  ids: number[];
  width: number;
}

const [LEFT, RIGHT, TOP, ROW] = [470, WIDTH - 24, 50, 114];
const BOX_HEIGHT = 46;

// where an id's column begins; ids that others drew have none
const place = (id: number, { ids, width }: Columns) =>
  LEFT + ids.filter((other) => other < id).length * width;

const head = (columns: Columns) =>
  [
    text([24, 34], 'ids that the sequence hands out', { colour: FAINT }),
    ...columns.ids.map((id) =>
      text([place(id, columns) + columns.width / 2, 34], shortId(id), {
        anchor: 'middle',
        colour: FAINT,
      }),
    ),
  ].join('\n');

// the last digits tell neighbours apart
const shortId = (id: number) => (id < 10 ** 7 ? String(id) : `…${String(id).slice(-5)}`);

const row = (moment: Moment, at: number, columns: Columns) => {
  const top = TOP + at * ROW;
  const end = place(moment.watermark + 1, columns);
  return [
    line(
      [
        [24, top],
        [RIGHT, top],
      ],
      { colour: RULE, width: 2 },
    ),
    text([24, top + 48], `${at + 1}`, { size: 40, bold: true, colour: FAINT }),
    text([68, top + 38], wrap(moment.title, 27)),
    ...(moment.window ? [windowBox(moment.window, top, columns)] : []),
    ...moment.ids.map((drawn) => idBox(drawn, moment.watermark, top, columns)),
    line(
      [
        [end, top + 6],
        [end, top + 76],
      ],
      { colour: COLOURS.red, width: 7 },
    ),
    ...note(moment, top, columns),
  ];
};

const windowBox = ({ start, end }: { start: number; end: number }, top: number, columns: Columns) =>
  box(
    [place(start, columns) + 4, top + 8],
    [place(end + 1, columns) - place(start, columns) - 8, BOX_HEIGHT + 20],
    { colour: COLOURS.green, round: 14 },
  );

// who drew it, and what has become of it: filled, dashed, crossed
const idBox = (
  { id, writer, state }: DrawnId,
  watermark: number,
  top: number,
  columns: Columns,
) => {
  const corner: Point = [place(id, columns) + 14, top + 18];
  const size: Point = [columns.width - 28, BOX_HEIGHT];
  const counted = state === 'committed' && id <= watermark;
  return [
    box(corner, size, STYLES[counted ? 'counted' : state]),
    state === 'rolled back' ? cross(corner, size, CROSSED) : '',
    text([corner[0] + size[0] / 2, corner[1] + 33], writer.name, {
      anchor: 'middle',
      bold: true,
      size: 28,
      colour: state === 'committed' ? PAPER : INK,
    }),
  ].join('\n');
};

const note = ({ window, watermark }: Moment, top: number, columns: Columns) => {
  const left = place(window?.start ?? watermark + 1, columns) + 6;
  if (!window) return [text([left, top + 102], 'watermark', { colour: COLOURS.red, bold: true })];
  const waits = window.waitsFor.map(({ name, pid }) => `${name} (pid ${pid})`);
  const words = waits.length
    ? `waits for ${waits.join(' and ')}`
    : window.start === window.end
      ? `${window.start}, once`
      : `${window.start} to ${window.end}, each once`;
  const fits = left + words.length * 15 < RIGHT;
  return [
    text([fits ? left : RIGHT, top + 102], words, { bold: true, anchor: fits ? 'start' : 'end' }),
  ];
};

const STYLES = {
  open: { colour: COLOURS.orange, dashed: true },
  committed: { colour: COLOURS.blue, solid: true },
  counted: { colour: COLOURS.green, solid: true },
  'rolled back': { colour: COLOURS.grey },
} as const;

const CROSSED = { colour: COLOURS.grey, width: 2 };

const legend = (y: number) => {
  const entries = [
    ['open', 'open'],
    ['committed', 'committed'],
    ['counted', 'counted'],
    ['rolled back', 'rolled back'],
  ] as const;
  return [
    ...entries.flatMap(([state, words], at) => [
      box([24 + at * 196, y - 22], [36, 26], STYLES[state]),
      state === 'rolled back' ? cross([24 + at * 196, y - 22], [36, 26], CROSSED) : '',
      text([70 + at * 196, y], words),
    ]),
    line(
      [
        [852, y - 24],
        [852, y + 6],
      ],
      { colour: COLOURS.red, width: 7 },
    ),
    text([868, y], 'watermark'),
    box([1030, y - 24], [52, 30], { colour: COLOURS.green, round: 8 }),
    text([1092, y], 'window'),
  ].join('\n');
};

const describe = ({ title, ids, watermark, window }: Moment) =>
  `${title} Ids: ${ids.map(({ id, writer, state }) => `${id} of ${writer.name} ${state}`).join(', ')}. ` +
  `Watermark ${watermark}.${window ? ` Window ${window.start} to ${window.end}.` : ''}`;

function wrap(words: string, columns: number): string[] {
  const lines = [''];
  for (const word of words.split(' ')) {
    const longer = `${lines.at(-1)} ${word}`.trim();
    if (longer.length <= columns) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}
