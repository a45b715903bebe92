-- Database roles of Gedang: run once per cluster by a superuser, before the first migration; running it again changes nothing.
--
--   psql -d postgres -v dbname=gedang -f config/launch/roles.sql
--
-- It creates the roles and the database. On a server of your own give each login a password afterwards, for example
--   psql -d postgres -c "\password gedang_web"
-- and hand it to the processes as DATABASE_PASSWORD_OWNER, _WEB, _WORKER, _OPENER and _READ (each may be a ..._FILE).
-- The embedded server needs none: it listens on a socket in a directory that only its own user can enter.
--
--   gedang_owner    migrates and owns every table; no request ever signs in as it
--   gedang_web      answers requests; row security binds it
--   gedang_web_all  what gedang_web becomes (SET ROLE) for a post that sees the whole institution
--   gedang_worker   runs jobs; passes row security, because PostgreSQL refuses COPY to a role under it
--   gedang_opener   opens sealed sheets, in a process of its own
--   gedang_def      owns the functions that run with more rights than their caller; nobody signs in as it
--   gedang_read     reads, for reports and support

\set ON_ERROR_STOP on
\set QUIET on
\if :{?dbname}
\else
  \set dbname gedang
\endif

select format('create role %I', name)
from unnest(array['gedang_owner', 'gedang_web', 'gedang_web_all', 'gedang_worker', 'gedang_opener', 'gedang_def',
                  'gedang_read']) as name
where name not in (select rolname from pg_roles)
\gexec

alter role gedang_owner with login createdb nocreaterole nobypassrls inherit;
-- NOINHERIT is vital: with INHERIT the policies of gedang_web_all would apply to every request of gedang_web.
alter role gedang_web with login nocreatedb nocreaterole nobypassrls noinherit;
alter role gedang_web_all with nologin nocreatedb nocreaterole nobypassrls noinherit;
alter role gedang_worker with login nocreatedb nocreaterole bypassrls noinherit;
alter role gedang_opener with login nocreatedb nocreaterole nobypassrls noinherit;
alter role gedang_def with nologin nocreatedb nocreaterole bypassrls noinherit;
alter role gedang_read with login nocreatedb nocreaterole nobypassrls noinherit;

grant gedang_web_all to gedang_web with inherit false, set true;
-- The owner may act as any of them, which tests and migrations need, but inherits nothing from them ...
grant gedang_web, gedang_web_all, gedang_worker, gedang_opener, gedang_read to gedang_owner with inherit false, set true;
-- ... except the ownership of gedang_def's functions, so that a later migration can replace them. Attributes such as
-- BYPASSRLS are never inherited.
grant gedang_def to gedang_owner with inherit true, set true;

-- Personal data stays out of the server log: no parameter values, and no statement text for a request that fails.
alter role gedang_web set log_min_error_statement = 'panic';
alter role gedang_web set log_parameter_max_length = 0;
alter role gedang_web set log_parameter_max_length_on_error = 0;
alter role gedang_worker set log_min_error_statement = 'panic';
alter role gedang_opener set log_min_error_statement = 'panic';
alter role gedang_read set default_transaction_read_only = on;

select format('create database %I owner gedang_owner', :'dbname')
where not exists (select from pg_database where datname = :'dbname')
\gexec

alter database :"dbname" set timezone = 'Asia/Shanghai';
alter database :"dbname" set jit = off;
revoke all on database :"dbname" from public;
grant connect on database :"dbname" to gedang_web, gedang_worker, gedang_opener, gedang_read;
-- The nightly sweep groups a whole bank; what it groups lives in tables of its own session (customers/services/sweep.py).
grant temporary on database :"dbname" to gedang_worker;

-- Sizes, change counts, column statistics and what other sessions are doing tell how much is being typed into a sealed sheet;
-- requests may not read them.
\connect :"dbname"
select format('revoke all on pg_catalog.%I from public; grant select on pg_catalog.%I to gedang_owner, pg_monitor',
              relname, relname)
from pg_class
where relnamespace = 'pg_catalog'::regnamespace and relkind = 'v' and (relname ~ '^pg_stat' or relname = 'pg_locks')
\gexec
select format('revoke all on function %s from public; grant execute on function %s to gedang_owner, pg_monitor',
              oid::regprocedure, oid::regprocedure)
from pg_proc
where pronamespace = 'pg_catalog'::regnamespace
  and (proname in ('pg_relation_size', 'pg_table_size', 'pg_indexes_size', 'pg_total_relation_size', 'pg_lock_status')
       or proname ~ '^pg_stat_get_')
\gexec
select format('revoke all on pg_catalog.pg_class from public; grant select (%s) on pg_catalog.pg_class to public; '
              'grant select on pg_catalog.pg_class to gedang_owner, pg_monitor',
              string_agg(quote_ident(attname), ', ' order by attnum))
from pg_attribute
where attrelid = 'pg_catalog.pg_class'::regclass and attnum > 0
  and attname not in ('relpages', 'reltuples', 'relallvisible', 'relallfrozen')
\gexec
