/**
 * A cell arrives here as an ES module and leaves as the body of an async function.
 *   import          -> `await import()`: every package loads, ESM with top-level await too
 *   export { a }    -> accessors on the shared scope, so that all cells see one and the same variable
 * Edits keep each line where it is: error positions are mapped back to the cell.
 */
import { SourceMap } from 'node:module';
import { compilerFile, fromTslab, type Untyped } from './tslab.ts';

const ts: Untyped = fromTslab(compilerFile);

/** Positions in the JavaScript of the cell that was compiled last -> positions in its source. */
export let lastMap: SourceMap | undefined;

export function cellToScript(js: string): string {
  const file = ts.createSourceFile('cell.js', js, ts.ScriptTarget.ES2022, false, ts.ScriptKind.JS);
  let imports = '';
  let accessors = '';
  const edits: Edit[] = [];
  for (const statement of file.statements) {
    if (ts.isImportDeclaration(statement)) {
      imports += importToConst(statement, file);
      edits.push(erase(statement, file, js));
    } else if (ts.isExportDeclaration(statement)) {
      for (const { name } of statement.exportClause?.elements ?? [])
        accessors += accessor(name.text);
      edits.push(erase(statement, file, js));
    } else if (isExported(statement)) {
      edits.push(exportToAssignment(statement, file));
    }
  }
  lastMap = readSourceMap(js);
  return `await __cell__.start(); exports = __cell__.share({ ${accessors}}); ${imports}${apply(edits, js)}`;
}

type Edit = [start: number, end: number, text: string];

function importToConst(statement: Untyped, file: Untyped): string {
  const load = `__cell__.module(await import(${statement.moduleSpecifier.getText(file)}))`;
  const clause = statement.importClause;
  if (!clause) return `${load}; `;
  const bindings = clause.name ? [`default: ${clause.name.text}`] : [];
  if (clause.namedBindings && ts.isNamespaceImport(clause.namedBindings)) {
    const namespace = clause.namedBindings.name.text;
    const rest = bindings.length ? `const { ${bindings} } = ${namespace}; ` : '';
    return `const ${namespace} = ${load}; ${rest}`;
  }
  for (const { propertyName, name } of clause.namedBindings?.elements ?? []) {
    bindings.push(propertyName ? `${propertyName.getText(file)}: ${name.text}` : name.text);
  }
  return `const { ${bindings.join(', ')} } = ${load}; `;
}

function erase(statement: Untyped, file: Untyped, js: string): Edit {
  const start = statement.getStart(file);
  return [start, statement.end, js.slice(start, statement.end).replace(/[^\n]/g, '')];
}

const accessor = (name: string) =>
  `get ${name}() { return ${name} }, set ${name}($v) { ${name} = $v }, `;

const isExported = (statement: Untyped) =>
  statement.modifiers?.some((modifier: Untyped) => modifier.kind === ts.SyntaxKind.ExportKeyword);

// `export const tsLastExpr = …` is tslab's name for the value that the cell shows.
function exportToAssignment(statement: Untyped, file: Untyped): Edit {
  const [{ name, initializer }] = statement.declarationList.declarations;
  return [
    statement.getStart(file),
    initializer.getStart(file),
    `__tslab__.exports.${name.text} = `,
  ];
}

// From the end, so that positions stay right.
function apply(edits: Edit[], js: string): string {
  return edits
    .sort((a, b) => b[0] - a[0])
    .reduce((text, [start, end, by]) => text.slice(0, start) + by + text.slice(end), js);
}

function readSourceMap(js: string): SourceMap | undefined {
  const data = /^\/\/# sourceMappingURL=data:.*?base64,(.*)$/m.exec(js)?.[1];
  return data ? new SourceMap(JSON.parse(Buffer.from(data, 'base64').toString())) : undefined;
}
