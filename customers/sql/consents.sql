-- What stands after everything a household said: the last word on each scope, by the time it was said, of the household (whose_id
-- null) and of each member who spoke for himself. The one definition behind visits, lines, publicity, messages and exports;
-- domain/consents.py says the same of one household. Runs as who asks: row security of the consents holds.
create or replace view customers_standing_consent with (security_invoker = true) as
    select distinct on (consent.subject_id, consent.whose_id, said.scope)
           consent.id as consent_id, consent.institution_id, consent.subject_id, consent.whose_id, said.scope,
           said.is_given, consent.notice_version, consent.how, consent.given_at
    from customers_consent as consent
    cross join lateral (
        select agreed.scope, consent.how not in ('withdrawn', 'refused') as is_given
        from jsonb_array_elements_text(consent.scopes) as agreed (scope)
        union all
        select declined.scope, false from jsonb_array_elements_text(consent.refused) as declined (scope)
    ) as said
    order by consent.subject_id, consent.whose_id, said.scope, consent.given_at desc, consent.id desc;
revoke all on customers_standing_consent from public;
grant select on customers_standing_consent to gedang_web, gedang_web_all, gedang_worker, gedang_opener, gedang_read, gedang_def;

-- A consent says something, about known things, each once; a credit query stands on a signature and a purpose; a signature belongs
-- to the household; who takes a consent takes it in his own name, or typed it for the officer who went.
create or replace function lib.keep_consent() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare
    me bigint := nullif(current_setting('app.staff', true), '')::bigint;
    said text[] := array(select jsonb_array_elements_text(new.scopes || new.refused));
begin
    if cardinality(said) = 0 or cardinality(said) <> (select count(distinct one) from unnest(said) as one)
        or not said <@ '{collection,position,credit_query,publicity,messages}'::text[] then
        raise exception 'a consent speaks of known scopes, each once' using errcode = 'check_violation';
    end if;
    if (new.how = 'refused') <> (new.scopes = '[]') or (new.how in ('refused', 'withdrawn') and new.signature_id is not null)
        or (new.how = 'withdrawn' and new.refused <> '[]') or (new.how in ('drawn', 'photo') and new.signature_id is null) then
        raise exception 'a consent and the way it was given go together' using errcode = 'check_violation';
    end if;
    if (new.credit_purpose <> '') <> (new.how <> 'withdrawn' and new.scopes ? 'credit_query')
        or (new.credit_purpose <> '' and new.how not in ('drawn', 'photo')) then
        raise exception 'a credit query is agreed to in writing and for a purpose' using errcode = 'check_violation';
    end if;
    if new.signature_id is not null and not exists (
        select from lib_storedfile as file
        where file.id = new.signature_id and file.kind = 'consent' and file.is_encrypted and file.subject_id = new.subject_id) then
        raise exception 'a signature is sealed and belongs to its household' using errcode = 'check_violation';
    end if;
    if new.visit_id is not null and not exists (
        select from customers_visit as visit where visit.id = new.visit_id and visit.subject_id = new.subject_id) then
        raise exception 'a consent belongs to a visit of its household' using errcode = 'check_violation';
    end if;
    if me is not null and me <> new.taken_by_id and not exists (
        select from customers_visit as visit where visit.id = new.visit_id and (visit.typed_by_id = me
            -- A file of visits is written by the job its second person started: who went is named in it.
            or (current_setting('role', true) = 'gedang_worker' and visit.entry = 'file' and visit.typed_by_id is not null
                and visit.lead_id = new.taken_by_id))) then
        raise exception 'a consent is taken in one''s own name' using errcode = 'check_violation';
    end if;
    return new;
end $$;
alter function lib.keep_consent() owner to gedang_def;
