-- White lists and their receipts: one makes, another settles, what is settled stays (credit/models/whitelists.py).
set local check_function_bodies = off;

create or replace function lib.keep_white_list() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if tg_op = 'INSERT' then
        perform lib.in_own_name(new.made_by_id);
        if new.state <> 'made' or not exists (select from credit_round as round where round.id = new.round_id and round.grid_id = new.grid_id
                                              and round.stage in ('sign', 'closed')) then
            raise exception 'a white list begins as made, at signing' using errcode = 'check_violation';
        end if;
        return new;
    end if;
    if old.grid_id <> new.grid_id and old.state = new.state then
        return new;
    end if;
    if old.state <> 'made' or new.state = 'made' or new.made_by_id <> old.made_by_id or new.size <> old.size then
        raise exception 'a settled white list stays as it is' using errcode = 'check_violation';
    end if;
    perform lib.in_own_name(new.settled_by_id);
    return new;
end $$;

create or replace function lib.keep_white_row() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if not exists (
        select from credit_signing as signed
        join credit_decision as decision on decision.id = signed.decision_id
        join credit_whitelist as listed on listed.id = new.white_list_id and listed.round_id = decision.round_id and listed.state = 'made'
        where signed.id = new.signing_id and signed.subject_id = new.subject_id and signed.outcome = 'signed'
          and exists (select from lib.standing_grant(decision.id))) then
        raise exception 'a white list holds signed lines of its round' using errcode = 'check_violation';
    end if;
    return new;
end $$;

create or replace function lib.keep_white_file() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
    perform lib.in_own_name(new.staff_id);
    if not exists (select from credit_whitelist as listed where listed.id = new.white_list_id and listed.state = 'released') then
        raise exception 'only a released white list is taken' using errcode = 'check_violation';
    end if;
    return new;
end $$;

create or replace function lib.keep_receipt() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if tg_op = 'INSERT' then
        perform lib.in_own_name(new.imported_by_id);
        if new.state <> 'waiting' or not exists (
            select from credit_whitelist as listed where listed.id = new.white_list_id and listed.state = 'released') then
            raise exception 'a receipt begins waiting, on a released white list' using errcode = 'check_violation';
        end if;
        return new;
    end if;
    if old.grid_id <> new.grid_id and old.state = new.state then
        return new;
    end if;
    if old.state <> 'waiting' or new.state = 'waiting' or new.imported_by_id <> old.imported_by_id or new.sha256 <> old.sha256 then
        raise exception 'a settled receipt stays as it is' using errcode = 'check_violation';
    end if;
    perform lib.in_own_name(new.settled_by_id);
    return new;
end $$;

do $$
declare
    one text;
begin
    foreach one in array array['keep_white_list', 'keep_white_row', 'keep_white_file', 'keep_receipt'] loop
        execute format('alter function lib.%I() owner to gedang_def', one);
    end loop;
end $$;
