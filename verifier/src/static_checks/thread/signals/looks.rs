//! What the code of a thread looks at: the tests of its loops, the tests by which it leaves, and
//! what it waits for.

use crate::python::ast::{self, Expr, ExprCall, Stmt};
use crate::python::control_flow::known_call;
use crate::python::project::dotted_name;
use crate::python::visitor::{self, Visitor};

/// The tests of loops, tests that leave, and what is waited for, in one function.
pub(super) struct Tests<'f> {
    /// With whether the function goes on when the test is true.
    pub(super) tests: Vec<(&'f Expr, Option<bool>)>,
    pub(super) waits: Vec<&'f Expr>,
    /// Servers and event loops that it runs until somebody stops them.
    pub(super) serving: Vec<&'f Expr>,
    /// Tests before calls of functions, which may leave.
    pub(super) before_calls: Vec<(&'f Expr, &'f ExprCall)>,
    /// Returning from here ends the thread, or a loop: from a function that the thread only calls
    /// it goes on behind the call.
    returning_ends: bool,
    /// The end of a loop over something leads to that of the thread.
    ends_behind_loops: bool,
}

impl<'f> Tests<'f> {
    /// Those of a body. `returning_ends` when its end is that of the thread.
    pub(super) fn of(body: &'f [Stmt], returning_ends: bool) -> Self {
        let mut tests = Tests {
            tests: Vec::new(),
            waits: Vec::new(),
            serving: Vec::new(),
            before_calls: Vec::new(),
            returning_ends,
            ends_behind_loops: returning_ends,
        };
        tests.visit_body(body);
        tests
    }

    /// The tests that lead to a branch which leaves: all of those before it were false.
    fn branches(&mut self, node: &'f ast::StmtIf) {
        let clauses = node.elif_else_clauses.iter().map(|clause| (clause.test.as_ref(), &clause.body));
        let mut before: Vec<&'f Expr> = Vec::new();
        for (test, body) in std::iter::once((Some(&*node.test), &node.body)).chain(clauses) {
            let leaving = Leaving::of(body, self.returning_ends);
            if leaving.found {
                self.tests.extend(before.drain(..).map(|test| (test, Some(true))));
                self.tests.extend(test.map(|test| (test, Some(false))));
            } else {
                let tests = before.iter().copied().chain(test);
                self.before_calls
                    .extend(tests.flat_map(|test| leaving.calls.iter().map(move |call| (test, *call))));
                before.extend(test);
            }
        }
    }
}

impl<'f> Visitor<'f> for Tests<'f> {
    fn visit_stmt(&mut self, stmt: &'f Stmt) {
        match stmt {
            Stmt::While(node) => self.tests.push((&node.test, Some(true))),
            // What is behind a loop over something is the end of the thread, or what goes on anyway.
            Stmt::For(node) if self.ends_behind_loops => self.tests.push((&node.iter, None)),
            Stmt::If(node) => self.branches(node),
            Stmt::Assert(node) => self.tests.push((&node.test, Some(true))),
            Stmt::Match(node)
                if node.cases.iter().any(|case| Leaving::of(&case.body, self.returning_ends).found) =>
            {
                self.tests.push((&node.subject, None));
                let guards = node.cases.iter().filter_map(|case| case.guard.as_deref());
                self.tests.extend(guards.map(|guard| (guard, None)));
            }
            _ => {}
        }
        let is_loop = matches!(stmt, Stmt::While(_) | Stmt::For(_));
        let around = (self.returning_ends, self.ends_behind_loops);
        self.returning_ends |= is_loop;
        self.ends_behind_loops &= !is_loop;
        visitor::walk_stmt(self, stmt);
        (self.returning_ends, self.ends_behind_loops) = around;
    }

    fn visit_expr(&mut self, expr: &'f Expr) {
        if let Expr::Call(call) = expr
            && let Expr::Attribute(attribute) = call.func.as_ref()
        {
            let is_waited_for = match attribute.attr.as_str() {
                "wait" | "is_set" => true,
                // A queue is asked for the next thing, a dictionary for a key.
                "get" => call.arguments.args.first().is_none_or(|first| first.is_boolean_literal_expr()),
                _ => false,
            };
            if is_waited_for {
                self.waits.push(&attribute.value);
            }
            if matches!(attribute.attr.as_str(), "serve_forever" | "run_forever") {
                self.serving.push(&attribute.value);
            }
        }
        visitor::walk_expr(self, expr);
    }
}

/// Whether a block can be left, and what it calls.
pub(super) struct Leaving<'f> {
    pub(super) found: bool,
    calls: Vec<&'f ExprCall>,
    returning_ends: bool,
    loops: u32,
}

impl<'f> Leaving<'f> {
    pub(super) fn of(body: &'f [Stmt], returning_ends: bool) -> Self {
        let mut leaving = Self { found: false, calls: Vec::new(), returning_ends, loops: 0 };
        leaving.visit_body(body);
        leaving
    }
}

impl<'f> Visitor<'f> for Leaving<'f> {
    fn visit_stmt(&mut self, stmt: &'f Stmt) {
        match stmt {
            Stmt::FunctionDef(_) | Stmt::ClassDef(_) => return,
            Stmt::Raise(_) => self.found = true,
            Stmt::Break(_) => self.found |= self.loops == 0,
            Stmt::Return(_) => self.found |= self.returning_ends,
            _ => {}
        }
        let is_loop = matches!(stmt, Stmt::While(_) | Stmt::For(_));
        self.loops += u32::from(is_loop);
        visitor::walk_stmt(self, stmt);
        self.loops -= u32::from(is_loop);
    }

    fn visit_expr(&mut self, expr: &'f Expr) {
        match expr {
            Expr::Lambda(_) => return,
            Expr::Call(call) => {
                let name = dotted_name(&call.func);
                self.found |= name.is_some_and(|name| known_call(&name).is_some());
                self.calls.push(call);
            }
            _ => {}
        }
        visitor::walk_expr(self, expr);
    }
}
