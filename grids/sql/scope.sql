-- What a function below names may come with a later migration, which runs this file again.
set local check_function_bodies = off;

-- The grids whose customers the acting post reaches today; read once a request into app.grids (see config.lib.acting).
-- Definer: the acting person proves nothing but his id; dates and scope are checked here.
create or replace function acc.grids() returns bigint[] language sql stable security definer set search_path = public, pg_temp as $$
    with me as (
        select post.id, post.kind, post.staff_id, post.branch_id, branch.path, staff.institution_id,
               case when post.kind = 'officer' then acc.principals() else '{}' end as principals
        from grids_post as post
        join grids_staff as staff on staff.id = post.staff_id and staff.is_active
        left join grids_branch as branch on branch.id = post.branch_id
        where post.id = nullif(current_setting('app.post', true), '')::bigint
          and post.staff_id = nullif(current_setting('app.staff', true), '')::bigint
          and post.from_on <= acc.today() and (post.to_on is null or post.to_on > acc.today())
    )
    select coalesce(array_agg(reached.id), '{}')
    from (
        -- From the seats of the few people in question, not grid by grid: this runs with every request.
        select grid.id
        from me
        join grids_seat as seat on seat.staff_id = any (me.principals || me.staff_id)
        join grids_seatkind as kind on kind.id = seat.kind_id and kind.covers
        join grids_grid as grid on grid.id = seat.grid_id and grid.institution_id = me.institution_id and grid.is_active
        left join grids_branch as owner on owner.id = grid.branch_id
        where me.kind = 'officer' and (seat.staff_id = me.staff_id or starts_with(owner.path, me.path))
          and seat.from_on <= acc.today() and (seat.to_on is null or seat.to_on > acc.today())
        union
        select grid.id
        from me
        join grids_branch as owner on starts_with(owner.path, me.path)
        join grids_grid as grid on grid.branch_id = owner.id and grid.institution_id = me.institution_id and grid.is_active
        where me.kind in ('branch_manager', 'approver', 'auditor', 'checker', 'leader') and me.branch_id is not null
    ) as reached
$$;
alter function acc.grids() owner to gedang_def;
revoke all on function acc.grids() from public;
grant execute on function acc.grids() to gedang_web, gedang_web_all, gedang_worker;
