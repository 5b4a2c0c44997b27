-- What a dashboard asks, counted once: a row for each customer, five
-- minutes and combination of dimensions.
create table if not exists rollup_events_5min (
  customer_id bigint not null,
  event_type text,
  country text,
  browser text,
  minute timestamptz not null,
  event_count bigint not null,
  device_distinct_count hll not null,
  session_distinct_count hll not null,
  top_devices_1000 jsonb not null
);

-- The upsert finds its row here, and a dashboard the minutes of a
-- customer. A missing country is a group like any other: one, not many.
create unique index if not exists rollup_events_5min_key
  on rollup_events_5min
  (customer_id, minute, event_type, country, browser)
  nulls not distinct;

comment on table rollup_events_5min is
  'workshop: events counted by five minutes';
