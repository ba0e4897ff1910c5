//! What was found out before and cannot have changed: a store of answers, each under a hash of
//! everything that it depends on, the engine's own code among it.
//!
//! The store holds nothing that could not be found out again. It may be deleted at any time; an
//! entry that is damaged is as good as none; entries appear whole or not at all, so that runs
//! that are interrupted, or that run at once, do no harm; and it does not grow without bound.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::interrupt::{self, Temporary};

/// What an entry is found by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key(blake3::Hash);

/// A directory of entries.
#[derive(Debug)]
pub struct Store {
    directory: PathBuf,
    limits: Limits,
}

/// How large a store may become.
#[derive(Clone, Copy, Debug)]
struct Limits {
    bytes: u64,
    entries: usize,
}

/// Which code is asked: changes with every change of it.
const ENGINE: &str = env!("ASSAY_ENGINE");

/// The file by which backup programs know directories that need no backup, and what it must say.
const TAG: (&str, &str) =
    ("CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc55\n# Answers that Assay remembers.\n");

/// Begins every entry; the hash of the rest follows.
const MAGIC: &[u8] = b"assay cache 1\n";
const HEADER: usize = MAGIC.len() + blake3::OUT_LEN;

const LIMITS: Limits = Limits { bytes: 128 * 1024 * 1024, entries: 8192 };

/// An entry that is in use is marked so once in this time, and lives longer.
const MARKED_EVERY: Duration = Duration::from_secs(3600);

/// What a run that was killed has left behind is removed after this time.
const LEFT_BEHIND: Duration = Duration::from_secs(600);

impl Key {
    /// The key of an answer that depends on these parts and on the engine, and on nothing else.
    pub fn of(parts: &[&[u8]]) -> Self {
        let mut hasher = blake3::Hasher::new();
        for part in [ENGINE.as_bytes()].iter().chain(parts) {
            // With its length, so that no part runs into the next.
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        Self(hasher.finalize())
    }
}

impl Store {
    /// A store in this directory, which is created when there is something to store.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self { directory: directory.into(), limits: LIMITS }
    }

    /// Where it is.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// What is stored under this key, if it is whole.
    pub fn get(&self, key: Key) -> Option<Vec<u8>> {
        let path = self.path(key);
        let mut file = open(&path)?;
        let metadata = file.metadata().ok()?;
        // Entries are regular files of bounded size; whatever else has that name is none.
        if !metadata.is_file() || metadata.len() > self.largest() {
            return None;
        }
        let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).ok()? + 1);
        (&mut file).take(self.largest()).read_to_end(&mut bytes).ok()?;
        let whole = bytes
            .strip_prefix(MAGIC)
            .and_then(|rest| rest.split_first_chunk::<{ blake3::OUT_LEN }>())
            .is_some_and(|(hash, content)| blake3::hash(content).as_bytes() == hash);
        if !whole {
            let _ = fs::remove_file(&path);
            return None;
        }
        let age = metadata.modified().ok().and_then(|time| SystemTime::now().duration_since(time).ok());
        if age.is_some_and(|age| age > MARKED_EVERY) {
            let _ = file.set_modified(SystemTime::now());
        }
        bytes.drain(..HEADER);
        Some(bytes)
    }

    /// Stores `content`. That it cannot be stored is no reason to fail: it is not there then.
    /// Nothing is stored that would drive out most of what there is.
    pub fn put(&self, key: Key, content: &[u8]) -> io::Result<()> {
        if (HEADER + content.len()) as u64 > self.largest() {
            return Ok(());
        }
        let path = self.path(key);
        let directory = path.parent().unwrap_or(&self.directory);
        if !directory.is_dir() {
            self.create(directory)?;
        }
        let make = || tempfile::Builder::new().prefix(TEMPORARY).tempfile_in(directory);
        let (mut file, _notice) = interrupt::temporary(make, |file| Temporary::File(file.path().to_owned()))?;
        file.write_all(MAGIC)?;
        file.write_all(blake3::hash(content).as_bytes())?;
        file.write_all(content)?;
        file.persist(path)?;
        Ok(())
    }

    /// Removes the entries that were not used for longest, when there are too many.
    pub fn evict(&self) -> io::Result<()> {
        let now = SystemTime::now();
        let mut entries = Vec::new();
        for directory in fs::read_dir(&self.directory)?.flatten() {
            // Whatever else somebody keeps here is not ours to remove.
            if !is_hexadecimal(&directory.file_name(), 2) {
                continue;
            }
            let Ok(files) = fs::read_dir(directory.path()) else { continue };
            for file in files.flatten() {
                let Ok(metadata) = file.metadata() else { continue };
                let used = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
                let is_left_behind = file.file_name().to_string_lossy().starts_with(TEMPORARY)
                    && now.duration_since(used).is_ok_and(|age| age > LEFT_BEHIND);
                if is_left_behind {
                    let _ = fs::remove_file(file.path());
                } else if is_hexadecimal(&file.file_name(), 2 * blake3::OUT_LEN - 2) {
                    entries.push((used, file.path(), metadata.len()));
                }
            }
        }
        let mut size: u64 = entries.iter().map(|(_, _, size)| size).sum();
        let mut number = entries.len();
        if size <= self.limits.bytes && number <= self.limits.entries {
            return Ok(());
        }
        // To three quarters, so that not every run has to.
        entries.sort();
        for (_, path, length) in entries {
            if size <= self.limits.bytes / 4 * 3 && number <= self.limits.entries / 4 * 3 {
                break;
            }
            if fs::remove_file(path).is_ok() {
                size -= length;
                number -= 1;
            }
        }
        Ok(())
    }

    /// How large one entry may be.
    fn largest(&self) -> u64 {
        self.limits.bytes / 4
    }

    fn path(&self, key: Key) -> PathBuf {
        let name = key.0.to_hex();
        self.directory.join(&name[..2]).join(&name[2..])
    }

    fn create(&self, directory: &Path) -> io::Result<()> {
        fs::create_dir_all(directory)?;
        // Neither backup nor version control wants any of it.
        for (name, text) in [TAG, (".gitignore", "*\n")] {
            let path = self.directory.join(name);
            if !path.exists() {
                fs::write(path, text)?;
            }
        }
        Ok(())
    }
}

/// Opens an entry for reading. Should it be a FIFO, nobody waits for a writer.
fn open(path: &Path) -> Option<File> {
    let mut options = fs::OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY | libc::O_NOFOLLOW);
    }
    options.open(path).ok()
}

fn is_hexadecimal(name: &OsStr, length: usize) -> bool {
    name.len() == length && name.as_encoded_bytes().iter().all(u8::is_ascii_hexdigit)
}

/// How the names of entries begin that are not whole yet.
const TEMPORARY: &str = ".new-";

#[cfg(test)]
mod tests {
    use super::*;

    fn store() -> (tempfile::TempDir, Store) {
        let scratch = tempfile::tempdir().unwrap();
        let store = Store::new(scratch.path().join("cache"));
        (scratch, store)
    }

    #[test]
    fn what_is_stored_is_found_again_and_nothing_else() {
        let (_scratch, store) = store();
        let key = Key::of(&[b"a", b"bc"]);
        assert_eq!(store.get(key), None);
        store.put(key, b"content").unwrap();
        assert_eq!(store.get(key).as_deref(), Some(&b"content"[..]));
        assert_eq!(store.get(Key::of(&[b"ab", b"c"])), None);
        store.put(key, b"").unwrap();
        assert_eq!(store.get(key).as_deref(), Some(&b""[..]));
        let mark = fs::read_to_string(store.directory().join(TAG.0)).unwrap();
        assert!(mark.starts_with("Signature: 8a477f597d28d172789f06886806bc55"));
    }

    #[test]
    fn damaged_entry_is_none() {
        let (_scratch, store) = store();
        let key = Key::of(&[b"a"]);
        let damage = |change: &dyn Fn(&mut Vec<u8>)| {
            store.put(key, b"some content").unwrap();
            let mut bytes = fs::read(store.path(key)).unwrap();
            change(&mut bytes);
            fs::write(store.path(key), bytes).unwrap();
            store.get(key)
        };
        assert!(damage(&|_| {}).is_some());
        for length in 0..MAGIC.len() + blake3::OUT_LEN + 12 {
            assert_eq!(damage(&|bytes| bytes.truncate(length)), None);
            assert_eq!(damage(&|bytes| bytes[length] ^= 1), None);
        }
        assert_eq!(damage(&|bytes| bytes.push(b'!')), None);
        assert!(!store.path(key).exists());
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_regular_file_or_too_large_is_no_entry() {
        let (_scratch, store) = store();
        let key = Key::of(&[b"a"]);
        let replace = |make: &dyn Fn(&Path)| {
            store.put(key, b"content").unwrap();
            fs::remove_file(store.path(key)).unwrap();
            make(&store.path(key));
            let found = store.get(key);
            fs::remove_file(store.path(key)).unwrap();
            found
        };
        let fifo = |path: &Path| {
            use rustix::fs::{CWD, FileType, Mode, mknodat};
            mknodat(CWD, path, FileType::Fifo, Mode::RWXU, 0).unwrap();
        };
        assert_eq!(replace(&fifo), None);
        assert_eq!(replace(&|path| std::os::unix::fs::symlink("/dev/zero", path).unwrap()), None);
        assert_eq!(replace(&|path| File::create(path).unwrap().set_len(1 << 43).unwrap()), None);
    }

    #[test]
    fn store_is_bounded_and_keeps_what_was_used_last() {
        let (_scratch, mut store) = store();
        store.limits = Limits { bytes: 10_000, entries: 8 };
        for number in 0..12_u8 {
            let key = Key::of(&[&[number]]);
            store.put(key, &[number]).unwrap();
            let used = SystemTime::UNIX_EPOCH + Duration::from_secs(1000 - u64::from(number));
            File::options().write(true).open(store.path(key)).unwrap().set_modified(used).unwrap();
        }
        store.evict().unwrap();
        let left: Vec<u8> = (0..12).filter(|number| store.get(Key::of(&[&[*number]])).is_some()).collect();
        assert_eq!(left, [0, 1, 2, 3, 4, 5]);
        store.put(Key::of(&[b"large"]), &[0; 3000]).unwrap();
        store.evict().unwrap();
        assert_eq!(store.get(Key::of(&[b"large"])), None, "one entry would drive out the others");
        assert_eq!(store.get(Key::of(&[&[0]])).as_deref(), Some(&[0][..]));
    }
}
