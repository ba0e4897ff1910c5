//! Claims whose code is not where the catalogue says. They are judged where the code is, when
//! that is beyond doubt; and an answer "no" that a move may have caused proves nothing.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;

use super::cited::Cited;
use super::earlier::History;
use crate::anchors::{self, Anchor, Whereabouts};
use crate::catalogue::{Check, Claim, Scope, StaticCheck};
use crate::evidence::{Observation, Outcome, Reason};
use crate::python::Files;
use crate::target::{RelativePath, TargetTree};

/// A claim and where its question is asked.
pub(super) struct Placed<'c> {
    /// The claim as the catalogue states it, or with the file and the symbol of its code now.
    pub(super) at: Cow<'c, Claim>,
    /// The symbol that the catalogue names.
    pub(super) was: Option<&'c str>,
    /// What became of its code, when it is not where the catalogue says.
    pub(super) whereabouts: Option<Whereabouts>,
}

/// A state of the target that knows where code was.
pub(super) type Reference<'r, 't> = &'r (dyn Fn(usize) -> Option<&'r Files<'t>> + Sync);

/// Puts every claim where its code is in `here`, where `cited` are the places that the claims name.
/// `reference` gives the state that a claim, by
/// its index, was written against; it is asked only when the claim's code is not there.
pub(super) fn place<'c>(
    claims: &[&'c Claim],
    here: &Files,
    cited: &Cited,
    reference: Reference<'_, '_>,
    history: Option<&History>,
) -> Vec<Placed<'c>> {
    let missing: Vec<(usize, Anchor)> = claims
        .iter()
        .enumerate()
        .filter_map(|(index, claim)| Some((index, Anchor::of(claim).filter(|anchor| !cited.has(anchor))?)))
        .collect();
    let known: Vec<Option<&Files>> =
        missing.iter().map(|(index, anchor)| reference(*index).filter(|there| has(anchor, there))).collect();
    let without: Vec<&Anchor> = missing
        .iter()
        .zip(&known)
        .filter(|(_, known)| known.is_none())
        .map(|((_, anchor), _)| anchor)
        .collect();
    let trees = history.map(|history| history.trees_with(&without)).unwrap_or_default();
    let past: Vec<Files> = trees.iter().map(|tree| Files::new(tree.as_ref() as &dyn TargetTree)).collect();
    let wanted: Vec<(Anchor, Option<&Files>)> = missing
        .iter()
        .zip(&known)
        .map(|((_, anchor), known)| {
            let there = known.or_else(|| past.iter().find(|past| has(anchor, past)));
            (anchor.clone(), there)
        })
        .collect();
    let found = anchors::search(&wanted, here);
    let mut found: BTreeMap<usize, Whereabouts> =
        missing.into_iter().map(|(index, _)| index).zip(found).collect();
    claims
        .iter()
        .enumerate()
        .map(|(index, claim)| {
            let whereabouts = found.remove(&index);
            let at = match whereabouts.as_ref().and_then(Whereabouts::moved) {
                None => Cow::Borrowed(*claim),
                Some(candidate) => Cow::Owned(Claim {
                    scope: Scope::File(candidate.file.clone()),
                    symbol: candidate.symbol.clone(),
                    ..(*claim).clone()
                }),
            };
            Placed { at, was: claim.symbol.as_deref(), whereabouts }
        })
        .collect()
}

/// The claims that are asked elsewhere than the catalogue says.
pub(super) fn elsewhere<'p>(placed: &'p [Placed]) -> Vec<&'p Claim> {
    let moved = placed.iter().filter(|placed| matches!(placed.at, Cow::Owned(_)));
    moved.map(|placed| &*placed.at).collect()
}

fn has(anchor: &Anchor, files: &Files) -> bool {
    let Ok(file) = files.file(&anchor.file) else { return false };
    anchor.symbol.as_ref().is_none_or(|symbol| !file.symbols().find(symbol).is_empty())
}

/// Takes back refutations that a move may have caused: the rest of the code stands elsewhere, or
/// the question names what has another name now.
pub(super) fn distrust(
    placed: &[Placed],
    observations: &mut [Vec<Observation>],
    here: &Files,
    reference: Reference<'_, '_>,
    roots: &[String],
) {
    let mut suspects: Vec<Suspect> = Vec::new();
    for (index, (placed, observations)) in placed.iter().zip(observations.iter()).enumerate() {
        for (place, (check, observation)) in placed.at.checks.iter().zip(observations).enumerate() {
            if observation.outcome != Outcome::DoesNotHold {
                continue;
            }
            let question = format!("{check:?}").replace("\\n", " ");
            let because = after_a_move(placed, &question)
                .or_else(|| after_taking_out(placed, check, here, reference(index)?));
            let names = match (&because, check) {
                // What a live question names is resolved when it is asked.
                (Some(_), _) | (None, Check::Import(_) | Check::Inspect(_) | Check::Probe(_)) => Vec::new(),
                (None, Check::Static(_)) => gone_names(&question, here, reference(index), roots),
            };
            if because.is_some() || !names.is_empty() {
                suspects.push(Suspect { index, place, because, names });
            }
        }
    }
    let mut wanted: Vec<(Anchor, Option<&Files>)> = Vec::new();
    for suspect in &suspects {
        let there = reference(suspect.index);
        for (_, anchor) in &suspect.names {
            if !wanted.iter().any(|(other, _)| other == anchor) {
                wanted.push((anchor.clone(), there.filter(|there| has(anchor, there))));
            }
        }
    }
    let found = anchors::search(&wanted, here);
    for suspect in suspects {
        let moved_name = || {
            suspect.names.iter().find_map(|(name, anchor)| {
                let index = wanted.iter().position(|(other, _)| other == anchor)?;
                let now = found[index].describe()?;
                Some(format!("the question names `{name}`, which {now}"))
            })
        };
        let Some(because) = suspect.because.clone().or_else(moved_name) else { continue };
        let observation = &mut observations[suspect.index][suspect.place];
        observation.because = format!("{}, but {because}", observation.because);
        observation.outcome = Outcome::CouldNotBeObserved { reason: Reason::Unresolved { what: because } };
    }
}

/// A refutation that may be due to a move.
struct Suspect {
    index: usize,
    place: usize,
    because: Option<String>,
    names: Vec<(String, Anchor)>,
}

/// Why the answer "no" to a question about moved code proves nothing, if so.
fn after_a_move(placed: &Placed, question: &str) -> Option<String> {
    let candidate = placed.whereabouts.as_ref()?.moved()?;
    if let Some(rest) = candidate.rest.first() {
        return Some(format!("the code was split, and a part of it is in {rest}"));
    }
    let (old, new) = (placed.was?, candidate.symbol.as_deref()?);
    let mut renamed = old.split('.').filter(|part| !new.split('.').any(|other| other == *part));
    let name = renamed.find(|part| has_word(question, part))?;
    Some(format!("the question names `{name}`, and the code is `{new}` now"))
}

/// Why the answer "no" to a question about what stands in a definition proves nothing, when what stood
/// there was taken out into another one.
fn after_taking_out(placed: &Placed, check: &Check, here: &Files, there: &Files) -> Option<String> {
    use StaticCheck::{
        AsyncFunction, Attribute, Call, Default, EndlessLoop, Flow, Handler, Pattern, Sequence, SharedState,
        Syntax, Thread, UndefinedName, Unused,
    };
    match check {
        Check::Static(Pattern(_) | EndlessLoop(_) | Handler(_) | Call(_) | UndefinedName(_) | Default(_)) => {
        }
        // These follow calls, are about whole classes, or run the code.
        Check::Static(
            Syntax(_) | Flow(_) | Sequence(_) | Attribute(_) | AsyncFunction(_) | Thread(_) | SharedState(_)
            | Unused(_),
        )
        | Check::Import(_)
        | Check::Inspect(_)
        | Check::Probe(_) => return None,
    }
    let anchor = Anchor::of(&placed.at)?;
    let candidate = anchors::taken_out(&anchor, there, here)?;
    Some(format!("a part of the code is in {} now", candidate.place()))
}

fn has_word(text: &str, word: &str) -> bool {
    let is_part = |character: char| character.is_alphanumeric() || character == '_';
    text.split(|character| !is_part(character)).any(|other| other == word)
}

/// Dotted names of a question that were or should be the target's, and are not there.
fn gone_names(
    question: &str,
    here: &Files,
    there: Option<&Files>,
    roots: &[String],
) -> Vec<(String, Anchor)> {
    static DOTTED: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+").expect("a valid expression"));
    let mut gone: Vec<(String, Anchor)> = Vec::new();
    for name in DOTTED.find_iter(question).map(|found| found.as_str()) {
        if gone.iter().any(|(other, _)| other == name) {
            continue;
        }
        let parts: Vec<&str> = name.split('.').collect();
        let anchor = roots.iter().find_map(|root| match there {
            Some(there) => meant(&parts, root, there).filter(|anchor| !anchor.is_in(here)),
            None => guessed(&parts, root, here),
        });
        gone.extend(anchor.map(|anchor| (name.to_owned(), anchor)));
    }
    gone
}

/// What of a state's code a dotted name means: `package.module.Class.method`.
fn meant(parts: &[&str], root: &str, files: &Files) -> Option<Anchor> {
    for module in (1..=parts.len()).rev() {
        let Some(file) = module_file(root, &parts[..module]).filter(|path| files.contains(path)) else {
            continue;
        };
        let symbols = (module + 1..=parts.len()).rev().map(|end| Some(parts[module..end].join(".")));
        let whole = (module == parts.len()).then_some(None);
        return symbols
            .chain(whole)
            .map(|symbol| Anchor { file: file.clone(), symbol })
            .find(|anchor| has(anchor, files));
    }
    None
}

/// Nobody knows what the name meant: a module of a package of the target that is not there.
fn guessed(parts: &[&str], root: &str, here: &Files) -> Option<Anchor> {
    let (symbol, module) = parts.split_last()?;
    let package = module.first().filter(|_| module.len() > 1)?;
    let is_directory = |parts: &[&str]| {
        let start = format!("{}{}/", base(root), parts.join("/"));
        here.paths().iter().any(|path| path.as_str().starts_with(&start))
    };
    let file = module_file(root, module)?;
    let is_gone = is_directory(&[package]) && !is_directory(module) && !here.contains(&file);
    // `package.module` may be a class of it.
    let is_nested = module_file(root, &module[..module.len() - 1]).is_some_and(|file| here.contains(&file));
    (is_gone && !is_nested).then(|| Anchor { file, symbol: Some((*symbol).to_owned()) })
}

fn module_file(root: &str, module: &[&str]) -> Option<RelativePath> {
    RelativePath::new(&format!("{}{}.py", base(root), module.join("/"))).ok()
}

fn base(root: &str) -> String {
    if root.is_empty() { String::new() } else { format!("{root}/") }
}

#[cfg(test)]
mod tests;
