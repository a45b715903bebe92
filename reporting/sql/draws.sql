-- Sampling in the database (Semantics, section 7): the population, and what must hold of a plan whatever the code.

-- The first instant of a quarter ("2026Q4"), or of the one so many quarters later, in business time.
create or replace function lib.quarter_begins(quarter text, later int default 0) returns timestamptz
language sql immutable as $$
    select (make_date(left(quarter, 4)::int, right(quarter, 1)::int * 3 - 2, 1) + make_interval(months => later * 3))::timestamp
           at time zone 'Asia/Shanghai'
$$;

-- Subjects with a file accepted by a second officer in the quarter, each once with the newest such revision. The stratum is
-- the branch that owns the home grid. ``barred`` says why a subject is left out, own work before kin, and is empty for the
-- population; kin are those declared for the plan, none before it is written.
create or replace function lib.audit_population(bank bigint, quarter text, branches bigint[], people bigint[], which bigint)
returns table (subject_id bigint, profile_id bigint, grid_id bigint, stratum text, barred text)
language sql stable set search_path = public, pg_temp as $$
    select distinct on (done.subject_id) done.subject_id, done.profile_id, subject.grid_id, grid.branch_id::text,
           case when done.subject_id in (select mine.subject_id from lib.own_work(people) as mine) then 'own_work'
                when done.subject_id in (select near.subject_id from lib.kin(which, people) as near) then 'kin'
                else '' end
    from customers_profilecheck as done
    join customers_profile as profile on profile.id = done.profile_id
    join customers_subject as subject on subject.id = done.subject_id
    join grids_grid as grid on grid.id = subject.grid_id
    join grids_branch as owner on owner.id = grid.branch_id
    where done.institution_id = bank and done.verdict = 'accepted'
      and done.checked_at >= lib.quarter_begins(quarter) and done.checked_at < lib.quarter_begins(quarter, 1)
      and (cardinality(branches) = 0 or exists (
              select 1 from grids_branch as chosen where chosen.id = any (branches) and starts_with(owner.path, chosen.path)))
    order by done.subject_id, profile.number desc
$$;
alter function lib.audit_population(bigint, text, bigint[], bigint[], bigint) owner to gedang_def;
revoke all on function lib.audit_population(bigint, text, bigint[], bigint[], bigint) from public;

-- How many subjects each stratum of a plan would have now, and how many are the named auditors' own work or declared kin. Counts
-- only: the planner's own hidden files are among them, so that the figure does not depend on who looks.
create or replace function acc.audit_figures(quarter text, branches bigint[], people bigint[], which bigint)
returns table (stratum text, units bigint, own bigint, kin bigint)
language sql stable security definer set search_path = public, pg_temp as $$
    select one.stratum, count(*) filter (where one.barred = ''), count(*) filter (where one.barred = 'own_work'),
           count(*) filter (where one.barred = 'kin')
    from lib.audit_population(acc.audits(), quarter, branches, people, which) as one
    group by one.stratum order by one.stratum
$$;
alter function acc.audit_figures(text, bigint[], bigint[], bigint) owner to gedang_def;
revoke all on function acc.audit_figures(text, bigint[], bigint[], bigint) from public;
grant execute on function acc.audit_figures(text, bigint[], bigint[], bigint) to gedang_web_all;

-- Freeze the population of a plan in one statement; returns how many subjects it has and how many were left out as own work and
-- as declared kin; a subject that is both counts as own work.
create or replace function acc.freeze_population(which bigint, out units bigint, out own bigint, out kin bigint)
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    plan reporting_sampleplan;
begin
    select * into plan from reporting_sampleplan where id = which and institution_id = acc.audits() and state = 'planned' for update;
    if not found then
        raise exception 'plan % is not the acting auditor''s to draw', which using errcode = 'insufficient_privilege';
    end if;
    with found as materialized (
        select one.* from lib.audit_population(
            plan.institution_id, plan.quarter,
            array(select jsonb_array_elements_text(plan.branches)::bigint),
            array(select named.staff_id from reporting_sampleauditor as named where named.plan_id = which), which) as one
    ), frozen as (
        insert into reporting_sampleunit (plan_id, subject_id, profile_id, stratum, institution_id, grid_id, recorded_grid_id)
        select which, subject_id, profile_id, stratum, plan.institution_id, grid_id, grid_id from found where barred = ''
        returning 1
    )
    select (select count(*) from frozen), (select count(*) from found where barred = 'own_work'),
           (select count(*) from found where barred = 'kin') into units, own, kin;
end $$;
alter function acc.freeze_population(bigint) owner to gedang_def;
revoke all on function acc.freeze_population(bigint) from public;
grant execute on function acc.freeze_population(bigint) to gedang_web_all;

-- Who a drawn household is, for the auditor who goes there while its people are hidden from him: the name of its head alone.
create or replace function acc.drawn_heads(items bigint[]) returns table (item_id bigint, head text)
language sql stable security definer set search_path = public, pg_temp as $$
    select item.id, head.name
    from reporting_sampleitem as item
    join customers_household as home on home.subject_id = item.subject_id
    join customers_person as head on head.id = home.head_id
    where item.id = any (items) and item.institution_id = acc.audits()
$$;
alter function acc.drawn_heads(bigint[]) owner to gedang_def;
revoke all on function acc.drawn_heads(bigint[]) from public;
grant execute on function acc.drawn_heads(bigint[]) to gedang_web_all;

-- The drawn revision, for the comparison, and only once somebody's own findings are stored. The head is the one the revision
-- names; a person who was erased has no tails to compare with.
create or replace function acc.inspected_file(item bigint)
returns table (document jsonb, collector_id bigint, gross_income numeric, liabilities numeric, id_tail bytea, phone_tail bytea, is_erased boolean)
language sql stable security definer set search_path = public, pg_temp as $$
    select profile.document, profile.collector_id, profile.gross_income, profile.liabilities, head.id_tail, head.phone_tail,
           head.erased_at is not null
    from reporting_sampleitem as drawn
    join reporting_inspection as done on done.item_id = drawn.id
    join customers_profile as profile on profile.id = drawn.profile_id
    left join customers_household as home on home.subject_id = drawn.subject_id
    left join customers_person as head on head.id = coalesce(
        (select (member ->> 'person')::bigint from jsonb_array_elements(profile.document -> 'members') as member
         where member ->> 'relation' = 'head' and member ->> 'person' ~ '^[0-9]{1,18}$' limit 1), home.head_id)
    where drawn.id = item and drawn.institution_id = acc.audits()
$$;
alter function acc.inspected_file(bigint) owner to gedang_def;
revoke all on function acc.inspected_file(bigint) from public;
grant execute on function acc.inspected_file(bigint) to gedang_web_all;

-- A plan moves from planned to drawn to concluded; what was planned never changes, what was drawn neither.
create or replace function lib.keep_plan() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare
    drawn text[] := array['state', 'seed', 'method', 'population_size', 'population_hash', 'excluded', 'sample_size',
                          'acceptance_number', 'drawn_at', 'drawn_by_id'];
begin
    if to_jsonb(new) - drawn <> to_jsonb(old) - drawn then
        raise exception 'a plan is not changed' using errcode = 'restrict_violation';
    end if;
    if old.state = 'planned' and new.state = 'drawn' then
        if new.seed = '' or new.population_size is null or new.drawn_at is null
           or new.population_size <> (select count(*) from reporting_sampleunit as unit where unit.plan_id = new.id)
           or new.sample_size <> (select count(*) from reporting_sampleitem as item where item.plan_id = new.id and not item.is_targeted) then
            raise exception 'a draw stores its seed, its population and every item' using errcode = 'check_violation';
        end if;
        return new;
    end if;
    if to_jsonb(new) - 'state'::text <> to_jsonb(old) - 'state'::text
       or not (old.state = new.state or (old.state = 'drawn' and new.state = 'concluded')) then
        raise exception 'plan % is %', old.number, old.state using errcode = 'restrict_violation';
    end if;
    if new.state = 'concluded' and not exists (select 1 from reporting_conclusion as done where done.plan_id = new.id) then
        raise exception 'a plan is concluded by its conclusion' using errcode = 'check_violation';
    end if;
    return new;
end $$;
alter function lib.keep_plan() owner to gedang_def;

-- Nothing enters a population after its draw.
create or replace function lib.keep_draw() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if exists (select 1 from (select distinct plan_id from added) as fresh
               join reporting_sampleplan as plan on plan.id = fresh.plan_id where plan.state <> 'planned') then
        raise exception 'the plan was drawn: nothing is added to it' using errcode = 'restrict_violation';
    end if;
    return null;
end $$;
alter function lib.keep_draw() owner to gedang_def;

-- Nothing enters a sample after its draw. A targeted household is added to a drawn plan alone, until it is concluded or replaced,
-- by an auditor named for it, in his own name, with a revision a second officer accepted; one that was drawn is in already
-- (subject_drawn_once).
create or replace function lib.keep_item() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if exists (select 1 from (select distinct plan_id from added where not is_targeted) as fresh
               join reporting_sampleplan as plan on plan.id = fresh.plan_id where plan.state <> 'planned') then
        raise exception 'the plan was drawn: nothing is added to its sample' using errcode = 'restrict_violation';
    end if;
    if not exists (select 1 from added where is_targeted) then
        return null;
    end if;
    -- A conclusion reached at the same time waits, or is waited for.
    perform 1 from reporting_sampleplan where id in (select plan_id from added where is_targeted) for share;
    if exists (select 1 from added as item join reporting_sampleplan as plan on plan.id = item.plan_id
               where item.is_targeted and (plan.state <> 'drawn' or item.institution_id <> plan.institution_id or exists (
                   select 1 from reporting_sampleplan as later where later.replaces_id = plan.id and later.state <> 'planned'))) then
        raise exception 'the plan is not open for targeted inspections' using errcode = 'check_violation', constraint = 'plan_is_open';
    end if;
    if exists (select 1 from added as item where item.is_targeted and (
                   item.added_by_id <> coalesce(nullif(current_setting('app.staff', true), '')::bigint, item.added_by_id)
                   or not exists (select 1 from reporting_sampleauditor as named
                                  where named.plan_id = item.plan_id and named.staff_id = item.added_by_id))) then
        raise exception 'targeted households are added by the named auditors'
            using errcode = 'check_violation', constraint = 'targeted_by_named_auditor';
    end if;
    if exists (select 1 from added as item where item.is_targeted and not exists (
                   select 1 from customers_profilecheck as done
                   where done.profile_id = item.profile_id and done.subject_id = item.subject_id
                     and done.institution_id = item.institution_id and done.verdict = 'accepted')) then
        raise exception 'there is no accepted file to compare with' using errcode = 'check_violation', constraint = 'file_was_accepted';
    end if;
    return null;
end $$;
alter function lib.keep_item() owner to gedang_def;

-- The file a targeted inspection of a household compares with, its newest accepted revision; ids alone.
create or replace function acc.file_to_target(subject bigint) returns table (profile_id bigint, grid_id bigint, stratum text)
language sql stable security definer set search_path = public, pg_temp as $$
    select done.profile_id, home.grid_id, grid.branch_id::text
    from customers_profilecheck as done
    join customers_profile as profile on profile.id = done.profile_id
    join customers_subject as home on home.id = done.subject_id
    join grids_grid as grid on grid.id = home.grid_id
    where done.subject_id = subject and done.institution_id = acc.audits() and done.verdict = 'accepted'
    order by profile.number desc limit 1
$$;
alter function acc.file_to_target(bigint) owner to gedang_def;
revoke all on function acc.file_to_target(bigint) from public;
grant execute on function acc.file_to_target(bigint) to gedang_web_all;

-- An inspection is the acting auditor's, who was named for the plan, and neither his own work nor a household he declared as kin.
create or replace function lib.keep_inspection() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare
    drawn reporting_sampleitem;
begin
    -- A declaration of kin made at the same time waits, or is waited for (lib.keep_kin).
    select * into drawn from reporting_sampleitem where id = new.item_id for no key update;
    if new.auditor_id <> coalesce(nullif(current_setting('app.staff', true), '')::bigint, new.auditor_id) then
        raise exception 'an inspection is the acting auditor''s' using errcode = 'check_violation';
    end if;
    if not exists (select 1 from reporting_sampleauditor as named
                   where named.plan_id = drawn.plan_id and named.staff_id = new.auditor_id) then
        raise exception 'the auditor is not named for the plan'
            using errcode = 'check_violation', constraint = 'inspected_by_named_auditor';
    end if;
    if drawn.subject_id in (select mine.subject_id from lib.own_work(array[new.auditor_id]) as mine) then
        raise exception 'nobody inspects his own work' using errcode = 'check_violation', constraint = 'nobody_inspects_own_work';
    end if;
    if drawn.subject_id in (select near.subject_id from lib.kin(drawn.plan_id, array[new.auditor_id]) as near) then
        raise exception 'nobody inspects his kin' using errcode = 'check_violation', constraint = 'nobody_inspects_kin';
    end if;
    if not exists (select 1 from reporting_sampleplan as plan where plan.id = drawn.plan_id and plan.state = 'drawn')
       or exists (select 1 from reporting_sampleplan as later where later.replaces_id = drawn.plan_id and later.state <> 'planned') then
        raise exception 'the plan is not open for inspection' using errcode = 'check_violation', constraint = 'plan_is_open';
    end if;
    return new;
end $$;
alter function lib.keep_inspection() owner to gedang_def;

-- A conclusion stands on every item of the draw, the random part alone, and says what they say.
create or replace function lib.keep_conclusion() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare
    plan reporting_sampleplan;
    inspected bigint;
    wrong bigint;
begin
    select * into plan from reporting_sampleplan where id = new.plan_id;
    select count(result.id), count(result.id) filter (where result.is_deviation) into inspected, wrong
    from reporting_sampleitem as item
    left join reporting_inspection as done on done.item_id = item.id
    left join reporting_inspectionresult as result on result.inspection_id = done.id
    where item.plan_id = new.plan_id and not item.is_targeted;
    if plan.state <> 'drawn' or inspected <> plan.sample_size or new.found <> wrong
       or new.is_accepted <> (wrong <= plan.acceptance_number) then
        raise exception 'the conclusion does not follow from the inspections of plan %', plan.number using errcode = 'check_violation';
    end if;
    return new;
end $$;
alter function lib.keep_conclusion() owner to gedang_def;
