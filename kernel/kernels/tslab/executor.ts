/** tslab's compiler and executor, put together for cells that are async functions. */
import { output } from './cell.ts';
import { sourceMaps } from './errors.ts';
import { reloadAfterEdit } from './modules.ts';
import { lastMap } from './script.ts';
import { spellOutShorthand } from './shorthand.ts';
import { BUSY, state, tslab, type Untyped } from './tslab.ts';

/** @param executionCount - the number of the cell that is compiled */
export function createExecutor(executionCount: () => number): Untyped {
  const converter = tslab('converter').createConverter({ isJS: false, isBrowser: false });
  for (const task of ['convert', 'complete', 'inspect']) protect(converter, task);
  const { convert } = converter;
  converter.convert = (declarations: string, source: string) => {
    reloadAfterEdit();
    const converted = convert(declarations, spellOutShorthand(source));
    if (lastMap) sourceMaps.set(executionCount(), lastMap);
    return { ...converted, hasToplevelAwait: true };
  };
  const converters = { node: converter, browser: converter, close: () => converter.close() };
  return tslab('executor').createExecutor(process.cwd(), converters, output);
}

// The compiler must not be terminated in the middle of its work: it would not recover.
function protect(converter: Untyped, task: string): void {
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
