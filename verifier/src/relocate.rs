//! Anchors that survive: where the code of a claim is now, after it was renamed or moved.
//!
//! A claim is tied to a file and a symbol; its lines are a hint. When the file or the symbol is
//! gone, the code is looked for by its body and its neighbours as they were in the earlier
//! state. Two equally good candidates stay open: a guess would tie the claim to other code.
//! `cargo xtask relocate --write` brings the catalogue up to date.

mod rewrite;
mod similarity;

pub use rewrite::rewritten;

use rayon::prelude::*;

use crate::catalogue::{Claim, LineHint, Scope};
use crate::evidence::Site;
use crate::examined::ExaminedClaim;
use crate::python::symbols::{Symbol, SymbolKind};
use crate::python::{Files, ParsedFile};
use crate::target::{RelativePath, TargetTree};
use crate::verdict::ClaimVerdict;
use crate::verification::Verification;
use crate::verify::EarlierStates;
use similarity::{Fingerprint, similarity};

/// A claim whose anchor is not where the catalogue says.
#[derive(Clone, Debug)]
pub struct Relocation<'c> {
    /// The claim.
    pub claim: &'c Claim,
    /// Where its code is.
    pub now: Whereabouts,
}

/// What became of an anchor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whereabouts {
    /// It is here now.
    Moved(Candidate),
    /// It may be at any of these; none is better than the others.
    Open(Vec<Candidate>),
    /// Nothing resembles it enough.
    Lost,
}

/// A place that the code of a claim may have moved to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The file.
    pub file: RelativePath,
    /// The symbol, for claims that name one.
    pub symbol: Option<String>,
    /// The lines, for claims that hint at some.
    pub lines: Option<LineHint>,
    /// Why it is taken for the same code.
    pub because: String,
}

impl Candidate {
    /// `a.py:3-7 Class.method`.
    pub fn describe(file: &str, symbol: Option<&str>, lines: Option<LineHint>) -> String {
        let lines = lines.map(|lines| format!(":{}", rewrite::written(lines))).unwrap_or_default();
        let symbol = symbol.map(|symbol| format!(" {symbol}")).unwrap_or_default();
        format!("{file}{lines}{symbol}")
    }
}

/// Less alike than this, two pieces of code are two pieces of code. Git calls files renamed
/// from half on.
const ALIKE: f64 = 0.5;

/// Candidates that are this close to each other are equally good.
const EQUAL: f64 = 0.03;

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
            if let Some(now) = whereabouts(claim, &now, before) {
                relocations.push(Relocation { claim: claim.claim, now });
            }
        }
    }
    relocations
}

/// Where a claim's code is, when it is not where the catalogue says.
fn whereabouts(examined: &ExaminedClaim, now: &Files, before: Option<&Files>) -> Option<Whereabouts> {
    let claim = examined.claim;
    let Scope::File(path) = &claim.scope else { return None };
    let file = now.file(path).ok();
    let found = match (file, &claim.symbol) {
        (None, _) => None,
        (Some(file), None) => Some((file, None)),
        (Some(file), Some(name)) => match file.symbols().find(name).first() {
            Some(symbol) => Some((file, Some(*symbol))),
            // What a file that does not compile has lost has not moved.
            None if file.broken().is_some() => return None,
            None => None,
        },
    };
    match found {
        Some((file, symbol)) => stale_hint(examined, file, symbol).map(Whereabouts::Moved),
        None => Some(search(claim, path, now, before)),
    }
}

/// Lines that touch nothing of what the claim is about.
fn stale_hint(examined: &ExaminedClaim, file: &ParsedFile, symbol: Option<&Symbol>) -> Option<Candidate> {
    let claim = examined.claim;
    let hint = claim.lines?;
    let sites: Vec<Site> = match examined.verdict() {
        ClaimVerdict::Confirmed => {
            examined.sites().into_iter().filter(|site| site.file == *file.path()).collect()
        }
        ClaimVerdict::Refuted | ClaimVerdict::Disputed | ClaimVerdict::Undetermined => Vec::new(),
    };
    let (first, last) =
        match (sites.iter().map(|site| site.line).min(), sites.iter().map(|site| site.end_line).max()) {
            (Some(first), Some(last)) => (first, last),
            _ => file.source().lines(symbol?.range),
        };
    if hint.first <= last && first <= hint.last {
        return None;
    }
    Some(Candidate {
        file: file.path().clone(),
        symbol: claim.symbol.clone(),
        lines: Some(LineHint { first, last }),
        because: "the code stands on other lines".to_owned(),
    })
}

fn search(claim: &Claim, path: &RelativePath, now: &Files, before: Option<&Files>) -> Whereabouts {
    let old = before.and_then(|before| before.file(path).ok());
    let mut scored = match (&claim.symbol, old) {
        (Some(name), Some(old)) => match old.symbols().find(name).first() {
            Some(symbol) => alike_symbols(old, symbol, now),
            None => same_names(claim, path, now),
        },
        (None, Some(old)) => alike_files(old, now, before),
        (Some(_) | None, None) => same_names(claim, path, now),
    };
    scored.sort_by(|left, right| right.0.total_cmp(&left.0).then_with(|| left.1.file.cmp(&right.1.file)));
    let Some(best) = scored.first().map(|(score, _)| *score) else { return Whereabouts::Lost };
    let mut candidates: Vec<Candidate> = scored
        .into_iter()
        .filter(|(score, _)| best - score < EQUAL)
        .map(|(_, candidate)| candidate)
        .collect();
    for candidate in &mut candidates {
        candidate.lines = claim.lines.and(candidate.lines);
    }
    if candidates.len() == 1 {
        Whereabouts::Moved(candidates.remove(0))
    } else {
        Whereabouts::Open(candidates)
    }
}

/// Definitions whose body resembles that of a definition that is gone, wherever they are.
fn alike_symbols(old: &ParsedFile, symbol: &Symbol, now: &Files) -> Vec<(f64, Candidate)> {
    let wanted = Fingerprint::of(old.source().slice(symbol.range), last_name(&symbol.name));
    let neighbours = neighbours(old, symbol);
    let telling = wanted.telling_lines();
    now.paths()
        .par_iter()
        .flat_map_iter(|path| {
            let is_candidate = path == old.path()
                || now.bytes(path).is_ok_and(|bytes| {
                    telling.iter().any(|line| memchr::memmem::find(&bytes, line.as_bytes()).is_some())
                });
            let file = if is_candidate { now.file(path).ok() } else { None };
            file.into_iter()
                .flat_map(|file| candidates_in(file, old, symbol, &wanted, &neighbours))
                .collect::<Vec<_>>()
        })
        .collect()
}

fn candidates_in(
    file: &ParsedFile,
    old: &ParsedFile,
    symbol: &Symbol,
    wanted: &Fingerprint,
    neighbours: &[String],
) -> Vec<(f64, Candidate)> {
    let mut found = Vec::new();
    for candidate in file.symbols().iter() {
        if candidate.kind != symbol.kind || candidate.kind == SymbolKind::Variable || candidate.replaced {
            continue;
        }
        // What was there before under its own name is itself, and not what is looked for.
        let is_itself = file.path() == old.path() && !old.symbols().find(&candidate.name).is_empty();
        if is_itself {
            continue;
        }
        let alike = similarity(
            wanted,
            &Fingerprint::of(file.source().slice(candidate.range), last_name(&candidate.name)),
        );
        if alike < ALIKE {
            continue;
        }
        let mine = self::neighbours(file, candidate);
        let shared = neighbours.iter().filter(|name| mine.contains(name)).count();
        let bonus = |is_so: bool| if is_so { 0.05 } else { 0.0 };
        #[expect(clippy::cast_precision_loss, reason = "a definition has at most two neighbours")]
        let context = shared as f64 * 0.05
            + bonus(last_name(&candidate.name) == last_name(&symbol.name))
            + bonus(parent(&candidate.name) == parent(&symbol.name))
            + bonus(file.path() == old.path());
        let mut because = format!("{:.0}% of its lines are the same", alike * 100.0);
        if shared > 0 {
            because.push_str(", and so are its neighbours");
        }
        found.push((alike + context, candidate_of(file, Some(candidate), because)));
    }
    found
}

/// Files that are new since the earlier state and resemble a file that is gone.
fn alike_files(old: &ParsedFile, now: &Files, before: Option<&Files>) -> Vec<(f64, Candidate)> {
    let wanted = Fingerprint::of(old.source().text(), "");
    now.paths()
        .par_iter()
        .filter(|path| before.is_none_or(|before| before.paths().binary_search(path).is_err()))
        .filter_map(|path| {
            let file = now.file(path).ok()?;
            let alike = similarity(&wanted, &Fingerprint::of(file.source().text(), ""));
            let because = format!("{:.0}% of the file's lines are the same", alike * 100.0);
            (alike >= ALIKE).then(|| (alike, candidate_of(file, None, because)))
        })
        .collect()
}

/// Without an earlier state there is only the name to go by.
fn same_names(claim: &Claim, path: &RelativePath, now: &Files) -> Vec<(f64, Candidate)> {
    now.paths()
        .par_iter()
        .flat_map_iter(|candidate| {
            let is_namesake = candidate.file_name() == path.file_name();
            let found = match &claim.symbol {
                None if is_namesake => now
                    .file(candidate)
                    .ok()
                    .map(|file| vec![candidate_of(file, None, "the file has the same name".to_owned())]),
                None => None,
                Some(name) => {
                    let has_name =
                        |bytes: &[u8]| memchr::memmem::find(bytes, last_name(name).as_bytes()).is_some();
                    let file = now
                        .bytes(candidate)
                        .is_ok_and(|bytes| has_name(&bytes))
                        .then(|| now.file(candidate).ok());
                    file.flatten().map(|file| {
                        let symbols = file.symbols().find(name).into_iter();
                        symbols
                            .map(|symbol| candidate_of(file, Some(symbol), format!("it defines `{name}`")))
                            .collect()
                    })
                }
            };
            let score = if is_namesake { 1.0 } else { 0.9 };
            found.unwrap_or_default().into_iter().map(move |candidate| (score, candidate))
        })
        .collect()
}

fn candidate_of(file: &ParsedFile, symbol: Option<&Symbol>, because: String) -> Candidate {
    let lines = symbol.map(|symbol| {
        let (first, last) = file.source().lines(symbol.range);
        LineHint { first, last }
    });
    Candidate { file: file.path().clone(), symbol: symbol.map(|symbol| symbol.name.clone()), lines, because }
}

/// The names of the definitions before and after a definition, in the same class or module.
fn neighbours(file: &ParsedFile, symbol: &Symbol) -> Vec<String> {
    let siblings: Vec<&Symbol> = file
        .symbols()
        .iter()
        .filter(|other| other.kind != SymbolKind::Variable && parent(&other.name) == parent(&symbol.name))
        .collect();
    let Some(index) = siblings.iter().position(|other| other.range == symbol.range) else {
        return Vec::new();
    };
    let before = index.checked_sub(1).and_then(|index| siblings.get(index));
    before
        .into_iter()
        .chain(siblings.get(index + 1))
        .map(|sibling| last_name(&sibling.name).to_owned())
        .collect()
}

fn last_name(symbol: &str) -> &str {
    symbol.rsplit('.').next().unwrap_or(symbol)
}

fn parent(symbol: &str) -> &str {
    symbol.rsplit_once('.').map_or("", |(parent, _)| parent)
}

#[cfg(test)]
mod tests;
