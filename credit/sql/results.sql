-- Results of runs (Decision record 0024). Series 0 holds the results of all smaller runs; a large run fills a table of its own, bare,
-- and is given its keys and its place among the others when it is done. No default partition: none would ever be scanned in vain.
create sequence credit_lineresult_number as bigint cache 1000;
create table credit_lineresult (
    id bigint not null default nextval('credit_lineresult_number'),
    series bigint not null,
    run_id bigint not null,
    subject_id bigint not null,
    institution_id bigint not null,
    grid_id bigint not null,
    recorded_grid_id bigint not null,
    profile_id bigint not null,
    entry_id bigint,
    line bigint,
    shown bigint,
    score bigint,
    inputs_hash uuid not null,
    status smallint not null,
    grade_place smallint,
    age smallint,
    sex smallint,
    businesses smallint,
    reason_bits bytea not null,
    remark_bits bytea,
    binding_bits bytea,
    figures bytea,
    age_months smallint
) partition by list (series);
create table credit_lineresult_shared partition of credit_lineresult for values in (0);
alter table credit_lineresult_shared add constraint results_have_one_number primary key (id);
alter table credit_lineresult_shared add constraint one_result_of_a_run unique (run_id, subject_id);
create index results_of_a_subject on credit_lineresult_shared (subject_id, run_id desc);
alter table credit_lineresult_shared enable row level security;

-- The table of one large run. Definers of the owner, because a table belongs to whoever makes it; each proves that the run is of this
-- kind and alive, and only workers may call it. Nothing is granted on it but to read and to add, and nothing once it is closed.
create or replace function lib.open_results(wanted bigint) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if not exists (select from credit_linerun as line join lib_jobrun as job on job.id = line.run_id
                   where line.id = wanted and line.series = wanted and job.state in ('queued', 'running')) then
        raise exception 'run % has no table of its own', wanted using errcode = 'restrict_violation';
    end if;
    execute format('create table credit_lineresult_%s (like credit_lineresult including defaults, check (series = %s), check (run_id = %s))',
                   wanted, wanted, wanted);
    execute format('alter table credit_lineresult_%s enable row level security', wanted);
    execute format('grant select, insert on credit_lineresult_%s to gedang_worker', wanted);
end $$;

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

-- What a large run wrote before it failed or was cancelled: never seen by anybody, and gone with it.
create or replace function lib.drop_results(wanted bigint) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    if exists (select from credit_linerun as line join lib_jobrun as job on job.id = line.run_id
               where line.id = wanted and line.series = wanted and job.state in ('failed', 'cancelled'))
       and not exists (select from pg_inherits where inhrelid = to_regclass(format('credit_lineresult_%s', wanted))) then
        execute format('drop table if exists credit_lineresult_%s', wanted);
    end if;
end $$;

do $$
declare
    one text;
begin
    foreach one in array array['lib.open_results(bigint)', 'lib.close_results(bigint)', 'lib.drop_results(bigint)'] loop
        execute format('revoke all on function %s from public', one);
        execute format('grant execute on function %s to gedang_worker', one);
    end loop;
end $$;
