//! A tree beside which answers about it are kept.

use std::collections::HashMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use super::snapshot::{self, ContentHash, Snapshot};
use super::{BlindSpot, RelativePath, TargetDescription, TargetTree, Unreadable};
use crate::cache::{Key, Store};

/// A tree that reads like the one in it, and that remembers what was found out about it.
///
/// What is learnt in a run is stored at its end, when the tree goes, and only if no file has
/// changed since the run began: an answer is never stored under a state that it is not about. So
/// nothing is read before it is known what there is.
pub struct CachedTree {
    tree: Box<dyn TargetTree>,
    store: Store,
    snapshot: OnceLock<Snapshot>,
    learnt: Mutex<Vec<(Key, Vec<u8>)>>,
    /// What has changed since other states of the tree, by their hashes.
    changes: Mutex<HashMap<[u8; 32], Changes>>,
    contents: Mutex<HashMap<RelativePath, ContentHash>>,
    /// Something could not be read that has the same name whether it can be read or not.
    lacks_objects: AtomicBool,
}

/// The numbers of the files that are not as they were; none when nobody knows.
type Changes = Option<Arc<Vec<usize>>>;

impl CachedTree {
    /// Keeps answers about `tree` in `store`.
    pub fn new(tree: Box<dyn TargetTree>, store: Store) -> Self {
        Self {
            tree,
            store,
            snapshot: OnceLock::new(),
            learnt: Mutex::default(),
            changes: Mutex::default(),
            contents: Mutex::default(),
            lacks_objects: AtomicBool::new(false),
        }
    }

    /// What the tree contains, by one look when this is asked for the first time.
    pub fn snapshot(&self) -> &Snapshot {
        self.snapshot.get_or_init(|| Snapshot::take(self.tree.as_ref(), &self.store))
    }

    /// An answer, if there is one under this key.
    pub fn get(&self, key: Key) -> Option<Vec<u8>> {
        self.store.get(key)
    }

    /// Stores an answer when the run is over. It must depend on nothing but what the key is
    /// made of and, when the key says which state, on the files as they are in the snapshot.
    pub fn learn(&self, key: Key, answer: Vec<u8>) {
        lock(&self.learnt).push((key, answer));
    }

    /// The content of a file that the listing may not have.
    pub fn content_of(&self, path: &RelativePath) -> ContentHash {
        let mut contents = lock(&self.contents);
        if let Some(content) = contents.get(path) {
            return *content;
        }
        let content = if self.tree.is_absent(path) {
            snapshot::content_of_nothing()
        } else {
            snapshot::content_of(self.tree.as_ref(), path)
        };
        contents.insert(path.clone(), content);
        content
    }

    /// The numbers of the listed files that are not as in this state of the same listing; none
    /// when nobody knows any more what that state was.
    pub fn changed_since(&self, state: &[u8; 32]) -> Option<Arc<Vec<usize>>> {
        let mut known = lock(&self.changes);
        let look = || {
            if self.snapshot().state() == state {
                return Some(Arc::default());
            }
            let then = self.store.get(state_key(state))?;
            self.snapshot().changed_since(&then).map(Arc::new)
        };
        known.entry(*state).or_insert_with(look).clone()
    }

    fn store_what_was_learnt(&mut self) {
        let learnt = std::mem::take(&mut *lock(&self.learnt));
        let Some(snapshot) = self.snapshot.get() else { return };
        if learnt.is_empty() || *self.lacks_objects.get_mut() || !self.is_still_as_it_was(snapshot) {
            return;
        }
        // Where nothing can be stored everything is found out again, and nobody minds.
        let _ = self.store.put(state_key(snapshot.state()), &snapshot.bytes());
        for (key, answer) in learnt {
            if self.store.put(key, &answer).is_err() {
                return;
            }
        }
        let _ = self.store.evict();
    }
}

impl CachedTree {
    fn is_still_as_it_was(&self, snapshot: &Snapshot) -> bool {
        let tree = self.tree.as_ref();
        let contents = lock(&self.contents);
        let is_same =
            |(path, content): (&RelativePath, &ContentHash)| snapshot::content_of(tree, path) == *content;
        snapshot.still_holds(tree) && contents.iter().all(is_same)
    }

    /// Takes note of an object that is named and not there: it may be there next time.
    fn noted<T>(&self, path: &RelativePath, read: Result<T, Unreadable>) -> Result<T, Unreadable> {
        match &read {
            Err(Unreadable::Failed(_)) if self.tree.content_id(path).is_some() => {
                self.lacks_objects.store(true, Ordering::Relaxed);
            }
            Ok(_) | Err(Unreadable::Missing | Unreadable::NotAFile(_) | Unreadable::Failed(_)) => {}
        }
        read
    }
}

impl Drop for CachedTree {
    fn drop(&mut self) {
        // Nothing that was found out in a panic is worth keeping.
        if !std::thread::panicking() {
            self.store_what_was_learnt();
        }
    }
}

fn state_key(state: &[u8; 32]) -> Key {
    Key::of(&[b"state", state])
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl TargetTree for CachedTree {
    fn python_files(&self) -> &[RelativePath] {
        self.tree.python_files()
    }

    fn blind_spots(&self) -> &[BlindSpot] {
        self.tree.blind_spots()
    }

    fn read(&self, path: &RelativePath) -> Result<Arc<[u8]>, Unreadable> {
        self.snapshot();
        self.noted(path, self.tree.read(path))
    }

    fn look(&self, path: &RelativePath, look: &mut dyn FnMut(&[u8])) -> Result<(), Unreadable> {
        self.snapshot();
        self.noted(path, self.tree.look(path, look))
    }

    fn exists(&self, path: &RelativePath) -> bool {
        self.tree.exists(path)
    }

    fn prefetch(&self, paths: &[RelativePath]) {
        self.tree.prefetch(paths);
    }

    fn other_files(&self) -> Vec<(RelativePath, u64)> {
        self.tree.other_files()
    }

    fn directory(&self) -> Option<&Path> {
        self.tree.directory()
    }

    fn content_id(&self, path: &RelativePath) -> Option<Vec<u8>> {
        self.tree.content_id(path)
    }

    fn cache(&self) -> Option<&CachedTree> {
        Some(self)
    }

    fn describe(&self) -> TargetDescription {
        self.tree.describe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::MemoryTree;

    #[test]
    fn files_beside_the_code_are_those_of_the_tree() {
        let scratch = tempfile::tempdir().unwrap();
        let open = || MemoryTree::parse("--- a.py\nx = 1\n--- settings.yaml\nx: 1\n");
        let cached = CachedTree::new(Box::new(open()), Store::new(scratch.path().join("cache")));
        assert_eq!(cached.other_files(), open().other_files());
        assert_eq!(cached.other_files().len(), 1);
    }

    #[test]
    #[cfg(unix)]
    fn what_a_listing_does_not_have_counts_like_what_cannot_be_opened() {
        let scratch = tempfile::tempdir().unwrap();
        let root = scratch.path().join("target");
        std::fs::create_dir_all(root.join("package")).unwrap();
        std::fs::write(root.join("package/a.py"), "x = 1\n").unwrap();
        std::os::unix::fs::symlink("nothing.py", root.join("package/link.py")).unwrap();
        let open = || Box::new(crate::target::DirectoryTree::open(&root, &[]).unwrap());
        let cached = CachedTree::new(open(), Store::new(scratch.path().join("cache")));
        let names = ["a.py", "package/a.py", "package/b.py", "package/link.py", "package/b/c.py", "b/c.py"];
        for name in names {
            let path = RelativePath::new(name).unwrap();
            assert_eq!(cached.content_of(&path), snapshot::content_of(open().as_ref(), &path), "{name}");
        }
    }
}
