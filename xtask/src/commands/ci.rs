//! `cargo xtask ci`: everything that a change must pass, the same for people and automation.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use clap::Args;
use verifier::catalogue::Catalogue;
use verifier::runtime_checks::sandbox::{self, Layer};
use verifier::{exit_code, manual, report};
use xshell::{Shell, cmd};

use crate::environment::Environment;
use crate::output::{self, Failure};

/// The command's arguments.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    /// Only write the generated documents anew; `ci` fails when they are stale
    #[arg(long)]
    update_docs: bool,
    /// Do not install the packages that proofs want, and do not repeat the live tests with them
    #[arg(long)]
    without_packages: bool,
}

/// The catalogue whose packages are installed.
const CATALOGUE: &str = "findings.toml";

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
    let mut left_out: Vec<String> = Vec::new();
    let packages = match arguments.without_packages {
        false => Some(Packages::install(&root)?),
        true => {
            left_out
                .push("the tests with the target's real packages, because of `--without-packages`".into());
            None
        }
    };
    let missing: Vec<&str> =
        sandbox::survey().missing.iter().map(|(layer, _): &(Layer, _)| layer.name()).collect();
    if !missing.is_empty() {
        left_out.push(format!(
            "hostile code that needs isolation, because this machine lacks {} (see `cargo xtask doctor`)",
            missing.join(", ")
        ));
    }
    let steps = [
        ("formatting", cmd!(shell, "{cargo} fmt --all --check")),
        ("lints", cmd!(shell, "{cargo} clippy --quiet --workspace --all-targets -- --deny warnings")),
        // Among the tests: generated documents, and the rules of the tree. Stubs stand in for
        // the packages of the target.
        ("tests", cmd!(shell, "{cargo} test --workspace --test integration").env_remove(VENV)),
        ("examples in documents", cmd!(shell, "{cargo} test --quiet --workspace --doc")),
        // The library, which alone has some, is built once more for them; not to optimise it takes a
        // third of the time, and costs them some seconds.
        (
            "unit tests",
            cmd!(shell, "{cargo} test --package verifier --lib --config profile.test.opt-level=0"),
        ),
    ];
    for (name, command) in steps {
        output::talk(&format!("ci: {name}: {command}"));
        command.quiet().run().map_err(|error| Failure::other(format!("{name} failed"), error))?;
    }
    if let Some(packages) = packages {
        let venv = packages.wait()?;
        // Of the whole workspace, as above: of one package alone its features are others, and all
        // is compiled once more.
        let command =
            cmd!(shell, "{cargo} test --workspace --test integration -- verdicts::running_the_code")
                .env(VENV, venv);
        output::talk(&format!("ci: tests with the target's packages: {command}"));
        command
            .quiet()
            .run()
            .map_err(|error| Failure::other("tests with the target's packages failed", error))?;
    }
    match left_out.is_empty() {
        true => output::talk("ci: everything passed"),
        false => output::talk(&format!("ci: what ran has passed; NOT RUN: {}", left_out.join("; "))),
    }
    Ok(exit_code::NOTHING_CONFIRMED)
}

/// Names the virtual environment to the tests that can use one.
const VENV: &str = "ASSAY_TEST_VENV";

/// The packages of the target, installed while the first steps run: that waits for the network,
/// they for the processor.
struct Packages {
    installing: Child,
    environment: Environment,
}

impl Packages {
    fn install(root: &Path) -> Result<Self, Failure> {
        let path = root.join(CATALOGUE);
        if let Err(problems) = Catalogue::read(&path) {
            return Err(Failure::Other(problems.to_string()));
        }
        let program =
            std::env::current_exe().map_err(|error| Failure::other("cannot find this program", error))?;
        output::talk("ci: packages: cargo xtask env --strict");
        let installing = Command::new(program)
            .args(["env", "--strict", "--catalogue"])
            .arg(&path)
            .stdin(Stdio::null())
            .spawn()
            .map_err(|error| Failure::other("cannot install packages", error))?;
        Ok(Self { installing, environment: Environment::beside(root) })
    }

    /// The environment, when all packages are there.
    fn wait(mut self) -> Result<PathBuf, Failure> {
        let status =
            self.installing.wait().map_err(|error| Failure::other("cannot install packages", error))?;
        match (status.success(), self.environment.if_complete()) {
            (true, Some(venv)) => Ok(venv.to_owned()),
            _ => Err(Failure::Other(
                "the packages that proofs want could not be installed, so that they were not tested with them\n\
                 hint: this needs a package index that pip can reach; `cargo xtask ci --without-packages` leaves \
                 it out and says so"
                    .to_owned(),
            )),
        }
    }
}

impl Drop for Packages {
    /// When an earlier step has failed nobody waits for the packages.
    fn drop(&mut self) {
        let _ = self.installing.kill();
        let _ = self.installing.wait();
    }
}

/// The workspace's root: Cargo says where this crate is, when it runs it.
fn workspace() -> PathBuf {
    let manifest =
        std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    Path::new(&manifest).parent().map_or_else(|| PathBuf::from("."), Path::to_path_buf)
}
