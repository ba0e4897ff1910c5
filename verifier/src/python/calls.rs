//! The calls that stand in code, in the order in which they are met, nested ones behind the one
//! around them.

use crate::python::ast::{Expr, ExprCall, Stmt};
use crate::python::visitor::{self, Visitor};

/// Those of statements, with what is only defined among them.
pub fn calls_in(body: &[Stmt]) -> Vec<&ExprCall> {
    let mut calls = Calls(Vec::new());
    calls.visit_body(body);
    calls.0
}

/// Those of an expression.
pub fn calls_within(expr: &Expr) -> Vec<&ExprCall> {
    let mut calls = Calls(Vec::new());
    calls.visit_expr(expr);
    calls.0
}

struct Calls<'f>(Vec<&'f ExprCall>);

impl<'f> Visitor<'f> for Calls<'f> {
    fn visit_expr(&mut self, expr: &'f Expr) {
        if let Expr::Call(call) = expr {
            self.0.push(call);
        }
        visitor::walk_expr(self, expr);
    }
}
