//! Ways of telling a thread something that are no plain change of what it looks at: of another
//! end of a pipe, of a container, of a name that is computed, or of code that runs unseen.

use std::collections::BTreeSet;

use super::{Mentions, Sides, arguments, is_ending, is_harmless_method};
use crate::python::ast::{Expr, ExprCall, Stmt};
use crate::python::calls::calls_in;
use crate::python::project::{BindingKind, ClassRef, FunctionRef, Scope, Type, dotted_name};
use crate::python::visitor::{self, Visitor};
use crate::python::{ParsedFile, Ranged};
use crate::static_checks::async_function::replaced;
use crate::static_checks::shared_state::CHANGING;
use crate::static_checks::thread::signals::{
    Asked, Change, Changes, MOST_REACHED, MOST_WATCHED, Reached, last_name, signals_in,
};

/// What the thread does in code that is not known.
#[derive(Default)]
pub(super) struct Elsewhere<'f> {
    /// The attributes and variables that such code is given or is a method of.
    pub names: BTreeSet<&'f str>,
    /// It waits there, perhaps for what comes from outside.
    pub waits: bool,
}

impl<'f> Sides<'_, '_, 'f> {
    /// That not all was looked at.
    pub(super) fn cut(&self) -> Option<String> {
        let is_cut = self.signallers.functions.len() > MOST_REACHED
            || self.watching.reached.functions.len() > MOST_REACHED
            || self.watching.watched.len() > MOST_WATCHED;
        is_cut.then(|| "there is more code than was looked at".to_owned())
    }

    /// What the thread does in code that is not known; made once.
    pub(super) fn elsewhere(&self) -> &Elsewhere<'f> {
        self.elsewhere.get_or_init(|| {
            let mut elsewhere = Elsewhere::default();
            for (function, receiver) in &self.watching.reached.functions {
                for call in calls_in(&function.node.body) {
                    let callees = self.callees(function.file, call, *receiver);
                    if self.is_followed(&callees) {
                        continue;
                    }
                    elsewhere.waits |= last_name(&call.func).is_some_and(is_waiting);
                    let object = match call.func.as_ref() {
                        Expr::Attribute(method) if !is_harmless_method(method.attr.as_str()) => {
                            Some(&*method.value)
                        }
                        _ => None,
                    };
                    for expr in object.into_iter().chain(arguments(call)) {
                        let asked = Asked { expr, file: function.file, receiver: *receiver };
                        elsewhere.names.extend(parts(&self.watching.reached, asked));
                    }
                }
            }
            elsewhere
        })
    }

    /// `self.sock.close()` where the thread is in `self.sock.accept()`, and what may be the other
    /// end of what it waits for.
    pub(super) fn may_end_what_the_thread_does(
        &self,
        file: &'f ParsedFile,
        call: &'f ExprCall,
        receiver: Option<ClassRef<'f>>,
        external: &[String],
    ) -> bool {
        let of_system = external.iter().any(|name| name.starts_with("os."));
        let Some(name) = last_name(&call.func).filter(|name| of_system || is_ending(name)) else {
            return false;
        };
        let object = match call.func.as_ref() {
            Expr::Attribute(method) => &*method.value,
            _ => return of_system && self.elsewhere().waits,
        };
        // A lock that is released is no end of anything else.
        if self.elsewhere().waits && name != "release" {
            return true;
        }
        parts(self.signallers, Asked { expr: object, file, receiver })
            .iter()
            .any(|part| self.elsewhere().names.contains(part))
    }

    /// `pool.submit(self._halt)`: what a function does that is handed to code outside the target.
    pub(super) fn handed(
        &self,
        file: &'f ParsedFile,
        call: &'f ExprCall,
        receiver: Option<ClassRef<'f>>,
    ) -> Option<String> {
        for argument in arguments(call) {
            if !matches!(argument, Expr::Attribute(_) | Expr::Name(_)) {
                continue;
            }
            let mut scope = Scope::at(file, argument.range());
            scope.receiver = receiver;
            let functions = self.project.callees(self.project.infer(&scope, argument)).functions;
            let is_new = |function: FunctionRef<'f>| {
                !self.signallers.functions.iter().any(|(known, _)| *known == function)
            };
            let mut reached = Reached::new(self.project);
            reached.follow(functions.into_iter().filter(|(function, _)| is_new(*function)).collect());
            let mut doubt = None;
            let tells = reached.functions.iter().any(|(function, receiver)| {
                !signals_in(&reached, *function, *receiver, &self.watching.watched, &mut doubt).is_empty()
            });
            if tells || doubt.is_some() {
                return Some(format!(
                    "whether {} runs `{}`, which may signal it",
                    self.place(file, call),
                    file.source().slice(argument.range())
                ));
            }
        }
        None
    }

    /// What the signallers do besides plain changes.
    pub(super) fn by_other_ways(&self) -> Option<String> {
        self.signallers.functions.iter().find_map(|(function, receiver)| {
            let at = |why: &str, place: &Expr| {
                let line = function.file.source().line(place.start());
                Some(format!("{why} at `{}:{line}`", function.file.path()))
            };
            for call in calls_in(&function.node.body) {
                let callees = self.callees(function.file, call, *receiver);
                if is_computed(call) || callees.external.iter().any(|name| is_far_reaching(name)) {
                    return at("what is done", &call.func);
                }
            }
            if let Some(object) = self.container(*function, *receiver) {
                return at("whether the change of a container ends it", object);
            }
            self.unknown_object(*function, *receiver)
                .and_then(|object| at("what is changed by another name", object))
        })
    }

    /// `self.stops.append(1)` where the thread looks at `self.stops`.
    fn container(&self, function: FunctionRef<'f>, receiver: Option<ClassRef<'f>>) -> Option<&'f Expr> {
        let calls = calls_in(&function.node.body);
        calls.iter().find_map(|call| {
            let Expr::Attribute(method) = call.func.as_ref() else { return None };
            let is_release = method.attr.as_str() == "release";
            // What clearing and updating come to was judged with the plain changes.
            let is_plain = matches!(method.attr.as_str(), "clear" | "update");
            if is_plain || !is_release && !CHANGING.contains(&method.attr.as_str()) {
                return None;
            }
            let asked = Asked { expr: &method.value, file: function.file, receiver };
            let names: BTreeSet<&str> = self
                .signallers
                .origins(asked, 0)
                .iter()
                .filter_map(|origin| last_name(origin.expr))
                .collect();
            let is_watched = self.watching.watched.iter().any(|watched| names.contains(watched.name));
            let by_thread = |name: &&str| match is_release {
                true => self.waits_for_release(name) && !acquires(&function.node.body, name),
                false => self.leaves_by(name),
            };
            (is_watched && !(is_release && names.iter().any(|name| acquires(&function.node.body, name)))
                || names.iter().any(by_thread))
            .then_some(&*method.value)
        })
    }

    /// The thread calls `acquire()` on something of this name.
    fn waits_for_release(&self, name: &str) -> bool {
        self.watching.reached.functions.iter().any(|(function, _)| acquires(&function.node.body, name))
    }

    /// Whether a function of the thread that looks at something of this name leaves early.
    fn leaves_by(&self, name: &str) -> bool {
        self.watching.reached.functions.iter().any(|(function, _)| {
            let mut leaves = Leaves(false);
            leaves.visit_body(&function.node.body);
            leaves.0 && Mentions::of(*function).looked_at.contains(name)
        })
    }

    /// A changed object that is reached by a way that was not followed: `for event in events:
    /// event.set()`, `events[0].set()`, `os.environ["STOP"] = "1"`.
    fn unknown_object(&self, function: FunctionRef<'f>, receiver: Option<ClassRef<'f>>) -> Option<&'f Expr> {
        let mut changes = Changes { found: Vec::new(), by_name: Vec::new() };
        changes.visit_body(&function.node.body);
        let by_methods =
            calls_in(&function.node.body).into_iter().filter_map(|call| match call.func.as_ref() {
                Expr::Attribute(method) if CHANGING.contains(&method.attr.as_str()) => Some(&*method.value),
                _ => None,
            });
        let module_value =
            changes.found.iter().map(|(expr, ..)| *expr).chain(by_methods).find(|expr| {
                let Expr::Attribute(attribute) = expr else { return false };
                let mut scope = Scope::at(function.file, attribute.range());
                scope.receiver = receiver;
                let objects = self.project.infer(&scope, &attribute.value);
                objects.iter().any(|ty| matches!(ty, Type::External(_)))
                    && self.watching.reached.functions.iter().any(|(function, _)| {
                        Mentions::of(*function).looked_at.contains(attribute.attr.as_str())
                    })
            });
        if module_value.is_some() {
            return module_value;
        }
        if self.watching.watched.is_empty() {
            return None;
        }
        let tells = |change: &Change| matches!(change, Change::Set | Change::Cleared | Change::Called);
        changes.found.iter().filter(|(_, _, change)| tells(change)).map(|(expr, ..)| *expr).find(|expr| {
            let Expr::Name(name) = expr else { return !expr.is_attribute_expr() };
            let mut scope = Scope::at(function.file, expr.range());
            scope.receiver = receiver;
            let found = self.project.lookup(&scope, name.id.as_str(), Some(name.start()));
            let is_parted = |binding: &BindingKind<'f>| {
                matches!(binding, BindingKind::Iterated(_) | BindingKind::Entered(_))
                    || matches!(binding, BindingKind::Value(Expr::Subscript(_)))
            };
            found.is_some_and(|(_, bindings)| bindings.iter().any(|binding| is_parted(&binding.kind)))
        })
    }

    /// `Worker.stop = other`: the method that the claim names is not what runs.
    pub(super) fn replaced(&self) -> Option<String> {
        let (function, receiver) = self.signallers.functions.first()?;
        let name = function.node.name.as_str();
        let place = replaced(self.project, (*receiver).or(function.class_ref())?, name)?;
        Some(format!("what runs as `{name}`, which is replaced at `{place}`"))
    }

    /// Code that Python runs where no call is written, and that tells: the end of a `with`, an
    /// operator, a property, and the method of a subclass.
    pub(super) fn implicit(&self) -> Option<String> {
        let (others, _) = self.others();
        let mentioned = |name: &str| {
            self.signallers.functions.iter().any(|(function, _)| {
                let mut search = Attribute { name, found: false };
                search.visit_body(&function.node.body);
                search.found
            })
        };
        let is_run = |other: &&FunctionRef<'f>| {
            let name = other.node.name.as_str();
            let is_special = name.starts_with("__") && name.ends_with("__");
            let is_property = other.node.decorator_list.iter().any(|decorator| {
                let last = last_name(&decorator.expression).unwrap_or_default();
                matches!(last, "property" | "cached_property" | "setter" | "deleter" | "getter")
            });
            let overrides = || {
                self.signallers.functions.iter().any(|(known, _)| {
                    known.node.name.as_str() == other.node.name.as_str()
                        && match (known.class_ref(), other.class_ref()) {
                            // What a signaller itself overrides does not run.
                            (Some(one), Some(two)) => self.project.inherits(two, one),
                            _ => false,
                        }
                })
            };
            is_special || (is_property && mentioned(name)) || overrides()
        };
        let other = others.iter().find(is_run)?;
        Some(format!("whether `{}` runs, which signals it", other.qualified_name()))
    }
}

/// The attributes and variables that an object is reached by, its other names included.
fn parts<'f>(reached: &Reached<'_, 'f>, asked: Asked<'f>) -> BTreeSet<&'f str> {
    let mut names = BTreeSet::new();
    for mut expr in reached.origins(asked, 0).into_iter().map(|origin| origin.expr) {
        loop {
            match expr {
                Expr::Attribute(attribute) => {
                    names.insert(attribute.attr.as_str());
                    expr = &attribute.value;
                }
                Expr::Subscript(subscript) => expr = &subscript.value,
                Expr::Name(name) => {
                    if !matches!(name.id.as_str(), "self" | "cls") {
                        names.insert(name.id.as_str());
                    }
                    break;
                }
                _ => break,
            }
        }
    }
    names
}

/// Calls that wait, perhaps for what somebody sends, closes or ends.
fn is_waiting(name: &str) -> bool {
    const WAITING: &[&str] =
        &["recv", "accept", "select", "read", "poll", "wait", "epoll", "kqueue", "receive", "next", "listen"];
    name.split('_').any(|part| WAITING.iter().any(|word| part.starts_with(word)))
}

/// What reaches further than what it is given: other code, other threads, the whole process.
fn is_far_reaching(name: &str) -> bool {
    matches!(
        name,
        "builtins.exec"
            | "builtins.eval"
            | "builtins.globals"
            | "os.kill"
            | "os.killpg"
            | "signal.raise_signal"
            | "signal.pthread_kill"
            | "signal.setitimer"
            | "signal.alarm"
    ) || name.starts_with("ctypes.pythonapi")
}

/// `object.__setattr__(self, "running", False)`.
fn is_computed(call: &ExprCall) -> bool {
    let is_dunder = matches!(last_name(&call.func), Some("__setattr__" | "__delattr__"));
    is_dunder || dotted_name(&call.func).is_some_and(|name| name.contains("pythonapi"))
}

/// Whether code calls `acquire()` on something of this name.
fn acquires(body: &[Stmt], name: &str) -> bool {
    calls_in(body).iter().any(|call| {
        matches!(call.func.as_ref(), Expr::Attribute(method)
            if method.attr.as_str() == "acquire" && last_name(&method.value) == Some(name))
    })
}

/// Whether code leaves a loop or a function early.
struct Leaves(bool);

impl<'f> Visitor<'f> for Leaves {
    fn visit_stmt(&mut self, stmt: &'f Stmt) {
        self.0 |= matches!(stmt, Stmt::Return(_) | Stmt::Break(_) | Stmt::Raise(_));
        visitor::walk_stmt(self, stmt);
    }
}

/// Whether code names an attribute.
struct Attribute<'n> {
    name: &'n str,
    found: bool,
}

impl<'f> Visitor<'f> for Attribute<'_> {
    fn visit_expr(&mut self, expr: &'f Expr) {
        self.found |= matches!(expr, Expr::Attribute(node) if node.attr.as_str() == self.name);
        visitor::walk_expr(self, expr);
    }
}
