"""Write what AWS's own SAM transform makes of sample templates, as golden files for local/template.

Usage: sam_goldens.py FOLDER

Every FOLDER/NAME.yaml becomes FOLDER/NAME.golden.json. The real transform takes S3 locations where the samples have local paths: each
path travels through it as a bucket's key, and is put back afterwards. The hashes in generated logical ids depend on where a bucket
holds the code, so they are masked, as local/template's test masks its own.
"""

import json
import logging
import pathlib
import re
import sys

import cfnlint.decode.cfn_yaml
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

from transform import NoManagedPolicies

BUCKET = "local-path"
LOCATION = re.compile(rf"^https://{BUCKET}\.s3\.amazonaws\.com/")


def load(path: pathlib.Path):
    return json.loads(json.dumps(cfnlint.decode.cfn_yaml.load(str(path))))


def included(value, folder: pathlib.Path):
    """Put files in the place of AWS::Include, as CloudFormation does before the SAM transform."""
    if isinstance(value, list):
        return [included(v, folder) for v in value]
    if not isinstance(value, dict):
        return value
    transform = value.get("Fn::Transform", {})
    if transform.get("Name") == "AWS::Include":
        return load(folder / transform["Parameters"]["Location"])
    return {k: included(v, folder) for k, v in value.items()}


def away(template: dict) -> None:
    """Turn the local paths of SAM resources into S3 locations."""
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        for key in ("CodeUri", "DefinitionUri"):
            if isinstance(properties.get(key), str):
                properties[key] = f"s3://{BUCKET}/{properties[key]}"
        if resource["Type"] == "AWS::Serverless::Application":
            properties["Location"] = f"https://{BUCKET}.s3.amazonaws.com/{properties['Location']}"


def back(value):
    """Turn the S3 locations into local paths again."""
    if isinstance(value, dict):
        for bucket, key in (("S3Bucket", "S3Key"), ("Bucket", "Key")):
            if value.get(bucket) == BUCKET and set(value) == {bucket, key}:
                return value[key]
        return {k: back(v) for k, v in value.items()}
    if isinstance(value, list):
        return [back(v) for v in value]
    return LOCATION.sub("", value) if isinstance(value, str) else value


def golden(path: pathlib.Path) -> str:
    template = included(load(path), path.parent)
    away(template)
    parameters = {name: p.get("Default", "x") for name, p in template.get("Parameters", {}).items()}
    parameters["AWS::Region"] = "us-east-1"
    expanded = back(Translator(NoManagedPolicies().load(), Parser()).translate(template, parameter_values=parameters))
    text = json.dumps(expanded, indent=2, sort_keys=True, ensure_ascii=False)
    text = re.sub(r"(Version|Deployment)(?=[0-9]*[a-f])[0-9a-f]{10}\b", r"\1HASH", text)  # ten digits are a release's number
    return re.sub(r"deployment id: [0-9a-f]{40}", "deployment id: HASH", text) + "\n"


def main() -> None:
    logging.disable(logging.CRITICAL)  # the translator reports its own metrics as warnings
    for path in sorted(pathlib.Path(sys.argv[1]).glob("*.yaml")):
        if path.stem == "openapi":  # a document that samples include
            continue
        path.with_suffix(".golden.json").write_text(golden(path))


if __name__ == "__main__":
    main()
