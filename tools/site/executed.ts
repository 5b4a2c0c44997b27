/** Executed notebooks that are there from an earlier run. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Cell, readNotebook } from '../notebook.ts';

/** Whether a chapter has been executed, without a failure and as it reads today. */
export function isCurrent(
  name: string,
  { root, executed }: { root: string; executed: string },
): boolean {
  const file = join(executed, `${name}.ipynb`);
  if (!existsSync(file)) return false;
  const { cells } = readNotebook(file);
  const today = readNotebook(join(root, 'notebooks', `${name}.ipynb`)).cells;
  const isWhole = cells.every((cell) => cell.cell_type !== 'code' || cell.execution_count);
  const hasFailed = cells.some(({ metadata }) => metadata.workshop);
  return isWhole && !hasFailed && sources(cells) === sources(today);
}

const sources = (cells: Cell[]) => JSON.stringify(cells.map(({ source }) => source));
