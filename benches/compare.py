#!/usr/bin/env python3
"""Compare this engine with what a user would take instead, in one run on one machine.

    compare.py TREE [--xtask BINARY] [--runs N] [--copies 1,4,16] [--only NAME …]

Every tool is asked the same questions (`QUESTIONS`) of the same Python files, in one process
each, with its caches off or emptied before every run. Wall-clock time is the best of N runs,
memory the highest resident set of the whole process tree's largest process. Tools that are
not on the PATH are named and left out. Prints a Markdown table; `docs/performance.md` has one.

How the tools differ is part of the answer, so the number of matched lines is printed too:
ripgrep looks for the literals alone, Ruff has a rule for some of the questions only.
"""

import argparse
import os
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


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("tree", type=Path)
    parser.add_argument("--xtask", type=Path, default=Path("target/release/xtask"))
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--copies", default="1")
    parser.add_argument("--only", nargs="*")
    arguments = parser.parse_args()

    with tempfile.TemporaryDirectory() as scratch_name:
        scratch = Path(scratch_name)
        for copies in map(int, arguments.copies.split(",")):
            tree, files, size = python_files_of(arguments.tree, scratch / f"x{copies}", copies)
            print(f"\n{files} Python files, {size / 1e6:.1f} MB ({copies} ×)\n")
            print("| tool | seconds (best of runs) | peak MB | lines | times ours |")
            print("| --- | ---: | ---: | ---: | ---: |")
            ours = None
            for name, tool in tools(arguments.xtask.resolve(), scratch).items():
                if arguments.only and name not in arguments.only:
                    continue
                if tool is None:
                    print(f"| {name} | not installed | | | |")
                    continue
                seconds, megabytes, lines = measure(tool, tree, arguments.runs)
                ours = ours or seconds
                print(f"| {name} | {seconds:.3f} | {megabytes:.0f} | {lines} | {seconds / ours:.1f} |", flush=True)
    return 0


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


def measure(command, tree: Path, runs: int) -> tuple:
    """Best wall-clock time in seconds, highest resident set in MB, lines printed."""
    best, peak, lines = float("inf"), 0, 0
    arguments = command(tree)
    for run in range(runs):
        with tempfile.TemporaryFile() as output:
            started = time.perf_counter()
            process = subprocess.Popen(arguments, stdout=output, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
            _, status, usage = os.wait4(process.pid, 0)
            elapsed = time.perf_counter() - started
            process.returncode = os.waitstatus_to_exitcode(status)
            output.seek(0)
            lines = sum(1 for _ in output)
        if process.returncode not in (0, 1):
            sys.exit(f"`{' '.join(arguments)}` ended with {process.returncode}")
        best, peak = min(best, elapsed), max(peak, usage.ru_maxrss / 1024)
        if elapsed > 20 and run:
            break  # the slow ones need no fifth run to be told apart
    return best, peak, lines


if __name__ == "__main__":
    sys.exit(main())
