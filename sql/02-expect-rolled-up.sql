-- Raises when a partition holds an event behind the watermark.
create or replace function expect_rolled_up(name text, watermark bigint)
returns void
language plpgsql
as $$
declare
  behind bigint;
begin
  execute format('select min(event_id) from %s where event_id > $1', name)
    into behind using watermark;
  if behind is not null then
    raise exception 'event % of % is not in every rollup', behind, name
      using errcode = 'object_not_in_prerequisite_state';
  end if;
end $$;

comment on function expect_rolled_up is
  'workshop: raises when a partition holds an event behind the watermark';
