-- What a device in somebody's hands keeps to, whoever writes.
create or replace function lib.keep_device_issue() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
declare
    me bigint := nullif(current_setting('app.staff', true), '')::bigint;
begin
    if tg_op = 'INSERT' then
        if new.state <> 'issued' or new.code_sha256 = '' or new.commissioned_at is not null then
            raise exception 'a device begins issued, with a code' using errcode = 'restrict_violation';
        end if;
        if not exists (select from grids_device as device join grids_staff as holder on holder.institution_id = device.institution_id
                       where device.id = new.device_id and holder.id = new.staff_id and device.institution_id = new.institution_id
                         and device.retired_on is null and holder.is_active) then
            raise exception 'a device in use goes to a person of its bank' using errcode = 'restrict_violation';
        end if;
        return new;
    end if;
    if (new.institution_id, new.device_id, new.staff_id, new.issued_by_id, new.issued_at)
       is distinct from (old.institution_id, old.device_id, old.staff_id, old.issued_by_id, old.issued_at)
       or (old.commissioned_at is not null and new.commissioned_at is distinct from old.commissioned_at)
       or (old.ended_at is not null and (new.ended_at, new.ended_by_id) is distinct from (old.ended_at, old.ended_by_id)) then
        raise exception 'who had a device stands for good' using errcode = 'restrict_violation';
    end if;
    if new.state <> old.state and not (
        (old.state = 'issued' and new.state in ('commissioned', 'returned', 'lost'))
        or (old.state = 'commissioned' and new.state in ('returned', 'lost'))
        or (old.state = 'lost' and new.state = 'revoked')) then
        raise exception 'a device does not go from % to %', old.state, new.state using errcode = 'restrict_violation';
    end if;
    if new.state = 'commissioned' and old.state = 'issued' and (
        (me is not null and me <> new.staff_id) or old.code_until < new.commissioned_at) then
        raise exception 'the holder commissions his device while its code lasts' using errcode = 'restrict_violation';
    end if;
    if new.state = 'commissioned' and old.state = 'commissioned' and new.secret_sha256 <> old.secret_sha256 then
        raise exception 'a device is commissioned once' using errcode = 'restrict_violation';
    end if;
    return new;
end $$;
alter function lib.keep_device_issue() owner to gedang_def;

-- With the device end the tokens that were made on it, in the same statement.
create or replace function lib.end_device_tokens() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if new.state not in ('issued', 'commissioned') then
        update grids_apitoken set revoked_at = new.ended_at where device_id = new.id and revoked_at is null;
    end if;
    return null;
end $$;
alter function lib.end_device_tokens() owner to gedang_def;
