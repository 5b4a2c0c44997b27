import type { PoolClient } from 'pg';
import type { Database } from './connect.ts';

/** A transaction that stays open, on a connection of its own. */
export interface OpenTransaction {
  query: PoolClient['query'];
  /** Commits, and gives the connection back. A second call does nothing. */
  commit(): Promise<void>;
}

let endLast: ((how: 'commit' | 'rollback') => Promise<void>) | undefined;

/**
 * Begins a transaction that stays open from cell to cell. The one that was begun before it is rolled back, so that a
 * cell that runs again leaves none behind.
 */
export async function openTransaction(db: Database): Promise<OpenTransaction> {
  await endLast?.('rollback').catch(() => {}); // somebody else may have ended it
  const client = await db.connect();
  await client.query('begin');
  let isOpen = true;
  endLast = async (how) => {
    if (!isOpen) return;
    isOpen = false;
    let broken = true;
    try {
      await client.query(how);
      broken = false;
    } finally {
      client.release(broken); // a broken connection is not used again
    }
  };
  const end = endLast;
  return { query: client.query.bind(client), commit: () => end('commit') };
}
