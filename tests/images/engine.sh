#!/usr/bin/env bash
# A Docker engine for the tests. `engine.sh start` leaves one answering, by installing Debian's and starting it where
# nobody else's answers and we may (root and apt); where we may not it says why and exits 1. `engine.sh stop` ends the one
# that it started, also one that a killed run left.
set -uo pipefail
home=${AITRADER_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/aitrader}/docker
pid_file=$home/dockerd.pid

refuse() {
  echo "no Docker engine: $*" >&2
  exit 1
}

answers() { docker info >/dev/null 2>&1; }

start() {
  if answers; then
    echo 'a Docker engine answers'
    return
  fi
  [ "$(id -u)" = 0 ] || refuse 'none answers, and only root may start one'
  if ! command -v dockerd >/dev/null; then
    command -v apt-get >/dev/null || refuse 'dockerd is not installed, and there is no apt-get to install it with'
    { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -yq docker.io; } >"$home/apt.log" 2>&1 ||
      refuse "apt-get could not install docker.io: $(tail -n 1 "$home/apt.log")"
    # A package that starts its own service has made one answer.
    answers && return
  fi
  # A session of its own: a signal to the gate's group must not end it before its containers are stopped.
  nohup setsid dockerd ${DOCKER_HOST:+--host "$DOCKER_HOST"} --data-root "$home/data" --exec-root "$home/exec" --pidfile "$pid_file" \
    </dev/null >"$home/dockerd.log" 2>&1 &
  for _ in $(seq 300); do
    answers && break
    kill -0 $! 2>/dev/null || refuse "dockerd ended: $(tail -n 1 "$home/dockerd.log")"
    sleep 0.2
  done
  answers || refuse 'dockerd did not answer within a minute'
  echo 'a Docker engine was started'
}

stop() {
  local pid
  pid=$(cat "$pid_file" 2>/dev/null) || return 0
  # The number may be another process's by now.
  grep -qa dockerd "/proc/$pid/cmdline" 2>/dev/null || return 0
  kill "$pid"
  for _ in $(seq 150); do
    kill -0 "$pid" 2>/dev/null || return 0
    sleep 0.2
  done
  kill -9 "$pid"
}

mkdir -p "$home"
case "${1:-}" in
  start | stop) "$1" ;;
  *) refuse 'usage: engine.sh start | stop' ;;
esac
