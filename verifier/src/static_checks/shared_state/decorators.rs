//! What decorators of the target do around a method: whether they hold a lock while it runs.

use super::Effect;
use super::Known;
use super::locks::LockKind;
use super::walk::{Lock, Step, Walker, steps_around};
use crate::python::ast::{self, Expr, Stmt};
use crate::python::project::{FunctionRef, Scope};
use crate::python::visitor::{self, Visitor};
use crate::python::{Ranged, TextRange};

/// What is held while a function runs because of its decorators.
#[derive(Default)]
pub(super) struct Decorated {
    pub(super) locks: Vec<Lock>,
    /// What may or may not be a lock.
    pub(super) maybe: Vec<Lock>,
    /// Why more may be held.
    pub(super) unknown: Option<String>,
}

/// A decorator of the target, as the function that it puts in the place of another.
struct Around<'f> {
    wrapper: FunctionRef<'f>,
    /// The function whose parameter the other one is.
    outer: FunctionRef<'f>,
    method: &'f str,
    /// The function that makes the decorator, with the call of it.
    factory: Option<(FunctionRef<'f>, &'f ast::ExprCall)>,
}

impl<'f> Known<'_, 'f> {
    /// What the decorators of a function hold while it runs.
    pub(super) fn decorated(&self, function: FunctionRef<'f>) -> Decorated {
        let mut decorated = Decorated::default();
        for (decorator, name) in self.project.opaque_decorators(function) {
            let around = self.around(function, decorator).and_then(|around| {
                let calls = only_calls(around.wrapper, around.method)?;
                Some((around, calls))
            });
            match around {
                Some((around, calls)) => self.held_around(function, &around, calls, &mut decorated),
                None => {
                    let why = format!("the decorator `@{name}` may replace the function");
                    decorated.unknown.get_or_insert(why);
                }
            }
        }
        decorated
    }

    /// The wrapper that a decorator makes: a function inside of it, which it returns.
    fn around(&self, function: FunctionRef<'f>, decorator: &'f Expr) -> Option<Around<'f>> {
        let mut scope = Scope::at(function.file, function.node.name.range);
        scope.frames.pop();
        let (called, call) = match decorator {
            Expr::Call(call) => (&*call.func, Some(call)),
            plain => (plain, None),
        };
        let callees = self.project.callees(self.project.infer(&scope, called));
        let [(first, None)] = callees.functions.as_slice() else { return None };
        if !callees.classes.is_empty() || !callees.external.is_empty() || !callees.unresolved.is_empty() {
            return None;
        }
        let (outer, factory) = match call {
            Some(call) => (self.returned(*first)?, Some((*first, call))),
            None => (*first, None),
        };
        let parameters = &outer.node.parameters;
        let method = match (&*parameters.posonlyargs, &*parameters.args) {
            ([], [only]) | ([only], []) => only.name().as_str(),
            _ => return None,
        };
        let wrapper = self.returned(outer)?;
        (!wrapper.node.is_async).then_some(Around { wrapper, outer, method, factory })
    }

    /// The function inside of another that this returns.
    fn returned(&self, function: FunctionRef<'f>) -> Option<FunctionRef<'f>> {
        let node: &'f ast::StmtFunctionDef = function.node;
        let Some(Stmt::Return(last)) = node.body.last() else { return None };
        let Some(Expr::Name(name)) = last.value.as_deref() else { return None };
        let mut inner = node.body.iter().filter_map(|stmt| match stmt {
            Stmt::FunctionDef(inner) if inner.name.as_str() == name.id.as_str() => Some(inner),
            _ => None,
        });
        let found = inner.next()?;
        inner.next().is_none().then(|| self.project.function_ref(function.file, found))
    }

    /// What the wrapper holds at each of its calls of the function.
    fn held_around(
        &self,
        function: FunctionRef<'f>,
        around: &Around<'f>,
        calls: Vec<TextRange>,
        decorated: &mut Decorated,
    ) {
        let parameters = &around.wrapper.node.parameters;
        let first = parameters.posonlyargs.first().or(parameters.args.first());
        let object = first.map_or("", |parameter| parameter.name().as_str());
        let touches = calls.into_iter().map(|range| (range, Effect::Read)).collect();
        let mut at_all: Option<(Vec<Lock>, Vec<Lock>)> = None;
        for step in steps_around(self, around.wrapper, object, touches) {
            let Step::Touch { locks, maybe, .. } = step else { continue };
            at_all = Some(match at_all {
                None => (locks, maybe),
                Some((held, may)) => {
                    let both = held.iter().filter(|lock| locks.contains(lock)).cloned().collect();
                    let some = held.into_iter().chain(may).chain(locks).chain(maybe).collect();
                    (both, some)
                }
            });
        }
        let (held, maybe) = at_all.unwrap_or_default();
        for (lock, is_held) in
            held.into_iter().map(|lock| (lock, true)).chain(maybe.into_iter().map(|lock| (lock, false)))
        {
            match self.as_given(function, around, &lock) {
                Some(LockKind::Lock(lock)) => decorated.locks.push(lock),
                Some(LockKind::Maybe(lock)) => decorated.maybe.push(lock),
                Some(LockKind::None) => {}
                None if is_held => decorated.locks.push(self.as_own(function, around, lock)),
                None => decorated.maybe.push(lock),
            }
        }
    }

    /// A lock that the factory of the decorator is given: `@synchronized(LOCK)`.
    fn as_given(&self, function: FunctionRef<'f>, around: &Around<'f>, lock: &Lock) -> Option<LockKind> {
        let (factory, call) = around.factory?;
        let parameter = lock.strip_suffix(&format!(" of {}", factory.qualified_name()))?;
        let values = call.arguments.keywords.iter().map(|keyword| &keyword.value);
        let given =
            call.arguments.args.iter().chain(values).find(|argument| {
                super::walk::parameter_of(factory, false, call, argument) == Some(parameter)
            })?;
        Some(Walker::new(self, function).lock_of(given))
    }

    /// A lock that the decorator makes is another one for each function that it is put on.
    fn as_own(&self, function: FunctionRef<'f>, around: &Around<'f>, lock: Lock) -> Lock {
        let outer = around.outer.qualified_name();
        match lock.ends_with(&format!(" of {outer}")) {
            true => format!("{lock} around {}", function.qualified_name()),
            false => lock,
        }
    }
}

/// Where a wrapper calls the function that it is around; nothing when it does something else with
/// it, which may run it elsewhere.
fn only_calls(wrapper: FunctionRef, method: &str) -> Option<Vec<TextRange>> {
    struct Calls<'n> {
        method: &'n str,
        found: Vec<TextRange>,
        others: bool,
    }
    impl<'f> Visitor<'f> for Calls<'_> {
        fn visit_stmt(&mut self, stmt: &'f Stmt) {
            // What is inside of the wrapper may run whenever it likes.
            self.others |= matches!(stmt, Stmt::FunctionDef(_) | Stmt::ClassDef(_));
            visitor::walk_stmt(self, stmt);
        }
        fn visit_expr(&mut self, expr: &'f Expr) {
            let is_it = |expr: &Expr| matches!(expr, Expr::Name(name) if name.id.as_str() == self.method);
            match expr {
                Expr::Call(call) if is_it(&call.func) => self.found.push(call.func.range()),
                // Its name and its documentation.
                Expr::Attribute(attribute) if is_it(&attribute.value) => {
                    if attribute.attr.as_str().starts_with("__") {
                        return;
                    }
                }
                Expr::Lambda(_) => self.others = true,
                expr => self.others |= is_it(expr) && !self.found.contains(&expr.range()),
            }
            visitor::walk_expr(self, expr);
        }
    }
    let mut calls = Calls { method, found: Vec::new(), others: false };
    calls.visit_body(&wrapper.node.body);
    (!calls.others && !calls.found.is_empty()).then_some(calls.found)
}
