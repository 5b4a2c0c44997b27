-- TopN in SQL, for servers without the extension: the same names, and the
-- same results wherever the result is exact. A list is a jsonb object from
-- item to frequency, of at most topn.number_of_counters items.
create or replace function topn_counters()
returns int
language sql stable parallel safe
as $$
  select coalesce(nullif(current_setting('topn.number_of_counters', true), '')::int, 1000)
$$;

-- The most frequent items of a list.
create or replace function topn(list jsonb, n int, out item text, out frequency bigint)
returns setof record
language sql immutable strict parallel safe rows 10
as $$
  select key, value::bigint
  from jsonb_each(list)
  order by 2 desc, 1
  limit n
$$;

-- The more frequent items of a list that has grown too long.
create or replace function topn_prune(list jsonb, counters int)
returns jsonb
language sql immutable strict parallel safe
as $$
  select coalesce(jsonb_object_agg(key, value), '{}')
  from (
    select key, value
    from jsonb_each(list)
    order by value::bigint desc, key
    limit counters
  ) as kept
$$;

-- Both lists in one. A rollup adds one item to a list most of the time, or
-- two: these take no query. A counter takes 8 bytes at least: below that
-- size there is nothing to prune.
create or replace function topn_union(a jsonb, b jsonb)
returns jsonb
language plpgsql immutable strict parallel safe
as $$
declare
  items constant jsonb := jsonb_path_query_array(b, '$.keyvalue().key');
  many constant int := jsonb_array_length(items);
  item constant text := items ->> 0;
  next_item constant text := items ->> 1;
  list jsonb;
begin
  if many = 0 then
    list := a;
  elsif many = 1 then
    list := a || jsonb_build_object(item, (b -> item)::bigint + coalesce((a -> item)::bigint, 0));
  elsif many = 2 then
    list := a || jsonb_build_object(
      item, (b -> item)::bigint + coalesce((a -> item)::bigint, 0),
      next_item, (b -> next_item)::bigint + coalesce((a -> next_item)::bigint, 0)
    );
  else
    list := a || (
      select jsonb_object_agg(key, value::bigint + coalesce((a -> key)::bigint, 0))
      from jsonb_each(b)
    );
  end if;
  if pg_column_size(list) > 8 * topn_counters() then
    return topn_prune(list, topn_counters());
  end if;
  return list;
end $$;

-- One more occurrence of an item.
create or replace function topn_add(list jsonb, item text)
returns jsonb
language plpgsql immutable parallel safe
as $$
begin
  if item is null then
    return coalesce(list, '{}');
  end if;
  return topn_union(coalesce(list, '{}'), jsonb_build_object(item, 1));
end $$;

-- Most groups of a rollup hold one or two events: these come first.
create or replace function topn_add_final(items text[])
returns jsonb
language plpgsql immutable parallel safe
as $$
begin
  if items is null then
    return '{}';
  end if;
  if cardinality(items) = 1 then
    return case when items[1] is null then '{}' else jsonb_build_object(items[1], 1) end;
  end if;
  if cardinality(items) = 2 and items[1] <> items[2] then
    return jsonb_build_object(items[1], 1, items[2], 1);
  end if;
  return (
    select coalesce(jsonb_object_agg(item, frequency), '{}')
    from (
      select item, count(*) as frequency
      from unnest(items) as item
      where item is not null
      group by item
      order by 2 desc, 1
      limit topn_counters()
    ) as kept
  );
end $$;

create or replace function topn_union_final(lists jsonb[])
returns jsonb
language plpgsql immutable parallel safe
as $$
begin
  if lists is null then
    return '{}';
  end if;
  if cardinality(lists) = 1 then
    return coalesce(lists[1], '{}');
  end if;
  if cardinality(lists) = 2 then
    return topn_union(coalesce(lists[1], '{}'), coalesce(lists[2], '{}'));
  end if;
  return (
    select coalesce(jsonb_object_agg(key, frequency), '{}')
    from (
      select counter.key, sum(counter.value::bigint)::bigint as frequency
      from unnest(lists) as list
      cross join lateral jsonb_each(list) as counter
      group by counter.key
      order by 2 desc, 1
      limit topn_counters()
    ) as kept
  );
end $$;

create or replace aggregate topn_add_agg(text) (
  sfunc = array_append,
  stype = text[],
  finalfunc = topn_add_final,
  combinefunc = array_cat,
  parallel = safe
);

create or replace aggregate topn_union_agg(jsonb) (
  sfunc = array_append,
  stype = jsonb[],
  finalfunc = topn_union_final,
  combinefunc = array_cat,
  parallel = safe
);

comment on function topn_counters is 'workshop: how many counters a TopN list keeps';
comment on function topn is 'workshop: the most frequent items of a TopN list';
comment on function topn_prune is 'workshop: the more frequent items of a TopN list';
comment on function topn_union is 'workshop: the union of two TopN lists';
comment on function topn_add is 'workshop: adds an item to a TopN list';
comment on function topn_add_final is 'workshop: a TopN list of items';
comment on function topn_union_final is 'workshop: the union of TopN lists';
comment on aggregate topn_add_agg(text) is 'workshop: a TopN list of items';
comment on aggregate topn_union_agg(jsonb) is 'workshop: the union of TopN lists';
