import { readdirSync, readFileSync } from 'node:fs';

const folder = new URL('../sql/', import.meta.url);

/**
 * The text of a file in `sql/`.
 *
 * @param name such as `03-rollups.sql`
 * @throws when there is no such file
 */
export function readSql(name: string): string {
  try {
    return readFileSync(new URL(name, folder), 'utf8');
  } catch (cause) {
    throw new Error(`There is no sql/${name}. \`ls sql\` lists the files that there are.`, {
      cause,
    });
  }
}

/** Names of the files in `sql/`, in order. */
export function sqlFiles(): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
    .sort();
}
