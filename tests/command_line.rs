//! The commands, as people and scripts see them.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use verifier::exit_code;

use crate::support::{workspace, write_files, xtask};

/// Two findings about one small file, of which one holds.
const PROJECT: &str = r#"--- findings.toml
[target]
root = "code"

[[report]]
id = "R1"
title = "An audit"

[[finding]]
id = "R1-1"
report = "R1"
severity = "high"
title = "A file is broken"
bug = "It does not compile."
root-cause = "A slip."
impact = "Nobody can import it."
fix = "Mend it."

[[finding.claim]]
id = "broken"
says = "good.py does not compile"
file = "good.py"
static = { syntax = "error" }

[[finding]]
id = "R1-2"
report = "R1"
severity = "low"
title = "An endless loop"
bug = "It never ends."
root-cause = "Nobody thought of stopping."
impact = "It cannot be stopped."
fix = "Stop it."

[[finding.claim]]
id = "endless"
says = "run never ends"
file = "good.py"
symbol = "run"
static = { endless-loop = true }

[[finding]]
id = "R1-3"
report = "R1"
severity = "medium"
title = "A symbol that is gone"
bug = "It never ends either."
root-cause = "Nobody thought of stopping."
impact = "It cannot be stopped."
fix = "Stop it."

[[finding.claim]]
id = "gone"
says = "walk never ends"
file = "good.py"
symbol = "walk"
static = { endless-loop = true }

[[finding]]
id = "R1-4"
report = "R1"
severity = "critical"
title = "A file that is gone"
bug = "It never ends either."
root-cause = "Nobody thought of stopping."
impact = "It cannot be stopped."
fix = "Stop it."

[[finding.claim]]
id = "gone"
says = "walk never ends"
file = "gone.py"
symbol = "walk"
static = { endless-loop = true }
--- code/good.py
def run():
    while True:
        work()
--- broken/good.py
def run(:
    pass
--- mended/good.py
def run():
    work()
"#;

struct Project {
    directory: tempfile::TempDir,
}

impl Project {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        write_files(directory.path(), PROJECT);
        Self { directory }
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(xtask());
        command.current_dir(self.path()).args(arguments.split_whitespace()).stdin(Stdio::null());
        for name in ["NO_COLOR", "CLICOLOR_FORCE", "COLUMNS"] {
            command.env_remove(name);
        }
        command
    }

    #[track_caller]
    fn run(&self, arguments: &str, expected: u8) -> (String, String) {
        let Output { status, stdout, stderr } = self.command(arguments).output().expect("runs");
        let (stdout, stderr) = (text(stdout), text(stderr));
        assert_eq!(status.code(), Some(i32::from(expected)), "{arguments}\n{stdout}\n{stderr}");
        (stdout, stderr)
    }
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("text")
}

#[test]
fn exit_codes_are_the_same_in_every_format_and_command() {
    #[track_caller]
    fn check(arguments: &str, expected: u8) {
        let project = Project::new();
        for command in ["verify", "report"] {
            for format in ["table", "markdown", "json"] {
                project.run(&format!("{command} --format {format} {arguments}"), expected);
            }
        }
    }
    check("", exit_code::SOMETHING_CONFIRMED);
    check("--finding R1-1", exit_code::NOTHING_CONFIRMED);
    check("--finding R1-2", exit_code::SOMETHING_CONFIRMED);
    check("--finding R1-3", exit_code::UNDECIDED);
    check("--finding R1-1,R1-3", exit_code::UNDECIDED);
    check("--finding R1-4", exit_code::NOTHING_CHECKED);
    check("--finding R1-1 --severity medium", exit_code::NOTHING_CHECKED);
    // The only finding is not true of it, and still: the file does not compile.
    check("--finding R1-3 --root broken", exit_code::SOMETHING_CONFIRMED);
    check("--finding R1-2 --root mended", exit_code::NOTHING_CONFIRMED);
}

#[test]
fn wrong_usage_has_an_exit_code_of_its_own_and_prints_no_data() {
    let project = Project::new();
    for arguments in [
        "",
        "verfy",
        "verify --format yaml",
        "verify --severity bad",
        "verify --finding R9-9",
        "verify --catalogue missing.toml",
        "verify --root missing",
        "verify --rev HEAD",
        "verify --was missing",
        "verify --jobs 0",
        "verify --timeout 0",
        "explain R9-9",
        "list --finding R9-9",
        "report --output missing/report.md",
        "report --output findings.toml",
        "report --output code/../findings.toml",
        "list --output ./findings.toml",
        "verify --excerpts",
        "report --format table --siblings",
        "sweep --files ../*.py",
        "sweep --files !/etc",
        "sweep --files a[",
    ] {
        let (stdout, stderr) = project.run(arguments, exit_code::ERROR);
        assert_eq!(stdout, "", "{arguments}");
        assert!(!stderr.is_empty(), "{arguments}");
    }
    let (_, stderr) = project.run("verify --finding r1-2", exit_code::ERROR);
    assert!(stderr.contains("did you mean `R1-2`?"), "{stderr}");
}

#[test]
fn fixed_and_not_real_are_told_by_the_earlier_state() {
    #[track_caller]
    fn check(arguments: &str, expected: &str) {
        let (stdout, _) =
            Project::new().run(&format!("verify --format json {arguments}"), exit_code::NOTHING_CONFIRMED);
        let document: serde_json::Value = serde_json::from_str(&stdout).expect("JSON");
        assert_eq!(document["findings"][0]["verdict"], expected, "{arguments}");
    }
    check("--finding R1-2 --root mended", "refuted");
    check("--finding R1-2 --root mended --was code", "fixed");
    check("--finding R1-2 --root mended --was mended", "not-real");
    // The loop may have been there, or not: the earlier file does not compile.
    check("--finding R1-2 --root mended --was broken", "refuted");
    check("--finding R1-1 --was broken", "fixed");
    check("--finding R1-1 --was code", "not-real");
}

#[test]
fn colour_follows_the_flag_then_the_environment_then_the_terminal() {
    #[track_caller]
    fn check(flags: &str, variables: &[(&str, &str)], colored: bool) {
        let project = Project::new();
        let mut command = project.command(&format!("verify {flags}"));
        command.envs(variables.iter().copied());
        let stdout = text(command.output().expect("runs").stdout);
        assert_eq!(stdout.contains('\u{1b}'), colored, "{flags} {variables:?}");
    }
    check("", &[], false);
    check("", &[("CLICOLOR_FORCE", "1")], true);
    check("", &[("CLICOLOR_FORCE", "0")], false);
    check("", &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], false);
    check("--color always", &[("NO_COLOR", "1")], true);
    check("--color never", &[("CLICOLOR_FORCE", "1")], false);
    check("--format json --color always", &[], false);
    check("--format markdown --color always", &[], false);
}

#[test]
fn table_fits_its_terminal_and_means_the_same_without_colour() {
    let project = Project::new();
    let (plain, _) = project.run("verify --color never", exit_code::SOMETHING_CONFIRMED);
    for line in plain.lines() {
        assert!(line.chars().count() <= 80, "{line}");
    }
    let (colored, _) = project.run("verify --color always", exit_code::SOMETHING_CONFIRMED);
    let mut bare = String::new();
    let mut inside = false;
    for character in colored.chars() {
        match character {
            '\u{1b}' => inside = true,
            'm' if inside => inside = false,
            character if !inside => bare.push(character),
            _ => {}
        }
    }
    let without_time = |text: &str| text.rsplit_once("examined in").map(|(text, _)| text.to_owned());
    assert_eq!(without_time(&bare), without_time(&plain));
}

#[test]
fn report_is_the_same_bytes_every_time_and_is_written_whole() {
    let project = Project::new();
    let (first, _) = project.run("report", exit_code::SOMETHING_CONFIRMED);
    let (second, _) = project.run("report --jobs 1", exit_code::SOMETHING_CONFIRMED);
    assert_eq!(first, second);
    let (stdout, _) = project.run("report --output report.md", exit_code::SOMETHING_CONFIRMED);
    assert_eq!(stdout, "");
    assert_eq!(std::fs::read_to_string(project.path().join("report.md")).expect("written"), first);
    let beside: Vec<_> = std::fs::read_dir(project.path()).expect("listed").flatten().collect();
    // The report, and what is remembered, beside what was there.
    assert_eq!(beside.len(), 6, "{beside:?}");
}

#[test]
fn report_has_the_parts_that_it_must_have() {
    let (report, _) = Project::new().run("report", exit_code::SOMETHING_CONFIRMED);
    let headings: Vec<&str> = report.lines().filter(|line| line.starts_with("## ")).collect();
    assert_eq!(
        headings,
        [
            "## Critical",
            "## High",
            "## Medium",
            "## Low",
            "## Undetermined Findings",
            "## Invalidated Findings"
        ]
    );
    let bug = report.split("\n### R1-2").nth(1).and_then(|rest| rest.split("\n## ").next()).expect("the bug");
    let mut rest = bug;
    for part in [
        "**Severity**: Low",
        "**The Bug**: It never ends.",
        "**Location(s)**:",
        "- `good.py:2-3` in `run`",
        "**Root Cause & Impact**: Nobody thought of stopping.",
        "**Proposed Fix**: Stop it.",
        "**Evidence**:",
        "*Reported as*:",
    ] {
        let (_, after) = rest.split_once(part).unwrap_or_else(|| panic!("no {part} in its place:\n{bug}"));
        rest = after;
    }
    assert!(!report.contains("while True"), "code is shown only when it is asked for");
    let (report, _) = Project::new().run("report --excerpts", exit_code::SOMETHING_CONFIRMED);
    assert!(report.contains("  ```python\n  while True:\n      work()\n  ```\n"), "{report}");
}

#[test]
fn reader_that_has_seen_enough_is_no_error() {
    let project = Project::new();
    let mut child = project
        .command("verify --format json")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("runs");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("ends");
    assert_eq!(output.status.code(), Some(i32::from(exit_code::SOMETHING_CONFIRMED)));
    assert_eq!(text(output.stderr), "");
}

#[test]
fn catalogue_is_found_from_below_and_its_root_with_it() {
    let project = Project::new();
    let output = project
        .command("verify --format json --finding R1-2")
        .current_dir(project.path().join("code"))
        .output()
        .expect("runs");
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    // As the catalogue has it: a report is the same wherever it is written from.
    assert_eq!(document["target"]["root"], "code");
    assert_eq!(document["findings"][0]["verdict"], "confirmed");
}

#[test]
fn sweep_looks_at_the_files_that_it_is_told() {
    let project = Project::new();
    let code = "def run():\n    while True:\n        work()\n";
    write_files(project.path(), &format!("--- code/other.py\n{code}--- code/lib/more.py\n{code}"));
    #[track_caller]
    fn check(project: &Project, arguments: &str, expected: &[&str]) {
        let (text, _) =
            project.run(&format!("sweep --static-only R1-2 {arguments}"), exit_code::SOMETHING_CONFIRMED);
        let found: Vec<&str> = text.lines().map(str::trim).filter(|line| line.contains(".py:")).collect();
        assert_eq!(found, expected, "{text}");
    }
    check(&project, "", &["lib/more.py:2 in run", "other.py:2 in run"]);
    check(&project, "--files lib", &["lib/more.py:2 in run"]);
    check(&project, "--files !lib", &["other.py:2 in run"]);
    check(&project, "--files **/*.py --files !lib", &["other.py:2 in run"]);
    let (_, stderr) = project.run("sweep --static-only --files zz/*.py", exit_code::NOTHING_CHECKED);
    assert!(stderr.contains("nothing was swept: `zz/*.py` selects no Python file"), "{stderr}");
}

#[test]
fn json_report_has_the_siblings_that_it_is_asked_for() {
    let project = Project::new();
    write_files(project.path(), "--- code/other.py\ndef run():\n    while True:\n        work()\n");
    for (arguments, expected) in [("--siblings", 1), ("", 0)] {
        let arguments = format!("report --static-only --format json {arguments}");
        let (text, _) = project.run(&arguments, exit_code::SOMETHING_CONFIRMED);
        let document: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let sweeps = document["sweeps"].as_array().expect("a list");
        assert_eq!(sweeps.len(), expected, "{text}");
        assert!(sweeps.iter().all(|sweep| sweep["siblings"][0]["file"] == "other.py"), "{text}");
    }
}

#[test]
fn relocate_writes_what_is_beyond_doubt() {
    let project = Project::new();
    let catalogue = || std::fs::read_to_string(project.path().join("findings.toml")).expect("read");
    write_files(project.path(), "--- code/late.py\ndef walk():\n    pass\n");
    let before = catalogue();
    let (told, stderr) = project.run("relocate --static-only --write --finding R1-4", exit_code::UNDECIDED);
    assert!(told.contains("is probably at late.py walk"), "{told}");
    assert!(stderr.contains("0 claims brought up to date, 1 undecided"), "{stderr}");
    assert_eq!(catalogue(), before);
    std::fs::rename(project.path().join("code/good.py"), project.path().join("code/new.py")).expect("moved");
    write_files(project.path(), "--- was/good.py\ndef run():\n    while True:\n        work()\n");
    let arguments = "relocate --static-only --write --was was --finding R1-2";
    let (_, stderr) = project.run(arguments, exit_code::NOTHING_CONFIRMED);
    assert!(stderr.contains("1 claim brought up to date, 0 undecided"), "{stderr}");
    assert!(catalogue().contains("file = \"new.py\"\nsymbol = \"run\""), "{}", catalogue());
    let (told, _) = project.run(arguments, exit_code::NOTHING_CONFIRMED);
    assert_eq!(told, "");
}

#[test]
fn explain_shows_findings_claims_and_kinds() {
    let project = Project::new();
    let (finding, _) = project.run("explain R1-2", exit_code::SOMETHING_CONFIRMED);
    assert!(finding.contains("verdict: confirmed") && finding.contains("    2 | while True:"), "{finding}");
    let (claim, _) = project.run("explain R1-2/endless", exit_code::SOMETHING_CONFIRMED);
    assert!(claim.contains("endless (instance): confirmed, matched"), "{claim}");
    let (kind, _) = project.run("explain endless-loop", exit_code::NOTHING_CONFIRMED);
    assert!(kind.starts_with("# `endless-loop`"), "{kind}");
    for key in ["rule", "any", "all"] {
        let (kind, _) = project.run(&format!("explain {key}"), exit_code::NOTHING_CONFIRMED);
        assert!(kind.starts_with("# `pattern`"), "{kind}");
    }
    let (_, stderr) = project.run("explain endles-loop", exit_code::ERROR);
    assert!(stderr.contains("did you mean `endless-loop`?"), "{stderr}");
    let (_, stderr) = project.run("explain R1-2/endles", exit_code::ERROR);
    assert!(stderr.contains("did you mean `R1-2/endless`?"), "{stderr}");
}

#[test]
fn list_needs_no_target() {
    let project = Project::new();
    std::fs::remove_dir_all(project.path().join("code")).expect("removed");
    let (table, _) = project.run("list", exit_code::NOTHING_CONFIRMED);
    assert!(table.contains("4 findings with 4 claims"), "{table}");
    let (json, _) = project.run("list --format json --severity low", exit_code::NOTHING_CONFIRMED);
    let document: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(document["findings"][0]["id"], "R1-2");
    assert_eq!(document["findings"][0]["claims"][0]["checks"][0], "endless-loop");
}

#[test]
fn check_says_once_that_a_target_has_no_files() {
    let project = Project::new();
    let (_, stderr) = project.run("check", exit_code::NOTHING_CONFIRMED);
    assert_eq!(stderr.matches("warning: ").count(), 2, "two claims match nothing: {stderr}");
    std::fs::remove_file(project.path().join("code/good.py")).expect("removed");
    for path in ["code/HEAD", "code/objects/x", "code/refs/x"] {
        write_files(project.path(), &format!("--- {path}\n"));
    }
    let (_, stderr) = project.run("check", exit_code::NOTHING_CONFIRMED);
    assert_eq!(stderr.matches("warning: ").count(), 1, "{stderr}");
    assert!(
        stderr.contains("there is no Python file in `code`") && stderr.contains("--rev HEAD"),
        "{stderr}"
    );
}

#[test]
fn run_from_the_workspace_examines_the_bundled_target() {
    let output = Command::new(xtask())
        .current_dir(workspace())
        .args(["verify", "--static-only", "--format", "json"])
        .output()
        .expect("runs");
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(document["target"]["root"], "examples/voice-assistant/audited");
    assert_eq!(document["summary"]["findings"], 16);
    assert_eq!(output.status.code(), Some(i32::from(exit_code::SOMETHING_CONFIRMED)));
}

#[test]
fn doctor_says_what_there_is_and_how_to_mend_what_is_missing() {
    let (page, _) = Project::new().run("doctor", exit_code::NOTHING_CONFIRMED);
    for part in ["built for Python 3.", "git", "landlock", "network-namespace", "limits"] {
        assert!(page.contains(part), "no {part} in\n{page}");
    }
    let missing = page.lines().filter(|line| line.trim_start().starts_with("missing")).count();
    let mended = page.lines().filter(|line| line.trim_start().starts_with("mend: ")).count();
    assert_eq!(missing, mended, "{page}");
    assert!(page.contains("a first question was answered"), "{page}");
}
