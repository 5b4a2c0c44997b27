-- The same total two ways: what a rollup holds, and the raw events up to
-- its watermark. Both count from the first full hour whose raw events are
-- all still there.
with retained as (
  select coalesce(date_trunc('hour', max(range_to) + interval '1 hour' - interval '1 microsecond', 'UTC'),
                  '-infinity') as since
  from expired_partitions
)

select
  rollups.name as rollup,
  rollups.last_aggregated_id,
  raw.event_count as raw_events,
  rolled_up.event_count as rolled_up_events,
  raw.event_count = rolled_up.event_count as equal
from rollups
cross join lateral (
  select count(*) as event_count
  from events
  where event_id <= rollups.last_aggregated_id
    and event_time >= (select since from retained)
) as raw
join (
  select
    'rollup_events_5min' as name,
    coalesce(sum(event_count), 0)::bigint as event_count
  from rollup_events_5min
  where minute >= (select since from retained)
  union all
  select
    'rollup_events_1hr' as name,
    coalesce(sum(event_count), 0)::bigint as event_count
  from rollup_events_1hr
  where hour >= (select since from retained)
) as rolled_up on rolled_up.name = rollups.name
order by rollups.name desc
