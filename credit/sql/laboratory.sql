-- What a population was when it was frozen: the description of its columns and every block of them, in one digest.
create or replace function lib.digest_of_population(which bigint) returns text
language sql stable set search_path = public, pg_temp as $$
    select encode(sha256(convert_to(population.columns::text || coalesce((
        select string_agg(format(E'\n%s:%s:%s:%s', held.name, held.block, held.households, encode(sha256(held.packed), 'hex')), ''
                          order by held.name collate "C", held.block)
        from credit_populationcolumn as held where held.population_id = population.id), ''), 'UTF8')), 'hex')
    from credit_population as population where population.id = which
$$;
revoke all on function lib.digest_of_population(bigint) from public;
grant execute on function lib.digest_of_population(bigint) to gedang_worker;

-- How many trials keep the rules of the laboratory they were made under, for who looks at a release.
create or replace function acc.trials_under(releases bigint[]) returns table (release_id bigint, uses bigint)
language sql stable security definer set search_path = public, pg_temp as $$
    select trial.rules_id, count(*)
    from credit_trial as trial
    where trial.rules_id = any (releases) and trial.institution_id = nullif(current_setting('app.institution', true), '')::bigint
    group by trial.rules_id
$$;
alter function acc.trials_under(bigint[]) owner to gedang_def;
revoke all on function acc.trials_under(bigint[]) from public;
grant execute on function acc.trials_under(bigint[]) to gedang_web, gedang_web_all, gedang_worker;
