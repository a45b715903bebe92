-- Who received an application does not turn it down, and one's own step is taken in one's own name.
create or replace function lib.keep_application_step() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare
    me bigint := nullif(current_setting('app.staff', true), '')::bigint;
begin
    if me is not null and new.staff_id <> me then
        raise exception 'a step is taken in one''s own name' using errcode = 'check_violation';
    end if;
    if not exists (select from credit_application as asked where asked.id = new.application_id and asked.subject_id = new.subject_id) then
        raise exception 'a step is about the household of its application' using errcode = 'check_violation';
    end if;
    if new.verb = 'investigate' then
        -- The bounds are computed next: a grant that is being written elsewhere is waited for.
        perform 1 from customers_subject where id = new.subject_id for no key update;
    end if;
    if new.verb = 'turn_down' and exists (
        select from credit_applicationstep as step where step.application_id = new.application_id
        and step.verb in ('receive', 'investigate') and step.staff_id = new.staff_id) then
        raise exception 'who received or investigated an application does not turn it down' using errcode = 'check_violation';
    end if;
    return new;
end $$;
alter function lib.keep_application_step() owner to gedang_def;

-- One line a household: of two decisions that were computed side by side, in a round or on an application, one is granted. The other
-- was computed without knowing of it and has to be computed anew. The household's row makes the two wait for each other.
create or replace function lib.one_line_at_a_time() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if new.verb = 'approve' and new.amount > 0 then
        perform 1 from customers_subject where id = new.subject_id for no key update;
        if exists (
            select from credit_decisionstep as step
            join credit_decision as mine on mine.id = new.decision_id
            where step.subject_id = new.subject_id and step.decision_id <> new.decision_id
              and step.verb = 'approve' and step.amount > 0 and step.taken_at > mine.created_at
              and not exists (select from credit_decisionstep as gone where gone.decision_id = step.decision_id and gone.verb = 'withdraw')) then
            raise exception 'another line was granted meanwhile' using errcode = 'check_violation';
        end if;
    end if;
    return new;
end $$;
alter function lib.one_line_at_a_time() owner to gedang_def;

-- Who proposed a decision, or investigated the application it is about, does not decide it.
create or replace function lib.refuse_own_decision() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if new.verb in ('approve', 'refuse') and (
        exists (
            select 1 from credit_decisionstep as step
            where step.decision_id = new.decision_id and step.verb in ('propose', 'refer') and step.staff_id = new.staff_id)
        or exists (
            select 1 from credit_decision as decision
            join credit_applicationstep as step on step.application_id = decision.application_id and step.verb = 'investigate'
            where decision.id = new.decision_id and step.staff_id = new.staff_id)
        -- The branch's opinion and the approval above it are two people's, whichever computation each was about.
        or exists (
            select 1 from credit_decision as decision
            join credit_decision as other on other.application_id = decision.application_id and other.id <> decision.id
            join credit_decisionstep as step on step.decision_id = other.id and step.verb = 'propose' and step.staff_id = new.staff_id
            where decision.id = new.decision_id)) then
        raise exception 'who proposed a decision does not decide it' using errcode = 'check_violation';
    end if;
    return new;
end $$;
alter function lib.refuse_own_decision() owner to gedang_def;

create or replace function acc.applications_under(releases bigint[]) returns table (release_id bigint, uses bigint)
language sql stable security definer set search_path = public, pg_temp as $$
    select used.id, count(*)
    from credit_application as asked, lateral (values (asked.rules_id), (asked.line_rules_id)) as used (id)
    where used.id = any (releases) and asked.institution_id = nullif(current_setting('app.institution', true), '')::bigint
    group by used.id
$$;
alter function acc.applications_under(bigint[]) owner to gedang_def;
revoke all on function acc.applications_under(bigint[]) from public;
grant execute on function acc.applications_under(bigint[]) to gedang_web, gedang_web_all, gedang_worker;

-- What of credit stands in the way of changing households: an open application is a decision nobody has made.
create or replace function lib.household_ties(subjects bigint[]) returns text[] language sql stable set search_path = public, pg_temp as $$
    select array_remove(array[
        case when exists (
            select from credit_sheetsubject as listed join credit_round as round on round.id = listed.round_id
            where listed.subject_id = any (subjects) and listed.is_assessable and round.stage in ('assess', 'opening')) then 'round' end,
        case when exists (select from credit_application as asked where asked.subject_id = any (subjects) and asked.ended_at is null)
            or exists (
            select from credit_decision as decision join credit_round as round on round.id = decision.round_id and round.stage in ('decide', 'notice', 'sign')
            where decision.subject_id = any (subjects) and decision.outcome in ('merged', 'divergent')
              and not exists (select from credit_decision as newer where newer.round_id = decision.round_id
                                  and newer.subject_id = decision.subject_id and newer.number > decision.number)
              and not exists (select from credit_decisionstep as step where step.decision_id = decision.id
                                  and step.verb in ('approve', 'refuse', 'withdraw'))) then 'decision' end,
        case when exists (
            select from unnest(subjects) as one,
                lateral (select verb, amount from credit_decisionstep as step where step.subject_id = one
                         and step.verb in ('approve', 'refuse', 'withdraw') order by taken_at desc, id desc limit 1) as last
            where last.verb = 'approve' and last.amount > 0) then 'line' end], null)
$$;

-- An application comes in by a way its released rules know, asks for no more than the cap frozen for that way, and that cap is never
-- above the released one.
create or replace function lib.keep_application() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare
    released numeric;
    held numeric := (new.settings #>> '{line,product_cap}')::numeric;
begin
    select (way.row ->> 'product_cap')::numeric into released
    from lib_release as rules cross join lateral jsonb_array_elements(rules.document -> 'modes') as way (row)
    where rules.id = new.rules_id and rules.institution_id = new.institution_id and rules.kind = 'application_rules'
      and way.row ->> 'code' = new.mode;
    if released is null then
        raise exception 'an application comes in by a released way' using errcode = 'check_violation';
    end if;
    if held is null or held > released or new.amount > held then
        raise exception 'nobody asks for more than the cap of his way in' using errcode = 'check_violation';
    end if;
    return new;
end $$;
alter function lib.keep_application() owner to gedang_def;

-- The bounds of an application are computed with the caps frozen in it.
create or replace function lib.keep_application_decision() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare
    line jsonb;
begin
    if new.application_id is null then return new; end if;
    select asked.settings -> 'line' into line from credit_application as asked
    where asked.id = new.application_id and asked.subject_id = new.subject_id;
    if line is null then
        raise exception 'a decision is about the household of its application' using errcode = 'check_violation';
    end if;
    if new.product_cap <> (line ->> 'product_cap')::numeric
       or new.outcome = 'proposed' and (new.combined_room is null) <> (line ->> 'combined_cap' is null)
       or new.combined_room > (line ->> 'combined_cap')::numeric then
        raise exception 'the caps of a decision are those of its application' using errcode = 'check_violation';
    end if;
    return new;
end $$;
alter function lib.keep_application_decision() owner to gedang_def;

-- Nobody is lent more than he asked for; so no line of an application ever lies above the cap of its way in.
create or replace function lib.keep_within_asked() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if new.amount > (select asked.amount from credit_decision as decision join credit_application as asked on asked.id = decision.application_id
                     where decision.id = new.decision_id) then
        raise exception 'nobody is lent more than he asked for' using errcode = 'check_violation';
    end if;
    return new;
end $$;
alter function lib.keep_within_asked() owner to gedang_def;
