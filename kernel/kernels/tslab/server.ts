/** Jupyter messages: tslab's server and handler, with results, errors, interrupts and floods done right. */
import { inspect } from 'node:util';
import { Worker } from 'node:worker_threads';
import { type Failure, maps, runtimeError, typeError } from './errors.ts';
import { nextCell, reloadAfterEdit } from './modules.ts';
import { BUSY, CLOSED, fromTslab, HEARD, tslab } from './tslab.ts';
import { lastMap, version } from './typescript.ts';

// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Any = any;
type Bundle = Record<string, unknown>;
const { createConverter } = tslab('converter');
const { createExecutor } = tslab('executor');
const { JupyterHandlerImpl, ZmqServer } = tslab('jupyter') as Record<string, Any>;
const DISPLAY = Symbol.for('Jupyter.display');

/** Shared with the request thread: interrupts heard here, compiler at work here, socket closed there. */
const state = new Int32Array(new SharedArrayBuffer(12));

/** The cell that runs now, or ran last. */
const cell = { code: '', failure: null as Failure | null, result: (_: Bundle): void => {} };

/** tslab prints a cell's value and its errors through a console; here they become messages. */
const output = {
  log(value: Any) {
    cell.result(
      typeof value?.[DISPLAY] === 'function'
        ? value[DISPLAY]()
        : {
            'text/plain':
              typeof value === 'string'
                ? value
                : value instanceof Promise
                  ? 'Promise (await it to see its value)'
                  : inspect(value),
          },
    );
  },
  error(first: Any, ...d: [file: string, line: number, column: number, text: string] | []) {
    cell.failure = d.length ? typeError(cell.code, ...d, cell.failure) : runtimeError(first);
  },
};
/** Nothing that goes wrong stays silent: it fails the running cell, or else is printed below the last one. */
let running = false;
const stray = (title: string) => (e: unknown) => {
  if (running) cell.failure ??= runtimeError(e);
  else process.stderr.write(`${title}: ${runtimeError(e).traceback.join('\n')}\n`);
};
const macrotask = () => new Promise((done) => setImmediate(done));

class Handler extends (JupyterHandlerImpl as new (...args: Any[]) => Any) {
  declare execCount: number;
  declare execQueue: Any;
  handleKernel() {
    const info = super.handleKernel();
    return { ...info, status: 'ok', language_info: { ...info.language_info, version } };
  }
  async handleExecuteImpl(request: Any, ...rest: Any[]) {
    running = true;
    Object.assign(cell, { code: request.code, failure: null, result: request.result });
    nextCell(this.execCount + 1);
    try {
      const count = await super.handleExecuteImpl(request, ...rest);
      await macrotask(); // rejections that nobody awaits are known now
      if (cell.failure) throw count;
      return count;
    } catch (count) {
      request.failure = cell.failure ?? runtimeError(count);
      if (request.stop_on_error === false) return count; // what is queued behind it runs
      throw count;
    } finally {
      running = false;
    }
  }
  async handleExecute(request: Any, ...rest: Any[]) {
    const reply = await super.handleExecute(request, ...rest);
    if (reply.status === 'abort') reply.status = 'aborted';
    return request.failure ? { ...reply, status: 'error', error: request.failure } : reply;
  }
}

class Server extends (ZmqServer as new (...args: Any[]) => Any) {
  declare handler: Handler;
  declare connInfo: Any;
  declare iopub: Any;
  declare control: Any;
  declare shell: Any;
  declare Message: Any;
  reply(request: Any, socket: Any, msg_type: string, content: object) {
    const m = request.createReply();
    m.header.msg_type = msg_type;
    m.content = content;
    m.signAndSend(this.connInfo.key, socket);
  }
  async handleExecute(shell: Any, request: Any) {
    const publish = (type: string, content: object) =>
      this.reply(request, this.iopub, type, content);
    request.content.result = (data: Bundle) =>
      publish('execute_result', { execution_count: this.handler.execCount, data, metadata: {} });
    const { error, ...status } = await this.handler.handleExecute(
      request.content,
      (name: string, text: string) => {
        if (text) publish('stream', { name, text });
      },
      (data: object, update: boolean) =>
        publish(update ? 'update_display_data' : 'display_data', data),
    );
    if (error) publish('error', error);
    this.reply(request, shell, 'execute_reply', { ...status, ...error });
  }
  handleCommInfoRequest(shell: Any, request: Any) {
    this.reply(request, shell, 'comm_info_reply', { status: 'ok', comms: {} });
  }
  /** tslab does not export its message class, but each request is one. */
  publishStatus(status: string, request: Any) {
    this.Message = request.constructor;
    super.publishStatus(status, request);
  }
  /** Requests that tslab does not know. */
  handleMore(socket: Any, type: string, frames: Buffer[]) {
    const request = this.Message.fromRaw(this.connInfo.key, frames);
    this.publishStatus('busy', request);
    if (type === 'interrupt_request') {
      Atomics.add(state, HEARD, 1);
      executor.interrupt();
    }
    this.reply(request, socket, type.replace('request', 'reply'), {
      status: 'ok',
      ...(type === 'history_request' && { history: [] }),
    });
    this.publishStatus('idle', request);
  }
  /** Requests arrive in a thread of their own, which can interrupt a cell that loops. */
  async bindSocket(socket: Any, port: number) {
    if (socket === this.control) return;
    if (socket !== this.shell) return super.bindSocket(socket, port);
    const thread = new Worker(new URL('./requests.ts', import.meta.url), {
      workerData: { connection: this.connInfo, state },
      execArgv: [],
    });
    thread.on(
      'message',
      ({ channel, type, frames }: { channel: string; type: string; frames: Uint8Array[] }) => {
        const reply = { send: (m: unknown) => thread.postMessage({ channel, frames: m }) };
        const request = frames.map((f) => Buffer.from(f));
        if (type === 'interrupt_request' || type === 'history_request')
          this.handleMore(reply, type, request);
        else this.handleShellMessage(reply, ...request);
      },
    );
    // zeromq aborts the process when a thread ends with open sockets
    process.once('exit', () => {
      thread.postMessage('close');
      Atomics.wait(state, CLOSED, 0, 500);
    });
    this.close = () => {
      super.close();
      thread.postMessage('close');
      thread.once('exit', () => process.exit());
    };
    await new Promise((ready) => thread.once('online', ready));
  }
}

// zeromq sends at most 512 messages per turn of the event loop and tslab drops the rest, `idle` included;
// with sendTimeout 0 there is no limit.
const zmq = fromTslab('zeromq');
const { Publisher } = zmq;
Object.defineProperty(zmq, 'Publisher', {
  enumerable: true,
  value: class extends Publisher {
    constructor(o: object) {
      super({ ...o, sendTimeout: 0, sendHighWaterMark: 0 });
    }
  },
});

const converter = createConverter({ isJS: false, isBrowser: false });
/** The compiler must not be terminated in the middle of its work: it would not recover. */
for (const task of ['convert', 'complete', 'inspect']) {
  const work = converter[task];
  converter[task] = (...args: unknown[]) => {
    Atomics.store(state, BUSY, 1);
    try {
      return work(...args);
    } finally {
      Atomics.store(state, BUSY, 0);
    }
  };
}
const { convert } = converter;
converter.convert = (declarations: string, source: string) => {
  reloadAfterEdit();
  const converted = convert(declarations, source);
  if (lastMap) maps.set(server.handler.execCount, lastMap);
  return { ...converted, hasToplevelAwait: true }; // cells are async functions
};
const executor = createExecutor(
  process.cwd(),
  { node: converter, browser: converter, close: () => converter.close() },
  output,
);
let server: Server;
export function startServer(connectionFile: string): void {
  process.on('uncaughtException', stray('UncaughtException'));
  process.on('unhandledRejection', stray('UnhandledPromiseRejection'));
  process.on('SIGINT', () => executor.interrupt());
  server = new Server(new Handler(executor, false), connectionFile);
  server.init();
}
