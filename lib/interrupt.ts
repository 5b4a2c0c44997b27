/**
 * A signal for work that goes on beside its cell: it aborts when `signal` does, and when the notebook's kernel is
 * asked to interrupt (the kernel emits `interrupt` on `process`). Call `dispose` when the work has ended.
 */
export function interruptible(signal?: AbortSignal): { signal: AbortSignal; dispose: () => void } {
  const interrupted = new AbortController();
  const abort = () =>
    interrupted.abort(new DOMException('Interrupted from the notebook.', 'AbortError'));
  process.on(INTERRUPT, abort);
  return {
    signal: AbortSignal.any(signal ? [signal, interrupted.signal] : [interrupted.signal]),
    dispose: () => process.off(INTERRUPT, abort),
  };
}

/**
 * What the promise gives, or the signal's reason as soon as it aborts.
 *
 * @param tooLate receives what the promise gives after that
 */
export async function untilAborted<Value>(
  promise: Value | Promise<Value>,
  signal: AbortSignal,
  tooLate: (value: Value) => void = () => {},
): Promise<Value> {
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } catch (error) {
    if (signal.aborted) Promise.resolve(promise).then(tooLate, () => {});
    throw error;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

const INTERRUPT = 'interrupt';
