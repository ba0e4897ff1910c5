//! Live objects, from the question to the observation, through the real worker.

use std::path::Path;
use std::time::Duration;

use verifier::catalogue::check::{ImportCheck, InspectCheck};
use verifier::catalogue::{Check, PythonSettings};
use verifier::evidence::{Observation, Outcome, Reason};

use crate::support;

/// Settings with these stubs.
fn python(stubs: &[&str]) -> PythonSettings {
    PythonSettings {
        path: vec![".".to_owned()],
        stubs: stubs.iter().map(|&stub| stub.to_owned()).collect(),
        requirements: Vec::new(),
    }
}

/// One word for an outcome.
fn word(observation: &Observation) -> &str {
    match &observation.outcome {
        Outcome::Holds => "holds",
        Outcome::DoesNotHold => "does-not-hold",
        Outcome::CouldNotBeObserved { reason: Reason::NoAnswer { how, .. } } => how,
        Outcome::CouldNotBeObserved { reason: Reason::SymbolMissing { .. } } => "symbol-missing",
        Outcome::CouldNotBeObserved { .. } => "unseen",
    }
}

/// Asks an `inspect` question about `symbol` of `m.py` in a fixture.
fn inspect(fixture: &str, stubs: &[&str], symbol: &str, question: &str) -> Observation {
    let target = tempfile::tempdir().expect("a directory");
    support::write_files(target.path(), fixture);
    let check: InspectCheck = serde_json::from_str(question).expect("a question");
    let claim = support::claim("m.py", (!symbol.is_empty()).then_some(symbol));
    live(target.path(), stubs, &claim, &Check::Inspect(check))
}

fn live(root: &Path, stubs: &[&str], claim: &verifier::catalogue::Claim, check: &Check) -> Observation {
    support::ask(root, &python(stubs), support::settings(Duration::from_secs(10)), claim, check)
}

#[test]
fn live_objects_answer_for_themselves() {
    let fixture = "\
--- m.py
import zmq
class Base: pass
class A(Base):
    limit = 3
    async def go(self, x: int = 3, *, y='k') -> 'str':
        pass
    def stop(self): pass
    @staticmethod
    def make(a, /, b=None, *c, **d): pass
class Served(zmq.Base): pass
";
    let check = |symbol: &str, question: &str, expected: &str| {
        let seen = inspect(fixture, &["zmq"], symbol, question);
        assert_eq!(word(&seen), expected, "{symbol} {question}: {seen:?}");
    };
    check("A.go", r#"{"is-coroutine-function": true, "defaults": {"x": "3", "y": "'k'"}}"#, "holds");
    check("A.go", r#"{"signature": "(self, x: int = 3, *, y='k') -> str"}"#, "holds");
    check("A.stop", r#"{"is-coroutine-function": true}"#, "does-not-hold");
    check("A.make", r#"{"signature": "(a, /, b=None, *c, **d)"}"#, "holds");
    check("A.limit", r#"{"value": "3", "type": "int"}"#, "holds");
    check("A", r#"{"bases": ["m.Base"], "mro": ["A", "Base", "object"]}"#, "holds");
    check("A.gone", r#"{"callable": true}"#, "symbol-missing");
    check("A.gone", r#"{"exists": true}"#, "does-not-hold");
    check("Served.send", r#"{"exists": false}"#, "stubbed");
    check("Served", r#"{"subclass-of": "object"}"#, "stubbed");
}

#[test]
fn undeclared_package_is_named_with_the_way_out() {
    let seen = inspect(
        "--- m.py\nimport nowhere_to_be_found.deep\nclass A: pass\n",
        &[],
        "A",
        r#"{"exists": true}"#,
    );
    assert_eq!(word(&seen), "import-failed");
    assert!(seen.because.contains("add \"nowhere_to_be_found\" to `stubs`"), "{}", seen.because);
}

#[test]
fn import_tells_what_it_did() {
    let target = tempfile::tempdir().expect("a directory");
    let text = "--- m.py\nimport os\nos.environ['X'] = '1'\nopen('here.txt', 'w').write('x')\n";
    support::write_files(target.path(), text);
    let check = ImportCheck {
        succeeds: Some(true),
        writes_files: Some(true),
        changes_environment: Some(true),
        leaves_threads: Some(false),
        ..ImportCheck::default()
    };
    let seen = live(target.path(), &[], &support::claim("m.py", None), &Check::Import(check));
    assert_eq!(word(&seen), "holds", "{seen:?}");
    assert!(seen.notes.iter().any(|note| note.contains("here.txt")), "{:?}", seen.notes);
}

/// For trying things by hand: `ASSAY_TRY_ROOT=… ASSAY_TRY=file.py:Symbol cargo test … -- --nocapture`.
#[test]
fn question_from_the_environment() {
    let (Ok(root), Ok(entries)) = (std::env::var("ASSAY_TRY_ROOT"), std::env::var("ASSAY_TRY")) else {
        return;
    };
    let stubs = std::env::var("ASSAY_TRY_STUBS").unwrap_or_default();
    let stubs: Vec<&str> = stubs.split(',').filter(|stub| !stub.is_empty()).collect();
    let question = std::env::var("ASSAY_TRY_CHECK").unwrap_or_else(|_| r#"{"exists": true}"#.to_owned());
    let check: InspectCheck = serde_json::from_str(&question).expect("a question");
    for entry in entries.split(',') {
        let (file, symbol) = entry.split_once(':').unwrap_or((entry, ""));
        let claim = support::claim(file, (!symbol.is_empty()).then_some(symbol));
        let seen = live(root.as_ref(), &stubs, &claim, &Check::Inspect(check.clone()));
        support::show(&format!("{seen:#?}"));
    }
}
