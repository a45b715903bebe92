-- The register of a bank's own questions grows here and nowhere else: a new question takes the next place, a new code the end of its
-- list. Definer, because an officer who sends the first answer of a new form may write nothing but his visit.
create or replace function lib.place_answers(bank bigint, wanted jsonb) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    one jsonb;
begin
    perform pg_advisory_xact_lock(hashtext('lib.place_answers'), bank::int);
    for one in select value from jsonb_array_elements(wanted) loop
        insert into customers_answerregister (institution_id, at, type, place, codes, zh, en)
        select bank, one ->> 'at', one ->> 'type', count(*), one -> 'codes', one ->> 'zh', one ->> 'en'
        from customers_answerregister where institution_id = bank
        having count(*) < 400
        on conflict (institution_id, at, type) do update
            set codes = customers_answerregister.codes || coalesce((
                select jsonb_agg(code order by rank) from jsonb_array_elements(excluded.codes) with ordinality as new (code, rank)
                where not customers_answerregister.codes @> jsonb_build_array(code)), '[]');
    end loop;
end $$;
alter function lib.place_answers(bigint, jsonb) owner to gedang_def;
revoke all on function lib.place_answers(bigint, jsonb) from public;
grant execute on function lib.place_answers(bigint, jsonb) to gedang_web, gedang_web_all, gedang_worker;
