//! Code that may call a method by another name for its object, or from outside the target.

use crate::python::ast::{Expr, Stmt};
use crate::python::calls::calls_in;
use crate::python::project::{ClassRef, FunctionRef, Project, Scope, Type, facts};
use crate::python::visitor::{self, Visitor};
use crate::python::{ParsedFile, Ranged};
use crate::static_checks::is_test_code;

/// `lib.Client = Other`: whoever makes a `lib.Client` has an `Other`.
pub(super) fn put_in_place<'f>(
    function: FunctionRef<'f>,
    class: Option<ClassRef<'f>>,
    project: &Project<'f>,
) -> Option<String> {
    let name = class.map_or(function.node.name.as_str(), |class| class.node.name.as_str());
    let stored = |ty: &Type<'f>| match (ty, class) {
        (Type::Class(other), Some(class)) => project.are_related(class, *other),
        (Type::Function(other), None) => *other == function,
        _ => false,
    };
    files(project, name).into_iter().find_map(|file| {
        let mut stores = Stores(Vec::new());
        stores.visit_body(&file.source().module().body);
        let is_put = |(object, value): &(&'f Expr, &'f Expr)| {
            let is_module = |ty: &Type| matches!(ty, Type::Module(_) | Type::External(_));
            let infer = |expr: &'f Expr| project.infer(&Scope::at(file, expr.range()), expr);
            infer(value).iter().any(&stored) && infer(object).iter().any(is_module)
        };
        let (_, value) = stores.0.into_iter().find(is_put)?;
        let line = file.source().line(value.start());
        Some(format!("`{}:{line}` puts `{name}` in the place of something else", file.path()))
    })
}

/// `library.register(Plugin())`: the library may call any method that does not say it is private.
pub(super) fn given_to_library<'f>(
    function: FunctionRef<'f>,
    class: ClassRef<'f>,
    project: &Project<'f>,
) -> Option<String> {
    if function.node.name.starts_with('_') {
        return None;
    }
    let is_library = |name: &String| {
        !name.starts_with("builtins.")
            && !facts::is_standard_library(name.split('.').next().unwrap_or_default())
    };
    let is_it = |ty: &Type<'f>| matches!(ty, Type::Instance(other) | Type::Class(other) if project.are_related(class, *other));
    files(project, class.name()).into_iter().find_map(|file| {
        calls_in(&file.source().module().body).into_iter().find_map(|call| {
            let infer = |expr: &'f Expr| project.infer(&Scope::at(file, expr.range()), expr);
            let values = call.arguments.keywords.iter().map(|keyword| &keyword.value);
            let mut arguments = call.arguments.args.iter().chain(values);
            let may_be =
                |argument: &&Expr| matches!(argument, Expr::Name(_) | Expr::Attribute(_) | Expr::Call(_));
            if !arguments.clone().any(|argument| may_be(&argument)) {
                return None;
            }
            let callees = project.resolve_call(&Scope::at(file, call.func.range()), call);
            if !callees.external.iter().any(is_library)
                || !arguments.any(|argument| may_be(&argument) && infer(argument).iter().any(is_it))
            {
                return None;
            }
            let source = file.source();
            let (path, line) = (file.path(), source.line(call.start()));
            Some(format!(
                "`{}` at `{path}:{line}` gets a `{}`, and may call it",
                source.slice(call.func.range()),
                class.name()
            ))
        })
    })
}

fn files<'f>(project: &Project<'f>, name: &str) -> Vec<&'f ParsedFile> {
    let paths = project.mentioning(name);
    let paths = paths.iter().filter(|path| !is_test_code(path));
    paths.filter_map(|path| project.file(path).ok()).collect()
}

/// What is stored in attributes: the object, and the value.
struct Stores<'f>(Vec<(&'f Expr, &'f Expr)>);

impl<'f> Visitor<'f> for Stores<'f> {
    fn visit_stmt(&mut self, stmt: &'f Stmt) {
        if let Stmt::Assign(node) = stmt {
            for target in &node.targets {
                if let Expr::Attribute(attribute) = target {
                    self.0.push((&attribute.value, &node.value));
                }
            }
        }
        visitor::walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, expr: &'f Expr) {
        if let Expr::Call(call) = expr
            && let (Expr::Name(function), [object, _, value]) = (&*call.func, &*call.arguments.args)
            && function.id.as_str() == "setattr"
        {
            self.0.push((object, value));
        }
        visitor::walk_expr(self, expr);
    }
}
