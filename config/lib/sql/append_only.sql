-- Append-only tables refuse every change. The owner may (migrations, flushing a test database), and one thing is routing,
-- not fact: the move of a household changes grid_id, and nothing else, through a definer procedure; a table about a person names
-- the column that follows him, too, as the trigger's argument. Columns the database computes itself are not there yet before the
-- row is written, so they are left out of the comparison.
create or replace function lib.refuse_change() returns trigger language plpgsql as $$
declare
    computed text[];
begin
    if current_user = 'gedang_owner' then
        if tg_op = 'DELETE' then return old; end if;
        return new;
    end if;
    if tg_op = 'UPDATE' and current_user = 'gedang_def' then
        select coalesce(array_agg(attname::text), '{}') || '{grid_id}' || coalesce(tg_argv, '{}') into computed
        from pg_attribute where attrelid = tg_relid and attgenerated <> '';
        if to_jsonb(new) - computed = to_jsonb(old) - computed then return new; end if;
    end if;
    if current_user = 'gedang_def' and tg_table_name = 'lib_history' then
        if tg_op = 'DELETE' then return old; end if;
        return new;
    end if;
    raise exception '% on % is refused: its rows are never changed', lower(tg_op), tg_table_name using errcode = 'restrict_violation';
end $$;
