import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { query } from '../../lib/sql.ts';
import { freshDatabase, type TestDatabase } from '../database.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await freshDatabase('sql', { partitions: false });
});
afterAll(() => db?.drop());

describe('an error of the server', () => {
  it('comes with the line of the statement that it is about', async () => {
    await expect(query(db.pool, 'select 1,\n  nothing\n from rollups')).rejects.toThrow(
      /column "nothing" does not exist\nLine 2: nothing/,
    );
  });

  it('comes with its hint', async () => {
    await expect(query(db.pool, 'select maintain_partition()')).rejects.toThrow(/\nHint: /);
  });

  it('says what to do about sketches of an earlier version', async () => {
    const old = 'select hll_union(hll_empty(11, 5, 32), hll_empty(11, 5, -1))';
    await expect(query(db.pool, old)).rejects.toThrow(
      /does not match.*\nAn earlier version .*npm run reset/s,
    );
  });
});
