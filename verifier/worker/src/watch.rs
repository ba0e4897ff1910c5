//! Watches over one question: forks the process that answers it, reads what it writes, keeps the
//! time, and ends it and everything that it started. The first process of its namespace, where
//! there is one, so that nothing survives it.

use std::fs::File;
use std::io::Read;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use pyo3::prelude::*;
use verifier::runtime_checks::protocol::{self, AnswerScanner, Nonce};
use verifier::runtime_checks::sandbox::{self, Layer, Layers, View};
use verifier::runtime_checks::{Ending, Reply, Request};

use crate::answer;
use crate::interpreter::Helpers;

/// How often the processes of a question are counted and its dead are buried.
const TICK: Duration = Duration::from_millis(20);

/// How the overlay over the target is called in evidence.
const PRIVATE_COPY: &str = "private-copy-of-target";

/// Answers a question that cannot even be started.
pub(crate) fn refuse(mut connection: UnixStream, problem: &str) {
    let _ = protocol::write_message(&mut connection, &Reply::of(Ending::CouldNotStart(problem.to_owned())));
}

/// Reads the request, answers it, ends.
pub(crate) fn run(
    py: Python<'_>,
    helpers: &Helpers,
    mut connection: UnixStream,
    view: &View,
    mut layers: Layers,
) -> ! {
    // SAFETY: plain calls. Whatever happens to the client, this process ends with the zygote,
    // and the namespace with this process.
    unsafe {
        #[cfg(target_os = "linux")]
        libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
        #[cfg(target_os = "linux")]
        libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1);
        libc::signal(libc::SIGCHLD, libc::SIG_DFL);
    }
    let reply = match protocol::read_message::<Request>(&mut connection) {
        Ok(request) => {
            let surroundings = &request.surroundings;
            sandbox::furnish(&surroundings.root, &surroundings.scratch, &mut layers);
            examine(py, helpers, &connection, &request, view, layers)
        }
        Err(problem) => Reply::of(Ending::Nonsense(problem.to_string())),
    };
    let _ = protocol::write_message(&mut connection, &reply);
    // SAFETY: nothing is left to do.
    unsafe { libc::_exit(0) }
}

/// The ends of the pipes to the process that answers.
struct Pipes {
    answer: File,
    stdout: File,
    stderr: File,
    layers: File,
}

fn examine(
    py: Python<'_>,
    helpers: &Helpers,
    connection: &UnixStream,
    request: &Request,
    view: &View,
    layers: Layers,
) -> Reply {
    let mut nonce: Nonce = [0; 32];
    if let Err(problem) = File::open("/dev/urandom").and_then(|mut random| random.read_exact(&mut nonce)) {
        return Reply::of(Ending::CouldNotStart(format!("no randomness: {problem}")));
    }
    let started = Instant::now();
    let (process, pipes) = match start(py, helpers, request, view, layers.clone(), &nonce) {
        Ok(started) => started,
        Err(problem) => return Reply::of(Ending::CouldNotStart(problem)),
    };
    let mut watch = Watch {
        process,
        own_namespace: layers.has(Layer::ProcessNamespace),
        status: None,
        scanner: AnswerScanner::new(nonce),
        stdout: Captured::new(request.limits.output),
        stderr: Captured::new(request.limits.output),
        told: Vec::new(),
        started,
    };
    let verdict = watch.until_it_ends(connection, &pipes, request);
    watch.end_everything();
    watch.drain(&pipes);
    let ending = watch.ending(verdict);
    let told = String::from_utf8_lossy(&watch.told).into_owned();
    let (mut in_force, mut missing) = (Vec::new(), Vec::new());
    for line in told.lines() {
        match line.split_once('=') {
            // Not a layer of isolation: without it there is less that a target can do.
            Some((PRIVATE_COPY, problem)) if !problem.is_empty() => {}
            Some((layer, "")) => in_force.push(layer.to_owned()),
            Some((layer, problem)) => missing.push(format!("{layer}: {problem}")),
            None => {}
        }
    }
    Reply {
        ending,
        stdout: watch.stdout.text(),
        stderr: watch.stderr.text(),
        isolation: in_force,
        missing,
        wall_ms: started.elapsed().as_millis() as u64,
    }
}

/// Forks the process that answers.
fn start(
    py: Python<'_>,
    helpers: &Helpers,
    request: &Request,
    view: &View,
    mut layers: Layers,
    nonce: &Nonce,
) -> Result<(libc::pid_t, Pipes), String> {
    let (answer_read, answer_write) = pipe()?;
    let (stdout_read, stdout_write) = pipe()?;
    let (stderr_read, stderr_write) = pipe()?;
    let (layers_read, layers_write) = pipe()?;
    // SAFETY: this process has one thread.
    let process = unsafe { libc::fork() };
    match process {
        -1 => Err(std::io::Error::last_os_error().to_string()),
        0 => {
            // SAFETY: plain calls in a process of one thread.
            unsafe {
                #[cfg(target_os = "linux")]
                libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
                libc::setsid();
                libc::dup2(stdout_write.as_raw_fd(), 1);
                libc::dup2(stderr_write.as_raw_fd(), 2);
            }
            let told = layers_write.as_raw_fd();
            // A number that nobody has hard-coded.
            let lowest = 64 + i32::from(nonce[0]) % 128;
            // SAFETY: a plain call.
            let answer_to = unsafe { libc::fcntl(answer_write.as_raw_fd(), libc::F_DUPFD_CLOEXEC, lowest) };
            let surroundings = &request.surroundings;
            sandbox::restrict(view, &surroundings.root, &surroundings.scratch, &request.limits, &mut layers);
            let mut text = String::new();
            for layer in &layers.in_force {
                text.push_str(&format!("{}=\n", layer.name()));
            }
            if let Some(copy) = &layers.private_copy {
                let problem = copy.as_ref().err().map_or("", String::as_str);
                text.push_str(&format!("{PRIVATE_COPY}={}\n", problem.replace('\n', " ")));
            }
            for (layer, problem) in &layers.missing {
                text.push_str(&format!("{}={}\n", layer.name(), problem.replace('\n', " ")));
            }
            // SAFETY: a buffer that lives through the call; then all descriptors but four are
            // closed, and no value that owns one of the others is ever dropped, because this
            // process ends with `_exit`.
            unsafe {
                libc::write(told, text.as_ptr().cast(), text.len());
                close_others(answer_to);
                pyo3::ffi::PyOS_AfterFork_Child();
            }
            if request.strict && !layers.missing.is_empty() {
                // SAFETY: nothing is left to do; the watcher sees which layers are missing.
                unsafe { libc::_exit(0) }
            }
            let body = answer::answer(py, helpers, request);
            answer::say(answer_to, nonce, &body)
        }
        process => Ok((
            process,
            Pipes {
                answer: reader(answer_read)?,
                stdout: reader(stdout_read)?,
                stderr: reader(stderr_read)?,
                layers: reader(layers_read)?,
            },
        )),
    }
}

/// Closes everything but the standard streams and `keep`.
unsafe fn close_others(keep: RawFd) {
    // SAFETY: as promised by the caller, who owns none of them any more.
    unsafe {
        #[cfg(target_os = "linux")]
        {
            let below = libc::syscall(libc::SYS_close_range, 3, keep - 1, 0);
            let above = libc::syscall(libc::SYS_close_range, keep + 1, u32::MAX, 0);
            if below == 0 && above == 0 {
                return;
            }
        }
        for descriptor in (3..1024).filter(|descriptor| *descriptor != keep) {
            libc::close(descriptor);
        }
    }
}

fn pipe() -> Result<(OwnedFd, OwnedFd), String> {
    let mut ends = [0; 2];
    // SAFETY: room for two descriptors, which are then owned.
    unsafe {
        if libc::pipe(ends.as_mut_ptr()) != 0 {
            return Err(std::io::Error::last_os_error().to_string());
        }
        for end in ends {
            libc::fcntl(end, libc::F_SETFD, libc::FD_CLOEXEC);
        }
        Ok((OwnedFd::from_raw_fd(ends[0]), OwnedFd::from_raw_fd(ends[1])))
    }
}

fn reader(end: OwnedFd) -> Result<File, String> {
    // SAFETY: a plain call.
    match unsafe { libc::fcntl(end.as_raw_fd(), libc::F_SETFL, libc::O_NONBLOCK) } {
        -1 => Err(std::io::Error::last_os_error().to_string()),
        _ => Ok(File::from(end)),
    }
}

/// Output that is kept up to a bound and counted beyond.
struct Captured {
    kept: Vec<u8>,
    most: usize,
    dropped: u64,
}

impl Captured {
    fn new(most: usize) -> Self {
        Self { kept: Vec::new(), most, dropped: 0 }
    }

    fn push(&mut self, bytes: &[u8]) {
        let room = self.most.saturating_sub(self.kept.len()).min(bytes.len());
        self.kept.extend_from_slice(&bytes[..room]);
        self.dropped += (bytes.len() - room) as u64;
    }

    fn text(&self) -> String {
        protocol::printable(&self.kept, self.most, self.dropped)
    }
}

/// Why the watching stopped.
enum Stopped {
    Answered,
    Ended,
    Deadline,
    TooMany,
    ClientGone,
}

struct Watch {
    process: libc::pid_t,
    own_namespace: bool,
    status: Option<libc::c_int>,
    scanner: AnswerScanner,
    stdout: Captured,
    stderr: Captured,
    told: Vec<u8>,
    started: Instant,
}

impl Watch {
    fn until_it_ends(&mut self, connection: &UnixStream, pipes: &Pipes, request: &Request) -> Stopped {
        let deadline = self.started + Duration::from_millis(request.limits.wall_ms);
        loop {
            let now = Instant::now();
            if now >= deadline {
                // One that may make no more of them may spend its time trying.
                let most = request.limits.processes - request.limits.processes / 8;
                let many = self.own_namespace && processes_here().is_some_and(|count| count >= most);
                return if many { Stopped::TooMany } else { Stopped::Deadline };
            }
            let wait = (deadline - now).min(TICK).as_millis() as libc::c_int;
            let event = |descriptor: RawFd, events| libc::pollfd { fd: descriptor, events, revents: 0 };
            let mut events = [
                event(pipes.answer.as_raw_fd(), libc::POLLIN),
                event(pipes.stdout.as_raw_fd(), libc::POLLIN),
                event(pipes.stderr.as_raw_fd(), libc::POLLIN),
                event(connection.as_raw_fd(), 0),
            ];
            // A pipe whose writers are gone is always ready: asking for it again would spin.
            for (event, file) in events.iter_mut().zip([&pipes.answer, &pipes.stdout, &pipes.stderr]) {
                if self.is_at_end(file) {
                    event.fd = -1;
                }
            }
            // SAFETY: an array that lives through the call.
            unsafe { libc::poll(events.as_mut_ptr(), events.len() as libc::nfds_t, wait.max(1)) };
            self.drain(pipes);
            if self.scanner.answer().is_some() {
                return Stopped::Answered;
            }
            if events[3].revents != 0 {
                return Stopped::ClientGone;
            }
            self.bury();
            if self.status.is_some() {
                self.drain(pipes);
                return if self.scanner.answer().is_some() { Stopped::Answered } else { Stopped::Ended };
            }
            if self.own_namespace
                && processes_here().is_some_and(|count| count > request.limits.processes + 1)
            {
                return Stopped::TooMany;
            }
        }
    }

    fn is_at_end(&self, file: &File) -> bool {
        let mut event = libc::pollfd { fd: file.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        // SAFETY: a structure that lives through the call.
        let ready = unsafe { libc::poll(&raw mut event, 1, 0) };
        ready == 1 && event.revents & libc::POLLIN == 0 && event.revents & libc::POLLHUP != 0
    }

    /// Takes what is in the pipes, not more than a moment's worth.
    fn drain(&mut self, pipes: &Pipes) {
        take(&pipes.answer, |bytes| self.scanner.push(bytes));
        take(&pipes.stdout, |bytes| self.stdout.push(bytes));
        take(&pipes.stderr, |bytes| self.stderr.push(bytes));
        take(&pipes.layers, |bytes| self.told.extend_from_slice(bytes));
    }

    /// Waits for whoever has ended, without waiting.
    fn bury(&mut self) {
        let mut status = 0;
        loop {
            // SAFETY: an integer that lives through the call.
            let process = unsafe { libc::waitpid(-1, &raw mut status, libc::WNOHANG) };
            if process <= 0 {
                return;
            }
            if process == self.process && (libc::WIFEXITED(status) || libc::WIFSIGNALED(status)) {
                self.status = Some(status);
            }
        }
    }

    /// Ends the process and all that it started.
    fn end_everything(&mut self) {
        // SAFETY: plain calls; in a namespace of its own `-1` means everybody but this process.
        unsafe {
            if self.own_namespace {
                libc::kill(-1, libc::SIGKILL);
            } else {
                libc::kill(-self.process, libc::SIGKILL);
                if self.status.is_none() {
                    libc::kill(self.process, libc::SIGKILL);
                }
            }
        }
        let patience = Instant::now() + Duration::from_secs(2);
        // In a namespace of its own everybody is dead by now; else those that went out of the
        // group have become this process's children, as the one that adopts orphans.
        let options = if self.own_namespace { 0 } else { libc::WNOHANG };
        while Instant::now() < patience {
            let mut status = 0;
            // SAFETY: an integer that lives through the call.
            let process = unsafe { libc::waitpid(-1, &raw mut status, options) };
            if process == self.process && self.status.is_none() {
                self.status = Some(status);
            }
            if process < 0 {
                return;
            }
            if process == 0 {
                for child in children() {
                    // SAFETY: a plain call on a child that is not waited for yet.
                    unsafe { libc::kill(child, libc::SIGKILL) };
                }
                std::thread::sleep(Duration::from_millis(1));
            }
        }
    }

    fn ending(&self, stopped: Stopped) -> Ending {
        let noise = match self.scanner.noise() {
            0 => String::new(),
            count => format!("; {count} bytes of noise were on the pipe of its answer"),
        };
        match stopped {
            Stopped::Answered => match serde_json::from_slice(self.scanner.answer().unwrap_or_default()) {
                Ok(value) => Ending::Answered(value),
                Err(problem) => Ending::Nonsense(format!("its answer is not JSON: {problem}")),
            },
            Stopped::Deadline => Ending::TimedOut("wall clock".to_owned()),
            Stopped::TooMany => Ending::ProcessLimit("it made more processes than it may".to_owned()),
            Stopped::ClientGone => Ending::CouldNotStart("nobody waits for the answer".to_owned()),
            Stopped::Ended => match self.status {
                Some(status) if libc::WIFSIGNALED(status) => match libc::WTERMSIG(status) {
                    libc::SIGXCPU => Ending::TimedOut("processor time".to_owned()),
                    signal => Ending::Signalled(signal),
                },
                Some(status) if libc::WEXITSTATUS(status) == answer::CANNOT_SAY => {
                    Ending::Nonsense(format!("it closed the pipe of its answer{noise}"))
                }
                Some(status) => Ending::Exited(libc::WEXITSTATUS(status)),
                None => Ending::Nonsense("it ended without a status".to_owned()),
            },
        }
    }
}

/// How many processes this process can see: those of its namespace.
fn processes_here() -> Option<u64> {
    let mut count = 0;
    for entry in std::fs::read_dir("/proc").ok()?.flatten() {
        let name = entry.file_name();
        if name.to_str().is_some_and(|name| name.bytes().all(|byte| byte.is_ascii_digit())) {
            count += 1;
        }
    }
    (count > 0).then_some(count)
}

fn take(mut file: &File, mut sink: impl FnMut(&[u8])) {
    let mut buffer = [0u8; 1 << 16];
    for _ in 0..64 {
        match file.read(&mut buffer) {
            Ok(count) if count > 0 => sink(&buffer[..count]),
            Ok(_) | Err(_) => return,
        }
    }
}

/// The children of this process, where the system tells.
fn children() -> Vec<libc::pid_t> {
    let told = std::fs::read_to_string("/proc/thread-self/children").unwrap_or_default();
    told.split_whitespace().filter_map(|number| number.parse().ok()).collect()
}
