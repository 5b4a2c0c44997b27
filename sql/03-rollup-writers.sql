-- Who may be writing to one of these tables: every insert, copy, update and
-- delete holds a lock on its table from before it draws an id until it ends.
create or replace function rollup_writers(
  tables oid[],
  out virtualtransaction text,
  out pid int
)
returns setof record
language sql volatile
as $$
  select distinct lock.virtualtransaction, lock.pid
  from pg_locks as lock
  where lock.locktype = 'relation'
    and lock.granted
    and lock.database = (
      select oid from pg_database where datname = current_database()
    )
    and lock.relation = any (tables)
    and lock.mode in (
      'RowExclusiveLock', 'ShareRowExclusiveLock',
      'ExclusiveLock', 'AccessExclusiveLock'
    )
    and lock.pid is distinct from pg_backend_pid()
$$;

comment on function rollup_writers is
  'workshop: the transactions that may be writing to one of the tables';
