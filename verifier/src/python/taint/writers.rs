//! Whether code stores something in a variable of a module, as far as its text tells.

use ruff_python_ast as ast;
use ruff_python_ast::visitor::{self, Visitor};
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

/// Whether some code stores to `module.name`, to a part of it, or says `global name`.
pub fn may_store(body: &[Stmt], name: &str) -> bool {
    let mut writers = Writers { name, found: false };
    writers.visit_body(body);
    writers.found
}

struct Writers<'n> {
    name: &'n str,
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
        let mut expression = expression;
        loop {
            expression = match expression {
                Expr::Attribute(attribute) if attribute.attr.as_str() == self.name => return true,
                Expr::Attribute(attribute) => &attribute.value,
                Expr::Subscript(subscript) => &subscript.value,
                Expr::Name(name) => return name.id.as_str() == self.name,
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
            Stmt::Global(global) => {
                self.found |= global.names.iter().any(|name| name.as_str() == self.name);
            }
            _ => {}
        }
        visitor::walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        if let Expr::Call(ast::ExprCall { func, .. }) = expression {
            match &**func {
                Expr::Attribute(method) if FILLING.contains(&method.attr.as_str()) => {
                    self.found |= self.is_part(&method.value);
                }
                // `setattr(module, "name", value)`
                Expr::Name(function) if function.id.as_str() == "setattr" => self.found = true,
                _ => {}
            }
        }
        if !self.found {
            visitor::walk_expr(self, expression);
        }
    }
}
