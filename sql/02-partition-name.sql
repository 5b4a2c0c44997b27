-- The name tells the time. pg_partman sorts partitions by it: follow its
-- style, which differs between versions.
create or replace function partition_name(range_from timestamptz, range_to timestamptz)
returns text
language plpgsql stable
set timezone to 'UTC'
as $$
declare
  suffix text;
begin
  if to_regclass('partman.part_config') is not null then
    select datetime_string into suffix
    from partman.part_config
    where to_regclass(parent_table) = 'events'::regclass;
  end if;
  return format(
    'events_%sp%s',
    case when range_to - range_from <> interval '5 minutes' then 'history_' end,
    to_char(range_from, coalesce(suffix, 'YYYYMMDD_HH24MISS'))
  );
end $$;

comment on function partition_name is
  'workshop: the name of a partition of events';
