-- The extensions that the workshop builds on, as far as this server has them.
do $$
declare
  offered constant name[] := array(select name from pg_available_extensions);
  present constant name[] := array(select extname from pg_extension);
  preloaded constant text :=
    coalesce(current_setting('shared_preload_libraries', true), '');
  cron_database constant text := current_setting('cron.database_name', true);
begin
  -- HyperLogLog counts distinct devices and sessions: no rollup without it.
  if not 'hll' = any (offered) then
    raise exception 'extension hll is not installed on this server'
      using errcode = 'feature_not_supported',
            hint = format('On Debian or Ubuntu: apt install postgresql-%s-hll',
                          current_setting('server_version_num')::int / 10000);
  elsif not 'hll' = any (present) then
    create extension hll;
  end if;

  -- pg_partman makes the 5-minute partitions; without it, plain SQL does.
  if not 'pg_partman' = any (offered) then
    raise notice 'pg_partman is not installed: partitions are made by plain SQL';
  elsif not 'pg_partman' = any (present) then
    create schema if not exists partman;
    create extension pg_partman schema partman;
  end if;

  -- pg_cron runs the schedule, and lives in one database of a server only.
  if cron_database is distinct from current_database() or preloaded !~ '\mpg_cron\M' then
    raise notice 'pg_cron is not set up for database %: nothing will run on a schedule',
      current_database()
      using hint = format(
        'shared_preload_libraries = ''pg_cron'', cron.database_name = ''%s'', restart.',
        current_database());
  elsif not 'pg_cron' = any (present) then
    create extension pg_cron;
  end if;

  -- TopN finds the busiest devices; without it, engine/topn.sql does.
  if 'topn' = any (offered) and to_regprocedure('topn(jsonb,integer)') is null then
    create extension topn;
  end if;
end $$;
