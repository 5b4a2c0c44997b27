import type { PoolClient } from 'pg';
import { waitFor } from '../../cluster/wait.ts';
import type { Database } from '../connect.ts';
import { query } from '../sql.ts';
import type { DrawnId, Moment, Writer } from './window.ts';

/** What a play may do. */
export interface Stage {
  /** Opens a transaction that will write events. */
  open(name: string): Promise<Actor>;
  /** Asks for a window. Comes back when it has been given or waits for writers; `answer` ends when it has been given. */
  askForWindow(): Promise<{ answer: Promise<void> }>;
  /** Reads what the database knows now. */
  look(title: string): Promise<void>;
}

/** A transaction that writes events. */
export interface Actor {
  insert(): Promise<void>;
  commit(): Promise<void>;
  rollback(): Promise<void>;
}

/**
 * Plays a scene with writers of `events` and a rollup, and notes at each look what the database says: which ids are
 * visible, whose transaction is open, where the watermark is. What is still open at the end is rolled back.
 *
 * @param rollup name in the table `rollups`
 * @param options.onLook called after each look with the moments so far
 */
export async function playWriters(
  db: Database,
  rollup: string,
  play: (stage: Stage) => Promise<void>,
  { onLook = () => {} }: { onLook?: (moments: Moment[]) => void } = {},
): Promise<Moment[]> {
  const clients: PoolClient[] = [];
  const drawn: { id: number; writer: Writer }[] = [];
  const moments: Moment[] = [];
  let window: Moment['window'];

  const connect = async () => {
    const client = await db.connect();
    clients.push(client);
    return client;
  };
  const stage: Stage = {
    async open(name) {
      const client = await connect();
      await client.query('begin');
      const { rows } = await client.query('select pg_backend_pid() as pid');
      const writer = { name, pid: rows[0].pid };
      return {
        async insert() {
          drawn.push({ id: Number((await client.query(INSERT)).rows[0].event_id), writer });
        },
        commit: async () => void (await client.query('commit')),
        rollback: async () => void (await client.query('rollback')),
      };
    },

    async askForWindow() {
      const client = await connect();
      const pid = (await client.query('select pg_backend_pid() as pid')).rows[0].pid;
      let given = false;
      const answer = client.query(WINDOW, [rollup]).then(({ rows: [row] }) => {
        given = true;
        window = { start: Number(row.window_start), end: Number(row.window_end), waitsFor: [] };
      });
      answer.catch(() => {}); // it is awaited later, or the play has failed for another reason
      await waitFor('the rollup to wait or to have its window', () => given || waits(db, pid));
      if (!given) window = await waitingWindow(db, rollup, drawn);
      return { answer };
    },

    async look(title) {
      moments.push({ title, window, ...(await readIds(db, rollup, drawn)) });
      window = undefined;
      onLook(moments);
    },
  };

  try {
    await play(stage);
    return moments;
  } finally {
    for (const client of clients.reverse())
      await client.query('rollback').then(() => client.release());
  }
}

const INSERT = `
  insert into events (customer_id, event_type, country, browser, device_id, session_id)
  values (900001, 'click', 'India', 'chrome', 1, 1) returning event_id`;

const WINDOW = 'select * from incremental_rollup_window($1)';

const waits = async (db: Database, pid: number) =>
  (await query(db, `select from pg_stat_activity where pid = $1 and wait_event = 'PgSleep'`, [pid]))
    .length > 0;

const openWriters = async (db: Database) =>
  (
    await query<{ pid: number }>(
      db,
      `select pid from rollup_writers(array(select relid::oid from pg_partition_tree('events')))`,
    )
  ).map(({ pid }) => pid);

const readWatermark = async (db: Database, rollup: string) =>
  (
    await query<{ last: number }>(
      db,
      'select last_aggregated_id as last from rollups where name = $1',
      [rollup],
    )
  )[0]?.last ?? 0;

// the window that a rollup waits to take, before anybody else draws an id
async function waitingWindow(
  db: Database,
  rollup: string,
  drawn: { id: number; writer: Writer }[],
): Promise<Moment['window']> {
  const pids = await openWriters(db);
  const writers = [...new Set(drawn.map(({ writer }) => writer))];
  return {
    start: (await readWatermark(db, rollup)) + 1,
    end: Math.max(...drawn.map(({ id }) => id)),
    waitsFor: writers.filter(({ pid }) => pids.includes(pid)),
  };
}

// an id that is not visible and whose writer is not open will never be there
async function readIds(
  db: Database,
  rollup: string,
  drawn: { id: number; writer: Writer }[],
): Promise<{ watermark: number; ids: DrawnId[] }> {
  const visible = await query<{ event_id: number }>(
    db,
    'select event_id from events where event_id = any ($1)',
    [drawn.map(({ id }) => id)],
  );
  const [seen, pids] = [new Set(visible.map(({ event_id }) => event_id)), await openWriters(db)];
  return {
    watermark: await readWatermark(db, rollup),
    ids: drawn.map(({ id, writer }) => ({
      id,
      writer,
      state: seen.has(id) ? 'committed' : pids.includes(writer.pid) ? 'open' : 'rolled back',
    })),
  };
}
