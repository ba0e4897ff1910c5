//! Walking a syntax tree. The parser's own visitor is a generic one: each of the many small visitors here
//! would have a copy of the whole walk, a tenth of all machine code and of the time to build it. This one
//! goes through a table of methods and has one copy.

use ruff_python_ast::visitor as generic;
use ruff_python_ast::{
    Arguments, Decorator, ElifElseClause, ExceptHandler, Expr, Parameters, Pattern, Stmt, TypeParams,
    WithItem,
};
use ruff_text_size::{Ranged, TextRange};

/// What to do at the nodes of a tree. A method that is not given goes on into the node's children, in the
/// order in which Python evaluates them; one that is given goes on by the function of its name, or does
/// not.
pub trait Visitor<'a>: AsVisitor<'a> {
    /// At a statement.
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        walk_stmt(self.as_visitor(), stmt);
    }
    /// At an expression.
    fn visit_expr(&mut self, expr: &'a Expr) {
        walk_expr(self.as_visitor(), expr);
    }
    /// At the annotation of a parameter, an assignment or what a function returns.
    fn visit_annotation(&mut self, expr: &'a Expr) {
        self.visit_expr(expr);
    }
    /// At the statements of a module, a function, a class or a branch.
    fn visit_body(&mut self, body: &'a [Stmt]) {
        for stmt in body {
            self.visit_stmt(stmt);
        }
    }
    /// At a decorator.
    fn visit_decorator(&mut self, decorator: &'a Decorator) {
        self.visit_expr(&decorator.expression);
    }
    /// At the parameters of a function or a lambda.
    fn visit_parameters(&mut self, parameters: &'a Parameters) {
        generic::walk_parameters(&mut Walk(self.as_visitor()), parameters);
    }
    /// At the arguments of a call or a class.
    fn visit_arguments(&mut self, arguments: &'a Arguments) {
        generic::walk_arguments(&mut Walk(self.as_visitor()), arguments);
    }
    /// At one item of a `with`.
    fn visit_with_item(&mut self, item: &'a WithItem) {
        generic::walk_with_item(&mut Walk(self.as_visitor()), item);
    }
    /// At an `elif` or `else` of an `if`.
    fn visit_elif_else_clause(&mut self, clause: &'a ElifElseClause) {
        generic::walk_elif_else_clause(&mut Walk(self.as_visitor()), clause);
    }
    /// At an `except`.
    fn visit_except_handler(&mut self, handler: &'a ExceptHandler) {
        walk_except_handler(self.as_visitor(), handler);
    }
    /// At the pattern of a `case`, and at those within.
    fn visit_pattern(&mut self, pattern: &'a Pattern) {
        walk_pattern(self.as_visitor(), pattern);
    }
    /// At the type parameters of a function, a class or an alias.
    fn visit_type_params(&mut self, parameters: &'a TypeParams) {
        generic::walk_type_params(&mut Walk(self.as_visitor()), parameters);
    }
}

/// The statements of a body that may contain a place. They stand in the order of the text, and a body can
/// have very many.
pub fn around(body: &[Stmt], place: TextRange) -> &[Stmt] {
    let from = body.partition_point(|stmt| stmt.end() < place.end());
    let behind = body[from..].partition_point(|stmt| stmt.start() <= place.start());
    &body[from..from + behind]
}

/// A visitor as one of a type not known, which all visitors are.
pub trait AsVisitor<'a> {
    /// The visitor itself.
    fn as_visitor(&mut self) -> &mut (dyn Visitor<'a> + '_);
}

impl<'a, V: Visitor<'a>> AsVisitor<'a> for V {
    fn as_visitor(&mut self) -> &mut (dyn Visitor<'a> + '_) {
        self
    }
}

/// Visits what a statement consists of.
pub fn walk_stmt<'a>(visitor: &mut (dyn Visitor<'a> + '_), stmt: &'a Stmt) {
    generic::walk_stmt(&mut Walk(visitor), stmt);
}

/// Visits what an expression consists of.
pub fn walk_expr<'a>(visitor: &mut (dyn Visitor<'a> + '_), expr: &'a Expr) {
    generic::walk_expr(&mut Walk(visitor), expr);
}

/// Visits what an `except` consists of.
pub fn walk_except_handler<'a>(visitor: &mut (dyn Visitor<'a> + '_), handler: &'a ExceptHandler) {
    generic::walk_except_handler(&mut Walk(visitor), handler);
}

/// Visits what a pattern of a `case` consists of.
pub fn walk_pattern<'a>(visitor: &mut (dyn Visitor<'a> + '_), pattern: &'a Pattern) {
    generic::walk_pattern(&mut Walk(visitor), pattern);
}

/// The one walk.
struct Walk<'v, 'a>(&'v mut (dyn Visitor<'a> + 'v));

impl<'a> generic::Visitor<'a> for Walk<'_, 'a> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        self.0.visit_stmt(stmt);
    }
    fn visit_expr(&mut self, expr: &'a Expr) {
        self.0.visit_expr(expr);
    }
    fn visit_annotation(&mut self, expr: &'a Expr) {
        self.0.visit_annotation(expr);
    }
    fn visit_body(&mut self, body: &'a [Stmt]) {
        self.0.visit_body(body);
    }
    fn visit_decorator(&mut self, decorator: &'a Decorator) {
        self.0.visit_decorator(decorator);
    }
    fn visit_parameters(&mut self, parameters: &'a Parameters) {
        self.0.visit_parameters(parameters);
    }
    fn visit_arguments(&mut self, arguments: &'a Arguments) {
        self.0.visit_arguments(arguments);
    }
    fn visit_with_item(&mut self, item: &'a WithItem) {
        self.0.visit_with_item(item);
    }
    fn visit_elif_else_clause(&mut self, clause: &'a ElifElseClause) {
        self.0.visit_elif_else_clause(clause);
    }
    fn visit_except_handler(&mut self, handler: &'a ExceptHandler) {
        self.0.visit_except_handler(handler);
    }
    fn visit_pattern(&mut self, pattern: &'a Pattern) {
        self.0.visit_pattern(pattern);
    }
    fn visit_type_params(&mut self, parameters: &'a TypeParams) {
        self.0.visit_type_params(parameters);
    }
}
