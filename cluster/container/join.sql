-- Run on the coordinator for a worker that starts; asking twice changes nothing.
select citus_set_coordinator_host(:'coordinator', 5432)
where not exists (select from pg_dist_node where groupid = 0);

select citus_add_node(:'worker', 5432);
