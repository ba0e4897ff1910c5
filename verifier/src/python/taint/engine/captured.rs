//! Variables of a function around that a function inside it reads: to each call they are as good
//! as arguments, and come behind those.

use super::*;

impl<'f> Engine<'_, 'f> {
    /// The variables of functions around that a function reads, or others inside the same one that
    /// it names.
    pub(super) fn captured_names(
        &self,
        around: UnitId,
        function: &'f ast::StmtFunctionDef,
        outer: &HashSet<Name>,
        locals: &HashSet<Name>,
    ) -> Rc<[Name]> {
        let mut names = scope::names(function);
        if let Body::Function(around) = self.units[around].body {
            let mut others = scope::functions_inside(&around.body);
            while let Some(position) = others.iter().position(|other| names.contains(&other.name.id)) {
                names.extend(scope::names(others.swap_remove(position)));
            }
        }
        let mut captured: Vec<Name> =
            names.into_iter().filter(|name| outer.contains(name) && !locals.contains(name)).collect();
        captured.sort();
        captured.truncate(MOST_CAPTURED);
        captured.into()
    }

    /// The position of the first of them, and their names.
    pub(in crate::python::taint) fn captured_of(&self, unit: UnitId) -> (usize, Rc<[Name]>) {
        let Body::Function(function) = self.units[unit].body else { return (0, Rc::default()) };
        (function.parameters.len(), self.units[unit].captured_names.clone())
    }

    /// Whether code is inside the function that defines another, so that their variables are the same.
    pub(in crate::python::taint) fn sees_variables_of(&self, caller: UnitId, called: UnitId) -> bool {
        let Some(definer) = self.units[called].definer else { return false };
        let mut around = Some(caller);
        while let Some(unit) = around {
            if unit == definer {
                return true;
            }
            around = self.units[unit].definer.filter(|next| *next != unit);
        }
        false
    }

    /// Gives the variables of functions around what a call has there.
    pub(super) fn bind_captured(&self, unit: UnitId, state: &mut Environment) {
        let (first, names) = self.captured_of(unit);
        for (position, name) in (first..).zip(names.iter()) {
            let Ok(index) = u16::try_from(position) else { break };
            if !self.is_wanted(unit, index) {
                continue;
            }
            let path = Path::variable(Root::Local(name.clone()));
            let known = state.read(&path);
            let origin = Origin::Parameter { index, path: Vec::new(), whole: false };
            let given = Taint { origin, label: 0, trace: Trace::default() };
            let mut value = Value::whole(known.own.union(&TaintSet::one(given)));
            for (rest, taints) in known.parts.iter() {
                let before = value.own_of_path(rest);
                value.add(rest, &before.union(taints));
            }
            state.store(&path, &value);
        }
    }

    /// Whether a function is a method of a class that is defined inside another function.
    pub(in crate::python::taint) fn is_of_class_inside(&self, unit: UnitId, around: UnitId) -> bool {
        let (Some(class), Body::Function(function)) = (self.units[unit].class, self.units[around].body)
        else {
            return false;
        };
        self.units[unit].file == self.units[around].file
            && function.range().contains_range(self.classes[class].at.class.range())
    }
}

/// Variables of functions around that are told apart.
const MOST_CAPTURED: usize = 64;
