//! How the calls of one file end: `sys.exit()` under whatever name it was imported, and helpers
//! of the file or the class that always raise or exit. [`Across`] follows them into other files.

use std::cell::RefCell;
use std::rc::Rc;

use foldhash::{HashMap, HashMapExt};

use crate::python::ast::visitor::{self, Visitor};
use crate::python::ast::{self, Expr, Stmt};
use crate::python::control_flow::{CallEnding, Raised, Surroundings, endings, is_generator, known_call};
use crate::python::project::{ClassRef, FunctionRef, Project, Scope};
use crate::python::{ParsedFile, Ranged, TextRange};

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
        let ending = call_ending(function, self);
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
        let key = std::ptr::from_ref(file).addr();
        let names = Rc::clone(
            self.names
                .borrow_mut()
                .entry(key)
                .or_insert_with(|| Rc::new(FileNames::new(file.source().module()))),
        );
        let mut calls = Calls(HashMap::new());
        calls.visit_body(body);
        Inside { across: self, names, file, class, calls: calls.0 }
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
        if self.project.opaque_decorator(function).is_some() {
            return CallEnding::ordinary();
        }
        self.active.borrow_mut().push(address);
        let inside = self.inside(function.file, class.or(function.class_ref()), &function.node.body);
        let mut ending = call_ending(function.node, &inside);
        self.active.borrow_mut().pop();
        if ending.returns && says_no_return(function.node) {
            ending = CallEnding { returns: false, leaves: false, raises: vec![Raised::Unknown] };
        }
        self.known.borrow_mut().insert(key, ending.clone());
        ending
    }
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

struct Calls<'f>(HashMap<TextRange, &'f ast::ExprCall>);

impl<'f> Visitor<'f> for Calls<'f> {
    fn visit_expr(&mut self, expr: &'f Expr) {
        if let Expr::Call(call) = expr {
            self.0.insert(call.range(), call);
        }
        visitor::walk_expr(self, expr);
    }
}

/// The calls of some code of a file, followed across files.
pub struct Inside<'a, 'p, 'f> {
    across: &'a Across<'p, 'f>,
    names: Rc<FileNames<'f>>,
    file: &'f ParsedFile,
    class: Option<ClassRef<'f>>,
    calls: HashMap<TextRange, &'f ast::ExprCall>,
}

impl<'f> Inside<'_, '_, 'f> {
    fn local(&self) -> Callees<'_, 'f> {
        Callees::new(&self.names, self.class.map(|class| class.node))
    }
}

impl Surroundings for Inside<'_, '_, '_> {
    fn call(&self, call: &ast::ExprCall) -> CallEnding {
        if let Some(known) = self.qualified(&call.func).and_then(|name| known_call(&name)) {
            return known;
        }
        let Some(call) = self.calls.get(&call.range()) else { return self.local().call(call) };
        let mut scope = Scope::at(self.file, call.func.range());
        scope.receiver = self.class;
        let callees = self.across.project.resolve_call(&scope, call);
        if callees.functions.is_empty() {
            return self.local().call(call);
        }
        // What is not resolved may as well return.
        let others =
            !callees.unresolved.is_empty() || !callees.external.is_empty() || !callees.classes.is_empty();
        let mut all = CallEnding { returns: others, leaves: false, raises: Vec::new() };
        for (function, class) in callees.functions {
            let ending = self.across.ending(function, class);
            all.returns |= ending.returns;
            all.leaves |= ending.leaves;
            for raised in ending.raises {
                if !all.raises.contains(&raised) {
                    all.raises.push(raised);
                }
            }
        }
        all
    }

    fn qualified(&self, expr: &Expr) -> Option<String> {
        self.names.qualified(expr)
    }

    fn bases(&self, class: &str) -> Vec<String> {
        self.local().bases(class)
    }
}

/// What a caller sees of a function's endings.
fn call_ending(function: &ast::StmtFunctionDef, surroundings: &dyn Surroundings) -> CallEnding {
    if is_generator(&function.body) {
        // Nothing of the body has run when the call returns.
        return CallEnding::ordinary();
    }
    let endings = endings(&function.body, surroundings);
    let placeholder = |raised: &Raised| *raised == Raised::Class("NotImplementedError".to_owned());
    let returns = endings.normal || endings.returns;
    if !returns && !endings.leaves && endings.raises.iter().all(placeholder) {
        // Either a placeholder that a subclass replaces, or a loop that is endless itself and
        // is reported where it stands.
        return CallEnding::ordinary();
    }
    let mut raises = endings.raises;
    raises.retain(|raised| match raised {
        Raised::Class(class) => !returns || matches!(class.as_str(), "SystemExit" | "KeyboardInterrupt"),
        Raised::Unknown | Raised::Again(_) => !returns,
        Raised::Cancelled => false,
    });
    CallEnding { returns, leaves: endings.leaves, raises }
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
