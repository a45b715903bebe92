-- How many other subjects of the grid have a file that agrees with this one to the cent: told to whom the file is open, never
-- which ones they are.
create or replace function acc.files_that_agree(revision bigint) returns bigint
language sql stable security definer set search_path = public, pg_temp as $$
    select count(distinct other.subject_id)
    from customers_profile as mine
    join customers_profile as other
      on other.grid_id = mine.grid_id and other.figures_hash = mine.figures_hash and other.subject_id <> mine.subject_id
    where mine.id = revision and mine.figures_hash <> ''
      and (mine.subject_id = any (coalesce(nullif(current_setting('app.subjects', true), '')::bigint[], '{}'))
           or mine.grid_id = any (coalesce(nullif(current_setting('app.grids', true), '')::bigint[], '{}')))
$$;
alter function acc.files_that_agree(bigint) owner to gedang_def;
revoke all on function acc.files_that_agree(bigint) from public;
grant execute on function acc.files_that_agree(bigint) to gedang_web, gedang_web_all;
