//! Where lambdas run: with the locks that are held there, not with those of where they are made.

use super::Known;
use super::walk::{Step, Walker};
use crate::python::Ranged;
use crate::python::ast::{self, Expr};
use crate::python::calls::is_only_called;
use crate::python::project::{BindingKind, Frame, FunctionRef};
use crate::python::visitor::Visitor;

/// What a thread does that runs a lambda of this function. What the lambda calls is told elsewhere.
pub(super) fn touches<'f>(
    known: &Known<'_, 'f>,
    function: FunctionRef<'f>,
    lambda: &'f ast::ExprLambda,
) -> Vec<Step<'f>> {
    let mut walker = Walker::new(known, function);
    walker.visit_expr(&lambda.body);
    let is_touch = |step: &Step| matches!(step, Step::Touch { .. });
    walker.steps.into_iter().filter(is_touch).collect()
}

impl<'f> Walker<'_, '_, 'f> {
    /// A lambda that is handed on, kept or returned runs later or at once, with or without the
    /// locks that are held where it is made.
    pub(super) fn lambda(&mut self, lambda: &'f ast::ExprLambda) {
        // A thread runs it, and nobody else.
        if self.known.lambdas.iter().any(|(.., known)| std::ptr::eq(*known, lambda)) {
            return;
        }
        if self.run_here.contains(&lambda.range()) {
            return self.visit_expr(&lambda.body);
        }
        let held = std::mem::take(&mut self.held);
        let before = self.maybe.len();
        self.maybe.extend(held.iter().cloned());
        self.visit_expr(&lambda.body);
        self.maybe.truncate(before);
        self.held = held;
    }

    /// The lambdas that a call runs before it comes back: what it calls itself, and what builtin
    /// functions and methods of containers are given.
    pub(super) fn lambdas_of(&mut self, call: &'f ast::ExprCall) {
        match &*call.func {
            Expr::Lambda(lambda) => self.run_here.push(lambda.range()),
            Expr::Name(name) => {
                if let Some(lambda) = self.lambda_by_name(name)
                    && !self.entered.contains(&lambda.range())
                {
                    self.entered.push(lambda.range());
                    self.visit_expr(&lambda.body);
                    self.entered.pop();
                }
            }
            _ => {}
        }
        let values = call.arguments.keywords.iter().map(|keyword| &keyword.value);
        let lambdas = call.arguments.args.iter().chain(values).filter(|value| value.is_lambda_expr());
        let ranges: Vec<_> = lambdas.map(Ranged::range).collect();
        if ranges.is_empty() {
            return;
        }
        let callees = self.project().resolve_call(&self.scope(&call.func), call);
        let is_builtin = !callees.external.is_empty()
            && callees.functions.is_empty()
            && callees.classes.is_empty()
            && callees.external.iter().all(|name| name.starts_with("builtins."));
        let sorts = matches!(&*call.func, Expr::Attribute(method) if method.attr.as_str() == "sort")
            && callees.functions.is_empty();
        // These give an iterator, which runs it when it is asked.
        let is_lazy = callees
            .external
            .iter()
            .any(|name| matches!(name.as_str(), "builtins.map" | "builtins.filter" | "builtins.iter"));
        if (is_builtin && !is_lazy) || sorts {
            self.run_here.extend(ranges);
        }
    }

    /// `take = lambda: …` where the function only ever calls `take`: it is walked at the calls.
    pub(super) fn is_called_by_name(&self, assign: &'f ast::StmtAssign) -> bool {
        let ([Expr::Name(name)], Expr::Lambda(_)) = (&*assign.targets, &*assign.value) else { return false };
        let node = self.function.node;
        let bindings = self.project().frame_bindings(Frame::Function(node));
        let id = name.id.as_str();
        bindings.all(id).len() == 1 && !bindings.outer.contains_key(id) && is_only_called(&node.body, id)
    }

    fn lambda_by_name(&self, name: &'f ast::ExprName) -> Option<&'f ast::ExprLambda> {
        let scope = self.scope_at(name.range());
        let (_, bindings) = self.project().lookup(&scope, name.id.as_str(), Some(name.start()))?;
        match bindings.as_slice() {
            [binding] => match binding.kind {
                BindingKind::Value(Expr::Lambda(lambda)) => Some(lambda),
                _ => None,
            },
            _ => None,
        }
    }
}
