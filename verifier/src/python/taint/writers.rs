//! Whether code stores something in a variable of a module, as far as its text tells.

use foldhash::HashSet;

use crate::python::visitor::{self, Visitor};
use ruff_python_ast as ast;
use ruff_python_ast::statement_visitor::{self, StatementVisitor};
use ruff_python_ast::{Expr, Stmt};

/// Methods that put what they are given into their object.
pub(super) const FILLING: [&str; 13] = [
    "add",
    "append",
    "appendleft",
    "extend",
    "extendleft",
    "insert",
    "push",
    "put",
    "put_nowait",
    "setdefault",
    "update",
    "write",
    "writelines",
];

/// Whether code of a module stores in its variable `name`, or in a part of it.
pub(super) fn may_store(body: &[Stmt], name: &str) -> bool {
    finds(body, name, None)
}

/// Whether code of another module stores in the variable of an imported module, or in the variable
/// that it has imported, or in a part of that.
pub fn may_store_from_outside(body: &[Stmt], name: &str) -> bool {
    #[derive(Default)]
    struct Imports<'a>(HashSet<&'a str>);
    impl<'a> StatementVisitor<'a> for Imports<'a> {
        fn visit_stmt(&mut self, statement: &'a Stmt) {
            let names = match statement {
                Stmt::Import(import) => &import.names,
                Stmt::ImportFrom(import) => &import.names,
                other => return statement_visitor::walk_stmt(self, other),
            };
            for alias in names {
                let bound = alias.asname.as_ref().unwrap_or(&alias.name).as_str();
                self.0.insert(bound.split('.').next().unwrap_or(bound));
            }
        }
    }
    let mut imports = Imports::default();
    imports.visit_body(body);
    !imports.0.is_empty() && finds(body, name, Some(&imports.0))
}

fn finds(body: &[Stmt], name: &str, imports: Option<&HashSet<&str>>) -> bool {
    let mut writers = Writers { name, imports, found: false };
    writers.visit_body(body);
    writers.found
}

struct Writers<'n> {
    name: &'n str,
    /// From outside: what the module imports.
    imports: Option<&'n HashSet<&'n str>>,
    found: bool,
}

impl Writers<'_> {
    fn target(&mut self, target: &Expr) {
        let mut targets = vec![target];
        while let Some(target) = targets.pop() {
            match target {
                Expr::Tuple(tuple) => targets.extend(&tuple.elts),
                Expr::List(list) => targets.extend(&list.elts),
                Expr::Starred(starred) => targets.push(&starred.value),
                Expr::Attribute(_) | Expr::Subscript(_) => self.found |= self.is_part(target),
                _ => {}
            }
        }
    }

    /// Whether an expression is the variable or a part of it.
    fn is_part(&self, expression: &Expr) -> bool {
        let mut is_named = false;
        let mut expression = expression;
        loop {
            expression = match expression {
                Expr::Attribute(attribute) => {
                    is_named |= attribute.attr.as_str() == self.name;
                    &attribute.value
                }
                Expr::Subscript(subscript) => &subscript.value,
                Expr::Name(name) => {
                    let root = name.id.as_str();
                    return match self.imports {
                        Some(imports) => imports.contains(root) && (is_named || root == self.name),
                        None => root == self.name,
                    };
                }
                _ => return false,
            };
        }
    }
}

impl<'a> Visitor<'a> for Writers<'_> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        if self.found {
            return;
        }
        match statement {
            Stmt::Assign(assign) => assign.targets.iter().for_each(|target| self.target(target)),
            Stmt::AnnAssign(assign) => self.target(&assign.target),
            Stmt::AugAssign(assign) => self.target(&assign.target),
            Stmt::For(loop_) => self.target(&loop_.target),
            Stmt::With(with) => {
                for target in with.items.iter().filter_map(|item| item.optional_vars.as_deref()) {
                    self.target(target);
                }
            }
            Stmt::Global(global) if self.imports.is_none() => {
                self.found |= global.names.iter().any(|name| name.as_str() == self.name);
            }
            _ => {}
        }
        visitor::walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        if let Expr::Call(ast::ExprCall { func, arguments, .. }) = expression {
            match &**func {
                Expr::Attribute(method) if FILLING.contains(&method.attr.as_str()) => {
                    self.found |= self.is_part(&method.value);
                }
                // `setattr(module, "name", value)`
                Expr::Name(function) if function.id.as_str() == "setattr" => {
                    self.found |= match (&*arguments.args, self.imports) {
                        ([Expr::Name(object), Expr::StringLiteral(name), _], Some(imports)) => {
                            imports.contains(object.id.as_str()) && name.value.to_str() == self.name
                        }
                        _ => false,
                    };
                }
                _ => {}
            }
        }
        if !self.found {
            visitor::walk_expr(self, expression);
        }
    }
}
