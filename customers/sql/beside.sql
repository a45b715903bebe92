-- What a model may ask of one household beyond its own file, as a run over all would read it: how many businesses its members run,
-- in whichever street they lie, and the medians of its village over the newest trusted file of every active household. Numbers alone,
-- and only of a household the acting post reaches; who asks may not see the rows they are made of.
create or replace function acc.beside_file(household bigint, names text[], at timestamptz, today date)
returns table (businesses bigint, medians jsonb)
language sql stable security definer set search_path = public, pg_temp as $$
    with asked as (
        select subject.id, subject.grid_id from customers_subject as subject
        where subject.id = household and subject.kind = 'household' and subject.grid_id = any (acc.grids())
    ),
    newest as (
        select (select max(held.profile_id) from lib.trusted(at) as held where held.subject_id = other.id) as profile_id
        from asked join customers_subject as other on other.grid_id = asked.grid_id
        where cardinality(names) > 0 and other.kind = 'household'
          and (other.listed_on <= today or other.found_on <= today or (other.listed_on is null and other.found_on is null))
          and (other.left_on is null or other.left_on > today)
    ),
    middle as (
        select named.name,
               percentile_disc(0.5) within group (order by (to_jsonb(file) ->> named.name)::bigint) as low,
               percentile_disc(0.5) within group (order by (to_jsonb(file) ->> named.name)::bigint desc) as high
        from newest join customers_householdfacts as file on file.profile_id = newest.profile_id
        cross join unnest(names) as named (name)
        group by named.name
    )
    select (select count(*) from customers_principal as principal
            join customers_person as person on person.id = principal.person_id and person.household_id = asked.id
            join customers_subject as business on business.id = principal.subject_id and business.left_on is null),
           -- Halves of a fen are rounded away from zero.
           (select coalesce(jsonb_object_agg(middle.name, round((middle.low + middle.high) / 2.0)::bigint), '{}') from middle)
    from asked
$$;
alter function acc.beside_file(bigint, text[], timestamptz, date) owner to gedang_def;
revoke all on function acc.beside_file(bigint, text[], timestamptz, date) from public;
grant execute on function acc.beside_file(bigint, text[], timestamptz, date) to gedang_web, gedang_web_all, gedang_worker;
grant execute on function lib.trusted(timestamptz) to gedang_def;
