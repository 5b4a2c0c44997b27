-- The rollup and how far it has come: nowhere yet.
insert into rollups (name, event_table_name, event_id_sequence_name)
values ('rollup_events_1hr', 'events', 'events_event_id_seq')
on conflict do nothing;

-- Sorted groups: a HyperLogLog under construction takes 128 kB, and a
-- hash table would hold one for every group at once.
create or replace function hourly_aggregation(
  patience interval default '30 seconds',
  max_events bigint default null,
  out start_id bigint,
  out end_id bigint
)
language plpgsql
set enable_hashagg to off
set jit to off
as $$
declare
  upserted bigint;
begin
  select window_start, window_end into start_id, end_id
  from incremental_rollup_window('rollup_events_1hr', patience, max_events);
  if end_id < start_id then
    raise notice 'rollup_events_1hr: nothing to do, event % was the last', end_id;
    return;
  end if;

  -- The workers of Citus plan their part by this too, in a procedure or
  -- between begin and commit.
  perform set_config('citus.propagate_set_commands', 'local', true);
  set local enable_hashagg to off;

  insert into rollup_events_1hr as rollup
  select
    customer_id, event_type, country, browser,
    date_trunc('hour', event_time, 'UTC') as hour,
    count(*) as event_count,
    -- 2^11 registers of 5 bits, and up to 32 values as they are: more
    -- would be slow to merge, and most groups are small
    hll_add_agg(hll_hash_bigint(device_id), 11, 5, 32) as device_distinct_count,
    hll_add_agg(hll_hash_bigint(session_id), 11, 5, 32) as session_distinct_count,
    topn_add_agg(device_id::text) as top_devices_1000
  from events
  where event_id between start_id and end_id
  group by customer_id, hour, event_type, country, browser
  on conflict (customer_id, hour, event_type, country, browser)
  do update set
    event_count = rollup.event_count + excluded.event_count,
    device_distinct_count =
      hll_union(rollup.device_distinct_count, excluded.device_distinct_count),
    session_distinct_count =
      hll_union(rollup.session_distinct_count, excluded.session_distinct_count),
    top_devices_1000 =
      topn_union(rollup.top_devices_1000, excluded.top_devices_1000);
  get diagnostics upserted = row_count;

  raise notice 'rollup_events_1hr: events % to % are in % rows',
    start_id, end_id, upserted;
end $$;

comment on function hourly_aggregation is
  'workshop: aggregates events that are new into rollup_events_1hr, each exactly once';
