#!/usr/bin/env python3
"""Compare this engine with what a user would take instead, in one run on one machine.

    compare.py TREE [--xtask BINARY] [--runs N] [--copies 1,4,16] [--only NAME …] [--semgrep-copies 1]

Every tool is asked the same questions (`QUESTIONS`) of the same Python files, in one process
each, with its caches off; the rows "warm" and "one edit" of this engine alone have its cache,
filled by a run that is not counted. Wall-clock time is the best of N runs, memory the highest
resident set of the largest process. Tools that are not on the PATH are named and left out.
Then the findings of this project's own catalogue are examined on the tree itself. Prints
Markdown tables; `docs/performance.md` has them.

How the tools differ is part of the answer, so the number of matched lines is printed too:
ripgrep looks for the literals alone, Ruff has a rule for some of the questions only.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# One question, as each tool asks it: Semgrep's pattern (also ours), ast-grep's pattern, the
# literal for ripgrep, Ruff's rule if there is one.
QUESTIONS = [
    ("pickle.loads($X)", "pickle.loads($X)", "pickle.loads", "S301"),
    ("eval(...)", "eval($$$)", "eval(", "S307"),
    ("self.context = None", "self.context = None", "self.context = None", None),
    ("get_rep_socket(...)", "get_rep_socket($$$)", "get_rep_socket", None),
    ("asyncio.create_task($X.start(), ...)", "asyncio.create_task($X.start(), $$$)", "create_task", None),
    ("$F(..., allow_origins=['*'], ...)", "$F($$$, allow_origins=['*'], $$$)", "allow_origins", None),
    ("while True: ...", "while True: $$$", "while True", None),
    ("threading.Thread(..., daemon=True, ...)", "threading.Thread($$$, daemon=True, $$$)", "threading.Thread", None),
    ("$X.bind($Y)", "$X.bind($Y)", ".bind(", None),
    ("yaml.load($X)", "yaml.load($X)", "yaml.load", "S506"),
]


HERE = Path(__file__).resolve().parent.parent


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("tree", type=Path)
    parser.add_argument("--xtask", type=Path, default=HERE / "target/release/xtask")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--copies", default="1,4,16")
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--semgrep-copies", default="1", help="the slowest tool's share of --copies")
    arguments = parser.parse_args()
    arguments.xtask = arguments.xtask.resolve()
    semgrep_copies = set(map(int, arguments.semgrep_copies.split(",")))

    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f} at the beginning")
    with tempfile.TemporaryDirectory() as scratch_name:
        scratch = Path(scratch_name)
        # Answers of earlier runs must not count, and those of this one are of no use to anybody.
        os.environ["ASSAY_CACHE_DIR"] = str(scratch / "cache")
        for copies in map(int, arguments.copies.split(",")):
            tree, files, size = python_files_of(arguments.tree, scratch / f"x{copies}", copies)
            print(f"\n{files} Python files, {size / 1e6:.1f} MB ({copies} ×)\n")
            print("| tool | seconds (best of runs) | peak MB | lines | times ours |")
            print("| --- | ---: | ---: | ---: | ---: |")
            ours = None
            for name, tool in tools(arguments.xtask, scratch).items():
                if arguments.only and name not in arguments.only:
                    continue
                if name == "semgrep" and copies not in semgrep_copies:
                    continue
                if tool is None:
                    print(f"| {name} | not installed | | | |")
                    continue
                seconds, megabytes, lines = measure(tool(tree), arguments.runs, before_of(name, tree))
                ours = ours or seconds
                print(f"| {name} | {seconds:.3f} | {megabytes:.0f} | {lines} | {seconds / ours:.1f} |", flush=True)
            if copies > 1:
                shutil.rmtree(tree)
        examine_findings(arguments, scratch)
    return 0


def before_of(name: str, tree: Path):
    """What to do before each run: for one row a file is edited."""
    if name != "assay, one edit":
        return None
    path = max(tree.rglob("*.py"), key=lambda path: path.stat().st_size)

    def edit() -> None:
        path.write_bytes(path.read_bytes() + b"\n")
        # What was written a moment ago is not remembered.
        time.sleep(0.06)

    return edit


def examine_findings(arguments, scratch: Path) -> None:
    """The findings of the project's catalogue, examined without running code."""
    xtask, tree = str(arguments.xtask), scratch / "x1"
    if not tree.is_dir():
        tree, _, _ = python_files_of(arguments.tree, tree, 1)
    tree = tree / "copy0"
    cited = scratch / "cited" / "findings.toml"
    cited.parent.mkdir()
    for name in ("probes", "reports", "examples", "rules"):
        if (HERE / name).exists():
            (cited.parent / name).symlink_to(HERE / name)
    cited.write_text(without_sweeps((HERE / "findings.toml").read_text()))
    root = ["--static-only", "--root", str(tree)]
    whole = ["--catalogue", str(HERE / "findings.toml")]
    rows = {
        "cited files of all findings, cold": [xtask, "verify", "--no-cache", *root, "--catalogue", str(cited)],
        "verify, cold": [xtask, "verify", "--no-cache", *root, *whole],
        "verify, warm": [xtask, "verify", *root, *whole],
        "verify, one edit": [xtask, "verify", *root, *whole],
        "sweep for siblings, cold": [xtask, "sweep", "--no-cache", *root, *whole],
        "sweep for siblings, warm": [xtask, "sweep", *root, *whole],
        "sweep for siblings, one edit": [xtask, "sweep", *root, *whole],
    }
    print("\n| the project's findings | seconds (best of runs) | peak MB |")
    print("| --- | ---: | ---: |")
    for name, command in rows.items():
        before = before_of("assay, one edit", tree) if "edit" in name else None
        seconds, megabytes, _ = measure(command, arguments.runs, before)
        print(f"| {name} | {seconds:.3f} | {megabytes:.0f} |", flush=True)


def without_sweeps(catalogue: str) -> str:
    """The catalogue without the claims that sweep the tree, and findings that have no others."""
    head, *findings = catalogue.split("\n[[finding]]\n")
    kept = [head]
    for finding in findings:
        first, *claims = finding.split("\n[[finding.claim]]\n")
        claims = [claim for claim in claims if not any(line.startswith("files = ") for line in claim.splitlines())]
        if any('role = ' not in claim or '"instance"' in claim for claim in claims):
            kept.append("\n[[finding.claim]]\n".join([first, *claims]))
    text = "\n[[finding]]\n".join(kept)
    # Relations to findings that are gone.
    ids = set(re.findall(r'^id = "(R[^"]*)"', text, re.MULTILINE))
    relation = re.compile(r'^(?:same-as|part-of) = "([^"]*)".*\n', re.MULTILINE)
    return relation.sub(lambda found: found[0] if found[1] in ids else "", text)


def tools(xtask: Path, scratch: Path) -> dict:
    """Name → function from a tree to the command that searches it."""
    patterns = [part for pattern, *_ in QUESTIONS for part in ("-e", pattern)]
    literals = [part for _, _, literal, _ in QUESTIONS for part in ("-e", literal)]
    ruff_rules = ",".join(rule for *_, rule in QUESTIONS if rule)
    semgrep_rules = scratch / "semgrep.yaml"
    semgrep_rules.write_text("rules:\n" + "".join(
        f"- id: q{number}\n  message: m\n  severity: INFO\n  languages: [python]\n  pattern: |\n    {pattern}\n"
        for number, (pattern, *_) in enumerate(QUESTIONS)
    ))
    ast_grep_rules = scratch / "ast-grep.yaml"
    ast_grep_rules.write_text("\n---\n".join(
        f"id: q{number}\nlanguage: python\nrule:\n  pattern: |\n    {pattern}"
        for number, (_, pattern, *_) in enumerate(QUESTIONS)
    ) + "\n")
    commands = {
        "assay": (str(xtask), lambda tree: [str(xtask), "grep", "--no-cache", *patterns, "--root", str(tree)]),
        "assay, warm": (str(xtask), lambda tree: [str(xtask), "grep", *patterns, "--root", str(tree)]),
        "assay, one edit": (str(xtask), lambda tree: [str(xtask), "grep", *patterns, "--root", str(tree)]),
        "ripgrep": ("rg", lambda tree: ["rg", "-n", "--fixed-strings", "-g", "*.py", *literals, str(tree)]),
        "ruff": ("ruff", lambda tree: ["ruff", "check", "--isolated", "--no-cache", "--quiet", "--select", ruff_rules, "--output-format", "concise", str(tree)]),
        "ast-grep": ("ast-grep", lambda tree: ["ast-grep", "scan", "--rule", str(ast_grep_rules), "--report-style", "short", str(tree)]),
        "semgrep": ("semgrep", lambda tree: ["semgrep", "scan", "--metrics=off", "--disable-version-check", "--quiet", "--no-git-ignore", "--emacs", "--config", str(semgrep_rules), str(tree)]),
    }
    return {name: command if shutil.which(program) else None for name, (program, command) in commands.items()}


def python_files_of(source: Path, destination: Path, copies: int) -> tuple:
    """Copies of the Python files alone, outside any repository, so that all tools see the same."""
    files = size = 0
    for number in range(copies):
        for path in sorted(source.rglob("*.py")):
            if path.is_file() and not path.is_symlink() and ".git" not in path.parts:
                target = destination / f"copy{number}" / path.relative_to(source)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)
                files, size = files + 1, size + target.stat().st_size
    return destination, files, size


def measure(arguments: list, runs: int, before=None) -> tuple:
    """Best wall-clock time in seconds, highest resident set in MB, lines printed."""
    best, peak, lines = float("inf"), 0, 0
    # The first run is not counted: it brings the files into memory, and what is to be warm up.
    for run in range(runs + 1):
        if before:
            before()
        with tempfile.TemporaryFile() as output:
            started = time.perf_counter()
            process = subprocess.Popen(arguments, stdout=output, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
            _, status, usage = os.wait4(process.pid, 0)
            elapsed = time.perf_counter() - started
            process.returncode = os.waitstatus_to_exitcode(status)
            output.seek(0)
            lines = sum(1 for _ in output)
        if process.returncode not in (0, 1, 3):
            sys.exit(f"`{' '.join(arguments)}` ended with {process.returncode}")
        if run:
            best, peak = min(best, elapsed), max(peak, usage.ru_maxrss / 1024)
        if run and elapsed > 5:
            break  # the slow ones need no fifth run to be told apart
    return best, peak, lines


if __name__ == "__main__":
    sys.exit(main())
