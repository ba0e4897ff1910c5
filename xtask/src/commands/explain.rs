//! `cargo xtask explain`: all evidence of a finding, or the manual of a check kind.

use std::io;

use clap::Args;
use verifier::catalogue::{CheckKind, ClaimId, FindingId};
use verifier::exit_code;
use verifier::manual;
use verifier::report::{Style, explanation};
use verifier::suggest::closest;
use verifier::verify::Selection;

use crate::arguments::{CatalogueArguments, RunArguments, TargetArguments};
use crate::examination::{Examination, width};
use crate::output::{self, Failure};

/// The command's arguments.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// A finding (`R2-1`), one of its claims (`R2-1/created-as-task`), or a check kind (`thread`)
    id: String,
    #[command(flatten)]
    catalogue: CatalogueArguments,
    #[command(flatten)]
    target: TargetArguments,
    #[command(flatten)]
    run: RunArguments,
}

/// Runs the command. The exit code is that of the finding, as `verify` would give it.
pub(crate) fn run(arguments: &Arguments) -> Result<u8, Failure> {
    if let Some(kind) = CheckKind::named(&arguments.id) {
        output::data(&manual::page(kind))?;
        return Ok(exit_code::NOTHING_CONFIRMED);
    }
    let examination = Examination::open(&arguments.catalogue, &arguments.target)?;
    let findings = &examination.catalogue.findings;
    let (finding, claim) = match arguments.id.split_once('/') {
        Some((finding, _)) => (FindingId::new(finding), Some(ClaimId::new(arguments.id.as_str()))),
        None => (FindingId::new(arguments.id.as_str()), None),
    };
    let known = findings.iter().find(|known| known.id == finding).filter(|known| {
        claim.as_ref().is_none_or(|claim| known.claims.iter().any(|known| known.id == *claim))
    });
    if known.is_none() {
        let claims = findings.iter().flat_map(|finding| &finding.claims).map(|claim| claim.id.as_str());
        let findings = findings.iter().map(|finding| finding.id.as_str());
        let names: Vec<&str> = match claim {
            Some(_) => claims.collect(),
            None => findings.chain(CheckKind::ALL.map(CheckKind::name)).collect(),
        };
        return Err(unknown(&arguments.id, &names));
    }
    let selection = Selection { findings: vec![finding.as_str().to_owned()], severities: Vec::new() };
    let verification = examination.run(&selection, &arguments.run)?;
    let color = examination.color.for_stream(&io::stdout());
    let style = Style { color, width: width(), excerpts: true };
    for examined in &verification.findings {
        output::data(&explanation::render(&verification, examined, claim.as_ref(), style))?;
    }
    examination.explain_nothing(&verification);
    Ok(verification.exit_code())
}

fn unknown(id: &str, names: &[&str]) -> Failure {
    let message = format!("there is no finding, claim or check kind `{id}`");
    match closest(id, names.iter().copied()) {
        Some(name) => Failure::Usage(format!("{message}\nhint: did you mean `{name}`?")),
        None => Failure::Usage(format!(
            "{message}\nhint: `cargo xtask list` shows the findings; the kinds are {}",
            CheckKind::ALL.map(|kind| format!("`{}`", kind.name())).join(", ")
        )),
    }
}
