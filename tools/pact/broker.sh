#!/bin/bash
# Speaks to a Pact broker, which PACT_BROKER_BASE_URL and PACT_BROKER_TOKEN name:
#
#   broker.sh <pact command> publish <version> <branch>              every committed pact, as of a version
#   broker.sh <pact command> can-i-deploy <version> <environment>    whether all of the version's contracts are held where it is to go
set -eu -o pipefail
pact=$1 what=$2 version=$3 where=$4

if [ -z "${PACT_BROKER_BASE_URL:-}" ] || [ -z "${PACT_BROKER_TOKEN:-}" ]; then
  echo "there is no broker: set PACT_BROKER_BASE_URL and PACT_BROKER_TOKEN (without one, the pacts in tests/contract/pacts and 'make contract' serve)" >&2
  exit 2
fi
case $what in
publish)
  exec "$pact" broker publish tests/contract/pacts --consumer-app-version "$version" --branch "$where"
  ;;
can-i-deploy)
  ask=()
  for name in $(go run ./tests/contract/cmd/contracts names tests/contract/pacts); do
    ask+=(--pacticipant "$name" --version "$version")
  done
  exec "$pact" broker can-i-deploy "${ask[@]}" --ignore stripe --ignore carrier --to-environment "$where"
  ;;
*)
  echo "broker.sh knows publish and can-i-deploy, not $what" >&2
  exit 1
  ;;
esac
