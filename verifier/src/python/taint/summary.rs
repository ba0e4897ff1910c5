//! What a call of a function does with taint, told once for all its callers.

use std::rc::Rc;

use ruff_python_ast::name::Name;

use super::engine::{ClassId, Stored, UnitId};
use super::value::{Element, Label, TaintSet, Trace, Value};

/// The effect of one function in terms of its parameters.
#[derive(Clone, Debug, Default)]
pub(super) struct Summary {
    /// What it returns or yields.
    pub(super) returned: Value,
    /// What it stores in objects that it was given.
    pub(super) writes: Vec<Write>,
    /// Which parts of which arguments are lists whose elements it moves.
    pub(super) moves: Vec<(u16, Vec<Element>)>,
    /// What it stores in variables of a function around it.
    pub(super) outer: Vec<(Name, TaintSet)>,
    /// Which arguments arrive at sinks.
    pub(super) arrivals: Vec<Arrival>,
    /// Which arguments are given to code that cannot be told.
    pub(super) lost: Vec<Lost>,
    /// What it stores where other functions find it.
    pub(super) kept: Vec<Kept>,
    /// The exceptions that it raises and does not catch.
    pub(super) raised: Vec<Thrown>,
}

/// Where values outlive the function that stores them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In an object of a class.
    Class(ClassId),
    /// In a variable of the module that is this file.
    Module(u32),
    /// In the object that is a default of this function.
    Default(UnitId),
}

/// An argument, or a part of one, is stored where other functions find it.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) place: Place,
    /// The attribute of the object, or the variable of the module, and which part of that.
    pub(super) path: Vec<Element>,
    pub(super) taints: TaintSet,
}

/// An exception that carries a value.
#[derive(Clone, Debug)]
pub(super) struct Thrown {
    /// The last part of its class's name, if that is told where it is raised.
    pub(super) class: Option<Name>,
    pub(super) value: Value,
}

/// One exception of each class is enough: it carries what any of them does.
pub(super) fn throw_into(all: &mut Vec<Thrown>, thrown: Thrown) {
    match all.iter_mut().find(|known| known.class == thrown.class) {
        Some(known) => known.value.join(&thrown.value),
        None => all.push(thrown),
    }
}

/// An argument, or a part of one, is given to code that cannot be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lost {
    pub(super) parameter: u16,
    pub(super) path: Vec<Element>,
    /// Where and how, in words.
    pub(super) place: Rc<str>,
    /// The functions on the way there, innermost first.
    pub(super) within: Vec<UnitId>,
    /// It may be stored in this attribute of objects of this class, and matters when that arrives.
    pub(super) stored: Option<Stored>,
}

/// A part of an argument that is tainted after the call.
#[derive(Clone, Debug)]
pub(super) struct Write {
    pub(super) parameter: u16,
    pub(super) path: Vec<Element>,
    pub(super) taints: TaintSet,
}

/// An argument, or a part of one, arrives at a sink.
#[derive(Clone, Debug)]
pub(super) struct Arrival {
    pub(super) parameter: u16,
    pub(super) path: Vec<Element>,
    pub(super) whole: bool,
    pub(super) label: Label,
    pub(super) sink_file: u32,
    pub(super) sink_mark: u32,
    pub(super) trace: Trace,
}

impl Arrival {
    fn key(&self) -> (u16, &[Element], bool, Label, u32, u32) {
        (self.parameter, &self.path, self.whole, self.label, self.sink_file, self.sink_mark)
    }
}

impl Summary {
    pub(super) fn arrives(&mut self, arrival: Arrival) {
        match self.arrivals.iter_mut().find(|present| present.key() == arrival.key()) {
            Some(present) if arrival.trace.concerns() && !present.trace.concerns() => *present = arrival,
            Some(_) => {}
            None => self.arrivals.push(arrival),
        }
    }

    pub(super) fn keeps(&mut self, place: Place, path: &[Element], taints: &TaintSet) {
        match self.kept.iter_mut().find(|known| known.place == place && known.path == path) {
            Some(known) => known.taints.extend(taints),
            None => self.kept.push(Kept { place, path: path.to_vec(), taints: taints.clone() }),
        }
    }

    /// One place for each part of each argument is enough to tell.
    pub(super) fn loses(&mut self, lost: Lost) {
        let known = |known: &Lost| {
            known.parameter == lost.parameter
                && known.path == lost.path
                && (known.stored.is_none() || known.stored == lost.stored)
        };
        if !self.lost.iter().any(known) {
            self.lost.push(lost);
        }
    }

    /// Whether a call does nothing that matters.
    pub(super) fn is_silent(&self) -> bool {
        self.returned.is_clean()
            && self.returned.parts.is_empty()
            && self.writes.is_empty()
            && self.moves.is_empty()
            && self.outer.is_empty()
            && self.arrivals.is_empty()
            && self.lost.is_empty()
            && self.kept.is_empty()
            && self.raised.is_empty()
    }

    /// Whether callers would see no difference.
    pub(super) fn same(&self, other: &Summary) -> bool {
        self.returned.same(&other.returned)
            && self.moves == other.moves
            && self.outer.len() == other.outer.len()
            && self.outer.iter().zip(&other.outer).all(|(one, two)| one.0 == two.0 && one.1.same(&two.1))
            && self.arrivals.len() == other.arrivals.len()
            && self
                .arrivals
                .iter()
                .zip(&other.arrivals)
                .all(|(one, two)| one.key() == two.key() && one.trace.concerns() == two.trace.concerns())
            && self.lost.len() == other.lost.len()
            && self.kept.len() == other.kept.len()
            && self.kept.iter().zip(&other.kept).all(|(one, two)| {
                one.place == two.place && one.path == two.path && one.taints.same(&two.taints)
            })
            && self.raised.len() == other.raised.len()
            && self
                .raised
                .iter()
                .zip(&other.raised)
                .all(|(one, two)| one.class == two.class && one.value.same(&two.value))
            && self.writes.len() == other.writes.len()
            && self.writes.iter().zip(&other.writes).all(|(one, two)| {
                one.parameter == two.parameter && one.path == two.path && one.taints.same(&two.taints)
            })
    }
}
