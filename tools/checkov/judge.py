"""Hold what checkov found against the exceptions.

Usage: judge.py CHECKOV_JSON EXCEPTIONS_YAML

Prints each finding that no exception names, and each exception that names no finding or gives no reason; exits 1 if there is one.
"""

import json
import pathlib
import re
import sys

import yaml


def findings(reports) -> list[tuple[str, str, str]]:
    found = []
    for report in reports if isinstance(reports, list) else [reports]:
        if report["summary"]["parsing_errors"]:
            sys.exit(f"checkov could not read {report['results']['parsing_errors']}")
        for f in report["results"]["failed_checks"]:
            template = pathlib.Path(f["repo_file_path"]).name
            folder = "" if template == "template.yaml" else "stacks/"
            found.append((f["check_id"], f"{folder}{template}:{f['resource'].rsplit('.', 1)[1]}", f["check_name"]))
    return found


def main() -> int:
    reports = json.loads(pathlib.Path(sys.argv[1]).read_text())
    exceptions = yaml.safe_load(pathlib.Path(sys.argv[2]).read_text())
    found = findings(reports)
    used, wrong = set(), 0
    for check, where, name in found:
        for i, e in enumerate(exceptions):
            if e["check"] == check and re.fullmatch(e["resource"], where):
                used.add(i)
                break
        else:
            print(f"{check} {where}: {name}")
            wrong += 1
    for i, e in enumerate(exceptions):
        if i not in used:
            print(f"the exception {e['check']} for {e['resource']} names nothing that checkov finds: remove it")
            wrong += 1
        if len(e.get("reason", "")) < 20:
            print(f"the exception {e['check']} for {e['resource']} has no reason")
            wrong += 1
    print(f"checkov: {len(found)} findings, of which {len(exceptions)} reasoned exceptions name all" if not wrong else f"checkov: {wrong} to repair")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
