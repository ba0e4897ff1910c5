//! Functions inside the one that is run, which have its variables wherever they go.

use super::*;
use crate::python::taint::Binding;
use crate::python::taint::engine::Body;
use crate::python::taint::value::{Origin, Taint};

impl<'f> Interpreter<'_, '_, 'f> {
    /// Functions inside this one that are given away may be run by whoever has them.
    pub(super) fn run_what_escapes(&mut self, body: &'f [Stmt]) {
        self.state = self.exit.clone();
        let mut inner: Vec<(Name, UnitId)> =
            self.inner_functions.iter().map(|(name, unit)| (name.clone(), *unit)).collect();
        inner.sort();
        for (name, unit) in inner {
            let (_, captured) = self.engine.captured_of(unit);
            let Body::Function(function) = self.engine.units[unit].body else { continue };
            if captured.is_empty() || self.state.is_none() {
                continue;
            }
            let is_method = self.engine.is_of_class_inside(unit, self.unit);
            if !is_method && function.decorator_list.is_empty() && scope::is_only_called(body, &name) {
                continue;
            }
            let summary = self.engine.summary(self.unit, unit);
            let given = self.apply(function.name.range, unit, &summary, Binding::Function, None, &[]);
            if is_method {
                let what =
                    "keeps the value in a class inside a function, and who reads it there cannot be told";
                self.lose(&given.reachable(), function.name.range, what);
            }
        }
        self.state = None;
    }

    /// What a function keeps that is given back: a call of it may give that.
    pub(super) fn kept_by(&mut self, function: &'f Expr) -> TaintSet {
        let Some((unit, summary, _)) = self.inner_function(function) else { return TaintSet::default() };
        let (first, captured) = self.engine.captured_of(unit);
        let mut kept = TaintSet::default();
        for (position, name) in (first..).zip(captured.iter()) {
            let is_it = |taint: &Taint| matches!(&taint.origin, Origin::Parameter { index, .. } if usize::from(*index) == position);
            if summary.returned.reachable().iter().any(is_it) {
                let path = Path::variable(self.root(name));
                kept.extend(&self.environment().read(&path).reachable());
            }
            if let Ok(index) = u16::try_from(position) {
                self.engine.want(unit, index);
            }
        }
        kept
    }
}
