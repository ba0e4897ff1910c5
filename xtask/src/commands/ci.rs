//! `cargo xtask ci`: everything that a change must pass, the same for people and automation.

use std::path::{Path, PathBuf};

use clap::Args;
use verifier::{exit_code, manual, report};
use xshell::{Shell, cmd};

use crate::output::{self, Failure};

/// The command's arguments.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// Only write the generated documents anew; `ci` fails when they are stale
    #[arg(long)]
    update_docs: bool,
}

/// Runs the command. Later steps do not run when an earlier one fails.
pub(crate) fn run(arguments: &Arguments) -> Result<u8, Failure> {
    let root = workspace();
    if arguments.update_docs {
        let path = root.join("docs/checks.md");
        report::write_whole(&path, manual::document().as_bytes())
            .map_err(|error| Failure::Other(error.to_string()))?;
        output::talk(&format!("wrote `{}`", path.display()));
        return Ok(exit_code::NOTHING_CONFIRMED);
    }
    let shell = Shell::new().map_err(|error| Failure::other("cannot start", error))?;
    shell.change_dir(&root);
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let steps = [
        ("formatting", cmd!(shell, "{cargo} fmt --all --check")),
        ("lints", cmd!(shell, "{cargo} clippy --quiet --workspace --all-targets -- --deny warnings")),
        // Among the tests: generated documents, and the rules of the tree.
        ("tests", cmd!(shell, "{cargo} test --workspace")),
    ];
    for (name, command) in steps {
        output::talk(&format!("ci: {name}: {command}"));
        command.quiet().run().map_err(|error| Failure::other(format!("{name} failed"), error))?;
    }
    output::talk("ci: everything passed");
    Ok(exit_code::NOTHING_CONFIRMED)
}

/// The workspace's root: Cargo says where this crate is, when it runs it.
fn workspace() -> PathBuf {
    let manifest =
        std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    Path::new(&manifest).parent().map_or_else(|| PathBuf::from("."), Path::to_path_buf)
}
