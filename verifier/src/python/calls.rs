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

/// Whether some code does nothing with the value of a variable but to call it.
pub fn is_only_called(body: &[Stmt], name: &str) -> bool {
    struct Mentions<'n> {
        name: &'n str,
        called: u32,
        loaded: u32,
    }
    impl<'f> Visitor<'f> for Mentions<'_> {
        fn visit_expr(&mut self, expr: &'f Expr) {
            let is_it = |expr: &Expr| matches!(expr, Expr::Name(name) if name.id.as_str() == self.name && name.ctx.is_load());
            let is_called = matches!(expr, Expr::Call(call) if is_it(&call.func));
            self.loaded += u32::from(is_it(expr));
            self.called += u32::from(is_called);
            visitor::walk_expr(self, expr);
        }
    }
    let mut mentions = Mentions { name, called: 0, loaded: 0 };
    mentions.visit_body(body);
    mentions.called == mentions.loaded
}
