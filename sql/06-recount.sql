-- The same total two ways: the raw events up to a rollup's watermark, and
-- what the rollup holds. They are equal as long as no event has expired.
with recount as (
  select
    'rollup_events_5min' as rollup,
    (select count(*) from events
      where event_id <= (
        select last_aggregated_id from rollups where name = 'rollup_events_5min'
      )) as raw_events,
    (select coalesce(sum(event_count), 0)::bigint
       from rollup_events_5min) as rolled_up_events
  union all
  select
    'rollup_events_1hr' as rollup,
    (select count(*) from events
      where event_id <= (
        select last_aggregated_id from rollups where name = 'rollup_events_1hr'
      )) as raw_events,
    (select coalesce(sum(event_count), 0)::bigint
       from rollup_events_1hr) as rolled_up_events
)
select
  rollup,
  raw_events,
  rolled_up_events,
  raw_events = rolled_up_events as equal
from recount
