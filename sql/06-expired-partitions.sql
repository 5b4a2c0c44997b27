-- What went when. A recount of the raw events begins where this ends.
create table if not exists expired_partitions (
  name text not null,
  range_from timestamptz not null,
  range_to timestamptz not null,
  expired_at timestamptz not null default now()
);

comment on table expired_partitions is
  'workshop: partitions of events that expire_events has dropped';
