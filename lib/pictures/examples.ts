import type { Placement } from './colocation.ts';
import type { Sketch } from './hyperloglog.ts';
import type { Pruning } from './topn.ts';
import type { Moment } from './window.ts';

/** The runs that the pictures in `docs/` were drawn from; the notebooks draw their own. */

const [A, B, C, D] = ['A', 'B', 'C', 'D'].map((name, at) => ({ name, pid: 4711 + at }));
const E = { name: 'E', pid: 4720 };
const drawn = [
  { id: 1042, writer: A, state: 'open' },
  { id: 1043, writer: B, state: 'committed' },
  { id: 1044, writer: C, state: 'open' },
  { id: 1045, writer: B, state: 'committed' },
  { id: 1046, writer: D, state: 'rolled back' },
] as const;
const later = { id: 1047, writer: E, state: 'open' } as const;
const ended = drawn.map((id) => ({
  ...id,
  state:
    id.writer === A
      ? ('committed' as const)
      : id.writer === C
        ? ('rolled back' as const)
        : id.state,
}));

export const WINDOW: Moment[] = [
  {
    title: 'A and C are still open, B has committed, D gave up.',
    watermark: 1041,
    ids: [...drawn],
  },
  {
    title: 'A rollup asks. E comes later: nobody waits for E.',
    watermark: 1041,
    ids: [...drawn, later],
    window: { start: 1042, end: 1046, waitsFor: [A, C] },
  },
  {
    title: 'A commits, C rolls back: the window is taken.',
    watermark: 1046,
    ids: [...ended, later],
    window: { start: 1042, end: 1046, waitsFor: [] },
  },
  {
    title: 'E commits: the next window takes it.',
    watermark: 1047,
    ids: [...ended, { ...later, state: 'committed' }],
    window: { start: 1047, end: 1047, waitsFor: [] },
  },
];

/** `hll_add_agg(hll_hash_bigint(device), 6, 5, 0, 0)` of the devices 1 to `truth`. */
export const SKETCHES: Sketch[] = [
  {
    truth: 10,
    estimate: 9.699193480140856,
    hll: '\\x14860000400000000002018000000010000000003000000000000020100000000000040000000040000000',
  },
  {
    truth: 100,
    estimate: 84.84286331542117,
    hll: '\\x14860019026010400902118060100811842000c03080460844400820108a3004a220041180632040008860',
  },
  {
    truth: 1000,
    estimate: 1222.7637894736843,
    hll: '\\x14860031ca639506214693908720c84210873190539466414a4414a629ca4218a3390c531907494a619084',
  },
  {
    truth: 10_000,
    estimate: 10663.42101658449,
    hll: '\\x1486003a0eb3a90741cea6a0e84a50d3a5073a1274b54841cea630e859d2b4210b420e8399074a9474a507',
  },
];

/** `topn_union` with `topn.number_of_counters` at 8 and at 1,000. */
export const PRUNING: Pruning = {
  counters: 8,
  added: { a: 41, b: 33, c: 27, d: 22, e: 18, f: 15, g: 12, h: 10, i: 7, j: 5, k: 3, l: 2 },
  kept: { a: 41, b: 33, c: 27, d: 22, e: 18, f: 15, g: 12, h: 10 },
  later: { a: 44, b: 33, c: 27, d: 22, e: 18, f: 15, g: 12, i: 11 },
  truth: { a: 44, b: 33, c: 27, d: 22, e: 18, i: 18, f: 15, g: 12, h: 10, j: 5, k: 3, l: 2 },
};

export const PLACEMENT: Placement = {
  customerId: 42,
  hash: 1_509_752_520, // select hashint8(42)
  shards: Array.from({ length: 8 }, (_, at) => at).flatMap((at) =>
    ['events', 'rollup 5 min', 'rollup 1 h', 'progress'].map((table) => ({
      table,
      min: -(2 ** 31) + at * 2 ** 29,
      max: -(2 ** 31) + (at + 1) * 2 ** 29 - 1,
      node: `worker ${1 + (at % 2)}`,
    })),
  ),
};
