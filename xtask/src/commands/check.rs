//! `cargo xtask check`: the catalogue itself.

use clap::Args;
use verifier::exit_code;

use crate::arguments::{CatalogueArguments, TargetArguments};
use crate::output::Failure;

/// The command's arguments.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    catalogue: CatalogueArguments,
    #[command(flatten)]
    target: TargetArguments,
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> Result<u8, Failure> {
    let _ = (arguments, exit_code::ERROR);
    Err(Failure::Other("`check` is not built yet".to_owned()))
}
