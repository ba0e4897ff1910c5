//! What one scope binds.

use std::collections::{HashMap, HashSet};

use crate::python::visitor::{self, Visitor};
use ruff_python_ast::{self as ast, Expr, Stmt};

/// The names of one scope.
#[derive(Debug, Default)]
pub(super) struct ScopeNames<'a> {
    /// Names that belong to the scope, each with its number.
    pub(super) own: HashMap<&'a str, usize>,
    /// Those that code binds when it runs.
    pub(super) bound: HashSet<&'a str>,
    /// Those that `if TYPE_CHECKING:` binds.
    pub(super) for_checkers: HashSet<&'a str>,
    /// Those that `del`, or the end of a handler, takes away again.
    pub(super) passing: HashSet<&'a str>,
    /// `global`.
    pub(super) global: HashSet<&'a str>,
    /// `nonlocal`.
    pub(super) nonlocal: HashSet<&'a str>,
}

impl<'a> ScopeNames<'a> {
    /// What a block binds in the scope that it stands in.
    pub(super) fn of(body: &'a [Stmt]) -> Self {
        let mut collector = Collector { names: Self::default(), only_for_checkers: false };
        collector.visit_body(body);
        collector.names
    }

    /// What an expression binds in the scope that it stands in: `:=`.
    pub(super) fn of_expression(expr: &'a Expr) -> Self {
        let mut collector = Collector { names: Self::default(), only_for_checkers: false };
        collector.visit_expr(expr);
        collector.names
    }

    /// Adds a name that is bound.
    pub(super) fn add(&mut self, name: &'a str) {
        self.claim(name);
        self.bound.insert(name);
    }

    /// Adds a name that belongs here, bound or not.
    fn claim(&mut self, name: &'a str) {
        let number = self.own.len();
        self.own.entry(name).or_insert(number);
    }

    /// Whether the name belongs to this scope.
    pub(super) fn owns(&self, name: &str) -> bool {
        self.own.contains_key(name) && !self.global.contains(name) && !self.nonlocal.contains(name)
    }
}

/// Whether this is `TYPE_CHECKING`, and so never true when the code runs.
pub(super) fn is_type_checking(test: &Expr) -> bool {
    match test {
        Expr::Name(name) => name.id.as_str() == "TYPE_CHECKING",
        Expr::Attribute(attribute) => {
            attribute.attr.as_str() == "TYPE_CHECKING"
                && matches!(&*attribute.value, Expr::Name(name)
                    if matches!(name.id.as_str(), "typing" | "t" | "typing_extensions"))
        }
        _ => false,
    }
}

struct Collector<'a> {
    names: ScopeNames<'a>,
    only_for_checkers: bool,
}

impl<'a> Collector<'a> {
    fn bind(&mut self, name: &'a str) {
        if self.only_for_checkers {
            self.names.claim(name);
            self.names.for_checkers.insert(name);
        } else {
            self.names.add(name);
        }
    }

    fn for_checkers(&mut self, body: &'a [Stmt]) {
        let before = std::mem::replace(&mut self.only_for_checkers, true);
        self.visit_body(body);
        self.only_for_checkers = before;
    }
}

impl<'a> Visitor<'a> for Collector<'a> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        match stmt {
            Stmt::FunctionDef(node) => {
                self.bind(node.name.as_str());
                for decorator in &node.decorator_list {
                    self.visit_decorator(decorator);
                }
                for parameter in node.parameters.iter_non_variadic_params() {
                    if let Some(default) = &parameter.default {
                        self.visit_expr(default);
                    }
                }
                return;
            }
            Stmt::ClassDef(node) => {
                self.bind(node.name.as_str());
                for decorator in &node.decorator_list {
                    self.visit_decorator(decorator);
                }
                if let Some(arguments) = &node.arguments {
                    self.visit_arguments(arguments);
                }
                return;
            }
            Stmt::Import(node) => {
                for alias in &node.names {
                    let name = alias.name.as_str();
                    let top = name.split('.').next().unwrap_or(name);
                    self.bind(alias.asname.as_ref().map_or(top, |name| name.as_str()));
                }
            }
            Stmt::ImportFrom(node) => {
                for alias in &node.names {
                    if alias.name.as_str() != "*" {
                        self.bind(alias.asname.as_ref().unwrap_or(&alias.name).as_str());
                    }
                }
            }
            Stmt::Global(node) => self.names.global.extend(node.names.iter().map(|name| name.as_str())),
            Stmt::Nonlocal(node) => self.names.nonlocal.extend(node.names.iter().map(|name| name.as_str())),
            // An annotation alone makes the name one of the scope, and binds nothing; so does `del`.
            Stmt::AnnAssign(node) if node.value.is_none() => {
                if let Expr::Name(name) = &*node.target {
                    self.names.claim(name.id.as_str());
                }
                return;
            }
            Stmt::Delete(node) => {
                for target in &node.targets {
                    deleted(target, &mut |name| {
                        self.names.claim(name);
                        self.names.passing.insert(name);
                    });
                }
                return;
            }
            Stmt::If(node) => {
                if is_type_checking(&node.test) {
                    self.for_checkers(&node.body);
                    for clause in &node.elif_else_clauses {
                        self.visit_elif_else_clause(clause);
                    }
                    return;
                }
                if let Expr::UnaryOp(not) = &*node.test
                    && not.op == ast::UnaryOp::Not
                    && is_type_checking(&not.operand)
                {
                    self.visit_body(&node.body);
                    for clause in &node.elif_else_clauses {
                        self.for_checkers(&clause.body);
                    }
                    return;
                }
            }
            _ => {}
        }
        visitor::walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Name(name) if name.ctx.is_store() => self.bind(name.id.as_str()),
            Expr::Lambda(node) => {
                for parameter in node.parameters.iter().flat_map(|it| it.iter_non_variadic_params()) {
                    if let Some(default) = &parameter.default {
                        self.visit_expr(default);
                    }
                }
            }
            // What a comprehension's `for` binds is its own; what `:=` binds in it is not.
            Expr::ListComp(ast::ExprListComp { elt, generators, .. })
            | Expr::SetComp(ast::ExprSetComp { elt, generators, .. })
            | Expr::Generator(ast::ExprGenerator { elt, generators, .. }) => {
                self.visit_expr(elt);
                self.generators(generators);
            }
            Expr::DictComp(node) => {
                if let Some(key) = &node.key {
                    self.visit_expr(key);
                }
                self.visit_expr(&node.value);
                self.generators(&node.generators);
            }
            _ => visitor::walk_expr(self, expr),
        }
    }

    fn visit_annotation(&mut self, _: &'a Expr) {}

    fn visit_type_params(&mut self, _: &'a ast::TypeParams) {}

    fn visit_except_handler(&mut self, handler: &'a ast::ExceptHandler) {
        let ast::ExceptHandler::ExceptHandler(node) = handler;
        if let Some(name) = &node.name {
            // Another binding of the name stays.
            if !self.names.bound.contains(name.as_str()) {
                self.names.passing.insert(name.as_str());
            }
            self.bind(name.as_str());
        }
        visitor::walk_except_handler(self, handler);
    }

    fn visit_pattern(&mut self, pattern: &'a ast::Pattern) {
        if let Some(name) = captured(pattern) {
            self.bind(name);
        }
        visitor::walk_pattern(self, pattern);
    }
}

impl<'a> Collector<'a> {
    fn generators(&mut self, generators: &'a [ast::Comprehension]) {
        for generator in generators {
            self.visit_expr(&generator.iter);
            for condition in &generator.ifs {
                self.visit_expr(condition);
            }
        }
    }
}

/// The name that a pattern itself binds.
pub(super) fn captured(pattern: &ast::Pattern) -> Option<&str> {
    match pattern {
        ast::Pattern::MatchAs(node) => node.name.as_ref().map(|name| name.as_str()),
        ast::Pattern::MatchStar(node) => node.name.as_ref().map(|name| name.as_str()),
        ast::Pattern::MatchMapping(node) => node.rest.as_ref().map(|name| name.as_str()),
        _ => None,
    }
}

/// The names that `del` takes away.
pub(super) fn deleted<'a>(target: &'a Expr, each: &mut dyn FnMut(&'a str)) {
    match target {
        Expr::Name(name) => each(name.id.as_str()),
        Expr::Tuple(ast::ExprTuple { elts, .. }) | Expr::List(ast::ExprList { elts, .. }) => {
            elts.iter().for_each(|element| deleted(element, each));
        }
        _ => {}
    }
}

/// What functions anywhere in a body store to names of the module.
pub(super) struct Globals<'a> {
    pub(super) found: HashSet<&'a str>,
}

impl<'a> Visitor<'a> for Globals<'a> {
    fn visit_stmt(&mut self, stmt: &'a Stmt) {
        if let Stmt::FunctionDef(ast::StmtFunctionDef { body, .. })
        | Stmt::ClassDef(ast::StmtClassDef { body, .. }) = stmt
        {
            let names = ScopeNames::of(body);
            self.found.extend(names.global.iter().filter(|name| names.bound.contains(*name)));
        }
        visitor::walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, _: &'a Expr) {}
}
