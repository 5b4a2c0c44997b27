import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect, type Database } from '../../lib/connect.ts';
import { colocationPicture } from '../../lib/pictures/colocation.ts';
import { PLACEMENT, PRUNING, SKETCHES, WINDOW } from '../../lib/pictures/examples.ts';
import { hllRegisters } from '../../lib/pictures/hll-storage.ts';
import { hyperLogLogPicture } from '../../lib/pictures/hyperloglog.ts';
import { pictureBundle } from '../../lib/pictures/picture.ts';
import { findPlacement } from '../../lib/pictures/placement.ts';
import { playWriters } from '../../lib/pictures/stage.ts';
import { topNPicture } from '../../lib/pictures/topn.ts';
import { windowPicture } from '../../lib/pictures/window.ts';
import { drawPictures } from '../../tools/pictures.ts';
import { freshDatabase, type TestDatabase } from '../database.ts';

let database: TestDatabase;
let db: Database;
beforeAll(async () => {
  database = await freshDatabase('pictures');
  db = await connect(database.url);
});
afterAll(async () => {
  await db?.end();
  await database?.drop();
});

describe('each committed picture', () => {
  const names = Object.keys(drawPictures());

  it.each(names)('%s is what the code draws today; else run `npm run fix`', (name) => {
    const file = new URL(`../../docs/pictures/${name}`, import.meta.url);
    expect(readFileSync(file, 'utf8')).toBe(drawPictures()[name]);
  });

  it.each(names)('%s can be read at the back of a room', (name) => {
    const sizes = [...(drawPictures()[name] ?? '').matchAll(/font-size="(\d+)"/g)];
    expect(sizes.length).toBeGreaterThan(0);
    for (const [, size] of sizes) expect(Number(size)).toBeGreaterThanOrEqual(24);
  });

  it.each(names)(
    '%s brings its paper, needs nothing from elsewhere and says what it shows',
    (name) => {
      const svg = drawPictures()[name] ?? '';
      expect(svg).toMatch(/<rect width="1280" height="\d+" rx="16" fill="#ffffff"\/>/);
      expect(svg.replace('http://www.w3.org/2000/svg', '')).not.toMatch(/http|url\(|href|@import/);
      expect(svg).toMatch(/<title>[^<]+<\/title>\n<desc>[^<]{40,}<\/desc>/);
      expect(svg).not.toMatch(/NaN|undefined|Infinity/);
    },
  );
});

describe('a drawing', () => {
  it('is a function of its data, which it leaves as it was', () => {
    const data = structuredClone({ WINDOW, SKETCHES, PRUNING, PLACEMENT });
    const draw = () => [
      windowPicture(data.WINDOW),
      hyperLogLogPicture(data.SKETCHES),
      topNPicture(data.PRUNING),
      colocationPicture(data.PLACEMENT),
    ];
    expect(draw()).toEqual(draw());
    expect(data).toEqual({ WINDOW, SKETCHES, PRUNING, PLACEMENT });
  });

  it('cannot be broken by a name in it', () => {
    const shards = PLACEMENT.shards.map((shard) => ({ ...shard, node: '<b>&' }));
    expect(colocationPicture({ ...PLACEMENT, shards })).toContain('&#60;b&#62;&#38;</text>');
  });

  it('is an output that says in words what it shows', () => {
    const bundle = pictureBundle(topNPicture(PRUNING));
    expect(bundle['image/svg+xml']).toMatch(/^<svg /);
    expect(bundle['text/plain']).toMatch(/^\[picture\] What TopN drops.*Dropped: i, j, k, l\./s);
  });
});

describe('the registers of an hll', () => {
  // log2m, regwidth, expthresh, sparseon: explicit, sparse and full sets of several sizes
  const shapes = [
    '11, 5, -1, 1',
    '6, 5, 0, 0',
    '6, 5, 0, 1',
    '11, 5, 0, 1',
    '12, 5, 128, 1',
    '4, 5, 0, 0',
  ];

  it.each(shapes)('give the estimate of hll_cardinality, with %s', async (shape) => {
    const { rows } = await db.query(`
      select size, hll_cardinality(hll) as estimate, hll::text
        from unnest(array[0, 1, 10, 100, 1000, 20000]) as size,
             lateral (select coalesce(hll_add_agg(hll_hash_bigint(value), ${shape}), hll_empty(${shape})) as hll
                        from generate_series(1, size) as value) as sketch`);
    expect(rows).toHaveLength(6);
    for (const { size, estimate, hll } of rows) {
      const registers = hllRegisters(hll);
      expect(registers).toHaveLength(2 ** Number.parseInt(shape, 10));
      if (isExplicit(hll)) expect(estimate).toBe(size);
      else expect(cardinality(registers)).toBeCloseTo(estimate, 6);
    }
  });

  it('of a set kept as a list are those that the same values fill', async () => {
    const { rows } = await db.query(`
      select hll_add_agg(hll_hash_bigint(value))::text as list,
             hll_add_agg(hll_hash_bigint(value), 11, 5, 0, 0)::text as full
        from generate_series(1, 100) as value`);
    expect(isExplicit(rows[0].list)).toBe(true);
    expect(hllRegisters(rows[0].list)).toEqual(hllRegisters(rows[0].full));
  });

  it('are read only from what is an hll', () => {
    for (const value of ['', '\\x14', '\\x248b7f'])
      expect(() => hllRegisters(value)).toThrow('schema version 1');
    expect(() => hllRegisters('\\x108b7f')).toThrow('undefined');
  });
});

describe('a play with writers', () => {
  beforeAll(() =>
    db.query(`
      insert into rollups (name, event_table_name, event_id_sequence_name)
      values ('picture', 'events', 'events_event_id_seq')`),
  );

  it('shows who is waited for, what was taken, and what is a gap', async () => {
    const seen: number[] = [];
    const moments = await playWriters(
      db,
      'picture',
      async ({ open, askForWindow, look }) => {
        const [a, b, c] = [await open('A'), await open('B'), await open('C')];
        for (const writer of [a, b, c]) await writer.insert();
        await b.commit();
        await look('before');
        const { answer } = await askForWindow();
        const e = await open('E');
        await e.insert();
        await look('while it waits');
        await a.commit();
        await c.rollback();
        await answer;
        await look('after');
      },
      { onLook: (so) => seen.push(so.length) },
    );
    const [before, during, after] = moments.map(({ ids }) => ids.map(({ state }) => state));
    expect(before).toEqual(['open', 'committed', 'open']);
    expect(during).toEqual(['open', 'committed', 'open', 'open']);
    expect(after).toEqual(['committed', 'committed', 'rolled back', 'open']);
    const [first = 0, , last = 0] = moments[0]?.ids.map(({ id }) => id) ?? [];
    expect(moments.map(({ watermark }) => watermark)).toEqual([0, 0, last]);
    expect(moments[1]?.window).toMatchObject({ start: 1, end: last });
    expect(moments[1]?.window?.waitsFor.map(({ name }) => name)).toEqual(['A', 'C']);
    expect(moments[2]?.window).toEqual({ start: 1, end: last, waitsFor: [] });
    expect(first).toBeLessThan(last);
    expect(seen).toEqual([1, 2, 3]);
    expect(windowPicture(moments)).not.toContain('NaN');
  });

  it('leaves no transaction open, and passes an error on', async () => {
    const failing = playWriters(db, 'picture', async ({ open }) => {
      await (await open('A')).insert();
      throw new Error('the play is over');
    });
    await expect(failing).rejects.toThrow('the play is over');
    const { rows } = await db.query(
      `select from rollup_writers(array(select relid::oid from pg_partition_tree('events')))`,
    );
    expect(rows).toHaveLength(0);
  });
});

describe('the placement of a customer', () => {
  it('has one shard of each table for its hash, all on one node', async () => {
    for (const customer of [1, 42, 900_001]) {
      const { hash, shards } = await findPlacement(db, customer);
      const own = shards.filter(({ min, max }) => min <= hash && hash <= max);
      expect(own.map(({ table }) => table)).toEqual([
        'events',
        'rollup 5 min',
        'rollup 1 h',
        'progress',
      ]);
      expect(new Set(own.map(({ node }) => node)).size).toBe(1);
    }
  });

  it('is where Citus has it', async ({ skip }) => {
    if (database.engine !== 'citus') skip('this server has no Citus to ask');
    const { hash, shards } = await findPlacement(db, 42);
    const { rows } = await db.query(
      `select shardminvalue::int as min from pg_dist_shard
        where shardid = get_shard_id_for_distribution_column('events', 42::bigint)`,
    );
    expect(shards.find(({ min, max }) => min <= hash && hash <= max)?.min).toBe(rows[0].min);
  });
});

// the second nibble says how a set is kept
const isExplicit = (hll: string) => hll[3] === '2';

// Flajolet, Fusy, Gandouet, Meunier: HyperLogLog (2007), with linear counting for small sets
function cardinality(registers: number[]): number {
  const count = registers.length;
  const bias = { 16: 0.673, 32: 0.697, 64: 0.709 }[count] ?? 0.7213 / (1 + 1.079 / count);
  const sum = registers.reduce((total, value) => total + 2 ** -value, 0);
  const zeros = registers.filter((value) => value === 0).length;
  const estimate = (bias * count ** 2) / sum;
  return estimate <= 2.5 * count && zeros ? count * Math.log(count / zeros) : estimate;
}
