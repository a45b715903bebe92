-- How many explanations were handed over with a released notice, for who keeps parameters and sees no customer.
create or replace function acc.handovers_under(releases bigint[]) returns table (release_id bigint, uses bigint)
language sql stable security definer set search_path = public, pg_temp as $$
    select handed.notice_id, count(*)
    from credit_linehandover as handed
    where handed.notice_id = any (releases) and handed.institution_id = nullif(current_setting('app.institution', true), '')::bigint
    group by handed.notice_id
$$;
alter function acc.handovers_under(bigint[]) owner to gedang_def;
revoke all on function acc.handovers_under(bigint[]) from public;
grant execute on function acc.handovers_under(bigint[]) to gedang_web, gedang_web_all, gedang_worker;
