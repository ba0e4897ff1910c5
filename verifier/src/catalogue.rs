//! The catalogue: `findings.toml`, read in two stages. `raw` mirrors the TOML and keeps
//! positions; the types here are what the rest of the program sees, and they cannot be wrong.
//!
//! Every problem is shown with its line, all of them at once ([`Problems`]).

pub mod check;
mod check_tables;
mod ids;
mod literal;
mod problems;
mod raw;
mod validate;

pub use check::{CheckKind, ImportCheck, InspectCheck, ProbeCheck, StaticCheck};
pub use ids::{ClaimId, FindingId, ReportId};
pub use problems::{Problem, Problems};

use std::path::{Path, PathBuf};
use std::sync::Arc;

use toml::de::DeTable;

use check_tables::Reader;
use problems::Sink;
use raw::RawCatalogue;

use crate::target::RelativePath;

/// A valid catalogue.
#[derive(Clone, Debug)]
pub struct Catalogue {
    /// The file that it was read from; relative paths in it are relative to its directory.
    pub path: PathBuf,
    /// Its text, for messages that show a line of it.
    pub text: Arc<str>,
    /// What is examined when the command line does not say.
    pub target: TargetSettings,
    /// The audits, in file order.
    pub reports: Vec<Report>,
    /// The findings, in file order.
    pub findings: Vec<Finding>,
}

impl Catalogue {
    /// Reads and validates the catalogue at `path`.
    pub fn read(path: &Path) -> Result<Self, Problems> {
        let bytes = std::fs::read(path).map_err(|error| {
            Problems::unreadable(
                path,
                error,
                "name the catalogue with `--catalogue FILE`, or create `findings.toml`",
            )
        })?;
        let text = String::from_utf8(bytes)
            .map_err(|error| Problems::unreadable(path, error.utf8_error(), "save it as UTF-8"))?;
        let directory = path.parent().unwrap_or(Path::new(""));
        let read =
            |file: &Path| std::fs::read_to_string(directory.join(file)).map_err(|error| error.to_string());
        Self::parse_with(path, &text, &|file| directory.join(file).is_file(), &read)
    }

    /// Validates `text` as the catalogue at `path`; `exists` says whether a path relative to the
    /// catalogue's directory is a file.
    pub fn parse(path: &Path, text: &str, exists: &dyn Fn(&Path) -> bool) -> Result<Self, Problems> {
        Self::parse_with(path, text, exists, &|_| Err("files are not read here".to_owned()))
    }

    /// The same, where `read` gives the text of files in the catalogue's directory: rules.
    pub fn parse_with(
        path: &Path,
        text: &str,
        exists: &dyn Fn(&Path) -> bool,
        read: &dyn Fn(&Path) -> Result<String, String>,
    ) -> Result<Self, Problems> {
        let (document, errors) = DeTable::parse_recoverable(text);
        if !errors.is_empty() {
            return Err(problems::syntax_problems(path, text, &errors));
        }
        let sink = Sink::default();
        let raw = RawCatalogue::read(&document, &sink);
        let catalogue = validate::validate(path, raw, Reader { text, sink: &sink, exists, read });
        if sink.is_empty() { Ok(catalogue) } else { Err(Problems::new(path, text, sink.into_problems())) }
    }
}

impl Claim {
    /// Reads the keys of one `[[finding.claim]]` as examples of check kinds have them; `id` and
    /// `says` may be left out.
    pub fn from_snippet(snippet: &str) -> Result<Self, Problems> {
        let mut text =
            "[[report]]\nid = \"R1\"\ntitle = \"-\"\n[[finding]]\nid = \"R1-1\"\nreport = \"R1\"\n\
            severity = \"low\"\ntitle = \"-\"\nbug = \"-\"\n[[finding.claim]]\n"
                .to_owned();
        for (key, value) in [("id", "example"), ("says", "it is so")] {
            if !snippet.lines().any(|line| line.trim_start().starts_with(&format!("{key} "))) {
                text.push_str(&format!("{key} = \"{value}\"\n"));
            }
        }
        text.push_str(snippet);
        let mut catalogue = Catalogue::parse(Path::new("example.toml"), &text, &|_| true)?;
        Ok(catalogue.findings.swap_remove(0).claims.swap_remove(0))
    }
}

/// The `[target]` table.
#[derive(Clone, Debug, Default)]
pub struct TargetSettings {
    /// Directory that is examined when no `--root` is given, relative to the catalogue.
    pub root: Option<PathBuf>,
    /// `was = "…"`: the state of that directory that the reports speak of, relative to the
    /// catalogue, for a root without a history that could tell. It may be the root itself. Asked
    /// only when the root is examined that the catalogue names, and no `--was` is given.
    pub was: Option<PathBuf>,
    /// Globs of files that are not examined.
    pub exclude: Vec<String>,
    /// The `[target.python]` table.
    pub python: PythonSettings,
}

/// The `[target.python]` table.
#[derive(Clone, Debug, Default)]
pub struct PythonSettings {
    /// `sys.path` entries, relative to the root; `.` is the root itself.
    pub path: Vec<String>,
    /// Third-party packages that may be replaced by stubs when absent.
    pub stubs: Vec<String>,
    /// Requirements that probes want, for `cargo xtask env`.
    pub requirements: Vec<String>,
}

/// An audit document.
#[derive(Clone, Debug)]
pub struct Report {
    /// `R1`.
    pub id: ReportId,
    /// Its title.
    pub title: String,
    /// The document, relative to the catalogue.
    pub file: Option<PathBuf>,
    /// The revision that the audit speaks of.
    pub commit: Option<String>,
}

/// One numbered item of a report.
#[derive(Clone, Debug)]
pub struct Finding {
    /// `R2-1`.
    pub id: FindingId,
    /// The report it comes from.
    pub report: ReportId,
    /// How bad the report says it is.
    pub severity: Severity,
    /// A short title.
    pub title: String,
    /// The bug in one sentence.
    pub bug: String,
    /// Why it happens.
    pub root_cause: String,
    /// What damage it does.
    pub impact: String,
    /// What the report recommends.
    pub fix: String,
    /// Its relation to another finding, if the catalogue states one.
    pub relation: Option<Relation>,
    /// The claims, in file order; at least one instance.
    pub claims: Vec<Claim>,
    /// One-based line of `[[finding]]` in the catalogue.
    pub line: u32,
}

/// How a finding relates to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Relation {
    /// The same defect.
    SameAs(FindingId),
    /// Contained in that one.
    PartOf(FindingId),
}

/// How bad a bug is. Ordered from worst to least, so that sorting puts the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Drop everything.
    Critical,
    /// Next.
    High,
    /// Soon.
    Medium,
    /// When somebody passes by.
    Low,
}

impl Severity {
    /// All of them, worst first.
    pub const ALL: [Severity; 4] = [Severity::Critical, Severity::High, Severity::Medium, Severity::Low];

    /// The name in the catalogue and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Critical => "critical",
            Severity::High => "high",
            Severity::Medium => "medium",
            Severity::Low => "low",
        }
    }
}

/// One atomic, checkable statement.
#[derive(Clone, Debug)]
pub struct Claim {
    /// Unique in the catalogue when joined to its finding: `R2-1/grpc-start-is-sync`.
    pub id: ClaimId,
    /// What it decides.
    pub role: Role,
    /// The statement, in words.
    pub says: String,
    /// Where it is tied to.
    pub scope: Scope,
    /// `GRPCServer.start`: a dotted path of classes and functions inside the file.
    pub symbol: Option<String>,
    /// Lines where the report saw it: a hint, never an identity.
    pub lines: Option<LineHint>,
    /// What is asked, static first.
    pub checks: Vec<Check>,
    /// `example = { holds = '''…''', fails = '''…''' }`: code for the static check, when the
    /// examples of its kind do not tell enough.
    pub example: Option<ClaimExample>,
    /// One-based line of `[[finding.claim]]` in the catalogue.
    pub line: u32,
}

/// Python of which a claim is true, and Python of which it is not. Each is the text of the
/// claim's file, or several files, each after a line `--- path`, as in [`crate::fixture`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimExample {
    /// The claim's static check holds here.
    pub holds: String,
    /// It does not hold here.
    pub fails: String,
}

/// What a claim decides about its finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// The bug cannot be real without it.
    Premise,
    /// One place where the bug is.
    Instance,
    /// Explains, decides nothing.
    Detail,
}

impl Role {
    /// The name in the catalogue.
    pub fn name(self) -> &'static str {
        match self {
            Role::Premise => "premise",
            Role::Instance => "instance",
            Role::Detail => "detail",
        }
    }
}

/// The files that a claim speaks of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// One file.
    File(RelativePath),
    /// A sweep: globs over the tree; a glob that begins with `!` takes files away.
    Sweep(Vec<String>),
}

/// A line range in the report's own words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineHint {
    /// First line, one-based.
    pub first: u32,
    /// Last line, inclusive.
    pub last: u32,
}

/// One executable question.
#[derive(Clone, Debug)]
pub enum Check {
    /// Over the syntax tree.
    Static(StaticCheck),
    /// On a module's import.
    Import(ImportCheck),
    /// On a live object.
    Inspect(InspectCheck),
    /// By running a proof.
    Probe(ProbeCheck),
}

impl Check {
    /// The kind of this check.
    pub fn kind(&self) -> CheckKind {
        match self {
            Check::Static(check) => check.kind(),
            Check::Import(_) => CheckKind::Import,
            Check::Inspect(_) => CheckKind::Inspect,
            Check::Probe(_) => CheckKind::Probe,
        }
    }
}

#[cfg(test)]
mod tests;
