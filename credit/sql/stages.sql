-- When a round entered and left each of its stages. The database writes it, whoever moves the round: a person, the opener, a job.
create or replace function lib.note_stage() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if tg_op = 'UPDATE' and new.stage = old.stage then
        return null;
    end if;
    if tg_op = 'UPDATE' then
        update credit_roundstage set left_at = new.stage_since where round_id = new.id and stage = old.stage;
    end if;
    insert into credit_roundstage (institution_id, grid_id, round_id, stage, entered_at)
    values (new.institution_id, new.grid_id, new.id, new.stage, new.stage_since)
    on conflict (round_id, stage) do update
        set entered_at = coalesce(credit_roundstage.entered_at, excluded.entered_at), left_at = null;
    return null;
end $$;
alter function lib.note_stage() owner to gedang_def;

-- A stage that is over keeps who saw to it and its day; nobody but the round itself says when it was entered. Not a definer: the
-- role that asks counts.
create or replace function lib.keep_round_stage() returns trigger language plpgsql set search_path = public, pg_temp as $$
begin
    if current_user in ('gedang_web', 'gedang_web_all') then
        if tg_op = 'INSERT' and (new.entered_at, new.left_at) is distinct from (null, null) then
            raise exception 'a round says itself when it enters a stage' using errcode = 'restrict_violation';
        end if;
        if tg_op = 'UPDATE' and old.left_at is not null then
            raise exception 'this stage of the round is over' using errcode = 'restrict_violation';
        end if;
    end if;
    if not exists (select from credit_round as round where round.id = new.round_id
                   and (round.institution_id, round.grid_id) = (new.institution_id, new.grid_id)) then
        raise exception 'a stage belongs to a round of its village' using errcode = 'restrict_violation';
    end if;
    return new;
end $$;
