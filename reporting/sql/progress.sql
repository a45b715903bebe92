-- An early migration runs this file before every column it names is there.
set local check_function_bodies = off;

-- Progress counted set-based: what weekly reports freeze and what previews and overviews show (Semantics, sections 1 and 2).
-- The functions of schema lib run with the rights of who calls them (the freezing worker, or the definers below). They are
-- STABLE, so that a freeze calling them in the statement that also writes what was counted works on one snapshot. They read
-- whole tables once and join by hash: nested loops are switched off in them, because after a bulk load the planner may still
-- believe the tables are empty, and a plan made for any scope at all would suit neither a branch nor the bank.

-- Milestones of a campaign received before the cut that no report has counted. What became visible only after its week was
-- frozen is still here: it belongs to the next.
create or replace function lib.uncounted(in_campaign bigint, cut timestamptz)
returns setof customers_milestone language sql stable as $$
    select milestone.* from customers_milestone as milestone
    where milestone.campaign_id = in_campaign and milestone.reached_at < cut
      and not exists (select 1 from reporting_countedmilestone as counted where counted.milestone_id = milestone.id)
$$;

-- Subjects of an institution on a day: on the roster (listed and not left), or found in the field and not listed yet.
create or replace function lib.subjects_on(in_institution bigint, on_day date, only_grids bigint[])
returns table (id bigint, grid_id bigint, kind text, on_roster boolean, is_found boolean, was_found boolean)
language sql stable as $$
    select subject.id, subject.grid_id, subject.kind::text,
           subject.listed_on is not null and subject.listed_on <= on_day and (subject.left_on is null or subject.left_on > on_day),
           (subject.listed_on is null or subject.listed_on > on_day) and (subject.left_on is null or subject.left_on > on_day),
           subject.found_on is not null
    from customers_subject as subject
    where subject.institution_id = in_institution and (only_grids is null or subject.grid_id = any (only_grids))
$$;

-- Who owns each grid on a day: the first covering seat.
create or replace function lib.owners_on(in_institution bigint, on_day date)
returns table (grid_id bigint, staff_id bigint, name text) language sql stable as $$
    select distinct on (seat.grid_id) seat.grid_id, seat.staff_id, staff.name::text
    from grids_seat as seat
    join grids_seatkind as kind on kind.id = seat.kind_id and kind.covers and kind.institution_id = in_institution
    join grids_staff as staff on staff.id = seat.staff_id
    where seat.from_on <= on_day and (seat.to_on is null or seat.to_on > on_day)
    order by seat.grid_id, kind."order", seat.from_on, seat.id
$$;

-- What was reached, one row per grid, kind of subject, step, collector and state, to be added up in many ways by who asks.
-- ``step``: roster, blocked (standing on the roster), not_met (subjects visited in vain in the week), not_met_by (the same by
-- lead), a kind of milestone, or signed_withdrawn, carded_withdrawn and drawn_withdrawn: what was reached of a grant that was
-- withdrawn. ``standing``: roster, found (in the field, not listed yet) or gone. ``is_new``: of this week;
-- `since`, set while the week before is not frozen yet, leaves to that week what came before. Amounts are yuan as text, so that
-- no reader makes floats of them.
create or replace function lib.progress_on(
    in_campaign bigint, begins timestamptz, cut timestamptz, since timestamptz, on_day date, only_grids bigint[] default null)
returns table (
    grid_id bigint, kind text, step text, staff_id bigint, standing text, was_found boolean, is_new boolean, is_late boolean,
    subjects bigint, amount text)
language sql stable set enable_nestloop = off set plan_cache_mode = force_custom_plan as $$
    with subject as materialized (
        select one.id, one.grid_id, one.kind,
               case when one.on_roster then 'roster' when one.is_found then 'found' else 'gone' end as standing, one.was_found
        from grids_campaign as campaign, lib.subjects_on(campaign.institution_id, on_day, only_grids) as one
        where campaign.id = in_campaign
    ), event as (  -- what was counted before was received before: one pass tells both what stands and what is new
        select milestone.subject_id, milestone.kind::text as step, milestone.staff_id, milestone.amount, milestone.device_on,
               counted.milestone_id is null and (since is null or milestone.reached_at >= since) as is_new
        from customers_milestone as milestone
        left join reporting_countedmilestone as counted on counted.milestone_id = milestone.id
        where milestone.campaign_id = in_campaign and milestone.reached_at < cut
          and (only_grids is null or milestone.grid_id = any (only_grids))
    ), taken_back as (
        -- What was signed, carded or drawn of a grant that was withdrawn in the campaign: new in the week that made both true. Few rows,
        -- found by the index on institution, campaign and kind.
        select reached.subject_id, reached.kind::text || '_withdrawn' as step, gone.staff_id, null::numeric as amount, null::date as device_on,
               ((since is null or gone.reached_at >= since)
                and not exists (select from reporting_countedmilestone as counted where counted.milestone_id = gone.id))
               or ((since is null or reached.reached_at >= since)
                   and not exists (select from reporting_countedmilestone as counted where counted.milestone_id = reached.id)) as is_new
        from customers_milestone as gone
        join customers_milestone as reached on reached.subject_id = gone.subject_id
        where gone.institution_id = (select campaign.institution_id from grids_campaign as campaign where campaign.id = in_campaign)
          and gone.campaign_id = in_campaign and gone.kind = 'grant_withdrawn' and gone.reached_at < cut
          and reached.institution_id = (select campaign.institution_id from grids_campaign as campaign where campaign.id = in_campaign)
          and reached.campaign_id = in_campaign and reached.kind in ('signed', 'carded', 'drawn') and reached.reached_at < cut
          and (only_grids is null or gone.grid_id = any (only_grids))
    ), missed as materialized (
        select distinct visit.subject_id, visit.lead_id from customers_visit as visit
        where visit.campaign_id = in_campaign and visit.outcome in ('nobody', 'moved')
          and visit.received_at >= begins and visit.received_at < cut
          and (only_grids is null or visit.grid_id = any (only_grids))
    ), blocked as (
        -- of who is there: the entry of a member who left went with him
        select distinct entry.subject_id from customers_listentry as entry
        where (select person.left_on from customers_person as person where person.id = entry.person_id) is null
          and entry.confirmed_at is not null and entry.released_at is null and entry.blocks
          and (only_grids is null or entry.grid_id = any (only_grids))
    )
    select subject.grid_id, subject.kind, event.step, event.staff_id, subject.standing, subject.was_found, event.is_new,
           event.is_new and event.device_on < (begins at time zone 'Asia/Shanghai')::date, count(*),
           -- a withdrawal that names no amount takes back what was granted
           sum(case when event.step = 'grant_withdrawn' and event.amount is null then (
               select granted.amount from customers_milestone as granted
               where granted.campaign_id = in_campaign and granted.subject_id = event.subject_id and granted.kind = 'granted')
               else event.amount end)::text
    from (select * from event union all select * from taken_back) as event join subject on subject.id = event.subject_id
    group by 1, 2, 3, 4, 5, 6, 7, 8
    union all
    select grid_id, kind, figure.step, null, 'roster', false, figure.step = 'not_met', false, figure.subjects, null
    from (
        select subject.grid_id, subject.kind, count(*) filter (where standing = 'roster') as roster,
               count(blocked.subject_id) filter (where standing = 'roster') as blocked, count(called.subject_id) as not_met
        from subject
        left join blocked on blocked.subject_id = subject.id
        left join (select distinct subject_id from missed) as called on called.subject_id = subject.id
        group by subject.grid_id, subject.kind
    ) as listed
    cross join lateral (values ('roster', roster), ('blocked', blocked), ('not_met', not_met)) as figure (step, subjects)
    where figure.subjects > 0
    union all
    select grid_id, kind, 'not_met_by', missed.lead_id, 'roster', false, true, false, count(*), null
    from subject join missed on missed.subject_id = subject.id group by grid_id, kind, missed.lead_id
$$;

-- What a freeze takes: milestones not counted yet, with home grid, owner and roster of the day.
create or replace function lib.taken_on(in_campaign bigint, in_institution bigint, cut timestamptz, on_day date)
returns table (milestone_id bigint, grid_id bigint, owner_id bigint, on_roster boolean)
language sql stable set enable_nestloop = off as $$
    select milestone.id, subject.grid_id, owner.staff_id, subject.on_roster
    from lib.uncounted(in_campaign, cut) as milestone
    join lib.subjects_on(in_institution, on_day, null) as subject on subject.id = milestone.subject_id
    left join lib.owners_on(in_institution, on_day) as owner on owner.grid_id = subject.grid_id
$$;

-- The territory a report is rolled up over: every active grid, and an inactive one that still holds subjects. A feature grid shows
-- what others count.
create or replace function lib.territory_on(in_institution bigint, on_day date, only_grids bigint[] default null)
returns table (grid_id bigint, name text, branch_id bigint, owner_id bigint, owner text) language sql stable as $$
    select grid.id, grid.name::text, grid.branch_id, owner.staff_id, owner.name
    from grids_grid as grid left join lib.owners_on(in_institution, on_day) as owner on owner.grid_id = grid.id
    where grid.institution_id = in_institution and grid.kind <> 'feature'
      and (only_grids is null or grid.id = any (only_grids))
      and (grid.is_active or exists (select 1 from customers_subject as subject where subject.grid_id = grid.id))
    order by grid.branch_id, grid.division_code, grid.id
$$;

-- Whether the acting post may see counts of an institution: the reading posts of Design, section 1, on their days.
create or replace function acc.reads_figures(in_institution bigint) returns boolean
language sql stable security definer set search_path = public, pg_temp as $$
    select exists (
        select 1 from grids_post as post join grids_staff as staff on staff.id = post.staff_id and staff.is_active
        where post.id = nullif(current_setting('app.post', true), '')::bigint
          and post.staff_id = nullif(current_setting('app.staff', true), '')::bigint
          and post.kind in ('officer', 'branch_manager', 'approver', 'auditor', 'leader')
          and post.from_on <= acc.today() and (post.to_on is null or post.to_on > acc.today())
          and staff.institution_id = in_institution)
$$;

-- Counts for pages, for the reading posts of the campaign's institution alone: no name or number of a customer leaves here,
-- so a leader without customers sees the same figures. Which lines a post is shown is decided in reporting.access.
create or replace function acc.progress(
    in_campaign bigint, begins timestamptz, cut timestamptz, since timestamptz, on_day date, only_grids bigint[])
returns table (territory jsonb, steps jsonb)
language sql stable security definer set search_path = public, pg_temp as $$
    select (select jsonb_agg(to_jsonb(place)) from lib.territory_on(campaign.institution_id, on_day, only_grids) as place),
           (select jsonb_agg(to_jsonb(line)) from lib.progress_on(in_campaign, begins, cut, since, on_day, only_grids) as line)
    from grids_campaign as campaign
    where campaign.id = in_campaign and acc.reads_figures(campaign.institution_id)
$$;

-- The whole bank in a week not frozen yet, as at most 15 seconds ago when nothing was reached or visited since: previews, the
-- bank's overview and its map ask the same within one look, and counting reads every subject.
create or replace function acc.running_count(
    in_campaign bigint, in_begins timestamptz, in_cut timestamptz, in_since timestamptz, in_day date)
returns table (territory jsonb, steps jsonb, cut timestamptz)
language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
    last_milestone constant bigint := coalesce((select max(id) from customers_milestone), 0);
    last_visit constant bigint := coalesce((select max(id) from customers_visit), 0);
begin
    if not exists (
        select from grids_campaign as campaign where campaign.id = in_campaign and acc.reads_figures(campaign.institution_id)) then
        return;
    end if;
    return query
        select shared.territory, shared.steps, shared.cut from reporting_runningcount as shared
        where shared.campaign_id = in_campaign and shared.begins = in_begins and shared.since is not distinct from in_since
          and shared.on_day = in_day and shared.newest_milestone = last_milestone and shared.newest_visit = last_visit
          and shared.cut <= in_cut and shared.cut > in_cut - interval '15 seconds'
          and shared.counted_at > clock_timestamp() - interval '15 seconds';
    if found then
        return;
    end if;
    return query
        insert into reporting_runningcount as shared (
            campaign_id, begins, since, cut, on_day, newest_milestone, newest_visit, territory, steps, counted_at)
        select in_campaign, in_begins, in_since, in_cut, in_day, last_milestone, last_visit,
               coalesce(counted.territory, '[]'), coalesce(counted.steps, '[]'), clock_timestamp()
        from acc.progress(in_campaign, in_begins, in_cut, in_since, in_day, null) as counted
        on conflict (campaign_id) do update set
            begins = excluded.begins, since = excluded.since, cut = excluded.cut, on_day = excluded.on_day,
            newest_milestone = excluded.newest_milestone, newest_visit = excluded.newest_visit,
            territory = excluded.territory, steps = excluded.steps, counted_at = excluded.counted_at
        returning shared.territory, shared.steps, shared.cut;
end $$;

-- How long files have waited for a second officer: newest revisions without verdict, by days since they were submitted.
create or replace function acc.waiting_checks(in_institution bigint, at timestamptz, only_grids bigint[])
returns table (branch_id bigint, days integer, files bigint)
language sql stable security definer set search_path = public, pg_temp as $$
    select waiting.branch_id, (at at time zone 'Asia/Shanghai')::date - (waiting.submitted_at at time zone 'Asia/Shanghai')::date,
           count(*)
    from (
        select distinct on (profile.subject_id) profile.id, profile.submitted_at, grid.branch_id
        from grids_grid as grid join customers_profile as profile on profile.grid_id = grid.id
        where grid.institution_id = in_institution and (only_grids is null or grid.id = any (only_grids))
          and acc.reads_figures(in_institution)
        order by profile.subject_id, profile.number desc
    ) as waiting
    where not exists (select 1 from customers_profilecheck as done where done.profile_id = waiting.id)
    group by 1, 2 order by 1, 2
$$;

do $$
declare
    signature text;
begin
    foreach signature in array array[
        'lib.uncounted(bigint, timestamptz)',
        'lib.subjects_on(bigint, date, bigint[])',
        'lib.owners_on(bigint, date)',
        'lib.progress_on(bigint, timestamptz, timestamptz, timestamptz, date, bigint[])',
        'lib.taken_on(bigint, bigint, timestamptz, date)',
        'lib.territory_on(bigint, date, bigint[])'
    ] loop
        execute format('revoke all on function %s from public', signature);
        execute format('grant execute on function %s to gedang_worker, gedang_def', signature);
    end loop;
    -- Territory and owners are open to pages; subjects behind them stay under row security.
    grant execute on function lib.owners_on(bigint, date), lib.territory_on(bigint, date, bigint[]) to gedang_web, gedang_web_all;
    foreach signature in array array[
        'acc.reads_figures(bigint)',
        'acc.progress(bigint, timestamptz, timestamptz, timestamptz, date, bigint[])',
        'acc.running_count(bigint, timestamptz, timestamptz, timestamptz, date)',
        'acc.waiting_checks(bigint, timestamptz, bigint[])'
    ] loop
        execute format('alter function %s owner to gedang_def', signature);
        execute format('revoke all on function %s from public', signature);
        execute format('grant execute on function %s to gedang_web, gedang_web_all, gedang_worker', signature);
    end loop;
end $$;
