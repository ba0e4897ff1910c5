//! The Master Bug Report. Same input, same bytes: nothing here knows the time, and everything
//! that has an order keeps it.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::bugs::Bug;
use crate::catalogue::{Finding, FindingId, Role, Scope, Severity};
use crate::evidence::{Observation, Outcome, PRINTED, Site, Strength};
use crate::examined::{ExaminedClaim, ExaminedFinding};
use crate::report::escape::{code, code_block, prose};
use crate::report::{Style, counted, siblings};
use crate::siblings::{Found, Sweep};
use crate::verdict::{ClaimVerdict, FindingVerdict, Standing};
use crate::verification::Verification;

/// Renders the report.
pub fn render(verification: &Verification, style: Style) -> String {
    let by_id = verification.findings_by_id();
    let mut report = Report { verification, by_id, style, text: String::new() };
    report.preface();
    for severity in Severity::ALL {
        report.severity(severity);
    }
    report.open_findings();
    report.invalidated();
    report.text
}

struct Report<'v> {
    verification: &'v Verification<'v>,
    by_id: BTreeMap<&'v FindingId, &'v ExaminedFinding<'v>>,
    style: Style,
    text: String,
}

impl Report<'_> {
    fn preface(&mut self) {
        let verification = self.verification;
        self.line("# Master Bug Report");
        self.line("");
        let examined = match &verification.target.revision {
            Some(revision) => format!("{} at revision {}", code(&verification.target.root), code(revision)),
            None => code(&verification.target.root),
        };
        let real = verification.findings_of(Standing::Real).count();
        let open = verification.findings_of(Standing::Open).count();
        let invalidated = verification.findings_of(Standing::Invalidated).count();
        self.line(&format!(
            "Examined: {examined}. {}: {real} confirmed wholly or partly, which are {}; {invalidated} \
             invalidated; {open} open.",
            counted(verification.findings.len(), "finding", "findings"),
            counted(verification.bugs.len(), "bug", "bugs"),
        ));
        self.sources();
        self.broken_files();
        self.suggestions();
    }

    fn sources(&mut self) {
        let verification = self.verification;
        let concerned = verification.catalogue.reports.iter().filter(|report| {
            verification.findings.iter().any(|examined| examined.finding.report == report.id)
        });
        let lines: Vec<String> = concerned
            .map(|report| {
                let mut line = format!("- {}: {}", prose(report.id.as_str()), prose(&report.title));
                if let Some(file) = &report.file {
                    let _ = write!(line, ", {}", code(&file.to_string_lossy()));
                }
                if let Some(commit) = &report.commit {
                    let _ = write!(line, ", written against {}", code(commit));
                }
                match verification.earlier.iter().find(|earlier| earlier.report == report.id) {
                    Some(earlier) if earlier.is_target => {
                        line.push_str("; the examined state is the one that it speaks of")
                    }
                    Some(earlier) => {
                        let state = earlier.state.revision.as_ref().unwrap_or(&earlier.state.root);
                        let _ = write!(line, "; compared with the earlier state {}", code(state));
                    }
                    None => line.push_str("; there is no earlier state to compare with"),
                }
                line
            })
            .collect();
        if !lines.is_empty() {
            self.line("");
            self.line("Sources:");
            self.line("");
            lines.iter().for_each(|line| self.line(line));
        }
    }

    fn broken_files(&mut self) {
        if self.verification.broken_files.is_empty() {
            return;
        }
        self.line("");
        self.line("**Cited files that do not compile**:");
        self.line("");
        for broken in &self.verification.broken_files {
            let findings: Vec<String> = broken.findings.iter().map(|id| prose(id.as_str())).collect();
            self.line(&format!(
                "- {}: {} (cited by {})",
                code(&format!("{}:{}", broken.file, broken.line)),
                prose(&broken.message),
                findings.join(", ")
            ));
        }
    }

    fn suggestions(&mut self) {
        if self.verification.suggestions.is_empty() {
            return;
        }
        self.line("");
        self.line("**Possibly the same bug**, although the catalogue does not say so:");
        self.line("");
        for suggestion in &self.verification.suggestions {
            self.line(&format!(
                "- {} and {}: {}",
                prose(suggestion.first.as_str()),
                prose(suggestion.second.as_str()),
                prose(&suggestion.because)
            ));
        }
    }

    fn severity(&mut self, severity: Severity) {
        self.heading(2, title_case(severity));
        let bugs: Vec<&Bug> = self.verification.bugs_of(severity).collect();
        if bugs.is_empty() {
            self.line("");
            self.line("None.");
        }
        for bug in bugs {
            self.bug(bug);
        }
    }

    fn bug(&mut self, bug: &Bug) {
        let members: Vec<&ExaminedFinding> =
            bug.findings.iter().filter_map(|id| self.by_id.get(id).copied()).collect();
        let Some(lead) = members.first() else { return };
        let finding = lead.finding;
        self.heading(3, &format!("{}: {}", prose(bug.id.as_str()), prose(&finding.title)));
        self.field("Severity", title_case(bug.severity));
        self.field("The Bug", &prose(&finding.bug));
        self.locations(bug, &members);
        // What the leading finding leaves open, another that is the same may tell.
        let told = |text: fn(&Finding) -> &str| {
            members.iter().map(|member| text(member.finding)).find(|text| !text.is_empty()).unwrap_or("")
        };
        let (root_cause, impact) = (told(|finding| &finding.root_cause), told(|finding| &finding.impact));
        self.field("Root Cause & Impact", &paragraphs(&[root_cause, impact]));
        self.field("Proposed Fix", &paragraphs(&[told(|finding| &finding.fix)]));
        self.evidence(&members);
        self.siblings(&members);
        self.reported_as(&members);
    }

    /// The same defect elsewhere, under the claims that are its parents.
    fn siblings(&mut self, members: &[&ExaminedFinding]) {
        let verification = self.verification;
        let is_ours = |sweep: &&Sweep| {
            let mut claims = members.iter().flat_map(|finding| &finding.claims);
            claims.any(|claim| sweep.parents.contains(&claim.claim.id))
        };
        let sweeps: Vec<&Sweep> = verification.siblings.iter().filter(is_ours).collect();
        if sweeps.is_empty() {
            return;
        }
        self.field("Siblings", "the same defect in places that no claim of this bug names");
        self.line("");
        for sweep in sweeps {
            let parents: Vec<String> = sweep.parents.iter().map(|parent| code(parent.as_str())).collect();
            self.line(&format!("- {}: {}", parents.join(", "), prose(&siblings::summary(sweep))));
            if let Found::Siblings(found) = &sweep.found {
                for sibling in found {
                    self.line(&format!("  - {}", prose(&siblings::line(sibling))));
                }
            }
        }
    }

    fn locations(&mut self, bug: &Bug, members: &[&ExaminedFinding]) {
        self.line("");
        self.line("**Location(s)**:");
        self.line("");
        for site in &bug.locations {
            let broken = match self.verification.broken_file(&site.file) {
                Some(_) => "; the file does not compile",
                None => "",
            };
            self.line(&format!("- {}{broken}", place(site)));
            self.excerpt(site);
        }
        for claim in confirmed_instances(members) {
            // Confirmed by running it, in a file that has no such symbol to point at.
            if claim.sites().is_empty() {
                self.line(&format!("- {}", scope(claim)));
            }
        }
        for claim in confirmed_instances(members) {
            if let Some(moved) = claim.told_move() {
                self.line(&format!("- {}: {}", prose(&moved), prose(&claim.claim.says)));
            }
            if let (Some(false), Some(hint)) = (claim.is_where_reported(), claim.claim.lines) {
                self.line(&format!(
                    "- the report puts this at lines {} of {}: {}",
                    hint_text(hint),
                    scope(claim),
                    prose(&claim.claim.says)
                ));
            }
        }
    }

    fn evidence(&mut self, members: &[&ExaminedFinding]) {
        let strength = members.iter().filter_map(|finding| finding.strength()).max();
        let how = strength.map_or("", Strength::sentence);
        self.field("Evidence", how);
        self.line("");
        for finding in members {
            for claim in &finding.claims {
                if claim.verdict() == ClaimVerdict::Confirmed {
                    self.claim(finding, claim, "");
                }
            }
            let missing: Vec<&ExaminedClaim> = finding
                .claims
                .iter()
                .filter(|claim| claim.claim.role == Role::Instance)
                .filter(|claim| claim.verdict() != ClaimVerdict::Confirmed)
                .collect();
            for claim in missing {
                self.claim(finding, claim, "not confirmed: ");
            }
        }
    }

    fn reported_as(&mut self, members: &[&ExaminedFinding]) {
        self.line("");
        self.line("*Reported as*:");
        self.line("");
        for examined in members {
            let finding = examined.finding;
            let source = self.verification.report(&finding.report).map_or("", |report| &report.title);
            self.line(&format!(
                "- {} “{}” in {} “{}”, {}: {}",
                prose(finding.id.as_str()),
                prose(&finding.title),
                prose(finding.report.as_str()),
                prose(source),
                finding.severity.name(),
                examined.verdict().words()
            ));
        }
    }

    fn open_findings(&mut self) {
        let open: Vec<&ExaminedFinding> = self.verification.findings_of(Standing::Open).collect();
        if open.is_empty() {
            return;
        }
        self.heading(2, "Undetermined Findings");
        for examined in open {
            self.finding_heading(examined);
            self.field("Severity", title_case(examined.finding.severity));
            self.field("Verdict", &format!("{}: {}", examined.verdict().words(), prose(&examined.because())));
            self.field("The Bug", &prose(&examined.finding.bug));
            self.field("Claims", "");
            self.line("");
            for claim in &examined.claims {
                self.claim(examined, claim, "");
            }
        }
    }

    fn invalidated(&mut self) {
        self.heading(2, "Invalidated Findings");
        let invalidated: Vec<&ExaminedFinding> =
            self.verification.findings_of(Standing::Invalidated).collect();
        let untrue: Vec<(&ExaminedFinding, &ExaminedClaim)> = self
            .verification
            .findings
            .iter()
            .filter(|examined| examined.standing() != Standing::Invalidated)
            .flat_map(|examined| examined.claims.iter().map(move |claim| (examined, claim)))
            .filter(|(_, claim)| claim.verdict() == ClaimVerdict::Refuted)
            .collect();
        if invalidated.is_empty() && untrue.is_empty() {
            self.line("");
            self.line("None.");
        }
        for examined in invalidated {
            self.finding_heading(examined);
            self.field(
                "Severity",
                &format!(
                    "{} in {}",
                    title_case(examined.finding.severity),
                    prose(examined.finding.report.as_str())
                ),
            );
            self.field("Verdict", &self.invalidation(examined));
            self.field("The Claim", &prose(&examined.finding.bug));
            self.field("Counter-Evidence", "");
            self.line("");
            for claim in &examined.claims {
                self.claim(examined, claim, "");
            }
        }
        if !untrue.is_empty() {
            self.heading(3, "Untrue parts of other findings");
            self.line("");
            for (examined, claim) in untrue {
                self.claim(examined, claim, "");
            }
        }
    }

    fn invalidation(&self, examined: &ExaminedFinding) -> String {
        let state =
            self.verification.earlier.iter().find(|earlier| earlier.report == examined.finding.report);
        let earlier = match state {
            Some(state) if state.is_target => {
                "the examined state is the one that the report speaks of".to_owned()
            }
            Some(state) => {
                let name = code(state.state.revision.as_ref().unwrap_or(&state.state.root));
                match examined.verdict() {
                    FindingVerdict::Fixed => format!("it was true of {name}"),
                    FindingVerdict::NotReal => format!("it was not true of {name} either"),
                    FindingVerdict::Refuted
                    | FindingVerdict::Confirmed
                    | FindingVerdict::PartlyConfirmed
                    | FindingVerdict::Disputed
                    | FindingVerdict::Undetermined => {
                        format!("whether it was true of {name} could not be told")
                    }
                }
            }
            None => "there is no earlier state to ask whether it ever was true".to_owned(),
        };
        format!("{}: {earlier}", examined.verdict().words())
    }

    /// One claim: what it says, what became of it, and what was seen.
    fn claim(&mut self, finding: &ExaminedFinding, claim: &ExaminedClaim, prefix: &str) {
        let strength = claim.judgement.strength.map_or(String::new(), |strength| format!(", {strength}"));
        let earlier = match (claim.verdict(), claim.earlier, finding.standing()) {
            (ClaimVerdict::Refuted, Some(ClaimVerdict::Confirmed), _) => "; it was true in the earlier state",
            (ClaimVerdict::Refuted, Some(ClaimVerdict::Refuted), Standing::Real | Standing::Open) => {
                "; it was not true in the earlier state either"
            }
            _ => "",
        };
        self.line(&format!(
            "- {prefix}{} ({}, {}{strength}): {}{earlier}",
            prose(&claim.claim.says),
            code(claim.claim.id.as_str()),
            match claim.claim.role {
                Role::Premise => format!("premise {}", claim.verdict().name()),
                Role::Instance => claim.verdict().name().to_owned(),
                Role::Detail => format!("detail {}", claim.verdict().name()),
            },
            prose(&claim.because()),
        ));
        let is_told = claim.claim.role == Role::Instance && claim.verdict() == ClaimVerdict::Confirmed;
        if let Some(moved) = claim.told_move().filter(|_| !is_told) {
            self.line(&format!("  - {}", prose(&moved)));
        }
        if claim.verdict() != ClaimVerdict::Confirmed {
            // Where the bug is stands under its locations; where it is not stands here.
            let sites = claim.sites();
            for site in sites.iter().take(MOST_SITES) {
                self.line(&format!("  - {}", place(site)));
            }
            if sites.len() > MOST_SITES {
                self.line(&format!("  - and {} more places", sites.len() - MOST_SITES));
            }
            if claim.verdict() == ClaimVerdict::Refuted {
                self.line(&format!("  - {}", searched(claim)));
            }
        }
        for observation in claim.speaking().filter(|observation| !observation.notes.is_empty()) {
            match observation.strength {
                Strength::Matched => {
                    for note in &observation.notes {
                        self.line(&format!("  - {}", prose(note)));
                    }
                }
                // Under what circumstances it was seen: one line for all of them.
                // What the code printed is left out: a log has the time in it, and the same input
                // gives the same bytes.
                Strength::Inspected | Strength::Executed => {
                    let is_printed = |note: &&str| PRINTED.iter().any(|start| note.starts_with(start));
                    let notes = observation.notes.iter().map(String::as_str);
                    let notes: Vec<&str> = notes.filter(|note| !is_printed(note)).collect();
                    self.line(&format!("  - {}", prose(&notes.join("; "))));
                }
            }
        }
    }

    fn finding_heading(&mut self, examined: &ExaminedFinding) {
        let finding = examined.finding;
        self.heading(3, &format!("{}: {}", prose(finding.id.as_str()), prose(&finding.title)));
    }

    fn excerpt(&mut self, site: &Site) {
        if self.style.excerpts && !site.excerpt.is_empty() {
            self.text.push('\n');
            self.text.push_str(&code_block(&shortened(&site.excerpt), "  "));
            self.text.push('\n');
        }
    }

    fn heading(&mut self, level: usize, text: &str) {
        self.line("");
        self.line(&format!("{} {text}", "#".repeat(level)));
    }

    fn field(&mut self, name: &str, value: &str) {
        self.line("");
        let line = format!("**{name}**: {value}");
        self.line(line.trim_end());
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }
}

/// A sweep that refutes nothing can look at hundreds of places; a reader wants the first.
const MOST_SITES: usize = 10;

/// A place that is longer than this is shown by its beginning and end.
const MOST_LINES: usize = 24;

fn confirmed_instances<'m>(members: &'m [&ExaminedFinding]) -> impl Iterator<Item = &'m ExaminedClaim<'m>> {
    members
        .iter()
        .flat_map(|finding| &finding.claims)
        .filter(|claim| claim.claim.role == Role::Instance && claim.verdict() == ClaimVerdict::Confirmed)
}

fn place(site: &Site) -> String {
    let lines = if site.end_line > site.line {
        format!("{}-{}", site.line, site.end_line)
    } else {
        site.line.to_string()
    };
    let mut text = code(&format!("{}:{lines}", site.file));
    if let Some(symbol) = &site.symbol {
        let _ = write!(text, " in {}", code(symbol));
    }
    if let Some(label) = &site.label {
        let _ = write!(text, ": {}", prose(label));
    }
    text
}

/// Where the claim was looked at, which is where its code is now.
fn searched_scope(claim: &ExaminedClaim) -> String {
    claim.moved().map_or_else(|| scope(claim), |now| code(now.file.as_str()))
}

fn scope(claim: &ExaminedClaim) -> String {
    match &claim.claim.scope {
        Scope::File(file) => code(file.as_str()),
        Scope::Sweep(globs) => globs.iter().map(|glob| code(glob)).collect::<Vec<_>>().join(", "),
    }
}

fn hint_text(hint: crate::catalogue::LineHint) -> String {
    if hint.last > hint.first { format!("{}-{}", hint.first, hint.last) } else { hint.first.to_string() }
}

/// How much was searched before something was said not to be there.
fn searched(claim: &ExaminedClaim) -> String {
    let mut searched: Vec<String> = claim
        .observations
        .iter()
        .filter(|observation| observation.outcome == Outcome::DoesNotHold)
        .map(how_much)
        .collect();
    searched.dedup();
    format!("{}: {}", searched_scope(claim), searched.join("; "))
}

fn how_much(observation: &Observation) -> String {
    match observation.strength {
        Strength::Matched => format!(
            "{} searched, {} of them parsed",
            counted(observation.searched.files as usize, "file", "files"),
            observation.searched.parsed
        ),
        Strength::Inspected => "asked of the live object".to_owned(),
        Strength::Executed => "the proof ran and reached the code".to_owned(),
    }
}

fn shortened(excerpt: &str) -> String {
    let lines: Vec<&str> = excerpt.lines().collect();
    if lines.len() <= MOST_LINES {
        return excerpt.to_owned();
    }
    let half = MOST_LINES / 2;
    let left_out = format!("# … {} lines …", lines.len() - 2 * half);
    let first = lines[..half].iter().copied();
    let last = lines[lines.len() - half..].iter().copied();
    first.chain([left_out.as_str()]).chain(last).collect::<Vec<_>>().join("\n")
}

/// Texts that may have paragraphs of their own, one after the other.
fn paragraphs(texts: &[&str]) -> String {
    let paragraphs = texts.iter().flat_map(|text| text.split("\n\n")).map(str::trim);
    paragraphs.filter(|text| !text.is_empty()).map(prose).collect::<Vec<_>>().join("\n\n")
}

fn title_case(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "Critical",
        Severity::High => "High",
        Severity::Medium => "Medium",
        Severity::Low => "Low",
    }
}

impl Strength {
    fn sentence(self) -> &'static str {
        match self {
            Strength::Matched => "matched in the source",
            Strength::Inspected => "inspected on the live objects",
            Strength::Executed => "executed: a proof ran",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::{PLAIN, with_catalogue, with_sample};

    #[test]
    fn sample_as_markdown() {
        insta::assert_snapshot!(with_sample(|verification| render(verification, PLAIN)));
    }

    const TOLD_BY_ANOTHER: &str = r#"
[[report]]
id = "_R_"
title = "An audit"

[[finding]]
id = "_F_1_"
report = "_R_"
severity = "critical"
title = "A loop"
bug = "It does not end."
impact = "It hangs."

[[finding.claim]]
id = "endless"
says = "nothing leaves the loop"
file = "a  b.py"
static = { endless-loop = true }

[[finding]]
id = "F2"
report = "_R_"
severity = "low"
title = "The same loop"
bug = "It does not end."
root-cause = "A slip."
impact = "Nobody knows."
fix = "End it."
same-as = "_F_1_"

[[finding.claim]]
id = "endless"
says = "nothing leaves the loop"
file = "a  b.py"
static = { endless-loop = true }
"#;

    #[test]
    fn what_the_leading_finding_leaves_open_another_tells() {
        let target = "--- a  b.py\nwhile True:\n    pass\n";
        let report = with_catalogue(TOLD_BY_ANOTHER, target, |verification| render(verification, PLAIN));
        for part in [
            "### \\_F_1\\_: A loop\n",
            "**Root Cause & Impact**: A slip.\n\nIt hangs.\n",
            "**Proposed Fix**: End it.\n",
            "- `a  b.py:1-2`: nothing",
            "- \\_F_1\\_ “A loop” in \\_R\\_ “An audit”, critical: confirmed\n",
        ] {
            assert!(report.contains(part), "no {part} in\n{report}");
        }
    }
}
