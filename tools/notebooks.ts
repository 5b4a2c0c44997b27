/**
 * `npm run notebooks [-- 03 05] [--solved] [--out DIR] [--keep-going]`: executes notebooks headlessly, in order;
 * with --solved the exercises by their solutions.
 * Writes executed notebooks, a web page each and notebooks.json; exit code 1 when one fails.
 */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { root } from '../cluster/instance.ts';
import { isMain, readOptions, runTool } from './cli.ts';
import { exportHtml } from './export-html.ts';
import type { Kernel } from './kernel-client.ts';
import { serialise } from './notebook.ts';
import { type Run, runNotebook, startKernel } from './run-notebook.ts';

/** An entry of notebooks.json. */
export interface NotebookReport {
  notebook: string;
  status: 'ok' | 'failed';
  /** Code cells that ran. */
  cells: number;
  seconds: number;
  checkpoints: Run['checkpoints'];
  exercises: Run['exercises'];
  failure?: Run['failure'];
}

/** @throws when there is no notebook with a wanted number */
function chooseNotebooks(folder: string, wanted: string[]): string[] {
  const all = readdirSync(folder)
    .filter((name) => /^\d\d-.*\.ipynb$/.test(name))
    .sort();
  if (!all.length)
    throw new Error(`There is no notebook in ${folder}; \`npm run fix\` makes them.`);
  const known = all.map((name) => name.slice(0, 2));
  const unknown = wanted.filter((number) => !known.includes(number.padStart(2, '0')));
  if (unknown.length) {
    throw new Error(`There is no notebook ${unknown.join(', ')}; there are ${known.join(' ')}.`);
  }
  const numbers = wanted.map((number) => number.padStart(2, '0'));
  const chosen = all.filter((name) => !wanted.length || numbers.includes(name.slice(0, 2)));
  return chosen.map((name) => join(folder, name));
}

async function main(args: string[]): Promise<void> {
  const { positionals, values } = readArguments(args);
  const files = chooseNotebooks(join(root, 'notebooks'), positionals);
  const server = await bringUpDatabase();
  const started = performance.now();
  const reports: NotebookReport[] = [];
  mkdirSync(values.out, { recursive: true });
  let next: Promise<Kernel> | undefined;
  for (const [at, file] of files.entries()) {
    const [kernel, following] = [next, files[at + 1]];
    next = undefined;
    const progress = showProgress(file);
    const onCell = () => {
      progress();
      if (following) next ??= startKernel(following); // ready by the time this notebook has ended
    };
    const run = await runNotebook(file, { solved: values.solved, onCell, started: kernel });
    reports.push(report(file, run));
    console.log(`${clearLine()}${line(file, run)}`);
    await writeResults(values.out, file, run);
    writeFileSync(
      join(values.out, 'notebooks.json'),
      `${JSON.stringify({ ...server, notebooks: reports }, null, 2)}\n`,
    );
    if (!run.failure) continue;
    console.error(`\n${run.failure.message}\n`);
    process.exitCode = 1;
    if (!values['keep-going']) break;
  }
  await next?.then((kernel) => kernel.stop()).catch(() => {}); // a failure left it without work
  console.log(total(reports, performance.now() - started, values.out));
}

function readArguments(args: string[]) {
  return readOptions('npm run notebooks [-- 03 05 --solved --out FOLDER --keep-going]', {
    args,
    allowPositionals: true,
    options: {
      out: { type: 'string', default: join(root, 'out') },
      solved: { type: 'boolean', default: false },
      'keep-going': { type: 'boolean', default: false },
    },
  });
}

// Loaded late: what cannot run anyway should not ask for a database.
async function bringUpDatabase(): Promise<{ server: string; engine: string }> {
  const { presentSubject } = await import('../cluster/checks.ts');
  const { choice } = presentSubject();
  console.log(`Database: ${choice.why}`);
  if (choice.engine !== 'url') {
    const { startInstance } = await import('../cluster/index.ts');
    await startInstance(undefined, { report: console.log });
  }
  const { connect } = await import('../lib/connect.ts');
  const { describeServer, serverLine } = await import('../lib/server.ts');
  const db = await connect();
  try {
    const server = await describeServer(db);
    return { server: serverLine(server), engine: server.engine };
  } finally {
    await db.end();
  }
}

const report = (file: string, run: Run): NotebookReport => ({
  notebook: basename(file, '.ipynb'),
  status: run.failure ? 'failed' : 'ok',
  cells: run.results.length,
  seconds: Number(run.seconds.toFixed(2)),
  checkpoints: run.checkpoints,
  exercises: run.exercises,
  ...(run.failure && { failure: run.failure }),
});

function line(file: string, { results, checkpoints, exercises, seconds, failure }: Run): string {
  const passed = checkpoints.filter(({ ok }) => ok).length;
  const count = `${String(results.length).padStart(3)} cells`;
  const checks = `${String(passed).padStart(2)}/${checkpoints.length} checkpoints`.padEnd(17);
  const solved = exercises.filter(({ state }) => state === 'ok').length;
  const tasks = `${solved}/${exercises.length} exercises`;
  const time = `${seconds.toFixed(1).padStart(5)} s`;
  const name = basename(file, '.ipynb').padEnd(18);
  return `${failure ? '✗' : '✓'} ${name} ${count}  ${checks} ${tasks} ${time}  ${failure ? 'failed' : 'ok'}`;
}

async function writeResults(out: string, file: string, { notebook }: Run): Promise<void> {
  const name = basename(file, '.ipynb');
  writeFileSync(join(out, `${name}.ipynb`), serialise(notebook));
  writeFileSync(
    join(out, `${name}.html`),
    await exportHtml(notebook, { folder: join(file, '..') }),
  );
}

// In a terminal the notebook that runs is named, with the cells that are done.
function showProgress(file: string): () => void {
  let done = 0;
  return () => {
    done++;
    if (process.stdout.isTTY) process.stdout.write(`${clearLine()}… ${basename(file)} ${done}`);
  };
}

const clearLine = () => (process.stdout.isTTY ? '\r\x1b[2K' : '');

function total(reports: NotebookReport[], ms: number, out: string): string {
  const failed = reports.filter(({ status }) => status === 'failed').length;
  const passed = reports.length - failed;
  return `${passed} ok, ${failed} failed in ${(ms / 1000).toFixed(1)} s; pages in ${out}`;
}

if (isMain(import.meta.url)) await runTool(main);
