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
  name constant text := partition_name(range_from, range_to);
  moved bigint;
begin
  -- A table that joins events later holds up fewer others than
  -- "create table .. partition of", which locks all of events.
  execute format(
    'create table %I (like events including defaults including constraints)', name);
  execute format(
    'insert into %I select * from events_default
      where event_time >= $1 and event_time < $2',
    name
  ) using range_from, range_to;
  get diagnostics moved = row_count;
  delete from events_default
  where event_time >= range_from and event_time < range_to;
  execute format('alter table events attach partition %I for values from (%L) to (%L)',
                 name, range_from, range_to);
  raise notice 'made % until %, moved % events into it', name, range_to, moved;
end $$;

comment on function make_partition is
  'workshop: makes one partition of events and moves the rows into it that had none';
