//! The rules of the tree, as tests.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use verifier::catalogue::{Catalogue, Check, Scope};
use verifier::manual;

use crate::support::workspace;

/// A file of the tree, with its path from the root of the workspace.
struct TreeFile {
    path: String,
    text: String,
}

/// Every text file that belongs to the project.
fn files() -> Vec<TreeFile> {
    let mut files = Vec::new();
    let mut directories = vec![workspace().to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in std::fs::read_dir(directory).expect("can be listed").flatten() {
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            let kind = entry.file_type().expect("has a type");
            // Not ours: what is built, what is downloaded, and what editors and git keep.
            let foreign = ["target", "__pycache__", "node_modules", "corpus", "artifacts"]
                .contains(&name.as_str())
                || (name.starts_with('.') && ![".cargo", ".ci"].contains(&name.as_str()));
            if foreign {
                continue;
            }
            if kind.is_dir() {
                directories.push(path);
            } else if kind.is_file()
                && let Ok(text) = std::fs::read_to_string(&path)
            {
                let path = path.strip_prefix(workspace()).expect("lies in the workspace");
                files.push(TreeFile { path: path.to_string_lossy().into_owned(), text });
            }
        }
    }
    files.sort_by(|one, other| one.path.cmp(&other.path));
    assert!(files.len() > 50, "the tree was not found");
    files
}

fn rust_files() -> impl Iterator<Item = TreeFile> {
    files().into_iter().filter(|file| file.path.ends_with(".rs"))
}

#[track_caller]
fn none(offenders: impl IntoIterator<Item = String>, rule: &str) {
    let offenders: Vec<String> = offenders.into_iter().collect();
    assert!(offenders.is_empty(), "{rule}:\n  {}", offenders.join("\n  "));
}

#[test]
fn every_rust_file_begins_with_what_it_is_responsible_for() {
    // What a module's own tests are about is said by the module.
    let offenders = rust_files().filter(|file| !file.path.ends_with("/tests.rs")).filter(|file| {
        // The harness of a fuzz target is an attribute of the crate, which may come first.
        let first = file.text.lines().find(|line| !line.starts_with("#!["));
        !first.is_some_and(|line| line.starts_with("//!"))
    });
    none(offenders.map(|file| file.path), "begins without a `//!` header");
}

#[test]
fn no_file_is_too_long_to_be_one_thing() {
    const MOST_LINES: usize = 1100;
    let offenders = rust_files().filter(|file| file.text.lines().count() > MOST_LINES);
    none(offenders.map(|file| file.path), "has more lines than one thing needs");
}

#[test]
fn nothing_unfinished_is_left_standing() {
    let marks = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("X", "XX")];
    let offenders = rust_files().flat_map(|file| {
        let lines = file.text.lines().enumerate();
        let marked = lines.filter(|(_, line)| {
            marks.iter().any(|mark| line.split(|c: char| !c.is_alphanumeric()).any(|word| word == *mark))
        });
        marked.map(|(index, _)| format!("{}:{}", file.path, index + 1)).collect::<Vec<_>>()
    });
    none(offenders, "is marked as unfinished");
}

#[test]
fn the_parser_is_named_in_one_folder() {
    let offenders = rust_files()
        .filter(|file| !file.path.starts_with("verifier/src/python") && file.path != "tests/tidy.rs")
        .filter(|file| file.text.contains("ruff_"));
    none(offenders.map(|file| file.path), "names the parser's crates outside `verifier/src/python`");
}

#[test]
fn the_interpreter_is_named_in_one_crate() {
    let rust = rust_files()
        .filter(|file| !file.path.starts_with("verifier/worker/") && file.path != "tests/tidy.rs")
        .filter(|file| {
            file.text.lines().any(|line| !line.trim_start().starts_with("//") && line.contains("pyo3::"))
        })
        .map(|file| file.path);
    let manifests = files()
        .into_iter()
        .filter(|file| file.path.ends_with("/Cargo.toml") && file.path != "verifier/worker/Cargo.toml")
        .filter(|file| file.text.lines().any(|line| line.starts_with("pyo3.") || line.starts_with("pyo3 ")))
        .map(|file| file.path);
    none(rust.chain(manifests), "names pyo3 outside `verifier/worker`");
}

#[test]
fn no_path_of_one_machine_is_written_down() {
    let paths = [concat!("/wo", "rk/"), concat!("/tmp", "/w/"), concat!("/ro", "ot/"), concat!("/ho", "me/")];
    let offenders = files().into_iter().filter(|file| !file.path.starts_with("reports/")).flat_map(|file| {
        let found =
            file.text.lines().enumerate().filter(|(_, line)| paths.iter().any(|path| line.contains(path)));
        found.map(|(index, line)| format!("{}:{}: {}", file.path, index + 1, line.trim())).collect::<Vec<_>>()
    });
    // The audits are quoted as they were written; hostile targets try paths that exist everywhere.
    let offenders = offenders.filter(|line| !line.starts_with("tests/hostile"));
    none(offenders, "names a path of one machine");
}

/// The stages, from left to right. Those that share a rank are siblings and do not know each other.
const STAGES: [(&str, u32); 25] = [
    ("exit_code", 0),
    ("suggest", 0),
    ("interrupt", 0),
    ("parallel", 0),
    ("cache", 1),
    ("target", 2),
    ("fixture", 3),
    ("python", 4),
    ("catalogue", 5),
    ("evidence", 6),
    ("anchors", 7),
    ("remembered", 7),
    ("static_checks", 8),
    ("runtime_checks", 8),
    ("grep", 9),
    ("verdict", 9),
    ("examined", 10),
    ("bugs", 11),
    ("verification", 12),
    ("review", 12),
    ("manual", 12),
    ("siblings", 13),
    ("verify", 14),
    ("relocate", 15),
    ("report", 16),
];

/// Files that look to the right. This list only shrinks.
///
/// The project model needs the catalogue's list of `sys.path` entries and answers with the
/// evidence's reasons, while the catalogue holds parsed patterns.
const LOOK_TO_THE_RIGHT: [(&str, &str); 4] = [
    ("verifier/src/python/files.rs", "evidence"),
    ("verifier/src/python/project.rs", "catalogue"),
    ("verifier/src/python/project.rs", "evidence"),
    // Siblings are looked for from a verification, which then carries them.
    ("verifier/src/verification.rs", "siblings"),
];

#[test]
fn stages_know_only_those_to_their_left() {
    let ranks: BTreeMap<&str, u32> = STAGES.into_iter().collect();
    let mut offenders = BTreeSet::new();
    for file in rust_files() {
        let Some(inside) = file.path.strip_prefix("verifier/src/") else { continue };
        let stage = inside.split(['/', '.']).next().unwrap_or_default();
        if stage == "lib" {
            continue;
        }
        let Some(rank) = ranks.get(stage) else {
            offenders.insert(format!("{}: `{stage}` has no place in the order of stages", file.path));
            continue;
        };
        // Tests may use whatever helps.
        let code = file.text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
        if inside.ends_with("/tests.rs") || inside.ends_with("/testing.rs") || inside == "report/sample.rs" {
            continue;
        }
        for line in code.lines().filter(|line| !line.trim_start().starts_with("//")) {
            for used in line.split("crate::").skip(1) {
                let used: String = used.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                let known = used == stage || LOOK_TO_THE_RIGHT.contains(&(file.path.as_str(), used.as_str()));
                if let Some(used_rank) = ranks.get(used.as_str())
                    && used_rank >= rank
                    && !known
                {
                    offenders.insert(format!("{}: `{stage}` uses `{used}`", file.path));
                }
            }
        }
    }
    none(offenders, "a stage looks to its right, or at its sibling");
}

#[test]
fn verdicts_do_not_know_python() {
    let offenders = rust_files()
        .filter(|file| file.path.starts_with("verifier/src/verdict"))
        .filter(|file| file.text.contains("crate::python") || file.text.contains("crate::target"));
    none(offenders.map(|file| file.path), "a verdict knows more than evidence");
}

#[test]
fn generated_documents_are_up_to_date() {
    let path = workspace().join("docs/checks.md");
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == manual::document(),
        "`docs/checks.md` is stale; `cargo xtask ci --update-docs` writes it anew"
    );
}

#[test]
fn snapshots_belong_to_tests() {
    let sources: BTreeMap<String, String> = rust_files().map(|file| (file.path, file.text)).collect();
    let offenders = files().into_iter().filter(|file| file.path.ends_with(".snap")).filter(|file| {
        let name = Path::new(&file.path).file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let test = name.rsplit("__").next().unwrap_or_default().to_owned();
        let Some(source) = file.text.lines().find_map(|line| line.strip_prefix("source: ")) else {
            return true;
        };
        !sources.get(source).is_some_and(|text| text.contains(&format!("fn {test}(")))
    });
    none(offenders.map(|file| file.path), "no test compares with it");
}

#[test]
fn catalogue_probes_and_bundled_target_are_in_step() {
    let path = workspace().join("findings.toml");
    let catalogue = Catalogue::read(&path).unwrap_or_else(|problems| panic!("{problems}"));
    let root = workspace().join(catalogue.target.root.as_ref().expect("the bundled target"));
    let claims = || catalogue.findings.iter().flat_map(|finding| &finding.claims);

    let missing = claims().filter_map(|claim| match &claim.scope {
        Scope::File(file) if !root.join(file.as_str()).is_file() => Some(format!("{}: {file}", claim.id)),
        Scope::File(_) | Scope::Sweep(_) => None,
    });
    none(missing, "a claim names a file that the bundled target does not have");

    let used: BTreeSet<PathBuf> = claims()
        .flat_map(|claim| &claim.checks)
        .filter_map(|check| match check {
            Check::Probe(probe) => Some(PathBuf::from(&probe.file)),
            Check::Static(_) | Check::Import(_) | Check::Inspect(_) => None,
        })
        .collect();
    let orphaned = files()
        .into_iter()
        .filter(|file| file.path.starts_with("probes/") && file.path.ends_with(".py"))
        // What probes share is imported by them and named by no claim.
        .filter(|file| !file.path.rsplit('/').next().is_some_and(|name| name.starts_with('_')))
        .filter(|file| !used.contains(Path::new(&file.path)))
        .map(|file| file.path);
    none(orphaned, "no claim uses this probe");
}

#[test]
fn every_key_of_the_json_format_is_documented() {
    fn keys(value: &serde_json::Value, found: &mut BTreeSet<String>) {
        match value {
            serde_json::Value::Object(object) => {
                for (key, value) in object {
                    found.insert(key.clone());
                    keys(value, found);
                }
            }
            serde_json::Value::Array(values) => values.iter().for_each(|value| keys(value, found)),
            _ => {}
        }
    }
    let sample =
        workspace().join("verifier/src/report/snapshots/verifier__report__json__tests__sample_as_json.snap");
    let snapshot = std::fs::read_to_string(sample).expect("the snapshot of the sample");
    let (_, json) = snapshot.split_once("\n---\n").expect("a header");
    let mut found = BTreeSet::new();
    keys(&serde_json::from_str(json).expect("JSON"), &mut found);
    let document = std::fs::read_to_string(workspace().join("docs/json.md")).expect("the document");
    let undocumented = found.into_iter().filter(|key| {
        // The counts by verdict are named by the verdicts.
        !document.contains(&format!("`{key}`")) && !document.contains(&format!("\"{key}\""))
    });
    none(undocumented, "`docs/json.md` does not mention this key");
}
