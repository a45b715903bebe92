-- What a grid may be home to (Semantics, section 1). A village or community holds whoever lives or works in it; a market or street
-- holds businesses alone, an institution or enterprise grid units alone; a feature grid shows and holds nobody.
create or replace function lib.holds(grid_kind text, subject_kind text) returns boolean language sql immutable as $$
    select case
        when grid_kind in ('village', 'community') then true
        when grid_kind in ('market', 'street') then subject_kind = 'business'
        when grid_kind in ('institution', 'enterprise') then subject_kind = 'unit'
        else false
    end
$$;

-- By statement, not by row: a roster of a million households is looked at batch by batch.
create or replace function lib.keep_home_grid() returns trigger language plpgsql as $$
begin
    if exists (
        select from (select distinct grid_id, kind from added) as home join grids_grid as grid on grid.id = home.grid_id
        where not lib.holds(grid.kind, home.kind)
    ) then
        raise exception 'the home grid does not hold subjects of this kind' using errcode = 'check_violation';
    end if;
    return null;
end $$;

-- A feature membership names a feature grid of the same institution.
create or replace function lib.keep_feature() returns trigger language plpgsql as $$
begin
    if not exists (select from grids_grid as grid where grid.id = new.feature_id and grid.kind = 'feature'
                                                    and grid.institution_id = new.institution_id) then
        raise exception 'this is no feature grid' using errcode = 'check_violation';
    end if;
    return new;
end $$;

-- Whether a credit code is filed with an active subject of the institution, be it where the acting person sees nothing: that it is
-- taken is all he learns.
create or replace function acc.uscc_filed(institution bigint, code text, leaving_out bigint) returns boolean
language sql stable security definer set search_path = public, pg_temp as $$
    select exists (select from customers_subject where institution_id = institution and uscc = code and left_on is null
                                                   and id is distinct from leaving_out)
$$;
alter function acc.uscc_filed(bigint, text, bigint) owner to gedang_def;
revoke all on function acc.uscc_filed(bigint, text, bigint) from public;
grant execute on function acc.uscc_filed(bigint, text, bigint) to gedang_web, gedang_web_all, gedang_worker;

-- The member of a filed household with this ID number, to whom a business is tied; his id alone, the row stays under row security.
create or replace function acc.member_with(institution bigint, indexes bytea[]) returns bigint
language sql stable security definer set search_path = public, pg_temp as $$
    select id from customers_person where institution_id = institution and id_index = any(indexes) and erased_at is null limit 1
$$;
alter function acc.member_with(bigint, bytea[]) owner to gedang_def;
revoke all on function acc.member_with(bigint, bytea[]) from public;
grant execute on function acc.member_with(bigint, bytea[]) to gedang_web, gedang_web_all, gedang_worker;

-- Erases who answers for a business or unit: his key dies, his name and its tokens go, also in history (PIPL 47).
create or replace function acc.erase_principal(subject bigint, reason text) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    update customers_principal set name = '', data_key = null, id_number = null, id_index = null, id_tail = null, phone = null,
           phone_index = null, phone_tail = null, erased_at = now() where subject_id = subject;
    if not found then raise exception 'subject % has nobody to erase', subject; end if;
    delete from customers_subjecttoken where subject_id = subject and of_person;
    update lib_history set old = old || '{"name": "", "data_key": null, "id_index": null, "id_tail": null, "phone_index": null, "phone_tail": null}'
     where table_name = 'customers_principal' and row_id = subject::text;
    insert into lib_auditevent (institution_id, staff_id, verb, about, about_id, detail, request)
    select institution_id, nullif(current_setting('app.staff', true), '')::bigint, 'erase', 'principal', subject::text,
           jsonb_build_object('reason', reason), coalesce(current_setting('app.request', true), '')
    from customers_principal where subject_id = subject;
end $$;
alter function acc.erase_principal(bigint, text) owner to gedang_def;
revoke all on function acc.erase_principal(bigint, text) from public;
grant execute on function acc.erase_principal(bigint, text) to gedang_worker;

-- Who is erased as a member of a household is erased as who answers for his businesses, too.
create or replace function lib.erase_with_person() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if new.erased_at is not null and old.erased_at is null then
        perform acc.erase_principal(principal.subject_id, 'erased as a member of a household')
        from customers_principal as principal where principal.person_id = new.id and principal.erased_at is null;
    end if;
    return null;
end $$;
alter function lib.erase_with_person() owner to gedang_def;
