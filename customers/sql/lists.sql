-- Nobody leaves a list by one person's hand: a release is asked for by one, confirmed by another, each under his own name, and
-- the entry is released by nothing else. What is settled stands.
create or replace function lib.keep_list_release() returns trigger language plpgsql as $$
declare
    me bigint := nullif(current_setting('app.staff', true), '')::bigint;
begin
    if current_user = 'gedang_owner' then return new; end if;
    if tg_op = 'INSERT' then
        if new.asked_by_id is distinct from me or num_nonnulls(new.confirmed_at, new.confirmed_by_id, new.rejected_at, new.rejected_by_id) > 0 then
            raise exception 'a release begins as the request of the acting person' using errcode = 'restrict_violation';
        end if;
        if not exists (
            select 1 from customers_listentry as entry
            where entry.id = new.entry_id and entry.subject_id = new.subject_id and entry.grid_id = new.grid_id
              and entry.confirmed_at is not null and entry.released_at is null
        ) then
            raise exception 'only an entry in force can be released' using errcode = 'restrict_violation';
        end if;
        return new;
    end if;
    if old.confirmed_at is not null or old.rejected_at is not null then
        raise exception 'a settled release stands' using errcode = 'restrict_violation';
    end if;
    if (new.entry_id, new.subject_id, new.reason, new.asked_by_id, new.asked_at)
       is distinct from (old.entry_id, old.subject_id, old.reason, old.asked_by_id, old.asked_at) then
        raise exception 'what was asked for stands' using errcode = 'restrict_violation';
    end if;
    if coalesce(new.confirmed_by_id, me) is distinct from me or coalesce(new.rejected_by_id, me) is distinct from me then
        raise exception 'a release is settled under one''s own name' using errcode = 'restrict_violation';
    end if;
    return new;
end $$;

create or replace function lib.keep_list_entry() returns trigger language plpgsql as $$
begin
    if current_user = 'gedang_owner' then return new; end if;
    if tg_op = 'INSERT' then
        if num_nonnulls(new.released_at, new.released_by_id) > 0 then
            raise exception 'an entry does not begin released' using errcode = 'restrict_violation';
        end if;
        return new;
    end if;
    if old.released_at is not null and to_jsonb(new) - 'grid_id' is distinct from to_jsonb(old) - 'grid_id' then
        raise exception 'a released entry stands' using errcode = 'restrict_violation';
    end if;
    if old.released_at is null and num_nonnulls(new.released_at, new.released_by_id) > 0 and not exists (
        select 1 from customers_listrelease as release
        where release.entry_id = new.id and release.confirmed_at = new.released_at and release.confirmed_by_id = new.released_by_id
    ) then
        raise exception 'an entry is released by a confirmed release alone' using errcode = 'restrict_violation';
    end if;
    return new;
end $$;
