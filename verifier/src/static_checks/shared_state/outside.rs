//! What code outside the class does with its objects: touches of the attribute, and calls of
//! methods. Test code is not part of the program and does not count.

use super::walk::{self, Step};
use super::{Control, Effect, Known, Touch};
use crate::python::ast::{Expr, ExprCall, ExprContext};
use crate::python::calls::calls_in;
use crate::python::project::{Ancestor, BindingKind, Frame, FunctionRef, Project, Scope, Type, facts};
use crate::python::visitor::{self, Visitor};
use crate::python::{ParsedFile, Ranged, TextRange};
use crate::static_checks::is_test_code;

/// Modules of the standard library that run what they are given in threads.
const THREADED: &[&str] = &[
    "concurrent.futures.",
    "multiprocessing.",
    "socketserver.",
    "http.server.",
    "xmlrpc.server.",
    "wsgiref.",
];

/// Whether code outside the class calls a method of its objects.
pub(super) enum Called {
    Yes,
    No,
    Maybe(String),
}

impl<'f> Known<'_, 'f> {
    /// Touches in code outside the class: `other.attribute`.
    pub(super) fn outside(&self) -> Outside<'f> {
        let mut outside = Outside { touches: Vec::new(), doubt: None, files: 0 };
        for path in self.project.mentioning(&format!(".{}", self.attribute)).iter() {
            if is_test_code(path) && !is_test_code(self.class.file.path()) {
                continue;
            }
            let Ok(file) = self.project.file(path) else { continue };
            let mut finder = OutsideFinder { known: self, file, found: Vec::new(), doubt: None };
            finder.visit_body(&file.source().module().body);
            if !self.owners.iter().any(|owner| owner.file.path() == file.path()) {
                outside.files += 1;
            }
            if let Some(why) = finder.doubt {
                outside.doubt.get_or_insert(why);
            }
            let mut touched: Vec<Around<'f>> = Vec::new();
            for (object, range, effect) in finder.found {
                let Some(function) = around(self.project, file, range) else {
                    // The top of a file is run by whoever imports it.
                    if effect != Effect::Safe {
                        let line = file.source().line(range.start());
                        let attribute = self.attribute;
                        outside.doubt.get_or_insert(format!(
                            "which thread runs the top of `{path}`, where line {line} touches `{attribute}`"
                        ));
                    }
                    continue;
                };
                let name = file.source().slice(object.range());
                match touched.iter_mut().find(|one| one.function == function && one.name == name) {
                    Some(one) => one.touches.push((range, effect)),
                    None => touched.push(Around { function, object, name, touches: vec![(range, effect)] }),
                }
            }
            for one in touched {
                if let Some(why) = self.by_server(one.function) {
                    outside.doubt.get_or_insert(why);
                }
                outside.touches.extend(self.touches_around(one));
            }
        }
        outside
    }

    /// Whether a variable that is a parameter is such an object, by what the target gives it and by
    /// what else is done with it. Nothing where that cannot be told.
    fn is_given_object(&self, file: &'f ParsedFile, object: &'f Expr) -> Option<bool> {
        let Expr::Name(name) = object else { return None };
        if self.is_ruled_out(file, name) {
            return Some(false);
        }
        let types = self.given_to(file, name, 0)?;
        let is_it = |ty: &Type<'f>| matches!(ty, Type::Instance(class) if self.project.are_related(*class, self.class));
        // An attribute of the class is seen through all of its objects.
        let is_class =
            |ty: &Type<'f>| matches!(ty, Type::Class(class) if self.project.are_related(*class, self.class));
        (!types.iter().any(is_class)).then(|| types.iter().any(is_it))
    }

    /// A handler of a server of the standard library: whether that has a thread for each request is
    /// not followed.
    fn by_server(&self, function: FunctionRef<'f>) -> Option<String> {
        let scope = Scope::inside(function.file, function.node);
        let class = scope.class()?;
        let is_server = |ancestor: &Ancestor| {
            matches!(ancestor, Ancestor::External(name)
                if name.starts_with("socketserver.") || name.starts_with("http.server."))
        };
        let is_handler =
            self.project.linearisations(class).iter().any(|order| order.ancestors.iter().any(is_server));
        is_handler.then(|| format!("which thread runs `{}` of a server", function.qualified_name()))
    }

    /// The touches of one object in one function, with the locks that are held there and the
    /// threads that are not running.
    fn touches_around(&self, one: Around<'f>) -> Vec<Touch<'f>> {
        let is_made_here = self.is_made_in(one.function, one.object);
        // What makes the object's own threads, and this function, runs none before it is called.
        let by_itself = |file: &ParsedFile, call: TextRange| {
            self.owners
                .iter()
                .any(|owner| owner.file.path() == file.path() && owner.node.range().contains_range(call))
        };
        let is_own = |number: &usize| match self.spawned[*number].place {
            None => is_made_here,
            Some((file, call)) => {
                let by_this =
                    file.path() == one.function.file.path() && one.function.node.range().contains_range(call);
                is_made_here && (by_this || by_itself(file, call))
            }
        };
        let constructors = self.project.method(self.class, "__init__").unwrap_or_default();
        let (mut started, mut joined) = (self.started_from(constructors), Vec::<usize>::new());
        // Whoever gets the object may start its threads.
        let given_away = calls_in(&one.function.node.body)
            .into_iter()
            .filter(|call| {
                let values = call.arguments.keywords.iter().map(|keyword| &keyword.value);
                let is_it = |value: &Expr| one.function.file.source().slice(value.range()) == one.name;
                call.arguments.args.iter().chain(values).any(is_it) && self.may_start(one.function, call)
            })
            .map(|call| call.range().start())
            .min();
        let mut branches: Vec<Vec<usize>> = Vec::new();
        let mut touches = Vec::new();
        for step in walk::steps_around(self, one.function, one.name, one.touches) {
            match step {
                Step::Touch { range, effect, locks, maybe } => {
                    let apart = (0..self.spawned.len())
                        .filter(|number| {
                            let may_run = started.contains(number)
                                || given_away.is_some_and(|given| given < range.start());
                            joined.contains(number) || (is_own(number) && !may_run)
                        })
                        .collect();
                    touches.push(Touch {
                        control: Control::Callers,
                        function: one.function,
                        range,
                        effect,
                        locks: locks.into_iter().collect(),
                        maybe: maybe.into_iter().collect(),
                        apart,
                        in_constructor: false,
                        doubt: None,
                    });
                }
                Step::Call { callees, .. } => started.extend(self.started_from(callees)),
                Step::Start(number) => {
                    joined.retain(|known| *known != number);
                    started.push(number);
                }
                Step::Join(number) => joined.push(number),
                Step::Branch(_) => branches.push(joined.clone()),
                Step::Merge => {
                    let before = branches.pop().unwrap_or_default();
                    joined.retain(|known| before.contains(known));
                }
            }
        }
        touches
    }

    /// Whether a call may start the threads of an object that it is given: no container does, and
    /// neither do builtin functions.
    fn may_start(&self, function: FunctionRef<'f>, call: &'f ExprCall) -> bool {
        let is_container = matches!(&*call.func, Expr::Attribute(method)
            if super::tables::PUTTING.contains(&method.attr.as_str()));
        let callees = self.project.resolve_call(&Scope::at(function.file, call.func.range()), call);
        let is_harmless = |name: &String| {
            ["builtins.", "functools.", "logging."].iter().any(|module| name.starts_with(module))
        };
        let is_known = callees.functions.is_empty() && callees.classes.is_empty();
        !(is_known
            && (is_container || (callees.unresolved.is_empty() && callees.external.iter().all(is_harmless))))
    }

    /// Whether an object is one that the function makes itself.
    fn is_made_in(&self, function: FunctionRef<'f>, object: &'f Expr) -> bool {
        let Expr::Name(name) = object else { return false };
        let bindings = self.project.frame_bindings(Frame::Function(function.node));
        matches!(bindings.all(name.id.as_str()), [binding]
            if matches!(binding.kind, BindingKind::Value(Expr::Call(call))
                if self.project.infer(&Scope::at(function.file, call.func.range()), &call.func)
                    .iter().all(|ty| matches!(ty, Type::Class(_)))))
    }

    /// Why callers may be more than one thread: code that is not followed gets a method of the
    /// object, and may run it in a thread of its own.
    pub(super) fn handed_on(&self, touches: &[Touch<'f>]) -> Option<String> {
        for method in self.owners.iter().flat_map(|owner| self.project.own_methods(*owner)) {
            let objects = self.objects_in(method);
            let mut handed = HandedOn { objects: &objects, found: Vec::new() };
            handed.visit_body(&method.node.body);
            for (call, name) in handed.found {
                let mut scope = Scope::at(method.file, call.func.range());
                scope.receiver = Some(self.class);
                let callbacks = self.project.method(self.class, name).unwrap_or_default();
                if callbacks.is_empty() || self.project.spawn(&scope, call).is_some() {
                    continue;
                }
                // Whatever loop it is, it runs them in turn.
                if matches!(call.func.as_ref(), Expr::Attribute(method) if matches!(
                    method.attr.as_str(),
                    "call_soon" | "call_soon_threadsafe" | "call_later" | "call_at"
                )) {
                    continue;
                }
                let callees = self.project.resolve_call(&scope, call);
                // What waits for a future runs in the thread of the pool, but for those of an event loop.
                let is_callback = matches!(call.func.as_ref(), Expr::Attribute(method)
                    if method.attr.as_str() == "add_done_callback");
                let is_library = |name: &String| {
                    let is_threaded = THREADED.iter().any(|module| name.starts_with(module));
                    if is_threaded || (is_callback && !name.starts_with("asyncio.")) {
                        return false;
                    }
                    let module = name.split('.').next().unwrap_or_default();
                    module == "builtins" || facts::is_standard_library(module)
                };
                if !callees.functions.is_empty()
                    || !callees.classes.is_empty()
                    || (callees.unresolved.is_empty() && callees.external.iter().all(is_library))
                {
                    continue;
                }
                let mut run = callbacks;
                let mut next = 0;
                while let Some(function) = run.get(next).copied() {
                    next += 1;
                    for step in self.steps(function).iter() {
                        if let Step::Call { callees, .. } = step {
                            let new: Vec<_> =
                                callees.iter().filter(|callee| !run.contains(callee)).copied().collect();
                            run.extend(new);
                        }
                    }
                }
                let meets = touches.iter().filter(|one| run.contains(&one.function)).any(|one| {
                    touches.iter().any(|other| {
                        !one.in_constructor
                            && !other.in_constructor
                            && (one.effect.writes() || other.effect.writes())
                            && one.effect != Effect::Safe
                            && other.effect != Effect::Safe
                            && one.locks.is_disjoint(&other.locks)
                    })
                });
                if meets {
                    let line = method.file.source().line(call.start());
                    let path = method.file.path();
                    return Some(format!("in which thread `{name}` runs, which `{path}:{line}` hands on"));
                }
            }
        }
        None
    }

    pub(super) fn called_outside(&self, method: &str) -> Called {
        struct Uses<'n, 'f> {
            method: &'n str,
            found: Vec<&'f Expr>,
        }
        impl<'f> Visitor<'f> for Uses<'_, 'f> {
            fn visit_expr(&mut self, expr: &'f Expr) {
                if let Expr::Attribute(attribute) = expr
                    && attribute.attr.as_str() == self.method
                {
                    self.found.push(&attribute.value);
                }
                visitor::walk_expr(self, expr);
            }
        }
        let mut maybe = Called::No;
        for path in self.project.mentioning(&format!(".{method}")).iter() {
            if is_test_code(path) && !is_test_code(self.class.file.path()) {
                continue;
            }
            let Ok(file) = self.project.file(path) else { continue };
            let mut uses = Uses { method, found: Vec::new() };
            uses.visit_body(&file.source().module().body);
            for object in uses.found {
                let scope = Scope::at(file, object.range());
                if let (Expr::Name(name), Some(node)) = (object, scope.function()) {
                    let function = FunctionRef { file, node, class: None };
                    if self.objects_in(function).contains(&name.id.as_str()) {
                        continue;
                    }
                }
                for ty in self.project.infer(&scope, object) {
                    match ty {
                        Type::Instance(class) if self.project.are_related(class, self.class) => {
                            return Called::Yes;
                        }
                        Type::Unknown(_) => {
                            match self.is_given_object(file, object) {
                                Some(true) => return Called::Yes,
                                Some(false) => continue,
                                None => {}
                            }
                            let line = file.source().line(object.start());
                            maybe = Called::Maybe(format!(
                                "whether `{path}:{line}` calls `{method}` of such an object"
                            ));
                        }
                        Type::Module(_)
                        | Type::Namespace(_)
                        | Type::Class(_)
                        | Type::Instance(_)
                        | Type::Function(_)
                        | Type::Method(_, _)
                        | Type::External(_)
                        | Type::ExternalInstance(_)
                        | Type::None => {}
                    }
                }
            }
        }
        maybe
    }
}

/// Methods of the object that are arguments of calls.
struct HandedOn<'o, 'f> {
    objects: &'o [&'f str],
    found: Vec<(&'f ExprCall, &'f str)>,
}

impl<'f> Visitor<'f> for HandedOn<'_, 'f> {
    fn visit_expr(&mut self, expr: &'f Expr) {
        if let Expr::Call(call) = expr {
            let values = call.arguments.keywords.iter().map(|keyword| &keyword.value);
            for argument in call.arguments.args.iter().chain(values) {
                if let Expr::Attribute(attribute) = argument
                    && matches!(attribute.value.as_ref(), Expr::Name(name) if self.objects.contains(&name.id.as_str()))
                {
                    self.found.push((call, attribute.attr.as_str()));
                }
            }
        }
        visitor::walk_expr(self, expr);
    }
}

fn around<'f>(project: &Project<'f>, file: &'f ParsedFile, range: TextRange) -> Option<FunctionRef<'f>> {
    let function = Scope::at(file, range).function()?;
    Some(project.function_ref(file, function))
}

pub(super) struct Outside<'f> {
    pub(super) touches: Vec<Touch<'f>>,
    pub(super) doubt: Option<String>,
    pub(super) files: u32,
}

/// The touches of one object in one function.
struct Around<'f> {
    function: FunctionRef<'f>,
    object: &'f Expr,
    name: &'f str,
    touches: Vec<(TextRange, Effect)>,
}

struct OutsideFinder<'k, 'p, 'f> {
    known: &'k Known<'p, 'f>,
    file: &'f ParsedFile,
    /// With the object in front.
    found: Vec<(&'f Expr, TextRange, Effect)>,
    doubt: Option<String>,
}

impl<'f> OutsideFinder<'_, '_, 'f> {
    /// Whether the object is of the class, in code that is not the class's own.
    fn is_object(&mut self, object: &'f Expr) -> bool {
        let known = self.known;
        let scope = Scope::at(self.file, object.range());
        if let Expr::Name(name) = object
            && let Some(function) = scope.function()
        {
            let function = FunctionRef { file: self.file, node: function, class: None };
            // The class's own code was walked.
            if known.objects_in(function).contains(&name.id.as_str()) {
                return false;
            }
        }
        let mut is_object = false;
        for ty in known.project.infer(&scope, object) {
            match ty {
                Type::Instance(class) => is_object |= known.project.are_related(class, known.class),
                Type::Unknown(why) => {
                    if let Some(is_it) = known.is_given_object(self.file, object) {
                        is_object |= is_it;
                        continue;
                    }
                    let line = self.file.source().line(object.start());
                    self.doubt.get_or_insert(format!(
                        "`{}:{line}` touches `{}` of an object that is not known: {why}",
                        self.file.path(),
                        known.attribute
                    ));
                }
                Type::Class(class) if known.project.are_related(class, known.class) => {
                    let line = self.file.source().line(object.start());
                    let (path, attribute) = (self.file.path(), known.attribute);
                    self.doubt
                        .get_or_insert(format!("`{path}:{line}` touches `{attribute}` of the class itself"));
                }
                Type::Module(_)
                | Type::Namespace(_)
                | Type::Class(_)
                | Type::Function(_)
                | Type::Method(_, _)
                | Type::External(_)
                | Type::ExternalInstance(_)
                | Type::None => {}
            }
        }
        is_object
    }
}

impl<'f> Visitor<'f> for OutsideFinder<'_, '_, 'f> {
    fn visit_expr(&mut self, expr: &'f Expr) {
        match expr {
            Expr::Call(call) => {
                if let Expr::Attribute(method) = call.func.as_ref()
                    && let Expr::Attribute(attribute) = method.value.as_ref()
                    && attribute.attr.as_str() == self.known.attribute
                    && self.is_object(&attribute.value)
                {
                    let effect = if self.known.is_safe { Effect::Safe } else { Effect::Change };
                    self.found.push((attribute.value.as_ref(), method.value.range(), effect));
                }
            }
            Expr::Attribute(attribute) if attribute.attr.as_str() == self.known.attribute => {
                let is_known = self.found.iter().any(|(_, range, _)| *range == expr.range());
                if !is_known && self.is_object(&attribute.value) {
                    let effect = match attribute.ctx {
                        ExprContext::Store | ExprContext::Del => Effect::Store,
                        ExprContext::Load | ExprContext::Invalid => Effect::Read,
                    };
                    self.found.push((attribute.value.as_ref(), expr.range(), effect));
                }
            }
            _ => {}
        }
        visitor::walk_expr(self, expr);
    }
}
