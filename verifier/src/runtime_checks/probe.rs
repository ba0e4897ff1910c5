//! # `probe`
//!
//! ## What it asks
//!
//! What a small proof, run against the imported code, says. A probe is a Python file beside the
//! catalogue with a docstring that says what it proves and one function, `probe(context)`, that
//! returns `context.holds(why)`, `context.does_not_hold(why)` or `context.could_not(why)`.
//!
//! It runs several times (3 unless `runs` says otherwise) in fresh processes with different hash
//! seeds, and all of them must agree: a proof that does not is flaky and tells nothing. *Does not
//! hold* counts only when lines of the claim's symbol (or the claim's `lines`, where it names no
//! symbol), or those that the probe cited with `context.reached`, were executed.
//!
//! ## In findings.toml
//!
//! ```toml
//! file = "server/rpc.py"
//! symbol = "Server.stop"
//! probe = { file = "probes/sweeper_after_stop.py" }
//! ```
//!
//! What `context` offers:
//!
//! | | |
//! | --- | --- |
//! | `load("server/rpc.py")`, `load("server.rpc")` | imports a module of the target |
//! | `scratch` | a directory that may be written to |
//! | `free_port()` | a TCP port of the private loopback |
//! | `fake(**attributes)` | an object that makes up every attribute that it was not given |
//! | `is_stub(thing)` | whether it stands in for a package that is not there |
//! | `reached(path, first, last)` | whether these lines were executed; cites them |
//!
//! ## What it cannot see
//!
//! Anything that needs a package that is a stub here, unless the probe says how it does without.

use serde_json::Value;

use super::cited::CitedCode;
use super::content_hash;
use super::request::{Ending, Question};
use super::session::{Session, Told, ending_reason, error_reason, no_answer, unseen};
use crate::catalogue::{CheckKind, Claim, ProbeCheck};
use crate::evidence::{Observation, Outcome, Reason, Searched, Strength};

/// How often a probe runs when the catalogue does not say.
const RUNS: u32 = 3;

/// What one run says, and what is to be noted about it.
type Run = (Result<(bool, String), Reason>, Vec<String>);

/// Answers the check.
pub(super) fn observe(session: &Session<'_>, claim: &Claim, check: &ProbeCheck) -> Observation {
    let could_not = |reason, notes| unseen(CheckKind::Probe, Strength::Executed, reason, notes);
    let path = session.settings.catalogue_directory.join(&check.file);
    let source = match std::fs::read_to_string(&path) {
        Ok(source) => source,
        Err(problem) => {
            let message = format!("the probe `{}` cannot be read: {problem}", check.file);
            return could_not(no_answer("could-not-start", message), Vec::new());
        }
    };
    let hash = content_hash(source.as_bytes());
    let cited = CitedCode::of(session, claim);
    if claim.symbol.is_some() && cited.site.is_none() {
        let symbol = claim.symbol.clone().unwrap_or_default();
        return could_not(Reason::SymbolMissing { symbol }, Vec::new());
    }
    let question = Question::Probe { file: check.file.clone(), source, cited: cited.lines };
    let runs = check.runs.unwrap_or(RUNS).max(1);
    let run = |seed: u32| match session.ask(claim, question.clone(), u64::from(seed)) {
        Ok(told) => (judge(&told), told.notes),
        Err(reason) => (Err(reason), Vec::new()),
    };
    let mut told: Vec<Run> = std::thread::scope(|scope| {
        let running: Vec<_> = (0..runs).map(|seed| scope.spawn(move || run(seed))).collect();
        let lost = || (Err(no_answer("could-not-start", "the run was lost")), Vec::new());
        running.into_iter().map(|run| run.join().unwrap_or_else(|_| lost())).collect()
    });
    let others: Vec<_> = told.split_off(1).into_iter().map(|(seen, _)| seen).collect();
    let Some((first, mut notes)) = told.pop() else {
        return could_not(no_answer("could-not-start", "no run"), Vec::new());
    };
    notes.push(format!("probe `{}` {}, {runs} runs", check.file, &hash[..16]));
    let (holds, because) = match first {
        Ok(seen) => seen,
        Err(reason) => {
            let seen = |other: &Result<(bool, String), Reason>| Some(other.as_ref().ok()?.clone());
            let other = others.iter().enumerate().find_map(|(index, other)| Some((index, seen(other)?)));
            let Some((index, (holds, why))) = other else { return could_not(reason, notes) };
            let answer = if holds { "holds" } else { "does not hold" };
            let message = format!(
                "run 1 could not look: {}; run {} says it {answer}: {why}",
                unseen_text(&reason),
                index + 2
            );
            return could_not(no_answer("flaky", message), notes);
        }
    };
    for (index, other) in others.into_iter().enumerate() {
        let told = match &other {
            Ok((same, _)) if *same == holds => continue,
            Ok((true, why)) => format!("holds: {why}"),
            Ok((false, why)) => format!("does not hold: {why}"),
            Err(reason) => format!("could not look: {}", unseen_text(reason)),
        };
        let answer = if holds { "holds" } else { "does not hold" };
        let message = format!("run 1 says it {answer}: {because}; run {} says {told}", index + 2);
        return could_not(no_answer("flaky", message), notes);
    }
    Observation {
        check: CheckKind::Probe,
        strength: Strength::Executed,
        outcome: if holds { Outcome::Holds } else { Outcome::DoesNotHold },
        because,
        sites: cited.site.into_iter().collect(),
        searched: Searched { files: 1, parsed: 1, nodes: 1, blind: Vec::new() },
        notes,
    }
}

/// What one run says.
fn judge(told: &Told) -> Result<(bool, String), Reason> {
    let answer = match (&told.reply.ending, ending_reason(&told.reply.ending)) {
        (_, Some(reason)) => return Err(reason),
        (Ending::Answered(answer), None) => answer,
        (_, None) => unreachable!("every other ending has a reason"),
    };
    if let Some(error) = answer.get("error") {
        return Err(error_reason(error, &told.root));
    }
    let text = |key: &str| answer.get(key).and_then(Value::as_str);
    let mut why = text("why").unwrap_or_default().to_owned();
    if let Some(details) = answer.get("details").and_then(Value::as_object) {
        for (name, value) in details {
            let name = name.replace('_', " ");
            why.push_str(&format!("; {name}: {}", value.as_str().unwrap_or_default()));
        }
    }
    match text("outcome") {
        Some("holds") => Ok((true, why)),
        Some("does-not-hold") if answer.get("reached").and_then(Value::as_bool) == Some(true) => {
            Ok((false, why))
        }
        Some("does-not-hold") => Err(no_answer(
            "not-reached",
            format!("the probe says \"{why}\" and did not reach the cited code"),
        )),
        Some("could-not") => Err(no_answer(text("how").unwrap_or("could-not"), why)),
        Some(_) | None => Err(no_answer("nonsense", "the probe's answer has no outcome")),
    }
}

fn unseen_text(reason: &Reason) -> String {
    unseen(CheckKind::Probe, Strength::Executed, reason.clone(), Vec::new()).because
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::runtime_checks::Reply;

    #[test]
    fn refutation_needs_the_code_to_be_reached() {
        let check = |answer: Value, expected: &str| {
            let reply = Reply::of(Ending::Answered(answer));
            let told = Told { reply, notes: Vec::new(), root: "/t".to_owned() };
            let seen = judge(&told);
            assert!(format!("{seen:?}").contains(expected), "{seen:?}");
        };
        check(json!({"outcome": "holds", "why": "w", "reached": false}), "Ok((true");
        check(json!({"outcome": "does-not-hold", "why": "w", "reached": true}), "Ok((false");
        check(json!({"outcome": "does-not-hold", "why": "w", "reached": false}), "not-reached");
        check(json!({"outcome": "could-not", "why": "w"}), "could-not");
        check(json!({"outcome": "could-not", "how": "stubbed", "why": "w"}), "stubbed");
        check(json!({"outcome": "true"}), "nonsense");
        check(json!({}), "nonsense");
        check(json!({"error": {"type": "KeyError", "message": "x"}}), "import-failed");
    }
}
