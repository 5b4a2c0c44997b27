-- One partition in place of several. Their rows are copied, with their ids,
-- while everybody reads and writes; then the tables change places at once.
-- Events are only ever added, and those up to the watermark of every rollup
-- are all there. So a copy is complete if no later one has come.
create or replace function merge_into_one(
  names text[],
  range_from timestamptz,
  range_to timestamptz,
  patience interval
)
returns void
language plpgsql
set timezone to 'UTC'
set datestyle to 'ISO'
as $$
declare
  watermark constant bigint := (select min(last_aggregated_id) from rollups);
  merged constant text := partition_name(range_from, range_to);
  name text;
begin
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception 'partitions are merged in isolation level read committed only'
      using errcode = 'object_not_in_prerequisite_state';
  end if;
  foreach name in array names loop
    perform expect_rolled_up(name, watermark);
  end loop;

  create table events_merged (
    like events including defaults including constraints including indexes
  );
  execute format(
    'alter table events_merged add constraint span
      check (event_time >= %L and event_time < %L)', range_from, range_to);
  if exists (select from pg_proc where proname = 'create_distributed_table') then
    perform create_distributed_table(
      'events_merged', 'customer_id', colocate_with => 'events');
  end if;
  foreach name in array names loop
    execute format('insert into events_merged select * from %s', name);
  end loop;

  -- the parent first, as every writer does; the partitions too, for one
  -- who names his partition
  perform lock_patiently(
    patience,
    variadic array[
      'only events in access exclusive', 'events_default in access exclusive'
    ]
      || array(select part || ' in access exclusive' from unnest(names) as part)
  );
  foreach name in array names loop
    perform expect_rolled_up(name, watermark);
    execute format('alter table events detach partition %s', name);
    execute format('drop table %s', name);
  end loop;
  -- of a time between two of them that had no partition
  insert into events_merged
  select * from events_default
  where event_time >= range_from and event_time < range_to;
  delete from events_default
  where event_time >= range_from and event_time < range_to;

  execute format(
    'alter table events attach partition events_merged
      for values from (%L) to (%L)', range_from, range_to);
  alter table events_merged drop constraint span;
  execute format('alter table events_merged rename to %I', merged);
  raise notice 'made % until % of % partitions', merged, range_to, cardinality(names);
end $$;

comment on function merge_into_one is
  'workshop: replaces some partitions of events by one with their rows';
