//! What can be said of a catalogue beyond its being valid: whether its examples answer as they
//! say, what in it has gone stale, which findings look like one bug. For `cargo xtask check`.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::bugs;
use crate::catalogue::{
    Catalogue, Check, CheckKind, Claim, ClaimExample, FindingId, Problem, Problems, PythonSettings, Scope,
    StaticCheck,
};
use crate::evidence::{Observation, Outcome};
use crate::fixture::{DEFAULT_FILE, MemoryTree};
use crate::parallel;
use crate::python::{Files, Project};
use crate::static_checks::{self, Context, Example};
use crate::suggest::closest;
use crate::target::{FileSelector, RelativePath, TargetTree};

/// Examples that were run.
#[derive(Clone, Debug)]
pub struct ExampleReview {
    /// How many pairs of examples answered as they say: those of the kinds, then those of claims.
    pub good: (usize, usize),
    /// Those that did not: a check that holds where it should not cannot be trusted anywhere.
    pub problems: Option<Problems>,
}

/// Runs the examples of every static kind, and those that claims carry.
pub fn examples(catalogue: &Catalogue) -> ExampleReview {
    let kinds = CheckKind::ALL.into_iter().filter_map(|kind| Some((kind, static_checks::examples(kind)?)));
    let kinds: Vec<Vec<Problem>> = parallel::map_into(kinds.collect(), |(kind, examples)| {
        let holds = run_kind_example(kind, &examples.holds, &Outcome::Holds);
        let fails = run_kind_example(kind, &examples.does_not_hold, &Outcome::DoesNotHold);
        holds.into_iter().chain(fails).collect()
    });
    let places = Places::of(catalogue);
    let carried: Vec<(&Claim, &ClaimExample, &StaticCheck)> = claims(catalogue)
        .filter_map(|claim| {
            let check = claim.checks.iter().find_map(|check| match check {
                Check::Static(check) => Some(check),
                Check::Import(_) | Check::Inspect(_) | Check::Probe(_) => None,
            });
            Some((claim, claim.example.as_ref()?, check?))
        })
        .collect();
    let claims: Vec<Vec<Problem>> = parallel::map_into(carried, |(claim, example, check)| {
        let run = |key: &str, text: &str, expected: &Outcome| {
            let observation = observe_example(claim, check, text, &catalogue.target.python);
            let wrong = wrong_answer(&observation, expected)?;
            Some(Problem {
                title: format!("the example `{key}` of `{}` does not answer as it says: {wrong}", claim.id),
                place: Some(places.of_keys(claim.line, &[key, "example"])),
                label: observation.because,
                also: Vec::new(),
                help: Some(
                    "mend the check, or the example: one of them does not mean what the other says"
                        .to_owned(),
                ),
            })
        };
        let holds = run("holds", &example.holds, &Outcome::Holds);
        holds.into_iter().chain(run("fails", &example.fails, &Outcome::DoesNotHold)).collect()
    });
    let good = |all: &[Vec<Problem>]| all.iter().filter(|problems| problems.is_empty()).count();
    ExampleReview {
        good: (good(&kinds), good(&claims)),
        problems: Problems::errors(catalogue, kinds.into_iter().chain(claims).flatten().collect()),
    }
}

/// What matches nothing in the target, and what the catalogue leaves unsaid. `everything` is the
/// target without the catalogue's `exclude`.
pub fn stale(catalogue: &Catalogue, everything: &dyn TargetTree) -> Option<Problems> {
    let mut problems = Vec::new();
    stale_claims(catalogue, everything, &mut problems);
    stale_settings(catalogue, everything, &mut problems);
    Problems::warnings(catalogue, problems)
}

/// What can be seen without a target: findings that look like the same bug, reports that have
/// no document or no finding, texts that a report will miss.
pub fn loose_ends(catalogue: &Catalogue) -> Option<Problems> {
    let mut problems = Vec::new();
    let places = Places::of(catalogue);
    let lines: BTreeMap<&FindingId, u32> =
        catalogue.findings.iter().map(|finding| (&finding.id, finding.line)).collect();
    for suggestion in bugs::look_alikes(catalogue) {
        let line = |id| lines.get(id).copied().unwrap_or(1);
        let (first, second) = (line(&suggestion.first), line(&suggestion.second));
        problems.push(Problem {
            title: format!(
                "`{}` and `{}` look like the same bug: {}",
                suggestion.first, suggestion.second, suggestion.because
            ),
            place: Some(places.of_key(second, "id")),
            label: String::new(),
            also: vec![(places.of_key(first, "id"), "the other one".to_owned())],
            help: Some(format!(
                "say so with `same-as = \"{0}\"` or `part-of = \"{0}\"`, if it is",
                suggestion.first
            )),
        });
    }
    for report in &catalogue.reports {
        let place = || places.of_value(1, report.id.as_str());
        if !catalogue.findings.iter().any(|finding| finding.report == report.id) {
            problems.push(problem(
                place(),
                format!("no finding comes from the report `{}`", report.id),
                "",
                "add its items as `[[finding]]`",
            ));
        }
        if let Some(file) = &report.file
            && !catalogue.path.parent().unwrap_or("".as_ref()).join(file).is_file()
        {
            let file = file.display().to_string();
            let title = format!("the document of the report `{}` is not there: `{file}`", report.id);
            problems.push(problem(
                places.of_value(1, &file),
                title,
                "not found beside the catalogue",
                "add it, or drop `file`",
            ));
        }
    }
    for finding in &catalogue.findings {
        let texts = [("root-cause", &finding.root_cause), ("impact", &finding.impact), ("fix", &finding.fix)];
        let missing: Vec<String> =
            texts.iter().filter(|(_, text)| text.is_empty()).map(|(key, _)| format!("`{key}`")).collect();
        if !missing.is_empty() {
            let title = format!("`{}` does not say its {}", finding.id, missing.join(", "));
            problems.push(problem(
                places.of_key(finding.line, "id"),
                title,
                "",
                "a bug in the report has these fields",
            ));
        }
    }
    Problems::warnings(catalogue, problems)
}

fn claims(catalogue: &Catalogue) -> impl Iterator<Item = &Claim> {
    catalogue.findings.iter().flat_map(|finding| &finding.claims)
}

fn problem(place: Range<usize>, title: impl Into<String>, label: &str, help: impl Into<String>) -> Problem {
    Problem {
        title: title.into(),
        place: Some(place),
        label: label.to_owned(),
        also: Vec::new(),
        help: Some(help.into()),
    }
}

fn run_kind_example(kind: CheckKind, example: &Example, expected: &Outcome) -> Option<Problem> {
    let wrong = match Claim::from_snippet(example.claim) {
        Err(problems) => format!("it cannot be read: {problems}"),
        Ok(claim) => {
            let Some(Check::Static(check)) = claim.checks.first() else { return None };
            let tree = MemoryTree::parse(example.python);
            let observation = observe(&claim, check, &tree, &PythonSettings::default());
            format!("{}: {}", wrong_answer(&observation, expected)?, observation.because)
        }
    };
    Some(Problem {
        title: format!("an example of the check kind `{}` does not answer as it says: {wrong}", kind.name()),
        place: None,
        label: String::new(),
        also: Vec::new(),
        help: Some("this is a mistake in Assay and not in the catalogue".to_owned()),
    })
}

/// Asks a claim's check about its example. Text without headers is the claim's own file; a sweep
/// goes over all files of the example.
fn observe_example(claim: &Claim, check: &StaticCheck, text: &str, settings: &PythonSettings) -> Observation {
    let has_headers = text.trim_start_matches('\n').starts_with("--- ");
    let mut claim = claim.clone();
    let tree = match &claim.scope {
        Scope::File(path) if !has_headers => MemoryTree::parse(&format!("--- {path}\n{text}")),
        Scope::File(_) => MemoryTree::parse(text),
        Scope::Sweep(_) => {
            claim.scope = Scope::Sweep(vec!["**/*.py".to_owned()]);
            MemoryTree::parse(&if has_headers {
                text.to_owned()
            } else {
                format!("--- {DEFAULT_FILE}\n{text}")
            })
        }
    };
    observe(&claim, check, &tree, settings)
}

fn observe(claim: &Claim, check: &StaticCheck, tree: &MemoryTree, settings: &PythonSettings) -> Observation {
    let files = Files::new(tree);
    let project = Project::new(&files, settings);
    static_checks::observe(check, claim, &Context { project: &project })
}

fn wrong_answer(observation: &Observation, expected: &Outcome) -> Option<&'static str> {
    if observation.outcome == *expected {
        return None;
    }
    Some(match observation.outcome {
        Outcome::Holds => "the check holds",
        Outcome::DoesNotHold => "the check does not hold",
        Outcome::CouldNotBeObserved { .. } => "the check cannot look",
    })
}

fn stale_claims(catalogue: &Catalogue, everything: &dyn TargetTree, problems: &mut Vec<Problem>) {
    let files = Files::new(everything);
    let places = Places::of(catalogue);
    let excluded = FileSelector::excluding(&catalogue.target.exclude).ok();
    for claim in claims(catalogue) {
        match &claim.scope {
            Scope::File(path) => {
                if !everything.exists(path) {
                    let place = places.of_key(claim.line, "file");
                    let title =
                        format!("`{}` speaks of a file that is not in the target: `{path}`", claim.id);
                    let help = moved_file(path, everything).unwrap_or_else(|| {
                        "the claim cannot be observed: mend the path if the file has moved".to_owned()
                    });
                    problems.push(problem(place, title, "", help));
                } else if let Some(symbol) = &claim.symbol
                    && let Ok(file) = files.file(path)
                    && file.symbols().find(symbol).is_empty()
                    && file.broken().is_none()
                {
                    let place = places.of_key(claim.line, "symbol");
                    let title =
                        format!("`{}` speaks of a symbol that is not in `{path}`: `{symbol}`", claim.id);
                    let help =
                        match closest(symbol, file.symbols().iter().map(|symbol| symbol.name.as_str())) {
                            Some(near) => format!("did you mean `{near}`?"),
                            None => "the claim cannot be observed: mend the symbol if it has been renamed"
                                .to_owned(),
                        };
                    problems.push(problem(place, title, "", help));
                }
            }
            Scope::Sweep(globs) => {
                let Ok(selector) = FileSelector::new(globs) else { continue };
                let is_swept = |path: &&RelativePath| {
                    selector.matches(path) && excluded.as_ref().is_none_or(|excluded| !excluded.matches(path))
                };
                let swept: Vec<&RelativePath> = everything.python_files().iter().filter(is_swept).collect();
                if swept.is_empty() {
                    let place = places.of_key(claim.line, "files");
                    let title = format!("`{}` sweeps over no file of the target", claim.id);
                    problems.push(problem(place, title, "", "the claim cannot be observed: mend the glob"));
                } else if let Some(symbol) = &claim.symbol
                    && !may_have(&files, &swept, symbol)
                {
                    let place = places.of_key(claim.line, "symbol");
                    let title = format!("`{}` sweeps for a symbol that no file has: `{symbol}`", claim.id);
                    let help =
                        "the claim cannot be observed: mend the symbol, or drop it to ask of whole files";
                    problems.push(problem(place, title, "", help));
                }
            }
        }
    }
}

/// Whether one of the files has the symbol, or is broken so that nobody can tell.
fn may_have(files: &Files, swept: &[&RelativePath], symbol: &str) -> bool {
    let last = symbol.rsplit('.').next().unwrap_or(symbol);
    let mentioning = files.mentioning(last);
    let mut candidates = swept.iter().filter(|path| mentioning.binary_search(path).is_ok());
    candidates.any(|path| {
        files.file(path).is_ok_and(|file| !file.symbols().find(symbol).is_empty() || file.broken().is_some())
    })
}

/// The only file of the target that has the name of the missing one.
fn moved_file(path: &RelativePath, everything: &dyn TargetTree) -> Option<String> {
    let mut same_name =
        everything.python_files().iter().filter(|other| other.file_name() == path.file_name());
    match (same_name.next(), same_name.next()) {
        (Some(only), None) => Some(format!("did you mean `{only}`?")),
        _ => None,
    }
}

fn stale_settings(catalogue: &Catalogue, everything: &dyn TargetTree, problems: &mut Vec<Problem>) {
    let files = everything.python_files();
    let line = catalogue.text.lines().position(|line| line.trim() == "[target]").map_or(1, |index| index + 1);
    let line = u32::try_from(line).unwrap_or(1);
    let in_text = Places::of(catalogue);
    // One warning per list: a catalogue may serve several targets, and each leaves something unused.
    let mut nothing = |values: &[&String], one: &str, many: &str, help: &str| {
        let mut places = values.iter().map(|value| in_text.of_value(line, value));
        let Some(first) = places.next() else { return };
        let names: Vec<String> = values.iter().map(|value| format!("`{value}`")).collect();
        let title = format!("{}: {}", if values.len() == 1 { one } else { many }, names.join(", "));
        let also = places.map(|place| (place, String::new())).collect();
        problems.push(Problem { also, ..problem(first, title, "", help) });
    };
    let settings = &catalogue.target;
    let matches_nothing = |glob: &&String| {
        let selector = FileSelector::excluding(std::slice::from_ref(*glob));
        selector.is_ok_and(|selector| !files.iter().any(|path| selector.matches(path)))
    };
    nothing(
        &settings.exclude.iter().filter(matches_nothing).collect::<Vec<_>>(),
        "`exclude` has a glob that matches no Python file",
        "`exclude` has globs that match no Python file",
        "drop what no target needs",
    );
    let is_empty = |root: &&String| {
        let Ok(directory) = RelativePath::new(root) else { return false };
        let below = format!("{directory}/");
        !files.iter().any(|path| path.as_str().starts_with(&below))
    };
    nothing(
        &settings.python.path.iter().filter(is_empty).collect::<Vec<_>>(),
        "`path` has a directory without Python files",
        "`path` has directories without Python files",
        "drop them, or mend the paths",
    );
    if settings.python.stubs.is_empty() {
        return;
    }
    let imported = imported_packages(everything);
    let is_unused = |stub: &&String| !imported.contains(stub.split('.').next().unwrap_or(stub));
    nothing(
        &settings.python.stubs.iter().filter(is_unused).collect::<Vec<_>>(),
        "nothing imports the stub",
        "nothing imports the stubs",
        "drop what no target needs",
    );
}

/// The first words of everything that is imported anywhere, found without parsing.
fn imported_packages(tree: &dyn TargetTree) -> BTreeSet<String> {
    let line = regex::bytes::Regex::new(r"(?m)^[ \t]*(from|import)[ \t]+([^\r\n#]+)")
        .expect("the expression is good");
    tree.prefetch(tree.python_files());
    let found = parallel::map(tree.python_files(), |path| {
        let mut found: BTreeSet<String> = BTreeSet::new();
        let Ok(bytes) = tree.read(path) else { return found };
        for capture in line.captures_iter(&bytes) {
            let imported = String::from_utf8_lossy(&capture[2]);
            let names = if &capture[1] == b"from" { 1 } else { usize::MAX };
            for name in imported.split(',').take(names) {
                let package = name.trim().split(['.', ' ', '\t', ';']).next().unwrap_or_default();
                if !found.contains(package) {
                    found.insert(package.to_owned());
                }
            }
        }
        found
    });
    found.into_iter().flatten().collect()
}

/// Where things stand in a catalogue. Its lines are counted once: it may be long, and have much to
/// be warned of.
struct Places<'c> {
    text: &'c str,
    /// Where each line begins.
    starts: Vec<usize>,
}

impl<'c> Places<'c> {
    fn of(catalogue: &'c Catalogue) -> Self {
        let text = &*catalogue.text;
        let ends = text.match_indices('\n').map(|(end, _)| end + 1);
        Self { text, starts: std::iter::once(0).chain(ends).collect() }
    }

    /// The line of `key = …` in the table that begins at `line`, or else the line of its header.
    fn of_key(&self, line: u32, key: &str) -> Range<usize> {
        self.of_keys(line, &[key])
    }

    /// The same for the first line that begins with one of the keys.
    fn of_keys(&self, line: u32, keys: &[&str]) -> Range<usize> {
        let start = self.start(line);
        let mut offset = start;
        for (index, written) in self.text[start..].split_inclusive('\n').enumerate() {
            let trimmed = written.trim_start();
            if index > 0 && trimmed.starts_with("[[") {
                break;
            }
            let is_key =
                |key: &&str| trimmed.strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with('='));
            if keys.iter().any(is_key) {
                let indent = written.len() - trimmed.len();
                return offset + indent..offset + written.trim_end().len();
            }
            offset += written.len();
        }
        let header = self.text[start..].lines().next().unwrap_or_default();
        start..start + header.trim_end().len()
    }

    /// Where a text is written in quotes, from `line` on.
    fn of_value(&self, line: u32, value: &str) -> Range<usize> {
        let start = self.start(line);
        for quote in ['"', '\''] {
            let written = format!("{quote}{value}{quote}");
            if let Some(found) = self.text[start..].find(&written) {
                return start + found..start + found + written.len();
            }
        }
        start..start
    }

    fn start(&self, line: u32) -> usize {
        let before = usize::try_from(line.saturating_sub(1)).unwrap_or(0);
        self.starts.get(before).copied().unwrap_or(self.text.len())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn catalogue(target: &str, claim: &str) -> Catalogue {
        let text = format!(
            "[target]\n{target}\n[[report]]\nid = \"R1\"\ntitle = \"An audit\"\n\n[[finding]]\nid = \"R1-1\"\nreport = \"R1\"\n\
             severity = \"low\"\ntitle = \"t\"\nbug = \"b\"\nroot-cause = \"r\"\nimpact = \"i\"\nfix = \"f\"\n\n\
             [[finding.claim]]\nid = \"c\"\nsays = \"s\"\n{claim}\n"
        );
        Catalogue::parse(Path::new("findings.toml"), &text, &|_| true).unwrap()
    }

    fn titles(problems: Option<Problems>) -> Vec<String> {
        problems.iter().flat_map(Problems::iter).map(|problem| problem.title.clone()).collect()
    }

    #[track_caller]
    fn check_stale(target: &str, claim: &str, expected: &[&str]) {
        let tree = MemoryTree::parse(
            "--- p/a.py\nimport os, zmq.asyncio\nclass A:\n    def f(self): pass\n--- old/b.py\nx = 1\n",
        );
        assert_eq!(titles(stale(&catalogue(target, claim), &tree)), expected);
    }

    const LOOP: &str = "static = { endless-loop = true }";

    #[test]
    fn claims_that_match_nothing_are_named() {
        check_stale("", &format!("file = \"p/a.py\"\nsymbol = \"A.f\"\n{LOOP}"), &[]);
        check_stale("", &format!("files = \"p/*.py\"\n{LOOP}"), &[]);
        let missing = "`R1-1/c` speaks of a file that is not in the target: `q/a.py`";
        check_stale("", &format!("file = \"q/a.py\"\n{LOOP}"), &[missing]);
        let missing = "`R1-1/c` speaks of a symbol that is not in `p/a.py`: `A.g`";
        check_stale("", &format!("file = \"p/a.py\"\nsymbol = \"A.g\"\n{LOOP}"), &[missing]);
        let missing = "`R1-1/c` sweeps over no file of the target";
        check_stale("", &format!("files = \"q/**\"\n{LOOP}"), &[missing]);
        check_stale("exclude = [\"old\"]", &format!("files = \"old/*.py\"\n{LOOP}"), &[missing]);
        check_stale("", &format!("files = \"**/*.py\"\nsymbol = \"A.f\"\n{LOOP}"), &[]);
        let missing = "`R1-1/c` sweeps for a symbol that no file has: `A.x`";
        check_stale("", &format!("files = \"**/*.py\"\nsymbol = \"A.x\"\n{LOOP}"), &[missing]);
    }

    #[test]
    fn settings_that_match_nothing_are_named() {
        let claim = format!("file = \"p/a.py\"\n{LOOP}");
        check_stale(
            "exclude = [\"old\"]\n[target.python]\npath = [\".\", \"p\"]\nstubs = [\"zmq\"]",
            &claim,
            &[],
        );
        check_stale(
            "exclude = [\"new/**\"]\n[target.python]\npath = [\"lib\"]\nstubs = [\"grpc\"]",
            &claim,
            &[
                "`exclude` has a glob that matches no Python file: `new/**`",
                "`path` has a directory without Python files: `lib`",
                "nothing imports the stub: `grpc`",
            ],
        );
    }

    #[test]
    fn warnings_show_the_line_that_they_are_about() {
        let tree = MemoryTree::parse("--- p/a.py\nx = 1\n");
        let catalogue = catalogue("exclude = [\"new/**\"]", &format!("file = \"q/a.py\"\n{LOOP}"));
        let rendered = stale(&catalogue, &tree).unwrap().render(false);
        insta::assert_snapshot!(rendered, @r#"
        warning: `exclude` has a glob that matches no Python file: `new/**`
         --> findings.toml:2:12
          |
        2 | exclude = ["new/**"]
          |            ^^^^^^^^
          |
          = help: drop what no target needs

        warning: `R1-1/c` speaks of a file that is not in the target: `q/a.py`
          --> findings.toml:20:1
           |
        20 | file = "q/a.py"
           | ^^^^^^^^^^^^^^^
           |
           = help: did you mean `p/a.py`?
        "#);
    }

    #[test]
    fn examples_that_do_not_answer_as_they_say_are_errors() {
        let check = |holds: &str, fails: &str, expected: &[&str]| {
            let claim = format!(
                "file = \"a.py\"\nsymbol = \"f\"\n{LOOP}\nexample = {{ holds = '''\n{holds}''', fails = '''\n{fails}''' }}"
            );
            let review = examples(&catalogue("", &claim));
            assert_eq!(titles(review.problems), expected);
        };
        let endless = "def f():\n    while True:\n        work()\n";
        let ended = "def f():\n    while True:\n        break\n";
        check(endless, ended, &[]);
        let wrong = "the example `fails` of `R1-1/c` does not answer as it says: the check holds";
        check(endless, endless, &[wrong]);
        let wrong = "the example `holds` of `R1-1/c` does not answer as it says: the check does not hold";
        check(ended, ended, &[wrong]);
        let wrong = "the example `fails` of `R1-1/c` does not answer as it says: the check cannot look";
        check(endless, "def g(): pass\n", &[wrong]);
    }

    #[test]
    fn an_example_may_have_several_files_or_be_swept() {
        let claim = "files = \"agents/**\"\nstatic = { syntax = \"error\" }\nexample = { holds = '''\n--- x/a.py\nok = 1\n--- b.py\nx = (\n''', fails = 'x = 1' }";
        assert_eq!(titles(examples(&catalogue("", claim)).problems), [""; 0]);
    }

    #[test]
    fn reports_without_findings_and_findings_without_texts_are_named() {
        let text = "[[report]]\nid = \"R1\"\ntitle = \"t\"\n[[report]]\nid = \"R2\"\ntitle = \"t\"\nfile = \"r.md\"\n\
             [[finding]]\nid = \"R1-1\"\nreport = \"R1\"\nseverity = \"low\"\ntitle = \"t\"\nbug = \"b\"\nfix = \"f\"\n\
             [[finding.claim]]\nid = \"c\"\nsays = \"s\"\nfile = \"a.py\"\nstatic = { syntax = \"error\" }\n";
        let catalogue = Catalogue::parse(Path::new("nowhere/findings.toml"), text, &|_| true).unwrap();
        let expected = [
            "no finding comes from the report `R2`",
            "the document of the report `R2` is not there: `r.md`",
            "`R1-1` does not say its `root-cause`, `impact`",
        ];
        assert_eq!(titles(loose_ends(&catalogue)), expected);
    }
}
