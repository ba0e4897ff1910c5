//! `cargo xtask relocate`: where the code of each claim is now, and the catalogue brought up to date.

use clap::Args;
use verifier::anchors::{Candidate, Whereabouts};
use verifier::catalogue::Scope;
use verifier::exit_code;
use verifier::relocate::{Relocation, describe, rewritten};
use verifier::report::{counted, visible};

use crate::arguments::{CatalogueArguments, RunArguments, SelectionArguments, TargetArguments};
use crate::examination::{Examination, selection, write};
use crate::output::{self, Failure};
use crate::progress::Bar;

/// The command's arguments.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// Bring the catalogue up to date with what is beyond doubt; its comments and layout stay as
    /// they are
    #[arg(long)]
    write: bool,
    #[command(flatten)]
    catalogue: CatalogueArguments,
    #[command(flatten)]
    target: TargetArguments,
    #[command(flatten)]
    selection: SelectionArguments,
    #[command(flatten)]
    run: RunArguments,
}

/// Runs the command. Anchors that are only likely, stay open or are lost leave something undecided.
pub(crate) fn run(arguments: &Arguments) -> Result<u8, Failure> {
    let examination = Examination::open(&arguments.catalogue, &arguments.target)?;
    let verification = examination.run(&selection(&arguments.selection), &arguments.run)?;
    let bar = Bar::waiting("looking for moved code");
    let relocations = examination.relocate(&verification);
    drop(bar);
    for relocation in &relocations {
        output::data(&shown(relocation))?;
    }
    let moved = relocations.iter().filter(|relocation| relocation.now.moved().is_some()).count();
    let undecided = relocations.len() - moved;
    let catalogue = &examination.catalogue;
    if arguments.write && moved > 0 {
        write(&rewritten(catalogue, &relocations), Some(&catalogue.path))?;
    }
    let did = if arguments.write { "brought up to date" } else { "moved" };
    output::talk(&format!("{} {did}, {undecided} undecided", counted(moved, "claim", "claims")));
    Ok(if undecided > 0 { exit_code::UNDECIDED } else { exit_code::NOTHING_CONFIRMED })
}

fn shown(relocation: &Relocation) -> String {
    let claim = relocation.claim;
    let file = match &claim.scope {
        Scope::File(path) => path.to_string(),
        Scope::Sweep(globs) => globs.join(", "),
    };
    let was = visible(&describe(&file, claim.symbol.as_deref(), claim.lines));
    let mut text = format!("{}\n  was at  {was}\n", claim.id);
    let place = |candidate: &Candidate| {
        visible(&describe(candidate.file.as_str(), candidate.symbol.as_deref(), candidate.lines))
    };
    match &relocation.now {
        Whereabouts::Moved(candidate) => {
            text.push_str(&format!("  is at   {}\n  because {}\n", place(candidate), candidate.because));
        }
        Whereabouts::Likely(candidate) => text.push_str(&format!(
            "  is probably at {}\n  because {}\n",
            place(candidate),
            candidate.because
        )),
        Whereabouts::Open(candidates) => {
            for candidate in candidates {
                text.push_str(&format!("  may be  {}: {}\n", place(candidate), candidate.because));
            }
        }
        Whereabouts::Lost => text.push_str("  is gone: nothing resembles it enough\n"),
    }
    text
}
