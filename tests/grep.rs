//! `grep`: what its arguments ask for, and what it prints.

use std::process::Command;

use serde_json::Value;
use verifier::exit_code;

use crate::support::{write_files, xtask};

const CODE: &str = r#"--- a.py
import time

def wait(socket):
    time.sleep(1)
    time.sleep(30)
    socket.bind("tcp://*:5")

def ready():
    retry(time.sleep(60))
--- sub/b.py
from time import sleep

sleep(5)
--- rule.yaml
rules:
- id: long-sleep
  languages: [python]
  message: It sleeps.
  severity: ERROR
  patterns:
  - pattern: time.sleep($N)
  - metavariable-comparison: {comparison: $N > 20}
--- taint.yaml
rules:
- id: bound
  languages: [python]
  message: It binds.
  severity: ERROR
  mode: taint
  pattern-sources: [{patterns: [{pattern: "def $F(..., $P, ...): ..."}, {focus-metavariable: $P}]}]
  pattern-sinks: [{pattern: $S.bind(...)}]
--- ipc.pattern
$S.bind(
    "...",
)
"#;

fn run(arguments: &[&str], expected: u8) -> (String, String) {
    let directory = tempfile::tempdir().expect("a directory");
    write_files(directory.path(), CODE);
    let mut command = Command::new(xtask());
    command.current_dir(directory.path()).arg("grep").args(arguments);
    let output = command.output().expect("grep runs");
    let (stdout, stderr) = (String::from_utf8(output.stdout), String::from_utf8(output.stderr));
    let (stdout, stderr) = (stdout.expect("text"), stderr.expect("text"));
    assert_eq!(output.status.code(), Some(i32::from(expected)), "{arguments:?}\n{stdout}\n{stderr}");
    (stdout, stderr)
}

/// What is found, as `file:line`.
#[track_caller]
fn check(arguments: &[&str], expected: &[&str]) {
    let code =
        if expected.is_empty() { exit_code::NOTHING_CONFIRMED } else { exit_code::SOMETHING_CONFIRMED };
    let (stdout, _) = run(&[arguments, &["--format", "json"]].concat(), code);
    let document: Value = serde_json::from_str(&stdout).expect("JSON");
    let found: Vec<String> = document["matches"]
        .as_array()
        .expect("matches")
        .iter()
        .map(|found| format!("{}:{}", found["file"].as_str().expect("a path"), found["line"]))
        .collect();
    assert_eq!(found, expected, "{arguments:?}");
}

#[test]
fn patterns_and_paths_are_told_apart() {
    check(&["time.sleep($N)"], &["a.py:4", "a.py:5", "a.py:9", "sub/b.py:3"]);
    check(&["time.sleep($N)", "sub"], &["sub/b.py:3"]);
    check(&["-e", "time.sleep(1)", "-e", "$S.bind(...)", "a.py"], &["a.py:4", "a.py:6"]);
    check(&["--pattern-file", "ipc.pattern", "."], &["a.py:6"]);
    check(&["--rule", "rule.yaml", "a.py"], &["a.py:5", "a.py:9"]);
    check(&["--rule", "taint.yaml"], &["a.py:6"]);
    check(&["time.sleep(5)", "sub", ".", "sub/b.py"], &["sub/b.py:3"]);
    check(&["--any", "time.sleep(1)", "--any", "time.sleep(5)"], &["a.py:4", "sub/b.py:3"]);
    check(&["--any", "time.sleep(1)", "--any", "time.sleep(5)", "sub"], &["sub/b.py:3"]);
}

#[test]
fn operators_are_flags() {
    let sleep = "time.sleep($N)";
    check(&[sleep, "--all", "$F(30)"], &["a.py:5"]);
    check(&[sleep, "--any", "$F(30)", "--any", "$F(5)"], &["a.py:5", "sub/b.py:3"]);
    check(&[sleep, "--not", "$F(30)", "--not", "$F(5)"], &["a.py:4", "a.py:9"]);
    check(&[sleep, "--inside", "retry(...)"], &["a.py:9"]);
    check(&[sleep, "--not-inside", "retry(...)", "--not-inside", "def wait(...): ..."], &["sub/b.py:3"]);
    check(&[sleep, "--where", "$N=^[36]"], &["a.py:5", "a.py:9"]);
    check(&[sleep, "--where", "$N>=5", "--where", "$N<=30"], &["a.py:5", "sub/b.py:3"]);
    check(&["retry($X)", "--where", "$X: time.sleep(60)"], &["a.py:9"]);
    check(&["retry($X)", "--where", "$X:time.sleep(1)"], &[]);
    check(&["def $F(...): ...", "--focus", "$F"], &["a.py:3", "a.py:8"]);
}

#[test]
fn count_bounds_the_number_of_matches() {
    let found: &[&str] = &["a.py:4", "a.py:5", "a.py:9"];
    for (count, expected) in [
        ("3", found),
        ("2..", found),
        ("..3", found),
        ("1..4", found),
        ("2", &[]),
        ("4..", &[]),
        ("..2", &[]),
    ] {
        check(&["time.sleep($N)", "a.py", "--count", count], expected);
    }
    let (_, stderr) = run(&["time.sleep($N)", "a.py", "--count", "4.."], exit_code::NOTHING_CONFIRMED);
    assert!(stderr.contains("3 matches, which is not at least 4"), "{stderr}");
}

#[test]
fn what_cannot_be_understood_is_refused() {
    for (arguments, message) in [
        (&["f($x)"][..], "`$x` is not a metavariable"),
        (&["f($X)", "--not", "g("], "`(` is not closed"),
        (&["f($X)", "--where", "$Y=a"], "no pattern names the metavariable `$Y`"),
        (&["f($XY)", "--where", "$X=a"], "no pattern names the metavariable `$X`"),
        (&["f($X)", "--focus", "$Y"], "no pattern names the metavariable `$Y`"),
        (&["f($X)", "--where", "$Y>=1"], "no pattern names the metavariable `$Y`"),
        (&["f($X)", "--where", "$X>=a"], "`a` is not a number"),
        (&["f($X)", "--where", "$X=("], "unclosed group"),
        (&["f($X)", "--where", "$X:g("], "the pattern cannot be understood"),
        (&["f($X)", "--where", "$X"], "was expected"),
        (&["f($X)", "--count", "4..3"], "no number is at least 4 and at most 3"),
        (&["f($X)", "--count", "many"], "was expected"),
        (&["--rule", "rule.yaml", "--not", "f()"], "cannot be used with"),
        (&["--rule", "ipc.pattern"], "ipc.pattern"),
        (&["f($X)", "missing"], "there is no `missing`"),
        (&[], "there is no pattern"),
    ] {
        let (stdout, stderr) = run(arguments, exit_code::ERROR);
        assert_eq!(stdout, "", "{arguments:?}");
        assert!(stderr.contains(message), "{arguments:?}: {stderr}");
    }
}

#[test]
fn matches_are_shown_with_their_lines_and_values() {
    let (stdout, _) = run(&["$S.bind($A)"], exit_code::SOMETHING_CONFIRMED);
    check_in_order(
        &stdout,
        &["a.py", "6:    socket.bind(\"tcp://*:5\")", "$A = \"tcp://*:5\"", "$S = socket"],
    );
    let (stdout, _) = run(&["$S.bind($A)", "--format", "json"], exit_code::SOMETHING_CONFIRMED);
    let document: Value = serde_json::from_str(&stdout).expect("JSON");
    let found = &document["matches"][0];
    assert_eq!((&found["column"], &found["end_line"]), (&5.into(), &6.into()));
    assert_eq!(found["metavariables"]["$S"], "socket");
}

/// The pieces stand in a text, each on a line after the one before.
#[track_caller]
fn check_in_order(text: &str, pieces: &[&str]) {
    let mut lines = text.lines();
    for piece in pieces {
        assert!(lines.any(|line| line.contains(piece)), "no `{piece}` in\n{text}");
    }
}

#[test]
fn patterns_may_begin_with_a_hyphen() {
    let directory = tempfile::tempdir().expect("a directory");
    write_files(directory.path(), "--- a.py\nx = -y\nz = -5\n");
    let file = directory.path().join("a.py").to_string_lossy().into_owned();
    let found = |arguments: &[&str]| {
        let (stdout, _) = run(arguments, exit_code::SOMETHING_CONFIRMED);
        stdout.lines().filter(|line| line.starts_with(|start: char| start.is_ascii_digit())).count()
    };
    assert_eq!(found(&["-e", "-$X", &file]), 2);
    assert_eq!(found(&["-5", &file]), 1);
    assert_eq!(found(&["$Y = $X", "--not", "$Y = -5", &file]), 1);
}

#[test]
fn rules_for_other_languages_are_left_out_and_told() {
    let directory = tempfile::tempdir().expect("a directory");
    let rules = "--- r.yaml\nrules:\n- {id: js, languages: [js], message: m, severity: ERROR, pattern: f()}\n\
                 - {id: py, languages: [python], message: m, severity: ERROR, pattern: time.sleep(...)}\n";
    write_files(directory.path(), rules);
    let rule = directory.path().join("r.yaml").to_string_lossy().into_owned();
    let (_, stderr) = run(&["--rule", &rule, "."], exit_code::SOMETHING_CONFIRMED);
    assert!(stderr.contains("note: 1 rule is left out: `js` is for js, not for Python"), "{stderr}");
}
