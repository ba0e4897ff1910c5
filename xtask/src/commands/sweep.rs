//! `cargo xtask sweep`: the same defects elsewhere in the tree.

use clap::Args;
use clap::builder::PossibleValuesParser;
use verifier::exit_code;
use verifier::report::siblings;

use crate::arguments::{CatalogueArguments, RunArguments, TargetArguments};
use crate::examination::{Examination, write};
use crate::output::Failure;

/// The command's arguments.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// Findings (`R1-4`) or claims (`R1-4/context-nulled`) whose siblings are wanted [default: all]
    #[arg(value_name = "ID")]
    ids: Vec<String>,
    /// Files to search; a glob that begins with `!` takes files away; may be repeated
    #[arg(long, value_name = "GLOB", default_value = "**/*.py")]
    files: Vec<String>,
    /// The format
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = PossibleValuesParser::new(["text", "json"]))]
    format: String,
    #[command(flatten)]
    catalogue: CatalogueArguments,
    #[command(flatten)]
    target: TargetArguments,
    #[command(flatten)]
    run: RunArguments,
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> Result<u8, Failure> {
    let examination = Examination::open(&arguments.catalogue, &arguments.target)?;
    let selection = examination.selection_of(&arguments.ids)?;
    let verification = examination.run(&selection, &arguments.run)?;
    let sweeps = examination.sweep(&verification, &arguments.files, &arguments.ids);
    let text = match arguments.format.as_str() {
        "json" => siblings::json(&sweeps),
        _ => siblings::text(&sweeps),
    };
    write(&text, None)?;
    examination.explain_nothing(&verification);
    Ok(match verification.exit_code() {
        // A broken file among the cited ones says nothing about siblings.
        exit_code::SOMETHING_CONFIRMED if sweeps.is_empty() => exit_code::NOTHING_CONFIRMED,
        code => code,
    })
}
