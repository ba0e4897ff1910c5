//! How long each stage takes, on the bundled target or on the tree that `ASSAY_BENCH_ROOT` names
//! (with `ASSAY_BENCH_REV`, on that revision of it). `cargo bench` runs it; nothing fails on time.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use verifier::catalogue::Catalogue;
use verifier::python::SourceFile;
use verifier::report::{self, Format, Style};
use verifier::target::{TargetTree, open_target};
use verifier::verification::Verification;
use verifier::verify::{EarlierStates, NotRun, Quiet, Selection, verify};

const STYLE: Style = Style { color: false, width: 80, excerpts: false };

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| {
    Catalogue::read(&project().join("findings.toml"))
        .unwrap_or_else(|problems| panic!("{}", problems.render(false)))
});

fn main() {
    divan::main();
}

#[divan::bench]
fn catalogue() -> Catalogue {
    Catalogue::read(&project().join("findings.toml")).expect("the catalogue was read before")
}

#[divan::bench]
fn list_target() -> usize {
    target().python_files().len()
}

#[divan::bench]
fn read_and_parse_everything() -> usize {
    let target = target();
    let parsed = target.python_files().iter().filter_map(|path| {
        let bytes = target.read(path).ok()?;
        Some(SourceFile::from_bytes(path.clone(), &bytes).errors().len())
    });
    parsed.count()
}

#[divan::bench]
fn cited_files() -> usize {
    // The findings that sweep the tree are measured by `everything`.
    let sweeps = |finding: &&verifier::catalogue::Finding| {
        finding.claims.iter().all(|claim| matches!(claim.scope, verifier::catalogue::Scope::File(_)))
    };
    let findings = CATALOGUE.findings.iter().filter(sweeps).map(|finding| finding.id.to_string()).collect();
    examine(&Selection { findings, ..Selection::default() }).findings.len()
}

#[divan::bench]
fn everything() -> usize {
    examine(&Selection::default()).findings.len()
}

#[divan::bench(args = Format::ALL)]
fn render(bencher: divan::Bencher, format: Format) {
    let verification = examine(&Selection::default());
    bencher.bench_local(|| report::render(&verification, format, STYLE));
}

fn examine(selection: &Selection) -> Verification<'static> {
    let target = target();
    verify(&CATALOGUE, selection, target.as_ref(), &EarlierStates::default(), &NotRun, &Quiet)
        .expect("the selection names findings of the catalogue")
}

fn target() -> Box<dyn TargetTree> {
    let root = std::env::var_os("ASSAY_BENCH_ROOT").map(PathBuf::from);
    let revision = std::env::var("ASSAY_BENCH_REV").ok();
    let root = root.unwrap_or_else(|| project().join("examples/voice-assistant/audited"));
    open_target(&root, revision.as_deref(), &CATALOGUE.target.exclude).expect("the target can be opened")
}

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
