#!/usr/bin/env bash
# Packages what `sam build` made, once for each region, as the pipeline's artifacts: the template with its nested ones and the functions' code in the
# region's bucket, the templates of what is deployed apart, every deployment's parameter file, and the program that checks from outside.
#   package.sh SAM FOLDER BUCKET_PREFIX yes|no     no: what would be uploaded goes to a bucket on this machine, which keeps nothing
set -euo pipefail
cd "$(dirname "$0")/../.."
sam=$1 folder=$2 prefix=$3 upload=$4
[ -n "$prefix" ] || { echo "package: say BUCKET_PREFIX=twofold-pipeline-<account>" >&2; exit 1; }
[ -e .aws-sam/build/template.yaml ] || { echo "package: there is no build: run make sam-build" >&2; exit 1; }
rm -rf "$folder"
go run ./pipeline/cmd/pipeline parameters "$folder"
export SAM_CLI_TELEMETRY=0
if [ "$upload" = no ]; then
  go build -o .build/bucket ./pipeline/cmd/bucket
  coproc bucket { exec .build/bucket; }
  pid=$bucket_PID
  read -r -u "${bucket[0]}" endpoint
  trap 'kill $pid' EXIT
  export AWS_ENDPOINT_URL=$endpoint AWS_ACCESS_KEY_ID=none AWS_SECRET_ACCESS_KEY=none
fi
for region in us-east-1 us-west-2; do
  out=$folder/$region
  "$sam" package --template-file .aws-sam/build/template.yaml --s3-bucket "$prefix-$region" --s3-prefix packaged --region "$region" \
    --output-template-file "$out/template.yaml" >"$folder/package.log" 2>&1 || { cat "$folder/package.log" >&2; exit 1; }
  cp stacks/keys.yaml stacks/global-data.yaml stacks/trail.yaml "$out/"
  cp openapi.yaml "$out/"
  CGO_ENABLED=0 GOOS=linux GOARCH=amd64 go build -trimpath -o "$out/smoke" ./pipeline/cmd/smoke
  mkdir -p "$out/pipeline" && cp pipeline/check.yml pipeline/check.sh "$out/pipeline/"
  echo "packaged for $region: $(find "$out" -maxdepth 1 -type f | wc -l) files, $(grep -cE "(TemplateURL|Location): " "$out/template.yaml") nested templates"
done
