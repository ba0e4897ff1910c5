//! Writing a program differently changes no verdict. Hundreds of variants of the bundled
//! targets, each rewritten in a few places at random, give the verdicts of the original.

mod rewrite;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::OnceLock;

use proptest::prelude::*;
use verifier::catalogue::Catalogue;
use verifier::fixture::MemoryTree;
use verifier::target::{DirectoryTree, TargetTree};
use verifier::verify::{EarlierStates, NotRun, Quiet, Selection, verify};

use rewrite::Rewriting;

/// A tree as text, and the verdicts that it gets.
struct Original {
    files: BTreeMap<String, Vec<u8>>,
    verdicts: Verdicts,
}

type Verdicts = BTreeMap<String, &'static str>;

fn catalogue() -> &'static Catalogue {
    static CATALOGUE: OnceLock<Catalogue> = OnceLock::new();
    CATALOGUE.get_or_init(|| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../findings.toml");
        Catalogue::read(&path).unwrap_or_else(|problems| panic!("{}", problems.render(false)))
    })
}

fn original(name: &str) -> Original {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/voice-assistant").join(name);
    let tree = DirectoryTree::open(&root, &[]).expect("the bundled target is there");
    let files: BTreeMap<String, Vec<u8>> = tree
        .python_files()
        .iter()
        .map(|path| (path.to_string(), tree.read(path).expect("a readable file").to_vec()))
        .collect();
    let verdicts = verdicts_of(&files);
    Original { files, verdicts }
}

fn originals() -> &'static [Original; 2] {
    static ORIGINALS: OnceLock<[Original; 2]> = OnceLock::new();
    ORIGINALS.get_or_init(|| [original("audited"), original("remediated")])
}

fn verdicts_of(files: &BTreeMap<String, Vec<u8>>) -> Verdicts {
    let mut tree = MemoryTree::default();
    for (path, bytes) in files {
        tree.insert(path, bytes.clone());
    }
    let verification =
        verify(catalogue(), &Selection::default(), &tree, &EarlierStates::default(), &NotRun, &Quiet)
            .expect("everything is selected");
    let claims = verification.findings.iter().flat_map(|finding| &finding.claims);
    claims.map(|claim| (claim.claim.id.to_string(), claim.verdict().name())).collect()
}

/// The original with each `(file, rewriting)` applied, in order; and what was applied.
fn variant(original: &Original, changes: &[(usize, Rewriting)]) -> (BTreeMap<String, Vec<u8>>, Vec<String>) {
    let mut files = original.files.clone();
    let paths: Vec<String> = files.keys().cloned().collect();
    let mut applied = Vec::new();
    for (index, rewriting) in changes {
        let path = &paths[index % paths.len()];
        let Ok(text) = std::str::from_utf8(&files[path]) else { continue };
        let relative = verifier::target::RelativePath::new(path).expect("a path of the tree");
        if let Some(text) = rewriting.apply(&relative, text) {
            files.insert(path.clone(), text.into_bytes());
            applied.push(format!("{rewriting:?} of {path}"));
        }
    }
    (files, applied)
}

fn check(original: &Original, changes: &[(usize, Rewriting)]) -> Result<(), TestCaseError> {
    let (files, applied) = variant(original, changes);
    for (path, bytes) in &files {
        let before = parses(path, &original.files[path]);
        prop_assert_eq!(parses(path, bytes), before, "{} after {:?}", path, applied);
    }
    let verdicts = verdicts_of(&files);
    let changed: Vec<_> =
        verdicts.iter().filter(|(claim, verdict)| original.verdicts[*claim] != **verdict).collect();
    prop_assert!(changed.is_empty(), "{:?} gave {:?}", applied, changed);
    Ok(())
}

fn parses(path: &str, bytes: &[u8]) -> bool {
    let path = verifier::target::RelativePath::new(path).expect("a path of the tree");
    verifier::python::SourceFile::from_bytes(path, bytes).errors().is_empty()
}

#[test]
fn each_rewriting_of_everything_keeps_every_verdict() {
    for original in originals() {
        for rewriting in Rewriting::ALL {
            let everywhere: Vec<_> = (0..original.files.len()).map(|index| (index, rewriting)).collect();
            check(original, &everywhere).unwrap_or_else(|failure| panic!("{rewriting:?}: {failure}"));
        }
    }
}

#[test]
fn every_rewriting_finds_something_to_rewrite() {
    for rewriting in Rewriting::ALL {
        let applied: usize = originals()
            .iter()
            .map(|original| {
                let everywhere: Vec<_> = (0..original.files.len()).map(|index| (index, rewriting)).collect();
                variant(original, &everywhere).1.len()
            })
            .sum();
        assert!(applied > 0, "{rewriting:?} applies nowhere, so it tests nothing");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_rewritings_keep_every_verdict(
        tree in 0..2_usize,
        changes in prop::collection::vec((0..64_usize, prop::sample::select(Rewriting::ALL.to_vec())), 1..12),
    ) {
        check(&originals()[tree], &changes)?;
    }
}
