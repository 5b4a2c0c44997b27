-- Three jobs keep the rollups fresh, the partitions ready and old events
-- away. A job that is there already is updated. What cannot be scheduled
-- is said, and everything can be run by hand.
do $$
begin
  if to_regnamespace('cron') is null then
    raise notice 'nothing is scheduled: extension pg_cron is not in database %',
      current_database()
      using hint = format(
        'It lives in one database of a server: cron.database_name is ''%s'' here.',
        coalesce(current_setting('cron.database_name', true), 'not set'));
    return;
  end if;

  -- every 10 seconds; pg_cron before 1.5 knows minutes only
  -- (its version reads 1.4-1 or 1.6)
  if (
    select regexp_split_to_array(extversion, '\D')::int[] >= '{1,5}'
    from pg_extension where extname = 'pg_cron'
  ) then
    perform cron.schedule('workshop: aggregate events', '10 seconds',
      'call aggregate_events()');
  else
    perform cron.schedule('workshop: aggregate events', '* * * * *',
      'call keep_aggregating()');
  end if;
  perform cron.schedule('workshop: maintain partitions', '* * * * *',
    $job$call maintain_partitions(history => '0')$job$);
  perform cron.schedule('workshop: expire events', '*/5 * * * *',
    $job$call expire_events(older_than => now() - interval '7 days')$job$);
exception when insufficient_privilege then
  raise notice 'nothing is scheduled: %', sqlerrm
    using hint = format(
      'A superuser can run: grant usage on schema cron to %I;', current_user);
end $$;
