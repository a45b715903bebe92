-- What a kind of seat keeps to, whoever writes. A kind is never deleted while it is named by a seat (foreign key) and never
-- becomes another kind: its code and whether it owns customers stand for good, or past responsibility would be rewritten.
create or replace function lib.keep_seat_kind() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if tg_op = 'UPDATE' then
        if (new.institution_id, new.code, new.covers) is distinct from (old.institution_id, old.code, old.covers) then
            raise exception 'code and cover of a seat kind stand for good' using errcode = 'restrict_violation';
        end if;
        if new.closed_on is not null and exists (
            select 1 from grids_seat as seat
            where seat.kind_id = new.id and seat.to_on is distinct from seat.from_on
              and (seat.to_on is null or seat.to_on > new.closed_on)
        ) then
            raise exception 'somebody sits on seat kind % after the day it closes', new.code using errcode = 'restrict_violation';
        end if;
    end if;
    if old.covers and old.closed_on is null and (tg_op = 'DELETE' or new.closed_on is not null) then
        -- Waits for who closes another one at this moment, and then no longer finds that one.
        perform 1 from grids_seatkind as kind
        where kind.institution_id = old.institution_id and kind.covers and kind.closed_on is null
        for update;
        if not found then
            raise exception 'an institution keeps one seat kind that owns customers' using errcode = 'restrict_violation';
        end if;
    end if;
    return null;
end $$;
alter function lib.keep_seat_kind() owner to gedang_def;

-- A seat is taken while its kind is open, by a person its kind admits.
create or replace function lib.keep_seat() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare
    kind grids_seatkind;
begin
    if new.to_on = new.from_on then return new; end if;
    select * into kind from grids_seatkind where id = new.kind_id for share;
    if kind.closed_on is not null and (new.to_on is null or new.to_on > kind.closed_on) then
        raise exception 'seat kind % is closed', kind.code using errcode = 'restrict_violation';
    end if;
    if tg_op = 'INSERT' and (
        (new.staff_id is null and (kind.covers or kind.taken_by = 'staff'))
        or (new.staff_id is not null and kind.taken_by = 'outside')
    ) then
        raise exception 'seat kind % does not admit this person', kind.code using errcode = 'check_violation';
    end if;
    return new;
end $$;
alter function lib.keep_seat() owner to gedang_def;
