import { describe, expect, it } from 'vitest';
import { type Progress, progressBar, progressLine, watchWork } from '../../lib/progress.ts';

const half: Progress = {
  state: 'running',
  rows: 1_240_000,
  bytes: 52_000_000,
  totalBytes: 104_000_000,
  files: 4,
  filesDone: 1,
  seconds: 4,
  secondsLeft: 4.2,
};
const done: Progress = {
  ...half,
  state: 'done',
  rows: 2_480_000,
  bytes: 104_000_000,
  filesDone: 4,
  seconds: 75,
};

function terminal(isTTY: boolean, columns = 120) {
  const written: string[] = [];
  return { written, output: { write: (text: string) => written.push(text), isTTY, columns } };
}

function notebook() {
  const shown: { markup: string; text?: string }[] = [];
  return { shown, live: { html: (markup: string, text?: string) => shown.push({ markup, text }) } };
}

it('says how much is done, how fast it goes and how long it takes yet', () => {
  expect(progressLine('Loading', half)).toBe(
    'Loading · 50 % · 1,240,000 rows · 310,000 rows/s · 52.0 MB · 1 of 4 files · 4.2 s left',
  );
  expect(progressLine('Loading', done)).toBe(
    'Loading: done · 2,480,000 rows · 33,067 rows/s · 104.0 MB · 4 of 4 files · 75 s',
  );
  expect(progressLine('Streaming', { rows: 5, bytes: 100, seconds: 0 })).toBe(
    'Streaming · 5 rows · 0.0 MB',
  );
});

it('counts other things than rows without bytes and speed', () => {
  const moving: Progress = { rows: 1, totalRows: 2, bytes: 0, fraction: 0.7, seconds: 3 };
  expect(progressLine('Moving', moving, 'shards')).toBe('Moving · 70 % · 1 of 2 shards');
  const moved: Progress = { ...moving, state: 'done', rows: 2 };
  expect(progressLine('Moving', moved, 'shards')).toBe('Moving: done · 2 of 2 shards · 3.0 s');
});

it('draws over one line of a terminal, and ends it', () => {
  const { written, output } = terminal(true);
  const bar = progressBar('Loading', { target: 'terminal', output });
  bar(half);
  bar(done);
  expect(written).toHaveLength(2);
  expect(written[0]).toMatch(/^\r█{10}░{10} Loading · 50 % .*4\.2 s left/);
  expect(written[0]).not.toContain('\n');
  expect(written[1]).toMatch(/^\rLoading: done .*\n$/);
});

it('never wraps in a narrow terminal', () => {
  const { written, output } = terminal(true, 40);
  progressBar('Loading', { target: 'terminal', output })(half);
  expect(written[0]).toHaveLength('\r'.length + 39 + '\u001b[K'.length);
});

it('leaves one line in a log', () => {
  const { written, output } = terminal(false);
  const bar = progressBar('Loading', { target: 'terminal', output, intervalMs: 0 });
  for (const progress of [half, half, done]) bar(progress);
  expect(written).toEqual([`${progressLine('Loading', done)}\n`]);
});

it('draws at most ten times a second, the end always', () => {
  const { shown, live } = notebook();
  const bar = progressBar('Loading', { target: 'notebook', live });
  const started = performance.now();
  for (let call = 0; call < 10_000; call++) bar(half);
  bar(done);
  const seconds = (performance.now() - started) / 1000;
  expect(shown.length).toBeGreaterThanOrEqual(2);
  expect(shown.length).toBeLessThanOrEqual(2 + seconds * 10);
});

it('is a bar in a notebook, with a text for those that show no HTML', () => {
  const { shown, live } = notebook();
  const bar = progressBar('<b>', { target: 'notebook', live, intervalMs: 0 });
  bar(half);
  bar({ ...half, state: 'failed' });
  bar(done);
  expect(shown[0].markup).toContain('width:50.0%');
  expect(shown[0].markup).not.toContain('<b>');
  expect(shown[0].text).toMatch(/^█{10}░{10} <b> · 50 %/);
  expect(shown[1].text).toContain('stopped by an error');
  expect(shown[2].markup).toContain('width:100.0%');
});

describe('watching some work', () => {
  const watch = async (work: Promise<unknown>, found: (Partial<Progress> | Error)[]) => {
    const told: Progress[] = [];
    const rest = [...found];
    const look = async () => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      const next = rest.length > 1 ? rest.shift() : rest[0];
      if (next instanceof Error) throw next;
      return next as Progress;
    };
    await watchWork(work, look, (progress) => told.push(progress));
    return told.map(({ state, rows }) => `${state} ${rows}`);
  };

  it('tells the end once, after a look of its own', async () => {
    const ended = new Promise((resolve) => setTimeout(resolve, 5)); // during the first look
    expect(await watch(ended, [{ rows: 1 }, { rows: 3 }])).toEqual(['running 1', 'done 3']);
  });

  it('is not ended by a look that fails', async () => {
    const failing = new Promise((_, reject) => setTimeout(reject, 5, new Error('no')));
    expect(await watch(failing, [{ rows: 1 }, new Error('gone')])).toEqual([
      'running 1',
      'failed 1',
    ]);
    await expect(failing).rejects.toThrow('no');
  });
});
