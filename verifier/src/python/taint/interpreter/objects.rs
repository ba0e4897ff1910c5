//! Which objects names stand for, and what is stored in an object under one of its names.

use super::*;
use crate::python::taint::Binding;

impl Object {
    fn or(self, other: Object) -> Object {
        match (self, other) {
            (Object::Unknown, _) | (_, Object::Unknown) => Object::Unknown,
            (Object::New, object) | (object, Object::New) => object,
            (Object::At(mut paths), Object::At(others)) => {
                paths.extend(others);
                Object::At(paths)
            }
        }
    }
}

/// Which object an expression gives.
pub(in crate::python::taint) enum Object {
    /// One that nobody else has.
    New,
    /// Those at these places.
    At(Vec<Path>),
    /// One that others may have, too, and nobody knows where.
    Unknown,
}

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
        let mut pairs: Vec<(&'f Expr, Vec<Held>)> = Vec::new();
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
    pub(in crate::python::taint) fn objects(&mut self, expression: &'f Expr) -> Vec<(Path, bool)> {
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
    pub(super) fn objects_in(&mut self, expression: &'f Expr) -> Vec<Held> {
        let mut found = Vec::new();
        let parts: Vec<(Element, &'f Expr)> = match expression {
            Expr::Dict(dict) => dict
                .items
                .iter()
                .filter_map(|item| Some((self.element(item.key.as_ref()?), &item.value)))
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

    /// The objects that an expression can give.
    pub(in crate::python::taint) fn object(&mut self, expression: &'f Expr) -> Object {
        self.deeper(|this| Some(this.object_here(expression))).unwrap_or(Object::Unknown)
    }

    fn object_here(&mut self, expression: &'f Expr) -> Object {
        match expression {
            Expr::Named(named) => match self.path(&named.target) {
                Some(path) => Object::At(vec![path]),
                None => Object::Unknown,
            },
            Expr::Await(awaited) => self.object(&awaited.value),
            Expr::If(conditional) => {
                let (one, other) = (self.object(&conditional.body), self.object(&conditional.orelse));
                one.or(other)
            }
            Expr::BoolOp(operation) => {
                let objects: Vec<Object> =
                    operation.values.iter().map(|operand| self.object(operand)).collect();
                objects.into_iter().fold(Object::New, Object::or)
            }
            other => match self.object_path(other) {
                Some(path) => Object::At(vec![path]),
                None if self.may_be_known_elsewhere(other) => Object::Unknown,
                None => Object::New,
            },
        }
    }

    /// The path of the object that an expression gives: `a.get("b")` gives what `a["b"]` is, and
    /// a method that does nothing but to give an attribute gives that.
    pub(in crate::python::taint) fn object_path(&mut self, expression: &'f Expr) -> Option<Path> {
        if !self.engine.specification.options.deep {
            return self.path(expression);
        }
        self.deeper(|this| this.object_path_here(expression))
    }

    fn object_path_here(&mut self, expression: &'f Expr) -> Option<Path> {
        match expression {
            Expr::Name(name) => Some(Path::variable(self.root(&name.id))),
            Expr::Attribute(attribute) => {
                let object = self.object_path(&attribute.value)?;
                let getters = self.engine.getters(self.unit, attribute);
                if let [getter] = &*getters
                    && let Some((root, rest)) = scope::accessed(getter.function)
                    && scope::is_first_parameter(getter.function, &root)
                {
                    return Some(object.join(&rest));
                }
                Some(object.join(&[Element::Attribute(attribute.attr.id.clone())]))
            }
            Expr::Subscript(subscript) => {
                if let Some(object) = self.namespace_of(&subscript.value) {
                    let name = self.attribute_name(&subscript.slice)?;
                    return Some(self.object_path(object)?.join(&[Element::Attribute(name)]));
                }
                let object = self.object_path(&subscript.value)?;
                Some(object.join(&[self.element(&subscript.slice)]))
            }
            Expr::Call(_) if scope::is_super(expression) => {
                let (_, own) = self.engine.receiver(self.unit)?;
                Some(Path::variable(Root::Local(own)))
            }
            Expr::Call(call) => {
                if let Some((root, rest)) = self.accessed(call) {
                    let object = match (root, &*call.func) {
                        (Some(global), _) => Path::variable(Root::Global(global)),
                        (None, Expr::Attribute(method)) => self.object_path(&method.value)?,
                        (None, _) => return None,
                    };
                    return Some(object.join(&rest));
                }
                let Expr::Attribute(method) = &*call.func else { return None };
                if !matches!(method.attr.as_str(), "get" | "setdefault") {
                    return None;
                }
                let object = self.object_path(&method.value)?;
                Some(object.join(&[self.element(call.arguments.args.first()?)]))
            }
            _ => None,
        }
    }

    /// What a call gives that runs one function which always gives the same object: a variable of
    /// this module, or else the object that the method is called on; and which part of that.
    fn accessed(&mut self, call: &'f ast::ExprCall) -> Option<(Option<Name>, Vec<Element>)> {
        let callees = self.engine.callees(self.unit, call);
        let [callee] = &*callees else { return None };
        if !callee.direct || !self.engine.overriding(self.unit, call).is_empty() {
            return None;
        }
        let (root, rest) = scope::accessed(callee.function)?;
        match callee.binding {
            Binding::Method if scope::is_first_parameter(callee.function, &root) => Some((None, rest)),
            Binding::Method | Binding::Function => {
                let here = self.engine.files[self.file as usize].source;
                let is_here = std::ptr::eq(callee.file, here);
                (is_here && !scope::locals(callee.function).contains(&root)).then_some((Some(root), rest))
            }
            Binding::Constructor => None,
        }
    }

    /// `Class.attribute["key"]` is what the objects of the class see as well.
    pub(super) fn remember_class_attribute(&mut self, path: &Path, value: &Value) {
        let Root::Global(name) = &path.root else { return };
        let value = without_parameters(value);
        if value.is_clean() {
            return;
        }
        if let Some(class) = self.engine.class_named(self.file, name) {
            self.engine.tell_class(class, &path.elements, &value);
        }
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
                    let callees = self.engine.callees(self.unit, call);
                    if callees.iter().any(|callee| callee.binding == Binding::Constructor) {
                        return false;
                    }
                    if let (Some((None, rest)), Expr::Attribute(attribute)) =
                        (self.accessed(call), &*call.func)
                        && rest.is_empty()
                    {
                        // A method that gives its own object.
                        object = &attribute.value;
                        continue;
                    }
                    return !callees.is_empty()
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
