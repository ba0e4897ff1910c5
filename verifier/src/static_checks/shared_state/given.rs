//! Threads of other classes of the target whose constructors are given the object, or a method of
//! it: `Server(self.on_message)`, `Poller(self)`.

use super::elsewhere::{Elsewhere, MOST_FILES, MOST_REACHED, Targets};
use super::walk::parameter_of;
use super::{Known, Spawned};
use crate::python::ast::{Expr, ExprCall};
use crate::python::calls::calls_in;
use crate::python::project::{
    AccessKind, BindingKind, ClassRef, FunctionRef, Scope, Stored, Target, Type, object_parameter,
};
use crate::python::{ParsedFile, Ranged};
use crate::static_checks::is_test_code;

/// What a constructor is given.
#[derive(Clone)]
enum Gift<'f> {
    Object,
    Methods(Vec<FunctionRef<'f>>),
}

/// A parameter of a constructor that gets it, and the attributes that keep it.
struct Kept<'f> {
    gift: Gift<'f>,
    parameters: Vec<(FunctionRef<'f>, &'f str)>,
    attributes: Vec<&'f str>,
}

impl<'f> Known<'_, 'f> {
    /// Adds the threads that run methods of the object because they were given them.
    pub(super) fn given_away(&self, found: &mut Elsewhere<'f>) {
        for (owner, call, argument, gift) in self.gifts(found) {
            let mut kept = Kept { gift, parameters: Vec::new(), attributes: Vec::new() };
            let Some(constructor) = self.project.own_or_inherited(owner, "__init__") else { continue };
            let Some(parameter) = parameter_of(constructor, true, call, argument) else { continue };
            kept.parameters.push((constructor, parameter));
            self.keep(owner, &mut kept);
            self.threads_of(owner, &kept, found);
        }
    }

    /// The constructor calls that get the object or a method of it.
    fn gifts(&self, found: &mut Elsewhere<'f>) -> Vec<(ClassRef<'f>, &'f ExprCall, &'f Expr, Gift<'f>)> {
        let mut gifts = Vec::new();
        let paths = self.project.mentioning(self.class.node.name.as_str());
        found.cut |= paths.len() > MOST_FILES;
        let mut files: Vec<&'f ParsedFile> = self.owners.iter().map(|owner| owner.file).collect();
        for path in paths.iter().take(MOST_FILES) {
            if is_test_code(path) && !is_test_code(self.class.file.path()) {
                continue;
            }
            files.extend(self.project.file(path).ok());
        }
        let mut seen: Vec<&'f ParsedFile> = Vec::new();
        for file in files {
            if seen.iter().any(|known| std::ptr::eq(*known, file)) {
                continue;
            }
            seen.push(file);
            for call in calls_in(&file.source().module().body) {
                if !may_be_class(call) {
                    continue;
                }
                let values = call.arguments.keywords.iter().map(|keyword| &keyword.value);
                for argument in call.arguments.args.iter().chain(values) {
                    let Some(gift) = self.gift(file, argument) else { continue };
                    let scope = Scope::at(file, call.func.range());
                    for class in self.project.resolve_call(&scope, call).classes {
                        if !self.owners.contains(&class) {
                            gifts.push((class, call, argument, gift.clone()));
                        }
                    }
                }
            }
        }
        gifts
    }

    /// Whether an argument is the object, or a method of it.
    fn gift(&self, file: &'f ParsedFile, argument: &'f Expr) -> Option<Gift<'f>> {
        let is_object = |expr: &'f Expr| {
            matches!(expr, Expr::Name(_) | Expr::Attribute(_) | Expr::Call(_))
                && self.project.infer(&Scope::at(file, expr.range()), expr).iter().any(
                    |ty| matches!(ty, Type::Instance(class) if self.project.are_related(*class, self.class)),
                )
        };
        if let Expr::Attribute(attribute) = argument {
            let methods = self.project.method(self.class, attribute.attr.as_str()).unwrap_or_default();
            if !methods.is_empty() && is_object(&attribute.value) {
                let is_property = methods.iter().any(|method| method.has_decorator("property"));
                return (!is_property).then_some(Gift::Methods(methods));
            }
        }
        is_object(argument).then_some(Gift::Object)
    }

    /// Finds the attributes that keep a constructor's parameter, in the bases as well.
    fn keep(&self, owner: ClassRef<'f>, kept: &mut Kept<'f>) {
        const MOST_CONSTRUCTORS: usize = 8;
        let mut next = 0;
        while let Some((constructor, parameter)) = kept.parameters.get(next).copied() {
            next += 1;
            if next > MOST_CONSTRUCTORS {
                return;
            }
            let Some(class) = constructor.class_ref() else { continue };
            for access in self.project.accesses(class).iter() {
                if access.method == Some(constructor)
                    && let AccessKind::Store(
                        Stored::Value(Expr::Name(value)) | Stored::Annotated(_, Some(Expr::Name(value))),
                    ) = access.kind
                    && value.id.as_str() == parameter
                {
                    kept.attributes.push(access.name);
                }
            }
            for call in calls_in(&constructor.node.body) {
                let is_it =
                    |argument: &&Expr| matches!(argument, Expr::Name(name) if name.id.as_str() == parameter);
                let Some(argument) = call.arguments.args.iter().find(is_it) else { continue };
                let mut scope = Scope::at(constructor.file, call.func.range());
                scope.receiver = Some(owner);
                for (base, receiver) in self.project.resolve_call(&scope, call).functions {
                    let name = parameter_of(base, receiver.is_some(), call, argument);
                    if base.node.name.as_str() == "__init__"
                        && let Some(name) = name
                        && !kept.parameters.contains(&(base, name))
                    {
                        kept.parameters.push((base, name));
                    }
                }
            }
        }
    }

    /// The threads that an object of the class makes or is, as far as they run what was given.
    fn threads_of(&self, owner: ClassRef<'f>, kept: &Kept<'f>, found: &mut Elsewhere<'f>) {
        let mut classes: Vec<ClassRef<'f>> = Vec::new();
        for order in self.project.linearisations(owner).iter() {
            classes.extend(order.classes());
        }
        for class in classes {
            for method in self.project.own_methods(class) {
                for spawn in self.project.spawns(method.file, &method.node.body, Some(owner)) {
                    let arguments = &spawn.call.arguments;
                    let values = arguments.keywords.iter().map(|keyword| &keyword.value);
                    let handed = arguments.args.iter().chain(values);
                    let mut run: Vec<FunctionRef<'f>> =
                        handed.flat_map(|value| self.run_by(method, value, kept)).collect();
                    let reached = match &spawn.target {
                        Target::Functions(functions) => self.reached_from(functions.clone()).0,
                        Target::Lambda(_) | Target::Outside(_) | Target::Unknown(_) => Vec::new(),
                    };
                    run.extend(self.run_in(&reached, kept));
                    let thread = Spawned::new(self.project, spawn, method, Some(owner));
                    self.add_given(thread, run, reached, found);
                }
            }
        }
        if let Some(mut thread) = Spawned::of_itself(self.project, owner) {
            let Target::Functions(functions) = &thread.target else { return };
            let reached = self.reached_from(functions.clone()).0;
            let run = self.run_in(&reached, kept);
            thread.place = Some((owner.file, owner.node.range()));
            thread.names.clear();
            thread.at_once = true;
            thread.label = format!("the thread that a `{}` is", owner.name());
            self.add_given(thread, run, reached, found);
        }
    }

    fn add_given(
        &self,
        mut thread: Spawned<'f>,
        run: Vec<FunctionRef<'f>>,
        reached: Targets<'f>,
        found: &mut Elsewhere<'f>,
    ) {
        let is_known = |other: &Spawned<'f>| {
            matches!((thread.place, other.place), (Some((file, call)), Some((other, known)))
                if std::ptr::eq(file, other) && call == known)
                && matches!(&other.target, Target::Functions(functions) if !functions.is_empty())
        };
        if run.is_empty() || self.spawned.iter().chain(&found.threads).any(is_known) {
            return;
        }
        let mut functions: Targets<'f> = Vec::new();
        for function in run {
            if !functions.contains(&(function, Some(self.class))) {
                functions.push((function, Some(self.class)));
            }
        }
        thread.target = Target::Functions(functions);
        found.threads.push(thread);
        found.reached.push(reached.into_iter().map(|(function, _)| function).collect());
    }

    /// The methods of the object that functions run by the attribute that keeps it.
    fn run_in(&self, reached: &Targets<'f>, kept: &Kept<'f>) -> Vec<FunctionRef<'f>> {
        let mut run = Vec::new();
        for (function, _) in reached.iter().take(MOST_REACHED) {
            for call in calls_in(&function.node.body) {
                run.extend(self.run_by(*function, &call.func, kept));
            }
        }
        run
    }

    /// The methods that calling an expression runs: `self.owner.add`, `self.callback`.
    fn run_by(&self, function: FunctionRef<'f>, called: &'f Expr, kept: &Kept<'f>) -> Vec<FunctionRef<'f>> {
        match (&kept.gift, called) {
            (Gift::Methods(methods), called) if self.is_kept(function, called, kept) => methods.clone(),
            (Gift::Object, Expr::Attribute(attribute)) if self.is_kept(function, &attribute.value, kept) => {
                self.project.method(self.class, attribute.attr.as_str()).unwrap_or_default()
            }
            (Gift::Methods(_) | Gift::Object, _) => Vec::new(),
        }
    }

    /// Whether an expression is what was given.
    fn is_kept(&self, function: FunctionRef<'f>, expr: &'f Expr, kept: &Kept<'f>) -> bool {
        match expr {
            Expr::Attribute(attribute) => {
                kept.attributes.contains(&attribute.attr.as_str())
                    && matches!(attribute.value.as_ref(), Expr::Name(name)
                        if object_parameter(function) == Some(name.id.as_str()))
            }
            Expr::Name(name) => {
                let id = name.id.as_str();
                if kept.parameters.iter().any(|(known, parameter)| *known == function && *parameter == id) {
                    return true;
                }
                // `owner = self.owner`.
                let scope = Scope::at(function.file, name.range());
                let found = self.project.lookup(&scope, id, Some(name.start()));
                found.is_some_and(|(_, bindings)| {
                    bindings.iter().any(|binding| {
                        matches!(binding.kind, BindingKind::Value(value @ Expr::Attribute(_))
                            if self.is_kept(function, value, kept))
                    })
                })
            }
            _ => false,
        }
    }
}

/// A look at the text before the callee is resolved: a class has a capital letter.
fn may_be_class(call: &ExprCall) -> bool {
    let name = match call.func.as_ref() {
        Expr::Name(name) => name.id.as_str(),
        Expr::Attribute(attribute) => attribute.attr.as_str(),
        _ => return false,
    };
    !call.arguments.is_empty() && name.trim_start_matches('_').starts_with(char::is_uppercase)
}
