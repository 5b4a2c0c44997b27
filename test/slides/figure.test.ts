import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plotBundle, vegaLiteBundle } from '../../lib/charts.ts';
import { serialise } from '../../tools/notebook.ts';
import { parsePercent } from '../../tools/percent.ts';
import { figure, table } from '../../tools/slides/figure.ts';

const folder = mkdtempSync(join(tmpdir(), 'figures-'));
const figures = { folder };
const rows = ['a', 'b', 'c'].map((name) => `<tr><td>${name}</td></tr>`).join('');
const html = `<em>three &#60;rows&#62;</em><table><thead><tr><th>name</th></tr></thead><tbody>${rows}</tbody></table>`;

beforeAll(async () => {
  const notebook = parsePercent('// %%\n1;\n');
  const bundles = [
    await vegaLiteBundle({
      title: 'Bars',
      data: { values: [{ x: 1 }] },
      mark: 'bar',
      width: 560,
      height: 140,
      encoding: { x: { field: 'x' } },
    }),
    plotBundle({ title: 'Plain & simple', width: 600, height: 200, marks: [] }),
    { 'text/html': html },
  ];
  notebook.cells[0].outputs = bundles.map((data) => ({
    output_type: 'display_data',
    data,
    metadata: {},
  }));
  writeFileSync(join(folder, '04-rollups.ipynb'), serialise(notebook));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('a chart of an executed notebook', () => {
  it('is an image that says what it shows, and fits', async () => {
    const image = await figure('04', 'Bars', 300, figures);
    expect(image).toContain('src="data:image/svg+xml;base64,');
    expect(image).toContain('alt="Bars"');
    const [, width, height] = image.match(/width:(\d+)px;height:(\d+)px/) ?? [];
    expect(Number(width)).toBeLessThanOrEqual(1120);
    expect(Number(height)).toBeLessThanOrEqual(300);
    expect(Number(height) === 300 || Number(width) === 1120).toBe(true);
  });

  it('stands on one line without style elements where it is HTML', async () => {
    const markup = await figure('04', 'Plain & simple', 300, figures);
    expect(markup).toContain('<svg');
    expect(markup).not.toMatch(/\n|<style/);
  });

  it('is missed with the titles that there are', async () => {
    await expect(figure('04', 'Pies', 300, figures)).rejects.toThrow(
      /no chart with "Pies", but: Bars \| Plain & simple.*npm run notebooks -- 04/,
    );
  });

  it('is missed with the command that makes it', async () => {
    await expect(figure('05', 'Bars', 300, figures)).rejects.toThrow('npm run notebooks -- 05');
    const framed = await figure('05', 'Bars', 300, { folder, frames: true });
    expect(framed).toContain('height:300px');
    expect(framed).toContain('npm run notebooks -- 05');
  });
});

describe('a table of an executed notebook', () => {
  it('is found by its caption or head, and cut', () => {
    expect(table('04', 'three <rows>', 2, figures).match(/<td>/g)).toHaveLength(2);
    expect(table('04', 'name', undefined, figures).match(/<td>/g)).toHaveLength(3);
    expect(() => table('04', 'a', 1, { folder: 'nowhere' })).toThrow('npm run notebooks -- 04');
    expect(() => table('04', 'price', 1, figures)).toThrow('but: three <rows> name');
  });
});
