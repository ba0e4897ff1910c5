//! `cargo xtask report`: the Master Bug Report.

use clap::Args;
use verifier::report::Format;

use crate::arguments::{
    CatalogueArguments, OutputArguments, RunArguments, SelectionArguments, TargetArguments,
};
use crate::examination::{Examination, deliver, selection};
use crate::output::Failure;

/// The command's arguments.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// List the same defects elsewhere in the tree under each bug
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
    let examination = Examination::open(&arguments.catalogue, &arguments.target)?;
    let mut verification = examination.run(&selection(&arguments.selection), &arguments.run)?;
    if arguments.siblings {
        verification.siblings = examination.sweep(&verification, &["**/*.py".to_owned()], &[]);
    }
    deliver(&examination, &verification, &arguments.output, Format::Markdown)
}
