-- What an officer has in hand of customers, as counts: for who moves people and sees none of their files.
create or replace function acc.customers_held(person bigint) returns table (code text, held bigint)
language plpgsql stable security definer set search_path = public, pg_temp as $$
begin
    if not exists (
        select from grids_post as post join grids_staff as me on me.id = post.staff_id and me.is_active
        join grids_staff as other on other.id = person and other.institution_id = me.institution_id
        where post.id = nullif(current_setting('app.post', true), '')::bigint
          and post.staff_id = nullif(current_setting('app.staff', true), '')::bigint
          and post.kind in ('administrator', 'branch_manager')
          and post.from_on <= acc.today() and (post.to_on is null or post.to_on > acc.today())) then
        return;
    end if;
    return query
    with covered as (
        select seat.grid_id from grids_seat as seat join grids_seatkind as kind on kind.id = seat.kind_id and kind.covers
        where seat.staff_id = person and seat.from_on <= acc.today() and (seat.to_on is null or seat.to_on > acc.today())
    ), mine as (
        select profile.id, profile.subject_id, profile.number from customers_profile as profile where profile.collector_id = person
    ), newest as (
        select mine.id from mine
        where not exists (select from customers_profile as later
                          where later.subject_id = mine.subject_id and later.number > mine.number)
    )
    select 'next_visits', count(*) from customers_household as home join covered using (grid_id) where home.next_visit_on is not null
    union all
    select 'returned', count(*) from newest join customers_profilecheck as verdict on verdict.profile_id = newest.id
    where verdict.verdict = 'returned'
    union all
    select 'unchecked', count(*) from newest
    where not exists (select from customers_profilecheck as verdict where verdict.profile_id = newest.id)
    union all
    select 'collected', count(distinct mine.subject_id) from mine;
end $$;
alter function acc.customers_held(bigint) owner to gedang_def;
revoke all on function acc.customers_held(bigint) from public;
grant execute on function acc.customers_held(bigint) to gedang_web, gedang_web_all;
