#!/bin/sh
# Run once, on an empty data directory: a database for each service, owned by the account that migrates it. A service's own
# account reads and writes rows there, changes no table, and cannot enter the other databases.
set -eu
sql() { psql --quiet --no-psqlrc -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" "$@"; }

sql --dbname postgres <<'SQL'
\getenv password HONGZHU_MIGRATE_DATABASE_PASSWORD
-- The operator's account backs up what no session sees by itself: past row-level security.
CREATE ROLE hongzhu_migrate LOGIN BYPASSRLS PASSWORD :'password';
REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC;
SQL

for service in registry scheduler notifier; do
  variable=HONGZHU_$(echo "$service" | tr '[:lower:]' '[:upper:]')_DATABASE_PASSWORD
  eval "[ -n \"\${$variable-}\" ]" || { echo "$variable is not set: run 'hongzhu setup'" >&2; exit 1; }
  sql --dbname postgres -v name="hongzhu_$service" <<SQL
\\getenv password $variable
CREATE ROLE :"name" LOGIN PASSWORD :'password';
-- Ids and numbers are compared byte by byte; to compare them as words of a language takes a tenth of an import's time.
CREATE DATABASE :"name" OWNER hongzhu_migrate TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C.UTF-8';
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
GRANT CONNECT, TEMPORARY ON DATABASE :"name" TO :"name";
-- Or the server's log would quote every row that a constraint refuses.
ALTER DATABASE :"name" SET log_error_verbosity = terse;
SQL
  sql --dbname "hongzhu_$service" -v name="hongzhu_$service" <<'SQL'
ALTER SCHEMA public OWNER TO hongzhu_migrate;
GRANT USAGE ON SCHEMA public TO :"name";
ALTER DEFAULT PRIVILEGES FOR ROLE hongzhu_migrate IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO :"name";
ALTER DEFAULT PRIVILEGES FOR ROLE hongzhu_migrate IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO :"name";
SQL
done
