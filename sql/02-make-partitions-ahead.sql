-- The 5-minute partitions of now and of the next half hour.
create or replace function make_partitions_ahead(this_slot timestamptz)
returns void
language plpgsql
set timezone to 'UTC'
as $$
declare
  slot constant interval := '5 minutes';
  ahead constant int := 6;
  partman constant boolean := register_with_partman(this_slot);
  suffix text := 'YYYYMMDD_HH24MISS';
  horizon timestamptz;
begin
  -- Rows without a partition step aside, or no partition for them could be
  -- made. They come back below, into a new partition or events_default.
  select greatest(max(range_to), this_slot) + slot * (ahead + 2) into horizon
  from event_partitions();
  create temp table set_aside on commit drop as
    select * from events_default where event_time >= this_slot and event_time < horizon;
  delete from events_default where event_time >= this_slot and event_time < horizon;

  -- After a pause pg_partman would make every partition that was missed. It
  -- goes on from the latest, so we make that of now.
  if partman then
    select datetime_string into suffix
    from partman.part_config
    where parent_table like '%.events' and parent_table::regclass = 'events'::regclass;
  end if;
  for part in 0 .. case when partman then 0 else ahead end loop
    if not exists (
      select from event_partitions()
      where tstzrange(range_from, range_to) @> this_slot + part * slot
    ) then
      perform make_partition('events_p' || to_char(this_slot + part * slot, suffix),
                             this_slot + part * slot, this_slot + (part + 1) * slot);
    end if;
  end loop;
  if partman then
    perform partman.run_maintenance(format('%s.events', (
      select relnamespace::regnamespace from pg_class where oid = 'events'::regclass)));
  end if;

  insert into events select * from set_aside;
  drop table set_aside;
end $$;

comment on function make_partitions_ahead is
  'workshop: makes the 5-minute partitions of now and of the next half hour';
