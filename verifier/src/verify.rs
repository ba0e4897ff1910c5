//! The driver: from a catalogue and a target to a [`Verification`]. It owns the order of the
//! stages and what may run at the same time; what anything means is decided elsewhere.

mod earlier;
mod live;
mod selection;

pub use earlier::{EarlierState, EarlierStates};
pub use live::Worker;
pub use selection::{Selection, SelectionError};

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::time::Instant;

use rayon::prelude::*;

use crate::bugs;
use crate::catalogue::{Catalogue, Check, Claim, Finding, FindingId, Scope};
use crate::evidence::{Observation, Outcome, Reason, Searched, Strength};
use crate::examined::{ExaminedClaim, ExaminedFinding};
use crate::python::{Files, Project};
use crate::static_checks;
use crate::target::{RelativePath, TargetTree};
use crate::verdict::{
    ClaimVerdict, Earlier, FileState, FindingCell, FindingVerdict, JudgedClaim, judge_claim, judge_finding,
};
use crate::verification::{BrokenFile, EarlierDescription, Verification};

/// Who answers the questions that need live objects.
pub trait LiveObserver: Sync {
    /// Answers every question about this tree, in their order.
    fn observe(&self, tree: &dyn TargetTree, questions: &[LiveQuestion]) -> Vec<Observation>;
}

/// A question that needs live objects: one check of one claim.
#[derive(Clone, Copy, Debug)]
pub struct LiveQuestion<'c> {
    /// The claim.
    pub claim: &'c Claim,
    /// Its check, never a static one.
    pub check: &'c Check,
}

/// Answers no question: `--static-only`.
#[derive(Clone, Copy, Debug)]
pub struct NotRun;

/// Told of what is being done, for whoever wants to show it.
pub trait Progress: Sync {
    /// `total` steps of this kind follow.
    fn begin(&self, what: &str, total: usize);
    /// One of them is done.
    fn step(&self);
}

/// Shows nothing.
#[derive(Clone, Copy, Debug)]
pub struct Quiet;

/// Lets checks run on this many threads; on as many as there are processors when none is given.
/// Counts from the first call on, before anything is examined.
pub fn use_threads(jobs: Option<NonZeroUsize>) {
    // Trees of hostile files are deep. The memory is only taken when it is touched.
    let pool =
        rayon::ThreadPoolBuilder::new().stack_size(STACK_SIZE).num_threads(jobs.map_or(0, NonZeroUsize::get));
    // Refused when there is a pool already, which then serves as well.
    let _ = pool.build_global();
}

const STACK_SIZE: usize = 64 * 1024 * 1024;

/// Examines the selected findings.
pub fn verify<'c>(
    catalogue: &'c Catalogue,
    selection: &Selection,
    target: &dyn TargetTree,
    earlier: &EarlierStates,
    live: &dyn LiveObserver,
    progress: &dyn Progress,
) -> Result<Verification<'c>, SelectionError> {
    let began = Instant::now();
    let selected = selection.of(catalogue)?;
    let files = Files::new(target);
    let project = Project::new(&files, &catalogue.target.python);
    let claims: Vec<&Claim> = selected.iter().flat_map(|finding| &finding.claims).collect();
    let broken = broken_files(&selected, &files);
    let mut observations = observe(&claims, &project, live, progress).into_iter();

    let mut findings: Vec<ExaminedFinding> = selected
        .iter()
        .map(|finding| {
            let claims: Vec<ExaminedClaim> = finding
                .claims
                .iter()
                .map(|claim| {
                    let observations = observations.next().expect("one answer per claim");
                    let judgement = judge_claim(&observations, file_state(claim, &broken));
                    ExaminedClaim { claim, judgement, earlier: None, observations, anchor: None }
                })
                .collect();
            let judgement = judge_finding(&judged(&claims, &broken), Earlier::NotAsked);
            ExaminedFinding { finding, judgement, earlier: None, claims }
        })
        .collect();

    for claim in findings.iter_mut().flat_map(|finding| &mut finding.claims) {
        claim.anchor = anchor(claim.claim, &files);
    }
    ask_earlier(catalogue, &mut findings, &broken, earlier, live, progress);

    let bugs = bugs::merge(&findings);
    let suggestions = bugs::suggestions(&findings);
    let earlier = catalogue.reports.iter().filter_map(|report| {
        let state = earlier.of(&report.id)?;
        Some(EarlierDescription {
            report: report.id.clone(),
            state: state.description.clone(),
            is_target: state.tree.is_none(),
        })
    });
    Ok(Verification {
        catalogue,
        target: target.describe(),
        earlier: earlier.collect(),
        bugs,
        suggestions,
        broken_files: broken.into_values().collect(),
        siblings: Vec::new(),
        elapsed: began.elapsed(),
        findings,
    })
}

/// Asks every check of every claim; one list of observations per claim.
fn observe(
    claims: &[&Claim],
    project: &Project,
    live: &dyn LiveObserver,
    progress: &dyn Progress,
) -> Vec<Vec<Observation>> {
    let mut static_questions = Vec::new();
    let mut live_questions = Vec::new();
    let mut live_places = Vec::new();
    for (index, claim) in claims.iter().enumerate() {
        for (place, check) in claim.checks.iter().enumerate() {
            match check {
                Check::Static(check) => static_questions.push((index, place, *claim, check)),
                Check::Import(_) | Check::Inspect(_) | Check::Probe(_) => {
                    live_questions.push(LiveQuestion { claim, check });
                    live_places.push((index, place));
                }
            }
        }
    }
    let cited: Vec<RelativePath> = claims.iter().filter_map(|claim| cited_file(claim)).cloned().collect();
    project.files().tree().prefetch(&cited);

    let context = static_checks::Context { project };
    let look = || -> Vec<Observation> {
        progress.begin("reading", static_questions.len());
        static_questions
            .par_iter()
            .map(|(_, _, claim, check)| {
                let observation = static_checks::observe(check, claim, &context);
                progress.step();
                observation
            })
            .collect()
    };
    // The worker's processes do not wait for the trees, nor the trees for them.
    let (seen, answered) = if live_questions.is_empty() {
        (look(), Vec::new())
    } else {
        std::thread::scope(|scope| {
            let answered = scope.spawn(|| live.observe(project.files().tree(), &live_questions));
            let seen = look();
            (seen, answered.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
        })
    };
    assert_eq!(answered.len(), live_questions.len(), "one answer per live question");

    let mut all: Vec<Vec<Option<Observation>>> =
        claims.iter().map(|claim| claim.checks.iter().map(|_| None).collect()).collect();
    for ((index, place, _, _), observation) in static_questions.iter().zip(seen) {
        all[*index][*place] = Some(observation);
    }
    for ((index, place), observation) in live_places.into_iter().zip(answered) {
        all[index][place] = Some(observation);
    }
    all.into_iter().map(|observations| observations.into_iter().flatten().collect()).collect()
}

/// Tells fixed from not real: asks the earlier state about everything that is refuted now, and
/// about nothing else.
fn ask_earlier(
    catalogue: &Catalogue,
    findings: &mut [ExaminedFinding],
    broken_now: &BTreeMap<RelativePath, BrokenFile>,
    earlier: &EarlierStates,
    live: &dyn LiveObserver,
    progress: &dyn Progress,
) {
    for state in earlier.states() {
        let speaks_of =
            |finding: &Finding| earlier.of(&finding.report).is_some_and(|of| std::ptr::eq(of, state));
        let concerned: Vec<usize> =
            (0..findings.len()).filter(|index| speaks_of(findings[*index].finding)).collect();
        let Some(tree) = &state.tree else {
            for index in concerned {
                repeat_now(&mut findings[index]);
            }
            continue;
        };
        let asked: Vec<(usize, Vec<usize>)> = concerned
            .into_iter()
            .map(|index| (index, claims_to_ask(&findings[index])))
            .filter(|(_, claims)| !claims.is_empty())
            .collect();
        if asked.is_empty() {
            continue;
        }
        let files = Files::new(tree.as_ref());
        let project = Project::new(&files, &catalogue.target.python);
        let selected: Vec<&Finding> = asked.iter().map(|(index, _)| findings[*index].finding).collect();
        let broken_then = broken_files(&selected, &files);
        let claims: Vec<&Claim> = asked
            .iter()
            .flat_map(|(index, claims)| claims.iter().map(|claim| findings[*index].claims[*claim].claim))
            .collect();
        let mut observations = observe(&claims, &project, live, progress).into_iter();
        for (index, claims) in asked {
            let finding = &mut findings[index];
            for place in claims {
                let observations = observations.next().expect("one answer per claim");
                let claim = &mut finding.claims[place];
                claim.earlier =
                    Some(judge_claim(&observations, file_state(claim.claim, &broken_then)).verdict);
            }
            if is_refuted(finding) {
                let then: Vec<JudgedClaim> = finding
                    .claims
                    .iter()
                    .filter_map(|claim| {
                        let file = file_state(claim.claim, &broken_then);
                        Some(JudgedClaim { role: claim.claim.role, verdict: claim.earlier?, file })
                    })
                    .collect();
                tell(finding, judge_finding(&then, Earlier::NotAsked).verdict, broken_now);
            }
        }
    }
}

/// The earlier state is the one that is examined: what is not true now was not true then.
fn repeat_now(finding: &mut ExaminedFinding) {
    for claim in &mut finding.claims {
        claim.earlier = Some(claim.verdict());
    }
    if is_refuted(finding) {
        let then = finding.verdict();
        tell(finding, then, &BTreeMap::new());
    }
}

fn tell(
    finding: &mut ExaminedFinding,
    then: FindingVerdict,
    broken_now: &BTreeMap<RelativePath, BrokenFile>,
) {
    finding.earlier = Some(then);
    finding.judgement = judge_finding(&judged(&finding.claims, broken_now), Earlier::told_by(then));
}

fn is_refuted(finding: &ExaminedFinding) -> bool {
    match finding.judgement.cell {
        FindingCell::PremiseRefuted | FindingCell::EveryInstanceRefuted => true,
        FindingCell::PremiseDisputed
        | FindingCell::PremiseUndetermined
        | FindingCell::EveryInstanceConfirmed
        | FindingCell::SomeInstancesConfirmed
        | FindingCell::InstanceDisputed
        | FindingCell::InstanceUndetermined
        | FindingCell::RefutedBesideBrokenFile => false,
    }
}

/// All claims of a refuted finding, because together they made its verdict then; of others the
/// claims that are refuted.
fn claims_to_ask(finding: &ExaminedFinding) -> Vec<usize> {
    let all = is_refuted(finding);
    let wanted = |claim: &ExaminedClaim| all || claim.verdict() == ClaimVerdict::Refuted;
    finding.claims.iter().enumerate().filter(|(_, claim)| wanted(claim)).map(|(index, _)| index).collect()
}

fn judged(claims: &[ExaminedClaim], broken: &BTreeMap<RelativePath, BrokenFile>) -> Vec<JudgedClaim> {
    claims
        .iter()
        .map(|claim| JudgedClaim {
            role: claim.claim.role,
            verdict: claim.verdict(),
            file: file_state(claim.claim, broken),
        })
        .collect()
}

fn file_state(claim: &Claim, broken: &BTreeMap<RelativePath, BrokenFile>) -> FileState {
    match cited_file(claim) {
        Some(file) if broken.contains_key(file) => FileState::Broken,
        Some(_) | None => FileState::Sound,
    }
}

fn cited_file(claim: &Claim) -> Option<&RelativePath> {
    match &claim.scope {
        Scope::File(file) => Some(file),
        Scope::Sweep(_) => None,
    }
}

/// The files that claims name and that do not compile. A sweep names none: what it could not
/// read is part of its observation.
fn broken_files(findings: &[&Finding], files: &Files) -> BTreeMap<RelativePath, BrokenFile> {
    let mut cited_by: BTreeMap<&RelativePath, Vec<FindingId>> = BTreeMap::new();
    for finding in findings {
        for file in finding.claims.iter().filter_map(cited_file) {
            let citing = cited_by.entry(file).or_default();
            if citing.last() != Some(&finding.id) {
                citing.push(finding.id.clone());
            }
        }
    }
    let cited: Vec<_> = cited_by.into_iter().collect();
    cited
        .into_par_iter()
        .filter_map(|(path, findings)| {
            let parsed = files.file(path).ok()?;
            let error = parsed.source().errors().first()?;
            let (line, message) = (error.line, error.message.clone());
            Some((path.clone(), BrokenFile { file: path.clone(), line, message, findings }))
        })
        .collect()
}

/// Where the claim's symbol is now, or its whole file.
fn anchor(claim: &Claim, files: &Files) -> Option<crate::evidence::Site> {
    let file = files.file(cited_file(claim)?).ok()?;
    let range = match &claim.symbol {
        Some(symbol) => file.symbols().find(symbol).first()?.range,
        None => crate::python::Ranged::range(file.source().module()),
    };
    Some(static_checks::site(file, range, None))
}

impl LiveObserver for NotRun {
    fn observe(&self, _tree: &dyn TargetTree, questions: &[LiveQuestion]) -> Vec<Observation> {
        questions
            .iter()
            .map(|question| {
                let message = "nothing of the target is run with `--static-only`".to_owned();
                unanswered(question.check, "not-run", message)
            })
            .collect()
    }
}

/// The observation of a live check that got no answer.
pub fn unanswered(check: &Check, how: &str, message: String) -> Observation {
    let strength = match check {
        Check::Static(_) => Strength::Matched,
        Check::Import(_) | Check::Inspect(_) => Strength::Inspected,
        Check::Probe(_) => Strength::Executed,
    };
    Observation {
        check: check.kind(),
        strength,
        because: message.clone(),
        outcome: Outcome::CouldNotBeObserved { reason: Reason::NoAnswer { how: how.to_owned(), message } },
        sites: Vec::new(),
        searched: Searched::default(),
        notes: Vec::new(),
    }
}

impl Progress for Quiet {
    fn begin(&self, _what: &str, _total: usize) {}
    fn step(&self) {}
}
