//! Defaults of parameters: what a call without the argument gives the function.

use super::*;

impl<'f> Engine<'_, 'f> {
    /// What parameters have beyond what calls give them: their defaults, when no call is known.
    pub(super) fn defaults_without_calls(&self, unit: UnitId) -> Vec<(Name, Value)> {
        let unit = &self.units[unit];
        if self.specification.options.deep && !unit.by_default {
            return Vec::new();
        }
        let known = super::super::interpreter::without_parameters;
        unit.defaults.iter().map(|(name, value)| (name.clone(), known(value))).collect()
    }

    /// What a call gives a parameter that it has no argument for.
    pub(in crate::python::taint) fn default_of(
        &mut self,
        caller: UnitId,
        unit: UnitId,
        name: &Name,
    ) -> Value {
        let called = &self.units[unit];
        let find = |all: &[(Name, Value)]| {
            all.iter().find(|(of, _)| of == name).map(|(_, value)| value.clone()).unwrap_or_default()
        };
        let mut value = find(&called.defaults);
        if called.definer != Some(caller) {
            value = super::super::interpreter::without_parameters(&value);
        }
        value.join(&find(&called.kept));
        value
    }

    /// A call of the function is known.
    pub(in crate::python::taint) fn note_call(&mut self, unit: UnitId) {
        self.units[unit].called = true;
    }

    /// A call has put something into the object that is a default: the next one finds it there.
    pub(in crate::python::taint) fn keep_in_default(
        &mut self,
        unit: UnitId,
        path: &[Element],
        taints: &TaintSet,
    ) {
        let Some((Element::Attribute(name), rest)) = path.split_first() else { return };
        let kept = &mut self.units[unit].kept;
        let position = kept.iter().position(|(of, _)| of == name).unwrap_or_else(|| {
            kept.push((name.clone(), Value::default()));
            kept.len() - 1
        });
        let value = &mut kept[position].1;
        if value.covers(rest, taints) {
            return;
        }
        value.add(rest, taints);
        let callers: Vec<UnitId> = self.units[unit].callers.iter().copied().collect();
        callers.into_iter().for_each(|caller| self.enqueue(caller));
    }

    /// The places that a function gives another value for certain.
    pub(in crate::python::taint) fn replaced(&self, unit: UnitId) -> Rc<[Replaced]> {
        let unit = &self.units[unit];
        let find = || match unit.body {
            Body::Function(function) => certain::replaced(function).into(),
            Body::Module(_) => Rc::default(),
        };
        unit.replaced.get_or_init(find).clone()
    }
}
