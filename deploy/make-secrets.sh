#!/bin/sh
# Makes the passwords that docker-compose.yml reads, random ones, where there are none yet. The folder is for its owner
# alone; the files in it can be read by the users of the containers that they are mounted into.
set -eu
cd "$(dirname "$0")/.."
folder=${AITRADER_SECRETS:-.aitrader/secrets}
mkdir -p "$folder"
chmod 0700 "$folder"
for name in postgres_password grafana_password; do
  [ -s "$folder/$name" ] && continue
  head -c 24 /dev/urandom | base64 | tr '+/' '-_' | tr -d '\n' >"$folder/$name"
  chmod 0444 "$folder/$name"
  echo "$folder/$name"
done
