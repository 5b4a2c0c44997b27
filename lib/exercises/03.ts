import type { Database } from '../connect.ts';
import { ok, todo, type Verdict, wrong } from '../exercise.ts';
import { formatTime } from '../table.ts';
import { isBlank, tryOut } from './trial.ts';

export const chapter03 = {
  '03.1': findSlowWriter,
  '03.2': boundWindow,
};

// a writer that has connected, begun and last spoken at three different times, and one who only reads
async function findSlowWriter(db: Database, statement: string): Promise<Verdict> {
  if (isBlank(statement))
    return todo('each writer of events, with the time at which its transaction began.');
  const [writer, reader] = [await db.connect(), await db.connect()];
  try {
    await reader.query('begin; select from events limit 0');
    await writer.query('select pg_sleep(0.02)');
    await writer.query('begin');
    await writer.query(WRITE);
    const {
      rows: [truth],
    } = await writer.query(`
      select pid, xact_start, backend_start, query_start from pg_stat_activity where pid = pg_backend_pid()`);
    const bystander = (await reader.query('select pg_backend_pid() as pid')).rows[0].pid;
    const rows = await tryOut(db, statement);
    const row = rows.find((values) => values.includes(truth.pid));
    if (!row)
      return wrong(`A writer with pid ${truth.pid} is open, and the answer does not name it.`);
    const times = row.filter((value) => value instanceof Date).map(Number);
    if (times.includes(Number(truth.xact_start)))
      return rows.some((values) => values.includes(bystander))
        ? wrong(
            `It names pid ${bystander}, too, which only reads: join pg_stat_activity to rollup_writers, which lists only writers.`,
          )
        : ok(
            `it finds the writer with pid ${truth.pid}, open since ${formatTime(truth.xact_start)}.`,
          );
    if (times.includes(Number(truth.backend_start)))
      return wrong(
        'That is when it connected. It may have done much since: when did its transaction begin?',
      );
    return times.length
      ? wrong(
          'That is when its latest statement began or ended. A transaction can be much older than that.',
        )
      : wrong('It names the writer, but not since when: pg_stat_activity has the time.');
  } finally {
    for (const client of [writer, reader]) {
      await client.query('rollback').catch(() => {});
      client.release();
    }
  }
}

const WRITE = `
  insert into events (customer_id, event_type, country, browser, device_id, session_id)
  values (900003, 'click', 'India', 'chrome', 1, 1); select pg_sleep(0.02)`;

// five events wait behind the watermark
async function boundWindow(db: Database, statement: string): Promise<Verdict> {
  const [[start, end] = []] = await tryOut(db, statement, {
    before: [
      `insert into rollups (name, event_table_name, event_id_sequence_name)
       values ('lesson', 'events', 'events_event_id_seq') on conflict (name) do nothing`,
      `update rollups set last_aggregated_id = nextval('events_event_id_seq') - 1 where name = 'lesson'`,
      ...Array(4).fill(`select nextval('events_event_id_seq')`),
    ],
  });
  if (typeof start !== 'number' || typeof end !== 'number')
    return wrong('The statement should still give the row of incremental_rollup_window.');
  const size = end - start + 1;
  if (size === 2) return ok(`with five events waiting the window holds two, ${start} and ${end}.`);
  return size === 5
    ? todo('with five events waiting the window holds all five. Let it hold two at most.')
    : wrong(`With five events waiting the window holds ${size}, and two are wanted.`);
}
