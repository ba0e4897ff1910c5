//! Assay's library: from a catalogue of findings and a Python code base to verdicts, bugs
//! and reports.
//!
//! The modules are the stages of one pipeline, in this order. A stage knows those above it,
//! never those below, and `static_checks` and `runtime_checks` do not know each other.

pub mod bugs;
pub mod catalogue;
pub mod evidence;
pub mod examined;
pub mod exit_code;
pub mod fixture;
pub mod python;
pub mod report;
pub mod runtime_checks;
pub mod static_checks;
pub mod suggest;
pub mod target;
pub mod verdict;
pub mod verification;
pub mod verify;
