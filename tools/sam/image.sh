#!/usr/bin/env bash
# Makes the base image given as the argument known to the container engine, for `sam local`: pulled where that is possible, otherwise a
# stand-in under the same tag. The stand-in holds a shell and what `sam` calls while it adds its runtime interface emulator, nothing else:
# a function is one static binary. It proves nothing about the operating system of AWS's image.
set -euo pipefail
cd "$(dirname "$0")/../.."
image=${1:?usage: tools/sam/image.sh IMAGE}
build=$PWD/.build/sam-image

fail() { echo "sam: $*" >&2; exit 1; }

shell() {
  command -v busybox >/dev/null && ! ldd "$(command -v busybox)" >/dev/null 2>&1 && return
  [ "$(id -u)" = 0 ] && [ -e /etc/debian_version ] || fail "$image cannot be pulled; to build a stand-in, install a static busybox"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends busybox-static >/dev/null ||
    fail "apt-get could not install busybox-static: install it by hand"
}

stand_in() {
  shell
  rm -rf "$build"
  mkdir -p "$build/bin" "$build/tmp" "$build/var/rapid" "$build/var/task" "$build/var/runtime" "$build/opt"
  chmod 1777 "$build/tmp"
  cp "$(command -v busybox)" "$build/bin/busybox"
  for name in sh mv chmod cp rm; do ln -s busybox "$build/bin/$name"; done
  tar -C "$build" -c . | docker import -c 'WORKDIR /var/task' -c 'ENV PATH=/bin LAMBDA_TASK_ROOT=/var/task' - "$image" >/dev/null ||
    fail "the stand-in for $image could not be built"
  echo "sam: $image cannot be pulled here: a stand-in takes its place"
}

docker image inspect "$image" >/dev/null 2>&1 || timeout 120 docker pull -q "$image" >/dev/null 2>&1 || stand_in
