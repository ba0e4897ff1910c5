//! Printing: data on standard output, talk on standard error, and what can go wrong with both.

use std::fmt;
use std::io::{self, Write};

/// Why a command gave no answer.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The command line asks for something that cannot be.
    Usage(String),
    /// The catalogue has problems; the text shows each at its line.
    Catalogue(String),
    /// Anything else that was attempted and did not succeed.
    Other(String),
}

impl Failure {
    /// What `operation` ended with.
    pub(crate) fn other(operation: impl fmt::Display, problem: impl fmt::Display) -> Self {
        Failure::Other(format!("{operation}: {problem}"))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Usage(message) | Failure::Other(message) => write!(formatter, "error: {message}"),
            Failure::Catalogue(rendered) => formatter.write_str(rendered),
        }
    }
}

/// Writes data to standard output. A reader that has seen enough closes the pipe; that is not
/// an error, and the exit code stays what the answer makes it.
pub(crate) fn data(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::other("cannot write to standard output", error))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Says one thing on standard error. Nobody may be listening, which is no reason to fail.
pub(crate) fn talk(message: &str) {
    let mut stderr = io::stderr().lock();
    let _ = writeln!(stderr, "{}", message.trim_end());
}
