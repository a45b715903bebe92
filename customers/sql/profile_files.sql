-- A file of visits begins with who uploads it and is settled once, by another, under his own name; a worker then says how the
-- writing went. What was uploaded stands.
create or replace function lib.keep_profile_file() returns trigger language plpgsql as $$
declare
    me bigint := nullif(current_setting('app.staff', true), '')::bigint;
begin
    if current_user = 'gedang_owner' then return new; end if;
    if tg_op = 'INSERT' then
        if new.uploaded_by_id is distinct from me or new.state not in ('broken', 'waiting')
           or num_nonnulls(new.settled_by_id, new.settled_at, new.run_id) > 0 or new.written + new.repeated > 0 then
            raise exception 'a file of visits begins with who uploads it' using errcode = 'restrict_violation';
        end if;
        return new;
    end if;
    if (new.file_id, new.file_sha256, new.form_id, new.branch_id, new.subjects, new.problems, new.uploaded_by_id)
       is distinct from (old.file_id, old.file_sha256, old.form_id, old.branch_id, old.subjects, old.problems, old.uploaded_by_id) then
        raise exception 'what was uploaded stands' using errcode = 'restrict_violation';
    end if;
    if old.state = 'waiting' then
        if new.state not in ('writing', 'rejected') or new.settled_by_id is distinct from me or new.settled_at is null
           or (new.settled_by_id = new.uploaded_by_id and not new.settled_from_console) then
            raise exception 'a file of visits is settled once, by another, under one''s own name' using errcode = 'restrict_violation';
        end if;
    elsif old.state <> 'writing' or new.state not in ('writing', 'written', 'failed')
          or (new.settled_by_id, new.settled_at) is distinct from (old.settled_by_id, old.settled_at) then
        raise exception 'a settled file of visits stands' using errcode = 'restrict_violation';
    elsif current_user = 'gedang_web' and (new.state <> 'writing' or old.run_id is not null) then
        raise exception 'a worker says how the writing went' using errcode = 'restrict_violation';
    end if;
    return new;
end $$;
