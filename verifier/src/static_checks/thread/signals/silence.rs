//! Whether it is certain that code tells a thread nothing. Where one side calls code that is not
//! known, and there is something that this code may look at or change, it is not.

mod records;
mod ways;

use std::cell::OnceCell;
use std::collections::BTreeSet;

use super::{Change, Changes, Ends, Functions, Reached, Watched, Watching, named_attribute, signals_in};
use crate::python::ast::{Expr, ExprCall, ExprContext, Stmt};
use crate::python::calls::calls_in;
use crate::python::project::{
    AccessKind, Ancestor, Binding, BindingKind, Callees, ClassRef, Frame, FunctionRef, Project, Scope, Type,
    facts,
};
use crate::python::visitor::{self, Visitor};
use crate::python::{ParsedFile, Ranged};
use crate::static_checks::is_test_code;

use ways::Elsewhere;

/// Why the signallers may tell the thread something by a way that was not followed.
pub(super) fn doubt<'f>(signallers: &Reached<'_, 'f>, watching: &Watching<'_, 'f>) -> Option<String> {
    let project = signallers.project;
    let (elsewhere, others) = (OnceCell::new(), OnceCell::new());
    let sides = Sides { project, signallers, watching, elsewhere, others };
    sides
        .cut()
        .or_else(|| sides.reflected())
        .or_else(|| sides.by_other_ways())
        .or_else(|| sides.by_signallers())
        .or_else(|| sides.by_thread())
        .or_else(|| sides.implicit())
        .or_else(|| sides.replaced())
        .or_else(|| sides.by_records())
}

struct Sides<'s, 'p, 'f> {
    project: &'p Project<'f>,
    signallers: &'s Reached<'p, 'f>,
    watching: &'s Watching<'p, 'f>,
    elsewhere: OnceCell<Elsewhere<'f>>,
    /// See `other_signallers`.
    others: OnceCell<Others<'f>>,
}

/// Functions of the target, and why some may be missing.
type Others<'f> = (Vec<FunctionRef<'f>>, Option<String>);

/// What a call whose callee is not known may run.
#[derive(Clone, Copy)]
enum Runs<'f> {
    /// Nothing of the target.
    Nothing,
    /// Functions of this name.
    Named(&'f str),
    Anything,
}

impl Runs<'_> {
    fn is_one(self, function: &FunctionRef) -> bool {
        match self {
            Runs::Nothing => false,
            Runs::Named(method) => function.node.name.as_str() == method,
            Runs::Anything => true,
        }
    }
}

/// Files that are searched for other code that signals or looks, at most.
const MOST_FILES: usize = 60;

impl<'f> Sides<'_, '_, 'f> {
    /// Attributes by computed names.
    fn reflected(&self) -> Option<String> {
        let by = |functions: &Functions<'f>| {
            functions.iter().find_map(|(function, receiver)| {
                let places = Mentions::of(*function).reflects.into_iter();
                let may_be = |at: &&'f Expr| self.may_be_of_target(*function, *receiver, at);
                Some((*function, places.into_iter().find(may_be)?))
            })
        };
        let place = |(function, at): (FunctionRef<'f>, &'f Expr)| {
            format!("`{}:{}`", function.file.path(), function.file.source().line(at.start()))
        };
        if let Some(found) = by(&self.watching.reached.functions)
            && !self.changed().is_empty()
        {
            return Some(format!("the thread looks at attributes by computed names at {}", place(found)));
        }
        let watches_attributes = self.watching.watched.iter().any(|watched| watched.is_attribute);
        by(&self.signallers.functions)
            .filter(|_| watches_attributes)
            .map(|found| format!("attributes are reached by computed names at {}", place(found)))
    }

    /// Whether an object whose attributes are reached can be one of the target's classes.
    fn may_be_of_target(
        &self,
        function: FunctionRef<'f>,
        receiver: Option<ClassRef<'f>>,
        reached: &'f Expr,
    ) -> bool {
        let object = match reached {
            Expr::Call(call) => call.arguments.args.first(),
            Expr::Attribute(attribute) => Some(&*attribute.value),
            _ => None,
        };
        let Some(object) = object else { return true };
        let mut scope = Scope::at(function.file, object.range());
        scope.receiver = receiver;
        let types = self.project.infer(&scope, object);
        let is_other = |ty: &Type<'f>| {
            matches!(ty, Type::Module(_) | Type::Namespace(_) | Type::External(_) | Type::ExternalInstance(_))
        };
        types.is_empty() || !types.iter().all(is_other)
    }

    /// What the signallers call.
    fn by_signallers(&self) -> Option<String> {
        let watched = &self.watching.watched;
        let is_watched = |expr: &Expr| {
            let name = super::last_name(expr).filter(|name| !matches!(*name, "self" | "cls"));
            watched
                .iter()
                .any(|watched| Some(watched.name) == name && watched.is_attribute == expr.is_attribute_expr())
        };
        for (function, receiver) in &self.signallers.functions {
            for call in calls_in(&function.node.body) {
                let callees = self.callees(function.file, call, *receiver);
                let place = || self.place(function.file, call);
                if !self.is_followed(&callees)
                    && !self.schedules_what_is_known(function.file, call, *receiver)
                {
                    let is_thread = callees.external.iter().any(|name| name == "threading.Thread");
                    // `schedule(self.done.set)`, `finish(self.done)`. What a thread is given was followed.
                    for argument in arguments(call) {
                        let method_of = match argument {
                            Expr::Attribute(attribute) => is_watched(&attribute.value),
                            _ => false,
                        };
                        if method_of || (is_watched(argument) && !is_thread) {
                            return Some(format!("what {} does with what it is given", place()));
                        }
                    }
                    // `self.control.stop()` where the thread asks `self.control`.
                    if let Expr::Attribute(method) = call.func.as_ref()
                        && !is_harmless_method(method.attr.as_str())
                        && watched.iter().any(|watched| {
                            matches!(watched.ends, Ends::Unclear | Ends::Waited | Ends::ByCall)
                                && Some(watched.name) == super::last_name(&method.value)
                                && watched.is_attribute == method.value.is_attribute_expr()
                        })
                    {
                        return Some(format!("whether {} changes what the thread asks", place()));
                    }
                    let external = &callees.external;
                    if self.may_end_what_the_thread_does(function.file, call, *receiver, external) {
                        return Some(format!("whether {} ends what the thread does", place()));
                    }
                }
                if (!callees.external.is_empty() || !callees.unresolved.is_empty())
                    && let Some(why) = self.handed(function.file, call, *receiver)
                {
                    return Some(why);
                }
                if !watched.is_empty() && self.is_foreign_method(&callees, call, *receiver) {
                    return Some(format!("what {} of a base outside the target does", place()));
                }
                let runs = self.runs(function.file, call, *receiver, &callees);
                if matches!(runs, Runs::Nothing) {
                    continue;
                }
                let (others, missing) = self.others();
                if missing.is_some() {
                    return missing.clone();
                }
                if let Some(other) = others.iter().find(|function| runs.is_one(function)) {
                    let other = &other.node.name;
                    return Some(format!("whether {} runs `{other}`, which signals it", place()));
                }
            }
            // `for tell in (self.done.set,): tell()`.
            let mentions = Mentions::of(*function);
            let is_method = |attribute: &Expr| {
                matches!(attribute, Expr::Attribute(method)
                if is_watched(&method.value) && matches!(method.attr.as_str(), "set" | "clear" | "put" | "put_nowait"))
            };
            if let Some(handed) = mentions.uncalled.iter().find(|expr| is_method(expr)) {
                let line = function.file.source().line(handed.start());
                let path = function.file.path();
                return Some(format!("who calls the method that `{path}:{line}` hands on"));
            }
        }
        // `self.server.should_exit = True` where the thread runs `self.server.run()`.
        for (name, file, place) in self.changed_below() {
            if self.elsewhere().names.contains(name) {
                let line = file.source().line(place.start());
                return Some(format!(
                    "whether what `{}:{line}` changes ends what the thread does with `{name}`",
                    file.path()
                ));
            }
        }
        None
    }

    /// What the thread calls.
    fn by_thread(&self) -> Option<String> {
        let changed = self.changed();
        if changed.is_empty() {
            return None;
        }
        let is_changed = |expr: &Expr| super::last_name(expr).is_some_and(|name| changed.contains(name));
        let mut others = None;
        for (function, receiver) in &self.watching.reached.functions {
            let objects = crate::python::project::object_parameter(*function);
            let is_object =
                |expr: &Expr| matches!(expr, Expr::Name(name) if Some(name.id.as_str()) == objects);
            for call in calls_in(&function.node.body) {
                let callees = self.callees(function.file, call, *receiver);
                let place = || self.place(function.file, call);
                if !self.is_followed(&callees) {
                    for argument in arguments(call) {
                        let gives_object = is_object(argument) && !is_builtin(&callees);
                        if is_changed(argument) || gives_object {
                            return Some(format!("what {} does with what it is given", place()));
                        }
                    }
                }
                if self.is_foreign_method(&callees, call, *receiver) {
                    return Some(format!("what {} of a base outside the target does", place()));
                }
                let runs = self.runs(function.file, call, *receiver, &callees);
                if matches!(runs, Runs::Nothing) {
                    continue;
                }
                let (others, missing): &Others<'f> =
                    others.get_or_insert_with(|| self.other_lookers(&changed));
                if missing.is_some() {
                    return missing.clone();
                }
                if let Some(other) = others.iter().find(|function| runs.is_one(function)) {
                    let other = &other.node.name;
                    return Some(format!(
                        "whether {} runs `{other}`, which looks at what is changed",
                        place()
                    ));
                }
            }
            // `lib.loop(self._tick)`: somebody runs it.
            for handed in &Mentions::of(*function).uncalled {
                let mut scope = Scope::at(function.file, handed.range());
                scope.receiver = *receiver;
                let callees = self.project.callees(self.project.infer(&scope, handed));
                for (handed_on, _) in callees.functions {
                    let mentions = Mentions::of(handed_on);
                    let is_reached =
                        self.watching.reached.functions.iter().any(|(known, _)| *known == handed_on);
                    if !is_reached && mentions.looked_at.iter().any(|name| changed.contains(name)) {
                        let line = function.file.source().line(handed.start());
                        return Some(format!(
                            "what becomes of the thread by `{}`, which `{}:{line}` hands on",
                            handed_on.qualified_name(),
                            function.file.path()
                        ));
                    }
                }
            }
        }
        None
    }

    fn callees(
        &self,
        file: &'f ParsedFile,
        call: &'f ExprCall,
        receiver: Option<ClassRef<'f>>,
    ) -> Callees<'f> {
        let mut scope = Scope::at(file, call.func.range());
        scope.receiver = receiver;
        self.project.resolve_call(&scope, call)
    }

    fn place(&self, file: &'f ParsedFile, call: &ExprCall) -> String {
        let source = file.source();
        format!("`{}` at `{}:{}`", source.slice(call.func.range()), file.path(), source.line(call.start()))
    }

    /// Whether all that a call runs was looked into, or does nothing to what it is given.
    fn is_followed(&self, callees: &Callees<'f>) -> bool {
        callees.unresolved.is_empty() && callees.external.iter().all(|name| is_idle(name))
    }

    /// `loop.call_soon_threadsafe(print)` tells the loop nothing but what to run.
    fn schedules_what_is_known(
        &self,
        file: &'f ParsedFile,
        call: &'f ExprCall,
        receiver: Option<ClassRef<'f>>,
    ) -> bool {
        let is_schedule =
            matches!(super::last_name(&call.func), Some("call_soon_threadsafe" | "call_soon" | "call_later"));
        let callback = call.arguments.args.iter().find(|argument| !argument.is_number_literal_expr());
        let Some(callback) = callback.filter(|_| is_schedule) else { return false };
        let mut scope = Scope::at(file, callback.range());
        scope.receiver = receiver;
        // What it is given to run is its caller's affair.
        if let Expr::Name(name) = callback {
            let found = self.project.lookup(&scope, name.id.as_str(), Some(name.start()));
            let is_parameter = |binding: &Binding<'f>| matches!(binding.kind, BindingKind::Parameter(..));
            if found.is_some_and(|(_, bindings)| bindings.iter().all(is_parameter)) {
                return true;
            }
        }
        let callees = self.project.callees(self.project.infer(&scope, callback));
        self.is_followed(&callees)
    }

    /// `self.finished()`, which the class gets from a base that is not in the target.
    fn is_foreign_method(
        &self,
        callees: &Callees<'f>,
        call: &ExprCall,
        receiver: Option<ClassRef<'f>>,
    ) -> bool {
        let (Expr::Attribute(method), Some(class)) = (call.func.as_ref(), receiver) else { return false };
        let is_own = match method.value.as_ref() {
            Expr::Name(name) => matches!(name.id.as_str(), "self" | "cls"),
            Expr::Call(inner) => {
                matches!(inner.func.as_ref(), Expr::Name(name) if name.id.as_str() == "super")
            }
            _ => false,
        };
        let is_foreign = |ancestor: &Ancestor| match ancestor {
            Ancestor::Class(_) => false,
            Ancestor::External(name) => {
                !facts::is_standard_library(name.split('.').next().unwrap_or_default())
                    && !name.starts_with("builtins.")
            }
            Ancestor::Unresolved(_) => true,
        };
        is_own
            && callees.functions.is_empty()
            && self.project.linearisations(class).iter().any(|order| order.ancestors.iter().any(is_foreign))
    }

    /// What of the target a call may run that does not tell.
    fn runs(
        &self,
        file: &'f ParsedFile,
        call: &'f ExprCall,
        receiver: Option<ClassRef<'f>>,
        callees: &Callees<'f>,
    ) -> Runs<'f> {
        // `self.finish = self.done.set`.
        let name = super::last_name(&call.func);
        let is_renamed = |known: &String| {
            let of_thread = known.starts_with("threading.") || known.starts_with("queue.");
            of_thread && known.contains("().") && known.rsplit('.').next() != name
        };
        if callees.external.iter().any(is_renamed) {
            return Runs::Anything;
        }
        if callees.unresolved.is_empty() {
            return Runs::Nothing;
        }
        let mut scope = Scope::at(file, call.func.range());
        scope.receiver = receiver;
        match call.func.as_ref() {
            Expr::Name(name) => match self.project.lookup(&scope, name.id.as_str(), Some(name.start())) {
                None => Runs::Nothing,
                Some((depth, bindings)) => {
                    let is_imported = |binding: &Binding<'f>| {
                        matches!(binding.kind, BindingKind::ImportFrom { .. } | BindingKind::Import { .. })
                    };
                    // What a decorator is given is the function that is decorated.
                    let is_decorated = |binding: &Binding<'f>| {
                        matches!(binding.kind, BindingKind::Parameter(..)) && self.is_decorator(&scope, depth)
                    };
                    match bindings.iter().all(is_imported) || bindings.iter().all(is_decorated) {
                        true => Runs::Nothing,
                        false => Runs::Anything,
                    }
                }
            },
            Expr::Attribute(method) => {
                let is_known =
                    |ty: &Type<'f>| matches!(ty, Type::Instance(_) | Type::Class(_) | Type::Module(_));
                let objects = self.project.infer(&scope, &method.value);
                let holds = |ty: &Type<'f>| match ty {
                    Type::Instance(class) | Type::Class(class) => {
                        let accesses = self.project.accesses_of(*class, method.attr.as_str());
                        accesses.iter().any(|access| matches!(access.kind, AccessKind::Store(_)))
                    }
                    _ => true,
                };
                if objects.iter().any(|ty| is_known(ty) && holds(ty)) {
                    Runs::Anything
                } else if objects.iter().any(is_known) {
                    Runs::Nothing
                } else {
                    Runs::Named(method.attr.as_str())
                }
            }
            _ => Runs::Anything,
        }
    }

    /// Whether the function at this depth of a scope is a decorator of what was followed.
    fn is_decorator(&self, scope: &Scope<'f>, depth: usize) -> bool {
        let frame = depth.checked_sub(1).and_then(|index| scope.frames.get(index));
        let Some(Frame::Function(node)) = frame else { return false };
        let decorators = [&self.signallers.decorators, &self.watching.reached.decorators];
        decorators.into_iter().flatten().any(|decorator| std::ptr::eq(decorator.node, *node))
    }

    /// The names of the attributes and variables that the signallers change.
    fn changed(&self) -> BTreeSet<&'f str> {
        let mut names = BTreeSet::new();
        for (function, _) in &self.signallers.functions {
            let mut changes = Changes { found: Vec::new(), by_name: Vec::new() };
            changes.visit_body(&function.node.body);
            for (expr, _, change) in &changes.found {
                match (expr, change) {
                    (Expr::Attribute(attribute), _) => {
                        names.insert(attribute.attr.as_str());
                    }
                    (Expr::Name(name), Change::Stored(_)) => {
                        let bindings = self.project.frame_bindings(Frame::Function(function.node));
                        if bindings.outer.contains_key(name.id.as_str()) {
                            names.insert(name.id.as_str());
                        }
                    }
                    (Expr::Name(name), _) => {
                        names.insert(name.id.as_str());
                    }
                    _ => {}
                }
            }
            names.extend(changes.by_name.iter().map(|(name, ..)| *name));
        }
        names
    }

    /// `self.server.should_exit = True` changes something below `server`.
    fn changed_below(&self) -> Vec<(&'f str, &'f ParsedFile, &'f Expr)> {
        let mut below = Vec::new();
        for (function, _) in &self.signallers.functions {
            let mut changes = Changes { found: Vec::new(), by_name: Vec::new() };
            changes.visit_body(&function.node.body);
            for (expr, _, change) in changes.found {
                if let (Expr::Attribute(attribute), Change::Stored(_)) = (expr, change)
                    && let Some(name) = match attribute.value.as_ref() {
                        Expr::Attribute(object) => Some(object.attr.as_str()),
                        _ => None,
                    }
                {
                    below.push((name, function.file, expr));
                }
            }
        }
        below
    }

    /// See `other_signallers`; made once.
    fn others(&self) -> &Others<'f> {
        self.others.get_or_init(|| self.other_signallers())
    }

    /// Functions that signal the thread and that the signallers are not known to run.
    fn other_signallers(&self) -> Others<'f> {
        let names: BTreeSet<&str> = self.watching.watched.iter().map(|watched| watched.name).collect();
        let signals = |function: FunctionRef<'f>| {
            let receiver = function.class_ref();
            let mut doubt = None;
            let watched: Vec<Watched<'f>> =
                self.watching.watched.iter().filter(|watched| watched.is_attribute).cloned().collect();
            let reached = Reached::new(self.project);
            let is_handed = |expr: &&Expr| {
                matches!(expr, Expr::Attribute(method)
                    if matches!(method.attr.as_str(), "set" | "clear" | "put")
                        && super::last_name(&method.value).is_some_and(|name| names.contains(name)))
            };
            !signals_in(&reached, function, receiver, &watched, &mut doubt).is_empty()
                || Mentions::of(function).uncalled.iter().any(is_handed)
        };
        self.other_functions(&names, &self.signallers.functions, signals)
    }

    /// Functions that look at what is changed, and that the thread is not known to run.
    fn other_lookers(&self, changed: &BTreeSet<&'f str>) -> Others<'f> {
        let looks = |function: FunctionRef<'f>| {
            !self.signallers.functions.iter().any(|(known, _)| *known == function)
                && Mentions::of(function).looked_at.iter().any(|name| changed.contains(name))
        };
        self.other_functions(changed, &self.watching.reached.functions, looks)
    }

    fn other_functions(
        &self,
        mentioned: &BTreeSet<&str>,
        known: &Functions<'f>,
        is_one: impl Fn(FunctionRef<'f>) -> bool,
    ) -> Others<'f> {
        let mut found = Vec::new();
        let mut paths = BTreeSet::new();
        for name in mentioned {
            paths.extend(self.project.mentioning(&format!(".{name}")).iter().cloned());
        }
        paths.retain(|path| !is_test_code(path));
        let mut missing = (paths.len() > MOST_FILES).then(|| "too many files may signal it".to_owned());
        for path in paths.iter().take(MOST_FILES) {
            let Ok(file) = self.project.file(path) else {
                missing = Some(format!("what `{path}` does, which could not be read"));
                continue;
            };
            for symbol in file.symbols().iter() {
                let Some(function) = self.project.function_at(file, symbol.range) else { continue };
                let is_known = known.iter().any(|(known, _)| *known == function);
                if !is_known && function.node.name.as_str() != "__init__" && is_one(function) {
                    found.push(function);
                }
            }
        }
        (found, missing)
    }
}

fn arguments(call: &ExprCall) -> impl Iterator<Item = &Expr> {
    let values = call.arguments.keywords.iter().map(|keyword| &keyword.value);
    call.arguments.args.iter().chain(values).flat_map(|argument| match argument {
        Expr::Starred(starred) => std::slice::from_ref(&*starred.value),
        Expr::Tuple(tuple) => &*tuple.elts,
        Expr::List(list) => &*list.elts,
        argument => std::slice::from_ref(argument),
    })
}

/// Functions of the language and its library that change nothing that they are given, and call
/// nothing of it.
fn is_idle(name: &str) -> bool {
    if let Some(builtin) = name.strip_prefix("builtins.") {
        let callee = builtin.split(['.', '(']).next().unwrap_or_default();
        return !matches!(
            callee,
            "open" | "exec" | "eval" | "map" | "filter" | "object" | "__import__" | "globals"
        );
    }
    ["logging.", "time.", "os.path.", "json.", "math.", "datetime.", "copy.", "queue."]
        .iter()
        .any(|module| name.starts_with(module))
        || matches!(
            name,
            "os.getpid" | "os.getenv" | "os.cpu_count" | "os.getcwd" | "os.urandom" | "os.listdir"
        )
        || name == "threading.current_thread"
        || ["threading.Lock", "threading.RLock", "threading.Event", "threading.Condition"].iter().any(
            |class| {
                // `threading.Event.set(self.done)` is given what it changes.
                name.strip_prefix(class).is_some_and(|rest| rest.is_empty() || rest.starts_with("()"))
            },
        )
}

fn is_builtin(callees: &Callees) -> bool {
    callees.unresolved.is_empty() && callees.external.iter().all(|name| is_idle(name))
}

/// Methods that only tell what they are told, or look.
fn is_harmless_method(name: &str) -> bool {
    matches!(
        name,
        "debug"
            | "info"
            | "warning"
            | "warn"
            | "error"
            | "exception"
            | "critical"
            | "log"
            | "get"
            | "items"
            | "keys"
            | "values"
            | "format"
            | "join"
            | "is_alive"
            | "is_set"
            | "acquire"
            | "endswith"
            | "inc"
            | "observe"
            | "labels"
            | "copy"
            | "qsize"
            | "empty"
            | "full"
    )
}

/// A method after which what the object does comes to its end, or which gives it something.
fn is_ending(name: &str) -> bool {
    const ENDING: &[&str] = &[
        "stop",
        "close",
        "term",
        "quit",
        "exit",
        "kill",
        "shut",
        "disconnect",
        "destroy",
        "abort",
        "cancel",
        "interrupt",
        "signal",
        "finish",
        "end",
        "send",
        "wake",
        "notify",
        "unblock",
        "dispose",
        "release",
        "unsubscribe",
        "unregister",
        "deregister",
        "call",
        "schedule",
    ];
    name.split('_').any(|part| ENDING.iter().any(|word| part.starts_with(word)))
}

/// What a function mentions.
struct Mentions<'f> {
    /// Attributes and variables that it reads.
    looked_at: BTreeSet<&'f str>,
    /// Attributes that are read and not called: perhaps methods that are handed on.
    uncalled: Vec<&'f Expr>,
    called: Vec<&'f Expr>,
    /// It reaches attributes by computed names.
    reflects: Vec<&'f Expr>,
}

impl<'f> Mentions<'f> {
    fn of(function: FunctionRef<'f>) -> Self {
        let mut mentions = Self {
            looked_at: BTreeSet::new(),
            uncalled: Vec::new(),
            called: Vec::new(),
            reflects: Vec::new(),
        };
        let body: &'f [Stmt] = &function.node.body;
        mentions.visit_body(body);
        mentions
    }
}

impl<'f> Visitor<'f> for Mentions<'f> {
    fn visit_stmt(&mut self, stmt: &'f Stmt) {
        // A name that stands alone hands nothing on.
        if let Stmt::Expr(node) = stmt {
            self.called.push(&node.value);
        }
        visitor::walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, expr: &'f Expr) {
        match expr {
            Expr::Call(call) => {
                self.called.push(&call.func);
                if let Some((_, name)) = named_attribute(call) {
                    self.looked_at.insert(name);
                } else if let Expr::Name(function) = call.func.as_ref() {
                    let is_computed = match function.id.as_str() {
                        "getattr" | "hasattr" => call.arguments.args.len() > 1,
                        "setattr" | "delattr" => {
                            call.arguments.args.get(1).is_some_and(|name| !name.is_string_literal_expr())
                        }
                        "vars" => true,
                        _ => false,
                    };
                    if is_computed {
                        self.reflects.push(expr);
                    }
                }
            }
            Expr::Attribute(attribute) if attribute.attr.as_str() == "__dict__" => {
                self.reflects.push(expr);
            }
            Expr::Attribute(attribute) if attribute.ctx == ExprContext::Load => {
                self.looked_at.insert(attribute.attr.as_str());
                if !self.called.iter().any(|called| called.range() == expr.range()) {
                    self.uncalled.push(expr);
                }
            }
            Expr::Name(name) if name.ctx == ExprContext::Load => {
                self.looked_at.insert(name.id.as_str());
            }
            _ => {}
        }
        visitor::walk_expr(self, expr);
    }
}
