import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../../cluster/instance.ts';
import { isInstalled, jupyterEnvironment, venvProgram } from '../jupyterlab.ts';
import { type Bench, type Case, pairReporter } from './bench.ts';
import { alternate, compare, type Measurement, stopwatch } from './measure.ts';

/** All notebooks headlessly, and our runner against Jupyter's on one of them. */
export const notebooks: Case = {
  name: 'notebooks',
  title: 'all notebooks headlessly, and the runner against jupyter execute',
  onDemand: true,
  async run(bench) {
    const folder = mkdtempSync(join(tmpdir(), 'bench-'));
    try {
      const runner = await measureRunner(bench);
      return bench.quick ? runner : [await measureAll(bench, folder), ...runner];
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

// with a page each; once, for it takes long
async function measureAll(bench: Bench, folder: string): Promise<Measurement> {
  const { engine, report } = bench;
  report('running all notebooks, one to two minutes');
  const seconds = await execute(process.execPath, ['tools/notebooks.ts', '--out', folder], bench);
  const samples = { ours: [seconds], other: [120] };
  const common = { name: 'all notebooks', against: 'the limit of two minutes', unit: 's' };
  return compare({ ...common, engine, samples, atMost: 120 });
}

// both start a kernel, run the cells and write nothing
async function measureRunner(bench: Bench): Promise<Measurement[]> {
  if (!isInstalled()) {
    bench.report('jupyter execute left out: there is no .venv yet, `npm start` makes it');
    return [];
  }
  const pairs = bench.quick ? 1 : 5;
  const notebook = `notebooks/${bench.quick ? '01-connect' : '04-rollups'}.ipynb`;
  const runner = () => execute(process.execPath, ['tools/run-notebook.ts', notebook], bench);
  const jupyter = () => execute(venvProgram('jupyter'), ['execute', notebook], bench);
  if (!bench.quick) await runner(); // builds what the chapter needs
  const samples = await alternate(
    pairs,
    { ours: runner, other: jupyter },
    pairReporter(bench, 'runner', pairs, 's'),
  );
  const common = { name: 'one notebook', against: 'jupyter execute', unit: 's' };
  return [compare({ ...common, engine: bench.engine, samples, atLeast: 1 })];
}

// seconds
async function execute(program: string, args: string[], { url }: Bench): Promise<number> {
  const env = { ...jupyterEnvironment(), DATABASE_URL: url, WORKSHOP_PROGRESS: 'off' };
  const ms = await stopwatch(() => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const child = spawn(program, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let told = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (data) => {
        told += data;
      });
    }
    child.once('error', reject);
    child.once('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`${program} ${args.join(' ')} failed:\n${told}`)),
    );
    return promise;
  });
  return ms / 1000;
}
