-- The same question to the raw events, answered exactly.
select
  count(*) as event_count,
  count(distinct session_id) as session_count
from events
where customer_id = $1::bigint
  and event_time >= date_trunc('hour', $2::timestamptz - interval '168 hours', 'UTC')
  and event_time < date_trunc('hour', $2::timestamptz + interval '1 hour', 'UTC')
