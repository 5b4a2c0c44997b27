/** Measuring two things side by side, and what came out of it. */

/** A line of the table and an entry of `out/bench.json`: medians of `runs` runs each. */
export interface Measurement {
  name: string;
  /** What stands against ours. */
  against: string;
  ours: number;
  other: number;
  /** How many times better ours is, whichever way better is. */
  ratio: number;
  unit: string;
  engine: string;
  /** Of each side. */
  runs: number;
  /** Such as `>= 1.5x`. */
  target?: string;
  met?: boolean;
}

export interface Samples {
  ours: number[];
  other: number[];
}

/** A run returns what it measured. */
type Side = () => Promise<number>;

/**
 * Runs both sides in pairs and turns the order after each (ours, other, other, ours, …), so that what
 * grows or warms up in the meantime favours neither.
 *
 * @param onPair called after each pair with its two values
 */
export async function alternate(
  pairs: number,
  sides: { ours: Side; other: Side },
  onPair: (pair: number, ours: number, other: number) => void = () => {},
): Promise<Samples> {
  const samples: Samples = { ours: [], other: [] };
  for (let pair = 1; pair <= pairs; pair++) {
    const order = pair % 2 ? (['ours', 'other'] as const) : (['other', 'ours'] as const);
    for (const side of order) samples[side].push(await sides[side]());
    onPair(pair, samples.ours.at(-1) as number, samples.other.at(-1) as number);
  }
  return samples;
}

/** The value in the middle, or between the two in the middle. */
export function median(values: number[]): number {
  if (!values.length) throw new Error('Expected `values` to hold at least one number, got [].');
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** How many milliseconds something takes. */
export async function stopwatch(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

interface Comparison extends Pick<Measurement, 'name' | 'against' | 'unit' | 'engine'> {
  samples: Samples;
  /** @default 'lower' */
  better?: 'lower' | 'higher';
  /** The target, as a ratio. */
  atLeast?: number;
  /** The target, as a limit for ours. */
  atMost?: number;
}

/** Medians, their ratio and whether the target is met. */
export function compare({
  samples,
  better = 'lower',
  atLeast,
  atMost,
  ...rest
}: Comparison): Measurement {
  const ours = median(samples.ours);
  const other = median(samples.other);
  const ratio = better === 'lower' ? other / ours : ours / other;
  const runs = samples.ours.length;
  const measurement: Measurement = { ...rest, ours, other, ratio, runs };
  if (atLeast !== undefined) {
    return { ...measurement, target: `>= ${atLeast}x`, met: ratio >= atLeast };
  }
  if (atMost !== undefined) {
    return { ...measurement, target: `<= ${atMost} ${rest.unit}`, met: ours <= atMost };
  }
  return measurement;
}

/** A number as wide as its meaning: three digits, or all of those before the point. */
export function shortNumber(value: number): string {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US');
  return value.toPrecision(3);
}
