//! Which methods Python runs on an object where no call is written, and which objects are files in
//! memory.

use super::resolve::{altered, callee};
use crate::python::ast::statement_visitor::{self, StatementVisitor};
use crate::python::ast::{Expr, Stmt};
use crate::python::project::{Ancestor, ClassRef, FunctionRef, Scope, Type, Types};
use crate::python::taint::{Binding, Callee, ObjectSite, Special};
use crate::python::{Project, Ranged};

/// The methods of this name that an object can have.
pub(super) fn special<'f>(project: &Project<'f>, site: ObjectSite<'f>, method: &str) -> Special<'f> {
    if project.mentioning(&format!("def {method}(")).is_empty() {
        return Special::default();
    }
    let mut types = infer(project, site);
    types.retain(|ty| !matches!(ty, Type::None));
    let mut special = Special {
        callees: Vec::new(),
        is_all: !types.is_empty(),
        is_unknown: types.is_empty() || types.iter().any(|ty| matches!(ty, Type::Unknown(_))),
    };
    for ty in types {
        let Type::Instance(class) = ty else {
            special.is_all = false;
            continue;
        };
        let (found, is_all) = methods(project, class, method);
        special.is_all &= is_all;
        special.callees.extend(found);
    }
    special
}

/// The methods of this name of what a function returns.
pub(super) fn methods_of_result<'f>(
    project: &Project<'f>,
    function: &Callee<'f>,
    method: &str,
) -> Vec<Callee<'f>> {
    if project.mentioning(&format!("def {method}(")).is_empty() {
        return Vec::new();
    }
    struct Returns<'a>(Vec<&'a Expr>);
    impl<'a> StatementVisitor<'a> for Returns<'a> {
        fn visit_stmt(&mut self, statement: &'a Stmt) {
            match statement {
                Stmt::Return(statement) => self.0.extend(statement.value.as_deref()),
                Stmt::FunctionDef(_) | Stmt::ClassDef(_) => {}
                _ => statement_visitor::walk_stmt(self, statement),
            }
        }
    }
    let mut returns = Returns(Vec::new());
    returns.visit_body(&function.function.body);
    let scope = Scope::inside(function.file, function.function);
    let mut found: Vec<Callee<'f>> = Vec::new();
    for value in returns.0 {
        for ty in project.infer(&scope, value) {
            let Type::Instance(class) = ty else { continue };
            for one in methods(project, class, method).0 {
                if !found.iter().any(|known| std::ptr::eq(known.function, one.function)) {
                    found.push(one);
                }
            }
        }
    }
    found
}

/// The methods of a class of the project, and whether an object of it has no other.
fn methods<'f>(project: &Project<'f>, class: ClassRef<'f>, method: &str) -> (Vec<Callee<'f>>, bool) {
    let found = project.method(class, method).unwrap_or_default();
    let is_outside = |ancestor: &Ancestor<'f>| match ancestor {
        Ancestor::Class(_) => false,
        Ancestor::External(name) => {
            !matches!(name.as_str(), "builtins.object" | "abc.ABC" | "typing.Generic" | "typing.Protocol")
        }
        Ancestor::Unresolved(_) => true,
    };
    let orders = project.linearisations(class);
    let is_plain = |function: &FunctionRef<'f>| altered(project, *function).is_none();
    let is_all = !found.is_empty()
        && found.iter().all(is_plain)
        && !orders.iter().flat_map(|order| &order.ancestors).any(is_outside);
    let callees =
        found.into_iter().filter(is_plain).map(|function| callee(function, Binding::Method)).collect();
    (callees, is_all)
}

/// Whether an object is a file in memory, or one that is read again under the same name.
pub(super) fn is_buffer<'f>(project: &Project<'f>, site: ObjectSite<'f>) -> bool {
    infer(project, site).iter().any(|ty| match ty {
        Type::ExternalInstance(name) => {
            let last = name.rsplit('.').next().unwrap_or(name);
            name.starts_with("io.") && matches!(last, "BytesIO" | "StringIO" | "BufferedRandom")
                || name.starts_with("tempfile.") && last.ends_with("TemporaryFile")
        }
        _ => false,
    })
}

fn infer<'f>(project: &Project<'f>, site: ObjectSite<'f>) -> Types<'f> {
    let scope = match site.function {
        Some(function) => Scope::inside(site.file, function),
        None => Scope::at(site.file, site.object.range()),
    };
    project.infer(&scope, site.object)
}
