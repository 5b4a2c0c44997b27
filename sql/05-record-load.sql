-- Records a load, at the end of its transaction. Returns the id
-- of the new row; or no id, and the load of the same content
-- that was there before: then the caller rolls back. With
-- again => true the content is recorded as loaded once more.
create or replace function record_load(
  file_name text,
  sha256 text,
  table_name text,
  rows bigint,
  bytes bigint,
  again boolean default false,
  out load_id bigint,
  out earlier_name text,
  out earlier_at timestamptz
)
language plpgsql
as $$
begin
  -- Waits here while another transaction is about to record
  -- the same content.
  insert into loads (file_name, sha256, table_name, rows, bytes)
  values (
    record_load.file_name, record_load.sha256,
    record_load.table_name, record_load.rows, record_load.bytes
  )
  on conflict do nothing
  returning loads.load_id into record_load.load_id;
  if found then
    return;
  end if;

  if again then
    insert into loads (
      file_name, sha256, table_name, rows, bytes, repeated
    )
    values (
      record_load.file_name, record_load.sha256,
      record_load.table_name, record_load.rows,
      record_load.bytes, true
    )
    returning loads.load_id into record_load.load_id;
    return;
  end if;

  select earlier.file_name, earlier.finished_at
  into earlier_name, earlier_at
  from loads as earlier
  where earlier.table_name = record_load.table_name
    and earlier.sha256 = record_load.sha256
    and not earlier.repeated;
end
$$;

comment on function record_load is
  'workshop: records a file in loads, or names the earlier load of the same content';
