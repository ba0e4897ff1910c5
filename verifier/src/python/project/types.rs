//! What an expression's value can be, as far as imports, constructor calls, assignments,
//! annotations and returns tell.

mod exports;

use std::fmt;
use std::hash::{Hash, Hasher};

use foldhash::{HashSet, HashSetExt};

use super::facts;
use super::modules::FoundModule;
use super::{Binding, BindingKind, Frame, Project, Scope, address};
use crate::python::ast::{self, Expr, ExprCall, Stmt};
use crate::python::unbound::names;
use crate::python::visitor::{self, Visitor};
use crate::python::{ParsedFile, Ranged, TextRange, TextSize};

/// A class of the target.
#[derive(Clone, Copy)]
pub struct ClassRef<'f> {
    /// Where it is defined.
    pub file: &'f ParsedFile,
    /// Its definition.
    pub node: &'f ast::StmtClassDef,
}

/// A function of the target.
#[derive(Clone, Copy)]
pub struct FunctionRef<'f> {
    /// Where it is defined.
    pub file: &'f ParsedFile,
    /// Its definition.
    pub node: &'f ast::StmtFunctionDef,
    /// The class whose body it stands in.
    pub class: Option<&'f ast::StmtClassDef>,
}

/// One thing that a value can be.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Type<'f> {
    /// A module of the target.
    Module(ModuleRef<'f>),
    /// A namespace package of the target, by its directories.
    Namespace(Vec<String>),
    /// A class of the target, the class itself.
    Class(ClassRef<'f>),
    /// An object of a class of the target, or of a subclass.
    Instance(ClassRef<'f>),
    /// A function of the target, or a method taken from its class.
    Function(FunctionRef<'f>),
    /// A method taken from an object.
    Method(FunctionRef<'f>, ClassRef<'f>),
    /// Something that comes from outside the target, by its full name: `threading.Thread`.
    External(String),
    /// What calling that gives: an object of that class, or the function's result.
    ExternalInstance(String),
    /// `None`.
    None,
    /// It could be anything; why.
    Unknown(String),
}

/// A module of the target, compared by its file.
#[derive(Clone, Copy)]
pub struct ModuleRef<'f>(pub &'f ParsedFile);

/// All that a value can be. Empty when nothing gives it a value.
pub type Types<'f> = Vec<Type<'f>>;

impl ClassRef<'_> {
    /// Its plain name.
    pub fn name(&self) -> &str {
        self.node.name.as_str()
    }

    /// Its dotted name in its file.
    pub fn qualified_name(&self) -> String {
        let symbol = self.file.symbols().innermost(self.node.range());
        symbol.map_or_else(|| self.name().to_owned(), |symbol| symbol.name.clone())
    }
}

impl fmt::Debug for ClassRef<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.file.path(), self.qualified_name())
    }
}

impl fmt::Debug for FunctionRef<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.file.path(), self.qualified_name())
    }
}

impl fmt::Debug for ModuleRef<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0.path())
    }
}

impl PartialEq for ClassRef<'_> {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.node, other.node)
    }
}
impl Eq for ClassRef<'_> {}
impl Hash for ClassRef<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        address(self.node).hash(state);
    }
}

impl<'f> FunctionRef<'f> {
    /// Its dotted name in its file.
    pub fn qualified_name(&self) -> String {
        let symbol = self.file.symbols().innermost(self.node.range());
        symbol.map_or_else(|| self.node.name.as_str().to_owned(), |symbol| symbol.name.clone())
    }

    /// The class that it is a method of.
    pub fn class_ref(&self) -> Option<ClassRef<'f>> {
        self.class.map(|node| ClassRef { file: self.file, node })
    }

    /// The place that names it: the definition's first line without decorators.
    pub fn heading(&self) -> TextRange {
        self.node.name.range
    }

    /// Whether it gets a class where others get an object: Python makes class methods of some
    /// names without being asked.
    pub fn is_class_method(&self) -> bool {
        self.has_decorator("classmethod")
            || matches!(self.node.name.as_str(), "__init_subclass__" | "__class_getitem__")
    }

    /// Whether a decorator of this name, from `functools`, `abc`, the builtins and the like,
    /// stands on it.
    pub fn has_decorator(&self, name: &str) -> bool {
        self.node.decorator_list.iter().any(|decorator| {
            dotted_name(callee_or_self(&decorator.expression))
                .is_some_and(|dotted| dotted == name || dotted.ends_with(&format!(".{name}")))
        })
    }
}

impl PartialEq for FunctionRef<'_> {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.node, other.node)
    }
}
impl Eq for FunctionRef<'_> {}
impl Hash for FunctionRef<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        address(self.node).hash(state);
    }
}

impl PartialEq for ModuleRef<'_> {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.0, other.0)
    }
}
impl Eq for ModuleRef<'_> {}
impl Hash for ModuleRef<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        address(self.0).hash(state);
    }
}

/// The functions that a call can run.
#[derive(Clone, Debug, Default)]
pub struct Callees<'f> {
    /// Functions of the target, and for methods the class of the object.
    pub functions: Vec<(FunctionRef<'f>, Option<ClassRef<'f>>)>,
    /// Classes of the target whose constructor is called.
    pub classes: Vec<ClassRef<'f>>,
    /// Functions and classes from outside, by full name.
    pub external: Vec<String>,
    /// Why there may be others.
    pub unresolved: Vec<String>,
}

/// `a.b.c` when the expression is only names and dots.
pub fn dotted_name(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Name(name) => Some(name.id.as_str().to_owned()),
        Expr::Attribute(attribute) => {
            let mut name = dotted_name(&attribute.value)?;
            name.push('.');
            name.push_str(attribute.attr.as_str());
            Some(name)
        }
        _ => None,
    }
}

fn callee_or_self(expr: &Expr) -> &Expr {
    match expr {
        Expr::Call(call) => &call.func,
        _ => expr,
    }
}

/// Questions that are being answered, so that a value that depends on itself adds nothing.
#[derive(Default)]
pub(super) struct Trail {
    open: Vec<(usize, usize)>,
    /// How many questions were asked on the way.
    asked: usize,
}

/// Deep enough for real code; a deeper chain is said to be unresolved.
const DEPTH: usize = 48;
/// Where variables are made of one another in a loop, there are more ways to go round than anybody can
/// follow.
const MOST_ASKED: usize = 10_000;
/// Modules whose `__all__` is made of that of others, one after another.
const MOST_EXPORTERS: usize = 16;

impl Trail {
    fn enter(&mut self, key: (usize, usize)) -> Entered {
        if self.open.contains(&key) {
            return Entered::Again;
        }
        if self.open.len() >= DEPTH || self.asked >= MOST_ASKED {
            return Entered::TooDeep;
        }
        self.asked += 1;
        self.open.push(key);
        Entered::Yes
    }

    fn leave(&mut self) {
        self.open.pop();
    }
}

enum Entered {
    Yes,
    Again,
    TooDeep,
}

impl<'f> Project<'f> {
    /// What an expression's value can be.
    pub fn infer(&self, scope: &Scope<'f>, expr: &'f Expr) -> Types<'f> {
        self.infer_in(scope, expr, &mut Trail::default())
    }

    /// What a dotted name means at module level of a file, or in a scope.
    pub fn resolve_dotted(&self, scope: &Scope<'f>, dotted: &str) -> Types<'f> {
        self.dotted_in(scope, dotted, &mut Trail::default())
    }

    /// What `object.name` can be.
    pub fn member(&self, object: &Type<'f>, name: &str) -> Types<'f> {
        self.member_in(object, name, &mut Trail::default())
    }

    /// What a call can run.
    pub fn resolve_call(&self, scope: &Scope<'f>, call: &'f ExprCall) -> Callees<'f> {
        self.callees(self.infer(scope, &call.func))
    }

    /// What calling a value of these types can run.
    pub fn callees(&self, types: Types<'f>) -> Callees<'f> {
        let mut callees = Callees::default();
        if types.is_empty() {
            callees.unresolved.push("nothing gives it a value".to_owned());
        }
        for ty in types {
            match ty {
                Type::Function(function) => callees.functions.push((function, None)),
                Type::Method(function, class) => callees.functions.push((function, Some(class))),
                Type::Class(class) => callees.classes.push(class),
                Type::External(name) => callees.external.push(name),
                Type::Instance(class) => match self.method(class, "__call__") {
                    Ok(functions) if !functions.is_empty() => callees
                        .functions
                        .extend(functions.into_iter().map(|function| (function, Some(class)))),
                    _ => callees.unresolved.push(format!("what calling a `{}` does", class.name())),
                },
                Type::ExternalInstance(name) => {
                    callees.unresolved.push(format!("what calling a `{name}` does"));
                }
                Type::Module(_) | Type::Namespace(_) => {
                    callees.unresolved.push("a module is called".to_owned());
                }
                // Calling `None` raises; it runs nothing.
                Type::None => {}
                Type::Unknown(why) => callees.unresolved.push(why),
            }
        }
        callees
    }

    pub(super) fn infer_in(&self, scope: &Scope<'f>, expr: &'f Expr, trail: &mut Trail) -> Types<'f> {
        let receiver = scope.receiver.map_or(0, |class| address(class.node));
        match trail.enter((address(expr), receiver)) {
            Entered::Yes => {}
            Entered::Again => return Vec::new(),
            Entered::TooDeep => return unknown("the chain of definitions is too long"),
        }
        let mut types = self.infer_expression(scope, expr, trail);
        trail.leave();
        unique(&mut types);
        types
    }

    /// Resolves something unless it is being resolved already.
    pub(super) fn once(
        &self,
        expr: &'f Expr,
        trail: &mut Trail,
        resolve: impl FnOnce(&Self, &mut Trail) -> Types<'f>,
    ) -> Types<'f> {
        match trail.enter((address(expr), 0)) {
            Entered::Yes => {}
            Entered::Again => return Vec::new(),
            Entered::TooDeep => return unknown("the chain of definitions is too long"),
        }
        let types = resolve(self, trail);
        trail.leave();
        types
    }

    fn infer_expression(&self, scope: &Scope<'f>, expr: &'f Expr, trail: &mut Trail) -> Types<'f> {
        let builtin = |name: &str| vec![Type::ExternalInstance(format!("builtins.{name}"))];
        match expr {
            Expr::Name(name) => self.name_in(scope, name.id.as_str(), Some(name.start()), trail),
            Expr::Attribute(attribute) => {
                let mut types = Vec::new();
                for object in self.infer_in(scope, &attribute.value, trail) {
                    match object {
                        // An attribute of `None` raises; it has no value.
                        Type::None => {}
                        object => types.extend(self.member_in(&object, attribute.attr.as_str(), trail)),
                    }
                }
                types
            }
            Expr::Call(call) => self.call_result(scope, call, trail),
            Expr::Await(node) => match node.value.as_ref() {
                Expr::Call(call) => self.awaited_call(scope, call, trail),
                _ => unknown("what is awaited is not a call"),
            },
            Expr::If(node) => {
                let mut types = self.infer_in(scope, &node.body, trail);
                types.extend(self.infer_in(scope, &node.orelse, trail));
                types
            }
            Expr::BoolOp(node) => {
                let mut types = Vec::new();
                for value in &node.values {
                    types.extend(self.infer_in(scope, value, trail));
                }
                types
            }
            Expr::Named(node) => self.infer_in(scope, &node.value, trail),
            Expr::NoneLiteral(_) => vec![Type::None],
            Expr::BooleanLiteral(_) | Expr::Compare(_) => builtin("bool"),
            Expr::NumberLiteral(number) => match number.value {
                ast::Number::Int(_) => builtin("int"),
                ast::Number::Float(_) => builtin("float"),
                ast::Number::Complex { .. } => builtin("complex"),
            },
            Expr::StringLiteral(_) | Expr::FString(_) => builtin("str"),
            Expr::BytesLiteral(_) => builtin("bytes"),
            Expr::List(_) | Expr::ListComp(_) => builtin("list"),
            Expr::Tuple(_) => builtin("tuple"),
            Expr::Dict(_) | Expr::DictComp(_) => builtin("dict"),
            Expr::Set(_) | Expr::SetComp(_) => builtin("set"),
            Expr::Generator(_) => builtin("generator"),
            Expr::UnaryOp(node) if node.op == ast::UnaryOp::Not => builtin("bool"),
            Expr::UnaryOp(node) => self.infer_in(scope, &node.operand, trail),
            Expr::Lambda(_) => unknown("a lambda"),
            Expr::Subscript(node) => {
                // `Queue[int]()` is a `Queue`; what a container holds is not known.
                let generic: Types = self
                    .infer_in(scope, &node.value, trail)
                    .into_iter()
                    .filter(|ty| matches!(ty, Type::Class(_) | Type::External(_)))
                    .collect();
                if generic.is_empty() { unknown("an element of a container") } else { generic }
            }
            Expr::BinOp(_) => unknown("the result of an operator"),
            Expr::Yield(_) | Expr::YieldFrom(_) => unknown("what is sent into a generator"),
            Expr::TString(_)
            | Expr::EllipsisLiteral(_)
            | Expr::Starred(_)
            | Expr::Slice(_)
            | Expr::IpyEscapeCommand(_) => unknown("an expression that is not followed"),
        }
    }

    fn name_in(
        &self,
        scope: &Scope<'f>,
        name: &str,
        place: Option<TextSize>,
        trail: &mut Trail,
    ) -> Types<'f> {
        match self.lookup(scope, name, place) {
            Some((depth, bindings)) => {
                let outer = scope.outer(depth);
                self.bindings_types(&outer, &bindings, trail)
            }
            None => self.star_or_builtin(scope.file, name, trail),
        }
    }

    /// What bindings of a scope give; `scope` ends with the scope that has them.
    fn bindings_types(&self, scope: &Scope<'f>, bindings: &[Binding<'f>], trail: &mut Trail) -> Types<'f> {
        let mut types = Vec::new();
        for binding in bindings {
            types.extend(self.binding_types(scope, binding, trail));
        }
        types
    }

    pub(super) fn binding_types(
        &self,
        scope: &Scope<'f>,
        binding: &Binding<'f>,
        trail: &mut Trail,
    ) -> Types<'f> {
        match binding.kind {
            BindingKind::Import { module, renamed } => {
                let name = if renamed { module } else { module.split('.').next().unwrap_or(module) };
                vec![self.module_type(name, scope.file)]
            }
            BindingKind::ImportFrom { from, name } => self.imported(scope.file, from, name, trail),
            BindingKind::Function(node) => {
                let class = match scope.frames.last() {
                    Some(Frame::Class(class)) => Some(*class),
                    _ => None,
                };
                vec![Type::Function(FunctionRef { file: scope.file, node, class })]
            }
            BindingKind::Class(node) => vec![Type::Class(ClassRef { file: scope.file, node })],
            BindingKind::Value(value) => self.infer_in(scope, value, trail),
            BindingKind::Annotated(annotation, value) => self.annotated(scope, annotation, value, trail),
            BindingKind::Augmented(_) => Vec::new(),
            BindingKind::Iterated(_) => unknown("an element of what is iterated over"),
            BindingKind::Entered(value) => self.entered(scope, value, trail),
            BindingKind::Parameter(parameter, default, position) => {
                self.parameter(scope, parameter, default, position, trail)
            }
            BindingKind::Other => unknown("a name that is bound by unpacking or by an exception"),
        }
    }

    /// Both what is declared and what is stored: a value that is followed counts more than a
    /// declaration, and a declaration more than a value that is not.
    pub(super) fn annotated(
        &self,
        scope: &Scope<'f>,
        annotation: &'f Expr,
        value: Option<&'f Expr>,
        trail: &mut Trail,
    ) -> Types<'f> {
        let declared = self.annotation_in(scope, annotation, trail);
        let Some(value) = value else { return declared };
        let stored = self.infer_in(scope, value, trail);
        let known = !stored.iter().any(|ty| matches!(ty, Type::Unknown(_)));
        // `x: Optional[T] = None` says nothing about what comes later; the declaration does.
        let only_none = stored.iter().all(|ty| *ty == Type::None);
        if known && !only_none {
            return stored;
        }
        let mut types = declared;
        types.extend(stored.into_iter().filter(|ty| !matches!(ty, Type::Unknown(_))));
        types
    }

    fn parameter(
        &self,
        scope: &Scope<'f>,
        parameter: &'f ast::Parameter,
        default: Option<&'f Expr>,
        position: Option<usize>,
        trail: &mut Trail,
    ) -> Types<'f> {
        if position == Some(0)
            && let Some(object) = self.bound_parameter(scope)
        {
            return vec![object];
        }
        // Annotations and defaults are evaluated outside the function.
        let outside = scope.outer(scope.frames.len().saturating_sub(1));
        match &parameter.annotation {
            Some(annotation) => {
                let mut types = self.annotation_in(&outside, annotation, trail);
                if default.is_some_and(Expr::is_none_literal_expr) {
                    types.push(Type::None);
                }
                types
            }
            None => unknown(&format!("the parameter `{}` can be anything", parameter.name)),
        }
    }

    /// What the first parameter of the innermost function is, when that function is a method:
    /// an object of the class, or the class itself.
    fn bound_parameter(&self, scope: &Scope<'f>) -> Option<Type<'f>> {
        let mut frames = scope.frames.iter().rev();
        let (Some(Frame::Function(function)), Some(Frame::Class(class))) = (frames.next(), frames.next())
        else {
            return None;
        };
        let method = FunctionRef { file: scope.file, node: function, class: Some(class) };
        if method.has_decorator("staticmethod") {
            return None;
        }
        let class = scope.receiver.unwrap_or(ClassRef { file: scope.file, node: class });
        let of_class = method.is_class_method() || function.name.as_str() == "__new__";
        Some(if of_class { Type::Class(class) } else { Type::Instance(class) })
    }

    fn entered(&self, scope: &Scope<'f>, value: &'f Expr, trail: &mut Trail) -> Types<'f> {
        let mut types = Vec::new();
        for ty in self.infer_in(scope, value, trail) {
            match ty {
                Type::Instance(class) => match self.method(class, "__enter__") {
                    Ok(functions) if !functions.is_empty() => {
                        for function in functions {
                            types.extend(self.returned(function, Some(class), trail));
                        }
                    }
                    _ => types.extend(unknown("what entering a context gives")),
                },
                // The library's own files, locks, executors and sockets give themselves.
                Type::ExternalInstance(name) if facts::enters_as_itself(&name) => {
                    types.push(Type::ExternalInstance(name));
                }
                _ => types.extend(unknown("what entering a context gives")),
            }
        }
        types
    }

    fn module_type(&self, name: &str, importer: &'f ParsedFile) -> Type<'f> {
        found_type(name, self.module(name, importer))
    }

    fn imported(
        &self,
        importer: &'f ParsedFile,
        from: &'f ast::StmtImportFrom,
        name: &str,
        trail: &mut Trail,
    ) -> Types<'f> {
        let module = from.module.as_ref().map(|module| module.as_str());
        if from.level == 0 {
            let Some(module) = module else { return unknown("an import without a module") };
            match self.module_type(module, importer) {
                Type::External(module) => vec![Type::External(format!("{module}.{name}"))],
                found => self.member_in(&found, name, trail),
            }
        } else {
            let found = found_type("", self.relative_module(importer, from.level, module));
            self.member_in(&found, name, trail)
        }
    }

    /// A module's name as others see it: what it binds, what it imports, its submodules.
    fn module_member(&self, module: &'f ParsedFile, name: &str, trail: &mut Trail) -> Types<'f> {
        let bindings = self.module_bindings(module);
        let bound = bindings.last(name);
        if !bound.is_empty() {
            let key = bound.first().map_or(0, |binding| usize::from(binding.range.start()));
            // Two modules that import a name from each other define it nowhere.
            match trail.enter((address(module), key + 1)) {
                Entered::Yes => {}
                // `from . import name` in a package means the submodule when nothing else does.
                Entered::Again => return self.submodule(module, name).into_iter().collect(),
                Entered::TooDeep => return unknown("the chain of imports is too long"),
            }
            let types = self.bindings_types(&Scope::module(module), &bound, trail);
            trail.leave();
            return types;
        }
        if let Some(submodule) = self.submodule(module, name) {
            return vec![submodule];
        }
        match bindings.last("__getattr__").as_slice() {
            [] => {}
            _ => return unknown("the module computes its names in `__getattr__`"),
        }
        let mut types = self.star_or_builtin(module, name, trail);
        // Builtins are not members of a module.
        if types.iter().any(|ty| matches!(ty, Type::External(name) if name.starts_with("builtins."))) {
            types = unknown(&format!("`{}` does not define `{name}`", module.path()));
        }
        types
    }

    /// Whether a package has a module of this name, which importing it makes one of its names.
    pub fn has_submodule(&self, package: &'f ParsedFile, name: &str) -> bool {
        self.submodule(package, name).is_some()
    }

    fn submodule(&self, package: &'f ParsedFile, name: &str) -> Option<Type<'f>> {
        if package.path().file_name() != "__init__.py" {
            return None;
        }
        match self.relative_module(package, 1, Some(name)) {
            FoundModule::Here(module) => Some(found_type(name, FoundModule::Here(module))),
            FoundModule::External | FoundModule::Missing(_) => None,
        }
    }

    pub(super) fn member_in(&self, object: &Type<'f>, name: &str, trail: &mut Trail) -> Types<'f> {
        match object {
            Type::Module(module) => self.module_member(module.0, name, trail),
            Type::Namespace(directories) => {
                vec![found_type(name, self.namespace_member(directories, name))]
            }
            Type::Class(class) => self.class_member(*class, None, name, trail),
            Type::Instance(class) => self.instance_member(*class, name, trail),
            Type::External(outside) => vec![Type::External(format!("{outside}.{name}"))],
            Type::ExternalInstance(outside) => {
                vec![Type::External(format!("{outside}().{name}"))]
            }
            Type::Function(_) | Type::Method(_, _) => unknown("an attribute of a function"),
            Type::None => Vec::new(),
            Type::Unknown(why) => unknown(why),
        }
    }

    fn call_result(&self, scope: &Scope<'f>, call: &'f ExprCall, trail: &mut Trail) -> Types<'f> {
        if let Some(object) = self.super_object(scope, call, trail) {
            return object;
        }
        let callees = self.infer_in(scope, &call.func, trail);
        if let Some(made) = self.made_by_new(scope, call, &callees, trail) {
            return made;
        }
        let mut types = Vec::new();
        for callee in callees {
            match callee {
                Type::Class(class) => {
                    types.push(Type::Instance(class));
                    // `__new__` may well make something else.
                    if let Some(maker) = self.own_or_inherited(class, "__new__") {
                        let made = self.returned(maker, Some(class), trail);
                        types.extend(made.into_iter().filter(|ty| matches!(ty, Type::Instance(_))));
                    }
                }
                Type::External(name) if name == "typing.cast" || name == "typing_extensions.cast" => {
                    match call.arguments.args.first() {
                        Some(annotation) => types.extend(self.annotation_in(scope, annotation, trail)),
                        None => types.extend(unknown("a cast to nothing")),
                    }
                }
                Type::External(name) if name == "builtins.getattr" => {
                    types.extend(self.getattr(scope, call, trail));
                }
                Type::External(name) => match self.known_result(scope, &name, call, trail) {
                    Some(known) => types.extend(known),
                    None => types.push(Type::ExternalInstance(name)),
                },
                Type::Function(function) => types.extend(self.call_value(function, None, trail)),
                Type::Method(function, class) => {
                    types.extend(self.call_value(function, Some(class), trail));
                }
                Type::Instance(class) => match self.method(class, "__call__") {
                    Ok(functions) if !functions.is_empty() => {
                        for function in functions {
                            types.extend(self.call_value(function, Some(class), trail));
                        }
                    }
                    _ => types.extend(unknown("the result of calling an object")),
                },
                Type::ExternalInstance(_) => types.extend(unknown("the result of calling an object")),
                Type::Module(_) | Type::Namespace(_) => types.extend(unknown("a module is called")),
                Type::None => {}
                Type::Unknown(why) => types.push(Type::Unknown(why)),
            }
        }
        types
    }

    /// `getattr(object, "name")` with a literal name.
    fn getattr(&self, scope: &Scope<'f>, call: &'f ExprCall, trail: &mut Trail) -> Types<'f> {
        let [object, Expr::StringLiteral(name), rest @ ..] = call.arguments.args.as_ref() else {
            return unknown("an attribute whose name is computed");
        };
        let mut types = Vec::new();
        for object in self.infer_in(scope, object, trail) {
            types.extend(self.member_in(&object, name.value.to_str(), trail));
        }
        if let Some(default) = rest.first() {
            types.extend(self.infer_in(scope, default, trail));
        }
        types
    }

    /// What some functions of the language give: `type(object)` is its class, a copy what was
    /// copied, and a module that is loaded by a name that module. `__import__("a.b")` is the package
    /// `a`.
    fn known_result(
        &self,
        scope: &Scope<'f>,
        function: &str,
        call: &'f ExprCall,
        trail: &mut Trail,
    ) -> Option<Types<'f>> {
        let [argument] = call.arguments.args.as_ref() else { return None };
        match (function, argument) {
            ("builtins.type", object) => {
                let objects = self.infer_in(scope, object, trail);
                let classes = objects.iter().map(|ty| match ty {
                    Type::Instance(class) => Some(Type::Class(*class)),
                    _ => None,
                });
                classes.collect::<Option<Types<'f>>>().filter(|classes| !classes.is_empty())
            }
            ("copy.copy" | "copy.deepcopy" | "dataclasses.replace", object) => {
                let objects = self.infer_in(scope, object, trail);
                let all_known = objects.iter().all(|ty| matches!(ty, Type::Instance(_)));
                (all_known && !objects.is_empty()).then_some(objects)
            }
            ("importlib.import_module" | "builtins.__import__", Expr::StringLiteral(name)) => {
                let name = name.value.to_str();
                let loaded = match function {
                    "importlib.import_module" => name,
                    _ => name.split('.').next().unwrap_or(name),
                };
                let is_absolute =
                    !loaded.is_empty() && !loaded.starts_with('.') && call.arguments.keywords.is_empty();
                is_absolute.then(|| vec![self.module_type(loaded, scope.file)])
            }
            _ => None,
        }
    }

    /// `super().__new__(cls)`, `object.__new__(cls)`: an object of that class, when it is no
    /// `__new__` of the target that makes it.
    fn made_by_new(
        &self,
        scope: &Scope<'f>,
        call: &'f ExprCall,
        callees: &[Type<'f>],
        trail: &mut Trail,
    ) -> Option<Types<'f>> {
        let Expr::Attribute(function) = call.func.as_ref() else { return None };
        if function.attr.as_str() != "__new__" {
            return None;
        }
        let is_of_target = |ty: &Type| matches!(ty, Type::Function(_) | Type::Method(..));
        if callees.iter().any(is_of_target) {
            return None;
        }
        let mut made = Vec::new();
        for ty in self.infer_in(scope, call.arguments.args.first()?, trail) {
            let Type::Class(class) = ty else { return None };
            made.push(Type::Instance(class));
        }
        (!made.is_empty()).then_some(made)
    }

    /// `super()`, `super(Class, self)`: the object seen from behind a class. It is given as an
    /// object of the first base that is known.
    fn super_object(&self, scope: &Scope<'f>, call: &'f ExprCall, trail: &mut Trail) -> Option<Types<'f>> {
        let Expr::Name(name) = call.func.as_ref() else { return None };
        if name.id.as_str() != "super" || !call.arguments.keywords.is_empty() {
            return None;
        }
        let (class, receiver) = match call.arguments.args.as_ref() {
            [] => {
                let class = scope.class()?;
                (class, scope.receiver.unwrap_or(class))
            }
            [class, object] => {
                let class = self.infer_in(scope, class, trail);
                let object = self.infer_in(scope, object, trail);
                match (class.as_slice(), object.as_slice()) {
                    ([Type::Class(class)], [Type::Instance(receiver) | Type::Class(receiver)]) => {
                        (*class, *receiver)
                    }
                    _ => return None,
                }
            }
            _ => return None,
        };
        let mut types = Vec::new();
        for linearisation in self.linearisations(receiver).iter() {
            let after = linearisation
                .ancestors
                .iter()
                .position(|ancestor| *ancestor == super::Ancestor::Class(class));
            let next = after.and_then(|index| linearisation.ancestors.get(index + 1));
            types.push(match next {
                Some(super::Ancestor::Class(base)) => Type::Instance(*base),
                Some(super::Ancestor::External(name)) => Type::ExternalInstance(name.clone()),
                Some(super::Ancestor::Unresolved(why)) => Type::Unknown(why.clone()),
                None => Type::ExternalInstance("builtins.object".to_owned()),
            });
        }
        unique(&mut types);
        Some(types)
    }

    /// What the expression `function(...)` is: for a coroutine function not yet its result.
    fn call_value(
        &self,
        function: FunctionRef<'f>,
        receiver: Option<ClassRef<'f>>,
        trail: &mut Trail,
    ) -> Types<'f> {
        if let Some(decorator) = self.opaque_decorator(function) {
            return unknown(&decorator);
        }
        if function.has_decorator("contextmanager") {
            return unknown("what a context manager gives");
        }
        if function.node.is_async {
            return vec![Type::ExternalInstance("types.CoroutineType".to_owned())];
        }
        self.returned(function, receiver, trail)
    }

    fn awaited_call(&self, scope: &Scope<'f>, call: &'f ExprCall, trail: &mut Trail) -> Types<'f> {
        let callees = self.callees(self.infer_in(scope, &call.func, trail));
        let mut types: Types = callees.unresolved.into_iter().map(Type::Unknown).collect();
        for (function, receiver) in callees.functions {
            if function.node.is_async && self.opaque_decorator(function).is_none() {
                types.extend(self.returned(function, receiver, trail));
            } else {
                types.extend(unknown("what an awaited function gives"));
            }
        }
        for name in callees.external {
            types.push(Type::ExternalInstance(name));
        }
        if !callees.classes.is_empty() {
            types.extend(unknown("what an awaited object gives"));
        }
        types
    }

    /// What a function returns when its body runs to the end.
    pub(super) fn returned(
        &self,
        function: FunctionRef<'f>,
        receiver: Option<ClassRef<'f>>,
        trail: &mut Trail,
    ) -> Types<'f> {
        let receiver_key = receiver.map_or(0, |class| address(class.node));
        match trail.enter((address(function.node), receiver_key)) {
            Entered::Yes => {}
            Entered::Again => return Vec::new(),
            Entered::TooDeep => return unknown("the chain of calls is too long"),
        }
        let mut scope = Scope::inside(function.file, function.node);
        scope.receiver = receiver;
        let mut returns = Returns::default();
        crate::python::visitor::Visitor::visit_body(&mut returns, &function.node.body);
        let mut types = Vec::new();
        if returns.yields {
            types.extend(unknown("what a generator gives"));
        } else {
            for value in &returns.values {
                match value {
                    Some(value) => types.extend(self.infer_in(&scope, value, trail)),
                    None => types.push(Type::None),
                }
            }
            if returns.values.is_empty() {
                types.extend(match is_to_be_overridden(function) {
                    true => unknown("what overrides the function gives something"),
                    false => vec![Type::None],
                });
            }
        }
        let followed = !types.iter().any(|ty| matches!(ty, Type::Unknown(_)));
        if !followed && let Some(annotation) = &function.node.returns {
            let outside = scope.outer(scope.frames.len().saturating_sub(1));
            types = self.annotation_in(&outside, annotation, trail);
        }
        trail.leave();
        unique(&mut types);
        types
    }

    pub(super) fn dotted_in(&self, scope: &Scope<'f>, dotted: &str, trail: &mut Trail) -> Types<'f> {
        let mut parts = dotted.split('.');
        let Some(first) = parts.next() else { return Vec::new() };
        let mut types = self.name_in(scope, first, None, trail);
        for part in parts {
            types = types.iter().flat_map(|object| self.member_in(object, part, trail)).collect();
        }
        unique(&mut types);
        types
    }

    /// The decorator that may make something else of a function, in words.
    pub fn opaque_decorator(&self, function: FunctionRef<'f>) -> Option<String> {
        let (_, name) = self.opaque_decorators(function).into_iter().next()?;
        Some(format!("the decorator `@{name}` may replace the function"))
    }

    /// The decorator that may give a function other parameters, or another kind of result. A cache
    /// gives neither.
    pub fn opaque_to_callers(&self, function: FunctionRef<'f>) -> Option<String> {
        let mut scope = Scope::at(function.file, function.node.name.range);
        scope.frames.pop();
        let is_cache = |decorator: &'f Expr| {
            let types = self.infer(&scope, callee_or_self(decorator));
            types.iter().all(|ty| matches!(ty, Type::External(name) if facts::is_cache(name)))
        };
        let opaque = self.opaque_decorators(function);
        let (_, name) = opaque.into_iter().find(|(decorator, _)| !is_cache(decorator))?;
        Some(format!("the decorator `@{name}` may replace the function"))
    }

    /// The decorators that may make something else of a function, with their names.
    pub fn opaque_decorators(&self, function: FunctionRef<'f>) -> Vec<(&'f Expr, String)> {
        let node: &'f ast::StmtFunctionDef = function.node;
        let mut opaque = Vec::new();
        let mut scope = Scope::at(function.file, function.node.name.range);
        scope.frames.pop();
        for decorator in &node.decorator_list {
            let expression = callee_or_self(&decorator.expression);
            let name = dotted_name(expression).unwrap_or_else(|| "…".to_owned());
            // `@x.setter` belongs to the property `x`.
            let last = name.rsplit('.').next().unwrap_or(&name);
            if name.contains('.') && matches!(last, "setter" | "getter" | "deleter") {
                continue;
            }
            let harmless = self.infer(&scope, expression).iter().all(|ty| match ty {
                Type::External(name) => facts::is_harmless_decorator(name),
                _ => false,
            });
            if !harmless {
                opaque.push((&decorator.expression, name));
            }
        }
        opaque
    }
}

fn found_type<'f>(name: &str, found: FoundModule<'f>) -> Type<'f> {
    match found {
        FoundModule::Here(super::Module::File(file)) => Type::Module(ModuleRef(file)),
        FoundModule::Here(super::Module::Namespace(directories)) => Type::Namespace(directories),
        FoundModule::External => Type::External(name.to_owned()),
        FoundModule::Missing(why) => Type::Unknown(why),
    }
}

pub(super) fn unknown<'f>(why: &str) -> Types<'f> {
    vec![Type::Unknown(why.to_owned())]
}

#[expect(clippy::mutable_key_type, reason = "only addresses of trees are hashed, never what is in them")]
pub(super) fn unique(types: &mut Types<'_>) {
    if types.len() > 1 {
        let mut seen = HashSet::new();
        types.retain(|ty| seen.insert(ty.clone()));
    }
}

/// Whether a function is there to be overridden: it is declared to be abstract, does nothing but
/// to say that it is not implemented, or is a method that does nothing at all.
fn is_to_be_overridden(function: FunctionRef) -> bool {
    let says_so =
        |raised: &Expr| dotted_name(callee_or_self(raised)).is_some_and(|name| name == "NotImplementedError");
    let is_nothing = |stmt: &Stmt| {
        matches!(stmt, Stmt::Pass(_))
            || matches!(stmt, Stmt::Expr(node) if node.value.is_string_literal_expr() || node.value.is_ellipsis_literal_expr())
    };
    function.has_decorator("abstractmethod")
        || function.class.is_some() && function.node.body.iter().all(is_nothing)
        || matches!(function.node.body.last(), Some(Stmt::Raise(raise)) if raise.exc.as_deref().is_some_and(says_so))
}

/// The values that a function's own `return` statements give.
#[derive(Default)]
struct Returns<'f> {
    values: Vec<Option<&'f Expr>>,
    yields: bool,
}

impl<'f> crate::python::visitor::Visitor<'f> for Returns<'f> {
    fn visit_stmt(&mut self, stmt: &'f Stmt) {
        match stmt {
            Stmt::FunctionDef(_) | Stmt::ClassDef(_) => {}
            Stmt::Return(node) => {
                self.values.push(node.value.as_deref());
                crate::python::visitor::walk_stmt(self, stmt);
            }
            _ => crate::python::visitor::walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, expr: &'f Expr) {
        match expr {
            Expr::Yield(_) | Expr::YieldFrom(_) => self.yields = true,
            Expr::Lambda(_) => {}
            _ => crate::python::visitor::walk_expr(self, expr),
        }
    }
}
