-- What was sent, or was not to be sent, is not taken up again: a mail goes out once a day and kind.
create or replace function lib.keep_digest() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if (new.staff_id, new."on", new.kind) is distinct from (old.staff_id, old."on", old.kind) or old.state = 'sent' then
        raise exception 'a digest is sent once' using errcode = 'restrict_violation';
    end if;
    if new.tries < old.tries or new.unknown < old.unknown then
        raise exception 'tries of a digest are counted' using errcode = 'restrict_violation';
    end if;
    return new;
end $$;
alter function lib.keep_digest() owner to gedang_def;
