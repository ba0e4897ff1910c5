//! Live questions, handed to the worker.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::{LiveObserver, LiveQuestion, unanswered};
use crate::catalogue::{Check, PythonSettings};
use crate::evidence::Observation;
use crate::runtime_checks::{RuntimeCheck, Session, Settings};
use crate::target::TargetTree;

/// Answers live questions by running the target's code in the worker.
#[derive(Clone, Debug)]
pub struct Worker {
    /// How code is run.
    pub settings: Settings,
    /// What the target may import.
    pub python: PythonSettings,
    /// How many questions run at once.
    pub jobs: usize,
}

impl LiveObserver for Worker {
    fn observe(&self, tree: &dyn TargetTree, questions: &[LiveQuestion]) -> Vec<Observation> {
        let session = Session::new(tree, tree.directory(), &self.python, self.settings.clone());
        // Claims of several findings may ask the same: one answer serves all of them.
        let mut firsts: BTreeMap<String, usize> = BTreeMap::new();
        let first_of: Vec<usize> = questions
            .iter()
            .enumerate()
            .map(|(index, LiveQuestion { claim, check })| {
                *firsts.entry(format!("{:?} {:?} {check:?}", claim.scope, claim.symbol)).or_insert(index)
            })
            .collect();
        // Proofs take longest, and begin first.
        let mut order: Vec<usize> = firsts.into_values().collect();
        order.sort_unstable();
        order.sort_by_key(|index| !matches!(questions[*index].check, Check::Probe(_)));
        let next = AtomicUsize::new(0);
        let answers: Mutex<Vec<Option<Observation>>> = Mutex::new(vec![None; questions.len()]);
        // Threads of their own: they wait for processes, and would keep those of the pool from reading.
        std::thread::scope(|scope| {
            for _ in 0..self.jobs.clamp(1, questions.len().max(1)) {
                scope.spawn(|| {
                    loop {
                        let Some(index) = order.get(next.fetch_add(1, Ordering::Relaxed)) else { return };
                        let question = &questions[*index];
                        let observation = answer(&session, question);
                        answers.lock().unwrap_or_else(PoisonError::into_inner)[*index] = Some(observation);
                    }
                });
            }
        });
        let answers = answers.into_inner().unwrap_or_else(PoisonError::into_inner);
        let missing = |index: usize| {
            unanswered(questions[index].check, "not-run", "the question was not asked".to_owned())
        };
        first_of
            .into_iter()
            .enumerate()
            .map(|(index, first)| answers[first].clone().unwrap_or_else(|| missing(index)))
            .collect()
    }
}

fn answer(session: &Session<'_>, question: &LiveQuestion) -> Observation {
    let check = match question.check {
        Check::Import(check) => RuntimeCheck::Import(check),
        Check::Inspect(check) => RuntimeCheck::Inspect(check),
        Check::Probe(check) => RuntimeCheck::Probe(check),
        Check::Static(_) => {
            return unanswered(
                question.check,
                "not-run",
                "a static question is not for the worker".to_owned(),
            );
        }
    };
    session.observe(question.claim, check)
}
