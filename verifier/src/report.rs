//! Renderings of an outcome, one format per file. They order and word, and decide nothing.

use std::str::FromStr;

/// Everything that an outcome can be written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Tables for people, one per severity.
    Table,
    /// The Master Bug Report.
    Markdown,
    /// Everything, in a versioned shape for programs.
    Json,
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

impl std::fmt::Display for UnknownFormat {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "no format `{}`", self.0)
    }
}

impl std::error::Error for UnknownFormat {}
