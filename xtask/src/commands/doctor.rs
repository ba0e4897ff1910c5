//! `cargo xtask doctor`: what this machine offers, and how to mend what is missing.

use std::io;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use clap::Args;
use owo_colors::{OwoColorize, Style};
use verifier::catalogue::{Catalogue, PythonSettings};
use verifier::evidence::Outcome;
use verifier::exit_code;
use verifier::fixture::MemoryTree;
use verifier::runtime_checks::sandbox::{self, Layer};
use verifier::runtime_checks::{Interpreter, Settings};
use verifier::verify::{LiveObserver, LiveQuestion, Worker};

use crate::arguments::ColorArguments;
use crate::output::{self, Failure};

/// The command's arguments.
#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(flatten)]
    color: ColorArguments,
}

/// Runs the command. That something is missing is an answer like any other.
pub(crate) fn run(arguments: &Arguments) -> Result<u8, Failure> {
    let mut page = Page { text: String::new(), color: arguments.color.for_stream(&io::stdout()) };
    let interpreter = verifier_worker::interpreter();
    page.heading("Python, for live objects and probes; static checks need none");
    python(&mut page, &interpreter);
    page.heading("git, for targets at a revision");
    git(&mut page);
    page.heading("Isolation of the code under examination");
    isolation(&mut page);
    output::data(&page.text)?;
    Ok(exit_code::NOTHING_CONFIRMED)
}

fn python(page: &mut Page, interpreter: &Interpreter) {
    let built_for = format!("Python {} at `{}`", interpreter.version, interpreter.executable.display());
    if interpreter.executable.exists() {
        page.good(&format!("built for {built_for}"));
    } else {
        page.bad(
            &format!("built for {built_for}, which is not there"),
            "install that version, or build again with another: PYO3_PYTHON=/path/to/python cargo build",
        );
    }
    match interpreter.library() {
        Ok(library) => page.good(&format!("its library is `{}`", library.display())),
        Err(missing) => page.bad(&missing.message, &missing.hint),
    }
    match ask_something(interpreter) {
        Ok(time) => page.good(&format!("a first question was answered in {} ms", time.as_millis())),
        Err(problem) => page.bad(
            &format!("a question about an empty module was not answered: {problem}"),
            "see what else is missing on this page; `--static-only` works without",
        ),
    }
}

/// Imports an empty module in the worker.
fn ask_something(interpreter: &Interpreter) -> Result<Duration, String> {
    const CATALOGUE: &str = r#"
        [[report]]
        id = "D"
        title = "doctor"
        [[finding]]
        id = "D-1"
        report = "D"
        severity = "low"
        title = "an empty module"
        bug = "an empty module"
        root-cause = "none"
        impact = "none"
        fix = "none"
        [[finding.claim]]
        id = "imports"
        says = "an empty module can be imported"
        file = "empty.py"
        import = { succeeds = true }
    "#;
    let catalogue = Catalogue::parse(Path::new("doctor.toml"), CATALOGUE, &|_| false)
        .map_err(|problems| problems.to_string())?;
    let settings = Settings {
        binary: std::env::current_exe().map_err(|error| error.to_string())?,
        interpreter: interpreter.clone(),
        timeout: Duration::from_secs(10),
        strict: false,
        venv: None,
        catalogue_directory: std::env::temp_dir(),
    };
    let worker = Worker { settings, python: PythonSettings::default(), jobs: 1 };
    let tree = MemoryTree::parse("--- empty.py\n\n");
    let questions: Vec<LiveQuestion> = catalogue
        .findings
        .iter()
        .flat_map(|finding| &finding.claims)
        .flat_map(|claim| claim.checks.iter().map(move |check| LiveQuestion { claim, check }))
        .collect();
    let began = Instant::now();
    match worker.observe(&tree, &questions).as_slice() {
        [observation] if observation.outcome == Outcome::Holds => Ok(began.elapsed()),
        observations => Err(observations.first().map_or_else(String::new, |first| first.because.clone())),
    }
}

fn git(page: &mut Page) {
    let mend = "install git; directories can be examined without it";
    match Command::new("git").arg("--version").output() {
        Ok(answer) if answer.status.success() => {
            page.good(String::from_utf8_lossy(&answer.stdout).trim());
        }
        Ok(answer) => page.bad(&format!("`git --version` ended with {}", answer.status), mend),
        Err(error) => page.bad(&format!("`git` cannot be started: {error}"), mend),
    }
}

fn isolation(page: &mut Page) {
    let survey = sandbox::survey();
    for layer in Layer::ALL {
        let what = format!("{}: {}", layer.name(), promise(layer));
        match survey.missing.iter().find(|(missing, _)| *missing == layer) {
            None if survey.has(layer) => page.good(&what),
            None => page.bad(&what, mend(layer)),
            Some((_, problem)) => page.bad(&format!("{what} ({problem})"), mend(layer)),
        }
    }
    if !survey.missing.is_empty() {
        page.text
            .push_str("  `--isolation strict` refuses to run code here; by default it runs with the rest\n");
    }
}

fn promise(layer: Layer) -> &'static str {
    match layer {
        Layer::MountNamespace => "code sees no files but those it must read",
        Layer::ProcessNamespace => "no process outlives its question",
        Layer::NetworkNamespace => "no network but a loopback of its own",
        Layer::IpcNamespace => "no shared memory with other programs",
        Layer::Limits => "bounds on time, memory, processes and files",
        Layer::NoPrivileges => "no privileges, and none to be gained",
        Layer::Landlock => "nothing is written outside of the scratch directory",
        Layer::SystemCallFilter => "system calls that a proof has no business with are refused",
    }
}

fn mend(layer: Layer) -> &'static str {
    match layer {
        Layer::MountNamespace | Layer::ProcessNamespace | Layer::NetworkNamespace | Layer::IpcNamespace => {
            "needs Linux with user namespaces for everybody (sysctl kernel.unprivileged_userns_clone=1, \
             kernel.apparmor_restrict_unprivileged_userns=0), in a container one that may make them"
        }
        Layer::Limits => "needs a Unix system",
        Layer::NoPrivileges => "needs Linux; do not run this as a user with more privileges than it needs",
        Layer::Landlock => {
            "needs Linux 5.13 or later with `landlock` among its security modules (lsm=landlock,…)"
        }
        Layer::SystemCallFilter => "needs Linux with seccomp (CONFIG_SECCOMP_FILTER)",
    }
}

struct Page {
    text: String,
    color: bool,
}

impl Page {
    fn heading(&mut self, text: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        let text = self.ink(text, Style::new().bold());
        self.text.push_str(&format!("{text}\n"));
    }

    fn good(&mut self, what: &str) {
        let mark = self.ink("ok     ", Style::new().green());
        self.text.push_str(&format!("  {mark}  {what}\n"));
    }

    fn bad(&mut self, what: &str, mend: &str) {
        let mark = self.ink("missing", Style::new().yellow());
        self.text.push_str(&format!("  {mark}  {what}\n           mend: {mend}\n"));
    }

    fn ink(&self, text: &str, style: Style) -> String {
        if self.color { text.style(style).to_string() } else { text.to_owned() }
    }
}
