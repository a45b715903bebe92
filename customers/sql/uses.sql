-- How many results keep a released parameter, for who keeps parameters and sees no customer: numbers alone, of his institution.
create or replace function acc.consents_under(releases bigint[]) returns table (release_id bigint, uses bigint)
language sql stable security definer set search_path = public, pg_temp as $$
    select release.id, count(*)
    from lib_release as release
    join customers_consent as consent on consent.institution_id = release.institution_id and consent.notice_version = release.version
    where release.id = any (releases) and release.kind = 'consent_notice' and consent.how not in ('withdrawn', 'refused')
      and release.institution_id = nullif(current_setting('app.institution', true), '')::bigint
    group by release.id
$$;
alter function acc.consents_under(bigint[]) owner to gedang_def;
revoke all on function acc.consents_under(bigint[]) from public;
grant execute on function acc.consents_under(bigint[]) to gedang_web, gedang_web_all, gedang_worker;

create or replace function acc.files_by_form(releases bigint[]) returns table (release_id bigint, uses bigint)
language sql stable security definer set search_path = public, pg_temp as $$
    select profile.form_id, count(*)
    from customers_profile as profile
    where profile.form_id = any (releases) and profile.institution_id = nullif(current_setting('app.institution', true), '')::bigint
    group by profile.form_id
$$;
alter function acc.files_by_form(bigint[]) owner to gedang_def;
revoke all on function acc.files_by_form(bigint[]) from public;
grant execute on function acc.files_by_form(bigint[]) to gedang_web, gedang_web_all, gedang_worker;
