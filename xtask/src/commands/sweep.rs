//! `cargo xtask sweep`: the same defects elsewhere in the tree.

use clap::Args;
use clap::builder::PossibleValuesParser;
use verifier::exit_code;
use verifier::report::siblings;
use verifier::target::{FileSelector, PathError, RelativePath};

use crate::arguments::{CatalogueArguments, RunArguments, TargetArguments};
use crate::examination::{EVERYTHING, Examination, write};
use crate::output::{self, Failure};

/// The command's arguments.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// Findings (`R1-4`) or claims (`R1-4/context-nulled-then-used`) whose siblings are wanted [default: all]
    #[arg(value_name = "ID")]
    ids: Vec<String>,
    /// Files to search; a glob that begins with `!` takes files away; may be repeated
    /// [default: **/*.py]
    #[arg(long, value_name = "GLOB")]
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
    let (scope, selector) = scope(&arguments.files)?;
    let examination = Examination::open(&arguments.catalogue, &arguments.target)?;
    let selection = examination.selection_of(&arguments.ids)?;
    let verification = examination.run(&selection, &arguments.run)?;
    let sweeps = examination.sweep(&verification, &scope, &arguments.ids);
    let text = match arguments.format.as_str() {
        "json" => siblings::json(&sweeps),
        _ => siblings::text(&sweeps),
    };
    write(&text, None)?;
    if !examination.selects_any(&selector) {
        output::talk(&format!("nothing was swept: `{}` selects no Python file", scope.join("`, `")));
        return Ok(exit_code::NOTHING_CHECKED);
    }
    examination.explain_nothing(&verification);
    Ok(match verification.exit_code() {
        // A broken file among the cited ones says nothing about siblings.
        exit_code::SOMETHING_CONFIRMED if sweeps.is_empty() => exit_code::NOTHING_CONFIRMED,
        code => code,
    })
}

/// The globs of `--files`, which select below the root. Those that only take away do so from all.
fn scope(globs: &[String]) -> Result<(Vec<String>, FileSelector), Failure> {
    let mut scope = globs.to_vec();
    if globs.iter().all(|glob| glob.starts_with('!')) {
        scope.insert(0, EVERYTHING.to_owned());
    }
    for glob in globs {
        let path = glob.strip_prefix('!').unwrap_or(glob);
        if path != "."
            && let Err(error @ (PathError::Absolute | PathError::LeavesRoot | PathError::Empty)) =
                RelativePath::new(path)
        {
            return Err(Failure::Usage(format!("cannot use `--files {glob}`: {error}")));
        }
    }
    let selector = FileSelector::new(&scope).map_err(|error| Failure::Usage(error.to_string()))?;
    Ok((scope, selector))
}
