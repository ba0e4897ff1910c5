//! `cargo xtask grep`: a pattern on the target, before it goes into a finding.

use clap::Args;
use verifier::exit_code;

use crate::arguments::{ColorArguments, TargetArguments};
use crate::output::Failure;

/// The command's arguments.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// The pattern
    pattern: String,
    #[command(flatten)]
    target: TargetArguments,
    #[command(flatten)]
    color: ColorArguments,
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> Result<u8, Failure> {
    let _ = (arguments, exit_code::ERROR);
    Err(Failure::Other("`grep` is not built yet".to_owned()))
}
