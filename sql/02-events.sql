-- A table that is called events but is not ours stays as it is.
do $$
begin
  if to_regclass('events') is not null
     and coalesce(obj_description(to_regclass('events'), 'pg_class'), '')
         not like 'workshop:%' then
    raise exception 'database % already has a table events that is not the workshop''s',
      current_database()
      using errcode = 'duplicate_table',
            hint = 'Use a database of its own: create database workshop;';
  end if;
end $$;

-- Every event lands here. Ids come only from the default of
-- event_id: it is drawn while the table is locked for writing.
create table if not exists events (
  event_id bigserial not null,
  event_time timestamptz not null default now(),
  customer_id bigint not null,
  event_type text,
  country text,
  browser text,
  device_id bigint,
  session_id bigint
) partition by range (event_time);

-- A row without a partition of its own is kept here, never lost.
create table if not exists events_default
  partition of events default;

-- A rollup asks for a range of ids. They arrive in order, so a
-- few kilobytes of minima and maxima per block find them.
create index if not exists events_event_id_idx on events
  using brin (event_id) with (pages_per_range = 16, autosummarize = on);

-- The live tail asks for the latest events of one customer.
create index if not exists events_customer_id_event_id_idx
  on events (customer_id, event_id);

comment on table events is
  'workshop: every event as it arrived, in partitions by event_time';
comment on table events_default is
  'workshop: events whose time has no partition (yet)';
