/** A small headless Jupyter client: no Python, only the zeromq package that tslab already brings. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Dealer, Subscriber } from 'zeromq';

export type Output =
  | { output_type: 'stream'; name: 'stdout' | 'stderr'; text: string }
  | {
      output_type: 'display_data' | 'execute_result';
      data: Record<string, any>;
      metadata: object;
      execution_count?: number;
    }
  | { output_type: 'error'; ename: string; evalue: string; traceback: string[] };
export interface CellResult {
  status: 'ok' | 'error' | 'aborted' | 'timeout';
  executionCount: number | null;
  outputs: Output[];
  ms: number;
}
interface Msg {
  header: any;
  parent: any;
  content: any;
}

async function freePorts(n: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: n },
      () =>
        new Promise<ReturnType<typeof createServer>>((ok, no) => {
          const s = createServer();
          s.on('error', no);
          s.listen(0, '127.0.0.1', () => ok(s));
        }),
    ),
  );
  const ports = servers.map((s) => (s.address() as AddressInfo).port);
  await Promise.all(servers.map((s) => new Promise((ok) => s.close(ok))));
  return ports;
}

export class Kernel {
  private shell = new Dealer({ linger: 0 });
  private control = new Dealer({ linger: 0 });
  private spec!: { argv: string[]; env?: NodeJS.ProcessEnv; interrupt_mode?: string };
  private iopub = new Subscriber({ linger: 0, receiveHighWaterMark: 0 });
  private key = randomBytes(16).toString('hex');
  private session = randomUUID();
  private listeners = new Map<string, (channel: 'shell' | 'iopub', m: Msg) => void>();
  private proc!: ChildProcess;
  private died!: Promise<never>;
  private dir = mkdtempSync(join(tmpdir(), 'kernel-'));
  stderr = '';
  /** Text that arrived after its cell had ended: a stray error, for instance. */
  late = '';

  static async start(specDir: string, cwd: string, env: NodeJS.ProcessEnv = {}): Promise<Kernel> {
    const k = new Kernel();
    const [shell, iopub, stdin, control, hb] = await freePorts(5);
    const file = join(k.dir, 'connection.json');
    writeFileSync(
      file,
      JSON.stringify({
        transport: 'tcp',
        ip: '127.0.0.1',
        shell_port: shell,
        iopub_port: iopub,
        stdin_port: stdin,
        control_port: control,
        hb_port: hb,
        key: k.key,
        signature_scheme: 'hmac-sha256',
        kernel_name: '',
      }),
    );
    const spec = JSON.parse(readFileSync(join(specDir, 'kernel.json'), 'utf8'));
    k.spec = spec;
    const [cmd, ...args] = spec.argv.map((a: string) =>
      a.replaceAll('{resource_dir}', specDir).replaceAll('{connection_file}', file),
    );
    k.proc = spawn(cmd === 'node' ? process.execPath : cmd!, args, {
      cwd,
      env: { ...process.env, ...spec.env, ...env, NODE_OPTIONS: '' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    k.proc.stdout?.on('data', (d) => (k.stderr += d));
    k.proc.stderr?.on('data', (d) => (k.stderr += d));
    k.died = new Promise<never>((_, no) =>
      k.proc.once('exit', (c) => no(new Error(`kernel died (${c})\n${k.stderr}`))),
    );
    k.died.catch(() => {});
    k.shell.connect(`tcp://127.0.0.1:${shell}`);
    k.control.connect(`tcp://127.0.0.1:${control}`);
    k.iopub.connect(`tcp://127.0.0.1:${iopub}`);
    k.iopub.subscribe();
    void k.pump('shell', k.shell);
    void k.pump('iopub', k.iopub);
    // ready = a kernel_info reply and, because subscriptions are asynchronous, its status on iopub
    const until = Date.now() + 30_000;
    for (;;) {
      if (k.proc.exitCode !== null)
        throw new Error(`kernel exited with ${k.proc.exitCode}\n${k.stderr}`);
      const id = randomUUID();
      const got = { shell: false, iopub: false };
      k.listeners.set(id, (c) => {
        got[c] = true;
      });
      await k.send('kernel_info_request', {}, id);
      for (let i = 0; i < 20 && !(got.shell && got.iopub); i++)
        await new Promise((r) => setTimeout(r, 50));
      k.listeners.delete(id);
      if (got.shell && got.iopub) return k;
      if (Date.now() > until) throw new Error(`kernel not ready in 30 s\n${k.stderr}`);
    }
  }

  private async pump(channel: 'shell' | 'iopub', sock: Dealer | Subscriber): Promise<void> {
    for await (const frames of sock) {
      const i = frames.findIndex((f) => f.toString() === '<IDS|MSG>');
      const [header, parent, , content] = frames.slice(i + 2).map((f) => JSON.parse(f.toString()));
      const listener = this.listeners.get(parent?.msg_id);
      if (listener) listener(channel, { header, parent, content });
      else if (header.msg_type === 'stream') this.late += content.text;
    }
  }
  private async send(
    type: string,
    content: object,
    id = randomUUID(),
    socket = this.shell,
  ): Promise<string> {
    const parts = [
      {
        msg_id: id,
        session: this.session,
        username: 'test',
        date: new Date().toISOString(),
        msg_type: type,
        version: '5.3',
      },
      {},
      {},
      content,
    ].map((p) => JSON.stringify(p));
    const h = createHmac('sha256', this.key);
    for (const p of parts) h.update(p);
    await socket.send(['<IDS|MSG>', h.digest('hex'), ...parts]);
    return id;
  }

  /** Runs one cell. Later cells may update its outputs through `displays`. */
  async execute(
    code: string,
    opts: { timeoutMs?: number; stopOnError?: boolean; displays?: Map<string, any[]> } = {},
  ): Promise<CellResult> {
    const { timeoutMs = 60_000, stopOnError = true, displays = new Map() } = opts;
    const outputs: Output[] = [];
    const id = randomUUID();
    const t0 = performance.now();
    let clear = false;
    const done = new Promise<{ status: CellResult['status']; count: number | null }>((ok) => {
      let reply: any;
      let idle = false;
      const timer = setTimeout(() => ok({ status: 'timeout', count: null }), timeoutMs);
      this.listeners.set(id, (channel, m) => {
        const type = m.header.msg_type;
        const c = m.content;
        const push = (o: any) => {
          if (clear) {
            outputs.length = 0;
            clear = false;
          }
          outputs.push(o);
        };
        if (channel === 'shell' && type === 'execute_reply') reply = c;
        else if (type === 'status' && c.execution_state === 'idle') idle = true;
        else if (type === 'stream') {
          const last = outputs.at(-1);
          if (!clear && last?.output_type === 'stream' && last.name === c.name) last.text += c.text;
          else push({ output_type: 'stream', name: c.name, text: c.text });
        } else if (type === 'display_data' || type === 'execute_result') {
          const o = {
            output_type: type,
            data: c.data,
            metadata: c.metadata,
            ...(type === 'execute_result' ? { execution_count: c.execution_count } : {}),
          };
          push(o);
          const d = c.transient?.display_id;
          if (d) displays.set(d, [...(displays.get(d) ?? []), o]);
        } else if (type === 'update_display_data') {
          for (const o of displays.get(c.transient?.display_id) ?? []) {
            o.data = c.data;
            o.metadata = c.metadata;
          }
        } else if (type === 'error')
          push({ output_type: 'error', ename: c.ename, evalue: c.evalue, traceback: c.traceback });
        else if (type === 'clear_output') {
          if (c.wait) clear = true;
          else outputs.length = 0;
        }
        if (reply && idle) {
          clearTimeout(timer);
          ok({ status: reply.status, count: reply.execution_count ?? null });
        }
      });
    });
    await this.send(
      'execute_request',
      {
        code,
        silent: false,
        store_history: true,
        user_expressions: {},
        allow_stdin: false,
        stop_on_error: stopOnError,
      },
      id,
    );
    const { status, count } = await Promise.race([done, this.died]);
    this.listeners.delete(id);
    return { status, executionCount: count, outputs, ms: performance.now() - t0 };
  }
  async interrupt(channel: 'control' | 'shell' = 'control'): Promise<void> {
    if (this.spec.interrupt_mode === 'message')
      await this.send('interrupt_request', {}, randomUUID(), this[channel]);
    else this.proc.kill('SIGINT');
  }
  get pid(): number {
    return this.proc.pid!;
  }
  /** One request and its reply on the shell channel. */
  request(type: string, content: object): Promise<any> {
    const id = randomUUID();
    return new Promise((ok) => {
      this.listeners.set(id, (c, m) => {
        if (c === 'shell') {
          this.listeners.delete(id);
          ok(m.content);
        }
      });
      void this.send(type, content, id);
    });
  }
  async stop(): Promise<void> {
    if (this.proc.exitCode === null && this.proc.signalCode === null) {
      const exited = new Promise((ok) => this.proc.once('exit', ok));
      const force = setTimeout(() => this.proc.kill('SIGKILL'), 2000);
      void this.send('shutdown_request', { restart: false }, randomUUID(), this.control);
      await exited;
      clearTimeout(force);
    }
    this.shell.close();
    this.iopub.close();
    this.control.close();
    rmSync(this.dir, { recursive: true, force: true });
  }
}
