//! The same defect elsewhere, as text and as JSON.

use std::fmt::Write;

use serde::Serialize;

use crate::catalogue::ClaimId;
use crate::report::counted;
use crate::report::escape::visible;
use crate::report::json::Place;
use crate::siblings::{Found, Sibling, Sweep};
use crate::verdict::ClaimVerdict;

/// Renders what was found for people: a block per question, a line per sibling.
pub fn text(sweeps: &[Sweep]) -> String {
    let mut text = String::new();
    for sweep in sweeps {
        let _ = writeln!(text, "{}", parents(&sweep.parents));
        let _ = writeln!(text, "  {}", summary(sweep));
        if let Found::Siblings(siblings) = &sweep.found {
            for sibling in siblings {
                let _ = writeln!(text, "  {}", line(sibling));
            }
        }
        text.push('\n');
    }
    let (siblings, questions) = (sweeps.iter().map(count).sum::<usize>(), sweeps.len());
    let _ = writeln!(
        text,
        "{} of {}",
        counted(siblings, "sibling", "siblings"),
        counted(questions, "question", "questions")
    );
    text
}

/// Renders what was found for programs.
pub fn json(sweeps: &[Sweep]) -> String {
    let document = Document {
        version: super::json::VERSION,
        sweeps: sweeps.iter().map(|sweep| row(sweep, false)).collect(),
    };
    let mut text = serde_json::to_string_pretty(&document).expect("these types always serialise");
    text.push('\n');
    text
}

/// How many siblings a sweep found.
pub fn count(sweep: &Sweep) -> usize {
    match &sweep.found {
        Found::Siblings(siblings) => siblings.len(),
        Found::TooMany { siblings, .. } => *siblings,
        Found::NotAsked { .. } => 0,
    }
}

/// What a sweep amounts to, with how much was searched, in one line.
pub fn summary(sweep: &Sweep) -> String {
    let searched = counted(sweep.searched.files as usize, "file", "files");
    let blind = match sweep.searched.blind.len() {
        0 => String::new(),
        blind => format!(
            ", {} of which cannot be read or {} not compile",
            blind,
            if blind == 1 { "does" } else { "do" }
        ),
    };
    match &sweep.found {
        Found::Siblings(siblings) => {
            format!("{} in {searched}{blind}", counted(siblings.len(), "sibling", "siblings"))
        }
        Found::TooMany { siblings, files } => format!(
            "alarm: {siblings} siblings in {}: what hits so much tells nothing; make the claim's question \
             narrower",
            counted(*files, "file", "files")
        ),
        Found::NotAsked { because } => format!("not asked of the tree: {because}"),
    }
}

/// A sibling in one line: `a.py:3, 7 in Agent`.
pub fn line(sibling: &Sibling) -> String {
    let lines: Vec<String> = sibling.sites.iter().map(|site| site.line.to_string()).collect();
    let mut line = format!("{}:{}", visible(sibling.file.as_str()), lines.join(", "));
    if let Some(symbol) = &sibling.symbol {
        let _ = write!(line, " in {symbol}");
    }
    match sibling.verdict {
        ClaimVerdict::Confirmed => {}
        verdict @ (ClaimVerdict::Refuted | ClaimVerdict::Disputed | ClaimVerdict::Undetermined) => {
            let _ = write!(line, " ({}: {})", verdict.name(), sibling.because);
        }
    }
    if !sibling.compiles {
        line.push_str(" (the file does not compile)");
    }
    if !sibling.claimed_by.is_empty() {
        let claims: Vec<&str> = sibling.claimed_by.iter().map(ClaimId::as_str).collect();
        let _ = write!(line, " (claimed by {})", claims.join(", "));
    }
    line
}

fn parents(parents: &[ClaimId]) -> String {
    let ids: Vec<&str> = parents.iter().map(ClaimId::as_str).collect();
    ids.join(", ")
}

#[derive(Serialize)]
struct Document<'s> {
    version: u32,
    sweeps: Vec<Row<'s>>,
}

/// What one question found.
#[derive(Serialize)]
pub(super) struct Row<'s> {
    parents: &'s [ClaimId],
    outcome: &'static str,
    because: Option<&'s str>,
    count: usize,
    siblings: Vec<SiblingRow<'s>>,
    searched: Searched,
}

#[derive(Serialize)]
struct SiblingRow<'s> {
    file: &'s str,
    symbol: Option<&'s str>,
    sites: Vec<Place>,
    verdict: ClaimVerdict,
    because: &'s str,
    claimed_by: &'s [ClaimId],
    compiles: bool,
}

#[derive(Serialize)]
struct Searched {
    files: u32,
    parsed: u32,
    blind: usize,
}

/// The row of a sweep, with the code of each place or without.
pub(super) fn row(sweep: &Sweep, excerpts: bool) -> Row<'_> {
    let (outcome, because, siblings): (_, _, &[Sibling]) = match &sweep.found {
        Found::Siblings(siblings) => ("siblings", None, siblings),
        Found::TooMany { .. } => ("too-many", None, &[]),
        Found::NotAsked { because } => ("not-asked", Some(because.as_str()), &[]),
    };
    Row {
        parents: &sweep.parents,
        outcome,
        because,
        count: count(sweep),
        siblings: siblings
            .iter()
            .map(|sibling| SiblingRow {
                file: sibling.file.as_str(),
                symbol: sibling.symbol.as_deref(),
                sites: sibling.sites.iter().map(|site| Place::new(site.clone(), excerpts)).collect(),
                verdict: sibling.verdict,
                because: &sibling.because,
                claimed_by: &sibling.claimed_by,
                compiles: sibling.compiles,
            })
            .collect(),
        searched: Searched {
            files: sweep.searched.files,
            parsed: sweep.searched.parsed,
            blind: sweep.searched.blind.len(),
        },
    }
}
