-- The one procedure that erases a person: the data key dies, name and tokens are blanked, also in history (PIPL 47).
create or replace function acc.erase_person(person bigint, reason text) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    update customers_person set name = '', sort_key = '', data_key = null, id_number = null, id_index = null, id_tail = null,
           phone = null, phone_index = null, phone_tail = null, erased_at = now() where id = person;
    if not found then raise exception 'person % does not exist', person; end if;
    delete from customers_persontoken where person_id = person;
    update lib_history set old = old || '{"name": "", "sort_key": "", "data_key": null, "id_index": null, "id_tail": null, "phone_index": null, "phone_tail": null}'
     where table_name = 'customers_person' and row_id = person::text;
    insert into lib_auditevent (institution_id, staff_id, verb, about, about_id, detail, request)
    select institution_id, nullif(current_setting('app.staff', true), '')::bigint, 'erase', 'person', person::text,
           jsonb_build_object('reason', reason), coalesce(current_setting('app.request', true), '')
    from customers_person where id = person;
end $$;
alter function acc.erase_person(bigint, text) owner to gedang_def;
revoke all on function acc.erase_person(bigint, text) from public;
grant execute on function acc.erase_person(bigint, text) to gedang_worker;
