//! `cargo xtask report`: the Master Bug Report.

use clap::Args;
use verifier::exit_code;

use crate::arguments::{
    CatalogueArguments, OutputArguments, RunArguments, SelectionArguments, TargetArguments,
};
use crate::output::Failure;

/// The command's arguments.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    catalogue: CatalogueArguments,
    #[command(flatten)]
    target: TargetArguments,
    #[command(flatten)]
    selection: SelectionArguments,
    #[command(flatten)]
    run: RunArguments,
    #[command(flatten)]
    output: OutputArguments,
    /// Add the code of each place
    #[arg(long)]
    excerpts: bool,
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> Result<u8, Failure> {
    let _ = (arguments, exit_code::ERROR);
    Err(Failure::Other("`report` is not built yet".to_owned()))
}
