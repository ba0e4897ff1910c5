//! Questions about running code: `import`, `inspect`, `probe`. This is the client; Python itself
//! lives in the worker (`verifier/worker`), which is this binary started again. Target code never
//! runs in this process.
//!
//! A [`Session`] starts the worker at its first question and answers from any thread. However the
//! process of a question ends, the answer is an [`Observation`](crate::evidence::Observation).

mod cited;
mod copy;
mod import;
mod inspect;
mod module;
mod probe;
mod process;
pub mod protocol;
mod request;
pub mod sandbox;
mod scratch;
mod session;

pub use process::{Interpreter, NoPython, Setup, WORKER_ARGUMENT, WORKER_VARIABLE};
pub use request::{Cited, Ending, Limits, Module, Question, Reply, Request, Surroundings};
pub use session::{RuntimeCheck, Session, Settings};

/// The hash by which a file's content is told from any other.
pub fn content_hash(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}
