-- The life of households (Semantics, sections 1 and 8). Definer, because a household moves to where the acting person may see
-- nothing: every function here proves the acting post itself, and changes what one confirmed row says and nothing else.
-- A refusal is raised as 'life:<code>' for the page to say in words.

-- What of other apps stands in the way of a change of households, and of a village; credit replaces both once it knows rounds.
do $outer$
begin
    if to_regprocedure('lib.household_ties(bigint[])') is null then
        create function lib.household_ties(subjects bigint[]) returns text[] language sql stable as $$ select '{}'::text[] $$;
        create function lib.grid_tie(grid bigint) returns text language sql stable as $$ select ''::text $$;
    end if;
end $outer$;

create or replace function lib.refuse_life(code text) returns void language plpgsql as $$
begin
    raise exception 'life:%', code using errcode = 'restrict_violation';
end $$;

-- Tables whose rows belong to a subject and are routed by grid_id, with the column that leads there, from the catalogue:
-- a table added later is routed without a word here.
create or replace function lib.routed_tables() returns table (name text, way text)
language sql stable set search_path = public, pg_temp as $$
    select class.relname::text,
           case when class.relname = 'customers_subject' then 'id'
                else (select col from unnest(array['subject_id', 'household_id', 'person_id']) with ordinality as wanted (col, rank)
                      where exists (select from pg_attribute as held where held.attrelid = class.oid and held.attname = wanted.col
                                                                     and not held.attisdropped)
                      order by rank limit 1) end
    from pg_class as class
    join pg_attribute as routing on routing.attrelid = class.oid and routing.attname = 'grid_id' and not routing.attisdropped
    where class.relnamespace = 'public'::regnamespace and class.relkind in ('r', 'p') and not class.relispartition
      and (class.relname = 'customers_subject' or exists (
          select from pg_attribute as held where held.attrelid = class.oid and not held.attisdropped
                                             and held.attname in ('subject_id', 'household_id', 'person_id')))
$$;

-- The one re-routing: every row of these subjects, in every table, belongs to the grid from now on. Facts keep recorded_grid.
create or replace function lib.route_subjects(subjects bigint[], target bigint) returns bigint
language plpgsql set search_path = public, pg_temp as $$
declare
    one record;
    touched bigint;
    total bigint := 0;
begin
    for one in select * from lib.routed_tables() order by name loop
        if one.way = 'person_id' then
            execute format('update %I set grid_id = $2 where person_id in (select id from customers_person where household_id = any ($1)) '
                           'and grid_id <> $2', one.name) using subjects, target;
        else
            execute format('update %I set grid_id = $2 where %I = any ($1) and grid_id <> $2', one.name, one.way) using subjects, target;
        end if;
        get diagnostics touched = row_count;
        total := total + touched;
    end loop;
    update customers_householdevent set to_grid_id = target where to_subject_id = any (subjects) and to_grid_id <> target;
    return total;
end $$;

-- A household number that is free in a grid: the wanted one, else with -2, -3 ... behind it.
create or replace function lib.free_number(grid bigint, wanted text) returns text language plpgsql stable set search_path = public, pg_temp as $$
declare
    tried text := wanted;
    n int := 1;
begin
    while exists (select from customers_household where grid_id = grid and number = tried) loop
        n := n + 1;
        tried := left(wanted, 28) || '-' || n;
    end loop;
    return tried;
end $$;

-- What a household keeps to after every change: an active one has exactly one head among its present members, and its borrower is
-- one of them or nobody.
create or replace function lib.check_home(wanted bigint) returns void language plpgsql stable set search_path = public, pg_temp as $$
declare
    home customers_household;
begin
    if exists (select from customers_subject where id = wanted and (left_on is not null or kind <> 'household')) then return; end if;
    select * into home from customers_household where subject_id = wanted;
    if not exists (select from customers_person where household_id = wanted and left_on is null and erased_at is null) then
        perform lib.refuse_life('nobody_left');
    end if;
    if (select array_agg(id) from customers_person where household_id = wanted and left_on is null and relation = 'head')
       is distinct from array[home.head_id] then
        perform lib.refuse_life('head_missing');
    end if;
    if home.borrower_id is not null and not exists (
        select from customers_person where id = home.borrower_id and household_id = wanted and left_on is null) then
        perform lib.refuse_life('borrower_absent');
    end if;
end $$;

-- People go to another household with what is about them alone: search tokens, list entries with their reviews and releases, move
-- requests. A household has one white entry in force, whoever left it; the page says so before the database would. What was recorded
-- about the household they leave stays with it.
create or replace function lib.move_people(people bigint[], target bigint) returns void language plpgsql set search_path = public, pg_temp as $$
declare
    place bigint;
begin
    select grid_id into place from customers_household where subject_id = target;
    update customers_person set household_id = target, grid_id = place where id = any (people);
    update customers_persontoken set grid_id = place where person_id = any (people);
    update customers_listrelease set subject_id = target, grid_id = place
     where entry_id in (select id from customers_listentry where person_id = any (people));
    update customers_listreview set subject_id = target, grid_id = place
     where entry_id in (select id from customers_listentry where person_id = any (people));
    update customers_listentry set subject_id = target, grid_id = place where person_id = any (people);
    if (select count(*) filter (where entry.colour = 'white') > 1
               or bool_or(entry.colour = 'white') and bool_or(entry.blocks and person.left_on is null)
        from customers_listentry as entry left join customers_person as person on person.id = entry.person_id
        where entry.subject_id = target and entry.confirmed_at is not null and entry.released_at is null) then
        perform lib.refuse_life('white');
    end if;
    update customers_moverequest set grid_id = place where person_id = any (people);
    update customers_moverequest set state = 'done' where person_id = any (people) and to_household_id = target and state = 'open';
end $$;

create or replace function lib.set_relations(relations jsonb, home bigint) returns void language sql set search_path = public, pg_temp as $$
    update customers_person as person set relation = said.value
    from jsonb_each_text(coalesce(relations, '{}')) as said
    where person.id = said.key::bigint and person.household_id = home and person.relation <> said.value
$$;

-- Carries out a confirmed event; the caller holds its row. Households are locked in the order of their ids, as visits lock theirs.
create or replace function lib.carry_out(event customers_householdevent) returns bigint language plpgsql set search_path = public, pg_temp as $$
declare
    touched bigint[] := array_remove(array[event.subject_id, event.to_subject_id], null);
    giving customers_subject;
    home customers_household;
    moving bigint[];
    before_count bigint;
    founded bigint;
    tie text;
    code text;
begin
    perform 1 from customers_household where subject_id = any (touched) order by subject_id for update;
    perform 1 from customers_business where subject_id = any (touched) order by subject_id for update;
    perform 1 from customers_unit where subject_id = any (touched) order by subject_id for update;
    perform 1 from customers_subject where id = any (touched) order by id for no key update;
    select * into giving from customers_subject where id = event.subject_id;
    select * into home from customers_household where subject_id = event.subject_id;
    -- A business or unit has no people of its own: it moves, and nothing else.
    if giving.kind <> 'household' and event.kind <> 'move' then perform lib.refuse_life('kind'); end if;
    if (giving.left_on is not null) is distinct from (event.kind = 'return') then perform lib.refuse_life('left'); end if;
    if event.to_subject_id is not null and exists (select from customers_subject where id = event.to_subject_id and left_on is not null) then
        perform lib.refuse_life('target_left');
    end if;
    if event."on" > acc.today() then perform lib.refuse_life('future'); end if;
    if event."on" < (select max(event_."on") from customers_householdevent as event_
                     where event_.to_subject_id = any (touched) and event_.kind = 'split' and event_.state = 'done') then
        perform lib.refuse_life('before_beginning');
    end if;
    if event.kind in ('split', 'merge', 'move', 'transfer', 'marriage', 'leave') then
        foreach tie in array lib.household_ties(touched) loop
            if tie in ('round', 'decision') or (tie = 'line' and event.kind in ('merge', 'leave')) then perform lib.refuse_life(tie); end if;
        end loop;
    end if;
    perform 1 from customers_person where household_id = any (touched) order by id for update;
    select count(*) into before_count from customers_person where household_id = any (touched) and left_on is null;
    if event.person_id is not null then
        if not exists (select from customers_person where id = event.person_id and household_id = event.subject_id and erased_at is null
                          and (left_on is null) = (event.kind <> 'rejoin')) then
            perform lib.refuse_life('person_elsewhere');
        end if;
        if exists (select from customers_person where id = event.person_id and born_on > event."on") then perform lib.refuse_life('before_birth'); end if;
    end if;

    if event.kind = 'split' then
        select array_agg(value::bigint) into moving from jsonb_array_elements_text(event.effects -> 'people');
        if moving is null or (select count(*) from customers_person where id = any (moving) and household_id = event.subject_id and left_on is null)
                             <> cardinality(moving) then
            perform lib.refuse_life('person_elsewhere');
        end if;
        if exists (select from customers_person where id = any (moving) and born_on > event."on") then perform lib.refuse_life('before_birth'); end if;
        insert into customers_subject (institution_id, grid_id, kind, found_on, left_reason)
        values (giving.institution_id, giving.grid_id, 'household', event."on", '') returning id into founded;
        insert into customers_household (subject_id, institution_id, grid_id, number, group_name, address, head_id)
        values (founded, giving.institution_id, giving.grid_id, lib.free_number(giving.grid_id, left(home.number, 28) || '-1'), home.group_name,
                home.address, (event.effects ->> 'head')::bigint);
        perform lib.move_people(moving, founded);
        perform lib.set_relations(event.effects -> 'relations', founded);
        if home.borrower_id = any (moving) then update customers_household set borrower_id = null where subject_id = home.subject_id; end if;
        touched := touched || founded;
    elsif event.kind = 'merge' then
        select array_agg(id) into moving from customers_person where household_id = event.subject_id and left_on is null and erased_at is null;
        update customers_household set head_id = null, borrower_id = null where subject_id = event.subject_id;
        perform lib.move_people(moving, event.to_subject_id);
        perform lib.set_relations(event.effects -> 'relations', event.to_subject_id);
        update customers_subject set left_on = event."on", left_reason = 'merged' where id = event.subject_id;
    elsif event.kind = 'move' then
        if giving.grid_id = event.to_grid_id then perform lib.refuse_life('same_grid'); end if;
        if not exists (select from grids_grid where id = event.to_grid_id and is_active and institution_id = giving.institution_id) then
            perform lib.refuse_life('target_left');
        end if;
        if not exists (select from grids_grid where id = event.to_grid_id and lib.holds(grids_grid.kind, giving.kind)) then
            perform lib.refuse_life('grid_kind');
        end if;
        update customers_household set number = lib.free_number(event.to_grid_id, number), grid_id = event.to_grid_id where subject_id = event.subject_id;
        perform lib.route_subjects(array[event.subject_id], event.to_grid_id);
    elsif event.kind in ('transfer', 'marriage') then
        if home.borrower_id = event.person_id then update customers_household set borrower_id = null where subject_id = home.subject_id; end if;
        if home.head_id = event.person_id then
            update customers_household set head_id = (event.effects ->> 'head')::bigint where subject_id = home.subject_id;
        end if;
        perform lib.move_people(array[event.person_id], event.to_subject_id);
        if event.effects ->> 'relation' = 'head' then
            -- A roster may list a household whose head is still filed elsewhere: he completes it.
            update customers_household set head_id = event.person_id where subject_id = event.to_subject_id and head_id is null;
            if not found then perform lib.refuse_life('has_head'); end if;
        end if;
        perform lib.set_relations(event.effects -> 'relations', event.subject_id);
        perform lib.set_relations(jsonb_build_object(event.person_id::text, event.effects ->> 'relation'), event.to_subject_id);
    elsif event.kind = 'death' then
        update customers_person set left_on = event."on", left_reason = 'deceased' where id = event.person_id;
        if home.borrower_id = event.person_id then update customers_household set borrower_id = null where subject_id = home.subject_id; end if;
        if home.head_id = event.person_id then
            update customers_household set head_id = (event.effects ->> 'head')::bigint where subject_id = home.subject_id;
        end if;
        perform lib.set_relations(event.effects -> 'relations', event.subject_id);
    elsif event.kind = 'head' then
        update customers_household set head_id = event.person_id where subject_id = event.subject_id;
        perform lib.set_relations(event.effects -> 'relations', event.subject_id);
    elsif event.kind = 'borrower' then
        update customers_household set borrower_id = event.person_id where subject_id = event.subject_id;
    elsif event.kind = 'leave' then
        update customers_subject set left_on = event."on", left_reason = event.effects ->> 'why' where id = event.subject_id;
        if event.effects ->> 'why' = 'deceased' then
            update customers_household set borrower_id = null where subject_id = event.subject_id;
            update customers_person set left_on = event."on", left_reason = 'deceased' where household_id = event.subject_id and left_on is null;
        end if;
    elsif event.kind = 'return' then
        if giving.left_reason <> 'moved' then perform lib.refuse_life('no_return'); end if;
        if event."on" < giving.left_on then perform lib.refuse_life('before_leaving'); end if;
        update customers_subject set left_on = null, left_reason = '' where id = event.subject_id;
    elsif event.kind = 'rejoin' then
        select left_reason into code from customers_person where id = event.person_id;
        if code = 'deceased' then perform lib.refuse_life('no_return'); end if;
        if event."on" < (select left_on from customers_person where id = event.person_id) then perform lib.refuse_life('before_leaving'); end if;
        update customers_person set left_on = null, left_reason = '', relation = event.effects ->> 'relation' where id = event.person_id;
    elsif event.kind <> 'identity' then
        perform lib.refuse_life('kind');
    end if;

    perform lib.check_home(one) from unnest(touched) as one;
    -- People in = people out: nobody vanishes and nobody doubles.
    if before_count <> (select count(*) from customers_person where household_id = any (touched) and left_on is null)
       + (case event.kind when 'death' then 1 when 'rejoin' then -1 else 0 end)
       and not (event.kind = 'leave' and event.effects ->> 'why' = 'deceased') then
        perform lib.refuse_life('people_lost');
    end if;
    return coalesce(founded, event.to_subject_id);
end $$;

-- Confirms an event for every side the acting person answers for, and carries it out once no side is missing. An event that needs
-- nobody else is carried out for its proposer. Returns the state reached: 'proposed' while another side is missing, else 'done'.
create or replace function acc.settle_household_event(wanted bigint) returns text
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    event customers_householdevent;
    reach bigint[] := acc.grids();
    me bigint := nullif(current_setting('app.staff', true), '')::bigint;
    post text := (select kind from grids_post where id = nullif(current_setting('app.post', true), '')::bigint and staff_id = me);
    gives boolean;
    takes boolean;
    reached bigint;
begin
    select * into event from customers_householdevent where id = wanted for update;
    if not found or not (event.grid_id = any (reach) or coalesce(event.to_grid_id = any (reach), false)) then
        perform lib.refuse_life('unknown');
    end if;
    if event.state <> 'proposed' then perform lib.refuse_life('settled'); end if;
    if not event.needs_giving and not event.needs_receiving then
        if me is distinct from event.proposed_by_id or post <> 'officer' then perform lib.refuse_life('unknown'); end if;
    else
        if me = event.proposed_by_id then perform lib.refuse_life('own'); end if;
        if post is distinct from 'branch_manager' then perform lib.refuse_life('unknown'); end if;
        gives := event.needs_giving and event.giving_by_id is null and event.grid_id = any (reach);
        takes := event.needs_receiving and event.receiving_by_id is null and event.to_grid_id = any (reach);
        if not (gives or takes) then perform lib.refuse_life('confirmed'); end if;
        if gives then event.giving_by_id := me; event.giving_at := now(); end if;
        if takes then event.receiving_by_id := me; event.receiving_at := now(); end if;
        update customers_householdevent set giving_by_id = event.giving_by_id, giving_at = event.giving_at,
               receiving_by_id = event.receiving_by_id, receiving_at = event.receiving_at where id = wanted;
        if (event.needs_giving and event.giving_by_id is null) or (event.needs_receiving and event.receiving_by_id is null) then
            return 'proposed';
        end if;
    end if;
    reached := lib.carry_out(event);
    update customers_householdevent set state = 'done', done_at = now(), to_subject_id = reached,
           to_grid_id = coalesce(to_grid_id, case when reached is not null then grid_id end) where id = wanted;
    return 'done';
end $$;

-- Not a definer: the role that asks counts. What was proposed stands; what is settled stands; only the procedures confirm.
create or replace function lib.keep_household_event() returns trigger language plpgsql as $$
declare
    me bigint := nullif(current_setting('app.staff', true), '')::bigint;
begin
    if current_user = 'gedang_owner' then return new; end if;
    if tg_op = 'INSERT' then
        if new.proposed_by_id is distinct from me or new.state <> 'proposed'
           or num_nonnulls(new.giving_by_id, new.giving_at, new.receiving_by_id, new.receiving_at, new.done_at, new.ended_by_id, new.ended_at) > 0 then
            raise exception 'a change begins as the proposal of the acting person' using errcode = 'restrict_violation';
        end if;
        return new;
    end if;
    if current_user = 'gedang_def' and to_jsonb(new) - '{grid_id,to_grid_id}'::text[] = to_jsonb(old) - '{grid_id,to_grid_id}'::text[] then
        return new;  -- routing follows the households
    end if;
    if old.state <> 'proposed' then raise exception 'a settled change stands' using errcode = 'restrict_violation'; end if;
    if (new.kind, new.subject_id, new.person_id, new."on", new.reason, new.effects, new.sealed, new.proposed_by_id, new.proposed_at, new.needs_giving,
        new.needs_receiving, new.recorded_grid_id)
       is distinct from (old.kind, old.subject_id, old.person_id, old."on", old.reason, old.effects, old.sealed, old.proposed_by_id, old.proposed_at,
        old.needs_giving, old.needs_receiving, old.recorded_grid_id) then
        raise exception 'what was proposed stands' using errcode = 'restrict_violation';
    end if;
    if current_user = 'gedang_def' then return new; end if;
    if new.state not in ('refused', 'withdrawn') or new.ended_by_id is distinct from me or new.ended_at is null
       or (new.state = 'withdrawn') is distinct from (new.proposed_by_id = me) then
        raise exception 'a change is refused by another and withdrawn by who proposed it' using errcode = 'restrict_violation';
    end if;
    return new;
end $$;

-- A filed ID number is replaced by two people alone: the officer who proposed it and the manager who confirms it in this transaction.
create or replace function lib.keep_id_number() returns trigger language plpgsql as $$
begin
    if current_user in ('gedang_web', 'gedang_web_all') and old.id_index is not null and new.id_index is distinct from old.id_index
       and not exists (select from customers_householdevent as event
                       where event.person_id = new.id and event.kind = 'identity' and event.state = 'done' and event.sealed is not null
                         and event.giving_at = now()) then
        raise exception 'an ID number is replaced by two people alone' using errcode = 'restrict_violation';
    end if;
    return new;
end $$;

-- Who an event concerns, for those it concerns: the receiving side, which cannot read the file before it is moved, learns
-- names, relations and years of birth of who would come, and nothing else.
create or replace function acc.event_people(wanted bigint)
returns table (person_id bigint, name text, relation text, born int, moves boolean, is_head boolean)
language sql stable security definer set search_path = public, pg_temp as $$
    select person.id, person.name, person.relation, extract(year from person.born_on)::int,
           event.kind in ('merge', 'move') or person.id = event.person_id or coalesce(event.effects -> 'people' @> to_jsonb(person.id), false),
           home.head_id = person.id
    from customers_householdevent as event
    join customers_household as home on home.subject_id = event.subject_id
    join customers_person as person on person.household_id = event.subject_id and person.erased_at is null and person.left_on is null
    where event.id = wanted and (event.grid_id = any (acc.grids()) or (
        event.to_grid_id = any (acc.grids()) and (
            event.kind in ('merge', 'move') or person.id = event.person_id or coalesce(event.effects -> 'people' @> to_jsonb(person.id), false))))
    order by home.head_id = person.id desc, person.id
$$;

-- Which business or unit an event would move, for those it concerns: name, class and address, before the receiving side can see it.
create or replace function acc.event_entity(wanted bigint)
returns table (subject_id bigint, kind text, name text, class text, address text)
language sql stable security definer set search_path = public, pg_temp as $$
    select subject.id, subject.kind, coalesce(shop.name, unit.name), coalesce(shop.kind, unit.kind), coalesce(shop.address, unit.address)
    from customers_householdevent as event
    join customers_subject as subject on subject.id = event.subject_id and subject.kind <> 'household'
    left join customers_business as shop on shop.subject_id = subject.id
    left join customers_unit as unit on unit.subject_id = subject.id
    where event.id = wanted and (event.grid_id = any (acc.grids()) or event.to_grid_id = any (acc.grids()))
$$;

-- The household of a number in a grid of the acting person's bank: that there is one, and the first character of its head's name.
create or replace function acc.household_named(grid bigint, wanted text)
returns table (subject_id bigint, surname text)
language sql stable security definer set search_path = public, pg_temp as $$
    select home.subject_id, left(head.name, 1)
    from customers_household as home
    join customers_subject as subject on subject.id = home.subject_id and subject.left_on is null
    join grids_staff as me on me.id = nullif(current_setting('app.staff', true), '')::bigint and me.institution_id = home.institution_id
    left join customers_person as head on head.id = home.head_id
    where home.grid_id = grid and home.number = wanted and cardinality(acc.grids()) > 0
$$;

-- Where requests of rosters would move people: village and number over there, and no more.
create or replace function acc.move_request_targets(wanted bigint[])
returns table (request_id bigint, grid_id bigint, grid text, number text)
language sql stable security definer set search_path = public, pg_temp as $$
    select request.id, home.grid_id, grid.name, home.number
    from customers_moverequest as request
    join customers_household as home on home.subject_id = request.to_household_id
    join customers_subject as subject on subject.id = home.subject_id and subject.left_on is null
    join grids_grid as grid on grid.id = home.grid_id
    where request.id = any (wanted) and request.grid_id = any (acc.grids()) and request.state = 'open'
$$;

-- What stands in the way of changing these households, or is to be said: 'round', 'decision', 'line'.
create or replace function acc.household_ties(subject bigint) returns text[]
language sql stable security definer set search_path = public, pg_temp as $$
    select lib.household_ties(array[subject]) from customers_subject where id = subject and grid_id = any (acc.grids())
$$;

-- --- Villages that become part of another -----------------------------------------------------------------------------

create or replace function lib.keep_grid_merger() returns trigger language plpgsql as $$
declare
    me bigint := nullif(current_setting('app.staff', true), '')::bigint;
begin
    if current_user in ('gedang_owner', 'gedang_def') and (tg_op = 'INSERT' or old.state = 'proposed') then return new; end if;
    if tg_op = 'INSERT' then
        if new.proposed_by_id is distinct from me or new.state <> 'proposed'
           or num_nonnulls(new.giving_by_id, new.receiving_by_id, new.done_at, new.ended_by_id) > 0 then
            raise exception 'a merger begins as the proposal of the acting person' using errcode = 'restrict_violation';
        end if;
        return new;
    end if;
    if old.state <> 'proposed' then raise exception 'a settled merger stands' using errcode = 'restrict_violation'; end if;
    if new.state not in ('refused', 'withdrawn') or new.ended_by_id is distinct from me or new.ended_at is null
       or (new.state = 'withdrawn') is distinct from (new.proposed_by_id = me) then
        raise exception 'a merger is refused by another and withdrawn by who proposed it' using errcode = 'restrict_violation';
    end if;
    return new;
end $$;

-- What a merger would move: households, people, taken numbers, and whether a round runs. Counts alone, for who proposes or confirms.
create or replace function acc.grid_merger_preview(source bigint, target bigint)
returns table (households bigint, people bigint, taken bigint, tie text)
language sql stable security definer set search_path = public, pg_temp as $$
    select (select count(*) from customers_household where grid_id = source), (select count(*) from customers_person where grid_id = source),
           (select count(*) from customers_household as a join customers_household as b on b.grid_id = target and b.number = a.number
            where a.grid_id = source),
           lib.grid_tie(source)
    from grids_grid as here join grids_grid as there on there.id = target and there.institution_id = here.institution_id
    join grids_staff as me on me.id = nullif(current_setting('app.staff', true), '')::bigint and me.institution_id = here.institution_id
    where here.id = source
$$;

create or replace function acc.settle_grid_merger(wanted bigint) returns text
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    merger customers_gridmerger;
    reach bigint[] := acc.grids();
    me bigint := nullif(current_setting('app.staff', true), '')::bigint;
    post text := (select kind from grids_post where id = nullif(current_setting('app.post', true), '')::bigint and staff_id = me);
    source grids_grid;
    target grids_grid;
    subjects bigint[];
    rows_moved bigint;
    renumbered bigint;
    waiting bigint;
begin
    select * into merger from customers_gridmerger where id = wanted for update;
    if not found or post is distinct from 'branch_manager' or not (merger.from_grid_id = any (reach) or merger.to_grid_id = any (reach)) then
        perform lib.refuse_life('unknown');
    end if;
    if merger.state <> 'proposed' then perform lib.refuse_life('settled'); end if;
    if me = merger.proposed_by_id then perform lib.refuse_life('own'); end if;
    if merger.giving_by_id is null and merger.from_grid_id = any (reach) then merger.giving_by_id := me; merger.giving_at := now(); end if;
    if merger.receiving_by_id is null and merger.to_grid_id = any (reach) then merger.receiving_by_id := me; merger.receiving_at := now(); end if;
    update customers_gridmerger set giving_by_id = merger.giving_by_id, giving_at = merger.giving_at, receiving_by_id = merger.receiving_by_id,
           receiving_at = merger.receiving_at where id = wanted;
    if merger.giving_by_id is null or merger.receiving_by_id is null then return 'proposed'; end if;

    perform 1 from grids_grid where id in (merger.from_grid_id, merger.to_grid_id) order by id for update;
    select * into source from grids_grid where id = merger.from_grid_id;
    select * into target from grids_grid where id = merger.to_grid_id;
    if not source.is_active or not target.is_active then perform lib.refuse_life('settled'); end if;
    if lib.grid_tie(source.id) <> '' then perform lib.refuse_life(lib.grid_tie(source.id)); end if;
    perform 1 from customers_household where grid_id in (source.id, target.id) order by subject_id for update;
    perform 1 from customers_subject where grid_id = source.id order by id for no key update;
    select coalesce(array_agg(id), '{}') into subjects from customers_subject where grid_id = source.id;
    select count(*) into waiting from customers_householdevent where state = 'proposed' and (grid_id = source.id or to_grid_id = source.id);
    if waiting > 0 then perform lib.refuse_life('events_wait'); end if;
    -- Numbers taken in the larger village get the code of the smaller behind them.
    update customers_household as home set number = lib.free_number(target.id, left(home.number, 24) || '-' || right(coalesce(nullif(source.division_code, ''), source.id::text), 3))
     where home.grid_id = source.id and exists (select from customers_household as other where other.grid_id = target.id and other.number = home.number);
    get diagnostics renumbered = row_count;
    rows_moved := lib.route_subjects(subjects, target.id);
    update grids_grid set is_active = false where id = source.id;
    update grids_grid set former_names = former_names || to_jsonb(source.name) || source.former_names,
           predecessor_codes = predecessor_codes || case when source.division_code = '' then '[]'::jsonb else to_jsonb(source.division_code) end || source.predecessor_codes,
           official_count = official_count + coalesce(source.official_count, 0)
     where id = target.id;
    update customers_gridmerger set state = 'done', done_at = now(), moved = jsonb_build_object(
        'subjects', cardinality(subjects), 'rows', rows_moved, 'renumbered', renumbered) where id = wanted;
    return 'done';
end $$;

do $$
declare
    one text;
begin
    foreach one in array array['lib.carry_out(customers_householdevent)', 'lib.route_subjects(bigint[], bigint)', 'lib.move_people(bigint[], bigint)',
                               'lib.set_relations(jsonb, bigint)'] loop
        execute format('revoke all on function %s from public', one);
        execute format('grant execute on function %s to gedang_def', one);
    end loop;
    foreach one in array array['acc.settle_household_event(bigint)', 'acc.event_people(bigint)', 'acc.event_entity(bigint)', 'acc.household_named(bigint, text)',
                               'acc.move_request_targets(bigint[])', 'acc.household_ties(bigint)', 'acc.grid_merger_preview(bigint, bigint)', 'acc.settle_grid_merger(bigint)'] loop
        execute format('alter function %s owner to gedang_def', one);
        execute format('revoke all on function %s from public', one);
        execute format('grant execute on function %s to gedang_web, gedang_web_all', one);
    end loop;
end $$;
