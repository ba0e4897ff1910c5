//! Renderings of a [`Verification`], one format per file. They order and word, and decide nothing.

mod escape;
pub mod explanation;
pub mod json;
pub mod listing;
pub mod markdown;
pub mod matches;
#[cfg(test)]
mod sample;
pub mod siblings;
pub mod table;
mod write;

pub use escape::visible;
pub use write::{WriteError, write_whole};

use std::fmt;
use std::str::FromStr;

use crate::verification::Verification;

/// Everything that a verification can be written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Tables for people, one per severity.
    Table,
    /// The Master Bug Report.
    Markdown,
    /// Everything, in a versioned shape for programs.
    Json,
}

/// How to render.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Colour what people read on a terminal.
    pub color: bool,
    /// How many columns a table may take.
    pub width: usize,
    /// Show the code of each place.
    pub excerpts: bool,
}

/// Renders in this format; the text ends with a line break.
pub fn render(verification: &Verification, format: Format, style: Style) -> String {
    match format {
        Format::Table => table::render(verification, style),
        Format::Markdown => markdown::render(verification, style),
        Format::Json => json::render(verification, style),
    }
}

impl Format {
    /// All formats, in the order in which help shows them.
    pub const ALL: [Format; 3] = [Format::Table, Format::Markdown, Format::Json];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Format::Table => "table",
            Format::Markdown => "markdown",
            Format::Json => "json",
        }
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|format| format.name() == text)
            .ok_or_else(|| UnknownFormat(text.to_owned()))
    }
}

/// A format that does not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownFormat(String);

impl fmt::Display for UnknownFormat {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "no format `{}`", self.0)
    }
}

impl std::error::Error for UnknownFormat {}

/// `1 finding`, `2 findings`.
pub fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
