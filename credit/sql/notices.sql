-- What a notice, an objection and a report keep to, whoever writes them (credit/models/notices.py). None of these is a definer: the
-- role that asks counts, and row security holds in what they look up.

create or replace function lib.me() returns bigint language sql stable set search_path = public, pg_temp as $$
    select nullif(current_setting('app.staff', true), '')::bigint
$$;

create or replace function lib.keep_notice() returns trigger language plpgsql set search_path = public, pg_temp as $$
declare
    held credit_round;
begin
    -- Waits for a round that is moving on, and makes it wait for us.
    select * into held from credit_round where id = new.round_id for share;
    if (held.institution_id, held.grid_id) is distinct from (new.institution_id, new.grid_id) then
        raise exception 'a notice belongs to a round of its village' using errcode = 'restrict_violation';
    end if;
    if tg_op = 'INSERT' then
        if held.stage <> 'notice' or new.confirmed_at is not null or new.dropped_at is not null or new.photo_id is not null then
            raise exception 'this round shows nothing now' using errcode = 'restrict_violation';
        end if;
        if lib.me() is not null and new.prepared_by_id <> lib.me() then
            raise exception 'a notice is prepared in one''s own name' using errcode = 'check_violation';
        end if;
        return new;
    end if;
    if (new.round_id, new.number, new.rules_id, new.place, new.prepared_by_id, new.prepared_at)
        is distinct from (old.round_id, old.number, old.rules_id, old.place, old.prepared_by_id, old.prepared_at)
        or (old.confirmed_at is not null and (new.confirmed_at, new.confirmed_by_id, new.posted_on, new.ends_on, new.dropped_at)
            is distinct from (old.confirmed_at, old.confirmed_by_id, old.posted_on, old.ends_on, old.dropped_at))
        or (old.dropped_at is not null and new is distinct from old)
        or (old.photo_id is not null and new.photo_id is null) then
        raise exception 'a notice stands as it was prepared and posted' using errcode = 'restrict_violation';
    end if;
    if old.confirmed_at is null and new.confirmed_at is not null then
        if held.stage <> 'notice' then
            raise exception 'this round shows nothing now' using errcode = 'restrict_violation';
        end if;
        if lib.me() is not null and new.confirmed_by_id <> lib.me() then
            raise exception 'a notice is confirmed in one''s own name' using errcode = 'check_violation';
        end if;
    end if;
    return new;
end $$;

-- Only who agreed to it is shown, by a decision of this round that grants him something; rows join before a notice is confirmed.
create or replace function lib.keep_notice_rows() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
    if exists (
        select from added
        left join credit_notice as notice on notice.id = added.notice_id and notice.confirmed_at is null and notice.dropped_at is null
        left join credit_decision as decision on decision.id = added.decision_id and decision.round_id = notice.round_id
                                             and decision.subject_id = added.subject_id
        where notice.id is null or decision.id is null) then
        raise exception 'a notice shows decisions of its round' using errcode = 'restrict_violation';
    end if;
    if exists (
        select from added
        where not exists (select from customers_standing_consent as word
                          where word.subject_id = added.subject_id and word.scope = 'publicity' and word.whose_id is null and word.is_given)) then
        raise exception 'only who agreed to it is shown' using errcode = 'check_violation';
    end if;
    return null;
end $$;

create or replace function lib.keep_objection() returns trigger language plpgsql set search_path = public, pg_temp as $$
declare
    notice credit_notice;
begin
    select * into notice from credit_notice where id = new.notice_id for share;
    if tg_op = 'INSERT' then
        if notice.confirmed_at is null or (new.received_at at time zone 'Asia/Shanghai')::date not between notice.posted_on and notice.ends_on then
            raise exception 'objections are taken while the notice hangs' using errcode = 'restrict_violation';
        end if;
        if not exists (select from credit_sheetsubject as listed where listed.round_id = notice.round_id and listed.subject_id = new.subject_id) then
            raise exception 'an objection is about a household of the round' using errcode = 'restrict_violation';
        end if;
        if new.settler_id is not null or (lib.me() is not null and new.received_by_id <> lib.me()) then
            raise exception 'an objection is received in one''s own name' using errcode = 'check_violation';
        end if;
        return new;
    end if;
    if (new.notice_id, new.number, new.subject_id, new.decision_id, new.kind, new.channel, new.received_by_id, new.received_at, new.due_on)
        is distinct from (old.notice_id, old.number, old.subject_id, old.decision_id, old.kind, old.channel, old.received_by_id, old.received_at, old.due_on)
        or (old.settler_id is not null and (new.settler_id, new.taken_at) is distinct from (old.settler_id, old.taken_at))
        or (old.settled_at is not null and (new.outcome, new.answer, new.settled_at) is distinct from (old.outcome, old.answer, old.settled_at)) then
        raise exception 'an objection stands as it was received and settled' using errcode = 'restrict_violation';
    end if;
    if lib.me() is not null and new.settler_id is distinct from lib.me()
        and (new.settler_id, new.outcome, new.settled_at) is distinct from (old.settler_id, old.outcome, old.settled_at) then
        raise exception 'an objection is settled in one''s own name' using errcode = 'check_violation';
    end if;
    return new;
end $$;

-- Every record of who objected has one size, so that length tells nothing (credit/objectors.py).
create or replace function lib.keep_objection_source() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
    if octet_length(new.value) <> 4096 + 29 then
        raise exception 'a record of who objected has exactly one size' using errcode = 'check_violation';
    end if;
    return new;
end $$;

-- The round leaves its notice when every window is over and every objection has its answer.
create or replace function lib.leave_notice() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
    if old.stage <> 'notice' or new.stage = old.stage then
        return new;
    end if;
    if exists (select from credit_notice as notice
               where notice.round_id = new.id and notice.dropped_at is null
                 and (notice.ends_on is null or notice.ends_on >= (new.stage_since at time zone 'Asia/Shanghai')::date)) then
        raise exception 'a notice of this round still hangs' using errcode = 'restrict_violation';
    end if;
    if exists (select from credit_objection as objection join credit_notice as notice on notice.id = objection.notice_id
               where notice.round_id = new.id and objection.settled_at is null) then
        raise exception 'an objection of this round has no answer yet' using errcode = 'restrict_violation';
    end if;
    return new;
end $$;

create or replace function lib.keep_village_report() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
    if not exists (select from credit_round as round where round.id = new.round_id and round.stage in ('decide', 'sign', 'closed')
                   and (round.institution_id, round.grid_id) = (new.institution_id, new.grid_id)) then
        raise exception 'a report belongs to a round that closes' using errcode = 'restrict_violation';
    end if;
    return new;
end $$;

create or replace function acc.notices_under(releases bigint[]) returns table (release_id bigint, uses bigint)
language sql stable security definer set search_path = public, pg_temp as $$
    select notice.rules_id, count(*)
    from credit_notice as notice
    where notice.rules_id = any (releases) and notice.institution_id = nullif(current_setting('app.institution', true), '')::bigint
    group by notice.rules_id
$$;
alter function acc.notices_under(bigint[]) owner to gedang_def;
revoke all on function acc.notices_under(bigint[]) from public;
grant execute on function acc.notices_under(bigint[]) to gedang_web, gedang_web_all, gedang_worker;

create or replace function acc.village_reports_under(releases bigint[]) returns table (release_id bigint, uses bigint)
language sql stable security definer set search_path = public, pg_temp as $$
    select report.rules_id, count(*)
    from credit_villagereport as report
    where report.rules_id = any (releases) and report.institution_id = nullif(current_setting('app.institution', true), '')::bigint
    group by report.rules_id
$$;
alter function acc.village_reports_under(bigint[]) owner to gedang_def;
revoke all on function acc.village_reports_under(bigint[]) from public;
grant execute on function acc.village_reports_under(bigint[]) to gedang_web, gedang_web_all, gedang_worker;
