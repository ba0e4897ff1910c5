//! `cargo xtask list`: what the catalogue holds, without checking anything.

use clap::Args;
use verifier::exit_code;

use crate::arguments::{CatalogueArguments, OutputArguments, SelectionArguments};
use crate::output::Failure;

/// The command's arguments.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    catalogue: CatalogueArguments,
    #[command(flatten)]
    selection: SelectionArguments,
    #[command(flatten)]
    output: OutputArguments,
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> Result<u8, Failure> {
    let _ = (arguments, exit_code::ERROR);
    Err(Failure::Other("`list` is not built yet".to_owned()))
}
