-- Hands the 5-minute partitions of events to pg_partman, once; versions 4
-- and 5 take the same named arguments. False where pg_partman is missing.
create or replace function register_with_partman(this_slot timestamptz)
returns boolean
language plpgsql
set timezone to 'UTC'
set datestyle to 'ISO'
as $$
declare
  parent constant text := (
    select format('%I.%I', relnamespace::regnamespace, relname)
    from pg_class
    where oid = 'events'::regclass
  );
begin
  if to_regclass('partman.part_config') is null then
    return false;
  end if;
  if exists (select from partman.part_config where parent_table = parent) then
    return true;
  end if;

  -- pg_partman insists on making events_default itself
  create temp table set_aside on commit drop as select * from events_default;
  drop table events_default;
  perform partman.create_parent(
    p_parent_table => parent,
    p_control => 'event_time',
    p_type => (
      select case when extversion like '4.%' then 'native' else 'range' end
      from pg_extension
      where extname = 'pg_partman'
    ),
    p_interval => '5 minutes',
    p_premake => 6,
    p_start_partition => this_slot::text,
    -- only maintain_partitions runs it: it fills the gap of a pause first
    p_automatic_maintenance => 'off'
  );
  update partman.part_config
  set infinite_time_partitions = true, ignore_default_data = true
  where parent_table = parent;
  comment on table events_default is 'workshop: events whose time has no partition (yet)';
  insert into events select * from set_aside;
  drop table set_aside;
  return true;
end $$;

comment on function register_with_partman is
  'workshop: has pg_partman make the 5-minute partitions of events';
