//! A session: one target, the workers that run its code, and the translation of what they say.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;

use super::process::{Interpreter, Setup, Worker};
use super::request::{Ending, Limits, Question, Reply, Request, Surroundings};
use super::sandbox::View;
use super::scratch::{self, Scratch};
use super::{content_hash, copy, import, inspect, module, probe};
use crate::catalogue::{Claim, ImportCheck, InspectCheck, ProbeCheck, PythonSettings, Scope};
use crate::evidence::{Observation, Outcome, PRINTED, Reason, Searched, Strength};
use crate::target::{RelativePath, TargetTree, Unreadable};

/// How a session runs code.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The binary that becomes the worker.
    pub binary: PathBuf,
    /// The Python that it was built for.
    pub interpreter: Interpreter,
    /// How long one question may take.
    pub timeout: Duration,
    /// Refuse to run code with less isolation than the platform could give.
    pub strict: bool,
    /// A virtual environment whose packages may be imported.
    pub venv: Option<PathBuf>,
    /// Where probes' files are relative to.
    pub catalogue_directory: PathBuf,
}

/// A check that needs a process.
#[derive(Clone, Copy, Debug)]
pub enum RuntimeCheck<'c> {
    /// What importing a module does.
    Import(&'c ImportCheck),
    /// A question about a live object.
    Inspect(&'c InspectCheck),
    /// A proof to run.
    Probe(&'c ProbeCheck),
}

/// Answers questions about one target. Starts nothing before the first question.
pub struct Session<'t> {
    pub(super) target: &'t dyn TargetTree,
    directory: Option<PathBuf>,
    python: PythonSettings,
    pub(super) settings: Settings,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    place: Option<Result<Arc<Place>, Reason>>,
    workers: BTreeMap<u64, Result<Arc<Worker>, Reason>>,
}

/// Where the target's files and the scratch directories are. Removed when the session ends.
struct Place {
    scratch: Scratch,
    root: PathBuf,
    library: PathBuf,
    site: Vec<PathBuf>,
    notes: Vec<String>,
}

/// What is told about every question, whatever its kind.
pub(super) struct Told {
    /// How it ended.
    pub(super) reply: Reply,
    /// Facts for the evidence.
    pub(super) notes: Vec<String>,
    /// The root of the target where it was imported from.
    pub(super) root: String,
}

impl<'t> Session<'t> {
    /// A session over a target; `directory` is its root where it has one on disk.
    pub fn new(
        target: &'t dyn TargetTree,
        directory: Option<&Path>,
        python: &PythonSettings,
        settings: Settings,
    ) -> Self {
        Self {
            target,
            directory: directory.map(Path::to_owned),
            python: python.clone(),
            settings,
            state: Mutex::default(),
        }
    }

    /// Answers one check. May be called from several threads.
    pub fn observe(&self, claim: &Claim, check: RuntimeCheck<'_>) -> Observation {
        match check {
            RuntimeCheck::Import(check) => import::observe(self, claim, check),
            RuntimeCheck::Inspect(check) => inspect::observe(self, claim, check),
            RuntimeCheck::Probe(check) => probe::observe(self, claim, check),
        }
    }

    /// Asks a question about the module that the claim's file is.
    pub(super) fn ask(&self, claim: &Claim, question: Question, hash_seed: u64) -> Result<Told, Reason> {
        let file = file_of(claim)?;
        let bytes = self.target.read(file).map_err(|problem| unreadable(file, problem))?;
        let place = self.place()?;
        let path = self.path();
        let module = module::module_of(file, &path, &place.root);
        let worker = self.worker(&place, hash_seed)?;
        let scratch = place
            .scratch
            .question()
            .map_err(|problem| no_answer("could-not-start", format!("a scratch directory: {problem}")))?;
        let is_probe = matches!(question, Question::Probe { .. });
        let request = Request {
            question,
            module,
            surroundings: Surroundings {
                root: place.root.clone(),
                path: path
                    .iter()
                    .map(|entry| entry.trim_start_matches("./").trim_end_matches('/'))
                    .map(|entry| {
                        if entry == "." || entry.is_empty() {
                            place.root.clone()
                        } else {
                            place.root.join(entry)
                        }
                    })
                    .collect(),
                site: place.site.clone(),
                stubs: self.python.stubs.clone(),
                scratch: scratch.clone(),
            },
            limits: Limits {
                wall_ms: self.settings.timeout.as_millis() as u64,
                cpu_s: self.settings.timeout.as_secs() + 1,
                ..Limits::default()
            },
            strict: self.settings.strict,
        };
        let mut reply = worker.ask(&request);
        scratch::remove(&scratch);
        anonymise(&mut reply, &scratch, &place);
        if self.settings.strict && !reply.missing.is_empty() {
            let missing = reply.missing.join("; ");
            reply.ending = Ending::CouldNotStart(format!("`--isolation strict`, and there is no {missing}"));
        }
        if let Ending::Answered(answer) = &mut reply.ending {
            mark_own(answer, &request.surroundings.path);
            mark_hidden(answer, &place.root);
        }
        let mut notes = place.notes.clone();
        notes.push(format!("Python {}", worker.python));
        if let Ending::Answered(answer) = &reply.ending {
            let stubs = texts(answer, "stubs");
            if !stubs.is_empty() {
                notes.push(format!("with stubs: {}", stubs.join(", ")));
            }
        }
        notes.push(format!("isolation: {}", reply.isolation.join(", ")));
        if !reply.missing.is_empty() {
            notes.push(format!("isolation missing: {}", reply.missing.join("; ")));
        }
        for (stream, text) in PRINTED.into_iter().zip([&reply.stdout, &reply.stderr]) {
            if let Some(line) = text.lines().find(|line| !line.trim().is_empty()) {
                notes.push(format!("{stream}{}", line.chars().take(200).collect::<String>()));
            }
        }
        if let Ending::Answered(answer) = &reply.ending
            && (answer.get("ran").is_some() || (answer.get("error").is_none() && !is_probe))
        {
            let ran = answer.get("ran").unwrap_or(&Value::Null);
            let hash = ran.get("hash").and_then(Value::as_str).unwrap_or_default();
            let expected = content_hash(&bytes);
            let place_of = ran.get("file").and_then(Value::as_str).unwrap_or_default();
            let real = std::fs::canonicalize(&request.module.file).unwrap_or(request.module.file);
            if hash != expected || Path::new(place_of) != real {
                return Err(no_answer(
                    "foreign-file",
                    format!("`{file}` was asked about, and `{place_of}` was imported"),
                ));
            }
            notes.push(format!("content {}", &expected[..16]));
        }
        Ok(Told { reply, notes, root: place.root.display().to_string() })
    }

    fn path(&self) -> Vec<String> {
        if self.python.path.is_empty() { vec![".".to_owned()] } else { self.python.path.clone() }
    }

    fn place(&self) -> Result<Arc<Place>, Reason> {
        let mut state = self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        state.place.get_or_insert_with(|| self.settle().map(Arc::new)).clone()
    }

    fn settle(&self) -> Result<Place, Reason> {
        let library =
            self.settings.interpreter.library().map_err(|problem| {
                no_answer("no-python", format!("{}; {}", problem.message, problem.hint))
            })?;
        let start = |problem: String| no_answer("could-not-start", problem);
        let scratch = Scratch::new(&std::env::temp_dir())
            .map_err(|problem| start(format!("a scratch directory: {problem}")))?;
        let mut copied = None;
        let root = match &self.directory {
            Some(directory) => std::fs::canonicalize(directory)
                .map_err(|problem| start(format!("`{}`: {problem}", directory.display())))?,
            None => {
                let root = scratch.path().join("target");
                copied = Some(copy::write_out(self.target, &root).map_err(start)?);
                root
            }
        };
        let (site, mut notes) = match &self.settings.venv {
            Some(venv) => site_packages(venv, &self.settings.interpreter.version).map_err(start)?,
            None => (Vec::new(), Vec::new()),
        };
        notes.extend(copied);
        Ok(Place { scratch, root, library, site, notes })
    }

    fn worker(&self, place: &Place, hash_seed: u64) -> Result<Arc<Worker>, Reason> {
        let mut state = self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let started = state.workers.entry(hash_seed).or_insert_with(|| {
            let mut readable = vec![place.root.clone()];
            readable.extend(self.settings.venv.iter().filter_map(|venv| std::fs::canonicalize(venv).ok()));
            readable.extend(place.site.iter().cloned());
            let interpreter = &self.settings.interpreter;
            let mut interpreter_files = vec![place.library.clone(), interpreter.executable.clone()];
            interpreter_files.extend(std::fs::canonicalize(&place.library));
            interpreter_files.extend(std::fs::canonicalize(&interpreter.executable));
            let setup = Setup {
                executable: interpreter.executable.display().to_string(),
                hash_seed,
                view: View { readable, scratch: place.scratch.path().to_owned() },
                interpreter_files,
            };
            Worker::start(&self.settings.binary, &place.library, &setup)
                .map(Arc::new)
                .map_err(|problem| no_answer("could-not-start", problem))
        });
        started.clone()
    }
}

/// Tells a module that the target itself lacks from a package that is not installed here.
fn mark_own(answer: &mut Value, path: &[PathBuf]) {
    let Some(error) = answer.get_mut("error").and_then(Value::as_object_mut) else { return };
    let Some(missing) = error.get("missing").and_then(Value::as_str) else { return };
    let Some((package, _)) = missing.split_once('.') else { return };
    let is_own = path.iter().any(|entry| entry.join(package).is_dir());
    if is_own {
        error.insert("own".to_owned(), Value::Bool(true));
    }
}

/// Tells a file that is not there from one that only code under examination does not see: outside of
/// the target nearly nothing is shown, and its working directory is not the target's root.
fn mark_hidden(answer: &mut Value, root: &Path) {
    let Some(error) = answer.get_mut("error").and_then(Value::as_object_mut) else { return };
    let Some(absent) = error.get("absent").and_then(Value::as_str).filter(|path| !path.is_empty()) else {
        return;
    };
    // A relative path is looked for below the root, an absolute one where it is.
    let path = root.join(absent);
    if (Path::new(absent).is_relative() || !path.starts_with(root)) && path.exists() {
        error.insert("refused".to_owned(), Value::Bool(true));
    }
}

/// Replaces places that differ from run to run, or from machine to machine, by names that do not.
fn anonymise(reply: &mut Reply, scratch: &Path, place: &Place) {
    let mut places = vec![(scratch, "<scratch>")];
    places.extend(place.site.iter().map(|site| (site.as_path(), "<packages>")));
    places.push((&place.root, "<target>"));
    places.push((place.scratch.path(), "<session>"));
    // `…/lib/libpython3.x.so`: what is below `lib` is the interpreter's own.
    places.extend(place.library.parent().map(|library| (library, "<python>")));
    let pairs: Vec<(String, &str)> = places
        .into_iter()
        // A tree at `/` would be found in every path.
        .filter(|(path, _)| path.components().count() > 2)
        .map(|(path, name)| (path.display().to_string(), name))
        .collect();
    let rename = |text: &mut String| {
        for (from, to) in &pairs {
            if text.contains(from.as_str()) {
                *text = text.replace(from.as_str(), to);
            }
        }
    };
    fn walk(value: &mut Value, rename: &impl Fn(&mut String)) {
        match value {
            Value::String(text) => rename(text),
            Value::Array(items) => items.iter_mut().for_each(|item| walk(item, rename)),
            Value::Object(map) => {
                for (key, item) in map.iter_mut() {
                    // Where a file or a frame lies is compared, not shown.
                    if !["ran", "frames", "file"].contains(&key.as_str()) {
                        walk(item, rename);
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    rename(&mut reply.stdout);
    rename(&mut reply.stderr);
    if let Ending::Answered(answer) = &mut reply.ending {
        walk(answer, &rename);
    }
}

/// An observation of something that could not be seen.
pub(super) fn unseen(
    check: crate::catalogue::CheckKind,
    strength: Strength,
    reason: Reason,
    notes: Vec<String>,
) -> Observation {
    let because = match &reason {
        Reason::NoAnswer { message, .. } => message.clone(),
        Reason::FileMissing { path } => format!("`{path}` is not in the target"),
        Reason::FileUnreadable { path, problem } => format!("`{path}` cannot be read: {problem}"),
        Reason::DoesNotCompile { path, line, message } => {
            format!("`{path}` does not compile: line {line}: {message}")
        }
        Reason::SymbolMissing { symbol } => format!("`{symbol}` is not there"),
        Reason::Unresolved { what } => what.clone(),
    };
    Observation {
        check,
        strength,
        outcome: Outcome::CouldNotBeObserved { reason },
        because,
        sites: Vec::new(),
        searched: Searched::default(),
        notes,
    }
}

pub(super) fn no_answer(how: &str, message: impl Into<String>) -> Reason {
    Reason::NoAnswer { how: how.to_owned(), message: message.into() }
}

/// The one file that a live question is about.
pub(super) fn file_of(claim: &Claim) -> Result<&RelativePath, Reason> {
    match &claim.scope {
        Scope::File(file) => Ok(file),
        Scope::Sweep(_) => {
            Err(no_answer("not-run", "a live question is about one `file`, not about `files`"))
        }
    }
}

fn unreadable(file: &RelativePath, problem: Unreadable) -> Reason {
    match problem {
        Unreadable::Missing => Reason::FileMissing { path: file.to_string() },
        Unreadable::NotAFile(problem) | Unreadable::Failed(problem) => {
            Reason::FileUnreadable { path: file.to_string(), problem }
        }
    }
}

/// Why an ending other than an answer is no answer.
pub(super) fn ending_reason(ending: &Ending) -> Option<Reason> {
    Some(match ending {
        Ending::Answered(_) => return None,
        Ending::Exited(code) => no_answer("exited", format!("the process ended itself with code {code}")),
        Ending::Signalled(signal) => no_answer(
            "signalled",
            format!("the process was ended by signal {signal} ({})", signal_name(*signal)),
        ),
        Ending::TimedOut(which) => no_answer("timed-out", format!("the time is over ({which})")),
        Ending::MemoryLimit(problem) => no_answer("memory-limit", problem.clone()),
        Ending::ProcessLimit(problem) => no_answer("process-limit", problem.clone()),
        Ending::CouldNotStart(problem) => no_answer("could-not-start", problem.clone()),
        Ending::Nonsense(problem) => no_answer("nonsense", problem.clone()),
    })
}

fn signal_name(signal: i32) -> &'static str {
    match signal {
        libc::SIGHUP => "SIGHUP",
        libc::SIGINT => "SIGINT",
        libc::SIGQUIT => "SIGQUIT",
        libc::SIGILL => "SIGILL",
        libc::SIGTRAP => "SIGTRAP",
        libc::SIGABRT => "SIGABRT",
        libc::SIGBUS => "SIGBUS",
        libc::SIGFPE => "SIGFPE",
        libc::SIGKILL => "SIGKILL",
        libc::SIGSEGV => "SIGSEGV",
        libc::SIGPIPE => "SIGPIPE",
        libc::SIGALRM => "SIGALRM",
        libc::SIGTERM => "SIGTERM",
        libc::SIGXCPU => "SIGXCPU",
        libc::SIGXFSZ => "SIGXFSZ",
        libc::SIGSYS => "SIGSYS",
        _ => "unnamed",
    }
}

/// What an exception of the target means, for a question that needed it not to happen.
pub(super) fn error_reason(error: &Value, root: &str) -> Reason {
    let text = |key: &str| error.get(key).and_then(Value::as_str);
    let kind = text("type").unwrap_or("an exception");
    let message = text("message").unwrap_or_default();
    if let Some(code) = error.get("exit").and_then(Value::as_i64) {
        return no_answer("exited", format!("the module ended the program with code {code}"));
    }
    if error.get("memory").is_some() {
        return no_answer("memory-limit", "the code asked for more memory than it may have (MemoryError)");
    }
    // A file that does not compile has no frame: the exception names it.
    let place = |of: &Value| {
        let file = of.get("file")?.as_str()?.strip_prefix(root)?.trim_start_matches('/');
        Some(format!(" (`{file}` line {})", of.get("line")?))
    };
    let frames = error.get("frames").and_then(Value::as_array);
    let at = place(error)
        .or_else(|| frames.and_then(|frames| frames.iter().rev().find_map(place)))
        .unwrap_or_default();
    if let Some(missing) = text("missing").filter(|_| error.get("own").is_none()) {
        let package = missing.split('.').next().unwrap_or(missing);
        return no_answer(
            "import-failed",
            format!(
                "no module named `{missing}`{at}; if it is a third-party package, add \"{package}\" to `stubs` in [target.python]"
            ),
        );
    }
    no_answer("import-failed", format!("{kind}: {}{at}", first_line(message)))
}

fn first_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    match line.char_indices().nth(300) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line.to_owned(),
    }
}

pub(super) fn texts(value: &Value, key: &str) -> Vec<String> {
    let items = value.get(key).and_then(Value::as_array);
    items.into_iter().flatten().filter_map(|item| item.as_str().map(str::to_owned)).collect()
}

pub(super) fn list(items: &[String], most: usize) -> String {
    match items.len() > most {
        true => format!("{} and {} more", items[..most].join(", "), items.len() - most),
        false => items.join(", "),
    }
}

/// The package directories of a virtual environment, and what is to be said about it.
fn site_packages(venv: &Path, version: &str) -> Result<(Vec<PathBuf>, Vec<String>), String> {
    let short = version.rsplit_once('.').map_or(version, |(short, _)| short);
    let venv =
        std::fs::canonicalize(venv).map_err(|problem| format!("`--venv {}`: {problem}", venv.display()))?;
    let found: Vec<PathBuf> = ["lib", "lib64"]
        .iter()
        .map(|library| venv.join(library).join(format!("python{short}")).join("site-packages"))
        .filter(|path| path.is_dir())
        .filter_map(|path| std::fs::canonicalize(path).ok())
        .collect();
    if let Some(first) = found.first() {
        return Ok((vec![first.clone()], vec!["with the packages of the virtual environment".to_owned()]));
    }
    let has = std::fs::read_to_string(venv.join("pyvenv.cfg")).ok().and_then(|text| {
        text.lines().find_map(|line| {
            let (key, value) = line.split_once('=')?;
            key.trim().starts_with("version").then(|| value.trim().to_owned())
        })
    });
    Err(match has {
        Some(other) => {
            format!("`--venv {}` is for Python {other}, and this binary for {version}", venv.display())
        }
        None => format!("`--venv {}` has no `lib/python{short}/site-packages`", venv.display()),
    })
}
