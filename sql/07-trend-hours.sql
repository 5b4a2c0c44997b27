-- How much was my app used in the last 2 days, hour by hour?
select
  hour,
  sum(event_count)::bigint as event_count,
  round(hll_cardinality(hll_union_agg(device_distinct_count)))::bigint
    as device_count,
  round(hll_cardinality(hll_union_agg(session_distinct_count)))::bigint
    as session_count
from rollup_events_1hr
where customer_id = $1::bigint
  and hour >= date_trunc('hour', $2::timestamptz - interval '48 hours', 'UTC')
  and hour <= $2::timestamptz
group by hour
order by hour
