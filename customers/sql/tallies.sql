-- What some visits add to the counts of visited subjects, or with null what all of them amount to. A subject counts once in a span of
-- days (by the device's day), with its first visit and with its first effective one: what was counted before comes first. For each
-- officer who led or joined it counts once, too. Visits of one subject follow one another under the lock of its row.
create or replace function lib.visit_tallies(added bigint[])
returns table (
    institution_id bigint, grid_id bigint, staff_id bigint, kind text, span text, starts_on date, subjects bigint, effective bigint,
    own_subjects bigint, own_effective bigint, visits bigint, effective_visits bigint)
language sql stable as $$
    with visit as (
        select one.id, one.institution_id, one.recorded_grid_id, one.subject_id, one.lead_id, one.partner_id, one.is_effective,
               subject.kind::text as kind, (one.device_at at time zone 'Asia/Shanghai')::date as day,
               added is null or one.id = any (added) as is_new
        from customers_visit as one join customers_subject as subject on subject.id = one.subject_id
        where added is null
           or one.subject_id in (select fresh.subject_id from customers_visit as fresh where fresh.id = any (added))
    ), placed as (
        select visit.*, span.name as span, span.starts_on, person.staff_id, person.leads
        from visit
        cross join lateral (values ('day', day), ('week', date_trunc('week', day::timestamp)::date),
                                   ('month', date_trunc('month', day::timestamp)::date),
                                   ('year', date_trunc('year', day::timestamp)::date)) as span (name, starts_on)
        cross join lateral (select lead_id, true union all select partner_id, false where partner_id is not null)
            as person (staff_id, leads)
    ), ranked as (
        select placed.*,
               row_number() over (partition by subject_id, span, starts_on, leads order by is_new, id) as turn,
               row_number() over (partition by subject_id, span, starts_on, leads, is_effective order by is_new, id) as turn_alike,
               row_number() over (partition by subject_id, span, starts_on, staff_id order by is_new, id) as own_turn,
               row_number() over (partition by subject_id, span, starts_on, staff_id, is_effective order by is_new, id) as own_turn_alike
        from placed
    )
    select institution_id, recorded_grid_id, staff_id, kind, span, starts_on,
           count(*) filter (where leads and turn = 1), count(*) filter (where leads and is_effective and turn_alike = 1),
           count(*) filter (where own_turn = 1), count(*) filter (where is_effective and own_turn_alike = 1),
           count(*) filter (where leads), count(*) filter (where leads and is_effective)
    from ranked where is_new
    group by 1, 2, 3, 4, 5, 6
$$;

-- After an insert of visits: add to a row of the key that nobody holds, else begin another one; so no officer waits for another.
create or replace function lib.tally_visits() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    one record;
begin
    for one in select * from lib.visit_tallies((select array_agg(id) from added)) loop
        update customers_visittally as kept
        set subjects = kept.subjects + one.subjects, effective = kept.effective + one.effective,
            own_subjects = kept.own_subjects + one.own_subjects, own_effective = kept.own_effective + one.own_effective,
            visits = kept.visits + one.visits, effective_visits = kept.effective_visits + one.effective_visits
        where kept.id = (
            select free.id from customers_visittally as free
            where free.institution_id = one.institution_id and free.span = one.span and free.starts_on = one.starts_on
              and free.grid_id = one.grid_id and free.staff_id = one.staff_id and free.kind = one.kind
            order by free.id limit 1 for update skip locked);
        if not found then
            insert into customers_visittally (
                institution_id, grid_id, staff_id, kind, span, starts_on, subjects, effective, own_subjects, own_effective,
                visits, effective_visits)
            values (one.institution_id, one.grid_id, one.staff_id, one.kind, one.span, one.starts_on, one.subjects, one.effective,
                    one.own_subjects, one.own_effective, one.visits, one.effective_visits);
        end if;
    end loop;
    return null;
end $$;
alter function lib.tally_visits() owner to gedang_def;
revoke all on function lib.tally_visits(), lib.visit_tallies(bigint[]) from public;
grant execute on function lib.visit_tallies(bigint[]) to gedang_def;

-- Visits received before they were counted.
insert into customers_visittally (
    institution_id, grid_id, staff_id, kind, span, starts_on, subjects, effective, own_subjects, own_effective, visits, effective_visits)
select * from lib.visit_tallies(null)
where not exists (select from customers_visittally);
