-- Who assesses a village types and confirms nobody's sheet of it, in the round itself or in a supplement of it; a paper sheet is typed
-- by one person and confirmed by another. A withdrawn sheet binds nobody any more.
create or replace function lib.keep_sheet_people() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare
    root bigint;
begin
    if tg_op = 'UPDATE' and (new.assessor_id, new.typist_id, new.confirmer_id)
        is not distinct from (old.assessor_id, old.typist_id, old.confirmer_id) then
        return new;
    end if;
    if new.typist_id = new.confirmer_id then
        raise exception 'a sheet is typed and confirmed by two people' using errcode = 'check_violation';
    end if;
    select coalesce(parent_id, id) into root from credit_round where id = new.round_id;
    -- One at a time, so that two sheets added at once see each other.
    perform pg_advisory_xact_lock(hashtextextended('people of a round', root));
    if exists (
        select from credit_sheet as sheet join credit_round as round on round.id = sheet.round_id
        where coalesce(round.parent_id, round.id) = root and sheet.state <> 'withdrawn' and sheet.id <> new.id
          and (sheet.assessor_id in (new.typist_id, new.confirmer_id)
               or new.assessor_id in (sheet.typist_id, sheet.confirmer_id))
    ) or new.assessor_id in (new.typist_id, new.confirmer_id) then
        raise exception 'who assesses a village types and confirms no sheet of it' using errcode = 'check_violation';
    end if;
    return new;
end $$;
alter function lib.keep_sheet_people() owner to gedang_def;
