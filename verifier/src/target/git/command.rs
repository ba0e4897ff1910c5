//! Running git: which surroundings it may see, and what its complaints mean.

use std::ffi::OsStr;
use std::io;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use super::super::TargetError;
use crate::interrupt::{Notice, Temporary, temporary};

/// Variables that say where git looks for its own settings and programs. Every other `GIT_*`
/// is about a repository, and it is not the target's: a hook, for one, runs with the `GIT_DIR`
/// of the repository that it belongs to.
const KEPT: [&str; 4] =
    ["GIT_EXEC_PATH", "GIT_CONFIG_", "GIT_CEILING_DIRECTORIES", "GIT_DISCOVERY_ACROSS_FILESYSTEM"];

/// A git command that starts in `directory`, reads objects only, asks no questions, and fetches
/// nothing.
pub(in super::super) fn git(directory: &Path) -> Command {
    let mut git = Command::new("git");
    for (name, _) in std::env::vars_os() {
        let is_kept = KEPT.iter().any(|kept| name.as_encoded_bytes().starts_with(kept.as_bytes()));
        if name.as_encoded_bytes().starts_with(b"GIT_") && (!is_kept || name == "GIT_CONFIG_PARAMETERS") {
            git.env_remove(&name);
        }
    }
    git.env("GIT_NO_LAZY_FETCH", "1")
        // For a git that is too old to know that: it may use no protocol at all.
        .env("GIT_ALLOW_PROTOCOL", "none")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_OPTIONAL_LOCKS", "0")
        // An object is what its id says.
        .env("GIT_NO_REPLACE_OBJECTS", "1")
        .env("LC_ALL", "C")
        .arg("-C")
        .arg(directory)
        .args(["-c", "core.fsmonitor=false"])
        .stdin(Stdio::null());
    git
}

/// Starts a git command. It is in a group of its own, and goes when this run is interrupted.
pub(super) fn start(git: &mut Command) -> io::Result<(Child, Notice)> {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(git, 0);
    temporary(|| git.spawn(), |child| Temporary::ProcessGroup(child.id()))
}

/// Runs a git command to its end.
pub(in super::super) fn finish(git: &mut Command) -> io::Result<Output> {
    let (child, _notice) = start(git.stdout(Stdio::piped()).stderr(Stdio::piped()))?;
    child.wait_with_output()
}

/// How a git command that ended badly did so.
pub(super) enum Failure {
    /// Git could not be started.
    NotStarted(io::Error),
    /// What it wrote on stderr.
    Refused(String),
}

/// Runs git to its end and gives what it wrote.
pub(super) fn run<S: AsRef<OsStr>>(directory: &Path, arguments: &[S]) -> Result<Vec<u8>, Failure> {
    let output = finish(git(directory).args(arguments)).map_err(Failure::NotStarted)?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let complaint = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(Failure::Refused(if complaint.is_empty() {
        format!("git ended with {}", output.status)
    } else {
        complaint
    }))
}

impl Failure {
    /// The complaint as an error about the target, with the way out where there is a known one.
    pub(super) fn into_error(self, root: &Path, attempt: &str) -> TargetError {
        let complaint = match self {
            Failure::NotStarted(error) => {
                return TargetError::new(format!("{attempt}: cannot run `git`: {error}"))
                    .with_hint("install git, or examine a directory, without a revision");
            }
            Failure::Refused(complaint) => complaint,
        };
        let first_line =
            complaint.lines().find(|line| line.starts_with("fatal: ")).or(complaint.lines().next());
        let told = first_line.unwrap_or_default().trim_start_matches("fatal: ").trim_start_matches("error: ");
        let error = TargetError::new(format!("{attempt}: {told}"));
        let root = root.display();
        if complaint.contains("not a git repository") {
            return TargetError::new(format!("{attempt}: `{root}` is not in a git repository"))
                .with_hint("give a repository (a bare one too) or a directory of one with `--root`, or drop the revision");
        }
        if complaint.contains("dubious ownership") {
            return TargetError::new(format!(
                "{attempt}: git does not trust `{root}`: it belongs to another user"
            ))
            .with_hint(format!("trust it with `git config --global --add safe.directory {root}`"));
        }
        if complaint.contains("safe.bareRepository") {
            return error.with_hint("your git settings forbid bare repositories: allow them with `git config --global safe.bareRepository all`");
        }
        if complaint.contains("promisor") || complaint.contains("lazy fetching disabled") {
            return TargetError::new(format!(
                "{attempt}: this partial clone lacks objects that the revision needs"
            ))
            .with_hint(format!("fetch them with `git -C {root} fetch`; nothing is fetched on its own"));
        }
        error
    }
}
