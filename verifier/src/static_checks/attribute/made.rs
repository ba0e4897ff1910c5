//! Stores on objects of a class that its own code makes or gets: `obj = cls(); obj.x = 1`.

use super::Place;
use crate::python::ast::visitor::{self, Visitor};
use crate::python::ast::{Expr, Stmt};
use crate::python::project::attributes::mangled;
use crate::python::project::{ClassRef, Project, Scope, Type, Types};
use crate::python::{Ranged, TextRange};

/// Stores in the attribute of an object of `class`, in the body of `owner`, a class of its order.
pub(super) fn made_stores<'f>(
    project: &Project<'f>,
    owner: ClassRef<'f>,
    class: ClassRef<'f>,
    name: &str,
    maybe: &mut Option<String>,
) -> Vec<Place<'f>> {
    let wanted = mangled(name, class);
    let mut stores = Stores { is_wanted: &|stored| mangled(stored, owner) == wanted, found: Vec::new() };
    stores.visit_body(&owner.node.body);
    let mut places = Vec::new();
    for (object, range) in stores.found {
        let scope = Scope::at(owner.file, object.range()).on_behalf_of(class);
        let types = objects(project, &scope, object);
        let is_its = |ty: &Type<'f>| matches!(ty, Type::Instance(made) if project.inherits(*made, class));
        // An object of a base may well be one of the class.
        let may_be = |ty: &Type<'f>| matches!(ty, Type::Instance(made) if project.inherits(class, *made));
        if types.iter().any(is_its) {
            places.push(Place { file: owner.file, range });
        } else if types.iter().any(may_be) {
            let line = owner.file.source().line(range.start());
            maybe.get_or_insert(format!(
                "`{}:{line}` stores `{name}` on an object that may be of `{}`",
                owner.file.path(),
                class.name()
            ));
        }
    }
    places
}

/// What an object can be. What a class keeps (`cls._instance`) is found like what its objects do.
fn objects<'f>(project: &Project<'f>, scope: &Scope<'f>, object: &'f Expr) -> Types<'f> {
    let mut types = project.infer(scope, object);
    if let Expr::Attribute(attribute) = object {
        for keeper in project.infer(scope, &attribute.value) {
            if let Type::Class(class) = keeper {
                types.extend(project.member(&Type::Instance(class), attribute.attr.as_str()));
            }
        }
    }
    types
}

/// Collects the objects that get an attribute.
struct Stores<'n, 'f> {
    is_wanted: &'n dyn Fn(&'f str) -> bool,
    found: Vec<(&'f Expr, TextRange)>,
}

impl<'f> Visitor<'f> for Stores<'_, 'f> {
    fn visit_stmt(&mut self, stmt: &'f Stmt) {
        match stmt {
            // Classes in the class are others, and a declaration without a value stores nothing.
            Stmt::ClassDef(_) => {}
            Stmt::AnnAssign(declared) if declared.value.is_none() => {}
            _ => visitor::walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, expr: &'f Expr) {
        match expr {
            Expr::Attribute(attribute)
                if attribute.ctx.is_store() && (self.is_wanted)(attribute.attr.as_str()) =>
            {
                self.found.push((&attribute.value, expr.range()));
            }
            Expr::Call(call) => {
                let is_setattr = matches!(&*call.func, Expr::Name(name) if name.id.as_str() == "setattr");
                if let (true, [object, Expr::StringLiteral(stored), _]) = (is_setattr, &*call.arguments.args)
                    && (self.is_wanted)(stored.value.to_str())
                {
                    self.found.push((object, expr.range()));
                }
            }
            _ => {}
        }
        visitor::walk_expr(self, expr);
    }
}
