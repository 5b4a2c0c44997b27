import { COLOURS } from '../charts.ts';
import { box, cross, FAINT, line, type Point, picture, RULE, text, WIDTH } from './svg.ts';

/** Two lists that were added, with room for all and with room for `counters`, and what came after. */
export interface Pruning {
  /** How many counters a list keeps. */
  counters: number;
  /** Both lists added, with room for every item. */
  added: TopNList;
  /** The same with room for `counters` items. */
  kept: TopNList;
  /** `kept` and a third list, which brings back an item that was dropped. */
  later: TopNList;
  /** All three lists added, with room for every item. */
  truth: TopNList;
}

/** A list as the database keeps it: how often each item came. */
export type TopNList = Record<string, number>;

/** What TopN drops when a list grows too long, and the error that this leaves. */
export function topNPicture({ counters, added, kept, later, truth }: Pruning): string {
  const gone = ranked(added).flatMap(([item]) => (item in kept ? [] : [item]));
  const wrong = ranked(later).flatMap(([item]) => (later[item] === truth[item] ? [] : [item]));
  const exact = Object.keys(later).length - wrong.length;
  const columns: Column[] = [
    { title: ['two lists, added:', `${Object.keys(added).length} items`], list: added, gone },
    {
      title: ['kept: the most', `frequent ${counters}`],
      list: kept,
      note: gone.length ? ['nothing remembers', gone.join(', ')] : [],
    },
    {
      title: [
        'another list is added:',
        wrong.length ? `${wrong.join(', ')} came back` : 'all exact',
      ],
      list: later,
      truth,
      note: [`${exact} of ${exact + wrong.length} are exact,`, `${wrong.length} too low`],
    },
  ];
  const most = Math.max(...columns.flatMap(({ list }) => Object.values(list)));
  const rows = Math.max(
    ...columns.map(({ list, note }) => Object.keys(list).length + (note ? 3 : 0)),
  );
  const bottom = TOP + rows * ROW;
  return picture(
    {
      height: bottom + 20,
      title: 'What TopN drops, and the error that this leaves',
      description:
        `Two lists added have ${Object.keys(added).length} items; the most frequent ${counters} are kept. ` +
        `Dropped: ${gone.join(', ')}. After a third list too low: ` +
        `${wrong.map((item) => `${item} (${later[item]}, truth ${truth[item]})`).join(', ')}.`,
    },
    columns.flatMap((column, at) => [
      at ? upright(4 + at * COLUMN, bottom) : '',
      ...draw(column, { at, most, counters }),
    ]),
  );
}

interface Column {
  title: string[];
  list: TopNList;
  /** Items that will be dropped. */
  gone?: string[];
  /** What the counters should say. */
  truth?: TopNList;
  note?: string[];
}

const [TOP, ROW, COLUMN, BAR] = [98, 34, WIDTH / 3, 220];

const ranked = (list: TopNList) =>
  Object.entries(list).sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));

const upright = (x: number, bottom: number) =>
  line(
    [
      [x, 24],
      [x, bottom],
    ],
    { colour: RULE, width: 2 },
  );

const draw = (
  { title, list, gone = [], truth, note = [] }: Column,
  { at, most, counters }: { at: number; most: number; counters: number },
) => {
  const left = 24 + at * COLUMN;
  const items = ranked(list);
  const noteTop = TOP + (items.length + 1) * ROW + 14;
  return [
    text([left, 54], String(at + 1), { size: 40, bold: true, colour: FAINT }),
    text([left + 44, 44], title[0] ?? '', { bold: true }),
    text([left + 44, 76], title[1] ?? ''),
    ...items.flatMap(([item, count], row) =>
      bar(item, [left, TOP + row * ROW], {
        count,
        missing: (truth?.[item] ?? count) - count,
        isGone: gone.includes(item),
        scale: BAR / most,
      }),
    ),
    gone.length ? cut(left, TOP + counters * ROW - 1) : '',
    text([left + 48, noteTop], note, { colour: FAINT }),
  ];
};

const bar = (item: string, [left, top]: Point, { count, missing, isGone, scale }: Bar) => {
  const [start, height, length] = [left + 48, ROW - 8, count * scale];
  const end = start + (count + missing) * scale;
  const colour = isGone ? COLOURS.grey : COLOURS.blue;
  return [
    text([left + 36, top + 26], item, { anchor: 'end', bold: true }),
    box([start, top + 4], [length, height], { round: 3, colour, solid: !isGone }),
    missing
      ? box([start + length, top + 4], [missing * scale, height], {
          round: 3,
          colour: COLOURS.red,
          dashed: true,
        })
      : '',
    text([end + 14, top + 26], missing ? `${count}, not ${count + missing}` : String(count)),
    isGone ? cross([end + 52, top + 5], [24, height - 2], { colour: COLOURS.red, width: 5 }) : '',
  ];
};

// below this line there is no room
const cut = (left: number, y: number) =>
  line(
    [
      [left, y],
      [left + COLUMN - 44, y],
    ],
    { colour: COLOURS.red, dashed: true },
  );

interface Bar {
  count: number;
  missing: number;
  isGone: boolean;
  scale: number;
}
