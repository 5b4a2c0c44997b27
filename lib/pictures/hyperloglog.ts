import { COLOURS } from '../charts.ts';
import { format } from '../table.ts';
import { hllRegisters } from './hll-storage.ts';
import { box, FAINT, line, type Point, picture, RULE, text } from './svg.ts';

/** A sketch after some number of distinct values. */
export interface Sketch {
  truth: number;
  estimate: number;
  /** The `hll` as PostgreSQL shows it, such as `\x118b7f`. */
  hll: string;
}

/** How the registers of a HyperLogLog fill, one panel for each of four sketches of the same size. */
export function hyperLogLogPicture(sketches: Sketch[]): string {
  const filled = sketches.map((sketch) => ({ ...sketch, registers: hllRegisters(sketch.hll) }));
  const most = Math.max(1, ...filled.flatMap(({ registers }) => registers));
  const count = filled[0]?.registers.length ?? 0;
  const bottom = TOP + Math.ceil(filled.length / 2) * PANEL_HEIGHT;
  return picture(
    {
      height: bottom + 52,
      title: 'The registers of a HyperLogLog fill',
      description: `${format(count)} registers. ${filled.map(describe).join(' ')}`,
    },
    [
      text(
        [32, 42],
        `${format(count)} registers, a bar each: the longest run of zeros among its hashes, plus one`,
      ),
      ...filled.flatMap((sketch, at) => panel(sketch, at, most)),
      text([32, bottom + 34], standardError(count), { colour: FAINT }),
    ],
  );
}

type Filled = Sketch & { registers: number[] };

const [TOP, PANEL_WIDTH, PANEL_HEIGHT, BARS_HEIGHT] = [54, 624, 212, 140];

const panel = (sketch: Filled, at: number, most: number) => {
  const [left, top] = [32 + (at % 2) * PANEL_WIDTH, TOP + Math.floor(at / 2) * PANEL_HEIGHT];
  const [start, floor] = [left + 36, top + 50 + BARS_HEIGHT];
  const width = 556 / sketch.registers.length;
  const heightOf = (value: number) => (value / most) * BARS_HEIGHT;
  return [
    text([left, top + 32], `${format(sketch.truth)} devices`, { bold: true, size: 28 }),
    text([left + 592, top + 32], `estimate ${format(rounded(sketch.estimate))}, ${error(sketch)}`, {
      anchor: 'end',
    }),
    ...[5, 10].flatMap((value) => {
      const y = floor - heightOf(value);
      const ends: Point[] = [
        [start, y],
        [start + 556, y],
      ];
      return value > most
        ? []
        : [
            line(ends, { colour: RULE, width: 1.5 }),
            text([start - 8, y + 9], String(value), { anchor: 'end', colour: FAINT }),
          ];
    }),
    ...sketch.registers.map((value, index) =>
      value === 0
        ? ''
        : box(
            [start + index * width + width * 0.14, floor - heightOf(value)],
            [width * 0.72, heightOf(value)],
            { colour: COLOURS.blue, solid: true, round: 0, plain: true },
          ),
    ),
    line(
      [
        [start, floor],
        [start + 556, floor],
      ],
      { width: 2 },
    ),
  ];
};

// 9.7 of 10 devices: as 10, it would not fit the error beside it
const rounded = (estimate: number) => Number(estimate.toFixed(estimate < 100 ? 1 : 0));

const error = ({ truth, estimate }: Sketch) => {
  const percent = 100 * (estimate / truth - 1);
  return `${percent < 0 ? '−' : '+'}${Math.abs(percent).toFixed(1)} %`;
};

// 1.04 / sqrt(m), after Flajolet, Fusy, Gandouet and Meunier: HyperLogLog (2007)
const standardError = (count: number) => {
  const of = (registers: number) => `${(104 / Math.sqrt(registers)).toFixed(1)} %`;
  return `Standard error with ${format(count)} registers: ${of(count)}. The rollups keep 2,048: ${of(2048)}.`;
};

const describe = ({ truth, estimate, registers }: Filled) =>
  `${format(truth)} devices: ${registers.filter(Boolean).length} registers filled, estimate ${format(Math.round(estimate))}.`;
