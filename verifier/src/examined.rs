//! Findings with all that is known of them: evidence, verdicts, and where things are now.

use crate::anchors::{self, Whereabouts};
use crate::catalogue::{Claim, Finding, Role, Scope};
use crate::evidence::{Observation, Outcome, Reason, Site, Strength};
use crate::target::RelativePath;
use crate::verdict::{
    ClaimCell, ClaimJudgement, ClaimVerdict, FindingCell, FindingJudgement, FindingVerdict, Standing,
};

/// A finding after its examination.
#[derive(Clone, Debug)]
pub struct ExaminedFinding<'c> {
    /// What the catalogue says.
    pub finding: &'c Finding,
    /// What follows, and by which rule.
    pub judgement: FindingJudgement,
    /// What followed in the earlier state, when it was asked.
    pub earlier: Option<FindingVerdict>,
    /// Its claims, in the order of the catalogue.
    pub claims: Vec<ExaminedClaim<'c>>,
}

/// A claim after its examination.
#[derive(Clone, Debug)]
pub struct ExaminedClaim<'c> {
    /// What the catalogue says.
    pub claim: &'c Claim,
    /// What follows, and by which rule.
    pub judgement: ClaimJudgement,
    /// What followed in the earlier state, when it was asked.
    pub earlier: Option<ClaimVerdict>,
    /// What its checks saw, in the order in which the claim states them.
    pub observations: Vec<Observation>,
    /// Where the claim's symbol is now, or its whole file when it names no symbol: the place of
    /// a claim whose checks cite none.
    pub anchor: Option<Site>,
    /// What became of its code, when it is not where the catalogue says.
    pub whereabouts: Option<Whereabouts>,
}

impl ExaminedFinding<'_> {
    /// The finding's verdict.
    pub fn verdict(&self) -> FindingVerdict {
        self.judgement.verdict
    }

    /// What a reader does with it.
    pub fn standing(&self) -> Standing {
        self.judgement.verdict.standing()
    }

    /// The strongest observation among the claims that decide as the finding was decided.
    pub fn strength(&self) -> Option<Strength> {
        let decides = |claim: &&ExaminedClaim| match claim.claim.role {
            Role::Premise | Role::Instance => claim.verdict() == self.decisive_verdict(),
            Role::Detail => false,
        };
        self.claims.iter().filter(decides).filter_map(|claim| claim.judgement.strength).max()
    }

    /// The claim that a reader should look at first: the first of those that decided.
    pub fn decisive(&self) -> Option<&ExaminedClaim<'_>> {
        let wanted = match self.judgement.cell {
            FindingCell::PremiseDisputed => (Role::Premise, ClaimVerdict::Disputed),
            FindingCell::PremiseUndetermined => (Role::Premise, ClaimVerdict::Undetermined),
            FindingCell::PremiseRefuted => (Role::Premise, ClaimVerdict::Refuted),
            FindingCell::EveryInstanceConfirmed | FindingCell::SomeInstancesConfirmed => {
                (Role::Instance, ClaimVerdict::Confirmed)
            }
            FindingCell::InstanceDisputed => (Role::Instance, ClaimVerdict::Disputed),
            FindingCell::InstanceUndetermined => (Role::Instance, ClaimVerdict::Undetermined),
            FindingCell::EveryInstanceRefuted => (Role::Instance, ClaimVerdict::Refuted),
            FindingCell::RefutedBesideBrokenFile => {
                return self.claims.iter().find(|claim| {
                    claim.claim.role != Role::Detail && claim.verdict() == ClaimVerdict::Refuted
                });
            }
        };
        self.claims.iter().find(|claim| (claim.claim.role, claim.verdict()) == wanted)
    }

    /// One line that says why it is this verdict.
    pub fn because(&self) -> String {
        let decisive =
            self.decisive().map_or_else(|| "no instance was examined".to_owned(), ExaminedClaim::because);
        let instances = || self.claims.iter().filter(|claim| claim.claim.role == Role::Instance);
        match self.judgement.cell {
            FindingCell::SomeInstancesConfirmed => {
                let confirmed =
                    instances().filter(|claim| claim.verdict() == ClaimVerdict::Confirmed).count();
                format!("{confirmed} of {} instances: {decisive}", instances().count())
            }
            FindingCell::EveryInstanceConfirmed if instances().count() > 1 => match instances().count() {
                2 => format!("both instances: {decisive}"),
                more => format!("all {more} instances: {decisive}"),
            },
            FindingCell::RefutedBesideBrokenFile => {
                format!("{decisive}, but a file it is about does not compile")
            }
            FindingCell::PremiseDisputed
            | FindingCell::PremiseUndetermined
            | FindingCell::PremiseRefuted
            | FindingCell::EveryInstanceConfirmed
            | FindingCell::InstanceDisputed
            | FindingCell::InstanceUndetermined
            | FindingCell::EveryInstanceRefuted => decisive,
        }
    }

    /// The verdict of the claims that speak for this finding's verdict.
    pub fn decisive_verdict(&self) -> ClaimVerdict {
        match self.judgement.verdict {
            FindingVerdict::Confirmed | FindingVerdict::PartlyConfirmed => ClaimVerdict::Confirmed,
            FindingVerdict::Fixed | FindingVerdict::NotReal | FindingVerdict::Refuted => {
                ClaimVerdict::Refuted
            }
            FindingVerdict::Disputed => ClaimVerdict::Disputed,
            FindingVerdict::Undetermined => ClaimVerdict::Undetermined,
        }
    }

    /// The places where the bug is: those of confirmed instances, sorted, each once. Empty when
    /// the finding is not real.
    pub fn locations(&self) -> Vec<Site> {
        match self.standing() {
            Standing::Real => merge_sites(
                self.claims
                    .iter()
                    .filter(|claim| claim.claim.role == Role::Instance)
                    .filter(|claim| claim.verdict() == ClaimVerdict::Confirmed)
                    .flat_map(ExaminedClaim::sites),
            ),
            Standing::Invalidated | Standing::Open => Vec::new(),
        }
    }
}

impl ExaminedClaim<'_> {
    /// The claim's verdict.
    pub fn verdict(&self) -> ClaimVerdict {
        self.judgement.verdict
    }

    /// The observations that speak for the verdict; all of them when it is disputed, and those
    /// that could not look when it is undetermined.
    pub fn speaking(&self) -> impl Iterator<Item = &Observation> {
        self.observations.iter().filter(|observation| match (self.judgement.verdict, &observation.outcome) {
            (ClaimVerdict::Confirmed, outcome) => *outcome == Outcome::Holds,
            (ClaimVerdict::Refuted, outcome) => *outcome == Outcome::DoesNotHold,
            (ClaimVerdict::Disputed, outcome) => !matches!(outcome, Outcome::CouldNotBeObserved { .. }),
            (ClaimVerdict::Undetermined, _) => true,
        })
    }

    /// The places that speak for the verdict, sorted, each once. What was seen on a live object
    /// is cited by the whole function, which tells nothing where the source shows the line.
    pub fn sites(&self) -> Vec<Site> {
        let (matched, live): (Vec<_>, Vec<_>) =
            self.speaking().partition(|observation| observation.strength == Strength::Matched);
        let of = |observations: Vec<&Observation>| -> Vec<Site> {
            observations.into_iter().flat_map(|observation| observation.sites.iter().cloned()).collect()
        };
        let mut sites = of(matched);
        let vague = of(live).into_iter().filter(|site| !sites.iter().any(|exact| encloses(site, exact)));
        let vague: Vec<Site> = vague.collect();
        sites.extend(vague);
        let sites = merge_sites(sites);
        match self.judgement.verdict {
            ClaimVerdict::Confirmed if sites.is_empty() => self.anchor.iter().cloned().collect(),
            ClaimVerdict::Confirmed
            | ClaimVerdict::Refuted
            | ClaimVerdict::Disputed
            | ClaimVerdict::Undetermined => sites,
        }
    }

    /// One line that says why: the words of the strongest observation that speaks for the verdict.
    pub fn because(&self) -> String {
        match self.judgement.cell {
            ClaimCell::ChecksDisagree => {
                let words: Vec<_> = self
                    .speaking()
                    .map(|observation| format!("{} ({})", observation.because, observation.check.name()))
                    .collect();
                words.join(", but ")
            }
            ClaimCell::AbsentFromBrokenFile => {
                format!("{}, which proves nothing in a file that does not compile", self.strongest_because())
            }
            ClaimCell::NothingObserved => match self.whereabouts.as_ref().and_then(Whereabouts::describe) {
                Some(now) if self.moved().is_none() => format!("{}; it {now}", self.first_problem()),
                Some(_) | None => self.first_problem(),
            },
            ClaimCell::Holds | ClaimCell::HoldsInBrokenFile | ClaimCell::DoesNotHold => {
                self.strongest_because()
            }
        }
    }

    /// Why nobody could look. A check that was not run says less than one that was.
    fn first_problem(&self) -> String {
        let was_run = |observation: &&Observation| match &observation.outcome {
            Outcome::Holds | Outcome::DoesNotHold => true,
            Outcome::CouldNotBeObserved { reason } => {
                !matches!(reason, Reason::NoAnswer { how, .. } if how == "not-run")
            }
        };
        self.observations
            .iter()
            .find(was_run)
            .or(self.observations.first())
            .map_or_else(|| "nothing was asked".to_owned(), |observation| observation.because.clone())
    }

    fn strongest_because(&self) -> String {
        self.speaking()
            // Of equals the first: checks stand in the order in which the claim states them.
            .reduce(|best, next| if next.strength > best.strength { next } else { best })
            .map_or_else(|| "nothing was asked".to_owned(), |observation| observation.because.clone())
    }

    /// The file that the claim is tied to, if it is one file: where its code is now.
    pub fn file(&self) -> Option<&RelativePath> {
        if let Some(candidate) = self.moved() {
            return Some(&candidate.file);
        }
        match &self.claim.scope {
            Scope::File(path) => Some(path),
            Scope::Sweep(_) => None,
        }
    }

    /// Where its code is, when it is not where the catalogue says and was found again.
    pub fn moved(&self) -> Option<&anchors::Candidate> {
        self.whereabouts.as_ref().and_then(Whereabouts::moved)
    }

    /// Where its code was, and where it is or may be: `was at a.py f, is at b.py f (…)`.
    pub fn told_move(&self) -> Option<String> {
        let now = self.whereabouts.as_ref()?.describe()?;
        let was = anchors::Anchor::of(self.claim)?;
        Some(format!("was at {}, {now}", anchors::place(&was.file, was.symbol.as_deref())))
    }

    /// Whether the code is where the report saw it. `None` when the report names no lines, or
    /// nothing was found that could be elsewhere.
    pub fn is_where_reported(&self) -> Option<bool> {
        let hint = self.claim.lines?;
        let file = self.file()?;
        if self.moved().is_some_and(|now| self.claim.scope != Scope::File(now.file.clone())) {
            return Some(false);
        }
        let sites = self.sites();
        let mut here = sites.iter().filter(|site| site.file == *file).peekable();
        here.peek()?;
        Some(here.any(|site| site.line <= hint.last && hint.first <= site.end_line))
    }
}

/// Sorts places and joins those that are the same but for their labels.
pub fn merge_sites(sites: impl IntoIterator<Item = Site>) -> Vec<Site> {
    let mut sites: Vec<Site> = sites.into_iter().collect();
    sites.sort();
    let mut merged: Vec<Site> = Vec::with_capacity(sites.len());
    for site in sites {
        match merged.last_mut() {
            Some(last)
                if (&last.file, last.line, last.end_line) == (&site.file, site.line, site.end_line) =>
            {
                if last.symbol.is_none() {
                    last.symbol = site.symbol;
                }
                last.label = match (last.label.take(), site.label) {
                    (Some(one), Some(other)) if one.split(", ").all(|label| label != other) => {
                        Some(format!("{one}, {other}"))
                    }
                    (one, other) => one.or(other),
                };
            }
            _ => merged.push(site),
        }
    }
    merged
}

fn encloses(outer: &Site, inner: &Site) -> bool {
    outer.file == inner.file
        && outer.line <= inner.line
        && inner.end_line <= outer.end_line
        && (outer.line, outer.end_line) != (inner.line, inner.end_line)
}
