import type { Database } from '../connect.ts';
import { ok, todo, type Verdict, wrong } from '../exercise.ts';
import { readSql } from '../sql.ts';
import { format } from '../table.ts';
import { isBlank, tryOut } from './trial.ts';

export const chapter11 = {
  '11.1': breakIt,
  '11.2': sizeSketch,
};

// whatever it is: the recount must notice
async function breakIt(db: Database, statement: string): Promise<Verdict> {
  if (isBlank(statement)) return todo('a statement after which rollup and recount disagree.');
  const rows = await tryOut(db, statement, { after: readSql('06-recount.sql') });
  const [rollup, , raw, rolledUp] = rows.find((row) => row.at(-1) !== true) ?? [];
  return rollup
    ? ok(
        `the recount finds it: ${format(raw)} raw events, ${format(rolledUp)} in ${rollup}. ` +
          'So give nobody the right to write there: the role of the dashboards may only read.',
      )
    : wrong(
        'The recount still agrees, to the last event. What does a rollup believe without looking?',
      );
}

// by the standard error of 2^log2m registers
function sizeSketch(_: Database, log2m: number): Verdict {
  const error = (exponent: number) => `${(104 / Math.sqrt(2 ** exponent)).toFixed(2)} %`;
  if (log2m === 11)
    return todo(
      `with 11 the standard error is ${error(11)}. Which is the smallest for 1 % or less?`,
    );
  if (log2m === 14) return ok(`2^14 registers have ${error(14)}, and 2^13 only ${error(13)}.`);
  if (log2m > 31)
    return wrong(`That may be the number of registers. log2m is the exponent: 2^log2m registers.`);
  return log2m > 14
    ? wrong(`2^${log2m} registers have ${error(log2m)}. Half of them would do.`)
    : wrong(`2^${log2m} registers have ${error(log2m)}: not good enough.`);
}
