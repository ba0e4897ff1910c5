//! Whether what a decorator puts in a function's place hands on to it all that it is given.

use crate::python::ast::statement_visitor::{self, StatementVisitor};
use crate::python::ast::{self, Expr, Stmt, StmtFunctionDef};
use crate::python::visitor::{self, Visitor};

/// Whether a decorator leaves to a function what it is called with, and gives what it returns.
pub(super) fn hand_on(decorator: &StmtFunctionDef, is_called: bool, function: &StmtFunctionDef) -> bool {
    let gives = returns(function);
    if !is_called {
        return keeps(decorator, gives);
    }
    let makers = inner(&decorator.body);
    !makers.is_empty() && makers.iter().all(|maker| keeps(maker, gives))
}

/// Whether `def decorator(function)` gives the function itself, or others that call it.
fn keeps(decorator: &StmtFunctionDef, gives: bool) -> bool {
    let parameters = decorator.parameters.iter_non_variadic_params();
    let mut names = parameters.map(|parameter| parameter.name().as_str()).filter(|name| *name != "self");
    let Some(function) = names.next() else { return false };
    let wrappers = inner(&decorator.body);
    if wrappers.is_empty() {
        let mut found = Returned::default();
        found.visit_body(&decorator.body);
        let is_function = |value: &&Expr| matches!(value, Expr::Name(name) if name.id.as_str() == function);
        return !found.values.is_empty() && found.values.iter().all(is_function);
    }
    wrappers.iter().all(|wrapper| {
        // `def decorator(function=None, *, option=1)` makes a decorator that makes the wrapper.
        if inner(&wrapper.body).is_empty() { wraps(wrapper, function, gives) } else { keeps(wrapper, gives) }
    })
}

/// Whether each call of the function in a wrapper has all that the wrapper is called with.
fn wraps(wrapper: &StmtFunctionDef, function: &str, gives: bool) -> bool {
    let mut calls = Calls { wrapper, function, found: false, differs: false };
    calls.visit_body(&wrapper.body);
    calls.found && !calls.differs && (!gives || returns(wrapper))
}

/// The functions that a body defines, without those inside them.
fn inner(body: &[Stmt]) -> Vec<&StmtFunctionDef> {
    #[derive(Default)]
    struct Inner<'a>(Vec<&'a StmtFunctionDef>);
    impl<'a> StatementVisitor<'a> for Inner<'a> {
        fn visit_stmt(&mut self, statement: &'a Stmt) {
            match statement {
                Stmt::FunctionDef(function) => self.0.push(function),
                Stmt::ClassDef(_) => {}
                other => statement_visitor::walk_stmt(self, other),
            }
        }
    }
    let mut inner = Inner::default();
    inner.visit_body(body);
    inner.0
}

/// Whether a function gives a value.
fn returns(function: &StmtFunctionDef) -> bool {
    let mut found = Returned::default();
    found.visit_body(&function.body);
    found.yields || !found.values.is_empty()
}

#[derive(Default)]
struct Returned<'a> {
    values: Vec<&'a Expr>,
    yields: bool,
}

impl<'a> Visitor<'a> for Returned<'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::Return(statement) => {
                let value = statement.value.as_deref();
                self.values.extend(value.filter(|value| !value.is_none_literal_expr()));
            }
            Stmt::FunctionDef(_) | Stmt::ClassDef(_) => {}
            other => visitor::walk_stmt(self, other),
        }
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        match expression {
            Expr::Yield(_) | Expr::YieldFrom(_) => self.yields = true,
            other => visitor::walk_expr(self, other),
        }
    }
}

struct Calls<'w> {
    wrapper: &'w StmtFunctionDef,
    function: &'w str,
    found: bool,
    differs: bool,
}

impl Calls<'_> {
    fn is_function(&self, expression: &Expr) -> bool {
        matches!(expression, Expr::Name(name) if name.id.as_str() == self.function)
    }

    /// Whether these are all arguments that the wrapper is called with, each in its place.
    fn are_all(&self, positional: &[Expr], keywords: &[ast::Keyword]) -> bool {
        let parameters = &self.wrapper.parameters;
        let is = |expression: &Expr, name: &ast::Identifier| matches!(expression, Expr::Name(found) if found.id == name.id);
        let mut plain = parameters.posonlyargs.iter().chain(&parameters.args).map(|one| one.name());
        let mut has_rest = parameters.vararg.is_none();
        for argument in positional {
            let fits = match (argument, &parameters.vararg) {
                (Expr::Starred(several), Some(rest)) => {
                    has_rest = true;
                    is(&several.value, &rest.name)
                }
                (Expr::Starred(_), None) => false,
                (one, _) => {
                    !has_rest_before(has_rest, parameters) && plain.next().is_some_and(|name| is(one, name))
                }
            };
            if !fits {
                return false;
            }
        }
        let by_name = |name: &ast::Identifier| {
            keywords.iter().any(|keyword| {
                keyword.arg.as_ref().is_some_and(|arg| arg.id == name.id) && is(&keyword.value, name)
            })
        };
        let left = plain.chain(parameters.kwonlyargs.iter().map(|one| one.name()));
        let has_keywords = parameters.kwarg.as_ref().is_none_or(|rest| {
            keywords.iter().any(|keyword| keyword.arg.is_none() && is(&keyword.value, &rest.name))
        });
        let known = keywords.iter().all(|keyword| match (&keyword.arg, &parameters.kwarg) {
            (Some(name), _) => is(&keyword.value, name),
            (None, Some(rest)) => is(&keyword.value, &rest.name),
            (None, None) => false,
        });
        has_rest && has_keywords && known && left.into_iter().all(by_name)
    }
}

/// Whether `*rest` has been handed on, after which nothing has its place any more.
fn has_rest_before(has_rest: bool, parameters: &ast::Parameters) -> bool {
    has_rest && parameters.vararg.is_some()
}

impl<'a> Visitor<'a> for Calls<'_> {
    fn visit_expr(&mut self, expression: &'a Expr) {
        match expression {
            Expr::Call(call) => {
                let given = &call.arguments;
                let handed = match given.args.iter().position(|argument| self.is_function(argument)) {
                    _ if self.is_function(&call.func) => Some(0),
                    // `await asyncio.to_thread(function, *arguments)`
                    Some(position) => Some(position + 1),
                    None => None,
                };
                if let Some(first) = handed {
                    self.found = true;
                    self.differs |= !self.are_all(&given.args[first..], &given.keywords);
                }
            }
            // What it was called with is something else from here on.
            Expr::Name(name) if name.ctx.is_store() => {
                self.differs |= self.wrapper.parameters.includes(&name.id);
            }
            _ => {}
        }
        visitor::walk_expr(self, expression);
    }
}
