-- A contact plan is made in one's own name, for a day to come, through a present member of the household; it goes with a visit of
-- the same subject that its lead or typist sent.
create or replace function lib.keep_contact_plan() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare
    me bigint := nullif(current_setting('app.staff', true), '')::bigint;
begin
    if me is not null and me <> new.made_by_id then
        raise exception 'a contact plan is made in one''s own name' using errcode = 'check_violation';
    end if;
    if new.visit_id is not null and not exists (
        select from customers_visit as visit
        where visit.id = new.visit_id and visit.subject_id = new.subject_id and visit.outcome in ('away', 'refused')
          and new.made_by_id in (visit.lead_id, visit.typed_by_id)) then
        raise exception 'a contact plan goes with a visit that found nobody to talk to' using errcode = 'check_violation';
    end if;
    if new.contact_id is not null and not exists (
        select from customers_person as person
        where person.id = new.contact_id and person.household_id = new.subject_id and person.left_on is null and person.erased_at is null) then
        raise exception 'the contact at home is a member of the household' using errcode = 'check_violation';
    end if;
    if me is not null and new.next_on <= coalesce(nullif(current_setting('app.today', true), '')::date, current_date) then
        raise exception 'the next contact lies ahead' using errcode = 'check_violation';
    end if;
    return new;
end $$;
alter function lib.keep_contact_plan() owner to gedang_def;

-- The plan in force: the newest word of a subject, unless it ended it, and nobody was talked to since. Runs as who asks.
create or replace view customers_standing_contact with (security_invoker = true) as
    select plan.id as plan_id, plan.institution_id, plan.grid_id, plan.subject_id, plan.why, plan.way, plan.contact_id, plan.returns_on,
           plan.next_on, plan.made_by_id, plan.made_at
    from customers_contactplan as plan
    where plan.ended = ''
      and not exists (select from customers_contactplan as newer where newer.subject_id = plan.subject_id and newer.id > plan.id)
      and not exists (select from customers_visit as visit
                      where visit.subject_id = plan.subject_id and visit.received_at > plan.made_at and visit.outcome in ('interviewed', 'partial'));
revoke all on customers_standing_contact from public;
grant select on customers_standing_contact to gedang_web, gedang_web_all, gedang_worker, gedang_opener, gedang_read, gedang_def;

-- Who of some grids works away from home: present members whom the newest trusted file of their household names, as the visit wrote it
-- down. Files of those who took collection back are not read. Runs as who asks.
create or replace function lib.migrants(wanted bigint[], at timestamptz)
returns table (subject_id bigint, grid_id bigint, form_id bigint, person_id bigint, place text, trade text, contact_id bigint, returns_on date)
language sql stable as $$
    select file.subject_id, file.grid_id, file.form_id, person.id, said.row ->> 'place', coalesce(said.row ->> 'trade', ''),
           nullif(said.row ->> 'home_contact', '')::bigint, nullif(said.row ->> 'returns_on', '')::date
    from public.customers_profile as file
    join lib.trusted(at) as held on held.profile_id = file.id
    join public.customers_subject as subject on subject.id = file.subject_id and subject.left_on is null
    join public.customers_household as home on home.subject_id = file.subject_id
    cross join lateral jsonb_array_elements(file.document -> 'migrants') as said (row)
    join public.customers_person as person
      on person.id = (said.row ->> 'member')::bigint and person.household_id = file.subject_id and person.left_on is null and person.erased_at is null
    where file.grid_id = any (wanted) and file.document @? '$.migrants[*]'
      and not exists (select from public.customers_profile as newer join lib.trusted(at) as other on other.profile_id = newer.id
                      where newer.subject_id = file.subject_id and newer.number > file.number)
      and not exists (select from public.customers_standing_consent as word
                      where word.subject_id = file.subject_id and word.scope = 'collection' and not word.is_given
                        and (word.whose_id is null or word.whose_id in (home.borrower_id, person.id)))
$$;
revoke all on function lib.migrants(bigint[], timestamptz) from public;
grant execute on function lib.migrants(bigint[], timestamptz) to gedang_web, gedang_web_all, gedang_read;
