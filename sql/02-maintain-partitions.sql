-- The 5-minute partitions around now, a coarse one for each day of history,
-- and one for the gap that a pause left: a week of 5-minute partitions
-- would be 2,016 tables, and every query would plan for all of them. So
-- those that are over become hours, and the hours days.
-- Each step is a transaction of its own, and a second run does nothing.
create or replace procedure maintain_partitions(
  history interval default '7 days',
  patience interval default '5 seconds'
)
language plpgsql
as $$
declare
  this_slot constant timestamptz := date_bin('5 minutes', now(), '2000-01-01 00:00+00');
  in_ms constant text := greatest(1, 1000 * extract(epoch from patience))::bigint || 'ms';
  slots_ahead int;
  covered boolean;
  missing record;
begin
  loop
    begin
      -- one run at a time
      perform set_config('lock_timeout', in_ms, true);
      perform pg_advisory_xact_lock(hashtext('workshop: maintain_partitions'));
      -- Citus: rows and tables change in one transaction here
      perform set_config('citus.multi_shard_modify_mode', 'sequential', true);

      -- first the partitions that events of now and of the next half hour
      -- need, then those of the past, one after the other
      select count(*), coalesce(bool_or(range_from <= this_slot), false)
      into slots_ahead, covered
      from event_partitions()
      where kind = '5 minutes' and range_to > this_slot;
      if slots_ahead >= 7 then
        select * into missing from missing_partitions(history, this_slot) limit 1;
        exit when not found;
      end if;

      -- A writer that has chosen events_default must not find its row's
      -- place taken by a new partition: keep writers out for a moment. The
      -- future has no writers yet: there, keep out other maintenance.
      perform lock_patiently(
        patience,
        case when covered and slots_ahead < 7
          then 'only events in share update exclusive'
          else 'only events in share row exclusive' end,
        'events_default in access exclusive'
      );
      if slots_ahead < 7 then
        perform make_partitions_ahead(this_slot);
      else
        perform make_partition(missing.range_from, missing.range_to);
      end if;
    exception when lock_not_available then
      raise notice 'partitions are not made yet: %', sqlerrm
        using hint = 'Events stay in events_default until the next run makes room.';
      return;
    end;
    commit;
  end loop;
  call merge_partitions(patience => patience);
end $$;

comment on procedure maintain_partitions is
  'workshop: makes missing partitions, empties events_default, merges what is over';
