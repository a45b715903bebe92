-- The branches whose roster files the acting post handles: its own and those below. Read once a query by the row policies of
-- roster imports and their problems.
create or replace function acc.roster_branches() returns bigint[]
language sql stable security definer set search_path = public, pg_temp as $$
    select coalesce(array_agg(branch.id), '{}')
    from grids_post as post
    join grids_staff as staff on staff.id = post.staff_id and staff.is_active
    join grids_branch as mine on mine.id = coalesce(post.branch_id, staff.home_branch_id)
    join grids_branch as branch on starts_with(branch.path, mine.path)
    where post.id = nullif(current_setting('app.post', true), '')::bigint
      and post.staff_id = nullif(current_setting('app.staff', true), '')::bigint
      and post.kind in ('officer', 'branch_manager')
      and post.from_on <= acc.today() and (post.to_on is null or post.to_on > acc.today())
$$;
alter function acc.roster_branches() owner to gedang_def;
revoke all on function acc.roster_branches() from public;
grant execute on function acc.roster_branches() to gedang_web, gedang_web_all, gedang_worker;
