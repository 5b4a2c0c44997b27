-- How far each rollup has come. The row is updated in the transaction that
-- aggregates: either both happened or neither did.
create table if not exists rollups (
  name text primary key,
  event_table_name text not null,
  event_id_sequence_name text not null,
  last_aggregated_id bigint not null default 0
);

comment on table rollups is
  'workshop: the last event_id that is in each rollup, its watermark';
