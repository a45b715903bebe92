-- How many results keep a released parameter, for who keeps parameters and sees no customer: numbers alone, of his institution.
create or replace function acc.plans_under(releases bigint[]) returns table (release_id bigint, uses bigint)
language sql stable security definer set search_path = public, pg_temp as $$
    select plan.rules_id, count(*)
    from reporting_sampleplan as plan
    where plan.rules_id = any (releases) and plan.institution_id = nullif(current_setting('app.institution', true), '')::bigint
    group by plan.rules_id
$$;
alter function acc.plans_under(bigint[]) owner to gedang_def;
revoke all on function acc.plans_under(bigint[]) from public;
grant execute on function acc.plans_under(bigint[]) to gedang_web, gedang_web_all, gedang_worker;

create or replace function acc.reports_under(releases bigint[]) returns table (release_id bigint, uses bigint)
language sql stable security definer set search_path = public, pg_temp as $$
    select release.id, count(*)
    from lib_release as release
    join reporting_weeklyreport as report on report.institution_id = release.institution_id
     and report.parameters ->> 'release' = format('report_rules v%s', release.version)
    where release.id = any (releases) and release.kind = 'report_rules' and release.institution_id = nullif(current_setting('app.institution', true), '')::bigint
    group by release.id
$$;
alter function acc.reports_under(bigint[]) owner to gedang_def;
revoke all on function acc.reports_under(bigint[]) from public;
grant execute on function acc.reports_under(bigint[]) to gedang_web, gedang_web_all, gedang_worker;
