//! Writes out a target that is no directory, so that code can be imported from it: all of its Python
//! files, and of the others, which code may read while it is imported, what is not too large.

use std::collections::BTreeMap;
use std::path::Path;

use crate::target::{RelativePath, TargetTree};

/// Files of more bytes than this are models, recordings and pictures.
const LARGEST: u64 = 1 << 20;

/// All of them together have no more bytes than this.
const ALL: u64 = 64 << 20;

/// Writes the target out below `root`. Returns what is to be said about it: how much there is, and
/// what was left out.
pub(super) fn write_out(target: &dyn TargetTree, root: &Path) -> Result<String, String> {
    std::fs::create_dir_all(root).map_err(|problem| format!("`{}`: {problem}", root.display()))?;
    let python = target.python_files();
    let mut unreadable = write(target, python, root)?;
    let mut others = target.other_files();
    // The smallest first: as many as possible.
    others.sort_by(|(one, one_size), (other, other_size)| (one_size, one).cmp(&(other_size, other)));
    let (mut taken, mut left_out, mut bytes) = (Vec::new(), Vec::new(), 0);
    for (path, size) in others {
        bytes += size;
        if size <= LARGEST && bytes <= ALL { taken.push(path) } else { left_out.push(path) }
    }
    unreadable += write(target, &taken, root)?;
    let mut told = format!("imported from a copy: {} Python files, {} others", python.len(), taken.len());
    if !left_out.is_empty() {
        told.push_str(&format!("; {} large files left out ({})", left_out.len(), endings(&left_out)));
    }
    if unreadable > 0 {
        told.push_str(&format!("; {unreadable} files cannot be read"));
    }
    Ok(told)
}

/// Writes files; how many of them cannot be read. What cannot be read cannot be imported either,
/// and a question about it says so.
fn write(target: &dyn TargetTree, files: &[RelativePath], root: &Path) -> Result<usize, String> {
    target.prefetch(files);
    let mut unreadable = 0;
    for file in files {
        let Ok(bytes) = target.read(file) else {
            unreadable += 1;
            continue;
        };
        let path = root.join(file.as_str());
        let made = path.parent().map_or(Ok(()), std::fs::create_dir_all);
        made.and_then(|()| std::fs::write(&path, &*bytes))
            .map_err(|problem| format!("`{}`: {problem}", path.display()))?;
    }
    Ok(unreadable)
}

/// What the names of files end in, the most frequent first.
fn endings(files: &[RelativePath]) -> String {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for file in files {
        let ending =
            file.file_name().rsplit_once('.').map_or_else(String::new, |(_, ending)| format!(".{ending}"));
        *counts.entry(ending).or_default() += 1;
    }
    let mut counts: Vec<(String, usize)> = counts.into_iter().collect();
    counts.sort_by(|(one, one_count), (other, other_count)| (other_count, one).cmp(&(one_count, other)));
    let shown = counts.iter().take(5).map(|(ending, count)| {
        let ending = if ending.is_empty() { "no ending" } else { ending };
        format!("{count} {ending}")
    });
    let mut shown: Vec<String> = shown.collect();
    if counts.len() > shown.len() {
        shown.push("…".to_owned());
    }
    shown.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::MemoryTree;

    #[test]
    fn copy_has_what_importing_may_read_within_bounds() {
        let mut tree =
            MemoryTree::parse("--- pkg/m.py\nx = 1\n--- pkg/settings.yaml\na: 1\n--- VERSION\n3\n");
        tree.insert("models/large.onnx", vec![0; LARGEST as usize + 1]);
        tree.insert("models/large.bin", vec![0; LARGEST as usize + 1]);
        tree.insert("models/larger.bin", vec![0; LARGEST as usize + 2]);
        let root = tempfile::tempdir().unwrap();
        let told = write_out(&tree, root.path()).unwrap();
        assert_eq!(
            told,
            "imported from a copy: 1 Python files, 2 others; 3 large files left out (2 .bin, 1 .onnx)"
        );
        assert_eq!(std::fs::read_to_string(root.path().join("pkg/settings.yaml")).unwrap(), "a: 1\n");
        assert!(!root.path().join("models").exists());
    }

    #[test]
    fn what_all_files_may_have_together_is_bounded() {
        let mut tree = MemoryTree::default();
        for number in 0..80 {
            tree.insert(&format!("{number}.txt"), vec![0; LARGEST as usize]);
        }
        let root = tempfile::tempdir().unwrap();
        let told = write_out(&tree, root.path()).unwrap();
        assert!(told.contains("64 others; 16 large files left out"), "{told}");
    }
}
