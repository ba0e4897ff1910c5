//! Starts workers and hands them questions, each over a connection of its own.

use std::fs::{self, File};
use std::io::{Read, Seek};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::protocol::{self, ProtocolError};
use super::request::{Ending, Reply, Request};
use super::sandbox::View;
use crate::interrupt::{Notice, Temporary, temporary};

/// The argument with which the binary starts itself as a worker.
pub const WORKER_ARGUMENT: &str = "--assay-worker";

/// The environment variable that goes with it, whose value is the protocol's version.
pub const WORKER_VARIABLE: &str = "ASSAY_WORKER";

/// How long a worker may take to be ready.
const STARTUP: Duration = Duration::from_secs(30);

/// How long beyond a question's own limit its watcher may take.
const GRACE: Duration = Duration::from_secs(10);

/// The environment of a worker, whole.
const ENVIRONMENT: &[(&str, &str)] = &[
    ("PATH", "/usr/local/bin:/usr/bin:/bin"),
    ("LANG", "C.UTF-8"),
    ("LC_ALL", "C.UTF-8"),
    ("TZ", "UTC"),
    ("PYTHONDONTWRITEBYTECODE", "1"),
    ("NO_PROXY", "*"),
];

/// The Python that the binary was built for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interpreter {
    /// The interpreter's program.
    pub executable: PathBuf,
    /// `3.11.7`.
    pub version: String,
    /// `libpython3.11.so.1.0`.
    pub library_name: String,
    /// Where that was, or would be, when the binary was built.
    pub library_directories: Vec<PathBuf>,
}

/// Why there is no Python to ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoPython {
    /// What is missing.
    pub message: String,
    /// How to mend it.
    pub hint: String,
}

impl Interpreter {
    /// The shared library, where it is now.
    pub fn library(&self) -> Result<PathBuf, NoPython> {
        let known = self.library_directories.iter().map(|directory| directory.join(&self.library_name));
        let usual = ["/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/local/lib64", "/lib", "/lib64"]
            .iter()
            .map(|directory| Path::new(directory).join(&self.library_name));
        if let Some(found) = known.chain(usual).find(|path| path.is_file()) {
            return Ok(found);
        }
        let short = self.version.rsplit_once('.').map_or(self.version.as_str(), |(short, _)| short);
        if let Some(found) =
            self.asked(&self.executable).or_else(|| self.asked(Path::new(&format!("python{short}"))))
        {
            return Ok(found);
        }
        let package = format!("libpython{short}");
        Err(match self.executable.exists() {
            true => NoPython {
                message: format!(
                    "`{}` has no shared library `{}`: it was built without `--enable-shared`, or its \
                     library is not installed",
                    self.executable.display(),
                    self.library_name
                ),
                hint: format!(
                    "install it (on Debian and Ubuntu the package is `{package}`), or build with \
                     another Python: PYO3_PYTHON=/path/to/python cargo build"
                ),
            },
            false => NoPython {
                message: format!(
                    "Python {short}, which this binary was built for, is not here any more (`{}` and `{}`)",
                    self.executable.display(),
                    self.library_name
                ),
                hint: format!("install Python {short}, or build again with the Python that is here"),
            },
        })
    }

    /// Asks an interpreter of the same version where its library is.
    fn asked(&self, executable: &Path) -> Option<PathBuf> {
        let question =
            "import sys, sysconfig; print(sys.version.split()[0]); print(sysconfig.get_config_var('LIBDIR'))";
        let answer = Command::new(executable).args(["-I", "-S", "-c", question]).output().ok()?;
        let text = String::from_utf8(answer.stdout).ok()?;
        let (version, directory) = text.trim_end().split_once('\n')?;
        let same = version.rsplit_once('.')?.0 == self.version.rsplit_once('.')?.0;
        let library = Path::new(directory).join(&self.library_name);
        (same && library.is_file()).then_some(library)
    }
}

/// The first message to a worker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setup {
    /// The interpreter's program, from which Python finds its library.
    pub executable: String,
    /// The seed of `hash()`. Fixed before Python starts, hence one worker per seed.
    pub hash_seed: u64,
    /// What may be seen.
    pub view: View,
    /// Files of the interpreter that lie outside of its prefix.
    pub interpreter_files: Vec<PathBuf>,
}

/// A running worker.
#[derive(Debug)]
pub(super) struct Worker {
    process: Mutex<Child>,
    control: Mutex<Option<UnixStream>>,
    _notice: Notice,
    /// The version of Python that runs in it.
    pub(super) python: String,
}

impl Worker {
    /// Starts `binary` as a worker and waits until it is ready.
    pub(super) fn start(binary: &Path, library: &Path, setup: &Setup) -> Result<Self, String> {
        let (mut ours, theirs) = UnixStream::pair().map_err(|problem| format!("a connection: {problem}"))?;
        let complaints_path = setup.view.scratch.join(format!("worker-{}.log", setup.hash_seed));
        let mut complaints = File::options()
            .create(true)
            .truncate(true)
            .read(true)
            .write(true)
            .open(&complaints_path)
            .map_err(|problem| format!("`{}`: {problem}", complaints_path.display()))?;
        let stderr = complaints.try_clone().map_err(|problem| format!("a descriptor: {problem}"))?;
        let preload = if cfg!(target_os = "macos") { "DYLD_INSERT_LIBRARIES" } else { "LD_PRELOAD" };
        let mut command = Command::new(binary);
        command
            .arg(WORKER_ARGUMENT)
            .env_clear()
            .envs(ENVIRONMENT.iter().copied())
            .env("PYTHONHASHSEED", setup.hash_seed.to_string())
            .env(preload, library)
            .env(WORKER_VARIABLE, protocol::VERSION.to_string())
            .current_dir("/")
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::null())
            .stderr(stderr)
            .process_group(0);
        let (mut process, notice) =
            temporary(|| command.spawn(), |process| Temporary::ProcessGroup(process.id()))
                .map_err(|problem| format!("cannot start `{}` as the worker: {problem}", binary.display()))?;
        let greeted = ours
            .set_read_timeout(Some(STARTUP))
            .map_err(ProtocolError::Closed)
            .and_then(|()| protocol::write_message(&mut ours, setup))
            .and_then(|()| protocol::greet(&mut ours));
        let _ = fs::remove_file(&complaints_path);
        match greeted {
            Ok(hello) => Ok(Self {
                process: Mutex::new(process),
                _notice: notice,
                control: Mutex::new(Some(ours)),
                python: hello.python,
            }),
            Err(problem) => {
                let _ = process.kill();
                let _ = process.wait();
                let mut said = Vec::new();
                let _ = complaints.rewind();
                let _ = complaints.read_to_end(&mut said);
                let said = protocol::printable(&said, 2000, 0);
                let said = said.trim();
                Err(if said.is_empty() { problem.to_string() } else { said.to_owned() })
            }
        }
    }

    /// Asks one question. May be called from several threads.
    pub(super) fn ask(&self, request: &Request) -> Reply {
        let refused = |problem: String| Reply::of(Ending::CouldNotStart(problem));
        let (mut ours, theirs) = match UnixStream::pair() {
            Ok(pair) => pair,
            Err(problem) => return refused(format!("a connection: {problem}")),
        };
        let patience = Duration::from_millis(request.limits.wall_ms) + GRACE;
        if let Err(problem) = ours.set_read_timeout(Some(patience)) {
            return refused(format!("a connection: {problem}"));
        }
        let handed = {
            let control = self.control.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            match control.as_ref() {
                Some(control) => hand_over(control, OwnedFd::from(theirs)),
                None => Err("the worker is gone".to_owned()),
            }
        };
        if let Err(problem) = handed {
            return refused(problem);
        }
        protocol::ask(&mut ours, request)
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // Without a client the worker ends by itself.
        self.control.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).take();
        let mut process = self.process.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let patience = Instant::now() + Duration::from_millis(500);
        while Instant::now() < patience {
            match process.try_wait() {
                Ok(None) => std::thread::sleep(Duration::from_micros(200)),
                Ok(Some(_)) | Err(_) => return,
            }
        }
        let _ = process.kill();
        let _ = process.wait();
    }
}

/// Sends a descriptor to the other process.
fn hand_over(control: &UnixStream, connection: OwnedFd) -> Result<(), String> {
    let byte = [b'?'];
    let mut buffer = [0u64; 8];
    // SAFETY: structures that live through the call; the control buffer is aligned and has room
    // for one descriptor, as `CMSG_SPACE` says.
    unsafe {
        let mut part = libc::iovec { iov_base: byte.as_ptr().cast_mut().cast(), iov_len: 1 };
        let mut message: libc::msghdr = std::mem::zeroed();
        message.msg_iov = &raw mut part;
        message.msg_iovlen = 1;
        message.msg_control = buffer.as_mut_ptr().cast();
        message.msg_controllen = libc::CMSG_SPACE(size_of::<i32>() as u32) as _;
        let header = libc::CMSG_FIRSTHDR(&raw const message);
        (*header).cmsg_level = libc::SOL_SOCKET;
        (*header).cmsg_type = libc::SCM_RIGHTS;
        (*header).cmsg_len = libc::CMSG_LEN(size_of::<i32>() as u32) as _;
        libc::CMSG_DATA(header).cast::<i32>().write_unaligned(connection.as_raw_fd());
        let flags = if cfg!(target_os = "linux") { 0x4000 } else { 0 };
        match libc::sendmsg(control.as_raw_fd(), &raw const message, flags) {
            1 => Ok(()),
            _ => Err(format!("the worker is gone: {}", std::io::Error::last_os_error())),
        }
    }
}
