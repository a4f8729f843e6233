#!/usr/bin/env bash
# Property tests of the API: the platform is started on loopback, schemathesis sends it what openapi.yaml allows and what it forbids, with every
# check, and the platform is stopped again. Fails on any 5xx and on any status or shape that the document does not name.
#
# SEED=n repeats a run, SECONDS_MAX=n bounds it. Without a seed one is drawn, save in make test, which names one (FUZZ_SEED): what a commit has to pass is the same every time. Report: .build/fuzz.
set -euo pipefail
cd "$(dirname "$0")/../.."

seed=${SEED:-${FUZZ_SEED:-$RANDOM}}
out=.build/fuzz
rm -rf "$out"
mkdir -p "$out"

.build/twofold up -listen "" -logs "$out/logs" >"$out/up.txt" 2>&1 &
up=$!
trap 'kill "$up" 2>/dev/null || true; wait "$up" 2>/dev/null || true' EXIT

for _ in $(seq 300); do
  grep -q '^Stop with' "$out/up.txt" && break
  kill -0 "$up" 2>/dev/null || { echo "the platform did not start:" >&2; cat "$out/up.txt" >&2; exit 1; }
  sleep 0.2
done
url=$(sed -n 's/^  API of us-east-1  //p' "$out/up.txt")
token=$(sed -n 's/^export TOKEN=//p' "$out/up.txt")
[ -n "$url" ] && [ -n "$token" ] || { echo "the platform did not say where it is within a minute: see $out/up.txt" >&2; exit 1; }

secret() { sed -n "s/.*$1WebhookSecret *= \"\([^\"]*\)\".*/\1/p" local/world/webhooks.go; }
STRIPE_WEBHOOK_SECRET=$(secret stripe)
CARRIER_WEBHOOK_SECRET=$(secret carrier)
export STRIPE_WEBHOOK_SECRET CARRIER_WEBHOOK_SECRET

root=$PWD
echo "schemathesis against $url, SEED=$seed"
cd "$out" # where schemathesis leaves its notes
PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$root/tools/fuzz SCHEMATHESIS_HOOKS=hooks "$root/.tools/fuzz/bin/schemathesis" --config-file "$root/tools/fuzz/schemathesis.toml" \
  run "$root/openapi.yaml" --url "$url" --header "Authorization: Bearer $token" --seed "$seed" --max-examples "${EXAMPLES:-60}" \
  --max-time "${SECONDS_MAX:-120}" --continue-on-failure --request-timeout 15 --report junit,ndjson --report-dir . --output-sanitize true 2>&1 | tee report.txt
