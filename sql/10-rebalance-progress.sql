-- How far the shards are that are being moved right now. Each has seven
-- steps; a shard of events stands for all that are co-located with it.
select
  count(*) filter (where move.status = 'Completed') as moved,
  coalesce(avg(case move.status
    when 'Not Started Yet' then 0
    when 'Setting Up' then 1
    when 'Copying Data' then 2
    when 'Catching Up' then 3
    when 'Creating Constraints' then 4
    when 'Final Catchup' then 5
    when 'Creating Foreign Keys' then 6
    else 7
  end) / 7, 0)::float8 as fraction
from get_rebalance_progress() as move
where move.table_name = 'events'::regclass
