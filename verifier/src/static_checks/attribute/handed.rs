//! Stores in the attributes of an object by functions of the target that a method hands it to.

use super::Place;
use crate::evidence::Reason;
use crate::python::ast::{self, Expr, ExprContext};
use crate::python::project::{
    Binding, BindingKind, Callees, ClassRef, Frame, FunctionRef, Project, Scope, Type, facts, object_names,
    object_parameter,
};
use crate::python::visitor::{self, Visitor};
use crate::python::{Ranged, TextRange};
use crate::static_checks::{broken_within, describe};

/// Stores in functions of the target that a method hands its own object to, or one that it made.
pub(super) fn helper_stores<'f>(
    project: &Project<'f>,
    owner: ClassRef<'f>,
    class: ClassRef<'f>,
    name: &str,
    maybe: &mut Option<String>,
    blind: &mut Vec<Reason>,
) -> Vec<Place<'f>> {
    let mut places = Vec::new();
    for method in project.own_methods(owner) {
        let objects = Objects { project, class, method, names: object_names(method) };
        let mut calls =
            Calls { is_object: &|expr| objects.is_own(expr) || objects.is_made(expr), found: Vec::new() };
        calls.visit_body(&method.node.body);
        for hand in calls.found {
            let mut scope = Scope::at(method.file, hand.callee.range());
            scope.receiver = Some(class);
            let callees = project.callees(project.infer(&scope, hand.callee));
            let followed = !callees.functions.is_empty() || !callees.classes.is_empty();
            // Where else an object goes that is not the method's own is nobody's promise.
            if !followed
                && !hand.deferred
                && objects.is_own(hand.object)
                && let Some(why) = callees.external.first().or(callees.unresolved.first())
            {
                // What the language and its library do with an object stores no attribute of it.
                let module = why.split('.').next().unwrap_or_default();
                let is_setattr = why == "builtins.setattr" && !is_named(hand.callee, "setattr");
                if is_setattr || !facts::is_standard_library(module) && module != "builtins" {
                    let line = method.file.source().line(hand.callee.start());
                    maybe.get_or_insert(format!(
                        "`{}:{line}` hands the object to code that is not followed: {why}",
                        method.file.path()
                    ));
                }
            }
            for (function, parameter) in receiving(project, &scope, &hand, &callees) {
                let mut seen = Vec::new();
                places.extend(parameter_stores(project, function, parameter, name, maybe, blind, &mut seen));
            }
        }
    }
    places
}

/// What stands for an object of the class in a method.
struct Objects<'o, 'f> {
    project: &'o Project<'f>,
    class: ClassRef<'f>,
    method: FunctionRef<'f>,
    /// Names of the method's own object.
    names: Vec<&'f str>,
}

impl<'f> Objects<'_, 'f> {
    fn is_own(&self, expr: &Expr) -> bool {
        matches!(expr, Expr::Name(name) if self.names.contains(&name.id.as_str()))
    }

    /// One that is made here: `cls()`, and a name for it.
    fn is_made(&self, expr: &'f Expr) -> bool {
        let bindings = self.project.frame_bindings(Frame::Function(self.method.node));
        let is_call = |binding: &Binding| matches!(binding.kind, BindingKind::Value(Expr::Call(_)));
        let may_be = match expr {
            Expr::Name(name) => bindings.all(name.id.as_str()).iter().any(is_call),
            Expr::Call(_) => true,
            _ => false,
        };
        let scope = Scope::inside(self.method.file, self.method.node).on_behalf_of(self.class);
        let is_its =
            |ty: &Type<'f>| matches!(ty, Type::Instance(class) if self.project.inherits(*class, self.class));
        may_be && self.project.infer(&scope, expr).iter().any(is_its)
    }
}

fn is_named(expr: &Expr, text: &str) -> bool {
    matches!(expr, Expr::Name(name) if name.id.as_str() == text)
}

/// A function that gets an object, and how.
struct Hand<'f> {
    object: &'f Expr,
    /// The call that hands it over.
    call: &'f ast::ExprCall,
    callee: &'f Expr,
    how: Handed<'f>,
    /// It is not called there, but by what gets the arguments for it: `Thread(target=f, args=(x,))`.
    deferred: bool,
}

/// Collects what gets an object.
struct Calls<'c, 'f> {
    is_object: &'c dyn Fn(&'f Expr) -> bool,
    found: Vec<Hand<'f>>,
}

impl<'f> Calls<'_, 'f> {
    fn call(&mut self, call: &'f ast::ExprCall) {
        let arguments = &call.arguments;
        let mut add = |object, callee, how, deferred| {
            self.found.push(Hand { object, call, callee, how, deferred });
        };
        // Functions that the callee is handed, and that may get what it is handed for them.
        let is_function = |expr: &&'f Expr| matches!(expr, Expr::Name(_) | Expr::Attribute(_));
        let handed_over = || {
            let keywords = arguments.keywords.iter().map(|keyword| &keyword.value);
            arguments.args.iter().chain(keywords).filter(is_function)
        };
        for (index, argument) in arguments.args.iter().enumerate() {
            if (self.is_object)(argument) {
                add(argument, &*call.func, Handed::Positional(index), false);
                // `submit(f, x)`, `call_later(5, f, x)`.
                for (before, function) in arguments.args[..index].iter().enumerate() {
                    if is_function(&function) {
                        add(argument, function, Handed::Positional(index - before - 1), true);
                    }
                }
            }
        }
        for keyword in &arguments.keywords {
            if let (Some(name), true) = (&keyword.arg, (self.is_object)(&keyword.value)) {
                add(&keyword.value, &*call.func, Handed::Keyword(name.as_str()), false);
                if let Some(function) = arguments.args.first().filter(is_function) {
                    add(&keyword.value, function, Handed::Keyword(name.as_str()), true);
                }
            }
        }
        let keywords = arguments.keywords.iter().map(|keyword| &keyword.value);
        for packed in arguments.args.iter().chain(keywords) {
            match packed {
                Expr::Tuple(ast::ExprTuple { elts, .. }) | Expr::List(ast::ExprList { elts, .. }) => {
                    for (index, object) in elts.iter().enumerate() {
                        if (self.is_object)(object) {
                            let how = Handed::Positional(index);
                            handed_over().for_each(|function| add(object, function, how, true));
                        }
                    }
                }
                Expr::Dict(dict) => {
                    for item in &dict.items {
                        if let Some(Expr::StringLiteral(key)) = &item.key
                            && (self.is_object)(&item.value)
                        {
                            let how = Handed::Keyword(key.value.to_str());
                            handed_over().for_each(|function| add(&item.value, function, how, true));
                        }
                    }
                }
                _ => {}
            }
        }
    }
}

impl<'f> Visitor<'f> for Calls<'_, 'f> {
    fn visit_expr(&mut self, expr: &'f Expr) {
        if let Expr::Call(call) = expr {
            self.call(call);
        }
        visitor::walk_expr(self, expr);
    }
}

/// The functions that are called, constructors too, with the parameters that get the object. What a
/// function of the target does with others that it is handed is not followed.
fn receiving<'f>(
    project: &Project<'f>,
    scope: &Scope<'f>,
    hand: &Hand<'f>,
    callees: &Callees<'f>,
) -> Vec<(FunctionRef<'f>, &'f str)> {
    if hand.deferred {
        let hands_over = project.resolve_call(scope, hand.call);
        let is_thread = |class: &ClassRef<'f>| project.is_thread_class(*class);
        if !hands_over.functions.is_empty() || !hands_over.classes.iter().all(is_thread) {
            return Vec::new();
        }
    }
    let constructors =
        callees.classes.iter().flat_map(|made| project.method(*made, "__init__").unwrap_or_default());
    let functions = callees.functions.iter().map(|(function, receiver)| (*function, receiver.is_some()));
    functions
        .chain(constructors.map(|function| (function, true)))
        .filter_map(|(function, bound)| Some((function, parameter(function, hand.how, bound)?)))
        .collect()
}

#[derive(Clone, Copy)]
enum Handed<'f> {
    Positional(usize),
    Keyword(&'f str),
}

/// The name by which a function knows an argument.
fn parameter<'f>(function: FunctionRef<'f>, handed: Handed<'f>, bound: bool) -> Option<&'f str> {
    let parameters = &function.node.parameters;
    match handed {
        Handed::Keyword(name) => parameters.find(name).map(|parameter| parameter.name().as_str()),
        Handed::Positional(index) => {
            let index = index + usize::from(bound && !function.has_decorator("staticmethod"));
            parameters
                .posonlyargs
                .iter()
                .chain(&parameters.args)
                .nth(index)
                .map(|parameter| parameter.name().as_str())
        }
    }
}

/// Stores in the attribute of what a parameter is given, also by functions that it is handed on to.
fn parameter_stores<'f>(
    project: &Project<'f>,
    function: FunctionRef<'f>,
    parameter: &'f str,
    name: &str,
    maybe: &mut Option<String>,
    blind: &mut Vec<Reason>,
    seen: &mut Vec<(FunctionRef<'f>, &'f str)>,
) -> Vec<Place<'f>> {
    struct Stores<'n, 'f> {
        parameter: &'n str,
        name: &'n str,
        /// By what name the function knows its own object.
        object: Option<&'f str>,
        found: Vec<&'f Expr>,
        /// `setattr` with a name that is computed.
        computed: bool,
        /// Attributes of its own object that keep it: `self.owner = owner`.
        kept: Vec<&'f str>,
    }
    impl<'f> Visitor<'f> for Stores<'_, 'f> {
        fn visit_stmt(&mut self, stmt: &'f ast::Stmt) {
            if let ast::Stmt::Assign(assign) = stmt
                && is_named(&assign.value, self.parameter)
            {
                for target in &assign.targets {
                    if let (Expr::Attribute(attribute), Some(object)) = (target, self.object)
                        && is_named(&attribute.value, object)
                    {
                        self.kept.push(attribute.attr.as_str());
                    }
                }
            }
            visitor::walk_stmt(self, stmt);
        }

        fn visit_expr(&mut self, expr: &'f Expr) {
            let is_object = |expr: &Expr| is_named(expr, self.parameter);
            match expr {
                Expr::Attribute(attribute)
                    if attribute.ctx == ExprContext::Store
                        && attribute.attr.as_str() == self.name
                        && is_object(&attribute.value) =>
                {
                    self.found.push(expr);
                }
                Expr::Attribute(attribute)
                    if attribute.attr.as_str() == "__dict__" && is_object(&attribute.value) =>
                {
                    self.computed = true;
                }
                Expr::Call(call) if is_named(&call.func, "setattr") => match &*call.arguments.args {
                    [object, Expr::StringLiteral(stored), _] if is_object(object) => {
                        self.found.extend((stored.value.to_str() == self.name).then_some(expr));
                    }
                    [object, _, _] if is_object(object) => self.computed = true,
                    _ => {}
                },
                _ => {}
            }
            visitor::walk_expr(self, expr);
        }
    }
    if seen.contains(&(function, parameter)) {
        return Vec::new();
    }
    seen.push((function, parameter));
    blind.extend(function.file.broken());
    if let Some(reason) = broken_within(function.file, function.node.range()) {
        maybe.get_or_insert(describe(&reason));
    }
    // A parameter that gets another value is not the object any more.
    let bindings = project.frame_bindings(Frame::Function(function.node));
    let only_parameter =
        matches!(bindings.all(parameter), [Binding { kind: BindingKind::Parameter(..), .. }]);
    if !only_parameter {
        return Vec::new();
    }
    let mut stores = Stores {
        parameter,
        name,
        object: object_parameter(function),
        found: Vec::new(),
        computed: false,
        kept: Vec::new(),
    };
    stores.visit_body(&function.node.body);
    if stores.computed || seen.len() > MOST_HELPERS {
        maybe.get_or_insert(format!(
            "`{}` of `{}` may store attributes whose names are computed, or hands the object on too far",
            function.qualified_name(),
            function.file.path()
        ));
    }
    let place = |file, range| Place { file, range };
    let mut places: Vec<Place<'f>> =
        stores.found.iter().map(|expr| place(function.file, expr.range())).collect();
    if let Some(keeper) = function.class_ref() {
        for kept in stores.kept {
            places.extend(
                kept_stores(project, keeper, kept, name).into_iter().map(|range| place(keeper.file, range)),
            );
        }
    }
    if seen.len() > MOST_HELPERS {
        return places;
    }
    let mut calls = Calls { is_object: &|expr| is_named(expr, parameter), found: Vec::new() };
    calls.visit_body(&function.node.body);
    for hand in calls.found {
        let scope = Scope::inside(function.file, function.node);
        let callees = project.callees(project.infer(&scope, hand.callee));
        for (next, parameter) in receiving(project, &scope, &hand, &callees) {
            places.extend(parameter_stores(project, next, parameter, name, maybe, blind, seen));
        }
    }
    places
}

/// `self.owner.name = …` in the methods of a class whose objects keep another one as `owner`.
fn kept_stores<'f>(project: &Project<'f>, keeper: ClassRef<'f>, kept: &str, name: &str) -> Vec<TextRange> {
    struct Stores<'n> {
        object: &'n str,
        kept: &'n str,
        name: &'n str,
        found: Vec<TextRange>,
    }
    impl<'f> Visitor<'f> for Stores<'_> {
        fn visit_expr(&mut self, expr: &'f Expr) {
            if let Expr::Attribute(store) = expr
                && store.ctx.is_store()
                && store.attr.as_str() == self.name
                && let Expr::Attribute(owner) = &*store.value
                && owner.attr.as_str() == self.kept
                && is_named(&owner.value, self.object)
            {
                self.found.push(expr.range());
            }
            visitor::walk_expr(self, expr);
        }
    }
    let mut found = Vec::new();
    for method in project.own_methods(keeper) {
        let Some(object) = object_parameter(method) else { continue };
        let mut stores = Stores { object, kept, name, found: Vec::new() };
        stores.visit_body(&method.node.body);
        found.extend(stores.found);
    }
    found
}

/// Functions that an object is handed on to, one to the next.
const MOST_HELPERS: usize = 100;
