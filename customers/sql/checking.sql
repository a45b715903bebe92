-- What a function below names may come with a later migration, which runs this file again.
set local check_function_bodies = off;

-- A second officer checks, never the lead, the partner or the typist of the visit.
create or replace function lib.refuse_own_check() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if exists (select 1 from customers_profile as profile join customers_visit as visit on visit.id = profile.visit_id
               where profile.id = new.profile_id
                 and (new.checker_id in (visit.lead_id, visit.partner_id, visit.typed_by_id, profile.collector_id)
                      or lib.stand_in(new.checker_id, visit.lead_id) or lib.stand_in(new.checker_id, profile.collector_id))) then
        raise exception 'the checker of a profile is neither lead nor partner nor typist of its visit' using errcode = 'check_violation';
    end if;
    return new;
end $$;
alter function lib.refuse_own_check() owner to gedang_def;

-- Whether a file may not be used, and so is not checked either: collection was taken back by the household, or by its borrower for
-- himself. Few ever take anything back, so that is asked first.
create or replace function lib.consent_ended(subject bigint) returns boolean
language sql stable security definer set search_path = public, pg_temp as $$
    select exists (select from customers_consent as said where said.subject_id = subject and said.how in ('withdrawn', 'refused'))
       and exists (select from customers_standing_consent as word left join customers_household as home on home.subject_id = word.subject_id
                   where word.subject_id = subject and word.scope = 'collection' and not word.is_given
                     and (word.whose_id is null or word.whose_id = home.borrower_id))
$$;
alter function lib.consent_ended(bigint) owner to gedang_def;
revoke all on function lib.consent_ended(bigint) from public;
grant execute on function lib.consent_ended(bigint) to gedang_web, gedang_web_all, gedang_worker;

-- The subjects whose newest revision waits for a second officer of the acting person's branch (AB角), the oldest first.
create or replace function acc.check_queue(only_subject bigint default null) returns bigint[]
language sql stable security definer set search_path = public, pg_temp as $$
    with me as (
        select post.staff_id, coalesce(post.branch_id, staff.home_branch_id) as branch_id, branch.path
        from grids_post as post
        join grids_staff as staff on staff.id = post.staff_id and staff.is_active
        join grids_branch as branch on branch.id = coalesce(post.branch_id, staff.home_branch_id)
        where post.id = nullif(current_setting('app.post', true), '')::bigint
          and post.staff_id = nullif(current_setting('app.staff', true), '')::bigint
          and post.kind in ('officer', 'branch_manager')
          and post.from_on <= acc.today() and (post.to_on is null or post.to_on > acc.today())
    ), waiting as materialized (  -- first, so that what costs a look each is asked of what waits alone
        select file.subject_id, file.submitted_at, visit.lead_id, me.staff_id
        from me
        join grids_branch as owner on starts_with(owner.path, me.path)
        join grids_grid as grid on grid.branch_id = owner.id
        join customers_waitingfile as file on file.grid_id = grid.id and (only_subject is null or file.subject_id = only_subject)
        join customers_profile as profile on profile.id = file.profile_id
        join customers_visit as visit on visit.id = profile.visit_id
        where me.staff_id <> visit.lead_id and me.staff_id is distinct from visit.partner_id
          and me.staff_id is distinct from visit.typed_by_id
    )
    select coalesce(array_agg(waiting.subject_id order by waiting.submitted_at), '{}')
    from waiting
    where not lib.stand_in(waiting.staff_id, waiting.lead_id) and not lib.consent_ended(waiting.subject_id)
$$;
alter function acc.check_queue(bigint) owner to gedang_def;
revoke all on function acc.check_queue(bigint) from public;
grant execute on function acc.check_queue(bigint) to gedang_web, gedang_web_all, gedang_worker;
