//! The driver: from a catalogue and a target to a [`Verification`]. It owns the order of the
//! stages and what may run at the same time; what anything means is decided elsewhere.

mod cited;
mod earlier;
mod live;
mod moved;
mod selection;

use cited::Cited;
pub use earlier::{EarlierState, EarlierStates};
pub use live::Worker;
pub use selection::{Selection, SelectionError};

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::OnceLock;
use std::time::Instant;

use crate::bugs;
use crate::catalogue::{Catalogue, Check, Claim, Finding, FindingId, ReportId, Scope};
use crate::evidence::{Observation, Outcome, Reason, Searched, Strength};
use crate::examined::{ExaminedClaim, ExaminedFinding};
use crate::parallel;
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
    let states = States::new(earlier);
    let claims: Vec<&Claim> = selected.iter().flat_map(|finding| &finding.claims).collect();
    let reports: Vec<&ReportId> =
        selected.iter().flat_map(|finding| finding.claims.iter().map(|_| &finding.report)).collect();
    let reference = |index: usize| states.of(reports[index]);
    let mut cited = Cited::of(&claims, &project);
    let placed = moved::place(&claims, &files, &cited, &reference, earlier.history());
    cited.extend(Cited::of(&moved::elsewhere(&placed), &project));
    let broken = broken_files(&cited_by(&selected, &placed), &cited);
    let asked: Vec<&Claim> = placed.iter().map(|placed| &*placed.at).collect();
    let mut observations = observe(&asked, &project, live, progress);
    moved::distrust(&placed, &mut observations, &files, &reference, project.roots());
    let anchors: Vec<_> = asked.iter().map(|claim| cited.site(claim)).collect();
    let mut answers = observations.into_iter().zip(placed).zip(anchors);

    let mut findings: Vec<ExaminedFinding> = selected
        .iter()
        .map(|finding| {
            let claims: Vec<ExaminedClaim> = finding
                .claims
                .iter()
                .map(|claim| {
                    let ((observations, placed), anchor) = answers.next().expect("one answer per claim");
                    let judgement = judge_claim(&observations, file_state(&placed.at, &broken));
                    let whereabouts = placed.whereabouts;
                    ExaminedClaim { claim, judgement, earlier: None, observations, anchor, whereabouts }
                })
                .collect();
            let judgement = judge_finding(&judged(&claims, &broken), Earlier::NotAsked);
            ExaminedFinding { finding, judgement, earlier: None, claims }
        })
        .collect();

    ask_earlier(catalogue, &mut findings, &broken, &states, &files, live, progress);

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

/// The earlier states with their files, which are listed when somebody asks.
struct States<'e> {
    earlier: &'e EarlierStates,
    files: Vec<OnceLock<Option<Files<'e>>>>,
}

impl<'e> States<'e> {
    fn new(earlier: &'e EarlierStates) -> Self {
        Self { earlier, files: earlier.states().iter().map(|_| OnceLock::new()).collect() }
    }

    /// The files of a state; none when it is the examined state itself.
    fn files(&self, index: usize) -> Option<&Files<'e>> {
        let state = &self.earlier.states()[index];
        self.files[index].get_or_init(|| state.tree.as_deref().map(Files::new)).as_ref()
    }

    /// The files of the state that this report's findings are compared with.
    fn of(&self, report: &ReportId) -> Option<&Files<'e>> {
        let state = self.earlier.of(report)?;
        self.files(self.earlier.states().iter().position(|other| std::ptr::eq(other, state))?)
    }
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
        parallel::map(&static_questions, |(_, _, claim, check)| {
            let observation = static_checks::recall(check, claim, &context);
            progress.step();
            observation
        })
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
    states: &States,
    now: &Files,
    live: &dyn LiveObserver,
    progress: &dyn Progress,
) {
    let earlier = states.earlier;
    for (index, state) in earlier.states().iter().enumerate() {
        let speaks_of =
            |finding: &Finding| earlier.of(&finding.report).is_some_and(|of| std::ptr::eq(of, state));
        let concerned: Vec<usize> =
            (0..findings.len()).filter(|index| speaks_of(findings[*index].finding)).collect();
        let Some(files) = states.files(index) else {
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
        let project = Project::new(files, &catalogue.target.python);
        let claims: Vec<&Claim> = asked
            .iter()
            .flat_map(|(index, claims)| claims.iter().map(|claim| findings[*index].claims[*claim].claim))
            .collect();
        // A catalogue that was brought up to date names places that the earlier state did not have.
        let reference = |_: usize| Some(now);
        let mut cited = Cited::of(&claims, &project);
        let placed = moved::place(&claims, files, &cited, &reference, None);
        cited.extend(Cited::of(&moved::elsewhere(&placed), &project));
        let at: Vec<&Claim> = placed.iter().map(|placed| &*placed.at).collect();
        let broken_then = broken_files(&at.iter().map(|claim| (None, *claim)).collect::<Vec<_>>(), &cited);
        let mut observations = observe(&at, &project, live, progress);
        moved::distrust(&placed, &mut observations, files, &reference, project.roots());
        let mut answers = observations.into_iter().zip(placed);
        for (index, claims) in asked {
            let finding = &mut findings[index];
            let mut then = Vec::new();
            for place in claims {
                let (observations, placed) = answers.next().expect("one answer per claim");
                let claim = &mut finding.claims[place];
                let file = file_state(&placed.at, &broken_then);
                let verdict = judge_claim(&observations, file).verdict;
                claim.earlier = Some(verdict);
                then.push(JudgedClaim { role: claim.claim.role, verdict, file });
            }
            if is_refuted(finding) {
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
        .map(|claim| {
            let is_broken = claim.file().is_some_and(|file| broken.contains_key(file));
            let file = if is_broken { FileState::Broken } else { FileState::Sound };
            JudgedClaim { role: claim.claim.role, verdict: claim.verdict(), file }
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

/// The claims as they are asked, each with the finding that it belongs to.
fn cited_by<'p>(
    findings: &[&'p Finding],
    placed: &'p [moved::Placed],
) -> Vec<(Option<&'p FindingId>, &'p Claim)> {
    let ids = findings.iter().flat_map(|finding| finding.claims.iter().map(|_| Some(&finding.id)));
    ids.zip(placed.iter().map(|placed| &*placed.at)).collect()
}

/// The files that claims name and that do not compile. A sweep names none: what it could not
/// read is part of its observation.
fn broken_files(
    claims: &[(Option<&FindingId>, &Claim)],
    cited: &Cited,
) -> BTreeMap<RelativePath, BrokenFile> {
    let mut broken: BTreeMap<RelativePath, BrokenFile> = BTreeMap::new();
    for (finding, claim) in claims {
        let Some(file) = cited_file(claim) else { continue };
        let Some((line, message)) = cited.error(claim) else { continue };
        let broken = broken.entry(file.clone()).or_insert_with(|| BrokenFile {
            file: file.clone(),
            line: *line,
            message: message.clone(),
            findings: Vec::new(),
        });
        if let Some(finding) = finding
            && broken.findings.last() != Some(finding)
        {
            broken.findings.push((*finding).clone());
        }
    }
    broken
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
