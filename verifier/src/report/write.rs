//! Files that are written whole or not at all.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::interrupt::{self, Temporary};

/// Why a file was not written. What was there before is still there.
#[derive(Debug)]
pub struct WriteError {
    /// The file that was to be written.
    pub path: PathBuf,
    /// What was attempted.
    pub operation: &'static str,
    /// How it ended.
    pub error: io::Error,
}

/// Replaces `path` by a file with this content, in one step: whoever reads it sees the old
/// content or the new, also when this process is killed or the disk is full. A symbolic link is
/// followed; anything that is neither a file nor absent is left alone.
pub fn write_whole(path: &Path, content: &[u8]) -> Result<(), WriteError> {
    let failed = |operation| move |error| WriteError { path: path.to_owned(), operation, error };
    let path = &resolve(path).map_err(failed("cannot look at"))?;
    let existing = match fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => Some(metadata),
        // A pipe or a terminal cannot be replaced, and can take the text as it comes.
        Ok(metadata) if !metadata.is_dir() => {
            let mut file = File::options().write(true).open(path).map_err(failed("cannot open"))?;
            return file.write_all(content).map_err(failed("cannot write"));
        }
        Ok(_) => {
            let error = io::Error::new(io::ErrorKind::IsADirectory, "is a directory");
            return Err(failed("cannot write")(error));
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(failed("cannot look at")(error)),
    };
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        Some(_) | None => Path::new("."),
    };
    // A run that is killed in between leaves its hidden file behind. The name tells whose it
    // was, so that the next run can remove it while concurrent runs are left alone.
    remove_left_behind(directory, path);
    let prefix = temporary_prefix(path, std::process::id());
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix);
    // What `open` gives to a new file, instead of the privacy of a temporary one; the process's
    // mask still applies.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let make = || builder.tempfile_in(directory);
    let (mut temporary, _notice) = interrupt::temporary(make, |file| Temporary::File(file.path().to_owned()))
        .map_err(failed("cannot create a file beside"))?;
    temporary.write_all(content).map_err(failed("cannot write"))?;
    if let Some(metadata) = existing {
        temporary
            .as_file()
            .set_permissions(metadata.permissions())
            .map_err(failed("cannot set the permissions of"))?;
    }
    temporary.as_file().sync_all().map_err(failed("cannot write"))?;
    temporary.persist(path).map_err(|error| failed("cannot replace")(error.error))?;
    // The name is durable when the directory is. Not every file system can do that, and the
    // content is whole either way.
    let _ = File::open(directory).and_then(|directory| directory.sync_all());
    Ok(())
}

/// The file that a symbolic link stands for, which need not be there yet.
fn resolve(path: &Path) -> io::Result<PathBuf> {
    /// As many as Linux follows before it suspects a circle.
    const MOST_LINKS: usize = 40;
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        match fs::symlink_metadata(&path) {
            Ok(metadata) if metadata.is_symlink() => {
                let target = fs::read_link(&path)?;
                path = path.parent().unwrap_or(Path::new("")).join(target);
            }
            Ok(_) | Err(_) => return Ok(path),
        }
    }
    Err(io::Error::other("too many symbolic links"))
}

fn temporary_prefix(path: &Path, process: u32) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    format!(".{name}.assay-{process}-")
}

fn remove_left_behind(directory: &Path, path: &Path) {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let prefix = format!(".{name}.assay-");
    let Ok(entries) = fs::read_dir(directory) else { return };
    for entry in entries.flatten() {
        let file_name = entry.file_name();
        let Some(process) = file_name.to_str().and_then(|name| name.strip_prefix(&prefix)) else { continue };
        let process = process.split('-').next().unwrap_or_default();
        let ended = cfg!(target_os = "linux")
            && process.parse::<u32>().is_ok_and(|id| !Path::new(&format!("/proc/{id}")).exists());
        if ended {
            let _ = fs::remove_file(entry.path());
        }
    }
}

impl fmt::Display for WriteError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} `{}`: {}", self.operation, self.path.display(), self.error)
    }
}

impl std::error::Error for WriteError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_is_replaced_and_nothing_is_left_beside_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("report.md");
        write_whole(&path, b"one").unwrap();
        write_whole(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::read_dir(&directory).unwrap().count(), 1);
    }

    #[test]
    fn what_was_there_stays_when_the_new_file_cannot_be_written() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("report.md");
        fs::create_dir(&path).unwrap();
        assert_eq!(write_whole(&path, b"one").unwrap_err().operation, "cannot write");
        assert!(path.is_dir());
        let nowhere = directory.path().join("missing/report.md");
        assert_eq!(write_whole(&nowhere, b"one").unwrap_err().error.kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn leftovers_of_ended_processes_are_removed_and_those_of_live_ones_kept() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("report.md");
        let ended = directory.path().join(".report.md.assay-4294967294-abc");
        let running = directory.path().join(format!(".report.md.assay-{}-abc", std::process::id()));
        let foreign = directory.path().join(".report.md.swp");
        for file in [&ended, &running, &foreign] {
            fs::write(file, "").unwrap();
        }
        write_whole(&path, b"one").unwrap();
        assert_eq!(ended.exists(), !cfg!(target_os = "linux"));
        assert!(running.exists() && foreign.exists());
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_and_permissions_kept() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("file.md");
        let link = directory.path().join("link.md");
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        write_whole(&link, b"new").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&file).unwrap(), b"new");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_what_is_not_there_yet_makes_it() {
        use std::os::unix::fs::symlink;
        let directory = tempfile::tempdir().unwrap();
        let in_it = |name: &str| directory.path().join(name);
        fs::create_dir(in_it("reports")).unwrap();
        symlink("second.md", in_it("first.md")).unwrap();
        symlink("reports/file.md", in_it("second.md")).unwrap();
        write_whole(&in_it("first.md"), b"new").unwrap();
        assert_eq!(fs::read(in_it("reports/file.md")).unwrap(), b"new");
        assert!(fs::symlink_metadata(in_it("first.md")).unwrap().is_symlink());
        symlink("circle.md", in_it("circle.md")).unwrap();
        let error = write_whole(&in_it("circle.md"), b"new").unwrap_err();
        assert_eq!(error.error.to_string(), "too many symbolic links");
    }
}
