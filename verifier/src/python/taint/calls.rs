//! Calls: into functions of the project by their summaries, into the standard containers by what
//! is known of them, and into everything else by assumption.

use std::rc::Rc;

use ruff_python_ast as ast;
use ruff_python_ast::Expr;
use ruff_python_ast::name::Name;
use ruff_text_size::{Ranged, TextRange};

use super::engine::{Body, UnitId};
use super::environment::{Path, Root};
use super::interpreter::{Interpreter, Object};
use super::scope;
use super::summary::{Place, Summary, Thrown};
use super::value::{Element, Origin, Step, StepKind, Taint, TaintSet, Value};
use super::{Beyond, Binding};

/// An argument as it is passed.
#[derive(Clone)]
pub(super) struct Argument<'f> {
    pub(super) keyword: Option<Name>,
    pub(super) spread: Spread,
    pub(super) value: Value,
    pub(super) path: Option<Path>,
    pub(super) expression: Option<&'f Expr>,
}

/// Whether an argument is several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spread {
    /// It is one.
    No,
    /// `*several`
    Elements,
    /// `**several`
    Entries,
}

impl Argument<'_> {
    /// A value of which nothing else is known.
    pub(super) fn several(spread: Spread, value: Value) -> Self {
        Self { keyword: None, spread, value, path: None, expression: None }
    }
}

/// What a parameter receives: a value, the variable or the part of one that it came from, and the
/// expression that gave it.
#[derive(Clone, Default)]
pub(super) struct Passed<'f> {
    /// The call has an argument for the parameter for certain.
    pub(super) certain: bool,
    pub(super) value: Value,
    pub(super) path: Option<Path>,
    pub(super) expression: Option<&'f Expr>,
}

/// The object that a method is called on.
pub(super) struct Receiver<'f> {
    pub(super) value: Value,
    pub(super) path: Option<Path>,
    pub(super) expression: &'f Expr,
    /// It is the object that the running method belongs to.
    pub(super) is_self: bool,
}

impl<'f> Interpreter<'_, '_, 'f> {
    pub(super) fn call(&mut self, call: &'f ast::ExprCall) -> Value {
        // Arguments first, although Python looks at the callee first: propagators from an
        // argument to the object of the call depend on it, and nothing else does.
        let arguments = self.arguments(&call.arguments);
        let (mut receiver, callee) = self.callee(&call.func);
        let mut passed = TaintSet::default();
        for argument in &arguments {
            passed.extend(&argument.value.reachable());
        }
        if let Some(receiver) = receiver.as_ref().filter(|receiver| !receiver.is_self) {
            passed.extend(&receiver.value.own);
        }
        self.call_sinks(call.range(), &passed);
        let options = self.engine.specification.options;
        if options.deep {
            if let Some(value) = self.call_of_name(call, &arguments, &passed) {
                return value;
            }
            self.decorated(call, receiver.as_ref(), &arguments);
            let callees = self.resolve(call);
            if !callees.is_empty() {
                // `object(…)` runs a method of the object.
                if receiver.is_none() && callees.iter().any(|(_, _, binding)| *binding == Binding::Method) {
                    receiver = self.called_object(&call.func, &callee);
                }
                // What is known of the callee need not be all that it can be.
                self.doubts(call, receiver.as_ref(), &arguments, &passed);
                let receiver = receiver.as_ref().map(Receiver::passed);
                let is_certain = self.is_certain(call, &callees);
                let mut result =
                    self.apply_all(call.range(), callees, receiver.as_ref(), &arguments, is_certain);
                // A function that has kept a value may give it.
                if call.func.is_call_expr() || call.func.is_name_expr() {
                    result.own.extend(&callee.own.derived());
                }
                return result;
            }
            if !super::protocols::is_consumer(call) {
                self.engine.note_library_call(self.unit, call);
            }
            if let Some(fields) = self.engine.fields(self.unit, call) {
                return built_of(&fields, &arguments);
            }
            if !passed.is_empty()
                && let Some(value) = self.moved_by_library(call, &arguments)
            {
                return value;
            }
            if let Some(value) = self.beyond(call, receiver.as_ref(), &arguments, &passed) {
                return value;
            }
            if let Some(value) = self.known_call(call, receiver.as_ref(), &arguments) {
                return value;
            }
        }
        if options.only_propagate_through_assignments {
            return Value::default();
        }
        if options.deep && !self.engine.world.follows() {
            let object = receiver.as_ref().and_then(|receiver| receiver.path.clone());
            self.forget(call, object.as_ref(), &arguments);
        }
        let mut taints = callee.own.clone();
        if !options.assume_safe_functions {
            if let Some(receiver) = receiver.filter(|receiver| !receiver.is_self) {
                taints.extend(&receiver.value.reachable());
            }
            let arguments = if options.deep { self.consumed(call, arguments) } else { arguments };
            let mut passed = TaintSet::default();
            for argument in &arguments {
                passed.extend(&argument.value.reachable());
            }
            if options.deep && !passed.is_empty() {
                self.fill_buffers(call, &arguments, &passed);
                let name = self.engine.slice(self.file, call.func.range()).to_owned();
                passed = passed.then(&self.step(call.range(), StepKind::Unresolved(name)));
            }
            taints.extend(&passed);
        }
        Value::whole(taints.derived())
    }

    fn arguments(&mut self, arguments: &'f ast::Arguments) -> Vec<Argument<'f>> {
        arguments
            .iter_source_order()
            .map(|argument| {
                let (keyword, spread, expression) = match argument {
                    ast::ArgOrKeyword::Arg(Expr::Starred(starred)) => {
                        (None, Spread::Elements, &*starred.value)
                    }
                    ast::ArgOrKeyword::Arg(argument) => (None, Spread::No, argument),
                    ast::ArgOrKeyword::Keyword(keyword) => match &keyword.arg {
                        Some(name) => (Some(name.id.clone()), Spread::No, &keyword.value),
                        None => (None, Spread::Entries, &keyword.value),
                    },
                };
                let value = self.expression(expression);
                let value = match argument {
                    ast::ArgOrKeyword::Arg(whole @ Expr::Starred(_)) => {
                        let value = self.spread(expression, value);
                        self.marks(whole.range(), None, value)
                    }
                    ast::ArgOrKeyword::Arg(_) | ast::ArgOrKeyword::Keyword(_) => value,
                };
                let path = self.path(expression);
                Argument { keyword, spread, value, path, expression: Some(expression) }
            })
            .collect()
    }

    /// The object of a method call, and the taint of the callee itself.
    fn callee(&mut self, function: &'f Expr) -> (Option<Receiver<'f>>, Value) {
        let Expr::Attribute(attribute) = function else {
            let value = self.expression(function);
            return (None, value);
        };
        let mut value = self.expression(&attribute.value);
        let path = self.object_path(&attribute.value);
        if let (Some(own), true) = (&path, scope::is_super(&attribute.value)) {
            value = self.environment().read(own);
        }
        let own = self.engine.receiver(self.unit).map(|(_, name)| Path::variable(Root::Local(name)));
        let is_self = self.engine.specification.options.deep && path.is_some() && path == own;
        // What is known of the method beyond its object: a source or a propagator names it.
        let callee = match self.marks.touches(attribute.range) {
            true => {
                let method = self.path(function);
                self.marks(attribute.range, method.as_ref(), Value::default())
            }
            false => Value::default(),
        };
        (Some(Receiver { value, path, expression: &attribute.value, is_self }), callee)
    }

    /// The object of a call that names none: one that is called itself, or the one whose method a
    /// variable holds.
    fn called_object(&mut self, function: &'f Expr, value: &Value) -> Option<Receiver<'f>> {
        if let Expr::Name(name) = function
            && let Some(method) = self.bound_methods.get(&name.id).copied()
        {
            return self.callee(method).0;
        }
        let path = self.object_path(function);
        Some(Receiver { value: value.clone(), path, expression: function, is_self: false })
    }

    /// Functions that are not followed may put other values into the objects that they are given,
    /// and into variables that functions declare to be from outside.
    fn forget(&mut self, call: &'f ast::ExprCall, receiver: Option<&Path>, arguments: &[Argument<'f>]) {
        let name = self.engine.slice(self.file, call.func.range()).to_owned();
        let step = self.step(call.range(), StepKind::Unresolved(name));
        let objects: Vec<Path> =
            arguments.iter().filter_map(|argument| argument.path.as_ref()).chain(receiver).cloned().collect();
        let mut places = Vec::new();
        for object in objects {
            let value = self.environment().read(&object);
            let tainted = value.parts.iter().filter(|(_, taints)| !taints.is_empty());
            places.extend(tainted.map(|(rest, taints)| (object.join(rest), taints.clone())));
        }
        let file = &self.engine.files[self.file as usize];
        let declared =
            file.declared.get_or_init(|| scope::declared(&file.source.source().module().body)).clone();
        for name in declared {
            let path = Path::variable(self.root(&name));
            let taints = self.environment().read_own(&path);
            if !taints.is_empty() {
                places.push((path, taints));
            }
        }
        for (path, taints) in places {
            let value = Value::whole(taints.then(&step));
            self.environment().store(&path, &value);
        }
    }

    /// What functions of the project do, whichever of them it is.
    pub(super) fn apply_all(
        &mut self,
        range: TextRange,
        callees: Vec<(UnitId, Rc<Summary>, Binding)>,
        receiver: Option<&Passed<'f>>,
        arguments: &[Argument<'f>],
        is_certain: bool,
    ) -> Value {
        let mut result = Value::default();
        if let ([(unit, _, binding)], true) = (&*callees, is_certain) {
            self.replace(*unit, *binding, receiver, arguments);
        }
        for (unit, summary, binding) in callees {
            result.join(&self.apply(range, unit, &summary, binding, receiver.cloned(), arguments));
        }
        result
    }

    /// Whether a call can run nothing else, where that matters.
    fn is_certain(&mut self, call: &'f ast::ExprCall, callees: &[(UnitId, Rc<Summary>, Binding)]) -> bool {
        let [(unit, _, _)] = callees else { return false };
        if self.engine.replaced(*unit).is_empty() {
            return false;
        }
        if let Expr::Name(name) = &*call.func
            && self.inner_functions.contains_key(&name.id)
        {
            return !self.ambiguous.contains(&name.id);
        }
        matches!(&*self.engine.beyond(self.unit, call), Beyond::Library | Beyond::Runs(_))
    }

    /// What the caller knows of places that a function gives another value for certain counts no more.
    pub(super) fn replace(
        &mut self,
        unit: UnitId,
        binding: Binding,
        receiver: Option<&Passed<'f>>,
        arguments: &[Argument<'f>],
    ) {
        let Body::Function(function) = self.engine.units[unit].body else { return };
        let replaced = self.engine.replaced(unit);
        if replaced.is_empty() {
            return;
        }
        let given = give(&function.parameters, binding, receiver.cloned(), arguments);
        for place in replaced.iter() {
            let of_parameter = function.parameters.iter().position(|one| one.name().id == place.name);
            let object = match of_parameter {
                Some(index) => given[index].path.clone(),
                None => self.variable_of(unit, &place.name),
            };
            let Some(path) = object.map(|object| object.join(&place.path)) else { continue };
            self.environment().clean(&path);
        }
    }

    /// The variable that a function has declared `global` or `nonlocal`, if it is the same here.
    fn variable_of(&self, unit: UnitId, name: &Name) -> Option<Path> {
        let called = &self.engine.units[unit];
        if !called.declares_outer(name) {
            return (called.file == self.file).then(|| Path::variable(Root::Global(name.clone())));
        }
        let root = self.root(name);
        let is_same = called.definer == Some(self.unit) && matches!(root, Root::Local(_));
        is_same.then(|| Path::variable(root))
    }

    /// The function of that name that is defined inside this one.
    pub(super) fn inner_function(&mut self, name: &Expr) -> Option<(UnitId, Rc<Summary>, Binding)> {
        let Expr::Name(name) = name else { return None };
        let unit = *self.inner_functions.get(&name.id)?;
        let captured = self.captured(self.state.as_ref());
        self.engine.recapture(unit, &captured);
        Some((unit, self.engine.summary(self.unit, unit), Binding::Function))
    }

    fn resolve(&mut self, call: &'f ast::ExprCall) -> Vec<(UnitId, Rc<Summary>, Binding)> {
        if let Some(known) = self.inner_function(&call.func) {
            return vec![known];
        }
        let callees = self.engine.callees(self.unit, call);
        let overriding = self.engine.overriding(self.unit, call);
        let mut known = Vec::new();
        for callee in callees.iter().chain(&overriding).filter(|callee| callee.direct) {
            let Some((unit, summary)) = self.engine.call(self.unit, callee) else { return Vec::new() };
            known.push((unit, summary, callee.binding));
        }
        known
    }

    /// Does what a function of the project is known to do.
    pub(super) fn apply(
        &mut self,
        range: TextRange,
        unit: UnitId,
        summary: &Summary,
        binding: Binding,
        receiver: Option<Passed<'f>>,
        arguments: &[Argument<'f>],
    ) -> Value {
        let Body::Function(function) = self.engine.units[unit].body else { return Value::default() };
        let name = match self.engine.units[unit].class {
            Some(class) if binding == Binding::Constructor => {
                self.engine.classes[class].at.class.name.to_string()
            }
            Some(_) | None => self.engine.units[unit].name.clone(),
        };
        let mut given = give(&function.parameters, binding, receiver, arguments);
        self.engine.note_call(unit);
        let (first, captured) = self.engine.captured_of(unit);
        for (parameter, passed) in function.parameters.iter().zip(&mut given) {
            if !passed.certain {
                passed.value.join(&self.engine.default_of(self.unit, unit, &parameter.name().id));
            }
        }
        if !captured.is_empty() && self.engine.sees_variables_of(self.unit, unit) {
            given.truncate(first);
            given.extend(captured.iter().map(|name| {
                let path = Path::variable(self.root(name));
                let value = self.state.as_ref().map(|state| state.read(&path)).unwrap_or_default();
                Passed { certain: true, value, path: Some(path), expression: None }
            }));
        }
        for (index, passed) in given.iter().enumerate() {
            if let (false, Ok(index)) = (passed.value.is_clean(), u16::try_from(index)) {
                self.engine.want(unit, index);
            }
        }
        if summary.is_silent() {
            return Value::default();
        }
        let parameters: Vec<&Name> =
            function.parameters.iter().map(|parameter| &parameter.name().id).chain(captured.iter()).collect();
        let passing = |index: u16, this: &Self| {
            let parameter =
                parameters.get(usize::from(index)).map(|name| name.to_string()).unwrap_or_default();
            this.step(range, StepKind::Passed(name.clone(), parameter))
        };
        for arrival in &summary.arrivals {
            let Some(passed) = given.get(usize::from(arrival.parameter)) else { continue };
            let taints = passed.value.project_path(&arrival.path).reachable();
            let mark =
                self.engine.files[arrival.sink_file as usize].marks.marks.sinks[arrival.sink_mark as usize];
            let requires = self.engine.specification.sinks[mark.kind].requires.as_ref();
            if taints.is_empty() || !self.engine.requires_holds(requires, &taints) {
                continue;
            }
            let step = passing(arrival.parameter, self);
            let mut own = std::mem::take(&mut self.summary);
            for taint in taints.iter() {
                let trace = taint.trace.then(step.clone()).join(&arrival.trace);
                self.engine.arrive_one(taint, arrival.sink_file, arrival.sink_mark, trace, &mut own);
            }
            self.summary = own;
        }
        for lost in &summary.lost {
            if let Some(passed) = given.get(usize::from(lost.parameter)) {
                let taints = passed.value.project_path(&lost.path).reachable();
                self.doubt_within(&taints, &lost.place, lost.within.iter().copied(), lost.stored.as_ref());
            }
        }
        // Where nothing is passed, no step is told.
        let steps: Vec<Step> = (0..given.len())
            .map(|index| match given[index].value.is_clean() {
                true => self.step(range, StepKind::Propagated),
                false => passing(u16::try_from(index).unwrap_or(u16::MAX), self),
            })
            .collect();
        let mut built = Value::default();
        for write in &summary.writes {
            let Some(passed) = given.get(usize::from(write.parameter)) else { continue };
            let taints = substitute(&write.taints, &given, &steps).reachable();
            if taints.is_empty() {
                continue;
            }
            if write.parameter == 0 && binding == Binding::Constructor {
                built.add(&write.path, &taints);
                continue;
            }
            if let (false, Some(name)) = (passed.certain, parameters.get(usize::from(write.parameter))) {
                let path: Vec<Element> =
                    [Element::Attribute((*name).clone())].into_iter().chain(write.path.clone()).collect();
                self.keep(Place::Default(unit), &path, &taints);
            }
            let objects = match (&passed.path, passed.expression) {
                (Some(path), _) => vec![path.clone()],
                (None, Some(expression)) => match self.object(expression) {
                    Object::New => Vec::new(),
                    Object::At(paths) => paths,
                    Object::Unknown => {
                        self.lose(&taints, range, "stores the value in an object that cannot be told");
                        Vec::new()
                    }
                },
                (None, None) => Vec::new(),
            };
            for object in objects {
                self.taint_object(&object.join(&write.path), &taints);
                if write.parameter == 0
                    && binding == Binding::Method
                    && !write.path.is_empty()
                    && self.outlives(&object)
                    && let Some(class) = self.engine.units[unit].class
                {
                    self.keep(Place::Class(class), &write.path, &taints);
                }
            }
        }
        for (parameter, path) in &summary.moves {
            let Some(passed) = given.get(usize::from(*parameter)) else { continue };
            let objects = match (&passed.path, passed.expression) {
                (Some(object), _) => vec![object.clone()],
                (None, Some(expression)) => match self.object(expression) {
                    Object::At(objects) => objects,
                    Object::New | Object::Unknown => Vec::new(),
                },
                (None, None) => Vec::new(),
            };
            objects.iter().for_each(|object| self.move_elements(&object.join(path)));
        }
        for kept in &summary.kept {
            let taints = substitute(&kept.taints, &given, &steps).reachable();
            if !taints.is_empty() {
                self.keep(kept.place, &kept.path, &taints);
            }
        }
        let rebound = if summary.outer.is_empty() { None } else { Some(scope::rebound(function)) };
        for (name, taints) in &summary.outer {
            let taints = &substitute(taints, &given, &steps).reachable();
            let root = self.root(name);
            if matches!(root, Root::Local(_)) {
                let path = Path::variable(root);
                if rebound.as_ref().is_some_and(|rebound| rebound.contains(name)) {
                    self.environment().taint_here(&path, taints);
                } else {
                    self.environment().taint(&path, taints);
                }
            }
        }
        for thrown in &summary.raised {
            let value = substitute_parts(&thrown.value, &given, &steps);
            self.throw(Thrown { class: thrown.class.clone(), value });
        }
        if binding == Binding::Constructor {
            return built;
        }
        let returned = self.step(range, StepKind::Returned(name));
        substitute_parts(&summary.returned, &given, &steps).then(&returned)
    }

    /// Whether an object is kept in the running method's own object, or in the module.
    fn outlives(&self, object: &Path) -> bool {
        let own = self.engine.receiver(self.unit).map(|(_, name)| Root::Local(name));
        match &object.root {
            Root::Global(_) => true,
            Root::Local(_) => !object.elements.is_empty() && own.as_ref() == Some(&object.root),
        }
    }

    /// The value of an attribute that is a property.
    pub(super) fn property(
        &mut self,
        attribute: &'f ast::ExprAttribute,
        object: &Value,
        path: Option<&Path>,
    ) -> Option<Value> {
        let getters = self.engine.getters(self.unit, attribute);
        let mut result: Option<Value> = None;
        for getter in getters {
            let Some((unit, summary)) = self.engine.call(self.unit, &getter) else { continue };
            let expression = Some(&*attribute.value);
            let receiver =
                Some(Passed { certain: true, value: object.clone(), path: path.cloned(), expression });
            let value = self.apply(attribute.range, unit, &summary, getter.binding, receiver, &[]);
            result.get_or_insert_default().join(&value);
        }
        result
    }

    /// Runs the setter of an attribute that is a property with one.
    pub(super) fn set_property(&mut self, attribute: &'f ast::ExprAttribute, value: &Value) {
        for setter in self.engine.setters(self.unit, attribute) {
            let Some((unit, summary)) = self.engine.call(self.unit, &setter) else { continue };
            let object = self.expression(&attribute.value);
            let path = self.object_path(&attribute.value);
            let expression = Some(&*attribute.value);
            let receiver = Some(Passed { certain: true, value: object, path, expression });
            let stored = Argument::several(Spread::No, value.clone());
            self.apply(attribute.range, unit, &summary, setter.binding, receiver, &[stored]);
        }
    }

    /// Calls whose effect is known without seeing their code.
    fn known_call(
        &mut self,
        call: &'f ast::ExprCall,
        receiver: Option<&Receiver<'f>>,
        arguments: &[Argument<'f>],
    ) -> Option<Value> {
        match (&*call.func, receiver) {
            (Expr::Name(name), _) if name.id.as_str() == "dict" && call.arguments.args.is_empty() => {
                let mut made = Value::default();
                for argument in arguments {
                    match &argument.keyword {
                        Some(key) => made.join(&argument.value.wrapped(&Element::Key(key.clone()))),
                        None => made.join(&argument.value),
                    }
                }
                Some(made)
            }
            (Expr::Name(_) | Expr::Attribute(_), _)
                if super::handed::last_name(&call.func) == Some("SimpleNamespace") =>
            {
                Some(built_of(&[], arguments))
            }
            (Expr::Name(name), _) => {
                // They tell something about a value that is not the value.
                let tells =
                    ["bool", "callable", "hasattr", "id", "isinstance", "issubclass", "len", "print", "type"];
                if let Some(value) = self.attribute_call(call, name.id.as_str(), arguments) {
                    return Some(value);
                }
                if name.id.as_str() == "print" {
                    let mut passed = TaintSet::default();
                    for argument in arguments {
                        passed.extend(&argument.value.reachable());
                    }
                    if !passed.is_empty() {
                        self.fill_buffers(call, arguments, &passed);
                    }
                }
                if let Some(method) = self.bound_methods.get(&name.id).copied()
                    && let Expr::Attribute(attribute) = method
                {
                    let receiver = self.callee(method).0?;
                    return self.known_method(call, attribute.attr.as_str(), &receiver, arguments);
                }
                tells.contains(&name.id.as_str()).then(Value::default)
            }
            (Expr::Attribute(method), Some(receiver)) => {
                self.known_method(call, method.attr.as_str(), receiver, arguments)
            }
            _ => None,
        }
    }

    /// `setattr(a, "b", value)` is `a.b = value`, and `getattr(a, "b")` is `a.b`.
    pub(super) fn attribute_call(
        &mut self,
        call: &'f ast::ExprCall,
        function: &str,
        arguments: &[Argument<'f>],
    ) -> Option<Value> {
        let positional = &*call.arguments.args;
        if !call.arguments.keywords.is_empty() || positional.iter().any(Expr::is_starred_expr) {
            return None;
        }
        match (function, positional) {
            ("setattr" | "__setattr__", [object, name, _]) => {
                let taints = arguments.last()?.value.reachable();
                self.set_attribute(call.range(), object, name, &taints);
                Some(Value::default())
            }
            ("enumerate", [several] | [several, _]) => {
                let value = arguments.first()?.value.clone();
                let each = tuple([Value::default(), self.iterated(several, &value, false)]);
                Some(each.wrapped(&Element::Anything))
            }
            ("zip", several) => {
                let each: Vec<Value> = several
                    .iter()
                    .zip(arguments)
                    .map(|(several, argument)| self.iterated(several, &argument.value, false))
                    .collect();
                Some(tuple(each).wrapped(&Element::Anything))
            }
            ("vars", [_]) => Some(super::keys::namespace(&arguments.first()?.value)),
            ("next", [_] | [_, _]) => self.next_of(call, arguments),
            ("str" | "repr" | "format" | "ascii", [object]) => {
                let value = arguments.first()?.value.clone();
                let text = self.text_of(object, &value, matches!(function, "repr" | "ascii"))?;
                Some(Value::whole(text.reachable().derived()))
            }
            ("getattr", [_, name, default @ ..]) => {
                let name = self.attribute_name(name)?;
                let mut value = arguments.first()?.value.project(&Element::Attribute(name));
                if let (Some(default), false) = (arguments.get(2), default.is_empty()) {
                    value.join(&default.value);
                }
                Some(value)
            }
            _ => None,
        }
    }

    /// A value is stored in an attribute whose name an expression gives.
    pub(super) fn set_attribute(
        &mut self,
        range: TextRange,
        object: &'f Expr,
        name: &'f Expr,
        taints: &TaintSet,
    ) {
        if taints.is_empty() {
            return;
        }
        let Some(name) = self.attribute_name(name) else {
            self.lose(taints, range, "stores the value in an attribute whose name is computed");
            return;
        };
        let place = format!("{}.{name}", self.engine.slice(self.file, object.range()));
        let taints = taints.then(&self.step(range, StepKind::Stored(place)));
        self.taint_part(object, &Element::Attribute(name), &taints, range);
    }
}

/// Functions that write what they are given to a file that they are given.
const WRITERS: [&str; 4] = ["copyfileobj", "dump", "pprint", "print"];

impl<'f> Interpreter<'_, '_, 'f> {
    /// What a library writes to a file in memory can be read from it.
    fn fill_buffers(&mut self, call: &'f ast::ExprCall, arguments: &[Argument<'f>], passed: &TaintSet) {
        if !super::handed::last_name(&call.func).is_some_and(|name| WRITERS.contains(&name)) {
            return;
        }
        for file in arguments.iter().filter_map(|argument| argument.expression) {
            if self.engine.is_buffer(self.unit, file) {
                self.fill(file, passed, call);
            }
        }
    }

    pub(super) fn fill(&mut self, file: &'f Expr, taints: &TaintSet, call: &'f ast::ExprCall) {
        let place = self.engine.slice(self.file, file.range()).to_owned();
        let taints = taints.then(&self.step(call.range(), StepKind::Stored(place)));
        for (path, _) in self.objects(file) {
            self.taint_object(&path, &taints);
        }
    }
}

/// Values side by side.
pub(super) fn tuple(values: impl IntoIterator<Item = Value>) -> Value {
    let mut tuple = Value::default();
    for (index, value) in values.into_iter().enumerate() {
        tuple.join(&value.wrapped(&Element::Key(Name::new(index.to_string()))));
    }
    tuple
}

/// A new object that keeps what it is given in attributes of these names.
fn built_of(fields: &[Name], arguments: &[Argument]) -> Value {
    let mut built = Value::default();
    let mut next = fields.iter();
    for argument in arguments {
        if argument.spread != Spread::No {
            built.own.extend(&argument.value.reachable());
            continue;
        }
        let Some(name) = argument.keyword.as_ref().or_else(|| next.next()) else { continue };
        built.join(&argument.value.wrapped(&Element::Attribute(name.clone())));
    }
    built
}

/// What each parameter of a function receives.
pub(super) fn give<'f>(
    parameters: &ast::Parameters,
    binding: Binding,
    receiver: Option<Passed<'f>>,
    arguments: &[Argument<'f>],
) -> Vec<Passed<'f>> {
    let all: Vec<_> = parameters.iter().collect();
    let mut given: Vec<Passed<'f>> = vec![Passed::default(); all.len()];
    let positional = parameters.posonlyargs.len() + parameters.args.len();
    let rest = parameters.vararg.as_ref().map(|_| positional);
    let keywords = parameters.kwarg.as_ref().map(|_| all.len() - 1);
    let mut next = 0;
    match (binding, given.first_mut()) {
        (Binding::Function, _) | (_, None) => {}
        (Binding::Method, Some(first)) => {
            *first = receiver.unwrap_or_default();
            next = 1;
        }
        (Binding::Constructor, Some(_)) => next = 1,
    }
    // Which parameter a positional argument meets is known up to the first `*several`.
    let mut known = true;
    let mut further = 0_usize;
    for argument in arguments {
        match (&argument.keyword, argument.spread) {
            (Some(keyword), _) => match all.iter().position(|parameter| parameter.name().id == *keyword) {
                Some(index) => given[index] = argument.passed(),
                None => {
                    if let Some(index) = keywords {
                        given[index].value.join(&argument.value.wrapped(&Element::Key(keyword.clone())));
                    }
                }
            },
            (None, Spread::Elements) => {
                for (index, passed) in given.iter_mut().enumerate().take(positional).skip(next) {
                    let element = Element::Key(Name::new((index - next).to_string()));
                    let element = if known { element } else { Element::Anything };
                    passed.value.join(&argument.value.project(&element));
                }
                if let Some(index) = rest {
                    given[index].value.join(&Value::whole(argument.value.reachable()));
                }
                known = false;
            }
            (None, Spread::Entries) => {
                for (index, passed) in given.iter_mut().enumerate().skip(next) {
                    if Some(index) == keywords {
                        passed.value.join(&argument.value);
                    } else if Some(index) != rest {
                        let entry = Element::Key(all[index].name().id.clone());
                        passed.value.join(&argument.value.project(&entry));
                    }
                }
            }
            (None, Spread::No) if !known => {
                let whole = Value::whole(argument.value.reachable());
                let may_meet = given.iter_mut().take(rest.map_or(positional, |rest| rest + 1));
                may_meet.skip(next).for_each(|passed| passed.value.join(&whole));
            }
            (None, Spread::No) if next < positional => {
                given[next] = argument.passed();
                next += 1;
            }
            (None, Spread::No) => {
                if let Some(index) = rest {
                    let element = Element::Key(Name::new(further.to_string()));
                    given[index].value.join(&argument.value.wrapped(&element));
                    further += 1;
                }
            }
        }
    }
    given
}

impl<'f> Argument<'f> {
    fn passed(&self) -> Passed<'f> {
        let Self { value, path, expression, .. } = self;
        Passed { certain: true, value: value.clone(), path: path.clone(), expression: *expression }
    }
}

impl<'f> Receiver<'f> {
    pub(super) fn passed(&self) -> Passed<'f> {
        let Self { value, path, expression, .. } = self;
        Passed { certain: true, value: value.clone(), path: path.clone(), expression: Some(expression) }
    }
}

/// Puts what was passed in the place of parameters, in a value and its parts.
fn substitute_parts(value: &Value, given: &[Passed], steps: &[Step]) -> Value {
    let mut result = substitute(&value.own, given, steps);
    for (path, taints) in value.parts.iter() {
        let part = substitute(taints, given, steps);
        result.add(path, &part.own);
        for (rest, taints) in part.parts.iter() {
            let path: Vec<Element> = path.iter().chain(rest).cloned().collect();
            result.add(&path, taints);
        }
    }
    result
}

/// Puts what was passed in the place of parameters.
pub(super) fn substitute(taints: &TaintSet, given: &[Passed], steps: &[Step]) -> Value {
    let mut result = Value::default();
    for taint in taints.iter() {
        match &taint.origin {
            Origin::Source { .. } => result.own.insert(taint.clone()),
            Origin::Parameter { index, path, whole } => {
                let Some(passed) = given.get(usize::from(*index)) else { continue };
                let value = passed.value.project_path(path);
                let further = |taints: &TaintSet| {
                    taints.map(|passed| {
                        let trace = match steps.get(usize::from(*index)) {
                            Some(step) => passed.trace.then(step.clone()).join(&taint.trace),
                            None => passed.trace.join(&taint.trace),
                        };
                        Some(Taint { trace, ..passed.clone() })
                    })
                };
                if *whole {
                    result.own.extend(&further(&value.reachable()).derived());
                } else {
                    let parts =
                        value.parts.iter().map(|(path, taints)| (path.clone(), further(taints))).collect();
                    let value = Value { own: further(&value.own), parts: std::sync::Arc::new(parts) };
                    result.join(&value);
                }
            }
        }
    }
    result
}
