-- Raises what is missing; silent when the node is ready for the workshop.
-- workshop.role, workshop.workers and workshop.extensions come from the
-- server's configuration: what this node is meant to be.
do $$
declare
  role constant text := current_setting('workshop.role', true);
  workers constant int := coalesce(nullif(current_setting('workshop.workers', true), ''), '0')::int;
  extensions constant text := coalesce(current_setting('workshop.extensions', true), 'hll');
  has_citus constant boolean := exists (select from pg_extension where extname = 'citus');
  missing text;
  active int;
begin
  select string_agg(wanted, ', ') into missing
  from regexp_split_to_table(extensions, '\s*,\s*') as wanted
  where not exists (select from pg_available_extensions where name = wanted)
     or (wanted = 'citus' and not has_citus);
  if missing is not null then
    raise exception 'this server lacks the extensions %', missing;
  end if;

  if has_citus and role = 'coordinator' then
    execute 'select count(*) from pg_dist_node where groupid <> 0 and isactive' into active;
    if active < workers then
      raise exception '% of % workers are active', active, workers;
    end if;
    execute $query$
      select string_agg(nodename, ', ' order by nodename)
      from run_command_on_workers('select 1') where not success
    $query$ into missing;
    if missing is not null then
      raise exception 'no answer from %', missing;
    end if;
  elsif has_citus and role = 'worker' then
    -- the coordinator writes it when it takes a node in
    execute 'select groupid from pg_dist_local_group' into active;
    if active = 0 then
      raise exception 'the coordinator has not taken this worker in';
    end if;
  end if;
end $$;
