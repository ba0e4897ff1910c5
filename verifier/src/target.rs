//! The Python code base under examination: a directory, or a git revision read through its
//! objects without touching a work tree. Both give the same bytes for the same content.
//!
//! Reading is forgiving: whatever a path turns out to be, the answer is a value.

mod path;

pub use path::{PathError, RelativePath};

use std::sync::Arc;

/// A read-only tree of files.
///
/// Implemented by `directory::DirectoryTree` and `git::GitTree`, and in tests by a map.
pub trait TargetTree: Send + Sync {
    /// All regular Python files (`*.py`, `*.pyi` left out) that the catalogue's `exclude` and the
    /// usual ignore rules leave, sorted by path. Listing is done once and remembered.
    fn python_files(&self) -> &[RelativePath];

    /// The bytes of one file. Excluded files can still be read when they are named.
    fn read(&self, path: &RelativePath) -> Result<Arc<[u8]>, Unreadable>;

    /// Whether a regular file of this path exists, without reading it.
    fn exists(&self, path: &RelativePath) -> bool;

    /// How this target is called in reports: the root as given, and the revision if it has one.
    fn describe(&self) -> TargetDescription;
}

/// What a report says of the target.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct TargetDescription {
    /// The root as the user gave it.
    pub root: String,
    /// The full commit id, when the target is a revision.
    pub revision: Option<String>,
}

/// Why a file has no bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// Nothing of that name.
    Missing,
    /// A directory, FIFO, socket, device, or a symbolic link that leaves the root or dangles.
    NotAFile(String),
    /// The attempt failed: permission, a missing blob in a partial clone, too large.
    Failed(String),
}
