//! Stores on objects of a class that its own code makes or gets: `obj = cls(); obj.x = 1`.

use super::Place;
use crate::python::ast::{self, Expr, Stmt};
use crate::python::project::attributes::{literal_strings, mangled};
use crate::python::project::{
    BindingKind, ClassRef, Frame, FunctionRef, Project, Scope, Type, Types, object_names,
};
use crate::python::visitor::{self, Visitor};
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
    let mut places = Vec::new();
    for method in project.own_methods(owner) {
        let mut stores = Stores {
            project,
            method,
            own: object_names(method),
            is_wanted: &|stored| mangled(stored, owner) == wanted,
            copied: Vec::new(),
            found: Vec::new(),
        };
        stores.visit_body(&method.node.body);
        for Store { object, range, is_computed } in stores.found {
            let scope = Scope::at(owner.file, object.range()).on_behalf_of(class);
            let types = objects(project, &scope, object);
            let is_its = |ty: &Type<'f>| matches!(ty, Type::Instance(made) if project.inherits(*made, class));
            // An object of a base may well be one of the class.
            let may_be = |ty: &Type<'f>| matches!(ty, Type::Instance(made) if project.inherits(class, *made));
            if !is_computed && types.iter().any(is_its) {
                places.push(Place { file: owner.file, range });
            } else if types.iter().any(|ty| is_its(ty) || may_be(ty)) {
                let line = owner.file.source().line(range.start());
                maybe.get_or_insert(format!(
                    "`{}:{line}` may store `{name}` on an object of `{}`",
                    owner.file.path(),
                    class.name()
                ));
            }
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

/// A store on some object.
struct Store<'f> {
    object: &'f Expr,
    range: TextRange,
    /// The name of the attribute is computed.
    is_computed: bool,
}

/// Collects the objects that get an attribute, in one method. The method's own object is left out.
struct Stores<'s, 'f> {
    project: &'s Project<'f>,
    method: FunctionRef<'f>,
    /// Names of the method's own object.
    own: Vec<&'f str>,
    is_wanted: &'s dyn Fn(&'f str) -> bool,
    /// Loop variables that run over the attributes of another object.
    copied: Vec<&'f str>,
    found: Vec<Store<'f>>,
}

impl<'f> Stores<'_, 'f> {
    fn add(&mut self, object: &'f Expr, range: TextRange, is_computed: bool) {
        let is_own = matches!(object, Expr::Name(name) if self.own.contains(&name.id.as_str()));
        if !is_own {
            self.found.push(Store { object, range, is_computed });
        }
    }

    /// A store under a name that an expression gives.
    fn add_named(&mut self, object: &'f Expr, name: &'f Expr, range: TextRange) {
        let names = match name {
            Expr::StringLiteral(text) => Some(vec![text.value.to_str()]),
            Expr::Name(variable) if self.copied.contains(&variable.id.as_str()) => return,
            Expr::Name(variable) => {
                let bindings = self.project.frame_bindings(Frame::Function(self.method.node));
                let all = bindings.all(variable.id.as_str()).iter();
                let names: Option<Vec<_>> = all
                    .map(|binding| match binding.kind {
                        BindingKind::Iterated(names) => literal_strings(names),
                        _ => None,
                    })
                    .collect();
                names.filter(|names| !names.is_empty()).map(|names| names.concat())
            }
            _ => None,
        };
        match names {
            Some(names) if names.iter().any(|name| (self.is_wanted)(name)) => self.add(object, range, false),
            Some(_) => {}
            None => self.add(object, range, true),
        }
    }

    fn call(&mut self, call: &'f ast::ExprCall) {
        let arguments = &call.arguments;
        match (&*call.func, &*arguments.args) {
            (Expr::Name(function), [object, name, _]) if function.id.as_str() == "setattr" => {
                self.add_named(object, name, call.range());
            }
            (Expr::Attribute(method), values) if method.attr.as_str() == "update" => {
                let Some(object) = dictionary(&method.value) else { return };
                for value in values {
                    match (value, literal_strings(value)) {
                        (Expr::Dict(_), Some(names)) if !names.iter().any(|name| (self.is_wanted)(name)) => {}
                        (Expr::Dict(_), Some(_)) => self.add(object, call.range(), false),
                        // What another object has is stored there.
                        _ if dictionary(value).is_some() => {}
                        _ => self.add(object, call.range(), true),
                    }
                }
                for keyword in &arguments.keywords {
                    match &keyword.arg {
                        Some(name) if !(self.is_wanted)(name.as_str()) => {}
                        name => self.add(object, call.range(), name.is_none()),
                    }
                }
            }
            _ => {}
        }
    }
}

impl<'f> Visitor<'f> for Stores<'_, 'f> {
    fn visit_stmt(&mut self, stmt: &'f Stmt) {
        match stmt {
            // Classes in the class are others, and a declaration without a value stores nothing.
            Stmt::ClassDef(_) => return,
            Stmt::AnnAssign(declared) if declared.value.is_none() => return,
            Stmt::For(node) => {
                // `vars(other)`, `other.__dict__.items()`.
                let over = dictionary(&node.iter).or_else(|| match &*node.iter {
                    Expr::Call(call) => match &*call.func {
                        Expr::Attribute(method) => dictionary(&method.value),
                        _ => None,
                    },
                    _ => None,
                });
                let name = match &*node.target {
                    Expr::Tuple(tuple) => tuple.elts.first(),
                    target => Some(target),
                };
                if let (Some(_), Some(Expr::Name(name))) = (over, name) {
                    self.copied.push(name.id.as_str());
                }
            }
            _ => {}
        }
        visitor::walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, expr: &'f Expr) {
        match expr {
            Expr::Attribute(attribute) if attribute.ctx.is_store() => {
                let name = attribute.attr.as_str();
                if (self.is_wanted)(name) || name == "__dict__" {
                    self.add(&attribute.value, expr.range(), name == "__dict__");
                }
            }
            Expr::Subscript(subscript) if subscript.ctx.is_store() => {
                if let Some(object) = dictionary(&subscript.value) {
                    self.add_named(object, &subscript.slice, expr.range());
                }
            }
            Expr::Call(call) => self.call(call),
            _ => {}
        }
        visitor::walk_expr(self, expr);
    }
}

/// The object of `object.__dict__` and `vars(object)`.
fn dictionary(expr: &Expr) -> Option<&Expr> {
    match expr {
        Expr::Attribute(attribute) if attribute.attr.as_str() == "__dict__" => Some(&attribute.value),
        Expr::Call(call) => match (&*call.func, &*call.arguments.args) {
            (Expr::Name(function), [object]) if function.id.as_str() == "vars" => Some(object),
            _ => None,
        },
        _ => None,
    }
}
