//! Methods that the class keeps in tables and lists, and calls of what comes out of these: which
//! thread runs such a method is not told by its name.

use super::Known;
use crate::python::Ranged;
use crate::python::ast::{Expr, Stmt};
use crate::python::project::{BindingKind, FunctionRef, Scope};
use crate::python::visitor::{self, Visitor};

/// Methods that put their argument into a container.
pub(super) const PUTTING: &[&str] = &["append", "appendleft", "add", "insert", "extend", "setdefault", "put"];

impl<'f> Known<'_, 'f> {
    /// The methods of the class that its own code keeps somewhere, with where it does so.
    pub(super) fn kept_methods(&self) -> Vec<(FunctionRef<'f>, String)> {
        let mut kept: Vec<(FunctionRef<'f>, String)> = Vec::new();
        let mut add = |name: &str, file: &'f crate::python::ParsedFile, at: &Expr| {
            for method in self.project.method(self.class, name).unwrap_or_default() {
                let is_plain = !method.has_decorator("property") && !method.has_decorator("cached_property");
                if is_plain && !kept.iter().any(|(known, _)| *known == method) {
                    let place = format!("{}:{}", file.path(), file.source().line(at.start()));
                    kept.push((method, place));
                }
            }
        };
        for owner in &self.owners {
            // `_table = {KEY: _method}` in the class's body.
            for stmt in &owner.node.body {
                if let Stmt::Assign(assign) = stmt {
                    for part in contained(&assign.value) {
                        if let Expr::Name(name) = part {
                            add(name.id.as_str(), owner.file, part);
                        }
                    }
                }
            }
            for method in self.project.own_methods(*owner) {
                let objects = self.objects_in(method);
                let mut keeping = Keeping(Vec::new());
                keeping.visit_body(&method.node.body);
                for expr in keeping.0 {
                    if let Expr::Attribute(attribute) = expr
                        && matches!(&*attribute.value, Expr::Name(name) if objects.contains(&name.id.as_str()))
                    {
                        add(attribute.attr.as_str(), method.file, expr);
                    }
                }
            }
        }
        kept
    }

    /// Whether a function calls what comes out of a container: `self.table[key](message)`.
    pub(super) fn calls_what_is_kept(&self, function: FunctionRef<'f>) -> bool {
        crate::python::calls::calls_in(&function.node.body).into_iter().any(|call| match &*call.func {
            Expr::Name(name) => {
                let scope = Scope::at(function.file, name.range());
                let found = self.project.lookup(&scope, name.id.as_str(), Some(name.start()));
                found.is_some_and(|(depth, bindings)| {
                    depth > 0
                        && bindings.iter().any(|binding| match binding.kind {
                            BindingKind::Value(value) => comes_out(value),
                            BindingKind::Iterated(_) => true,
                            _ => false,
                        })
                })
            }
            func => comes_out(func),
        })
    }
}

/// `table[key]`, `table.get(key)`, `callbacks.pop()`.
fn comes_out(expr: &Expr) -> bool {
    match expr {
        Expr::Subscript(_) => true,
        Expr::Call(call) => matches!(&*call.func, Expr::Attribute(method)
            if matches!(method.attr.as_str(), "get" | "pop" | "popleft" | "get_nowait")),
        _ => false,
    }
}

/// The elements of a container that is written out.
fn contained(expr: &Expr) -> Vec<&Expr> {
    match expr {
        Expr::Dict(dict) => dict.items.iter().map(|item| &item.value).collect(),
        Expr::List(list) => list.elts.iter().collect(),
        Expr::Tuple(tuple) => tuple.elts.iter().collect(),
        Expr::Set(set) => set.elts.iter().collect(),
        _ => Vec::new(),
    }
}

/// Finds what a function puts into containers.
struct Keeping<'f>(Vec<&'f Expr>);

impl<'f> Visitor<'f> for Keeping<'f> {
    fn visit_stmt(&mut self, stmt: &'f Stmt) {
        if let Stmt::Assign(assign) = stmt
            && assign.targets.iter().any(Expr::is_subscript_expr)
        {
            self.0.push(&assign.value);
        }
        visitor::walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, expr: &'f Expr) {
        self.0.extend(contained(expr));
        if let Expr::Call(call) = expr
            && let Expr::Attribute(method) = &*call.func
            && PUTTING.contains(&method.attr.as_str())
        {
            self.0.extend(&call.arguments.args);
        }
        visitor::walk_expr(self, expr);
    }
}
