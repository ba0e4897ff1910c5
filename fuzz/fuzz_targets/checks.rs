//! Whatever bytes a Python file has, every check of the bundled catalogue answers.

#![no_main]

use std::path::Path;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use verifier::catalogue::{Catalogue, Scope};
use verifier::fixture::MemoryTree;
use verifier::verify::{EarlierStates, NotRun, Quiet, Selection, verify};

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| {
    let text = include_str!("../../findings.toml");
    Catalogue::parse(Path::new("findings.toml"), text, &|_| true)
        .unwrap_or_else(|problems| panic!("{}", problems.render(false)))
});

fuzz_target!(|bytes: &[u8]| {
    let mut tree = MemoryTree::default();
    for claim in CATALOGUE.findings.iter().flat_map(|finding| &finding.claims) {
        if let Scope::File(path) = &claim.scope {
            tree.insert(path.as_str(), bytes);
        }
    }
    verify(&CATALOGUE, &Selection::default(), &tree, &EarlierStates::default(), &NotRun, &Quiet)
        .expect("everything is selected");
});
