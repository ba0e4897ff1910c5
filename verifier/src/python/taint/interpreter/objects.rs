//! Which objects names stand for, and what is stored in an object under one of its names.

use super::*;

/// An object that a new value is or holds: where in it, the object, and whether that is certain.
type Held = (Vec<Element>, Path, bool);

impl<'f> Interpreter<'_, '_, 'f> {
    /// Stores a value, and remembers which objects it is or holds.
    pub(super) fn store_object(
        &mut self,
        target: &'f Expr,
        of: Option<&'f Expr>,
        value: Value,
        range: TextRange,
    ) {
        let mut pairs: Vec<(&Expr, Vec<Held>)> = Vec::new();
        if let (true, Some(of)) = (self.engine.specification.options.deep, of) {
            match (elements_of(target), elements_of(of)) {
                (Some(targets), Some(values)) if targets.len() == values.len() => {
                    for (target, value) in targets.iter().zip(values) {
                        pairs.push((target, self.objects_in(value)));
                    }
                }
                (Some(_), _) => {}
                (None, _) => pairs.push((target, self.objects_in(of))),
            }
        }
        self.store(target, value, range);
        let pairs: Vec<_> =
            pairs.into_iter().filter_map(|(target, objects)| Some((self.path(target)?, objects))).collect();
        let stored: Vec<Path> = pairs.iter().map(|(path, _)| path.clone()).collect();
        for (path, objects) in pairs {
            for (rest, object, certain) in objects {
                // `a, b = b, a`: what was read under a name is not what the name stands for now.
                if !stored.iter().any(|stored| object.is_within(stored)) {
                    self.environment().alias(&path.join(&rest), &[(object, certain)]);
                }
            }
        }
    }

    /// The objects that an expression gives or may give, by all their paths.
    pub(in crate::python::taint) fn objects(&mut self, expression: &Expr) -> Vec<(Path, bool)> {
        let mut objects = Vec::new();
        let mut expressions = vec![(expression, true)];
        while let Some((expression, certain)) = expressions.pop() {
            match expression {
                Expr::Named(named) => expressions.push((&named.value, certain)),
                Expr::If(conditional) => {
                    expressions.extend([(&*conditional.body, false), (&*conditional.orelse, false)]);
                }
                Expr::BoolOp(operation) => {
                    expressions.extend(operation.values.iter().map(|operand| (operand, false)));
                }
                other => {
                    let Some(path) = self.object_path(other) else { continue };
                    let others = self.environment().others(&path);
                    objects.extend(others.into_iter().map(|(path, always)| (path, always && certain)));
                    objects.push((path, certain));
                }
            }
        }
        objects
    }

    /// The same for what an expression puts into a new container, with the places there.
    pub(super) fn objects_in(&mut self, expression: &Expr) -> Vec<Held> {
        let mut found = Vec::new();
        let parts: Vec<(Element, &Expr)> = match expression {
            Expr::Dict(dict) => dict
                .items
                .iter()
                .filter_map(|item| Some((scope::element(item.key.as_ref()?), &item.value)))
                .collect(),
            Expr::Set(set) => set.elts.iter().map(|part| (Element::Anything, part)).collect(),
            Expr::List(ast::ExprList { elts, .. }) | Expr::Tuple(ast::ExprTuple { elts, .. }) => elts
                .iter()
                .enumerate()
                .map(|(index, part)| (Element::Key(Name::new(index.to_string())), part))
                .collect(),
            other => {
                let objects = self.objects(other);
                return objects.into_iter().map(|(path, certain)| (Vec::new(), path, certain)).collect();
            }
        };
        for (element, part) in parts.into_iter().take(MOST_PARTS) {
            for (path, certain) in self.objects(part) {
                found.push((vec![element.clone()], path, certain));
            }
        }
        found
    }

    /// Values are stored in an object, under all its names.
    pub(in crate::python::taint) fn taint_object(&mut self, path: &Path, taints: &TaintSet) {
        let others = self.environment().others(path);
        self.environment().taint(path, taints);
        let value = Value::whole(taints.clone());
        self.remember_attribute(path, &value);
        for (other, _) in others {
            self.remember_attribute(&other, &value);
        }
    }

    /// Values are stored in a part of what an expression gives.
    pub(in crate::python::taint) fn taint_part(
        &mut self,
        object: &'f Expr,
        element: &Element,
        taints: &TaintSet,
        range: TextRange,
    ) {
        if taints.is_empty() {
            return;
        }
        let objects = self.objects(object);
        for (path, _) in &objects {
            self.taint_object(&path.join(std::slice::from_ref(element)), taints);
        }
        if objects.is_empty() && self.may_be_known_elsewhere(object) {
            self.lose(taints, range, "stores the value in an object that cannot be told");
        }
    }

    /// Whether a call gives an object that code of the project may hold as well.
    pub(in crate::python::taint) fn may_be_known_elsewhere(&mut self, object: &'f Expr) -> bool {
        let mut object = object;
        loop {
            object = match object {
                Expr::Attribute(attribute) => &attribute.value,
                Expr::Subscript(subscript) => &subscript.value,
                Expr::Await(awaited) => &awaited.value,
                Expr::Call(call) => {
                    return !self.engine.callees(self.unit, call).is_empty()
                        || matches!(
                            &*self.engine.beyond(self.unit, call),
                            crate::python::taint::Beyond::Perhaps(_)
                                | crate::python::taint::Beyond::Unknown(_)
                        );
                }
                _ => return false,
            };
        }
    }
}
