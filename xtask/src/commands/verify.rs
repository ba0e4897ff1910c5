//! `cargo xtask verify`: every finding against the code, as tables, with an exit code that scripts can use.

use clap::Args;
use verifier::report::Format;

use crate::arguments::{
    CatalogueArguments, OutputArguments, RunArguments, SelectionArguments, TargetArguments,
};
use crate::examination::{Examination, deliver, format_of, selection, spare_catalogue};
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
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> Result<u8, Failure> {
    let format = format_of(&arguments.output, Format::Table, false)?;
    let examination = Examination::open(&arguments.catalogue, &arguments.target)?;
    spare_catalogue(&examination.catalogue, arguments.output.output.as_deref())?;
    let verification = examination.run(&selection(&arguments.selection), &arguments.run)?;
    deliver(&examination, &verification, &arguments.output, format)
}
