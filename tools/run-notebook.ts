/**
 * Executes a notebook headlessly and rejects everything that is not right in it.
 *
 * Usage: node tools/run-notebook.ts notebooks/01-connect.ipynb [executed.ipynb]
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, extname, resolve } from 'node:path';
import type { Checkpoint, ExerciseResult } from '../lib/mime.ts';
import { isMain, runTool } from './cli.ts';
import {
  describeFailure,
  type Failure,
  type Fault,
  markFailure,
  type NumberedCell,
} from './failure.ts';
import {
  cellTimeoutMs,
  checkpointsOf,
  exercisesOf,
  expectsError,
  findMissingCheckpoint,
  findStrayError,
  judgeCell,
  judgeCheckpoints,
  judgeExercises,
  originOf,
} from './judge.ts';
import { type CellResult, Kernel, KernelError } from './kernel-client.ts';
import { type Cell, KERNEL, type Notebook, readNotebook, serialise } from './notebook.ts';
import { parsePercent } from './percent.ts';

export interface Run {
  /** With the outputs; a failed cell is marked. */
  notebook: Notebook;
  /** One for each code cell that came to an end. */
  results: CellResult[];
  checkpoints: Checkpoint[];
  exercises: ExerciseResult[];
  /** With the end of the kernel, and with its start unless that came before. */
  seconds: number;
  failure?: Failure;
}

export interface RunOptions {
  /** Runs each exercise with its solution, from the notebook's script. @default false */
  solved?: boolean;
  /** Limit for a cell; a tag such as `timeout-90` (seconds) raises it for one. @default 60_000 */
  timeoutMs?: number;
  /** Limit for the kernel to start. @default 30_000 */
  startTimeoutMs?: number;
  /** Limit for the kernel to answer after the last cell, and to end. @default 5_000 */
  stopTimeoutMs?: number;
  env?: NodeJS.ProcessEnv;
  /** Folder of the kernel.json. @default the workshop's kernel */
  kernel?: string;
  /** What `startKernel` began for this notebook. @default it is started now */
  started?: Promise<Kernel>;
  /** Called after each code cell. */
  onCell?: (cell: Cell, result: CellResult) => void;
}

/**
 * Starts the kernel of a notebook, so that it is ready when the notebook's turn comes. Who does not hand it to
 * `runNotebook` stops it.
 */
export function startKernel(
  file: string,
  { kernel = KERNEL, env, startTimeoutMs: timeoutMs }: RunOptions = {},
): Promise<Kernel> {
  const quiet = { WORKSHOP_PROGRESS: 'off', ...env }; // what a program passes, no attendee has
  const started = Kernel.start(kernel, dirname(resolve(file)), { env: quiet, timeoutMs });
  started.catch(() => {}); // it may fail before anybody waits for it
  return started;
}

/**
 * Runs a notebook (.ipynb, or its percent script) in a kernel of its own.
 * @returns what happened: a failure of the notebook is not thrown
 * @throws when the file cannot be read
 */
export async function runNotebook(file: string, options: RunOptions = {}): Promise<Run> {
  const started = performance.now();
  const notebook = open(file, options);
  const results: CellResult[] = [];
  const found = await runInKernel(file, notebook, results, options);
  const checkpoints = notebook.cells.flatMap(checkpointsOf);
  const exercises = notebook.cells.flatMap(exercisesOf);
  const failure = found && describeFailure(basename(file), found.fault, found.printed);
  if (failure) markFailure(notebook, failure);
  const seconds = (performance.now() - started) / 1000;
  return { notebook, results, checkpoints, exercises, seconds, ...(failure && { failure }) };
}

// Only the script has the solutions.
function open(file: string, { solved }: RunOptions): Notebook {
  const script = solved ? file.replace(/\.ipynb$/, '.ts') : file;
  if (extname(script) !== '.ts') return readNotebook(file);
  return parsePercent(readFileSync(script, 'utf8'), script, { solved });
}

async function runInKernel(
  file: string,
  notebook: Notebook,
  results: CellResult[],
  options: RunOptions,
): Promise<{ fault: Fault; printed: string } | undefined> {
  let kernel: Kernel;
  try {
    kernel = await (options.started ?? startKernel(file, options));
  } catch (error) {
    if (!(error instanceof KernelError)) throw error;
    return { fault: { kind: 'no-kernel', reason: error.message }, printed: error.printed };
  }
  let fault: Fault | undefined;
  try {
    fault = await runCells(kernel, notebook, results, options);
  } finally {
    const clean = await kernel.stop({ timeoutMs: fault ? 500 : options.stopTimeoutMs });
    if (!clean)
      fault ??= { kind: 'hanging-kernel', reason: 'the kernel did not end when asked to' };
  }
  return fault && { fault, printed: kernel.printed };
}

async function runCells(
  kernel: Kernel,
  notebook: Notebook,
  results: CellResult[],
  options: RunOptions,
): Promise<Fault | undefined> {
  const cells: NumberedCell[] = [];
  for (const cell of notebook.cells) {
    if (cell.cell_type !== 'code') continue;
    const at = { number: cells.length + 1, cell };
    cells.push(at);
    const fault = (await runCell(kernel, at, results, options)) ?? judgeExercises(at, options);
    if (fault) return fault;
    const stray = findStrayError(cells);
    if (stray) return stray;
  }
  return (
    (await runEpilogue(kernel, cells, options)) ??
    findStrayError(cells) ??
    cells.map(judgeCheckpoints).find(Boolean) ??
    findMissingCheckpoint(cells)
  );
}

async function runCell(
  kernel: Kernel,
  at: NumberedCell,
  results: CellResult[],
  { timeoutMs: defaultMs = 60_000, onCell }: RunOptions,
): Promise<Fault | undefined> {
  const { cell } = at;
  const timeoutMs = cellTimeoutMs(cell, defaultMs);
  const stopOnError = !expectsError(cell);
  try {
    const result = await kernel.execute(cell.source, { timeoutMs, graceMs: 3000, stopOnError });
    cell.outputs = result.outputs;
    cell.execution_count = result.executionCount;
    results.push(result);
    onCell?.(cell, result);
    if (result.status !== 'timeout') return judgeCell(at, result);
    const reason = `it was still running after ${timeoutMs / 1000} s`;
    showError(cell, 'TimeoutError', reason);
    return { kind: 'timeout', reason, at };
  } catch (error) {
    if (!(error instanceof KernelError)) throw error;
    cell.outputs = error.outputs;
    showError(cell, error.name, error.message);
    return { kind: 'dead-kernel', reason: error.message, at };
  }
}

// Some things fail only after the last cell has ended.
async function runEpilogue(
  kernel: Kernel,
  cells: NumberedCell[],
  { stopTimeoutMs: timeoutMs = 5000 }: RunOptions,
): Promise<Fault | undefined> {
  const at = cells.at(-1);
  if (!at) return;
  try {
    const wait = 'await new Promise((done) => setTimeout(done, 200))';
    const { status, outputs } = await kernel.execute(wait, { timeoutMs, stopOnError: false });
    const error = outputs.find((output) => output.output_type === 'error');
    if (error) {
      const origin = originOf(error.traceback.join('\n'), cells) ?? at;
      origin.cell.outputs?.push(error);
      const reason = `after the last cell: ${error.ename}: ${error.evalue}`;
      return { kind: 'stray-error', reason, at: origin };
    }
    if (status === 'timeout') {
      return {
        kind: 'hanging-kernel',
        reason: 'the kernel did not answer after the last cell',
        at,
      };
    }
  } catch (error) {
    if (!(error instanceof KernelError)) throw error;
    return { kind: 'dead-kernel', reason: `after the last cell: ${error.message}`, at };
  }
}

function showError(cell: Cell, ename: string, evalue: string): void {
  if (cell.outputs?.some((output) => output.output_type === 'error')) return;
  cell.outputs?.push({ output_type: 'error', ename, evalue, traceback: [`${ename}: ${evalue}`] });
}

async function main([file, out]: string[]): Promise<void> {
  if (!file) throw new Error('Usage: node tools/run-notebook.ts notebook [executed notebook]');
  const { notebook, results, seconds, failure } = await runNotebook(file);
  if (out) {
    mkdirSync(dirname(resolve(out)), { recursive: true });
    writeFileSync(out, serialise(notebook));
  }
  if (failure) throw new Error(failure.message);
  console.log(`${file}: ${results.length} cells ok in ${seconds.toFixed(1)} s`);
}

if (isMain(import.meta.url)) await runTool(main);
