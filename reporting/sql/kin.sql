-- Kin of the named auditors (Semantics, section 7): declared by themselves, left out of the population, never theirs to inspect.

-- The households some auditors declared for a plan and did not take back.
create or replace function lib.kin(which bigint, people bigint[]) returns table (subject_id bigint)
language sql stable set search_path = public, pg_temp as $$
    select declared.subject_id from reporting_kindeclaration as declared
    where declared.plan_id = which and declared.auditor_id = any (people) and declared.withdrawn_at is null
$$;
alter function lib.kin(bigint, bigint[]) owner to gedang_def;
revoke all on function lib.kin(bigint, bigint[]) from public;

-- How many households each auditor declared for a plan, before its draw and after; who they are is his own to read.
create or replace function acc.declared_kin(which bigint) returns table (staff_id bigint, before bigint, late bigint)
language sql stable security definer set search_path = public, pg_temp as $$
    select declared.auditor_id, count(*) filter (where not declared.is_late), count(*) filter (where declared.is_late)
    from reporting_kindeclaration as declared
    join reporting_sampleplan as plan on plan.id = declared.plan_id
    where plan.id = which and plan.institution_id = acc.audits() and declared.withdrawn_at is null
    group by declared.auditor_id
$$;
alter function acc.declared_kin(bigint) owner to gedang_def;
revoke all on function acc.declared_kin(bigint) from public;
grant execute on function acc.declared_kin(bigint) to gedang_web_all;

-- A declaration is the acting auditor's about himself, for a plan he is named for. Until the draw it can be taken back and is
-- otherwise never changed. Afterwards only a household to inspect can be declared, before anybody inspected it.
create or replace function lib.keep_kin() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare
    plan reporting_sampleplan;
    acting bigint := nullif(current_setting('app.staff', true), '')::bigint;
    drawn bigint;
begin
    -- A draw or a conclusion reached at the same time waits, or is waited for.
    select * into plan from reporting_sampleplan where id = new.plan_id for share;
    if new.auditor_id <> coalesce(acting, new.auditor_id) or (acting is not null and acc.audits() is distinct from plan.institution_id) then
        raise exception 'an auditor declares his own kin' using errcode = 'check_violation', constraint = 'own_kin';
    end if;
    if tg_op = 'UPDATE' then
        if to_jsonb(new) - 'withdrawn_at'::text <> to_jsonb(old) - 'withdrawn_at'::text
           or old.withdrawn_at is not null or plan.state <> 'planned' then
            raise exception 'a declaration of kin is not changed' using errcode = 'check_violation', constraint = 'kin_is_kept';
        end if;
        return new;
    end if;
    new.is_late := plan.state <> 'planned';
    if new.withdrawn_at is not null
       or not exists (select 1 from reporting_sampleauditor as named where named.plan_id = plan.id and named.staff_id = new.auditor_id)
       or not exists (select 1 from customers_subject as home
                      where home.id = new.subject_id and home.institution_id = plan.institution_id) then
        raise exception 'kin are declared by the named auditors, among the households of the bank'
            using errcode = 'check_violation', constraint = 'kin_by_named_auditor';
    end if;
    if new.is_late then
        select id into drawn from reporting_sampleitem where plan_id = plan.id and subject_id = new.subject_id for no key update;
        if drawn is null or plan.state <> 'drawn'
           or exists (select 1 from reporting_inspection as done where done.item_id = drawn)
           or exists (select 1 from reporting_sampleplan as later where later.replaces_id = plan.id and later.state <> 'planned') then
            raise exception 'after the draw kin are declared of a household to inspect'
                using errcode = 'check_violation', constraint = 'kin_to_inspect';
        end if;
    end if;
    return new;
end $$;
alter function lib.keep_kin() owner to gedang_def;
