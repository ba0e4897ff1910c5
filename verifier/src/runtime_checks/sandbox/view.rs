//! The file system as code under examination sees it: an empty root into which what must be read
//! is bound, read-only, at the place where it is, and of the rest nothing, no socket of a daemon,
//! no home directory, no other user's files.

use std::collections::BTreeSet;
use std::ffi::CStr;
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Component, Path, PathBuf};
use std::ptr;

use super::View;
use super::linux::{DEVICES, SYSTEM, map_user, privileged, text};

/// Leaves the machine's file system for the view.
pub(super) fn enter(view: &View) -> Result<(), String> {
    let identity = (
        // SAFETY: these calls cannot fail.
        unsafe { libc::getuid() },
        // SAFETY: the same.
        unsafe { libc::getgid() },
    );
    let user = if privileged() { 0 } else { libc::CLONE_NEWUSER };
    // SAFETY: a plain call; this process has one thread.
    check("a namespace", unsafe { libc::unshare(libc::CLONE_NEWNS | user) })?;
    if user != 0 {
        map_user(identity);
    }
    mount("privacy", None, Path::new("/"), None, libc::MS_REC | libc::MS_PRIVATE, None)?;
    // The new root is mounted over a directory that is surely there; the old tree below it stays
    // reachable through the working directory until the roots are exchanged.
    let place = view.scratch.as_path();
    let keep = fs::canonicalize(place).map_err(|problem| format!("`{}`: {problem}", place.display()))?;
    let staging = keep.join(".view");
    fs::create_dir_all(&staging).map_err(|problem| format!("`{}`: {problem}", staging.display()))?;
    let options = c"mode=0755,size=1m";
    mount(
        "a root",
        Some(c"tmpfs"),
        &staging,
        Some(c"tmpfs"),
        libc::MS_NOSUID | libc::MS_NODEV,
        Some(options),
    )?;
    let mut builder = Builder { root: staging.clone(), made: BTreeSet::new() };
    for path in SYSTEM.iter().map(Path::new) {
        builder.show(path, Access::Read)?;
    }
    for path in &view.readable {
        builder.show(path, Access::Read)?;
    }
    for path in DEVICES.iter().map(Path::new) {
        builder.show(path, Access::Device)?;
    }
    for (name, to) in [
        ("fd", "/proc/self/fd"),
        ("stdin", "/proc/self/fd/0"),
        ("stdout", "/proc/self/fd/1"),
        ("stderr", "/proc/self/fd/2"),
    ] {
        let _ = symlink(to, staging.join("dev").join(name));
    }
    for directory in ["proc", "dev/shm", "tmp"] {
        fs::create_dir_all(staging.join(directory)).map_err(|problem| format!("`{directory}`: {problem}"))?;
    }
    builder.show(&keep, Access::Write)?;
    // Without privileges a question's own `/proc` can only be mounted where another one is.
    let proc = staging.join("proc");
    let _ = mount("/proc", Some(c"/proc"), &proc, None, libc::MS_BIND | libc::MS_REC, None);
    let staged = text(&staging)?;
    // SAFETY: paths that live through the calls; see `man 2 pivot_root` on exchanging roots in place.
    unsafe {
        check("the new root", libc::chdir(staged.as_ptr()))?;
        let exchanged = libc::syscall(libc::SYS_pivot_root, c".".as_ptr(), c".".as_ptr());
        check("exchanging roots", exchanged as libc::c_int)?;
        check("leaving the old root", libc::umount2(c".".as_ptr(), libc::MNT_DETACH))?;
        check("the new root", libc::chdir(c"/".as_ptr()))?;
    }
    mount(
        "a read-only root",
        None,
        Path::new("/"),
        None,
        libc::MS_REMOUNT | libc::MS_BIND | libc::MS_RDONLY | libc::MS_NOSUID | libc::MS_NODEV,
        None,
    )
}

/// What belongs to one question alone: its own `/proc` and shared memory. A container may forbid
/// the first; then there is no `/proc`.
pub(super) fn mount_private() {
    let flags = libc::MS_NOSUID | libc::MS_NODEV | libc::MS_NOEXEC;
    if mount("/proc", Some(c"proc"), Path::new("/proc"), Some(c"proc"), flags, None).is_err() {
        hide_proc();
    }
    let _ = mount(
        "shared memory",
        Some(c"tmpfs"),
        Path::new("/dev/shm"),
        Some(c"tmpfs"),
        flags,
        Some(c"size=64m"),
    );
}

/// Takes the machine's own `/proc` away.
pub(super) fn hide_proc() {
    // SAFETY: a path that lives through the call.
    unsafe { libc::umount2(c"/proc".as_ptr(), libc::MNT_DETACH) };
}

/// Lays a layer over the target's root that takes what is written there, and that goes with the
/// question. Programs that make a directory for their logs beside their source get it.
pub(super) fn cover(root: &Path, scratch: &Path) -> Result<(), String> {
    let shown = root.to_str().ok_or("a root whose path is not UTF-8")?;
    if shown.contains([',', ':', '\\']) || scratch.starts_with(root) {
        return Err("a root whose path cannot be written as an option".to_owned());
    }
    let place = scratch.join(".written");
    fs::create_dir(&place).map_err(|problem| problem.to_string())?;
    let flags = libc::MS_NOSUID | libc::MS_NODEV;
    mount("a layer", Some(c"tmpfs"), &place, Some(c"tmpfs"), flags, Some(c"size=256m,mode=0700"))?;
    for name in ["upper", "work"] {
        fs::create_dir(place.join(name)).map_err(|problem| problem.to_string())?;
    }
    let user = if privileged() { "" } else { ",userxattr" };
    let place = place.display();
    let options = format!("lowerdir={shown},upperdir={place}/upper,workdir={place}/work{user}");
    let options = text(Path::new(&options))?;
    mount("a layer", Some(c"overlay"), root, Some(c"overlay"), flags, Some(&options))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    Read,
    Write,
    Device,
}

struct Builder {
    root: PathBuf,
    made: BTreeSet<PathBuf>,
}

impl Builder {
    /// Shows `path` where it is. Symbolic links on the way are shown as links.
    fn show(&mut self, path: &Path, access: Access) -> Result<(), String> {
        let mut rest: Vec<PathBuf> = components(path);
        let mut here = PathBuf::from("/");
        let mut links = 0;
        while let Some(component) = rest.pop() {
            let next = here.join(&component);
            let Ok(metadata) = fs::symlink_metadata(&next) else { return Ok(()) };
            let shown = self.place(&next);
            if metadata.file_type().is_symlink() {
                links += 1;
                let Ok(target) = fs::read_link(&next) else { return Ok(()) };
                if links > 40 {
                    return Ok(());
                }
                // Below a bound directory the link is there already.
                let _ = symlink(&target, &shown);
                let resolved = if target.is_absolute() { target } else { here.join(target) };
                let mut again = components(&normal(&resolved));
                rest.append(&mut again);
                here = PathBuf::from("/");
                // `append` puts the link's target on top of the stack: it is walked first.
                continue;
            }
            if rest.is_empty() {
                return self.bind(&next, metadata.is_dir(), access);
            }
            let _ = fs::create_dir(&shown);
            here = next;
        }
        Ok(())
    }

    fn bind(&mut self, path: &Path, is_directory: bool, access: Access) -> Result<(), String> {
        if access != Access::Write && self.made.iter().any(|made| path.starts_with(made)) {
            return Ok(());
        }
        let shown = self.place(path);
        let made = match is_directory {
            true => fs::create_dir_all(&shown),
            false => fs::OpenOptions::new().create(true).append(true).open(&shown).map(drop),
        };
        if let Err(problem) = made
            && problem.kind() != io::ErrorKind::AlreadyExists
            && !shown.exists()
        {
            return Err(format!("`{}`: {problem}", path.display()));
        }
        let from = text(path)?;
        mount("showing", Some(&from), &shown, None, libc::MS_BIND | libc::MS_REC, None)?;
        if access != Access::Write {
            read_only(&shown, access)?;
        }
        self.made.insert(path.to_owned());
        Ok(())
    }

    fn place(&self, path: &Path) -> PathBuf {
        self.root.join(path.strip_prefix("/").unwrap_or(path))
    }
}

/// The normal components, the first one last.
fn components(path: &Path) -> Vec<PathBuf> {
    path.components()
        .filter_map(|component| match component {
            Component::Normal(name) => Some(PathBuf::from(name)),
            Component::Prefix(_) | Component::RootDir | Component::CurDir | Component::ParentDir => None,
        })
        .rev()
        .collect()
}

/// Without `..`, in a path whose directories are no links.
fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::from("/");
    for component in path.components() {
        match component {
            Component::Normal(name) => normal.push(name),
            Component::ParentDir => {
                normal.pop();
            }
            Component::Prefix(_) | Component::RootDir | Component::CurDir => {}
        }
    }
    normal
}

/// Everything below, mounts of others as well.
fn read_only(path: &Path, access: Access) -> Result<(), String> {
    #[repr(C)]
    struct Attributes {
        set: u64,
        clear: u64,
        propagation: u64,
        namespace: u64,
    }
    const READ_ONLY: u64 = 1;
    const NO_SET_USER: u64 = 2;
    const NO_DEVICES: u64 = 4;
    let set = match access {
        Access::Read => READ_ONLY | NO_SET_USER | NO_DEVICES,
        Access::Device => NO_SET_USER,
        Access::Write => NO_SET_USER | NO_DEVICES,
    };
    let attributes = Attributes { set, clear: 0, propagation: 0, namespace: 0 };
    let shown = text(path)?;
    // SAFETY: the path and the structure live through the call.
    let result = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            libc::AT_FDCWD,
            shown.as_ptr(),
            libc::AT_RECURSIVE,
            &attributes,
            size_of::<Attributes>(),
        )
    };
    check("making read-only", result as libc::c_int)
}

fn mount(
    what: &str,
    source: Option<&CStr>,
    at: &Path,
    kind: Option<&CStr>,
    flags: libc::c_ulong,
    options: Option<&CStr>,
) -> Result<(), String> {
    let place = text(at)?;
    let pointer = |text: Option<&CStr>| text.map_or(ptr::null(), CStr::as_ptr);
    // SAFETY: all texts live through the call.
    let result = unsafe {
        libc::mount(pointer(source), place.as_ptr(), pointer(kind), flags, pointer(options).cast())
    };
    check(&format!("{what} at `{}`", at.display()), result)
}

fn check(what: &str, result: libc::c_int) -> Result<(), String> {
    if result < 0 { Err(format!("{what}: {}", io::Error::last_os_error())) } else { Ok(()) }
}
