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

-- Remarks on the cells of a roster go with its return by another person, all at once and 50 at most; each names a row and a column
-- that the file has.
create or replace function lib.keep_roster_remarks() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if exists (select from added join customers_rosterimport as roster on roster.id = added.roster_id
               where roster.state <> 'discarded' or roster.answer = '' or roster.discarded_by_id = roster.uploaded_by_id
                  or roster.discarded_by_id is distinct from
                     coalesce(nullif(current_setting('app.staff', true), '')::bigint, roster.discarded_by_id)) then
        raise exception 'remarks on a roster are made by who sends it back' using errcode = 'check_violation';
    end if;
    if exists (select from (select distinct roster_id from added) as said
               where (select count(*) from customers_rosterremark as kept where kept.roster_id = said.roster_id)
                     > least(50, (select count(*) from added where added.roster_id = said.roster_id))) then
        raise exception 'remarks on a roster are made once, and 50 at most' using errcode = 'check_violation';
    end if;
    if exists (select from added join customers_rosterimport as roster on roster.id = added.roster_id
               where roster.summary #> array['header', 'places', added.column_name] is null
                  or not exists (select from jsonb_array_elements(roster.summary -> 'spans') as span
                                 where added.row between (span ->> 0)::bigint and (span ->> 1)::bigint)) then
        raise exception 'a remark on a roster names a row and a column of its file' using errcode = 'check_violation';
    end if;
    return null;
end $$;
alter function lib.keep_roster_remarks() owner to gedang_def;
