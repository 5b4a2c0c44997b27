/** Compiler options that tslab hard-codes, and the last step of its compilation. */
import { basename } from 'node:path';
import { cellToScript } from './script.ts';
import { compilerFile, fromTslab, ROOT, type Untyped } from './tslab.ts';

const ts: Untyped = fromTslab(compilerFile);
export const version: string = ts.version;

/** Gives tslab a compiler of which two functions are ours. The original's exports are read-only. */
export function patchTypeScript(): void {
  const properties: PropertyDescriptorMap = {};
  for (const name of Object.keys(ts)) properties[name] = { enumerable: true, get: () => ts[name] };
  properties.createWatchCompilerHost = { enumerable: true, value: createWatchCompilerHost };
  properties.transpileModule = { enumerable: true, value: transpileModule };
  Object.assign(fromTslab.cache[compilerFile] ?? {}, {
    exports: Object.defineProperties({}, properties),
  });
}

const transpileModule = (js: string) => ({ outputText: cellToScript(js) });

function createWatchCompilerHost(roots: string[], options: Untyped, ...rest: Untyped[]): Untyped {
  Object.assign(options, {
    strict: true,
    moduleResolution: ts.ModuleResolutionKind.Bundler, // package "exports"
    allowImportingTsExtensions: true,
    experimentalDecorators: false,
    lib: ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
    types: ['node'],
    rootDir: ROOT, // a notebook may import from outside its own folder
    disableTopLevelAwait: false, // await as in a module: `await (x)`, `for await`
    inlineSourceMap: true,
  });
  const host = ts.createWatchCompilerHost(roots, options, ...rest);
  separateTimers(host);
  let receive: (builder: Untyped) => void;
  return Object.defineProperty(host, 'afterProgramCreate', {
    get: () => (builder: Untyped) => receive(cellOnly(builder)),
    set: (tslabReceives) => {
      receive = tslabReceives;
    },
  });
}

// tslab keeps the one timer that rebuilds the program, and fires it when a cell is compiled. The compiler has a
// second one, for new files where an import was looked for in vain: that one must be a timer of its own, or a
// file that appears beside the notebook breaks every cell after it.
function separateTimers(host: Untyped): void {
  const { setTimeout: keepRebuild, clearTimeout: dropRebuild } = host;
  const others = new Set<unknown>();
  host.setTimeout = (callback: () => void, ms: number) => {
    if (callback.name === 'updateProgramWithWatchStatus') return keepRebuild(callback, ms);
    const timer = setTimeout(() => {
      others.delete(timer);
      callback();
    }, ms).unref();
    others.add(timer);
    return timer;
  };
  host.clearTimeout = (timer: NodeJS.Timeout) => {
    if (others.delete(timer)) clearTimeout(timer);
    else dropRebuild(timer);
  };
}

// Only the cell itself is emitted and reported on; Node loads what it imports, `tsc` checks that.
const cellOnly = (builder: Untyped): Untyped =>
  Object.assign(Object.create(builder), {
    getAllDependencies: (file: Untyped) => [file.fileName],
    emit: (file: Untyped, write: Untyped, ...rest: Untyped[]) =>
      builder.emit(
        file,
        (name: string, ...text: Untyped[]) => write(`outDir/${basename(name)}`, ...text),
        ...rest,
      ),
  });
