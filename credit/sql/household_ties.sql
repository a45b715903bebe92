-- What of credit stands in the way of changing households (see customers/sql/life.sql): a round that assesses them now, a decision
-- nobody has made, a line in force.
create or replace function lib.household_ties(subjects bigint[]) returns text[] language sql stable set search_path = public, pg_temp as $$
    select array_remove(array[
        case when exists (
            select from credit_sheetsubject as listed join credit_round as round on round.id = listed.round_id
            where listed.subject_id = any (subjects) and listed.is_assessable and round.stage in ('assess', 'opening')) then 'round' end,
        case when exists (
            select from credit_decision as decision join credit_round as round on round.id = decision.round_id and round.stage in ('decide', 'notice', 'sign')
            where decision.subject_id = any (subjects) and decision.outcome in ('merged', 'divergent')
              and not exists (select from credit_decision as newer where newer.round_id = decision.round_id
                                  and newer.subject_id = decision.subject_id and newer.number > decision.number)
              and not exists (select from credit_decisionstep as step where step.decision_id = decision.id
                                  and step.verb in ('approve', 'refuse', 'withdraw'))) then 'decision' end,
        case when exists (
            select from unnest(subjects) as one,
                lateral (select verb, amount from credit_decisionstep as step where step.subject_id = one
                         and step.verb in ('approve', 'refuse', 'withdraw') order by taken_at desc, id desc limit 1) as last
            where last.verb = 'approve' and last.amount > 0) then 'line' end], null)
$$;

create or replace function lib.grid_tie(grid bigint) returns text language sql stable set search_path = public, pg_temp as $$
    select coalesce((select 'round' from credit_round where grid_id = grid and stage <> 'closed' limit 1), '')
$$;
