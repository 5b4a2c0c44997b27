-- The 5-minute partitions of now and of the next half hour.
create or replace function make_partitions_ahead(this_slot timestamptz)
returns void
language plpgsql
set timezone to 'UTC'
set datestyle to 'ISO'
as $$
declare
  slot constant interval := '5 minutes';
  ahead constant int := 6;
  with_partman constant boolean := register_with_partman(this_slot);
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
  -- goes on from the latest: so that of now is made here.
  for part in 0 .. case when with_partman then 0 else ahead end loop
    if not exists (
      select from event_partitions()
      where kind <> 'default'
        and tstzrange(range_from, range_to) @> this_slot + part * slot
    ) then
      perform make_partition(this_slot + part * slot, this_slot + (part + 1) * slot);
    end if;
  end loop;
  if with_partman then
    perform partman.run_maintenance(parent_table)
    from partman.part_config
    where to_regclass(parent_table) = 'events'::regclass;
  end if;

  insert into events select * from set_aside;
  drop table set_aside;
end $$;

comment on function make_partitions_ahead is
  'workshop: makes the 5-minute partitions of now and of the next half hour';
