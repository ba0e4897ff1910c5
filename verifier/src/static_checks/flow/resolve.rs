//! Which code of the project a call runs, for certain or perhaps, and where functions are given away.

use super::wrappers;
use crate::python::ast::{self, Expr};
use crate::python::project::modules::FoundModule;
use crate::python::project::types::ModuleRef;
use crate::python::project::{Ancestor, BindingKind, ClassRef, FunctionRef, Module, Scope, Type, Types};
use crate::python::symbols::SymbolKind;
use crate::python::taint::{
    AttributeSite, Beyond, Binding, CallSite, Callee, ClassAt, Given, Handed, Handing, Handover, Open,
};
use crate::python::visitor::{self, Visitor};
use crate::python::{ParsedFile, Project, Ranged};

/// A method of an object that cannot be told is looked for in so many functions of its name.
const MOST_NAMESAKES: usize = 24;

/// The functions of the project that a call can call.
pub(super) fn callees<'f>(project: &Project<'f>, site: CallSite<'f>) -> Vec<Callee<'f>> {
    let scope = scope_of(site);
    let started = started(project, &scope, site.call);
    if started.is_empty() { named_by(project, project.infer(&scope, &site.call.func)) } else { started }
}

/// The classes of the project of which a call may make an object.
pub(super) fn made<'f>(project: &Project<'f>, site: CallSite<'f>) -> Vec<ClassAt<'f>> {
    let types = project.infer(&scope_of(site), &site.call.func);
    let classes = types.into_iter().filter_map(|ty| match ty {
        Type::Class(class) => Some(at(class)),
        _ => None,
    });
    classes.collect()
}

/// The function of a library that a call runs.
pub(super) fn library_function<'f>(project: &Project<'f>, site: CallSite<'f>) -> Option<String> {
    let types = project.infer(&scope_of(site), &site.call.func);
    match types.as_slice() {
        [Type::External(name)] => Some(name.clone()),
        _ => None,
    }
}

/// The `run` of a thread's class, when a call starts such a thread.
fn started<'f>(project: &Project<'f>, scope: &Scope<'f>, call: &'f ast::ExprCall) -> Vec<Callee<'f>> {
    let Expr::Attribute(attribute) = &*call.func else { return Vec::new() };
    if attribute.attr.as_str() != "start" {
        return Vec::new();
    }
    let mut found = Vec::new();
    for object in project.infer(scope, &attribute.value) {
        if let Type::Instance(class) = object
            && project.is_thread_class(class)
            && project.method(class, "start").map_or(true, |own| own.is_empty())
        {
            let run = project.own_or_inherited(class, "run");
            found.extend(run.map(|run| callee(run, Binding::Method)));
        }
    }
    found
}

fn scope_of<'f>(site: CallSite<'f>) -> Scope<'f> {
    match site.function {
        Some(function) => Scope::inside(site.file, function),
        None => Scope::at(site.file, site.call.range()),
    }
}

fn scope_around(site: AttributeSite<'_>) -> Scope<'_> {
    match site.function {
        Some(function) => Scope::inside(site.file, function),
        None => Scope::at(site.file, site.attribute.range()),
    }
}

fn named_by<'f>(project: &Project<'f>, types: Types<'f>) -> Vec<Callee<'f>> {
    let resolved = project.callees(types);
    let mut callees = Vec::new();
    for (function, receiver) in resolved.functions {
        let is_static = function.has_decorator("staticmethod");
        let binding = if receiver.is_some() && !is_static { Binding::Method } else { Binding::Function };
        let direct = altered(project, function).is_none();
        callees.push(Callee { direct, ..callee(function, binding) });
    }
    for class in resolved.classes {
        for function in project.method(class, "__init__").unwrap_or_default() {
            let class = function.class_ref().map(at);
            let binding = Binding::Constructor;
            callees.push(Callee {
                file: function.file,
                function: function.node,
                class,
                binding,
                direct: true,
            });
        }
    }
    callees
}

/// The properties that an attribute of an object can be.
pub(super) fn getters<'f>(project: &Project<'f>, site: AttributeSite<'f>) -> Vec<Callee<'f>> {
    let scope = scope_around(site);
    let name = site.attribute.attr.as_str();
    let mut found = Vec::new();
    for object in project.infer(&scope, &site.attribute.value) {
        let Type::Instance(class) = object else { continue };
        for function in project.method(class, name).unwrap_or_default() {
            if function.has_decorator("property") || function.has_decorator("cached_property") {
                let class = function.class_ref().map(at);
                let binding = Binding::Method;
                found.push(Callee {
                    file: function.file,
                    function: function.node,
                    class,
                    binding,
                    direct: true,
                });
            }
        }
    }
    found
}

/// The setters that storing to an attribute of an object can run.
pub(super) fn setters<'f>(project: &Project<'f>, site: AttributeSite<'f>) -> Vec<Callee<'f>> {
    let scope = scope_around(site);
    let name = site.attribute.attr.as_str();
    let is_setter = |decorator: &ast::Decorator| matches!(&decorator.expression, Expr::Attribute(of) if of.attr.as_str() == "setter");
    let mut found = Vec::new();
    for object in project.infer(&scope, &site.attribute.value) {
        let Type::Instance(class) = object else { continue };
        let owners = project.linearisations(class);
        let owners = owners.iter().flat_map(|order| order.classes());
        // A property is one object with its setter: the nearest class that has it decides.
        let nearest = owners.filter_map(|owner| {
            let own: Vec<FunctionRef<'f>> = project
                .own_methods(owner)
                .into_iter()
                .filter(|function| function.node.name.as_str() == name)
                .collect();
            (!own.is_empty()).then_some(own)
        });
        let functions = nearest.into_iter().next().unwrap_or_default();
        let setters =
            functions.into_iter().filter(|function| function.node.decorator_list.iter().any(is_setter));
        found.extend(setters.map(|setter| callee(setter, Binding::Method)));
    }
    found
}

pub(super) fn bases<'f>(project: &Project<'f>, class: ClassAt<'f>) -> Vec<ClassAt<'f>> {
    let orders = project.linearisations(ClassRef { file: class.file, node: class.class });
    let mut bases: Vec<ClassAt<'f>> = Vec::new();
    for ancestor in orders.iter().flat_map(|order| &order.ancestors) {
        match ancestor {
            Ancestor::Class(base) if !std::ptr::eq(base.node, class.class) => {
                if !bases.iter().any(|known| std::ptr::eq(known.class, base.node)) {
                    bases.push(at(*base));
                }
            }
            Ancestor::Class(_) | Ancestor::External(_) | Ancestor::Unresolved(_) => {}
        }
    }
    bases
}

fn at(class: ClassRef<'_>) -> ClassAt<'_> {
    ClassAt { file: class.file, class: class.node }
}

pub(super) fn callee(function: FunctionRef<'_>, binding: Binding) -> Callee<'_> {
    let class = function.class_ref().map(at);
    Callee { file: function.file, function: function.node, class, binding, direct: true }
}

/// What a call may run besides what [`callees`] names.
pub(super) fn beyond<'f>(project: &Project<'f>, site: CallSite<'f>) -> Beyond<'f> {
    let scope = scope_of(site);
    let types = project.infer(&scope, &site.call.func);
    if let Some(handing) = types.iter().find_map(|ty| handing(project, ty, site.call)) {
        return Beyond::Runs(handing);
    }
    let Some(why) = doubt(project, &scope, &site.call.func, &types) else { return Beyond::Library };
    let Expr::Attribute(attribute) = &*site.call.func else { return Beyond::Unknown(why) };
    let objects = project.infer(&scope, &attribute.value);
    let name = attribute.attr.as_str();
    let is_known = |object: &Type| {
        matches!(object, Type::Instance(_) | Type::Class(_) | Type::Module(_) | Type::Namespace(_))
    };
    if !objects.is_empty() && objects.iter().all(is_known) && !is_inherited(project, &objects) {
        return Beyond::Unknown(why);
    }
    namesakes(project, name, site.call, why)
}

/// Whether what one of the objects does not define can come from a base outside the project.
fn is_inherited<'f>(project: &Project<'f>, objects: &[Type<'f>]) -> bool {
    objects.iter().any(|object| match object {
        Type::Instance(class) | Type::Class(class) => project
            .linearisations(*class)
            .iter()
            .flat_map(|order| &order.ancestors)
            .any(|ancestor| matches!(ancestor, Ancestor::External(name) if name != "builtins.object")),
        _ => false,
    })
}

/// Why a callee may be code of the project that is not known.
fn doubt<'f>(
    project: &Project<'f>,
    scope: &Scope<'f>,
    callee: &'f Expr,
    types: &Types<'f>,
) -> Option<String> {
    if let Expr::Name(name) = callee
        && project.lookup(scope, name.id.as_str(), Some(name.start())).is_none()
        && project.module_bindings(scope.file).stars.is_empty()
    {
        // It is a builtin, or nothing at all.
        return None;
    }
    if types.is_empty() {
        return Some("nothing gives it a value that is known".to_owned());
    }
    types.iter().find_map(|ty| match ty {
        Type::Unknown(why) => Some(why.clone()),
        Type::Function(function) | Type::Method(function, _) => altered(project, *function),
        Type::Instance(class)
            if project.method(*class, "__call__").map_or(true, |found| found.is_empty()) =>
        {
            Some(format!("what calling a `{}` does", class.name()))
        }
        // What a library has made may well run a function that it was given: `partial(f)`.
        Type::ExternalInstance(name) => Some(format!("what calling the result of `{name}` does")),
        Type::Instance(_)
        | Type::Module(_)
        | Type::Namespace(_)
        | Type::Class(_)
        | Type::External(_)
        | Type::None => None,
    })
}

/// Why calling a function may not run it with what the call is given: a decorator of the project
/// puts another in its place that is not seen to hand everything on.
pub(super) fn altered<'f>(project: &Project<'f>, function: FunctionRef<'f>) -> Option<String> {
    if function.node.decorator_list.is_empty() {
        return None;
    }
    let mut scope = Scope::at(function.file, function.node.name.range);
    scope.frames.pop();
    function.node.decorator_list.iter().find_map(|decorator| {
        let (expression, is_called) = match &decorator.expression {
            Expr::Call(call) => (&*call.func, true),
            other => (other, false),
        };
        let replaces = |ty: &Type<'f>| match ty {
            Type::Function(found) | Type::Method(found, _) => {
                !wrappers::hand_on(found.node, is_called, function.node)
            }
            Type::Class(_) | Type::Instance(_) => true,
            _ => false,
        };
        project.infer(&scope, expression).iter().any(replaces).then(|| {
            let text = &function.file.source().text()[expression.range()];
            format!("what the decorator `@{text}` makes of `{}`", function.node.name)
        })
    })
}

/// The file that `from module import …` reads from.
pub(super) fn imported<'f>(
    project: &Project<'f>,
    file: &'f ParsedFile,
    from: &'f ast::StmtImportFrom,
) -> Option<&'f ParsedFile> {
    let module = from.module.as_ref().map(|module| module.as_str());
    let found = match from.level {
        0 => project.module(module?, file),
        level => project.relative_module(file, level, module),
    };
    match found {
        FoundModule::Here(Module::File(file)) => Some(file),
        FoundModule::Here(Module::Namespace(_)) | FoundModule::External | FoundModule::Missing(_) => None,
    }
}

/// The file whose variable an attribute is.
pub(super) fn module_of<'f>(project: &Project<'f>, site: AttributeSite<'f>) -> Option<&'f ParsedFile> {
    let scope = scope_around(site);
    project.infer(&scope, &site.attribute.value).into_iter().find_map(|ty| match ty {
        Type::Module(ModuleRef(file)) => Some(file),
        _ => None,
    })
}

/// The class whose attribute an attribute is.
pub(super) fn class_of<'f>(project: &Project<'f>, site: AttributeSite<'f>) -> Option<ClassAt<'f>> {
    let types = project.infer(&scope_around(site), &site.attribute.value);
    match types.as_slice() {
        [Type::Class(class)] => Some(at(*class)),
        _ => None,
    }
}

/// The fields of a data class that a call makes an object of, in the order of its arguments.
pub(super) fn fields<'f>(project: &Project<'f>, site: CallSite<'f>) -> Option<Vec<ast::name::Name>> {
    let types = project.infer(&scope_of(site), &site.call.func);
    let [Type::Class(class)] = types.as_slice() else { return None };
    let orders = project.linearisations(*class);
    let [order] = &*orders else { return None };
    let mut fields: Vec<ast::name::Name> = Vec::new();
    for ancestor in order.ancestors.iter().rev() {
        let class = match ancestor {
            Ancestor::Class(class) => *class,
            Ancestor::External(name) => match name.as_str() {
                "builtins.object" | "abc.ABC" | "typing.Generic" | "typing.Protocol" => continue,
                _ => return None,
            },
            Ancestor::Unresolved(_) => return None,
        };
        let own = ["__init__", "__new__", "__post_init__", "__setattr__"];
        if own.iter().any(|name| !project.own_functions(class, name).is_empty()) {
            return None;
        }
        let scope = Scope::module(class.file);
        let is_data_class = class.node.decorator_list.iter().any(|decorator| {
            let expression = match &decorator.expression {
                Expr::Call(call) => &*call.func,
                other => other,
            };
            let types = project.infer(&scope, expression);
            matches!(types.as_slice(), [Type::External(name)] if name == "dataclasses.dataclass")
        });
        if !is_data_class {
            continue;
        }
        let text = class.file.source().text();
        let has_settings =
            class.node.decorator_list.iter().any(|decorator| text[decorator.range].contains("init"));
        if has_settings {
            return None;
        }
        for statement in &class.node.body {
            let ast::Stmt::AnnAssign(field) = statement else { continue };
            let Expr::Name(name) = &*field.target else { return None };
            let annotation = &text[field.annotation.range()];
            if annotation.contains("ClassVar") {
                continue;
            }
            let value = field.value.as_ref().map(|value| &text[value.range()]).unwrap_or_default();
            if annotation.contains("InitVar")
                || annotation.contains("KW_ONLY")
                || value.contains("init")
                || value.contains("kw_only")
            {
                return None;
            }
            if !fields.contains(&name.id) {
                fields.push(name.id.clone());
            }
        }
    }
    (!fields.is_empty()).then_some(fields)
}

/// Methods of generators that hand a value to the `yield` where they wait.
const SENDING: [&str; 2] = ["send", "asend"];

/// How code looks that takes such a value.
const TAKING: [&str; 3] = ["= yield", "=yield", "(yield"];

/// The functions of the project that a method call on an unknown object may run.
fn namesakes<'f>(project: &Project<'f>, name: &str, call: &'f ast::ExprCall, why: String) -> Beyond<'f> {
    if SENDING.contains(&name) && TAKING.iter().any(|text| !project.mentioning(text).is_empty()) {
        return Beyond::Unknown(format!("a generator may take it as what a `yield` gives; {why}"));
    }
    if [format!(".{name} = "), format!("{name}: Callable")]
        .iter()
        .any(|text| !project.mentioning(text).is_empty())
    {
        return Beyond::Unknown(format!("a function may be stored as `{name}`; {why}"));
    }
    let given = call.arguments.args.len();
    let mut found = Vec::new();
    for path in project.mentioning(&format!("def {name}(")).iter() {
        let Ok(file) = project.file(path) else { continue };
        let symbols = file.symbols().iter().filter(|symbol| symbol.kind == SymbolKind::Function);
        for symbol in symbols.filter(|symbol| symbol.name.rsplit('.').next() == Some(name)) {
            let Some(function) = project.function_at(file, symbol.range) else { continue };
            let is_method = function.class.is_some() && !function.has_decorator("staticmethod");
            let parameters = &function.node.parameters;
            let takes =
                (parameters.args.len() + parameters.posonlyargs.len()).saturating_sub(usize::from(is_method));
            let is_fitting = parameters.vararg.is_some() || given <= takes;
            if is_fitting {
                found.push(callee(function, if is_method { Binding::Method } else { Binding::Function }));
            }
        }
        if found.len() > MOST_NAMESAKES {
            let why = format!("more than {MOST_NAMESAKES} functions have that name; {why}");
            return Beyond::Unknown(why);
        }
    }
    if found.is_empty() { Beyond::Library } else { Beyond::Perhaps(found) }
}

/// What a value stands for that is given away as a function.
pub(super) fn given<'f>(
    project: &Project<'f>,
    site: CallSite<'f>,
    function: &'f Expr,
    may_be_sink: impl Fn(&str) -> bool,
) -> Given<'f> {
    let scope = scope_of(site);
    let types = project.infer(&scope, function);
    let why = doubt(project, &scope, function, &types);
    let external = types.iter().find_map(|ty| match ty {
        Type::External(name) => Some(name.clone()),
        _ => None,
    });
    let is_value = types.iter().all(|ty| matches!(ty, Type::ExternalInstance(_) | Type::None));
    let mut callees = named_by(project, types);
    callees.retain(|callee| callee.direct);
    match (callees.is_empty(), why, external) {
        (false, _, _) => Given::Functions(callees),
        (true, _, _) if is_value => Given::Value,
        (true, Some(why), _) => Given::Unknown(why),
        (true, None, Some(name)) if may_be_sink(&name) => Given::Sink(name),
        (true, None, _) => Given::Library,
    }
}

/// What a callee does with a function that it is given, where the library says so.
fn handing<'f>(project: &Project<'f>, callee: &Type<'f>, call: &'f ast::ExprCall) -> Option<Handing<'f>> {
    let arguments = &call.arguments;
    let positional = &arguments.args;
    let find = |name: &str, position: usize| arguments.find_argument_value(name, position);
    let rest = |from: usize| positional.iter().skip(from).map(|argument| Handed::Argument(argument, None));
    let keywords = || {
        arguments.keywords.iter().map(|keyword| match &keyword.arg {
            Some(name) => Handed::Argument(&keyword.value, Some(name)),
            None => Handed::Keywords(&keyword.value),
        })
    };
    let all = |function: usize, result| {
        let handed = rest(function + 1).chain(keywords()).collect();
        Some(Handing { function: positional.get(function)?, arguments: handed, result })
    };
    let packed = |function: &'f Expr, args: Option<&'f Expr>, kwargs: Option<&'f Expr>, result| {
        let handed = args.map(Handed::Positional).into_iter().chain(kwargs.map(Handed::Keywords)).collect();
        Some(Handing { function, arguments: handed, result })
    };
    let each = |from: usize, result| {
        let handed = positional.iter().skip(from + 1).map(Handed::Element).collect();
        Some(Handing { function: positional.get(from)?, arguments: handed, result })
    };
    let thread = || packed(find("target", 1)?, find("args", 3), find("kwargs", 4), Handover::Nothing);
    let name = match callee {
        Type::External(name) => name.as_str(),
        Type::Class(class) if project.is_thread_class(*class) => return thread(),
        // Whatever object this is: the name says what it does.
        Type::Unknown(_) => match &*call.func {
            Expr::Attribute(attribute) => match attribute.attr.as_str() {
                "submit" => "Executor().submit",
                "run_in_executor" => "asyncio.run_in_executor",
                "call_soon_threadsafe" => "asyncio.call_soon_threadsafe",
                _ => return None,
            },
            _ => return None,
        },
        _ => return None,
    };
    let method = name.rsplit('.').next().unwrap_or(name);
    match name {
        "threading.Thread" | "multiprocessing.Process" | "multiprocessing.context.Process" => {
            return thread();
        }
        "threading.Thread().__init__" | "multiprocessing.Process().__init__" => return thread(),
        "threading.Timer" => {
            return packed(find("function", 1)?, find("args", 2), find("kwargs", 3), Handover::Nothing);
        }
        "_thread.start_new_thread" => {
            return packed(positional.first()?, positional.get(1), positional.get(2), Handover::Nothing);
        }
        "functools.partial" => return all(0, Handover::Function),
        "asyncio.to_thread" => return all(0, Handover::Result),
        "atexit.register" => return all(0, Handover::Nothing),
        "builtins.map" => return each(0, Handover::Results),
        "builtins.filter" | "itertools.filterfalse" | "itertools.takewhile" | "itertools.dropwhile" => {
            return each(0, Handover::Arguments);
        }
        "itertools.starmap" => {
            let handed = vec![Handed::Rows(positional.get(1)?)];
            return Some(Handing {
                function: positional.first()?,
                arguments: handed,
                result: Handover::Results,
            });
        }
        "functools.reduce" => {
            let handed = vec![Handed::Element(positional.get(1)?), Handed::Element(positional.get(1)?)];
            return Some(Handing {
                function: positional.first()?,
                arguments: handed,
                result: Handover::Arguments,
            });
        }
        "builtins.sorted" | "builtins.min" | "builtins.max" => {
            let handed = vec![Handed::Element(positional.first()?)];
            let function = &arguments.find_keyword("key")?.value;
            return Some(Handing { function, arguments: handed, result: Handover::Arguments });
        }
        _ => {}
    }
    let is_pool = name.contains("Pool") || name.contains("Executor");
    match method {
        "submit" if is_pool => all(0, Handover::Result),
        "map" | "imap" | "imap_unordered" | "map_async" if is_pool => each(0, Handover::Results),
        "starmap" | "starmap_async" if is_pool => {
            let handed = vec![Handed::Rows(positional.get(1)?)];
            Some(Handing { function: positional.first()?, arguments: handed, result: Handover::Results })
        }
        "apply" | "apply_async" if is_pool => {
            packed(positional.first()?, find("args", 1), find("kwds", 2), Handover::Result)
        }
        "run_in_executor" if name.starts_with("asyncio.") => {
            let handed = rest(2).collect();
            Some(Handing { function: positional.get(1)?, arguments: handed, result: Handover::Result })
        }
        "call_soon" | "call_soon_threadsafe" if name.starts_with("asyncio.") => all(0, Handover::Nothing),
        "call_later" | "call_at" if name.starts_with("asyncio.") => all(1, Handover::Nothing),
        "run" if name.starts_with("contextvars.") => all(0, Handover::Result),
        _ => None,
    }
}

/// Where a function with a sink is given to code that cannot be told, in one of some files.
pub(super) fn escapes<'f>(project: &Project<'f>, open: &Open, files: &[&'f ParsedFile]) -> Option<String> {
    let (path, range) = open.arrives.as_ref()?;
    let function = project.function_at(project.file(path).ok()?, *range)?;
    if let Some(why) = project.opaque_decorator(function) {
        let is_library = function.node.decorator_list.iter().all(|decorator| {
            let mut scope = Scope::at(function.file, function.node.name.range);
            scope.frames.pop();
            let callee = match &decorator.expression {
                Expr::Call(call) => &call.func,
                other => other,
            };
            project.infer(&scope, callee).iter().all(|ty| matches!(ty, Type::External(_)))
        });
        if !is_library {
            return Some(format!("who calls `{}` cannot be told: {why}", function.node.name));
        }
    }
    files.iter().find_map(|file| {
        let mut finder = Escapes { project, file, function, calls: Vec::new(), found: None };
        finder.visit_body(&file.source().module().body);
        finder.found
    })
}

struct Escapes<'p, 'f> {
    project: &'p Project<'f>,
    file: &'f ParsedFile,
    function: FunctionRef<'f>,
    /// The calls around.
    calls: Vec<&'f ast::ExprCall>,
    found: Option<String>,
}

impl<'f> Escapes<'_, 'f> {
    /// Whether an expression stands for the function, or may do so.
    fn is_it(&self, expression: &'f Expr) -> bool {
        let name = match expression {
            Expr::Name(name) if name.ctx.is_load() => name.id.as_str(),
            Expr::Attribute(attribute) if attribute.ctx.is_load() => attribute.attr.as_str(),
            _ => return false,
        };
        if name != self.function.node.name.as_str() {
            return false;
        }
        let scope = Scope::at(self.file, expression.range());
        if let Expr::Name(name) = expression
            && let Some((_, bindings)) =
                self.project.lookup(&scope, name.id.as_str(), Some(name.range.start()))
            && bindings.iter().all(|binding| matches!(binding.kind, BindingKind::Parameter(..)))
        {
            // Whatever it is, it was given away under another name.
            return false;
        }
        let types = self.project.infer(&scope, expression);
        types.iter().any(|ty| match ty {
            Type::Function(function) | Type::Method(function, _) => *function == self.function,
            Type::Unknown(_) => true,
            Type::Module(_)
            | Type::Namespace(_)
            | Type::Class(_)
            | Type::Instance(_)
            | Type::External(_)
            | Type::ExternalInstance(_)
            | Type::None => false,
        })
    }

    /// Whether the call around it is known to be a library's: what that gives to the function is
    /// followed, or is the library's own.
    fn is_given_to_library(&self) -> bool {
        let Some(call) = self.calls.last() else { return false };
        let types = self.project.infer(&Scope::at(self.file, call.range()), &call.func);
        let is_outside =
            |ty: &Type<'f>| matches!(ty, Type::External(_)) || handing(self.project, ty, call).is_some();
        !types.is_empty() && types.iter().all(is_outside)
    }
}

impl<'f> Visitor<'f> for Escapes<'_, 'f> {
    fn visit_expr(&mut self, expression: &'f Expr) {
        if self.found.is_some() {
            return;
        }
        match expression {
            Expr::Call(call) => {
                if let Expr::Attribute(attribute) = &*call.func {
                    self.visit_expr(&attribute.value);
                } else if !call.func.is_name_expr() {
                    self.visit_expr(&call.func);
                }
                self.calls.push(call);
                self.visit_arguments(&call.arguments);
                self.calls.pop();
            }
            _ if self.is_it(expression) => {
                if !self.is_given_to_library() {
                    let line = self.file.source().line(expression.range().start());
                    self.found = Some(format!(
                        "`{}:{line}` gives `{}` away as a function, and who calls it there cannot be told",
                        self.file.path(),
                        self.function.node.name
                    ));
                }
            }
            _ => visitor::walk_expr(self, expression),
        }
    }
}
