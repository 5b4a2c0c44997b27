-- Citus keeps the rows of a table in shards and has a function of its own
-- for their size.
create or replace function describe_partition(
  partition_name regclass,
  out event_count bigint,
  out bytes bigint,
  out rolled_up boolean
)
language plpgsql stable
as $$
begin
  execute format(
    'select count(*), coalesce(max(event_id), 0) <= $1 from %s', partition_name)
    into event_count, rolled_up
    using (select min(last_aggregated_id) from rollups);
  if exists (select from pg_proc where proname = 'citus_total_relation_size') then
    execute 'select citus_total_relation_size($1)' into bytes using partition_name;
  else
    bytes := pg_total_relation_size(partition_name);
  end if;
end $$;

comment on function describe_partition is
  'workshop: how many events a partition holds, its size, and whether all are rolled up';
