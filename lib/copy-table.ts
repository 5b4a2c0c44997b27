import type pg from 'pg';
import { CsvError, isLostConnection, type ServerError } from './copy-errors.ts';

/** A table that rows are loaded into. */
export interface Target {
  /** Quoted as SQL needs it. */
  table: string;
  columns: { name: string; required: boolean; assigned: boolean }[];
}

/**
 * Looks up the table.
 *
 * @param options.record the load is going to be recorded
 * @throws when the database does not answer, or lacks the table or that of the records
 */
export async function describeTable(
  pool: pg.Pool,
  name: string,
  { record = true } = {},
): Promise<Target> {
  const { rows } = await pool.query(COLUMNS, [name]).catch((cause: ServerError) => {
    if (!isLostConnection(cause)) throw cause;
    const reason = cause.message || cause.code;
    const advice = '`npm run up` starts it, `npm run doctor` finds out more';
    throw new Error(`No database answers (${reason}); nothing was loaded. ${advice}.`, { cause });
  });
  if (!rows.length) {
    throw new Error(
      `The database has no table ${name}; nothing was loaded. Chapter 02 makes the tables, and so does \`await ready('05')\`.`,
    );
  }
  if (record && !rows[0].has_loads) {
    throw new Error(
      "The database has no table loads, so a load could not be recorded; nothing was loaded. `sql/05-loads.sql` makes it, and so does `await ready('05')`.",
    );
  }
  return { table: rows[0].table_name, columns: rows };
}

// `assigned` columns get their value from a sequence or an expression, and never from a file;
// the catalogs alone tell it, so that a locked table does not hold up the answer
const COLUMNS = `
  select attribute.attrelid::regclass::text as table_name,
         attribute.attname as name,
         attribute.attnotnull and not attribute.atthasdef as required,
         attribute.attidentity <> '' or attribute.attgenerated <> ''
           or exists (
             select from pg_depend as uses
               join pg_class as sequence on sequence.oid = uses.refobjid and sequence.relkind = 'S'
              where uses.classid = 'pg_attrdef'::regclass and uses.objid = standard.oid
                and uses.refclassid = 'pg_class'::regclass
           ) as assigned,
         to_regprocedure('record_load(text,text,text,bigint,bigint,boolean)') is not null as has_loads
    from pg_attribute as attribute
    left join pg_attrdef as standard
      on standard.adrelid = attribute.attrelid and standard.adnum = attribute.attnum
   where attribute.attrelid = to_regclass($1::text)
     and attribute.attnum > 0
     and not attribute.attisdropped
   order by attribute.attnum`;

/**
 * Looks whether the table takes these columns, each once and all that it needs.
 *
 * @throws {CsvError} for the first that it does not take
 */
export function checkColumns(
  columns: readonly string[],
  target: Target,
  place: { file: string; line?: number },
): void {
  const known = target.columns.filter((column) => !column.assigned).map((column) => column.name);
  const list = `the columns are ${known.join(', ')}`;
  for (const [index, column] of columns.entries()) {
    const fail = (reason: string) => {
      throw new CsvError(reason, { ...place, column: column || undefined });
    };
    if (columns.indexOf(column) < index) fail(`the column "${column}" is named twice`);
    if (known.includes(column)) continue;
    if (target.columns.some(({ name }) => name === column)) {
      fail(`"${column}" may not be loaded, the table assigns it itself; leave the column out`);
    }
    fail(
      `the table ${target.table} has no column "${column}"; ${list}, separated by commas in the first line`,
    );
  }
  const missing = target.columns.find(
    ({ name, required, assigned }) => required && !assigned && !columns.includes(name),
  );
  if (missing) {
    throw new CsvError(`the column "${missing.name}" is missing; it may not be empty`, {
      ...place,
      column: missing.name,
    });
  }
}
