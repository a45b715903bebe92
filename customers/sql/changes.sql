-- What a function below names may come with a later migration, which runs this file again.
set local check_function_bodies = off;

-- The one place that says which revisions are trusted at an instant: accepted by the second check by then, and not held by a sudden
-- change that was flagged by then and not confirmed by then. A refused change holds for good. Lines, decisions, exposure and the
-- comparison of later revisions rest on these alone. Not a definer: it is inlined, and row security applies to who asks; a flag is
-- seen wherever its revision is.
create or replace function lib.trusted(at timestamptz) returns table (profile_id bigint, subject_id bigint, checked_at timestamptz)
language sql stable as $$
    select done.profile_id, done.subject_id, done.checked_at
    from public.customers_profilecheck as done
    where done.verdict = 'accepted' and done.checked_at <= at
      and not exists (
          select 1 from public.customers_changeflag as flag
          where flag.profile_id = done.profile_id and flag.flagged_at <= at
            and (flag.outcome <> 'confirmed' or flag.settled_at > at)
      )
$$;
revoke all on function lib.trusted(timestamptz) from public;
grant execute on function lib.trusted(timestamptz) to gedang_web, gedang_web_all, gedang_worker, gedang_opener, gedang_read;

-- A flag is found open, by who submits the revision or by a job. What was found stands. It is settled once, under one's own name, by
-- somebody who had no part in the visit, and confirmed only with proof.
create or replace function lib.keep_change_flag() returns trigger language plpgsql as $$
declare
    me bigint := nullif(current_setting('app.staff', true), '')::bigint;
begin
    if current_user = 'gedang_owner' then return coalesce(new, old); end if;
    if tg_op = 'DELETE' then
        raise exception 'a change that was found stands' using errcode = 'restrict_violation';
    end if;
    if tg_op = 'INSERT' then
        if new.outcome <> '' then
            raise exception 'a change is found open' using errcode = 'restrict_violation';
        end if;
        if not exists (
            select 1 from customers_profile as profile join customers_profile as base on base.subject_id = profile.subject_id
            where profile.id = new.profile_id and base.id = new.base_id and base.number < profile.number
              and profile.subject_id = new.subject_id
        ) then
            raise exception 'a change is found between revisions of one file' using errcode = 'restrict_violation';
        end if;
        return new;
    end if;
    if to_jsonb(new) - 'grid_id' = to_jsonb(old) - 'grid_id' then return new; end if;  -- the row goes where its household goes
    if old.outcome <> '' or new.outcome = '' then
        raise exception 'a change is settled once' using errcode = 'restrict_violation';
    end if;
    if (new.subject_id, new.profile_id, new.figure, new.base_id, new.before, new.after, new.release_id, new.flagged_at, new.due_on)
       is distinct from
       (old.subject_id, old.profile_id, old.figure, old.base_id, old.before, old.after, old.release_id, old.flagged_at, old.due_on) then
        raise exception 'what was found stands' using errcode = 'restrict_violation';
    end if;
    if new.settled_by_id is distinct from me then
        raise exception 'a change is settled under one''s own name' using errcode = 'restrict_violation';
    end if;
    -- Asked this way round: a visit that cannot be seen counts as one's own.
    if not exists (
        select 1 from customers_profile as profile join customers_visit as visit on visit.id = profile.visit_id
        where profile.id = new.profile_id and me <> visit.lead_id and me is distinct from visit.partner_id
          and me is distinct from visit.typed_by_id and me <> profile.collector_id
    ) then
        raise exception 'a change is settled by somebody who is neither lead nor partner nor typist nor collector' using errcode = 'restrict_violation';
    end if;
    if new.outcome = 'confirmed' and not exists (select 1 from customers_changeproof as proof where proof.flag_id = new.id) then
        raise exception 'a change is confirmed only with proof' using errcode = 'restrict_violation';
    end if;
    return new;
end $$;

-- A proof is of the same file, and joined while the change is open.
create or replace function lib.keep_change_proof() returns trigger language plpgsql as $$
declare
    me bigint := nullif(current_setting('app.staff', true), '')::bigint;
begin
    if current_user = 'gedang_owner' then return new; end if;
    if new.added_by_id is distinct from me then
        raise exception 'a proof is added under one''s own name' using errcode = 'restrict_violation';
    end if;
    if not exists (
        select 1 from customers_changeflag as flag join customers_evidence as evidence on evidence.subject_id = flag.subject_id
        where flag.id = new.flag_id and evidence.id = new.evidence_id and flag.subject_id = new.subject_id and flag.outcome = ''
    ) then
        raise exception 'a proof is of the same file, while the change is open' using errcode = 'restrict_violation';
    end if;
    return new;
end $$;

-- The subjects whose newest revision has an open change that the acting person may settle: of his branch and below, and not his own
-- work; the nearest deadline first.
create or replace function acc.change_queue(only_subject bigint default null) returns bigint[]
language sql stable security definer set search_path = public, pg_temp as $$
    with me as (
        select post.staff_id, branch.path
        from grids_post as post
        join grids_staff as staff on staff.id = post.staff_id and staff.is_active
        join grids_branch as branch on branch.id = coalesce(post.branch_id, staff.home_branch_id)
        where post.id = nullif(current_setting('app.post', true), '')::bigint
          and post.staff_id = nullif(current_setting('app.staff', true), '')::bigint
          and post.kind in ('officer', 'branch_manager')
          and post.from_on <= acc.today() and (post.to_on is null or post.to_on > acc.today())
    )
    select coalesce(array_agg(waiting.subject_id order by waiting.due_on, waiting.subject_id), '{}')
    from (
        select flag.subject_id, min(flag.due_on) as due_on
        from me
        join grids_branch as owner on starts_with(owner.path, me.path)
        join grids_grid as grid on grid.branch_id = owner.id
        join customers_changeflag as flag on flag.grid_id = grid.id and flag.outcome = ''
        join customers_profile as profile on profile.id = flag.profile_id
        join customers_visit as visit on visit.id = profile.visit_id
        where (only_subject is null or flag.subject_id = only_subject)
          and me.staff_id <> visit.lead_id and me.staff_id is distinct from visit.partner_id
          and me.staff_id is distinct from visit.typed_by_id and me.staff_id <> profile.collector_id
          and not exists (select 1 from customers_profile as newer where newer.subject_id = profile.subject_id and newer.number > profile.number)
        group by flag.subject_id
    ) as waiting
    where not lib.consent_ended(waiting.subject_id)
$$;
alter function acc.change_queue(bigint) owner to gedang_def;
revoke all on function acc.change_queue(bigint) from public;
grant execute on function acc.change_queue(bigint) to gedang_web, gedang_web_all, gedang_worker;

-- How many sudden changes were found by each version of the thresholds.
create or replace function acc.changes_under(releases bigint[]) returns table (release_id bigint, uses bigint)
language sql stable security definer set search_path = public, pg_temp as $$
    select flag.release_id, count(*)
    from customers_changeflag as flag
    where flag.release_id = any (releases) and flag.institution_id = nullif(current_setting('app.institution', true), '')::bigint
    group by flag.release_id
$$;
alter function acc.changes_under(bigint[]) owner to gedang_def;
revoke all on function acc.changes_under(bigint[]) from public;
grant execute on function acc.changes_under(bigint[]) to gedang_web, gedang_web_all, gedang_worker;
