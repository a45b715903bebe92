-- Who keeps the snapshots of the core system: an approver of the whole bank, now. A file tells of every branch.
create or replace function acc.keeps_snapshots() returns boolean
language sql stable security definer set search_path = public, pg_temp as $$
    select exists (
        select from grids_post as post
        join grids_staff as staff on staff.id = post.staff_id and staff.is_active
        where post.id = nullif(current_setting('app.post', true), '')::bigint
          and post.staff_id = nullif(current_setting('app.staff', true), '')::bigint
          and post.kind = 'approver' and post.branch_id is null
          and post.from_on <= acc.today() and (post.to_on is null or post.to_on > acc.today()))
$$;
alter function acc.keeps_snapshots() owner to gedang_def;
revoke all on function acc.keeps_snapshots() from public;
grant execute on function acc.keeps_snapshots() to gedang_web, gedang_web_all, gedang_worker;

-- What the members of households owe and guarantee by one snapshot, summed by what it counts as. For the runs that compute decisions
-- of a round, which read no person: members now, in one look however many households.
create or replace function acc.core_debts(snapshot bigint, households bigint[])
returns table (subject_id bigint, kind text, is_village_line boolean, outstanding numeric, undrawn numeric)
language sql stable security definer set search_path = public, pg_temp as $$
    select member.household_id, credit.kind::text, credit.is_village_line, sum(credit.outstanding), sum(credit.undrawn)
    from customers_person as member
    join credit_corecredit as credit on credit.person_id = member.id and credit.snapshot_id = snapshot
    where member.household_id = any (households) and member.left_on is null and member.erased_at is null
    group by member.household_id, credit.kind, credit.is_village_line
    order by member.household_id, credit.kind, credit.is_village_line
$$;
alter function acc.core_debts(bigint, bigint[]) owner to gedang_def;
revoke all on function acc.core_debts(bigint, bigint[]) from public;
grant execute on function acc.core_debts(bigint, bigint[]) to gedang_worker, gedang_opener;

-- A snapshot begins with who uploads it, is checked by a worker, and is settled once under one's own name: confirmed by another, who
-- keeps snapshots, or refused by him, or taken back by who uploaded it. Confirming moves the pointer: what was in force is superseded
-- in the same statement. A day never gives way to an earlier one. What was uploaded and what was found in it stands.
create or replace function lib.keep_core_snapshot() returns trigger language plpgsql as $$
declare
    me bigint := nullif(current_setting('app.staff', true), '')::bigint;
    latest date;
begin
    if tg_op = 'UPDATE' and new.state = 'in_force' and old.state <> 'in_force' then
        select max(taken_on) into latest from credit_coresnapshot where institution_id = new.institution_id and state = 'in_force';
        if new.taken_on < latest then
            raise exception 'a snapshot never gives way to an earlier day' using errcode = 'restrict_violation';
        end if;
        update credit_coresnapshot set state = 'superseded' where institution_id = new.institution_id and state = 'in_force';
    end if;
    if current_user = 'gedang_owner' then return new; end if;
    if tg_op = 'INSERT' then
        if new.state <> 'checking' or new.uploaded_by_id is distinct from me or new.summary <> '{}' or new.settled_from_console
           or num_nonnulls(new.settled_by_id, new.settled_at, new.compared_id, new.limits_id, new.run_id) > 0 then
            raise exception 'a snapshot begins with who uploads it' using errcode = 'restrict_violation';
        end if;
        return new;
    end if;
    if (new.institution_id, new.taken_on, new.file_id, new.file_sha256, new.correction, new.uploaded_by_id, new.uploaded_at,
        new.settled_from_console)
       is distinct from (old.institution_id, old.taken_on, old.file_id, old.file_sha256, old.correction, old.uploaded_by_id,
                         old.uploaded_at, old.settled_from_console) then
        raise exception 'what was uploaded stands' using errcode = 'restrict_violation';
    end if;
    if old.state = 'checking' then
        if current_user = 'gedang_worker' then
            if new.state not in ('checking', 'broken', 'failed', 'waiting', 'withdrawn')
               or num_nonnulls(new.settled_by_id, new.settled_at) > 0 then
                raise exception 'a worker says what is in the file' using errcode = 'restrict_violation';
            end if;
        elsif new.state <> 'checking' or old.run_id is not null or (new.summary, new.settled_by_id, new.settled_at, new.answer)
              is distinct from (old.summary, old.settled_by_id, old.settled_at, old.answer) then
            raise exception 'a worker says what is in the file' using errcode = 'restrict_violation';
        end if;
        return new;
    end if;
    if (new.summary, new.compared_id, new.limits_id, new.run_id)
       is distinct from (old.summary, old.compared_id, old.limits_id, old.run_id) then
        raise exception 'what was found stands' using errcode = 'restrict_violation';
    end if;
    if old.state = 'waiting' then
        if new.settled_by_id is distinct from me or me is null or new.settled_at is null or not (case new.state
               when 'in_force' then new.settled_by_id <> new.uploaded_by_id and acc.keeps_snapshots()
               when 'rejected' then new.settled_by_id <> new.uploaded_by_id and new.answer <> '' and acc.keeps_snapshots()
               when 'withdrawn' then new.settled_by_id = new.uploaded_by_id
               else false end) then
            raise exception 'a snapshot is settled once, by another, under one''s own name' using errcode = 'restrict_violation';
        end if;
    elsif old.state <> 'in_force' or new.state <> 'superseded' or pg_trigger_depth() < 2
          or (new.settled_by_id, new.settled_at, new.answer) is distinct from (old.settled_by_id, old.settled_at, old.answer) then
        raise exception 'a settled snapshot stands' using errcode = 'restrict_violation';
    end if;
    return new;
end $$;

create or replace function acc.snapshots_under(releases bigint[]) returns table (release_id bigint, uses bigint)
language sql stable security definer set search_path = public, pg_temp as $$
    select snapshot.limits_id, count(*)
    from credit_coresnapshot as snapshot
    where snapshot.limits_id = any (releases)
      and snapshot.institution_id = nullif(current_setting('app.institution', true), '')::bigint
    group by snapshot.limits_id
$$;
alter function acc.snapshots_under(bigint[]) owner to gedang_def;
revoke all on function acc.snapshots_under(bigint[]) from public;
grant execute on function acc.snapshots_under(bigint[]) to gedang_web, gedang_web_all, gedang_worker;
