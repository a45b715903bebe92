-- How many results keep a released list of reasons or the rules for people filed twice, for who keeps parameters and sees no customer:
-- numbers alone, of his institution.
create or replace function acc.entries_by_reasons(releases bigint[]) returns table (release_id bigint, uses bigint)
language sql stable security definer set search_path = public, pg_temp as $$
    select release.id, count(*)
    from lib_release as release
    join customers_listentry as entry on entry.institution_id = release.institution_id and entry.reasons_version = release.version
    where release.id = any (releases) and release.kind = 'list_reasons' and release.institution_id = nullif(current_setting('app.institution', true), '')::bigint
    group by release.id
$$;
alter function acc.entries_by_reasons(bigint[]) owner to gedang_def;
revoke all on function acc.entries_by_reasons(bigint[]) from public;
grant execute on function acc.entries_by_reasons(bigint[]) to gedang_web, gedang_web_all, gedang_worker;

create or replace function acc.cases_by_rules(releases bigint[]) returns table (release_id bigint, uses bigint)
language sql stable security definer set search_path = public, pg_temp as $$
    select release.id, count(*)
    from lib_release as release
    join customers_similarcase as one on one.institution_id = release.institution_id and one.rules_version = release.version
    where release.id = any (releases) and release.kind = 'duplicate_rules' and release.institution_id = nullif(current_setting('app.institution', true), '')::bigint
    group by release.id
$$;
alter function acc.cases_by_rules(bigint[]) owner to gedang_def;
revoke all on function acc.cases_by_rules(bigint[]) from public;
grant execute on function acc.cases_by_rules(bigint[]) to gedang_web, gedang_web_all, gedang_worker;

create or replace function acc.checks_by_reasons(releases bigint[]) returns table (release_id bigint, uses bigint)
language sql stable security definer set search_path = public, pg_temp as $$
    select done.release_id, count(*)
    from customers_profilecheck as done
    where done.release_id = any (releases) and done.institution_id = nullif(current_setting('app.institution', true), '')::bigint
    group by done.release_id
$$;
alter function acc.checks_by_reasons(bigint[]) owner to gedang_def;
revoke all on function acc.checks_by_reasons(bigint[]) from public;
grant execute on function acc.checks_by_reasons(bigint[]) to gedang_web, gedang_web_all, gedang_worker;
