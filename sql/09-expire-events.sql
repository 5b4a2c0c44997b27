-- Drops the partitions that end before a time and are in every rollup, and
-- says of the others why they stay. Each in a transaction of its own.
create or replace procedure expire_events(
  older_than timestamptz,
  patience interval default '2 seconds',
  source regclass default to_regclass('events')
)
language plpgsql
as $$
declare
  part record;
  watermark bigint;
  slowest text;
  behind bigint;
  dropped int := 0;
  kept int := 0;
begin
  for part in
    select name::text as name, range_from, range_to
    from event_partitions(source)
    where range_to <= older_than and kind <> 'default'
    order by range_to
  loop
    -- a look without a lock first: what is not rolled up yet stays
    select name, last_aggregated_id into slowest, watermark
    from rollups
    where event_table_name::regclass = source
    order by last_aggregated_id
    limit 1;
    if watermark is null then
      raise notice 'kept everything: table rollups knows no rollup of %', source;
      return;
    end if;
    execute format('select min(event_id) from %s where event_id > $1', part.name)
      into behind using watermark;

    if behind is not null then
      raise notice 'kept %: event % is not in % yet (which has come to %)',
        part.name, behind, slowest, watermark;
      kept := kept + 1;
    else
      begin
        perform settle_distributed_writes(clock_timestamp() + patience);
        -- the parent first, as every writer does; then nobody can add a row
        perform lock_patiently(patience, source || ' in access exclusive');
        execute format('select min(event_id) from %s where event_id > $1', part.name)
          into behind using watermark;
        if behind is null then
          execute format('drop table %s', part.name);
          insert into expired_partitions (name, range_from, range_to)
          values (part.name, part.range_from, part.range_to);
          raise notice 'dropped %, which ended at %', part.name, part.range_to;
          dropped := dropped + 1;
        else
          raise notice 'kept %: event % arrived just now (% has come to %)',
            part.name, behind, slowest, watermark;
          kept := kept + 1;
        end if;
      exception when lock_not_available then
        raise notice 'kept %: busy, %', part.name, sqlerrm;
        kept := kept + 1;
      end;
    end if;
    commit;
  end loop;
  raise notice 'dropped % and kept % partitions that ended by %',
    dropped, kept, older_than;
end $$;

comment on procedure expire_events is
  'workshop: drops partitions that are old and in every rollup';
