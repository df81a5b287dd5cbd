#!/usr/bin/env bash
# What the official image's entrypoint does, as far as the compose file uses it.
set -euo pipefail

if [[ $1 != postgres ]]; then exec "$@"; fi
if [[ -n ${POSTGRES_PASSWORD_FILE:-} ]]; then
    POSTGRES_PASSWORD=$(<"$POSTGRES_PASSWORD_FILE")
    unset POSTGRES_PASSWORD_FILE
    export POSTGRES_PASSWORD
fi
mkdir -p "$PGDATA"
chmod 700 "$PGDATA" || true
if [[ $(id -u) == 0 ]]; then
    find "$PGDATA" ! -user postgres -exec chown postgres {} +
    exec gosu postgres "$0" "$@"
fi
if [[ ! -s $PGDATA/PG_VERSION ]]; then
    eval "initdb --username=\$POSTGRES_USER --pwfile=<(printf '%s\n' \"\$POSTGRES_PASSWORD\") ${POSTGRES_INITDB_ARGS:-}"
    echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
    pg_ctl -w -o "-c listen_addresses=''" start
    if [[ $POSTGRES_DB != postgres ]]; then createdb --username "$POSTGRES_USER" "$POSTGRES_DB"; fi
    pg_ctl -w -m fast stop
fi
exec "$@"
