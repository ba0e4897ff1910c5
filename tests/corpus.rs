//! Nothing that calls itself Python makes a check panic, hang or overflow its stack. Every kind
//! of static check, and a few patterns that match nearly everything, are asked of each file of a
//! corpus; that there is an answer is all that is wanted.
//!
//! The corpus that always runs is made here. `ASSAY_CORPUS` names more: directories of files,
//! separated as in `PATH`, of which every regular file is taken for Python. `ASSAY_CORPUS_SECONDS`
//! is how long one question may take, and `ASSAY_CORPUS_MEGABYTES` how much memory.

mod monsters;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use verifier::catalogue::{Catalogue, Check, CheckKind, Claim, Scope};
use verifier::fixture::MemoryTree;
use verifier::python::pattern::{Matcher, Pattern};
use verifier::python::{Files, Project};
use verifier::static_checks::{self, Context};
use verifier::target::RelativePath;

use crate::support::show;

/// A claim per question. What `{…}` would name does not matter: the symbol is that of the file.
const QUESTIONS: &[&str] = &[
    r#"syntax = "valid""#,
    r#"pattern = "$X.bind(...)""#,
    r#"pattern = "<... $X.$Y ...>""#,
    r#"pattern = ["$F(..., $X, ...)", "..."], not-inside = "if $C: ...""#,
    r#"flow = { from = "$S.recv(...)", to = "pickle.loads(...)" }"#,
    r#"flow = { from = "a", to = "$F(...)" }"#,
    r#"sequence = ["$S = $F(...)", "$S.bind(...)"]"#,
    r#"sequence = ["$C = None", "$C.socket(...)"]"#,
    r#"attribute = "a", read = true, assigned = false"#,
    r#"async-function = false"#,
    r#"async-function = false, call = "$F(...)", inside = "$G(...)""#,
    r#"thread = "self.t", started = true, signalled = true, joined = false, daemon = true"#,
    r#"shared-state = "a""#,
    r#"endless-loop = true"#,
];

/// The questions, read one by one: kinds differ in what they accept.
fn questions() -> &'static [Claim] {
    static QUESTIONS_READ: OnceLock<Vec<Claim>> = OnceLock::new();
    QUESTIONS_READ.get_or_init(|| {
        let kinds = CheckKind::ALL.iter().filter_map(|kind| static_checks::examples(*kind));
        let examples = kinds.flat_map(|examples| [examples.holds, examples.does_not_hold]);
        let examples = examples.map(|example| example.claim.to_owned());
        let own = QUESTIONS
            .iter()
            .map(|question| format!("file = \"example.py\"\nsymbol = \"A\"\nstatic = {{ {question} }}"));
        own.chain(examples).map(|claim| read(&claim)).collect()
    })
}

fn read(claim: &str) -> Claim {
    let text = format!(
        "[[report]]\nid = \"R1\"\ntitle = \"t\"\n[[finding]]\nid = \"R1-1\"\nreport = \"R1\"\nseverity = \"low\"\n\
         title = \"t\"\nbug = \"b\"\n[[finding.claim]]\nid = \"c\"\nsays = \"s\"\n{claim}\n"
    );
    let catalogue = Catalogue::parse(Path::new("findings.toml"), &text, &|_| true)
        .unwrap_or_else(|problems| panic!("{claim}\n{}", problems.render(false)));
    catalogue.findings[0].claims[0].clone()
}

/// What is asked about.
const FILE: &str = "corpus/file.py";

/// A tree of one file.
fn alone(bytes: &[u8]) -> MemoryTree {
    let mut tree = MemoryTree::default();
    tree.insert(FILE, bytes);
    tree
}

/// Asks everything of one file; gives what went wrong.
fn survives(name: &str, tree: &MemoryTree) -> Result<(), String> {
    let path = RelativePath::new(FILE).expect("a path");
    let mut excesses: Vec<String> = Vec::new();
    let mut hangs = false;
    let mut timed = |what: &str, ask: &dyn Fn()| -> Result<(), String> {
        // A file that one question hangs for is not asked the others.
        if hangs {
            return Ok(());
        }
        let (before, began) = (memory::begin(), Instant::now());
        catch_unwind(AssertUnwindSafe(ask)).map_err(|panic| {
            let message = panic.downcast_ref::<String>().cloned();
            let message = message.or(panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
            format!("{name}: {what} panics: {}", message.unwrap_or_default())
        })?;
        let (took, grew) = (began.elapsed(), memory::grown(before));
        hangs = took > HANGS;
        if took > allowed() {
            excesses.push(format!("{name}: {what} takes {:.1} s", took.as_secs_f64()));
        }
        if allowed_megabytes().is_some_and(|allowed| grew > allowed) {
            excesses.push(format!("{name}: {what} takes {grew} MB"));
        }
        Ok(())
    };
    let files = Files::new(tree);
    let settings = verifier::catalogue::PythonSettings::default();
    let project = Project::new(&files, &settings);
    timed("parsing", &|| {
        let _ = files.file(&path).map(|file| file.symbols().iter().count());
    })?;
    let Ok(file) = files.file(&path) else { return Ok(()) };
    let mut symbols: Vec<Option<String>> = vec![None];
    symbols.extend(file.symbols().iter().take(2).map(|symbol| Some(symbol.name.clone())));
    symbols.extend(file.symbols().iter().last().map(|symbol| Some(symbol.name.clone())));
    for claim in questions() {
        for symbol in &symbols {
            let sweep = symbol.is_none().then(|| Scope::Sweep(vec!["**/*.py".to_owned()]));
            for scope in sweep.into_iter().chain([Scope::File(path.clone())]) {
                let claim = Claim { scope, symbol: symbol.clone(), ..claim.clone() };
                let Some(Check::Static(check)) = claim.checks.first() else { continue };
                timed(&format!("{} of {symbol:?}", claim.checks[0].kind().name()), &|| {
                    let _ = static_checks::observe(check, &claim, &Context { project: &project });
                })?;
            }
        }
    }
    for pattern in
        ["$X", "$F(...)", "$A = $B\n...\n$C = $A", "class $C($B):\n    ...\n    def $M(...): ...", "\"...\""]
    {
        let pattern = Pattern::parse(pattern).expect("a pattern");
        timed("a pattern", &|| {
            let _ = Matcher::new(file.source()).find(&pattern);
        })?;
    }
    if excesses.is_empty() { Ok(()) } else { Err(excesses.join("\n")) }
}

/// Whoever takes longer hangs, on a busy machine too.
const HANGS: Duration = Duration::from_secs(120);

/// A corpus may be asked to be faster than what hangs.
fn allowed() -> Duration {
    let seconds = std::env::var("ASSAY_CORPUS_SECONDS").ok().and_then(|seconds| seconds.parse().ok());
    seconds.map_or(HANGS, Duration::from_secs_f64)
}

/// How much one question may add to what the process takes, when that is asked: other tests in the same
/// process take memory too.
fn allowed_megabytes() -> Option<u64> {
    std::env::var("ASSAY_CORPUS_MEGABYTES").ok()?.parse().ok()
}

/// What the process takes, where the system tells.
mod memory {
    /// Forgets the peak so far, and gives the megabytes that are taken now.
    pub(super) fn begin() -> u64 {
        if super::allowed_megabytes().is_some() {
            let _ = std::fs::write("/proc/self/clear_refs", "5");
        }
        told("VmRSS:")
    }

    /// How many megabytes the peak since then lies above `before`.
    pub(super) fn grown(before: u64) -> u64 {
        told("VmHWM:").saturating_sub(before)
    }

    fn told(key: &str) -> u64 {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix(key));
        let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        kilobytes.unwrap_or(0) / 1024
    }
}

/// As much stack as the command line gives.
fn with_stack<T: Send>(run: impl FnOnce() -> T + Send) -> T {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(64 << 20).spawn_scoped(scope, run);
        thread.expect("a thread starts").join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

fn check(corpus: impl Iterator<Item = (String, MemoryTree)> + Send) {
    let tells = std::env::var_os("ASSAY_CORPUS_NAMES").is_some();
    let failures: Vec<String> = with_stack(|| {
        corpus
            .filter_map(|(name, tree)| {
                let began = Instant::now();
                let failure = survives(&name, &tree).err();
                if tells {
                    show(&format!("{name}: {:.2} s", began.elapsed().as_secs_f64()));
                }
                failure
            })
            .collect()
    });
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn no_nesting_chain_or_encoding_makes_a_check_fall_over() {
    check(monsters::all().into_iter().map(|(name, bytes)| (name, alone(&bytes))));
}

#[test]
fn no_broken_part_of_a_program_makes_a_check_fall_over() {
    check(monsters::damaged().into_iter().map(|(name, bytes)| (name, alone(&bytes))));
}

#[test]
fn no_circle_of_modules_makes_a_check_fall_over() {
    check(monsters::trees().into_iter().map(|(name, files)| {
        let mut tree = MemoryTree::default();
        files.into_iter().for_each(|(path, text)| tree.insert(&path, text));
        (name, tree)
    }));
}

#[test]
fn corpus_of_the_environment_is_survived() {
    let Some(directories) = std::env::var_os("ASSAY_CORPUS") else {
        show("skipped: `ASSAY_CORPUS` names no directory of Python files");
        return;
    };
    let mut files = Vec::new();
    for directory in std::env::split_paths(&directories) {
        list(&directory, &mut files);
    }
    assert!(!files.is_empty(), "`ASSAY_CORPUS` names no file");
    show(&format!("{} files", files.len()));
    check(files.into_iter().filter_map(|path| {
        let bytes = std::fs::read(&path).ok()?;
        Some((path.display().to_string(), alone(&bytes)))
    }));
}

fn list(directory: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(directory) else { return };
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    for path in paths {
        let Ok(metadata) = std::fs::symlink_metadata(&path) else { continue };
        if metadata.is_dir() {
            list(&path, files);
        } else if metadata.is_file() {
            files.push(path);
        }
    }
}
