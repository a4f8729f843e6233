#!/usr/bin/env bash
# A container engine for the targets that need one.
#   tools/docker.sh ensure   an engine answers afterwards, or one line says why not and it fails
#   tools/docker.sh stop     ends the engine that ensure started; any other is left alone
# On Debian as root, ensure installs Docker from Debian's packages and starts dockerd where no daemon answers.
set -euo pipefail
cd "$(dirname "$0")/.."
build=.build
pidfile=$build/dockerd.pid
log=$build/dockerd.log

fail() { echo "docker: $*" >&2; exit 1; }
answers() { docker info >/dev/null 2>&1; }
ours() { [ -s "$pidfile" ] && [ "$(ps -o comm= -p "$(cat "$pidfile")" 2>/dev/null)" = dockerd ]; }

install_docker() {
  command -v docker >/dev/null && command -v dockerd >/dev/null && return
  [ "$(id -u)" = 0 ] && [ -e /etc/debian_version ] || fail "a container engine is needed: install Docker and start its daemon"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends docker.io iptables >/dev/null ||
    fail "apt-get could not install docker.io: install Docker by hand"
}

start() {
  mkdir -p "$build"
  setsid dockerd >"$log" 2>&1 </dev/null &
  echo $! >"$pidfile"
  for _ in $(seq 60); do
    answers && return
    ours || fail "dockerd ended at once: $log says why"
    sleep 0.5
  done
  fail "dockerd does not answer: $log says why"
}

ensure() {
  answers && return
  install_docker
  answers && return
  [ "$(id -u)" = 0 ] || fail "no daemon answers: start Docker's (only root can do that here)"
  start
}

stop() {
  ours || return 0
  pid=$(cat "$pidfile")
  kill "$pid"
  for _ in $(seq 40); do
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.25
  done
  rm -f "$pidfile"
}

case "${1:-}" in
ensure) ensure ;;
stop) stop ;;
*) fail "usage: tools/docker.sh ensure|stop" ;;
esac
