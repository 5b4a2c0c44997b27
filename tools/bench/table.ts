import { type Measurement, shortNumber } from './measure.ts';

/** The measurements as an aligned table; ratios above 1 are in our favour. */
export function formatTable(measurements: Measurement[]): string {
  const rows = [HEAD, ...measurements.map(cells)];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const line = (row: string[]) =>
    row
      .map((cell, column) =>
        NUMBERS.has(column) ? cell.padStart(widths[column]) : cell.padEnd(widths[column]),
      )
      .join('  ')
      .trimEnd();
  const rule = widths.map((width) => '─'.repeat(width)).join('  ');
  return [line(rows[0]), rule, ...rows.slice(1).map(line)].join('\n');
}

const HEAD = ['name', 'ours', 'other', 'unit', 'ratio', 'target', 'met', 'runs', 'against'];
const NUMBERS = new Set([1, 2, 4, 7]);

const cells = ({ name, ours, other, unit, ratio, target, met, runs, against }: Measurement) => [
  name,
  shortNumber(ours),
  shortNumber(other),
  unit,
  `${ratio.toFixed(2)}x`,
  target ?? '',
  met === undefined ? '' : met ? 'yes' : 'no',
  String(runs),
  against,
];
