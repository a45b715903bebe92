-- Transfers and absences: what they keep to, whoever writes.

-- Whether somebody answers for a branch today: its manager or one above, or an administrator of the institution.
create or replace function lib.answers_for(person bigint, branch bigint) returns boolean
language sql stable security definer set search_path = public, pg_temp as $$
    select exists (
        select from grids_post as post
        join grids_staff as staff on staff.id = post.staff_id and staff.is_active
        join grids_branch as wanted on wanted.id = branch and wanted.institution_id = staff.institution_id
        left join grids_branch as held on held.id = post.branch_id
        where post.staff_id = person and post.from_on <= acc.today() and (post.to_on is null or post.to_on > acc.today())
          and (post.kind = 'administrator' or (post.kind = 'branch_manager' and starts_with(wanted.path, held.path))))
$$;
alter function lib.answers_for(bigint, bigint) owner to gedang_def;
revoke all on function lib.answers_for(bigint, bigint) from public;
grant execute on function lib.answers_for(bigint, bigint) to gedang_web, gedang_web_all, gedang_worker;

create or replace function lib.keep_transfer() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare
    me bigint := nullif(current_setting('app.staff', true), '')::bigint;
begin
    if tg_op = 'INSERT' then
        if new.state <> 'proposed' or new.giving_by_id is not null or new.receiving_by_id is not null then
            raise exception 'a transfer begins unconfirmed' using errcode = 'restrict_violation';
        end if;
        if me is not null and new.proposed_by_id <> me then
            raise exception 'a transfer is proposed in one''s own name' using errcode = 'restrict_violation';
        end if;
        return new;
    end if;
    if (new.institution_id, new.staff_id, new.kind, new.from_branch_id, new.to_branch_id, new."on", new.reason, new.proposed_by_id, new.proposed_at)
       is distinct from (old.institution_id, old.staff_id, old.kind, old.from_branch_id, old.to_branch_id, old."on", old.reason,
                         old.proposed_by_id, old.proposed_at)
       or old.state not in ('proposed', 'confirmed')
       or (old.giving_by_id is not null and new.giving_by_id is distinct from old.giving_by_id)
       or (old.receiving_by_id is not null and new.receiving_by_id is distinct from old.receiving_by_id) then
        raise exception 'what a transfer says stands for good' using errcode = 'restrict_violation';
    end if;
    if (new.giving_by_id is distinct from old.giving_by_id and not lib.answers_for(new.giving_by_id, new.from_branch_id))
       or (new.receiving_by_id is distinct from old.receiving_by_id
           and not lib.answers_for(new.receiving_by_id, coalesce(new.to_branch_id, new.from_branch_id))) then
        raise exception 'a transfer is confirmed by who answers for the branch' using errcode = 'restrict_violation';
    end if;
    if me is not null and ((new.giving_by_id is distinct from old.giving_by_id and new.giving_by_id <> me)
                           or (new.receiving_by_id is distinct from old.receiving_by_id and new.receiving_by_id <> me)) then
        raise exception 'a transfer is confirmed in one''s own name' using errcode = 'restrict_violation';
    end if;
    if new.state = 'done' and (new."on" > acc.today() or new.giving_by_id is null or new.receiving_by_id is null) then
        raise exception 'a transfer is done on its day, once both sides confirmed' using errcode = 'restrict_violation';
    end if;
    return new;
end $$;
alter function lib.keep_transfer() owner to gedang_def;

create or replace function lib.keep_absence() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare
    term daterange := daterange(new.from_on, new.to_on);
begin
    if tg_op = 'UPDATE' then
        if (new.institution_id, new.staff_id, new.deputy_id, new.from_on, new.reason, new.recorded_by_id, new.recorded_at)
           is distinct from (old.institution_id, old.staff_id, old.deputy_id, old.from_on, old.reason, old.recorded_by_id, old.recorded_at)
           or new.to_on > old.to_on then
            raise exception 'an absence only ends earlier' using errcode = 'restrict_violation';
        end if;
        return new;
    end if;
    perform pg_advisory_xact_lock(hashtext('absences'), new.institution_id::int);
    if exists (select from grids_absence as other
               where daterange(other.from_on, other.to_on) && term
                 and (other.staff_id in (new.staff_id, new.deputy_id) or other.deputy_id = new.staff_id)) then
        raise exception 'absence:overlap' using errcode = 'restrict_violation';
    end if;
    if not exists (
        select from grids_post as away join grids_post as there on there.branch_id = away.branch_id and there.kind = away.kind
        where away.staff_id = new.staff_id and there.staff_id = new.deputy_id and away.kind = 'officer'
          and daterange(away.from_on, away.to_on) @> new.from_on
          and daterange(there.from_on, there.to_on) @> term) then
        raise exception 'absence:post' using errcode = 'restrict_violation';
    end if;
    return new;
end $$;
alter function lib.keep_absence() owner to gedang_def;

-- Whether two people stand in for one another today: neither then decides on what the other did.
create or replace function lib.stand_in(one bigint, other bigint) returns boolean
language sql stable security definer set search_path = public, pg_temp as $$
    select exists (
        select from grids_absence as absence
        where (absence.staff_id, absence.deputy_id) in ((one, other), (other, one))
          and absence.from_on <= acc.today() and absence.to_on > acc.today())
$$;
alter function lib.stand_in(bigint, bigint) owner to gedang_def;
revoke all on function lib.stand_in(bigint, bigint) from public;
grant execute on function lib.stand_in(bigint, bigint) to gedang_web, gedang_web_all, gedang_worker;

-- For whom the acting officer stands in today.
create or replace function acc.principals() returns bigint[] language sql stable security definer set search_path = public, pg_temp as $$
    select coalesce(array_agg(absence.staff_id order by absence.staff_id), '{}')
    from grids_absence as absence
    join grids_post as post on post.staff_id = absence.deputy_id and post.kind = 'officer'
    where absence.deputy_id = nullif(current_setting('app.staff', true), '')::bigint
      and post.id = nullif(current_setting('app.post', true), '')::bigint
      and post.from_on <= acc.today() and (post.to_on is null or post.to_on > acc.today())
      and absence.from_on <= acc.today() and absence.to_on > acc.today()
$$;
alter function acc.principals() owner to gedang_def;
revoke all on function acc.principals() from public;
grant execute on function acc.principals() to gedang_web, gedang_web_all, gedang_worker;
