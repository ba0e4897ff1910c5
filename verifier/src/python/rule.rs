//! Rules in Semgrep's YAML: patterns combined into formulas, search and taint mode.
//!
//! What people have written for Semgrep's Python can be used where a finding takes a pattern.
//! What a rule says about its message and metadata is not kept; a key that would change what is
//! found, and is not known here, is an error rather than ignored.

mod comparison;
mod evaluate;
mod generic;
mod read;
mod taint;

use std::collections::BTreeMap;

use fancy_regex::Regex;
use globset::{Glob, GlobSet, GlobSetBuilder};

pub use comparison::Comparison;

use crate::python::SourceFile;
use crate::python::pattern::{Literals, Matcher, Pattern, Settings, metavariables};
use crate::target::RelativePath;

/// One rule.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Its `id`.
    pub id: String,
    /// What it says of a match.
    pub message: String,
    /// What it looks for.
    pub mode: Mode,
    /// How it looks.
    pub options: Options,
    /// Where it looks.
    pub paths: Paths,
}

/// `paths`: globs of files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Paths {
    /// Only these, if there are any.
    pub include: Vec<String>,
    /// Not these.
    pub exclude: Vec<String>,
}

/// Which files a rule's `paths` select.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    include: Option<GlobSet>,
    exclude: Option<GlobSet>,
}

impl Paths {
    /// Understands the globs.
    pub fn selection(&self) -> Result<Selection, String> {
        let set = |globs: &[String]| -> Result<Option<GlobSet>, String> {
            if globs.is_empty() {
                return Ok(None);
            }
            let mut builder = GlobSetBuilder::new();
            for glob in globs {
                // A glob without a slash means a name anywhere, and one that means a directory all in it.
                for form in
                    [glob.clone(), format!("**/{glob}"), format!("{glob}/**"), format!("**/{glob}/**")]
                {
                    let glob = Glob::new(form.trim_start_matches('/')).map_err(|error| error.to_string())?;
                    builder.add(glob);
                }
            }
            builder.build().map(Some).map_err(|error| error.to_string())
        };
        Ok(Selection { include: set(&self.include)?, exclude: set(&self.exclude)? })
    }
}

impl Selection {
    /// Whether the rule looks at a file.
    pub fn contains(&self, path: &RelativePath) -> bool {
        self.include.as_ref().is_none_or(|globs| globs.is_match(path.as_str()))
            && self.exclude.as_ref().is_none_or(|globs| !globs.is_match(path.as_str()))
    }
}

/// What a rule looks for.
#[derive(Clone, Debug)]
pub enum Mode {
    /// Places that a formula describes.
    Search(Formula),
    /// Values that get from a source to a sink.
    Taint(Taint),
}

/// Patterns and what is required of them.
#[derive(Clone, Debug)]
pub enum Formula {
    /// Matches of a pattern.
    Pattern(Pattern),
    /// Matches of a regular expression in the text.
    Regex(Box<Regex>),
    /// Places that one of these describes.
    Any(Vec<Formula>),
    /// Places that all of these describe.
    All(All),
    /// Anything inside a place that this describes.
    Inside(Box<Formula>),
}

/// Places that fulfil every requirement.
#[derive(Clone, Debug, Default)]
pub struct All {
    /// What must be there: the innermost of nested places is meant.
    pub positive: Vec<Formula>,
    /// What must not be there. With [`Formula::Inside`]: around it.
    pub negative: Vec<Formula>,
    /// Bounds on metavariables.
    pub conditions: Vec<Condition>,
    /// The metavariables whose code is the place, instead of the whole match.
    pub focus: Vec<String>,
}

/// A bound on metavariables.
#[derive(Clone, Debug)]
pub enum Condition {
    /// The metavariable's text must match from its beginning.
    Regex {
        /// With its dollar sign.
        metavariable: String,
        /// Anchored at the beginning only.
        regex: Box<Regex>,
        /// A constant's value counts as its text.
        constant_propagation: bool,
    },
    /// The metavariable's text, or the value of the constant that it is, must contain a match.
    Text {
        /// With its dollar sign.
        metavariable: String,
        /// Not anchored.
        regex: regex::Regex,
    },
    /// The metavariable must be a number within bounds.
    Bounds {
        /// With its dollar sign.
        metavariable: String,
        /// At least.
        min: Option<f64>,
        /// At most.
        max: Option<f64>,
    },
    /// The metavariable must be an expression that certainly is of one of these types.
    Type {
        /// With its dollar sign.
        metavariable: String,
        /// As in `($X: T)`.
        types: Vec<Pattern>,
    },
    /// A Python expression over metavariables must be true.
    Comparison(Comparison),
    /// The metavariable's code must fulfil a formula of its own.
    Pattern {
        /// With its dollar sign.
        metavariable: String,
        /// Looked for within that code.
        formula: Box<Formula>,
        /// Looked for in the text, were it the content of a string.
        of_text: bool,
    },
}

impl Condition {
    /// `$X=REGEX` (the metavariable's text contains a match), `$X>=N` and `$X<=N` (it is such a
    /// number), `$X:PATTERN` (its code contains a match).
    pub fn parse_where(text: &str) -> Result<Self, String> {
        const FORMS: &str = "`$X=REGEX`, `$X>=N`, `$X<=N` or `$X:PATTERN` was expected";
        let text = text.trim_start();
        let end = text.find(['=', '<', '>', ':']).ok_or(FORMS)?;
        let (metavariable, bound) = (text[..end].trim().to_owned(), &text[end..]);
        if metavariables(&metavariable) != [&*metavariable] {
            return Err(FORMS.to_owned());
        }
        let number = |text: &str| {
            let number = text.trim().parse::<f64>().ok().filter(|number| number.is_finite());
            number.ok_or_else(|| format!("`{}` is not a number", text.trim()))
        };
        if let Some(min) = bound.strip_prefix(">=") {
            return Ok(Self::Bounds { metavariable, min: Some(number(min)?), max: None });
        }
        if let Some(max) = bound.strip_prefix("<=") {
            return Ok(Self::Bounds { metavariable, min: None, max: Some(number(max)?) });
        }
        if let Some(pattern) = bound.strip_prefix(':') {
            let pattern = Pattern::parse(pattern)
                .map_err(|error| format!("the pattern cannot be understood: {error}"))?;
            let formula = Box::new(Formula::Pattern(pattern));
            return Ok(Self::Pattern { metavariable, formula, of_text: false });
        }
        let regex = bound.strip_prefix('=').ok_or(FORMS)?;
        let regex = regex::Regex::new(regex).map_err(|error| error.to_string())?;
        Ok(Self::Text { metavariable, regex })
    }

    /// The metavariable that it is about, where that is one.
    pub fn metavariable(&self) -> Option<&str> {
        match self {
            Self::Regex { metavariable, .. }
            | Self::Text { metavariable, .. }
            | Self::Bounds { metavariable, .. }
            | Self::Type { metavariable, .. }
            | Self::Pattern { metavariable, .. } => Some(metavariable),
            Self::Comparison(_) => None,
        }
    }
}

/// Taint mode.
#[derive(Clone, Debug, Default)]
pub struct Taint {
    /// Where values become tainted.
    pub sources: Vec<Source>,
    /// Where tainted values must not arrive.
    pub sinks: Vec<Sink>,
    /// What makes them harmless.
    pub sanitizers: Vec<Sanitizer>,
    /// What passes taint on, besides what always does.
    pub propagators: Vec<Propagator>,
}

/// `pattern-sources`
#[derive(Clone, Debug)]
pub struct Source {
    /// The places.
    pub formula: Formula,
    /// Only the whole match is a source, not the expressions in it.
    pub exact: bool,
    /// Whether a variable in the place stays tainted afterwards.
    pub by_side_effect: SideEffect,
    /// Everything that runs afterwards is tainted.
    pub control: bool,
    /// The label of the taint.
    pub label: Option<String>,
    /// Labels that must be there already.
    pub requires: Option<Requirement>,
}

/// `pattern-sinks`
#[derive(Clone, Debug)]
pub struct Sink {
    /// The places.
    pub formula: Formula,
    /// Only the whole match is a sink, not the expressions in it.
    pub exact: bool,
    /// Only where the function ends.
    pub at_exit: bool,
    /// Labels that must arrive.
    pub requires: Option<Requirement>,
}

/// `pattern-sanitizers`
#[derive(Clone, Debug)]
pub struct Sanitizer {
    /// The places.
    pub formula: Formula,
    /// Only the whole match is clean, not the expressions in it.
    pub exact: bool,
    /// Whether a variable in the place stays clean afterwards.
    pub by_side_effect: SideEffect,
    /// A place that is also a source, a sink or a propagator is none: `not_conflicting`.
    pub yields: bool,
}

/// `pattern-propagators`
#[derive(Clone, Debug)]
pub struct Propagator {
    /// The places.
    pub formula: Formula,
    /// The metavariable that taint comes from.
    pub from: String,
    /// The metavariable that it gets to.
    pub to: String,
    /// Whether the variable there stays tainted afterwards.
    pub by_side_effect: bool,
    /// Labels that must be there.
    pub requires: Option<Requirement>,
    /// The label afterwards.
    pub label: Option<String>,
    /// The labels that it replaces.
    pub replace_labels: Option<Vec<String>>,
}

/// `by-side-effect`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SideEffect {
    /// `false`
    #[default]
    No,
    /// `true`
    Yes,
    /// `only`: afterwards, but not the place itself.
    Only,
}

/// `requires: A and not B`
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Requirement {
    /// A label is there.
    Label(String),
    /// The opposite.
    Not(Box<Requirement>),
    /// All are fulfilled.
    And(Vec<Requirement>),
    /// One is fulfilled.
    Or(Vec<Requirement>),
}

impl Requirement {
    /// Whether these labels fulfil it.
    pub fn is_fulfilled(&self, has_label: &dyn Fn(&str) -> bool) -> bool {
        match self {
            Requirement::Label(label) => has_label(label),
            Requirement::Not(inner) => !inner.is_fulfilled(has_label),
            Requirement::And(all) => all.iter().all(|inner| inner.is_fulfilled(has_label)),
            Requirement::Or(any) => any.iter().any(|inner| inner.is_fulfilled(has_label)),
        }
    }
}

/// `options`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// A variable stands for the constant it certainly holds. On unless turned off.
    pub constant_propagation: bool,
    /// A variable stands for the expression it certainly holds. Off unless turned on.
    pub symbolic_propagation: bool,
    /// A decorator is an expression. On unless turned off.
    pub attribute_expressions: bool,
    /// The others, for taint mode: name and value as text.
    pub others: BTreeMap<String, String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            constant_propagation: true,
            symbolic_propagation: false,
            attribute_expressions: true,
            others: BTreeMap::new(),
        }
    }
}

impl Options {
    /// Whether an option of taint mode is turned on.
    pub fn is_on(&self, name: &str) -> bool {
        self.others.get(name).is_some_and(|value| value == "true")
    }
}

/// Why a rule file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleError {
    /// A lower-case fragment.
    pub message: String,
    /// Where: `rules[0].patterns[1].pattern`.
    pub place: String,
}

impl std::fmt::Display for RuleError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}: {}", self.place, self.message)
    }
}

impl std::error::Error for RuleError {}

/// The rules of a file.
#[derive(Clone, Debug)]
pub struct RuleFile {
    /// Those for Python; at least one.
    pub rules: Vec<Rule>,
    /// Those for other languages only, which are not read.
    pub foreign: Vec<ForeignRule>,
}

/// A rule that is not for Python.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForeignRule {
    /// Its id, or its place in the file if it has none.
    pub id: String,
    /// What it is for.
    pub languages: Vec<String>,
}

impl std::fmt::Display for ForeignRule {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "`{}` is for {}, not for Python", self.id, self.languages.join(", "))
    }
}

impl RuleFile {
    /// Reads a file that has a rule for Python.
    pub fn read(yaml: &str) -> Result<Self, RuleError> {
        read::rules(yaml)
    }
}

impl Rule {
    /// Reads the rules of a file that are for Python.
    pub fn read(yaml: &str) -> Result<Vec<Self>, RuleError> {
        RuleFile::read(yaml).map(|file| file.rules)
    }

    /// A matcher that takes to be the same what the rule's options say.
    pub fn matcher<'f>(&self, file: &'f SourceFile) -> Matcher<'f> {
        Matcher::with_settings(file, self.settings())
    }

    /// What the rule's options say.
    pub fn settings(&self) -> Settings {
        Settings {
            constants: self.options.constant_propagation,
            symbols: self.options.symbolic_propagation,
            decorators: self.options.attribute_expressions,
        }
    }
}

impl Mode {
    /// Alternatives of which one must be contained in a file for anything to be found in it.
    pub fn literals(&self) -> Vec<Literals> {
        match self {
            Mode::Search(formula) => formula.literals(),
            // Without a sink there is no flow.
            Mode::Taint(taint) => taint.sinks.iter().flat_map(|sink| sink.formula.literals()).collect(),
        }
    }
}

impl Formula {
    /// Alternatives of which one must be contained in a file for anything to be found in it.
    /// An empty one among them: every file is a candidate.
    pub fn literals(&self) -> Vec<Literals> {
        match self {
            Formula::Pattern(pattern) => vec![pattern.literals().clone()],
            Formula::Regex(_) => vec![Literals::default()],
            Formula::Any(any) => any.iter().flat_map(Formula::literals).collect(),
            Formula::Inside(inner) => inner.literals(),
            Formula::All(all) => telling(all.positive.iter().map(Formula::literals)),
        }
    }

    /// Alternatives of which one must be contained in a function, or outside of all, for a place to
    /// be found there. `None` when that may depend on what is in another function.
    pub(crate) fn local_literals(&self) -> Option<Vec<Literals>> {
        match self {
            Formula::Pattern(pattern) => pattern.local_literals(),
            Formula::Regex(_) => Some(vec![Literals::default()]),
            Formula::Any(any) => {
                let each: Option<Vec<_>> = any.iter().map(Formula::local_literals).collect();
                Some(each?.concat())
            }
            Formula::Inside(inner) => inner.local_literals(),
            Formula::All(all) => {
                let conditions = all.conditions.iter().filter_map(|condition| match condition {
                    Condition::Pattern { formula, .. } => Some(&**formula),
                    Condition::Type { .. } => None,
                    Condition::Regex { .. }
                    | Condition::Text { .. }
                    | Condition::Bounds { .. }
                    | Condition::Comparison(_) => None,
                });
                let all_are_local = all
                    .negative
                    .iter()
                    .chain(&all.positive)
                    .chain(conditions)
                    .all(|formula| formula.local_literals().is_some());
                // What is around a place may begin outside the function that the place is in.
                let direct = all.positive.iter().filter(|formula| !formula.is_around());
                // And what is around it, or is not to be, may end in another.
                let around = all.negative.iter().chain(&all.positive).flat_map(Formula::literals_of_parts);
                all_are_local.then(|| {
                    telling(direct.filter_map(Formula::local_literals)).into_iter().chain(around).collect()
                })
            }
        }
    }

    /// Whether it may describe what is around a place instead of the place.
    fn is_around(&self) -> bool {
        match self {
            Formula::Inside(_) => true,
            Formula::Any(any) => any.iter().any(Formula::is_around),
            Formula::Pattern(_) | Formula::Regex(_) | Formula::All(_) => false,
        }
    }

    /// For each part of a pattern that may lie in a function when the match begins outside of it, what
    /// such a function must contain.
    fn literals_of_parts(&self) -> Vec<Literals> {
        match self {
            Formula::Pattern(pattern) => pattern.literals_of_parts(),
            Formula::Regex(_) => Vec::new(),
            Formula::Any(any) => any.iter().flat_map(Formula::literals_of_parts).collect(),
            Formula::Inside(inner) => inner.literals_of_parts(),
            Formula::All(all) => {
                all.positive.iter().chain(&all.negative).flat_map(Formula::literals_of_parts).collect()
            }
        }
    }
}

/// Of several things that are all required, the one whose poorest alternative asks for most.
fn telling(required: impl Iterator<Item = Vec<Literals>>) -> Vec<Literals> {
    let poorest = |alternatives: &Vec<Literals>| {
        alternatives.iter().map(|literals| literals.all().len()).min().unwrap_or(0)
    };
    required.max_by_key(poorest).unwrap_or_else(|| vec![Literals::default()])
}

#[cfg(test)]
mod tests;
