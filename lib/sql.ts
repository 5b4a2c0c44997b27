import type { Notification } from 'pg';
import type { Database } from './connect.ts';
import { display, html } from './display.ts';
import { escapeHtml } from './html.ts';
import { readSql } from './sql-files.ts';
import { table } from './table.ts';

export { readSql } from './sql-files.ts';

/**
 * Runs one statement and returns its rows.
 *
 * @param statement SQL, or the name of a file in `sql/` such as `07-trend-hours.sql`
 * @param parameters the values of `$1`, `$2`, …
 * @throws the server's error, with the statement's place, detail and hint in its message
 */
export async function query<Row extends object = Record<string, unknown>>(
  db: Database,
  statement: string,
  parameters: unknown[] = [],
): Promise<Row[]> {
  return (await run(db, statement, parameters)).rows as Row[];
}

/**
 * Runs one statement and shows what the server says (its notices), and the rows as a table.
 *
 * @param said gets the notices, too
 */
export async function show<Row extends object = Record<string, unknown>>(
  db: Database,
  statement: string,
  parameters: unknown[] = [],
  said: string[] = [],
): Promise<void> {
  const { rows, notices } = await run(db, statement, parameters);
  said.push(...notices);
  showNotices(notices);
  if (rows.length) table(rows as Row[]);
}

/**
 * Shows a file of `sql/` and runs it. Every file may run any number of times.
 *
 * @param name such as `03-rollups.sql`
 * @param options.folded shows only its name, to be opened by a click @default false
 */
export async function runFile(
  db: Database,
  name: string,
  { folded = false }: ShowOptions = {},
): Promise<void> {
  showFile(name, { folded });
  const { notices } = await run(db, name, []);
  const news = notices.filter((notice) => !notice.endsWith('already exists, skipping'));
  const unchanged = notices.length > 0 && news.length === 0;
  showNotices(news.length ? news : [`${name}: ${unchanged ? 'was there already' : 'done'}`]);
}

/** Shows a file of `sql/`, highlighted. Options as of `runFile`. */
export function showFile(name: string, { folded = false }: ShowOptions = {}): void {
  const text = readSql(name).trim();
  const code = `\`\`\`sql\n-- sql/${name}\n${text}\n\`\`\``;
  const lines = text.split('\n').length;
  const fold = `<details><summary>sql/${name}, ${lines} lines</summary>\n\n${code}\n\n</details>`;
  display({ 'text/markdown': folded ? fold : code, 'text/plain': text });
}

interface ShowOptions {
  folded?: boolean;
}

interface Answer {
  rows: object[];
  notices: string[];
}

const isFile = (statement: string) => /^[\w/.-]+\.sql$/.test(statement);

async function run(db: Database, statement: string, parameters: unknown[]): Promise<Answer> {
  const text = isFile(statement) ? readSql(statement) : statement;
  const notices: string[] = [];
  const listen = (notice: { message?: string }) => notices.push(notice.message ?? '');
  const client = await db.connect();
  client.on('notice', listen as (notice: unknown) => void as (n: Notification) => void as never);
  try {
    const result = await client.query(text, parameters.length ? parameters : undefined);
    const last = Array.isArray(result) ? result.at(-1) : result; // several statements, several results
    return { rows: last?.rows ?? [], notices };
  } catch (error) {
    throw readable(error as ServerError, text, isFile(statement) ? `sql/${statement}` : undefined);
  } finally {
    client.off('notice', listen as never);
    client.release();
  }
}

type ServerError = Error & { position?: string; detail?: string; hint?: string; code?: string };

// the server's message, with all that it knows about the cause and the cure
function readable(error: ServerError, text: string, file?: string): Error {
  const line = error.position && text.slice(0, Number(error.position) - 1).split('\n').length;
  const parts = [
    error.message + (file ? ` (${file}${line ? `, line ${line}` : ''})` : ''),
    error.detail && `Detail: ${error.detail}`,
    error.hint && `Hint: ${error.hint}`,
    !file && line && `Line ${line}: ${text.split('\n')[line - 1]?.trim()}`,
    /^(log2m|register width|explicit threshold) does not match/.test(error.message) &&
      'An earlier version of the workshop made these rollups, with other sketches: `npm run reset` takes them away.',
  ];
  return Object.assign(new Error(parts.filter(Boolean).join('\n'), { cause: error }), {
    code: error.code,
  });
}

const showNotices = (notices: string[]) => {
  if (!notices.length) return;
  const lines = notices.map((notice) => `<div>▸ ${escapeHtml(notice)}</div>`).join('');
  html(
    `<div style="font-family:var(--jp-code-font-family,monospace);opacity:.85">${lines}</div>`,
    notices.join('\n'),
  );
};
