//! What several modules need: the binary under test, targets on disk, live sessions.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use verifier::catalogue::{Check, Claim, ClaimId, PythonSettings, Role, Scope};
use verifier::evidence::Observation;
use verifier::runtime_checks::{Interpreter, RuntimeCheck, Session, Settings};
use verifier::target::{DirectoryTree, RelativePath};

/// The `xtask` binary beside this test's own, built first when it is not there or not up to date.
pub(crate) fn xtask() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        // Where there is no cargo: as another user, or in a container.
        if let Some(built) = std::env::var_os("ASSAY_XTASK") {
            return built.into();
        }
        let test = std::env::current_exe().expect("a running test has a file");
        let profile = test.ancestors().nth(2).expect("tests lie in target/<profile>/deps");
        let mut build = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        build.current_dir(workspace()).args(["build", "--quiet", "--package", "xtask"]);
        if profile.ends_with("release") {
            build.arg("--release");
        }
        assert!(build.status().expect("cargo runs").success(), "xtask does not build");
        profile.join("xtask")
    })
}

/// The root of the workspace.
pub(crate) fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests lie in the workspace")
}

/// The Python that the binary was built for.
pub(crate) fn interpreter() -> &'static Interpreter {
    static INTERPRETER: OnceLock<Interpreter> = OnceLock::new();
    INTERPRETER.get_or_init(|| {
        let told = Command::new(xtask()).arg("--assay-python").output().expect("xtask runs").stdout;
        serde_json::from_slice(&told).expect("xtask tells its Python")
    })
}

/// How live questions are asked in tests.
pub(crate) fn settings(timeout: Duration) -> Settings {
    Settings {
        binary: xtask().to_owned(),
        interpreter: interpreter().clone(),
        timeout,
        strict: false,
        venv: None,
        catalogue_directory: workspace().to_owned(),
    }
}

/// Writes a fixture's files (`--- path` before each) below `root`.
pub(crate) fn write_files(root: &Path, fixture: &str) {
    for (path, text) in verifier::fixture::split(fixture) {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().expect("a file has a directory")).expect("can be made");
        std::fs::write(&path, text).expect("can be written");
    }
}

/// A claim about `symbol` of `file` with no check of its own.
pub(crate) fn claim(file: &str, symbol: Option<&str>) -> Claim {
    Claim {
        id: ClaimId::new("T-1/claim"),
        role: Role::Instance,
        says: "something".to_owned(),
        scope: Scope::File(RelativePath::new(file).expect("a relative path")),
        symbol: symbol.map(str::to_owned),
        lines: None,
        checks: Vec::new(),
        example: None,
        line: 1,
    }
}

/// Asks one live question about the tree below `root`.
pub(crate) fn ask(
    root: &Path,
    python: &PythonSettings,
    settings: Settings,
    claim: &Claim,
    check: &Check,
) -> Observation {
    let tree = DirectoryTree::open(root, &[]).expect("a directory");
    let session = Session::new(&tree, Some(root), python, settings);
    observe(&session, claim, check)
}

/// Asks one live question in a session.
pub(crate) fn observe(session: &Session<'_>, claim: &Claim, check: &Check) -> Observation {
    match check {
        Check::Import(check) => session.observe(claim, RuntimeCheck::Import(check)),
        Check::Inspect(check) => session.observe(claim, RuntimeCheck::Inspect(check)),
        Check::Probe(check) => session.observe(claim, RuntimeCheck::Probe(check)),
        Check::Static(_) => panic!("a static question is not live"),
    }
}

/// Shows a text to whoever runs tests, captured or not.
pub(crate) fn show(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Processes that were started over this target and are still there.
pub(crate) fn processes_of(root: &Path) -> Vec<String> {
    std::thread::sleep(Duration::from_millis(100));
    let mut left = Vec::new();
    for entry in std::fs::read_dir("/proc").expect("can be listed").flatten() {
        let Ok(mounts) = std::fs::read_to_string(entry.path().join("mountinfo")) else { continue };
        if mounts.contains(&root.display().to_string()) {
            left.push(std::fs::read_to_string(entry.path().join("cmdline")).unwrap_or_default());
        }
    }
    left
}
