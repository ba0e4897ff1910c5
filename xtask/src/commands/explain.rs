//! `cargo xtask explain`: all evidence of a finding, or the manual of a check kind.

use clap::Args;
use verifier::exit_code;

use crate::arguments::{CatalogueArguments, RunArguments, TargetArguments};
use crate::output::Failure;

/// The command's arguments.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// A finding, a claim, or a check kind
    id: String,
    #[command(flatten)]
    catalogue: CatalogueArguments,
    #[command(flatten)]
    target: TargetArguments,
    #[command(flatten)]
    run: RunArguments,
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> Result<u8, Failure> {
    let _ = (arguments, exit_code::ERROR);
    Err(Failure::Other("`explain` is not built yet".to_owned()))
}
