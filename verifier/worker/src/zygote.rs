//! The zygote: starts Python once, then forks a watcher per connection that it is handed.

use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;

use pyo3::prelude::*;
use verifier::runtime_checks::protocol::{self, Hello};
use verifier::runtime_checks::sandbox::{self, Layers};
use verifier::runtime_checks::{Setup, WORKER_VARIABLE};

use crate::interpreter::{self, Helpers};
use crate::watch;

/// Never returns. What goes wrong before the first question is told on standard error.
pub(crate) fn run(start: &str) -> ! {
    let code = match serve(start) {
        Ok(()) => 0,
        Err(problem) => {
            use std::io::Write;
            let _ = writeln!(std::io::stderr(), "{problem}");
            70
        }
    };
    // SAFETY: nothing is left to be written, and no destructor of the interpreter is waited for.
    unsafe { libc::_exit(code) }
}

fn serve(start: &str) -> Result<(), String> {
    // What this process was started with is not for the interpreter, nor for what it starts.
    for variable in ["LD_PRELOAD", "DYLD_INSERT_LIBRARIES", WORKER_VARIABLE] {
        // SAFETY: the first thing that this process does, with one thread.
        unsafe { std::env::remove_var(variable) };
    }
    if start != protocol::VERSION.to_string() {
        return Err(format!("asked to speak version {start}, not {}", protocol::VERSION));
    }
    // SAFETY: standard input is the control connection, by agreement with the client.
    let mut control = UnixStream::from(unsafe { OwnedFd::from_raw_fd(high(0)?) });
    expect_signals_as_usual();
    // SAFETY: plain calls.
    unsafe {
        let nothing = libc::open(c"/dev/null".as_ptr(), libc::O_RDWR);
        libc::dup2(nothing, 0);
        libc::dup2(nothing, 1);
        if nothing > 2 {
            libc::close(nothing);
        }
        libc::umask(0o077);
        // Watchers are not waited for.
        libc::signal(libc::SIGCHLD, libc::SIG_IGN);
    }
    let setup: Setup = protocol::read_message(&mut control).map_err(|problem| problem.to_string())?;
    interpreter::initialise(&setup.executable, setup.hash_seed)?;
    Python::attach(|py| {
        let told = |problem: PyErr| format!("the helpers cannot be loaded: {problem}");
        let helpers = Helpers::load(py).map_err(told)?;
        let sys = py.import("sys").map_err(told)?;
        let text = |name: &str| -> PyResult<String> { sys.getattr(name)?.extract() };
        let mut view = setup.view.clone();
        for name in ["prefix", "base_prefix", "exec_prefix", "base_exec_prefix"] {
            view.readable.push(text(name).map_err(told)?.into());
        }
        view.readable.extend(setup.interpreter_files.iter().cloned());
        // A prefix that is the system's own is shown already.
        view.readable.retain(|path| path != std::path::Path::new("/"));
        view.readable.sort();
        view.readable.dedup();
        let mut layers = Layers::default();
        sandbox::hide(&view, &mut layers);
        py.import("gc").and_then(|gc| gc.call_method0("freeze")).map_err(told)?;
        let hello = Hello {
            version: protocol::VERSION,
            python: text("version").map_err(told)?.split(' ').next().unwrap_or_default().to_owned(),
            readable: view.readable.iter().map(|path| path.display().to_string()).collect(),
        };
        protocol::write_message(&mut control, &hello).map_err(|problem| problem.to_string())?;
        while let Some(connection) = receive(&control)? {
            let mut layers = layers.clone();
            // SAFETY: between these calls nothing but a fork happens; this process has one thread.
            let process = unsafe {
                pyo3::ffi::PyOS_BeforeFork();
                sandbox::separate(&mut layers)
            };
            match process {
                Ok(0) => {
                    drop(control);
                    watch::run(py, &helpers, UnixStream::from(connection), &view, layers);
                }
                // SAFETY: the other half of `PyOS_BeforeFork`.
                Ok(_) => unsafe { pyo3::ffi::PyOS_AfterFork_Parent() },
                Err(problem) => {
                    // SAFETY: the same.
                    unsafe { pyo3::ffi::PyOS_AfterFork_Parent() };
                    watch::refuse(UnixStream::from(connection), &problem.to_string());
                }
            }
        }
        Ok(())
    })
}

/// Gives every signal its usual effect. What started this process may have ignored or blocked some,
/// as `nohup` does, which is inherited; answers do not depend on it.
fn expect_signals_as_usual() {
    // SAFETY: plain calls, and a set of signals that lives through them. Numbers that are no
    // signals, and the two whose effect nobody chooses, are refused.
    unsafe {
        for signal in 1..65 {
            libc::signal(signal, libc::SIG_DFL);
        }
        // A reader that is gone is an error of the write, here as in Rust and in Python.
        libc::signal(libc::SIGPIPE, libc::SIG_IGN);
        let mut none = std::mem::MaybeUninit::<libc::sigset_t>::zeroed();
        libc::sigemptyset(none.as_mut_ptr());
        libc::sigprocmask(libc::SIG_SETMASK, none.as_ptr(), std::ptr::null_mut());
    }
}

/// Moves a descriptor out of the way of those that everybody knows.
pub(crate) fn high(descriptor: RawFd) -> Result<RawFd, String> {
    // SAFETY: a plain call.
    match unsafe { libc::fcntl(descriptor, libc::F_DUPFD_CLOEXEC, 64) } {
        -1 => Err(format!("descriptor {descriptor}: {}", std::io::Error::last_os_error())),
        moved => Ok(moved),
    }
}

/// The next question's connection; `None` when the client is gone.
fn receive(control: &UnixStream) -> Result<Option<OwnedFd>, String> {
    let mut byte = [0u8; 1];
    let mut buffer = [0u64; 8];
    // SAFETY: structures that live through the calls; the buffer is aligned and large enough for
    // the one descriptor that is read from it after the kernel says that it is there.
    unsafe {
        let mut part = libc::iovec { iov_base: byte.as_mut_ptr().cast(), iov_len: 1 };
        let mut message: libc::msghdr = std::mem::zeroed();
        message.msg_iov = &raw mut part;
        message.msg_iovlen = 1;
        message.msg_control = buffer.as_mut_ptr().cast();
        message.msg_controllen = size_of_val(&buffer) as _;
        loop {
            let count = libc::recvmsg(control.as_raw_fd(), &raw mut message, 0);
            if count < 0 {
                let problem = std::io::Error::last_os_error();
                match problem.kind() {
                    std::io::ErrorKind::Interrupted => continue,
                    _ => return Err(problem.to_string()),
                }
            }
            if count == 0 {
                return Ok(None);
            }
            break;
        }
        let header = libc::CMSG_FIRSTHDR(&raw const message);
        if header.is_null()
            || (*header).cmsg_level != libc::SOL_SOCKET
            || (*header).cmsg_type != libc::SCM_RIGHTS
        {
            return Err("a message without a connection".to_owned());
        }
        let descriptor = libc::CMSG_DATA(header).cast::<RawFd>().read_unaligned();
        libc::fcntl(descriptor, libc::F_SETFD, libc::FD_CLOEXEC);
        Ok(Some(OwnedFd::from_raw_fd(descriptor)))
    }
}
