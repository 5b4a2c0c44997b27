-- How many events, on how many devices, in the last 5 minutes? Counted in
-- whole buckets: from that of $2 - 5 minutes to that of $2.
select
  coalesce(sum(event_count), 0)::bigint as event_count,
  coalesce(round(hll_cardinality(hll_union_agg(device_distinct_count))), 0)::bigint
    as device_count
from rollup_events_5min
where customer_id = $1::bigint
  and minute >= date_bin('5 minutes', $2::timestamptz - interval '5 minutes',
                         '2000-01-01 00:00+00'::timestamptz)
  and minute <= $2::timestamptz
