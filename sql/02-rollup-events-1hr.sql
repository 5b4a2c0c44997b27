-- What a dashboard asks, counted once: a row for each customer, hour
-- and combination of dimensions.
create table if not exists rollup_events_1hr (
  customer_id bigint not null,
  event_type text,
  country text,
  browser text,
  hour timestamptz not null,
  event_count bigint not null,
  device_distinct_count hll not null,
  session_distinct_count hll not null,
  top_devices_1000 jsonb not null
);

-- The upsert finds its row here, and a dashboard the hours of a
-- customer. A missing country is a group like any other: one, not many.
create unique index if not exists rollup_events_1hr_key
  on rollup_events_1hr
  (customer_id, hour, event_type, country, browser)
  nulls not distinct;

comment on table rollup_events_1hr is
  'workshop: events counted by the hour';
