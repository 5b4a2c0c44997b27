-- Bounds are kept as text in the catalog: read them in UTC, so that
-- the session's time zone and date style make no difference.
create or replace function event_partitions(source regclass default to_regclass('events'))
returns table (name regclass, range_from timestamptz, range_to timestamptz, kind text)
language sql stable
set timezone to 'UTC'
set datestyle to 'ISO'
as $$
  select
    part.oid::regclass as name,
    bound.range_from,
    bound.range_to,
    case
      when bound.text = 'DEFAULT' then 'default'
      when bound.range_to - bound.range_from = interval '5 minutes' then '5 minutes'
      else 'history'
    end as kind
  from pg_inherits as child
  join pg_class as part on part.oid = child.inhrelid
  cross join lateral (
    select
      pg_get_expr(part.relpartbound, part.oid) as text,
      substring(pg_get_expr(part.relpartbound, part.oid)
                from 'FROM \(''([^'']+)''\)')::timestamptz as range_from,
      substring(pg_get_expr(part.relpartbound, part.oid)
                from 'TO \(''([^'']+)''\)')::timestamptz as range_to
  ) as bound
  where child.inhparent = source
$$;

comment on function event_partitions is
  'workshop: the partitions of a table, their bounds in time, and of which kind they are';
