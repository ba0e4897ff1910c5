//! Assay's library: from a catalogue of findings and a Python code base to verdicts, bugs
//! and reports.
//!
//! The modules are the stages of one pipeline, in this order. A stage knows those above it,
//! never those below, and `static_checks` and `runtime_checks` do not know each other.

pub mod interrupt;
pub mod parallel;
pub mod cache;
pub mod target;
pub mod catalogue;
pub mod python;
pub mod evidence;
pub mod anchors;
pub mod remembered;
pub mod static_checks;
pub mod runtime_checks;
pub mod verdict;
pub mod examined;
pub mod bugs;
pub mod suggest;
pub mod verification;
pub mod siblings;
pub mod verify;
pub mod manual;
pub mod relocate;
pub mod review;
pub mod grep;
pub mod report;
pub mod exit_code;
pub mod fixture;
