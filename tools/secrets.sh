#!/usr/bin/env bash
# secrets.sh GITLEAKS: looks into every file that git knows or would take, whether it is committed or not.
set -euo pipefail
gitleaks=$(realpath "$1")
cd "$(dirname "$0")/.."
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
git ls-files -z --cached --others --exclude-standard | while IFS= read -r -d '' file; do
  if [ -f "$file" ]; then printf '%s\0' "$file"; fi
done | xargs -0 cp --parents -t "$copy"
config=$PWD/tools/gitleaks.toml

# A scanner that finds nothing must be one that could: it is shown a token made up on the spot first.
planted=$(mktemp -d)
trap 'rm -rf "$copy" "$planted"' EXIT
printf 'token = "ghp_%s"\n' "$(head -c 18 /dev/urandom | od -An -tx1 | tr -d ' \n')" >"$planted/planted.txt"
if "$gitleaks" dir "$planted" --config "$config" --no-banner --redact --log-level error >/dev/null; then
  echo "gitleaks did not find a token that was planted: it checks nothing" >&2
  exit 1
fi

cd "$copy"
"$gitleaks" dir . --config "$config" --no-banner --redact --log-level warn --verbose
echo "no secret in $(find . -type f | wc -l) files"
