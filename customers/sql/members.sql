-- In which grid an ID number is filed, by its blind index. Definer: the number may be filed where the acting person sees nothing,
-- and where is all he learns; the index cannot be made without the application's key.
create or replace function acc.filed_in(institution bigint, indexes bytea[]) returns bigint
language sql stable security definer set search_path = public, pg_temp as $$
    select grid_id from customers_person where institution_id = institution and id_index = any(indexes) limit 1
$$;
alter function acc.filed_in(bigint, bytea[]) owner to gedang_def;
revoke all on function acc.filed_in(bigint, bytea[]) from public;
grant execute on function acc.filed_in(bigint, bytea[]) to gedang_web, gedang_web_all;
