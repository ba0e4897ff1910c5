//! What one function does that matters to shared state, in the order in which it stands there:
//! touches of the attribute with the locks held, calls, starts and joins of threads.

use super::{Effect, Known, Spawned};
use crate::python::ast::visitor::{self, Visitor};
use crate::python::ast::{self, Expr, ExprContext, Stmt};
use crate::python::project::{ClassRef, Frame, FunctionRef, Project, Scope, Type};
use crate::python::{Ranged, TextRange};

/// A lock by the text that names it, `self._lock`.
pub(super) type Lock = String;

/// One step of a function.
#[derive(Clone, Debug)]
pub(super) enum Step<'f> {
    Touch {
        range: TextRange,
        effect: Effect,
        locks: Vec<Lock>,
        maybe: Vec<Lock>,
    },
    Call {
        callees: Vec<FunctionRef<'f>>,
        locks: Vec<Lock>,
        maybe: Vec<Lock>,
    },
    /// Threads by their number in [`Known::spawned`].
    Start(usize),
    Join(usize),
}

/// Methods of the builtin containers, and of what looks like them, that change the object.
const CHANGING: &[&str] = &[
    "append",
    "appendleft",
    "extend",
    "extendleft",
    "insert",
    "pop",
    "popleft",
    "popitem",
    "remove",
    "clear",
    "sort",
    "reverse",
    "rotate",
    "add",
    "discard",
    "update",
    "setdefault",
    "difference_update",
    "intersection_update",
    "symmetric_difference_update",
    "__setitem__",
    "__delitem__",
];

/// Methods that only look.
const LOOKING: &[&str] = &[
    "get",
    "items",
    "keys",
    "values",
    "copy",
    "index",
    "count",
    "union",
    "intersection",
    "difference",
    "issubset",
    "issuperset",
    "startswith",
    "endswith",
    "split",
    "strip",
    "format",
    "encode",
    "decode",
    "lower",
    "upper",
    "is_set",
    "is_alive",
    "qsize",
    "empty",
    "full",
    "__len__",
    "__contains__",
];

/// The steps of a function or lambda.
pub(super) fn steps<'f>(known: &Known<'_, 'f>, function: FunctionRef<'f>) -> Vec<Step<'f>> {
    let mut walker = Walker::new(known, function);
    walker.block(&function.node.body);
    walker.steps
}

struct Walker<'k, 'p, 'f> {
    known: &'k Known<'p, 'f>,
    function: FunctionRef<'f>,
    /// Names that stand for the object.
    objects: Vec<&'f str>,
    held: Vec<Lock>,
    /// What is held and may or may not be a lock.
    maybe: Vec<Lock>,
    steps: Vec<Step<'f>>,
    /// Attribute expressions whose effect was told by the expression around them.
    handled: Vec<TextRange>,
}

/// What a `with` or a call is, as far as locks go.
enum LockKind {
    Lock(Lock),
    Maybe(Lock),
    None,
}

impl<'k, 'p, 'f> Walker<'k, 'p, 'f> {
    fn new(known: &'k Known<'p, 'f>, function: FunctionRef<'f>) -> Self {
        Self {
            known,
            function,
            objects: known.objects_in(function),
            held: Vec::new(),
            maybe: Vec::new(),
            steps: Vec::new(),
            handled: Vec::new(),
        }
    }

    fn project(&self) -> &Project<'f> {
        self.known.project
    }

    fn scope(&self, expr: &Expr) -> Scope<'f> {
        let mut scope = Scope::at(self.function.file, expr.range());
        scope.receiver = Some(self.known.class);
        scope
    }

    /// Walks one block: a lock that is acquired in it is held until it is released, or to the
    /// end of the block and, for what comes after it, beyond.
    fn block(&mut self, body: &'f [Stmt]) {
        for stmt in body {
            self.statement(stmt);
        }
    }

    fn statement(&mut self, stmt: &'f Stmt) {
        match stmt {
            // Runs when it is called.
            Stmt::FunctionDef(_) | Stmt::ClassDef(_) => {}
            Stmt::With(node) => {
                let (held, maybe) = (self.held.len(), self.maybe.len());
                for item in &node.items {
                    self.visit_expr(&item.context_expr);
                    match self.lock_of(&item.context_expr) {
                        LockKind::Lock(lock) => self.held.push(lock),
                        LockKind::Maybe(lock) => self.maybe.push(lock),
                        LockKind::None => {}
                    }
                    if let Some(target) = &item.optional_vars {
                        self.visit_expr(target);
                    }
                }
                self.block(&node.body);
                self.held.truncate(held);
                self.maybe.truncate(maybe);
            }
            Stmt::If(node) => {
                self.visit_expr(&node.test);
                let before = self.held.clone();
                if let Some(lock) = self.acquired_in(&node.test) {
                    self.held.push(lock);
                }
                self.block(&node.body);
                self.held.clone_from(&before);
                for clause in &node.elif_else_clauses {
                    if let Some(test) = &clause.test {
                        self.visit_expr(test);
                    }
                    self.block(&clause.body);
                    self.held.clone_from(&before);
                }
            }
            Stmt::For(node) => {
                self.visit_expr(&node.iter);
                self.visit_expr(&node.target);
                self.block(&node.body);
                self.block(&node.orelse);
            }
            Stmt::While(node) => {
                self.visit_expr(&node.test);
                self.block(&node.body);
                self.block(&node.orelse);
            }
            Stmt::Try(node) => {
                self.block(&node.body);
                let after = self.held.clone();
                for ast::ExceptHandler::ExceptHandler(handler) in &node.handlers {
                    self.block(&handler.body);
                    self.held.clone_from(&after);
                }
                self.block(&node.orelse);
                self.block(&node.finalbody);
            }
            Stmt::Match(node) => {
                self.visit_expr(&node.subject);
                let before = self.held.clone();
                for case in &node.cases {
                    self.block(&case.body);
                    self.held.clone_from(&before);
                }
            }
            Stmt::Expr(node) => {
                self.visit_expr(&node.value);
                self.acquire_or_release(&node.value);
            }
            Stmt::Assign(node) => {
                self.visit_expr(&node.value);
                self.acquire_or_release(&node.value);
                for target in &node.targets {
                    self.visit_expr(target);
                }
            }
            Stmt::AugAssign(node) => {
                self.visit_expr(&node.value);
                match node.target.as_ref() {
                    target if self.is_attribute(target) => self.touch(target.range(), Effect::Update),
                    target => self.visit_expr(target),
                }
            }
            _ => visitor::walk_stmt(self, stmt),
        }
    }

    fn is_object(&self, expr: &Expr) -> bool {
        matches!(expr, Expr::Name(name) if self.objects.contains(&name.id.as_str()))
    }

    fn is_attribute(&self, expr: &Expr) -> bool {
        matches!(
            expr,
            Expr::Attribute(attribute)
                if attribute.attr.as_str() == self.known.attribute && self.is_object(&attribute.value)
        )
    }

    fn touch(&mut self, range: TextRange, effect: Effect) {
        self.handled.push(range);
        let (locks, maybe) = (self.held.clone(), self.maybe.clone());
        self.steps.push(Step::Touch { range, effect, locks, maybe });
    }

    /// `self._lock.acquire()` as a statement, or a helper that does only that.
    fn acquire_or_release(&mut self, expr: &'f Expr) {
        let Expr::Call(call) = expr else { return };
        if let Expr::Attribute(attribute) = call.func.as_ref() {
            match attribute.attr.as_str() {
                "acquire" => match self.lock_of(&attribute.value) {
                    // It may well be refused, and nobody looks.
                    LockKind::Lock(lock) if !call.arguments.is_empty() => self.maybe.push(lock),
                    LockKind::Lock(lock) => self.held.push(lock),
                    LockKind::Maybe(lock) => self.maybe.push(lock),
                    LockKind::None => {}
                },
                "release" => {
                    let released = self.text(&attribute.value);
                    self.held.retain(|lock| *lock != released);
                    self.maybe.retain(|lock| *lock != released);
                }
                _ => {}
            }
        }
        for callee in self.own_callees(call) {
            let (acquired, released) = self.net_effect(callee);
            self.held.retain(|lock| !released.contains(lock));
            self.held.extend(acquired);
        }
    }

    /// Locks that a helper method takes and keeps, and those that it gives back.
    fn net_effect(&self, function: FunctionRef<'f>) -> (Vec<Lock>, Vec<Lock>) {
        struct Calls<'f>(Vec<(&'f Expr, bool)>);
        impl<'f> Visitor<'f> for Calls<'f> {
            fn visit_expr(&mut self, expr: &'f Expr) {
                if let Expr::Call(call) = expr
                    && let Expr::Attribute(attribute) = call.func.as_ref()
                {
                    match attribute.attr.as_str() {
                        "acquire" => self.0.push((&attribute.value, true)),
                        "release" => self.0.push((&attribute.value, false)),
                        _ => {}
                    }
                }
                visitor::walk_expr(self, expr);
            }
        }
        let mut calls = Calls(Vec::new());
        calls.visit_body(&function.node.body);
        let source = function.file.source();
        let of = |wanted: bool| -> Vec<Lock> {
            let name = |(expr, _): &(&Expr, bool)| source.slice(expr.range()).to_owned();
            calls.0.iter().filter(|(_, acquires)| *acquires == wanted).map(name).collect()
        };
        let (acquired, released) = (of(true), of(false));
        (
            acquired.iter().filter(|lock| !released.contains(lock)).cloned().collect(),
            released.iter().filter(|lock| !acquired.contains(lock)).cloned().collect(),
        )
    }

    /// `if self._lock.acquire(timeout=1):`.
    fn acquired_in(&self, test: &'f Expr) -> Option<Lock> {
        match test {
            Expr::Call(call) => match call.func.as_ref() {
                Expr::Attribute(attribute) if attribute.attr.as_str() == "acquire" => {
                    match self.lock_of(&attribute.value) {
                        LockKind::Lock(lock) => Some(lock),
                        LockKind::Maybe(_) | LockKind::None => None,
                    }
                }
                _ => None,
            },
            _ => None,
        }
    }

    fn text(&self, expr: &Expr) -> String {
        self.function.file.source().slice(expr.range()).to_owned()
    }

    fn lock_of(&self, expr: &'f Expr) -> LockKind {
        let text = self.text(expr);
        if let Expr::Call(call) = expr {
            // What this very place makes, nobody else holds.
            let is_made = self.project().infer(&self.scope(expr), &call.func).iter().any(|ty| {
                matches!(ty, Type::External(name) if name.starts_with("threading.") || name.starts_with("_thread."))
            });
            if is_made {
                return LockKind::None;
            }
            // `with self.guard():` where the method returns `self._lock`.
            for callee in self.own_callees(call) {
                if let [.., Stmt::Return(node)] = &*callee.node.body
                    && let Some(value @ Expr::Attribute(_)) = node.value.as_deref()
                    && !callee.has_decorator("contextmanager")
                {
                    return Walker::new(self.known, callee).lock_of(value);
                }
            }
        }
        // `with self._locked():` holds what the context manager holds around its `yield`.
        if let Expr::Call(call) = expr {
            for callee in self.own_callees(call) {
                if callee.has_decorator("contextmanager") {
                    return match held_at_yield(self.known, callee) {
                        Some(lock) => LockKind::Lock(lock),
                        None => LockKind::None,
                    };
                }
            }
        }
        let types = self.project().infer(&self.scope(expr), expr);
        let mut maybe = false;
        for ty in &types {
            match ty {
                Type::ExternalInstance(name) => match name.as_str() {
                    "threading.Lock"
                    | "threading.RLock"
                    | "_thread.allocate_lock"
                    | "multiprocessing.Lock"
                    | "multiprocessing.RLock" => return LockKind::Lock(text),
                    // A condition is as good as the lock that it is made of.
                    "threading.Condition" => {
                        return LockKind::Lock(self.condition_lock(expr).unwrap_or(text));
                    }
                    "threading.Semaphore" | "threading.BoundedSemaphore" => maybe = true,
                    _ => {}
                },
                Type::Instance(_) | Type::Unknown(_) => maybe = true,
                Type::Module(_)
                | Type::Namespace(_)
                | Type::Class(_)
                | Type::Function(_)
                | Type::Method(_, _)
                | Type::External(_)
                | Type::None => {}
            }
        }
        if maybe { LockKind::Maybe(text) } else { LockKind::None }
    }

    /// `self.a = threading.Condition(self.b)`: the lock is `self.b`.
    fn condition_lock(&self, expr: &Expr) -> Option<Lock> {
        let Expr::Attribute(attribute) = expr else { return None };
        if !self.is_object(&attribute.value) {
            return None;
        }
        self.project().accesses_of(self.known.class, attribute.attr.as_str()).into_iter().find_map(|access| {
            use crate::python::project::{AccessKind, Stored};
            let AccessKind::Store(Stored::Value(Expr::Call(call))) = access.kind else { return None };
            let lock = call.arguments.find_argument_value("lock", 0)?;
            Some(access.class.file.source().slice(lock.range()).to_owned())
        })
    }

    /// Functions of the class's own code that a call runs.
    fn own_callees(&self, call: &'f ast::ExprCall) -> Vec<FunctionRef<'f>> {
        let callees = self.project().resolve_call(&self.scope(&call.func), call);
        callees
            .functions
            .into_iter()
            .filter(|(function, receiver)| self.known.is_ours(*function, *receiver))
            .map(|(function, _)| function)
            .collect()
    }

    fn thread_events(&mut self, call: &'f ast::ExprCall) {
        let file = self.function.file.path();
        let range = call.range();
        for (number, spawned) in self.known.spawned.iter().enumerate() {
            let is_here =
                spawned.place.is_some_and(|(made_in, call)| made_in.path() == file && call == range);
            if spawned.at_once && is_here {
                self.steps.push(Step::Start(number));
            }
        }
        let Expr::Attribute(attribute) = call.func.as_ref() else { return };
        let is_start = match attribute.attr.as_str() {
            "start" => true,
            "join" => false,
            _ => return,
        };
        let text = self.text(&attribute.value);
        let value = attribute.value.range();
        for (number, spawned) in self.known.spawned.iter().enumerate() {
            if is_this(spawned, &text, value, self.function) {
                self.steps.push(if is_start { Step::Start(number) } else { Step::Join(number) });
            }
        }
    }
}

fn is_this(spawned: &Spawned, text: &str, value: TextRange, function: FunctionRef) -> bool {
    let Some((file, call)) = spawned.place else { return text == "self" };
    let is_same_file = file.path() == function.file.path();
    let is_same_call = is_same_file && call == value;
    // An attribute's name is good in every method, a variable's only where it is.
    let is_visible =
        |name: &String| name.contains('.') || (is_same_file && function.node.range().contains_range(call));
    is_same_call || spawned.names.iter().any(|name| name == text && is_visible(name))
}

/// The lock that a context manager holds at its `yield`.
fn held_at_yield<'f>(known: &Known<'_, 'f>, function: FunctionRef<'f>) -> Option<Lock> {
    struct Yields<'w, 'k, 'p, 'f> {
        walker: &'w Walker<'k, 'p, 'f>,
        found: Option<Lock>,
        around: Vec<Lock>,
    }
    impl<'f> Visitor<'f> for Yields<'_, '_, '_, 'f> {
        fn visit_stmt(&mut self, stmt: &'f Stmt) {
            let depth = self.around.len();
            if let Stmt::With(node) = stmt {
                for item in &node.items {
                    if let LockKind::Lock(lock) = self.walker.lock_of(&item.context_expr) {
                        self.around.push(lock);
                    }
                }
            }
            if let Stmt::Expr(node) = stmt
                && let Expr::Call(call) = node.value.as_ref()
                && let Expr::Attribute(attribute) = call.func.as_ref()
                && attribute.attr.as_str() == "acquire"
                && let LockKind::Lock(lock) = self.walker.lock_of(&attribute.value)
            {
                self.around.push(lock);
                return;
            }
            visitor::walk_stmt(self, stmt);
            if matches!(stmt, Stmt::With(_)) {
                self.around.truncate(depth);
            }
        }
        fn visit_expr(&mut self, expr: &'f Expr) {
            if matches!(expr, Expr::Yield(_)) && self.found.is_none() {
                self.found = self.around.last().cloned();
            }
            visitor::walk_expr(self, expr);
        }
    }
    let walker = Walker {
        known,
        function,
        objects: known.objects_in(function),
        held: Vec::new(),
        maybe: Vec::new(),
        steps: Vec::new(),
        handled: Vec::new(),
    };
    let mut yields = Yields { walker: &walker, found: None, around: Vec::new() };
    yields.visit_body(&function.node.body);
    yields.found
}

impl<'f> Visitor<'f> for Walker<'_, '_, 'f> {
    fn visit_stmt(&mut self, stmt: &'f Stmt) {
        self.statement(stmt);
    }

    fn visit_expr(&mut self, expr: &'f Expr) {
        match expr {
            // A lambda's body runs when it is called; what it touches is told as if here.
            Expr::Call(call) => {
                if let Expr::Attribute(method) = call.func.as_ref()
                    && self.is_attribute(&method.value)
                {
                    let name = method.attr.as_str();
                    let effect = if LOOKING.contains(&name) {
                        Effect::Read
                    } else if self.known.is_safe {
                        Effect::Safe
                    } else if CHANGING.contains(&name) {
                        Effect::Change
                    } else {
                        Effect::Unclear
                    };
                    self.touch(method.value.range(), effect);
                }
                visitor::walk_expr(self, expr);
                self.thread_events(call);
                let callees = self.own_callees(call);
                if !callees.is_empty() {
                    let (locks, maybe) = (self.held.clone(), self.maybe.clone());
                    self.steps.push(Step::Call { callees, locks, maybe });
                }
            }
            Expr::Subscript(subscript)
                if self.is_attribute(&subscript.value)
                    && matches!(subscript.ctx, ExprContext::Store | ExprContext::Del) =>
            {
                let effect = if self.known.is_safe { Effect::Safe } else { Effect::Change };
                self.touch(subscript.value.range(), effect);
                visitor::walk_expr(self, expr);
            }
            Expr::Attribute(attribute) if self.is_attribute(expr) => {
                if !self.handled.contains(&expr.range()) {
                    let effect = match attribute.ctx {
                        ExprContext::Store | ExprContext::Del => Effect::Store,
                        ExprContext::Load | ExprContext::Invalid => Effect::Read,
                    };
                    self.touch(expr.range(), effect);
                }
            }
            // `self.x.y = 1` changes the object that `x` is.
            Expr::Attribute(attribute)
                if self.is_attribute(&attribute.value)
                    && matches!(attribute.ctx, ExprContext::Store | ExprContext::Del) =>
            {
                // Each thread has its own attributes of a `threading.local`.
                let effect = if self.known.is_safe { Effect::Safe } else { Effect::Change };
                self.touch(attribute.value.range(), effect);
                visitor::walk_expr(self, expr);
            }
            _ => visitor::walk_expr(self, expr),
        }
    }
}

/// The names that stand for the object in a function: its own first parameter, or that of the
/// method around it.
pub(super) fn objects<'f>(owners: &[ClassRef<'f>], function: FunctionRef<'f>) -> Vec<&'f str> {
    let scope = Scope::inside(function.file, function.node);
    let mut names: Vec<&'f str> = Vec::new();
    let mut in_class = false;
    for frame in &scope.frames {
        match frame {
            Frame::Class(node) => {
                in_class = owners.iter().any(|owner| std::ptr::eq(owner.node, *node));
                names.clear();
            }
            Frame::Function(node) => {
                names.retain(|name| !node.parameters.includes(name));
                if in_class {
                    let is_static = node.decorator_list.iter().any(|decorator| {
                        matches!(&decorator.expression, Expr::Name(name) if name.id.as_str() == "staticmethod")
                    });
                    let first = node.parameters.posonlyargs.first().or(node.parameters.args.first());
                    if let (false, Some(first)) = (is_static, first) {
                        names.push(first.parameter.name.as_str());
                    }
                }
                in_class = false;
            }
            Frame::Lambda(_) | Frame::Comprehension(_) => {}
        }
    }
    names
}
