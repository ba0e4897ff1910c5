//! Containers: what their methods, and functions of the standard library, do with elements.

use ruff_python_ast as ast;
use ruff_python_ast::Expr;
use ruff_python_ast::name::Name;
use ruff_text_size::Ranged;

use super::calls::{Argument, Receiver, Spread, tuple};
use super::environment::Path;
use super::interpreter::Interpreter;
use super::value::{Element, Origin, StepKind, TaintSet, Value};
use super::writers::PUTTING;

/// Methods after which the elements of a list have other places.
const MOVING: [&str; 11] = [
    "__delitem__",
    "__imul__",
    "appendleft",
    "extendleft",
    "insert",
    "pop",
    "popleft",
    "remove",
    "reverse",
    "rotate",
    "sort",
];
/// Classes whose methods may be called with the object as an argument.
const CONTAINERS: [&str; 4] = ["deque", "dict", "list", "set"];
/// More lists than this are not told apart whose elements a function moves.
const MOST_MOVED: usize = 32;

/// What a function of the standard library does with the elements of the list that it is given first.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Moving {
    /// They have other places.
    Moves,
    /// One of them is taken out.
    Takes,
    /// What comes next is put among them.
    Puts,
    /// Both.
    Replaces,
}

fn moving(function: &str) -> Option<Moving> {
    match function {
        "shuffle" | "heapify" | "delitem" => Some(Moving::Moves),
        "heappop" => Some(Moving::Takes),
        "heappush" | "insort" | "insort_left" | "insort_right" => Some(Moving::Puts),
        "heappushpop" | "heapreplace" => Some(Moving::Replaces),
        _ => None,
    }
}

impl<'f> Interpreter<'_, '_, 'f> {
    /// Nothing is left of what a container held.
    fn empty(&mut self, path: &Path) {
        let value = self.environment().read(path);
        let is_element = |(path, _): &(Vec<Element>, TaintSet)| !matches!(path[0], Element::Attribute(_));
        if value.own.is_empty() && value.parts.iter().all(is_element) {
            self.environment().clean(path);
        }
    }

    /// Elements that are known by their places may have others from here on, under all names of
    /// their list and for whoever has given it to this function.
    pub(super) fn move_elements(&mut self, container: &Path) {
        let names: Vec<Path> =
            self.environment().others(container).into_iter().map(|(path, _)| path).collect();
        for path in std::iter::once(container).chain(&names) {
            if !self.moved.contains(path) && self.moved.len() < MOST_MOVED {
                self.moved.push(path.clone());
            }
        }
        let value = self.environment().read(container);
        let is_part = |path: &[Element]| path[0].overlaps(&Element::Place);
        let is_given = value.own.iter().any(|taint| matches!(taint.origin, Origin::Parameter { .. }));
        if !is_given && !value.parts.iter().any(|(path, _)| is_part(path)) {
            return;
        }
        self.put_into(&container.join(&[Element::Place]), &value.project(&Element::Place));
    }

    /// Adds a value to what is there, part by part.
    fn put_into(&mut self, path: &Path, value: &Value) {
        self.taint_object(path, &value.own);
        for (rest, taints) in value.parts.iter() {
            self.taint_object(&path.join(rest), taints);
        }
    }

    /// What putting something into a container gives: `entries.setdefault(key, value)` what is there.
    fn put_result(&mut self, call: &'f ast::ExprCall, method: &str, container: &Path) -> Value {
        match call.arguments.args.first() {
            Some(key) if method == "setdefault" => {
                let element = self.element(key);
                self.environment().read(&container.join(&[element]))
            }
            Some(_) | None => Value::default(),
        }
    }

    /// A call of a function of the standard library that changes the list which it is given first.
    pub(super) fn moved_by_library(
        &mut self,
        call: &'f ast::ExprCall,
        arguments: &[Argument<'f>],
    ) -> Option<Value> {
        let list = arguments.first()?;
        let may_be_it = match &*call.func {
            Expr::Name(name) => moving(&name.id).is_some() || self.is_imported(&name.id),
            Expr::Attribute(function) => {
                moving(&function.attr).is_some()
                    || function.attr.as_str() == "setitem"
                    || matches!(&*function.value, Expr::Name(name) if CONTAINERS.contains(&name.id.as_str()))
            }
            _ => false,
        };
        if !may_be_it {
            return None;
        }
        let name = self.engine.library_function(self.unit, call)?;
        let (module, function) = name.rsplit_once('.').unwrap_or(("", &name));
        if matches!(module, "builtins.list" | "builtins.dict" | "builtins.set" | "collections.deque") {
            // `list.append(several, one)`
            let expression = list.expression?;
            let (value, path) = (list.value.clone(), list.path.clone());
            let receiver = Receiver { value, path, expression, is_self: false };
            return self.known_method(call, function, &receiver, &arguments[1..]);
        }
        if !matches!(module, "heapq" | "bisect" | "operator") && function != "shuffle" {
            return None;
        }
        let path = list.path.clone()?;
        if let ("setitem", [_, key, value]) = (function, &*call.arguments.args) {
            let element = self.element(key);
            let taints = arguments.last()?.value.reachable();
            let place = self.engine.slice(self.file, value.range()).to_owned();
            let taints = taints.then(&self.step(call.range(), StepKind::Stored(place)));
            self.taint_object(&path.join(&[element]), &taints);
            return Some(Value::default());
        }
        let moving = moving(function)?;
        let mut given = list.value.project(&Element::Place);
        self.move_elements(&path);
        if let (Moving::Puts | Moving::Replaces, Some(put)) = (moving, arguments.get(1)) {
            let place = self.engine.slice(self.file, list.expression?.range()).to_owned();
            let value = put.value.then(&self.step(call.range(), StepKind::Stored(place)));
            self.put_into(&path.join(&[Element::Place]), &value);
            self.put_in(&path, &arguments[1..2]);
            given.join(&put.value);
        }
        Some(if matches!(moving, Moving::Takes | Moving::Replaces) { given } else { Value::default() })
    }

    pub(super) fn known_method(
        &mut self,
        call: &'f ast::ExprCall,
        method: &str,
        receiver: &Receiver<'f>,
        arguments: &[Argument<'f>],
    ) -> Option<Value> {
        if MOVING.contains(&method)
            && !receiver.is_self
            && let Some(path) = &receiver.path
        {
            self.move_elements(path);
        }
        match method {
            "__setitem__" => {
                let [key, _] = &*call.arguments.args else { return None };
                let element = self.element(key);
                let taints = arguments.last()?.value.reachable();
                let place = self.engine.slice(self.file, call.func.range()).to_owned();
                let taints = taints.then(&self.step(call.range(), StepKind::Stored(place)));
                self.taint_part(receiver.expression, &element, &taints, call.range());
                Some(Value::default())
            }
            // `object.__setattr__(self, "name", value)`
            "__setattr__" => match &*call.arguments.args {
                [_, _, _] => self.attribute_call(call, method, arguments),
                [name, _] => {
                    let Expr::Attribute(attribute) = &*call.func else { return None };
                    let taints = arguments.last()?.value.reachable();
                    self.set_attribute(call.range(), &attribute.value, name, &taints);
                    Some(Value::default())
                }
                _ => None,
            },
            "update" if self.namespace_of(receiver.expression).is_some() => {
                let object = self.namespace_of(receiver.expression)?;
                self.update_namespace(call, object, arguments);
                Some(Value::default())
            }
            // They put what they are given into the object.
            _ if PUTTING.contains(&method) => {
                let mut taints = TaintSet::default();
                for argument in arguments {
                    taints.extend(&argument.value.reachable());
                }
                if let ("update", Some(path), false) = (method, &receiver.path, receiver.is_self) {
                    if taints.is_empty() {
                        self.replaced(call, path);
                        self.put_in(path, arguments);
                        return None;
                    }
                    self.update(call, path, arguments);
                    self.put_in(path, arguments);
                    return Some(Value::default());
                }
                if let Some(path) = receiver.path.as_ref().filter(|_| !receiver.is_self && !taints.is_empty())
                {
                    let place = self.engine.slice(self.file, call.func.range()).to_owned();
                    let taints = taints.then(&self.step(call.range(), StepKind::Stored(place)));
                    self.taint_object(&path.join(&[Element::Anything]), &taints);
                    self.put_in(path, arguments);
                    return Some(self.put_result(call, method, path));
                }
                if let Some(path) = receiver.path.as_ref().filter(|_| !receiver.is_self) {
                    self.put_in(path, arguments);
                }
                if let (None, Expr::Attribute(attribute), false) =
                    (&receiver.path, &*call.func, taints.is_empty())
                {
                    self.taint_part(&attribute.value, &Element::Anything, &taints, call.range());
                }
                None
            }
            "write" | "writelines" => {
                let mut taints = TaintSet::default();
                for argument in arguments {
                    taints.extend(&argument.value.reachable());
                }
                if !taints.is_empty() && self.engine.is_buffer(self.unit, receiver.expression) {
                    self.fill(receiver.expression, &taints, call);
                    return Some(Value::default());
                }
                None
            }
            "get" | "pop" if !receiver.is_self && !arguments.is_empty() && !receiver.value.is_clean() => {
                let key = self.element(call.arguments.args.first()?);
                let mut value = receiver.value.project(&key);
                for argument in &arguments[1..] {
                    value.join(&argument.value);
                }
                // What has a number is followed by others, which move up.
                if let ("pop", Some(path), Element::Key(name)) = (method, &receiver.path, &key)
                    && name.parse::<i64>().is_err()
                {
                    let path = path.join(std::slice::from_ref(&key));
                    self.environment().clean(&path);
                }
                Some(value)
            }
            // Nothing is left of what it held.
            "clear" if arguments.is_empty() && !receiver.is_self => {
                let path = receiver.path.as_ref()?;
                self.empty(path);
                None
            }
            "items" | "keys" | "values"
                if arguments.is_empty() && !receiver.is_self && !receiver.value.is_clean() =>
            {
                let keys = Value::whole(receiver.value.own.clone());
                let values = receiver.value.project(&Element::Anything);
                let each = match method {
                    "keys" => keys,
                    "values" => values,
                    _ => tuple([keys, values]),
                };
                Some(each.wrapped(&Element::Anything))
            }
            "copy" if arguments.is_empty() && !receiver.is_self => Some(receiver.value.clone()),
            _ => None,
        }
    }

    /// `entries.update(name=value)`: what has a key keeps it.
    fn update(&mut self, call: &'f ast::ExprCall, container: &Path, arguments: &[Argument<'f>]) {
        let mut entries = Value::default();
        for argument in arguments {
            match &argument.keyword {
                Some(name) => entries.join(&argument.value.wrapped(&Element::Key(name.clone()))),
                None => {
                    entries.join(&Value::whole(argument.value.own.clone()).wrapped(&Element::Anything));
                    for (path, taints) in argument.value.parts.iter() {
                        entries.add(path, taints);
                    }
                }
            }
        }
        let place = self.engine.slice(self.file, call.func.range()).to_owned();
        let entries = entries.then(&self.step(call.range(), StepKind::Stored(place)));
        self.replaced(call, container);
        for (path, taints) in entries.parts.iter() {
            self.taint_object(&container.join(path), taints);
        }
    }

    /// The entries that `entries.update(name=value)` or `entries.update({"name": value})` replaces.
    fn replaced(&mut self, call: &'f ast::ExprCall, container: &Path) {
        let mut keys: Vec<Element> = Vec::new();
        for argument in call.arguments.iter_source_order() {
            match argument {
                ast::ArgOrKeyword::Keyword(ast::Keyword { arg: Some(name), .. }) => {
                    keys.push(Element::Key(name.id.clone()));
                }
                ast::ArgOrKeyword::Arg(Expr::Dict(dict)) => {
                    let given = dict.items.iter().filter_map(|item| item.key.as_ref());
                    keys.extend(given.map(|key| self.element(key)));
                }
                ast::ArgOrKeyword::Arg(_) | ast::ArgOrKeyword::Keyword(_) => {}
            }
        }
        for key in keys.into_iter().filter(|key| *key != Element::Anything) {
            self.environment().clean(&container.join(&[key]));
        }
    }

    /// `self.__dict__.update(name=value)`
    fn update_namespace(&mut self, call: &'f ast::ExprCall, object: &'f Expr, arguments: &[Argument<'f>]) {
        for argument in arguments {
            let mut entries: Vec<(Name, TaintSet)> = Vec::new();
            let mut others = TaintSet::default();
            match &argument.keyword {
                Some(name) => entries.push((name.clone(), argument.value.reachable())),
                None => {
                    others.extend(&argument.value.own);
                    for (path, taints) in argument.value.parts.iter() {
                        match &path[0] {
                            Element::Key(name) => entries.push((name.clone(), taints.clone())),
                            Element::Attribute(_) | Element::Place | Element::Anything => {
                                others.extend(taints)
                            }
                        }
                    }
                }
            }
            for (name, taints) in entries {
                let place = self.engine.slice(self.file, call.func.range()).to_owned();
                let taints = taints.then(&self.step(call.range(), StepKind::Stored(place)));
                self.taint_part(object, &Element::Attribute(name), &taints, call.range());
            }
            self.lose(&others, call.range(), "stores the value in an attribute whose name is computed");
        }
    }

    /// A container holds these objects from here on, at places that are not known.
    fn put_in(&mut self, container: &Path, arguments: &[Argument]) {
        for argument in arguments.iter().filter(|argument| argument.spread == Spread::No) {
            if let Some(path) = &argument.path {
                let place = container.join(&[Element::Anything]);
                self.environment().alias(&place, &[(path.clone(), false)]);
            }
        }
    }
}
