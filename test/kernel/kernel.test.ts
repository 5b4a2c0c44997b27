/** What the launcher adds to tslab 1.0.22. KERNEL_SPEC=dir runs the same list against another kernel. */

import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CellResult, Kernel } from '../../tools/kernel-client.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const spec = process.env.KERNEL_SPEC ?? join(root, 'kernel/kernels/tslab');
const dir = mkdtempSync(join(root, '.probe-'));
const nb = join(dir, 'nb');
let k: Kernel;
beforeAll(async () => {
  mkdirSync(nb);
  mkdirSync(join(dir, 'lib'));
  writeFileSync(
    join(dir, 'lib/leaf.ts'),
    'export const version: string = "one";\nexport const here = import.meta.url;\n',
  );
  writeFileSync(
    join(dir, 'lib/index.ts'),
    'export * from "./leaf.ts";\nexport const late = await Promise.resolve(7);\nexport type T = { a: number };\n',
  );
  writeFileSync(join(dir, 'lib/data.json'), '{"x": 5}');
  k = await Kernel.start(spec, nb);
}, 60_000);
afterAll(async () => {
  await k?.stop();
  rmSync(dir, { recursive: true, force: true });
});

const text = (r: CellResult) =>
  r.outputs
    .map((o) =>
      o.output_type === 'stream'
        ? o.text
        : o.output_type === 'error'
          ? o.traceback.join('\n')
          : (o.data['text/plain'] ?? Object.keys(o.data)),
    )
    .join('');
const run = async (code: string, o = {}) => {
  const r = await k.execute(code, { stopOnError: false, timeoutMs: 4_000, ...o });
  if (process.env.KERNEL_SPEC) await sleep(300); // plain tslab refuses cells for 200 ms after an error
  return r;
};
const value = async (code: string) => {
  const r = await run(code);
  return r.status === 'ok' ? text(r).trim() : `${r.status}: ${text(r)}`;
};
const interruptAfter = async (ms: number, code: string, channel?: 'shell') => {
  const p = run(code);
  await sleep(ms);
  await k.interrupt(channel);
  return p;
};

describe('imports (defects 1, 6, 7, 13)', () => {
  it('reaches ../lib from the notebook folder, with types, JSON, import.meta and top-level await', async () => {
    expect(
      await value(
        `import { version, late, here, type T } from '../lib/index.ts';\nimport data from '../lib/data.json';\nconst t: T = { a: 1 };\n[version, late, data.x, t.a, new URL(here).pathname.endsWith('leaf.ts')].join()`,
      ),
    ).toBe('one,7,5,1,true');
    expect(await value(`const m = await import('../lib/leaf.ts'); m.version`)).toBe('one');
  });
  it('loads an edited file again, also behind a barrel', async () => {
    writeFileSync(
      join(dir, 'lib/leaf.ts'),
      'export const version: string = "two";\nexport const here = import.meta.url;\n',
    );
    expect(await value(`import * as lib from '../lib/index.ts'; lib.version`)).toBe('two');
    await sleep(600);
    writeFileSync(
      join(dir, 'lib/leaf.ts'),
      'export const version: string = "three";\nexport const here = import.meta.url;\nexport const fresh = 1;\n',
    );
    await sleep(600);
    expect(await value(`import { version as v3, fresh } from '../lib/index.ts'; v3 + fresh`)).toBe(
      'three1',
    );
  });
  it('loads ESM packages with top-level await, CommonJS and built-ins', async () => {
    expect(
      await value(
        `import * as vega from 'vega'; import * as vl from 'vega-lite';\ntypeof vega.View + typeof vl.compile`,
      ),
    ).toBe('functionfunction');
    expect(
      await value(
        `import pg, { Pool } from 'pg'; import { from as copyFrom } from 'pg-copy-streams'; import * as Plot from '@observablehq/plot'; import { parseHTML } from 'linkedom'; import fs, { readFileSync as rf } from 'node:fs';\n[pg.Pool === Pool, typeof copyFrom, typeof Plot.plot, typeof parseHTML, fs.readFileSync === rf].join()`,
      ),
    ).toBe('true,function,function,function,true');
  });
  it('is strict', async () => {
    const r = await run(`const s: string = null;`);
    expect(r.status).toBe('error');
    expect(text(r)).toContain(`Type 'null' is not assignable to type 'string'`);
  });
});
describe('language (defect 3)', () => {
  it.each([
    [`const g = async () => ({ json: async () => 5 }); await (await g()).json()`, '5'],
    [`await (Promise.resolve(1))`, '1'],
    [`for await (const x of (async function* () { yield 1 })()) console.log(x);`, '1'],
    [`enum Colour { Red, Green } Colour[1]`, 'Green'],
    [`const { a: aa, b: [bb] } = { a: 1, b: [2] }; aa + bb`, '3'],
    [`class A { #x = 1; get() { return this.#x } } new A().get()`, '1'],
    [`function* gen() { yield 1; } [...gen()].length`, '1'],
  ])('%s', async (code, want) => {
    expect(await value(code)).toBe(want);
  });
});
describe('variables of several cells (defects 10, 11)', () => {
  it('is one variable in all cells', async () => {
    await run(`let counter = 0; function inc() { return ++counter } const frozen = 1;`);
    expect(await value(`counter = 100; inc()`)).toBe('101');
    expect(await value(`counter`)).toBe('101');
    expect(await value(`let counter = 'other'; counter`)).toBe('other');
    expect(await value(`inc()`)).toBe('102');
    expect(await value(`frozen = 2`)).toContain('error');
  });
  it('is fast at top level', async () => {
    const [own, later] = [
      await value(
        `let acc = 0; const t0 = performance.now(); for (let i = 0; i < 2e6; i++) acc += i; performance.now() - t0`,
      ),
      await value(
        `const t1 = performance.now(); for (let i = 0; i < 2e6; i++) acc += i; performance.now() - t1`,
      ),
    ];
    console.log('2e6 additions, ms:', own, later);
    expect(Number(own)).toBeLessThan(300);
    expect(Number(later)).toBeLessThan(1500);
  });
});
describe('output (defects 2, 8)', () => {
  it('survives a flood', async () => {
    expect(
      (await value(`for (let i = 0; i < 3000; i++) console.log('line ' + i)`)).split('\n'),
    ).toHaveLength(3000);
  });
  it('shows the last value as a result, also as a MIME bundle', async () => {
    const r = await run(
      `({ [Symbol.for('Jupyter.display')]: () => ({ 'text/html': '<b>x</b>', 'text/plain': 'x' }) })`,
    );
    expect(r.outputs).toMatchObject([
      { output_type: 'execute_result', data: { 'text/html': '<b>x</b>', 'text/plain': 'x' } },
    ]);
  });
  it('gives each of several queued cells its own result', async () => {
    const results = await Promise.all([1, 2, 3].map((n) => run(`console.log('p${n}'); 'r${n}'`)));
    expect(results.map(text)).toEqual(['p1\nr1', 'p2\nr2', 'p3\nr3']);
  });
});
describe('errors (defects 4, 5 and stray rejections)', () => {
  it('names the error and the line in the cell', async () => {
    const r = await run(
      `interface Point { x: number }\n// a comment\n\nfunction f() {\n  throw new RangeError('bad');\n}\nf();`,
    );
    expect(r.outputs).toMatchObject([{ output_type: 'error', ename: 'RangeError', evalue: 'bad' }]);
    expect(text(r)).toMatch(/cell \d+, line 5\)?\n.*cell \d+, line 7/);
    expect(text(r)).not.toContain('node_modules');
  });
  it('shows where a type error is', async () => {
    const r = await run(`const a1 = 1;\nconst b1: string = a1;`);
    expect(r.outputs).toHaveLength(1);
    expect(r.outputs[0]).toMatchObject({ ename: 'TypeScriptError' });
    expect(text(r)).toContain('line 2: const b1: string = a1;');
  });
  it.each([
    `throw 'text'`,
    `throw undefined`,
    `await Promise.reject(new Error('no'))`,
    `new Promise((_, no) => setTimeout(no, 1, 5)); await new Promise((r) => setTimeout(r, 20));`,
  ])('%s', async (code) => {
    const r = await run(code);
    expect(r.status).toBe('error');
    expect(r.outputs).toMatchObject([{ output_type: 'error' }]);
  });
  it('reports what nobody awaited', async () => {
    for (const code of [
      `void (async () => { throw new Error('lost') })();`,
      `Promise.reject(new Error('lost')); 1`,
      `setTimeout(() => { throw new Error('lost') }, 1); await new Promise((r) => setTimeout(r, 20));`,
    ]) {
      const r = await run(code);
      expect(r.status).toBe('error');
      expect(text(r)).toContain('lost');
    }
  });
  it('keeps running after an expected error', async () => {
    const results = await Promise.all([run(`throw new Error('expected')`), run(`'next'`)]);
    expect(results.map((r) => r.status)).toEqual(['error', 'ok']);
  });
  it('aborts what was queued behind an unexpected one', async () => {
    const results = await Promise.all([
      run(`throw new Error('x')`, { stopOnError: true }),
      run(`'next'`),
    ]);
    expect(results.map((r) => r.status)).toEqual(['error', 'aborted']);
    await sleep(300);
  });
});
describe('interrupt (defect 12)', () => {
  it.each([
    `while (true) {}`,
    `await new Promise(() => {})`,
    `await Promise.resolve(); while (true) {}`,
    `await new Promise((r) => setTimeout(r, 10)); for (;;) {}`,
    `for (;;) await new Promise((r) => setTimeout(r, 10))`,
  ])('%s', async (code) => {
    const r = await interruptAfter(200, code);
    expect(r.status).toBe('error');
    expect(r.ms).toBeLessThan(3000);
    expect(await value(`'alive'`)).toBe('alive');
  });
});
it('is interrupted on the shell channel too, as VS Code does', async () => {
  expect((await interruptAfter(200, `await 0; while (true) {}`, 'shell')).status).toBe('error');
});
describe('editor', () => {
  it('completes, explains, knows incomplete code', async () => {
    await run(`import pgc from 'pg'; const pool = new pgc.Pool({ max: 1 });`);
    expect(
      (await k.request('complete_request', { code: 'pool.qu', cursor_pos: 7 })).matches,
    ).toContain('query');
    expect(
      JSON.stringify(
        await k.request('inspect_request', { code: 'pool.query', cursor_pos: 7, detail_level: 0 }),
      ),
    ).toContain('query');
    expect(await k.request('is_complete_request', { code: 'for (;;) {' })).toMatchObject({
      status: 'incomplete',
    });
    expect((await k.request('kernel_info_request', {})).language_info.version).toBe('5.0.4');
    expect(await k.request('comm_info_request', {})).toMatchObject({ comms: {} });
  });
});
it('shuts down at once', async () => {
  const other = await Kernel.start(spec, nb);
  await other.execute('setInterval(() => {}, 1000)');
  const t = performance.now();
  await other.stop();
  expect(performance.now() - t).toBeLessThan(1000);
}, 20_000);
it('does not outlive its parent (defect 9)', async () => {
  const child = spawn(process.execPath, [
    '--input-type=module',
    '-e',
    `import { Kernel } from ${JSON.stringify(join(root, 'tools/kernel-client.ts'))};\nconst k = await Kernel.start(${JSON.stringify(spec)}, ${JSON.stringify(nb)}); console.log(k.pid); process.kill(process.pid, 'SIGKILL');`,
  ]);
  let out = '';
  child.stdout.on('data', (d) => (out += d));
  await new Promise((r) => child.once('exit', r));
  const pid = Number(out);
  expect(pid).toBeGreaterThan(1);
  for (let i = 0; i < 40; i++) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await sleep(100);
  }
  expect.unreachable('the kernel is still there');
}, 20_000);
