-- The institution the acting person audits today under a post for the whole of it; null for everybody else.
create or replace function acc.audits() returns bigint language sql stable security definer set search_path = public, pg_temp as $$
    select staff.institution_id
    from grids_post as post
    join grids_staff as staff on staff.id = post.staff_id and staff.is_active
    where post.id = nullif(current_setting('app.post', true), '')::bigint
      and post.staff_id = nullif(current_setting('app.staff', true), '')::bigint
      and post.kind = 'auditor' and post.branch_id is null
      and post.from_on <= acc.today() and (post.to_on is null or post.to_on > acc.today())
$$;
alter function acc.audits() owner to gedang_def;
revoke all on function acc.audits() from public;
grant execute on function acc.audits() to gedang_web, gedang_web_all;

-- Whose work a subject's file is: visits led or joined, revisions collected, revisions checked.
create or replace function lib.own_work(people bigint[]) returns table (subject_id bigint)
language sql stable set search_path = public, pg_temp as $$
    select visit.subject_id from customers_visit as visit where visit.lead_id = any (people)
    union select visit.subject_id from customers_visit as visit where visit.partner_id = any (people)
    union select profile.subject_id from customers_profile as profile where profile.collector_id = any (people)
    union select done.subject_id from customers_profilecheck as done where done.checker_id = any (people)
$$;
alter function lib.own_work(bigint[]) owner to gedang_def;
revoke all on function lib.own_work(bigint[]) from public;

-- What an auditor must not see: files that are his own work, and files to inspect that nobody has re-entered yet. A plan that is
-- concluded hides nothing more, nor one whose new draw replaced it; the new draw does.
create or replace function acc.hidden() returns bigint[] language sql stable security definer set search_path = public, pg_temp as $$
    with me as (
        select post.staff_id from grids_post as post
        where post.id = nullif(current_setting('app.post', true), '')::bigint
          and post.staff_id = nullif(current_setting('app.staff', true), '')::bigint and post.kind = 'auditor'
    )
    select coalesce(array_agg(distinct subject_id), '{}') from (
        select mine.subject_id from me, lib.own_work(array[me.staff_id]) as mine
        union all
        select item.subject_id from me
        join reporting_sampleauditor as named on named.staff_id = me.staff_id
        join reporting_sampleplan as plan on plan.id = named.plan_id and plan.state <> 'concluded'
        join reporting_sampleitem as item on item.plan_id = plan.id
        where not exists (select 1 from reporting_inspection as done where done.item_id = item.id)
          and not exists (select 1 from reporting_sampleplan as later
                          where later.replaces_id = item.plan_id and later.state <> 'planned')
    ) as blind
$$;
alter function acc.hidden() owner to gedang_def;
revoke all on function acc.hidden() from public;
grant execute on function acc.hidden() to gedang_web, gedang_web_all, gedang_worker;
