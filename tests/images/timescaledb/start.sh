#!/bin/bash
# Makes the database cluster, its user and its database unless they are there, and becomes the server.
set -euo pipefail
user=${POSTGRES_USER:-postgres}
database=${POSTGRES_DB:-$user}
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  password=${POSTGRES_PASSWORD_FILE:-}
  if [ -z "$password" ]; then
    echo 'POSTGRES_PASSWORD_FILE is not set' >&2
    exit 1
  fi
  initdb -U "$user" -A scram-sha-256 --pwfile="$password" -E UTF8 --locale=C.UTF-8
  cat >>"$PGDATA/postgresql.conf" <<-END
	listen_addresses = '*'
	shared_preload_libraries = 'timescaledb'
	timescaledb.telemetry_level = off
	END
  echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
  sed -i 's/^local .*/local all all trust/' "$PGDATA/pg_hba.conf"
  pg_ctl -w start -o "-c listen_addresses=''"
  [ "$database" = postgres ] || createdb -U "$user" "$database"
  psql -U "$user" -d "$database" -c 'create extension if not exists timescaledb'
  pg_ctl -w stop
fi
exec postgres
