-- One customer, exact up to this moment: the buckets that are rolled up, and
-- the events behind this customer's own watermark, in one statement on one
-- shard. Not "language sql": Citus gave a wrong answer for that, without an
-- error, inside a sub-query. It hands times to its workers as text: ISO is
-- a style that no worker misreads.
create or replace function live_events_5min(customer bigint, since timestamptz)
returns table (
  event_type text,
  country text,
  browser text,
  minute timestamptz,
  event_count bigint,
  device_distinct_count hll,
  session_distinct_count hll,
  top_devices_1000 jsonb
)
language plpgsql stable
set datestyle to 'ISO'
as $$
#variable_conflict use_column
begin
  return query
  select
    rollup.event_type, rollup.country, rollup.browser, rollup.minute,
    rollup.event_count, rollup.device_distinct_count,
    rollup.session_distinct_count, rollup.top_devices_1000
  from rollup_events_5min as rollup
  where rollup.customer_id = customer
    and rollup.minute >= since
  union all
  -- the same buckets: those that begin at or after since
  select
    event.event_type, event.country, event.browser,
    date_bin('5 minutes', event.event_time, '2000-01-01 00:00+00'::timestamptz),
    count(*),
    hll_add_agg(hll_hash_bigint(event.device_id), 11, 5, 32),
    hll_add_agg(hll_hash_bigint(event.session_id), 11, 5, 32),
    topn_add_agg(event.device_id::text)
  from events as event
  where event.customer_id = customer
    and event.event_time >= date_bin(
      '5 minutes', since + interval '5 minutes' - interval '1 microsecond',
      '2000-01-01 00:00+00'::timestamptz)
    and event.event_id > coalesce(
      (select progress.last_id from rollup_progress as progress
       where progress.customer_id = customer), 0)
  group by 1, 2, 3, 4;
end $$;

comment on function live_events_5min is
  'workshop: one customer''s five-minute buckets, with events that are not rolled up yet';
