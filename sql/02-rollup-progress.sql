-- How far each customer's events are in rollup_events_5min. It lives beside
-- that customer's rows, so one statement on one shard reads both as of one
-- moment. The single watermark in rollups cannot promise that on Citus.
create table if not exists rollup_progress (
  customer_id bigint primary key,
  last_id bigint not null
);

comment on table rollup_progress is
  'workshop: the last event_id of each customer that is in rollup_events_5min';
