/** Requests that run a cell: a cell fails with all that went wrong in it. */
import { cell } from './cell.ts';
import { runtimeError, withHint } from './errors.ts';
import { nextCell } from './modules.ts';
import { tslab, type Untyped } from './tslab.ts';
import { version } from './typescript.ts';

const JupyterHandler = tslab('jupyter').JupyterHandlerImpl as new (...args: Untyped[]) => Untyped;

export class Handler extends JupyterHandler {
  declare execCount: number;

  handleKernel() {
    const info = super.handleKernel();
    // by this name JupyterLab finds the colours of TypeScript; tslab's makes them those of JavaScript
    const language_info = { ...info.language_info, version, codemirror_mode: 'typescript' };
    return { ...info, status: 'ok', language_info };
  }

  async handleExecute(request: Untyped, ...rest: Untyped[]) {
    const reply = await super.handleExecute(request, ...rest);
    if (reply.status === 'abort') reply.status = 'aborted';
    return request.failure ? { ...reply, status: 'error', error: request.failure } : reply;
  }

  /** tslab calls this when it is the cell's turn. What it throws is the execution count. */
  async handleExecuteImpl(request: Untyped, ...rest: Untyped[]) {
    const { code, result } = request;
    Object.assign(cell, { code, result, running: true, failure: undefined });
    nextCell(this.execCount + 1);
    try {
      const count = await super.handleExecuteImpl(request, ...rest);
      await nextTurn(); // rejections that nobody awaits are known then
      if (cell.failure) throw count;
      return count;
    } catch (count) {
      request.failure = withHint(cell.failure ?? runtimeError(count), code);
      if (request.stop_on_error === false) return count; // what is queued behind it runs
      throw count;
    } finally {
      cell.running = false;
    }
  }
}

const nextTurn = () => new Promise((done) => setImmediate(done));
