-- What the stages of a round allow, whoever asks: rounds only move forward, a sealed sheet is never opened again by anybody
-- but the opener, and opening happens once (Design, 5a). The functions are the triggers ``by_stage`` of the round's tables.

create or replace function lib.opening_is_asked(wanted bigint) returns boolean
language sql stable security definer set search_path = public, pg_temp as $$
    select exists (select from credit_openingrequest
                   where round_id = wanted and cancelled_at is null and seconded_by_id is not null)
$$;
alter function lib.opening_is_asked(bigint) owner to gedang_def;

create or replace function lib.opening_happened(wanted bigint) returns boolean
language sql stable security definer set search_path = public, pg_temp as $$
    select exists (select from credit_openingevent where round_id = wanted)
$$;
alter function lib.opening_happened(bigint) owner to gedang_def;

-- Room for the photos of a paper sheet: the note in their place, every printed page, two to spare (credit/pages.py).
create or replace function lib.pages_of(wanted bigint) returns bigint
language sql stable security definer set search_path = public, pg_temp as $$
    select 3 + (count(*) + 11) / 12 from credit_sheetsubject where round_id = wanted and is_assessable
$$;
alter function lib.pages_of(bigint) owner to gedang_def;

-- Not a definer: the role that asks counts.
create or replace function lib.keep_round() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
    if new.parent_id is not null and not exists (
        select from credit_round as parent where parent.id = new.parent_id and parent.parent_id is null
        and (parent.institution_id, parent.grid_id) = (new.institution_id, new.grid_id)) then
        raise exception 'a supplement belongs to a round of its village' using errcode = 'restrict_violation';
    end if;
    if tg_op = 'INSERT' then
        -- A supplement begins with its list: whom it is about was settled by the round it belongs to.
        if current_user in ('gedang_web', 'gedang_web_all')
            and new.stage <> (case when new.parent_id is null then 'prepare' else 'list' end) then
            raise exception 'a round does not begin with %', new.stage using errcode = 'restrict_violation';
        end if;
        return new;
    end if;
    if (new.institution_id, new.grid_id, new.parent_id) is distinct from (old.institution_id, old.grid_id, old.parent_id) then
        raise exception 'a round stays in its village' using errcode = 'restrict_violation';
    end if;
    if old.stage <> 'prepare' and (new.settings, new.rules_id, new.provenance) is distinct from (old.settings, old.rules_id, old.provenance) then
        raise exception 'the settings of a round are frozen with its roster' using errcode = 'restrict_violation';
    end if;
    if old.stage not in ('prepare', 'list') then
        if new.started_at is distinct from old.started_at then
            raise exception 'a round has started once' using errcode = 'restrict_violation';
        end if;
        if new.due_on < old.due_on then
            raise exception 'the due date of a running round is only moved on' using errcode = 'restrict_violation';
        end if;
    end if;
    if new.stage = old.stage then
        return new;
    end if;
    if (old.stage, new.stage) in (
        ('prepare', 'list'), ('list', 'assess'), ('decide', 'notice'), ('decide', 'sign'), ('notice', 'sign'),
        ('prepare', 'closed'), ('list', 'closed'), ('decide', 'closed'), ('sign', 'closed')) then
        return new;
    end if;
    if old.stage = 'assess' and new.stage = 'opening' and lib.opening_is_asked(new.id) then
        return new;
    end if;
    if current_user in ('gedang_opener', 'gedang_owner') and old.stage = 'opening' and (
        (new.stage = 'decide' and lib.opening_happened(new.id)) or (new.stage = 'assess' and not lib.opening_happened(new.id))
    ) then
        return new;
    end if;
    raise exception 'a round does not go from % to %', old.stage, new.stage using errcode = 'restrict_violation';
end $$;

-- Whether a person has no part in a round or in another supplement of it, and no post that shows him opinions. Assessors on
-- paper are known by name alone.
create or replace function lib.has_seen_nothing(supplement bigint, above bigint, person bigint, called text) returns boolean
language sql stable security definer set search_path = public, pg_temp as $$
    select not exists (
        select from credit_sheet as sheet join credit_round as round on round.id = sheet.round_id
        where (round.id = above or round.parent_id = above) and round.id <> supplement
          and (person in (sheet.assessor_id, sheet.typist_id, sheet.confirmer_id) or sheet.assessor_name = called))
    and not exists (select from grids_staff as staff where staff.id = person and staff.kind <> 'outside')
    and not exists (select from grids_post as post where post.staff_id = person and post.kind <> 'assessor'
                                                     and (post.to_on is null or post.to_on > acc.today()))
$$;
alter function lib.has_seen_nothing(bigint, bigint, bigint, text) owner to gedang_def;

create or replace function lib.keep_sheet() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare
    held credit_round;
begin
    if tg_op = 'INSERT' or new.state <> old.state then
        -- Waits for an opening under way, and makes an opening wait for us.
        select * into held from credit_round where id = new.round_id for share;
    else
        select * into held from credit_round where id = new.round_id;
    end if;
    if held.parent_id is not null
        and (tg_op = 'INSERT' or (new.assessor_id, new.assessor_name) is distinct from (old.assessor_id, old.assessor_name))
        and not lib.has_seen_nothing(held.id, held.parent_id, new.assessor_id, new.assessor_name) then
        raise exception 'a supplement is assessed by people who have seen nothing' using errcode = 'restrict_violation';
    end if;
    if tg_op = 'INSERT' then
        if held.stage not in ('prepare', 'list', 'assess') or new.state <> 'open' or new.sealed_on is not null
            or (new.institution_id, new.grid_id) is distinct from (held.institution_id, held.grid_id) then
            raise exception 'no sheet is added to this round' using errcode = 'restrict_violation';
        end if;
        return new;
    end if;
    if held.stage not in ('prepare', 'list') and (new.mode, new.assessor_id, new.assessor_name, new.typist_id, new.confirmer_id)
        is distinct from (old.mode, old.assessor_id, old.assessor_name, old.typist_id, old.confirmer_id) then
        raise exception 'the people of a sheet are fixed when the round starts' using errcode = 'restrict_violation';
    end if;
    if new.state = old.state then
        if new.sealed_on is distinct from old.sealed_on then
            raise exception 'the seal of a sheet is not touched' using errcode = 'restrict_violation';
        end if;
        return new;
    end if;
    if not (
        (held.stage = 'assess' and old.mode = 'paper' and (old.state, new.state) in (('open', 'typed'), ('typed', 'open')))
        or (held.stage = 'assess' and new.state = 'sealed' and old.state = case old.mode when 'own' then 'open' else 'typed' end
            and exists (select from credit_sealedsheet where sheet_id = new.id))
        or (held.stage in ('prepare', 'list', 'assess') and new.state = 'withdrawn' and old.state in ('open', 'typed', 'sealed'))
        or (held.stage in ('assess', 'opening') and new.state = 'excused' and old.state in ('open', 'typed'))
    ) then
        raise exception 'a sheet does not go from % to %', old.state, new.state using errcode = 'restrict_violation';
    end if;
    -- Whoever may not see the photos must not learn from a refusal that there are none.
    if new.state = 'typed' and new.typist_id is distinct from nullif(current_setting('app.staff', true), '')::bigint then
        raise exception 'a typed sheet is handed on by its typist' using errcode = 'restrict_violation';
    end if;
    if new.state = 'typed' and not exists (select from credit_draftpage where sheet_id = new.id) then
        raise exception 'a typed sheet is handed on with its photo, or with the reason why there is none'
            using errcode = 'restrict_violation';
    end if;
    if new.state in ('sealed', 'withdrawn', 'excused') then
        delete from credit_draftcell where sheet_id = new.id;
        delete from credit_draftpage where sheet_id = new.id;
    end if;
    return new;
end $$;
alter function lib.keep_sheet() owner to gedang_def;

create or replace function lib.keep_cell() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare
    stage text;
    state text;
begin
    select round.stage, sheet.state into stage, state
    from credit_sheet as sheet join credit_round as round on round.id = sheet.round_id where sheet.id = new.sheet_id;
    if octet_length(new.value) <> 256 or state <> 'open'
        or (tg_op = 'INSERT' and (stage not in ('list', 'assess') or new.version <> 0))
        or (tg_op = 'UPDATE' and (stage <> 'assess' or new.version <> old.version + 1)) then
        raise exception 'this sheet is not being written' using errcode = 'restrict_violation';
    end if;
    return new;
end $$;
alter function lib.keep_cell() owner to gedang_def;

-- Pages are added by whoever types; each has one size, so that length tells nothing.
create or replace function lib.keep_page() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare
    stage text;
    sheet credit_sheet;
begin
    select * into sheet from credit_sheet where id = new.sheet_id;
    select round.stage into stage from credit_round as round where round.id = sheet.round_id;
    if tg_op <> 'INSERT' or octet_length(new.value) <> 131072 + 29 or stage <> 'assess'
        or sheet.mode <> 'paper' or sheet.state <> 'open'
        or new.place not between 0 and lib.pages_of(sheet.round_id) - 1 then
        raise exception 'this sheet takes no such page' using errcode = 'restrict_violation';
    end if;
    return new;
end $$;
alter function lib.keep_page() owner to gedang_def;

create or replace function lib.keep_sealed() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare
    held credit_round;
    sheet credit_sheet;
    households bigint;
begin
    select round.* into held from credit_round as round
    where round.id = (select round_id from credit_sheet where id = new.sheet_id) for share;
    select * into sheet from credit_sheet where id = new.sheet_id;
    select count(*) into households from credit_sheetsubject where round_id = held.id and is_assessable;
    if held.stage <> 'assess' or sheet.state <> (case sheet.mode when 'own' then 'open' else 'typed' end) then
        raise exception 'this sheet cannot be sealed now' using errcode = 'restrict_violation';
    end if;
    -- One cell for the head and one a household, the encapsulated key (32) and the tag (16): length tells nothing.
    if octet_length(new.blob) <> 256 * (households + 1) + 48 then
        raise exception 'a sealed sheet has exactly one size' using errcode = 'restrict_violation';
    end if;
    -- A paper sheet carries one container for its photos, as large whatever is in it; any other sheet none.
    if octet_length(new.pages) is distinct from
        (case sheet.mode when 'paper' then 131072 * lib.pages_of(held.id) + 48 end) then
        raise exception 'the pages of a sealed sheet have exactly one size' using errcode = 'restrict_violation';
    end if;
    return new;
end $$;
alter function lib.keep_sealed() owner to gedang_def;

-- Each of the two signs for himself.
create or replace function lib.keep_opening_request() returns trigger language plpgsql set search_path = public, pg_temp as $$
declare
    me bigint := nullif(current_setting('app.staff', true), '')::bigint;
begin
    if current_user not in ('gedang_web', 'gedang_web_all') then
        return new;
    end if;
    if tg_op = 'INSERT' and (new.asked_by_id is distinct from me or new.seconded_by_id is not null) then
        raise exception 'opening is asked for in one''s own name' using errcode = 'check_violation';
    end if;
    if tg_op = 'UPDATE' and old.seconded_by_id is not null and new is distinct from old then
        raise exception 'a seconded request stands' using errcode = 'restrict_violation';
    end if;
    if tg_op = 'UPDATE' and new.seconded_by_id is not null and new.seconded_by_id is distinct from me then
        raise exception 'opening is seconded in one''s own name' using errcode = 'check_violation';
    end if;
    return new;
end $$;

-- Hold the round of a sheet in hand against an opening until the transaction ends; returns its stage.
create or replace function acc.hold_round(wanted uuid) returns text
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    held text;
begin
    select round.stage into held from credit_round as round
    where round.id = (select sheet.round_id from credit_sheet as sheet
                      where sheet.uuid = wanted
                        and nullif(current_setting('app.staff', true), '')::bigint
                            in (sheet.assessor_id, sheet.typist_id, sheet.confirmer_id))
    for share;
    return held;
end $$;
alter function acc.hold_round(uuid) owner to gedang_def;
revoke all on function acc.hold_round(uuid) from public;
grant execute on function acc.hold_round(uuid) to gedang_web;

-- The one opening of a round: locks it, excuses the sheets that were not handed in, writes the event with the hash of every
-- sealed sheet, and only then gives out the sealed contents that count. A second call fails on the event.
create or replace function acc.open_round(wanted bigint, at timestamptz)
returns table (sheet_id bigint, sheet_uuid uuid, sheet_number smallint, blob bytea, wrapped_key bytea, opener_key bytea)
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    held credit_round;
begin
    select * into held from credit_round where id = wanted for update;
    if held.stage is distinct from 'opening' or not lib.opening_is_asked(wanted) then
        raise exception 'the opening of round % was not asked for by two people', wanted using errcode = 'restrict_violation';
    end if;
    if held.due_on >= (at at time zone 'Asia/Shanghai')::date
        and exists (select from credit_sheet as sheet where sheet.round_id = wanted and sheet.state in ('open', 'typed')) then
        raise exception 'round % is not due and not every sheet is sealed', wanted using errcode = 'restrict_violation';
    end if;
    update credit_sheet as sheet set state = 'excused', ended_on = (at at time zone 'Asia/Shanghai')::date
    where sheet.round_id = wanted and sheet.state in ('open', 'typed');
    insert into credit_openingevent (institution_id, grid_id, round_id, sheets, opened_at)
    select held.institution_id, held.grid_id, wanted,
           coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
               'sheet', sheet.uuid, 'number', sheet.number, 'state', sheet.state,
               'sha256', encode(sha256(sealed.blob), 'hex'), 'pages', encode(sha256(sealed.pages), 'hex'))) order by sheet.number), '[]'), at
    from credit_sheet as sheet join credit_sealedsheet as sealed on sealed.sheet_id = sheet.id
    where sheet.round_id = wanted;
    return query
    select sheet.id, sheet.uuid, sheet.number, sealed.blob, key.wrapped_key, opener.public_key
    from credit_sheet as sheet
    join credit_sealedsheet as sealed on sealed.sheet_id = sheet.id
    join credit_roundkey as key on key.round_id = wanted
    join credit_openerkey as opener on opener.id = key.opener_key_id
    where sheet.round_id = wanted and sheet.state = 'sealed'
    order by sheet.number;
end $$;
alter function acc.open_round(bigint, timestamptz) owner to gedang_def;
revoke all on function acc.open_round(bigint, timestamptz) from public;
grant execute on function acc.open_round(bigint, timestamptz) to gedang_opener;

-- The photos of a sealed paper sheet, for the opening under way: its event is written, its stage not yet moved on. One sheet
-- at a time, since those of a whole round may take a hundred megabytes.
create or replace function acc.open_pages(wanted bigint) returns bytea
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    content bytea;
begin
    select sealed.pages into content
    from credit_sealedsheet as sealed
    join credit_sheet as sheet on sheet.id = sealed.sheet_id and sheet.state = 'sealed'
    join credit_round as round on round.id = sheet.round_id and round.stage = 'opening'
    where sheet.id = wanted and lib.opening_happened(round.id);
    if not found then
        raise exception 'no opening of sheet % is under way', wanted using errcode = 'restrict_violation';
    end if;
    return content;
end $$;
alter function acc.open_pages(bigint) owner to gedang_def;
revoke all on function acc.open_pages(bigint) from public;
grant execute on function acc.open_pages(bigint) to gedang_opener;

-- The sealed content of a counted sheet once its round is opened, for the export an auditor checks: ciphertext as it was, of no use
-- without the key of the round. Nothing before the opening, and never a withdrawn sheet.
create or replace function acc.opened_blob(wanted bigint) returns bytea
language sql stable security definer set search_path = public, pg_temp as $$
    select sealed.blob
    from credit_sealedsheet as sealed
    join credit_sheet as sheet on sheet.id = sealed.sheet_id and sheet.state = 'sealed'
    where sheet.id = wanted and lib.opening_happened(sheet.round_id)
$$;
alter function acc.opened_blob(bigint) owner to gedang_def;
revoke all on function acc.opened_blob(bigint) from public;
grant execute on function acc.opened_blob(bigint) to gedang_web, gedang_web_all;
