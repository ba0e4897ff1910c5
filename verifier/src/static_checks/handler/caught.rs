//! Which exceptions a handler catches: the classes that it names, and how classes inherit.

use crate::python::Ranged;
use crate::python::ast::{self, Expr, Stmt};
use crate::python::project::{Ancestor, Binding, BindingKind, ClassRef, Frame, Project, Scope, Type, facts};
use crate::python::visitor::{self, Visitor};
use crate::static_checks::async_function::{replaced, replaced_in_module};

/// What a handler names.
#[derive(Debug, Default)]
pub(super) struct Caught<'f> {
    classes: Vec<Exception<'f>>,
    /// Why it may name others.
    unknown: Option<String>,
}

/// An exception class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Exception<'f> {
    /// One of the target.
    Class(ClassRef<'f>),
    /// One from elsewhere, by full name.
    External(String),
}

/// Names that stand for other names stand for names only so often.
const DEPTH: usize = 8;

impl<'f> Caught<'f> {
    /// What a handler without a class catches.
    pub(super) fn everything() -> Self {
        Self { classes: vec![Exception::External("builtins.BaseException".to_owned())], unknown: None }
    }

    /// What `except class:` catches.
    pub(super) fn of(class: &'f Expr, project: &Project<'f>, scope: &Scope<'f>) -> Self {
        let mut caught = Self::default();
        caught.add(class, project, scope, DEPTH);
        caught
    }

    /// What `suppress(classes)` keeps.
    pub(super) fn any_of(classes: &'f [Expr], project: &Project<'f>, scope: &Scope<'f>) -> Self {
        let mut caught = Self::default();
        for class in classes {
            caught.add(class, project, scope, DEPTH);
        }
        caught
    }

    fn add(&mut self, class: &'f Expr, project: &Project<'f>, scope: &Scope<'f>, depth: usize) {
        match class {
            Expr::Tuple(tuple) => {
                for element in &tuple.elts {
                    self.add(element, project, scope, depth);
                }
            }
            Expr::BinOp(node) if node.op == ast::Operator::Add => {
                self.add(&node.left, project, scope, depth);
                self.add(&node.right, project, scope, depth);
            }
            Expr::Starred(starred) => self.add(&starred.value, project, scope, depth),
            _ if is_given(class, project, scope) => {
                self.unknown.get_or_insert_with(|| "what it catches is computed".to_owned());
            }
            _ => {
                if let Expr::Attribute(attribute) = class
                    && let Some(why) = other_value(attribute, project, scope)
                {
                    self.unknown.get_or_insert(why);
                    return;
                }
                let types = project.infer(scope, class);
                let takes_all = |ty: &Type| {
                    matches!(ty, Type::External(name)
                        if name == "builtins.Exception" || name == "builtins.BaseException")
                };
                // One of several, of which one alone is every error.
                if types.iter().any(takes_all) && !types.iter().all(takes_all) {
                    self.unknown.get_or_insert_with(|| "it can catch different classes".to_owned());
                    return;
                }
                for ty in types {
                    match ty {
                        Type::Class(class) => self.classes.push(Exception::Class(class)),
                        Type::External(name) => self.classes.push(Exception::external(&name)),
                        Type::ExternalInstance(name)
                            if depth > 0 && matches!(name.as_str(), "builtins.tuple" | "builtins.list") =>
                        {
                            self.named_tuple(class, project, scope, depth - 1);
                        }
                        other => {
                            let why = match other {
                                Type::Unknown(why) => why,
                                _ => "what it catches is computed".to_owned(),
                            };
                            self.unknown.get_or_insert(why);
                        }
                    }
                }
            }
        }
    }

    /// `ERRORS = (OSError, ValueError)` and then `except ERRORS`.
    fn named_tuple(&mut self, name: &'f Expr, project: &Project<'f>, scope: &Scope<'f>, depth: usize) {
        let found = match name {
            Expr::Name(name) => {
                project.lookup(scope, name.id.as_str(), None).and_then(|(level, bindings)| {
                    let is_replaced = || replaced_in_module(project, scope.file, name.id.as_str()).is_some();
                    (level > 0 || !is_replaced()).then(|| (scope.outer(level), bindings))
                })
            }
            Expr::Attribute(attribute) => in_class_body(attribute, project, scope),
            _ => None,
        };
        if let Some((scope, bindings)) = found
            && let [binding] = bindings.as_slice()
            && let BindingKind::Value(value) | BindingKind::Annotated(_, Some(value)) = binding.kind
            && matches!(value, Expr::Tuple(_) | Expr::BinOp(_))
        {
            return self.add(value, project, &scope, depth);
        }
        self.unknown.get_or_insert_with(|| "the tuple of what it catches is not followed".to_owned());
    }

    /// Whether every error is caught; the error says why that is not known.
    pub(super) fn is_broad(&self) -> Result<bool, String> {
        let takes_all = |class: &Exception| {
            matches!(class, Exception::External(name)
                if name == "builtins.Exception" || name == "builtins.BaseException")
        };
        match &self.unknown {
            _ if self.classes.iter().any(takes_all) => Ok(true),
            Some(why) => Err(why.clone()),
            None => Ok(false),
        }
    }

    /// Whether an exception of this class is caught; the error says why that is not known.
    pub(super) fn covers(&self, wanted: &Exception<'f>, project: &Project<'f>) -> Result<bool, String> {
        let mut unknown = self.unknown.clone();
        for class in &self.classes {
            match wanted.is_a(class, project) {
                Some(true) => return Ok(true),
                Some(false) => {}
                None => {
                    let (one, other) = (wanted.name(), class.name());
                    unknown.get_or_insert(format!("whether `{one}` is a `{other}` is not known"));
                }
            }
        }
        unknown.map_or(Ok(false), Err)
    }
}

/// The classes of the object that an attribute is read of.
fn owners<'f>(
    attribute: &'f ast::ExprAttribute,
    project: &Project<'f>,
    scope: &Scope<'f>,
) -> Vec<ClassRef<'f>> {
    let objects = project.infer(scope, &attribute.value).into_iter();
    objects
        .filter_map(|object| match object {
            Type::Instance(class) | Type::Class(class) => Some(class),
            _ => None,
        })
        .collect()
}

/// Why an attribute may hold another value than the class of its object says: `except self.errors`, and a
/// subclass or other code has put something in its place.
fn other_value<'f>(
    attribute: &'f ast::ExprAttribute,
    project: &Project<'f>,
    scope: &Scope<'f>,
) -> Option<String> {
    let name = attribute.attr.as_str();
    owners(attribute, project, scope).into_iter().find_map(|owner| {
        let other = project.subclasses(owner).into_iter().find(|subclass| {
            let in_body = project.frame_bindings(Frame::Class(subclass.node)).last(name);
            !in_body.is_empty() || stores(*subclass, name)
        });
        if let Some(other) = other {
            return Some(format!("`{}` has another `{name}`", other.name()));
        }
        // What the class itself stores is known.
        let orders = project.linearisations(owner);
        let mut own = orders.iter().flat_map(|order| order.classes());
        let place = if own.any(|class| stores(class, name)) { None } else { replaced(project, owner, name) };
        place.map(|place| format!("`{name}` is replaced at `{place}`"))
    })
}

/// Whether methods of a class store something in an attribute.
fn stores(class: ClassRef, name: &str) -> bool {
    let mut stored = Stored { name, values: Vec::new(), is_declared: false };
    stored.visit_body(&class.node.body);
    !stored.values.is_empty() || stored.is_declared
}

/// What the body of a class gives an attribute that nothing else is stored in.
fn in_class_body<'f>(
    attribute: &'f ast::ExprAttribute,
    project: &Project<'f>,
    scope: &Scope<'f>,
) -> Option<(Scope<'f>, Vec<Binding<'f>>)> {
    let name = attribute.attr.as_str();
    let owners = owners(attribute, project, scope);
    let [owner] = owners.as_slice() else { return None };
    let orders = project.linearisations(*owner);
    let [order] = &*orders else { return None };
    if order.classes().any(|class| stores(class, name)) {
        return None;
    }
    // What stands before it in the order may be a base from elsewhere.
    for ancestor in &order.ancestors {
        let Ancestor::Class(class) = ancestor else { return None };
        let bindings = project.frame_bindings(Frame::Class(class.node)).last(name);
        if !bindings.is_empty() {
            return Some((project.class_scope(*class), bindings));
        }
    }
    None
}

/// Whether somebody gives the class that an expression stands for: `type[Exception]` is what a
/// subclass is declared to be.
fn is_given<'f>(class: &'f Expr, project: &Project<'f>, scope: &Scope<'f>) -> bool {
    let bindings = match class {
        Expr::Name(name) => project.lookup(scope, name.id.as_str(), None).map(|(_, bindings)| bindings),
        Expr::Attribute(attribute) => return is_given_to(attribute, project, scope),
        _ => return class.is_call_expr(),
    };
    bindings.is_some_and(|bindings| bindings.iter().any(|binding| gives(binding.kind)))
}

/// Whether a binding holds what somebody else gave.
fn gives(kind: BindingKind) -> bool {
    match kind {
        BindingKind::Parameter(..) | BindingKind::Annotated(_, None) => true,
        BindingKind::Value(value) | BindingKind::Annotated(_, Some(value)) => value.is_call_expr(),
        _ => false,
    }
}

/// Whether the attribute of an object or module holds a class that somebody gave it: it is only
/// declared, or a parameter is stored in it.
fn is_given_to<'f>(attribute: &'f ast::ExprAttribute, project: &Project<'f>, scope: &Scope<'f>) -> bool {
    let name = attribute.attr.as_str();
    project.infer(scope, &attribute.value).into_iter().any(|object| match object {
        Type::Module(module) => {
            project.module_bindings(module.0).last(name).iter().any(|binding| gives(binding.kind))
        }
        Type::Instance(class) | Type::Class(class) => {
            project.linearisations(class).iter().flat_map(|order| order.classes()).any(|class| {
                let mut stored = Stored { name, values: Vec::new(), is_declared: false };
                stored.visit_body(&class.node.body);
                let in_body = project.frame_bindings(Frame::Class(class.node)).last(name);
                stored.is_declared
                    || in_body.iter().any(|binding| gives(binding.kind))
                    || stored.values.into_iter().any(|value| {
                        !value.is_attribute_expr()
                            && is_given(value, project, &Scope::at(class.file, value.range()))
                    })
            })
        }
        _ => false,
    })
}

/// What a class stores in an attribute of its objects.
struct Stored<'n, 'f> {
    name: &'n str,
    values: Vec<&'f Expr>,
    /// Something else than a plain statement stores it, or only its type is written.
    is_declared: bool,
}

impl<'f> Visitor<'f> for Stored<'_, 'f> {
    fn visit_stmt(&mut self, stmt: &'f Stmt) {
        let is_it = |target: &Expr| matches!(target, Expr::Attribute(attribute) if attribute.attr.as_str() == self.name);
        match stmt {
            Stmt::Assign(node) if node.targets.iter().any(is_it) => self.values.push(&node.value),
            Stmt::AnnAssign(node) if is_it(&node.target) => match &node.value {
                Some(value) => self.values.push(value),
                None => self.is_declared = true,
            },
            _ => visitor::walk_stmt(self, stmt),
        }
    }
    fn visit_expr(&mut self, expr: &'f Expr) {
        let is_it =
            |attribute: &ast::ExprAttribute| attribute.attr.as_str() == self.name && !attribute.ctx.is_load();
        self.is_declared |= matches!(expr, Expr::Attribute(attribute) if is_it(attribute));
        visitor::walk_expr(self, expr);
    }
}

impl<'f> Exception<'f> {
    /// The class that a claim names, seen from a place of the target.
    pub(super) fn named(name: &str, project: &Project<'f>, scope: &Scope<'f>) -> Self {
        if !name.contains('.') && facts::is_builtin(name) {
            return Self::external(&format!("builtins.{name}"));
        }
        match project.resolve_dotted(&Scope::module(scope.file), name).into_iter().next() {
            Some(Type::Class(class)) => Self::Class(class),
            Some(Type::External(name)) => Self::external(&name),
            _ => Self::external(name),
        }
    }

    /// Several names of the library are one class.
    fn external(name: &str) -> Self {
        let name = match name {
            "builtins.IOError"
            | "builtins.EnvironmentError"
            | "builtins.WindowsError"
            | "os.error"
            | "socket.error"
            | "select.error" => "builtins.OSError",
            "socket.timeout" => "builtins.TimeoutError",
            "json.decoder.JSONDecodeError" => "json.JSONDecodeError",
            "asyncio.exceptions.CancelledError" => "asyncio.CancelledError",
            "asyncio.exceptions.TimeoutError" => "asyncio.TimeoutError",
            "concurrent.futures._base.TimeoutError" => "concurrent.futures.TimeoutError",
            other => other,
        };
        Self::External(name.to_owned())
    }

    fn name(&self) -> &str {
        match self {
            Self::Class(class) => class.name(),
            Self::External(name) => name.strip_prefix("builtins.").unwrap_or(name),
        }
    }

    /// Whether an object of this class is one of the other; nothing when it is not known.
    fn is_a(&self, other: &Self, project: &Project<'f>) -> Option<bool> {
        if self == other {
            return Some(true);
        }
        match (self, other) {
            (Self::Class(class), other) => {
                let mut all = Some(true);
                for order in project.linearisations(*class).iter() {
                    let mut known = Some(false);
                    for ancestor in &order.ancestors[1.min(order.ancestors.len())..] {
                        let answer = match ancestor {
                            Ancestor::Class(base) => Some(Self::Class(*base) == *other),
                            Ancestor::External(name) => Self::external(name).is_a(other, project),
                            Ancestor::Unresolved(_) => None,
                        };
                        match answer {
                            Some(true) => {
                                known = Some(true);
                                break;
                            }
                            Some(false) => {}
                            None => known = None,
                        }
                    }
                    all = match (all, known) {
                        (Some(true), answer) => answer,
                        (answer, known) if answer == known => answer,
                        _ => None,
                    };
                }
                all
            }
            // No library inherits from the code that uses it.
            (Self::External(_), Self::Class(_)) => Some(false),
            (Self::External(wanted), Self::External(caught)) => inherits(wanted, caught),
        }
    }
}

fn inherits(wanted: &str, caught: &str) -> Option<bool> {
    if caught == "builtins.BaseException" {
        return Some(true);
    }
    let is_late_alias =
        |name: &str| matches!(name, "asyncio.TimeoutError" | "concurrent.futures.TimeoutError");
    // Other names of the builtin class since Python 3.11, and classes of their own before.
    let timeout = |name: &str| is_late_alias(name) || name == "builtins.TimeoutError";
    if timeout(wanted) && timeout(caught) || is_late_alias(wanted) && caught == "builtins.OSError" {
        return None;
    }
    if is_late_alias(wanted) && caught.starts_with("builtins.") {
        return Some(caught == "builtins.Exception");
    }
    let mut name = wanted;
    while let Some(parent) = parent(name) {
        if parent == caught {
            return Some(true);
        }
        name = parent;
    }
    if name == "builtins.BaseException" {
        // Nothing of the library inherits from a class of somebody else.
        return Some(false);
    }
    let last = name.rsplit('.').next().unwrap_or(name);
    if caught == "builtins.Exception" {
        return ["Error", "Exception", "Warning"].iter().any(|end| last.ends_with(end)).then_some(true);
    }
    let library = |name: &str| name.split('.').next().unwrap_or(name).to_owned();
    let related = library(name) == library(caught) || library(caught) == "builtins";
    (!related && !facts::is_standard_library(caught)).then_some(false)
}

/// The class that one of Python's own exceptions inherits from.
fn parent(name: &str) -> Option<&'static str> {
    Some(match name {
        "builtins.Exception"
        | "builtins.SystemExit"
        | "builtins.KeyboardInterrupt"
        | "builtins.GeneratorExit"
        | "builtins.BaseExceptionGroup"
        | "asyncio.CancelledError" => "builtins.BaseException",
        "builtins.ZeroDivisionError" | "builtins.OverflowError" | "builtins.FloatingPointError" => {
            "builtins.ArithmeticError"
        }
        "builtins.KeyError" | "builtins.IndexError" => "builtins.LookupError",
        "builtins.ModuleNotFoundError" => "builtins.ImportError",
        "builtins.UnboundLocalError" => "builtins.NameError",
        "builtins.RecursionError"
        | "builtins.NotImplementedError"
        | "builtins.PythonFinalizationError"
        | "threading.BrokenBarrierError" => "builtins.RuntimeError",
        "builtins.IndentationError" => "builtins.SyntaxError",
        "builtins.TabError" => "builtins.IndentationError",
        "builtins.UnicodeDecodeError" | "builtins.UnicodeEncodeError" | "builtins.UnicodeTranslateError" => {
            "builtins.UnicodeError"
        }
        "builtins.UnicodeError" | "json.JSONDecodeError" => "builtins.ValueError",
        "builtins.ConnectionError"
        | "builtins.BlockingIOError"
        | "builtins.ChildProcessError"
        | "builtins.FileExistsError"
        | "builtins.FileNotFoundError"
        | "builtins.InterruptedError"
        | "builtins.IsADirectoryError"
        | "builtins.NotADirectoryError"
        | "builtins.PermissionError"
        | "builtins.ProcessLookupError"
        | "builtins.TimeoutError"
        | "socket.gaierror"
        | "socket.herror"
        | "ssl.SSLError"
        | "shutil.Error"
        | "urllib.error.URLError" => "builtins.OSError",
        "urllib.error.HTTPError" => "urllib.error.URLError",
        "builtins.BrokenPipeError"
        | "builtins.ConnectionAbortedError"
        | "builtins.ConnectionRefusedError"
        | "builtins.ConnectionResetError" => "builtins.ConnectionError",
        "builtins.DeprecationWarning"
        | "builtins.UserWarning"
        | "builtins.RuntimeWarning"
        | "builtins.FutureWarning"
        | "builtins.SyntaxWarning"
        | "builtins.ImportWarning"
        | "builtins.UnicodeWarning"
        | "builtins.BytesWarning"
        | "builtins.EncodingWarning"
        | "builtins.PendingDeprecationWarning"
        | "builtins.ResourceWarning" => "builtins.Warning",
        "subprocess.CalledProcessError" | "subprocess.TimeoutExpired" => "subprocess.SubprocessError",
        "builtins.ArithmeticError"
        | "builtins.AssertionError"
        | "builtins.AttributeError"
        | "builtins.BufferError"
        | "builtins.EOFError"
        | "builtins.ImportError"
        | "builtins.LookupError"
        | "builtins.MemoryError"
        | "builtins.NameError"
        | "builtins.OSError"
        | "builtins.ReferenceError"
        | "builtins.RuntimeError"
        | "builtins.StopAsyncIteration"
        | "builtins.StopIteration"
        | "builtins.SyntaxError"
        | "builtins.SystemError"
        | "builtins.TypeError"
        | "builtins.ValueError"
        | "builtins.Warning"
        | "subprocess.SubprocessError"
        | "queue.Empty"
        | "queue.Full"
        | "pickle.PickleError"
        | "struct.error"
        | "binascii.Error"
        | "zlib.error"
        | "sqlite3.Error"
        | "configparser.Error" => "builtins.Exception",
        "pickle.UnpicklingError" | "pickle.PicklingError" => "pickle.PickleError",
        _ => return None,
    })
}
