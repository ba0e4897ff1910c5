//! Taint mode: from what a rule's formulas find to the flows between those places.

use foldhash::HashMap;
use ruff_python_ast::Stmt;
use ruff_python_ast::statement_visitor::{StatementVisitor, walk_stmt};
use ruff_text_size::Ranged;

use super::{Formula, Mode, Options, Propagator, Rule, Source, Taint};
use crate::python::pattern::Matcher;
use crate::python::taint::{
    self, CallSite, Callee, ClassAt, Flow, Mark, Marks, PropagatorKind, PropagatorMark, SanitizerKind,
    SinkKind, SourceKind, Specification, World,
};
use crate::python::{ParsedFile, TextRange};

impl Rule {
    /// The flows that a rule in taint mode finds in a file, by the place that Semgrep would
    /// report; none for a rule in search mode. Each function is looked at for itself.
    pub fn flows(&self, file: &ParsedFile) -> Vec<(TextRange, Flow)> {
        let taint = match &self.mode {
            Mode::Search(_) => return Vec::new(),
            Mode::Taint(taint) => taint,
        };
        let world = OneFile { rule: self, taint };
        let at_source = self.options.others.get("taint_focus_on").is_some_and(|focus| focus == "source");
        let flows = taint::analyse(&taint.specification(&self.options), &world, &[file], None).flows;
        let mut flows: Vec<(TextRange, Flow)> = flows
            .into_iter()
            .map(|flow| (if at_source { flow.source.range } else { flow.sink.range }, flow))
            .collect();
        flows.sort_by_key(|(range, flow)| {
            (range.start(), range.end(), flow.source.range.start(), flow.sink.range.start())
        });
        flows
    }
}

struct OneFile<'r> {
    rule: &'r Rule,
    taint: &'r Taint,
}

impl<'f> World<'f> for OneFile<'_> {
    fn marks(&self, file: &'f ParsedFile) -> Marks {
        self.taint.marks(&self.rule.matcher(file.source()))
    }

    fn callees(&self, _: CallSite<'f>) -> Vec<Callee<'f>> {
        Vec::new()
    }

    fn bases(&self, _: ClassAt<'f>) -> Vec<ClassAt<'f>> {
        Vec::new()
    }
}

impl Taint {
    fn specification(&self, options: &Options) -> Specification {
        let source = |source: &Source| SourceKind {
            exact: source.exact,
            by_side_effect: source.by_side_effect,
            label: source.label.clone(),
            requires: source.requires.clone(),
            control: source.control,
        };
        let propagator = |propagator: &Propagator| PropagatorKind {
            by_side_effect: propagator.by_side_effect,
            requires: propagator.requires.clone(),
            label: propagator.label.clone(),
            replace_labels: propagator.replace_labels.clone(),
        };
        Specification {
            sources: self.sources.iter().map(source).collect(),
            sinks: self
                .sinks
                .iter()
                .map(|sink| SinkKind {
                    exact: sink.exact,
                    of_value: means_any_expression(&sink.formula),
                    requires: sink.requires.clone(),
                    at_exit: sink.at_exit,
                })
                .collect(),
            sanitizers: self
                .sanitizers
                .iter()
                .map(|sanitizer| SanitizerKind {
                    exact: sanitizer.exact,
                    by_side_effect: sanitizer.by_side_effect,
                })
                .collect(),
            propagators: self.propagators.iter().map(propagator).collect(),
            options: taint::Options {
                deep: false,
                assume_safe_functions: options.is_on("taint_assume_safe_functions"),
                assume_safe_indexes: options.is_on("taint_assume_safe_indexes"),
                assume_safe_comparisons: options.is_on("taint_assume_safe_comparisons"),
                assume_safe_booleans: options.is_on("taint_assume_safe_booleans"),
                assume_safe_numbers: options.is_on("taint_assume_safe_numbers"),
                only_propagate_through_assignments: options.is_on("taint_only_propagate_through_assignments"),
            },
        }
    }

    fn marks(&self, matcher: &Matcher) -> Marks {
        let mut marks = Marks::default();
        for (kind, source) in self.sources.iter().enumerate() {
            add(&mut marks.sources, kind, matcher.find_formula(&source.formula));
        }
        if !marks.sources.is_empty() {
            let mut sources: HashMap<TextRange, Vec<usize>> = HashMap::default();
            marks.sources.iter().for_each(|mark| sources.entry(mark.range).or_default().push(mark.kind));
            let mut assigned = Assigned { sources, values: Vec::new() };
            assigned.visit_body(&matcher.file().module().body);
            marks.sources.append(&mut assigned.values);
        }
        for (kind, sink) in self.sinks.iter().enumerate() {
            add(&mut marks.sinks, kind, matcher.find_formula(&sink.formula));
        }
        for (kind, sanitizer) in self.sanitizers.iter().enumerate() {
            add(&mut marks.sanitizers, kind, matcher.find_formula(&sanitizer.formula));
        }
        for (kind, propagator) in self.propagators.iter().enumerate() {
            for found in matcher.find_formula(&propagator.formula) {
                let ends = (found.bindings.get(&propagator.from), found.bindings.get(&propagator.to));
                if let (Some(from), Some(to)) = ends {
                    let mark = PropagatorMark { from: from.range(), to: to.range(), kind };
                    if !marks.propagators.contains(&mark) {
                        marks.propagators.push(mark);
                    }
                }
            }
        }
        let Marks { sources, sinks, sanitizers, propagators } = &mut marks;
        let is_used = |range: TextRange| {
            sources.iter().chain(&*sinks).any(|mark| mark.range == range)
                || propagators.iter().any(|mark| mark.from == range || mark.to == range)
        };
        sanitizers.retain(|mark| !(self.sanitizers[mark.kind].yields && is_used(mark.range)));
        marks
    }
}

/// What a source is that stands on the left of an assignment: the value that is assigned.
struct Assigned {
    /// The kinds of the sources at each place.
    sources: HashMap<TextRange, Vec<usize>>,
    values: Vec<Mark>,
}

impl<'f> StatementVisitor<'f> for Assigned {
    fn visit_stmt(&mut self, statement: &'f Stmt) {
        let (targets, value) = match statement {
            Stmt::Assign(node) => (&node.targets[..], &*node.value),
            Stmt::AnnAssign(node) => match &node.value {
                Some(value) => (std::slice::from_ref(&*node.target), &**value),
                None => return,
            },
            _ => return walk_stmt(self, statement),
        };
        let kinds = targets.iter().filter_map(|target| self.sources.get(&target.range())).flatten();
        self.values.extend(kinds.map(|kind| Mark { range: value.range(), kind: *kind }));
    }
}

/// Whether a formula tells a place and not what stands there: what it matches is any expression,
/// be it a call or not.
fn means_any_expression(formula: &Formula) -> bool {
    match formula {
        Formula::Pattern(pattern) => pattern.source().trim().strip_prefix('$').is_some_and(|name| {
            name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_')
        }),
        Formula::Regex(_) => true,
        Formula::Any(any) => any.iter().all(means_any_expression),
        Formula::Inside(_) => true,
        Formula::All(all) => !all.focus.is_empty() || all.positive.iter().all(means_any_expression),
    }
}

/// One place may match in several ways.
fn add(marks: &mut Vec<Mark>, kind: usize, found: Vec<crate::python::pattern::Match<'_>>) {
    let mut ranges: Vec<TextRange> = found.into_iter().map(|found| found.range).collect();
    ranges.sort_by_key(|range| (range.start(), range.end()));
    ranges.dedup();
    marks.extend(ranges.into_iter().map(|range| Mark { range, kind }));
}

#[cfg(test)]
mod tests;
