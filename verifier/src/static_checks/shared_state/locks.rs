//! Which lock an expression is. Two expressions that give the same object get the same name:
//! `self._lock`, another name of it, a property or method that returns it, `Class._lock`.

use super::elsewhere::MOST_FILES;
use super::walk::{Lock, Walker, parameter_of};
use crate::python::ast::{self, Expr, Stmt};
use crate::python::calls::calls_in;
use crate::python::project::modules::FoundModule;
use crate::python::project::{AccessKind, BindingKind, Frame, FunctionRef, Module, Scope, Stored, Type};
use crate::python::visitor::{self, Visitor};
use crate::python::{ParsedFile, Ranged};
use crate::static_checks::is_test_code;

/// What a `with` or a call is, as far as locks go.
pub(super) enum LockKind {
    Lock(Lock),
    Maybe(Lock),
    None,
}

/// The name of an object, and whether the same name is the same object.
struct Named {
    key: Lock,
    sure: bool,
}

impl Named {
    fn sure(key: String) -> Option<Self> {
        Some(Self { key, sure: true })
    }
}

/// Whether a name is that of a variable whose value is not followed: it may be any lock.
pub(super) fn may_be_any(lock: &Lock) -> bool {
    lock.contains(" of ")
}

/// The name of something that was taken out of a container or found by a computed name: it may be
/// any lock.
fn out_of_table(text: &str) -> Lock {
    format!("{text} of a table")
}

/// Functions that give what somebody has put somewhere.
fn gives_what_is_kept(name: &str) -> bool {
    const TAKING: &[&str] = &[".get", ".setdefault", ".pop", ".popleft", ".popitem", ".__getitem__"];
    let last = name.rsplit('.').next().unwrap_or(name).to_ascii_lowercase();
    // A function outside the target that gives a lock, by its name: whether it makes a new one is not known.
    let says_lock = last.contains("lock") && !last.contains("block") && !last.contains("clock");
    let is_known = ["builtins.", "threading.", "_thread.", "multiprocessing.", "asyncio."]
        .iter()
        .any(|module| name.starts_with(module));
    matches!(name, "builtins.getattr" | "builtins.next" | "builtins.vars")
        || (says_lock && !is_known)
        || TAKING.iter().any(|method| name.ends_with(method))
}

/// The name of an entry, however the key is written.
fn entry_name(subscript: &ast::ExprSubscript) -> Lock {
    match (subscript.value.as_ref(), subscript.slice.as_ref()) {
        (Expr::Attribute(table), Expr::StringLiteral(key)) => {
            format!("self.{}[{:?}]", table.attr, key.value.to_str())
        }
        _ => out_of_table("an entry"),
    }
}

/// What is done with tables that are kept in attributes of a name.
struct TableUses<'n> {
    table: &'n str,
    stores: usize,
    /// One may be changed: something else is done with it than to read an entry.
    changed: bool,
}

impl<'f> Visitor<'f> for TableUses<'_> {
    fn visit_expr(&mut self, expr: &'f Expr) {
        match expr {
            Expr::Subscript(subscript) if subscript.ctx.is_load() => {
                if let Expr::Attribute(table) = subscript.value.as_ref()
                    && table.attr.as_str() == self.table
                {
                    self.visit_expr(&table.value);
                    self.visit_expr(&subscript.slice);
                    return;
                }
            }
            Expr::Attribute(table) if table.attr.as_str() == self.table => match table.ctx {
                ast::ExprContext::Store => self.stores += 1,
                _ => self.changed = true,
            },
            _ => {}
        }
        visitor::walk_expr(self, expr);
    }
}

/// Names of names are followed this far.
const DEPTH: u32 = 8;

impl<'f> Walker<'_, '_, 'f> {
    pub(super) fn lock_of(&self, expr: &'f Expr) -> LockKind {
        // Getters of getters, or a context manager that enters itself.
        if self.nested > DEPTH {
            return LockKind::Maybe(self.text(expr));
        }
        if let Expr::Subscript(subscript) = expr
            && let Some((method, value)) = self.entry(subscript)
        {
            return match value {
                Expr::Call(_) if self.inner(method).is_lock(value) => LockKind::Lock(entry_name(subscript)),
                Expr::Attribute(_) => self.inner(method).lock_of(value),
                _ => LockKind::Maybe(out_of_table(&self.text(expr))),
            };
        }
        if let Expr::Call(call) = expr {
            // What this very place makes, nobody else holds.
            let is_made = self.project().infer(&self.scope(expr), &call.func).iter().any(|ty| {
                matches!(ty, Type::External(name) if name.starts_with("threading.") || name.starts_with("_thread."))
            });
            if is_made {
                return LockKind::None;
            }
            for callee in self.own_callees(call) {
                // `with self._locked():` holds what the context manager holds around its `yield`.
                if callee.has_decorator("contextmanager") {
                    return match held_at_yield(&self.inner(callee), callee) {
                        Some(lock) => LockKind::Lock(lock),
                        None => LockKind::None,
                    };
                }
                // `with self.guard():` where the method returns `self._lock`.
                if let Some(value @ Expr::Attribute(_)) = answer(callee) {
                    return self.inner(callee).lock_of(value);
                }
            }
        }
        let Some(named) = self.named(expr, 0) else { return LockKind::None };
        let types = match expr {
            // Code outside of the class does not know of what class the object is.
            Expr::Attribute(attribute) if self.outside.is_some() && self.is_object(&attribute.value) => {
                self.project().member(&Type::Instance(self.known.class), attribute.attr.as_str())
            }
            _ => self.project().infer(&self.scope(expr), expr),
        };
        if matches!(expr, Expr::Attribute(attribute)
            if self.is_object(&attribute.value) && self.is_given_lock(attribute.attr.as_str()))
        {
            return named.into_lock();
        }
        let mut maybe = false;
        for ty in types.into_iter().map(|ty| self.project().by_library_name(ty)) {
            let ty = &ty;
            match ty {
                Type::ExternalInstance(name) => match name.as_str() {
                    "threading.Lock"
                    | "threading.RLock"
                    | "_thread.allocate_lock"
                    | "multiprocessing.Lock"
                    | "multiprocessing.RLock" => return named.into_lock(),
                    // A condition is as good as the lock that it is made of.
                    "threading.Condition" => {
                        return self.condition_lock(&named).unwrap_or(named).into_lock();
                    }
                    "threading.Semaphore" | "threading.BoundedSemaphore" => maybe = true,
                    name => maybe |= gives_what_is_kept(name),
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
        if maybe { LockKind::Maybe(named.key) } else { LockKind::None }
    }

    /// The name under which a lock is held, for whoever releases it.
    pub(super) fn lock_name(&self, expr: &'f Expr) -> Option<Lock> {
        self.named(expr, 0).map(|named| named.key)
    }

    /// The name of what an expression gives; nothing for an object that the function makes anew.
    fn named(&self, expr: &'f Expr, depth: u32) -> Option<Named> {
        let text = || Some(Named { key: self.text(expr), sure: false });
        if depth > DEPTH {
            return text();
        }
        if self.is_object(expr) {
            return Named::sure("self".to_owned());
        }
        match expr {
            Expr::Name(name) => self.named_variable(name, depth),
            Expr::Attribute(attribute) => {
                let name = attribute.attr.as_str();
                if self.is_object(&attribute.value) {
                    return self.named_attribute(name, depth);
                }
                for ty in self.project().infer(&self.scope(&attribute.value), &attribute.value) {
                    match ty {
                        // An attribute of the class is one of its objects, when they have no own.
                        Type::Class(class) => {
                            let is_own = self.known.owners.contains(&class) && !self.is_stored(name);
                            return match is_own {
                                true => self.named_attribute(name, depth),
                                false => Named::sure(format!("{}.{name}", class.qualified_name())),
                            };
                        }
                        Type::Module(module) => return Named::sure(self.variable_of(module.0, name)),
                        _ => {}
                    }
                }
                let object = self.named(&attribute.value, depth + 1)?;
                Some(Named { key: format!("{}.{name}", object.key), sure: object.sure })
            }
            Expr::Call(call) if self.named_by_text(call).is_some() => {
                self.named_attribute(self.named_by_text(call)?, depth)
            }
            Expr::Subscript(_) => {
                let key = out_of_table(&self.text(expr));
                Some(Named { key, sure: false })
            }
            Expr::Call(call) if self.gives_any(call) => {
                let key = out_of_table(&self.text(expr));
                Some(Named { key, sure: false })
            }
            Expr::Call(call) => {
                let callee = self.own_callees(call).into_iter().next();
                match callee.and_then(|callee| Some((callee, answer(callee)?))) {
                    Some((callee, value)) => self.inner(callee).named(value, depth + 1),
                    None => text(),
                }
            }
            Expr::Named(named) => self.named(&named.value, depth + 1),
            _ => text(),
        }
    }

    fn named_variable(&self, name: &'f ast::ExprName, depth: u32) -> Option<Named> {
        let id = name.id.as_str();
        let scope = self.scope_at(name.range());
        let Some((at, bindings)) = self.project().lookup(&scope, id, Some(name.start())) else {
            return Named::sure(id.to_owned());
        };
        let Some(frame) = at.checked_sub(1).and_then(|index| scope.frames.get(index)) else {
            let imported = bindings.iter().find_map(|binding| match binding.kind {
                BindingKind::ImportFrom { from, name } => Some((from, name)),
                _ => None,
            });
            return match imported {
                Some((from, name)) => Named::sure(self.imported(from, name)),
                None => Named::sure(self.variable_of(self.function.file, id)),
            };
        };
        let owner = match frame {
            Frame::Function(node) => self.project().function_ref(self.function.file, node).qualified_name(),
            Frame::Class(node) => node.name.as_str().to_owned(),
            Frame::Lambda(_) | Frame::Comprehension(_) => "a lambda".to_owned(),
        };
        let key = format!("{id} of {owner}");
        match bindings.as_slice() {
            [binding] => match binding.kind {
                BindingKind::Value(value @ (Expr::Attribute(_) | Expr::Name(_) | Expr::Named(_))) => {
                    self.named(value, depth + 1)
                }
                BindingKind::Value(value @ Expr::Call(call)) => {
                    let is_getter = self.own_callees(call).into_iter().any(|callee| answer(callee).is_some());
                    let is_own =
                        matches!(frame, Frame::Function(node) if std::ptr::eq(*node, self.function.node));
                    match (is_getter, is_own) {
                        (true, _) => self.named(value, depth + 1),
                        (false, _) if self.gives_any(call) => Some(Named { key, sure: false }),
                        // Every call of the function makes another one, which inner functions share.
                        (false, true) if !is_shared_with_inner(self.function, id) => None,
                        (false, _) => Named::sure(key),
                    }
                }
                _ => Some(Named { key, sure: false }),
            },
            _ => Some(Named { key, sure: false }),
        }
    }

    /// The name in `getattr(self, "lock")`.
    fn named_by_text(&self, call: &'f ast::ExprCall) -> Option<&'f str> {
        match (call.func.as_ref(), call.arguments.args.as_ref()) {
            (Expr::Name(function), [object, Expr::StringLiteral(name), ..])
                if function.id.as_str() == "getattr" && self.is_object(object) =>
            {
                Some(name.value.to_str())
            }
            _ => None,
        }
    }

    /// Whether a call gives something that was made before, and which is not told: `getattr(self, name)`,
    /// `self.locks.get(key)`.
    fn gives_any(&self, call: &'f ast::ExprCall) -> bool {
        let types = self.project().infer(&self.scope(&call.func), &call.func);
        types.iter().any(|ty| matches!(ty, Type::External(name) if gives_what_is_kept(name)))
            || types.iter().any(|ty| matches!(ty, Type::Unknown(_)))
    }

    fn is_lock(&self, expr: &'f Expr) -> bool {
        let types = self.project().infer(&self.scope(expr), expr);
        let is_lock = |ty: &Type| {
            matches!(ty, Type::ExternalInstance(name) if matches!(
                name.as_str(),
                "threading.Lock" | "threading.RLock" | "_thread.allocate_lock"
            ))
        };
        !types.is_empty() && types.iter().all(is_lock)
    }

    /// What `self.locks["a"]` is, where the table is written out once and never changed.
    fn entry(&self, subscript: &'f ast::ExprSubscript) -> Option<(FunctionRef<'f>, &'f Expr)> {
        let Expr::Attribute(table) = subscript.value.as_ref() else { return None };
        let Expr::StringLiteral(key) = subscript.slice.as_ref() else { return None };
        if !self.is_object(&table.value) {
            return None;
        }
        let mut found = None;
        for access in self.project().accesses_of(self.known.class, table.attr.as_str()) {
            match (access.kind, access.method) {
                (AccessKind::Store(Stored::Value(Expr::Dict(dict))), Some(method)) if found.is_none() => {
                    let mut value = None;
                    for item in &dict.items {
                        // What is unpacked or computed may be any key.
                        let Some(Expr::StringLiteral(known)) = &item.key else { return None };
                        if known.value.to_str() == key.value.to_str() {
                            value = Some(&item.value);
                        }
                    }
                    found = Some((method, value?));
                }
                (AccessKind::Store(Stored::Declared | Stored::Slot), _) => {}
                (AccessKind::Store(_), _) => return None,
                _ => {}
            }
        }
        found.filter(|_| self.is_only_read(table.attr.as_str()))
    }

    /// Whether everybody only takes entries out of a table, but for the one place that makes it.
    fn is_only_read(&self, table: &str) -> bool {
        let paths = self.project().mentioning(&format!(".{table}"));
        let mut uses = TableUses { table, stores: 0, changed: false };
        for path in paths.iter() {
            let Ok(file) = self.project().file(path) else { return false };
            if file.broken().is_some() || paths.len() > MOST_FILES {
                return false;
            }
            uses.visit_body(&file.source().module().body);
        }
        !uses.changed && uses.stores == 1 && !self.known.stores_by_name(table)
    }

    /// An attribute of the object: another name of something, a property, or itself.
    fn named_attribute(&self, name: &str, depth: u32) -> Option<Named> {
        let own = Named::sure(format!("self.{name}"));
        for method in self.project().method(self.known.class, name).unwrap_or_default() {
            if (method.has_decorator("property") || method.has_decorator("cached_property"))
                && let Some(value @ (Expr::Attribute(_) | Expr::Name(_))) = answer(method)
            {
                return self.inner(method).named(value, depth + 1);
            }
        }
        let mut stored = Vec::new();
        for access in self.project().accesses_of(self.known.class, name) {
            match (access.kind, access.method) {
                (
                    AccessKind::Store(Stored::Value(value) | Stored::Annotated(_, Some(value))),
                    Some(method),
                ) => {
                    stored.push(Some((method, value)));
                }
                (AccessKind::Store(Stored::Declared | Stored::Slot), _) => {}
                (AccessKind::Store(_), _) => stored.push(None),
                _ => {}
            }
        }
        // A parameter or variable that it was stored from says less than its own name.
        match stored.as_slice() {
            [Some((method, value @ Expr::Attribute(_)))] => {
                match self.inner(*method).named(value, depth + 1) {
                    Some(other) if other.sure => Some(other),
                    _ => own,
                }
            }
            _ => own,
        }
    }

    fn is_stored(&self, name: &str) -> bool {
        self.project()
            .accesses_of(self.known.class, name)
            .iter()
            .any(|access| matches!(access.kind, AccessKind::Store(_)) && access.method.is_some())
    }

    /// A variable of a module; those of the class's own file need no path.
    fn variable_of(&self, file: &'f ParsedFile, name: &str) -> String {
        match std::ptr::eq(file, self.known.class.file) {
            true => name.to_owned(),
            false => format!("{name} of {}", file.path()),
        }
    }

    fn imported(&self, from: &'f ast::StmtImportFrom, name: &str) -> String {
        let file = self.function.file;
        let module = from.module.as_ref().map(|module| module.as_str());
        let found = match (from.level, module) {
            (0, Some(module)) => self.project().module(module, file),
            (level, module) => self.project().relative_module(file, level, module),
        };
        match found {
            FoundModule::Here(Module::File(home)) => self.variable_of(home, name),
            _ => format!("{}.{name}", module.unwrap_or_default()),
        }
    }

    /// `self.a = threading.Condition(self.b)`: the lock is `self.b`.
    fn condition_lock(&self, condition: &Named) -> Option<Named> {
        let name = condition.key.strip_prefix("self.").filter(|name| !name.contains('.'))?;
        self.project().accesses_of(self.known.class, name).into_iter().find_map(|access| {
            let AccessKind::Store(Stored::Value(Expr::Call(call))) = access.kind else { return None };
            let lock = call.arguments.find_argument_value("lock", 0)?;
            self.inner(access.method?).named(lock, 1)
        })
    }

    /// Locks that a helper method takes and keeps, and those that it gives back.
    pub(super) fn net_effect(&self, function: FunctionRef<'f>) -> (Vec<Lock>, Vec<Lock>) {
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
        let walker = self.inner(function);
        let of = |wanted: bool| -> Vec<Lock> {
            let wanted = calls.0.iter().filter(|(_, acquires)| *acquires == wanted);
            wanted.filter_map(|(expr, _)| walker.lock_name(expr)).collect()
        };
        let (acquired, released) = (of(true), of(false));
        (
            acquired.iter().filter(|lock| !released.contains(lock)).cloned().collect(),
            released.iter().filter(|lock| !acquired.contains(lock)).cloned().collect(),
        )
    }
}

impl Named {
    fn into_lock(self) -> LockKind {
        if self.sure { LockKind::Lock(self.key) } else { LockKind::Maybe(self.key) }
    }
}

impl<'f> Walker<'_, '_, 'f> {
    /// Whether an attribute is stored by the constructor alone, from a parameter for which every
    /// call of the class gives a lock, or has one as its default.
    fn is_given_lock(&self, name: &str) -> bool {
        let project = self.project();
        let mut parameters = Vec::new();
        for access in project.accesses_of(self.known.class, name) {
            match access.kind {
                AccessKind::Store(
                    Stored::Value(Expr::Name(value)) | Stored::Annotated(_, Some(Expr::Name(value))),
                ) => {
                    let Some(method) = access.method.filter(|method| method.node.name.as_str() == "__init__")
                    else {
                        return false;
                    };
                    parameters.push((method, value.id.as_str()));
                }
                AccessKind::Store(Stored::Declared | Stored::Slot) => {}
                AccessKind::Store(_) => return false,
                _ => {}
            }
        }
        match parameters.as_slice() {
            [(constructor, parameter)] => self.callers_give_lock(*constructor, parameter),
            _ => false,
        }
    }

    fn callers_give_lock(&self, constructor: FunctionRef<'f>, parameter: &str) -> bool {
        let (project, class) = (self.project(), self.known.class);
        let is_inherited = project.own_or_inherited(class, "__init__") != Some(constructor);
        let bindings = project.frame_bindings(Frame::Function(constructor.node));
        let paths = project.mentioning(class.node.name.as_str());
        if is_inherited || bindings.all(parameter).len() != 1 || paths.len() > MOST_FILES {
            return false;
        }
        let mut calls = 0;
        for path in paths.iter() {
            if is_test_code(path) && !is_test_code(class.file.path()) {
                continue;
            }
            let Ok(file) = project.file(path) else { return false };
            for call in calls_in(&file.source().module().body) {
                let scope = Scope::at(file, call.func.range());
                if !project.resolve_call(&scope, call).classes.contains(&class) {
                    continue;
                }
                calls += 1;
                let values = call.arguments.keywords.iter().map(|keyword| &keyword.value);
                let given = call
                    .arguments
                    .args
                    .iter()
                    .chain(values)
                    .find(|argument| parameter_of(constructor, true, call, argument) == Some(parameter));
                let Some(given) = given else { return false };
                let types = project.infer(&Scope::at(file, given.range()), given);
                let is_lock = |ty: &Type| {
                    matches!(ty, Type::ExternalInstance(name) if matches!(
                        name.as_str(),
                        "threading.Lock" | "threading.RLock" | "threading.Condition" | "_thread.allocate_lock"
                    ))
                };
                if types.is_empty() || !types.iter().all(is_lock) {
                    return false;
                }
            }
        }
        calls > 0
    }
}

/// Whether a function inside of this one uses its variable.
fn is_shared_with_inner(function: FunctionRef, name: &str) -> bool {
    struct Inner<'n> {
        name: &'n str,
        depth: u32,
        found: bool,
    }
    impl<'f> Visitor<'f> for Inner<'_> {
        fn visit_stmt(&mut self, stmt: &'f Stmt) {
            let is_function = matches!(stmt, Stmt::FunctionDef(_));
            self.depth += u32::from(is_function);
            visitor::walk_stmt(self, stmt);
            self.depth -= u32::from(is_function);
        }
        fn visit_expr(&mut self, expr: &'f Expr) {
            let is_lambda = matches!(expr, Expr::Lambda(_));
            self.depth += u32::from(is_lambda);
            self.found |= self.depth > 0 && matches!(expr, Expr::Name(name) if name.id.as_str() == self.name);
            visitor::walk_expr(self, expr);
            self.depth -= u32::from(is_lambda);
        }
    }
    let mut inner = Inner { name, depth: 0, found: false };
    inner.visit_body(&function.node.body);
    inner.found
}

/// What a function that ends with a `return` answers.
pub(super) fn answer<'f>(function: FunctionRef<'f>) -> Option<&'f Expr> {
    let node: &'f ast::StmtFunctionDef = function.node;
    match &*node.body {
        [.., Stmt::Return(last)] => last.value.as_deref(),
        _ => None,
    }
}

/// The lock that a context manager holds at its `yield`.
fn held_at_yield<'f>(walker: &Walker<'_, '_, 'f>, function: FunctionRef<'f>) -> Option<Lock> {
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
    let mut yields = Yields { walker, found: None, around: Vec::new() };
    yields.visit_body(&function.node.body);
    yields.found
}
