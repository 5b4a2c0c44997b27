/** What the kernel does for cells. KERNEL_SPEC=folder runs the same list against another kernel. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CellResult, type ExecuteOptions, Kernel } from '../../tools/kernel-client.ts';
import { KERNEL, METADATA } from '../../tools/notebook.ts';

const root = join(import.meta.dirname, '../..');
const { KERNEL_SPEC } = process.env;
let folder: string;
let kernel: Kernel;

beforeAll(async () => {
  folder = mkdtempSync(join(root, '.probe-'));
  for (const room of ['lib', 'notebooks']) mkdirSync(join(folder, room));
  writeLeaf('one');
  write('lib/index.ts', [
    `export * from './leaf.ts';`,
    'export const late = await Promise.resolve(7);',
    'export type T = { a: number };',
  ]);
  write('lib/data.json', ['{"x": 5}']);
  kernel = await Kernel.start(KERNEL_SPEC ?? KERNEL, join(folder, 'notebooks'));
});

afterAll(async () => {
  await kernel?.stop();
  rmSync(folder, { recursive: true, force: true });
});

function write(file: string, lines: string[]): void {
  writeFileSync(join(folder, file), `${lines.join('\n')}\n`);
}

function writeLeaf(version: string, ...more: string[]): void {
  const here = 'export const here = import.meta.url;';
  write('lib/leaf.ts', [`export const version: string = '${version}';`, here, ...more]);
}

async function run(code: string, options: ExecuteOptions = {}): Promise<CellResult> {
  const result = await kernel.execute(code, { stopOnError: false, timeoutMs: 8000, ...options });
  if (KERNEL_SPEC) await sleep(300); // plain tslab refuses cells for 200 ms after an error
  return result;
}

const text = ({ outputs }: CellResult) =>
  outputs
    .map((output) => {
      if (output.output_type === 'stream') return output.text;
      if (output.output_type === 'error') return output.traceback.join('\n');
      return String(output.data['text/plain'] ?? Object.keys(output.data));
    })
    .join('');

/** What a cell prints or shows. */
async function value(code: string): Promise<string> {
  const result = await run(code);
  return result.status === 'ok' ? text(result).trim() : `${result.status}: ${text(result)}`;
}

async function interrupted(code: string, channel?: 'shell'): Promise<CellResult> {
  const running = run(code);
  await sleep(200);
  await kernel.interrupt(channel);
  return running;
}

describe('imports', () => {
  it('reach ../lib with types, JSON, import.meta and top-level await', async () => {
    const code = `
      import { version, late, here, type T } from '../lib/index.ts';
      import data from '../lib/data.json';
      const t: T = { a: 1 };
      [version, late, data.x, t.a, new URL(here).pathname.endsWith('leaf.ts')].join()`;
    expect(await value(code)).toBe('one,7,5,1,true');
    expect(await value(`const m = await import('../lib/leaf.ts'); m.version`)).toBe('one');
  });

  it('load an edited file again, also behind a barrel', async () => {
    writeLeaf('two');
    expect(await value(`import * as lib from '../lib/index.ts'; lib.version`)).toBe('two');
    writeLeaf('three', 'export const fresh = 1;');
    const code = `import { version as third, fresh } from '../lib/index.ts'; third + fresh`;
    // the compiler watches files, and looks a little later
    await expect.poll(() => value(code), { timeout: 10_000, interval: 200 }).toBe('three1');
  });

  it('bear files that appear and change while a cell runs', async () => {
    const code = `
      import { mkdirSync, writeFileSync } from 'node:fs';
      for (let i = 0; i < 4; i++) {
        writeFileSync('new' + i + '.json', '{}');
        writeFileSync('../lib/new' + i + '.ts', 'export const fresh' + i + ' = ' + i);
        writeFileSync('../lib/leaf.ts', 'export const version = "' + i + '"; export const here = "";');
        mkdirSync('node_modules/new' + i, { recursive: true });
        await new Promise((done) => setTimeout(done, 150));
      }
      'done'`;
    expect(await value(code)).toBe('done');
    const later = `import { fresh3 } from '../lib/new3.ts'; import { version as last } from '../lib/leaf.ts';`;
    expect(await value(`${later} last + fresh3`)).toBe('33');
  });

  it('load ESM packages with top-level await', async () => {
    const code = `
      import * as vega from 'vega';
      import * as vl from 'vega-lite';
      typeof vega.View + typeof vl.compile`;
    expect(await value(code)).toBe('functionfunction');
  });

  it('load CommonJS packages and built-ins, by name and as a whole', async () => {
    const code = `
      import pg, { Pool } from 'pg';
      import { from as copyFrom } from 'pg-copy-streams';
      import * as Plot from '@observablehq/plot';
      import { parseHTML } from 'linkedom';
      import fs, { readFileSync as read } from 'node:fs';
      const functions = [copyFrom, Plot.plot, parseHTML].map((name) => typeof name);
      [pg.Pool === Pool, ...functions, fs.readFileSync === read].join()`;
    expect(await value(code)).toBe('true,function,function,function,true');
  });

  it('are checked strictly', async () => {
    const result = await run('const s: string = null;');
    expect(result.status).toBe('error');
    expect(text(result)).toContain(`Type 'null' is not assignable to type 'string'`);
  });
});

describe('the language', () => {
  it.for([
    ['const get = async () => ({ json: async () => 5 }); await (await get()).json()', '5'],
    ['await (Promise.resolve(1))', '1'],
    ['for await (const x of (async function* () { yield 1 })()) console.log(x);', '1'],
    ['enum Colour { Red, Green } Colour[1]', 'Green'],
    ['const { a: aa, b: [bb] } = { a: 1, b: [2] }; aa + bb', '3'],
    ['class A { #x = 1; get() { return this.#x } } new A().get()', '1'],
    ['function* generate() { yield 1; } [...generate()].length', '1'],
  ])('knows: %s', async ([code, wanted]) => {
    expect(await value(code)).toBe(wanted);
  });
});

describe('a variable', () => {
  it('is one and the same in all cells', async () => {
    await run('let counter = 0; function count() { return ++counter } const frozen = 1;');
    expect(await value('counter = 100; count()')).toBe('101');
    expect(await value('counter')).toBe('101');
    expect(await value(`let counter = 'other'; counter`)).toBe('other');
    expect(await value('count()')).toBe('102');
    expect(await value('frozen = 2')).toContain('error');
  });

  it('is found by its name alone in an object', async () => {
    await run('let short = 1; let other = 2;');
    expect(await value('[{ short }, short]')).toBe('[ { short: 1 }, 1 ]');
    await run('({ short, other = 5 } = { short: 7 } as { short: number; other?: number });');
    expect(await value('({ short, other })')).toBe('{ short: 7, other: 5 }');
  });

  it('is read and written two million times at the top level of a cell', async () => {
    const loop = 'for (let i = 0; i < 2e6; i++) sum += 1; sum';
    expect(await value(`let sum = 0; ${loop}`)).toBe('2000000');
    expect(await value(loop)).toBe('4000000'); // by another cell
  });
});

describe('output', () => {
  it('survives a flood', async () => {
    const lines = await value(`for (let i = 0; i < 3000; i++) console.log('line ' + i)`);
    expect(lines.split('\n')).toHaveLength(3000);
  });

  it('ends with the last value, also as a bundle of formats', async () => {
    const bundle = { 'text/html': '<b>x</b>', 'text/plain': 'x' };
    const code = `({ [Symbol.for('Jupyter.display')]: () => (${JSON.stringify(bundle)}) })`;
    const { outputs } = await run(code);
    expect(outputs).toMatchObject([{ output_type: 'execute_result', data: bundle }]);
  });

  it('belongs to its own cell when several are queued', async () => {
    const results = await Promise.all([1, 2, 3].map((n) => run(`console.log('p${n}'); 'r${n}'`)));
    expect(results.map(text)).toEqual(['p1\nr1', 'p2\nr2', 'p3\nr3']);
  });
});

describe('an error', () => {
  it('names the line in the cell, and nothing inside the kernel', async () => {
    const lines = [
      'interface Point { x: number }',
      '// a comment',
      '',
      'function fail() {',
      `  throw new RangeError('bad');`,
      '}',
      'fail();',
    ];
    const result = await run(lines.join('\n'));
    expect(result.outputs).toMatchObject([
      { output_type: 'error', ename: 'RangeError', evalue: 'bad' },
    ]);
    expect(text(result)).toMatch(/cell \d+, line 5\)?\n.*cell \d+, line 7/);
    expect(text(result)).not.toContain('node_modules');
  });

  it('of types shows the line', async () => {
    const result = await run('const one = 1;\nconst word: string = one;');
    expect(result.outputs).toMatchObject([{ output_type: 'error', ename: 'TypeScriptError' }]);
    expect(text(result)).toContain('line 2: const word: string = one;');
  });

  it.for([
    ['let kinds = select kind, count(*) from events;', 'SQL stands between back-ticks'],
    ['let kinds = `select kind from events;', 'A back-tick is missing'],
    ['await neverHeardOf();', 'Run the cells above first'],
  ] as const)('of types ends with what a beginner should try: %s', async ([code, hint]) => {
    expect(
      text(await run(code))
        .trimEnd()
        .split('\n')
        .at(-1),
    ).toContain(hint);
  });

  it.for([
    `throw 'text'`,
    'throw undefined',
    `await Promise.reject(new Error('no'))`,
    'new Promise((_, no) => setTimeout(no, 1, 5)); await new Promise((r) => setTimeout(r, 20));',
  ])('fails the cell: %s', async (code) => {
    const result = await run(code);
    expect(result.status).toBe('error');
    expect(result.outputs).toMatchObject([{ output_type: 'error' }]);
  });

  it('is reported when nobody awaits it', async () => {
    for (const code of [
      `void (async () => { throw new Error('lost') })();`,
      `Promise.reject(new Error('lost')); 1`,
      `setTimeout(() => { throw new Error('lost') }, 1); await new Promise((r) => setTimeout(r, 20));`,
    ]) {
      const result = await run(code);
      expect(result.status).toBe('error');
      expect(text(result)).toContain('lost');
    }
  });

  it('that is expected lets the next cell run', async () => {
    const results = await Promise.all([run(`throw new Error('expected')`), run(`'next'`)]);
    expect(results.map(({ status }) => status)).toEqual(['error', 'ok']);
  });

  it('that is not expected cancels what is queued behind it', async () => {
    const unexpected = run(`throw new Error('x')`, { stopOnError: true });
    const results = await Promise.all([unexpected, run(`'next'`)]);
    expect(results.map(({ status }) => status)).toEqual(['error', 'aborted']);
    await expect.poll(() => value(`'again'`)).toBe('again');
  });
});

describe('an interrupt', () => {
  it.for([
    'while (true) {}',
    'await new Promise(() => {})',
    'await Promise.resolve(); while (true) {}',
    'await new Promise((r) => setTimeout(r, 10)); for (;;) {}',
    'for (;;) await new Promise((r) => setTimeout(r, 10))',
  ])('ends: %s', async (code) => {
    const result = await interrupted(code);
    expect(result.status).toBe('error');
    expect(await value(`'alive'`)).toBe('alive');
  });

  it('may come on the shell channel, as from VS Code', async () => {
    expect((await interrupted('await 0; while (true) {}', 'shell')).status).toBe('error');
  });
});

it('completes, explains, and knows incomplete code', async () => {
  await run(`import postgres from 'pg'; const pool = new postgres.Pool({ max: 1 });`);
  const at = { cursor_pos: 7, detail_level: 0 };
  const completed = await kernel.request('complete_request', { code: 'pool.qu', ...at });
  expect(completed.matches).toContain('query');
  const explained = await kernel.request('inspect_request', { code: 'pool.query', ...at });
  expect(JSON.stringify(explained)).toContain('query');
  const incomplete = await kernel.request('is_complete_request', { code: 'for (;;) {' });
  expect(incomplete).toMatchObject({ status: 'incomplete' });
  const { language_info } = await kernel.request('kernel_info_request', {});
  expect(language_info).toEqual(METADATA.language_info); // or JupyterLab would change each notebook
  expect(await kernel.request('comm_info_request', {})).toMatchObject({ comms: {} });
});
