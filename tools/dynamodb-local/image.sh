#!/usr/bin/env bash
# Makes the image given as the argument known to the container engine: pulled where that is possible, otherwise built here
# under the same tag from the jar that AWS publishes. The image built here holds this machine's Java runtime and nothing else.
set -euo pipefail
cd "$(dirname "$0")/../.."
image=${1:?usage: tools/dynamodb-local/image.sh IMAGE}
here=tools/dynamodb-local
build=$PWD/.build/dynamodb-local
root=$build/root

fail() { echo "dynamodb-local: $*" >&2; exit 1; }

need_java() {
  command -v java >/dev/null && command -v mvn >/dev/null && return
  [ "$(id -u)" = 0 ] && [ -e /etc/debian_version ] || fail "$image cannot be pulled; to build it, install Java 17 and Maven"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends default-jre-headless maven >/dev/null ||
    fail "apt-get could not install a Java runtime and Maven: install them by hand"
}

# jars puts the published jar and what it needs into $build/lib, as checksums.txt pins them.
jars() {
  if [ ! -d "$build/lib" ] || ! verified; then
    rm -rf "$build/lib"
    mvn -B -q -ntp -f $here/pom.xml org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies \
      "-DoutputDirectory=$build/lib" >"$build/maven.log" 2>&1 || fail "Maven could not fetch DynamoDB Local: $build/maven.log says why"
    verified || fail "what Maven fetched is not what $here/checksums.txt pins"
  fi
}

verified() {
  [ "$(ls "$build/lib" | wc -l)" = "$(wc -l <$here/checksums.txt)" ] &&
    (cd "$build/lib" && sha256sum --quiet -c) <$here/checksums.txt 2>/dev/null
}

# runtime copies the Java runtime, without what draws windows, and the shared libraries that it loads.
runtime() {
  local java_home
  java_home=$(dirname "$(dirname "$(readlink -f "$(command -v java)")")")
  rm -rf "$root"
  mkdir -p "$root/jre" "$root/tmp"
  chmod 1777 "$root/tmp"
  tar -C "$java_home" -h --exclude='*.zip' --exclude=ct.sym --exclude='*atk*' --exclude='*awt*' --exclude='*splash*' --exclude='*font*' \
    --exclude='*jsound*' --exclude='*lcms*' --exclude='*mlib*' --exclude='*jpeg*' --exclude='*pcsc*' -c bin/java conf lib | tar -C "$root/jre" -x
  # A library for another processor has no dependencies here: ldd says so and fails, which is of no interest.
  { find "$root/jre" "$build/lib" -name '*.so' -exec ldd {} + 2>/dev/null || true; } |
    grep -oE '[[:space:]]/[^ ]*\.so[^ ]* ' | tr -d ' \t' | grep -vE "^($java_home|$build)" | sort -u >"$build/shared"
  tar -h -c -T "$build/shared" 2>/dev/null | tar -C "$root" -x
}

build_image() {
  mkdir -p "$build"
  need_java
  jars
  runtime
  cp -r "$build/lib" "$root/lib-dynamodb"
  docker build -q -t "$image" -f $here/Dockerfile "$root" >"$build/image.log" 2>&1 || fail "the image could not be built: $build/image.log says why"
}

docker image inspect "$image" >/dev/null 2>&1 || docker pull -q "$image" >/dev/null 2>&1 || build_image
