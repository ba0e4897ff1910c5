//! `cargo xtask list`: what the catalogue holds, without checking anything.

use std::path::PathBuf;

use clap::Args;
use clap::builder::PossibleValuesParser;
use verifier::exit_code;
use verifier::report::listing;

use crate::arguments::{CatalogueArguments, SelectionArguments};
use crate::examination::{of_selection, read_catalogue, selection, spare_catalogue, width, write};
use crate::output::{self, Failure};

/// The command's arguments.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    catalogue: CatalogueArguments,
    #[command(flatten)]
    selection: SelectionArguments,
    /// The format
    #[arg(long, value_name = "FORMAT", default_value = "table",
          value_parser = PossibleValuesParser::new(["table", "json"]), help_heading = "Output")]
    format: String,
    /// Write to this file, whole or not at all, instead of standard output
    #[arg(long, short, value_name = "FILE", help_heading = "Output")]
    output: Option<PathBuf>,
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> Result<u8, Failure> {
    let catalogue = read_catalogue(&arguments.catalogue)?;
    spare_catalogue(&catalogue, arguments.output.as_deref())?;
    let findings = selection(&arguments.selection).of(&catalogue).map_err(of_selection)?;
    let text = match arguments.format.as_str() {
        "json" => listing::json(&findings),
        _ => listing::table(&findings, width()),
    };
    write(&text, arguments.output.as_deref())?;
    if findings.is_empty() {
        output::talk("no finding was selected");
        return Ok(exit_code::NOTHING_CHECKED);
    }
    Ok(exit_code::NOTHING_CONFIRMED)
}
