//! `findings.toml` on the two bundled targets, against the table `expected.toml`: every finding
//! and every claim, in every output.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Duration;

use verifier::catalogue::Catalogue;
use verifier::report::{Format, Style, render};
use verifier::target::{DirectoryTree, TargetDescription, TargetTree};
use verifier::verdict::Standing;
use verifier::verification::Verification;
use verifier::verify::{EarlierState, EarlierStates, LiveObserver, NotRun, Quiet, Selection, Worker, verify};

use crate::support::settings;

const AUDITED: &str = "examples/voice-assistant/audited";
const REMEDIATED: &str = "examples/voice-assistant/remediated";
const PLAIN: Style = Style { color: false, width: 400, excerpts: false };

/// The verdict that each finding (`R1-1`) and each claim (`R1-1/pool-binds-rep`) must get.
type Verdicts = BTreeMap<String, String>;

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| {
    Catalogue::read(&top().join("findings.toml")).unwrap_or_else(|problems| panic!("{problems}"))
});

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests lie below the top").to_owned()
}

/// What the table says of a tree, with the claims undetermined that only a probe answers.
fn expected(tree: &str) -> Verdicts {
    expected_where(tree, |_| false)
}

/// The same, when probes of these kinds are run.
fn expected_where(tree: &str, is_run: impl Fn(&str) -> bool) -> Verdicts {
    let text = std::fs::read_to_string(top().join("tests/expected.toml")).expect("the table is there");
    let table: toml::Table = text.parse().expect("the table is TOML");
    let mut verdicts = Verdicts::new();
    for finding in table["finding"].as_array().expect("findings") {
        let id = finding["id"].as_str().expect("an id");
        verdicts.insert(id.to_owned(), finding[tree].as_str().expect("a verdict").to_owned());
        for (claim, row) in finding["claims"].as_table().expect("claims") {
            let probe = row.get("probe").map(|probe| probe.as_str().expect("`packages` or `stubs`"));
            let verdict = match probe {
                Some(probe) if !is_run(probe) => "undetermined",
                Some(_) | None => row[tree].as_str().expect("a verdict"),
            };
            verdicts.insert(format!("{id}/{claim}"), verdict.to_owned());
        }
    }
    verdicts
}

/// Examines a bundled target without running anything of it.
fn examine<T>(root: &str, read: impl FnOnce(&Verification) -> T) -> T {
    examine_with(root, &NotRun, read)
}

/// Examines a bundled target; the audited tree is the earlier state of both.
fn examine_with<T>(root: &str, live: &dyn LiveObserver, read: impl FnOnce(&Verification) -> T) -> T {
    let open = |root: &str| {
        DirectoryTree::open(&top().join(root), &CATALOGUE.target.exclude).expect("the tree is there")
    };
    let tree = (root != AUDITED).then(|| Box::new(open(AUDITED)) as Box<dyn TargetTree>);
    let description = TargetDescription { root: AUDITED.to_owned(), revision: None };
    let earlier = EarlierStates::for_all(&CATALOGUE, EarlierState { description, tree });
    let verification = verify(&CATALOGUE, &Selection::default(), &open(root), &earlier, live, &Quiet)
        .expect("everything is selected");
    read(&verification)
}

/// Compares line by line, so that a failure shows what differs and nothing else.
#[track_caller]
fn check(actual: &Verdicts, expected: &Verdicts) {
    let differing: Vec<String> = expected
        .iter()
        .filter(|(id, verdict)| actual.get(*id) != Some(verdict))
        .map(|(id, verdict)| {
            format!("{id}: expected {verdict}, got {}", actual.get(id).map_or("nothing", String::as_str))
        })
        .chain(
            actual
                .keys()
                .filter(|id| !expected.contains_key(*id))
                .map(|id| format!("{id}: not in the table")),
        )
        .collect();
    assert!(differing.is_empty(), "\n{}", differing.join("\n"));
}

fn in_json(verification: &Verification) -> Verdicts {
    let text = render(verification, Format::Json, PLAIN);
    let document: serde_json::Value = serde_json::from_str(&text).expect("the document is JSON");
    let mut verdicts = Verdicts::new();
    for finding in document["findings"].as_array().expect("findings") {
        let id = finding["id"].as_str().expect("an id");
        verdicts.insert(id.to_owned(), finding["verdict"].as_str().expect("a verdict").to_owned());
        for claim in finding["claims"].as_array().expect("claims") {
            let claim_id = claim["id"].as_str().expect("an id");
            let claim_id = claim_id.strip_prefix(&format!("{id}/")).unwrap_or(claim_id);
            verdicts
                .insert(format!("{id}/{claim_id}"), claim["verdict"].as_str().expect("a verdict").to_owned());
        }
    }
    verdicts
}

/// The verdicts of the rows: a row begins with the finding's id, then severity and verdict.
fn in_table(verification: &Verification) -> Verdicts {
    let text = render(verification, Format::Table, PLAIN);
    let mut verdicts = Verdicts::new();
    for line in text.lines() {
        let cells: Vec<&str> = line.split("   ").map(str::trim).filter(|cell| !cell.is_empty()).collect();
        if let [id, _severity, verdict, ..] = cells.as_slice()
            && CATALOGUE.findings.iter().any(|finding| finding.id.to_string() == *id)
        {
            // The column is as narrow as its longest word: two words stand on two lines.
            let verdict = if *verdict == "partly" { "partly confirmed" } else { verdict };
            verdicts.insert((*id).to_owned(), verdict.replace(' ', "-"));
        }
    }
    verdicts
}

/// The verdicts of the claims that the report mentions, each as `` (`R1-1/x`, detail refuted, …) ``.
fn in_markdown(text: &str) -> Verdicts {
    let mut verdicts = Verdicts::new();
    for mention in text.split("(`").skip(1) {
        let Some((id, rest)) = mention.split_once("`, ") else { continue };
        // Code in a claim's own words may look like a mention; an id names a finding and a claim.
        if !id.contains('/') || id.contains(char::is_whitespace) {
            continue;
        }
        let words = rest.split([',', ')']).next().unwrap_or_default();
        let verdict = words.rsplit(' ').next().unwrap_or_default().to_owned();
        let earlier = verdicts.insert(id.to_owned(), verdict.clone());
        assert!(earlier.is_none_or(|earlier| earlier == verdict), "{id} is told twice and differently");
    }
    verdicts
}

#[test]
fn audited_tree_gets_the_verdicts_of_the_table() {
    check(&examine(AUDITED, in_json), &expected("audited"));
}

#[test]
fn remediated_tree_gets_the_verdicts_of_the_table() {
    check(&examine(REMEDIATED, in_json), &expected("remediated"));
}

/// With live objects and probes. `ASSAY_TEST_VENV` names a virtual environment with the target's
/// packages; without it stubs stand in, and the proofs that need the packages could not look.
#[test]
fn running_the_code_changes_no_verdict_and_settles_the_rest() {
    let mut settings = settings(Duration::from_secs(60));
    settings.venv = std::env::var_os("ASSAY_TEST_VENV").map(PathBuf::from);
    let has_packages = settings.venv.is_some();
    let worker = Worker { settings, python: CATALOGUE.target.python.clone(), jobs: 2 };
    for (root, tree) in [(AUDITED, "audited"), (REMEDIATED, "remediated")] {
        let expected = expected_where(tree, |probe| has_packages || probe == "stubs");
        examine_with(root, &worker, |verification| {
            check(&in_json(verification), &expected);
            let notes = verification.findings.iter().flat_map(|finding| &finding.claims);
            let notes: Vec<&String> =
                notes.flat_map(|claim| &claim.observations).flat_map(|seen| &seen.notes).collect();
            let says = |text: &str| notes.iter().any(|note| note.contains(text));
            assert_eq!(says("with the packages of the virtual environment"), has_packages, "{root}");
            let stubbed = notes.iter().any(|note| note.starts_with("with stubs: ") && note.contains("zmq"));
            assert_eq!(stubbed, !has_packages, "{root}: {notes:?}");
        });
    }
}

#[test]
fn tables_show_the_verdicts_of_the_table() {
    for (root, tree) in [(AUDITED, "audited"), (REMEDIATED, "remediated")] {
        let mut findings = expected(tree);
        findings.retain(|id, _| !id.contains('/'));
        check(&examine(root, in_table), &findings);
    }
}

#[test]
fn report_tells_each_claim_as_the_table_does() {
    for (root, tree) in [(AUDITED, "audited"), (REMEDIATED, "remediated")] {
        let told = in_markdown(&examine(root, |verification| render(verification, Format::Markdown, PLAIN)));
        let mut claims = expected(tree);
        claims.retain(|id, verdict| told.contains_key(id) || (id.contains('/') && verdict == "refuted"));
        check(&told, &claims);
    }
}

#[test]
fn report_puts_each_finding_where_it_belongs() {
    for root in [AUDITED, REMEDIATED] {
        examine(root, |verification| {
            let text = render(verification, Format::Markdown, PLAIN);
            let (real, rest) = match text.split_once("\n## Undetermined Findings") {
                Some(parts) => parts,
                None => text.split_once("\n## Invalidated Findings").expect("the last part is there"),
            };
            for finding in &verification.findings {
                let id = &finding.finding.id;
                let reported = real.contains(&format!("\n- {id} “"));
                let listed = rest.contains(&format!("\n### {id}: "));
                let is_real = finding.standing() == Standing::Real;
                assert_eq!((reported, listed), (is_real, !is_real), "{id} in the report of {root}");
            }
        });
    }
}

#[test]
fn broken_modules_are_named_with_line_and_message() {
    let broken = |root| {
        examine(root, |verification| {
            let named = verification.broken_files.iter().map(|broken| {
                assert!(broken.line > 0 && !broken.message.is_empty(), "{broken:?}");
                broken.file.as_str().to_owned()
            });
            named.collect::<Vec<_>>()
        })
    };
    assert_eq!(broken(AUDITED), ["main_pc_code/agents/emotion_engine_enhanced.py"]);
    assert_eq!(broken(REMEDIATED), ["model_ops_coordinator/transport/grpc_server.py"]);
}

#[test]
fn findings_that_are_one_defect_are_one_bug() {
    let bugs = examine(AUDITED, |verification| {
        verification.bugs.iter().map(|bug| bug.findings.len()).collect::<Vec<_>>()
    });
    assert_eq!((bugs.len(), bugs.iter().sum::<usize>()), (11, 13), "{bugs:?}");
}

#[test]
fn same_input_gives_the_same_report() {
    let report = || examine(AUDITED, |verification| render(verification, Format::Markdown, PLAIN));
    assert_eq!(report(), report());
}
