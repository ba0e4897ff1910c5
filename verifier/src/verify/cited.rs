//! What the files that claims name say of the claims' places: whether the symbol is there and
//! where, and whether the file compiles. It is remembered, so that a file which is as it was need
//! not be parsed only to be found again.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::anchors::Anchor;
use crate::catalogue::Claim;
use crate::evidence::Site;
use crate::parallel;
use crate::python::{Project, Ranged};
use crate::remembered;
use crate::static_checks;
use crate::target::RelativePath;

/// The places of some claims in one state of the target.
pub(super) struct Cited(BTreeMap<Anchor, Place>);

/// One place.
#[derive(Clone, Serialize, Deserialize)]
struct Place {
    /// Whether it is where the claim says, as [`Anchor::is_in`] has it.
    is_there: bool,
    /// The definition, or the whole file when no symbol is named.
    site: Option<Site>,
    /// Where the file is broken first, and how.
    error: Option<(u32, String)>,
}

impl Cited {
    /// Looks for the places of these claims.
    pub(super) fn of(claims: &[&Claim], project: &Project) -> Self {
        let mut by_file: BTreeMap<RelativePath, BTreeSet<Option<String>>> = BTreeMap::new();
        for anchor in claims.iter().filter_map(|claim| Anchor::of(claim)) {
            by_file.entry(anchor.file).or_default().insert(anchor.symbol);
        }
        let files: Vec<RelativePath> = by_file.keys().cloned().collect();
        project.files().tree().prefetch(&files);
        let by_file: Vec<(RelativePath, BTreeSet<Option<String>>)> = by_file.into_iter().collect();
        let places = parallel::map_into(by_file, |(file, symbols)| {
            let anchor = |symbol| Anchor { file: file.clone(), symbol };
            let anchors: Vec<Anchor> = symbols.into_iter().map(anchor).collect();
            let question = format!("places {anchors:?}");
            let places: Vec<Place> = remembered::recall(&question, project, &|_| true, |project| {
                anchors.iter().map(|anchor| Place::of(anchor, project)).collect()
            });
            anchors.into_iter().zip(places).collect::<Vec<_>>()
        });
        Self(places.into_iter().flatten().collect())
    }

    /// Whether the claim's place is where the claim says.
    pub(super) fn has(&self, anchor: &Anchor) -> bool {
        self.0.get(anchor).is_some_and(|place| place.is_there)
    }

    /// Where the claim's symbol is now, or its whole file.
    pub(super) fn site(&self, claim: &Claim) -> Option<Site> {
        self.0.get(&Anchor::of(claim)?)?.site.clone()
    }

    /// The line and the message of the error that keeps the claim's file from compiling.
    pub(super) fn error(&self, claim: &Claim) -> Option<&(u32, String)> {
        self.0.get(&Anchor::of(claim)?)?.error.as_ref()
    }

    /// Takes in the places of other claims.
    pub(super) fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }
}

impl Place {
    fn of(anchor: &Anchor, project: &Project) -> Self {
        let is_there = anchor.is_in(project.files());
        let Ok(file) = project.file(&anchor.file) else {
            return Self { is_there, site: None, error: None };
        };
        let range = match &anchor.symbol {
            Some(symbol) => file.symbols().find(symbol).first().map(|symbol| symbol.range),
            None => Some(file.source().module().range()),
        };
        Self {
            is_there,
            site: range.map(|range| static_checks::site(file, range, None)),
            error: file
                .source()
                .errors()
                .iter()
                .find(|error| !error.is_own_limit())
                .map(|error| (error.line, error.message.clone())),
        }
    }
}
