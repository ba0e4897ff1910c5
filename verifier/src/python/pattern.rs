//! The pattern language: Semgrep's Python pattern syntax over the parser's tree.
//!
//! A [`Pattern`] is read once; a [`Matcher`] belongs to one file and finds it there. What the
//! language can say is told, by example, in `docs/patterns.md`.

mod bindings;
mod cases;
mod compile;
mod constants;
mod expression;
mod find;
mod imports;
mod lists;
mod literals;
mod names;
mod propagate;
mod regions;
mod rewrite;
mod statement;
mod tree;
mod value;

use std::ops::Range;

pub use bindings::{Bindings, Bound};
pub use expression::Settings;
pub use find::{Match, Matcher};
pub use literals::{Literals, Prefilter};
pub(crate) use names::Facts;
pub use regions::{Regions, Relevant};
pub(crate) use value::Constant;

/// A parsed pattern.
#[derive(Clone, Debug)]
pub struct Pattern {
    source: String,
    root: tree::Root,
    literals: Literals,
}

impl Pattern {
    /// Reads a pattern. What cannot be understood is refused, with its place.
    pub fn parse(source: &str) -> Result<Self, PatternError> {
        let root = compile::compile(source)?;
        let literals = literals::of(&root);
        Ok(Self { source: source.to_owned(), root, literals })
    }

    /// The text that it was parsed from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Alternatives of which one must be contained in a function for something of a match to lie in it.
    /// `None` when a match may depend on a function that has none of them.
    pub(crate) fn local_literals(&self) -> Option<Vec<Literals>> {
        let parts = || std::iter::once(self.literals.clone()).chain(self.literals_of_parts()).collect();
        regions::is_local(&self.root).then(parts)
    }

    /// Those of them for what begins outside of the function.
    pub(crate) fn literals_of_parts(&self) -> Vec<Literals> {
        literals::of_parts(&self.root)
    }

    /// What a file must contain for the pattern to match anything in it.
    pub fn literals(&self) -> &Literals {
        &self.literals
    }
}

/// The metavariables of a pattern in the order of their first appearance: `$X`, `$...ARGS`.
/// `$_` stands for anything and is no name.
pub fn metavariables(pattern: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (index, _) in pattern.match_indices('$') {
        let rest = &pattern[index + 1..];
        let (dots, rest) = rest.strip_prefix("...").map_or(("", rest), |rest| ("...", rest));
        let length = rest
            .bytes()
            .take_while(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_')
            .count();
        let name = format!("${dots}{}", &rest[..length]);
        if length > 0 && &rest[..length] != "_" && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// Why a pattern cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternError {
    /// A lower-case fragment.
    pub message: String,
    /// Where, in bytes of the pattern.
    pub range: Range<usize>,
    /// A way out, where there is one to offer.
    pub hint: Option<String>,
}

impl PatternError {
    fn new(message: impl Into<String>, range: Range<usize>) -> Self {
        Self { message: message.into(), range, hint: None }
    }

    fn with_hint(mut self, hint: &str) -> Self {
        self.hint = Some(hint.to_owned());
        self
    }

    fn map_range(mut self, map: impl Fn(usize) -> usize) -> Self {
        self.range = map(self.range.start)..map(self.range.end);
        self
    }
}

impl std::fmt::Display for PatternError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for PatternError {}

#[cfg(test)]
mod suite_tests;
#[cfg(test)]
mod tests;
