/** Transactions that stay open from cell to cell. */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { connect, type Database } from '../../lib/connect.ts';
import { openTransaction } from '../../lib/transaction.ts';
import { freshDatabase, type TestDatabase } from '../database.ts';
import { count } from '../sql/support.ts';

let database: TestDatabase;
let db: Database;
beforeAll(async () => {
  database = await freshDatabase('transaction', { install: false });
  db = await connect(database.url);
  await db.query('create table notes (note int)');
});
beforeEach(async () => {
  await db.query('truncate notes');
});
afterAll(async () => {
  await db?.end();
  await database?.drop();
});

const notes = () => count(db, 'select count(*) from notes');

it('shows its rows to others when it is committed, not before', async () => {
  const transaction = await openTransaction(db);
  await transaction.query('insert into notes values (1)');
  expect(await notes()).toBe(0);
  await transaction.commit();
  await transaction.commit(); // a second time does nothing
  expect(await notes()).toBe(1);
});

it('is rolled back when the next one begins, so that none is left behind', async () => {
  const first = await openTransaction(db);
  await first.query('insert into notes values (1)');
  const second = await openTransaction(db);
  await second.query('insert into notes values (2)');
  await first.commit();
  await second.commit();
  const { rows } = await db.query('select note from notes');
  expect(rows).toEqual([{ note: 2 }]);
});

it('does not keep the next one from beginning when somebody has ended its session', async () => {
  const first = await openTransaction(db);
  const { rows } = await first.query('select pg_backend_pid() as pid');
  await db.query('select pg_terminate_backend($1::int)', [rows[0].pid]);
  const second = await openTransaction(db);
  await second.query('insert into notes values (1)');
  await second.commit();
  expect(await notes()).toBe(1);
});
