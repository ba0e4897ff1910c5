//! The process in which Python lives. The binary that links this crate starts itself again and
//! becomes a zygote: Python is initialised and the helpers are loaded once, then a process is
//! forked per question. It decides nothing: it answers with what it saw.
//!
//! The zygote never runs code of the target and has one thread. Per question it forks a watcher,
//! which is the first process of its own namespace; that forks the process in which target code
//! runs, watches the clock, reads the answer, and ends everything.

mod answer;
mod audit;
mod interpreter;
mod loading;
mod watch;
mod zygote;

use verifier::runtime_checks::{Interpreter, WORKER_ARGUMENT, WORKER_VARIABLE};

/// Becomes the worker and never returns, when this process was started as one. To be called first
/// thing in `main`, while there is one thread.
pub fn run_if_asked() {
    let argument = std::env::args_os().nth(1);
    if argument.as_deref().is_some_and(|argument| argument == WORKER_ARGUMENT)
        && let Some(start) = std::env::var_os(WORKER_VARIABLE)
    {
        zygote::run(&start.to_string_lossy());
    }
    if argument.is_some_and(|argument| argument == WHICH_PYTHON) {
        let told = serde_json::to_string(&interpreter()).unwrap_or_default();
        // SAFETY: a text that lives through the call; then this process ends.
        unsafe {
            libc::write(1, told.as_ptr().cast(), told.len());
            libc::_exit(0);
        }
    }
}

/// Tells tests and scripts which Python this binary was built for, when they ask in this way.
const WHICH_PYTHON: &str = "--assay-python";

/// The Python that this binary was built for.
pub fn interpreter() -> Interpreter {
    Interpreter {
        executable: env!("ASSAY_PYTHON_EXECUTABLE").into(),
        version: env!("ASSAY_PYTHON_VERSION").to_owned(),
        library_name: env!("ASSAY_PYTHON_LIBRARY_NAME").to_owned(),
        library_directories: env!("ASSAY_PYTHON_LIBRARY_DIRECTORIES").split(':').map(Into::into).collect(),
    }
}
