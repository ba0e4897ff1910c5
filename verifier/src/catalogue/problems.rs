//! What is wrong with a catalogue: every problem at its line, with a way out, all at once.

use std::cell::RefCell;
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::Catalogue;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

pub(super) use crate::suggest::closest;

/// All that is wrong with one catalogue, in the order of the file.
#[derive(Clone, PartialEq, Eq)]
pub struct Problems {
    are_errors: bool,
    path: PathBuf,
    text: String,
    problems: Vec<Problem>,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong, as a lower-case fragment.
    pub title: String,
    /// Which bytes of the catalogue; nothing when it could not be read at all.
    pub place: Option<Range<usize>>,
    /// What to say under the underlined text.
    pub label: String,
    /// Other places that matter: the first of two equal ids.
    pub also: Vec<(Range<usize>, String)>,
    /// A way out.
    pub help: Option<String>,
}

impl Problems {
    /// The problems of the catalogue at `path` with this text.
    pub(super) fn new(path: &Path, text: &str, mut problems: Vec<Problem>) -> Self {
        problems.sort_by_key(|problem| problem.place.as_ref().map(|place| (place.start, place.end)));
        Self { are_errors: true, path: path.to_owned(), text: text.to_owned(), problems }
    }

    /// Further errors in a catalogue that has been read, if there are any.
    pub fn errors(catalogue: &Catalogue, problems: Vec<Problem>) -> Option<Self> {
        (!problems.is_empty()).then(|| Self::new(&catalogue.path, &catalogue.text, problems))
    }

    /// Things in a catalogue that are worth knowing and keep nobody from using it, if any.
    pub fn warnings(catalogue: &Catalogue, problems: Vec<Problem>) -> Option<Self> {
        Some(Self { are_errors: false, ..Self::errors(catalogue, problems)? })
    }

    /// A catalogue that could not be read at all.
    pub(super) fn unreadable(path: &Path, problem: impl fmt::Display, help: &str) -> Self {
        let title = format!("cannot read the catalogue `{}`: {problem}", path.display());
        let problem = Problem {
            title,
            place: None,
            label: String::new(),
            also: Vec::new(),
            help: Some(help.to_owned()),
        };
        Self::new(path, "", vec![problem])
    }

    /// The problems one by one; never empty.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Problem> {
        self.problems.iter()
    }

    /// Each problem with its line and a way out, and how many there are.
    pub fn render(&self, color: bool) -> String {
        let level = if self.are_errors { Level::ERROR } else { Level::WARNING };
        render(level, &self.path, &self.text, &self.problems, color)
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.render(false))
    }
}

impl fmt::Debug for Problems {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.render(false))
    }
}

impl std::error::Error for Problems {}

/// Renders problems of one file at one level, separated by empty lines.
pub(super) fn render(level: Level<'_>, path: &Path, text: &str, problems: &[Problem], color: bool) -> String {
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let path = path.display().to_string();
    let rendered: Vec<String> = problems
        .iter()
        .map(|problem| {
            let mut group = Group::with_title(level.clone().primary_title(problem.title.as_str()));
            if let Some(place) = &problem.place {
                let label = (!problem.label.is_empty()).then_some(problem.label.as_str());
                let also = problem
                    .also
                    .iter()
                    .map(|(place, label)| AnnotationKind::Context.span(place.clone()).label(label.as_str()));
                group = group.element(
                    Snippet::source(text)
                        .path(path.as_str())
                        .annotation(AnnotationKind::Primary.span(place.clone()).label(label))
                        .annotations(also),
                );
            }
            if let Some(help) = &problem.help {
                group = group.element(Level::HELP.message(help.as_str()));
            }
            renderer.render(&[group])
        })
        .collect();
    rendered.join("\n\n")
}

/// What the TOML parser could not understand.
pub(super) fn syntax_problems(path: &Path, text: &str, errors: &[toml::de::Error]) -> Problems {
    let problem = |error: &toml::de::Error| Problem {
        title: format!("not TOML: {}", error.message()),
        place: Some(error.span().unwrap_or(0..0)),
        label: String::new(),
        also: Vec::new(),
        help: Some(toml_help(error.message()).to_owned()),
    };
    Problems::new(path, text, errors.iter().map(problem).collect())
}

/// A way out of what the TOML parser says.
fn toml_help(message: &str) -> &'static str {
    if message.contains("duplicate key") {
        "keep one of them; what comes several times is written `[[finding]]`, with two brackets"
    } else if message.contains("string") {
        "texts stand in `\"…\"` on one line, or in `\"\"\"…\"\"\"` over several; `'…'` takes backslashes as they are"
    } else {
        "a line is `key = value`, `[table]` or `[[table]]`; texts stand in quotes, lists in `[…]`, tables in `{ … }`"
    }
}

/// Collects problems while a catalogue is read.
#[derive(Debug, Default)]
pub(super) struct Sink {
    problems: RefCell<Vec<Problem>>,
}

impl Sink {
    pub(super) fn push(&self, problem: Problem) {
        self.problems.borrow_mut().push(problem);
    }

    /// A problem with the underlined text labelled and a way out.
    pub(super) fn add(
        &self,
        place: Range<usize>,
        title: impl Into<String>,
        label: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.push(Problem {
            title: title.into(),
            place: Some(place),
            label: label.into(),
            also: Vec::new(),
            help: Some(help.into()).filter(|help| !help.is_empty()),
        });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.problems.borrow().is_empty()
    }

    pub(super) fn into_problems(self) -> Vec<Problem> {
        self.problems.into_inner()
    }
}

/// `` `a`, `b`, `c` ``
pub(super) fn quoted<'w>(words: impl IntoIterator<Item = &'w str>) -> String {
    words.into_iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}
