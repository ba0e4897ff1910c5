//! Methods that Python runs where no call is written: of `for`, `with`, `next`, subscripts and
//! texts made of objects.

use ruff_python_ast as ast;
use ruff_python_ast::Expr;
use ruff_text_size::{Ranged, TextRange};

use super::Binding;
use super::calls::{Argument, Passed, Spread};
use super::engine::Body;
use super::interpreter::Interpreter;
use super::scope;
use super::value::{Element, Value};
use crate::python::control_flow::is_generator;

/// Methods of whose running nothing is left to doubt where the object can be told.
pub(super) const FOLLOWED: [&str; 8] = [
    "__aenter__",
    "__aiter__",
    "__anext__",
    "__enter__",
    "__getitem__",
    "__iter__",
    "__next__",
    "__setitem__",
];
/// What looks at all elements of what it is given.
const CONSUMERS: [&str; 25] = [
    "Counter",
    "all",
    "any",
    "bytearray",
    "bytes",
    "chain",
    "deque",
    "dict",
    "enumerate",
    "frozenset",
    "islice",
    "iter",
    "join",
    "list",
    "max",
    "min",
    "next",
    "repr",
    "reversed",
    "set",
    "sorted",
    "str",
    "sum",
    "tuple",
    "zip",
];

/// Whether a call does nothing with what it is given but to look at its elements or its text.
pub(super) fn is_consumer(call: &ast::ExprCall) -> bool {
    super::handed::last_name(&call.func).is_some_and(|name| CONSUMERS.binary_search(&name).is_ok())
}

impl<'f> Interpreter<'_, '_, 'f> {
    /// Whether the function that runs is a generator: what it yields counts as returned.
    pub(super) fn yields(&self) -> bool {
        match self.engine.units[self.unit].body {
            Body::Function(function) => is_generator(&function.body),
            Body::Module(_) => false,
        }
    }

    /// What a method gives that Python runs on an object, and whether that is all it can give;
    /// nothing when no such method of the project is known.
    fn special(
        &mut self,
        object: &'f Expr,
        value: &Value,
        method: &'static str,
        given: &[&Value],
        range: TextRange,
    ) -> Option<(Value, bool)> {
        if !self.engine.specification.options.deep {
            return None;
        }
        let special = self.engine.special(self.unit, object, method);
        if special.callees.is_empty() {
            return None;
        }
        let path = self.object_path(object);
        let receiver = Passed { certain: true, value: value.clone(), path, expression: Some(object) };
        let arguments: Vec<Argument<'f>> =
            given.iter().map(|value| Argument::several(Spread::No, (*value).clone())).collect();
        let mut result = Value::default();
        if let ([callee], true) = (&*special.callees, special.is_all) {
            let (unit, _) = self.engine.call(self.unit, callee)?;
            self.replace(unit, Binding::Method, Some(&receiver), &arguments);
        }
        for callee in &special.callees {
            let (unit, summary) = self.engine.call(self.unit, callee)?;
            let receiver = Some(receiver.clone());
            result.join(&self.apply(range, unit, &summary, Binding::Method, receiver, &arguments));
        }
        Some((result, special.is_all))
    }

    /// What a loop over an expression sees, whose value is known.
    pub(super) fn iterated(&mut self, several: &'f Expr, value: &Value, is_async: bool) -> Value {
        let element = self.element_of(value);
        match self.own_elements(several, value, is_async) {
            Some((own, true)) => own,
            Some((own, false)) => {
                let mut either = element;
                either.join(&own);
                either
            }
            None => element,
        }
    }

    /// Several values as a container of them, where an object gives them one by one.
    pub(super) fn spread(&mut self, several: &'f Expr, value: Value) -> Value {
        match self.own_elements(several, &value, false) {
            Some((own, true)) => own.wrapped(&Element::Anything),
            Some((own, false)) => {
                let mut either = value;
                either.join(&own.wrapped(&Element::Anything));
                either
            }
            None => value,
        }
    }

    /// What an object of the project gives one by one, and whether that is all.
    fn own_elements(&mut self, several: &'f Expr, value: &Value, is_async: bool) -> Option<(Value, bool)> {
        let (iter, next) = if is_async { ("__aiter__", "__anext__") } else { ("__iter__", "__next__") };
        let range = several.range();
        let Some((iterator, is_all)) = self.special(several, value, iter, &[], range) else {
            let any = Value::default();
            return if is_async { None } else { self.special(several, value, "__getitem__", &[&any], range) };
        };
        let mut element = self.element_of(&iterator);
        let special = self.engine.special(self.unit, several, iter);
        for maker in &special.callees {
            for callee in self.engine.methods_of_result(maker, next).iter() {
                let (unit, summary) = self.engine.call(self.unit, callee)?;
                let value = iterator.clone();
                let receiver = Some(Passed { certain: true, value, path: None, expression: None });
                element.join(&self.apply(range, unit, &summary, Binding::Method, receiver, &[]));
            }
        }
        Some((element, is_all))
    }

    /// What a call is given, where Python itself takes it apart: `list(object)`.
    pub(super) fn consumed(
        &mut self,
        call: &ast::ExprCall,
        arguments: Vec<Argument<'f>>,
    ) -> Vec<Argument<'f>> {
        if !is_consumer(call) {
            return arguments;
        }
        let consume = |argument: Argument<'f>| match argument.expression {
            Some(several) if argument.spread == Spread::No => {
                Argument { value: self.spread(several, argument.value.clone()), ..argument }
            }
            Some(_) | None => argument,
        };
        arguments.into_iter().map(consume).collect()
    }

    /// `next(object)`
    pub(super) fn next_of(&mut self, call: &'f ast::ExprCall, arguments: &[Argument<'f>]) -> Option<Value> {
        let object = call.arguments.args.first()?;
        let first = arguments.first()?;
        match self.special(object, &first.value, "__next__", &[], call.range())? {
            (mut given, true) => {
                for default in &arguments[1..] {
                    given.join(&default.value);
                }
                Some(given)
            }
            (_, false) => None,
        }
    }

    /// `with object as …`: what the name is given, and whether that is the object itself.
    pub(super) fn entered(&mut self, object: &'f Expr, value: &Value, is_async: bool) -> (Value, bool) {
        let enter = if is_async { "__aenter__" } else { "__enter__" };
        let Some((mut given, is_all)) = self.special(object, value, enter, &[], object.range()) else {
            return (value.clone(), false);
        };
        if !is_all {
            given.join(value);
        }
        let special = self.engine.special(self.unit, object, enter);
        let is_object = is_all
            && special.callees.iter().all(|callee| {
                scope::accessed(callee.function).is_some_and(|(name, rest)| {
                    rest.is_empty() && scope::is_first_parameter(callee.function, &name)
                })
            });
        (given, is_object)
    }

    /// Whether `with object` may catch what its body raises.
    pub(super) fn may_suppress(&mut self, object: &'f Expr, is_async: bool) -> bool {
        if scope::suppresses(object) {
            return true;
        }
        let exit = if is_async { "__aexit__" } else { "__exit__" };
        let special = self.engine.special(self.unit, object, exit);
        if special.callees.iter().any(|callee| scope::may_swallow(callee.function)) {
            return true;
        }
        let Expr::Call(call) = object else { return false };
        let callees = self.engine.callees(self.unit, call);
        callees.iter().any(|callee| {
            callee.binding != Binding::Constructor && scope::catches_where_it_yields(callee.function)
        })
    }

    /// The end of `with object`, however it is left.
    pub(super) fn left(
        &mut self,
        object: &'f Expr,
        name: Option<&'f Expr>,
        mut value: Value,
        is_async: bool,
    ) {
        let exit = if is_async { "__aexit__" } else { "__exit__" };
        let is_reached = self.state.is_some();
        for known in [Some(object), name].into_iter().flatten() {
            if let Some(path) = self.object_path(known) {
                value.join(&self.environment().read(&path));
            }
        }
        self.special(object, &value, exit, &[], object.range());
        if !is_reached {
            self.state = None;
        }
    }

    /// `object[index]`
    pub(super) fn element_given(
        &mut self,
        subscript: &'f ast::ExprSubscript,
        object: &Value,
        index: &Value,
        otherwise: Value,
    ) -> Value {
        match self.special(&subscript.value, object, "__getitem__", &[index], subscript.range) {
            Some((given, true)) => given,
            Some((given, false)) => {
                let mut either = otherwise;
                either.join(&given);
                either
            }
            None => otherwise,
        }
    }

    /// `object[index] = value`
    pub(super) fn set_element(
        &mut self,
        subscript: &'f ast::ExprSubscript,
        object: &Value,
        index: &Value,
        value: &Value,
    ) {
        if !(value.is_clean() && index.is_clean()) {
            self.special(&subscript.value, object, "__setitem__", &[index, value], subscript.range);
        }
    }

    /// What of an object is in the text that is made of it, where its class says so.
    pub(super) fn text_of(&mut self, object: &'f Expr, value: &Value, is_repr: bool) -> Option<Value> {
        if value.is_clean() || object.is_literal_expr() {
            return None;
        }
        let own = if is_repr { None } else { self.special(object, value, "__str__", &[], object.range()) };
        let own = own.or_else(|| self.special(object, value, "__repr__", &[], object.range()));
        own.filter(|(_, is_all)| *is_all).map(|(text, _)| text)
    }
}
