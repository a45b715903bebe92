-- How many visits were judged under a release of the rules, for who keeps parameters and sees no customer: numbers alone.
create or replace function acc.visits_under_rules(releases bigint[]) returns table (release_id bigint, uses bigint)
language sql stable security definer set search_path = public, pg_temp as $$
    select visit.rules_id, count(*)
    from customers_visit as visit
    where visit.rules_id = any (releases) and visit.institution_id = nullif(current_setting('app.institution', true), '')::bigint
    group by visit.rules_id
$$;
alter function acc.visits_under_rules(bigint[]) owner to gedang_def;
revoke all on function acc.visits_under_rules(bigint[]) from public;
grant execute on function acc.visits_under_rules(bigint[]) to gedang_web, gedang_web_all, gedang_worker;
