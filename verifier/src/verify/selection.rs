//! Which findings are examined.

use std::fmt;

use crate::catalogue::{Catalogue, Finding, Severity};
use crate::suggest::closest;

/// What the command line selects. Empty lists select everything.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Ids of findings, as given.
    pub findings: Vec<String>,
    /// Severities.
    pub severities: Vec<Severity>,
}

/// An id that no finding has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelectionError {
    /// The id as given.
    pub id: String,
    /// The id that was perhaps meant.
    pub hint: Option<String>,
}

impl Selection {
    /// The selected findings in the order of the catalogue. Selecting none is no error here:
    /// the verification says that nothing was checked.
    pub fn of<'c>(&self, catalogue: &'c Catalogue) -> Result<Vec<&'c Finding>, SelectionError> {
        for id in &self.findings {
            if !catalogue.findings.iter().any(|finding| finding.id.as_str() == id) {
                let ids = catalogue.findings.iter().map(|finding| finding.id.as_str());
                return Err(SelectionError { id: id.clone(), hint: closest(id, ids).map(str::to_owned) });
            }
        }
        let selected = |finding: &&Finding| {
            let by_id = self.findings.is_empty() || self.findings.iter().any(|id| finding.id.as_str() == id);
            let by_severity = self.severities.is_empty() || self.severities.contains(&finding.severity);
            by_id && by_severity
        };
        Ok(catalogue.findings.iter().filter(selected).collect())
    }
}

impl fmt::Display for SelectionError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "no finding has the id `{}`", self.id)
    }
}

impl std::error::Error for SelectionError {}
