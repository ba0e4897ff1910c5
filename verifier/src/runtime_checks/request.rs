//! What is asked of the worker and what comes back, as types. Both ends use these; the bytes
//! are `protocol`'s affair.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One question, answered by one process.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// What is asked.
    pub question: Question,
    /// The module that is asked about, imported first.
    pub module: Module,
    /// What the module may find when it imports others.
    pub surroundings: Surroundings,
    /// What the process may use.
    pub limits: Limits,
    /// Refuse to run with less isolation than this platform could give.
    pub strict: bool,
}

/// The questions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Question {
    /// Does it import, and what did importing do?
    Import,
    /// What is this object?
    Inspect {
        /// Dotted path inside the module; the module itself when absent.
        symbol: Option<String>,
        /// Construct the class with fakes and tell the instance's attributes.
        construct: bool,
    },
    /// What does this proof say?
    Probe {
        /// Where the proof lies, for tracebacks.
        file: String,
        /// Its text.
        source: String,
        /// The lines of the claim's file that must be reached for a *does not hold*.
        cited: Cited,
    },
}

/// Lines of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cited {
    /// First line, one-based.
    pub first: u32,
    /// Last line, inclusive.
    pub last: u32,
    /// Lines that run when the module is imported (`def`, `class`) do not count.
    pub functions_only: bool,
}

/// A module of the target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Module {
    /// `pkg.module`, as seen from the first entry of the path that holds it.
    pub name: String,
    /// Its file.
    pub file: PathBuf,
    /// Whether the name can be imported; else the file is loaded by its place.
    pub importable: bool,
}

/// What there is to import besides the module.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Surroundings {
    /// The target's root.
    pub root: PathBuf,
    /// Entries of `sys.path` inside the target.
    pub path: Vec<PathBuf>,
    /// Directories with third-party packages.
    pub site: Vec<PathBuf>,
    /// Packages that are replaced when absent.
    pub stubs: Vec<String>,
    /// The directory that the process may write to: its HOME, TMPDIR and working directory lie there.
    pub scratch: PathBuf,
}

/// What the process may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Wall clock, in milliseconds.
    pub wall_ms: u64,
    /// Seconds of processor time.
    pub cpu_s: u64,
    /// Bytes of address space.
    pub memory: u64,
    /// Processes and threads.
    pub processes: u64,
    /// Open files.
    pub open_files: u64,
    /// Bytes of one file.
    pub file_size: u64,
    /// Bytes of captured output, each of stdout and stderr.
    pub output: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            wall_ms: 10_000,
            cpu_s: 20,
            memory: 4 << 30,
            processes: 128,
            open_files: 256,
            file_size: 64 << 20,
            output: 16 << 10,
        }
    }
}

/// What came of a question.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    /// How the process ended.
    pub ending: Ending,
    /// What it wrote to its standard output, bounded, control characters made visible.
    #[serde(default)]
    pub stdout: String,
    /// The same of standard error.
    #[serde(default)]
    pub stderr: String,
    /// The layers of isolation that were in force, by name.
    #[serde(default)]
    pub isolation: Vec<String>,
    /// The layers that this machine could not give, each with the reason.
    #[serde(default)]
    pub missing: Vec<String>,
    /// How long it took.
    #[serde(default)]
    pub wall_ms: u64,
}

impl Reply {
    /// A reply that says nothing but how it ended.
    pub fn of(ending: Ending) -> Self {
        Self {
            ending,
            stdout: String::new(),
            stderr: String::new(),
            isolation: Vec::new(),
            missing: Vec::new(),
            wall_ms: 0,
        }
    }
}

/// However a process ends, it is one of these.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "ending", content = "details")]
pub enum Ending {
    /// It answered.
    Answered(Value),
    /// It ended itself before it answered.
    Exited(i32),
    /// A signal ended it.
    Signalled(i32),
    /// It was ended: `wall clock` or `processor time`.
    TimedOut(String),
    /// It asked for more memory than it may have.
    MemoryLimit(String),
    /// It made more processes than it may.
    ProcessLimit(String),
    /// It never ran.
    CouldNotStart(String),
    /// What it said is no answer.
    Nonsense(String),
}
