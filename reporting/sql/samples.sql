-- What an auditor must not see: files he collected or joined, and drawn files he has not yet re-entered.
create or replace function acc.hidden() returns bigint[] language sql stable security definer set search_path = public, pg_temp as $$
    with me as (
        select post.staff_id from grids_post as post
        where post.id = nullif(current_setting('app.post', true), '')::bigint
          and post.staff_id = nullif(current_setting('app.staff', true), '')::bigint and post.kind = 'auditor'
    )
    select coalesce(array_agg(distinct subject_id), '{}') from (
        select visit.subject_id from me join customers_visit as visit on me.staff_id in (visit.lead_id, visit.partner_id)
        union all
        select item.subject_id from me
        join reporting_sampleauditor as named on named.staff_id = me.staff_id
        join reporting_sampleitem as item on item.plan_id = named.plan_id
        where not exists (select 1 from reporting_inspection as done where done.item_id = item.id)
    ) as blind
$$;
alter function acc.hidden() owner to gedang_def;
revoke all on function acc.hidden() from public;
grant execute on function acc.hidden() to gedang_web, gedang_web_all, gedang_worker;
