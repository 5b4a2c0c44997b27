/** A small project whose site is built in a moment. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { vegaLiteBundle } from '../../lib/charts.ts';
import { serialise } from '../../tools/notebook.ts';
import { parsePercent } from '../../tools/percent.ts';
import type { Folders } from '../../tools/site/build.ts';

const FILES = {
  'README.md': `# A small workshop

What it is, in [few words](CONTRIBUTING.md#the-rooms).

![a drop](docs/drop.svg)

## Start

\`\`\`sh
npm start
\`\`\`

## Chapters

| | chapter | minutes | you see |
|---|---|---|---|
| 00 | [Start here](notebooks/00-start.ipynb) | 5 | the end & the beginning |
| 01 | [A second one](notebooks/01-second.ipynb) | 7 | a chart |
| 02 | [The last](notebooks/02-last.ipynb) | 8 | nothing |

[Licence](LICENSE)
`,
  'CONTRIBUTING.md':
    '# Contributing\n\n## The rooms\n\n[start](notebooks/00-start.ts), [code](lib/a.ts)\n',
  'slides/INSTRUCTOR.md':
    '# For instructors\n\n[slides](01-second.md), [back](../README.md#start)\n',
  'slides/01-second.md': '# Second\n',
  LICENSE: 'do as you like',
  'lib/a.ts': 'export const a = 1;\n',
  'docs/drop.svg': '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
  'out/notebooks.json': '{ "server": "a server <1>" }',
  'out/slides/opening.html': '<!doctype html><html lang="en"><title>Opening</title><h1>Hello</h1>',
  'out/slides/01-second.html': '<!doctype html><html lang="en"><title>01</title><h1>Second</h1>',
  'out/slides/01-second.pdf': '%PDF',
  'out/slides/index.html': '<!doctype html><title>not this one</title>',
};

const NOTEBOOKS = {
  '00-start': '// # Start\n// [next](01-second.ipynb#the-chart) and [why](../README.md#start)',
  '01-second': '// # Second\n// ## The chart\n// ## A table that is wide',
  '02-last': '// # Last',
};

/** Writes it into a new folder. */
export async function makeProject(): Promise<Folders> {
  const root = mkdtempSync(join(tmpdir(), 'site-'));
  for (const [file, text] of Object.entries(FILES)) write(join(root, file), text);
  const chart = await vegaLiteBundle({
    data: { values: [{ a: 1 }, { a: 2 }] },
    mark: 'bar',
    title: 'Numbers',
    encoding: { x: { field: 'a', type: 'quantitative' } },
  });
  const wide = `<a href="02-last.ipynb">on</a><table><tr>${'<td>a wide cell</td>'.repeat(20)}</tr></table>`;
  for (const [name, text] of Object.entries(NOTEBOOKS)) {
    const notebook = parsePercent(`// %% [markdown]\n${text}\n\n// %%\nconst a = 1;\n`);
    const data = name === '01-second' ? [chart, { 'text/html': wide }] : [];
    write(join(root, 'notebooks', `${name}.ipynb`), serialise(notebook));
    notebook.cells[1].execution_count = 1;
    notebook.cells[1].outputs = data.map((bundle) => ({
      output_type: 'display_data',
      data: bundle,
      metadata: {},
    }));
    write(join(root, 'out', `${name}.ipynb`), serialise(notebook));
  }
  const executed = join(root, 'out');
  return { root, executed, slides: join(executed, 'slides'), out: join(executed, 'site') };
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}
