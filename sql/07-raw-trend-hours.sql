-- The same question to the raw events, answered exactly.
select
  date_trunc('hour', event_time, 'UTC') as hour,
  count(*) as event_count,
  count(distinct device_id) as device_count,
  count(distinct session_id) as session_count
from events
where customer_id = $1::bigint
  and event_time >= date_trunc('hour', $2::timestamptz - interval '48 hours', 'UTC')
  and event_time < date_trunc('hour', $2::timestamptz + interval '1 hour', 'UTC')
group by 1
order by 1
