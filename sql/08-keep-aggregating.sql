-- pg_cron before 1.5 starts a job once a minute at most. This one goes on
-- until the minute is nearly over, so a dashboard is seconds behind.
create or replace procedure keep_aggregating(
  every interval default '10 seconds',
  lasting interval default '50 seconds'
)
language plpgsql
as $$
declare
  last_start constant timestamptz := clock_timestamp() + lasting;
  next_start timestamptz := clock_timestamp();
begin
  loop
    call aggregate_events();
    next_start := next_start + every;
    exit when next_start > last_start;
    commit;
    perform pg_sleep(greatest(0, extract(epoch from next_start - clock_timestamp())));
  end loop;
end $$;

comment on procedure keep_aggregating is
  'workshop: runs both rollups again and again for the rest of a minute';
