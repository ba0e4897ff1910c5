//! The table of cells, and the laws over all combinations.

use super::*;
use crate::evidence::{Reason, Searched};

/// `holds`, `matched-not`, `error`… separated by spaces: one observation each.
fn observations(text: &str) -> Vec<Observation> {
    text.split_whitespace()
        .map(|word| match word {
            "matched" => observation(Strength::Matched, Outcome::Holds),
            "inspected" => observation(Strength::Inspected, Outcome::Holds),
            "executed" => observation(Strength::Executed, Outcome::Holds),
            "not-matched" => observation(Strength::Matched, Outcome::DoesNotHold),
            "not-inspected" => observation(Strength::Inspected, Outcome::DoesNotHold),
            "not-executed" => observation(Strength::Executed, Outcome::DoesNotHold),
            "error" => observation(Strength::Matched, error()),
            "compiles-not" => Observation {
                check: CheckKind::Syntax,
                ..observation(Strength::Matched, Outcome::DoesNotHold)
            },
            other => panic!("unknown observation {other}"),
        })
        .collect()
}

fn observation(strength: Strength, outcome: Outcome) -> Observation {
    Observation {
        check: CheckKind::Pattern,
        strength,
        outcome,
        because: String::new(),
        sites: Vec::new(),
        searched: Searched::default(),
        notes: Vec::new(),
    }
}

fn error() -> Outcome {
    Outcome::CouldNotBeObserved {
        reason: Reason::NoAnswer { how: "timed-out".to_owned(), message: String::new() },
    }
}

#[track_caller]
fn check_claim(
    text: &str,
    file: FileState,
    verdict: ClaimVerdict,
    strength: Option<Strength>,
    cell: ClaimCell,
) {
    assert_eq!(judge_claim(&observations(text), file), ClaimJudgement { verdict, strength, cell }, "{text}");
}

#[test]
fn claims_have_these_cells() {
    use ClaimVerdict::{Confirmed, Disputed, Refuted, Undetermined};
    use FileState::{Broken, Sound};
    use Strength::{Executed, Inspected, Matched};

    check_claim("matched", Sound, Confirmed, Some(Matched), ClaimCell::Holds);
    check_claim("matched executed inspected", Sound, Confirmed, Some(Executed), ClaimCell::Holds);
    check_claim("matched error", Sound, Confirmed, Some(Matched), ClaimCell::Holds);
    check_claim("matched", Broken, Confirmed, Some(Matched), ClaimCell::HoldsInBrokenFile);
    check_claim("not-matched not-inspected", Sound, Refuted, Some(Inspected), ClaimCell::DoesNotHold);
    check_claim("not-matched error", Sound, Refuted, Some(Matched), ClaimCell::DoesNotHold);
    check_claim("not-matched", Broken, Undetermined, None, ClaimCell::AbsentFromBrokenFile);
    check_claim("compiles-not", Broken, Refuted, Some(Matched), ClaimCell::DoesNotHold);
    check_claim("matched not-inspected", Sound, Disputed, Some(Inspected), ClaimCell::ChecksDisagree);
    check_claim("matched not-matched error", Sound, Disputed, Some(Matched), ClaimCell::ChecksDisagree);
    check_claim("error", Sound, Undetermined, None, ClaimCell::NothingObserved);
    check_claim("", Sound, Undetermined, None, ClaimCell::NothingObserved);
}

/// `premise:confirmed instance:refuted!`, where `!` is a file that does not compile.
fn claims(text: &str) -> Vec<JudgedClaim> {
    text.split_whitespace()
        .map(|word| {
            let file = if word.ends_with('!') { FileState::Broken } else { FileState::Sound };
            let (role, verdict) = word.trim_end_matches('!').split_once(':').expect("role:verdict");
            let role = match role {
                "premise" => Role::Premise,
                "instance" => Role::Instance,
                "detail" => Role::Detail,
                other => panic!("unknown role {other}"),
            };
            let verdict =
                ClaimVerdict::ALL.into_iter().find(|each| each.name() == verdict).expect("a verdict");
            JudgedClaim { role, verdict, file }
        })
        .collect()
}

#[track_caller]
fn check_finding(text: &str, verdict: FindingVerdict, cell: FindingCell) {
    assert_eq!(judge_finding(&claims(text), Earlier::NotAsked), FindingJudgement { verdict, cell }, "{text}");
}

#[test]
fn findings_have_these_cells() {
    use FindingVerdict::{Confirmed, Disputed, PartlyConfirmed, Refuted, Undetermined};

    check_finding("instance:confirmed", Confirmed, FindingCell::EveryInstanceConfirmed);
    check_finding(
        "premise:confirmed instance:confirmed instance:confirmed",
        Confirmed,
        FindingCell::EveryInstanceConfirmed,
    );
    check_finding(
        "instance:confirmed instance:refuted",
        PartlyConfirmed,
        FindingCell::SomeInstancesConfirmed,
    );
    check_finding(
        "instance:confirmed instance:undetermined",
        PartlyConfirmed,
        FindingCell::SomeInstancesConfirmed,
    );
    check_finding(
        "instance:confirmed instance:disputed",
        PartlyConfirmed,
        FindingCell::SomeInstancesConfirmed,
    );
    check_finding("premise:refuted instance:confirmed", Refuted, FindingCell::PremiseRefuted);
    check_finding("premise:undetermined instance:confirmed", Undetermined, FindingCell::PremiseUndetermined);
    check_finding("premise:undetermined premise:refuted", Undetermined, FindingCell::PremiseUndetermined);
    check_finding("premise:disputed premise:undetermined", Disputed, FindingCell::PremiseDisputed);
    check_finding("instance:refuted instance:disputed", Disputed, FindingCell::InstanceDisputed);
    check_finding("instance:undetermined instance:disputed", Disputed, FindingCell::InstanceDisputed);
    check_finding("instance:refuted instance:undetermined", Undetermined, FindingCell::InstanceUndetermined);
    check_finding("instance:refuted", Refuted, FindingCell::EveryInstanceRefuted);
    check_finding(
        "premise:refuted instance:undetermined!",
        Undetermined,
        FindingCell::RefutedBesideBrokenFile,
    );
    check_finding("instance:refuted!", Undetermined, FindingCell::RefutedBesideBrokenFile);
    check_finding("instance:refuted detail:undetermined", Refuted, FindingCell::EveryInstanceRefuted);
    check_finding("instance:refuted detail:confirmed!", Undetermined, FindingCell::RefutedBesideBrokenFile);
    check_finding("instance:confirmed!", Confirmed, FindingCell::EveryInstanceConfirmed);
    check_finding("premise:confirmed", Undetermined, FindingCell::InstanceUndetermined);
}

#[test]
fn earlier_state_tells_fixed_from_not_real() {
    #[track_caller]
    fn check(earlier: Earlier, expected: FindingVerdict) {
        assert_eq!(judge_finding(&claims("instance:refuted"), earlier).verdict, expected);
        // The past changes nothing about what is true, or open, now.
        for text in ["instance:confirmed", "instance:disputed", "instance:undetermined", "instance:refuted!"]
        {
            assert_eq!(
                judge_finding(&claims(text), earlier),
                judge_finding(&claims(text), Earlier::NotAsked)
            );
        }
    }
    check(Earlier::NotAsked, FindingVerdict::Refuted);
    check(Earlier::told_by(FindingVerdict::Confirmed), FindingVerdict::Fixed);
    check(Earlier::told_by(FindingVerdict::PartlyConfirmed), FindingVerdict::Fixed);
    check(Earlier::told_by(FindingVerdict::Refuted), FindingVerdict::NotReal);
    check(Earlier::told_by(FindingVerdict::Disputed), FindingVerdict::Refuted);
    check(Earlier::told_by(FindingVerdict::Undetermined), FindingVerdict::Refuted);
}

const FILES: [FileState; 2] = [FileState::Sound, FileState::Broken];
const ROLES: [Role; 3] = [Role::Premise, Role::Instance, Role::Detail];
const EARLIER: [Earlier; 4] = [Earlier::NotAsked, Earlier::Held, Earlier::DidNotHold, Earlier::CouldNotTell];

/// All lists of at most `length` of these items.
fn lists<T: Clone>(items: &[T], length: usize) -> Vec<Vec<T>> {
    let mut all = vec![Vec::new()];
    let mut from = 0;
    for _ in 0..length {
        let to = all.len();
        for index in from..to {
            for item in items {
                let mut list = all[index].clone();
                list.push(item.clone());
                all.push(list);
            }
        }
        from = to;
    }
    all
}

fn every_observation() -> Vec<Observation> {
    let mut all = Vec::new();
    for strength in [Strength::Matched, Strength::Inspected, Strength::Executed] {
        for outcome in [Outcome::Holds, Outcome::DoesNotHold, error()] {
            all.push(observation(strength, outcome));
        }
    }
    all.push(Observation { check: CheckKind::Syntax, ..observation(Strength::Matched, Outcome::Holds) });
    all.push(Observation {
        check: CheckKind::Syntax,
        ..observation(Strength::Matched, Outcome::DoesNotHold)
    });
    all
}

fn every_judged_claim() -> Vec<JudgedClaim> {
    let mut all = Vec::new();
    for role in ROLES {
        for verdict in ClaimVerdict::ALL {
            for file in FILES {
                all.push(JudgedClaim { role, verdict, file });
            }
        }
    }
    all
}

#[test]
fn no_error_ever_refutes_a_claim() {
    for list in lists(&every_observation(), 3) {
        for file in FILES {
            let seen = |outcome: &Outcome| list.iter().any(|observation| observation.outcome == *outcome);
            if judge_claim(&list, file).verdict == ClaimVerdict::Refuted {
                assert!(seen(&Outcome::DoesNotHold) && !seen(&Outcome::Holds), "{list:?}");
            }
        }
    }
}

#[test]
fn what_could_not_be_observed_changes_no_claim() {
    for list in lists(&every_observation(), 3) {
        for file in FILES {
            for strength in [Strength::Matched, Strength::Inspected, Strength::Executed] {
                let mut more = list.clone();
                more.push(observation(strength, error()));
                assert_eq!(judge_claim(&more, file), judge_claim(&list, file), "{list:?}");
            }
        }
    }
}

#[test]
fn order_of_observations_does_not_matter() {
    for list in lists(&every_observation(), 3) {
        for file in FILES {
            for turned in turns(&list) {
                assert_eq!(judge_claim(&turned, file), judge_claim(&list, file), "{list:?}");
            }
        }
    }
}

#[test]
fn nothing_is_refuted_by_absence_from_a_broken_file() {
    for list in lists(&every_observation(), 3) {
        let asked_whether_it_compiles = list.iter().any(|observation| observation.check == CheckKind::Syntax);
        if !asked_whether_it_compiles {
            assert_ne!(judge_claim(&list, FileState::Broken).verdict, ClaimVerdict::Refuted, "{list:?}");
        }
    }
}

#[test]
fn strength_is_that_of_an_observation_that_speaks_for_the_verdict() {
    for list in lists(&every_observation(), 3) {
        let judgement = judge_claim(&list, FileState::Sound);
        let speaks = |observation: &&Observation| match judgement.verdict {
            ClaimVerdict::Confirmed => observation.outcome == Outcome::Holds,
            ClaimVerdict::Refuted => observation.outcome == Outcome::DoesNotHold,
            ClaimVerdict::Disputed => !matches!(observation.outcome, Outcome::CouldNotBeObserved { .. }),
            ClaimVerdict::Undetermined => false,
        };
        let strongest = list.iter().filter(speaks).map(|observation| observation.strength).max();
        assert_eq!(judgement.strength, strongest, "{list:?}");
    }
}

#[test]
fn a_refuted_finding_has_a_refuted_claim_that_decides() {
    for list in lists(&every_judged_claim(), 3) {
        for earlier in EARLIER {
            let verdict = judge_finding(&list, earlier).verdict;
            if verdict.standing() != Standing::Invalidated {
                continue;
            }
            let of = |role| list.iter().filter(move |claim| claim.role == role);
            let by_premise = of(Role::Premise).any(|claim| claim.verdict == ClaimVerdict::Refuted)
                && of(Role::Premise)
                    .all(|claim| matches!(claim.verdict, ClaimVerdict::Refuted | ClaimVerdict::Confirmed));
            let by_instances = of(Role::Instance).count() > 0
                && of(Role::Instance).all(|claim| claim.verdict == ClaimVerdict::Refuted);
            assert!(by_premise || by_instances, "{list:?}");
        }
    }
}

#[test]
fn a_finding_is_real_when_every_premise_holds_and_an_instance_does() {
    for list in lists(&every_judged_claim(), 3) {
        let of = |role| list.iter().filter(move |claim| claim.role == role);
        let expected = of(Role::Premise).all(|claim| claim.verdict == ClaimVerdict::Confirmed)
            && of(Role::Instance).any(|claim| claim.verdict == ClaimVerdict::Confirmed);
        let real = judge_finding(&list, Earlier::NotAsked).verdict.standing() == Standing::Real;
        assert_eq!(real, expected, "{list:?}");
    }
}

#[test]
fn what_does_not_compile_is_neither_fixed_nor_unreal() {
    for list in lists(&every_judged_claim(), 3) {
        let broken = list.iter().any(|claim| claim.file == FileState::Broken);
        for earlier in EARLIER {
            let verdict = judge_finding(&list, earlier).verdict;
            assert!(!broken || verdict.standing() != Standing::Invalidated, "{list:?}");
        }
    }
}

#[test]
fn details_decide_nothing_but_that_their_file_is_broken() {
    for mut list in lists(&every_judged_claim(), 3) {
        for claim in &mut list {
            if claim.role == Role::Detail {
                claim.file = FileState::Sound;
            }
        }
        let without: Vec<_> = list.iter().copied().filter(|claim| claim.role != Role::Detail).collect();
        for earlier in EARLIER {
            assert_eq!(judge_finding(&list, earlier), judge_finding(&without, earlier), "{list:?}");
        }
    }
}

#[test]
fn order_of_claims_does_not_matter() {
    for list in lists(&every_judged_claim(), 3) {
        for turned in turns(&list) {
            for earlier in EARLIER {
                assert_eq!(judge_finding(&turned, earlier), judge_finding(&list, earlier), "{list:?}");
            }
        }
    }
}

/// From observations to the finding in one go: all findings of two claims, with up to two
/// observations each.
#[test]
fn what_could_not_be_observed_changes_no_finding() {
    let lists_of_observations = lists(&every_observation(), 2);
    let with_error = |list: &[Observation]| {
        let mut more = list.to_vec();
        more.push(observation(Strength::Executed, error()));
        more
    };
    for first_role in ROLES {
        for first in &lists_of_observations {
            for second in &lists_of_observations {
                for file in FILES {
                    let verdict = |first: &[Observation], second: &[Observation]| {
                        let judged = [
                            JudgedClaim { role: first_role, verdict: judge_claim(first, file).verdict, file },
                            JudgedClaim {
                                role: Role::Instance,
                                verdict: judge_claim(second, file).verdict,
                                file,
                            },
                        ];
                        judge_finding(&judged, Earlier::Held)
                    };
                    let plain = verdict(first, second);
                    assert_eq!(verdict(&with_error(first), second), plain);
                    assert_eq!(verdict(first, &with_error(second)), plain);
                }
            }
        }
    }
}

#[test]
fn a_finding_whose_every_check_fails_is_undetermined() {
    let failed = judge_claim(&[observation(Strength::Executed, error())], FileState::Sound).verdict;
    for roles in lists(&ROLES, 4) {
        if !roles.contains(&Role::Instance) {
            continue;
        }
        for file in FILES {
            let judged: Vec<_> =
                roles.iter().map(|role| JudgedClaim { role: *role, verdict: failed, file }).collect();
            for earlier in EARLIER {
                assert_eq!(judge_finding(&judged, earlier).verdict, FindingVerdict::Undetermined);
            }
        }
    }
}

/// Every rotation and the reversal: together they generate all orders of three.
fn turns<T: Clone>(list: &[T]) -> Vec<Vec<T>> {
    let mut all = Vec::new();
    for reversed in [false, true] {
        for shift in 0..list.len() {
            let mut turned = list.to_vec();
            if reversed {
                turned.reverse();
            }
            turned.rotate_left(shift);
            all.push(turned);
        }
    }
    all
}
