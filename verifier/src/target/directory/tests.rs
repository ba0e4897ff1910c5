//! Directories as they are found in the world, on a real file system.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use super::*;

struct Scratch {
    directory: tempfile::TempDir,
}

impl Scratch {
    fn new(files: &[&str]) -> Self {
        let scratch = Self { directory: tempfile::tempdir().unwrap() };
        fs::create_dir(scratch.root()).unwrap();
        for file in files {
            scratch.write(file, format!("# {file}\n").as_bytes());
        }
        scratch
    }

    fn root(&self) -> PathBuf {
        self.directory.path().join("root")
    }

    fn write(&self, file: &str, bytes: &[u8]) {
        let path = self.root().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    fn tree(&self) -> DirectoryTree {
        DirectoryTree::open(&self.root(), &["backups".to_owned()]).unwrap()
    }

    fn listed(&self) -> Vec<String> {
        self.tree().python_files().iter().map(RelativePath::to_string).collect()
    }

    fn blind(&self) -> Vec<String> {
        self.tree().blind_spots().iter().map(|spot| format!("{} {}", spot.path, spot.problem)).collect()
    }

    fn read(&self, path: &str) -> Result<String, Unreadable> {
        let bytes = self.tree().read(&RelativePath::new(path).unwrap())?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn git(&self, arguments: &[&str]) {
        let output = crate::target::git::git_command(&self.root())
            .args(["-c", "user.name=Nobody", "-c", "user.email=nobody@example.org"])
            .args(arguments)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

fn make_fifo(path: &Path) {
    rustix::fs::mknodat(rustix::fs::CWD, path, rustix::fs::FileType::Fifo, rustix::fs::Mode::RWXU, 0)
        .unwrap();
}

fn not_a_file<T>(what: &str) -> Result<T, Unreadable> {
    Err(Unreadable::NotAFile(what.to_owned()))
}

#[test]
fn python_files_are_listed_in_order_without_excluded_ones() {
    let scratch = Scratch::new(&[
        "b.py",
        "a/z.py",
        "a/.hidden/y.py",
        "backups/old.py",
        "a/x.pyi",
        ".git/hook.py",
        "notes.txt",
    ]);
    assert_eq!(scratch.listed(), ["a/.hidden/y.py", "a/z.py", "b.py"]);
}

#[test]
fn excluded_files_can_be_read_by_name() {
    let scratch = Scratch::new(&["backups/old.py"]);
    assert_eq!(scratch.read("backups/old.py").as_deref(), Ok("# backups/old.py\n"));
}

#[test]
fn virtual_environments_are_not_the_targets_code() {
    let scratch = Scratch::new(&["a.py", "env/pyvenv.cfg", "env/lib/package.py"]);
    assert_eq!(scratch.listed(), ["a.py"]);
}

#[test]
fn ignored_files_are_listed_only_when_git_tracks_them() {
    let scratch = Scratch::new(&["a.py", "made/tracked.py", "made/not_tracked.py"]);
    scratch.git(&["init", "--quiet"]);
    scratch.write(".gitignore", b"made/\n");
    scratch.git(&["add", "--force", "a.py", "made/tracked.py"]);
    assert_eq!(scratch.listed(), ["a.py", "made/tracked.py"]);
    assert_eq!(scratch.read("made/not_tracked.py").as_deref(), Ok("# made/not_tracked.py\n"));
}

#[test]
fn ignore_files_of_search_tools_play_no_part() {
    let scratch = Scratch::new(&["a.py"]);
    scratch.write(".ignore", b"*.py\n");
    assert_eq!(scratch.listed(), ["a.py"]);
}

#[test]
fn links_inside_are_read_and_links_outside_are_not() {
    let scratch = Scratch::new(&["real/a.py"]);
    fs::write(scratch.directory.path().join("secret.py"), "secret").unwrap();
    let root = scratch.root();
    symlink("real/a.py", root.join("inside.py")).unwrap();
    symlink("real", root.join("directory")).unwrap();
    symlink("../secret.py", root.join("outside.py")).unwrap();
    symlink(scratch.directory.path(), root.join("up")).unwrap();
    symlink("nothing", root.join("dangling.py")).unwrap();
    symlink("circle.py", root.join("circle.py")).unwrap();
    assert_eq!(scratch.listed(), ["inside.py", "real/a.py"]);
    assert_eq!(scratch.blind(), [format!("outside.py {LEAVES_ROOT}")]);
    assert_eq!(scratch.read("inside.py").as_deref(), Ok("# real/a.py\n"));
    assert_eq!(scratch.read("directory/a.py").as_deref(), Ok("# real/a.py\n"));
    assert_eq!(scratch.read("outside.py"), not_a_file(LEAVES_ROOT));
    assert_eq!(scratch.read("up/secret.py"), not_a_file(LEAVES_ROOT));
    assert_eq!(scratch.read("dangling.py"), not_a_file("is a symbolic link to nothing"));
    assert_eq!(scratch.read("circle.py"), not_a_file("is a symbolic link that leads in a circle"));
}

#[test]
fn directory_links_in_a_circle_end() {
    let scratch = Scratch::new(&["a/b.py"]);
    symlink("..", scratch.root().join("a/up")).unwrap();
    assert_eq!(scratch.listed(), ["a/b.py"]);
}

#[test]
fn only_regular_files_are_opened() {
    let scratch = Scratch::new(&["folder.py/a.py"]);
    let fifo = scratch.root().join("fifo.py");
    make_fifo(&fifo);
    let _socket = std::os::unix::net::UnixListener::bind(scratch.root().join("socket.py")).unwrap();
    assert_eq!(scratch.listed(), ["folder.py/a.py"]);
    assert_eq!(scratch.read("fifo.py"), not_a_file("is a FIFO"));
    assert_eq!(scratch.read("socket.py"), not_a_file("is a socket"));
    assert_eq!(scratch.read("folder.py"), not_a_file("is a directory"));
    assert_eq!(scratch.read("folder.py/a.py/b.py"), Err(Unreadable::Missing));
    assert_eq!(scratch.read("nothing.py"), Err(Unreadable::Missing));
    assert!(!scratch.tree().exists(&RelativePath::new("fifo.py").unwrap()));
}

#[test]
fn a_link_to_a_device_is_not_opened() {
    let scratch = Scratch::new(&["a.py"]);
    symlink("/dev/zero", scratch.root().join("zero.py")).unwrap();
    assert_eq!(scratch.read("zero.py"), not_a_file(LEAVES_ROOT));
    assert_eq!(scratch.listed(), ["a.py"]);
}

#[test]
fn a_fifo_that_takes_the_place_of_a_file_does_not_make_reading_wait() {
    let scratch = Scratch::new(&[]);
    let fifo = scratch.root().join("fifo");
    make_fifo(&fifo);
    let mut buffer = Vec::new();
    let file = open_regular_file(&fifo).unwrap();
    assert_eq!((read_regular_file(file, 10, &mut buffer), &buffer[..]), (Ok(()), &b""[..]));
}

#[test]
fn unreadable_files_and_directories_say_so() {
    let scratch = Scratch::new(&["closed.py", "closed/a.py"]);
    let close = |path: &str| {
        fs::set_permissions(scratch.root().join(path), fs::Permissions::from_mode(0o000)).unwrap();
    };
    close("closed.py");
    close("closed");
    if fs::read(scratch.root().join("closed.py")).is_ok() {
        // Permissions do not bind the superuser: nothing can be seen here.
        return;
    }
    let is_denied = |result: Result<String, Unreadable>| matches!(result, Err(Unreadable::Failed(problem)) if problem.contains("denied"));
    assert!(is_denied(scratch.read("closed.py")));
    assert!(is_denied(scratch.read("closed/a.py")));
    assert_eq!(scratch.listed(), ["closed.py"]);
    assert!(scratch.blind()[0].starts_with("closed "));
    fs::set_permissions(scratch.root().join("closed"), fs::Permissions::from_mode(0o700)).unwrap();
}

#[test]
fn names_that_are_not_text_are_blind_spots() {
    use std::os::unix::ffi::OsStrExt;
    let scratch = Scratch::new(&["a.py"]);
    let name = std::ffi::OsStr::from_bytes(b"caf\xe9.py");
    if fs::write(scratch.root().join(name), "x").is_err() {
        // This file system takes no such name.
        return;
    }
    assert_eq!(scratch.listed(), ["a.py"]);
    assert_eq!(scratch.blind(), ["caf\u{fffd}.py has a name that is not valid UTF-8"]);
}

#[test]
fn long_lines_are_read_and_huge_files_are_not() {
    let scratch = Scratch::new(&[]);
    scratch.write("long.py", format!("x = '{}'\n", "a".repeat(10 << 20)).as_bytes());
    let huge = File::create(scratch.root().join("huge.py")).unwrap();
    huge.set_len(1 << 40).unwrap();
    assert_eq!(scratch.read("long.py").map(|text| text.len()), Ok((10 << 20) + 7));
    assert!(
        matches!(scratch.read("huge.py"), Err(Unreadable::Failed(problem)) if problem.contains("1099511627776 bytes"))
    );
}

#[test]
fn bytes_are_given_as_they_are() {
    let scratch = Scratch::new(&[]);
    scratch.write("odd.py", b"\xef\xbb\xbf\0\xff\r\n");
    let bytes = scratch.tree().read(&RelativePath::new("odd.py").unwrap());
    assert_eq!(bytes.as_deref(), Ok(&b"\xef\xbb\xbf\0\xff\r\n"[..]));
}

#[test]
fn a_root_that_is_none_is_an_error_with_a_hint() {
    let scratch = Scratch::new(&["a.py"]);
    let check = |path: &Path, expected: &str| {
        let error = DirectoryTree::open(path, &[]).map(|_| ()).unwrap_err();
        assert!(error.message.contains(expected), "{error}");
        assert!(error.hint.is_some());
    };
    check(&scratch.root().join("a.py"), "is not a directory");
    check(&scratch.root().join("b"), "cannot open the target");
}

#[test]
fn ignore_rules_that_are_no_regular_file_are_not_opened() {
    let scratch = Scratch::new(&["a.py", "closed/b.py", "open/c.py"]);
    make_fifo(&scratch.root().join("closed/.gitignore"));
    assert_eq!(scratch.listed(), ["a.py", "open/c.py"]);
    assert_eq!(scratch.blind(), ["closed has a `.gitignore` that is no regular file"]);
    make_fifo(&scratch.root().join(".gitignore"));
    assert_eq!(scratch.listed(), ["a.py", "open/c.py"]);
}
