-- Functions that the guards of tables stand on. Applied by migration lib 0001 before any table exists.
create schema if not exists lib;
create schema if not exists acc;
grant usage on schema public, lib, acc to gedang_web, gedang_web_all, gedang_worker, gedang_opener, gedang_def, gedang_read;
grant create on schema lib, acc to gedang_def;

-- What append-only tables stand on is in append_only.sql.

-- History of changed rows, one insert a statement. Definer, so that no role needs (or has) the right to write history.
create or replace function lib.keep_history() returns trigger language plpgsql security definer set search_path = public, pg_temp as $$
begin
    insert into lib_history (table_name, row_id, operation, old, staff_id, request)
    select tg_table_name, coalesce(row ->> 'id', row ->> 'subject_id', row ->> 'uuid', ''), lower(tg_op), row,
           nullif(current_setting('app.staff', true), '')::bigint, coalesce(current_setting('app.request', true), '')
    from (select to_jsonb(gone) as row from gone) as rows;
    return null;
end $$;

-- Sum of one amount over the items of one list of a profile document; amounts are decimal strings (Semantics, section 3).
create or replace function lib.items_sum(document jsonb, list text, amount text) returns numeric
language sql immutable parallel safe as $$
    select coalesce(sum((item ->> amount)::numeric), 0)::numeric(18, 2)
    from jsonb_array_elements(case jsonb_typeof(document -> list) when 'array' then document -> list else '[]'::jsonb end) as item
    where coalesce(item ->> amount, '') <> ''
$$;

-- What an auditor must not see yet; replaced by the reporting app once it knows samples.
create or replace function acc.hidden() returns bigint[] language sql stable as $$ select '{}'::bigint[] $$;

-- The business day; app.today moves it for rehearsals (set by the frame from config.lib.clock).
create or replace function acc.today() returns date language sql stable as $$
    select coalesce(nullif(current_setting('app.today', true), '')::date, (now() at time zone 'Asia/Shanghai')::date)
$$;
