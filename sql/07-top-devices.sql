-- Which devices were the busiest in the past 30 minutes? Counted in whole
-- buckets: from that of $2 - 30 minutes to that of $2. Adding the counters
-- up where they are spares building one big list only to take ten from it.
select
  counter.key::bigint as device_id,
  sum(counter.value::bigint)::bigint as frequency
from rollup_events_5min
cross join lateral jsonb_each_text(top_devices_1000) as counter
where customer_id = $1::bigint
  and minute >= date_bin('5 minutes', $2::timestamptz - interval '30 minutes',
                         '2000-01-01 00:00+00'::timestamptz)
  and minute <= $2::timestamptz
group by counter.key
order by frequency desc, device_id asc
limit 10
