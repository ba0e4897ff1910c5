//! The Python code base under examination: a directory, or a git revision read through its
//! objects without touching a work tree. Both give the same bytes for the same content.
//!
//! Reading is forgiving: whatever a path turns out to be, the answer is a value.

mod cached;
mod directory;
mod error;
mod git;
mod path;
mod selector;
mod snapshot;

pub use cached::CachedTree;
pub use directory::DirectoryTree;
pub use error::TargetError;
pub use git::{GitTree, last_revisions_with};
pub use path::{PathError, RelativePath};
pub use selector::FileSelector;
pub use snapshot::{ContentHash, Snapshot};

use std::path::Path;
use std::sync::Arc;

/// A read-only tree of files.
///
/// Implemented by [`DirectoryTree`], [`GitTree`], and in memory by `fixture::MemoryTree`.
pub trait TargetTree: Send + Sync {
    /// All regular Python files (`*.py`, `*.pyi` left out) that the catalogue's `exclude` and the
    /// usual ignore rules leave, sorted by path. Listing is done once and remembered.
    fn python_files(&self) -> &[RelativePath];

    /// Places that may hold Python code and that no listing can show, sorted by path: a sweep
    /// that found nothing has proved nothing about them.
    fn blind_spots(&self) -> &[BlindSpot] {
        &[]
    }

    /// The bytes of one file. Excluded files can still be read when they are named.
    fn read(&self, path: &RelativePath) -> Result<Arc<[u8]>, Unreadable>;

    /// Shows the bytes of one file without keeping them, for a look before it is worth more.
    fn look(&self, path: &RelativePath, look: &mut dyn FnMut(&[u8])) -> Result<(), Unreadable> {
        look(&self.read(path)?);
        Ok(())
    }

    /// Whether a regular file of this path exists, without reading it.
    fn exists(&self, path: &RelativePath) -> bool;

    /// Whether this tree has seen already that nothing has this path, not even a link to nothing. It need
    /// not be seen again as long as a run lasts.
    fn is_absent(&self, _path: &RelativePath) -> bool {
        false
    }

    /// Says that these files will be read soon, so that a tree whose files are cheaper by the
    /// dozen can fetch them together. Changes nothing else.
    fn prefetch(&self, _paths: &[RelativePath]) {}

    /// All other regular files with their sizes, sorted by path, excluded ones as well: what code may
    /// read that is imported from a copy. Nothing where there is a [`directory`](Self::directory),
    /// from which no copy is made.
    fn other_files(&self) -> Vec<(RelativePath, u64)>;

    /// The root, where the files lie on disk as they are read: code can be imported from there.
    fn directory(&self) -> Option<&Path> {
        None
    }

    /// What tells the content of a file without reading it, where something does: the id of an
    /// object of git's.
    fn content_id(&self, _path: &RelativePath) -> Option<Vec<u8>> {
        None
    }

    /// Where answers about this tree are kept, if they are.
    fn cache(&self) -> Option<&CachedTree> {
        None
    }

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

/// A place that a listing cannot look into.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BlindSpot {
    /// Relative to the root, as text: it may be no valid [`RelativePath`].
    pub path: String,
    /// `is a submodule`, `has a name that is not valid UTF-8`, …
    pub problem: String,
}

/// Opens `root` as it is on disk or, when `revision` is given, as it was at that revision.
pub fn open_target(
    root: &Path,
    revision: Option<&str>,
    exclude: &[String],
) -> Result<Box<dyn TargetTree>, TargetError> {
    match revision {
        None => Ok(Box::new(DirectoryTree::open(root, exclude)?)),
        Some(revision) => Ok(Box::new(GitTree::open(root, revision, exclude)?)),
    }
}

/// Files above this are not read: nobody writes Python that long, and a tree must not be able
/// to exhaust the memory of whoever examines it.
const MAX_FILE_SIZE: u64 = 32 * 1024 * 1024;

/// The file by which a virtual environment says that it is one.
const ENVIRONMENT_MARK: &str = "pyvenv.cfg";

/// What both kinds of tree say of such a link.
const LEAVES_ROOT: &str = "is a symbolic link that leaves the target's root";

fn too_large(size: u64) -> Unreadable {
    Unreadable::Failed(format!("is {size} bytes long; files above {MAX_FILE_SIZE} bytes are not read"))
}

fn is_python_file(path: &str) -> bool {
    path.ends_with(".py")
}

fn is_version_control(directory_name: &str) -> bool {
    [".git", ".hg", ".svn", ".jj"].contains(&directory_name)
}
