-- Two persons become one by two people, each under his own name, and are parted again the same way; what was asked for stands.
create or replace function lib.keep_person_merge() returns trigger language plpgsql as $$
declare
    me bigint := nullif(current_setting('app.staff', true), '')::bigint;
begin
    if current_user = 'gedang_owner' then return new; end if;
    if tg_op = 'INSERT' then
        if new.asked_by_id is distinct from me or num_nonnulls(new.confirmed_at, new.confirmed_by_id, new.rejected_at, new.rejected_by_id,
                new.undo_asked_by_id, new.undo_asked_at, new.undone_by_id, new.undone_at) > 0 then
            raise exception 'a merge begins as the request of the acting person' using errcode = 'restrict_violation';
        end if;
        return new;
    end if;
    if current_user = 'gedang_def' then return new; end if;  -- rows follow their household
    if num_nonnulls(old.rejected_at, old.undone_at) > 0
       or (old.confirmed_at is not null
           and (new.confirmed_at, new.confirmed_by_id, new.rejected_at) is distinct from (old.confirmed_at, old.confirmed_by_id, old.rejected_at)) then
        raise exception 'a settled merge stands' using errcode = 'restrict_violation';
    end if;
    if (new.confirmed_by_id is distinct from old.confirmed_by_id and new.confirmed_by_id is distinct from me)
       or (new.rejected_by_id is distinct from old.rejected_by_id and new.rejected_by_id is distinct from me)
       or (new.undo_asked_by_id is distinct from old.undo_asked_by_id and new.undo_asked_by_id is not null and new.undo_asked_by_id <> me)
       or (new.undone_by_id is distinct from old.undone_by_id and new.undone_by_id is distinct from me)
       or (new.undone_at is not null and (old.undo_asked_at is null or old.confirmed_at is null)) then
        raise exception 'a merge is settled and undone under one''s own name' using errcode = 'restrict_violation';
    end if;
    return new;
end $$;

-- Where the members of a case are that the acting person does not see: grid, branch and how many, never who. Definer; answers only
-- for a case of which he sees a member.
create or replace function acc.similar_elsewhere(wanted bigint) returns table (grid text, branch text, members bigint)
language sql stable security definer set search_path = public, pg_temp as $$
    with mine as (select coalesce(nullif(current_setting('app.grids', true), '')::bigint[], '{}') as grids)
    select grid.name, branch.name, count(*)
    from mine, customers_similarmember as member
    join grids_grid as grid on grid.id = member.grid_id join grids_branch as branch on branch.id = grid.branch_id
    where member.case_id = wanted and member.gone_at is null and member.grid_id <> all (mine.grids)
      and exists (select 1 from customers_similarmember as seen where seen.case_id = wanted and seen.grid_id = any (mine.grids))
    group by grid.name, branch.name order by grid.name
$$;
alter function acc.similar_elsewhere(bigint) owner to gedang_def;
revoke all on function acc.similar_elsewhere(bigint) from public;
grant execute on function acc.similar_elsewhere(bigint) to gedang_web;
