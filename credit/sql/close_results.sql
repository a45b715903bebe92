-- Keys and place of a filled table: one result a household, or the run fails.
create or replace function lib.close_results(wanted bigint) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if not exists (select from credit_linerun as line join lib_jobrun as job on job.id = line.run_id
                   where line.id = wanted and line.series = wanted and job.state in ('queued', 'running')) then
        raise exception 'run % has no table of its own', wanted using errcode = 'restrict_violation';
    end if;
    execute format('create unique index on credit_lineresult_%s (subject_id)', wanted);
    execute format('create unique index on credit_lineresult_%s (id)', wanted);
    execute format('revoke all on credit_lineresult_%s from gedang_worker', wanted);
    execute format('alter table credit_lineresult attach partition credit_lineresult_%s for values in (%s)', wanted, wanted);
end $$;
