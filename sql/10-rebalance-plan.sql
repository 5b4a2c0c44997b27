-- What a rebalance would move now: a row for each shard of events. Its
-- co-located shards go with it.
select
  plan.shardid as shard_id,
  plan.sourcename || ':' || plan.sourceport as from_node,
  plan.targetname || ':' || plan.targetport as to_node
from get_rebalance_table_shards_plan('events') as plan
where plan.table_name = 'events'::regclass
order by shard_id
