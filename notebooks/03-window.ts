// %% [markdown]
// # Find the events that are safe to count
//
// **13 minutes.** An *incremental* rollup counts only what is new since its last run. That sounds like
// "everything above the last id", and that is wrong in a way that no test on a quiet laptop shows. In this
// chapter you watch it go wrong, and then read the function that gets it right.
//
// **What you need:** a running database; `ready` builds the tables of chapter 02.

// %%
import { atLeast, checkpoint, exercise, Live, matching, openTransaction, playWriters, query, ready,
  runFile, show, showPicture, summary, table, windowPicture } from '../lib/index.ts';

const db = await ready('03');

// %% [markdown]
// ## The trap: ids are handed out in order, but they do not commit in order
//
// Two applications write at the same time. The first one *draws* its id, that is, takes the next number of the
// sequence, and is slow to commit. The second one draws the next id and commits at once. Somebody who looks now
// sees the higher id and not the lower one.
//
// In the cell below, `slow` is a transaction that stays open until a later cell commits it. The other insert
// has a transaction of its own.

// %%
const insert = `
  insert into events (customer_id, event_type, country, browser, device_id, session_id)
  values (900001, 'click', 'India', 'chrome', 1, 1) returning event_id`;
const slow = await openTransaction(db);
const slowPid = (await slow.query('select pg_backend_pid() as pid')).rows[0].pid;
const slowId = Number((await slow.query(insert)).rows[0].event_id);
const fastId = Number((await db.query(insert)).rows[0].event_id);
const seen = await query<{ event_id: number }>(db,
  'select event_id from events where event_id in ($1, $2)', [slowId, fastId]);
const visible = seen.map((row) => row.event_id).join(', ');
table([{ slowId, fastId, visible }]);

// %% [markdown]
// Both ids are drawn, and the row with the higher one is visible. A rollup that remembers "I have counted up to
// the highest id that I saw" would now remember `fastId`. When `slow` commits, its event lies below that mark. It
// is never counted, and nobody is told.
//
// ## Where a rollup remembers how far it is
//
// The table `rollups` holds one row for each rollup, with its *watermark*: the last id that it has counted.

// %%
await runFile(db, '03-rollups.sql');

// %% [markdown]
// ## Wait for just those writers
//
// A *window* is a range of ids that a rollup counts in one go. To find one that is safe takes four steps, and
// the third is the one that people forget:
//
// 1. Read the last id that the sequence has handed out. Every later id belongs to a later window.
// 2. Ask `pg_locks`, the server's list of locks, who is writing to the table right now. A writer locks the
//    table *before* it draws its first id, so whoever holds an id of this window is on that list.
// 3. Wait until each of these has ended. New writers come and go: nobody waits for *us*.
// 4. Move the watermark, in the same transaction as the counting. Either both happen or neither
//    (chapter 11 kills a rollup to see that).
//
// The function that lists the writers is short. Below it, we ask it who is writing now.

// %%
await runFile(db, '03-rollup-writers.sql');

// %%
await show(db, `
  select writers.pid, activity.state, activity.application_name
    from rollup_writers(array(select relid::oid from pg_partition_tree('events'))) as writers
    left join pg_stat_activity as activity using (pid)`);

// %% [markdown]
// That is `slow`, idle in its transaction. (`pid` is the number of the server's process for a connection.)
//
// ### Exercise 03.1: since when?
//
// A rollup waits, and somebody asks you who is to blame. The query above has the pid and the state.
//
// **Task:** write a query that gives the pid of each writer of `events` and the time at which its transaction
// *began*. Begin with the query above. **Done when** it finds a writer that the check opens, and when that one
// began.
//
// <details><summary>Hint</summary>
//
// `pg_stat_activity` has four times: of the connection, the transaction, the latest statement, and the latest
// change of state.
//
// </details>
//
// **Read:** [pg_stat_activity](https://www.postgresql.org/docs/current/monitoring-stats.html#MONITORING-PG-STAT-ACTIVITY-VIEW)

// %%
let writersSince = `
  -- your query
`;
//#region solution
writersSince = `
  select pid, activity.xact_start
    from rollup_writers(array(select relid::oid from pg_partition_tree('events'))) as writers
    join pg_stat_activity as activity using (pid)`;
//#endregion
await exercise('03.1', db, writersSince);

// %% [markdown]
// On Citus a commit can go to several nodes (chapter 11 tries it). A node that fails in the middle keeps a transaction *prepared*: its
// rows are promised, and nobody can see them yet. The next function finishes those before a window closes. On
// one server it does nothing.

// %%
await runFile(db, '03-settle-distributed-writes.sql', { folded: true });

// %% [markdown]
// And here is the window itself, the function that all counts depend on. It is long. Read the four numbered
// comments, and skip the rest the first time.

// %%
await runFile(db, '03-incremental-rollup-window.sql');

// %% [markdown]
// ## Watch it refuse
//
// `slow` is still open. Ask for a window, for a rollup named `lesson` that has counted nothing yet. Its
// *patience*, the time that it waits for writers, is half a second. **This fails on purpose**: the message names
// the process that holds things up, and the watermark stays where it was.

// %%
await query(db, `
  insert into rollups (name, event_table_name, event_id_sequence_name)
  values ('lesson', 'events', 'events_event_id_seq')
  on conflict (name) do update set last_aggregated_id = 0`);
const window = `select * from incremental_rollup_window('lesson', patience => '500 milliseconds')`;
const refusal = await query(db, window).then(() => 'no refusal', (error: Error) => error.message);
const [unmoved] = await query<{ watermark: number }>(db,
  `select last_aggregated_id as watermark from rollups where name = 'lesson'`);
refusal;

// %% [markdown]
// ## Watch it succeed
//
// The writer commits. Now the same call returns a window that holds both events, and a second call finds
// nothing new: `window_end` below `window_start` means *empty*. (A window may end after the two: checks of exercises
// draw ids, too, and take their events back.)

// %%
await slow.commit();
const [first] = await query<{ window_start: number; window_end: number }>(db, window);
const [second] = await query<{ window_start: number; window_end: number }>(db, window);
table([{ call: 'first', ...first }, { call: 'second', ...second }]);

// %% [markdown]
// ### Exercise 03.2: a window of at most two events
//
// A hundred million events that wait to be counted should not become one window. Besides `patience` the function
// has a third argument, `max_events`. The check lets five events wait.
//
// **Task:** change the call so that a window holds at most two events. **Done when** it holds the first two of
// the five.
//
// <details><summary>Hint</summary>
//
// Named arguments are written `name => value`, and a comma stands between two.
//
// </details>
//
// **Read:** [named notation](https://www.postgresql.org/docs/current/sql-syntax-calling-funcs.html#SQL-SYNTAX-CALLING-FUNCS-NAMED)

// %%
let smallWindow = `
  select * from incremental_rollup_window('lesson', patience => '2 seconds')`;
//#region solution
smallWindow = `
  select * from incremental_rollup_window('lesson', patience => '2 seconds', max_events => 2)`;
//#endregion
await exercise('03.2', db, smallWindow);

// %% [markdown]
// ## The same with five writers, as a picture
//
// The cell below opens real transactions, A to E, and asks for windows while they are open. At each `look` it
// asks the database which ids are visible, who is still writing and where the watermark is, and draws that as
// one more row. You need not read the code: the picture tells the same.

// %%
await query(db, window); // whatever is there already belongs to an earlier window
const scene = new Live();
const moments = await playWriters(db, 'lesson', async ({ open, askForWindow, look }) => {
  const [a, b, c, d] = [await open('A'), await open('B'), await open('C'), await open('D')];
  for (const writer of [a, b, c, b, d]) await writer.insert();
  await b.commit();
  await d.rollback();
  await look('A and C are still open, B has committed, D gave up.');

  const { answer } = await askForWindow();
  const e = await open('E');
  await e.insert();
  await look('A rollup asks. E comes later: nobody waits for E.');

  await a.commit();
  await c.rollback();
  await answer;
  await look('A commits, C rolls back: the window is taken.');

  await e.commit();
  await (await askForWindow()).answer;
  await look('E commits: the next window takes it.');
}, { onLook: (moments) => showPicture(windowPicture(moments), scene) });

// %% [markdown]
// Row 2 is the heart of it. The window ends at the last id that had been drawn when the rollup asked, so E is
// none of its business. Inside it are two ids whose fate is open. In row 3 one of them turns out to be an event
// and the other a gap, and only now is it safe to count. A gap costs nothing: no event has that id.

// %% [markdown]
// ## Rules that the window relies on
//
// * Ids come **only** from the column's default. An application that calls `nextval` first and inserts later
//   holds an id without holding the lock, and no window of this kind can see it.
// * The sequence hands out one id at a time (`cache 1`). With `cache 10` each connection would put ten ids
//   aside and use them later, when their window has closed.
// * The transaction runs at the isolation level *read committed*, where each statement sees what has been
//   committed before it. Under *repeatable read* the count would see the table as it was before the wait.
//
// The first rule is yours to keep. The function refuses to work without the other two: **both calls fail on
// purpose**.

// %%
async function refusedAfter(setting: string) {
  const client = await db.connect();
  await client.query('begin');
  await client.query(setting);
  const message = await client.query(window).then(() => 'no refusal', (error: Error) => error.message);
  await client.query('rollback');
  client.release();
  return message;
}
const inAdvance = await refusedAfter(`
  create sequence ids_in_advance cache 10;
  update rollups set event_id_sequence_name = 'ids_in_advance' where name = 'lesson'`);
const isolation = await refusedAfter('set transaction isolation level repeatable read');
table([{ setting: 'cache 10', refusal: inAdvance }, { setting: 'repeatable read', refusal: isolation }]);

// %% [markdown]
// ## Checkpoints

// %%
checkpoint('03.1', 'the lower id was not visible while its writer was open',
  `${visible}, lower: ${slowId < fastId}`, `${fastId}, lower: true`);
checkpoint('03.2', 'an open writer is named, not passed by',
  refusal, matching(new RegExp(`still open.*pid ${slowPid} \\(idle in transaction`)));
checkpoint('03.3', 'the window then holds both events',
  Boolean(first && first.window_start <= slowId && first.window_end >= fastId), true);
checkpoint('03.4', 'a second window is empty',
  Boolean(second && second.window_end < second.window_start), true);
checkpoint('03.5', 'ids in advance and another isolation level are refused',
  [/in advance/.test(inAdvance), /read committed/.test(isolation)], [true, true]);
checkpoint('03.6', 'the window waits for the writers of its ids, not for later ones',
  moments[1]?.window?.waitsFor.map((writer) => writer.name).join(', '), 'A, C');
checkpoint('03.7', 'a refused window leaves the watermark where it was', unmoved?.watermark, 0);
const idOfE = moments[3]!.ids.find(({ writer }) => writer.name === 'E')!.id;
checkpoint('03.8', 'an id drawn later is for the next window',
  [moments[2]!.watermark < idOfE, moments[3]!.watermark >= idOfE], [true, true]);
const [early] = await query<{ id: number }>(db, `select nextval('events_event_id_seq') as id`);
const [passing] = await query<{ window_end: number }>(db, window);
checkpoint('03.9', 'a window passes by an id without a writer', passing!.window_end, atLeast(early!.id));

// %% [markdown]
// Three more things: what a rollup by the highest visible id would have missed, the picture in words, and whether a writer
// has its lock before it draws an id. (`prepare` reads the insert and does not run it.)

// %%
const [late] = await query<{ there: number; counted: number }>(db, `
  select count(*) as there, count(*) filter (where event_id > $2) as counted
    from events where event_id = $1`, [slowId, fastId]);
checkpoint('03.10', 'counting on from the highest id would miss an event',
  [late!.there, late!.counted], [1, 0]);
const fates = [1, 2].map((row) => moments[row]!.ids
  .filter(({ writer }) => 'AC'.includes(writer.name)).map(({ state }) => state).join(' and '));
checkpoint('03.11', 'two ids are open; then one is an event and one a gap',
  fates, ['open and open', 'committed and rolled back']);
checkpoint('03.12', 'the window ends at the last id that had been drawn, and E did not wait for it',
  [moments[2]!.watermark, moments[1]!.ids.some(({ id }) => id === idOfE)],
  [Math.max(...moments[0]!.ids.map(({ id }) => id)), true]);
const probe = await openTransaction(db);
const drawnAndLocked = async () => (await probe.query(`
  select pg_sequence_last_value('events_event_id_seq')::int as drawn,
         count(*) filter (where mode = 'RowExclusiveLock')::int as locks
    from pg_locks where pid = pg_backend_pid() and relation = 'events'::regclass`)).rows[0];
const idle = await drawnAndLocked();
await probe.query(`prepare probe as ${insert}`);
const prepared = await drawnAndLocked();
await probe.query('deallocate probe');
await probe.commit();
checkpoint('03.13', 'a writer has its lock when no id is drawn yet',
  [idle.locks, prepared.locks, prepared.drawn - idle.drawn], [0, 1, 0]);

// %% [markdown]
// And `cache 10`, in a sequence of its own: the first id is drawn, and how many are gone?

// %%
const aside = await openTransaction(db);
await aside.query('create temp sequence ids_aside cache 10');
const { rows: [cached] } = await aside.query(`
  select nextval('ids_aside')::int as drawn, pg_sequence_last_value('ids_aside')::int as gone`);
await aside.query('drop sequence ids_aside');
await aside.commit();
checkpoint('03.14', 'a cache of 10 puts ten ids aside at once', [cached.drawn, cached.gone], [1, 10]);

// %%
await query(db, `delete from rollups where name = 'lesson'`);
summary({
  learned: [
    'ids do not commit in the order in which they are drawn',
    'wait for the writers of the moment, block nobody, give up with a name after a patience',
    'the watermark moves in the same transaction as the counting',
  ],
  next: '04-rollups',
});

// %% [markdown]
// **Read more:** [Scalable incremental data aggregation on Postgres and
// Citus](https://www.citusdata.com/blog/2018/06/14/scalable-incremental-data-aggregation/)
