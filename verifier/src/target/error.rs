//! Why a target cannot be opened at all, with the way out.

use std::fmt;
use std::path::Path;

/// An expected error about what the user gave as a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetError {
    /// What was attempted on what, and how it ended.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl TargetError {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None }
    }

    pub(super) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub(super) fn cannot_open(root: &Path, problem: &str) -> Self {
        Self::new(format!("cannot open the target `{}`: {problem}", root.display())).with_hint(
            "give an existing directory: with `--root` or `--was`, or as `root` or `was` in `[target]`",
        )
    }

    pub(super) fn not_a_directory(root: &Path) -> Self {
        Self::new(format!("the target `{}` is not a directory", root.display()))
            .with_hint("give the directory that holds the Python code; a claim's `file` picks one file in it")
    }
}

impl fmt::Display for TargetError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for TargetError {}
