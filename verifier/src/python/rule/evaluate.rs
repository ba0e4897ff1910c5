//! What a formula finds in a file.

use ruff_python_ast::Expr;
use ruff_text_size::{TextRange, TextSize};

use super::comparison::{Lookup, Worth};
use super::{All, Condition, Formula};
use crate::python::pattern::{Bindings, Bound, Constant, Match, Matcher};

impl<'f> Matcher<'f> {
    /// All places that a formula describes.
    pub fn find_formula(&self, formula: &Formula) -> Vec<Match<'f>> {
        self.find_formula_within(formula, None, &Bindings::default())
    }

    /// All places that a formula describes, within a range if one is given, that agree with what
    /// is bound already.
    pub fn find_formula_within(
        &self,
        formula: &Formula,
        within: Option<TextRange>,
        bindings: &Bindings<'f>,
    ) -> Vec<Match<'f>> {
        let mut matches = match formula {
            Formula::Pattern(pattern) => self.find_with(pattern, within, bindings),
            Formula::Regex(regex) => self.find_regex(regex, within, bindings),
            Formula::Any(any) => {
                any.iter().flat_map(|formula| self.find_formula_within(formula, within, bindings)).collect()
            }
            Formula::Inside(inner) => self.find_formula_within(inner, within, bindings),
            Formula::All(all) => self.find_all(all, within, bindings),
        };
        matches.sort_by_key(|found| (found.range.start(), found.range.end()));
        matches.dedup_by(|a, b| a.range == b.range && a.bindings.is_same(&b.bindings));
        matches
    }

    fn find_regex(
        &self,
        regex: &fancy_regex::Regex,
        within: Option<TextRange>,
        bindings: &Bindings<'f>,
    ) -> Vec<Match<'f>> {
        let text = self.file().text();
        let (offset, text) = match within {
            Some(range) => (range.start(), &text[range]),
            None => (TextSize::default(), text),
        };
        let mut matches = Vec::new();
        let range = |found: fancy_regex::Match<'_>| {
            let (start, end) = (TextSize::try_from(found.start()), TextSize::try_from(found.end()));
            Some(TextRange::new(offset + start.ok()?, offset + end.ok()?))
        };
        for captures in regex.captures_iter(text) {
            // A regular expression that gives up half-way has found nothing certain.
            let Ok(captures) = captures else { break };
            let Some(whole) = captures.get(0).and_then(range) else { break };
            // Its groups are metavariables, by number and by name.
            let mut groups = Bindings::default();
            for (number, name) in regex.capture_names().enumerate().skip(1) {
                let Some(group) = captures.get(number) else { continue };
                let Some(place) = range(group) else { continue };
                for name in [Some(number.to_string()), name.map(str::to_owned)].into_iter().flatten() {
                    groups = groups.with_text(&format!("${name}"), group.as_str(), place);
                }
            }
            if let Some(bindings) = bindings.merge(&groups) {
                matches.push(Match { range: whole, bindings });
            }
        }
        matches
    }

    fn find_all(&self, all: &All, within: Option<TextRange>, bindings: &Bindings<'f>) -> Vec<Match<'f>> {
        // What is around a place need not lie within the range that is searched.
        let (inside, direct): (Vec<_>, Vec<_>) =
            all.positive.iter().partition(|formula| matches!(formula, Formula::Inside(_)));
        let mut direct = direct.into_iter();
        let mut inside = inside.into_iter();
        let mut matches = match direct.next() {
            Some(first) => self.find_formula_within(first, within, bindings),
            None => match inside.next() {
                // Only bounds are given: the places are what surrounds.
                Some(first) => self.find_formula_within(first, within, bindings),
                None => match within {
                    Some(range) => vec![Match { range, bindings: bindings.clone() }],
                    None => vec![Match { range: self.file().module().range, bindings: bindings.clone() }],
                },
            },
        };
        for formula in direct {
            if matches.is_empty() {
                return matches;
            }
            let others = self.find_formula_within(formula, within, bindings);
            matches = intersect(&matches, &others);
        }
        for formula in inside {
            if matches.is_empty() {
                return matches;
            }
            let around = self.find_formula_within(formula, None, bindings);
            matches = inside_of(&matches, &around);
        }
        for formula in &all.negative {
            if matches.is_empty() {
                return matches;
            }
            let is_around = matches!(formula, Formula::Inside(_));
            let is_regex = matches!(formula, Formula::Regex(_));
            let unwanted = self.find_formula_within(formula, if is_around { None } else { within }, bindings);
            matches.retain(|found| {
                !unwanted.iter().any(|other| {
                    let hit = if is_around {
                        other.range.contains_range(found.range)
                    } else if is_regex {
                        other.range.intersect(found.range).is_some_and(|common| !common.is_empty())
                    } else {
                        other.range == found.range
                    };
                    hit && found.bindings.merge(&other.bindings).is_some()
                })
            });
        }
        matches.retain(|found| all.conditions.iter().all(|condition| self.fulfils(found, condition)));
        if all.focus.is_empty() {
            return matches;
        }
        matches
            .iter()
            .flat_map(|found| {
                all.focus.iter().filter_map(|name| {
                    let range = found.bindings.get(name)?.range();
                    Some(Match { range, bindings: found.bindings.clone() })
                })
            })
            .collect()
    }

    fn fulfils(&self, found: &Match<'f>, condition: &Condition) -> bool {
        match condition {
            Condition::Regex { metavariable, regex, constant_propagation } => {
                let Some(bound) = found.bindings.get(metavariable) else { return false };
                let matches = |text: &str| matches!(regex.find(text), Ok(Some(found)) if found.start() == 0);
                let content = match bound.expression() {
                    Some(expression) if *constant_propagation => match self.constant(expression) {
                        Some(Constant::Text { value, .. }) => Some(value.to_string()),
                        Some(Constant::Integer(value)) => Some(value.to_string()),
                        _ => None,
                    },
                    _ => None,
                };
                match content {
                    Some(content) => matches(&content),
                    None => matches(bound.text()),
                }
            }
            Condition::Text { metavariable, regex } => {
                let Some(bound) = found.bindings.get(metavariable) else { return false };
                let value = bound.expression().and_then(|expression| self.constant(expression));
                regex.is_match(bound.text())
                    || matches!(value, Some(Constant::Text { value, .. }) if regex.is_match(&value))
            }
            Condition::Bounds { metavariable, min, max } => {
                let Some(bound) = found.bindings.get(metavariable) else { return false };
                let value = bound.expression().and_then(|expression| self.constant(expression));
                value.and_then(worth_of_constant).and_then(|worth| worth.number()).is_some_and(|number| {
                    min.is_none_or(|min| number >= min) && max.is_none_or(|max| number <= max)
                })
            }
            Condition::Type { metavariable, types } => found
                .bindings
                .get(metavariable)
                .and_then(Bound::expression)
                .is_some_and(|expression| types.iter().any(|wanted| self.has_type(expression, wanted))),
            Condition::Comparison(comparison) => {
                let lookup = Lookup {
                    worth: &|name| found.bindings.get(name).and_then(|bound| self.worth(bound)),
                    text: &|name| found.bindings.get(name).map(|bound| bound.text().to_owned()),
                };
                comparison.is_true(&lookup) == Some(true)
            }
            Condition::Pattern { metavariable, formula } => {
                let Some(bound) = found.bindings.get(metavariable) else { return false };
                !self.find_formula_within(formula, Some(bound.range()), &found.bindings).is_empty()
            }
        }
    }

    /// What a metavariable is worth in a comparison. Code that is no constant has no value, and is
    /// its text for `str($X)` alone.
    fn worth(&self, bound: &Bound<'f>) -> Option<Worth> {
        match bound.expression() {
            Some(expression) => self
                .constant(expression)
                .and_then(worth_of_constant)
                .or_else(|| self.worth_of_display(expression)),
            None => bound.is_content().then(|| Worth::Text(bound.text().to_owned())),
        }
    }
}

impl<'f> Matcher<'f> {
    /// A list or tuple of constants.
    fn worth_of_display(&self, expression: &'f Expr) -> Option<Worth> {
        let elements = match expression {
            Expr::List(list) => &list.elts,
            Expr::Tuple(tuple) => &tuple.elts,
            _ => return None,
        };
        let worth = |element| self.constant(element).and_then(worth_of_constant);
        elements.iter().map(worth).collect::<Option<Vec<Worth>>>().map(Worth::List)
    }
}

/// Places in both: the inner one of two where one contains the other.
fn intersect<'f>(left: &[Match<'f>], right: &[Match<'f>]) -> Vec<Match<'f>> {
    let mut both = Vec::new();
    for a in left {
        for b in right {
            let range = if b.range.contains_range(a.range) {
                a.range
            } else if a.range.contains_range(b.range) {
                b.range
            } else {
                continue;
            };
            if let Some(bindings) = a.bindings.merge(&b.bindings) {
                both.push(Match { range, bindings });
            }
        }
    }
    both
}

/// Places that are inside of others.
fn inside_of<'f>(matches: &[Match<'f>], around: &[Match<'f>]) -> Vec<Match<'f>> {
    let mut inside = Vec::new();
    for found in matches {
        for other in around {
            if other.range.contains_range(found.range)
                && let Some(bindings) = found.bindings.merge(&other.bindings)
            {
                inside.push(Match { range: found.range, bindings });
            }
        }
    }
    inside
}

fn worth_of_constant(constant: Constant) -> Option<Worth> {
    Some(match constant {
        Constant::None => Worth::None,
        Constant::Bool(value) => Worth::Bool(value),
        Constant::Integer(value) => Worth::Integer(value),
        Constant::Float(value) => Worth::Float(value),
        Constant::Text { value, .. } => Worth::Text(value.to_string()),
        Constant::LargeInteger(_) | Constant::Complex(..) | Constant::SomeText | Constant::SomeNumber => {
            return None;
        }
    })
}
