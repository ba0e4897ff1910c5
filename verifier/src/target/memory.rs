//! A target that is held in memory: the examples of checks, and tests.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{RelativePath, TargetDescription, TargetTree, Unreadable, is_python_file};

/// Files and their bytes.
#[derive(Clone, Debug, Default)]
pub struct MemoryTree {
    files: BTreeMap<RelativePath, Arc<[u8]>>,
    python_files: Vec<RelativePath>,
}

impl MemoryTree {
    /// A tree of these files.
    pub fn new(files: impl IntoIterator<Item = (RelativePath, Vec<u8>)>) -> Self {
        let files: BTreeMap<_, _> = files.into_iter().map(|(path, bytes)| (path, Arc::from(bytes))).collect();
        let python_files = files.keys().filter(|path| is_python_file(path.as_str())).cloned().collect();
        Self { files, python_files }
    }

    /// A tree of one file.
    pub fn of(path: RelativePath, text: &str) -> Self {
        Self::new([(path, text.as_bytes().to_vec())])
    }
}

impl TargetTree for MemoryTree {
    fn python_files(&self) -> &[RelativePath] {
        &self.python_files
    }

    fn read(&self, path: &RelativePath) -> Result<Arc<[u8]>, Unreadable> {
        self.files.get(path).cloned().ok_or(Unreadable::Missing)
    }

    fn exists(&self, path: &RelativePath) -> bool {
        self.files.contains_key(path)
    }

    fn describe(&self) -> TargetDescription {
        TargetDescription { root: "memory".to_owned(), revision: None }
    }
}
