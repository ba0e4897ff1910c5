//! What follows from the evidence. Pure functions, in two steps: observations make a claim's
//! verdict, claims' verdicts make a finding's. Every way to a verdict is a cell with a name
//! ([`ClaimCell`], [`FindingCell`]), so that a reader can be told why it was this one.
//!
//! Three laws hold over all combinations and are tested over all of them: no error becomes a
//! refutation, evidence that could not be observed changes nothing, order does not matter.
//! A fourth guards against repairs that only break: what does not compile is neither fixed nor
//! unreal.

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::catalogue::{CheckKind, Role};
use crate::evidence::{Observation, Outcome, Strength};

/// What follows for one claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClaimVerdict {
    /// It is true.
    Confirmed,
    /// It is not true.
    Refuted,
    /// Checks of the same claim contradict each other.
    Disputed,
    /// No check could look.
    Undetermined,
}

/// What follows for a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FindingVerdict {
    /// Every premise and every instance is true.
    Confirmed,
    /// Every premise and some of the instances are true.
    PartlyConfirmed,
    /// It is not true, and it was in the earlier state.
    Fixed,
    /// It is not true, and it was not true in the earlier state either.
    NotReal,
    /// It is not true, and what it was earlier is not known.
    Refuted,
    /// It hangs on a claim whose checks contradict each other.
    Disputed,
    /// It hangs on a claim that no check could look at.
    Undetermined,
}

/// Whether the file that a claim is tied to can be trusted to show what is absent from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileState {
    /// It compiles, or the claim is not tied to one file, or the file is not there at all.
    Sound,
    /// It does not compile.
    Broken,
}

/// The verdict of a claim with the reason for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClaimJudgement {
    /// The verdict.
    pub verdict: ClaimVerdict,
    /// The strongest observation that speaks for it; none when nothing was observed.
    pub strength: Option<Strength>,
    /// The rule that gave it.
    pub cell: ClaimCell,
}

/// The ways to a claim's verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClaimCell {
    /// Every check that could look says that it holds.
    Holds,
    /// The same, in a file that is broken elsewhere.
    HoldsInBrokenFile,
    /// Every check that could look says that it does not hold.
    DoesNotHold,
    /// Nothing was found in a file that does not compile, which proves nothing.
    AbsentFromBrokenFile,
    /// Some say that it holds, others that it does not.
    ChecksDisagree,
    /// No check could look.
    NothingObserved,
}

/// What a finding's verdict takes from one of its claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct JudgedClaim {
    /// What the claim decides.
    pub role: Role,
    /// Its verdict.
    pub verdict: ClaimVerdict,
    /// The file that it is tied to.
    pub file: FileState,
}

/// What the earlier state says of a finding that is not true now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Earlier {
    /// There is no earlier state to ask.
    NotAsked,
    /// It was true there, wholly or partly.
    Held,
    /// It was not true there either.
    DidNotHold,
    /// The earlier state could not be observed, or its checks contradict each other.
    CouldNotTell,
}

/// The verdict of a finding with the reason for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FindingJudgement {
    /// The verdict.
    pub verdict: FindingVerdict,
    /// The rule that gave it.
    pub cell: FindingCell,
}

/// The ways to a finding's verdict, in the order in which they are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FindingCell {
    /// The checks of a premise contradict each other.
    PremiseDisputed,
    /// A premise could not be observed.
    PremiseUndetermined,
    /// A premise is not true.
    PremiseRefuted,
    /// Every instance is confirmed.
    EveryInstanceConfirmed,
    /// Some instances are confirmed.
    SomeInstancesConfirmed,
    /// No instance is confirmed, and the checks of one contradict each other.
    InstanceDisputed,
    /// No instance is confirmed, and one could not be observed.
    InstanceUndetermined,
    /// No instance is true.
    EveryInstanceRefuted,
    /// A claim is not true, and a file that the finding is about does not compile.
    RefutedBesideBrokenFile,
}

/// The verdict of a claim from all observations of it.
pub fn judge_claim(observations: &[Observation], file: FileState) -> ClaimJudgement {
    let mut holds = None;
    let mut does_not_hold = None;
    let mut absent_from_broken_file = false;
    for observation in observations {
        match (&observation.outcome, file) {
            (Outcome::Holds, FileState::Sound | FileState::Broken) => {
                holds = holds.max(Some(observation.strength));
            }
            (Outcome::DoesNotHold, FileState::Sound) => {
                does_not_hold = does_not_hold.max(Some(observation.strength));
            }
            (Outcome::DoesNotHold, FileState::Broken) => {
                // Whether a file compiles is the one question that a broken file answers.
                if observation.check == CheckKind::Syntax {
                    does_not_hold = does_not_hold.max(Some(observation.strength));
                } else {
                    absent_from_broken_file = true;
                }
            }
            (Outcome::CouldNotBeObserved { .. }, FileState::Sound | FileState::Broken) => {}
        }
    }
    let (verdict, strength, cell) = match (holds, does_not_hold) {
        (Some(for_it), Some(against_it)) => {
            (ClaimVerdict::Disputed, Some(for_it.max(against_it)), ClaimCell::ChecksDisagree)
        }
        (Some(strength), None) => {
            let cell = match file {
                FileState::Sound => ClaimCell::Holds,
                FileState::Broken => ClaimCell::HoldsInBrokenFile,
            };
            (ClaimVerdict::Confirmed, Some(strength), cell)
        }
        (None, Some(strength)) => (ClaimVerdict::Refuted, Some(strength), ClaimCell::DoesNotHold),
        (None, None) if absent_from_broken_file => {
            (ClaimVerdict::Undetermined, None, ClaimCell::AbsentFromBrokenFile)
        }
        (None, None) => (ClaimVerdict::Undetermined, None, ClaimCell::NothingObserved),
    };
    ClaimJudgement { verdict, strength, cell }
}

/// The verdict of a finding from the verdicts of its claims and what is known of earlier.
pub fn judge_finding(claims: &[JudgedClaim], earlier: Earlier) -> FindingJudgement {
    let cell = finding_cell(claims);
    let verdict = match cell {
        FindingCell::EveryInstanceConfirmed => FindingVerdict::Confirmed,
        FindingCell::SomeInstancesConfirmed => FindingVerdict::PartlyConfirmed,
        FindingCell::PremiseDisputed | FindingCell::InstanceDisputed => FindingVerdict::Disputed,
        FindingCell::PremiseUndetermined
        | FindingCell::InstanceUndetermined
        | FindingCell::RefutedBesideBrokenFile => FindingVerdict::Undetermined,
        FindingCell::PremiseRefuted | FindingCell::EveryInstanceRefuted => match earlier {
            Earlier::Held => FindingVerdict::Fixed,
            Earlier::DidNotHold => FindingVerdict::NotReal,
            Earlier::NotAsked | Earlier::CouldNotTell => FindingVerdict::Refuted,
        },
    };
    FindingJudgement { verdict, cell }
}

fn finding_cell(claims: &[JudgedClaim]) -> FindingCell {
    let any = |role, verdict| claims.iter().any(|claim| claim.role == role && claim.verdict == verdict);
    let premise = |verdict| any(Role::Premise, verdict);
    let instance = |verdict| any(Role::Instance, verdict);

    if premise(ClaimVerdict::Disputed) {
        return FindingCell::PremiseDisputed;
    }
    if premise(ClaimVerdict::Undetermined) {
        return FindingCell::PremiseUndetermined;
    }
    let refuted_by_premise = premise(ClaimVerdict::Refuted);
    if !refuted_by_premise {
        let not_confirmed = instance(ClaimVerdict::Refuted)
            || instance(ClaimVerdict::Disputed)
            || instance(ClaimVerdict::Undetermined);
        if instance(ClaimVerdict::Confirmed) {
            return if not_confirmed {
                FindingCell::SomeInstancesConfirmed
            } else {
                FindingCell::EveryInstanceConfirmed
            };
        }
        if instance(ClaimVerdict::Disputed) {
            return FindingCell::InstanceDisputed;
        }
        // The catalogue refuses a finding without an instance. Were there one, nothing would
        // have been looked at, and nothing may follow from that.
        if instance(ClaimVerdict::Undetermined) || !instance(ClaimVerdict::Refuted) {
            return FindingCell::InstanceUndetermined;
        }
    }
    // Whatever its role: a claim cites the file because the finding is about it.
    let beside_broken_file = claims.iter().any(|claim| claim.file == FileState::Broken);
    if beside_broken_file {
        FindingCell::RefutedBesideBrokenFile
    } else if refuted_by_premise {
        FindingCell::PremiseRefuted
    } else {
        FindingCell::EveryInstanceRefuted
    }
}

impl Earlier {
    /// What the same finding's verdict in the earlier state says. That state has no state
    /// before it, so its refutations are plain.
    pub fn told_by(verdict: FindingVerdict) -> Self {
        match verdict {
            FindingVerdict::Confirmed | FindingVerdict::PartlyConfirmed => Earlier::Held,
            FindingVerdict::Refuted | FindingVerdict::Fixed | FindingVerdict::NotReal => Earlier::DidNotHold,
            FindingVerdict::Disputed | FindingVerdict::Undetermined => Earlier::CouldNotTell,
        }
    }
}

impl ClaimVerdict {
    /// All verdicts of claims.
    pub const ALL: [ClaimVerdict; 4] =
        [ClaimVerdict::Confirmed, ClaimVerdict::Refuted, ClaimVerdict::Disputed, ClaimVerdict::Undetermined];

    /// The name in reports and in JSON.
    pub fn name(self) -> &'static str {
        match self {
            ClaimVerdict::Confirmed => "confirmed",
            ClaimVerdict::Refuted => "refuted",
            ClaimVerdict::Disputed => "disputed",
            ClaimVerdict::Undetermined => "undetermined",
        }
    }
}

/// What a reader does with a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Standing {
    /// It is a bug, wholly or partly.
    Real,
    /// It is none, or none any more.
    Invalidated,
    /// It remains to be seen.
    Open,
}

impl FindingVerdict {
    /// All verdicts of findings, in the order in which summaries count them.
    pub const ALL: [FindingVerdict; 7] = [
        FindingVerdict::Confirmed,
        FindingVerdict::PartlyConfirmed,
        FindingVerdict::Fixed,
        FindingVerdict::NotReal,
        FindingVerdict::Refuted,
        FindingVerdict::Disputed,
        FindingVerdict::Undetermined,
    ];

    /// The name in JSON and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            FindingVerdict::Confirmed => "confirmed",
            FindingVerdict::PartlyConfirmed => "partly-confirmed",
            FindingVerdict::Fixed => "fixed",
            FindingVerdict::NotReal => "not-real",
            FindingVerdict::Refuted => "refuted",
            FindingVerdict::Disputed => "disputed",
            FindingVerdict::Undetermined => "undetermined",
        }
    }

    /// The name in prose.
    pub fn words(self) -> &'static str {
        match self {
            FindingVerdict::PartlyConfirmed => "partly confirmed",
            FindingVerdict::NotReal => "not real",
            FindingVerdict::Confirmed
            | FindingVerdict::Fixed
            | FindingVerdict::Refuted
            | FindingVerdict::Disputed
            | FindingVerdict::Undetermined => self.name(),
        }
    }

    /// Which part of a report it belongs to.
    pub fn standing(self) -> Standing {
        match self {
            FindingVerdict::Confirmed | FindingVerdict::PartlyConfirmed => Standing::Real,
            FindingVerdict::Fixed | FindingVerdict::NotReal | FindingVerdict::Refuted => {
                Standing::Invalidated
            }
            FindingVerdict::Disputed | FindingVerdict::Undetermined => Standing::Open,
        }
    }
}
