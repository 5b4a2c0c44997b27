-- Where one customer lives on Citus: its shard of events, and the node.
select
  shard.shardid as shard_id,
  node.nodename || ':' || node.nodeport as node,
  shard.shardminvalue = shard.shardmaxvalue as alone
from pg_dist_shard as shard
inner join pg_dist_placement as placement on shard.shardid = placement.shardid
inner join pg_dist_node as node on placement.groupid = node.groupid
where shard.shardid = get_shard_id_for_distribution_column('events', $1::bigint)
