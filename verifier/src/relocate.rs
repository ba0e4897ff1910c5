//! Bringing the anchors of a catalogue up to date: which claims have their code elsewhere than
//! the catalogue says, and the catalogue with what is known for sure.
//!
//! Files and symbols were looked for when the claims were examined, see [`crate::anchors`]. Their
//! lines are a hint and the least of it: they are brought up to date when they touch nothing of
//! what the claim is about, and when the earlier state shows how far the code has moved.

mod rewrite;

pub use rewrite::rewritten;

use crate::anchors::{Anchor, Candidate, Whereabouts};
use crate::catalogue::{Claim, LineHint, Scope};
use crate::evidence::Site;
use crate::examined::ExaminedClaim;
use crate::python::symbols::Symbol;
use crate::python::{Files, ParsedFile};
use crate::target::TargetTree;
use crate::verdict::ClaimVerdict;
use crate::verification::Verification;
use crate::verify::EarlierStates;

/// A claim whose anchor is not where the catalogue says.
#[derive(Clone, Debug)]
pub struct Relocation<'c> {
    /// The claim.
    pub claim: &'c Claim,
    /// Where its code is.
    pub now: Whereabouts,
}

/// `a.py:3-7 Class.method`.
pub fn describe(file: &str, symbol: Option<&str>, lines: Option<LineHint>) -> String {
    let lines = lines.map(|lines| format!(":{}", rewrite::written(lines))).unwrap_or_default();
    let symbol = symbol.map(|symbol| format!(" {symbol}")).unwrap_or_default();
    format!("{file}{lines}{symbol}")
}

/// The claims of a verification whose anchors have moved, in its order.
pub fn relocate<'c>(
    verification: &Verification<'c>,
    target: &dyn TargetTree,
    earlier: &EarlierStates,
) -> Vec<Relocation<'c>> {
    let now = Files::new(target);
    let states: Vec<Option<Files>> =
        earlier.states().iter().map(|state| state.tree.as_deref().map(Files::new)).collect();
    let mut relocations = Vec::new();
    for examined in &verification.findings {
        let state = earlier.of(&examined.finding.report);
        let index =
            state.and_then(|state| earlier.states().iter().position(|other| std::ptr::eq(other, state)));
        let before = index.and_then(|index| states[index].as_ref());
        for claim in &examined.claims {
            let found = match &claim.whereabouts {
                Some(whereabouts) => Some(with_lines(claim, whereabouts.clone(), before, &now)),
                None => stale_hint(claim, &now, before).map(Whereabouts::Moved),
            };
            relocations.extend(found.map(|now| Relocation { claim: claim.claim, now }));
        }
    }
    relocations
}

/// Gives candidates lines only where the catalogue has some, as exact as can be.
fn with_lines(
    examined: &ExaminedClaim,
    whereabouts: Whereabouts,
    before: Option<&Files>,
    now: &Files,
) -> Whereabouts {
    let lined = |mut candidate: Candidate| {
        candidate.lines = examined.claim.lines.and_then(|hint| {
            let anchor = Anchor { file: candidate.file.clone(), symbol: candidate.symbol.clone() };
            carried(examined.claim, hint, &anchor, before, now).or(candidate.lines)
        });
        candidate
    };
    match whereabouts {
        Whereabouts::Moved(candidate) => Whereabouts::Moved(lined(candidate)),
        Whereabouts::Likely(candidate) => Whereabouts::Likely(lined(candidate)),
        Whereabouts::Open(candidates) => Whereabouts::Open(candidates.into_iter().map(lined).collect()),
        Whereabouts::Lost => Whereabouts::Lost,
    }
}

/// Lines that touch nothing of what the claim is about, or whose code has moved within the file.
fn stale_hint(examined: &ExaminedClaim, now: &Files, before: Option<&Files>) -> Option<Candidate> {
    let claim = examined.claim;
    let hint = claim.lines?;
    let anchor = Anchor::of(claim)?;
    let file = now.file(&anchor.file).ok()?;
    let symbol = match &claim.symbol {
        Some(name) => Some(*file.symbols().find(name).first()?),
        None => None,
    };
    let candidate = |lines: LineHint, because: &str| Candidate {
        file: file.path().clone(),
        symbol: claim.symbol.clone(),
        lines: Some(lines),
        because: because.to_owned(),
        rest: Vec::new(),
    };
    let (confirmed, whole) = (confirmed_lines(examined, file, symbol), whole(file, symbol));
    let hits = |line: u32| hint.first <= line && line <= hint.last;
    // Lines that hit it are right, whoever wrote them: carried once, they are not carried again by
    // the next run.
    if confirmed.is_some_and(|lines| hits(lines.first))
        || whole.is_some_and(|lines| hits(lines.first) && hits(lines.last))
    {
        return None;
    }
    if let Some(lines) = carried(claim, hint, &anchor, before, now) {
        return (lines != hint).then(|| candidate(lines, "the same lines stand there now"));
    }
    // An anchor that the earlier state does not have was written since, and its lines with it: they
    // were carried to where they are, and say where in the code the report looked.
    let is_newer = before.is_some_and(|before| !anchor.is_in(before));
    let lines = if is_newer { whole } else { confirmed.or(whole) }?;
    let touches = hint.first <= lines.last && lines.first <= hint.last;
    (!touches).then(|| candidate(lines, "the code stands on other lines"))
}

/// The lines of a whole symbol.
fn whole(file: &ParsedFile, symbol: Option<&Symbol>) -> Option<LineHint> {
    let (first, last) = file.source().lines(symbol?.range);
    Some(LineHint { first, last })
}

/// The lines that confirm the claim, from the first to the last.
fn confirmed_lines(examined: &ExaminedClaim, file: &ParsedFile, symbol: Option<&Symbol>) -> Option<LineHint> {
    let sites: Vec<Site> = match examined.verdict() {
        ClaimVerdict::Confirmed => {
            examined.sites().into_iter().filter(|site| site.file == *file.path()).collect()
        }
        ClaimVerdict::Refuted | ClaimVerdict::Disputed | ClaimVerdict::Undetermined => Vec::new(),
    };
    let whole = whole(file, symbol);
    // What else a question looked at, a class that is called from here, is not where the claim is.
    let is_inside =
        |site: &&Site| whole.is_none_or(|whole| whole.first <= site.line && site.end_line <= whole.last);
    let first = sites.iter().filter(is_inside).map(|site| site.line).min();
    let last = sites.iter().filter(is_inside).map(|site| site.end_line).max();
    Some(LineHint { first: first?, last: last? })
}

/// Where the hinted lines of the earlier state are now, when both ends can be told: each must
/// stand in the claim's code, then and now, and occur there equally often.
fn carried(
    claim: &Claim,
    hint: LineHint,
    anchor: &Anchor,
    before: Option<&Files>,
    now: &Files,
) -> Option<LineHint> {
    let Scope::File(path) = &claim.scope else { return None };
    let old = lines_of(before?.file(path).ok()?, claim.symbol.as_deref())?;
    let new = lines_of(now.file(&anchor.file).ok()?, anchor.symbol.as_deref())?;
    let carry = |line: u32| -> Option<u32> {
        let text = old.iter().find(|(number, _)| *number == line).map(|(_, text)| *text)?;
        let numbers = |lines: &[(u32, &str)]| -> Vec<u32> {
            lines.iter().filter(|(_, other)| *other == text).map(|(number, _)| *number).collect()
        };
        let (old, new) = (numbers(&old), numbers(&new));
        let index = old.iter().position(|number| *number == line)?;
        (old.len() == new.len() && !text.is_empty()).then(|| new[index])
    };
    let (first, last) = (carry(hint.first)?, carry(hint.last)?);
    (first <= last).then_some(LineHint { first, last })
}

/// The numbered lines of a symbol or a file, without indentation.
fn lines_of<'f>(file: &'f ParsedFile, symbol: Option<&str>) -> Option<Vec<(u32, &'f str)>> {
    let source = file.source();
    let (first, last) = match symbol {
        Some(name) => source.lines(file.symbols().find(name).first()?.range),
        None => (1, u32::MAX),
    };
    let lines = (1..).zip(source.text().lines().map(str::trim));
    Some(lines.filter(|(number, _)| (first..=last).contains(number)).collect())
}

#[cfg(test)]
mod tests;
