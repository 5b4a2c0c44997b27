-- The same total two ways: what a rollup holds, and the raw events up to
-- its watermark. They are equal as long as no event has expired.
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
) as raw
join (
  select
    'rollup_events_5min' as name,
    coalesce(sum(event_count), 0)::bigint as event_count
  from rollup_events_5min
  union all
  select
    'rollup_events_1hr' as name,
    coalesce(sum(event_count), 0)::bigint as event_count
  from rollup_events_1hr
) as rolled_up on rolled_up.name = rollups.name
order by rollups.name desc
