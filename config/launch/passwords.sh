#!/bin/sh
# Gives each login of roles.sql its password, from /run/secrets/database_password_<login>; run by the PostgreSQL image once.
set -eu
for login in owner web worker opener read; do
  psql -v ON_ERROR_STOP=1 -q -U "${POSTGRES_USER:-postgres}" -d postgres \
    -v password="$(cat "/run/secrets/database_password_$login")" <<SQL
alter role gedang_$login password :'password';
SQL
done
