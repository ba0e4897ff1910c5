//! Whether functions of the target that a handler calls may raise: `raise` stands in them, and
//! nothing there catches it.

use super::raises_itself;
use crate::python::ast::{self, Expr, Stmt};
use crate::python::callees::{Callees, FileNames};
use crate::python::control_flow::{endings, is_generator};
use crate::python::project::{FunctionRef, Project, Scope};
use crate::python::visitor::{self, Visitor};

/// Helpers that call helpers are followed this far.
const DEPTH: usize = 6;

/// The first helper of a handler's body that may raise, by its name. Whether it does for what it
/// is called with is not told: the `raise` stands under a condition.
pub(super) fn may_raise<'f>(project: &Project<'f>, scope: &Scope<'f>, body: &'f [Stmt]) -> Option<String> {
    let mut seen = Vec::new();
    let mut next: Vec<FunctionRef<'f>> = called(project, scope, body);
    for _ in 0..DEPTH {
        let mut behind = Vec::new();
        for function in std::mem::take(&mut next) {
            if seen.contains(&function) {
                continue;
            }
            seen.push(function);
            let names = FileNames::new(function.file.source().module());
            let body = &function.node.body;
            if raises_itself(&endings(body, &Callees::new(&names, function.class))) {
                return Some(function.qualified_name());
            }
            let scope = Scope::inside(function.file, function.node);
            behind.extend(called(project, &scope, body));
        }
        next = behind;
    }
    None
}

/// The functions of the target that a body calls and whose bodies so run. What stands in an
/// inner `try` with a handler is left out: it may be caught.
fn called<'f>(project: &Project<'f>, scope: &Scope<'f>, body: &'f [Stmt]) -> Vec<FunctionRef<'f>> {
    let mut calls = Calls { found: Vec::new(), awaited: false };
    calls.visit_body(body);
    let mut functions = Vec::new();
    for (call, awaited) in calls.found {
        for (function, _) in project.resolve_call(scope, call).functions {
            let runs = (awaited || !function.node.is_async) && !is_generator(&function.node.body);
            if runs && project.opaque_decorator(function).is_none() && !functions.contains(&function) {
                functions.push(function);
            }
        }
    }
    functions
}

struct Calls<'f> {
    found: Vec<(&'f ast::ExprCall, bool)>,
    awaited: bool,
}

impl<'f> Visitor<'f> for Calls<'f> {
    fn visit_stmt(&mut self, stmt: &'f Stmt) {
        match stmt {
            // What is only defined does not run.
            Stmt::FunctionDef(_) | Stmt::ClassDef(_) => {}
            Stmt::Try(node) => {
                if node.handlers.is_empty() {
                    self.visit_body(&node.body);
                }
                for handler in &node.handlers {
                    self.visit_except_handler(handler);
                }
                self.visit_body(&node.orelse);
                self.visit_body(&node.finalbody);
            }
            _ => visitor::walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, expr: &'f Expr) {
        let awaited = std::mem::take(&mut self.awaited);
        match expr {
            Expr::Lambda(_) => {}
            Expr::Await(_) => {
                self.awaited = true;
                visitor::walk_expr(self, expr);
                self.awaited = false;
            }
            Expr::Call(call) => {
                self.found.push((call, awaited));
                visitor::walk_expr(self, expr);
            }
            _ => visitor::walk_expr(self, expr),
        }
    }
}
