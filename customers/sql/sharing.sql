-- What a function below names may come with a later migration, which runs this file again.
set local check_function_bodies = off;

-- A check is given for the revision that waits, to somebody who had no part in it; what was given changes hands while it is open.
create or replace function lib.keep_check_task() returns trigger language plpgsql as $$
declare
    me bigint := nullif(current_setting('app.staff', true), '')::bigint;
    free text[] := '{checker_id,way,given_by_id,given_at}';
begin
    if current_user = 'gedang_owner' then return coalesce(new, old); end if;
    if tg_op = 'DELETE' then
        raise exception 'who had a check in hand stands' using errcode = 'restrict_violation';
    end if;
    if tg_op = 'UPDATE' then
        -- Closed by the two functions below; routing follows the household.
        if current_user = 'gedang_def' and to_jsonb(new) - '{grid_id,closed_at}'::text[] = to_jsonb(old) - '{grid_id,closed_at}'::text[] then
            return new;
        end if;
        if old.closed_at is not null or to_jsonb(new) - free <> to_jsonb(old) - free then
            raise exception 'a check changes hands while it is open' using errcode = 'restrict_violation';
        end if;
    elsif new.closed_at is not null or not exists (
        select from customers_profile as profile
        where profile.id = new.profile_id and profile.subject_id = new.subject_id
          and not exists (select from customers_profile as newer
                          where newer.subject_id = profile.subject_id and newer.number > profile.number)
          and not exists (select from customers_profilecheck as done where done.profile_id = profile.id)) then
        raise exception 'a check is given for the revision that waits' using errcode = 'restrict_violation';
    end if;
    if new.given_by_id is not null and new.given_by_id is distinct from me then
        raise exception 'a check is given in one''s own name' using errcode = 'restrict_violation';
    end if;
    -- Asked this way round: a visit that cannot be seen counts as one's own.
    if new.checker_id is not null and not exists (
        select from customers_profile as profile join customers_visit as visit on visit.id = profile.visit_id
        where profile.id = new.profile_id and new.checker_id <> visit.lead_id and new.checker_id is distinct from visit.partner_id
          and new.checker_id is distinct from visit.typed_by_id and new.checker_id <> profile.collector_id) then
        raise exception 'a check is given to somebody who had no part in the visit' using errcode = 'restrict_violation';
    end if;
    return new;
end $$;

-- What waits leaves the queue with its verdict, and a newer revision takes the place of the former; what was in hand is closed. By
-- statement, so that a file of many revisions costs one look.
create or replace function lib.close_checked() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
    update customers_checktask as task set closed_at = added.checked_at
    from added where task.profile_id = added.profile_id and task.closed_at is null;
    delete from customers_waitingfile as waiting using added where waiting.profile_id = added.profile_id;
    return null;
end $$;
alter function lib.close_checked() owner to gedang_def;

create or replace function lib.close_replaced() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
    update customers_checktask as task set closed_at = added.submitted_at
    from added join customers_profile as former on former.subject_id = added.subject_id and former.number < added.number
    where task.profile_id = former.id and task.closed_at is null;
    insert into customers_waitingfile (subject_id, institution_id, grid_id, profile_id, submitted_at)
    select distinct on (added.subject_id) added.subject_id, added.institution_id, added.grid_id, added.id, added.submitted_at
    from added
    where not exists (select from customers_profile as newer where newer.subject_id = added.subject_id and newer.number > added.number)
    order by added.subject_id, added.number desc
    on conflict (subject_id) do update set profile_id = excluded.profile_id, submitted_at = excluded.submitted_at, grid_id = excluded.grid_id;
    return null;
end $$;
alter function lib.close_replaced() owner to gedang_def;

-- The officers of a branch who are there today and may check what these people did, with how many checks each has in hand and when he
-- was last given one; and whether he sent back the last revision of a subject. Definer: who submits a file sees no colleague's work,
-- and learns no more of it than these counts.
create or replace function acc.check_people(branch bigint, makers bigint[], subject bigint default null)
returns table (staff_id bigint, in_hand bigint, last_given timestamptz, sent_back boolean)
language sql stable security definer set search_path = public, pg_temp as $$
    select staff.id,
           (select count(*) from customers_checktask as task where task.checker_id = staff.id and task.closed_at is null),
           (select task.given_at from customers_checktask as task where task.checker_id = staff.id order by task.given_at desc limit 1),
           coalesce((select done.checker_id = staff.id and done.verdict = 'returned' from customers_profilecheck as done
                     where done.subject_id = subject order by done.id desc limit 1), false)
    from grids_staff as staff
    where staff.is_active and not staff.id = any (makers)
      and exists (select from grids_post as post
                  where post.staff_id = staff.id and post.kind = 'officer' and coalesce(post.branch_id, staff.home_branch_id) = branch
                    and post.from_on <= acc.today() and (post.to_on is null or post.to_on > acc.today()))
      and not exists (select from grids_absence as away
                      where away.staff_id = staff.id and away.from_on <= acc.today() and away.to_on > acc.today())
      and not exists (select from unnest(makers) as maker where lib.stand_in(staff.id, maker))
    order by staff.id
$$;
alter function acc.check_people(bigint, bigint[], bigint) owner to gedang_def;
revoke all on function acc.check_people(bigint, bigint[], bigint) from public;
grant execute on function acc.check_people(bigint, bigint[], bigint) to gedang_web, gedang_web_all, gedang_worker;
