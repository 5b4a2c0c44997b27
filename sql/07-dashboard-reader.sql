-- A role for dashboards: it reads the rollups and changes nothing. Nobody
-- logs in as this role; grant it to the user of your application. On Citus
-- that user logs in on the workers too, so "set role" alone is not enough.
do $$
begin
  if not exists (select from pg_roles where rolname = 'dashboard_reader') then
    create role dashboard_reader nologin;
    comment on role dashboard_reader is 'workshop: reads the rollups';
  end if;
exception
  -- another session made it a moment ago
  when duplicate_object or unique_violation then null;
  when insufficient_privilege then
    raise notice 'role dashboard_reader is not made: %', sqlerrm
      using hint = 'Everything else works without it. '
                   'A role with createrole can run: create role dashboard_reader;';
end $$;

do $$
begin
  if exists (select from pg_roles where rolname = 'dashboard_reader') then
    grant usage on schema public to dashboard_reader;
    grant select on rollup_events_5min, rollup_events_1hr to dashboard_reader;
  end if;
end $$;
