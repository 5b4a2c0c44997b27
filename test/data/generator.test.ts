import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EventRow, events, uniformEvents } from '../../data/events.ts';
import { type GeneratorOptions, generateEvents } from '../../data/generator.ts';
import { scatter, seededRandom, weightedPicker, zipfWeights } from '../../data/random.ts';

const UNTIL = '2026-03-01T12:00:00Z';
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'workshop-data-'));
});
afterAll(() => rm(folder, { recursive: true }));

const make = (options: GeneratorOptions, out = 'out') =>
  generateEvents({ until: UNTIL, files: 2, rows: 3000, ...options, out: join(folder, out) });

function digest(files: string[]): string {
  const hash = createHash('sha256');
  for (const file of files) hash.update(readFileSync(file));
  return hash.digest('hex').slice(0, 16);
}

describe('the files', () => {
  it('are the same bytes for the same options, on every machine', async () => {
    expect(digest((await make({ seed: 1 })).files)).toBe('4baa3a92a457a000');
    expect(digest((await make({ seed: 1 }, 'again')).files)).toBe('4baa3a92a457a000');
    expect(digest((await make({ uniform: true })).files)).toBe('63196f659d2072ad');
  });

  it('differ by seed and by the time where they end', async () => {
    const options = [{}, { seed: 2 }, { until: '2026-03-02' }, { days: 3 }, { customers: 10 }];
    const digests = new Set<string>();
    for (const option of options) digests.add(digest((await make(option)).files));
    expect(digests.size).toBe(options.length);
  });

  it('have a header, the rows asked for, and a line end at the end', async () => {
    const { files, rows, bytes } = await make({});
    expect(files.map((file) => file.slice(-14))).toEqual(['events-001.csv', 'events-002.csv']);
    expect(rows).toBe(6000);
    const texts = files.map((file) => readFileSync(file, 'utf8'));
    expect(texts.join('').length).toBe(bytes);
    for (const text of texts) {
      const lines = text.split('\n');
      expect(lines[0]).toBe(
        'event_time,customer_id,event_type,country,browser,device_id,session_id',
      );
      expect(lines).toHaveLength(3002);
      expect(lines[1]).toMatch(
        /^2026-0\d-\d\dT[\d:]{8}\.\d{3}Z,\d+,[a-z]+,[A-Za-z ]+,[a-z]+,\d+,\d+$/,
      );
      expect(lines[3001]).toBe('');
    }
  });

  it("are the tutorial's six columns when uniform", async () => {
    const { files } = await make({ uniform: true });
    const [header, first] = readFileSync(files[0], 'utf8').split('\n');
    expect(header).toBe('customer_id,event_type,country,browser,device_id,session_id');
    expect(first).toMatch(/^\d+,(click|buy|scroll|download),[A-Za-z ]+,[a-z]+,\d+,\d+$/);
  });

  it('appear whole or not at all', async () => {
    const stop = new AbortController();
    const load = make(
      {
        rows: 300_000,
        signal: stop.signal,
        onProgress: ({ filesDone }) => filesDone && stop.abort(),
      },
      'stopped',
    );
    await expect(load).rejects.toThrow(/abort/i);
    expect(readdirSync(join(folder, 'stopped'))).toEqual(['events-001.csv']);
  });

  it('tell how far they are', async () => {
    const told: number[] = [];
    let last: object = {};
    await make({
      rows: 20_000,
      onProgress: (progress) => {
        told.push(progress.rows);
        last = progress;
      },
    });
    expect(told).toEqual(told.toSorted((a, b) => a - b));
    expect(last).toMatchObject({ state: 'done', rows: 40_000, totalRows: 40_000, filesDone: 2 });
  });

  it.each([
    [{ rows: 0 }, 'Expected `rows` to be a whole number from 1 to 1,000,000,000, got `0`.'],
    [{ files: 1.5 }, 'Expected `files` to be a whole number from 1 to 999, got `1.5`.'],
    [{ seed: -1 }, 'Expected `seed`'],
    [{ days: 0 }, 'Expected `days` to be from 0 to 366, got `0`.'],
    [{ lateShare: 2 }, 'Expected `lateShare` to be a share from 0 to 1, got `2`.'],
    [{ until: 'soon' }, 'Expected `until` to be a time from 2021 to 2099'],
  ])('are not made from %o', async (options, message) => {
    await expect(make(options)).rejects.toThrow(message);
  });
});

describe('the events', () => {
  const COUNT = 200_000;
  const all: EventRow[] = [];
  const end = Date.parse(UNTIL);
  const start = end - 7 * 86_400_000;
  beforeAll(() => {
    for (const event of events({ rows: COUNT, until: UNTIL })) all.push(event);
  });

  const share = (holds: (event: EventRow) => boolean) => all.filter(holds).length / COUNT;
  const tally = (key: keyof EventRow, of: EventRow[] = all) => {
    const counts = new Map<string | number, number>();
    for (const event of of) counts.set(event[key], (counts.get(event[key]) ?? 0) + 1);
    return [...counts].sort((a, b) => b[1] - a[1]);
  };

  it('give a tenth to customer 1, and less to each one after', () => {
    expect(share((event) => event.customer_id === 1)).toBeGreaterThan(0.09);
    expect(share((event) => event.customer_id === 1)).toBeLessThan(0.115);
    expect(
      tally('customer_id')
        .slice(0, 4)
        .map(([id]) => id),
    ).toEqual([1, 2, 3, 4]);
    expect(tally('customer_id').length).toBe(1000);
  });

  it('give each customer favourite devices of its own', () => {
    const favourites = [1, 2, 3].map((id) => {
      const own = all.filter((event) => event.customer_id === id);
      const [[device, count], [, second]] = tally('device_id', own);
      expect(count / own.length).toBeGreaterThan(0.07);
      expect(count / second).toBeGreaterThan(1.3);
      return device;
    });
    expect(new Set(favourites).size).toBe(3);
  });

  it('have types, countries and browsers in their proportions', () => {
    expect(tally('event_type').map(([name]) => name)).toEqual([
      'click',
      'scroll',
      'download',
      'buy',
    ]);
    expect(share((event) => event.event_type === 'click')).toBeCloseTo(0.52, 1);
    expect(tally('country')).toHaveLength(7);
    expect(tally('browser')).toHaveLength(4);
  });

  it('belong to sessions of one device that last a while', () => {
    const sessions = new Map<
      number,
      { device: string; first: number; last: number; count: number }
    >();
    for (const event of all) {
      const device = [event.customer_id, event.device_id, event.country, event.browser].join();
      const time = Date.parse(event.event_time);
      const known = sessions.get(event.session_id);
      if (!known) sessions.set(event.session_id, { device, first: time, last: time, count: 1 });
      else {
        expect(known.device).toBe(device);
        known.last = Math.max(known.last, time);
        known.count++;
      }
    }
    const spans = [...sessions.values()];
    expect(COUNT / spans.length).toBeGreaterThan(2.5);
    expect(Math.max(...spans.map((span) => span.last - span.first))).toBeLessThanOrEqual(
      30 * 60_000,
    );
    const long = spans.filter((span) => span.count > 2).map((span) => span.last - span.first);
    expect(long.toSorted((a, b) => a - b)[long.length >> 1]).toBeGreaterThan(5 * 60_000);
  });

  it('come in the order of arrival, up to the end, one in fifty late', () => {
    let latest = 0;
    const delays: number[] = [];
    for (const event of all) {
      const time = Date.parse(event.event_time);
      expect(time).toBeGreaterThanOrEqual(start);
      expect(time).toBeLessThan(end);
      if (time < latest) delays.push(latest - time);
      latest = Math.max(latest, time);
    }
    expect(end - latest).toBeLessThan(60_000);
    expect(delays.length / COUNT).toBeGreaterThan(0.015);
    expect(delays.length / COUNT).toBeLessThan(0.025);
    const minutes = delays.map((delay) => delay / 60_000).toSorted((a, b) => a - b);
    expect(minutes[0]).toBeGreaterThan(0.5);
    expect(minutes[minutes.length >> 1]).toBeGreaterThan(20);
    expect(minutes.at(-1)).toBeGreaterThan(180);
  });

  it('are many in the afternoon and few in the night', () => {
    const at = (hour: number) => share((event) => Number(event.event_time.slice(11, 13)) === hour);
    expect(at(15) / at(3)).toBeGreaterThan(5);
    expect(at(15) / at(3)).toBeLessThan(9);
  });

  it('can be any number from the same memory: the first come at once', () => {
    const [first, second] = events({ rows: 1_000_000_000, until: UNTIL });
    expect(Date.parse(first.event_time)).toBeLessThanOrEqual(Date.parse(second.event_time));
  }, 5000);

  it('are equally likely when uniform', () => {
    const uniform = [...uniformEvents({ rows: 50_000 })] as EventRow[];
    expect(uniform.every((event) => event.event_time === undefined)).toBe(true);
    expect(tally('customer_id', uniform)[0][1]).toBeLessThan(100);
    expect(tally('country', uniform)).toHaveLength(6);
    expect(tally('country', uniform)[0][0]).toBe('China');
  });
});

describe('random numbers', () => {
  it('are spread evenly and fixed by the seed', () => {
    const draw = seededRandom(7);
    const again = seededRandom(7);
    const other = seededRandom(8);
    let sum = 0;
    let equal = 0;
    for (let index = 0; index < 10_000; index++) {
      const value = draw();
      expect(again()).toBe(value);
      if (other() === value) equal++;
      sum += value;
    }
    expect(sum / 10_000).toBeCloseTo(0.5, 1);
    expect(equal).toBe(0);
  });

  it('pick by weight', () => {
    const pick = weightedPicker([1, 0, 3]);
    const counts = [0, 0, 0];
    for (let index = 0; index < 1000; index++) counts[pick((index + 0.5) / 1000)]++;
    expect(counts).toEqual([250, 0, 750]);
    expect(zipfWeights(4, 1)).toEqual([1, 1 / 2, 1 / 3, 1 / 4]);
    expect(scatter(1)).not.toBe(scatter(2));
  });
});

describe('npm run data', () => {
  const tool = fileURLToPath(new URL('../../tools/data.ts', import.meta.url));
  async function run(...args: string[]) {
    const child = spawn(process.execPath, [tool, ...args]);
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (text) => (output += text));
    const [code] = await once(child, 'close');
    return { code, output };
  }

  it('prints the files, the rows and the rate', async () => {
    const out = join(folder, 'tool');
    const { code, output } = await run(
      '--files',
      '2',
      '--rows',
      '500',
      '--seed',
      '3',
      '--out',
      out,
    );
    expect(code).toBe(0);
    expect(output).toMatch(/events-001.csv\n.*events-002.csv/);
    expect(output).toMatch(/1,000 rows · [\d,]+ rows\/s · 0.1 MB · 2 of 2 files/);
    expect(existsSync(join(out, 'events-002.csv'))).toBe(true);
  });

  it.each([
    [['--rows', 'many'], 'Expected `rows` to be a number, got `many`.\n'],
    [['--rows', '0'], 'Expected `rows` to be a whole number from 1 to 1,000,000,000, got `0`.\n'],
    [['--colour'], "Unknown option '--colour'. `npm run data -- --help` lists the options.\n"],
  ])('says what is wrong with %s and ends with 1', async (args, message) => {
    expect(await run(...args)).toEqual({ code: 1, output: message });
  });
});
