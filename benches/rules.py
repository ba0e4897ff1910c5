#!/usr/bin/env python3
"""Compares what rule files find with what Semgrep finds by them: the same lines, or which differ.

    benches/rules.py RULES [TREE]

RULES is a directory of rule files, as in the repository of Semgrep's registry (`semgrep-rules/python`); TREE has
the Python files to search, by default the tests that stand beside the rules. Needs `semgrep` on the PATH and a
built `target/release/xtask`, or the one that ASSAY names.
"""

import collections
import json
import os
import pathlib
import re
import subprocess
import sys

ASSAY = os.environ.get("ASSAY", str(pathlib.Path(__file__).parent.parent / "target/release/xtask"))

# A place is a file below the tree and the line where a match begins.


def found_by_semgrep(rules, tree):
    command = ["semgrep", "scan", "--metrics", "off", "--disable-version-check", "--no-git-ignore", "--quiet", "--json"]
    limits = ["--timeout", "60", "--max-target-bytes", "0", "--include", "*.py"]
    run = subprocess.run([*command, *limits, "--config", rules, tree], capture_output=True, text=True)
    if not run.stdout:
        sys.exit(f"semgrep failed:\n{run.stderr}")
    places = collections.defaultdict(set)
    for result in json.loads(run.stdout)["results"]:
        places[result["check_id"]].add((os.path.relpath(result["path"], tree), result["start"]["line"]))
    return places


def found_by_assay(rule, tree):
    command = [ASSAY, "grep", "--no-cache", "--format", "json", "--rule", rule, "."]
    run = subprocess.run(command, capture_output=True, text=True, cwd=tree)
    if run.returncode > 1:
        return None, run.stderr.strip()
    return {(match["file"], match["line"]) for match in json.loads(run.stdout)["matches"]}, ""


def ids(rule):
    """The rules of a file, as Semgrep names them: by their directory."""
    names = re.findall(r"^\s*-?\s*id: *['\"]?([\w.-]+)", rule.read_text(), re.MULTILINE)
    return [".".join([*rule.parent.parts, name]) for name in names]


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    rules = pathlib.Path(sys.argv[1])
    tree = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else sys.argv[1]).resolve()
    files = sorted(file for file in rules.rglob("*.y*ml") if not re.search(r"\.test\.ya?ml$", file.name))
    expected = found_by_semgrep(str(rules), str(tree))
    counts = collections.Counter()
    for file in files:
        wanted = set().union(*(places for name, places in expected.items() if any(name.endswith(id) for id in ids(file))))
        found, refused = found_by_assay(str(file.resolve()), tree)
        if found is None and "not for Python" in refused:
            continue
        if found is None:
            counts["refused"] += 1
            print(f"{file}: refused: {refused}")
            continue
        counts["lines"] += len(wanted)
        counts["missed"] += len(wanted - found)
        counts["more"] += len(found - wanted)
        counts["the same" if found == wanted else "different"] += 1
        for what, places in (("missed", wanted - found), ("more", found - wanted)):
            if places:
                print(f"{file}: {what}: " + ", ".join(f"{path}:{line}" for path, line in sorted(places)))
    print("Files of rules: " + ", ".join(f"{count} {what}" for what, count in counts.items()))


if __name__ == "__main__":
    main()
