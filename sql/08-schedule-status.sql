-- Our jobs, how often each has run in the last hour, and how it went last.
select
  job.jobname,
  job.schedule,
  job.command,
  job.active,
  runs.run_count,
  runs.failure_count,
  latest.status as last_status,
  latest.return_message as last_message,
  latest.start_time as last_start,
  latest.end_time as last_end
from cron.job as job
cross join lateral (
  select
    count(*) as run_count,
    count(*) filter (where run.status = 'failed') as failure_count
  from cron.job_run_details as run
  where run.jobid = job.jobid
    and run.start_time > now() - interval '1 hour'
) as runs
left join lateral (
  select run.status, run.return_message, run.start_time, run.end_time
  from cron.job_run_details as run
  where run.jobid = job.jobid
  order by run.runid desc
  limit 1
) as latest on true
where job.jobname like 'workshop: %'
  and job.database = current_database()
order by job.jobid
