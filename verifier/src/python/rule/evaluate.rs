//! What a formula finds in a file.

use foldhash::HashSet;
use ruff_python_ast::Expr;
use ruff_text_size::{TextRange, TextSize};

use super::comparison::{Lookup, Worth};
use super::{All, Condition, Formula};
use crate::python::SourceFile;
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
            if let Some(bindings) = self.merge(bindings, &groups) {
                matches.push(Match { range: whole, bindings });
            }
        }
        matches
    }

    fn find_all(&self, all: &All, within: Option<TextRange>, bindings: &Bindings<'f>) -> Vec<Match<'f>> {
        // What is around a place need not lie within the range that is searched.
        let (inside, direct): (Vec<_>, Vec<_>) =
            all.positive.iter().partition(|formula| matches!(formula, Formula::Inside(_)));
        // Where only bounds are given, the places are what surrounds: the innermost.
        let only_bounds = direct.iter().all(|formula| formula.is_around());
        let (direct, inside) =
            if only_bounds { ([direct, inside].concat(), Vec::new()) } else { (direct, inside) };
        let mut direct = direct.into_iter();
        let mut matches = match direct.next() {
            Some(first) => self.find_formula_within(first, within, bindings),
            None => match within {
                Some(range) => vec![Match { range, bindings: bindings.clone() }],
                None => vec![Match { range: self.file().module().range, bindings: bindings.clone() }],
            },
        };
        for formula in direct {
            if matches.is_empty() {
                return matches;
            }
            let others = self.find_formula_within(formula, within, bindings);
            matches = self.intersect(&matches, &others);
        }
        for formula in inside {
            if matches.is_empty() {
                return matches;
            }
            let around = self.find_formula_within(formula, None, bindings);
            matches = self.inside_of(&matches, &around);
        }
        for formula in &all.negative {
            if matches.is_empty() {
                return matches;
            }
            let is_around = matches!(formula, Formula::Inside(_));
            let is_regex = matches!(formula, Formula::Regex(_));
            let unwanted = self.find_formula_within(formula, if is_around { None } else { within }, bindings);
            // Of places that were not all looked for none is known to be elsewhere.
            if self.gave_up() {
                return Vec::new();
            }
            let unwanted = Sorted::new(&unwanted);
            let relation = if is_around {
                Relation::Around
            } else if is_regex {
                Relation::Overlapping
            } else {
                Relation::Same
            };
            matches.retain(|found| {
                !unwanted.any(found.range, relation, |other| {
                    self.merge(&found.bindings, &other.bindings).is_some()
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
                    // What is common to both: nothing where the metavariable is of something around.
                    let focus = found.bindings.get(name)?.range();
                    let range = [focus, found.range]
                        .into_iter()
                        .find(|range| focus.contains_range(*range) && found.range.contains_range(*range))?;
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
            Condition::Pattern { metavariable, formula, of_text } => {
                let Some(bound) = found.bindings.get(metavariable) else { return false };
                if *of_text {
                    let value = bound.expression().and_then(|expression| self.constant(expression));
                    let content = match &value {
                        Some(Constant::Text { value, .. }) => value,
                        _ => bound.text(),
                    };
                    return self.has_text(formula, content, &found.bindings);
                }
                match bound.identifier() {
                    Some(name) => self.has_text(formula, name, &found.bindings),
                    None => {
                        !self.find_formula_within(formula, Some(bound.range()), &found.bindings).is_empty()
                    }
                }
            }
        }
    }

    /// Whether a text that is no code of the file fulfils a formula: an identifier, which then is an
    /// expression, or the content of a string.
    fn has_text(&self, formula: &Formula, text: &str, bindings: &Bindings<'f>) -> bool {
        let file = SourceFile::parse(self.file().path().clone(), text);
        let matcher = Matcher::with_settings(&file, self.settings());
        !matcher.find_formula_within(formula, None, &bindings.as_texts()).is_empty()
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

/// Matches of which one that is there already is not added again: a place may lie in very many places
/// that bind the same.
#[derive(Default)]
struct Distinct<'f> {
    matches: Vec<Match<'f>>,
    known: HashSet<(TextRange, u64)>,
}

impl<'f> Distinct<'f> {
    fn add(&mut self, range: TextRange, bindings: Bindings<'f>) {
        if self.known.insert((range, bindings.key())) {
            self.matches.push(Match { range, bindings });
        }
    }
}

impl<'f> Matcher<'f> {
    /// Places in both: the inner one of two where one contains the other. `right` is sorted.
    fn intersect(&self, left: &[Match<'f>], right: &[Match<'f>]) -> Vec<Match<'f>> {
        let sorted = Sorted::new(right);
        let mut both = Distinct::default();
        for a in left {
            let mut related: Vec<usize> = sorted.within(a.range).collect();
            sorted.each(a.range, Relation::Around, &mut |index| {
                related.push(index);
                false
            });
            related.sort_unstable();
            related.dedup();
            for b in related.into_iter().map(|index| &right[index]) {
                let range = if b.range.contains_range(a.range) { a.range } else { b.range };
                if let Some(bindings) = self.merge(&a.bindings, &b.bindings) {
                    both.add(range, bindings);
                }
            }
        }
        both.matches
    }

    /// Places that are inside of others. `around` is sorted.
    fn inside_of(&self, matches: &[Match<'f>], around: &[Match<'f>]) -> Vec<Match<'f>> {
        let around = Sorted::new(around);
        let mut inside = Distinct::default();
        for found in matches {
            around.any(found.range, Relation::Around, |other| {
                if let Some(bindings) = self.merge(&found.bindings, &other.bindings) {
                    inside.add(found.range, bindings);
                }
                false
            });
        }
        inside.matches
    }
}

/// How places that are looked for lie to a given one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Relation {
    /// They contain it.
    Around,
    /// They have some text in common with it.
    Overlapping,
    /// They are it.
    Same,
}

/// Places in the order of their starts and ends, with what it takes to find those that lie in a
/// certain way to another without looking at all of them: a file can have a hundred thousand.
struct Sorted<'m, 'f> {
    places: &'m [Match<'f>],
    /// A binary tree in an array, the places its leaves: the last end of all below a node.
    last_ends: Vec<TextSize>,
    leaves: usize,
}

impl<'m, 'f> Sorted<'m, 'f> {
    fn new(places: &'m [Match<'f>]) -> Self {
        debug_assert!(places.is_sorted_by_key(|place| (place.range.start(), place.range.end())));
        let leaves = places.len().next_power_of_two();
        let mut last_ends = vec![TextSize::default(); 2 * leaves];
        for (index, place) in places.iter().enumerate() {
            last_ends[leaves + index] = place.range.end();
        }
        for node in (1..leaves).rev() {
            last_ends[node] = last_ends[2 * node].max(last_ends[2 * node + 1]);
        }
        Self { places, last_ends, leaves }
    }

    /// Whether one of the places that lie so to the range is as wanted. They are asked in order.
    fn any(
        &self,
        range: TextRange,
        relation: Relation,
        mut wanted: impl FnMut(&'m Match<'f>) -> bool,
    ) -> bool {
        self.each(range, relation, &mut |index| wanted(&self.places[index]))
    }

    /// Visits the places that lie so to the range, in order, until the visitor has enough.
    fn each(&self, range: TextRange, relation: Relation, visit: &mut dyn FnMut(usize) -> bool) -> bool {
        let (start, end) = (range.start(), range.end());
        match relation {
            Relation::Same => {
                let key = |place: &Match| (place.range.start(), place.range.end());
                let first = self.places.partition_point(|place| key(place) < (start, end));
                let same = self.places[first..].iter().take_while(|place| place.range == range).count();
                (first..first + same).any(visit)
            }
            Relation::Around => {
                let before = self.places.partition_point(|place| place.range.start() <= start);
                self.reaching(1, self.leaves, before, end, &mut |index| {
                    self.places[index].range.contains_range(range) && visit(index)
                })
            }
            Relation::Overlapping => {
                let before = self.places.partition_point(|place| place.range.start() < end);
                self.reaching(1, self.leaves, before, start, &mut |index| {
                    let common = self.places[index].range.intersect(range);
                    common.is_some_and(|common| !common.is_empty()) && visit(index)
                })
            }
        }
    }

    /// Visits those of the first places that end at `end` or behind it. The node spans `width`
    /// leaves.
    fn reaching(
        &self,
        node: usize,
        width: usize,
        first: usize,
        end: TextSize,
        visit: &mut dyn FnMut(usize) -> bool,
    ) -> bool {
        // How far left the leaves of the node begin.
        let begin = (node << width.trailing_zeros()) - self.leaves;
        if begin >= first || self.last_ends[node] < end {
            return false;
        }
        if width == 1 {
            return visit(begin);
        }
        self.reaching(2 * node, width / 2, first, end, visit)
            || self.reaching(2 * node + 1, width / 2, first, end, visit)
    }

    /// The places within a range.
    fn within(&self, range: TextRange) -> impl Iterator<Item = usize> + '_ {
        let first = self.places.partition_point(|place| place.range.start() < range.start());
        let from = self.places[first..].iter().enumerate();
        from.take_while(move |(_, place)| place.range.start() <= range.end())
            .filter(move |(_, place)| range.contains_range(place.range))
            .map(move |(index, _)| first + index)
    }
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Every place is compared with every other.
    fn naive(places: &[Match], range: TextRange, relation: Relation) -> Vec<usize> {
        let lies_so = |other: TextRange| match relation {
            Relation::Around => other.contains_range(range),
            Relation::Overlapping => other.intersect(range).is_some_and(|common| !common.is_empty()),
            Relation::Same => other == range,
        };
        (0..places.len()).filter(|index| lies_so(places[*index].range)).collect()
    }

    proptest! {
        #[test]
        fn search_finds_what_comparing_all_does(
            ranges in proptest::collection::vec((0_u32..40, 0_u32..12), 0..40),
            (start, length) in (0_u32..40, 0_u32..12),
        ) {
            let range = |start: u32, length: u32| TextRange::at(start.into(), length.into());
            let place = |&(start, length): &(u32, u32)| Match {
                range: range(start, length),
                bindings: Bindings::default(),
            };
            let mut places: Vec<Match> = ranges.iter().map(place).collect();
            places.sort_by_key(|place| (place.range.start(), place.range.end()));
            let sorted = Sorted::new(&places);
            let range = range(start, length);
            for relation in [Relation::Around, Relation::Overlapping, Relation::Same] {
                let mut found = Vec::new();
                sorted.each(range, relation, &mut |index| {
                    found.push(index);
                    false
                });
                prop_assert_eq!(found, naive(&places, range, relation));
            }
            let within: Vec<usize> =
                (0..places.len()).filter(|index| range.contains_range(places[*index].range)).collect();
            prop_assert_eq!(sorted.within(range).collect::<Vec<_>>(), within);
        }
    }
}
