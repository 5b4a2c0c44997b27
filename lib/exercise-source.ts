/** Exercises in the source of a chapter: their task and, between two marks, their solution. */

import { readdirSync, readFileSync } from 'node:fs';
import { markdown } from './display.ts';

/**
 * Splits a cell at its solution, which stands between `//#region solution` and `//#endregion`.
 *
 * @returns the cell as an attendee gets it, the cell with its solution, and the solution alone
 * @throws when a mark lacks its other half
 */
export function splitSolution(cell: string): {
  task: string;
  solved: string;
  solution: string | undefined;
} {
  const found = REGION.exec(cell);
  const rest = found ? cell.replace(REGION, '') : cell;
  if (/^\/\/#(region solution|endregion)/m.test(rest))
    throw new Error(
      `Expected one solution from "//#region solution" to "//#endregion" in\n${cell}`,
    );
  const solved = cell.replace(REGION, (_, lines: string) => lines);
  return { task: rest, solved, solution: found?.[1]?.trimEnd() };
}

/** The exercises that stand in a text, such as `['05.1', '05.2']`. */
export const exerciseIds = (text: string): string[] =>
  [...text.matchAll(/^(?!\s*\/\/).*\bexercise\(\s*'([^']+)'/gm)].map(([, id]) => id as string);

/**
 * Shows the solution of an exercise. Works in any cell, without an import.
 *
 * @param id such as `05.2`
 * @throws when there is none, naming those that there are
 */
export function reveal(id: string): void {
  const known = solutions(id.slice(0, 2));
  const solution = known.get(id);
  if (!solution) {
    const ids = [...known.keys()].join(', ') || 'none in that chapter';
    throw new Error(
      `Expected an exercise such as 05.2, got ${JSON.stringify(id)}; there are: ${ids}.`,
    );
  }
  markdown(`One solution of exercise ${id}:\n\n\`\`\`typescript\n${solution}\n\`\`\``);
}

const REGION = /^\/\/#region solution\r?\n([\s\S]*?)^\/\/#endregion(?:\r?\n|$)/m;

const folder = new URL('../notebooks/', import.meta.url);

function solutions(chapter: string): Map<string, string> {
  const name = readdirSync(folder).find((file) => file.startsWith(chapter) && file.endsWith('.ts'));
  const cells = name ? readFileSync(new URL(name, folder), 'utf8').split(/^\/\/ %%/m) : [];
  return new Map(
    cells.flatMap((cell) => {
      const { solution } = splitSolution(cell);
      return exerciseIds(cell).map((id) => [id, solution ?? ''] as const);
    }),
  );
}
