-- One partition by plain SQL. Rows of its time that had to go to
-- events_default move into it with their ids, in the same transaction.
-- Citus hands times to its workers as text: ISO is never misread.
create or replace function make_partition(range_from timestamptz, range_to timestamptz)
returns void
language plpgsql
set timezone to 'UTC'
set datestyle to 'ISO'
as $$
declare
  suffix text;
  partition_name text;
  moved bigint;
begin
  -- pg_partman sorts partitions by the time in their name: follow its style
  if to_regclass('partman.part_config') is not null then
    select datetime_string into suffix
    from partman.part_config
    where to_regclass(parent_table) = 'events'::regclass;
  end if;
  partition_name := format(
    'events_%sp%s',
    case when range_to - range_from <> interval '5 minutes' then 'history_' end,
    to_char(range_from, coalesce(suffix, 'YYYYMMDD_HH24MISS'))
  );

  -- A table that joins events later holds up fewer others than
  -- "create table .. partition of", which locks all of events.
  execute format('create table %I (like events including defaults including constraints)', partition_name);
  execute format(
    'insert into %I select * from events_default where event_time >= $1 and event_time < $2',
    partition_name
  ) using range_from, range_to;
  get diagnostics moved = row_count;
  delete from events_default
  where event_time >= range_from and event_time < range_to;
  execute format('alter table events attach partition %I for values from (%L) to (%L)',
                 partition_name, range_from, range_to);
  raise notice 'made % until %, moved % events into it', partition_name, range_to, moved;
end $$;

comment on function make_partition is
  'workshop: makes one partition of events and moves the rows into it that had none';
