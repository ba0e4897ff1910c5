//! What one function does that matters to shared state, in the order in which it stands there:
//! touches of the attribute with the locks held, calls, starts and joins of threads.

use super::conditions::Condition;
use super::locks::{LockKind, answer};
use super::{Effect, Known, Spawned};
use crate::python::ast::{self, Expr, ExprContext, Stmt};
use crate::python::control_flow::truth;
use crate::python::project::{BindingKind, ClassRef, Frame, FunctionRef, Project, Scope};
use crate::python::visitor::{self, Visitor};
use crate::python::{Ranged, TextRange};

/// A lock by its name, `self._lock`; see `locks`.
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
    /// A block begins that may be left out, with its test where that answers the same everywhere;
    /// what the block joins is joined in it alone.
    Branch(Option<Condition>),
    Merge,
}

/// Methods of the builtin containers, and of what looks like them, that change the object.
pub(in crate::static_checks) const CHANGING: &[&str] = &[
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
    let decorated = known.decorated(function);
    (walker.held, walker.maybe) = (decorated.locks, decorated.maybe);
    walker.block(&function.node.body);
    walker.steps
}

/// The steps around touches that are known already, in code outside the class. `object` is how
/// that code names the object.
pub(super) fn steps_around<'f>(
    known: &Known<'_, 'f>,
    function: FunctionRef<'f>,
    object: &str,
    touches: Vec<(TextRange, Effect)>,
) -> Vec<Step<'f>> {
    let mut walker = Walker::new(known, function);
    walker.receiver = None;
    walker.outside = Some(Outside { object: object.to_owned(), touches });
    walker.block(&function.node.body);
    walker.steps
}

pub(super) struct Walker<'k, 'p, 'f> {
    pub(super) known: &'k Known<'p, 'f>,
    pub(super) function: FunctionRef<'f>,
    /// The class that `self` is of, in the class's own code.
    receiver: Option<ClassRef<'f>>,
    /// Names that stand for the object.
    objects: Vec<&'f str>,
    pub(super) outside: Option<Outside>,
    pub(super) held: Vec<Lock>,
    /// What may or may not be a lock, or held.
    pub(super) maybe: Vec<Lock>,
    /// Lambdas that run where they stand.
    pub(super) run_here: Vec<TextRange>,
    /// Lambdas that are walked where they are called.
    pub(super) entered: Vec<TextRange>,
    /// Variables that tell whether a lock was got.
    attempts: Vec<(&'f str, Lock)>,
    /// The loops around.
    pub(super) loops: Vec<TextRange>,
    /// Where the function gives the attribute another value.
    stores: Vec<TextRange>,
    /// Variables that get what the attribute holds.
    holders: Vec<&'f str>,
    pub(super) steps: Vec<Step<'f>>,
    /// Attribute expressions whose effect was told by the expression around them.
    handled: Vec<TextRange>,
    /// How many functions deep this is, in search of a lock.
    pub(super) nested: u32,
}

/// Code that is not the class's own.
pub(super) struct Outside {
    object: String,
    touches: Vec<(TextRange, Effect)>,
}

impl<'k, 'p, 'f> Walker<'k, 'p, 'f> {
    pub(super) fn new(known: &'k Known<'p, 'f>, function: FunctionRef<'f>) -> Self {
        let mut walker = Self {
            known,
            function,
            receiver: Some(known.class),
            objects: known.objects_in(function),
            outside: None,
            held: Vec::new(),
            maybe: Vec::new(),
            run_here: Vec::new(),
            entered: Vec::new(),
            attempts: Vec::new(),
            loops: Vec::new(),
            stores: Vec::new(),
            holders: Vec::new(),
            steps: Vec::new(),
            handled: Vec::new(),
            nested: 0,
        };
        let mut stores = Stores { walker: &walker, found: Vec::new() };
        stores.visit_body(&function.node.body);
        let found = stores.found;
        walker.stores = found;
        walker.holders = walker.find_holders();
        walker
    }

    fn find_holders(&self) -> Vec<&'f str> {
        let mut holders = Vec::new();
        for frame in Scope::inside(self.function.file, self.function.node).frames {
            let Frame::Function(node) = frame else { continue };
            let bindings = self.project().frame_bindings(Frame::Function(node));
            let gets_it = |name: &&str| {
                let mut all = bindings.all(name).iter();
                all.any(
                    |binding| matches!(binding.kind, BindingKind::Value(value) if self.is_attribute(value)),
                )
            };
            holders.extend(bindings.names().filter(gets_it));
        }
        holders
    }

    /// A look into another function, for what it gives.
    pub(super) fn inner(&self, function: FunctionRef<'f>) -> Self {
        Self { nested: self.nested + 1, ..Self::new(self.known, function) }
    }

    pub(super) fn project(&self) -> &Project<'f> {
        self.known.project
    }

    pub(super) fn scope(&self, expr: &Expr) -> Scope<'f> {
        self.scope_at(expr.range())
    }

    pub(super) fn scope_at(&self, range: TextRange) -> Scope<'f> {
        let mut scope = Scope::at(self.function.file, range);
        scope.receiver = self.receiver;
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
                self.pools_end(node);
            }
            Stmt::If(node) => self.branches(node),
            Stmt::For(node) => {
                self.visit_expr(&node.iter);
                if self.holds(&node.iter) {
                    self.touch(node.iter.range(), Effect::LookInside);
                }
                self.visit_expr(&node.target);
                self.loops.push(node.range());
                self.block(&node.body);
                self.loops.pop();
                self.block(&node.orelse);
            }
            Stmt::While(node) => {
                self.visit_expr(&node.test);
                let before = self.held.clone();
                let got = self.got(&node.test);
                if let Some((lock, true)) = &got {
                    self.held.push(lock.clone());
                }
                let is_branch = truth(&node.test) != Some(true) && !self.asks_of_threads(&node.test);
                self.loops.push(node.range());
                self.branch(is_branch, &node.body);
                self.loops.pop();
                self.held = before;
                // `while not self.lock.acquire(timeout=1): …` goes on until the lock is held.
                if let Some((lock, false)) = got {
                    self.held.push(lock);
                }
                self.block(&node.orelse);
            }
            Stmt::Try(node) => {
                self.block(&node.body);
                let after = self.held.clone();
                for ast::ExceptHandler::ExceptHandler(handler) in &node.handlers {
                    self.branch(true, &handler.body);
                    self.held.clone_from(&after);
                }
                self.block(&node.orelse);
                self.block(&node.finalbody);
            }
            Stmt::Match(node) => {
                self.visit_expr(&node.subject);
                let before = self.held.clone();
                for case in &node.cases {
                    self.branch(true, &case.body);
                    self.held.clone_from(&before);
                }
            }
            Stmt::Expr(node) => {
                self.visit_expr(&node.value);
                self.acquire_or_release(&node.value);
            }
            Stmt::Assign(node) if self.is_called_by_name(node) => {}
            Stmt::Assign(node) => {
                self.visit_expr(&node.value);
                self.acquire_or_release(&node.value);
                if let ([Expr::Name(name)], Some((lock, true))) = (&*node.targets, self.got(&node.value)) {
                    self.attempts.push((name.id.as_str(), lock));
                }
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

    /// A block that may be left out.
    fn branch(&mut self, is_branch: bool, body: &'f [Stmt]) {
        self.branch_under(is_branch, None, body);
    }

    fn branch_under(&mut self, is_branch: bool, condition: Option<Condition>, body: &'f [Stmt]) {
        if is_branch {
            self.steps.push(Step::Branch(condition));
        }
        self.block(body);
        if is_branch {
            self.steps.push(Step::Merge);
        }
    }

    fn branches(&mut self, node: &'f ast::StmtIf) {
        self.visit_expr(&node.test);
        let before = self.held.clone();
        let got = self.got(&node.test);
        let is_branch = !self.asks_of_threads(&node.test);
        if let Some((lock, true)) = &got {
            self.held.push(lock.clone());
        }
        self.branch_under(is_branch, self.condition(&node.test), &node.body);
        for clause in &node.elif_else_clauses {
            self.held.clone_from(&before);
            if let Some((lock, false)) = &got {
                self.held.push(lock.clone());
            }
            if let Some(test) = &clause.test {
                self.visit_expr(test);
            }
            self.branch(is_branch, &clause.body);
        }
        self.held = before;
        // `if not self.lock.acquire(timeout=1): return`: what comes after has the lock.
        let has_else = node.elif_else_clauses.last().filter(|clause| clause.test.is_none());
        let stays = match &got {
            Some((_, true)) => has_else.is_some_and(|clause| leaves(&clause.body)),
            Some((_, false)) => leaves(&node.body),
            None => false,
        };
        if let (true, Some((lock, _))) = (stays, got) {
            self.held.push(lock);
        }
    }

    /// Whether a test asks for a thread itself, `if self.t is not None: self.t.join()`: where it is
    /// left out, there is nothing to wait for.
    fn asks_of_threads(&self, test: &'f Expr) -> bool {
        struct Names<'w, 'k, 'p, 'f> {
            walker: &'w Walker<'k, 'p, 'f>,
            found: bool,
        }
        impl<'f> Visitor<'f> for Names<'_, '_, '_, 'f> {
            fn visit_expr(&mut self, expr: &'f Expr) {
                if matches!(expr, Expr::Name(_) | Expr::Attribute(_)) {
                    self.found |= self.walker.is_thread_or_several(expr);
                }
                visitor::walk_expr(self, expr);
            }
        }
        let mut names = Names { walker: self, found: false };
        names.visit_expr(test);
        names.found
    }

    pub(super) fn is_object(&self, expr: &Expr) -> bool {
        match &self.outside {
            Some(outside) => self.text(expr) == outside.object,
            None => matches!(expr, Expr::Name(name) if self.objects.contains(&name.id.as_str())),
        }
    }

    fn is_attribute(&self, expr: &Expr) -> bool {
        self.outside.is_none()
            && matches!(
                expr,
                Expr::Attribute(attribute)
                    if attribute.attr.as_str() == self.known.attribute && self.is_object(&attribute.value)
            )
    }

    /// Whether an expression gives the object that the attribute holds by another way: a variable
    /// that got it, or a method or property that returns it.
    fn holds(&self, expr: &'f Expr) -> bool {
        if self.outside.is_some() {
            return false;
        }
        let returns_it = |callee: FunctionRef<'f>| {
            let walker = Walker::new(self.known, callee);
            answer(callee).is_some_and(|value| walker.is_attribute(value))
        };
        match expr {
            Expr::Name(name) if self.holders.contains(&name.id.as_str()) => {
                let scope = self.scope(expr);
                let Some((_, bindings)) = self.project().lookup(&scope, name.id.as_str(), Some(name.start()))
                else {
                    return false;
                };
                bindings.iter().any(|binding| {
                    let BindingKind::Value(value) = binding.kind else { return false };
                    // `items, self.items = self.items, []` takes it away from the others.
                    self.is_attribute(value)
                        && !self.stores.iter().any(|store| store.start() >= binding.range.start())
                })
            }
            Expr::Call(call) => self.own_callees(call).into_iter().any(returns_it),
            Expr::Attribute(attribute) if self.is_object(&attribute.value) => self
                .project()
                .method(self.known.class, attribute.attr.as_str())
                .unwrap_or_default()
                .into_iter()
                .any(|method| method.has_decorator("property") && returns_it(method)),
            _ => false,
        }
    }

    /// Reading or storing a property runs its getter or setter.
    fn property(&mut self, attribute: &'f ast::ExprAttribute) {
        let accessor = match attribute.ctx {
            ExprContext::Load | ExprContext::Invalid => "getter",
            ExprContext::Store => "setter",
            ExprContext::Del => "deleter",
        };
        let callees = self.known.accessors(attribute.attr.as_str(), accessor);
        if !callees.is_empty() {
            let (locks, maybe) = (self.held.clone(), self.maybe.clone());
            self.steps.push(Step::Call { callees, locks, maybe });
        }
    }

    fn touch(&mut self, range: TextRange, effect: Effect) {
        self.handled.push(range);
        let (locks, maybe) = (self.held.clone(), self.maybe.clone());
        self.steps.push(Step::Touch { range, effect, locks, maybe });
    }

    /// The object that the attribute holds is touched, not the attribute.
    fn touch_inside(&mut self, range: TextRange, is_change: bool) {
        let effect = match (self.known.is_safe, is_change) {
            (true, _) => Effect::Safe,
            (false, true) => Effect::ChangeInside,
            (false, false) => Effect::LookInside,
        };
        let (locks, maybe) = (self.held.clone(), self.maybe.clone());
        self.steps.push(Step::Touch { range, effect, locks, maybe });
    }

    /// `setattr(self, "name", value)`.
    fn stored_by_name(&mut self, call: &'f ast::ExprCall) {
        if let (Expr::Name(function), [object, Expr::StringLiteral(name), _]) =
            (call.func.as_ref(), call.arguments.args.as_ref())
            && function.id.as_str() == "setattr"
            && name.value.to_str() == self.known.attribute
            && self.outside.is_none()
            && self.is_object(object)
        {
            self.touch(call.range(), Effect::Store);
        }
    }

    /// `self._lock.acquire()` as a statement, or a helper that does only that.
    fn acquire_or_release(&mut self, expr: &'f Expr) {
        let Expr::Call(call) = expr else { return };
        if let Expr::Attribute(attribute) = call.func.as_ref() {
            match (attribute.attr.as_str(), call.arguments.args.first()) {
                ("acquire", _) => match self.lock_of(&attribute.value) {
                    // It may well be refused, and nobody looks.
                    LockKind::Lock(lock) if !call.arguments.is_empty() => self.maybe.push(lock),
                    LockKind::Lock(lock) => self.held.push(lock),
                    LockKind::Maybe(lock) => self.maybe.push(lock),
                    LockKind::None => {}
                },
                ("release", _) => {
                    if let Some(released) = self.lock_name(&attribute.value) {
                        self.held.retain(|lock| *lock != released);
                        self.maybe.retain(|lock| *lock != released);
                    }
                }
                // A stack that closes with the `with` around it.
                ("enter_context", Some(entered)) => match self.lock_of(entered) {
                    LockKind::Lock(lock) => self.held.push(lock),
                    LockKind::Maybe(lock) => self.maybe.push(lock),
                    LockKind::None => {}
                },
                _ => {}
            }
        }
        for callee in self.own_callees(call) {
            let (acquired, released) = self.net_effect(callee);
            self.held.retain(|lock| !released.contains(lock));
            self.held.extend(acquired);
        }
    }

    /// A test that tells whether a lock was got, and whether it says so by being true:
    /// `if self._lock.acquire(timeout=1):`, `if not got:`.
    fn got(&self, test: &'f Expr) -> Option<(Lock, bool)> {
        match test {
            Expr::Call(call) => match call.func.as_ref() {
                Expr::Attribute(attribute) if attribute.attr.as_str() == "acquire" => {
                    match self.lock_of(&attribute.value) {
                        LockKind::Lock(lock) => Some((lock, true)),
                        LockKind::Maybe(_) | LockKind::None => None,
                    }
                }
                _ => None,
            },
            Expr::Name(name) => {
                let attempt = self.attempts.iter().rev().find(|(known, _)| *known == name.id.as_str());
                attempt.map(|(_, lock)| (lock.clone(), true))
            }
            Expr::Named(named) => self.got(&named.value),
            Expr::UnaryOp(unary) if unary.op == ast::UnaryOp::Not => {
                self.got(&unary.operand).map(|(lock, says_so)| (lock, !says_so))
            }
            // All of them are true where the block runs; none where it does not.
            Expr::BoolOp(node) => {
                let says_so = node.op == ast::BoolOp::And;
                node.values.iter().filter_map(|value| self.got(value)).find(|(_, says)| *says == says_so)
            }
            _ => None,
        }
    }

    pub(super) fn text(&self, expr: &Expr) -> String {
        self.function.file.source().slice(expr.range()).to_owned()
    }

    /// Functions of the class's own code that a call runs.
    pub(super) fn own_callees(&self, call: &'f ast::ExprCall) -> Vec<FunctionRef<'f>> {
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
        match attribute.attr.as_str() {
            "start" => {
                let started = self.threads(&attribute.value);
                self.steps.extend(started.into_iter().map(|(number, _)| Step::Start(number)));
            }
            // With a timeout it may run on.
            "join" if waits_for_the_end(call) => {
                for (number, which) in self.threads(&attribute.value) {
                    let spawned = &self.known.spawned[number];
                    let is_only = !spawned.repeated
                        || spawned.place.is_some_and(|(made_in, made)| {
                            made_in.path() == file
                                && self.loops.iter().any(|around| around.contains_range(made))
                        });
                    if which == Which::Every || (which == Which::This && is_only) {
                        self.steps.push(Step::Join(number));
                    }
                }
            }
            _ => {}
        }
    }

    /// The threads that an expression is, and whether it stands for all that were made there.
    fn threads(&self, expr: &'f Expr) -> Vec<(usize, Which)> {
        let spawned = self.known.spawned.iter().enumerate();
        spawned.filter_map(|(number, spawned)| Some((number, self.which(spawned, expr, 0)?))).collect()
    }

    fn which(&self, spawned: &Spawned<'f>, expr: &'f Expr, depth: u32) -> Option<Which> {
        const DEPTH: u32 = 4;
        let Some((file, call)) = spawned.place else {
            return self.is_object(expr).then_some(Which::This);
        };
        let is_same_file = file.path() == self.function.file.path();
        if is_same_file && call == expr.range() {
            return Some(Which::This);
        }
        if self.is_among(&spawned.names, spawned, expr) {
            return Some(Which::This);
        }
        match expr {
            Expr::Name(name) if depth < DEPTH => {
                let scope = self.scope(expr);
                let (_, bindings) = self.project().lookup(&scope, name.id.as_str(), Some(name.start()))?;
                bindings.iter().find_map(|binding| match binding.kind {
                    // `for t in self.threads: t.join()`.
                    BindingKind::Iterated(several) => {
                        self.is_among(&spawned.collections, spawned, plain(several)).then_some(Which::Every)
                    }
                    // `thread = self.thread`.
                    BindingKind::Value(value @ (Expr::Attribute(_) | Expr::Name(_)))
                        if value.range() != expr.range() =>
                    {
                        self.which(spawned, value, depth + 1)
                    }
                    _ => None,
                })
            }
            Expr::Subscript(subscript) => {
                self.is_among(&spawned.collections, spawned, &subscript.value).then_some(Which::One)
            }
            // `while threads: threads.pop().join()`.
            Expr::Call(call) => {
                let Expr::Attribute(method) = call.func.as_ref() else { return None };
                let is_taken = matches!(method.attr.as_str(), "pop" | "popleft")
                    && self.is_among(&spawned.collections, spawned, &method.value);
                is_taken.then_some(if self.loops.is_empty() { Which::One } else { Which::Every })
            }
            _ => None,
        }
    }

    /// Whether an expression is one of these texts. An attribute's name is good in every method,
    /// a variable's only where it is.
    fn is_among(&self, texts: &[String], spawned: &Spawned<'f>, expr: &Expr) -> bool {
        let is_here = spawned.place.is_some_and(|(file, call)| {
            file.path() == self.function.file.path() && self.function.node.range().contains_range(call)
        });
        let text = self.text(expr);
        texts.iter().any(|known| *known == text && (known.contains('.') || is_here))
    }

    fn is_thread_or_several(&self, expr: &'f Expr) -> bool {
        self.known.spawned.iter().any(|spawned| {
            spawned.place.is_some()
                && (self.which(spawned, expr, 0).is_some()
                    || self.is_among(&spawned.collections, spawned, expr))
        })
    }

    /// Leaving `with ThreadPoolExecutor() as pool:` waits for what the pool runs.
    fn pools_end(&mut self, node: &'f ast::StmtWith) {
        for item in &node.items {
            let Some(Expr::Name(pool)) = item.optional_vars.as_deref() else { continue };
            for (number, spawned) in self.known.spawned.iter().enumerate() {
                let is_here = spawned.place.is_some_and(|(file, call)| {
                    file.path() == self.function.file.path() && node.range().contains_range(call)
                });
                if is_here && spawned.pool.as_deref() == Some(pool.id.as_str()) {
                    self.steps.push(Step::Join(number));
                }
            }
        }
    }

    /// What a function does with the attribute's object that it is given.
    fn handed(&mut self, call: &'f ast::ExprCall) {
        let values = call.arguments.keywords.iter().map(|keyword| &keyword.value);
        let given: Vec<&'f Expr> = call
            .arguments
            .args
            .iter()
            .chain(values)
            .filter(|argument| self.is_attribute(argument) || self.holds(argument))
            .collect();
        if given.is_empty() {
            return;
        }
        let callees = self.project().resolve_call(&self.scope(&call.func), call);
        for argument in given {
            let through = !self.is_attribute(argument);
            let effect = if callees.external.iter().any(|name| changes_its_argument(name))
                || callees.functions.iter().any(|(callee, receiver)| {
                    parameter_of(*callee, receiver.is_some(), call, argument)
                        .is_some_and(|name| changes_parameter(self.project(), *callee, name, 0))
                }) {
                Effect::ChangeInside
            } else if through && callees.external.iter().any(|name| looks_inside(name)) {
                Effect::LookInside
            } else {
                continue;
            };
            let effect = if self.known.is_safe { Effect::Safe } else { effect };
            let (locks, maybe) = (self.held.clone(), self.maybe.clone());
            self.steps.push(Step::Touch { range: argument.range(), effect, locks, maybe });
        }
    }
}

/// Which of the threads that one place makes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Which {
    /// The one that was made last.
    This,
    /// Some one of them.
    One,
    Every,
}

/// `join()` and `join(None)`.
fn waits_for_the_end(call: &ast::ExprCall) -> bool {
    let timeout = call.arguments.find_argument_value("timeout", 0);
    timeout.is_none_or(|timeout| matches!(timeout, Expr::NoneLiteral(_)))
}

/// `threads` of `list(threads)` and `reversed(threads)`.
fn plain(several: &Expr) -> &Expr {
    match several {
        Expr::Call(call) => match (call.func.as_ref(), call.arguments.args.as_ref()) {
            (Expr::Name(name), [inner])
                if matches!(name.id.as_str(), "list" | "tuple" | "reversed" | "sorted" | "set") =>
            {
                inner
            }
            (Expr::Attribute(method), []) if matches!(method.attr.as_str(), "values" | "copy") => {
                &method.value
            }
            _ => several,
        },
        _ => several,
    }
}

fn leaves(body: &[Stmt]) -> bool {
    matches!(body.last(), Some(Stmt::Return(_) | Stmt::Raise(_) | Stmt::Break(_) | Stmt::Continue(_)))
}

/// Builtin functions that go through the container that they are given.
fn looks_inside(name: &str) -> bool {
    let Some(name) = name.strip_prefix("builtins.") else { return false };
    matches!(
        name,
        "len"
            | "list"
            | "tuple"
            | "set"
            | "frozenset"
            | "dict"
            | "sorted"
            | "reversed"
            | "sum"
            | "min"
            | "max"
            | "any"
            | "all"
            | "enumerate"
            | "zip"
            | "map"
            | "filter"
    )
}

/// Functions of the standard library that change the container that they are given.
fn changes_its_argument(name: &str) -> bool {
    matches!(name, "random.shuffle" | "bisect.insort" | "bisect.insort_left" | "bisect.insort_right")
        || name.starts_with("heapq.heap")
}

/// The parameter that an argument of a call becomes.
pub(super) fn parameter_of<'f>(
    callee: FunctionRef<'f>,
    is_bound: bool,
    call: &ast::ExprCall,
    argument: &Expr,
) -> Option<&'f str> {
    let node: &'f ast::StmtFunctionDef = callee.node;
    let parameters = &node.parameters;
    let keyword = call.arguments.keywords.iter().find(|keyword| keyword.value.range() == argument.range());
    if let Some(keyword) = keyword {
        return parameters.find(keyword.arg.as_ref()?.as_str()).map(|parameter| parameter.name().as_str());
    }
    let index = call.arguments.args.iter().position(|known| known.range() == argument.range())?;
    let index = index + usize::from(is_bound && !callee.has_decorator("staticmethod"));
    let mut positional = parameters.posonlyargs.iter().chain(&parameters.args);
    positional.nth(index).map(|parameter| parameter.name().as_str())
}

/// Whether a function changes the object that one of its parameters is.
fn changes_parameter<'f>(project: &Project<'f>, function: FunctionRef<'f>, name: &str, depth: u32) -> bool {
    struct Changes<'n, 'p, 'f> {
        project: &'p Project<'f>,
        function: FunctionRef<'f>,
        name: &'n str,
        depth: u32,
        found: bool,
    }
    impl<'f> Visitor<'f> for Changes<'_, '_, 'f> {
        fn visit_expr(&mut self, expr: &'f Expr) {
            const DEPTH: u32 = 3;
            let is_it = |expr: &Expr| matches!(expr, Expr::Name(name) if name.id.as_str() == self.name);
            match expr {
                Expr::Subscript(subscript) if is_it(&subscript.value) => {
                    self.found |= matches!(subscript.ctx, ExprContext::Store | ExprContext::Del);
                }
                Expr::Call(call) => {
                    if let Expr::Attribute(method) = call.func.as_ref() {
                        self.found |= is_it(&method.value) && CHANGING.contains(&method.attr.as_str());
                    }
                    let given: Vec<&Expr> =
                        call.arguments.args.iter().filter(|argument| is_it(argument)).collect();
                    if !given.is_empty() && !self.found && self.depth < DEPTH {
                        let scope = Scope::at(self.function.file, call.func.range());
                        let callees = self.project.resolve_call(&scope, call);
                        self.found |= callees.external.iter().any(|name| changes_its_argument(name));
                        for (callee, receiver) in callees.functions {
                            let names = given.iter().filter_map(|argument| {
                                parameter_of(callee, receiver.is_some(), call, argument)
                            });
                            for name in names {
                                self.found |= changes_parameter(self.project, callee, name, self.depth + 1);
                            }
                        }
                    }
                }
                _ => {}
            }
            visitor::walk_expr(self, expr);
        }
    }
    // `items = list(items)`: from there on it is another object.
    let bindings = project.frame_bindings(Frame::Function(function.node));
    if bindings.all(name).len() != 1 {
        return false;
    }
    let mut changes = Changes { project, function, name, depth, found: false };
    changes.visit_body(&function.node.body);
    changes.found
}

/// Finds where a function gives the attribute another value.
struct Stores<'w, 'k, 'p, 'f> {
    walker: &'w Walker<'k, 'p, 'f>,
    found: Vec<TextRange>,
}

impl<'f> Visitor<'f> for Stores<'_, '_, '_, 'f> {
    fn visit_stmt(&mut self, stmt: &'f Stmt) {
        if let Stmt::Assign(assign) = stmt {
            struct Targets<'s, 'w, 'k, 'p, 'f>(&'s mut Stores<'w, 'k, 'p, 'f>, TextRange);
            impl<'f> Visitor<'f> for Targets<'_, '_, '_, '_, 'f> {
                fn visit_expr(&mut self, expr: &'f Expr) {
                    if self.0.walker.is_attribute(expr) {
                        self.0.found.push(self.1);
                    }
                    visitor::walk_expr(self, expr);
                }
            }
            let mut targets = Targets(self, stmt.range());
            assign
                .targets
                .iter()
                .filter(|target| !target.is_subscript_expr())
                .for_each(|target| targets.visit_expr(target));
        }
        visitor::walk_stmt(self, stmt);
    }
}

impl<'f> Visitor<'f> for Walker<'_, '_, 'f> {
    fn visit_stmt(&mut self, stmt: &'f Stmt) {
        self.statement(stmt);
    }

    fn visit_expr(&mut self, expr: &'f Expr) {
        match expr {
            Expr::Lambda(lambda) => self.lambda(lambda),
            Expr::Call(call) => {
                self.lambdas_of(call);
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
                } else if let Expr::Attribute(method) = call.func.as_ref()
                    && (CHANGING.contains(&method.attr.as_str()) || LOOKING.contains(&method.attr.as_str()))
                    && self.holds(&method.value)
                {
                    let is_change = CHANGING.contains(&method.attr.as_str());
                    self.touch_inside(method.value.range(), is_change);
                }
                self.stored_by_name(call);
                visitor::walk_expr(self, expr);
                self.handed(call);
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
            Expr::Subscript(subscript) if self.holds(&subscript.value) => {
                let is_change = matches!(subscript.ctx, ExprContext::Store | ExprContext::Del);
                self.touch_inside(subscript.value.range(), is_change);
                visitor::walk_expr(self, expr);
            }
            Expr::Attribute(attribute)
                if matches!(attribute.ctx, ExprContext::Store | ExprContext::Del)
                    && self.holds(&attribute.value) =>
            {
                self.touch_inside(attribute.value.range(), true);
                visitor::walk_expr(self, expr);
            }
            Expr::Attribute(_) | Expr::Name(_) if self.outside.is_some() => {
                let known = self.outside.as_ref().and_then(|outside| {
                    outside.touches.iter().find(|(range, _)| *range == expr.range()).copied()
                });
                if let Some((range, effect)) = known {
                    self.touch(range, effect);
                }
                visitor::walk_expr(self, expr);
            }
            Expr::Attribute(attribute) if self.is_object(&attribute.value) && !self.is_attribute(expr) => {
                self.property(attribute);
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
pub(super) fn objects<'f>(
    project: &Project<'f>,
    owners: &[ClassRef<'f>],
    function: FunctionRef<'f>,
) -> Vec<&'f str> {
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
                let before = names.len();
                if in_class {
                    let is_static = node.decorator_list.iter().any(|decorator| {
                        matches!(&decorator.expression, Expr::Name(name) if name.id.as_str() == "staticmethod")
                    });
                    let first = node.parameters.posonlyargs.first().or(node.parameters.args.first());
                    if let (false, Some(first)) = (is_static, first) {
                        names.push(first.parameter.name.as_str());
                    }
                }
                if in_class || before > 0 {
                    names.extend(other_names(project, node, &names));
                }
                in_class = false;
            }
            Frame::Lambda(_) | Frame::Comprehension(_) => {}
        }
    }
    names
}

/// `me = self`: variables that only ever are the object.
fn other_names<'f>(
    project: &Project<'f>,
    node: &'f ast::StmtFunctionDef,
    objects: &[&'f str],
) -> Vec<&'f str> {
    let bindings = project.frame_bindings(Frame::Function(node));
    let mut names: Vec<&'f str> = bindings
        .names()
        .filter(|name| !objects.contains(name))
        .filter(|name| {
            let all = bindings.all(name);
            !all.is_empty()
                && all.iter().all(|binding| {
                    matches!(binding.kind, BindingKind::Value(Expr::Name(value)) if objects.contains(&value.id.as_str()))
                })
        })
        .collect();
    names.sort_unstable();
    names
}
