-- Which events are safe to roll up: those with an id from window_start to
-- window_end, and window_end < window_start when there are none. Call it in
-- the transaction that aggregates them.
create or replace function incremental_rollup_window(
  rollup_name text,
  patience interval default '30 seconds',
  max_events bigint default null,
  out window_start bigint,
  out window_end bigint
)
language plpgsql
as $$
declare
  source regclass;
  ids regclass;
  tables oid[];
  writers text[];
  culprits text;
  nap float8 := 0.005;
  deadline constant timestamptz := clock_timestamp() + patience;
begin
  -- A snapshot from before the wait would not see what we waited for.
  if current_setting('transaction_isolation') <> 'read committed' then
    raise exception 'rollup ''%'' needs isolation level read committed, not %',
      rollup_name, current_setting('transaction_isolation')
      using errcode = 'invalid_transaction_state',
            hint = 'begin isolation level read committed;';
  end if;
  if max_events < 1 then
    raise exception 'Expected max_events to be at least 1 or null, got %', max_events
      using errcode = 'invalid_parameter_value';
  end if;

  -- One run of a rollup at a time; the next waits for it, with patience.
  perform set_config(
    'lock_timeout',
    greatest(1, 1000 * extract(epoch from patience))::bigint || 'ms', true);
  select event_table_name, event_id_sequence_name, last_aggregated_id + 1
  into source, ids, window_start
  from rollups
  where name = rollup_name
  for update;
  if not found then
    raise exception 'rollup ''%'' is not in table rollups', rollup_name
      using errcode = 'no_data_found',
            hint = format('It has: %s', (
              select string_agg(name, ', ' order by name) from rollups));
  end if;

  -- An id drawn in advance could be used after its window has closed.
  if (
    select seqcache <> 1 or seqincrement < 1 or seqcycle
    from pg_sequence where seqrelid = ids
  ) then
    raise exception 'sequence % hands out ids in advance, backwards or again', ids
      using errcode = 'object_not_in_prerequisite_state',
            hint = format('alter sequence %s cache 1 increment 1 no cycle;', ids);
  end if;

  -- 1. The last id handed out: every later one is for a later window.
  window_end := coalesce(pg_sequence_last_value(ids), 0);
  if window_end < window_start then
    window_end := window_start - 1;
    return;
  end if;

  -- 2. Who may hold an id up to it and not have ended? A writer locks its
  -- table before it draws an id, the partition alone if it names that.
  select array_agg(relid::oid) into tables from pg_partition_tree(source);
  select coalesce(array_agg(virtualtransaction), '{}') into writers
  from rollup_writers(tables);

  -- 3. Wait until each of these has ended. Nobody waits for us: we hold no
  -- lock that a writer needs.
  while exists (
    select from rollup_writers(tables) where virtualtransaction = any (writers)
  ) loop
    if clock_timestamp() > deadline then
      select string_agg(
        format('%s (%s since %s, application %s)',
               coalesce(
                 'pid ' || writer.pid, 'a prepared transaction, see pg_prepared_xacts'),
               coalesce(activity.state, '-'),
               coalesce(activity.xact_start::text, '-'),
               coalesce(nullif(activity.application_name, ''), '-')),
        '; ')
      into culprits
      from rollup_writers(tables) as writer
      left join pg_stat_activity as activity using (pid)
      where writer.virtualtransaction = any (writers);
      -- the last of them may have ended in this very moment
      exit when culprits is null;
      raise exception 'rollup ''%'': writers of % still open after %: %',
        rollup_name, source, patience, culprits
        using errcode = 'lock_not_available',
              hint = 'Nothing was aggregated and the watermark has not moved. '
                     'End that transaction, or just run the rollup again later.';
    end if;
    perform pg_sleep(nap);
    nap := least(2 * nap, 0.1);
  end loop;
  perform settle_distributed_writes(deadline);

  -- 4. Remember where to go on.
  window_end := least(window_end, window_start + max_events - 1);
  update rollups set last_aggregated_id = window_end where name = rollup_name;
end $$;

comment on function incremental_rollup_window is
  'workshop: the range of event ids that a rollup may aggregate now, each exactly once';
