//! Sweeps: one question about every file of a claim's scope.

use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Context, Subject, find_symbol};
use crate::catalogue::{Claim, Scope};
use crate::evidence::{Reason, Searched};
use crate::parallel;
use crate::python::{Files, Project};
use crate::remembered;
use crate::target::{FileSelector, RelativePath};

/// What a sweep over the files of a claim's scope found.
#[derive(Debug, Serialize, Deserialize)]
pub struct Swept<T> {
    /// What `look` gave for each subject of the files that were parsed, in the order of the paths.
    pub found: Vec<T>,
    /// How much was searched; the files that could not be are [blind](Searched::blind).
    pub searched: Searched,
}

/// So many files are one part of a sweep: after an edit as many are looked at again. Where parts are
/// smaller, what several files share is found out more often.
const PART: usize = 32;

/// Looks at each file of a claim's scope, in parallel. `candidate` decides on the bytes whether
/// a file is worth parsing; a file that it refuses counts as searched, so it must be sure. In a
/// file that does not have the claim's symbol there is nothing to look at; when no file has it,
/// that is [`Reason::SymbolMissing`].
pub fn sweep<'f, T: Send>(
    claim: &Claim,
    context: &Context<'_, 'f>,
    candidate: impl Fn(&[u8]) -> bool + Sync,
    look: impl Fn(Subject<'f>) -> T + Sync,
) -> Result<Swept<T>, Reason> {
    let paths = paths(&claim.scope, context)?;
    let Gathered { subjects, mut searched } = gather(claim, &paths, context, &candidate);
    searched.blind.splice(0..0, blind_spots(&claim.scope, context)?);
    if subjects.is_empty() {
        some_file_has_symbol(claim, &paths, context)?;
    }
    Ok(Swept { found: parallel::map_into(subjects, look), searched })
}

/// A [`sweep`] that remembers what it found in each part of the files, so that after an edit only
/// one part is looked at again. `check` is all that is asked of a file; what `look` needs of the
/// target it must ask of the context that it is given.
pub fn sweep_in_parts<T: Send + Serialize + DeserializeOwned>(
    check: &(impl fmt::Debug + Sync),
    claim: &Claim,
    context: &Context,
    candidate: impl Fn(&[u8]) -> bool + Sync,
    look: impl for<'v> Fn(Subject<'v>, &Context<'_, 'v>) -> T + Sync,
) -> Result<Swept<T>, Reason> {
    sweep_parts(check, claim, context, candidate, |subjects, context| {
        parallel::map_into(subjects, |subject| look(subject, context))
    })
}

/// [`sweep_in_parts`] for a `look` that is given all subjects of a part at once, and answers for
/// each of them.
pub fn sweep_parts<T: Send + Serialize + DeserializeOwned>(
    check: &(impl fmt::Debug + Sync),
    claim: &Claim,
    context: &Context,
    candidate: impl Fn(&[u8]) -> bool + Sync,
    look: impl for<'v> Fn(Vec<Subject<'v>>, &Context<'_, 'v>) -> Vec<T> + Sync,
) -> Result<Swept<T>, Reason> {
    let paths = paths(&claim.scope, context)?;
    let files = context.project.files();
    let ask = |paths: &[RelativePath], project: &Project| {
        let context = Context { project };
        let Gathered { subjects, searched } = gather(claim, paths, &context, &candidate);
        Swept { found: look(subjects, &context), searched }
    };
    let of_part = |part: &[RelativePath]| {
        if part.len() == paths.len() {
            // The whole question is remembered by whoever asks it.
            return ask(part, context.project);
        }
        let question = format!("part {check:?} {:?} {part:?}", claim.symbol);
        let parses = |path: &RelativePath| files.test(path, &candidate).unwrap_or(true);
        let numbers = files.number(&part[0]).zip(files.number(&part[part.len() - 1]));
        remembered::recall(&question, context.project, &parses, |project| match numbers {
            Some((first, last)) => {
                // What is looked at once need not stay.
                let lent = Files::lent(project.files(), first..last + 1);
                ask(part, &project.over(&lent))
            }
            None => ask(part, project),
        })
    };
    let parts: Vec<&[RelativePath]> = paths.chunks(PART).collect();
    let parts = parallel::map(&parts, |part| of_part(part));
    let blind = blind_spots(&claim.scope, context)?;
    let mut swept = Swept { found: Vec::new(), searched: Searched { blind, ..Searched::default() } };
    for part in parts {
        swept.found.extend(part.found);
        swept.searched.files += part.searched.files;
        swept.searched.parsed += part.searched.parsed;
        swept.searched.blind.extend(part.searched.blind);
    }
    if swept.found.is_empty() {
        some_file_has_symbol(claim, &paths, context)?;
    }
    Ok(swept)
}

/// What is nowhere cannot be asked about: that a claim's symbol has nothing in it proves nothing
/// when there is no such symbol. Files that were not worth parsing may well have it.
fn some_file_has_symbol(claim: &Claim, paths: &[RelativePath], context: &Context) -> Result<(), Reason> {
    let Some(name) = &claim.symbol else { return Ok(()) };
    let files = context.project.files();
    let mut parts = name.split('.').map(|part| files.mentioning(part));
    let Some(mut mentioning) = parts.next().map(|paths| paths.to_vec()) else { return Ok(()) };
    for part in parts {
        mentioning.retain(|path| part.binary_search(path).is_ok());
    }
    mentioning.retain(|path| paths.binary_search(path).is_ok());
    let mut reason = Reason::SymbolMissing { symbol: name.clone() };
    for path in &mentioning {
        match context.project.file(path).and_then(|file| find_symbol(file, name)) {
            // So many that the file is not searched, which is told as such.
            Ok(_) | Err(Reason::Unresolved { .. }) => return Ok(()),
            Err(Reason::SymbolMissing { .. }) => {}
            Err(hidden) => reason = hidden,
        }
    }
    Err(reason)
}

/// What there is to look at in some files.
struct Gathered<'f> {
    subjects: Vec<Subject<'f>>,
    searched: Searched,
}

fn gather<'f>(
    claim: &Claim,
    paths: &[RelativePath],
    context: &Context<'_, 'f>,
    candidate: &(dyn Fn(&[u8]) -> bool + Sync),
) -> Gathered<'f> {
    let files = context.project.files();
    files.tree().prefetch(paths);
    /// The subjects of a file that was worth parsing, and why it is broken if it is.
    type Parsed<'f> = Option<(Vec<Subject<'f>>, Option<Reason>)>;
    let parse = |path: &RelativePath| -> Result<Parsed<'f>, Reason> {
        if !files.test(path, candidate)? {
            return Ok(None);
        }
        let file = context.project.file(path)?;
        let symbols = match &claim.symbol {
            None => vec![None],
            Some(name) => match find_symbol(file, name) {
                Ok(symbols) => symbols.into_iter().map(Some).collect(),
                Err(reason @ Reason::Unresolved { .. }) => return Err(reason),
                Err(_) => Vec::new(),
            },
        };
        let subjects = symbols.into_iter().map(|symbol| Subject { file, symbol }).collect();
        Ok(Some((subjects, file.broken())))
    };
    let mut gathered = Gathered { subjects: Vec::new(), searched: Searched::default() };
    for result in parallel::map(paths, parse) {
        gathered.searched.files += 1;
        match result {
            Ok(None) => {}
            Ok(Some((subjects, broken))) => {
                gathered.searched.parsed += 1;
                gathered.subjects.extend(subjects);
                gathered.searched.blind.extend(broken);
            }
            Err(reason) => gathered.searched.blind.push(reason),
        }
    }
    gathered
}

/// The paths that a claim's scope selects, sorted. None selected is [`Reason::FileMissing`].
fn paths(scope: &Scope, context: &Context) -> Result<Vec<RelativePath>, Reason> {
    match scope {
        Scope::File(path) => Ok(vec![path.clone()]),
        Scope::Sweep(globs) => {
            let selector = selector(globs)?;
            let paths = context.project.files().paths().iter();
            let selected: Vec<RelativePath> = paths.filter(|path| selector.matches(path)).cloned().collect();
            if selected.is_empty() {
                return Err(Reason::FileMissing { path: globs.join(", ") });
            }
            Ok(selected)
        }
    }
}

fn selector(globs: &[String]) -> Result<FileSelector, Reason> {
    FileSelector::new(globs).map_err(|error| Reason::Unresolved { what: error.to_string() })
}

/// Places of the scope that no listing can show: nothing is proved about them.
fn blind_spots(scope: &Scope, context: &Context) -> Result<Vec<Reason>, Reason> {
    let Scope::Sweep(globs) = scope else { return Ok(Vec::new()) };
    let selector = selector(globs)?;
    let spots = context.project.files().tree().blind_spots().iter();
    let inside = spots.filter(|spot| selector.may_select_below(&spot.path));
    Ok(inside
        .map(|spot| Reason::FileUnreadable { path: spot.path.clone(), problem: spot.problem.clone() })
        .collect())
}
