-- Households whose line may change, noted with what changed them: a file accepted or returned, a sudden change flagged or settled, a
-- list entry, a word on consent, the household's life, its borrower, its people, its businesses. Definer, because nobody writes notes.
create or replace function lib.note_changed() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    insert into customers_subjectchange (subject_id) select distinct subject_id from added;
    return null;
end $$;

create or replace function lib.note_changed_row() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if tg_table_name = 'customers_subject' then
        insert into customers_subjectchange (subject_id)
        select added.id from added join gone on gone.id = added.id
        where added.kind = 'household' and (added.left_on, added.listed_on, added.found_on, added.grid_id)
              is distinct from (gone.left_on, gone.listed_on, gone.found_on, gone.grid_id)
        union
        select person.household_id from added join gone on gone.id = added.id
        join customers_principal as principal on principal.subject_id = added.id
        join customers_person as person on person.id = principal.person_id
        where added.kind <> 'household' and added.left_on is distinct from gone.left_on;
    elsif tg_table_name = 'customers_household' then
        insert into customers_subjectchange (subject_id)
        select added.subject_id from added join gone on gone.subject_id = added.subject_id
        where added.borrower_id is distinct from gone.borrower_id;
    elsif tg_table_name = 'customers_person' then
        insert into customers_subjectchange (subject_id)
        select unnest(array[added.household_id, gone.household_id]) from added join gone on gone.id = added.id
        where (added.household_id, added.born_on, added.sex) is distinct from (gone.household_id, gone.born_on, gone.sex);
    elsif tg_table_name = 'customers_principal' then
        insert into customers_subjectchange (subject_id)
        select person.household_id from added join gone on gone.subject_id = added.subject_id
        join customers_person as person on person.id in (added.person_id, gone.person_id)
        where added.person_id is distinct from gone.person_id;
    else
        insert into customers_subjectchange (subject_id) select distinct subject_id from added;
    end if;
    return null;
end $$;

create or replace function lib.note_business() returns trigger
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    insert into customers_subjectchange (subject_id)
    select person.household_id from added join customers_person as person on person.id = added.person_id;
    return null;
end $$;

do $$
declare
    one text;
begin
    foreach one in array array['lib.note_changed()', 'lib.note_changed_row()', 'lib.note_business()'] loop
        execute format('alter function %s owner to gedang_def', one);
        execute format('revoke all on function %s from public', one);
    end loop;
end $$;
