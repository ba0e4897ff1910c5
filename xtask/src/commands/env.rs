//! `cargo xtask env`: a private virtual environment with the real packages that probes want.

use clap::Args;
use verifier::exit_code;

use crate::arguments::CatalogueArguments;
use crate::environment::Environment;
use crate::examination::{directory_of, read_catalogue};
use crate::output::{self, Failure};
use crate::progress::Bar;

/// The command's arguments.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    catalogue: CatalogueArguments,
    /// Choose versions anew instead of those in the lock file
    #[arg(long)]
    upgrade: bool,
    /// Fail when a requirement cannot be installed
    #[arg(long)]
    strict: bool,
}

/// Runs the command. What cannot be installed is said, and stays replaced by stubs.
pub(crate) fn run(arguments: &Arguments) -> Result<u8, Failure> {
    let catalogue = read_catalogue(&arguments.catalogue)?;
    let requirements = &catalogue.target.python.requirements;
    if requirements.is_empty() {
        output::talk("`[target.python]` names no `requirements`: nothing to install");
        return Ok(exit_code::NOTHING_CONFIRMED);
    }
    let environment = Environment::beside(directory_of(&catalogue));
    let python = verifier_worker::interpreter();
    let bar = Bar::waiting("installing");
    let created = environment.create(&python.executable, &python.version, requirements, arguments.upgrade)?;
    drop(bar);
    for (requirement, problem) in &created.missing {
        output::talk(&format!("could not install `{requirement}`: {problem}"));
    }
    output::talk(&format!(
        "{} `{}`: Python {}, {} packages, versions in `{}`",
        if created.was_current { "up to date:" } else { "created" },
        environment.directory().display(),
        python.version,
        created.packages,
        environment.lock().display()
    ));
    if arguments.strict && !created.missing.is_empty() {
        return Err(Failure::Other(format!("{} requirements are missing", created.missing.len())));
    }
    Ok(exit_code::NOTHING_CONFIRMED)
}
