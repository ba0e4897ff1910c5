//! What is looked for: the kinds of sources, sinks, sanitizers and propagators, and the places
//! of one file where their patterns matched. The engine sees places only; it knows no patterns.

use foldhash::{HashMap, HashMapExt};

use ruff_text_size::TextRange;

use crate::python::rule::{Requirement, SideEffect};

/// The label of a source that names none.
pub(super) const DEFAULT_LABEL: &str = "__SOURCE__";

/// What is tracked, and how far the engine trusts code that it cannot see.
#[derive(Clone, Debug, Default)]
pub struct Specification {
    /// Where values come from.
    pub sources: Vec<SourceKind>,
    /// Where they must not arrive.
    pub sinks: Vec<SinkKind>,
    /// What makes them harmless.
    pub sanitizers: Vec<SanitizerKind>,
    /// What hands them on where the language itself would not.
    pub propagators: Vec<PropagatorKind>,
    /// Settings.
    pub options: Options,
}

/// One kind of source.
#[derive(Clone, Debug, Default)]
pub struct SourceKind {
    /// Only the matched expression is a source; otherwise each expression inside it is one too.
    pub exact: bool,
    /// Whether the matched variable itself becomes tainted from here on.
    pub by_side_effect: SideEffect,
    /// The label of its taint; `__SOURCE__` when not given.
    pub label: Option<String>,
    /// Which labels must already be there for the source to count.
    pub requires: Option<Requirement>,
    /// Everything that runs after it is tainted, not the value alone.
    pub control: bool,
}

/// One kind of sink.
#[derive(Clone, Debug)]
pub struct SinkKind {
    /// Only what the matched code consumes counts: the arguments of a call, the value of an
    /// expression. Otherwise any tainted expression inside it does.
    pub exact: bool,
    /// What a matched call gives counts, instead of what it is given: the pattern means any
    /// expression at this place, and here it happens to be a call.
    pub of_value: bool,
    /// Which labels must arrive; any taint when not given.
    pub requires: Option<Requirement>,
    /// Counts only where the function ends.
    pub at_exit: bool,
}

impl Default for SinkKind {
    fn default() -> Self {
        Self { exact: true, of_value: false, requires: None, at_exit: false }
    }
}

/// One kind of sanitizer.
#[derive(Clone, Debug, Default)]
pub struct SanitizerKind {
    /// Only the matched expression is clean; otherwise each expression inside it is too.
    pub exact: bool,
    /// Whether the matched variable itself is clean from here on.
    pub by_side_effect: SideEffect,
}

/// One kind of propagator.
#[derive(Clone, Debug)]
pub struct PropagatorKind {
    /// The variable at the destination becomes tainted from here on.
    pub by_side_effect: bool,
    /// Which labels must be there.
    pub requires: Option<Requirement>,
    /// The label that arrives, instead of those that set out.
    pub label: Option<String>,
    /// Only these labels are replaced; all of them when not given.
    pub replace_labels: Option<Vec<String>>,
}

impl Default for PropagatorKind {
    fn default() -> Self {
        Self { by_side_effect: true, requires: None, label: None, replace_labels: None }
    }
}

/// How far the engine goes, and what it assumes of code that it cannot see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Follow calls into functions of the project, attributes across methods, elements by key;
    /// know what the standard containers do. Without it the engine does what Semgrep does
    /// inside one function.
    pub deep: bool,
    /// The result of a call that cannot be followed is clean.
    pub assume_safe_functions: bool,
    /// What is read with a tainted index is clean.
    pub assume_safe_indexes: bool,
    /// Comparisons are clean.
    pub assume_safe_comparisons: bool,
    /// Truth values are clean.
    pub assume_safe_booleans: bool,
    /// Numbers are clean.
    pub assume_safe_numbers: bool,
    /// Operators, calls, attributes and indexes hand nothing on.
    pub only_propagate_through_assignments: bool,
}

/// The places of one file where the patterns of a [`Specification`] matched.
#[derive(Clone, Debug, Default)]
pub struct Marks {
    /// Where sources matched; `kind` is the index in [`Specification::sources`].
    pub sources: Vec<Mark>,
    /// Where sinks matched.
    pub sinks: Vec<Mark>,
    /// Where sanitizers matched.
    pub sanitizers: Vec<Mark>,
    /// Where propagators matched.
    pub propagators: Vec<PropagatorMark>,
}

/// One match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The matched code, or the part of it that the pattern focuses on.
    pub range: TextRange,
    /// Which kind matched.
    pub kind: usize,
}

/// One match of a propagator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PropagatorMark {
    /// Where the value sets out.
    pub from: TextRange,
    /// Where it arrives.
    pub to: TextRange,
    /// Which kind matched.
    pub kind: usize,
}

impl Marks {
    /// Whether a flow can begin in this file.
    pub fn has_sources(&self) -> bool {
        !self.sources.is_empty()
    }

    /// Whether a flow can end in this file.
    pub fn has_sinks(&self) -> bool {
        !self.sinks.is_empty()
    }
}

/// [`Marks`] with quick answers to "which marks are exactly here" and "which marks are around".
#[derive(Debug)]
pub(super) struct MarkIndex {
    pub(super) marks: Marks,
    pub(super) sources: Ranges,
    pub(super) sinks: Ranges,
    pub(super) sanitizers: Ranges,
    departures: HashMap<TextRange, Vec<usize>>,
    arrivals: HashMap<TextRange, Vec<usize>>,
}

impl MarkIndex {
    pub(super) fn new(marks: Marks) -> Self {
        let mut departures: HashMap<TextRange, Vec<usize>> = HashMap::new();
        let mut arrivals: HashMap<TextRange, Vec<usize>> = HashMap::new();
        for (index, mark) in marks.propagators.iter().enumerate() {
            departures.entry(mark.from).or_default().push(index);
            arrivals.entry(mark.to).or_default().push(index);
        }
        Self {
            sources: Ranges::new(marks.sources.iter().map(|mark| mark.range)),
            sinks: Ranges::new(marks.sinks.iter().map(|mark| mark.range)),
            sanitizers: Ranges::new(marks.sanitizers.iter().map(|mark| mark.range)),
            departures,
            arrivals,
            marks,
        }
    }

    /// Whether any mark is here or around.
    pub(super) fn touches(&self, range: TextRange) -> bool {
        [&self.sources, &self.sinks, &self.sanitizers]
            .iter()
            .any(|ranges| ranges.around(range).next().is_some())
            || !self.departures.is_empty()
                && (self.departures.contains_key(&range) || self.arrivals.contains_key(&range))
    }

    /// Propagators that set out from exactly here.
    pub(super) fn departures(&self, range: TextRange) -> &[usize] {
        self.departures.get(&range).map_or(&[], Vec::as_slice)
    }

    /// Propagators that arrive exactly here.
    pub(super) fn arrivals(&self, range: TextRange) -> &[usize] {
        self.arrivals.get(&range).map_or(&[], Vec::as_slice)
    }
}

/// Ranges sorted by their start, with the furthest end so far, so that the ranges around a
/// place are found without looking at all.
#[derive(Debug, Default)]
pub(super) struct Ranges {
    sorted: Vec<(TextRange, usize)>,
    furthest: Vec<u32>,
}

impl Ranges {
    fn new(ranges: impl Iterator<Item = TextRange>) -> Self {
        let mut sorted: Vec<_> = ranges.enumerate().map(|(index, range)| (range, index)).collect();
        sorted.sort_by_key(|(range, index)| (range.start(), range.end(), *index));
        let mut end = 0;
        let furthest = sorted
            .iter()
            .map(|(range, _)| {
                end = end.max(range.end().to_u32());
                end
            })
            .collect();
        Self { sorted, furthest }
    }

    /// Indices of the ranges that contain `range` or equal it, and whether they equal it.
    pub(super) fn around(&self, range: TextRange) -> impl Iterator<Item = (usize, bool)> {
        let end = self.sorted.partition_point(|(candidate, _)| candidate.start() <= range.start());
        self.sorted[..end]
            .iter()
            .zip(&self.furthest[..end])
            .rev()
            .take_while(move |(_, furthest)| **furthest >= range.end().to_u32())
            .filter(move |((candidate, _), _)| candidate.end() >= range.end())
            .map(move |((candidate, index), _)| (*index, *candidate == range))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_around_a_place_are_found() {
        let range = |start: u32, end: u32| TextRange::new(start.into(), end.into());
        let ranges = Ranges::new([range(0, 100), range(5, 10), range(20, 30), range(22, 25)].into_iter());
        let around = |start, end| {
            let mut found: Vec<_> = ranges.around(range(start, end)).collect();
            found.sort_unstable();
            found
        };
        assert_eq!(around(22, 25), [(0, false), (2, false), (3, true)]);
        assert_eq!(around(6, 11), [(0, false)]);
        assert_eq!(around(99, 101), []);
    }
}
