-- How many results keep a released parameter, for who keeps parameters and sees no customer: numbers alone, of his institution.
create or replace function acc.runs_with(releases bigint[]) returns table (release_id bigint, uses bigint)
language sql stable security definer set search_path = public, pg_temp as $$
    select used.id, count(*)
    from credit_linerun as run, lateral (values (run.model_id), (run.bases_id)) as used (id)
    where used.id = any (releases) and run.institution_id = nullif(current_setting('app.institution', true), '')::bigint
    group by used.id
$$;
alter function acc.runs_with(bigint[]) owner to gedang_def;
revoke all on function acc.runs_with(bigint[]) from public;
grant execute on function acc.runs_with(bigint[]) to gedang_web, gedang_web_all, gedang_worker;

create or replace function acc.rounds_under(releases bigint[]) returns table (release_id bigint, uses bigint)
language sql stable security definer set search_path = public, pg_temp as $$
    select round.rules_id, count(*)
    from credit_round as round
    where round.rules_id = any (releases) and round.institution_id = nullif(current_setting('app.institution', true), '')::bigint
    group by round.rules_id
$$;
alter function acc.rounds_under(bigint[]) owner to gedang_def;
revoke all on function acc.rounds_under(bigint[]) from public;
grant execute on function acc.rounds_under(bigint[]) to gedang_web, gedang_web_all, gedang_worker;

create or replace function acc.decisions_under(releases bigint[]) returns table (release_id bigint, uses bigint)
language sql stable security definer set search_path = public, pg_temp as $$
    select round.rules_id, count(*)
    from credit_decision as decision
    join credit_round as round on round.id = decision.round_id
    where round.rules_id = any (releases) and round.institution_id = nullif(current_setting('app.institution', true), '')::bigint
    group by round.rules_id
$$;
alter function acc.decisions_under(bigint[]) owner to gedang_def;
revoke all on function acc.decisions_under(bigint[]) from public;
grant execute on function acc.decisions_under(bigint[]) to gedang_web, gedang_web_all, gedang_worker;

-- A round keeps the reasons themselves, frozen with its other rules; the version is known again by its content.
create or replace function acc.rounds_with_reasons(releases bigint[]) returns table (release_id bigint, uses bigint)
language sql stable security definer set search_path = public, pg_temp as $$
    select release.id, count(*)
    from lib_release as release
    join credit_round as round on round.institution_id = release.institution_id
     and round.settings -> 'reasons' = release.document -> 'reasons'
    where release.id = any (releases) and release.kind = 'refuse_reasons' and release.institution_id = nullif(current_setting('app.institution', true), '')::bigint
    group by release.id
$$;
alter function acc.rounds_with_reasons(bigint[]) owner to gedang_def;
revoke all on function acc.rounds_with_reasons(bigint[]) from public;
grant execute on function acc.rounds_with_reasons(bigint[]) to gedang_web, gedang_web_all, gedang_worker;
