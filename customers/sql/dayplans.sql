-- The plan of a day. A line begins as somebody's own act: an officer plans for himself, a branch manager for an officer who covers the
-- village that day. Only the officer accepts, orders and postpones; only who put it takes it back; what has ended stands.
create or replace function lib.keep_planned_visit() returns trigger language plpgsql as $$
declare
    me bigint := nullif(current_setting('app.staff', true), '')::bigint;
    free text[] := '{position,accepted_at,postponed_to,postponed_at,reason,withdrawn_by_id,withdrawn_at,grid_id}';
begin
    if current_user = 'gedang_owner' then return new; end if;
    if tg_op = 'UPDATE' then
        if current_user = 'gedang_def' and to_jsonb(new) - 'grid_id' = to_jsonb(old) - 'grid_id' then
            return new;  -- routing follows the household
        end if;
        if to_jsonb(new) - free <> to_jsonb(old) - free or new.grid_id <> old.grid_id then
            raise exception 'what was planned stands' using errcode = 'restrict_violation';
        end if;
        if old.withdrawn_at is not null or old.postponed_to is not null then
            raise exception 'a line that has ended stands' using errcode = 'restrict_violation';
        end if;
        if new.withdrawn_at is not null then
            if new.withdrawn_by_id is distinct from me
               or (new.position, new.accepted_at, new.postponed_to) is distinct from (old.position, old.accepted_at, old.postponed_to) then
                raise exception 'a line is taken back by who put it' using errcode = 'restrict_violation';
            end if;
            return new;
        end if;
        if old.officer_id is distinct from me or (old.accepted_at is not null and new.accepted_at is distinct from old.accepted_at) then
            raise exception 'the officer alone accepts, orders and postpones' using errcode = 'restrict_violation';
        end if;
        return new;
    end if;
    if new.put_by_id is distinct from me or num_nonnulls(new.postponed_to, new.postponed_at, new.withdrawn_by_id, new.withdrawn_at) > 0
       or (new.accepted_at is not null) is distinct from (new.officer_id = me) then
        raise exception 'a line begins as the act of the acting person' using errcode = 'restrict_violation';
    end if;
    if new.officer_id <> me and not exists (
        select from grids_post where id = nullif(current_setting('app.post', true), '')::bigint and staff_id = me and kind = 'branch_manager') then
        raise exception 'only a branch manager plans for another' using errcode = 'restrict_violation';
    end if;
    if new."on" < coalesce(nullif(current_setting('app.today', true), '')::date, current_date) then
        raise exception 'nothing is planned for a day gone by' using errcode = 'restrict_violation';
    end if;
    if not exists (select from grids_seat as seat join grids_seatkind as kind on kind.id = seat.kind_id and kind.covers
                   where seat.grid_id = new.grid_id and seat.staff_id = new.officer_id and seat.from_on <= new."on"
                     and (seat.to_on is null or seat.to_on > new."on")) then
        raise exception 'the officer does not cover this grid on that day' using errcode = 'restrict_violation';
    end if;
    if new.subject_id is not null and not exists (
        select from customers_subject where id = new.subject_id and grid_id = new.grid_id and left_on is null) then
        raise exception 'the place is not in this grid' using errcode = 'restrict_violation';
    end if;
    if new.follows_id is not null and not exists (
        select from customers_plannedvisit as before
        where before.id = new.follows_id and before.officer_id = new.officer_id and before.postponed_to = new."on"
          and (before.subject_id, before.wanted) is not distinct from (new.subject_id, new.wanted)) then
        raise exception 'a line follows the one that was postponed to its day' using errcode = 'restrict_violation';
    end if;
    return new;
end $$;

-- How many lines of plans keep a release of the weights, for who keeps parameters and sees no customer: numbers alone.
create or replace function acc.visits_by_weights(releases bigint[]) returns table (release_id bigint, uses bigint)
language sql stable security definer set search_path = public, pg_temp as $$
    select planned.release_id, count(*)
    from customers_plannedvisit as planned
    where planned.release_id = any (releases) and planned.institution_id = nullif(current_setting('app.institution', true), '')::bigint
    group by planned.release_id
$$;
alter function acc.visits_by_weights(bigint[]) owner to gedang_def;
revoke all on function acc.visits_by_weights(bigint[]) from public;
grant execute on function acc.visits_by_weights(bigint[]) to gedang_web, gedang_web_all, gedang_worker;
