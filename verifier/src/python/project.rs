//! The project model: which module an import means, which class a name means, what a class
//! inherits, what an attribute holds, what a call calls; over all files of the target.
//!
//! Files are looked at when somebody asks and remembered. What cannot be resolved is said to
//! be unresolved; nothing is ever guessed.

use crate::catalogue::PythonSettings;
use crate::evidence::Reason;
use crate::python::files::{Files, ParsedFile};
use crate::target::RelativePath;

/// What is known of a target's Python code. Shared by all checks and threads.
pub struct Project<'f> {
    files: &'f Files<'f>,
    roots: Vec<String>,
}

impl<'f> Project<'f> {
    /// A model over `files`, in which nothing has been looked at yet.
    pub fn new(files: &'f Files<'f>, settings: &PythonSettings) -> Self {
        Self { files, roots: settings.path.clone() }
    }

    /// The files that the model is made from.
    pub fn files(&self) -> &'f Files<'f> {
        self.files
    }

    /// One file as text and tree.
    pub fn file(&self, path: &RelativePath) -> Result<&'f ParsedFile, Reason> {
        self.files.file(path)
    }

    /// The `sys.path` entries, relative to the root.
    pub fn roots(&self) -> &[String] {
        &self.roots
    }
}
