//! Small targets written as text, for tests and for the examples of check kinds.
//!
//! One string holds several files, each after a line `--- path`; a string without such a line
//! is one file, `example.py`. A trailing comment `# <-` marks a line that is expected as a site.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::target::{RelativePath, TargetDescription, TargetTree, Unreadable};

/// The name of the only file of a fixture without headers.
pub const DEFAULT_FILE: &str = "example.py";

/// The comment that marks an expected line.
pub const MARK: &str = "# <-";

/// A target that exists in memory alone.
#[derive(Clone, Debug, Default)]
pub struct MemoryTree {
    files: BTreeMap<RelativePath, Arc<[u8]>>,
    python_files: Vec<RelativePath>,
}

impl MemoryTree {
    /// Splits `fixture` into its files. A path that is none is a mistake in the fixture and panics.
    pub fn parse(fixture: &str) -> Self {
        let mut tree = Self::default();
        for (path, text) in split(fixture) {
            tree.insert(path, text.into_bytes());
        }
        tree
    }

    /// Adds or replaces a file, of any bytes.
    pub fn insert(&mut self, path: &str, bytes: impl Into<Vec<u8>>) {
        let path = RelativePath::new(path).unwrap_or_else(|error| panic!("`{path}` in a fixture: {error}"));
        self.files.insert(path, Arc::from(bytes.into()));
        self.python_files =
            self.files.keys().filter(|path| path.as_str().ends_with(".py")).cloned().collect();
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

    fn other_files(&self) -> Vec<(RelativePath, u64)> {
        let others = self.files.iter().filter(|(path, _)| !self.python_files.contains(path));
        others.map(|(path, bytes)| (path.clone(), bytes.len() as u64)).collect()
    }

    fn describe(&self) -> TargetDescription {
        TargetDescription { root: "fixture".to_owned(), revision: None }
    }
}

/// The files of a fixture, in its order.
pub fn split(fixture: &str) -> Vec<(&str, String)> {
    let mut files: Vec<(&str, String)> = Vec::new();
    for line in fixture.split_inclusive('\n') {
        if let Some(path) = line.strip_prefix("--- ") {
            files.push((path.trim(), String::new()));
            continue;
        }
        if files.is_empty() {
            if line.trim().is_empty() {
                continue;
            }
            files.push((DEFAULT_FILE, String::new()));
        }
        if let Some((_, text)) = files.last_mut() {
            text.push_str(line);
        }
    }
    files
}

/// The lines that carry [`MARK`], as `path:line`, in the order of the fixture.
pub fn marked_lines(fixture: &str) -> Vec<String> {
    let mut marked = Vec::new();
    for (path, text) in split(fixture) {
        for (index, line) in text.lines().enumerate() {
            if line.contains(MARK) {
                marked.push(format!("{path}:{}", index + 1));
            }
        }
    }
    marked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_begin_files_and_marks_are_found() {
        let fixture = "--- a/b.py\nx = 1\ny = 2  # <-\n--- c.txt\n# <-\n";
        let tree = MemoryTree::parse(fixture);
        assert_eq!(tree.python_files().len(), 1);
        let path = RelativePath::new("a/b.py").unwrap();
        assert_eq!(&*tree.read(&path).unwrap(), b"x = 1\ny = 2  # <-\n");
        assert_eq!(marked_lines(fixture), ["a/b.py:2", "c.txt:1"]);
    }

    #[test]
    fn text_without_header_is_one_file() {
        assert_eq!(split("\n\nx = 1\n"), [(DEFAULT_FILE, "x = 1\n".to_owned())]);
    }
}
