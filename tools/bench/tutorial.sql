-- The pipeline of the tutorial of 2018, to measure against, as it stands there: serial ids, no index on
-- the events, the lock that makes writers wait, two functions that each read the raw events.
-- Changed is what keeps it from running beside ours: a schema of its own, and the partitions that our table has.
create schema tutorial;

create table tutorial.events (
  event_id serial,
  event_time timestamptz default now(),
  customer_id bigint,
  event_type text,
  country text,
  browser text,
  device_id bigint,
  session_id bigint
) partition by range (event_time);

do $$
declare
  part record;
begin
  for part in
    select range_from, range_to, row_number() over (order by range_from) as number
    from public.event_partitions('public.events')
    where kind <> 'default'
  loop
    execute format('create table tutorial.events_p%s partition of tutorial.events for values from (%L) to (%L)',
                   part.number, part.range_from, part.range_to);
  end loop;
end $$;

create table tutorial.events_default partition of tutorial.events default;

create table tutorial.rollup_events_5min (
  customer_id bigint,
  event_type text,
  country text,
  browser text,
  minute timestamptz,
  event_count bigint,
  device_distinct_count hll,
  session_distinct_count hll,
  top_devices_1000 jsonb
);
create unique index on tutorial.rollup_events_5min (customer_id, event_type, country, browser, minute);

create table tutorial.rollup_events_1hr (
  customer_id bigint,
  event_type text,
  country text,
  browser text,
  hour timestamptz,
  event_count bigint,
  device_distinct_count hll,
  session_distinct_count hll,
  top_devices_1000 jsonb
);
create unique index on tutorial.rollup_events_1hr (customer_id, event_type, country, browser, hour);

do $$
begin
  if to_regclass('pg_catalog.pg_dist_partition') is not null then
    perform create_distributed_table('tutorial.events', 'customer_id');
    perform create_distributed_table('tutorial.rollup_events_5min', 'customer_id');
    perform create_distributed_table('tutorial.rollup_events_1hr', 'customer_id');
  end if;
end $$;

create table tutorial.rollups (
  name text primary key,
  event_table_name text not null,
  event_id_sequence_name text not null,
  last_aggregated_id bigint default 0
);
insert into tutorial.rollups (name, event_table_name, event_id_sequence_name)
values
  ('rollup_events_5min', 'tutorial.events', 'tutorial.events_event_id_seq'),
  ('rollup_events_1hr', 'tutorial.events', 'tutorial.events_event_id_seq');

create function tutorial.incremental_rollup_window(rollup_name text, out window_start bigint, out window_end bigint)
language plpgsql
as $$
declare
  table_to_lock regclass;
begin
  select event_table_name, last_aggregated_id + 1, pg_sequence_last_value(event_id_sequence_name::regclass)
  into table_to_lock, window_start, window_end
  from tutorial.rollups
  where name = rollup_name
  for update;
  if not found then
    raise 'rollup ''%'' is not in the rollups table', rollup_name;
  end if;
  if window_end is null then
    window_end := 0;
    return;
  end if;

  -- waits for all writers, and all writers wait for it; the exception gives the lock back
  begin
    execute format('lock %s in exclusive mode', table_to_lock);
    raise 'release table lock';
  exception when others then
  end;

  update tutorial.rollups set last_aggregated_id = window_end where name = rollup_name;
end $$;

create function tutorial.five_minutely_aggregation(out start_id bigint, out end_id bigint)
language plpgsql
as $$
begin
  select window_start, window_end into start_id, end_id
  from tutorial.incremental_rollup_window('rollup_events_5min');
  if start_id > end_id then
    return;
  end if;

  insert into tutorial.rollup_events_5min as rollup
  select
    customer_id, event_type, country, browser,
    date_trunc('seconds', (event_time - timestamp 'epoch') / 300) * 300 + timestamp 'epoch' as minute,
    count(*),
    hll_add_agg(hll_hash_bigint(device_id)),
    hll_add_agg(hll_hash_bigint(session_id)),
    topn_add_agg(device_id::text)
  from tutorial.events
  where event_id between start_id and end_id
  group by customer_id, event_type, country, browser, minute
  on conflict (customer_id, event_type, country, browser, minute)
  do update set
    event_count = rollup.event_count + excluded.event_count,
    device_distinct_count = hll_union(rollup.device_distinct_count, excluded.device_distinct_count),
    session_distinct_count = hll_union(rollup.session_distinct_count, excluded.session_distinct_count),
    top_devices_1000 = topn_union(rollup.top_devices_1000, excluded.top_devices_1000);
end $$;

create function tutorial.hourly_aggregation(out start_id bigint, out end_id bigint)
language plpgsql
as $$
begin
  select window_start, window_end into start_id, end_id
  from tutorial.incremental_rollup_window('rollup_events_1hr');
  if start_id > end_id then
    return;
  end if;

  insert into tutorial.rollup_events_1hr as rollup
  select
    customer_id, event_type, country, browser,
    date_trunc('hour', event_time) as hour,
    count(*),
    hll_add_agg(hll_hash_bigint(device_id)),
    hll_add_agg(hll_hash_bigint(session_id)),
    topn_add_agg(device_id::text)
  from tutorial.events
  where event_id between start_id and end_id
  group by customer_id, event_type, country, browser, hour
  on conflict (customer_id, event_type, country, browser, hour)
  do update set
    event_count = rollup.event_count + excluded.event_count,
    device_distinct_count = hll_union(rollup.device_distinct_count, excluded.device_distinct_count),
    session_distinct_count = hll_union(rollup.session_distinct_count, excluded.session_distinct_count),
    top_devices_1000 = topn_union(rollup.top_devices_1000, excluded.top_devices_1000);
end $$;
