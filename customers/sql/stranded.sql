-- Subjects of the roster whose grid is closed or has nobody who covers it today, counted by grid and kind, for the branch manager
-- of the acting post: nobody reaches those of a closed grid, so only their number leaves here.
create or replace function acc.stranded_subjects()
returns table (grid_id bigint, name text, branch text, is_active boolean, kind text, subjects bigint)
language sql stable security definer set search_path = public, pg_temp as $$
    with stranded as materialized (
        select grid.id, grid.name, branch.name as branch, grid.is_active
        from grids_grid as grid join grids_branch as branch on branch.id = grid.branch_id
        where branch.id = any (acc.roster_branches()) and grid.kind <> 'feature' and (not grid.is_active or not exists (
            select from grids_seat as seat join grids_seatkind as kind on kind.id = seat.kind_id and kind.covers
            where seat.grid_id = grid.id and seat.from_on <= acc.today() and (seat.to_on is null or seat.to_on > acc.today())))
    )
    select stranded.id, stranded.name::text, stranded.branch::text, stranded.is_active, subject.kind::text, count(*)
    from stranded join customers_subject as subject on subject.grid_id = stranded.id
    where subject.listed_on is not null and subject.left_on is null
    group by 1, 2, 3, 4, 5 order by 3, 2, 1, 5
$$;
alter function acc.stranded_subjects() owner to gedang_def;
revoke all on function acc.stranded_subjects() from public;
grant execute on function acc.stranded_subjects() to gedang_web, gedang_web_all;
