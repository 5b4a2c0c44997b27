/** Executes a notebook headlessly. Usage: tsx tools/run-notebook.ts notebooks/01-charts.ipynb [out.ipynb] */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, extname, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type CellResult, Kernel } from './kernel-client.ts';
import { load, type Notebook, parse, serialise } from './percent.ts';

const SPEC = fileURLToPath(new URL('../kernel/kernels/tslab', import.meta.url));
export interface Run {
  notebook: Notebook;
  results: CellResult[];
  startMs: number;
  failure?: string;
}

export async function runNotebook(
  file: string,
  opts: { timeoutMs?: number; env?: NodeJS.ProcessEnv } = {},
): Promise<Run> {
  const notebook = extname(file) === '.ts' ? parse(readFileSync(file, 'utf8')) : load(file);
  const t0 = performance.now();
  const k = await Kernel.start(SPEC, dirname(resolve(file)), opts.env);
  const startMs = performance.now() - t0;
  const results: CellResult[] = [];
  const displays = new Map<string, any[]>();
  let failure: string | undefined;
  try {
    for (const cell of notebook.cells) {
      if (cell.cell_type !== 'code') continue;
      const expected = cell.metadata.tags?.includes('raises-exception') ?? false;
      const r = await k.execute(cell.source, { ...opts, stopOnError: !expected, displays });
      cell.outputs = r.outputs;
      cell.execution_count = r.executionCount;
      results.push(r);
      const late = r.outputs.find(
        (o) =>
          o.output_type === 'stream' &&
          o.name === 'stderr' &&
          /UnhandledPromiseRejection|UncaughtException/.test(o.text),
      );
      if ((r.status !== 'ok') !== expected || late) {
        const e = r.outputs.find((o) => o.output_type === 'error');
        failure = `cell ${cell.id} (${r.status}): ${e?.output_type === 'error' ? e.traceback.join('\n') : JSON.stringify(late ?? r.outputs)}\n${cell.source}`;
        break;
      }
    }
    if (!failure) {
      // what fails only after its cell has ended
      const r = await k.execute('await new Promise((done) => setTimeout(done, 200))', {
        stopOnError: false,
      });
      const e = r.outputs.find((o) => o.output_type === 'error');
      if (e?.output_type === 'error') failure = `after the last cell: ${e.traceback.join('\n')}`;
      if (/UnhandledPromiseRejection|UncaughtException/.test(k.late))
        failure = `between two cells: ${k.late}`;
    }
  } finally {
    await k.stop();
  }
  return { notebook, results, startMs, ...(failure ? { failure } : {}) };
}
if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [file, out] = process.argv.slice(2);
  const run = await runNotebook(file!, { timeoutMs: Number(process.env.CELL_TIMEOUT ?? 60_000) });
  if (out) {
    mkdirSync(dirname(resolve(out)), { recursive: true });
    writeFileSync(out, serialise(run.notebook));
  }
  console.log(
    `kernel ready in ${run.startMs.toFixed(0)} ms; cells: ${run.results.map((r) => `${r.status} ${r.ms.toFixed(0)} ms`).join(', ')}`,
  );
  if (run.failure) {
    console.error(run.failure);
    process.exitCode = 1;
  }
}
