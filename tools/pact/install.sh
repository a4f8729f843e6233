#!/bin/bash
# Installs what tools/pact/package-lock.json pins, checked by its hashes, into the given folder: the library behind pact-go and the broker's
# command line. Ends with the one thing to do where that is not possible.
set -eu -o pipefail
to=$1
from=$(cd "$(dirname "$0")" && pwd)

stop() { echo "$1" >&2; exit 1; }

[ "$(uname -s) $(uname -m)" = "Linux x86_64" ] || stop "the library behind pact-go is pinned for Linux on x86-64 (glibc): run 'make contract' on such a machine or in such a container"
command -v npm >/dev/null || stop "npm is needed to fetch the library behind pact-go: install Node.js (Debian: apt-get install npm)"
command -v gcc >/dev/null || stop "a C compiler is needed to link the library behind pact-go: install one (Debian: apt-get install gcc libc6-dev)"
mkdir -p "$to"
cp "$from/package.json" "$from/package-lock.json" "$to/"
npm ci --prefix "$to" --ignore-scripts --no-audit --no-fund --silent ||
  stop "npm could not fetch the library behind pact-go: see what it says above, and run 'make contract' again when the registry can be reached"
