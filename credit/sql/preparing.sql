-- The list of a round is written when its roster is frozen, settled while the list is checked, and stands from then on. A household
-- that moves takes its row along (grid_id alone, by the definer that routes); the owner clears what is past keeping.
create or replace function lib.keep_listed() returns trigger language plpgsql set search_path = public, pg_temp as $$
declare
    stage text;
begin
    if current_user = 'gedang_owner' then
        return case when tg_op = 'DELETE' then old else new end;
    end if;
    if tg_op = 'DELETE' then
        raise exception 'a household stays on the list of its round' using errcode = 'restrict_violation';
    end if;
    if tg_op = 'UPDATE' and to_jsonb(new) - '{grid_id}'::text[] = to_jsonb(old) - '{grid_id}'::text[] then
        return new;
    end if;
    select round.stage into stage from credit_round as round where round.id = new.round_id;
    if tg_op = 'INSERT' and stage in ('prepare', 'list') then
        return new;
    end if;
    if tg_op = 'UPDATE' and stage = 'list' and (new.round_id, new.subject_id, new.recorded_grid_id, new.institution_id, new.grid_id)
        = (old.round_id, old.subject_id, old.recorded_grid_id, old.institution_id, old.grid_id) then
        return new;
    end if;
    raise exception 'the list of this round is settled' using errcode = 'restrict_violation';
end $$;
