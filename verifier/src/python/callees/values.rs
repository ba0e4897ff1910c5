//! How calls of values end that are no functions by name: `COMMANDS[name]()`, `quit = lambda: sys.exit()`,
//! `getattr(self, "do_" + name)()`, a parameter.

use super::{Calls, Inside, MAX_CALLS, last_name, perhaps};
use crate::python::ParsedFile;
use crate::python::Ranged;
use crate::python::ast::{self, Expr, Stmt};
use crate::python::calls::calls_in;
use crate::python::control_flow::{CallEnding, Raised, Surroundings, known_call};
use crate::python::literal::literal_start;
use crate::python::project::modules::FoundModule;
use crate::python::project::{
    AccessKind, Binding, BindingKind, Frame, Module, Project, Scope, Stored, Type, address,
    facts::is_test_code,
};
use crate::python::visitor::{self, Visitor};

/// Tables in tables, and names of names, are followed this far.
const MOST_STEPS: u32 = 6;

/// Files that may call a function with a parameter that is called, at most.
const MOST_FILES: usize = 20;

/// Functions of libraries that come back, or end the process.
pub(super) fn may_exit(name: &str) -> Option<CallEnding> {
    let is_parser = match name.rsplit_once("().") {
        Some(("argparse.ArgumentParser", method)) => is_parsing(method),
        Some(("optparse.OptionParser", "parse_args")) => true,
        _ => matches!(name, "unittest.main"),
    };
    is_parser.then(|| CallEnding {
        raises: vec![Raised::Class("SystemExit".to_owned())],
        ..CallEnding::ordinary()
    })
}

fn is_parsing(method: &str) -> bool {
    matches!(
        method,
        "parse_args" | "parse_known_args" | "parse_intermixed_args" | "parse_known_intermixed_args"
    )
}

impl<'f> Inside<'_, '_, 'f> {
    /// How a call of what is no function by name ends; nothing where nothing is known of it.
    pub(super) fn of_value(&self, call: &'f ast::ExprCall) -> Option<CallEnding> {
        match &*call.func {
            Expr::Name(name) => {
                let scope = self.scope(name.range());
                let (depth, bindings) =
                    self.across.project.lookup(&scope, name.id.as_str(), Some(name.start()))?;
                if let [binding] = bindings.as_slice()
                    && let BindingKind::Value(value @ (Expr::Lambda(_) | Expr::Call(_))) = binding.kind
                    && let Some(ending) = self.made(value)
                {
                    return Some(ending);
                }
                let mut all = None;
                for binding in bindings {
                    let values = match binding.kind {
                        BindingKind::Value(value) | BindingKind::Entered(value) => self.chosen(value),
                        BindingKind::Iterated(table) => self.values(table, 0),
                        BindingKind::Parameter(..) => {
                            let outer = scope.outer(depth);
                            match outer.function() {
                                Some(function) => self.given_to(function),
                                None => Vec::new(),
                            }
                        }
                        _ => Vec::new(),
                    };
                    all = self.any_of(values).or(all);
                }
                all
            }
            func => self.any_of(self.chosen(func)),
        }
        // `options.parse_args()` of what is not known to be a parser.
        .or_else(|| match &*call.func {
            Expr::Attribute(method) if is_parsing(method.attr.as_str()) => {
                let mut objects =
                    self.across.project.infer(&self.scope(method.range()), &method.value).into_iter();
                objects
                    .any(|ty| matches!(ty, Type::Instance(_) | Type::Unknown(_)))
                    .then(|| CallEnding { maybe: vec![Raised::Unknown], ..CallEnding::ordinary() })
            }
            _ => None,
        })
    }

    /// What one of these does that leaves: any of them may be called.
    fn any_of(&self, values: Vec<Value<'f>>) -> Option<CallEnding> {
        let mut all: Option<CallEnding> = None;
        for value in values {
            let ending = match value {
                Value::Expr(scope, expr) => self.callable(&scope, expr),
                Value::Ends(ending) => ending,
            };
            let exit = Raised::Class("SystemExit".to_owned());
            if ending.leaves || ending.raises.contains(&exit) || ending.maybe.contains(&exit) {
                all.get_or_insert_with(CallEnding::ordinary).or(perhaps(ending));
            }
        }
        all
    }

    /// A lambda, or a function with some of its arguments.
    fn made(&self, value: &'f Expr) -> Option<CallEnding> {
        let scope = self.scope(value.range());
        match value {
            Expr::Lambda(_) => Some(self.callable(&scope, value)),
            Expr::Call(call) if is_partial(self.across.project, &scope, call) => {
                Some(self.callable(&scope, value))
            }
            _ => None,
        }
    }

    /// How a call of a value ends.
    fn callable(&self, scope: &Scope<'f>, value: &'f Expr) -> CallEnding {
        let project = self.across.project;
        match value {
            Expr::Lambda(lambda) => {
                let key = address(lambda);
                if self.across.active.borrow().contains(&key)
                    || self.across.active.borrow().len() >= MAX_CALLS
                {
                    return CallEnding::ordinary();
                }
                self.across.active.borrow_mut().push(key);
                let mut calls = Calls::default();
                calls.visit_expr(&lambda.body);
                let names = self.across.names(scope.file);
                let inside =
                    Inside { across: self.across, names, file: scope.file, class: self.class, calls };
                let mut all = CallEnding::ordinary();
                for call in inside.calls.calls.values() {
                    let CallEnding { leaves, raises, maybe, .. } = inside.call(call);
                    all.or(CallEnding { returns: true, leaves, raises, maybe });
                }
                self.across.active.borrow_mut().pop();
                all
            }
            Expr::Call(call) if is_partial(project, scope, call) => match call.arguments.args.first() {
                Some(function) => self.callable(scope, function),
                None => CallEnding::ordinary(),
            },
            Expr::Name(_) | Expr::Attribute(_) => {
                let callees = project.callees(project.infer(scope, value));
                let mut all = CallEnding::ordinary();
                let own = self.names.qualified(value).filter(|_| callees.functions.is_empty());
                for name in callees.external.iter().chain(&own) {
                    all.or(known_call(name).unwrap_or_default());
                }
                for (function, class) in callees.functions.into_iter().filter(|(it, _)| !it.node.is_async) {
                    all.or(self.across.ending(function, class));
                }
                all
            }
            _ => CallEnding::ordinary(),
        }
    }

    /// What an expression may be that takes something out of a table or by a computed name.
    fn chosen(&self, expr: &'f Expr) -> Vec<Value<'f>> {
        match expr {
            Expr::Subscript(node) => self.values(&node.value, 0),
            Expr::Call(call) => match &*call.func {
                Expr::Attribute(method) if matches!(method.attr.as_str(), "get" | "pop") => {
                    let mut values = self.values(&method.value, 0);
                    let others = call.arguments.args.iter().skip(1);
                    values.extend(others.map(|value| Value::Expr(self.scope(value.range()), value)));
                    values
                }
                Expr::Name(name) if name.id.as_str() == "getattr" => self.by_computed_name(call),
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }
    }

    /// `getattr(self, "do_" + name)`: any method of the class whose name begins so.
    fn by_computed_name(&self, call: &'f ast::ExprCall) -> Vec<Value<'f>> {
        let project = self.across.project;
        let [object, name, ..] = &*call.arguments.args else { return Vec::new() };
        if name.is_string_literal_expr() {
            return Vec::new();
        }
        let start = literal_start(name).unwrap_or_default();
        let mut found = Vec::new();
        for ty in project.infer(&self.scope(object.range()), object) {
            let Type::Instance(class) = ty else { continue };
            for owner in project.linearisations(class).iter().flat_map(|order| order.classes()) {
                let methods = project.own_methods(owner).into_iter();
                let methods = methods.filter(|method| method.node.name.as_str().starts_with(start));
                found.extend(methods.map(|method| Value::Ends(self.across.ending(method, Some(class)))));
            }
        }
        found
    }

    /// The values of a table: a literal, by a name or an attribute, and what is iterated over.
    fn values(&self, table: &'f Expr, steps: u32) -> Vec<Value<'f>> {
        if steps > MOST_STEPS {
            return Vec::new();
        }
        let project = self.across.project;
        let scope = self.scope(table.range());
        let elements = |elements: &'f [Expr]| {
            let parts = elements.iter().flat_map(|element| match element {
                Expr::Tuple(tuple) => &*tuple.elts,
                Expr::List(list) => &*list.elts,
                element => std::slice::from_ref(element),
            });
            parts.map(|part| Value::Expr(self.scope(part.range()), part)).collect()
        };
        match table {
            Expr::Dict(dict) => dict
                .items
                .iter()
                .flat_map(|item| match &item.value {
                    Expr::Tuple(tuple) => &*tuple.elts,
                    value => std::slice::from_ref(value),
                })
                .map(|value| Value::Expr(self.scope(value.range()), value))
                .collect(),
            Expr::List(list) => elements(&list.elts),
            Expr::Tuple(tuple) => elements(&tuple.elts),
            Expr::Set(set) => elements(&set.elts),
            Expr::Name(name) => {
                let found = project.lookup(&scope, name.id.as_str(), Some(name.start()));
                let bindings = found.map(|(_, bindings)| bindings).unwrap_or_default();
                let values = bindings.iter().flat_map(|binding| self.bound(self.file, binding, steps));
                let mut all: Vec<_> = values.collect();
                all.extend(self.put_into(name.id.as_str()));
                all
            }
            Expr::Attribute(attribute) => {
                let mut values = Vec::new();
                for ty in project.infer(&scope, &attribute.value) {
                    if let Type::Module(module) = ty {
                        let bindings = project.module_bindings(module.0).last(attribute.attr.as_str());
                        values.extend(bindings.iter().flat_map(|it| self.bound(module.0, it, steps)));
                        continue;
                    }
                    let Type::Instance(class) = ty else { continue };
                    for owner in project.linearisations(class).iter().flat_map(|order| order.classes()) {
                        let in_body =
                            project.frame_bindings(Frame::Class(owner.node)).last(attribute.attr.as_str());
                        values.extend(in_body.into_iter().flat_map(|it| self.bound(owner.file, &it, steps)));
                    }
                    for access in project.accesses_of(class, attribute.attr.as_str()) {
                        if let AccessKind::Store(Stored::Value(value) | Stored::Annotated(_, Some(value))) =
                            access.kind
                        {
                            values.extend(self.values_in(access.class.file, value, steps + 1));
                        }
                    }
                }
                values.extend(self.put_into(attribute.attr.as_str()));
                values
            }
            Expr::Call(call) => {
                let inner = match &*call.func {
                    Expr::Attribute(method) => Some(&*method.value),
                    Expr::Name(_) => call.arguments.args.first(),
                    _ => None,
                };
                inner.map(|inner| self.values(inner, steps + 1)).unwrap_or_default()
            }
            _ => Vec::new(),
        }
    }

    /// The values of a table that stands in a file.
    fn values_in(&self, file: &'f ParsedFile, table: &'f Expr, steps: u32) -> Vec<Value<'f>> {
        if std::ptr::eq(file, self.file) {
            return self.values(table, steps);
        }
        let names = self.across.names(file);
        Inside { across: self.across, names, file, class: self.class, calls: Calls::default() }
            .values(table, steps)
    }

    /// The values of a table that a name of a file stands for: there, or where it is imported from.
    fn bound(&self, file: &'f ParsedFile, binding: &Binding<'f>, steps: u32) -> Vec<Value<'f>> {
        match binding.kind {
            BindingKind::Value(value) | BindingKind::Annotated(_, Some(value)) => {
                self.values_in(file, value, steps + 1)
            }
            BindingKind::ImportFrom { from, name } if steps <= MOST_STEPS => {
                let project = self.across.project;
                let module = from.module.as_ref().map(|module| module.as_str());
                let found = match (from.level, module) {
                    (0, Some(module)) => project.module(module, file),
                    (level, module) => project.relative_module(file, level, module),
                };
                let FoundModule::Here(Module::File(home)) = found else { return Vec::new() };
                let bindings = project.module_bindings(home).last(name);
                bindings.iter().flat_map(|it| self.bound(home, it, steps + 1)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// What code of this file puts into a table, with what decorators of the target may: `COMMANDS[name] = run`.
    fn put_into(&self, table: &str) -> Vec<Value<'f>> {
        let mut puts = Puts { table, values: Vec::new() };
        puts.visit_body(&self.file.source().module().body);
        let mut values = Vec::new();
        let mut by_decorators = false;
        for value in puts.values {
            let scope = Scope::at(self.file, value.range());
            let is_given = matches!(value, Expr::Name(name)
                if scope.function().is_some_and(|function| function.parameters.includes(name.id.as_str())));
            by_decorators |= is_given;
            values.push(Value::Expr(scope, value));
        }
        if by_decorators {
            let project = self.across.project;
            let functions =
                self.file.symbols().iter().filter_map(|symbol| project.function_at(self.file, symbol.range));
            let decorated = functions.filter(|function| project.opaque_decorator(*function).is_some());
            values.extend(decorated.map(|function| Value::Ends(self.across.ending(function, None))));
        }
        values
    }

    /// What callers give a function.
    fn given_to(&self, function: &'f ast::StmtFunctionDef) -> Vec<Value<'f>> {
        let project = self.across.project;
        let name = function.name.as_str();
        let paths = project.mentioning(name);
        let paths = paths.iter().filter(|path| *path == self.file.path() || !is_test_code(path));
        let files = paths.take(MOST_FILES).filter_map(|path| project.file(path).ok());
        let mut given = Vec::new();
        for file in files {
            let calls = calls_in(&file.source().module().body).into_iter();
            for call in calls.filter(|call| last_name(&call.func) == Some(name)) {
                let is_callee = |(callee, _): &(crate::python::project::FunctionRef<'f>, _)| {
                    std::ptr::eq(callee.node, function)
                };
                let callees = project.resolve_call(&Scope::at(file, call.func.range()), call);
                if callees.functions.iter().any(is_callee) {
                    let values = call.arguments.keywords.iter().map(|keyword| &keyword.value);
                    let arguments = call.arguments.args.iter().chain(values);
                    given.extend(arguments.map(|value| Value::Expr(Scope::at(file, value.range()), value)));
                }
            }
        }
        given
    }
}

/// Something that may be called.
enum Value<'f> {
    Expr(Scope<'f>, &'f Expr),
    Ends(CallEnding),
}

/// What is put into a table of a name.
struct Puts<'n, 'f> {
    table: &'n str,
    values: Vec<&'f Expr>,
}

impl<'f> Visitor<'f> for Puts<'_, 'f> {
    fn visit_stmt(&mut self, stmt: &'f Stmt) {
        if let Stmt::Assign(node) = stmt {
            let is_it = |target: &Expr| matches!(target, Expr::Subscript(target) if last_name(&target.value) == Some(self.table));
            if node.targets.iter().any(is_it) {
                self.values.push(&node.value);
            }
        }
        visitor::walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, expr: &'f Expr) {
        if let Expr::Call(call) = expr
            && let Expr::Attribute(method) = &*call.func
            && matches!(method.attr.as_str(), "append" | "add" | "insert" | "setdefault")
            && last_name(&method.value) == Some(self.table)
        {
            self.values.extend(&call.arguments.args);
        }
        visitor::walk_expr(self, expr);
    }
}

fn is_partial<'f>(project: &Project<'f>, scope: &Scope<'f>, call: &'f ast::ExprCall) -> bool {
    let types = project.infer(scope, &call.func);
    types.iter().any(|ty| matches!(ty, Type::External(name) if name == "functools.partial"))
}
