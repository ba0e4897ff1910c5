//! # `probe`

use super::session::{Session, no_answer, unseen};
use crate::catalogue::{CheckKind, Claim, ProbeCheck};
use crate::evidence::{Observation, Strength};

/// Answers the check.
pub(super) fn observe(_session: &Session<'_>, _claim: &Claim, _check: &ProbeCheck) -> Observation {
    unseen(CheckKind::Probe, Strength::Executed, no_answer("not-run", "not yet"), Vec::new())
}
