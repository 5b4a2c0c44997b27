-- How many sessions in the last week? Counted in whole hours.
select
  coalesce(sum(event_count), 0)::bigint as event_count,
  coalesce(round(hll_cardinality(hll_union_agg(session_distinct_count))), 0)::bigint
    as session_count
from rollup_events_1hr
where customer_id = $1::bigint
  and hour >= date_trunc('hour', $2::timestamptz - interval '168 hours', 'UTC')
  and hour <= $2::timestamptz
