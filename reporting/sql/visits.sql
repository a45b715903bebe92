-- This file may run before the tables it names are there.
set local check_function_bodies = off;

-- Visited and effectively visited subjects of spans of days, for the reading posts of the institution alone: counts without a name, so
-- that a leader without customers sees the same figures. The first span is told apart by branch, grid or officer (``level``), the
-- others are counted together, all in one pass. ``own`` counts a subject once for each officer who led or joined. ``only_staff`` keeps to
-- what one officer led or joined; which branches a post is shown is decided in reporting.access.
drop function if exists acc.visit_figures(bigint, text, date, text, bigint[], bigint);
create or replace function acc.visit_figures(
    in_institution bigint, spans text[], days date[], level text, only_branches bigint[], only_staff bigint)
returns table (
    span text, unit_id bigint, kind text, subjects bigint, effective bigint, own_subjects bigint, own_effective bigint, visits bigint,
    effective_visits bigint)
language sql stable security definer set search_path = public, pg_temp as $$
    select asked.span,
           case when asked.place > 1 then null when level = 'branch' then grid.branch_id when level = 'grid' then tally.grid_id
                else tally.staff_id end,
           tally.kind::text, sum(tally.subjects), sum(tally.effective), sum(tally.own_subjects), sum(tally.own_effective),
           sum(tally.visits), sum(tally.effective_visits)
    from unnest(spans, days) with ordinality as asked (span, starts_on, place)
    join customers_visittally as tally
      on tally.institution_id = in_institution and tally.span = asked.span and tally.starts_on = asked.starts_on
    join grids_grid as grid on grid.id = tally.grid_id
    where (only_branches is null or grid.branch_id = any (only_branches)) and (only_staff is null or tally.staff_id = only_staff)
      and acc.reads_figures(in_institution)
    group by 1, 2, 3
$$;
alter function acc.visit_figures(bigint, text[], date[], text, bigint[], bigint) owner to gedang_def;
revoke all on function acc.visit_figures(bigint, text[], date[], text, bigint[], bigint) from public;
grant execute on function acc.visit_figures(bigint, text[], date[], text, bigint[], bigint) to gedang_web, gedang_web_all;
