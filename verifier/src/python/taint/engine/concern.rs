//! Whom it concerns that a value is not followed.

use super::*;
use crate::python::taint::{Doubt, Place};

/// Where a value is lost, in words, and the attribute that has to arrive for that to matter.
pub(super) type LostAt = (String, Option<Stored>);

/// Ways of one flow that are told apart. One that goes through a function of interest may be the
/// second or third, where a helper has several callers.
const MOST_WAYS: usize = 32;

/// The ways from one source to one sink, the first that was found first.
#[derive(Default)]
pub(super) struct Ways {
    /// With the calls that they go through.
    pub(super) known: Vec<(BTreeSet<(u32, u32)>, Trace)>,
    pub(super) has_more: bool,
    /// They rely on a default of a function of which no call is known.
    pub(super) by_default: bool,
}

impl Ways {
    pub(super) fn add(&mut self, trace: Trace) {
        let is_call = |step: &&Arc<Step>| matches!(step.kind, StepKind::Passed(..) | StepKind::Returned(_));
        let calls: BTreeSet<(u32, u32)> = trace
            .steps()
            .into_iter()
            .filter(is_call)
            .map(|step| (step.file, step.range.start().to_u32()))
            .collect();
        let concerns = trace.concerns();
        if let Some((_, known)) = self.known.iter_mut().find(|(known, _)| *known == calls) {
            if concerns && !known.concerns() {
                *known = trace;
            }
            return;
        }
        if self.known.len() < MOST_WAYS || concerns && !self.known.iter().any(|(_, known)| known.concerns()) {
            self.known.push((calls, trace));
        } else {
            self.has_more = true;
        }
    }
}

impl<'f> Engine<'_, 'f> {
    /// Whether some code is in what the question is about.
    pub(in crate::python::taint) fn is_of_concern(&self, file: u32, range: TextRange) -> bool {
        file == 0 && self.concern.is_some_and(|concern| concern.contains_range(range))
    }

    /// A value from a source goes where it cannot be followed, in these functions. `stored`: that
    /// matters when this attribute arrives.
    pub(in crate::python::taint) fn lose(
        &mut self,
        what: &str,
        within: &[UnitId],
        trace: &Trace,
        stored: Option<&Stored>,
    ) {
        let functions = within.iter().filter_map(|unit| match self.units[*unit].body {
            Body::Function(function) => Some((self.units[*unit].file, function.range())),
            Body::Module(_) => None,
        });
        let steps = trace.steps().into_iter().map(|step| (step.file, step.range));
        let places: Vec<(u32, TextRange)> = functions.chain(steps).collect();
        let known = self.lost.entry((what.to_owned(), stored.cloned())).or_default();
        for place in places {
            if !known.contains(&place) {
                known.push(place);
            }
        }
    }

    pub(super) fn doubts(&self) -> Vec<Doubt> {
        let matters = |stored: &Option<Stored>| {
            stored.as_ref().is_none_or(|(class, attribute)| self.arrives_by(*class, attribute))
        };
        let lost = self.lost.iter().filter(|((_, stored), _)| matters(stored));
        let lost = lost.map(|((what, _), places)| Doubt {
            what: what.clone(),
            through: Some(places.iter().map(|(file, range)| self.place(*file, *range)).collect()),
        });
        let called = self.called_by_python().map(|what| Doubt { what, through: None });
        lost.chain(called).collect()
    }

    /// Whether a method takes an attribute of its own object to a sink.
    fn arrives_by(&self, class: ClassId, attribute: &Name) -> bool {
        self.units.iter().any(|unit| {
            unit.class.is_some_and(|of| self.classes[class].family.contains(&of))
                && unit.summary.arrivals.iter().any(|arrival| {
                    arrival.parameter == 0
                        && (arrival.path.is_empty()
                            || matches!(&arrival.path[0], Element::Attribute(name) if name == attribute))
                })
        })
    }

    fn place(&self, file: u32, range: TextRange) -> Place {
        Place { file: self.files[file as usize].source.path().clone(), range }
    }

    /// The functions that may take a value to a sink which code that is not followed gives them,
    /// by an argument or a variable of a module.
    pub(super) fn receptive(&self) -> Vec<Place> {
        if self.lost.is_empty() {
            return Vec::new();
        }
        let function_of = |unit: &Unit<'f>| match unit.body {
            Body::Function(function) => Some(function),
            Body::Module(_) => None,
        };
        let reads = |id: UnitId, unit: &Unit<'f>| {
            let file = &self.files[unit.file as usize];
            self.files.iter().any(|file| file.readers.contains(&id))
                || self.classes.iter().any(|class| class.readers.contains(&id))
                || function_of(unit).is_some_and(|function| {
                    scope::reads(function, |name| {
                        !unit.locals.contains(name)
                            && (file.borrowed.contains_key(name)
                                || file.variables.contains(name) && !file.imports.contains(name))
                    })
                })
        };
        let has_sink = |_: UnitId, unit: &Unit<'f>| {
            let sinks = &self.files[unit.file as usize].marks.marks.sinks;
            function_of(unit)
                .is_some_and(|function| sinks.iter().any(|mark| function.range().contains_range(mark.range)))
        };
        let (sinks, reading) = (self.and_callers(has_sink), self.and_callers(reads));
        let functions = self.units.iter().enumerate().filter_map(|(id, unit)| {
            let takes = !unit.summary.arrivals.is_empty() || sinks.contains(&id) && reading.contains(&id);
            function_of(unit).filter(|_| takes).map(|function| self.place(unit.file, function.range()))
        });
        // Code that is in no function.
        let of_modules = (0_u32..).zip(&self.files).flat_map(|(number, file)| {
            let in_function = move |range: TextRange| {
                self.units.iter().any(|unit| {
                    unit.file == number
                        && function_of(unit).is_some_and(|function| function.range().contains_range(range))
                })
            };
            let sinks = file.marks.marks.sinks.iter().map(|mark| mark.range);
            sinks.filter(move |range| !in_function(*range)).map(move |range| self.place(number, range))
        });
        functions.chain(of_modules).collect()
    }

    /// The functions that are so, and those that call them.
    fn and_callers(&self, is_so: impl Fn(UnitId, &Unit<'f>) -> bool) -> BTreeSet<UnitId> {
        let mut open: Vec<UnitId> =
            self.units.iter().enumerate().filter(|(id, unit)| is_so(*id, unit)).map(|(id, _)| id).collect();
        let mut found: BTreeSet<UnitId> = open.iter().copied().collect();
        while let Some(unit) = open.pop() {
            open.extend(self.units[unit].callers.iter().copied().filter(|caller| found.insert(*caller)));
        }
        found
    }
}
