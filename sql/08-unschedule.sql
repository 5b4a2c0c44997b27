-- Our jobs end here; those of others stay.
do $$
declare
  job bigint;
begin
  if to_regclass('cron.job') is null then
    raise notice 'nothing is scheduled: extension pg_cron is not in database %', current_database();
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
  end loop;
end $$;
