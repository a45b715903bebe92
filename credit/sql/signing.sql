-- What signing rests on, in the database: a decision in force that grants, a borrower of age, two people (credit/models/signing.py).
set local check_function_bodies = off;

-- The grant of a decision that stands now: its last step approves more than 0, nothing newer was computed in its round or on its
-- application, and the household's newest final step is this one. No row where it does not stand.
create or replace function lib.standing_grant(wanted bigint)
returns table (subject_id bigint, round_id bigint, application_id bigint, amount numeric)
language sql stable set search_path = public, pg_temp as $$
    select decision.subject_id, decision.round_id, decision.application_id, last.amount
    from credit_decision as decision,
        lateral (select step.decision_id, step.verb, step.amount from credit_decisionstep as step
                 where step.subject_id = decision.subject_id and step.verb in ('approve', 'refuse', 'withdraw')
                 order by step.taken_at desc, step.id desc limit 1) as last
    where decision.id = wanted and last.decision_id = wanted and last.verb = 'approve' and last.amount > 0
      and not exists (
          select from credit_decision as newer
          where newer.subject_id = decision.subject_id and newer.number > decision.number
            and (newer.round_id = decision.round_id or newer.application_id = decision.application_id))
$$;

create or replace function lib.is_blocked(wanted bigint) returns boolean
language sql stable set search_path = public, pg_temp as $$
    select exists (
        select from customers_listentry as entry left join customers_person as person on person.id = entry.person_id
        where entry.subject_id = wanted and entry.blocks and entry.confirmed_at is not null and entry.released_at is null
          and entry.rejected_at is null and person.left_on is null)
$$;

create or replace function lib.in_own_name(staff bigint) returns void language plpgsql stable set search_path = public, pg_temp as $$
begin
    if staff is distinct from coalesce(nullif(current_setting('app.staff', true), '')::bigint, staff) then
        raise exception 'a step is taken in one''s own name' using errcode = 'check_violation';
    end if;
end $$;

create or replace function lib.keep_signing() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare
    held record;
    born date;
    today date := coalesce(nullif(current_setting('app.today', true), '')::date, current_date);
begin
    perform lib.in_own_name(new.staff_id);
    -- A withdrawal and a signing wait for each other.
    perform 1 from customers_subject where id = new.subject_id for no key update;
    select * into held from lib.standing_grant(new.decision_id);
    if not found or held.subject_id <> new.subject_id then
        raise exception 'signing_not_granted: the decision grants nothing now' using errcode = 'check_violation';
    end if;
    if held.round_id is not null and not exists (
        select from credit_round as round where round.id = held.round_id and round.stage in ('sign', 'closed')) then
        raise exception 'signing_not_begun: the round is not at signing yet' using errcode = 'check_violation';
    end if;
    if lib.is_blocked(new.subject_id) then
        raise exception 'signing_blocked: the household is blocked' using errcode = 'check_violation';
    end if;
    if exists (select from credit_decisionstep as step
               where step.decision_id = new.decision_id and step.verb = 'approve' and step.staff_id = new.staff_id) then
        raise exception 'signing_approver: who approved a line does not sign it' using errcode = 'check_violation';
    end if;
    if exists (select from credit_signing as done where done.decision_id = new.decision_id and done.outcome = 'signed') then
        raise exception 'signing_done: the line is signed already' using errcode = 'check_violation';
    end if;
    if new.mode = 'remote' and not exists (
        select from credit_signing as earlier where earlier.decision_id = new.decision_id and earlier.outcome = 'away') then
        raise exception 'signing_not_away: only who was found away signs from afar' using errcode = 'check_violation';
    end if;
    if new.entry_id is not null and not exists (
        select from credit_callentry as entry join credit_calllist as called on called.id = entry.call_list_id
        where entry.id = new.entry_id and entry.subject_id = new.subject_id and called.caller_id = new.staff_id) then
        raise exception 'signing_entry: the entry is another household''s or another''s' using errcode = 'check_violation';
    end if;
    if new.outcome = 'signed' then
        if new.amount <> held.amount then
            raise exception 'signing_amount: signed is what was granted' using errcode = 'check_violation';
        end if;
        select person.born_on into born
        from customers_household as home join customers_person as person on person.id = home.borrower_id
        where home.subject_id = new.subject_id and person.id = new.borrower_id and person.left_on is null and person.erased_at is null;
        if not found then
            raise exception 'signing_borrower: the household''s one borrower signs' using errcode = 'check_violation';
        end if;
        if born is null or born > today - interval '18 years' then
            raise exception 'signing_age: the borrower is not known to be of age' using errcode = 'check_violation';
        end if;
    end if;
    return new;
end $$;

-- A withdrawal waits for a signing of the same household that is being written.
create or replace function lib.wait_for_signing() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if new.verb = 'withdraw' then
        perform 1 from customers_subject where id = new.subject_id for no key update;
    end if;
    return new;
end $$;

create or replace function lib.keep_card() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
    perform lib.in_own_name(new.staff_id);
    perform 1 from customers_subject where id = new.subject_id for no key update;
    if lib.is_blocked(new.subject_id) or not exists (
        select from credit_signing as signed, lib.standing_grant(signed.decision_id)
        where signed.id = new.signing_id and signed.outcome = 'signed' and signed.subject_id = new.subject_id) then
        raise exception 'a card belongs to a signed line in force' using errcode = 'check_violation';
    end if;
    return new;
end $$;

-- What the members of a household have drawn on its village line by a snapshot in force, in yuan.
create or replace function lib.drawn_by(wanted bigint, in_snapshot bigint) returns numeric
language sql stable set search_path = public, pg_temp as $$
    select coalesce(sum(credit.outstanding), 0)
    from customers_person as person
    join credit_corecredit as credit on credit.person_id = person.id and credit.snapshot_id = in_snapshot
    join credit_coresnapshot as taken on taken.id = in_snapshot and taken.state in ('in_force', 'superseded')
    where person.household_id = wanted and credit.kind = 'own_loan' and credit.is_village_line
$$;

create or replace function lib.keep_drawing() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if new.outstanding <> lib.drawn_by(new.subject_id, new.snapshot_id) or not exists (
        select from credit_signing as signed join credit_coresnapshot as taken on taken.id = new.snapshot_id
        where signed.id = new.signing_id and signed.subject_id = new.subject_id and signed.outcome = 'signed'
          and taken.taken_on >= (signed.taken_at at time zone 'Asia/Shanghai')::date) then
        raise exception 'drawn is what the snapshot tells of a signed line' using errcode = 'check_violation';
    end if;
    return new;
end $$;

create or replace function lib.keep_call_list() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
    perform lib.in_own_name(new.made_by_id);
    if not exists (select from credit_round as round where round.id = new.round_id and round.grid_id = new.grid_id
                   and round.stage in ('sign', 'closed')) then
        raise exception 'signing_not_begun: the round is not at signing yet' using errcode = 'check_violation';
    end if;
    return new;
end $$;

create or replace function lib.keep_call_result() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
    perform lib.in_own_name(new.staff_id);
    if not exists (
        select from credit_callentry as entry join credit_calllist as called on called.id = entry.call_list_id
        where entry.id = new.entry_id and entry.subject_id = new.subject_id and called.caller_id = new.staff_id) then
        raise exception 'who calls writes what came of it' using errcode = 'check_violation';
    end if;
    return new;
end $$;

create or replace function acc.signings_under(releases bigint[]) returns table (release_id bigint, uses bigint)
language sql stable security definer set search_path = public, pg_temp as $$
    select signed.rules_id, count(*)
    from credit_signing as signed
    where signed.rules_id = any (releases) and signed.institution_id = nullif(current_setting('app.institution', true), '')::bigint
    group by signed.rules_id
$$;

do $$
declare
    one text;
begin
    foreach one in array array['keep_signing', 'wait_for_signing', 'keep_card', 'keep_drawing', 'keep_call_list', 'keep_call_result'] loop
        execute format('alter function lib.%I() owner to gedang_def', one);
    end loop;
    foreach one in array array['lib.standing_grant(bigint)', 'lib.is_blocked(bigint)', 'lib.in_own_name(bigint)',
        'lib.drawn_by(bigint, bigint)'] loop
        execute format('revoke all on function %s from public', one);
        execute format('grant execute on function %s to gedang_def, gedang_worker, gedang_web_all', one);
    end loop;
    alter function acc.signings_under(bigint[]) owner to gedang_def;
    revoke all on function acc.signings_under(bigint[]) from public;
    grant execute on function acc.signings_under(bigint[]) to gedang_web, gedang_web_all, gedang_worker;
end $$;
