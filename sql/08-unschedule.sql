-- Our jobs end here, also one that is running; those of others stay.
do $$
declare
  job bigint;
begin
  if to_regclass('cron.job') is null then
    raise notice 'nothing is scheduled: extension pg_cron is not in database %',
      current_database();
    return;
  end if;
  for job in
    select jobid from cron.job
    where jobname like 'workshop: %'
      and database = current_database()
      and username = current_user
    order by jobid
  loop
    perform cron.unschedule(job);
    -- it is rolled back, and nothing is lost: a run is a transaction or several
    perform pg_terminate_backend(run.job_pid, 10000)
    from cron.job_run_details as run
    join pg_stat_activity as activity
      on activity.pid = run.job_pid
      and 'pg_cron' in (activity.backend_type, activity.application_name)
    where run.jobid = job and run.status in ('starting', 'running');
  end loop;
end $$;
