-- Which devices were the busiest in the past 30 minutes? Counted in whole
-- buckets: from that of $2 - 30 minutes to that of $2. Adding the counters
-- up where they are spares building one big list only to take ten from it.
select
  device::bigint as device_id,
  sum((counters ->> device)::int) as frequency
from (
  select
    top_devices_1000 as counters,
    jsonb_object_keys(top_devices_1000) as device
  from rollup_events_5min
  where customer_id = $1::bigint
    and minute >= date_bin('5 minutes', $2::timestamptz - interval '30 minutes',
                           '2000-01-01 00:00+00'::timestamptz)
    and minute <= $2::timestamptz
) as counter
group by device
order by frequency desc, device_id asc
limit 10
