//! How the calls of one file end: `sys.exit()` under whatever name it was imported, and helpers
//! of the file or the class that always raise or exit. [`Across`] follows them into other files.

mod values;

use std::cell::RefCell;
use std::rc::Rc;

use foldhash::{HashMap, HashMapExt, HashSet};

use crate::python::ast::{self, Expr, Stmt};
use crate::python::control_flow::{
    CallEnding, Endings, Raised, Surroundings, Swallows, endings, endings_when_thrown, is_builtin_exception,
    is_generator, known_call, truth,
};
use crate::python::project::{Binding, BindingKind, ClassRef, FunctionRef, Project, Scope, Type};
use crate::python::visitor::{self, Visitor};
use crate::python::{ParsedFile, Ranged, TextRange};
use values::may_exit;

/// The names of one file, as far as they say how calls end.
pub struct FileNames<'f> {
    imports: HashMap<&'f str, String>,
    functions: HashMap<&'f str, Option<&'f ast::StmtFunctionDef>>,
    classes: HashMap<&'f str, Option<&'f ast::StmtClassDef>>,
}

impl<'f> FileNames<'f> {
    /// Lists imports anywhere in the file, and its top-level functions and classes.
    pub fn new(module: &'f ast::ModModule) -> Self {
        let mut names = Self { imports: HashMap::new(), functions: HashMap::new(), classes: HashMap::new() };
        names.block(&module.body, true, 0);
        names
    }

    fn block(&mut self, body: &'f [Stmt], top: bool, depth: u32) {
        if depth > 100 {
            return;
        }
        for stmt in body {
            match stmt {
                Stmt::Import(import) => {
                    for alias in &import.names {
                        let name = alias.name.as_str();
                        match &alias.asname {
                            Some(asname) => self.imports.insert(asname.as_str(), name.to_owned()),
                            None => {
                                let head = name.split('.').next().unwrap_or(name);
                                self.imports.insert(head, head.to_owned())
                            }
                        };
                    }
                }
                Stmt::ImportFrom(import) => {
                    let Some(module) = &import.module else { continue };
                    if import.level > 0 {
                        continue;
                    }
                    for alias in &import.names {
                        let local = alias.asname.as_ref().unwrap_or(&alias.name);
                        self.imports.insert(local.as_str(), format!("{module}.{}", alias.name));
                    }
                }
                Stmt::FunctionDef(function) => {
                    if top {
                        // Two definitions of a name: which one is called is not known here.
                        self.functions
                            .entry(function.name.as_str())
                            .and_modify(|known| *known = None)
                            .or_insert(Some(function));
                    }
                    self.block(&function.body, false, depth + 1);
                }
                Stmt::ClassDef(class) => {
                    if top {
                        self.classes
                            .entry(class.name.as_str())
                            .and_modify(|known| *known = None)
                            .or_insert(Some(class));
                    }
                    self.block(&class.body, false, depth + 1);
                }
                Stmt::If(stmt) => {
                    self.block(&stmt.body, top, depth + 1);
                    for clause in &stmt.elif_else_clauses {
                        self.block(&clause.body, top, depth + 1);
                    }
                }
                Stmt::Try(stmt) => {
                    self.block(&stmt.body, top, depth + 1);
                    for ast::ExceptHandler::ExceptHandler(handler) in &stmt.handlers {
                        self.block(&handler.body, top, depth + 1);
                    }
                    self.block(&stmt.orelse, top, depth + 1);
                    self.block(&stmt.finalbody, top, depth + 1);
                }
                Stmt::With(stmt) => self.block(&stmt.body, top, depth + 1),
                Stmt::While(stmt) => self.block(&stmt.body, top, depth + 1),
                Stmt::For(stmt) => self.block(&stmt.body, top, depth + 1),
                _ => {}
            }
        }
    }

    /// The name after imports are resolved: `sys.exit` for `leave` after `from sys import exit as leave`.
    pub fn qualified(&self, expr: &Expr) -> Option<String> {
        match expr {
            Expr::Name(name) => {
                let name = name.id.as_str();
                Some(self.imports.get(name).cloned().unwrap_or_else(|| name.to_owned()))
            }
            Expr::Attribute(attribute) => {
                Some(format!("{}.{}", self.qualified(&attribute.value)?, attribute.attr))
            }
            _ => None,
        }
    }

    /// The method that an instance of a class of this file has, looked up through bases that
    /// are in this file too. [`None`] when a base from elsewhere might have it first.
    pub fn method(&self, class: &'f ast::StmtClassDef, name: &str) -> Option<&'f ast::StmtFunctionDef> {
        self.method_within(class, name, 0)
    }

    fn method_within(
        &self,
        class: &'f ast::StmtClassDef,
        name: &str,
        depth: u32,
    ) -> Option<&'f ast::StmtFunctionDef> {
        let own = class.body.iter().rev().find_map(|stmt| match stmt {
            Stmt::FunctionDef(function) if function.name.as_str() == name => Some(function),
            _ => None,
        });
        if own.is_some() || depth > 20 {
            return own;
        }
        let bases = class.arguments.as_deref().map_or(&[][..], |arguments| &arguments.args);
        for base in bases {
            let Expr::Name(base) = base else { return None };
            let class = (*self.classes.get(base.id.as_str())?)?;
            if let Some(found) = self.method_within(class, name, depth + 1) {
                return Some(found);
            }
        }
        None
    }
}

/// The calls inside one class, or outside of classes.
pub struct Callees<'n, 'f> {
    names: &'n FileNames<'f>,
    class: Option<&'f ast::StmtClassDef>,
    known: RefCell<HashMap<TextRange, CallEnding>>,
    active: RefCell<Vec<TextRange>>,
}

/// Helpers that call helpers are followed this far.
const MAX_CALLS: usize = 12;

impl<'n, 'f> Callees<'n, 'f> {
    /// `class` is what `self` is an instance of.
    pub fn new(names: &'n FileNames<'f>, class: Option<&'f ast::StmtClassDef>) -> Self {
        Self { names, class, known: RefCell::default(), active: RefCell::default() }
    }

    fn resolve(&self, callee: &Expr) -> Option<&'f ast::StmtFunctionDef> {
        match callee {
            Expr::Name(name) => *self.names.functions.get(name.id.as_str())?,
            Expr::Attribute(attribute) => {
                let Expr::Name(receiver) = &*attribute.value else { return None };
                match receiver.id.as_str() {
                    "self" | "cls" => self.names.method(self.class?, attribute.attr.as_str()),
                    class => {
                        let class = (*self.names.classes.get(class)?)?;
                        self.names.method(class, attribute.attr.as_str())
                    }
                }
            }
            _ => None,
        }
    }

    fn ending(&self, function: &'f ast::StmtFunctionDef) -> CallEnding {
        if let Some(known) = self.known.borrow().get(&function.range()) {
            return known.clone();
        }
        let plain = |decorator: &ast::Decorator| {
            matches!(&decorator.expression, Expr::Name(name)
                if matches!(name.id.as_str(), "staticmethod" | "classmethod"))
        };
        let mut active = self.active.borrow_mut();
        let recursive = active.contains(&function.range());
        // A decorator can make of a function what it likes.
        if recursive || active.len() >= MAX_CALLS || !function.decorator_list.iter().all(plain) {
            return CallEnding::ordinary();
        }
        active.push(function.range());
        drop(active);
        let ending = call_ending(function, self, Sometimes::Returns);
        self.active.borrow_mut().pop();
        self.known.borrow_mut().insert(function.range(), ending.clone());
        ending
    }
}

/// How calls end, whatever file the functions that they run are in.
pub struct Across<'p, 'f> {
    project: &'p Project<'f>,
    names: RefCell<HashMap<usize, Rc<FileNames<'f>>>>,
    known: RefCell<HashMap<(usize, usize), CallEnding>>,
    active: RefCell<Vec<usize>>,
    broken: RefCell<Option<&'f ParsedFile>>,
    /// The bases of exception classes, by name.
    bases: RefCell<HashMap<String, Vec<String>>>,
}

impl<'p, 'f> Across<'p, 'f> {
    /// Nothing has been followed yet.
    pub fn new(project: &'p Project<'f>) -> Self {
        Self {
            project,
            names: RefCell::default(),
            known: RefCell::default(),
            active: RefCell::default(),
            broken: RefCell::default(),
            bases: RefCell::default(),
        }
    }

    /// A file that does not compile and in which a call was followed.
    pub fn broken(&self) -> Option<&'f ParsedFile> {
        *self.broken.borrow()
    }

    /// The calls of some code. `class` is what `self` is an instance of.
    pub fn inside(
        &self,
        file: &'f ParsedFile,
        class: Option<ClassRef<'f>>,
        body: &'f [Stmt],
    ) -> Inside<'_, 'p, 'f> {
        let mut calls = Calls::default();
        calls.visit_body(body);
        Inside { across: self, names: self.names(file), file, class, calls }
    }

    fn names(&self, file: &'f ParsedFile) -> Rc<FileNames<'f>> {
        let key = std::ptr::from_ref(file).addr();
        let mut names = self.names.borrow_mut();
        Rc::clone(names.entry(key).or_insert_with(|| Rc::new(FileNames::new(file.source().module()))))
    }

    /// The names of the bases of an exception class, when the target has one class of this name.
    fn bases(&self, class: &str) -> Vec<String> {
        if is_builtin_exception(class) {
            return Vec::new();
        }
        if let Some(known) = self.bases.borrow().get(class) {
            return known.clone();
        }
        let mut found: Vec<Vec<String>> = Vec::new();
        for path in self.project.mentioning(class).iter() {
            let Ok(file) = self.project.file(path) else { continue };
            let names = self.names(file);
            match names.classes.get(class) {
                Some(Some(_)) => found.push(Callees::new(&names, None).bases(class)),
                // Which of several counts is not known.
                Some(None) => found.extend([Vec::new(), Vec::new()]),
                None => {}
            }
        }
        let bases = if let [only] = &mut *found { std::mem::take(only) } else { Vec::new() };
        self.bases.borrow_mut().insert(class.to_owned(), bases.clone());
        bases
    }

    /// What a context manager does with an exception from its body.
    fn swallows(&self, scope: &Scope<'f>, manager: &'f Expr, is_async: bool, raised: &Raised) -> Swallows {
        if let Expr::Call(call) = manager {
            let functions = self.project.resolve_call(scope, call).functions;
            let is_manager = |(function, _): &(FunctionRef<'f>, _)| {
                function.has_decorator("contextmanager") || function.has_decorator("asynccontextmanager")
            };
            if !functions.is_empty() && functions.iter().all(is_manager) {
                return alike(functions.into_iter().map(|(function, class)| {
                    self.looking_at(function, || {
                        let class = class.or(function.class_ref());
                        let inside = self.inside(function.file, class, &function.node.body);
                        let ends = endings_when_thrown(&function.node.body, raised, &inside);
                        let comes_back = ends.normal || ends.returns;
                        match (comes_back, ends.raises.is_empty()) {
                            _ if !ends.maybe.is_empty() => Swallows::Unknown,
                            (true, true) => Swallows::Everything,
                            (false, _) => Swallows::Nothing,
                            (true, false) => Swallows::Unknown,
                        }
                    })
                }));
            }
        }
        let name = if is_async { "__aexit__" } else { "__exit__" };
        alike(self.project.infer(scope, manager).into_iter().map(|ty| match ty {
            Type::Instance(class) => match self.project.method(class, name) {
                Err(_) => Swallows::Unknown,
                Ok(functions) => alike(functions.into_iter().map(|function| {
                    self.looking_at(function, || {
                        let inside = self.inside(function.file, Some(class), &function.node.body);
                        let ends = endings(&function.node.body, &inside);
                        if self.project.opaque_decorator(function).is_some() {
                            Swallows::Unknown
                        } else {
                            exit_answers(&function.node.body, &ends)
                        }
                    })
                })),
            },
            Type::Unknown(_) => Swallows::Unknown,
            // Those of libraries let exceptions through.
            _ => Swallows::Nothing,
        }))
    }

    fn looking_at(&self, function: FunctionRef<'f>, look: impl FnOnce() -> Swallows) -> Swallows {
        if !function.file.source().errors().is_empty() {
            self.broken.borrow_mut().get_or_insert(function.file);
        }
        let address = std::ptr::from_ref(function.node).addr();
        if self.active.borrow().contains(&address) || self.active.borrow().len() >= MAX_CALLS {
            return Swallows::Unknown;
        }
        self.active.borrow_mut().push(address);
        let answer = look();
        self.active.borrow_mut().pop();
        answer
    }

    fn ending(&self, function: FunctionRef<'f>, class: Option<ClassRef<'f>>) -> CallEnding {
        let address = std::ptr::from_ref(function.node).addr();
        let key = (address, class.map_or(0, |class| std::ptr::from_ref(class.node).addr()));
        if let Some(known) = self.known.borrow().get(&key) {
            return known.clone();
        }
        if !function.file.source().errors().is_empty() {
            self.broken.borrow_mut().get_or_insert(function.file);
        }
        let recursive = self.active.borrow().contains(&address);
        if recursive || self.active.borrow().len() >= MAX_CALLS {
            return CallEnding::ordinary();
        }
        self.active.borrow_mut().push(address);
        let inside = self.inside(function.file, class.or(function.class_ref()), &function.node.body);
        let mut ending = call_ending(function.node, &inside, Sometimes::Raises);
        self.active.borrow_mut().pop();
        if ending.returns && says_no_return(function.node) {
            ending = CallEnding { returns: false, raises: vec![Raised::Unknown], ..CallEnding::ordinary() };
        }
        if self.project.opaque_decorator(function).is_some() {
            ending = perhaps(ending);
        }
        self.known.borrow_mut().insert(key, ending.clone());
        ending
    }
}

/// How a call ends of which it is not known whether it does what the function does: a decorator may
/// keep what it raises, or call it later.
fn perhaps(ending: CallEnding) -> CallEnding {
    let CallEnding { leaves, raises, mut maybe, .. } = ending;
    maybe.extend(raises);
    if leaves && maybe.is_empty() {
        maybe.push(Raised::Unknown);
    }
    CallEnding { maybe, ..CallEnding::ordinary() }
}

/// `-> NoReturn`.
fn says_no_return(function: &ast::StmtFunctionDef) -> bool {
    let name = match function.returns.as_deref() {
        Some(Expr::Name(name)) => name.id.as_str(),
        Some(Expr::Attribute(attribute)) => attribute.attr.as_str(),
        _ => return false,
    };
    matches!(name, "NoReturn" | "Never")
}

/// What all of these do, when they do the same.
fn alike(each: impl Iterator<Item = Swallows>) -> Swallows {
    let mut all = None;
    for one in each {
        match all {
            None => all = Some(one),
            Some(known) if known == one => {}
            Some(_) => return Swallows::Unknown,
        }
    }
    all.unwrap_or(Swallows::Nothing)
}

/// What an `__exit__` with this body answers: true swallows.
fn exit_answers(body: &[Stmt], ends: &Endings) -> Swallows {
    struct Returns<'a>(Vec<Option<&'a Expr>>);
    impl<'a> Visitor<'a> for Returns<'a> {
        fn visit_stmt(&mut self, stmt: &'a Stmt) {
            match stmt {
                Stmt::Return(node) => self.0.push(node.value.as_deref()),
                Stmt::FunctionDef(_) | Stmt::ClassDef(_) => {}
                _ => visitor::walk_stmt(self, stmt),
            }
        }
        fn visit_expr(&mut self, _: &'a Expr) {}
    }
    let mut returns = Returns(Vec::new());
    returns.visit_body(body);
    let answers: Vec<Option<bool>> =
        returns.0.into_iter().map(|value| value.map_or(Some(false), truth)).collect();
    if answers.iter().all(|answer| *answer == Some(false)) {
        Swallows::Nothing
    } else if !ends.normal && ends.raises.is_empty() && answers.iter().all(|answer| *answer == Some(true)) {
        Swallows::Everything
    } else {
        Swallows::Unknown
    }
}

/// The calls and context managers of some code.
#[derive(Default)]
struct Calls<'f> {
    calls: HashMap<TextRange, &'f ast::ExprCall>,
    managers: HashMap<TextRange, &'f Expr>,
    attributes: HashMap<TextRange, &'f ast::ExprAttribute>,
    /// What is raised.
    raised: HashMap<TextRange, &'f Expr>,
    /// The calls whose coroutine is waited for where they stand.
    awaited: HashSet<TextRange>,
    awaits: u32,
}

impl<'f> Visitor<'f> for Calls<'f> {
    fn visit_stmt(&mut self, stmt: &'f Stmt) {
        if let Stmt::With(node) = stmt {
            self.managers
                .extend(node.items.iter().map(|item| (item.context_expr.range(), &item.context_expr)));
        }
        if let Stmt::Raise(node) = stmt {
            self.raised.extend(node.exc.as_deref().map(|exception| (exception.range(), exception)));
        }
        visitor::walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, expr: &'f Expr) {
        let waits = match expr {
            Expr::Await(node) => !matches!(&*node.value, Expr::Call(call) if keeps_exceptions(call)),
            Expr::Call(call) => {
                matches!(last_name(&call.func), Some("run" | "run_until_complete"))
            }
            _ => false,
        };
        if let Expr::Attribute(attribute) = expr {
            self.attributes.insert(attribute.range(), attribute);
        }
        if let Expr::Call(call) = expr {
            self.calls.insert(call.range(), call);
            if self.awaits > 0 {
                self.awaited.insert(call.range());
            }
        }
        self.awaits += u32::from(waits);
        visitor::walk_expr(self, expr);
        self.awaits -= u32::from(waits);
    }
}

/// `gather(…, return_exceptions=True)` and `wait(…)` give what the coroutines raise as values.
fn keeps_exceptions(call: &ast::ExprCall) -> bool {
    call.arguments.find_keyword("return_exceptions").is_some() || last_name(&call.func) == Some("wait")
}

/// What may return and may as well raise or end.
fn may_raise() -> CallEnding {
    CallEnding { maybe: vec![Raised::Unknown], ..CallEnding::ordinary() }
}

fn last_name(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Name(name) => Some(name.id.as_str()),
        Expr::Attribute(attribute) => Some(attribute.attr.as_str()),
        _ => None,
    }
}

/// The calls of some code of a file, followed across files.
pub struct Inside<'a, 'p, 'f> {
    across: &'a Across<'p, 'f>,
    names: Rc<FileNames<'f>>,
    file: &'f ParsedFile,
    class: Option<ClassRef<'f>>,
    calls: Calls<'f>,
}

impl<'f> Inside<'_, '_, 'f> {
    fn scope(&self, range: TextRange) -> Scope<'f> {
        let mut scope = Scope::at(self.file, range);
        scope.receiver = self.class;
        scope
    }

    /// The methods that `type(self).method()` and `self.__class__.method()` run.
    fn of_own_class(&self, call: &'f ast::ExprCall) -> Option<Vec<(FunctionRef<'f>, Option<ClassRef<'f>>)>> {
        let Expr::Attribute(method) = &*call.func else { return None };
        let object = match &*method.value {
            Expr::Call(of) => match (&*of.func, &*of.arguments.args) {
                (Expr::Name(name), [object]) if name.id.as_str() == "type" => object,
                _ => return None,
            },
            Expr::Attribute(of) if of.attr.as_str() == "__class__" => &*of.value,
            _ => return None,
        };
        let project = self.across.project;
        let mut found = Vec::new();
        for object in project.infer(&self.scope(call.func.range()), object) {
            let Type::Instance(class) = object else { return None };
            let functions = project.method(class, method.attr.as_str()).unwrap_or_default();
            found.extend(functions.into_iter().map(|function| (function, Some(class))));
        }
        (!found.is_empty()).then_some(found)
    }

    /// `exit` where the file has something of that name.
    fn is_own_name(&self, callee: &Expr) -> bool {
        let Expr::Name(name) = callee else { return false };
        let id = name.id.as_str();
        !self.names.imports.contains_key(id)
            && self.across.project.lookup(&self.scope(name.range()), id, Some(name.start())).is_some()
    }

    /// `exit` where `from module import *` may bring another one.
    fn may_be_imported(&self, callee: &Expr) -> bool {
        let Expr::Name(name) = callee else { return false };
        let is_star = |stmt: &Stmt| matches!(stmt, Stmt::ImportFrom(node) if node.names.iter().any(|alias| alias.name.as_str() == "*"));
        matches!(name.id.as_str(), "exit" | "quit")
            && !self.names.imports.contains_key(name.id.as_str())
            && !self.is_own_name(callee)
            && self.file.source().module().body.iter().any(is_star)
    }

    /// `parser.error` where somebody stores to an attribute of that name.
    fn may_be_replaced(&self, callee: &Expr) -> bool {
        let Expr::Attribute(method) = callee else { return false };
        let is_stored =
            |sign: &str| !self.across.project.mentioning(&format!(".{}{sign}", method.attr)).is_empty();
        is_stored(" =") || is_stored("=")
    }

    /// What `os.kill(os.getpid(), signal.SIGKILL)` and the like come to.
    fn signal_to_itself(&self, call: &ast::ExprCall) -> Option<CallEnding> {
        let is = |expr: &Expr, name: &str| self.names.qualified(expr).is_some_and(|known| known == name);
        if is(&call.func, "signal.raise_signal") || is(&call.func, "_thread.interrupt_main") {
            return Some(may_raise());
        }
        let [process, signal] = call.arguments.args.as_ref() else { return None };
        if !is(&call.func, "os.kill") {
            return None;
        }
        let is_own =
            |process: &Expr| matches!(process, Expr::Call(process) if is(&process.func, "os.getpid"));
        if let Expr::Name(name) = process {
            // `me = os.getpid()`.
            let found =
                self.across.project.lookup(&self.scope(name.range()), name.id.as_str(), Some(name.start()));
            let holds_own =
                |binding: &Binding| matches!(binding.kind, BindingKind::Value(value) if is_own(value));
            return found.filter(|(_, bindings)| bindings.iter().any(holds_own)).map(|_| may_raise());
        }
        if !is_own(process) {
            return None;
        }
        let ends = CallEnding { returns: false, leaves: true, ..CallEnding::ordinary() };
        // Where nothing says `signal(`, nothing handles it.
        let is_handled = || {
            !self.across.project.mentioning("signal(").is_empty()
                || !self.across.project.mentioning("signal_handler").is_empty()
        };
        Some(match (signal, last_name(signal)) {
            (Expr::NumberLiteral(literal), _) => match &literal.value {
                // It only asks whether the process is there.
                ast::Number::Int(number) if number.as_u8() == Some(0) => CallEnding::ordinary(),
                ast::Number::Int(number) if number.as_u8() == Some(9) => ends,
                _ => may_raise(),
            },
            (_, Some("SIGKILL")) => ends,
            (_, Some("SIGTERM" | "SIGABRT" | "SIGQUIT")) if !is_handled() => ends,
            // An interrupt raises an exception that somebody may catch.
            _ => may_raise(),
        })
    }

    fn local(&self) -> Callees<'_, 'f> {
        Callees::new(&self.names, self.class.map(|class| class.node))
    }
}

impl Surroundings for Inside<'_, '_, '_> {
    fn call(&self, call: &ast::ExprCall) -> CallEnding {
        let is_own = self.is_own_name(&call.func);
        if self.may_be_imported(&call.func) {
            return may_raise();
        }
        if let Some(known) = self.qualified(&call.func).and_then(|name| known_call(&name)).filter(|_| !is_own)
        {
            return known;
        }
        let Some(call) = self.calls.calls.get(&call.range()) else { return self.local().call(call) };
        if let Some(ending) = self.signal_to_itself(call) {
            return ending;
        }
        let mut callees = self.across.project.resolve_call(&self.scope(call.func.range()), call);
        if let Some(found) = self.of_own_class(call) {
            callees.functions = found;
            callees.unresolved.clear();
        }
        if callees.functions.is_empty() && callees.classes.is_empty() {
            let known = callees.external.iter().find_map(|name| known_call(name).or_else(|| may_exit(name)));
            let by_name = last_name(&call.func).filter(|_| call.func.is_name_expr());
            if is_own && by_name.and_then(known_call).is_some() {
                return CallEnding::ordinary();
            }
            if known.is_some() && self.may_be_replaced(&call.func) {
                return may_raise();
            }
            return known.or_else(|| self.of_value(call)).unwrap_or_else(|| self.local().call(call));
        }
        // What is not resolved may as well return.
        let others =
            !callees.unresolved.is_empty() || !callees.external.is_empty() || !callees.classes.is_empty();
        let mut all = CallEnding { returns: others, ..CallEnding::ordinary() };
        let constructors = callees.classes.iter().flat_map(|class| {
            ["__new__", "__init__", "__post_init__"].into_iter().flat_map(|name| {
                let functions = self.across.project.method(*class, name).unwrap_or_default();
                functions.into_iter().map(|function| (function, Some(*class)))
            })
        });
        for (function, class) in callees.functions.into_iter().chain(constructors) {
            if function.node.is_async && !self.calls.awaited.contains(&call.range()) {
                // The coroutine runs elsewhere, and so does what it raises.
                all.returns = true;
                continue;
            }
            all.or(self.across.ending(function, class));
        }
        all
    }

    fn attribute(&self, attribute: &ast::ExprAttribute) -> CallEnding {
        let Some(attribute) = self.calls.attributes.get(&attribute.range()) else {
            return CallEnding::ordinary();
        };
        let project = self.across.project;
        let mut all = CallEnding { returns: false, ..CallEnding::ordinary() };
        for object in project.infer(&self.scope(attribute.range()), &attribute.value) {
            let getters = match object {
                Type::Instance(class) => {
                    let found = project.method(class, attribute.attr.as_str()).unwrap_or_default();
                    found.into_iter().map(|function| (function, class)).collect()
                }
                _ => Vec::new(),
            };
            let is_getter = |(function, _): &(FunctionRef, _)| {
                function.has_decorator("property") || function.has_decorator("cached_property")
            };
            all.returns |= !getters.iter().any(is_getter);
            for (getter, class) in getters.into_iter().filter(is_getter) {
                all.or(self.across.ending(getter, Some(class)));
            }
        }
        all.returns |= all == CallEnding { returns: false, ..CallEnding::ordinary() };
        all
    }

    fn class_of(&self, exception: &Expr) -> Option<String> {
        let exception = self.calls.raised.get(&exception.range())?;
        let types = self.across.project.infer(&self.scope(exception.range()), exception);
        let name = |ty: &Type| match ty {
            Type::Instance(class) | Type::Class(class) => Some(class.name().to_owned()),
            Type::External(name) | Type::ExternalInstance(name) => {
                let last = name.rsplit('.').next().unwrap_or(name);
                is_builtin_exception(last).then(|| last.to_owned())
            }
            _ => None,
        };
        let first = name(types.first()?)?;
        types.iter().all(|ty| name(ty).as_ref() == Some(&first)).then_some(first)
    }

    fn qualified(&self, expr: &Expr) -> Option<String> {
        self.names.qualified(expr)
    }

    fn bases(&self, class: &str) -> Vec<String> {
        let own = self.local().bases(class);
        if own.is_empty() && !self.names.classes.contains_key(class) { self.across.bases(class) } else { own }
    }

    fn swallows(&self, manager: &Expr, is_async: bool, raised: &Raised) -> Swallows {
        match self.calls.managers.get(&manager.range()) {
            Some(manager) => self.across.swallows(&self.scope(manager.range()), manager, is_async, raised),
            None => Swallows::Nothing,
        }
    }
}

/// What a function that raises on some paths and returns on others is taken for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sometimes {
    /// One that returns, unless it is to end the program.
    Returns,
    /// One that does both.
    Raises,
}

/// What a caller sees of a function's endings.
fn call_ending(
    function: &ast::StmtFunctionDef,
    surroundings: &dyn Surroundings,
    sometimes: Sometimes,
) -> CallEnding {
    if is_generator(&function.body) {
        // Nothing of the body has run when the call returns.
        return CallEnding::ordinary();
    }
    let endings = endings(&function.body, surroundings);
    let placeholder = |raised: &Raised| *raised == Raised::Class("NotImplementedError".to_owned());
    let returns = endings.normal || endings.returns;
    if !returns && !endings.leaves && endings.maybe.is_empty() && endings.raises.iter().all(placeholder) {
        // Either a placeholder that a subclass replaces, or a loop that is endless itself and
        // is reported where it stands.
        return CallEnding::ordinary();
    }
    let mut raises = endings.raises;
    let kept = !returns || sometimes == Sometimes::Raises;
    let mut maybe = endings.maybe;
    let goes_out = |raised: &Raised| match raised {
        Raised::Class(class) => kept || matches!(class.as_str(), "SystemExit" | "KeyboardInterrupt"),
        Raised::Unknown | Raised::Again(_) => kept,
        Raised::Cancelled => false,
    };
    raises.retain(goes_out);
    maybe.retain(goes_out);
    CallEnding { returns, leaves: endings.leaves, raises, maybe }
}

impl Surroundings for Callees<'_, '_> {
    fn call(&self, call: &ast::ExprCall) -> CallEnding {
        if let Some(function) = self.resolve(&call.func) {
            return self.ending(function);
        }
        self.qualified(&call.func).and_then(|name| known_call(&name)).unwrap_or_default()
    }

    fn qualified(&self, expr: &Expr) -> Option<String> {
        self.names.qualified(expr)
    }

    fn bases(&self, class: &str) -> Vec<String> {
        let Some(Some(class)) = self.names.classes.get(class) else { return Vec::new() };
        let bases = class.arguments.as_deref().map_or(&[][..], |arguments| &arguments.args);
        bases
            .iter()
            .filter_map(|base| self.qualified(base))
            .map(|name| name.rsplit('.').next().unwrap_or(&name).to_owned())
            .collect()
    }
}
