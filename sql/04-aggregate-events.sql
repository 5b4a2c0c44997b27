-- Both rollups, in windows of bounded size with a commit after each: memory
-- stays small, and what was done stays done if a later window is refused.
-- Ends when everything is in that was there when it began.
create or replace procedure aggregate_events(
  max_events bigint default 2000000,
  patience interval default '30 seconds'
)
language plpgsql
as $$
declare
  target bigint;
begin
  select max(coalesce(pg_sequence_last_value(event_id_sequence_name::regclass), 0))
  into target
  from rollups;

  while (
    select last_aggregated_id < target from rollups where name = 'rollup_events_5min'
  ) loop
    perform five_minutely_aggregation(patience, max_events);
    commit;
  end loop;
  while (
    select last_aggregated_id < target from rollups where name = 'rollup_events_1hr'
  ) loop
    perform hourly_aggregation(patience, max_events);
    commit;
  end loop;
end $$;

comment on procedure aggregate_events is
  'workshop: runs both rollups, in windows of at most max_events, until all is counted';
