-- Maker is not checker: who proposed a decision neither approves nor refuses it.
create or replace function lib.refuse_own_decision() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if new.verb in ('approve', 'refuse') and exists (
        select 1 from credit_decisionstep as step
        where step.decision_id = new.decision_id and step.verb in ('propose', 'refer') and step.staff_id = new.staff_id) then
        raise exception 'who proposed a decision does not decide it' using errcode = 'check_violation';
    end if;
    return new;
end $$;
alter function lib.refuse_own_decision() owner to gedang_def;

-- The households on a sheet, for the person the sheet is in the hands of: the assessor, or a paper sheet's typist and then confirmer.
create or replace function acc.sheet_subjects(sheet_uuid uuid) returns bigint[]
language sql stable security definer set search_path = public, pg_temp as $$
    select coalesce(array_agg(roster.subject_id), '{}')
    from credit_sheet as sheet
    join credit_round as round on round.id = sheet.round_id and round.stage = 'assess'
    join credit_sheetsubject as roster on roster.round_id = sheet.round_id and roster.is_assessable
    where sheet.uuid = sheet_uuid
      and sheet.state in ('open', 'typed')
      and nullif(current_setting('app.staff', true), '')::bigint
          = case when sheet.mode = 'own' then sheet.assessor_id when sheet.state = 'typed' then sheet.confirmer_id else sheet.typist_id end
$$;
alter function acc.sheet_subjects(uuid) owner to gedang_def;
revoke all on function acc.sheet_subjects(uuid) from public;
grant execute on function acc.sheet_subjects(uuid) to gedang_web, gedang_web_all;
