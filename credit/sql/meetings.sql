-- Turns a one-time code into the assessor and the sheet it was given for, once: the newest code of an unsealed sheet, in time, while
-- the round is being assessed. Anything else gives no row, whatever was wrong.
create or replace function acc.use_sheet_code(hash bytea, at timestamptz)
returns table (assessor bigint, sheet uuid)
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    return query
    with used as (
        update credit_sheetcode as code set used_at = at
        where code.code_hash = hash and code.used_at is null and code.expires_at > at
          and not exists (select from credit_sheetcode as newer
                          where newer.sheet_id = code.sheet_id and newer.issued_at > code.issued_at)
          and exists (select from credit_sheet as held join credit_round as round on round.id = held.round_id
                      where held.id = code.sheet_id and held.mode = 'own' and held.state = 'open' and round.stage = 'assess')
        returning code.sheet_id
    )
    select held.assessor_id, held.uuid from used join credit_sheet as held on held.id = used.sheet_id;
end $$;
alter function acc.use_sheet_code(bytea, timestamptz) owner to gedang_def;
revoke all on function acc.use_sheet_code(bytea, timestamptz) from public;
grant execute on function acc.use_sheet_code(bytea, timestamptz) to gedang_web;
