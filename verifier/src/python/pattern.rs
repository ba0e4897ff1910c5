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

impl Pattern {
    /// Reads a pattern.
    pub fn parse(source: &str) -> Result<Self, PatternError> {
        Ok(Self { source: source.to_owned() })
    }
}

/// Why a pattern cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternError {
    /// A lower-case fragment.
    pub message: String,
    /// Where, in bytes of the pattern.
    pub range: std::ops::Range<usize>,
    /// A way out, where there is one to offer.
    pub hint: Option<String>,
}
