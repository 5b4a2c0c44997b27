-- The same question to the raw events, answered exactly.
select
  device_id,
  count(*) as frequency
from events
where customer_id = $1::bigint
  and device_id is not null
  and event_time >= date_bin('5 minutes', $2::timestamptz - interval '30 minutes',
                             '2000-01-01 00:00+00'::timestamptz)
  and event_time < date_bin('5 minutes', $2::timestamptz + interval '5 minutes',
                            '2000-01-01 00:00+00'::timestamptz)
group by device_id
order by frequency desc, device_id asc
limit 10
