/** Jupyter messages: tslab's server with results, errors and interrupts done right. */
import { Worker } from 'node:worker_threads';
import { type Bundle, reportStray } from './cell.ts';
import { createExecutor } from './executor.ts';
import { Handler } from './handler.ts';
import { CLOSED, fromTslab, HEARD, state, tslab, type Untyped } from './tslab.ts';

export function startServer(connectionFile: string): void {
  sendWithoutLimit();
  const executor = createExecutor(() => handler.execCount);
  const handler = new Handler(executor, false);
  process.on('uncaughtException', (error) => reportStray('UncaughtException', error));
  process.on('unhandledRejection', (reason) => reportStray('UnhandledPromiseRejection', reason));
  process.on('SIGINT', () => interrupt(executor));
  new Server(handler, connectionFile).init();
}

/** Ends the cell, and tells the work that it has begun and that goes on: an event of `process`. */
function interrupt(executor: { interrupt(): void }) {
  executor.interrupt();
  process.emit('interrupt' as never);
}

const ZmqServer = tslab('jupyter').ZmqServer as new (...args: Untyped[]) => Untyped;

class Server extends ZmqServer {
  declare handler: Handler;
  declare connInfo: Untyped;
  declare iopub: Untyped;
  declare control: Untyped;
  declare shell: Untyped;
  declare Message: Untyped;

  async handleExecute(shell: Untyped, request: Untyped) {
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

  handleCommInfoRequest(shell: Untyped, request: Untyped) {
    this.reply(request, shell, 'comm_info_reply', { status: 'ok', comms: {} });
  }

  /** tslab does not export its message class, but each request is one. */
  publishStatus(status: string, request: Untyped) {
    this.Message = request.constructor;
    super.publishStatus(status, request);
  }

  /** Requests arrive in a thread of their own, which can interrupt a cell that loops. */
  async bindSocket(socket: Untyped, port: number) {
    if (socket === this.control) return; // the thread binds both
    if (socket !== this.shell) return super.bindSocket(socket, port);
    const workerData = { connection: this.connInfo, state };
    const thread = new Worker(new URL('./requests.ts', import.meta.url), {
      workerData,
      execArgv: [],
    });
    thread.on('message', (request: Request) => this.receive(thread, request));
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

  receive(thread: Worker, { channel, type, frames }: Request) {
    const socket = { send: (reply: unknown) => thread.postMessage({ channel, frames: reply }) };
    const request = frames.map((frame) => Buffer.from(frame));
    if (type === 'interrupt_request' || type === 'history_request') {
      this.handleMore(socket, type, request);
    } else {
      this.handleShellMessage(socket, ...request);
    }
  }

  /** Requests that tslab does not know. */
  handleMore(socket: Untyped, type: string, frames: Buffer[]) {
    const request = this.Message.fromRaw(this.connInfo.key, frames);
    this.publishStatus('busy', request);
    if (type === 'interrupt_request') {
      Atomics.add(state, HEARD, 1);
      interrupt(this.handler.executor);
    }
    const history = type === 'history_request' ? { history: [] } : {};
    this.reply(request, socket, type.replace('request', 'reply'), { status: 'ok', ...history });
    this.publishStatus('idle', request);
  }

  reply(request: Untyped, socket: Untyped, type: string, content: object) {
    const message = request.createReply();
    message.header.msg_type = type;
    message.content = content;
    message.signAndSend(this.connInfo.key, socket);
  }
}

interface Request {
  channel: string;
  type: string;
  frames: Uint8Array[];
}

// zeromq sends at most 512 messages in a turn of the event loop and tslab drops the rest, `idle` included;
// with sendTimeout 0 there is no limit.
function sendWithoutLimit(): void {
  const zeromq = fromTslab('zeromq');
  const { Publisher } = zeromq;
  class UnlimitedPublisher extends Publisher {
    constructor(options: object) {
      super({ ...options, sendTimeout: 0, sendHighWaterMark: 0 });
    }
  }
  Object.defineProperty(zeromq, 'Publisher', { enumerable: true, value: UnlimitedPublisher });
}
