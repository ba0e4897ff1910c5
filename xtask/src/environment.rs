//! The target's private virtual environment: the real packages that probes want, beside the
//! catalogue in `.assay/`, with a lock file. Made by `cargo xtask env`, used by every command
//! that runs code when it is there.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use verifier::interrupt::{Temporary, temporary};
use verifier::report::write_whole;

use crate::output::{self, Failure};

/// The directory beside the catalogue in which everything private lies.
pub(crate) const PRIVATE: &str = ".assay";

/// An environment that is there, or could be.
#[derive(Debug)]
pub(crate) struct Environment {
    directory: PathBuf,
    lock: PathBuf,
    /// Written last, so that a creation that was interrupted is not taken for a whole one.
    seal: PathBuf,
}

/// What a creation came to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Created {
    /// Nothing had to be done.
    pub(crate) was_current: bool,
    /// Requirements that could not be installed, each with the installer's last word.
    pub(crate) missing: Vec<(String, String)>,
    /// How many packages there are, with those that requirements brought along.
    pub(crate) packages: usize,
}

impl Environment {
    /// The environment of the catalogue in this directory.
    pub(crate) fn beside(catalogue_directory: &Path) -> Self {
        let private = catalogue_directory.join(PRIVATE);
        let directory = private.join("venv");
        let seal = directory.join("assay-complete");
        Self { lock: private.join("requirements.lock"), directory, seal }
    }

    /// Its directory, if it was created whole.
    pub(crate) fn if_complete(&self) -> Option<&Path> {
        self.seal.is_file().then_some(self.directory.as_path())
    }

    /// Where it is.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Where the exact versions are written down.
    pub(crate) fn lock(&self) -> &Path {
        &self.lock
    }

    /// Makes it what `requirements` ask for, for the Python `executable` of this `version`. A
    /// lock file that was written for the same requirements decides the versions, unless
    /// `upgrade` is wanted.
    pub(crate) fn create(
        &self,
        executable: &Path,
        version: &str,
        requirements: &[String],
        upgrade: bool,
    ) -> Result<Created, Failure> {
        let heading = heading(version, requirements);
        let locked =
            fs::read_to_string(&self.lock).ok().filter(|lock| lock.starts_with(&heading) && !upgrade);
        let sealed = fs::read_to_string(&self.seal).ok();
        if let (Some(lock), Some(sealed)) = (&locked, &sealed)
            && lock == sealed
        {
            return Ok(Created { was_current: true, missing: missing_of(lock), packages: packages_of(lock) });
        }

        let installer = Installer::choose(executable, &self.directory);
        output::talk(&format!(
            "creating `{}` for Python {version} with {}",
            self.directory.display(),
            installer.name()
        ));
        remove(&self.directory)?;
        fs::create_dir_all(self.directory.parent().unwrap_or(Path::new("."))).map_err(|error| {
            Failure::other(format!("cannot create `{}`", self.directory.display()), error)
        })?;
        installer.make()?;
        let wanted: Vec<String> = match &locked {
            Some(lock) => pins_of(lock).map(str::to_owned).collect(),
            None => requirements.to_vec(),
        };
        // All at once, so that versions fit together; one by one only to tell which does not.
        let mut missing = match &locked {
            Some(lock) => missing_of(lock),
            None => Vec::new(),
        };
        if !wanted.is_empty() && installer.install(&wanted).is_err() {
            for requirement in &wanted {
                output::talk(&format!("installing `{requirement}` alone"));
                if let Err(problem) = installer.install(std::slice::from_ref(requirement)) {
                    missing.push((requirement.clone(), problem));
                }
            }
        }
        let pins = installer.freeze()?;
        let lock = lock_text(&heading, &pins, &missing);
        write(&self.lock, &lock)?;
        write(&self.seal, &lock)?;
        Ok(Created { was_current: false, missing, packages: pins.len() })
    }
}

/// What installs packages.
enum Installer {
    Uv { executable: PathBuf, directory: PathBuf },
    Pip { executable: PathBuf, directory: PathBuf },
}

impl Installer {
    /// uv when it is there, because it is quick; else what comes with Python.
    fn choose(executable: &Path, directory: &Path) -> Self {
        let (executable, directory) = (executable.to_owned(), directory.to_owned());
        match run(Command::new("uv").arg("--version")) {
            Ok(_) => Installer::Uv { executable, directory },
            Err(_) => Installer::Pip { executable, directory },
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Installer::Uv { .. } => "uv",
            Installer::Pip { .. } => "venv and pip",
        }
    }

    fn make(&self) -> Result<(), Failure> {
        let made = match self {
            Installer::Uv { executable, directory } => {
                run(Command::new("uv").args(["venv", "--quiet", "--python"]).arg(executable).arg(directory))
            }
            Installer::Pip { executable, directory } => {
                run(Command::new(executable).args(["-I", "-m", "venv"]).arg(directory))
            }
        };
        made.map(drop).map_err(|problem| {
            Failure::Other(format!(
                "cannot create a virtual environment with {}: {problem}\nhint: on Debian, `apt-get install \
                 python3-venv`; or install uv",
                self.name()
            ))
        })
    }

    fn install(&self, requirements: &[String]) -> Result<(), String> {
        let mut command = self.packages();
        command.args(["install", "--quiet"]);
        match self {
            // Nothing may be written there later, and compiling at every import would cost more
            // than the import.
            Installer::Uv { .. } => command.arg("--compile-bytecode"),
            Installer::Pip { .. } => command.args(["--disable-pip-version-check", "--no-input"]),
        };
        run(command.args(requirements)).map(drop)
    }

    fn freeze(&self) -> Result<Vec<String>, Failure> {
        let listed = run(self.packages().arg("freeze"))
            .map_err(|problem| Failure::Other(format!("cannot list what was installed: {problem}")))?;
        let mut pins: Vec<String> =
            listed.lines().map(str::trim).filter(|line| line.contains("==")).map(str::to_owned).collect();
        pins.sort_by_key(|pin| pin.to_lowercase());
        Ok(pins)
    }

    /// The command up to the installer's own subcommand.
    fn packages(&self) -> Command {
        match self {
            Installer::Uv { directory, .. } => {
                let mut command = Command::new("uv");
                command.arg("pip").env("VIRTUAL_ENV", directory);
                command
            }
            Installer::Pip { directory, .. } => {
                let mut command = Command::new(directory.join("bin/python"));
                command.args(["-I", "-m", "pip"]);
                command
            }
        }
    }
}

/// Runs a command to its end; its output, or the last line of what it complained of.
fn run(command: &mut Command) -> Result<String, String> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // A group of its own, so that an interruption reaches what the command starts in its turn.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    let group = |child: &Child| Temporary::ProcessGroup(child.id());
    let (child, _notice) = temporary(|| command.spawn(), group).map_err(|error| error.to_string())?;
    let output = child.wait_with_output().map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    let last = complaint.lines().rev().find(|line| !line.trim().is_empty());
    Err(last.map_or_else(|| output.status.to_string(), |line| line.trim().to_owned()))
}

fn heading(version: &str, requirements: &[String]) -> String {
    let mut requirements = requirements.to_vec();
    requirements.sort();
    format!("# python {version}\n# requirements {}\n", requirements.join(", "))
}

/// The lock file: what it was made for, what is missing and why, and the exact versions.
fn lock_text(heading: &str, pins: &[String], missing: &[(String, String)]) -> String {
    let mut text = heading.to_owned();
    for (requirement, problem) in missing {
        text.push_str(&format!("# missing {requirement}: {}\n", problem.replace('\n', " ")));
    }
    for pin in pins {
        text.push_str(pin);
        text.push('\n');
    }
    text
}

fn pins_of(lock: &str) -> impl Iterator<Item = &str> {
    lock.lines().filter(|line| !line.starts_with('#'))
}

fn packages_of(lock: &str) -> usize {
    pins_of(lock).count()
}

fn missing_of(lock: &str) -> Vec<(String, String)> {
    lock.lines()
        .filter_map(|line| line.strip_prefix("# missing ")?.split_once(": "))
        .map(|(requirement, problem)| (requirement.to_owned(), problem.to_owned()))
        .collect()
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    write_whole(path, text.as_bytes()).map_err(|error| Failure::Other(error.to_string()))
}

fn remove(directory: &Path) -> Result<(), Failure> {
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(Failure::other(format!("cannot remove `{}`", directory.display()), error))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}
