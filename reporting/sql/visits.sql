-- This file may run before the tables it names are there.
set local check_function_bodies = off;

-- Visited and effectively visited subjects of a span of days by branch, grid, officer or all together, for the reading posts of the
-- institution alone: counts without a name, so that a leader without customers sees the same figures. ``only_staff`` counts what one
-- officer led or joined; which units a post is shown is decided in reporting.access.
create or replace function acc.visit_figures(
    in_institution bigint, in_span text, first_day date, level text, only_branches bigint[], only_staff bigint)
returns table (unit_id bigint, kind text, subjects bigint, effective bigint, visits bigint, effective_visits bigint)
language sql stable security definer set search_path = public, pg_temp as $$
    select case level when 'branch' then grid.branch_id when 'grid' then tally.grid_id when 'officer' then tally.staff_id end,
           tally.kind::text,
           sum(case when level = 'officer' or only_staff is not null then tally.own_subjects else tally.subjects end),
           sum(case when level = 'officer' or only_staff is not null then tally.own_effective else tally.effective end),
           sum(tally.visits), sum(tally.effective_visits)
    from customers_visittally as tally join grids_grid as grid on grid.id = tally.grid_id
    where tally.institution_id = in_institution and tally.span = in_span and tally.starts_on = first_day
      and (only_branches is null or grid.branch_id = any (only_branches))
      and (only_staff is null or tally.staff_id = only_staff)
      and acc.reads_figures(in_institution)
    group by 1, 2
$$;
alter function acc.visit_figures(bigint, text, date, text, bigint[], bigint) owner to gedang_def;
revoke all on function acc.visit_figures(bigint, text, date, text, bigint[], bigint) from public;
grant execute on function acc.visit_figures(bigint, text, date, text, bigint[], bigint) to gedang_web, gedang_web_all;
