//! What runs in place of a function that is decorated.

use super::{Functions, Reached};
use crate::python::ast::{Expr, ExprContext, Stmt, StmtFunctionDef};
use crate::python::project::{FunctionRef, Scope, Type};
use crate::python::visitor::{self, Visitor};

impl<'f> Reached<'_, 'f> {
    /// The functions that run when a decorated one is called: those inside the decorators that the
    /// target has for it, and inside those of its class that put something in its place.
    pub(super) fn wrappers(&mut self, function: FunctionRef<'f>) -> Functions<'f> {
        let mut wrappers = Vec::new();
        let around = |at| {
            let mut scope = Scope::at(function.file, at);
            scope.frames.pop();
            scope
        };
        for (decorator, _) in self.project.opaque_decorators(function) {
            wrappers.extend(self.made_by(&around(function.node.name.range), decorator, None));
        }
        if let Some(class) = function.class_ref() {
            for decorator in &class.node.decorator_list {
                let scope = around(class.node.name.range);
                let replaced = Some(function.node.name.as_str());
                wrappers.extend(self.made_by(&scope, &decorator.expression, replaced));
            }
        }
        wrappers
    }

    /// The functions that a decorator of the target makes; one of a class only where it stores something
    /// under this name.
    fn made_by(&mut self, scope: &Scope<'f>, decorator: &'f Expr, replaced: Option<&str>) -> Functions<'f> {
        let mut made = Vec::new();
        let callee = match decorator {
            Expr::Call(call) => &*call.func,
            plain => plain,
        };
        for ty in self.project.infer(scope, callee) {
            match ty {
                Type::Function(function) | Type::Method(function, _) => {
                    let mut inside = Inside { functions: Vec::new(), stores: false, replaced };
                    inside.visit_body(&function.node.body);
                    if replaced.is_some() && !inside.stores {
                        continue;
                    }
                    self.decorators.push(function);
                    for node in inside.functions {
                        let function = self.project.function_ref(function.file, node);
                        self.decorators.push(function);
                        made.push((function, None));
                    }
                }
                Type::Class(class) | Type::Instance(class) if replaced.is_none() => {
                    let called = self.project.method(class, "__call__").unwrap_or_default();
                    made.extend(called.into_iter().map(|method| (method, Some(class))));
                }
                _ => {}
            }
        }
        made
    }
}

/// The functions that stand in another one.
struct Inside<'n, 'f> {
    functions: Vec<&'f StmtFunctionDef>,
    /// Something is stored as the attribute of that name, or of one that is computed.
    stores: bool,
    replaced: Option<&'n str>,
}

impl<'f> Visitor<'f> for Inside<'_, 'f> {
    fn visit_stmt(&mut self, stmt: &'f Stmt) {
        if let Stmt::FunctionDef(node) = stmt {
            self.functions.push(node);
        }
        visitor::walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, expr: &'f Expr) {
        self.stores |= match expr {
            Expr::Attribute(attribute) => {
                attribute.ctx == ExprContext::Store && Some(attribute.attr.as_str()) == self.replaced
            }
            Expr::Call(call) => {
                let is_setattr = matches!(&*call.func, Expr::Name(name) if name.id.as_str() == "setattr");
                is_setattr
                    && match call.arguments.args.get(1) {
                        Some(Expr::StringLiteral(name)) => Some(name.value.to_str()) == self.replaced,
                        _ => true,
                    }
            }
            _ => false,
        };
        visitor::walk_expr(self, expr);
    }
}
