"""Run AWS's own SAM transform over templates and lint what comes out.

Usage: transform.py OUTPUT_FOLDER TEMPLATE...

Each template that asks for the transform is expanded as CloudFormation would expand it; the result is written to
OUTPUT_FOLDER for the linter. Exits 1 and names the template and the reason if one cannot be transformed.
"""

import json
import logging
import pathlib
import sys

import cfnlint.decode.cfn_yaml
from samtranslator.parser.parser import Parser
from samtranslator.public.exceptions import InvalidDocumentException
from samtranslator.translator.translator import Translator

TRANSFORM = "AWS::Serverless-2016-10-31"
NESTED = {"AWS::Serverless::Application": "Location", "AWS::CloudFormation::Stack": "TemplateURL"}


class NoManagedPolicies:
    """Stands in for the list of managed policies, which the templates do not name."""

    def load(self):
        return {}


def expand(path: pathlib.Path, region: str) -> dict:
    template = json.loads(json.dumps(cfnlint.decode.cfn_yaml.load(str(path))))
    # The service fetches nested templates from a bucket; their transform runs when they are deployed.
    for resource in template["Resources"].values():
        for kind, key in NESTED.items():
            if resource["Type"] == kind:
                resource["Properties"][key] = f"https://bucket.s3.amazonaws.com/{path.name}"
    if template.get("Transform") != TRANSFORM:
        return template
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        for key in ("CodeUri", "DefinitionUri"):
            if key in properties:
                properties[key] = f"s3://bucket/{properties[key].strip('./')}"
    parameters = {name: p.get("Default", "x") for name, p in template.get("Parameters", {}).items()}
    parameters["AWS::Region"] = region
    return Translator({}, Parser()).translate(template, parameter_values=parameters)


def main() -> int:
    logging.disable(logging.CRITICAL)  # the translator reports its own metrics as warnings
    output = pathlib.Path(sys.argv[1])
    output.mkdir(parents=True, exist_ok=True)
    failed = 0
    for name in sys.argv[2:]:
        path = pathlib.Path(name)
        for region in ("us-east-1", "us-west-2"):
            try:
                expanded = expand(path, region)
            except InvalidDocumentException as error:
                print(f"{name}: SAM transform in {region}: {error.message} {[c.message for c in error.causes]}")
                failed = 1
                continue
            target = output / f"{path.stem}-{region}.json"
            target.write_text(json.dumps(expanded, indent=2, sort_keys=True))
            print(f"{name}: SAM transform in {region}: {len(expanded['Resources'])} resources")
    return failed


if __name__ == "__main__":
    sys.exit(main())
