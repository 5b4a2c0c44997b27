-- The same total two ways: what a rollup holds, and the raw events up to
-- its watermark. Both count from the first full hour whose raw events are
-- all still there.
with retained as (
  select coalesce(
    date_trunc(
      'hour', max(range_to) + interval '1 hour' - interval '1 microsecond', 'UTC'),
    '-infinity'
  ) as since
  from expired_partitions
),

raw as (
  select
    count(*) filter (where event_id <= (
      select last_aggregated_id from rollups where name = 'rollup_events_5min'
    )) as in_5min,
    count(*) filter (where event_id <= (
      select last_aggregated_id from rollups where name = 'rollup_events_1hr'
    )) as in_1hr
  from events
  where event_time >= (select since from retained)
),

minutes as (
  select coalesce(sum(event_count), 0)::bigint as event_count
  from rollup_events_5min
  where minute >= (select since from retained)
),

hours as (
  select coalesce(sum(event_count), 0)::bigint as event_count
  from rollup_events_1hr
  where hour >= (select since from retained)
),

counted as (
  select
    'rollup_events_5min' as rollup,
    raw.in_5min as raw_events,
    minutes.event_count as rolled_up_events
  from raw cross join minutes
  union all
  select
    'rollup_events_1hr' as rollup,
    raw.in_1hr as raw_events,
    hours.event_count as rolled_up_events
  from raw cross join hours
)

select
  counted.rollup,
  rollups.last_aggregated_id,
  counted.raw_events,
  counted.rolled_up_events,
  counted.raw_events = counted.rolled_up_events as equal
from counted
join rollups on counted.rollup = rollups.name
order by counted.rollup desc
