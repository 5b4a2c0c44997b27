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
  let receive: (builder: Untyped) => void;
  return Object.defineProperty(host, 'afterProgramCreate', {
    get: () => (builder: Untyped) => receive(cellOnly(builder)),
    set: (tslabReceives) => {
      receive = tslabReceives;
    },
  });
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
