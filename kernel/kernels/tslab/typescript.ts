/** Compiler options that tslab hard-codes, and the step that turns a checked cell into JavaScript. */
import { SourceMap } from 'node:module';
import { basename } from 'node:path';
import { compilerFile, fromTslab, ROOT } from './tslab.ts';

// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Any = any;
const ts: Any = fromTslab(compilerFile);
export const version: string = ts.version;

/** Source map of the cell that was compiled last: positions in its JavaScript -> positions in the cell. */
export let lastMap: SourceMap | undefined;

export function patchTypeScript(): void {
  const patched = Object.defineProperties(
    {},
    Object.fromEntries(
      Object.keys(ts).map((k) => [k, { enumerable: true, configurable: true, get: () => ts[k] }]),
    ),
  );
  const replace = (name: string, value: unknown) =>
    Object.defineProperty(patched, name, { enumerable: true, value });
  replace('createWatchCompilerHost', createWatchCompilerHost);
  replace('transpileModule', (js: string) => ({ outputText: cellToScript(js) }));
  fromTslab.cache[compilerFile]!.exports = patched;
}

function createWatchCompilerHost(roots: string[], options: Any, ...rest: Any[]): Any {
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
  let receive: (builder: Any) => void;
  return Object.defineProperty(host, 'afterProgramCreate', {
    get: () => (builder: Any) => receive(cellOnly(builder)),
    set: (f) => {
      receive = f;
    },
  });
}

/** Only the cell itself is emitted and reported on; Node loads what it imports, `tsc` checks that. */
const cellOnly = (builder: Any): Any =>
  Object.assign(Object.create(builder), {
    getAllDependencies: (file: Any) => [file.fileName],
    emit: (file: Any, write: Any, ...rest: Any[]) =>
      builder.emit(
        file,
        (name: string, ...w: Any[]) => write(`outDir/${basename(name)}`, ...w),
        ...rest,
      ),
  });

/**
 * A cell arrives here as an ES module and must leave as the body of an async function.
 *   import          -> `await import()`: every package loads, ESM with top-level await too
 *   export { a }    -> accessors on the shared scope, so that all cells see one and the same variable
 * Edits keep each line where it is: error positions are mapped back to the cell.
 */
export function cellToScript(js: string): string {
  const file = ts.createSourceFile('cell.js', js, ts.ScriptTarget.ES2022, false, ts.ScriptKind.JS);
  let head = '';
  let accessors = '';
  const edits: [start: number, end: number, text: string][] = [];
  for (const s of file.statements) {
    const start = s.getStart(file);
    const erase = () => edits.push([start, s.end, js.slice(start, s.end).replace(/[^\n]/g, '')]);
    if (ts.isImportDeclaration(s)) {
      head += importToConst(s, file);
      erase();
    } else if (ts.isExportDeclaration(s)) {
      for (const e of s.exportClause?.elements ?? []) {
        const name = e.name.text;
        accessors += `get ${name}() { return ${name} }, set ${name}($v) { ${name} = $v }, `;
      }
      erase();
    } else if (s.modifiers?.some((m: Any) => m.kind === ts.SyntaxKind.ExportKeyword)) {
      // `export const tsLastExpr = ...` is tslab's name for the value that the cell shows
      edits.push([
        start,
        s.declarationList.declarations[0].initializer.getStart(file),
        `__tslab__.exports.${s.declarationList.declarations[0].name.text} = `,
      ]);
    }
  }
  let body = js;
  for (const [start, end, text] of edits.sort((a, b) => b[0] - a[0]))
    body = body.slice(0, start) + text + body.slice(end);
  const map = /^\/\/# sourceMappingURL=data:.*?base64,(.*)$/m.exec(js);
  lastMap = map ? new SourceMap(JSON.parse(Buffer.from(map[1]!, 'base64').toString())) : undefined;
  return `await __cell__.start(); exports = __cell__.share({ ${accessors}}); ${head}${body}`;
}

function importToConst(s: Any, file: Any): string {
  const load = `__cell__.module(await import(${s.moduleSpecifier.getText(file)}))`;
  const clause = s.importClause;
  if (!clause) return `${load}; `;
  const binds: string[] = clause.name ? [`default: ${clause.name.text}`] : [];
  if (clause.namedBindings && ts.isNamespaceImport(clause.namedBindings)) {
    const ns = clause.namedBindings.name.text;
    return `const ${ns} = ${load}; ` + (binds.length ? `const { ${binds} } = ${ns}; ` : '');
  }
  for (const e of clause.namedBindings?.elements ?? [])
    binds.push(e.propertyName ? `${e.propertyName.getText(file)}: ${e.name.text}` : e.name.text);
  return `const { ${binds.join(', ')} } = ${load}; `;
}
