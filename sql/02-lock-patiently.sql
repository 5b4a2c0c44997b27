-- Whoever waits for a strong lock makes everybody after it wait too. So ask
-- for a tenth of a second, let the others pass, ask for twice as long, ...
-- Several locks are taken together or not at all.
create or replace function lock_patiently(patience interval, variadic locks text[])
returns void
language plpgsql
as $$
declare
  deadline constant timestamptz := clock_timestamp() + patience;
  attempt int := 100;
  next_lock text;
begin
  loop
    begin
      perform set_config('lock_timeout', attempt || 'ms', true);
      foreach next_lock in array locks loop
        execute format('lock table %s mode', next_lock);
      end loop;
      exit;
    exception when lock_not_available or deadlock_detected then
      if clock_timestamp() > deadline then
        raise exception 'no lock on % within %', locks[1], patience
          using errcode = 'lock_not_available',
                hint = 'Nothing was changed. '
                       'Look for long transactions in pg_stat_activity, or try again.';
      end if;
    end;
    perform pg_sleep(attempt / 1000.0);
    attempt := 2 * attempt;
  end loop;
  perform set_config(
    'lock_timeout',
    greatest(100, 1000 * extract(epoch from patience))::bigint || 'ms', true);
end $$;

comment on function lock_patiently is
  'workshop: locks tables or gives up after the patience; others wait only briefly';
