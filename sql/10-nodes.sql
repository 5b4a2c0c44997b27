-- Every node of a Citus cluster, and how many shards of events it has.
select
  node.nodename as name,
  node.nodeport as port,
  node.shouldhaveshards as takes_shards,
  case when node.groupid = 0 then 'coordinator' else 'worker' end as role,
  count(shard.shardid) as shards
from pg_dist_node as node
left join pg_dist_placement as placement on node.groupid = placement.groupid
left join pg_dist_shard as shard
  on placement.shardid = shard.shardid
  and shard.logicalrelid = 'events'::regclass
where node.isactive and node.noderole = 'primary'
group by node.nodeid, node.groupid, node.nodename, node.nodeport, node.shouldhaveshards
order by node.groupid
