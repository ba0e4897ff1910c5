//! Private scratch directories, cleaned up afterwards; those of runs that were killed are cleaned
//! up by the next run. A directory belongs to a run as long as the run holds the lock beside it.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::interrupt::{Notice, Temporary, temporary};

const PREFIX: &str = "assay-scratch-";
const LOCK: &str = ".lock";

/// The scratch directory of a session.
#[derive(Debug)]
pub(super) struct Scratch {
    path: PathBuf,
    lock_path: PathBuf,
    _lock: File,
    next: AtomicU64,
    /// Dropped last, when both are gone.
    _notices: [Notice; 2],
}

impl Scratch {
    /// Makes one below `parent`, after removing what killed runs have left there.
    pub(super) fn new(parent: &Path) -> io::Result<Self> {
        let parent = fs::canonicalize(parent)?;
        sweep(&parent);
        for attempt in 0..100 {
            let name = format!("{PREFIX}{}-{attempt}", std::process::id());
            let lock_path = parent.join(format!("{name}{LOCK}"));
            let mut options = OpenOptions::new();
            options.write(true).create_new(true).mode(0o600).custom_flags(libc::O_NOFOLLOW);
            let made = temporary(|| options.open(&lock_path), |_| Temporary::File(lock_path.clone()));
            let (lock, lock_notice) = match made {
                Ok(made) => made,
                Err(problem) if problem.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(problem) => return Err(problem),
            };
            // Between making and locking it another run may have taken it for an orphan.
            if !try_lock(&lock) || lock.metadata()?.nlink() == 0 {
                continue;
            }
            let path = parent.join(name);
            let make = || fs::DirBuilder::new().mode(0o700).create(&path);
            let ((), notice) = temporary(make, |()| Temporary::Directory(path.clone()))?;
            let next = AtomicU64::new(0);
            return Ok(Self { path, lock_path, _lock: lock, next, _notices: [notice, lock_notice] });
        }
        Err(io::Error::other(format!("no free name in `{}`", parent.display())))
    }

    /// The directory itself.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// A fresh directory for one question.
    pub(super) fn question(&self) -> io::Result<PathBuf> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let path = self.path.join(format!("question-{number}"));
        fs::DirBuilder::new().mode(0o700).create(&path)?;
        Ok(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        remove(&self.path);
        let _ = fs::remove_file(&self.lock_path);
    }
}

/// Removes what nobody holds the lock of.
fn sweep(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        let Some(stem) = name.strip_suffix(LOCK).filter(|stem| stem.starts_with(PREFIX)) else { continue };
        let lock_path = entry.path();
        let opened = OpenOptions::new().write(true).custom_flags(libc::O_NOFOLLOW).open(&lock_path);
        let Ok(lock) = opened else { continue };
        // SAFETY: the call cannot fail.
        let me = unsafe { libc::geteuid() };
        let is_mine = lock.metadata().is_ok_and(|metadata| metadata.uid() == me && metadata.is_file());
        if is_mine && try_lock(&lock) {
            remove(&parent.join(stem));
            let _ = fs::remove_file(&lock_path);
        }
    }
}

fn try_lock(file: &File) -> bool {
    // SAFETY: a plain call on an open descriptor.
    unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) == 0 }
}

/// Removes a tree, also where code under examination has taken permissions away.
pub(super) fn remove(path: &Path) {
    if fs::remove_dir_all(path).is_ok() {
        return;
    }
    permit(path);
    let _ = fs::remove_dir_all(path);
}

fn permit(path: &Path) {
    let Ok(metadata) = fs::symlink_metadata(path) else { return };
    if !metadata.is_dir() {
        return;
    }
    let _ = fs::set_permissions(path, fs::Permissions::from_mode(0o700));
    let Ok(entries) = fs::read_dir(path) else { return };
    for entry in entries.flatten() {
        permit(&entry.path());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scratch_is_gone_with_its_session() {
        let parent = tempfile::tempdir().unwrap();
        let scratch = Scratch::new(parent.path()).unwrap();
        let question = scratch.question().unwrap();
        fs::write(question.join("x"), "x").unwrap();
        fs::set_permissions(&question, fs::Permissions::from_mode(0o000)).unwrap();
        drop(scratch);
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
    }

    #[test]
    fn next_run_removes_what_a_killed_one_left_and_nothing_else() {
        let parent = tempfile::tempdir().unwrap();
        let orphan = parent.path().join(format!("{PREFIX}1-0"));
        fs::create_dir_all(orphan.join("question-0/deep")).unwrap();
        fs::write(parent.path().join(format!("{PREFIX}1-0{LOCK}")), "").unwrap();
        fs::create_dir(parent.path().join("somebody-else")).unwrap();
        let alive = Scratch::new(parent.path()).unwrap();
        let other = Scratch::new(parent.path()).unwrap();
        assert!(!orphan.exists());
        assert!(alive.path().exists() && other.path().exists());
        drop((alive, other));
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 1);
    }
}
