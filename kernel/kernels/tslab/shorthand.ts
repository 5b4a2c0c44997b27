/** Writes `{ a }` as `{ a: a }`: tslab finds a variable of an earlier cell in the second form only. */
import { compilerFile, fromTslab, type Untyped } from './tslab.ts';

const ts: Untyped = fromTslab(compilerFile);

export function spellOutShorthand(source: string): string {
  const file = ts.createSourceFile('cell.ts', source, ts.ScriptTarget.ES2022);
  const names: { end: number; text: string }[] = [];
  const visit = (node: Untyped): void => {
    if (ts.isShorthandPropertyAssignment(node))
      names.push({ end: node.name.end, text: node.name.text });
    ts.forEachChild(node, visit);
  };
  visit(file);
  return names.reduceRight(
    (text, name) => `${text.slice(0, name.end)}: ${name.text}${text.slice(name.end)}`,
    source,
  );
}
