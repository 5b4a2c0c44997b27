-- Takes away everything that is the workshop's and nothing else. Our mark
-- is a comment that begins with "workshop:". Extensions stay.
do $$
declare
  job bigint;
  statements text[];
  statement text;
  parent text;
  template text;
begin
  -- jobs of this database, and what they are doing
  if to_regclass('cron.job') is not null then
    for job in
      select jobid from cron.job
      where jobname like 'workshop: %' and database = current_database()
    loop
      perform cron.unschedule(job);
      perform pg_terminate_backend(run.job_pid, 10000)
      from cron.job_run_details as run
      join pg_stat_activity as activity
        on activity.pid = run.job_pid
        and 'pg_cron' in (activity.backend_type, activity.application_name)
      where run.jobid = job and run.status in ('starting', 'running');
    end loop;
  end if;

  -- what pg_partman keeps about our table
  select format('%I.%I', relnamespace::regnamespace, relname) into parent
  from pg_class
  where oid = to_regclass('events')
    and obj_description(oid, 'pg_class') like 'workshop:%';
  if parent is not null and to_regclass('partman.part_config') is not null then
    execute 'delete from partman.part_config where parent_table = $1
             returning template_table'
      into template using parent;
    if template is not null then
      execute format('drop table if exists %s', template);
    end if;
  end if;

  -- tables with their partitions, then functions, procedures and aggregates
  select array_agg(ours.command) into statements
  from (
    select format('drop table if exists %s cascade', oid::regclass) as command
    from pg_class
    where relkind in ('r', 'p')
      and not relispartition
      and obj_description(oid, 'pg_class') like 'workshop:%'
    union all
    select format('drop routine if exists %s cascade', oid::regprocedure) as command
    from pg_proc
    where obj_description(oid, 'pg_proc') like 'workshop:%'
  ) as ours;
  foreach statement in array coalesce(statements, '{}') loop
    execute statement;
  end loop;

  -- the role, unless another database still uses it
  if exists (select from pg_roles
              where rolname = 'dashboard_reader'
                and shobj_description(oid, 'pg_authid') like 'workshop:%') then
    begin
      drop owned by dashboard_reader;
      drop role dashboard_reader;
    exception when dependent_objects_still_exist or insufficient_privilege then
      raise notice 'role dashboard_reader stays: %', sqlerrm;
    end;
  end if;
end $$;
