#!/usr/bin/env bash
# Builds the images that tests and docker-compose.yml need, without an image registry: Debian by debootstrap, Debian's
# packages, Maven Central's jars. Usage: tests/images/build.sh [kafka] [registry] [timescaledb] [prometheus] [stages];
# nothing named means kafka. Each becomes aitrader-NAME:local, and is built anew only if what it is made of has changed.
#
# Needs a running Docker engine and, the first time, root and apt for debootstrap. Downloads are kept in AITRADER_CACHE, the user's
# cache unless set.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
cache=${AITRADER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/aitrader}
suite=trixie
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$cache"

docker info >/dev/null 2>&1 || {
  echo 'no Docker engine answers: tests/images/engine.sh start' >&2
  exit 1
}

# The image's recipe label is the digest of what it is made of.
is_built() { # name digest
  [ "$(docker image inspect -f '{{ index .Config.Labels "aitrader.recipe" }}' "aitrader-$1:local" 2>/dev/null)" = "$2" ]
}

# Output is for those who look for a failure.
quietly() {
  "$@" >"$work/output" 2>&1 || {
    tail -n 30 "$work/output" >&2
    return 1
  }
}

digest_of() { # files and folders
  find "$@" -type f -print0 | sort -z | xargs -0 sha256sum | cut -d ' ' -f 1 | sha256sum | cut -d ' ' -f 1
}

build() { # name context digest
  local name=$1 context=$2 digest=$3
  if is_built "$name" "$digest"; then
    echo "aitrader-$name:local is there"
    return
  fi
  local started=$SECONDS
  quietly docker build -q -t "aitrader-$name:local" --label "aitrader.recipe=$digest" "$context"
  echo "aitrader-$name:local built in $((SECONDS - started)) s"
}

debian() {
  is_built debian "$suite" && return
  local tar=$cache/debian-$suite.tar mirror started=$SECONDS
  if [ ! -f "$tar" ]; then
    if ! command -v debootstrap >/dev/null; then
      apt-get update -q >/dev/null
      DEBIAN_FRONTEND=noninteractive quietly apt-get install -yq debootstrap
    fi
    # The mirror that this machine's apt takes its packages from, without its other sources.
    mirror=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 2>/dev/null | grep -v security | head -n 1)
    quietly debootstrap --variant=minbase "$suite" "$work/debian" ${mirror:+"$mirror"}
    rm -rf "$work"/debian/var/cache/apt/archives/*.deb "$work"/debian/var/lib/apt/lists/*
    tar -C "$work/debian" -c . >"$tar.part"
    mv "$tar.part" "$tar"
  fi
  docker import --change "LABEL aitrader.recipe=$suite" "$tar" aitrader-debian:local >/dev/null
  echo "aitrader-debian:local built in $((SECONDS - started)) s"
}

fetch() { node "$root/scripts/bootstrap.mjs" tests/images/fetch.ts "$1"; }

kafka() {
  debian
  cp -r "$here/kafka" "$work/kafka"
  cp "$here/../servers/log4j2.properties" "$work/kafka/"
  cp -r "$(fetch kafka)" "$work/kafka/libs"
  build kafka "$work/kafka" "$(digest_of "$work/kafka")"
}

registry() {
  debian
  cp -r "$here/registry" "$work/registry"
  cp -r "$(fetch registry)" "$work/registry/app"
  build registry "$work/registry" "$(digest_of "$work/registry")"
}

timescaledb() {
  debian
  build timescaledb "$here/timescaledb" "$(digest_of "$here/timescaledb")"
}

prometheus() {
  debian
  build prometheus "$here/prometheus" "$(digest_of "$here/prometheus")"
}

# The product's own Dockerfile on a Node of this machine.
stages() {
  debian
  cp -r "$here/node" "$work/node"
  cp "$(fetch node)" "$work/node/node"
  cp -r "$(npm root -g)/npm" "$work/node/npm"
  cp -L /etc/ssl/certs/ca-certificates.crt "$work/node/"
  build node "$work/node" "$(digest_of "$work/node")"
  # Docker's own cache knows which layers are still good.
  quietly docker build -q -t aitrader-stages:local --build-arg NODE_IMAGE=aitrader-node:local "$root"
  echo 'aitrader-stages:local built'
}

for name in "${@:-kafka}"; do "$name"; done
# What the new ones replaced.
docker image prune --force --filter label=aitrader.recipe >/dev/null
