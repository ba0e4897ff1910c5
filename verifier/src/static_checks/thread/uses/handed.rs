//! Functions that code outside the target is given to run: `atexit.register(self.t.join)`,
//! `weakref.finalize(self, reap, self.t)`, `await asyncio.to_thread(self.t.join)`.

use super::value::{Sure, What};
use super::walk::{Walker, parameters};
use super::{DEPTH, EventKind};
use crate::python::ast::{self, Expr, Stmt};
use crate::python::project::{SpawnKind, Target, argument_of};
use crate::python::visitor::{self, Visitor};
use crate::python::{Ranged, TextRange};

/// A call that makes code outside the target run something.
struct Run<'f> {
    function: &'f Expr,
    /// How many arguments stand in front of those of the function.
    skipped: usize,
    /// Whether it does run it.
    sure: Sure,
}

impl<'f> Walker<'_, '_, 'f> {
    /// What a call makes code outside the target run, later or in another thread.
    fn run_by_library(&self, call: &'f ast::ExprCall) -> Option<Run<'f>> {
        let callees = self.uses.project.resolve_call(&self.scope(&call.func), call);
        let skipped = callees.external.iter().find_map(|name| match name.as_str() {
            "atexit.register" | "contextlib.ExitStack().callback" | "asyncio.to_thread" => Some(0),
            "weakref.finalize" => Some(1),
            name if name.ends_with("PoolExecutor().submit") => Some(0),
            name if name.starts_with("asyncio.") => match name.rsplit_once("().")?.1 {
                "call_soon" | "call_soon_threadsafe" => Some(0),
                "run_in_executor" | "call_later" | "call_at" => Some(1),
                _ => None,
            },
            _ => None,
        })?;
        let is_coroutine = callees.external.iter().any(|name| name == "asyncio.to_thread");
        let sure = if is_coroutine { self.is_awaited(call) } else { Sure::Yes };
        let function = call.arguments.args.get(skipped).filter(|function| !function.is_starred_expr())?;
        Some(Run { function, skipped: skipped + 1, sure })
    }

    /// Whether somebody waits for what a coroutine does: where nobody does, it is not run.
    fn is_awaited(&self, coroutine: &'f ast::ExprCall) -> Sure {
        let unknown = || {
            let line = self.file.source().line(coroutine.start());
            Sure::Maybe(format!(
                "whether anybody awaits what `{}:{line}` makes is not known",
                self.file.path()
            ))
        };
        let body = match self.functions.last() {
            Some(function) => &function.body,
            None => &self.file.source().module().body,
        };
        let mut search =
            Awaits { coroutine: coroutine.range(), awaited: Vec::new(), name: None, alone: false };
        search.visit_body(body);
        let is_awaited = search.awaited.iter().any(|expr| {
            let mut named = Named { name: search.name, found: false };
            named.visit_expr(expr);
            named.found || expr.range().contains_range(coroutine.range())
        });
        match (is_awaited, search.alone) {
            (true, _) => Sure::Yes,
            (false, true) => Sure::No,
            (false, false) => unknown(),
        }
    }

    /// The method is not called here, and runs all the same.
    pub(super) fn method_handed_on(&mut self, call: &'f ast::ExprCall) {
        let is_method = |argument: &&Expr| argument.is_attribute_expr();
        if !call.arguments.args.iter().take(2).any(|argument| is_method(&argument)) {
            return;
        }
        let Some(run) = self.run_by_library(call) else { return };
        let Expr::Attribute(method) = run.function else { return };
        let sure = self.what(&method.value).thread;
        if sure != Sure::Yes {
            return;
        }
        match method.attr.as_str() {
            "join" => self.uses.event(EventKind::Join, &run.sure, self.file, call.range()),
            "start" | "cancel" => return,
            name => self.methods_of_the_thread(run.function, name, &run.sure),
        }
        self.called.push(method.range());
    }

    /// The thread is an argument of a function that is run so. Whether that was followed.
    pub(super) fn handed_to_library(
        &mut self,
        call: &'f ast::ExprCall,
        index: Option<usize>,
        keyword: Option<&'f str>,
        what: &What,
    ) -> bool {
        let Some(run) = self.run_by_library(call) else { return false };
        let index = index.and_then(|index| index.checked_sub(run.skipped));
        if index.is_none() && keyword.is_none() {
            return false;
        }
        let what = match run.sure {
            Sure::No => return true,
            Sure::Yes => what.clone(),
            maybe => what.clone().doubted(&maybe),
        };
        let callees =
            self.uses.project.callees(self.uses.project.infer(&self.scope(run.function), run.function));
        if let ([], [name]) = (callees.unresolved.as_slice(), callees.external.as_slice()) {
            // `atexit.register(threading.Thread.join, self.t)`.
            let is_join = index == Some(0) && name == "threading.Thread.join";
            if is_join {
                self.uses.event(EventKind::Join, &what.thread, self.file, call.range());
            }
            return is_join || name == "builtins.print";
        }
        let is_followed =
            callees.unresolved.is_empty() && callees.external.is_empty() && callees.classes.is_empty();
        if !is_followed || callees.functions.is_empty() || self.depth >= DEPTH {
            return false;
        }
        for (function, receiver) in callees.functions {
            let aliases = parameters(function, receiver.is_some(), (index, keyword), false, &what);
            if aliases.is_empty() {
                return false;
            }
            self.uses.function(function, aliases, receiver, self.depth + 1);
        }
        true
    }

    /// `Thread(target=reap, args=(t,))`: the other thread gets it.
    pub(super) fn handed_to_thread(&mut self, call: &'f ast::ExprCall) {
        let Some(spawn) = self.uses.project.spawn(&self.scope(&call.func), call) else { return };
        let given = argument_of(&call.arguments, "args", if spawn.kind == SpawnKind::Timer { 2 } else { 3 });
        let elements = match given {
            Some(Expr::Tuple(tuple)) => &tuple.elts,
            Some(Expr::List(list)) => &list.elts,
            _ => return self.uses.may("it is handed to a thread in a way that is not followed".to_owned()),
        };
        let Target::Functions(functions) = spawn.target else {
            return self.uses.may("it is handed to a thread that is not followed".to_owned());
        };
        for (index, element) in elements.iter().enumerate() {
            let what = self.what(element);
            if !what.any().is_possible() || self.depth >= DEPTH {
                continue;
            }
            for (function, receiver) in &functions {
                let aliases = parameters(*function, receiver.is_some(), (Some(index), None), false, &what);
                self.uses.function(*function, aliases, *receiver, self.depth + 1);
            }
        }
    }

    /// A method of the thread's class, which may join or start the object itself.
    pub(super) fn methods_of_the_thread(&mut self, method: &'f Expr, name: &str, sure: &Sure) {
        let project = self.uses.project;
        for (function, receiver) in project.callees(project.infer(&self.scope(method), method)).functions {
            self.own_method(function, receiver, name, sure);
        }
    }
}

/// Functions of asyncio that run the coroutines that they are given.
const AWAITING: &[&str] = &[
    "create_task",
    "ensure_future",
    "gather",
    "run",
    "run_until_complete",
    "run_coroutine_threadsafe",
    "shield",
    "wait",
    "wait_for",
    "as_completed",
    "Task",
];

/// Finds what a function awaits, and the variable or list that gets a coroutine.
struct Awaits<'f> {
    coroutine: TextRange,
    awaited: Vec<&'f Expr>,
    name: Option<&'f str>,
    /// The coroutine is a statement.
    alone: bool,
}

impl<'f> Visitor<'f> for Awaits<'f> {
    fn visit_stmt(&mut self, stmt: &'f Stmt) {
        match stmt {
            Stmt::Expr(node) => self.alone |= node.value.range() == self.coroutine,
            Stmt::Assign(node) if node.value.range().contains_range(self.coroutine) => {
                if let [Expr::Name(name)] = &*node.targets {
                    self.name = Some(name.id.as_str());
                }
            }
            _ => {}
        }
        visitor::walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, expr: &'f Expr) {
        match expr {
            Expr::Await(node) => self.awaited.push(&node.value),
            Expr::Call(call) => match call.func.as_ref() {
                Expr::Name(name) if AWAITING.contains(&name.id.as_str()) => {
                    self.awaited.extend(&call.arguments.args);
                }
                Expr::Attribute(method) if AWAITING.contains(&method.attr.as_str()) => {
                    self.awaited.extend(&call.arguments.args);
                }
                // `waiting.append(asyncio.to_thread(t.join))`.
                Expr::Attribute(method) if matches!(method.attr.as_str(), "append" | "add") => {
                    let gets_it =
                        call.arguments.args.iter().any(|argument| argument.range() == self.coroutine);
                    if let (true, Expr::Name(name)) = (gets_it, &*method.value) {
                        self.name = Some(name.id.as_str());
                    }
                }
                _ => {}
            },
            _ => {}
        }
        visitor::walk_expr(self, expr);
    }
}

/// Whether an expression names a variable.
struct Named<'n> {
    name: Option<&'n str>,
    found: bool,
}

impl<'f> Visitor<'f> for Named<'_> {
    fn visit_expr(&mut self, expr: &'f Expr) {
        self.found |= matches!(expr, Expr::Name(name) if Some(name.id.as_str()) == self.name);
        visitor::walk_expr(self, expr);
    }
}
