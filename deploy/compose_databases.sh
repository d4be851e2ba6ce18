#!/usr/bin/env bash
# Runs once, when PostgreSQL's volume is new: the roles and databases that deploy/full/databases.py makes without
# Docker, each database closed to everybody but its owner.
set -euo pipefail

make_role() { psql -v ON_ERROR_STOP=1 -U postgres -v password="$VOUCH_PASSWORD" -c "CREATE ROLE \"$1\" LOGIN" \
  && echo "ALTER ROLE \"$1\" PASSWORD :'password'" | psql -v ON_ERROR_STOP=1 -U postgres -v password="$VOUCH_PASSWORD"; }
make_database() { psql -v ON_ERROR_STOP=1 -U postgres -c "CREATE DATABASE \"$1\" OWNER \"$2\"" \
  -c "REVOKE CONNECT ON DATABASE \"$1\" FROM PUBLIC"; }

make_role vouch
make_role audit
make_role decisions
make_role early_warning
make_role fraud
make_role notifications
for name in vouch vouch_keys vouch_feed vouch_statistics; do make_database "$name" vouch; done
make_database audit audit
make_database decisions decisions
make_database early_warning early_warning
make_database fraud fraud
make_database notifications notifications
