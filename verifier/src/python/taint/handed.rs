//! Functions that are values: given to a library that runs them, kept in a variable, or out of
//! sight. Where a value goes to code that cannot be told, that is written down as a doubt.

use ruff_python_ast as ast;
use ruff_python_ast::Expr;
use ruff_python_ast::name::Name;
use ruff_text_size::Ranged;

use super::calls::{Argument, Passed, Receiver, Spread, give, substitute};
use super::engine::{Body, Stored, UnitId};
use super::environment::Root;
use super::interpreter::{Interpreter, without_parameters};
use super::summary::Lost;
use super::value::{Element, Origin, StepKind, TaintSet, Value};
use super::writers::PUTTING;
use super::{Beyond, Callee, Given, Handed, Handing, Handover};

impl<'f> Interpreter<'_, '_, 'f> {
    /// What a name stands for from here on, if it is a function without a name of its own.
    pub(super) fn remember_function(&mut self, name: &Name, value: &'f Expr) {
        let root = self.root(name);
        match value {
            Expr::Attribute(_) => drop(self.bound_methods.insert(name.clone(), value)),
            _ => drop(self.bound_methods.remove(name)),
        }
        let partial = value.as_call_expr().filter(|call| last_name(&call.func) == Some("partial"));
        let lambdas = match root {
            Root::Local(_) => &mut self.inner_lambdas,
            Root::Global(_) => &mut self.engine.files[self.file as usize].lambdas,
        };
        let before = match value.as_lambda_expr() {
            Some(lambda) => lambdas.insert(name.clone(), lambda),
            None => lambdas.remove(name),
        };
        let replaced = match (before, value.as_lambda_expr()) {
            (Some(before), Some(after)) => !std::ptr::eq(before, after),
            (Some(_), None) => true,
            (None, _) => false,
        };
        let before = match partial {
            Some(partial) => self.partials.insert(name.clone(), partial),
            None => self.partials.remove(name),
        };
        let replaced = replaced
            || before.is_some_and(|before| !partial.is_some_and(|after| std::ptr::eq(before, after)))
            || (partial.is_none() && !value.is_lambda_expr() && may_be_function(value));
        if replaced {
            self.ambiguous.insert(name.clone());
        }
    }

    /// A call of a variable that holds a lambda or what `functools.partial` gave, or of such a
    /// thing itself.
    pub(super) fn call_of_name(
        &mut self,
        call: &'f ast::ExprCall,
        arguments: &[Argument<'f>],
        passed: &TaintSet,
    ) -> Option<Value> {
        if let Expr::Name(name) = &*call.func {
            let known = self.lambda_of(&call.func).is_some()
                || self.partials.contains_key(&name.id)
                || self.inner_functions.contains_key(&name.id);
            let is_parameter = match self.engine.units[self.unit].body {
                Body::Function(function) => function.parameters.includes(&name.id),
                Body::Module(_) => false,
            };
            if known && (self.ambiguous.contains(&name.id) || is_parameter) {
                let place = self.place(call, "it can be one of several functions");
                self.doubt(passed, &place);
            }
        }
        if let Some(lambda) = self.lambda_of(&call.func) {
            return Some(self.lambda(lambda, &by_name(arguments)));
        }
        let partial = match &*call.func {
            Expr::Name(name) => *self.partials.get(&name.id)?,
            Expr::Call(inner) if last_name(&inner.func) == Some("partial") => inner,
            _ => return None,
        };
        match &*self.engine.beyond(self.unit, partial) {
            Beyond::Runs(handing) if handing.result == Handover::Function => {
                let mut all = self.handed(&handing.arguments);
                all.extend(arguments.iter().cloned());
                self.invoke(partial, handing.function, &all)
            }
            Beyond::Runs(_) | Beyond::Library | Beyond::Perhaps(_) | Beyond::Unknown(_) => None,
        }
    }

    /// The lambda that a name stands for, the last that it was given.
    fn lambda_of(&self, callee: &'f Expr) -> Option<&'f ast::ExprLambda> {
        match callee {
            Expr::Lambda(lambda) => Some(lambda),
            Expr::Name(name) => match self.root(&name.id) {
                Root::Local(name) => self.inner_lambdas.get(&name).copied(),
                Root::Global(name) => self.engine.files[self.file as usize].lambdas.get(&name).copied(),
            },
            _ => None,
        }
    }

    /// A call of which no function of the project is known; what it gives, when that is known.
    pub(super) fn beyond(
        &mut self,
        call: &'f ast::ExprCall,
        receiver: Option<&Receiver<'f>>,
        arguments: &[Argument<'f>],
        passed: &TaintSet,
    ) -> Option<Value> {
        // Most calls are given nothing that matters, and to resolve them all again is not free.
        let parts = receiver.is_some_and(|receiver| !receiver.value.is_clean());
        if passed.is_empty() && !parts && !last_name(&call.func).is_some_and(may_run_functions) {
            return None;
        }
        match &*self.engine.beyond(self.unit, call) {
            Beyond::Runs(handing) => {
                let given = self.handed(&handing.arguments);
                let result = self.invoke(call, handing.function, &given);
                self.handed_over(handing, result)
            }
            Beyond::Library => {
                self.given_away(call, passed);
                None
            }
            Beyond::Perhaps(_) | Beyond::Unknown(_) => {
                self.doubts(call, receiver, arguments, passed);
                None
            }
        }
    }

    /// Writes down where a value may go that a call is given.
    pub(super) fn doubts(
        &mut self,
        call: &'f ast::ExprCall,
        receiver: Option<&Receiver<'f>>,
        arguments: &[Argument<'f>],
        passed: &TaintSet,
    ) {
        let parts = receiver.is_some_and(|receiver| !receiver.value.is_clean());
        if passed.is_empty() && !parts || self.inner_function(&call.func).is_some() || self.is_cleaned(call) {
            return;
        }
        match &*self.engine.beyond(self.unit, call) {
            Beyond::Library | Beyond::Runs(_) => {}
            Beyond::Unknown(why) => {
                let place = self.place(call, why);
                self.doubt(passed, &place);
            }
            Beyond::Perhaps(callees) => {
                for callee in callees {
                    self.perhaps(call, callee, receiver, arguments);
                }
            }
        }
    }

    /// Functions of which a decorator decides what they are given, and what becomes of what they give.
    pub(super) fn decorated(
        &mut self,
        call: &'f ast::ExprCall,
        receiver: Option<&Receiver<'f>>,
        arguments: &[Argument<'f>],
    ) {
        if self.is_cleaned(call) {
            return;
        }
        let callees = self.engine.callees(self.unit, call);
        for callee in callees.iter().filter(|callee| !callee.direct) {
            self.perhaps(call, callee, receiver, arguments);
            let Some((_, summary)) = self.engine.call(self.unit, callee) else { continue };
            let gives = without_parameters(&summary.returned).reachable();
            let name = &callee.function.name;
            let what =
                format!("calls `{name}`, and a decorator decides what becomes of the value that it gives");
            self.lose(&gives, call.range(), &what);
        }
    }

    /// A function that may be called here or not: what arrives by way of it is a doubt.
    fn perhaps(
        &mut self,
        call: &'f ast::ExprCall,
        callee: &Callee<'f>,
        receiver: Option<&Receiver<'f>>,
        arguments: &[Argument<'f>],
    ) {
        let Some((unit, summary)) = self.engine.call(self.unit, callee) else { return };
        let receiver = receiver.map(Receiver::passed);
        let given = give(&callee.function.parameters, callee.binding, receiver, arguments);
        for (index, passed) in given.iter().enumerate() {
            if let (false, Ok(index)) = (passed.value.is_clean(), u16::try_from(index)) {
                self.engine.want(unit, index);
            }
        }
        let arrivals = summary.arrivals.iter().map(|arrival| (arrival.parameter, &arrival.path));
        let lost = summary.lost.iter().map(|lost| (lost.parameter, &lost.path));
        let arriving: Vec<TaintSet> = arrivals
            .chain(lost)
            .filter_map(|(parameter, path)| Some((given.get(usize::from(parameter))?, path)))
            .map(|(passed, path)| passed.value.project_path(path).reachable())
            .collect();
        let name = match callee.class {
            Some(class) => format!("{}.{}", class.class.name, callee.function.name),
            None => callee.function.name.to_string(),
        };
        let file = callee.file.path();
        for taints in arriving {
            let place = self.place(call, &format!("it may be `{name}` of `{file}`, and that hands it on"));
            self.doubt(&taints, &place);
        }
        // What it stores in its object is found by those who read it there.
        let Some(class) = self.engine.units[unit].class else { return };
        for write in summary.writes.iter().filter(|write| write.parameter == 0) {
            let Some(Element::Attribute(attribute)) = write.path.first() else { continue };
            let taints = substitute(&write.taints, &given, &[]).reachable();
            let place = self.place(call, &format!("it may be `{name}` of `{file}`, and that stores it"));
            let stored = (class, attribute.clone());
            self.doubt_within(&taints, &place, std::iter::once(unit), Some(&stored));
        }
    }

    /// A library that is given a value and a function may give the one to the other.
    fn given_away(&mut self, call: &'f ast::ExprCall, passed: &TaintSet) {
        if passed.is_empty() || self.is_cleaned(call) {
            return;
        }
        for argument in call.arguments.iter_source_order() {
            let function = argument.value();
            if !is_function_like(function) {
                continue;
            }
            let runs = match function {
                Expr::Lambda(_) => true,
                _ if self.inner_function(function).is_some() || self.lambda_of(function).is_some() => true,
                _ => match &*self.engine.given(self.unit, call, function) {
                    Given::Functions(_) => true,
                    Given::Library | Given::Sink(_) | Given::Unknown(_) | Given::Value => false,
                },
            };
            if runs {
                let name = self.engine.slice(self.file, function.range());
                let name = name.lines().next().unwrap_or_default();
                let place = self.place(call, &format!("it may give it to `{name}`"));
                self.doubt(passed, &place);
            }
        }
    }

    /// What a library gives to a function that it runs.
    fn handed(&mut self, arguments: &[Handed<'f>]) -> Vec<Argument<'f>> {
        let plain = |value, path, expression| Argument {
            keyword: None,
            spread: Spread::No,
            value,
            path,
            expression: Some(expression),
        };
        let mut handed = Vec::new();
        for argument in arguments {
            match argument {
                Handed::Argument(argument @ Expr::Starred(_), _) => {
                    let value = self.expression(argument);
                    handed.push(Argument::several(Spread::Elements, value));
                }
                Handed::Argument(argument, keyword) => {
                    let value = self.expression(argument);
                    let path = self.path(argument);
                    let keyword = keyword.map(|keyword| keyword.id.clone());
                    handed.push(Argument { keyword, ..plain(value, path, argument) });
                }
                Handed::Element(several) => {
                    let value = self.expression(several);
                    handed.push(Argument::several(Spread::No, self.element_of(&value)));
                }
                Handed::Positional(
                    Expr::Tuple(ast::ExprTuple { elts, .. }) | Expr::List(ast::ExprList { elts, .. }),
                ) if !elts.iter().any(Expr::is_starred_expr) => {
                    for argument in elts {
                        let value = self.expression(argument);
                        let path = self.path(argument);
                        handed.push(plain(value, path, argument));
                    }
                }
                Handed::Positional(several) => {
                    let value = self.expression(several);
                    handed.push(Argument::several(Spread::Elements, value));
                }
                Handed::Rows(several) => {
                    let value = self.expression(several);
                    let value = self.element_of(&value);
                    handed.push(Argument::several(Spread::Elements, value));
                }
                Handed::Keywords(Expr::Dict(dict)) => {
                    for item in &dict.items {
                        let value = self.expression(&item.value);
                        let keyword = match &item.key {
                            Some(Expr::StringLiteral(key)) => Some(Name::new(key.value.to_str())),
                            Some(_) | None => None,
                        };
                        handed.push(match keyword {
                            Some(_) => Argument { keyword, ..Argument::several(Spread::No, value) },
                            None => Argument::several(Spread::Entries, Value::whole(value.reachable())),
                        });
                    }
                }
                Handed::Keywords(several) => {
                    let value = self.expression(several);
                    handed.push(Argument::several(Spread::Entries, value));
                }
            }
        }
        handed
    }

    /// Runs what is given away as a function; what it gives, when that is known.
    fn invoke(
        &mut self,
        call: &'f ast::ExprCall,
        function: &'f Expr,
        arguments: &[Argument<'f>],
    ) -> Option<Value> {
        if let Some(lambda) = self.lambda_of(function) {
            return Some(self.lambda(lambda, &by_name(arguments)));
        }
        if let Some(known) = self.inner_function(function) {
            return Some(self.apply_all(call.range(), vec![known], None, arguments, false));
        }
        if let Expr::Call(inner) = function
            && let Beyond::Runs(Handing { function, arguments: first, result: Handover::Function }) =
                &*self.engine.beyond(self.unit, inner)
        {
            let mut all = self.handed(first);
            all.extend(arguments.iter().cloned());
            return self.deeper(|this| this.invoke(inner, function, &all));
        }
        let mut passed = TaintSet::default();
        for argument in arguments {
            passed.extend(&argument.value.reachable());
        }
        let given = self.engine.given(self.unit, call, function);
        let why = match &*given {
            Given::Functions(callees) => {
                let receiver = match function {
                    Expr::Attribute(attribute) => {
                        let value = self.expression(&attribute.value);
                        let path = self.object_path(&attribute.value);
                        Some(Passed { certain: true, value, path, expression: Some(&attribute.value) })
                    }
                    _ => None,
                };
                let mut known = Vec::new();
                for callee in callees {
                    let (unit, summary) = self.engine.call(self.unit, callee)?;
                    known.push((unit, summary, callee.binding));
                }
                return Some(self.apply_all(call.range(), known, receiver.as_ref(), arguments, false));
            }
            Given::Library | Given::Value => {
                self.put_by(call, function, &passed);
                return None;
            }
            Given::Sink(name) => {
                if self.arrives_in(function, &passed) {
                    return None;
                }
                format!("it gives it to `{name}`")
            }
            Given::Unknown(why) => format!("what it gives it to is not known: {why}"),
        };
        let place = self.place(call, &why);
        self.doubt(&passed, &place);
        None
    }

    /// `Thread(target=results.append, args=…)` puts what it is given into a container.
    fn put_by(&mut self, call: &'f ast::ExprCall, function: &'f Expr, passed: &TaintSet) {
        let Expr::Attribute(method) = function else { return };
        if !PUTTING.contains(&method.attr.as_str()) {
            return;
        }
        let place = self.engine.slice(self.file, function.range()).to_owned();
        let taints = passed.then(&self.step(call.range(), StepKind::Stored(place)));
        self.taint_part(&method.value, &Element::Anything, &taints, call.range());
    }

    /// What a call gives that had a function run.
    fn handed_over(&self, handing: &Handing<'f>, result: Option<Value>) -> Option<Value> {
        match handing.result {
            Handover::Result | Handover::Function => result,
            Handover::Results => result.map(|result| result.wrapped(&Element::Anything)),
            Handover::Arguments => None,
            Handover::Nothing => Some(Value::default()),
        }
    }

    /// Values go to a place from where they cannot be followed.
    pub(super) fn doubt(&mut self, taints: &TaintSet, place: &str) {
        self.doubt_within(taints, place, std::iter::empty(), None);
    }

    /// The same, by way of functions that are called here.
    pub(super) fn doubt_within(
        &mut self,
        taints: &TaintSet,
        place: &str,
        within: impl Iterator<Item = UnitId>,
        stored: Option<&Stored>,
    ) {
        let within: Vec<UnitId> = within.chain([self.unit]).collect();
        for taint in taints.iter() {
            match &taint.origin {
                Origin::Source { .. } => self.engine.lose(place, &within, &taint.trace, stored),
                Origin::Parameter { index, path, .. } => self.summary.loses(Lost {
                    parameter: *index,
                    path: path.clone(),
                    place: place.into(),
                    within: within.clone(),
                    stored: stored.cloned(),
                }),
            }
        }
    }

    fn place(&self, call: &ast::ExprCall, why: &str) -> String {
        let name = self.engine.slice(self.file, call.func.range());
        let name = name.lines().next().unwrap_or_default();
        let file = self.engine.files[self.file as usize].source;
        let line = file.source().line(call.range().start());
        format!(
            "`{}:{line}` gives the value to `{name}`, and what that runs cannot be told: {why}",
            file.path()
        )
    }

    /// The catalogue itself says that what the call gives is clean.
    fn is_cleaned(&self, call: &ast::ExprCall) -> bool {
        self.marks.sanitizers.around(call.range()).next().is_some()
    }
}

fn by_name(arguments: &[Argument]) -> Vec<(Option<Name>, Value)> {
    let plain = arguments.iter().filter(|argument| argument.spread == Spread::No);
    plain.map(|argument| (argument.keyword.clone(), argument.value.clone())).collect()
}

/// `partial` of `functools.partial`.
pub(super) fn last_name(function: &Expr) -> Option<&str> {
    match function {
        Expr::Name(name) => Some(name.id.as_str()),
        Expr::Attribute(attribute) => Some(attribute.attr.as_str()),
        _ => None,
    }
}

/// Names of what runs a function that it is given, perhaps later, with other arguments.
fn may_run_functions(name: &str) -> bool {
    const NAMES: [&str; 24] = [
        "Process",
        "Thread",
        "Timer",
        "apply",
        "apply_async",
        "call_at",
        "call_later",
        "call_soon",
        "call_soon_threadsafe",
        "filter",
        "imap",
        "imap_unordered",
        "map",
        "map_async",
        "partial",
        "reduce",
        "register",
        "run",
        "run_in_executor",
        "start_new_thread",
        "starmap",
        "starmap_async",
        "submit",
        "to_thread",
    ];
    NAMES.binary_search(&name).is_ok() || name.to_ascii_lowercase().contains("thread")
}

/// Whether an argument can be a function that is given away.
fn is_function_like(argument: &Expr) -> bool {
    match argument {
        Expr::Name(_) | Expr::Attribute(_) | Expr::Lambda(_) => true,
        Expr::Call(call) => last_name(&call.func) == Some("partial"),
        _ => false,
    }
}

/// Whether an assigned value can be a function, for all that is seen of it.
fn may_be_function(value: &Expr) -> bool {
    matches!(
        value,
        Expr::Name(_)
            | Expr::Attribute(_)
            | Expr::Subscript(_)
            | Expr::Call(_)
            | Expr::BoolOp(_)
            | Expr::If(_)
            | Expr::Await(_)
    )
}
