/** A small headless Jupyter client: no Python, only the zeromq package that tslab already brings. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Channel, Connection, type Content } from './kernel-connection.ts';
import type { Output } from './notebook.ts';
import { CellOutputs, type Displays } from './outputs.ts';

export interface CellResult {
  status: 'ok' | 'error' | 'aborted' | 'timeout';
  executionCount: number | null;
  /** Grows when something is printed after the cell has ended. */
  outputs: Output[];
  ms: number;
}

export interface StartOptions {
  env?: NodeJS.ProcessEnv;
  /** How long the kernel may take to answer. @default 30_000 */
  timeoutMs?: number;
}

export interface ExecuteOptions {
  /** @default 60_000 */
  timeoutMs?: number;
  /** After a timeout the cell is interrupted and has this long to end. @default 0: no interrupt */
  graceMs?: number;
  /** Whether an error cancels the cells that are queued behind this one. @default true */
  stopOnError?: boolean;
}

/** The kernel's process ended, or never answered. */
export class KernelError extends Error {
  override name = 'KernelError';
  /** What the kernel's process itself printed. */
  printed = '';
  /** Of the cell that ran. */
  outputs: Output[] = [];
}

interface KernelSpec {
  argv: string[];
  env?: NodeJS.ProcessEnv;
  interrupt_mode?: string;
}

export class Kernel {
  /** What the kernel's process itself printed (its last 10,000 characters). */
  printed = '';
  #connection: Connection;
  #folder = mkdtempSync(join(tmpdir(), 'kernel-'));
  #spec: KernelSpec;
  #process: ChildProcess;
  #died: Promise<never>;
  #displays: Displays = new Map();

  /**
   * Starts a kernel and waits until it answers.
   * @param specFolder - holds its kernel.json
   * @param cwd - the folder of the notebook
   * @throws {KernelError} when it ends, or does not answer in time
   */
  static async start(
    specFolder: string,
    cwd: string,
    { env = {}, timeoutMs = 30_000 }: StartOptions = {},
  ): Promise<Kernel> {
    const spec = JSON.parse(readFileSync(join(specFolder, 'kernel.json'), 'utf8'));
    spec.argv = spec.argv.map((arg: string) => arg.replaceAll('{resource_dir}', specFolder));
    for (let retries = 1; ; retries--) {
      const kernel = new Kernel(spec, cwd, env, await Connection.create());
      try {
        await kernel.#untilReady(timeoutMs);
        return kernel;
      } catch (error) {
        await kernel.stop({ timeoutMs: 0 });
        Object.assign(error as KernelError, { printed: kernel.printed });
        const lostPort = /address (already )?in use/i.test(kernel.printed);
        if (!lostPort || !retries) throw error;
      }
    }
  }

  private constructor(
    spec: KernelSpec,
    cwd: string,
    env: NodeJS.ProcessEnv,
    connection: Connection,
  ) {
    this.#spec = spec;
    this.#connection = connection;
    const file = join(this.#folder, 'connection.json');
    writeFileSync(file, JSON.stringify(connection.settings), { mode: 0o600 });
    const [command, ...args] = spec.argv.map((arg) => arg.replaceAll('{connection_file}', file));
    this.#process = spawn(command === 'node' ? process.execPath : command, args, {
      cwd,
      env: { ...process.env, NODE_OPTIONS: '', ...spec.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.on('data', (text) => {
        this.printed = (this.printed + text).slice(-10_000);
      });
    }
    this.#died = this.#untilDead();
    this.#died.catch(() => {}); // also when nobody waits for anything
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /**
   * Runs one cell.
   * @throws {KernelError} when the kernel dies; `outputs` of the error are those of the cell until then
   */
  async execute(
    code: string,
    { timeoutMs = 60_000, graceMs = 0, stopOnError = true }: ExecuteOptions = {},
  ): Promise<CellResult> {
    const started = performance.now();
    const cell = new CellOutputs(this.#displays);
    const done = this.#run(code, stopOnError, cell);
    try {
      let reply = await this.#within(timeoutMs, done);
      const timedOut = !reply;
      if (timedOut && graceMs) {
        await this.interrupt();
        reply = await this.#within(graceMs, done);
      }
      return {
        status: timedOut ? 'timeout' : reply.status,
        executionCount: reply?.execution_count ?? null,
        outputs: cell.outputs,
        ms: performance.now() - started,
      };
    } catch (error) {
      throw Object.assign(error as KernelError, { outputs: cell.outputs, printed: this.printed });
    }
  }

  async interrupt(channel: Channel = 'control'): Promise<void> {
    if (this.#spec.interrupt_mode === 'message') {
      await this.#connection.send('interrupt_request', {}, { channel });
    } else {
      this.#process.kill('SIGINT');
    }
  }

  /** Sends a request on the shell channel and returns the reply. */
  request(type: string, content: object): Promise<Content> {
    return new Promise((resolve) => {
      void this.#connection.send(type, content, {
        listener: (from, _, reply) => {
          if (from === 'shell') resolve(reply);
        },
      });
    });
  }

  /**
   * Asks the kernel to end and, after `timeoutMs`, kills it.
   * @returns whether it ended by itself
   */
  async stop({ timeoutMs = 5000 } = {}): Promise<boolean> {
    let clean = true;
    if (this.#isRunning()) {
      const exited = once(this.#process, 'exit');
      if (timeoutMs) {
        void this.#connection.send('shutdown_request', { restart: false }, { channel: 'control' });
      }
      clean = Boolean(await limit(timeoutMs, exited));
      if (!clean) {
        this.#process.kill('SIGKILL');
        await exited;
      }
    }
    this.#connection.close();
    rmSync(this.#folder, { recursive: true, force: true });
    return clean;
  }

  // Ready means a reply and, because subscriptions are asynchronous, its status on iopub.
  async #untilReady(timeoutMs: number): Promise<void> {
    const until = performance.now() + timeoutMs;
    const seen = new Set<string>();
    const listener = (from: string) => void seen.add(from);
    while (!seen.has('iopub')) {
      if (performance.now() > until) {
        throw new KernelError(`the kernel did not answer in ${timeoutMs / 1000} s`);
      }
      // one request until it is answered, then a new one for each status that was missed
      if (!seen.has('sent') || seen.has('shell')) {
        await this.#connection.send('kernel_info_request', {}, { listener });
      }
      seen.add('sent');
      await Promise.race([sleep(25), this.#died]);
    }
  }

  #run(code: string, stopOnError: boolean, cell: CellOutputs): Promise<Content> {
    return new Promise((resolve) => {
      let reply: Content;
      let idle = false;
      const request = {
        code,
        silent: false,
        store_history: true,
        user_expressions: {},
        allow_stdin: false,
        stop_on_error: stopOnError,
      };
      void this.#connection.send('execute_request', request, {
        listener: (from, type, content) => {
          if (from === 'iopub') cell.receive(type, content);
          if (type === 'execute_reply') reply = content;
          else if (type === 'status') idle = content.execution_state === 'idle';
          if (reply && idle) resolve(reply);
        },
      });
    });
  }

  #within<T>(timeoutMs: number, done: Promise<T>): Promise<T | undefined> {
    return limit(timeoutMs, Promise.race([done, this.#died]));
  }

  #untilDead(): Promise<never> {
    return new Promise((_, reject) => {
      this.#process.once('error', (cause) =>
        reject(new KernelError(`the kernel did not start: ${cause.message}`, { cause })),
      );
      this.#process.once('exit', async (code, signal) => {
        await limit(200, once(this.#process, 'close')); // what it printed last
        reject(new KernelError(`the kernel died (${signal ?? `exit code ${code}`})`));
      });
    });
  }

  #isRunning(): boolean {
    const { pid, exitCode, signalCode } = this.#process;
    return pid !== undefined && exitCode === null && signalCode === null;
  }
}

/** Waits for a promise, but no longer than `timeoutMs`. */
async function limit<T>(timeoutMs: number, promise: Promise<T>): Promise<T | undefined> {
  const timer = new AbortController();
  try {
    return await Promise.race([promise, sleep(timeoutMs, undefined, { signal: timer.signal })]);
  } finally {
    timer.abort();
  }
}
