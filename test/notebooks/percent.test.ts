/** Percent scripts and the notebooks that are generated from them. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KERNEL, METADATA, serialise } from '../../tools/notebook.ts';
import { buildMissing, buildNotebooks, checkNotebooks, parsePercent } from '../../tools/percent.ts';

const SCRIPT = `// %% [markdown]
// # Title
//
//     indented

// %% tags=["raises-exception", "timeout-90"]
throw new Error('x');

// %%
1 + 1;

// %%
1 + 1;
`;

describe('a percent script', () => {
  it('becomes cells of text and code, with tags', () => {
    const { cells } = parsePercent(SCRIPT);
    expect(cells.map((cell) => cell.cell_type)).toEqual(['markdown', 'code', 'code', 'code']);
    expect(cells[0].source).toBe('# Title\n\n    indented');
    expect(cells[1].metadata.tags).toEqual(['raises-exception', 'timeout-90']);
    expect(cells[2].source).toBe('1 + 1;');
  });

  it('gives the same bytes each time, and ids that survive edits elsewhere', () => {
    const ids = (script: string) => parsePercent(script).cells.map(({ id }) => id);
    expect(serialise(parsePercent(SCRIPT))).toBe(serialise(parsePercent(SCRIPT)));
    expect(new Set(ids(SCRIPT)).size).toBe(4);
    expect(ids(SCRIPT.replace('Title', 'Other')).slice(1)).toEqual(ids(SCRIPT).slice(1));
    expect(ids(SCRIPT.replaceAll('\n', '\r\n'))).toEqual(ids(SCRIPT));
  });

  it('is refused when a line belongs to no cell', () => {
    expect(() => parsePercent(`import x from 'x';\n${SCRIPT}`, 'a.ts')).toThrow(/a\.ts:1 has code/);
    expect(() => parsePercent('// %% [markdown]\n// text\nconst a = 1;', 'a.ts')).toThrow(
      /a\.ts: `const a = 1;` is code in a text cell/,
    );
    expect(() => parsePercent('// %% tags=a', 'a.ts')).toThrow(/Expected `tags=` to be a list/);
  });

  it('names the kernel as its kernel.json does', () => {
    const spec = JSON.parse(readFileSync(join(KERNEL, 'kernel.json'), 'utf8'));
    expect(METADATA.kernelspec.display_name).toBe(spec.display_name);
  });
});

describe('an exercise in a percent script', () => {
  const cell = `// %%
let answer = 1;
//#region solution
answer = 2;
//#endregion
await exercise('01.1', db, answer);
`;
  const source = (text: string, solved: boolean) =>
    parsePercent(text, 'a.ts', { solved }).cells[0].source;

  it('comes without its solution, or with it', () => {
    expect(source(cell, false)).toBe("let answer = 1;\nawait exercise('01.1', db, answer);");
    expect(source(cell, true)).toBe(
      "let answer = 1;\nanswer = 2;\nawait exercise('01.1', db, answer);",
    );
    expect(source(cell.replaceAll('\n', '\r\n'), false)).toBe(source(cell, false));
  });

  it.for([
    ['begins and does not end', cell.replace('//#endregion\n', '')],
    ['ends and does not begin', cell.replace('//#region solution\n', '')],
    ['stands there twice', `${cell}${cell.replace('// %%\n', '')}`],
  ])('is refused when a solution %s', ([, text]) => {
    expect(() => parsePercent(text)).toThrow(/Expected one solution/);
  });
});

describe('the check of notebooks', () => {
  let folder: string;
  let file: string;
  const change = (from: string, to: string) =>
    writeFileSync(file, readFileSync(file, 'utf8').replace(from, to));

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'percent-'));
    file = join(folder, '01-a.ipynb');
    writeFileSync(join(folder, '01-a.ts'), SCRIPT);
    expect(buildNotebooks(folder)).toEqual([file]);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('accepts what was built, and builds nothing twice', () => {
    expect(checkNotebooks(folder)).toEqual([]);
    expect(buildNotebooks(folder)).toEqual([]);
  });

  it('comes back when it was deleted, and leaves the work in others alone', () => {
    writeFileSync(join(folder, '02-b.ts'), SCRIPT);
    change('1 + 1', '1 + 2');
    expect(buildMissing(folder)).toEqual([join(folder, '02-b.ipynb')]);
    expect(readFileSync(file, 'utf8')).toContain('1 + 2');
  });

  it.for([
    ['outputs', '"outputs": []', '"outputs": [{"output_type": "stream"}]', 'has outputs'],
    ['counts', '"execution_count": null', '"execution_count": 3', 'has execution counts'],
    ['other metadata', '"name": "tslab"', '"name": "python3"', 'has other metadata'],
    ['another source', '1 + 1', '1 + 2', 'differs from its script'],
    ['another format', '"nbformat": 4', '"nbformat":  4', 'differs from its script'],
    ['no JSON', '{', '', 'is not a notebook'],
  ])('refuses a notebook with %s', ([, from, to, fault]) => {
    change(from, to);
    expect(checkNotebooks(folder)).toEqual([`${file} ${fault}: run \`npm run fix\``]);
  });

  it('refuses an exercise that has no solution', () => {
    const script = join(folder, '01-a.ts');
    writeFileSync(script, `${SCRIPT}\n// %%\nawait exercise('01.2', db, 1);\n`);
    buildNotebooks(folder);
    expect(checkNotebooks(folder)).toEqual([
      `${script} has no solution of exercise 01.2: see CONTRIBUTING.md`,
    ]);
  });

  it('refuses a missing notebook and one without a script', () => {
    rmSync(file);
    writeFileSync(join(folder, '02-b.ipynb'), '{}');
    expect(checkNotebooks(folder)).toEqual([
      `${join(folder, '02-b.ipynb')} has no script 02-b.ts: remove it`,
      `${file} is missing: run \`npm run fix\``,
    ]);
  });
});
