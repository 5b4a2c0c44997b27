-- What the shard map would say: $1 shards on $2 workers. Citus cuts the
-- range of hashes into equal pieces and deals them out in turn; the hash of
-- a bigint is PostgreSQL's own.
with rows_of_customers as (
  select customer_id, 1 as position, 'events' as table_name, count(*) as rows
  from events group by customer_id
  union all
  select customer_id, 2 as position, 'rollup_events_5min' as table_name, count(*) as rows
  from rollup_events_5min group by customer_id
  union all
  select customer_id, 3 as position, 'rollup_events_1hr' as table_name, count(*) as rows
  from rollup_events_1hr group by customer_id
  union all
  select customer_id, 4 as position, 'rollup_progress' as table_name, count(*) as rows
  from rollup_progress group by customer_id
),

pieces as (
  select
    number,
    ((number - 1) * 4294967296 / $1::int - 2147483648)::int as hash_from,
    (number * 4294967296 / $1::int - 2147483649)::int as hash_to
  from generate_series(1, $1::int) as number
)

select
  counted.table_name,
  piece.number as shard,
  piece.hash_from,
  piece.hash_to,
  null::bigint as bytes,
  sum(counted.rows)::bigint as rows,
  'imagined worker ' || 1 + (piece.number - 1) % $2::int as node
from pieces as piece
inner join rows_of_customers as counted
  on hashint8(counted.customer_id) between piece.hash_from and piece.hash_to
group by
  counted.table_name, counted.position, piece.number, piece.hash_from, piece.hash_to
order by shard, counted.position
