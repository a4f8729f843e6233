#!/usr/bin/env bash
# The gate of the API's document: openapi.yaml may not take away what tests/api/released/openapi.yaml promised. It first shows that it
# can fail: each edit below is a breach, and one that passes is a fault of the gate.
#
# Usage: gate.sh <oasdiff>
set -euo pipefail
cd "$(dirname "$0")/../.."
oasdiff=$1 released=tests/api/released/openapi.yaml now=openapi.yaml
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

breaking() { "$oasdiff" breaking --fail-on WARN "$released" "$1"; }

# must_fail <what> <sed expression>
must_fail() {
  sed "$2" "$released" >"$scratch/openapi.yaml"
  cmp -s "$released" "$scratch/openapi.yaml" && { echo "gate.sh: the edit \"$1\" changes nothing: mend the gate's own test" >&2; exit 1; }
  if breaking "$scratch/openapi.yaml" >"$scratch/out" 2>&1; then
    echo "gate.sh: the gate let a breach through: $1" >&2
    exit 1
  fi
}

must_fail "a path is renamed" 's#^  /v1/products/{sku}/stock:#  /v1/products/{sku}/stocks:#'
must_fail "a field of an answer is renamed" 's/shippingMethod: { type: string }/shippingKind: { type: string }/'
must_fail "a request must say more" 's/required: \[line1, city/required: [line1, line2, city/'
must_fail "a parameter must be sent" '/name: cursor/,/required: false/s/required: false/required: true/'
must_fail "a state has another name" 's/enum: \[PLACED, /enum: [TAKEN, /'

if ! breaking "$now"; then
  echo "openapi.yaml breaks what was released ($released): take it back, or add beside what is there. What was agreed with every client is released by 'make release-api'." >&2
  exit 1
fi
