//! The pattern language: Semgrep's Python pattern syntax.

/// A parsed pattern.
#[derive(Clone, Debug)]
pub struct Pattern {
    source: String,
}

impl Pattern {
    /// The text that it was parsed from.
    pub fn source(&self) -> &str {
        &self.source
    }
}
