import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../../cluster/instance.ts';
import { isInstalled, venvProgram } from '../jupyterlab.ts';
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
      const run = (...wanted: string[]) =>
        execute(process.execPath, ['tools/notebooks.ts', ...wanted, '--out', folder], bench);
      const whole = bench.quick ? [] : [await measureAll(bench, run)];
      return [...whole, ...(await measureRunner(bench, run))];
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

async function measureAll(
  { engine, report }: Bench,
  run: () => Promise<number>,
): Promise<Measurement> {
  report('running all notebooks, about a minute and a half');
  const samples = { ours: [await run()], other: [120] };
  const common = { name: 'all notebooks', against: 'the limit of two minutes', unit: 's' };
  return compare({ ...common, engine, samples, atMost: 120 });
}

async function measureRunner(
  bench: Bench,
  run: (wanted: string) => Promise<number>,
): Promise<Measurement[]> {
  if (!isInstalled()) {
    bench.report('jupyter execute left out: there is no .venv yet, `npm start` makes it');
    return [];
  }
  const pairs = bench.quick ? 1 : 5;
  const jupyter = () =>
    execute(venvProgram('jupyter'), ['execute', `notebooks/${NOTEBOOK}.ipynb`], bench);
  const samples = await alternate(
    pairs,
    { ours: () => run(NOTEBOOK.slice(0, 2)), other: jupyter },
    pairReporter(bench, 'runner', pairs, 's'),
  );
  const common = { name: `notebook ${NOTEBOOK}`, against: 'jupyter execute', unit: 's' };
  return [compare({ ...common, engine: bench.engine, samples, atLeast: 1 })];
}

const NOTEBOOK = '04-rollups';

// seconds
async function execute(program: string, args: string[], { url }: Bench): Promise<number> {
  const own = join(root, '.jupyter');
  const env = {
    ...process.env,
    DATABASE_URL: url,
    PATH: `${join(root, 'node_modules', '.bin')}:${process.env.PATH}`,
    JUPYTER_PATH: join(root, 'kernel'),
    JUPYTER_CONFIG_DIR: join(own, 'config'),
    JUPYTER_DATA_DIR: join(own, 'data'),
    JUPYTER_RUNTIME_DIR: join(own, 'runtime'),
    IPYTHONDIR: join(own, 'ipython'),
  };
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
