-- Moves one shard of events, and all that is co-located, away from a node:
-- to the worker that has the most, so that a rebalance has work.
select citus_move_shard_placement(
  mover.shardid, mover.nodename, mover.nodeport, target.nodename, target.nodeport,
  shard_transfer_mode => 'block_writes'
)
from (
  select shard.shardid, shard.nodename, shard.nodeport
  from citus_shards as shard
  where shard.table_name = 'events'::regclass
    and shard.nodename = $1 and shard.nodeport = $2
  order by shard.shardid
  limit 1
) as mover
cross join lateral (
  select node.nodename, node.nodeport
  from pg_dist_node as node
  where node.shouldhaveshards and node.isactive
    and (node.nodename, node.nodeport) <> (mover.nodename, mover.nodeport)
  order by (
    select count(*) from pg_dist_placement as held where held.groupid = node.groupid
  ) desc
  limit 1
) as target
