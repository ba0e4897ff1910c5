//! What a run has made and must not leave behind when somebody interrupts it: processes of its
//! own, private directories, files that are not whole yet. Whoever makes such a thing says so
//! here for as long as it is there.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Something that is there only for a while.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Temporary {
    /// The processes of this group, which must end before anything of theirs is removed.
    ProcessGroup(u32),
    /// A directory with everything in it.
    Directory(PathBuf),
    /// A file.
    File(PathBuf),
}

/// Says that something temporary is there, until it is dropped. It removes nothing itself.
#[derive(Debug)]
pub struct Notice(u64);

#[derive(Debug)]
struct Notices {
    next: u64,
    known: BTreeMap<u64, Temporary>,
}

static NOTICES: Mutex<Notices> = Mutex::new(Notices { next: 0, known: BTreeMap::new() });

/// Makes something temporary and says that it is there. An interruption comes before or after
/// both, never between them.
pub fn temporary<T, E>(
    make: impl FnOnce() -> Result<T, E>,
    what: impl FnOnce(&T) -> Temporary,
) -> Result<(T, Notice), E> {
    let mut notices = lock();
    let made = make()?;
    let number = notices.next;
    notices.next += 1;
    notices.known.insert(number, what(&made));
    Ok((made, Notice(number)))
}

impl Drop for Notice {
    fn drop(&mut self) {
        lock().known.remove(&self.0);
    }
}

fn lock() -> MutexGuard<'static, Notices> {
    NOTICES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// From now on Ctrl-C, and being told to end or hung up on, removes what is temporary, calls
/// `farewell`, and ends this process with the exit code that shells give such ends. To be called
/// before there are other threads: they inherit that signals are none of their business.
#[cfg(unix)]
pub fn watch(farewell: impl FnOnce() + Send + 'static) {
    // SAFETY: plain calls with arguments that live; a set that was not filled is not used.
    let signals = unsafe {
        let mut signals: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&mut signals);
        for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP] {
            let mut action: libc::sigaction = std::mem::zeroed();
            // What whoever started this process wants ignored (`nohup`) stays ignored.
            if libc::sigaction(signal, std::ptr::null(), &mut action) == 0
                && action.sa_sigaction != libc::SIG_IGN
            {
                libc::sigaddset(&mut signals, signal);
            }
        }
        if libc::pthread_sigmask(libc::SIG_BLOCK, &signals, std::ptr::null_mut()) != 0 {
            return;
        }
        signals
    };
    let wait = move || {
        let mut signal = 0;
        // SAFETY: both arguments live.
        while unsafe { libc::sigwait(&signals, &mut signal) } != 0 {}
        // Never given back: nobody makes anything any more.
        std::mem::forget(remove_everything());
        farewell();
        // SAFETY: the call does not return. What other threads hold is given back by the system.
        unsafe { libc::_exit(128 + signal) }
    };
    if std::thread::Builder::new().name("interrupt".to_owned()).spawn(wait).is_err() {
        // Then the signals do what they do everywhere.
        // SAFETY: as above.
        unsafe { libc::pthread_sigmask(libc::SIG_UNBLOCK, &signals, std::ptr::null_mut()) };
    }
}

/// Elsewhere an interruption ends the process on the spot, and the next run cleans up.
#[cfg(not(unix))]
pub fn watch(_farewell: impl FnOnce() + Send + 'static) {}

/// Removes what is temporary, processes first, and lets nobody make more.
fn remove_everything() -> MutexGuard<'static, Notices> {
    let notices = lock();
    let mut temporary: Vec<&Temporary> = notices.known.values().collect();
    temporary.sort();
    for temporary in temporary {
        match temporary {
            Temporary::ProcessGroup(id) => end_group(*id),
            Temporary::Directory(path) => {
                // Processes that were ended a moment ago may still be writing.
                for _ in 0..ATTEMPTS {
                    if std::fs::remove_dir_all(path).is_ok() || !path.exists() {
                        break;
                    }
                    std::thread::sleep(PAUSE);
                }
            }
            Temporary::File(path) => drop(std::fs::remove_file(path)),
        }
    }
    notices
}

const ATTEMPTS: usize = 20;
const PAUSE: Duration = Duration::from_millis(3);

fn end_group(id: u32) {
    #[cfg(unix)]
    if let Ok(id) = libc::pid_t::try_from(id) {
        // SAFETY: a plain call; that there is no such group any more is as good.
        unsafe { libc::kill(-id, libc::SIGKILL) };
    }
    #[cfg(not(unix))]
    let _ = id;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notice_is_there_as_long_as_the_thing_is() {
        let path = PathBuf::from("/nowhere/at all");
        let is_known = || lock().known.values().any(|known| *known == Temporary::File(path.clone()));
        let (made, notice) = temporary(|| Ok::<_, ()>(1), |_| Temporary::File(path.clone())).unwrap();
        assert_eq!(made, 1);
        assert!(is_known());
        drop(notice);
        assert!(!is_known());
        assert!(temporary(|| Err::<(), _>("no"), |()| Temporary::File(path.clone())).is_err());
        assert!(!is_known());
    }
}
