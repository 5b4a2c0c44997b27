import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freshDatabase, runOn, sqlFile, type TestDatabase, testServerUrl } from '../database.ts';
import { expectRollupsEqualRecount, insertEvents, until } from './support.ts';

// pg_cron lives in one database of a server: that of the server's own address, if any
const server = testServerUrl();
const OTHERS = 'somebody else: vacuum';

describe('in the database of pg_cron', () => {
  let here = false;
  beforeAll(async () => {
    const [found] = await runOn(
      server,
      `select current_setting('cron.database_name', true) = current_database()
              and current_setting('shared_preload_libraries') like '%pg_cron%' as here`,
    );
    here = found?.here ?? false;
    if (!here) return;
    await runOn(server, 'create extension if not exists pg_cron');
    await runOn(server, sqlFile('08-unschedule.sql'));
    await runOn(server, `select cron.schedule('${OTHERS}', '0 0 1 1 *', 'select 1')`);
  });
  afterAll(async () => {
    if (!here) return;
    await runOn(server, sqlFile('08-unschedule.sql'));
    await runOn(server, `select cron.unschedule('${OTHERS}')`);
  });

  const jobs = async () =>
    (
      await runOn(
        server,
        `select jobname from cron.job where jobname ~ 'workshop:|somebody' order by 1`,
      )
    ).map(({ jobname }) => jobname);
  const OURS = [
    'workshop: aggregate events',
    'workshop: expire events',
    'workshop: maintain partitions',
  ];
  const REASON = 'the database of the test server is not that of pg_cron';

  test('three jobs are made, once however often it runs, and are listed', async ({ skip }) => {
    if (!here) skip(REASON);
    await runOn(server, sqlFile('08-schedule.sql'));
    await runOn(server, sqlFile('08-schedule.sql'));
    expect(await jobs()).toEqual([OTHERS, ...OURS]);
    const status = await runOn(server, sqlFile('08-schedule-status.sql'));
    expect(status.map(({ jobname, active }) => [jobname, active]).sort()).toEqual(
      OURS.map((name) => [name, true]),
    );
  });

  test('exactly these are taken away again, and a second time does no harm', async ({ skip }) => {
    if (!here) skip(REASON);
    await runOn(server, sqlFile('08-schedule.sql'));
    await runOn(server, sqlFile('08-unschedule.sql'));
    expect(await jobs()).toEqual([OTHERS]);
    await runOn(server, sqlFile('08-unschedule.sql'));
    expect(await jobs()).toEqual([OTHERS]);
  });

  // as pg_cron runs one: in a session of its name, with a line in its diary
  test('a job that is running ends with its schedule', async ({ skip }) => {
    if (!here) skip(REASON);
    const [job] = await runOn(
      server,
      `select cron.schedule('workshop: sleep', '0 0 1 1 *', 'select 1') as id`,
    );
    const runner = new pg.Client({ connectionString: server, application_name: 'pg_cron' });
    runner.on('error', () => {}); // it is ended from outside
    await runner.connect();
    await runner.query(
      `insert into cron.job_run_details (jobid, runid, job_pid, database, username, command, status)
       values ($1, nextval('cron.runid_seq'), pg_backend_pid(), current_database(), current_user, 'select 1', 'running')`,
      [job?.id],
    );
    const end = runner.query('select pg_sleep(60)').catch((error: Error) => error.message);
    await runOn(server, sqlFile('08-unschedule.sql'));
    expect(await end).toMatch(/terminating connection/);
  });
});

describe('elsewhere', () => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await freshDatabase('schedule');
  });
  afterAll(() => db?.drop());

  test('nothing is scheduled, and what is missing is said', async () => {
    await db.pool.query(sqlFile('08-schedule.sql'));
    await db.pool.query(sqlFile('08-unschedule.sql'));
    expect(db.notices).toEqual(
      Array(2).fill(`nothing is scheduled: extension pg_cron is not in database ${db.name}`),
    );
  });

  test('rollups are kept fresh for a while, and then the job ends', async () => {
    const rolledUp = (events: number) =>
      until(db.pool, `(select sum(event_count) from rollup_events_1hr) = ${events}`, 20_000);
    await insertEvents(db.pool, 100);
    const run = db.pool.query(`call keep_aggregating(every => '200 ms', lasting => '5 seconds')`);
    await rolledUp(100);
    await insertEvents(db.pool, 100);
    await rolledUp(200);
    await run;
    await expectRollupsEqualRecount(db.pool, 200);
  });
});
