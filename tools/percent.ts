/** percent script (.ts, '// %%' cells) -> .ipynb. Usage: node tools/percent.ts build|check notebooks */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

export interface Cell {
  id: string;
  cell_type: 'code' | 'markdown';
  source: string;
  metadata: { tags?: string[] };
  outputs?: unknown[];
  execution_count?: number | null;
}
export interface Notebook {
  nbformat: 4;
  nbformat_minor: 5;
  metadata: object;
  cells: Cell[];
}

export const METADATA = {
  kernelspec: { display_name: 'TypeScript (workshop)', language: 'typescript', name: 'tslab' },
  language_info: {
    name: 'typescript',
    file_extension: '.ts',
    mimetype: 'text/typescript',
    version: '5.0.4',
    codemirror_mode: { mode: 'typescript', name: 'javascript', typescript: true },
  },
};

export function parse(text: string): Notebook {
  const parts = text.split(/^\/\/ %%(.*)$/m);
  const cells: Cell[] = [];
  for (let i = 1; i < parts.length; i += 2) {
    const head = parts[i]!;
    let source = parts[i + 1]!.replace(/^\n+|\s+$/g, '');
    const md = head.includes('[markdown]');
    if (md) source = source.replace(/^\/\/ ?/gm, '');
    const tags = /tags=(\[.*?\])/.exec(head)?.[1];
    const same = cells.filter((c) => c.source === source).length; // an id survives edits of other cells
    const id = createHash('sha256').update(`${source}\n${same}`).digest('hex').slice(0, 8);
    cells.push({
      id,
      cell_type: md ? 'markdown' : 'code',
      metadata: tags ? { tags: JSON.parse(tags) } : {},
      source,
      ...(md ? {} : { outputs: [], execution_count: null }),
    });
  }
  return { nbformat: 4, nbformat_minor: 5, metadata: METADATA, cells };
}
/** Stored notebooks keep source as a list of lines (what Jupyter and VS Code write). */
export function serialise(nb: Notebook): string {
  const lines = (s: string) => s.split(/(?<=\n)/);
  return (
    JSON.stringify(
      {
        cells: nb.cells.map((c) => ({ ...c, source: lines(c.source) })),
        metadata: nb.metadata,
        nbformat: 4,
        nbformat_minor: 5,
      },
      null,
      1,
    ) + '\n'
  );
}
export function load(file: string): Notebook {
  const nb = JSON.parse(readFileSync(file, 'utf8'));
  for (const c of nb.cells) c.source = [c.source].flat().join('');
  return nb;
}
if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [mode, dir = 'notebooks'] = process.argv.slice(2);
  let bad = 0;
  for (const f of readdirSync(dir)
    .filter((f) => f.endsWith('.ts'))
    .sort()) {
    const out = join(dir, f.replace(/\.ts$/, '.ipynb'));
    const want = serialise(parse(readFileSync(join(dir, f), 'utf8')));
    if (mode === 'check') {
      const src = (nb: Notebook) =>
        JSON.stringify(nb.cells.map((c) => [c.cell_type, c.source, c.metadata]));
      const same =
        existsSync(out) && src(load(out)) === src(parse(readFileSync(join(dir, f), 'utf8')));
      if (!same) {
        bad++;
        console.error(`${out} differs from ${f}: run npm run fix`);
      }
    } else {
      writeFileSync(out, want);
      console.log(out);
    }
  }
  process.exitCode = bad ? 1 : 0;
}
