//! `cargo xtask check`: the catalogue itself. Reads it, runs the examples of every kind of check
//! and of every claim, names what matches nothing in the target, and suggests what looks alike.

use std::io;

use clap::Args;
use verifier::exit_code;
use verifier::report::counted;
use verifier::review;
use verifier::target::open_target;

use crate::arguments::{CatalogueArguments, TargetArguments};
use crate::examination::{explain_no_files, of_target, read_catalogue, root_of};
use crate::output::{self, Failure};

/// The command's arguments.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    catalogue: CatalogueArguments,
    #[command(flatten)]
    target: TargetArguments,
}

/// Runs the command. Warnings leave the exit code alone.
pub(crate) fn run(arguments: &Arguments) -> Result<u8, Failure> {
    let color = arguments.catalogue.color.for_stream(&io::stderr());
    let catalogue = read_catalogue(&arguments.catalogue)?;
    let examples = review::examples(&catalogue);
    let root = root_of(&catalogue, &arguments.target)?;
    // Opened without `exclude`, to see what that matches.
    let target = open_target(&root, arguments.target.rev.as_deref(), &[]).map_err(of_target)?;
    let mut count = 0;
    let stale = if target.python_files().is_empty() {
        // One thing is wrong, and not each claim.
        output::talk(&format!(
            "warning: there is no Python file in `{}`: what claims match is not known",
            root.display()
        ));
        explain_no_files(target.as_ref(), &root);
        output::talk("");
        count += 1;
        None
    } else {
        review::stale(&catalogue, target.as_ref())
    };
    let warnings = [stale, review::loose_ends(&catalogue)];
    for problems in warnings.iter().flatten() {
        count += problems.iter().len();
        output::talk(&format!("{}\n", problems.render(color)));
    }
    if let Some(problems) = examples.problems {
        return Err(Failure::Catalogue(problems.render(color)));
    }
    let claims: usize = catalogue.findings.iter().map(|finding| finding.claims.len()).sum();
    let (of_kinds, of_claims) = examples.good;
    output::data(&format!(
        "{} is good: {} of {}, {}\n\
         examples answer as they say: {}, {}\n\
         {}\n",
        catalogue.path.display(),
        counted(catalogue.findings.len(), "finding", "findings"),
        counted(catalogue.reports.len(), "report", "reports"),
        counted(claims, "claim", "claims"),
        counted(of_kinds, "check kind", "check kinds"),
        counted(of_claims, "claim", "claims"),
        match count {
            0 => "no warnings".to_owned(),
            count => counted(count, "warning", "warnings"),
        },
    ))?;
    Ok(exit_code::NOTHING_CONFIRMED)
}
