-- On Citus a customer's events, rollups and progress live on one node.
-- Eight shards are plenty on a small cluster: planning goes over
-- partitions times shards. Elsewhere there is nothing to do.
do $$
begin
  if to_regclass('pg_catalog.pg_dist_partition') is null then
    raise notice 'this is PostgreSQL without Citus: the tables stay on this node';
    return;
  end if;
  if exists (select from pg_dist_partition where logicalrelid = 'events'::regclass) then
    raise notice 'the tables are distributed already';
    return;
  end if;
  perform create_distributed_table(
    'events', 'customer_id', shard_count => 8, colocate_with => 'none');
  perform create_distributed_table(
    'rollup_events_5min', 'customer_id', colocate_with => 'events');
  perform create_distributed_table(
    'rollup_events_1hr', 'customer_id', colocate_with => 'events');
  perform create_distributed_table(
    'rollup_progress', 'customer_id', colocate_with => 'events');
end $$;
