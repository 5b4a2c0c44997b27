-- Stretches of the past that have no partition, cut at midnight UTC: the
-- history that was asked for, the gap that a pause left, and the days of
-- rows that had to go to events_default.
create or replace function missing_partitions(
  history interval,
  this_slot timestamptz,
  out range_from timestamptz,
  out range_to timestamptz
)
returns setof record
language plpgsql stable
set timezone to 'UTC'
set datestyle to 'ISO'
as $$
declare
  taken tstzmultirange;
  first_gap timestamptz;
begin
  select
    coalesce(range_agg(tstzrange(part.range_from, part.range_to)), '{}'),
    max(part.range_to) filter (where part.range_to <= this_slot)
  into taken, first_gap
  from event_partitions() as part
  where part.kind <> 'default';

  -- the history reaches back to a midnight, the gap to the last partition
  if history > interval '0' then
    first_gap := least(first_gap, date_trunc('day', this_slot - history));
  end if;

  return query
  with wanted as (
    select tstzrange(
      greatest(day, first_gap), least(day + interval '1 day', this_slot)) as span
    from generate_series(date_trunc('day', first_gap), this_slot, interval '1 day') as day
    where greatest(day, first_gap) < least(day + interval '1 day', this_slot)
    union
    -- a month's worth of days at a time: the next run goes on
    (select tstzrange(day, least(day + interval '1 day', this_slot))
       from (select date_trunc('day', event_time) as day
               from events_default
              where event_time >= '0001-01-01'
                and event_time < this_slot
              group by 1) as stray
      order by day desc
      limit 31)
  ),
  piece as (
    select unnest(range_agg(span) - taken) as span from wanted
  )
  -- cut again at midnight, now that the pieces are joined
  select greatest(lower(span), day), least(upper(span), day + interval '1 day')
  from piece,
       generate_series(
         date_trunc('day', lower(span)), upper(span), interval '1 day') as day
  where greatest(lower(span), day) < least(upper(span), day + interval '1 day')
  order by 1;
end $$;

comment on function missing_partitions is
  'workshop: stretches of the past that need a partition, at most a day each';
