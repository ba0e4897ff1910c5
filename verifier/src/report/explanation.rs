//! All that is known of one finding: every claim, what each check saw, the code that it cites,
//! and why this verdict follows and no other.

use owo_colors::{OwoColorize, Style as Ink};

use crate::catalogue::{CheckKind, Claim, ClaimId, Relation, Role, Scope};
use crate::evidence::{Observation, Outcome, Reason, Searched, Site};
use crate::examined::{ExaminedClaim, ExaminedFinding};
use crate::report::escape::{dedent, one_line, visible};
use crate::report::{Style, counted};
use crate::verdict::{ClaimCell, ClaimVerdict, FindingCell, FindingVerdict};
use crate::verification::Verification;

/// Explains a finding; of its claims only `only`, when one is given.
pub fn render(
    verification: &Verification,
    examined: &ExaminedFinding,
    only: Option<&ClaimId>,
    style: Style,
) -> String {
    let mut page = Page { text: String::new(), style };
    page.finding(verification, examined);
    for claim in &examined.claims {
        if only.is_none_or(|only| *only == claim.claim.id) {
            page.claim(claim);
        }
    }
    page.text
}

struct Page {
    text: String,
    style: Style,
}

impl Page {
    fn finding(&mut self, verification: &Verification, examined: &ExaminedFinding) {
        let finding = examined.finding;
        let heading = format!("{}: {}", finding.id, one_line(&finding.title));
        let heading = self.strong(&heading);
        self.line(0, &heading);
        let source = verification.report(&finding.report).map_or("", |report| &report.title);
        let severity = finding.severity.name();
        self.wrapped(2, &format!("{severity} in {} \"{}\"", finding.report, one_line(source)));
        self.wrapped(2, &one_line(&finding.bug));
        match &finding.relation {
            Some(Relation::SameAs(other)) => self.line(2, &format!("the same as {other}")),
            Some(Relation::PartOf(other)) => self.line(2, &format!("part of {other}")),
            None => {}
        }
        if let Some(bug) = verification.bug_with(&finding.id).filter(|bug| bug.findings.len() > 1) {
            let members: Vec<&str> = bug.findings.iter().map(|id| id.as_str()).collect();
            self.line(2, &format!("one bug: {}, {}", members.join(", "), bug.severity.name()));
        }
        self.line(0, "");
        let verdict = self.finding_verdict(examined.verdict());
        let verdict = format!("verdict: {verdict}");
        self.line(2, &verdict);
        self.wrapped(2, &format!("because {}", why_finding(examined)));
        self.wrapped(2, &why_told(examined));
    }

    fn claim(&mut self, examined: &ExaminedClaim) {
        let claim = examined.claim;
        self.line(0, "");
        let verdict = self.claim_verdict(examined.verdict());
        let strength = examined.judgement.strength.map_or(String::new(), |strength| format!(", {strength}"));
        let name = self.strong(claim.id.own());
        self.line(2, &format!("{name} ({}): {verdict}{strength}", claim.role.name()));
        self.wrapped(4, &format!("says: {}", one_line(&claim.says)));
        self.wrapped(4, &format!("asked of: {}", one_line(&asked_of(claim))));
        if let Some(moved) = examined.told_move() {
            self.wrapped(4, &one_line(&moved));
        }
        if let Some(hint) = claim.lines {
            let moved = match examined.is_where_reported() {
                Some(true) => ", and it is there",
                Some(false) => ", and it is elsewhere now",
                None => "",
            };
            self.line(4, &format!("reported at: lines {}-{}{moved}", hint.first, hint.last));
        }
        self.wrapped(4, &format!("because {}", why_claim(examined.judgement.cell)));
        if let Some(earlier) = examined.earlier {
            self.line(4, &format!("in the earlier state: {}", earlier.name()));
        }
        for observation in &examined.observations {
            self.observation(observation);
        }
    }

    fn observation(&mut self, observation: &Observation) {
        let saw = match &observation.outcome {
            Outcome::Holds => "holds",
            Outcome::DoesNotHold => "does not hold",
            Outcome::CouldNotBeObserved { .. } => "could not be observed",
        };
        self.line(4, &format!("{} ({}): {saw}", observation.check.name(), observation.strength));
        self.wrapped(6, &one_line(&observation.because));
        if let Outcome::CouldNotBeObserved { reason } = &observation.outcome {
            self.wrapped(6, &format!("reason: {}", one_line(&reason_name(reason))));
        }
        for site in &observation.sites {
            self.site(site);
        }
        if let Some(searched) = searched(observation) {
            self.wrapped(6, &searched);
        }
        for note in &observation.notes {
            self.wrapped(6, &format!("note: {}", one_line(note)));
        }
    }

    fn site(&mut self, site: &Site) {
        let symbol = site.symbol.as_ref().map_or(String::new(), |symbol| format!(" in {symbol}"));
        let label = site.label.as_ref().map_or(String::new(), |label| format!(": {}", one_line(label)));
        self.line(6, &format!("{}:{}{symbol}{label}", visible(site.file.as_str()), site.line));
        let lines = dedent(&site.excerpt);
        let shown = lines.len().min(MOST_LINES);
        for (offset, line) in lines.iter().take(shown).enumerate() {
            let number = format!("{:>5} |", site.line as usize + offset);
            let number = self.faint(&number);
            self.line(6, &format!("{number} {}", visible(line)));
        }
        if lines.len() > shown {
            let rest = format!("      | … {} more lines", lines.len() - shown);
            let rest = self.faint(&rest);
            self.line(6, &rest);
        }
    }

    fn wrapped(&mut self, indent: usize, text: &str) {
        let width = self.style.width.saturating_sub(indent).max(30);
        let mut line = String::new();
        for word in text.split(' ') {
            if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > width {
                self.line(indent, &line);
                line.clear();
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        self.line(indent, &line);
    }

    fn line(&mut self, indent: usize, line: &str) {
        let line = format!("{:indent$}{line}", "");
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    fn strong(&self, text: &str) -> String {
        self.ink(text, Ink::new().bold())
    }

    fn faint(&self, text: &str) -> String {
        self.ink(text, Ink::new().dimmed())
    }

    fn finding_verdict(&self, verdict: FindingVerdict) -> String {
        self.ink(verdict.words(), super::table::verdict_ink(verdict))
    }

    fn claim_verdict(&self, verdict: ClaimVerdict) -> String {
        let ink = match verdict {
            ClaimVerdict::Confirmed => Ink::new().red().bold(),
            ClaimVerdict::Refuted => Ink::new().green(),
            ClaimVerdict::Disputed | ClaimVerdict::Undetermined => Ink::new().yellow(),
        };
        self.ink(verdict.name(), ink)
    }

    fn ink(&self, text: &str, ink: Ink) -> String {
        if self.style.color { text.style(ink).to_string() } else { text.to_owned() }
    }
}

/// A place that is longer than this is shown by its beginning.
const MOST_LINES: usize = 12;

fn why_finding(examined: &ExaminedFinding) -> String {
    let named = |role: Role, verdict: ClaimVerdict| -> String {
        let claims =
            examined.claims.iter().filter(|claim| claim.claim.role == role && claim.verdict() == verdict);
        claims.map(|claim| format!("`{}`", claim.claim.id.own())).collect::<Vec<_>>().join(", ")
    };
    match examined.judgement.cell {
        FindingCell::PremiseDisputed => format!(
            "a premise has checks that contradict each other: {}; without it nothing follows from the rest",
            named(Role::Premise, ClaimVerdict::Disputed)
        ),
        FindingCell::PremiseUndetermined => format!(
            "a premise could not be observed: {}; without it nothing follows from the rest",
            named(Role::Premise, ClaimVerdict::Undetermined)
        ),
        FindingCell::PremiseRefuted => format!(
            "a premise is not true: {}; whatever the instances are, this bug they are not",
            named(Role::Premise, ClaimVerdict::Refuted)
        ),
        FindingCell::EveryInstanceConfirmed => "every premise and every instance is confirmed".to_owned(),
        FindingCell::SomeInstancesConfirmed => {
            format!("some instances are confirmed: {}", named(Role::Instance, ClaimVerdict::Confirmed))
        }
        FindingCell::InstanceDisputed => format!(
            "no instance is confirmed, and one has checks that contradict each other: {}",
            named(Role::Instance, ClaimVerdict::Disputed)
        ),
        FindingCell::InstanceUndetermined => format!(
            "no instance is confirmed, and one could not be observed: {}",
            named(Role::Instance, ClaimVerdict::Undetermined)
        ),
        FindingCell::EveryInstanceRefuted => "no instance is true".to_owned(),
        FindingCell::RefutedBesideBrokenFile => {
            "what it says is not there, but a file that it is about does not compile, and a change that breaks \
             a module mends nothing"
                .to_owned()
        }
    }
}

fn why_told(examined: &ExaminedFinding) -> String {
    let earlier = examined.earlier.map_or("", FindingVerdict::words);
    match examined.verdict() {
        FindingVerdict::Fixed => {
            format!("fixed and not merely refuted, because in the earlier state it was {earlier}")
        }
        FindingVerdict::NotReal => {
            "not real and not fixed, because it was not true in the earlier state".to_owned()
        }
        FindingVerdict::Refuted if examined.earlier.is_some() => {
            format!("neither fixed nor not real, because in the earlier state it was {earlier}")
        }
        FindingVerdict::Refuted => {
            "neither fixed nor not real, because there is no earlier state to ask; `--was` names one"
                .to_owned()
        }
        FindingVerdict::PartlyConfirmed => {
            "not wholly confirmed, because the other instances are not".to_owned()
        }
        FindingVerdict::Confirmed => "details decide nothing".to_owned(),
        FindingVerdict::Disputed => {
            "no side is taken: one of the checks is wrong, or asks something else".to_owned()
        }
        FindingVerdict::Undetermined => "what nobody could look at is neither true nor untrue".to_owned(),
    }
}

fn why_claim(cell: ClaimCell) -> &'static str {
    match cell {
        ClaimCell::Holds => "every check that could look says that it holds",
        ClaimCell::HoldsInBrokenFile => {
            "every check that could look says that it holds, in a file that does not compile"
        }
        ClaimCell::DoesNotHold => "every check that could look says that it does not hold",
        ClaimCell::AbsentFromBrokenFile => {
            "nothing was found, which proves nothing in a file that does not compile"
        }
        ClaimCell::ChecksDisagree => "some checks say that it holds and others that it does not",
        ClaimCell::NothingObserved => "no check could look",
    }
}

fn asked_of(claim: &Claim) -> String {
    let place = match &claim.scope {
        Scope::File(file) => file.to_string(),
        Scope::Sweep(globs) => globs.join(", "),
    };
    match &claim.symbol {
        Some(symbol) => format!("{symbol} in {place}"),
        None => place,
    }
}

fn reason_name(reason: &Reason) -> String {
    match reason {
        Reason::FileMissing { .. } => "the file is missing".to_owned(),
        Reason::FileUnreadable { .. } => "the file cannot be read".to_owned(),
        Reason::DoesNotCompile { path, line, .. } => format!("{path} does not compile at line {line}"),
        Reason::SymbolMissing { symbol } => format!("the symbol {symbol} is missing"),
        Reason::Unresolved { .. } => "something that the answer depends on cannot be resolved".to_owned(),
        Reason::NoAnswer { how, .. } => how.clone(),
    }
}

fn searched(observation: &Observation) -> Option<String> {
    let Searched { files, parsed, nodes, blind } = &observation.searched;
    if *files == 0 {
        return None;
    }
    let mut text = format!("searched: {}, {parsed} parsed", counted(*files as usize, "file", "files"));
    if *nodes > 0 {
        text.push_str(&format!(", {nodes} nodes"));
    }
    // A check of whether files compile is not blind in those that do not.
    if !blind.is_empty() && observation.check != CheckKind::Syntax {
        text.push_str(&format!("; blind in {}", counted(blind.len(), "file", "files")));
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::{PLAIN, with_sample};

    #[test]
    fn every_verdict_is_explained() {
        insta::assert_snapshot!(with_sample(|verification| {
            let pages =
                verification.findings.iter().map(|examined| render(verification, examined, None, PLAIN));
            pages.collect::<Vec<_>>().join("\n")
        }));
    }
}
