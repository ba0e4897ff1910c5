//! Assay's command line: parses arguments, calls `verifier`, prints, picks the exit code.

mod arguments;
mod commands;
mod environment;
mod examination;
mod output;
mod progress;

use std::panic::catch_unwind;
use std::process::ExitCode;

use clap::Parser;
use verifier::{exit_code, interrupt};

use crate::commands::Command;
use crate::output::Failure;

/// Turns bug reports into executable findings and tells, with evidence, which of them are true.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version, max_term_width = 100, after_help = EXIT_CODES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "\
Exit codes:
  0  nothing confirmed
  1  something confirmed, or a cited file does not compile
  2  wrong usage, a catalogue with problems, or an internal error
  3  nothing confirmed, but something undetermined or disputed
  4  nothing was checked";

fn main() -> ExitCode {
    verifier_worker::run_if_asked();
    interrupt::watch(progress::clear);
    // A bug of ours is told apart from every verdict: a panic has shown its message by now.
    let code = catch_unwind(|| {
        let arguments = Arguments::parse();
        arguments.command.run().unwrap_or_else(|failure| {
            output::talk(&failure.to_string());
            match failure {
                Failure::Usage(_) | Failure::Catalogue(_) | Failure::Other(_) => exit_code::ERROR,
            }
        })
    })
    .unwrap_or(exit_code::ERROR);
    ExitCode::from(code)
}
