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
    if current_user = 'gedang_def' and to_jsonb(new) - '{grid_id,subject_id}'::text[] = to_jsonb(old) - '{grid_id,subject_id}'::text[] then
        return new;  -- an entry follows its person to another household (customers/sql/life.sql)
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

-- An entry begins as the proposal of the acting person and is settled under one's own name; what was proposed stands. Its review
-- date moves by a recorded review. It ends by a confirmed release, or, when white, because the entry that takes its place was
-- confirmed at that instant: white of another member (one borrower in a household), or one that blocks the household.
create or replace function lib.keep_list_entry() returns trigger language plpgsql as $$
declare
    me bigint := nullif(current_setting('app.staff', true), '')::bigint;
begin
    if current_user = 'gedang_owner' then return new; end if;
    if tg_op = 'INSERT' then
        if num_nonnulls(new.released_at, new.released_by_id, new.superseded_by_id) > 0 then
            raise exception 'an entry does not begin released' using errcode = 'restrict_violation';
        end if;
        if me is not null and (new.proposed_by_id <> me
                or num_nonnulls(new.confirmed_at, new.confirmed_by_id, new.rejected_at, new.rejected_by_id) > 0) then
            raise exception 'an entry begins as the proposal of the acting person' using errcode = 'restrict_violation';
        end if;
        return new;
    end if;
    -- A generated column has no value yet in a trigger before the write.
    if num_nonnulls(old.released_at, old.rejected_at) > 0
       and to_jsonb(new) - '{grid_id,subject_id,blocks}'::text[] is distinct from to_jsonb(old) - '{grid_id,subject_id,blocks}'::text[] then
        raise exception 'a released or refused entry stands' using errcode = 'restrict_violation';
    end if;
    if (new.person_id, new.colour, new.reason, new.note, new.proposed_by_id, new.proposed_at, new.tag_blocks, new.is_sensitive, new.file_id)
       is distinct from
       (old.person_id, old.colour, old.reason, old.note, old.proposed_by_id, old.proposed_at, old.tag_blocks, old.is_sensitive, old.file_id) then
        raise exception 'what was proposed stands' using errcode = 'restrict_violation';
    end if;
    if (new.confirmed_by_id, new.confirmed_at) is distinct from (old.confirmed_by_id, old.confirmed_at) then
        if old.confirmed_at is not null or new.confirmed_by_id is distinct from me or new.confirmed_at is null or new.rejected_at is not null then
            raise exception 'an entry is confirmed once, under one''s own name' using errcode = 'restrict_violation';
        end if;
        if new.colour = 'white' and exists (
            select 1 from customers_listentry as other where other.subject_id = new.subject_id
              and other.blocks and other.confirmed_at is not null and other.released_at is null
              and (select person.left_on from customers_person as person where person.id = other.person_id) is null
        ) then
            raise exception 'a blocked household has no white entry' using errcode = 'restrict_violation';
        end if;
    end if;
    if (new.rejected_by_id, new.rejected_at) is distinct from (old.rejected_by_id, old.rejected_at)
       and (new.confirmed_at is not null or new.rejected_by_id is distinct from me) then
        raise exception 'a proposal is refused under one''s own name' using errcode = 'restrict_violation';
    end if;
    if new.review_on is distinct from old.review_on and not exists (
        select 1 from customers_listreview as review
        where review.entry_id = new.id and review.next_on = new.review_on and review.former_on is not distinct from old.review_on
          and review.reviewed_by_id = me
    ) then
        raise exception 'a review date moves by a recorded review' using errcode = 'restrict_violation';
    end if;
    if old.released_at is null and num_nonnulls(new.released_at, new.released_by_id, new.superseded_by_id) > 0 and not exists (
        select 1 from customers_listrelease as release
        where release.entry_id = new.id and release.confirmed_at = new.released_at and release.confirmed_by_id = new.released_by_id
          and new.superseded_by_id is null
    ) and not exists (
        select 1 from customers_listentry as next
        where new.colour = 'white' and next.id = new.superseded_by_id and next.id <> new.id and next.subject_id = new.subject_id
          and (next.colour = 'white' or next.blocks)
          and next.confirmed_at = new.released_at and next.confirmed_by_id = new.released_by_id
    ) then
        raise exception 'an entry is released by a confirmed release alone' using errcode = 'restrict_violation';
    end if;
    return new;
end $$;

-- A file of entries is uploaded and settled by two people, each under his own name, and settled once.
create or replace function lib.keep_list_file() returns trigger language plpgsql as $$
declare
    me bigint := nullif(current_setting('app.staff', true), '')::bigint;
begin
    if current_user = 'gedang_owner' then return new; end if;
    if tg_op = 'INSERT' then
        if new.uploaded_by_id is distinct from me or new.state not in ('broken', 'waiting') or num_nonnulls(new.settled_by_id, new.settled_at) > 0 then
            raise exception 'a file of entries begins with who uploads it' using errcode = 'restrict_violation';
        end if;
        return new;
    end if;
    if old.state <> 'waiting' or new.state not in ('confirmed', 'rejected') or new.settled_by_id is distinct from me or new.settled_at is null then
        raise exception 'a file of entries is settled once, under one''s own name' using errcode = 'restrict_violation';
    end if;
    return new;
end $$;
