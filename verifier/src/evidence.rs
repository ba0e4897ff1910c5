//! What checks saw. An [`Observation`] is the answer of one check; all that was observed for one
//! claim is its evidence. Nothing here concludes anything: that is the verdict's work.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::catalogue::CheckKind;
use crate::target::RelativePath;

/// What one check saw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observation {
    /// The kind of check that looked.
    pub check: CheckKind,
    /// How it looked.
    pub strength: Strength,
    /// What it saw.
    pub outcome: Outcome,
    /// One line that says why, in the words of the check: `GRPCServer.start is "def", not "async def"`.
    pub because: String,
    /// Where it saw it. Places that speak for the claim when it holds; the places that were
    /// looked at and spoke against it when it does not.
    pub sites: Vec<Site>,
    /// How much was searched, so that an absence means something.
    pub searched: Searched,
    /// Facts that belong to the evidence and decide nothing: stubs used, isolation in force,
    /// the resolved target of a call, the path of a flow step by step, content hashes.
    pub notes: Vec<String>,
}

/// How notes begin that tell what the code under examination printed: worth reading, and no two
/// runs need print the same.
pub const PRINTED: [&str; 2] = ["stdout: ", "stderr: "];

/// The three answers that a check can give.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "outcome")]
pub enum Outcome {
    /// The claim's statement is true as far as this check can see.
    Holds,
    /// The check looked in the right place and the statement is not true.
    DoesNotHold,
    /// The check could not look.
    CouldNotBeObserved {
        /// Why not.
        #[serde(flatten)]
        reason: Reason,
    },
}

/// Why a check could not look. None of these ever refutes anything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "reason")]
pub enum Reason {
    /// The file is not in the target, or the sweep's glob selects no file.
    FileMissing {
        /// The path or glob that was asked for.
        path: String,
    },
    /// The file is there and could not be read (permission, not a regular file, missing blob).
    FileUnreadable {
        /// Its path.
        path: String,
        /// What the attempt ended with.
        problem: String,
    },
    /// The file does not compile, so that an absence in it proves nothing.
    DoesNotCompile {
        /// Its path.
        path: String,
        /// One-based line of the first error.
        line: u32,
        /// The parser's message.
        message: String,
    },
    /// The class, function or method is not in the file.
    SymbolMissing {
        /// The symbol that was asked for.
        symbol: String,
    },
    /// Something that the answer depends on cannot be resolved statically.
    Unresolved {
        /// What, and why.
        what: String,
    },
    /// The worker or the code under examination ended without an answer: the import failed,
    /// it was killed, it ran out of time or memory, it spoke nonsense, no Python is there.
    NoAnswer {
        /// A stable word for tables and machines: `import-failed`, `timed-out`, `signalled`,
        /// `exited`, `memory-limit`, `process-limit`, `could-not-start`, `nonsense`, `stubbed`,
        /// `foreign-file`, `flaky`, `not-reached`, `no-python`, `not-run`.
        how: String,
        /// Details for people.
        message: String,
    },
}

impl Reason {
    /// The file that it is about, if it is about one.
    pub fn path_mut(&mut self) -> Option<&mut String> {
        match self {
            Reason::FileMissing { path }
            | Reason::FileUnreadable { path, .. }
            | Reason::DoesNotCompile { path, .. } => Some(path),
            Reason::SymbolMissing { .. } | Reason::Unresolved { .. } | Reason::NoAnswer { .. } => None,
        }
    }
}

/// How an observation was made, from weakest to strongest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strength {
    /// Matched over the syntax tree.
    Matched,
    /// Inspected on the live object.
    Inspected,
    /// Seen by running a proof.
    Executed,
}

/// A place in the target.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Site {
    /// The file, relative to the target's root.
    pub file: RelativePath,
    /// First line, one-based.
    pub line: u32,
    /// Last line, one-based, inclusive.
    pub end_line: u32,
    /// The innermost class or function around it, dotted: `GRPCServer.stop`.
    pub symbol: Option<String>,
    /// The source lines, for `explain` and `--excerpts`; in no report without being asked for.
    pub excerpt: String,
    /// What this place contributes: `bound by the pool`, `bound again`.
    pub label: Option<String>,
}

/// How much a check searched.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Searched {
    /// Files that were read.
    pub files: u32,
    /// Of those, the files that had to be parsed (the others cannot contain the literals sought).
    pub parsed: u32,
    /// Syntax nodes looked at.
    pub nodes: u64,
    /// Files of the scope that do not compile or cannot be read, with the reason. A sweep
    /// that found nothing has proved nothing about these.
    pub blind: Vec<Reason>,
}

impl fmt::Display for Strength {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Strength::Matched => "matched",
            Strength::Inspected => "inspected",
            Strength::Executed => "executed",
        })
    }
}
