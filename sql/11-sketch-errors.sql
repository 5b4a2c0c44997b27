-- Distinct devices and sessions of a customer in a quarter of a day, from
-- the sketches and exactly. Small groups are exact, or nearly so, and say
-- nothing.
with exact as (
  select
    customer_id,
    date_bin('6 hours', event_time, '2000-01-01 00:00+00'::timestamptz) as since,
    count(distinct device_id) as devices,
    count(distinct session_id) as sessions
  from events
  where customer_id < 900000
  group by 1, 2
),

estimated as (
  select
    customer_id,
    date_bin('6 hours', hour, '2000-01-01 00:00+00'::timestamptz) as since,
    hll_cardinality(hll_union_agg(device_distinct_count)) as devices,
    hll_cardinality(hll_union_agg(session_distinct_count)) as sessions
  from rollup_events_1hr
  where customer_id < 900000
  group by 1, 2
)

select
  exact.customer_id,
  exact.since,
  pair.what,
  pair.truth,
  100 * (pair.estimate / pair.truth - 1) as error_percent
from exact
inner join estimated
  on exact.customer_id = estimated.customer_id and exact.since = estimated.since
cross join lateral (
  values
    ('devices', exact.devices, estimated.devices),
    ('sessions', exact.sessions, estimated.sessions)
) as pair (what, truth, estimate)
where pair.truth > 160
