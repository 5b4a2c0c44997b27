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

const modified = (file: string) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
export function reloadAfterEdit(): void {
  if (![...loaded].some(([file, time]) => modified(file) !== time)) return;
  loaded.clear();
  generation++;
}

const own = pathToFileURL(import.meta.dirname + sep).href;
const root = pathToFileURL(ROOT + sep).href;
registerHooks({
  resolve(specifier, context, next) {
    const found = next(specifier, context);
    const { url } = found;
    if (
      !url.startsWith(root) ||
      url.startsWith(own) ||
      url.includes('/node_modules/') ||
      !context.conditions?.includes('import')
    )
      return found;
    const file = fileURLToPath(url);
    if (!loaded.has(file)) loaded.set(file, modified(file));
    return {
      ...found,
      ...(file.endsWith('.json') && { importAttributes: { type: 'json' } }),
      ...(generation && { url: `${url}?edit=${generation}` }),
    };
  },
});

/** Lets the code of a cell use `import()` as if it were a file of the notebook's folder. */
let cell = 0;
export const CELL = /[^\s(]*\[cell (\d+)\]:(\d+):(\d+)/g; // how a cell's name looks in a stack trace
export const nextCell = (n: number): void => {
  cell = n;
};
export function runCellsAsModules(): void {
  const { emitWarning } = process; // the constant below is 'experimental'; learners need not see that
  process.emitWarning = (text: string | Error, ...rest: unknown[]) =>
    String(text).includes('USE_MAIN_CONTEXT_DEFAULT_LOADER') ||
    Reflect.apply(emitWarning, process, [text, ...rest]);
  const run = vm.runInThisContext;
  vm.runInThisContext = (code: string, options?: vm.RunningCodeOptions | string) =>
    run(
      code,
      typeof options === 'object' && 'breakOnSigint' in options
        ? {
            filename: join(process.cwd(), `[cell ${cell}]`),
            importModuleDynamically: vm.constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
          }
        : options,
    );

  const scope = {};
  Object.defineProperty(globalThis, '__cell__', {
    value: {
      /** A cell begins in a turn of its own: if it loops for ever, terminating it stops nothing else. */
      start: () => new Promise((go) => setImmediate(go)),
      /** Publishes a cell's variables to the later cells: `get` and `set` work on the cell's own variable. */
      share: (accessors: object) =>
        Object.defineProperties(scope, Object.getOwnPropertyDescriptors(accessors)),
      /** Names that Node did not detect in a CommonJS package are still there, as with `require`. */
      module: (m: Record<string, unknown>) =>
        'module.exports' in m ? Object.setPrototypeOf({ ...m }, Object(m['module.exports'])) : m,
    },
  });
}
