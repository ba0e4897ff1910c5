//! `cargo xtask report`: the Master Bug Report.

use clap::Args;
use verifier::report::Format;

use crate::arguments::{
    CatalogueArguments, OutputArguments, RunArguments, SelectionArguments, TargetArguments,
};
use crate::examination::{EVERYTHING, Examination, deliver, format_of, selection, spare_catalogue};
use crate::output::Failure;

/// The command's arguments.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// List the same defects elsewhere in the tree under each bug, or as `sweeps` in JSON
    #[arg(long)]
    siblings: bool,
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
    let format = format_of(&arguments.output, Format::Markdown, arguments.siblings)?;
    let examination = Examination::open(&arguments.catalogue, &arguments.target)?;
    spare_catalogue(&examination.catalogue, arguments.output.output.as_deref())?;
    let mut verification = examination.run(&selection(&arguments.selection), &arguments.run)?;
    if arguments.siblings {
        verification.siblings = examination.sweep(&verification, &[EVERYTHING.to_owned()], &[]);
    }
    deliver(&examination, &verification, &arguments.output, format)
}
