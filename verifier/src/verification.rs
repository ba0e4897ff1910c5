//! The answer to one run: what was examined, what follows, and what it amounts to. Every format
//! renders this and nothing else.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::bugs::{Bug, Suggestion};
use crate::catalogue::{Catalogue, FindingId, Report, ReportId, Severity};
use crate::evidence::{Outcome, Reason};
use crate::examined::ExaminedFinding;
use crate::exit_code;
use crate::siblings::Sweep;
use crate::target::{RelativePath, TargetDescription};
use crate::verdict::{FindingVerdict, Standing};

/// One run.
#[derive(Clone, Debug)]
pub struct Verification<'c> {
    /// The catalogue that was asked.
    pub catalogue: &'c Catalogue,
    /// The code that was examined.
    pub target: TargetDescription,
    /// The earlier states that could be asked, one per report that has one.
    pub earlier: Vec<EarlierDescription>,
    /// The selected findings, in the order of the catalogue.
    pub findings: Vec<ExaminedFinding<'c>>,
    /// The bugs that they amount to, the worst first.
    pub bugs: Vec<Bug>,
    /// Findings that may be the same bug without saying so.
    pub suggestions: Vec<Suggestion>,
    /// Cited files that do not compile, sorted by path.
    pub broken_files: Vec<BrokenFile>,
    /// The same defects elsewhere, when they were looked for.
    pub siblings: Vec<Sweep>,
    /// How long it took. Never part of a report: the same input gives the same bytes.
    pub elapsed: Duration,
}

/// A state of the target before the one that is examined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EarlierDescription {
    /// The report whose findings it is asked about.
    pub report: ReportId,
    /// What it is.
    pub state: TargetDescription,
    /// It is the examined state itself.
    pub is_target: bool,
}

/// A file that a claim names and that does not compile.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BrokenFile {
    /// Its path.
    pub file: RelativePath,
    /// One-based line of the first error.
    pub line: u32,
    /// The parser's message.
    pub message: String,
    /// The findings that cite it, in the order of the catalogue.
    pub findings: Vec<FindingId>,
}

impl Verification<'_> {
    /// What the run amounts to, as the exit code of every command in every format.
    pub fn exit_code(&self) -> u8 {
        if !self.broken_files.is_empty() || self.any(Standing::Real) {
            exit_code::SOMETHING_CONFIRMED
        } else if !self.anything_was_checked() {
            exit_code::NOTHING_CHECKED
        } else if self.any(Standing::Open) {
            exit_code::UNDECIDED
        } else {
            exit_code::NOTHING_CONFIRMED
        }
    }

    /// Whether any check had something to look at. A root that holds none of the files, or a
    /// selection of claims that only running code could decide when none may run, has nothing.
    pub fn anything_was_checked(&self) -> bool {
        let observations =
            self.findings.iter().flat_map(|finding| &finding.claims).flat_map(|claim| &claim.observations);
        observations.into_iter().any(|observation| match &observation.outcome {
            Outcome::Holds | Outcome::DoesNotHold => true,
            Outcome::CouldNotBeObserved { reason } => match reason {
                Reason::FileMissing { .. } | Reason::FileUnreadable { .. } => false,
                Reason::DoesNotCompile { .. } | Reason::SymbolMissing { .. } | Reason::Unresolved { .. } => {
                    true
                }
                Reason::NoAnswer { how, .. } => {
                    !matches!(how.as_str(), "not-run" | "no-python" | "could-not-start")
                }
            },
        })
    }

    /// How many findings have this verdict.
    pub fn count(&self, verdict: FindingVerdict) -> usize {
        self.findings.iter().filter(|finding| finding.verdict() == verdict).count()
    }

    /// The selected findings by their ids.
    pub fn findings_by_id(&self) -> BTreeMap<&FindingId, &ExaminedFinding<'_>> {
        self.findings.iter().map(|examined| (&examined.finding.id, examined)).collect()
    }

    /// The bugs of one severity.
    pub fn bugs_of(&self, severity: Severity) -> impl Iterator<Item = &Bug> {
        self.bugs.iter().filter(move |bug| bug.severity == severity)
    }

    /// The findings of this standing, in the order of the catalogue.
    pub fn findings_of(&self, standing: Standing) -> impl Iterator<Item = &ExaminedFinding<'_>> {
        self.findings.iter().filter(move |finding| finding.standing() == standing)
    }

    /// The report of this id.
    pub fn report(&self, id: &ReportId) -> Option<&Report> {
        self.catalogue.reports.iter().find(|report| report.id == *id)
    }

    /// The bug that a finding belongs to.
    pub fn bug_with(&self, id: &FindingId) -> Option<&Bug> {
        self.bugs.iter().find(|bug| bug.findings.contains(id))
    }

    /// Whether a cited file does not compile.
    pub fn broken_file(&self, file: &RelativePath) -> Option<&BrokenFile> {
        self.broken_files.iter().find(|broken| broken.file == *file)
    }

    fn any(&self, standing: Standing) -> bool {
        self.findings.iter().any(|finding| finding.standing() == standing)
    }
}
