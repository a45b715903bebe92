-- What a session and its attendance keep to, whoever writes.
create or replace function lib.keep_training() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if old.cancelled_at is not null
       or (new.institution_id, new.branch_id, new.title, new.kind, new."on", new.place, new.trainer, new.hours, new.has_test, new.material,
           new.recorded_by_id, new.recorded_at)
          is distinct from (old.institution_id, old.branch_id, old.title, old.kind, old."on", old.place, old.trainer, old.hours,
                            old.has_test, old.material, old.recorded_by_id, old.recorded_at) then
        raise exception 'what was announced of a training stands; cancel it and enter another' using errcode = 'restrict_violation';
    end if;
    if exists (select from grids_attendance as said where said.training_id = old.id and said.state = 'attended') then
        raise exception 'a training that was attended is not cancelled' using errcode = 'restrict_violation';
    end if;
    return new;
end $$;
alter function lib.keep_training() owner to gedang_def;

-- Rows are numbered by person; after the first, what is said of attendance once is corrected with a reason.
create or replace function lib.keep_attendance() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare
    session grids_training;
    last grids_attendance;
    me bigint := nullif(current_setting('app.staff', true), '')::bigint;
begin
    select * into session from grids_training where id = new.training_id for update;
    if session.cancelled_at is not null then
        raise exception 'this training was cancelled' using errcode = 'restrict_violation';
    end if;
    if not exists (select from grids_staff as person where person.id = new.staff_id and person.institution_id = session.institution_id) then
        raise exception 'a training is for the staff of its bank' using errcode = 'restrict_violation';
    end if;
    if me is not null and new.recorded_by_id <> me then
        raise exception 'attendance is recorded in one''s own name' using errcode = 'restrict_violation';
    end if;
    select * into last from grids_attendance as said
    where said.training_id = new.training_id and said.staff_id = new.staff_id order by said.number desc limit 1;
    if new.state = 'invited' and last.id is not null then
        raise exception 'this person was invited already' using errcode = 'restrict_violation';
    end if;
    if new.state <> 'invited' and session."on" > acc.today() then
        raise exception 'attendance is known on the day, not before' using errcode = 'restrict_violation';
    end if;
    if new.passed is not null and not session.has_test then
        raise exception 'this training has no test' using errcode = 'restrict_violation';
    end if;
    if last.state in ('attended', 'absent') and new.reason = '' then
        raise exception 'a correction says why' using errcode = 'restrict_violation';
    end if;
    new.number := coalesce(last.number, 0) + 1;
    return new;
end $$;
alter function lib.keep_attendance() owner to gedang_def;
