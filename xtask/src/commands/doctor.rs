//! `cargo xtask doctor`: what this machine offers, and how to mend what is missing.

use clap::Args;
use verifier::exit_code;

use crate::arguments::ColorArguments;
use crate::output::Failure;

/// The command's arguments.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    color: ColorArguments,
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> Result<u8, Failure> {
    let _ = (arguments, exit_code::ERROR);
    Err(Failure::Other("`doctor` is not built yet".to_owned()))
}
