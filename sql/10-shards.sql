-- Every shard of the workshop's tables on Citus: its node, its piece of the
-- range of hashes, and what it holds. A partitioned table has its rows in
-- the partitions, so their sizes are added up where they are.
with names as (
  select name, position
  from unnest(
    array['events', 'rollup_events_5min', 'rollup_events_1hr', 'rollup_progress'])
    with ordinality as named (name, position)
),

answers as (
  select names.name, names.position, answer.shardid, answer.result::json as held
  from names
  cross join lateral run_command_on_shards(names.name, $ask$
    select json_build_object(
      'rows', count(*),
      'bytes', greatest(
        pg_total_relation_size('%1$s'),
        (select sum(pg_total_relation_size(relid)) from pg_partition_tree('%1$s'))
      )
    ) from %1$s
  $ask$) as answer
)

select
  answers.name as table_name,
  shard.shardminvalue::int as hash_from,
  shard.shardmaxvalue::int as hash_to,
  (answers.held ->> 'rows')::bigint as rows,
  (answers.held ->> 'bytes')::bigint as bytes,
  node.nodename || ':' || node.nodeport as node,
  dense_rank() over (order by shard.shardminvalue::int)::int as shard
from answers
inner join pg_dist_shard as shard on answers.shardid = shard.shardid
inner join pg_dist_placement as placement on shard.shardid = placement.shardid
inner join pg_dist_node as node on placement.groupid = node.groupid
order by shard, answers.position
