import { display } from './display.ts';
import { escapeHtml } from './html.ts';

type Row = Record<string, unknown>;

/**
 * Shows rows as a table: numbers to the right with separated thousands (ids without), times in UTC.
 *
 * @param options.limit rows to show at most, the rest is counted @default 20
 * @param options.caption a line above the table
 */
export function table(rows: readonly object[], { limit = 20, caption }: TableOptions = {}): void {
  const shown = rows.slice(0, limit) as Row[];
  const columns = Object.keys(shown[0] ?? {});
  const more = rows.length - shown.length;
  const head = columns.map((name) => `<th${side(shown[0]?.[name])}>${escapeHtml(name)}</th>`);
  const body = shown.map(
    (row) => `<tr>${columns.map((name) => cell(name, row[name])).join('')}</tr>`,
  );
  display({
    'text/html':
      (caption ? `<div><em>${escapeHtml(caption)}</em></div>` : '') +
      (rows.length
        ? `<table><thead><tr>${head.join('')}</tr></thead><tbody>${body.join('')}</tbody></table>`
        : '<div>no rows</div>') +
      (more > 0 ? `<div>… and ${format(more)} more rows</div>` : ''),
    'text/plain': asText(columns, shown, { caption, more }),
  });
}

/** A value as a table shows it. */
export function format(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number' && !Number.isInteger(value))
    return value.toLocaleString('en-US', { maximumFractionDigits: 2 });
  if (typeof value === 'number' || typeof value === 'bigint') return value.toLocaleString('en-US');
  if (value instanceof Date) return formatTime(value);
  if (typeof value === 'object') return JSON.stringify(value);
  return String(value);
}

/** A time in UTC, to the minute, or to the second where it has seconds. */
export function formatTime(time: Date): string {
  const text = time.toISOString().replace('T', ' ');
  return text.slice(0, text.slice(17, 19) === '00' ? 16 : 19);
}

interface TableOptions {
  limit?: number;
  caption?: string;
}

// an id, a process or a port is a name, not a quantity; a window goes from one id to another
const NAMES = /(^|_)(id|pid|port)$|Id$|^window_(start|end)$/;
const formatIn = (name: string, value: unknown) =>
  isNumber(value) && NAMES.test(name) ? String(value) : format(value);
const isNumber = (value: unknown) => typeof value === 'number' || typeof value === 'bigint';
const side = (value: unknown) => ` style="text-align:${isNumber(value) ? 'right' : 'left'}"`;
const cell = (name: string, value: unknown) => {
  const text = formatIn(name, value);
  const short = text.length > 80 ? `${text.slice(0, 77)}…` : text;
  return `<td${side(value)}>${escapeHtml(short)}</td>`;
};

const asText = (
  columns: string[],
  rows: Row[],
  { caption, more }: { caption?: string; more: number },
) => {
  const lines = [
    columns,
    ...rows.map((row) => columns.map((name) => formatIn(name, row[name]).slice(0, 40))),
  ];
  const widths = columns.map((_, i) => Math.max(...lines.map((line) => line[i]?.length ?? 0)));
  const text = lines.map((line) =>
    line
      .map((word, i) => word.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return [caption, ...text, more > 0 ? `… and ${more} more rows` : undefined]
    .filter((line) => line !== undefined)
    .join('\n');
};
