//! The commands, one file each.

mod check;
mod ci;
mod doctor;
mod env;
mod explain;
mod grep;
mod list;
mod relocate;
mod report;
mod sweep;
mod verify;

use clap::Subcommand;

use crate::output::Failure;

/// What can be asked on the command line.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check every finding against the code and show what is true of each
    Verify(verify::Arguments),
    /// Write the Master Bug Report: one list without duplicates, by severity
    Report(report::Arguments),
    /// List the findings and claims of the catalogue, without checking anything
    List(list::Arguments),
    /// Show all evidence of a finding, or the manual of a check kind
    Explain(explain::Arguments),
    /// Check the catalogue itself: its form, its claims' files, the examples of each check kind
    Check(check::Arguments),
    /// Create a private virtual environment with the real packages that probes want
    Env(env::Arguments),
    /// Tell what this machine offers: Python, git, isolation, and how to mend what is missing
    Doctor(doctor::Arguments),
    /// Run everything that a change must pass
    Ci(ci::Arguments),
    /// Find the same defects elsewhere in the tree: the siblings of confirmed claims
    Sweep(sweep::Arguments),
    /// Find the code of claims again after it was renamed or moved
    Relocate(relocate::Arguments),
    /// Try a pattern on the target before it goes into a finding
    Grep(grep::Arguments),
}

impl Command {
    /// Runs the command; the value is the exit code.
    pub(crate) fn run(self) -> Result<u8, Failure> {
        match self {
            Command::Verify(arguments) => verify::run(&arguments),
            Command::Report(arguments) => report::run(&arguments),
            Command::List(arguments) => list::run(&arguments),
            Command::Explain(arguments) => explain::run(&arguments),
            Command::Check(arguments) => check::run(&arguments),
            Command::Env(arguments) => env::run(&arguments),
            Command::Doctor(arguments) => doctor::run(&arguments),
            Command::Ci(arguments) => ci::run(&arguments),
            Command::Sweep(arguments) => sweep::run(&arguments),
            Command::Relocate(arguments) => relocate::run(&arguments),
            Command::Grep(arguments) => grep::run(&arguments),
        }
    }
}
