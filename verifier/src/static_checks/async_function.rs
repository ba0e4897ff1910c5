//! # `async-function`: is the function a coroutine function?
//!
//! What it asks: whether the function that the claim's symbol names, or that a call in it
//! resolves to, is an `async def` (and no generator), so that calling it gives a coroutine.
//!
//! In `findings.toml`:
//!
//! ```toml
//! file = "app.py"
//! symbol = "App.start"
//! static = { async-function = false, call = "self.server.start()", inside = "asyncio.create_task(...)", not-inside = "if asyncio.iscoroutinefunction(...): ..." }
//! ```
//!
//! - `async-function` is the answer that makes the claim hold.
//! - Without `call` the symbol itself is meant.
//! - `call` is a pattern; the method is found through the constructor call, annotation or
//!   parameter that gives the object its class, and through imports to the class's file. Of
//!   several calls one is enough.
//! - `inside` and `not-inside` say what the call must and must not stand in. When no such call is
//!   left the claim does not hold: it has been mended.
//!
//! What it cannot see: objects whose class nothing tells, and functions behind a decorator that
//! may replace them. Those are unresolved; so is a call on an object that is only declared to be
//! of a class (a parameter, an attribute that holds one) when the method is abstract or a
//! subclass in the target overrides it with another kind of function.
//!
//! Holds (`async-function = false`): `def start(self): ...`. Does not: `async def start(self): ...`.

use crate::catalogue::check::AsyncFunctionCheck;
use crate::catalogue::{CheckKind, Claim};
use crate::evidence::{Observation, Reason, Site};
use crate::python::ast::Expr;
use crate::python::pattern::{Matcher, Pattern};
use crate::python::project::{
    AccessKind, Ancestor, BindingKind, ClassRef, Frame, FunctionRef, Project, Scope, Stored, Type,
};
use crate::python::symbols::SymbolKind;
use crate::python::visitor::{self, Visitor};
use crate::python::{ParsedFile, Ranged, TextRange};
use crate::static_checks::{
    Context, Example, Examples, Sight, Subject, broken_elsewhere_note, broken_within, call_at, site, subjects,
};
use crate::target::RelativePath;

const KIND: CheckKind = CheckKind::AsyncFunction;

/// One that holds and one that does not.
pub const EXAMPLES: Examples = Examples {
    holds: Example {
        claim: "file = \"app.py\"\nsymbol = \"App.start\"\nstatic = { async-function = false, call = \"self.server.start()\" }",
        python: "--- server.py\nclass Server:\n    def start(self):\n        return None\n--- app.py\nfrom server import Server\n\nclass App:\n    def __init__(self):\n        self.server = Server()\n\n    async def start(self):\n        await self.server.start()\n",
    },
    does_not_hold: Example {
        claim: "file = \"app.py\"\nsymbol = \"App.start\"\nstatic = { async-function = false, call = \"self.server.start()\" }",
        python: "--- server.py\nclass Server:\n    async def start(self):\n        return None\n--- app.py\nfrom server import Server\n\nclass App:\n    def __init__(self):\n        self.server = Server()\n\n    async def start(self):\n        await self.server.start()\n",
    },
};

/// What calling something gives.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Nature {
    Coroutine,
    Plain,
    Unknown(String),
}

/// Asks it.
pub fn observe(check: &AsyncFunctionCheck, claim: &Claim, context: &Context) -> Observation {
    let subjects = match subjects(claim, context) {
        Ok(subjects) => subjects,
        Err(reason) => return Sight::default().unobserved(KIND, reason),
    };
    match &check.call {
        Some(call) => of_calls(check, call, &subjects, context),
        None => of_symbol(check, &subjects, context),
    }
}

fn of_symbol<'f>(
    check: &AsyncFunctionCheck,
    subjects: &[Subject<'f>],
    context: &Context<'_, 'f>,
) -> Observation {
    let project = context.project;
    let mut sight = Sight::default();
    sight.searched.files = 1;
    sight.searched.parsed = 1;
    let mut natures: Vec<(Nature, String)> = Vec::new();
    for subject in subjects {
        let file = subject.file;
        if let Some(reason) = subject.broken_inside() {
            return sight.unobserved(KIND, reason);
        }
        let Some(symbol) = subject.symbol else {
            let what = "a symbol is needed: the function that is meant".to_owned();
            return sight.unobserved(KIND, Reason::Unresolved { what });
        };
        sight.searched.nodes += 1;
        sight.searched.blind.extend(subject.blind());
        sight.notes.extend(broken_elsewhere_note(file));
        match symbol.kind {
            SymbolKind::Function => {
                let Some(function) = project.function_at(file, symbol.range) else { continue };
                let nature = nature_of(project, function);
                sight.sites.push(definition_site(function, &nature));
                natures.push((nature, function.qualified_name()));
            }
            SymbolKind::Class => {
                let what = format!("`{}` is a class, not a function", symbol.name);
                return sight.unobserved(KIND, Reason::Unresolved { what });
            }
            SymbolKind::Variable => {
                let (scope, name) = match symbol.name.rsplit_once('.') {
                    Some((_, name)) => (Scope::at(file, symbol.range), name),
                    None => (Scope::module(file), symbol.name.as_str()),
                };
                let types = project.resolve_dotted(&scope, name);
                sight.sites.push(site(file, symbol.range, None));
                natures.extend(natures_of(project, types).into_iter().map(|(nature, function)| {
                    (nature, function.map_or_else(|| symbol.name.clone(), |it| it.qualified_name()))
                }));
            }
        }
    }
    let (unknown, known): (Vec<_>, Vec<_>) =
        natures.into_iter().partition(|(nature, _)| matches!(nature, Nature::Unknown(_)));
    if let Some((Nature::Unknown(what), _)) = unknown.into_iter().next() {
        return sight.unobserved(KIND, Reason::Unresolved { what });
    }
    let Some((first, name)) = known.first() else {
        let what = "nothing gives the name a value".to_owned();
        return sight.unobserved(KIND, Reason::Unresolved { what });
    };
    if known.iter().any(|(nature, _)| nature != first) {
        let what = format!("`{name}` is defined more than once, and the definitions differ");
        return sight.unobserved(KIND, Reason::Unresolved { what });
    }
    let is_coroutine = *first == Nature::Coroutine;
    let because = format!("`{name}` is {}", words(first));
    sight.answer(KIND, is_coroutine == check.expected, because)
}

fn words(nature: &Nature) -> &'static str {
    match nature {
        Nature::Coroutine => "a coroutine function (`async def`)",
        Nature::Plain => "a plain function (`def`)",
        Nature::Unknown(_) => "unresolved",
    }
}

fn of_calls<'f>(
    check: &AsyncFunctionCheck,
    pattern: &Pattern,
    subjects: &[Subject<'f>],
    context: &Context<'_, 'f>,
) -> Observation {
    let project = context.project;
    let mut sight = Sight::default();
    sight.searched.files = 1;
    sight.searched.parsed = 1;
    let wanted = if check.expected { Nature::Coroutine } else { Nature::Plain };
    let mut holding: Option<String> = None;
    let mut against: Option<String> = None;
    let mut unknown: Option<String> = None;
    let mut against_sites: Vec<Site> = Vec::new();
    for subject in subjects {
        let file = subject.file;
        let matcher = Matcher::new(file.source());
        sight.searched.blind.extend(subject.blind());
        sight.notes.extend(broken_elsewhere_note(file));
        let ranges = |patterns: &[Pattern]| -> Vec<Vec<TextRange>> {
            patterns
                .iter()
                .map(|pattern| matcher.find(pattern).into_iter().map(|found| found.range).collect())
                .collect()
        };
        let inside = ranges(&check.inside);
        let not_inside = ranges(&check.not_inside);
        let mut calls: Vec<TextRange> =
            matcher.find_within(pattern, subject.range()).into_iter().map(|found| found.range).collect();
        calls.sort_by_key(|range| (range.start(), range.end()));
        calls.dedup();
        for range in calls {
            sight.searched.nodes += 1;
            let contained = |ranges: &Vec<TextRange>| ranges.iter().any(|outer| outer.contains_range(range));
            if !inside.iter().all(contained) || not_inside.iter().any(contained) {
                continue;
            }
            if let Some(reason) = broken_within(file, range) {
                unknown.get_or_insert(super::describe(&reason));
                continue;
            }
            let Some(call) = call_at(file.source().module(), range) else {
                unknown.get_or_insert(format!("`{}` matches what is no call", pattern.source()));
                continue;
            };
            let scope = Scope::at(file, call.range());
            let types = project.infer(&scope, &call.func);
            let declared = is_declared(project, &scope, &call.func, 0);
            let mut natures = Vec::new();
            for ty in &types {
                if let Type::Method(function, class) = ty {
                    let broken = project.broken_files(*class).into_iter().filter_map(ParsedFile::broken);
                    sight.searched.blind.extend(broken);
                    // `begin = start` in the class: overrides are of the name that is called.
                    let name = match &*call.func {
                        Expr::Attribute(attribute) => attribute.attr.as_str(),
                        _ => function.node.name.as_str(),
                    };
                    natures.extend(others(project, *function, (*class, name), declared));
                }
                if let Type::Function(function) = ty {
                    sight.searched.blind.extend(function.file.broken());
                }
            }
            natures.extend(natures_of(project, types));
            let text = file.source().slice(call.func.range()).to_owned();
            let call_site = site(file, call.range(), Some("the call"));
            let mut definitions = Vec::new();
            for (nature, function) in &natures {
                if let Some(function) = function {
                    definitions.push(definition_site(*function, nature));
                    sight.notes.push(format!(
                        "`{text}` is `{}` at `{}:{}`",
                        function.qualified_name(),
                        function.file.path(),
                        function.file.source().line(function.heading().start())
                    ));
                    sight.notes.extend(broken_elsewhere_note(function.file));
                }
            }
            let nature = common(natures);
            match nature {
                Nature::Unknown(what) => {
                    unknown.get_or_insert(what);
                }
                nature => {
                    let named = definitions
                        .first()
                        .and_then(|site| site.symbol.clone())
                        .unwrap_or_else(|| text.clone());
                    let because = format!("`{text}` calls `{named}`, {}", words(&nature));
                    if nature == wanted {
                        holding.get_or_insert(because);
                        sight.sites.push(call_site);
                        sight.sites.extend(definitions);
                    } else {
                        against.get_or_insert(because);
                        against_sites.push(call_site);
                        against_sites.extend(definitions);
                    }
                }
            }
        }
    }
    sight.notes.sort();
    sight.notes.dedup();
    match (holding, unknown, against) {
        (Some(because), _, _) => sight.holds(KIND, because),
        (None, Some(what), _) => sight.unobserved(KIND, Reason::Unresolved { what }),
        (None, None, Some(because)) => {
            sight.sites = against_sites;
            sight.does_not_hold(KIND, because)
        }
        (None, None, None) => {
            let because = format!("no call `{}` stands where the claim puts it", pattern.source());
            sight.does_not_hold(KIND, because)
        }
    }
}

/// Whether the object of a method is only declared to be of its class: it is a parameter, or an
/// attribute that holds one, and may be of a subclass.
fn is_declared<'f>(project: &Project<'f>, scope: &Scope<'f>, expr: &'f Expr, depth: u32) -> bool {
    let Expr::Attribute(attribute) = expr else { return false };
    is_given(project, scope, &attribute.value, depth)
}

fn is_given<'f>(project: &Project<'f>, scope: &Scope<'f>, object: &'f Expr, depth: u32) -> bool {
    // Too far away to tell is not known to be made here.
    if depth > 8 {
        return true;
    }
    match object {
        Expr::Name(name) => {
            let is_receiver = scope.function().is_some_and(|function| {
                let method = project.function_ref(scope.file, function);
                crate::python::project::object_parameter(method) == Some(name.id.as_str())
            });
            let Some((at, bindings)) = project.lookup(scope, name.id.as_str(), Some(name.start())) else {
                return false;
            };
            !is_receiver
                && bindings.iter().any(|binding| match binding.kind {
                    BindingKind::Parameter(..) => true,
                    BindingKind::Value(value) | BindingKind::Annotated(_, Some(value)) => {
                        is_given(project, &scope.outer(at), value, depth + 1)
                    }
                    BindingKind::Import { .. }
                    | BindingKind::ImportFrom { .. }
                    | BindingKind::Function(_)
                    | BindingKind::Class(_)
                    | BindingKind::Annotated(_, None)
                    | BindingKind::Augmented(_)
                    | BindingKind::Iterated(_)
                    | BindingKind::Entered(_)
                    | BindingKind::Other => false,
                })
        }
        Expr::Attribute(attribute) => {
            project.infer(scope, &attribute.value).into_iter().any(|owner| match owner {
                Type::Instance(class) => {
                    project.accesses_of(class, attribute.attr.as_str()).iter().any(|access| {
                        let value = match access.kind {
                            AccessKind::Store(Stored::Value(value) | Stored::Annotated(_, Some(value))) => {
                                value
                            }
                            _ => return false,
                        };
                        let scope = Scope::at(access.class.file, value.range());
                        is_given(project, &scope, value, depth + 1)
                    })
                }
                _ => false,
            })
        }
        Expr::BoolOp(node) => node.values.iter().any(|value| is_given(project, scope, value, depth + 1)),
        Expr::If(node) => {
            is_given(project, scope, &node.body, depth + 1)
                || is_given(project, scope, &node.orelse, depth + 1)
        }
        _ => false,
    }
}

/// What a method call may run instead of the method that the class of its object gives:
/// overriding methods, and what somebody stores in its place.
fn others<'f>(
    project: &Project<'f>,
    function: FunctionRef<'f>,
    (class, name): (ClassRef<'f>, &str),
    declared: bool,
) -> Vec<(Nature, Option<FunctionRef<'f>>)> {
    let own = nature_of(project, function);
    let mut natures = Vec::new();
    if declared {
        let is_abstract = function.has_decorator("abstractmethod")
            || project.linearisations(class).iter().any(|order| {
                order.ancestors.iter().any(|ancestor| {
                    matches!(ancestor, Ancestor::External(base)
                        if matches!(base.as_str(), "typing.Protocol" | "typing_extensions.Protocol"))
                })
            });
        if is_abstract {
            let why = format!("`{}` is abstract: which code runs is not known", function.qualified_name());
            natures.push((Nature::Unknown(why), None));
        }
        for subclass in project.subclasses(class) {
            if project.frame_bindings(Frame::Class(subclass.node)).last(name).is_empty() {
                continue;
            }
            for ty in project.member(&Type::Instance(subclass), name) {
                let is_same = matches!(ty, Type::Method(function, _) | Type::Function(function) if nature_of(project, function) == own);
                if !is_same {
                    let why = format!(
                        "the object may be a `{}`, whose `{name}` is another kind of function",
                        subclass.name()
                    );
                    natures.push((Nature::Unknown(why), None));
                }
            }
        }
    }
    if let Some(place) = replaced(project, class, name) {
        let why = format!("`{name}` is replaced at `{place}`");
        natures.push((Nature::Unknown(why), None));
    }
    natures
}

/// Where code gives functions other defaults or another body (`f.__defaults__ = …`), of which one
/// may be meant: what gets them decides. What tests put there is not looked at.
pub(super) fn changed_defaults<'f>(
    project: &Project<'f>,
    is_meant: &dyn Fn(&Type<'f>) -> bool,
) -> Option<String> {
    for name in ["__defaults__", "__kwdefaults__", "__code__"] {
        let concerns = |scope: &Scope<'f>, object: &'f Expr| {
            let mut types = project.infer(scope, object);
            // A constructor that no `def` makes: its class tells.
            let is_function = |ty: &Type| matches!(ty, Type::Function(_) | Type::Method(..));
            if let Expr::Attribute(attribute) = object
                && !types.iter().any(is_function)
            {
                types.extend(project.infer(scope, &attribute.value));
            }
            types.is_empty() || types.iter().any(is_meant)
        };
        let found = stored(project, &project.mentioning(name), name, concerns);
        if found.is_some() {
            return found;
        }
    }
    None
}

/// Where one of these files stores something in an attribute of that name of an object that it
/// concerns. What tests store is not looked at.
fn stored<'f>(
    project: &Project<'f>,
    paths: &[RelativePath],
    name: &str,
    concerns: impl Fn(&Scope<'f>, &'f Expr) -> bool,
) -> Option<String> {
    for path in paths.iter().filter(|path| !super::is_test_code(path)) {
        let Ok(file) = project.file(path) else { continue };
        let mut stores = Stores { name, found: Vec::new() };
        stores.visit_body(&file.source().module().body);
        let mut objects = stores.found.into_iter();
        if let Some(object) = objects.find(|object| concerns(&Scope::at(file, object.range()), object)) {
            return Some(format!("{path}:{}", file.source().line(object.range().start())));
        }
    }
    None
}

/// Stores to attributes of a name.
struct Stores<'n, 'f> {
    name: &'n str,
    /// What gets it.
    found: Vec<&'f Expr>,
}

impl<'f> Visitor<'f> for Stores<'_, 'f> {
    fn visit_expr(&mut self, expr: &'f Expr) {
        match expr {
            Expr::Attribute(attribute)
                if attribute.ctx.is_store() && attribute.attr.as_str() == self.name =>
            {
                self.found.push(&attribute.value);
            }
            Expr::Call(call) => {
                if let (Expr::Name(function), [object, Expr::StringLiteral(attribute), _]) =
                    (&*call.func, &*call.arguments.args)
                    && function.id.as_str() == "setattr"
                    && attribute.value.to_str() == self.name
                {
                    self.found.push(object);
                }
            }
            _ => {}
        }
        visitor::walk_expr(self, expr);
    }
}

/// Files that may store something in an attribute of a name.
fn storing(project: &Project, name: &str) -> Vec<RelativePath> {
    let setting = project.mentioning("setattr(");
    let mut paths: Vec<_> = Vec::new();
    for quoted in [format!("\"{name}\""), format!("'{name}'")] {
        if !setting.is_empty() {
            paths.extend(project.mentioning(&quoted).iter().filter(|path| setting.contains(path)).cloned());
        }
    }
    for text in [format!(".{name} ="), format!(".{name}=")] {
        paths.extend(project.mentioning(&text).iter().cloned());
    }
    paths.sort();
    paths.dedup();
    paths
}

/// Where something is stored in place of what a module defines: `module.name = …`,
/// `setattr(module, "name", …)`, `globals()["name"] = …`. What tests put there is not looked at.
pub(super) fn replaced_in_module<'f>(
    project: &Project<'f>,
    module: &'f ParsedFile,
    name: &str,
) -> Option<String> {
    let is_module = |ty: &Type<'f>| match ty {
        Type::Module(other) => std::ptr::eq(other.0, module),
        Type::External(name) | Type::ExternalInstance(name) => name.starts_with("sys.modules"),
        _ => false,
    };
    let found = stored(project, &storing(project, name), name, |scope, object| {
        project.infer(scope, object).iter().any(is_module)
    });
    if found.is_some() {
        return found;
    }
    let mut entries = Entries { name, found: None };
    let namespaces = ["globals()", "vars()", "locals()", "__dict__"];
    if namespaces.iter().any(|text| project.mentioning(text).contains(module.path())) {
        entries.visit_body(&module.source().module().body);
    }
    entries.found.map(|range| format!("{}:{}", module.path(), module.source().line(range.start())))
}

/// Stores in the namespace of a module under a name, or under one that is computed.
struct Entries<'n> {
    name: &'n str,
    found: Option<TextRange>,
}

impl<'f> Visitor<'f> for Entries<'_> {
    fn visit_expr(&mut self, expr: &'f Expr) {
        let is_namespace = |expr: &Expr| match expr {
            Expr::Call(call) => matches!(&*call.func, Expr::Name(name)
                if matches!(name.id.as_str(), "globals" | "vars" | "locals")),
            Expr::Attribute(attribute) => attribute.attr.as_str() == "__dict__",
            _ => false,
        };
        let is_other =
            |key: &Expr| matches!(key, Expr::StringLiteral(text) if text.value.to_str() != self.name);
        let stores = match expr {
            Expr::Subscript(node) => {
                !node.ctx.is_load() && is_namespace(&node.value) && !is_other(&node.slice)
            }
            Expr::Call(call) => matches!(&*call.func, Expr::Attribute(method)
                if matches!(method.attr.as_str(), "update" | "setdefault" | "__setitem__") && is_namespace(&method.value)),
            _ => false,
        };
        if stores {
            self.found.get_or_insert(expr.range());
        }
        visitor::walk_expr(self, expr);
    }
}

/// Where something is stored in place of a class's method: `object.name = …`, `Class.name = …`,
/// `setattr(Class, "name", …)`. What tests put there is not looked at.
pub(super) fn replaced<'f>(project: &Project<'f>, class: ClassRef<'f>, name: &str) -> Option<String> {
    stored(project, &storing(project, name), name, |scope, object| {
        project.infer(scope, object).into_iter().any(|ty| match ty {
            Type::Instance(other) | Type::Class(other) => project.are_related(class, other),
            _ => false,
        })
    })
}

/// The nature that all of them have.
fn common(natures: Vec<(Nature, Option<FunctionRef>)>) -> Nature {
    let mut common: Option<Nature> = None;
    for (nature, _) in natures {
        match (&common, nature) {
            (_, Nature::Unknown(why)) => return Nature::Unknown(why),
            (None, nature) => common = Some(nature),
            (Some(known), nature) if *known == nature => {}
            (Some(_), _) => {
                let why = "the call can run a plain function and a coroutine function".to_owned();
                return Nature::Unknown(why);
            }
        }
    }
    common.unwrap_or_else(|| Nature::Unknown("nothing gives the called object a value".to_owned()))
}

fn natures_of<'f>(project: &Project<'f>, types: Vec<Type<'f>>) -> Vec<(Nature, Option<FunctionRef<'f>>)> {
    let mut natures = Vec::new();
    for ty in types {
        match ty {
            Type::Function(function) | Type::Method(function, _) => {
                natures.push((nature_of(project, function), Some(function)));
            }
            // Calling `None` raises; the other values decide.
            Type::None => {}
            Type::Class(class) => {
                let why = format!("the call makes an object of `{}`", class.name());
                natures.push((Nature::Unknown(why), None));
            }
            Type::External(name) => {
                natures.push((Nature::Unknown(format!("`{name}` is not in the target")), None));
            }
            Type::Instance(class) => match project.method(class, "__call__") {
                Ok(functions) if !functions.is_empty() => natures.extend(
                    functions.into_iter().map(|function| (nature_of(project, function), Some(function))),
                ),
                _ => {
                    let why = format!("an object of `{}` is called", class.name());
                    natures.push((Nature::Unknown(why), None));
                }
            },
            Type::ExternalInstance(name) => {
                natures.push((Nature::Unknown(format!("an object of `{name}` is called")), None));
            }
            Type::Module(_) | Type::Namespace(_) => {
                natures.push((Nature::Unknown("a module is called".to_owned()), None));
            }
            Type::Unknown(why) => natures.push((Nature::Unknown(why), None)),
        }
    }
    natures
}

fn nature_of<'f>(project: &Project<'f>, function: FunctionRef<'f>) -> Nature {
    // What the wrapper of a context manager gives is no coroutine, whatever the body is.
    if function.has_decorator("contextmanager") || function.has_decorator("asynccontextmanager") {
        return Nature::Plain;
    }
    // `iscoroutinefunction` says no of a cache, and yet calling it gives a coroutine.
    let opaque = match function.node.is_async {
        true => project.opaque_decorator(function),
        false => project.opaque_to_callers(function),
    };
    if let Some(why) = opaque {
        return Nature::Unknown(why);
    }
    if let Some(reason) = broken_within(function.file, function.node.range()) {
        return Nature::Unknown(super::describe(&reason));
    }
    if function.has_decorator("property") || function.has_decorator("cached_property") {
        return Nature::Unknown("a property is called: what it gives is not followed".to_owned());
    }
    if function.node.is_async && !yields(function) { Nature::Coroutine } else { Nature::Plain }
}

/// An `async def` with `yield` is an asynchronous generator function.
fn yields(function: FunctionRef) -> bool {
    struct Yields(bool);
    impl<'f> Visitor<'f> for Yields {
        fn visit_stmt(&mut self, stmt: &'f crate::python::ast::Stmt) {
            use crate::python::ast::Stmt;
            if !matches!(stmt, Stmt::FunctionDef(_) | Stmt::ClassDef(_)) {
                visitor::walk_stmt(self, stmt);
            }
        }
        fn visit_expr(&mut self, expr: &'f Expr) {
            match expr {
                Expr::Yield(_) | Expr::YieldFrom(_) => self.0 = true,
                Expr::Lambda(_) => {}
                _ => visitor::walk_expr(self, expr),
            }
        }
    }
    let mut yields = Yields(false);
    yields.visit_body(&function.node.body);
    yields.0
}

fn definition_site(function: FunctionRef, nature: &Nature) -> Site {
    let label = match nature {
        Nature::Coroutine => "async def",
        Nature::Plain => "def",
        Nature::Unknown(_) => "unresolved",
    };
    site(function.file, function.heading(), Some(label))
}

#[cfg(test)]
mod tests;
