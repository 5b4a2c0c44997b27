-- The same question to the raw events, answered exactly.
select
  count(*) as event_count,
  count(distinct device_id) as device_count
from events
where customer_id = $1::bigint
  and event_time >= date_bin('5 minutes', $2::timestamptz - interval '5 minutes',
                             '2000-01-01 00:00+00'::timestamptz)
  and event_time < date_bin('5 minutes', $2::timestamptz + interval '5 minutes',
                            '2000-01-01 00:00+00'::timestamptz)
