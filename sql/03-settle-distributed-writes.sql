-- Citus: a write that was acknowledged may still be only prepared on a node
-- that failed during its commit. Finish it, or say that it is not finished:
-- a rollup that passes it by would lose its events.
create or replace function settle_distributed_writes(deadline timestamptz)
returns void
language plpgsql
set client_min_messages to error
as $$
declare
  -- Citus does not try a node again that did not answer in this transaction:
  -- a longer wait finishes nothing, and keeps others from finishing it.
  give_up_at constant timestamptz :=
    least(deadline, clock_timestamp() + interval '5 seconds');
  unfinished text[];
begin
  if to_regclass('pg_catalog.pg_dist_transaction') is null then
    return;
  end if;
  select coalesce(array_agg(distinct gid), '{}') into unfinished
  from pg_dist_transaction;

  while unfinished <> '{}' loop
    perform recover_prepared_transactions();
    select coalesce(array_agg(distinct gid), '{}') into unfinished
    from pg_dist_transaction
    where gid = any (unfinished);
    exit when unfinished = '{}';
    if clock_timestamp() > give_up_at then
      raise exception '% acknowledged writes are not finished on every node',
        cardinality(unfinished)
        using errcode = 'lock_not_available',
              hint = 'Nothing was changed. '
                     'Is a worker down? See citus_check_cluster_node_health().';
    end if;
    perform pg_sleep(0.05);
  end loop;
end $$;

comment on function settle_distributed_writes is
  'workshop: finishes writes that Citus acknowledged but could not finish on every node';
