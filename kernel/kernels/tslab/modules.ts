/** What cells import, and the scope they share. */
import { statSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import vm from 'node:vm';
import { ROOT } from './tslab.ts';

/** Project files that were imported, with their age. After an edit all of them load again. */
const loaded = new Map<string, number>();
let generation = 0;

export function reloadAfterEdit(): void {
  if (![...loaded].some(([file, time]) => modifiedMs(file) !== time)) return;
  loaded.clear();
  generation++;
}

const modifiedMs = (file: string) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;

const kernelUrl = pathToFileURL(import.meta.dirname + sep).href;
const projectUrl = pathToFileURL(ROOT + sep).href;
const isProjectFile = (url: string) =>
  url.startsWith(projectUrl) && !url.startsWith(kernelUrl) && !url.includes('/node_modules/');

registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context);
    const { url } = found;
    if (!isProjectFile(url) || !context.conditions?.includes('import')) return found;
    const file = fileURLToPath(url);
    if (!loaded.has(file)) loaded.set(file, modifiedMs(file));
    return {
      ...found,
      ...(file.endsWith('.json') && { importAttributes: { type: 'json' } }),
      ...(generation && { url: `${url}?edit=${generation}` }),
    };
  },
});

/** How a cell's name looks in a stack trace. */
export const CELL = /[^\s(]*\[cell (\d+)\]:(\d+):(\d+)/g;
let cell = 0;
export const nextCell = (executionCount: number): void => {
  cell = executionCount;
};

/** Lets the code of a cell use `import()` as if it were a file of the notebook's folder. */
export function runCellsAsModules(): void {
  hideExperimentalWarning();
  const run = vm.runInThisContext;
  vm.runInThisContext = (code: string, options?: vm.RunningCodeOptions | string) =>
    run(code, isCell(options) ? cellOptions() : options);
  Object.defineProperty(globalThis, '__cell__', { value: cellRuntime });
}

// tslab alone asks for this option.
const isCell = (options: unknown) =>
  typeof options === 'object' && 'breakOnSigint' in (options ?? {});

const cellOptions = () => ({
  filename: join(process.cwd(), `[cell ${cell}]`),
  importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
});

// The constant above is experimental; learners need not see that.
function hideExperimentalWarning(): void {
  const { emitWarning } = process;
  process.emitWarning = (warning: string | Error, ...rest: unknown[]) => {
    if (String(warning).includes('USE_MAIN_CONTEXT_DEFAULT_LOADER')) return;
    Reflect.apply(emitWarning, process, [warning, ...rest]);
  };
}

const scope = {};

/** What the code of a cell calls (see script.ts). */
const cellRuntime = {
  /** A cell begins in a turn of its own: if it loops for ever, terminating it stops nothing else. */
  start: () => new Promise((go) => setImmediate(go)),
  /** Publishes a cell's variables to the later cells: `get` and `set` work on the cell's own variable. */
  share: (accessors: object) =>
    Object.defineProperties(scope, Object.getOwnPropertyDescriptors(accessors)),
  /** Names that Node did not detect in a CommonJS package are still there, as with `require`. */
  module: (namespace: Record<string, unknown>) =>
    'module.exports' in namespace
      ? Object.setPrototypeOf({ ...namespace }, Object(namespace['module.exports']))
      : namespace,
};
