//! What a tree contains, as one hash per file. Files whose size, times and inode are those of
//! the last look are not read again, unless they had changed so shortly before it that they may
//! have changed once more without a trace, as git does with its index.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{RelativePath, TargetTree, Unreadable};
use crate::cache::{Key, Store};
use crate::parallel;

/// The hash of one file's content, or of the reason why it cannot be read.
pub type ContentHash = [u8; 16];

/// A tree's Python files at one time.
#[derive(Debug)]
pub struct Snapshot {
    /// One per listed file, in the order of the listing.
    contents: Vec<ContentHash>,
    /// Stands for the paths that are listed, and those that cannot be.
    listing: blake3::Hash,
    /// Where the files are and how they were, for a directory.
    stamps: Vec<Option<Stamp>>,
    state: [u8; 32],
    /// When the first look began; nothing that changed later is trusted.
    began: u64,
}

/// All that tells without reading that a file is as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    size: u64,
    modified: u64,
    changed: u64,
    inode: u64,
    device: u64,
}

/// A clock may tick as slowly as this where times have fractions of a second.
const TICK: Duration = Duration::from_millis(40);

/// And as slowly as this where they have none.
const COARSE_TICK: Duration = Duration::from_secs(2);

const RECORD: usize = 16 + 16 + 5 * 8;

impl Snapshot {
    /// Looks at a tree; at as little of it as the last look, kept in the store, allows.
    pub(super) fn take(tree: &dyn TargetTree, store: &Store) -> Self {
        let began = nanoseconds(SystemTime::now());
        let paths = tree.python_files();
        let index = Index::read(tree, store);
        let found_changes = AtomicBool::new(false);
        let looked: Vec<(ContentHash, Option<Stamp>)> = parallel::map(paths, |path| {
            let name = name_of(path);
            let stamp = stamp(tree, path);
            if let Some(stamp) = stamp
                && let Some((content, known)) = index.0.get(&name)
                && *known == stamp
            {
                return (*content, Some(stamp));
            }
            found_changes.store(true, Ordering::Relaxed);
            // Why a file cannot be read may be mended without a trace on it.
            let (content, is_readable) = look_at(tree, path);
            (content, stamp.filter(|_| is_readable))
        });
        let mut hasher = blake3::Hasher::new();
        for path in paths {
            hasher.update(path.as_str().as_bytes());
            hasher.update(b"\0");
        }
        for spot in tree.blind_spots() {
            hasher.update(format!("\0{}\0{}\0", spot.path, spot.problem).as_bytes());
        }
        let (contents, stamps): (Vec<ContentHash>, _) = looked.into_iter().unzip();
        let listing = hasher.finalize();
        let mut hasher = blake3::Hasher::new();
        hasher.update(listing.as_bytes());
        for content in &contents {
            hasher.update(content);
        }
        let snapshot = Self { contents, listing, stamps, state: *hasher.finalize().as_bytes(), began };
        if found_changes.into_inner() || index.0.len() != paths.len() {
            snapshot.write_index(tree, store);
        }
        snapshot
    }

    /// Stands for the files that there are, whatever they contain.
    pub fn listing(&self) -> &[u8; 32] {
        self.listing.as_bytes()
    }

    /// The content of the listed file with this number.
    pub fn content(&self, index: usize) -> ContentHash {
        self.contents[index]
    }

    /// Stands for everything in the tree.
    pub fn state(&self) -> &[u8; 32] {
        &self.state
    }

    /// The numbers of the files that are not as in `other`, whose listing is the same.
    pub(super) fn changed_since(&self, other: &[u8]) -> Option<Vec<usize>> {
        if other.len() != self.contents.len() * size_of::<ContentHash>() {
            return None;
        }
        let pairs = self.contents.iter().zip(other.chunks_exact(size_of::<ContentHash>()));
        Some(pairs.enumerate().filter(|(_, (now, then))| now[..] != **then).map(|(index, _)| index).collect())
    }

    /// The contents as bytes.
    pub(super) fn bytes(&self) -> Vec<u8> {
        self.contents.concat()
    }

    /// Whether all files are certainly still as they were when they were looked at.
    pub(super) fn still_holds(&self, tree: &dyn TargetTree) -> bool {
        let files: Vec<_> = self.stamps.iter().zip(&self.contents).zip(tree.python_files()).collect();
        let are_same = parallel::map(&files, |((then, content), path)| match then {
            Some(then) if then.is_settled(self.began) => stamp(tree, path) == Some(*then),
            Some(_) | None => content_of(tree, path) == **content,
        });
        are_same.into_iter().all(|is_same| is_same)
    }

    fn write_index(&self, tree: &dyn TargetTree, store: &Store) {
        let mut bytes = Vec::with_capacity(self.contents.len() * RECORD);
        for ((path, content), stamp) in tree.python_files().iter().zip(&self.contents).zip(&self.stamps) {
            let Some(stamp) = stamp.filter(|stamp| stamp.is_settled(self.began)) else { continue };
            bytes.extend_from_slice(&name_of(path));
            bytes.extend_from_slice(content);
            for number in [stamp.size, stamp.modified, stamp.changed, stamp.inode, stamp.device] {
                bytes.extend_from_slice(&number.to_le_bytes());
            }
        }
        if let Some(key) = Index::key(tree)
            && !bytes.is_empty()
        {
            // Without it the files are read again, that is all.
            let _ = store.put(key, &bytes);
        }
    }
}

impl Stamp {
    /// Whether the file had not changed for so long that another change would show.
    fn is_settled(&self, began: u64) -> bool {
        const SECOND: u64 = 1_000_000_000;
        let is_coarse = self.modified.is_multiple_of(SECOND) && self.changed.is_multiple_of(SECOND);
        let tick = if is_coarse { COARSE_TICK } else { TICK };
        let tick = u64::try_from(tick.as_nanos()).unwrap_or(u64::MAX);
        self.changed.saturating_add(tick) < began
    }
}

/// What the last look saw: contents and stamps by the hash of the path.
struct Index(HashMap<[u8; 16], (ContentHash, Stamp)>);

impl Index {
    fn read(tree: &dyn TargetTree, store: &Store) -> Self {
        let bytes = Self::key(tree).and_then(|key| store.get(key)).unwrap_or_default();
        let records = bytes.chunks_exact(RECORD).map(|record| {
            let number = |index: usize| {
                let start = 32 + index * 8;
                u64::from_le_bytes(record[start..start + 8].try_into().unwrap_or_default())
            };
            let stamp = Stamp {
                size: number(0),
                modified: number(1),
                changed: number(2),
                inode: number(3),
                device: number(4),
            };
            (sixteen(&record[..16]), (sixteen(&record[16..32]), stamp))
        });
        Self(records.collect())
    }

    fn key(tree: &dyn TargetTree) -> Option<Key> {
        let root = tree.directory()?;
        Some(Key::of(&[b"index", root.as_os_str().as_encoded_bytes()]))
    }
}

/// The content of a file that nothing is known of.
pub(super) fn content_of(tree: &dyn TargetTree, path: &RelativePath) -> ContentHash {
    look_at(tree, path).0
}

/// What stands for the content of a file that is not there.
pub(super) fn content_of_nothing() -> ContentHash {
    content_of_unreadable(&Unreadable::Missing)
}

fn content_of_unreadable(unreadable: &Unreadable) -> ContentHash {
    hash(&[b"unreadable", format!("{unreadable:?}").as_bytes()])
}

/// The content of a file, and whether it could be read.
fn look_at(tree: &dyn TargetTree, path: &RelativePath) -> (ContentHash, bool) {
    if let Some(id) = tree.content_id(path) {
        return (hash(&[b"object", &id]), true);
    }
    let mut content = None;
    match tree.look(path, &mut |bytes| content = Some(hash_of_bytes(bytes))) {
        Ok(()) => (content.unwrap_or_default(), true),
        Err(unreadable) => (content_of_unreadable(&unreadable), false),
    }
}

/// The hash of a file with these bytes.
pub(crate) fn hash_of_bytes(bytes: &[u8]) -> ContentHash {
    sixteen(&blake3::hash(bytes).as_bytes()[..16])
}

fn name_of(path: &RelativePath) -> [u8; 16] {
    hash_of_bytes(path.as_str().as_bytes())
}

fn hash(parts: &[&[u8]]) -> ContentHash {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    sixteen(&hasher.finalize().as_bytes()[..16])
}

fn sixteen(bytes: &[u8]) -> [u8; 16] {
    bytes.try_into().expect("sixteen bytes")
}

/// How the file is now. Links have none: what they lead to may be replaced by something else.
#[cfg(unix)]
fn stamp(tree: &dyn TargetTree, path: &RelativePath) -> Option<Stamp> {
    use std::os::unix::fs::MetadataExt;
    let metadata = std::fs::symlink_metadata(tree.directory()?.join(path.as_str())).ok()?;
    if !metadata.is_file() {
        return None;
    }
    let time = |seconds: i64, nanoseconds: i64| {
        let seconds = u64::try_from(seconds).unwrap_or(0);
        seconds.wrapping_mul(1_000_000_000).wrapping_add(u64::try_from(nanoseconds).unwrap_or(0))
    };
    Some(Stamp {
        size: metadata.size(),
        modified: time(metadata.mtime(), metadata.mtime_nsec()),
        changed: time(metadata.ctime(), metadata.ctime_nsec()),
        inode: metadata.ino(),
        device: metadata.dev(),
    })
}

/// Elsewhere a file does not say when it changed: all are read.
#[cfg(not(unix))]
fn stamp(_tree: &dyn TargetTree, _path: &RelativePath) -> Option<Stamp> {
    None
}

fn nanoseconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::target::DirectoryTree;

    fn write(root: &Path, path: &str, text: &str) {
        fs::write(root.join(path), text).unwrap();
    }

    /// The hashes of a directory's files, by a new look.
    fn contents(root: &Path, store: &Store) -> Vec<ContentHash> {
        let tree = DirectoryTree::open(root, &[]).unwrap();
        Snapshot::take(&tree, store).contents
    }

    #[test]
    fn every_change_is_seen_also_within_one_tick_of_the_clock() {
        let scratch = tempfile::tempdir().unwrap();
        let root = scratch.path().join("target");
        fs::create_dir(&root).unwrap();
        let store = Store::new(scratch.path().join("cache"));
        for round in 0..200 {
            // The same length each time, and no pause in between.
            write(&root, "a.py", &format!("x = {round:06}\n"));
            let expected = hash_of_bytes(format!("x = {round:06}\n").as_bytes());
            assert_eq!(contents(&root, &store), [expected]);
        }
    }

    #[test]
    fn file_that_has_settled_is_not_read_again() {
        let scratch = tempfile::tempdir().unwrap();
        let root = scratch.path().join("target");
        fs::create_dir(&root).unwrap();
        let store = Store::new(scratch.path().join("cache"));
        write(&root, "a.py", "x = 1\n");
        std::thread::sleep(TICK * 3);
        let first = contents(&root, &store);
        // What the index says is taken for true: a wrong entry shows that nothing was read.
        let tree = DirectoryTree::open(&root, &[]).unwrap();
        let key = Index::key(&tree).unwrap();
        let mut index = store.get(key).expect("the file has settled");
        index[16..32].fill(7);
        store.put(key, &index).unwrap();
        assert_eq!(contents(&root, &store), [[7; 16]]);
        fs::rename(root.join("a.py"), root.join("b.py")).unwrap();
        assert_eq!(contents(&root, &store), first);
    }

    #[test]
    fn link_that_leads_elsewhere_now_is_another_file() {
        let scratch = tempfile::tempdir().unwrap();
        let root = scratch.path().join("target");
        fs::create_dir(&root).unwrap();
        let store = Store::new(scratch.path().join("cache"));
        write(&root, "one.txt", "x = 1\n");
        write(&root, "two.txt", "x = 2\n");
        for (target, text) in [("one.txt", "x = 1\n"), ("two.txt", "x = 2\n")] {
            let _ = fs::remove_file(root.join("a.py"));
            std::os::unix::fs::symlink(target, root.join("a.py")).unwrap();
            assert_eq!(contents(&root, &store), [hash_of_bytes(text.as_bytes())]);
        }
    }
}
