-- A draft of a parameter: begun and submitted by one person, released or returned by another, each under his own name and his
-- post; a submitted draft is frozen, a settled one stands (decision record 0014).
create or replace function lib.keep_parameter_draft() returns trigger language plpgsql as $$
declare
    me bigint := nullif(current_setting('app.staff', true), '')::bigint;
begin
    if current_user = 'gedang_owner' then return new; end if;
    if not exists (
        select 1 from grids_post as post
        where post.id = nullif(current_setting('app.post', true), '')::bigint and post.staff_id = me
          and post.kind = 'parameter_manager' and post.from_on <= acc.today() and (post.to_on is null or post.to_on > acc.today())
    ) then
        raise exception 'parameters are drafted and released by who holds that post' using errcode = 'restrict_violation';
    end if;
    if tg_op = 'INSERT' then
        if new.drafted_by_id is distinct from me or new.state <> 'draft' or new.revision <> 1
           or num_nonnulls(new.submitted_at, new.settled_by_id, new.settled_at, new.release_id) > 0 then
            raise exception 'a draft begins as the draft of the acting person' using errcode = 'restrict_violation';
        end if;
        return new;
    end if;
    if old.state in ('released', 'withdrawn') then
        raise exception 'a settled draft stands' using errcode = 'restrict_violation';
    end if;
    if (new.institution_id, new.kind, new.key, new.base_id, new.drafted_by_id, new.drafted_at)
       is distinct from (old.institution_id, old.kind, old.key, old.base_id, old.drafted_by_id, old.drafted_at) then
        raise exception 'what a draft is about stands' using errcode = 'restrict_violation';
    end if;
    if new.state = old.state then
        if old.state = 'submitted' then
            raise exception 'a submitted draft is frozen' using errcode = 'restrict_violation';
        end if;
        if me is distinct from old.drafted_by_id then
            raise exception 'a draft is changed by who drafts it' using errcode = 'restrict_violation';
        end if;
        if new.revision <> old.revision + 1
           or (new.sha256, new.submitted_at, new.settled_by_id, new.settled_at, new.reason, new.release_id)
              is distinct from (old.sha256, old.submitted_at, old.settled_by_id, old.settled_at, old.reason, old.release_id) then
            raise exception 'a draft is saved, nothing else' using errcode = 'restrict_violation';
        end if;
        return new;
    end if;
    if (new.document, new.note, new.effective_on, new.revision) is distinct from (old.document, old.note, old.effective_on, old.revision) then
        raise exception 'the content of a draft changes in hand alone' using errcode = 'restrict_violation';
    end if;
    if (old.state in ('draft', 'returned') and new.state in ('submitted', 'withdrawn')) or (old.state = 'submitted' and new.state = 'withdrawn') then
        if me is distinct from old.drafted_by_id then
            raise exception 'a draft is submitted and withdrawn by who drafted it' using errcode = 'restrict_violation';
        end if;
        if (new.settled_by_id, new.settled_at, new.reason) is distinct from (old.settled_by_id, old.settled_at, old.reason) then
            raise exception 'what another said of a draft stands' using errcode = 'restrict_violation';
        end if;
    elsif old.state = 'submitted' and new.state in ('released', 'returned') then
        if new.settled_by_id is distinct from me or me = old.drafted_by_id then
            raise exception 'a draft is settled by another person, under his own name' using errcode = 'restrict_violation';
        end if;
        if new.sha256 <> old.sha256 or new.submitted_at is distinct from old.submitted_at then
            raise exception 'a submitted draft is frozen' using errcode = 'restrict_violation';
        end if;
    else
        raise exception 'a draft does not go from % to %', old.state, new.state using errcode = 'restrict_violation';
    end if;
    return new;
end $$;

-- The release of a draft is written here and nowhere else, from the frozen draft: two who release at once make one release, and
-- a draft made from an older version than the newest makes none.
create or replace function lib.release_parameter_draft() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare
    newest lib_release;
    starts date := coalesce(new.effective_on, acc.today());
begin
    if new.state <> 'released' or old.state = 'released' then return new; end if;
    if old.state <> 'submitted' then
        raise exception 'only a submitted draft is released' using errcode = 'restrict_violation';
    end if;
    perform pg_advisory_xact_lock(hashtextextended(format('parameter:%s:%s:%s', new.institution_id, new.kind, new.key), 0));
    select * into newest from lib_release as release
    where release.institution_id = new.institution_id and release.kind = new.kind and release.key = new.key
    order by release.version desc limit 1;
    if newest.id is distinct from new.base_id then
        raise exception 'the draft was made from an older version' using errcode = 'restrict_violation';
    end if;
    if starts < acc.today() then
        raise exception 'a release takes effect today or later' using errcode = 'restrict_violation';
    end if;
    insert into lib_release (institution_id, kind, key, version, document, sha256, effective_on, note, drafted_by_id, released_by_id)
    values (new.institution_id, new.kind, new.key, coalesce(newest.version, 0) + 1, new.document, new.sha256, starts, new.note,
            new.drafted_by_id, new.settled_by_id)
    returning id into new.release_id;
    return new;
end $$;
alter function lib.release_parameter_draft() owner to gedang_def;
