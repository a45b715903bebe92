-- A file of staff is confirmed by an administrator who did not upload it; what was read of it stands for good.
create or replace function lib.keep_staff_import() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare
    me bigint := nullif(current_setting('app.staff', true), '')::bigint;
begin
    if tg_op = 'INSERT' then
        if new.state not in ('broken', 'waiting') or new.settled_by_id is not null then
            raise exception 'a file of staff begins unsettled' using errcode = 'restrict_violation';
        end if;
        return new;
    end if;
    if (new.institution_id, new.file_id, new.file_sha256, new.file_name, new.rows, new.problems, new.uploaded_by_id, new.uploaded_at)
       is distinct from (old.institution_id, old.file_id, old.file_sha256, old.file_name, old.rows, old.problems, old.uploaded_by_id, old.uploaded_at)
       or old.state <> 'waiting' then
        raise exception 'a file of staff is settled once and never rewritten' using errcode = 'restrict_violation';
    end if;
    if new.state in ('confirmed', 'rejected') and (
        (me is not null and new.settled_by_id <> me)
        or not exists (
            select from grids_post as post join grids_staff as staff on staff.id = post.staff_id and staff.is_active
            where post.staff_id = new.settled_by_id and post.kind = 'administrator' and staff.institution_id = new.institution_id
              and post.from_on <= acc.today() and (post.to_on is null or post.to_on > acc.today()))
    ) then
        raise exception 'an administrator in office settles a file of staff' using errcode = 'restrict_violation';
    end if;
    if new.state = 'withdrawn' and new.settled_by_id is distinct from new.uploaded_by_id then
        raise exception 'who uploaded a file of staff withdraws it' using errcode = 'restrict_violation';
    end if;
    return new;
end $$;
alter function lib.keep_staff_import() owner to gedang_def;
