import { COLOURS } from '../charts.ts';
import { arrow, box, cross, FAINT, line, type Point, picture, text } from './svg.ts';

/** The whole pipeline: where events come in, what counts them, what reads the counts, and what runs it all. */
export function pipelinePicture(): string {
  return picture(
    {
      height: 554,
      title: 'The pipeline',
      description:
        'CSV files and a live stream come in by COPY into the table events, which is partitioned by time and distributed ' +
        'by customer. Rollup functions count new events, each once, into two rollup tables of 5 minutes and of 1 hour, ' +
        'which keep counts, HyperLogLog sketches and TopN lists. Dashboards read only the rollups. A scheduler rolls up, ' +
        'makes partitions ahead and drops old ones.',
    },
    [sources(), events(), rollups(), dashboards(), scheduler()].flat(),
  );
}

const [TOP, BOTTOM] = [20, 376];
const MIDDLE = 210;

const sources = () => [
  ...[0, 8, 16].map((shift) => box([20 + shift, 84 + shift], [150, 76])),
  text([111, 147], 'CSV files', { anchor: 'middle', bold: true }),
  box([20, 244], [166, 76]),
  text([103, 291], 'live stream', { anchor: 'middle', bold: true }),
  arrow([
    [194, 138],
    [304, 186],
  ]),
  arrow([
    [194, 282],
    [304, 234],
  ]),
  text([198, 219], 'COPY', { bold: true }),
];

// partitions from left to right, customers from top to bottom
const events = () => {
  const [left, top, row] = [354, 86, 54];
  const days = [0, 1, 2].map((at) => ({ x: left + at * 52, width: 46, kind: 'day' }));
  const minutes = [0, 1, 2, 3, 4].map((at) => ({
    x: left + 156 + at * 23,
    width: 17,
    kind: 'now',
  }));
  const ahead = [0, 1].map((at) => ({ x: left + 271 + at * 23, width: 17, kind: 'ahead' }));
  return [
    box([312, TOP], [376, BOTTOM - TOP], { colour: COLOURS.blue }),
    text([332, 62], 'events', { bold: true, size: 28 }),
    text([672, 62], 'one row an event', { anchor: 'end' }),
    ...[...days, ...minutes, ...ahead].flatMap(({ x, width, kind }) =>
      [0, 1, 2, 3].map((at) =>
        box([x, top + at * row], [width, row - 8], {
          colour: kind === 'day' ? COLOURS.grey : COLOURS.blue,
          solid: kind === 'now',
          dashed: kind === 'ahead',
          empty: kind === 'ahead',
          round: 4,
        }),
      ),
    ),
    cross([left + 4, top + 4], [38, 4 * row - 16], { colour: COLOURS.red, width: 5 }),
    text([341, top + 2 * row - 4], 'by customer', {
      turned: true,
      colour: FAINT,
      anchor: 'middle',
    }),
    arrow([
      [left, 318],
      [left + 314, 318],
    ]),
    text([left, 356], 'partitions by time', { colour: FAINT }),
  ];
};

const rollups = () => [
  arrow(
    [
      [696, MIDDLE],
      [830, MIDDLE],
    ],
    { colour: COLOURS.green, width: 6 },
  ),
  text([760, MIDDLE - 54], ['count what', 'is new'], { anchor: 'middle' }),
  text([760, MIDDLE + 40], 'each once', { anchor: 'middle', bold: true }),
  box([838, TOP], [200, BOTTOM - TOP], { colour: COLOURS.green }),
  text([938, 62], 'rollups', { bold: true, size: 28, anchor: 'middle' }),
  ...['5 minutes', '1 hour'].flatMap((title, at) => [
    box([856, 86 + at * 82], [164, 70], { colour: COLOURS.green, solid: true }),
    text([938, 129 + at * 82], title, { anchor: 'middle', bold: true, colour: '#ffffff' }),
  ]),
  text([938, 292], ['counts', 'HyperLogLog', 'TopN lists'], { anchor: 'middle' }),
];

const dashboards = () => {
  const chart: Point[] = [
    [1117, 158],
    [1143, 124],
    [1169, 138],
    [1195, 100],
    [1221, 114],
  ];
  return [
    arrow([
      [1044, MIDDLE],
      [1074, MIDDLE],
    ]),
    box([1080, TOP], [180, BOTTOM - TOP], { colour: COLOURS.purple }),
    text([1170, 62], 'dashboards', { bold: true, anchor: 'middle' }),
    line(
      [
        [1109, 88],
        [1109, 172],
        [1227, 172],
      ],
      { width: 2 },
    ),
    line(chart, { colour: COLOURS.red, width: 5 }),
    ...[110, 82, 46].map((width, at) =>
      box([1109, 196 + at * 32], [width, 20], { colour: COLOURS.blue, solid: true, round: 2 }),
    ),
    text([1170, 332], ['answers in', 'milliseconds'], { anchor: 'middle' }),
  ];
};

// each arrow goes from a job of the scheduler to what it works on
const scheduler = () => {
  const job = (x: number, toY: number, words: string[]) => [
    arrow(
      [
        [x, 438],
        [x, toY],
      ],
      { colour: COLOURS.orange, width: 5 },
    ),
    text([x, 480], words, { anchor: 'middle' }),
  ];
  return [
    box([20, 442], [1240, 92], { colour: COLOURS.orange }),
    text([44, 480], 'scheduler', { bold: true, size: 28 }),
    text([44, 511], 'pg_cron', { colour: FAINT }),
    ...job(377, BOTTOM + 8, ['drop what is', 'old and counted']),
    ...job(637, BOTTOM + 8, ['make partitions', 'ahead']),
    ...job(938, BOTTOM + 8, ['roll up, again', 'and again']),
  ];
};
