//! A target that is a directory.
//!
//! Only regular files are opened, and only below the root: a symbolic link that stays inside
//! is read, one that leaves is a value with a reason. What a listing shows follows the version
//! control system, not the machine: files that the target's own `.gitignore` leaves out are not
//! swept (though they can be read when they are named), while ignore files of search tools and
//! the user's private ignore rules play no part. Hidden directories are searched, because a
//! git revision of the same content would show them too.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use ignore::{DirEntry, WalkBuilder, WalkState};

use super::{
    BlindSpot, ENVIRONMENT_MARK, FileSelector, LEAVES_ROOT, MAX_FILE_SIZE, RelativePath, TargetDescription,
    TargetError, TargetTree, Unreadable, is_python_file, too_large,
};

/// A directory as it is on disk now.
#[derive(Debug)]
pub struct DirectoryTree {
    given: PathBuf,
    root: PathBuf,
    exclude: FileSelector,
    listing: OnceLock<Listing>,
    names: Mutex<HashMap<String, Names>>,
    /// The root, kept open: files are opened from here.
    #[cfg(target_os = "linux")]
    directory: Option<File>,
}

/// What a directory holds. `None`: it cannot be listed, each file has to be asked for.
type Names = Option<Arc<HashSet<OsString>>>;

/// Reading buffers larger than this are not kept.
const LARGEST_KEPT: usize = 1024 * 1024;

#[derive(Debug, Default)]
struct Listing {
    python_files: Vec<RelativePath>,
    blind_spots: Vec<BlindSpot>,
}

impl DirectoryTree {
    /// Opens `root`; `exclude` are globs of files that a listing leaves out.
    pub fn open(root: &Path, exclude: &[String]) -> Result<Self, TargetError> {
        let canonical =
            fs::canonicalize(root).map_err(|error| TargetError::cannot_open(root, &error.to_string()))?;
        if !canonical.is_dir() {
            return Err(TargetError::not_a_directory(root));
        }
        Ok(Self {
            #[cfg(target_os = "linux")]
            directory: File::open(&canonical).ok(),
            given: root.to_owned(),
            root: canonical,
            exclude: FileSelector::excluding(exclude)?,
            listing: OnceLock::new(),
            names: Mutex::default(),
        })
    }

    /// The root, absolute and without symbolic links.
    pub fn root(&self) -> &Path {
        &self.root
    }

    fn listing(&self) -> &Listing {
        self.listing.get_or_init(|| {
            let (walked, tracked) = rayon::join(|| self.walk(), || self.tracked_files());
            let Listing { python_files, mut blind_spots } = walked;
            let mut files: BTreeSet<RelativePath> = python_files.into_iter().collect();
            let mut foreign = HashMap::new();
            for path in tracked {
                if !files.contains(&path)
                    && self.exists(&path)
                    && !self.is_in_environment(&path, &mut foreign)
                {
                    files.insert(path);
                }
            }
            blind_spots.sort();
            Listing {
                python_files: files.into_iter().filter(|path| !self.exclude.matches(path)).collect(),
                blind_spots: blind_spots
                    .into_iter()
                    .filter(|spot| !self.exclude.matches_text(&spot.path))
                    .collect(),
            }
        })
    }

    /// Everything below the root that the target's `.gitignore` files leave.
    fn walk(&self) -> Listing {
        let found = Mutex::new(Listing::default());
        let closed = Arc::new(Mutex::new(Vec::new()));
        let enters = {
            let closed = Arc::clone(&closed);
            move |entry: &DirEntry| {
                if is_foreign_directory(entry) {
                    return false;
                }
                let is_closed = entry.depth() > 0 && has_no_regular_rules(entry.path());
                if is_closed {
                    closed.lock().unwrap_or_else(PoisonError::into_inner).push(entry.path().to_owned());
                }
                !is_closed
            }
        };
        WalkBuilder::new(&self.root)
            .hidden(false)
            .ignore(false)
            .git_global(false)
            .git_exclude(false)
            // The walker opens whatever has that name, and would wait for a FIFO's writer.
            .git_ignore(!self.root.ancestors().any(has_no_regular_rules))
            .threads(rayon::current_num_threads().min(8))
            .filter_entry(enters)
            .build_parallel()
            .run(|| {
                let mut batch = Batch { tree: self, found: &found, listing: Listing::default() };
                Box::new(move |entry| {
                    batch.visit(entry);
                    WalkState::Continue
                })
            });
        let mut listing = found.into_inner().unwrap_or_else(PoisonError::into_inner);
        let closed = std::mem::take(&mut *closed.lock().unwrap_or_else(PoisonError::into_inner));
        listing.blind_spots.extend(closed.into_iter().map(|path| BlindSpot {
            path: path.strip_prefix(&self.root).unwrap_or(&path).to_string_lossy().into_owned(),
            problem: "has a `.gitignore` that is no regular file".to_owned(),
        }));
        listing
    }

    /// Python files that git tracks: they belong to the target even where an ignore rule
    /// covers them. Empty where there is no repository or no git.
    fn tracked_files(&self) -> Vec<RelativePath> {
        if !self.root.ancestors().any(|directory| directory.join(".git").exists()) {
            return Vec::new();
        }
        let mut git = super::git::git_command(&self.root);
        git.args(["ls-files", "-z", "--cached", "--", "*.py"]);
        let Ok(output) = super::git::finish(&mut git) else { return Vec::new() };
        if !output.status.success() {
            return Vec::new();
        }
        output
            .stdout
            .split(|byte| *byte == 0)
            .filter_map(|name| std::str::from_utf8(name).ok())
            .filter_map(|name| RelativePath::new(name).ok())
            .collect()
    }

    /// Whether one of the directories of `path` is a virtual environment.
    fn is_in_environment(&self, path: &RelativePath, known: &mut HashMap<String, bool>) -> bool {
        path.as_str().match_indices('/').any(|(end, _)| {
            let directory = &path.as_str()[..end];
            *known
                .entry(directory.to_owned())
                .or_insert_with(|| self.root.join(directory).join(ENVIRONMENT_MARK).exists())
        })
    }

    /// The names in a directory below the root, listed once; none when there is no such directory.
    fn names_in(&self, directory: &str) -> Names {
        let known = |names: &Mutex<HashMap<String, Names>>| {
            names.lock().unwrap_or_else(PoisonError::into_inner).get(directory).cloned()
        };
        if let Some(names) = known(&self.names) {
            return names;
        }
        let is_there = directory.is_empty() || {
            let (parent, name) = directory.rsplit_once('/').unwrap_or(("", directory));
            self.names_in(parent).is_none_or(|names| names.contains(OsStr::new(name)))
        };
        let names = match is_there.then(|| fs::read_dir(self.root.join(directory))) {
            None => Some(Arc::default()),
            Some(Ok(entries)) => {
                let names: io::Result<HashSet<OsString>> =
                    entries.map(|entry| entry.map(|entry| entry.file_name())).collect();
                names.ok().map(Arc::new)
            }
            Some(Err(error)) => match error.kind() {
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Some(Arc::default()),
                _ => None,
            },
        };
        let mut all = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(directory.to_owned()).or_insert(names).clone()
    }

    fn read_into(&self, path: &RelativePath, buffer: &mut Vec<u8>) -> Result<(), Unreadable> {
        buffer.clear();
        #[cfg(target_os = "linux")]
        if let Some(directory) = &self.directory {
            match open_beneath(directory, path) {
                Opened::File(file, size) => return read_regular_file(file, size, buffer),
                Opened::Missing => return Err(Unreadable::Missing),
                Opened::Unknown => {}
            }
        }
        // The kernel does not know the call, or there is something to be said of the path.
        let (located, metadata) = self.locate(path)?;
        let file = open_regular_file(&located)?;
        read_regular_file(file, metadata.len(), buffer)
    }

    /// The file that `path` names, symbolic links resolved, if it is a regular file inside.
    fn locate(&self, path: &RelativePath) -> Result<(PathBuf, fs::Metadata), Unreadable> {
        let full = self.root.join(path.as_str());
        let resolved = fs::canonicalize(&full).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound if fs::symlink_metadata(&full).is_ok() => {
                Unreadable::NotAFile("is a symbolic link to nothing".to_owned())
            }
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Unreadable::Missing,
            _ if is_loop(&error) => {
                Unreadable::NotAFile("is a symbolic link that leads in a circle".to_owned())
            }
            _ => Unreadable::Failed(error.to_string()),
        })?;
        if !resolved.starts_with(&self.root) {
            return Err(Unreadable::NotAFile(LEAVES_ROOT.to_owned()));
        }
        let metadata = fs::metadata(&resolved).map_err(|error| Unreadable::Failed(error.to_string()))?;
        if !metadata.is_file() {
            return Err(Unreadable::NotAFile(format!("is {}", kind_of(metadata.file_type()))));
        }
        Ok((resolved, metadata))
    }
}

impl TargetTree for DirectoryTree {
    fn directory(&self) -> Option<&Path> {
        Some(&self.root)
    }

    /// None are needed: what is imported lies here.
    fn other_files(&self) -> Vec<(RelativePath, u64)> {
        Vec::new()
    }

    fn python_files(&self) -> &[RelativePath] {
        &self.listing().python_files
    }

    fn blind_spots(&self) -> &[BlindSpot] {
        &self.listing().blind_spots
    }

    fn read(&self, path: &RelativePath) -> Result<Arc<[u8]>, Unreadable> {
        let mut read = None;
        self.look(path, &mut |bytes| read = Some(Arc::from(bytes)))?;
        Ok(read.unwrap_or_default())
    }

    fn look(&self, path: &RelativePath, look: &mut dyn FnMut(&[u8])) -> Result<(), Unreadable> {
        thread_local! {
            /// Memory that was touched before costs nothing to fill again.
            static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
        }
        let mut buffer = BUFFER.take();
        let read = self.read_into(path, &mut buffer);
        if read.is_ok() {
            look(&buffer);
        }
        if buffer.capacity() <= LARGEST_KEPT {
            BUFFER.replace(buffer);
        }
        read
    }

    fn exists(&self, path: &RelativePath) -> bool {
        // Most of what imports ask for is not there.
        !self.is_absent(path) && self.locate(path).is_ok()
    }

    fn is_absent(&self, path: &RelativePath) -> bool {
        let (directory, name) = path.as_str().rsplit_once('/').unwrap_or(("", path.as_str()));
        self.names_in(directory).is_some_and(|names| !names.contains(OsStr::new(name)))
    }

    fn describe(&self) -> TargetDescription {
        TargetDescription { root: self.given.display().to_string(), revision: None }
    }
}

/// What one walking thread has found; handed over in one piece when the thread ends.
struct Batch<'tree> {
    tree: &'tree DirectoryTree,
    found: &'tree Mutex<Listing>,
    listing: Listing,
}

impl Batch<'_> {
    fn visit(&mut self, entry: Result<DirEntry, ignore::Error>) {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                self.listing.blind_spots.push(self.unreadable_directory(&error));
                return;
            }
        };
        let path = entry.path();
        if !path.as_os_str().as_encoded_bytes().ends_with(b".py") {
            return;
        }
        let Ok(below_root) = path.strip_prefix(&self.tree.root) else { return };
        let Some(kind) = entry.file_type() else { return };
        if kind.is_dir() || !(kind.is_file() || kind.is_symlink()) {
            return;
        }
        let Some(path) = below_root.to_str().and_then(|text| RelativePath::new(text).ok()) else {
            let problem = match below_root.to_str() {
                Some(_) => "has a name with a backslash or a NUL",
                None => "has a name that is not valid UTF-8",
            };
            self.listing.blind_spots.push(BlindSpot {
                path: below_root.to_string_lossy().into_owned(),
                problem: problem.to_owned(),
            });
            return;
        };
        if kind.is_symlink() {
            match self.tree.locate(&path) {
                Ok(_) => {}
                Err(Unreadable::NotAFile(problem)) if problem == LEAVES_ROOT => {
                    self.listing.blind_spots.push(BlindSpot { path: path.to_string(), problem });
                    return;
                }
                Err(Unreadable::Missing | Unreadable::NotAFile(_) | Unreadable::Failed(_)) => return,
            }
        }
        debug_assert!(is_python_file(path.as_str()));
        self.listing.python_files.push(path);
    }

    fn unreadable_directory(&self, error: &ignore::Error) -> BlindSpot {
        let mut inner = error;
        let mut path = None;
        loop {
            match inner {
                ignore::Error::WithPath { path: with, err } => {
                    path = Some(with.clone());
                    inner = err;
                }
                ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => {
                    inner = err
                }
                _ => break,
            }
        }
        let path = path.unwrap_or_default();
        let below_root = path.strip_prefix(&self.tree.root).unwrap_or(&path);
        BlindSpot { path: below_root.to_string_lossy().into_owned(), problem: inner.to_string() }
    }
}

impl Drop for Batch<'_> {
    fn drop(&mut self) {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found.python_files.append(&mut self.listing.python_files);
        found.blind_spots.append(&mut self.listing.blind_spots);
    }
}

/// Directories whose Python files are not the target's: version control, and virtual
/// environments, which say so by a file of their own.
fn is_foreign_directory(entry: &DirEntry) -> bool {
    entry.depth() > 0
        && entry.file_type().is_some_and(|kind| kind.is_dir())
        && (super::is_version_control(&entry.file_name().to_string_lossy())
            || entry.path().join(ENVIRONMENT_MARK).exists())
}

/// Whether the ignore rules of a directory are a FIFO, a device or a socket, which nobody should open.
fn has_no_regular_rules(directory: &Path) -> bool {
    fs::metadata(directory.join(".gitignore")).is_ok_and(|rules| !rules.is_file() && !rules.is_dir())
}

/// Opens a file that was regular a moment ago. Should it have become a FIFO since, opening
/// must not wait for a writer.
fn open_regular_file(path: &Path) -> Result<File, Unreadable> {
    let mut options = fs::OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY | libc::O_NOFOLLOW);
    }
    options.open(path).map_err(|error| Unreadable::Failed(error.to_string()))
}

/// What opening a file below a directory led to.
#[cfg(target_os = "linux")]
enum Opened {
    File(File, u64),
    /// There is nothing of that name, not even a link.
    Missing,
    /// There is something to be said of the path, which the slower way finds out.
    Unknown,
}

/// Opens a regular file without resolving its path here: the kernel sees to it that no link
/// leaves the directory.
#[cfg(target_os = "linux")]
fn open_beneath(directory: &File, path: &RelativePath) -> Opened {
    use rustix::fs::{AtFlags, FileType, Mode, OFlags, ResolveFlags, openat2, statat};
    use rustix::io::Errno;
    // What is no file is not even opened: a device may do anything then.
    let stat = match statat(directory, path.as_str(), AtFlags::empty()) {
        Ok(stat) => stat,
        Err(Errno::NOENT | Errno::NOTDIR) => {
            let link = statat(directory, path.as_str(), AtFlags::SYMLINK_NOFOLLOW);
            return if link.is_err() { Opened::Missing } else { Opened::Unknown };
        }
        Err(_) => return Opened::Unknown,
    };
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return Opened::Unknown;
    }
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    match openat2(directory, path.as_str(), flags, Mode::empty(), ResolveFlags::BENEATH) {
        Ok(file) => Opened::File(File::from(file), u64::try_from(stat.st_size).unwrap_or(0)),
        Err(_) => Opened::Unknown,
    }
}

fn read_regular_file(file: File, size: u64, buffer: &mut Vec<u8>) -> Result<(), Unreadable> {
    if size > MAX_FILE_SIZE {
        return Err(too_large(size));
    }
    // With room for one more byte than there should be, the end shows without growing.
    buffer.reserve(usize::try_from(size).unwrap_or(0) + 1);
    file.take(MAX_FILE_SIZE + 1)
        .read_to_end(buffer)
        .map_err(|error| Unreadable::Failed(error.to_string()))?;
    let read = buffer.len() as u64;
    if read > MAX_FILE_SIZE { Err(too_large(read)) } else { Ok(()) }
}

fn is_loop(error: &io::Error) -> bool {
    cfg!(unix) && error.raw_os_error() == Some(libc::ELOOP)
}

fn kind_of(kind: fs::FileType) -> &'static str {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        if kind.is_fifo() {
            return "a FIFO";
        }
        if kind.is_socket() {
            return "a socket";
        }
        if kind.is_char_device() || kind.is_block_device() {
            return "a device";
        }
    }
    if kind.is_dir() { "a directory" } else { "no regular file" }
}

#[cfg(test)]
mod tests;
