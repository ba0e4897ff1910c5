//! Scores the pattern language on Semgrep's own test cases, which are not part of this
//! repository: `ASSAY_SEMGREP_CASES` names the directory into which they were extracted.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::{Matcher, Pattern};
use crate::fixture::MemoryTree;
use crate::python::rule::{Mode, Rule};
use crate::python::{Files, SourceFile};
use crate::target::RelativePath;

/// Where the cases are, or `None` with a loud word that nothing was tested.
fn cases(group: &str) -> Option<Vec<PathBuf>> {
    let Some(root) = std::env::var_os("ASSAY_SEMGREP_CASES") else {
        loudly(&format!("SKIPPED: no {group} of Semgrep's suite was run: ASSAY_SEMGREP_CASES is not set"));
        return None;
    };
    let directory = Path::new(&root).join(group);
    let mut cases: Vec<PathBuf> = std::fs::read_dir(&directory)
        .expect("the directory of cases")
        .map(|entry| entry.expect("entry").path())
        .collect();
    cases.sort();
    if let Some(only) = std::env::var_os("ASSAY_SEMGREP_CASE") {
        cases.retain(|case| case.file_name() == Some(&only));
    }
    Some(cases)
}

#[expect(clippy::print_stderr, reason = "a test that is skipped or fails has to say so")]
fn loudly(text: &str) {
    eprintln!("{text}");
}

fn expected(case: &Path) -> BTreeSet<u32> {
    let text = std::fs::read_to_string(case.join("expected.json")).expect("expected lines");
    serde_json::from_str(&text).expect("a list of lines")
}

fn target(case: &Path) -> SourceFile {
    let text = std::fs::read_to_string(case.join("target.py")).expect("a target");
    SourceFile::parse(RelativePath::new("target.py").expect("a relative path"), text)
}

/// Runs all cases of a group and gives the number of those that pass.
fn score(group: &str, run: impl Fn(&Path, &SourceFile) -> Result<BTreeSet<u32>, String>) -> Option<usize> {
    let cases = cases(group)?;
    let mut passed = 0;
    for case in &cases {
        let name = case.file_name().expect("a name").to_string_lossy().into_owned();
        let expected = expected(case);
        match run(case, &target(case)) {
            Ok(found) if found == expected => passed += 1,
            Ok(found) => {
                let missing: Vec<_> = expected.difference(&found).collect();
                let extra: Vec<_> = found.difference(&expected).collect();
                loudly(&format!("{group}/{name}: missing {missing:?}, extra {extra:?}"));
            }
            Err(error) => loudly(&format!("{group}/{name}: refused: {error}")),
        }
    }
    loudly(&format!("{group}: {passed} of {}", cases.len()));
    Some(passed)
}

#[test]
fn patterns_of_semgreps_suite() {
    let passed = score("patterns", |case, file| {
        let text = std::fs::read_to_string(case.join("pattern.txt")).expect("a pattern");
        let pattern = Pattern::parse(&text).map_err(|error| format!("{error} at {:?}", error.range))?;
        Ok(Matcher::new(file).find(&pattern).iter().map(|found| file.line(found.range.start())).collect())
    });
    assert!(passed.is_none_or(|passed| passed >= 171), "{passed:?}");
}

#[test]
fn rules_of_semgreps_suite() {
    let passed = score("rules", |case, file| {
        let text = std::fs::read_to_string(case.join("rule.yaml")).expect("a rule");
        let rules = Rule::read(&text).map_err(|error| error.to_string())?;
        let mut lines = BTreeSet::new();
        for rule in &rules {
            match &rule.mode {
                Mode::Search(formula) => lines.extend(
                    rule.matcher(file)
                        .find_formula(formula)
                        .iter()
                        .map(|found| file.line(found.range.start())),
                ),
                Mode::Taint(_) => return Err("taint mode".to_owned()),
            }
        }
        Ok(lines)
    });
    assert!(passed.is_none_or(|passed| passed >= 46), "{passed:?}");
}

#[test]
fn taint_rules_of_semgreps_suite() {
    let passed = score("taint", |case, file| {
        let text = std::fs::read_to_string(case.join("rule.yaml")).expect("a rule");
        let rules = Rule::read(&text).map_err(|error| error.to_string())?;
        let mut tree = MemoryTree::default();
        tree.insert("target.py", file.text());
        let files = Files::new(&tree);
        let parsed = files.file(file.path()).expect("a file that is there");
        let flows = rules.iter().flat_map(|rule| rule.flows(parsed));
        Ok(flows.map(|(range, _)| file.line(range.start())).collect())
    });
    assert!(passed.is_none_or(|passed| passed >= 67), "{passed:?}");
}
