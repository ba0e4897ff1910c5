//! The code that a claim cites, in the target as it is now.

use super::request::Cited;
use super::session::{Session, file_of};
use crate::catalogue::Claim;
use crate::evidence::Site;
use crate::python::symbols::{SymbolKind, SymbolTable};
use crate::python::{Ranged, SourceFile};

/// The symbol's text, its lines, and the place to cite. A claim that names no symbol cites the lines
/// where it was seen, or else the whole file.
pub(super) struct CitedCode {
    pub(super) text: Option<String>,
    pub(super) lines: Cited,
    pub(super) site: Option<Site>,
}

impl CitedCode {
    /// Finds the claim's symbol; without one, the whole file.
    pub(super) fn of(session: &Session<'_>, claim: &Claim) -> Self {
        let everything = Cited { first: 1, last: u32::MAX, functions_only: false };
        let nothing = Self { text: None, lines: everything, site: None };
        let Ok(file) = file_of(claim) else { return nothing };
        let Ok(bytes) = session.target.read(file) else { return nothing };
        let source = SourceFile::from_bytes(file.clone(), &bytes);
        let Some(name) = claim.symbol.as_deref() else {
            let lines = claim.lines.map_or(everything, |lines| Cited {
                first: lines.first,
                last: lines.last,
                functions_only: false,
            });
            return Self { text: Some(source.text().to_owned()), lines, site: None };
        };
        let table = SymbolTable::new(source.module());
        let Some(symbol) = table.find(name).into_iter().next() else { return nothing };
        let (first, last) = source.lines(symbol.range);
        let text = source.slice(symbol.range.range()).to_owned();
        let site = Site {
            file: file.clone(),
            line: first,
            end_line: last,
            symbol: Some(name.to_owned()),
            excerpt: text.clone(),
            label: None,
        };
        let functions_only = match symbol.kind {
            SymbolKind::Class | SymbolKind::Function => true,
            SymbolKind::Variable => false,
        };
        Self { text: Some(text), lines: Cited { first, last, functions_only }, site: Some(site) }
    }
}
