//! Everything in one JSON document. Its shape has a version and is documented in
//! `docs/json.md`: within one version keys are added and never change their meaning.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::anchors::Whereabouts;
use crate::catalogue::{CheckKind, ClaimId, FindingId, Relation, ReportId, Role, Scope, Severity};
use crate::evidence::{Observation, Outcome, Searched, Site, Strength};
use crate::examined::{ExaminedClaim, ExaminedFinding};
use crate::report::{Style, siblings};
use crate::target::{RelativePath, TargetDescription};
use crate::verdict::{ClaimCell, ClaimVerdict, FindingCell, FindingVerdict};
use crate::verification::Verification;

/// The version of the shape. It changes when a key goes away or means something else.
pub const VERSION: u32 = 1;

/// Renders the document, indented, with a line break at the end.
pub fn render(verification: &Verification, style: Style) -> String {
    let document = document(verification, style);
    let mut text = serde_json::to_string_pretty(&document).expect("these types always serialise");
    text.push('\n');
    text
}

#[derive(Serialize)]
struct Document<'v> {
    version: u32,
    tool: Tool,
    target: &'v TargetDescription,
    earlier: Vec<EarlierState<'v>>,
    reports: Vec<Report<'v>>,
    findings: Vec<Finding<'v>>,
    bugs: Vec<Bug<'v>>,
    suggestions: Vec<Suggestion<'v>>,
    broken_files: Vec<BrokenFile<'v>>,
    sweeps: Vec<siblings::Row<'v>>,
    summary: Summary,
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct EarlierState<'v> {
    report: &'v ReportId,
    root: &'v str,
    revision: Option<&'v str>,
    is_target: bool,
}

#[derive(Serialize)]
struct Report<'v> {
    id: &'v ReportId,
    title: &'v str,
    file: Option<String>,
    commit: Option<&'v str>,
}

#[derive(Serialize)]
struct Finding<'v> {
    id: &'v FindingId,
    report: &'v ReportId,
    severity: Severity,
    title: &'v str,
    verdict: FindingVerdict,
    strength: Option<Strength>,
    rule: FindingCell,
    because: String,
    earlier: Option<FindingVerdict>,
    bug: Option<&'v FindingId>,
    same_as: Option<&'v FindingId>,
    part_of: Option<&'v FindingId>,
    claims: Vec<Claim<'v>>,
}

#[derive(Serialize)]
struct Claim<'v> {
    id: &'v str,
    role: Role,
    says: &'v str,
    file: Option<&'v RelativePath>,
    files: Option<&'v [String]>,
    symbol: Option<&'v str>,
    reported_lines: Option<[u32; 2]>,
    is_where_reported: Option<bool>,
    whereabouts: Option<Moved<'v>>,
    verdict: ClaimVerdict,
    strength: Option<Strength>,
    rule: ClaimCell,
    because: String,
    earlier: Option<ClaimVerdict>,
    sites: Vec<Place>,
    observations: Vec<Seen<'v>>,
}

#[derive(Serialize)]
struct Moved<'v> {
    outcome: &'static str,
    candidates: Vec<Candidate<'v>>,
}

#[derive(Serialize)]
struct Candidate<'v> {
    file: &'v RelativePath,
    symbol: Option<&'v str>,
    lines: Option<[u32; 2]>,
    because: &'v str,
}

#[derive(Serialize)]
struct Seen<'v> {
    check: CheckKind,
    strength: Strength,
    #[serde(flatten)]
    outcome: &'v Outcome,
    because: &'v str,
    sites: Vec<Place>,
    searched: &'v Searched,
    notes: &'v [String],
}

/// A place in the target; its lines only where excerpts are wanted.
#[derive(Serialize)]
pub(super) struct Place {
    file: RelativePath,
    line: u32,
    end_line: u32,
    symbol: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    excerpt: Option<String>,
}

impl Place {
    pub(super) fn new(site: Site, excerpts: bool) -> Self {
        let Site { file, line, end_line, symbol, excerpt, label } = site;
        Self { file, line, end_line, symbol, label, excerpt: excerpts.then_some(excerpt) }
    }
}

#[derive(Serialize)]
struct Bug<'v> {
    id: &'v FindingId,
    severity: Severity,
    title: &'v str,
    findings: &'v [FindingId],
    locations: Vec<Place>,
}

#[derive(Serialize)]
struct Suggestion<'v> {
    findings: [&'v FindingId; 2],
    because: &'v str,
}

#[derive(Serialize)]
struct BrokenFile<'v> {
    file: &'v RelativePath,
    line: u32,
    message: &'v str,
    findings: &'v [FindingId],
}

#[derive(Serialize)]
struct Summary {
    findings: usize,
    claims: usize,
    bugs: usize,
    broken_files: usize,
    verdicts: Verdicts,
    exit_code: u8,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Verdicts {
    confirmed: usize,
    partly_confirmed: usize,
    fixed: usize,
    not_real: usize,
    refuted: usize,
    disputed: usize,
    undetermined: usize,
}

fn document<'v>(verification: &'v Verification, style: Style) -> Document<'v> {
    let place = |site: Site| Place::new(site, style.excerpts);
    let by_id = verification.findings_by_id();
    let bug_of: BTreeMap<&FindingId, &FindingId> =
        verification.bugs.iter().flat_map(|bug| bug.findings.iter().map(|id| (id, &bug.id))).collect();
    Document {
        version: VERSION,
        tool: Tool { name: "assay", version: env!("CARGO_PKG_VERSION") },
        target: &verification.target,
        earlier: verification
            .earlier
            .iter()
            .map(|earlier| EarlierState {
                report: &earlier.report,
                root: &earlier.state.root,
                revision: earlier.state.revision.as_deref(),
                is_target: earlier.is_target,
            })
            .collect(),
        reports: verification
            .catalogue
            .reports
            .iter()
            .map(|report| Report {
                id: &report.id,
                title: &report.title,
                file: report.file.as_ref().map(|file| file.to_string_lossy().into_owned()),
                commit: report.commit.as_deref(),
            })
            .collect(),
        findings: verification
            .findings
            .iter()
            .map(|finding| of_finding(finding, bug_of.get(&finding.finding.id).copied(), &place))
            .collect(),
        bugs: verification
            .bugs
            .iter()
            .map(|bug| Bug {
                id: &bug.id,
                severity: bug.severity,
                title: by_id.get(&bug.id).map_or("", |examined| &examined.finding.title),
                findings: &bug.findings,
                locations: bug.locations.iter().cloned().map(place).collect(),
            })
            .collect(),
        suggestions: verification
            .suggestions
            .iter()
            .map(|suggestion| Suggestion {
                findings: [&suggestion.first, &suggestion.second],
                because: &suggestion.because,
            })
            .collect(),
        broken_files: verification
            .broken_files
            .iter()
            .map(|broken| BrokenFile {
                file: &broken.file,
                line: broken.line,
                message: &broken.message,
                findings: &broken.findings,
            })
            .collect(),
        sweeps: verification.siblings.iter().map(|sweep| siblings::row(sweep, style.excerpts)).collect(),
        summary: summary(verification),
    }
}

fn of_finding<'v>(
    examined: &'v ExaminedFinding,
    bug: Option<&'v FindingId>,
    place: &impl Fn(Site) -> Place,
) -> Finding<'v> {
    let finding = examined.finding;
    let (same_as, part_of) = match &finding.relation {
        Some(Relation::SameAs(other)) => (Some(other), None),
        Some(Relation::PartOf(other)) => (None, Some(other)),
        None => (None, None),
    };
    Finding {
        id: &finding.id,
        report: &finding.report,
        severity: finding.severity,
        title: &finding.title,
        verdict: examined.verdict(),
        strength: examined.strength(),
        rule: examined.judgement.cell,
        because: examined.because(),
        earlier: examined.earlier,
        bug,
        same_as,
        part_of,
        claims: examined.claims.iter().map(|claim| of_claim(claim, place)).collect(),
    }
}

fn of_claim<'v>(examined: &'v ExaminedClaim, place: &impl Fn(Site) -> Place) -> Claim<'v> {
    let claim = examined.claim;
    let id: &ClaimId = &claim.id;
    let (file, files) = match &claim.scope {
        Scope::File(file) => (Some(file), None),
        Scope::Sweep(globs) => (None, Some(globs.as_slice())),
    };
    Claim {
        id: id.own(),
        role: claim.role,
        says: &claim.says,
        file,
        files,
        symbol: claim.symbol.as_deref(),
        reported_lines: claim.lines.map(|hint| [hint.first, hint.last]),
        is_where_reported: examined.is_where_reported(),
        whereabouts: examined.whereabouts.as_ref().map(of_whereabouts),
        verdict: examined.verdict(),
        strength: examined.judgement.strength,
        rule: examined.judgement.cell,
        because: examined.because(),
        earlier: examined.earlier,
        sites: examined.sites().into_iter().map(place).collect(),
        observations: examined
            .observations
            .iter()
            .map(|observation| of_observation(observation, place))
            .collect(),
    }
}

fn of_whereabouts(whereabouts: &Whereabouts) -> Moved<'_> {
    let candidates = whereabouts.candidates().iter().map(|candidate| Candidate {
        file: &candidate.file,
        symbol: candidate.symbol.as_deref(),
        lines: candidate.lines.map(|lines| [lines.first, lines.last]),
        because: &candidate.because,
    });
    Moved { outcome: whereabouts.name(), candidates: candidates.collect() }
}

fn of_observation<'v>(observation: &'v Observation, place: &impl Fn(Site) -> Place) -> Seen<'v> {
    Seen {
        check: observation.check,
        strength: observation.strength,
        outcome: &observation.outcome,
        because: &observation.because,
        sites: observation.sites.iter().cloned().map(place).collect(),
        searched: &observation.searched,
        notes: &observation.notes,
    }
}

fn summary(verification: &Verification) -> Summary {
    let count = |verdict| verification.count(verdict);
    Summary {
        findings: verification.findings.len(),
        claims: verification.findings.iter().map(|finding| finding.claims.len()).sum(),
        bugs: verification.bugs.len(),
        broken_files: verification.broken_files.len(),
        verdicts: Verdicts {
            confirmed: count(FindingVerdict::Confirmed),
            partly_confirmed: count(FindingVerdict::PartlyConfirmed),
            fixed: count(FindingVerdict::Fixed),
            not_real: count(FindingVerdict::NotReal),
            refuted: count(FindingVerdict::Refuted),
            disputed: count(FindingVerdict::Disputed),
            undetermined: count(FindingVerdict::Undetermined),
        },
        exit_code: verification.exit_code(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::{PLAIN, with_sample};

    #[test]
    fn sample_as_json() {
        insta::assert_snapshot!(with_sample(|verification| render(verification, PLAIN)));
    }

    #[test]
    fn what_machines_read_can_be_read_back() {
        let text = with_sample(|verification| render(verification, PLAIN));
        let document: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(document["version"], VERSION);
        let verdicts: Vec<_> = document["findings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|finding| (finding["id"].as_str().unwrap(), finding["verdict"].as_str().unwrap()))
            .collect();
        let expected = [
            ("R1-1", "partly-confirmed"),
            ("R2-1", "confirmed"),
            ("R2-2", "confirmed"),
            ("R2-3", "disputed"),
            ("R2-4", "undetermined"),
            ("R2-5", "fixed"),
            ("R2-6", "not-real"),
            ("R2-7", "confirmed"),
        ];
        assert_eq!(verdicts, expected);
    }
}
