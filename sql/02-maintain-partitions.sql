-- The 5-minute partitions around now, a coarse one for each day of history,
-- and one for the gap that a pause left: a week of 5-minute partitions
-- would be 2,016 tables, and every query would plan for all of them.
-- Each is made in a transaction of its own and a second run does nothing.
create or replace procedure maintain_partitions(
  history interval default '7 days',
  patience interval default '5 seconds'
)
language plpgsql
as $$
declare
  this_slot constant timestamptz := date_bin('5 minutes', now(), '2000-01-01 00:00+00');
  ahead boolean;
  missing record;
begin
  -- Citus: rows and tables change in one transaction here
  perform set_config('citus.multi_shard_modify_mode', 'sequential', true);
  -- first the partitions that events of now and of the next half hour need
  select count(*) < 7 into ahead
  from event_partitions()
  where range_to > this_slot and kind = '5 minutes';

  loop
    if not ahead then
      select * into missing from missing_partitions(history, this_slot) limit 1;
      exit when not found;
    end if;

    begin
      -- one at a time, and in the order in which writers lock
      perform lock_patiently('only events', 'share update exclusive', patience);
      perform lock_patiently('events_default', 'access exclusive', patience);

      if ahead then
        perform make_partitions_ahead(this_slot);
      elsif exists (select from missing_partitions(history, this_slot) as still
                     where (still.range_from, still.range_to) = (missing.range_from, missing.range_to)) then
        perform make_partition(
          'events_history_' || to_char(missing.range_from at time zone 'UTC', 'YYYYMMDD_HH24MI'),
          missing.range_from, missing.range_to);
      end if;
    exception when lock_not_available then
      raise notice 'partitions are not made yet: %', sqlerrm
        using hint = 'Events are kept in events_default until the next run makes room for them.';
      exit;
    end;
    commit;
    perform set_config('citus.multi_shard_modify_mode', 'sequential', true);
    ahead := false;
  end loop;
end $$;

comment on procedure maintain_partitions is
  'workshop: makes the partitions that are missing now, ahead and in the past; empties events_default';
