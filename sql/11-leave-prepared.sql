-- An attack: a write of customer $1 with the id $2 that Citus has
-- acknowledged, and whose node failed before it could commit. The insert
-- is prepared on that node, and the coordinator has noted that it is
-- committed. The other nodes do not know the shard and do nothing.
with home as (
  select
    placement.groupid,
    shard_name(part.name, placement.shardid) as shard,
    'citus_0_1_999999999_' || $2::bigint as gid
  from (
    select coalesce(min(name::text), 'events_default')::regclass as name
    from event_partitions()
    where range_from <= now() and range_to > now()
  ) as part
  inner join pg_dist_placement as placement
    on placement.shardid = get_shard_id_for_distribution_column(part.name, $1::bigint)
),

answer as (
  select home.groupid, home.gid
  from home
  cross join lateral run_command_on_workers(format($insert$
    begin;
    insert into %s (event_id, event_time, customer_id, event_type)
    values (%s, now(), %s, 'click');
    prepare transaction %L
  $insert$, home.shard, $2::bigint, $1::bigint, home.gid))
)

insert into pg_dist_transaction (groupid, gid)
select distinct groupid, gid from answer
