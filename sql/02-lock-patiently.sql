-- Whoever waits for a strong lock makes everybody after it wait too.
-- So ask for a tenth of a second, let the others pass, and ask again.
create or replace function lock_patiently(target text, mode text, patience interval)
returns void
language plpgsql
as $$
declare
  deadline constant timestamptz := clock_timestamp() + patience;
begin
  loop
    begin
      perform set_config('lock_timeout', '100ms', true);
      execute format('lock table %s in %s mode', target, mode);
      exit;
    exception when lock_not_available or deadlock_detected then
      if clock_timestamp() > deadline then
        raise exception '% was in use for more than %', target, patience
          using errcode = 'lock_not_available',
                hint = 'Nothing was changed. See pg_stat_activity for long transactions, or try again later.';
      end if;
    end;
    perform pg_sleep(0.15);
  end loop;
  perform set_config('lock_timeout', greatest(100, 1000 * extract(epoch from patience))::bigint || 'ms', true);
end $$;

comment on function lock_patiently is
  'workshop: locks a table, or gives up after the patience, without a queue building up behind it';
