-- A schedule makes 288 partitions a day. Those of an hour that is over
-- become one, and those of a day that is over become one again, so there
-- are never more than about eighty. Each in a transaction of its own.
create or replace procedure merge_partitions(
  older_than timestamptz default now() - interval '2 hours',
  patience interval default '5 seconds'
)
language plpgsql
as $$
declare
  in_ms constant text := greatest(1, 1000 * extract(epoch from patience))::bigint || 'ms';
  span record;
begin
  for span in
    select
      min(part.range_from) as range_from,
      max(part.range_to) as range_to,
      array_agg(part.name::text order by part.range_from) as names
    from event_partitions() as part
    cross join lateral date_bin('1 day', part.range_from, '2000-01-01 00:00+00') as day
    cross join lateral (
      select case when day + interval '1 day' <= older_than then interval '1 day'
                  else interval '1 hour' end as width
    ) as level
    cross join lateral
      date_bin(level.width, part.range_from, '2000-01-01 00:00+00') as bin
    where part.kind <> 'default'
      and part.range_to <= bin + level.width
      and bin + level.width <= older_than
    group by bin
    having count(*) > 1
    order by bin
  loop
    begin
      perform set_config('lock_timeout', in_ms, true);
      perform pg_advisory_xact_lock(hashtext('workshop: maintain_partitions'));
      perform set_config('citus.multi_shard_modify_mode', 'sequential', true);
      perform merge_into_one(span.names, span.range_from, span.range_to, patience);
    exception
      when object_not_in_prerequisite_state then
        raise notice 'partitions from % to % are not merged yet: %',
          span.range_from, span.range_to, sqlerrm;
      -- the next run goes on; or another was faster
      when lock_not_available or undefined_table then
        raise notice 'partitions are not merged yet: %', sqlerrm;
        return;
    end;
    commit;
  end loop;
end $$;

comment on procedure merge_partitions is
  'workshop: makes one partition of those of an hour, and of a day, that is over';
