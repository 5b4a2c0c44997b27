-- Every partition of events: its time, its kind, what it holds, and whether
-- every rollup has all of it.
select
  part.name::text as name,
  part.range_from,
  part.range_to,
  part.kind,
  about.event_count,
  about.bytes,
  about.rolled_up
from event_partitions() as part
cross join lateral describe_partition(part.name) as about
order by part.range_from nulls last
