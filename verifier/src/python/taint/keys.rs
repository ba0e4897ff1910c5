//! Elements by their keys, and attributes by their names: written out, or under a name that
//! stands for one text or number wherever it is read.

use foldhash::{HashMap, HashMapExt, HashSet};

use crate::python::visitor::{self, Visitor};
use ruff_python_ast as ast;
use ruff_python_ast::name::Name;
use ruff_python_ast::{Expr, Stmt};

use super::engine::Body;
use super::environment::Root;
use super::interpreter::Interpreter;
use super::scope;
use super::value::{Element, Value};

/// Names and what they stand for.
pub(super) type Constants = HashMap<Name, Element>;

impl<'f> Interpreter<'_, '_, 'f> {
    /// The element that an index selects.
    pub(super) fn element(&self, index: &Expr) -> Element {
        match index {
            Expr::Name(name) => self.constant(&name.id).unwrap_or(Element::Anything),
            other => scope::element(other),
        }
    }

    /// The name of an attribute that an expression gives.
    pub(super) fn attribute_name(&self, expression: &Expr) -> Option<Name> {
        match self.element(expression) {
            Element::Key(name) => Some(name),
            Element::Attribute(_) | Element::Place | Element::Anything => None,
        }
    }

    fn constant(&self, name: &Name) -> Option<Element> {
        if !self.engine.specification.options.deep {
            return None;
        }
        let constants = match self.root(name) {
            Root::Local(_) if self.outer.contains(name) => return None,
            Root::Local(_) => {
                let unit = &self.engine.units[self.unit];
                unit.constants.get_or_init(|| match unit.body {
                    Body::Function(function) => of_function(function),
                    Body::Module(_) => Constants::new(),
                })
            }
            Root::Global(_) => {
                let file = &self.engine.files[self.file as usize];
                file.constants.get_or_init(|| of_module(&file.source.source().module().body))
            }
        };
        constants.get(name).cloned()
    }

    /// `a.__dict__`, `vars(a)`: the object whose attributes these are as elements.
    pub(super) fn namespace_of(&self, expression: &'f Expr) -> Option<&'f Expr> {
        if !self.engine.specification.options.deep {
            return None;
        }
        match expression {
            Expr::Attribute(attribute) if attribute.attr.as_str() == "__dict__" => Some(&attribute.value),
            Expr::Call(call) => match (&*call.func, &*call.arguments.args) {
                (Expr::Name(name), [object]) if name.id.as_str() == "vars" => Some(object),
                _ => None,
            },
            _ => None,
        }
    }
}

/// The attributes of an object as the elements of a dict.
pub(super) fn namespace(object: &Value) -> Value {
    let mut entries = Value::whole(object.own.clone());
    for (path, taints) in object.parts.iter() {
        if let [Element::Attribute(name), rest @ ..] = path.as_slice() {
            let path: Vec<Element> =
                [Element::Key(name.clone())].into_iter().chain(rest.iter().cloned()).collect();
            entries.add(&path, taints);
        }
    }
    entries
}

fn of_function(function: &ast::StmtFunctionDef) -> Constants {
    let mut bindings = Bindings::default();
    for parameter in function.parameters.iter() {
        bindings.vary(&parameter.name().id);
    }
    bindings.visit_body(&function.body);
    bindings.constants()
}

fn of_module(body: &[Stmt]) -> Constants {
    let mut bindings = Bindings { of_module: true, ..Bindings::default() };
    bindings.visit_body(body);
    bindings.constants()
}

/// What names are given in some code, and how often. Names of functions inside a function count as
/// its own: a comprehension's or an inner function's may be another variable, or the same.
#[derive(Default)]
struct Bindings {
    of_module: bool,
    /// Inside functions of a module, where a name is another variable unless that is said.
    depth: usize,
    given: HashMap<Name, Element>,
    bound: HashSet<Name>,
    varying: HashSet<Name>,
}

impl Bindings {
    fn vary(&mut self, name: &Name) {
        if self.depth == 0 {
            self.varying.insert(name.clone());
        }
    }

    fn bind(&mut self, name: &Name) {
        if self.depth == 0 && !self.bound.insert(name.clone()) {
            self.varying.insert(name.clone());
        }
    }

    fn assign(&mut self, target: &Expr, value: &Expr) {
        if let (0, Expr::Name(name), element @ Element::Key(_)) = (self.depth, target, scope::element(value))
        {
            self.given.insert(name.id.clone(), element);
        }
    }

    fn constants(mut self) -> Constants {
        self.given.retain(|name, _| !self.varying.contains(name));
        self.given
    }

    fn inner(&mut self, parameters: Option<&ast::Parameters>) {
        for parameter in parameters.into_iter().flat_map(|parameters| parameters.iter()) {
            self.vary(&parameter.name().id);
        }
    }
}

impl<'a> Visitor<'a> for Bindings {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::Assign(assign) => {
                assign.targets.iter().for_each(|target| self.assign(target, &assign.value))
            }
            Stmt::AnnAssign(assign) => {
                if let Some(value) = &assign.value {
                    self.assign(&assign.target, value);
                }
            }
            Stmt::AugAssign(assign) => {
                if let Expr::Name(name) = &*assign.target {
                    self.vary(&name.id);
                }
            }
            Stmt::FunctionDef(function) => {
                self.vary(&function.name.id);
                self.inner(
                    Some(&function.parameters).filter(|_| !self.of_module).map(|parameters| &**parameters),
                );
                self.depth += usize::from(self.of_module);
                visitor::walk_stmt(self, statement);
                self.depth -= usize::from(self.of_module);
                return;
            }
            Stmt::ClassDef(class) => {
                self.vary(&class.name.id);
                self.depth += usize::from(self.of_module);
                visitor::walk_stmt(self, statement);
                self.depth -= usize::from(self.of_module);
                return;
            }
            // Whoever says so may give it another value.
            Stmt::Global(global) => self.varying.extend(global.names.iter().map(|name| name.id.clone())),
            Stmt::Nonlocal(nonlocal) => {
                self.varying.extend(nonlocal.names.iter().map(|name| name.id.clone()));
            }
            Stmt::Import(import) => {
                for alias in &import.names {
                    let name = alias.asname.as_ref().unwrap_or(&alias.name);
                    let first = name.as_str().split('.').next().unwrap_or_default();
                    self.vary(&Name::new(first));
                }
            }
            Stmt::ImportFrom(import) => {
                for alias in &import.names {
                    self.vary(&alias.asname.as_ref().unwrap_or(&alias.name).id);
                }
            }
            _ => {}
        }
        visitor::walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        match expression {
            Expr::Name(name) if name.ctx.is_store() => self.bind(&name.id),
            Expr::Name(name) if name.ctx.is_del() => self.vary(&name.id),
            Expr::Lambda(lambda) => self.inner(lambda.parameters.as_deref()),
            _ => {}
        }
        visitor::walk_expr(self, expression);
    }

    fn visit_except_handler(&mut self, handler: &'a ast::ExceptHandler) {
        let ast::ExceptHandler::ExceptHandler(handler_) = handler;
        if let Some(name) = &handler_.name {
            self.vary(&name.id);
        }
        visitor::walk_except_handler(self, handler);
    }

    fn visit_pattern(&mut self, pattern: &'a ast::Pattern) {
        let name = match pattern {
            ast::Pattern::MatchAs(binding) => binding.name.as_ref(),
            ast::Pattern::MatchStar(star) => star.name.as_ref(),
            ast::Pattern::MatchMapping(mapping) => mapping.rest.as_ref(),
            _ => None,
        };
        if let Some(name) = name {
            self.vary(&name.id);
        }
        visitor::walk_pattern(self, pattern);
    }
}
