//! What refers to a definition.

use super::Definition;
use super::places::{Place, Places};
use crate::python::ast::{self, Expr, Stmt};
use crate::python::literal::literal_start;
use crate::python::project::{
    Ancestor, Binding, BindingKind, ClassRef, Frame, FunctionRef, Project, Scope, Type, facts,
};
use crate::python::visitor::{self, Visitor};
use crate::python::{ParsedFile, Ranged, TextRange};
use crate::target::RelativePath;

/// One place that refers to a definition, or may.
pub(super) enum Reference {
    /// It is called there.
    Call(TextRange),
    /// It is named there; harmless where naming it cannot lead to a call: annotations,
    /// `isinstance`, `except`.
    Mention { range: TextRange, harmless: bool },
    /// `__all__` lists it: for code outside of the target, and for `import *`, which is followed.
    Listed(TextRange),
    /// It may be meant; why that is not known.
    Doubt(TextRange, String),
}

/// All places of a file that refer to a definition or may, by the names that modules have for it.
pub(super) fn references<'p, 'f>(
    definition: Definition<'f>,
    names: &[&'f str],
    places: &'p Places<'f>,
    project: &'p Project<'f>,
) -> impl Iterator<Item = Reference> + use<'p, 'f> {
    let judge = Judge { definition, project, file: places.file() };
    places.of(names).filter_map(move |place| judge.reference(place))
}

/// Further names under which modules give a definition on: `from .core import Thing as Public`.
pub(super) fn other_names<'f>(
    definition: Definition<'f>,
    known: &[&'f str],
    files: &[RelativePath],
    project: &Project<'f>,
) -> Vec<&'f str> {
    let mut found: Vec<&'f str> = Vec::new();
    if matches!(definition, Definition::Function(function) if function.class.is_some()) {
        return found;
    }
    for path in files {
        let Ok(file) = project.file(path) else { continue };
        let renames = project.renames(file);
        for alias in known.iter().filter_map(|name| renames.get(name)).flatten().copied() {
            let may_be_it = |ty: &Type<'f>| match (ty, definition) {
                (Type::Function(function), Definition::Function(own)) => *function == own,
                (Type::Class(class), Definition::Class(own)) => *class == own,
                (ty, _) => matches!(ty, Type::Unknown(_)),
            };
            if !known.contains(&alias)
                && !found.contains(&alias)
                && project.resolve_dotted(&Scope::module(file), alias).iter().any(may_be_it)
            {
                found.push(alias);
            }
        }
    }
    found.sort_unstable();
    found
}

/// Why a name that is computed may be the definition's: in its own file, in files that load
/// modules by name, and for methods in files that know the class.
pub(super) fn computed<'f>(
    definition: Definition<'f>,
    class: Option<ClassRef<'f>>,
    project: &Project<'f>,
) -> Option<String> {
    let name = definition.name();
    let mut paths = vec![definition.file().path().clone()];
    let file_name = definition.file().path().file_name();
    let module = file_name.strip_suffix(".py").unwrap_or(file_name);
    for word in ["import_module", "__import__", module] {
        paths.extend(project.mentioning(word).iter().cloned());
    }
    if let (Definition::Function(_), Some(class)) = (definition, class) {
        paths.extend(project.mentioning(class.name()).iter().cloned());
    }
    paths.sort();
    paths.dedup();
    for path in paths {
        let Ok(file) = project.file(&path) else { continue };
        let mut lookups = Computed { name, found: None, handed_on: None, definition, class, project, file };
        lookups.visit_body(&file.source().module().body);
        if let Some(range) = lookups.found {
            let line = file.source().line(range.start());
            return Some(format!("`{path}:{line}` looks up names that are computed"));
        }
    }
    None
}

/// Tells what the places of a file that have a definition's name mean.
struct Judge<'r, 'f> {
    definition: Definition<'f>,
    project: &'r Project<'f>,
    file: &'f ParsedFile,
}

/// What a use of the name turns out to be.
enum Meant {
    This,
    Other,
    Unknown(String),
}

impl<'f> Judge<'_, 'f> {
    fn is_inside(&self, range: TextRange) -> bool {
        let own = match self.definition {
            Definition::Function(function) => function.node.range(),
            Definition::Class(class) => class.node.range(),
        };
        std::ptr::eq(self.file, self.definition.file()) && own.contains_range(range)
    }

    fn meant(&self, place: &Place<'f>) -> Meant {
        let (expr, scope) = (place.expr, place.scope(self.file));
        if let (Definition::Function(own), Expr::Attribute(attribute)) = (self.definition, expr)
            && own.class.is_some()
            && is_property(own)
        {
            return self.property(own, attribute, &scope);
        }
        let mut unknown = None;
        let types = self.project.infer(&scope, expr);
        if types.is_empty()
            && let Expr::Attribute(attribute) = expr
            && is_none(&self.project.infer(&scope, &attribute.value))
        {
            return Meant::Unknown(ONLY_NONE.to_owned());
        }
        for ty in types {
            match (ty, self.definition) {
                (Type::Function(function) | Type::Method(function, _), Definition::Function(own))
                    if function == own =>
                {
                    return Meant::This;
                }
                (Type::Function(function), Definition::Function(own)) => {
                    if let Some(class) = function.class_ref()
                        && let Some(doubt) = self.overrides(own, class)
                    {
                        return doubt;
                    }
                }
                (Type::Method(_, class), Definition::Function(own)) => {
                    if let Some(doubt) = self.overrides(own, class) {
                        return doubt;
                    }
                }
                (Type::Class(class), Definition::Class(own)) if class == own => return Meant::This,
                (Type::Unknown(why), _) => unknown = Some(why),
                (Type::External(name), _) if self.may_be_of_target(&name) => {
                    let maker = name.rsplit_once("().").map_or(&*name, |(maker, _)| maker);
                    unknown = Some(format!("what `{maker}(…)` gives is not known"));
                }
                // A property gives its value, whatever that is.
                (Type::Instance(_) | Type::ExternalInstance(_) | Type::None, Definition::Function(own))
                    if own.class.is_some() && matches!(expr, Expr::Attribute(_)) =>
                {
                    unknown = Some("the property may be this one".to_owned());
                }
                _ => {}
            }
        }
        unknown.map_or(Meant::Other, Meant::Unknown)
    }

    /// Whether a property is read. What it gives says nothing of that: the object decides.
    fn property(&self, own: FunctionRef<'f>, attribute: &'f ast::ExprAttribute, scope: &Scope<'f>) -> Meant {
        let Some(owner) = own.class_ref() else { return Meant::Other };
        let name = attribute.attr.as_str();
        let objects = self.project.infer(scope, &attribute.value);
        if objects.is_empty() {
            return Meant::Unknown("what the object is is not known".to_owned());
        }
        if is_none(&objects) {
            return Meant::Unknown(ONLY_NONE.to_owned());
        }
        let mut unknown = None;
        for object in objects {
            match object {
                Type::Instance(class) | Type::Class(class) => {
                    let has_own = |other: &ClassRef<'f>| !self.project.own_functions(*other, name).is_empty();
                    let is_nearest = || {
                        let orders = self.project.linearisations(class);
                        orders.iter().any(|order| order.classes().find(has_own) == Some(owner))
                    };
                    if self.project.inherits(owner, class) || is_nearest() {
                        return Meant::This;
                    }
                    if !self.has_member(class, name) {
                        let why = format!("what gives a `{}` its `{name}` is not known", class.name());
                        unknown = Some(Meant::Unknown(why));
                    }
                    if let Some(doubt) = self.overrides(own, class) {
                        unknown = Some(doubt);
                    }
                }
                Type::Unknown(why) => unknown = Some(Meant::Unknown(why)),
                Type::ExternalInstance(maker) if self.may_be_of_target(&format!("{maker}().{name}")) => {
                    unknown = Some(Meant::Unknown(format!("what `{maker}(…)` gives is not known")));
                }
                Type::External(_)
                | Type::ExternalInstance(_)
                | Type::Module(_)
                | Type::Namespace(_)
                | Type::Function(_)
                | Type::Method(..)
                | Type::None => {}
            }
        }
        unknown.unwrap_or(Meant::Other)
    }

    /// Whether it is known what an object of a class has under a name: otherwise a subclass may have
    /// it of another base.
    fn has_member(&self, class: ClassRef<'f>, name: &str) -> bool {
        let in_body = |class: ClassRef<'f>| {
            !self.project.frame_bindings(Frame::Class(class.node)).last(name).is_empty()
        };
        let orders = self.project.linearisations(class);
        if orders.iter().any(|order| order.classes().any(in_body)) {
            return true;
        }
        let types = self.project.member(&Type::Instance(class), name);
        !types.is_empty() && !types.iter().any(|ty| matches!(ty, Type::Unknown(_)))
    }

    /// Whether an attribute that is named as one of something from outside (`maker().name`) may be
    /// this one, also because its class is one of those that are declared.
    fn may_be_of_target(&self, name: &str) -> bool {
        if may_be_of_target(name, self.definition) {
            return true;
        }
        let Some((declared, _)) = name.rsplit_once("().") else { return false };
        let Definition::Function(function) = self.definition else { return false };
        let Some(owner) = function.class_ref() else { return false };
        if declared.starts_with("typing.") || declared.starts_with("collections.abc.") {
            return true;
        }
        let is_it = |base: &Ancestor| matches!(base, Ancestor::External(base) if base == declared);
        self.project.linearisations(owner).iter().any(|order| order.ancestors.iter().any(is_it))
    }

    /// What a method is to somebody who uses another one of its name, of an object of `class`: an
    /// object of a subclass may have it instead.
    fn overrides(&self, own: FunctionRef<'f>, class: ClassRef<'f>) -> Option<Meant> {
        let owner = own.class_ref()?;
        if self.project.inherits(owner, class) {
            return Some(Meant::This);
        }
        // An override of what is only there to be overridden.
        (own.has_decorator("abstractmethod") && self.project.inherits(class, owner))
            .then(|| Meant::Unknown("what overrides it is used, and it is abstract".to_owned()))
    }

    fn reference(&self, place: &Place<'f>) -> Option<Reference> {
        let range = place.expr.range();
        if self.is_inside(range) {
            return None;
        }
        let meant = match place.expr {
            Expr::Name(name) => self.name(place, name),
            Expr::Attribute(attribute) => {
                // Storing to a property runs its setter.
                let is_property = matches!(self.definition, Definition::Function(own) if is_property(own));
                if !attribute.ctx.is_load() && !is_property {
                    return None;
                }
                self.meant(place)
            }
            Expr::StringLiteral(_) if place.lists => return Some(Reference::Listed(range)),
            Expr::StringLiteral(text) => {
                Meant::Unknown(format!("the text `{}` may mean it", text.value.to_str()))
            }
            _ => return None,
        };
        match meant {
            Meant::This if place.called => Some(Reference::Call(range)),
            Meant::This => Some(Reference::Mention { range, harmless: place.harmless }),
            Meant::Other => None,
            Meant::Unknown(why) => Some(Reference::Doubt(range, why)),
        }
    }

    fn name(&self, place: &Place<'f>, name: &'f ast::ExprName) -> Meant {
        // A method is never meant by its bare name outside of its class body.
        let scope = place.scope(self.file);
        let bound = self.project.lookup(&scope, name.id.as_str(), Some(name.range.start()));
        match bound {
            None if self.project.module_bindings(self.file).stars.is_empty() => Meant::Other,
            // A parameter or variable of this name is something else, whatever it holds.
            Some((depth, bindings))
                if depth > 0
                    && !bindings.iter().any(|binding| {
                        use crate::python::project::BindingKind::{Class, Function, ImportFrom};
                        matches!(binding.kind, Class(_) | Function(_) | ImportFrom { .. })
                    }) =>
            {
                Meant::Other
            }
            _ => self.meant(place),
        }
    }
}

/// Lookups of a name that is put together while the program runs.
struct Computed<'c, 'f> {
    name: &'f str,
    found: Option<TextRange>,
    /// The parameter of the `__getattr__` around: a name that other code has written out.
    handed_on: Option<&'f str>,
    definition: Definition<'f>,
    /// The class that the definition is, or that it is a method of.
    class: Option<ClassRef<'f>>,
    project: &'c Project<'f>,
    file: &'f ParsedFile,
}

impl<'f> Computed<'_, 'f> {
    /// Whether the definition may be an attribute of this object, as far as its type is known.
    fn may_have_it(&self, object: &'f Expr) -> bool {
        let method_of = match self.definition {
            Definition::Function(_) => self.class,
            Definition::Class(_) => None,
        };
        let scope = Scope::at(self.file, object.range());
        let types = self.project.infer(&scope, object);
        types.is_empty()
            || types.iter().any(|ty| match ty {
                Type::Unknown(_) => true,
                // Loaded by its name, which may be this one's.
                Type::ExternalInstance(name) => {
                    (name.ends_with("import_module") || name.ends_with("__import__"))
                        && !self.loads_others(&scope, object)
                }
                Type::Module(module) => method_of.is_none() && self.may_give_it(module.0),
                Type::Class(class) | Type::Instance(class) => {
                    method_of.is_some_and(|own| self.project.are_related(*class, own))
                }
                Type::External(name) => name.starts_with("sys.modules"),
                Type::Namespace(_) | Type::Function(_) | Type::Method(_, _) | Type::None => false,
            })
    }
}

impl<'f> Computed<'_, 'f> {
    /// Whether the definition may be in a namespace: that of an object, as far as its type is known.
    fn may_be_in(&self, namespace: &'f Expr) -> bool {
        match namespace {
            Expr::Attribute(attribute) => self.may_have_it(&attribute.value),
            Expr::Call(call) => call.arguments.args.first().is_none_or(|object| self.may_have_it(object)),
            _ => true,
        }
    }

    /// Whether a module has the definition, or may by its imports.
    fn may_give_it(&self, module: &'f ParsedFile) -> bool {
        let bindings = self.project.module_bindings(module);
        let is_import = |binding: &Binding| matches!(binding.kind, BindingKind::ImportFrom { .. });
        std::ptr::eq(module, self.definition.file())
            || !bindings.stars.is_empty()
            || bindings.all(self.name).iter().any(is_import)
    }

    /// Whether a module is loaded by a name that begins as that of no file does which has the definition,
    /// or imports everything from others and may so have it without naming it.
    fn loads_others(&self, scope: &Scope<'f>, object: &'f Expr) -> bool {
        let call = match object {
            Expr::Name(name) => {
                let found = self.project.lookup(scope, name.id.as_str(), Some(name.start()));
                match found.as_ref().map(|(_, bindings)| bindings.as_slice()) {
                    Some([binding]) => match binding.kind {
                        BindingKind::Value(Expr::Call(call)) => call,
                        _ => return false,
                    },
                    _ => return false,
                }
            }
            Expr::Call(call) => call,
            _ => return false,
        };
        let start = match call.arguments.args.first() {
            Some(Expr::StringLiteral(name)) => name.value.to_str(),
            Some(name) => literal_start(name).unwrap_or_default(),
            None => "",
        };
        let own = self.definition.file().path();
        let paths = self.project.mentioning(self.name);
        let all_importing = self.project.mentioning("import *");
        !start.is_empty()
            && !start.starts_with('.')
            && !paths.iter().chain(all_importing.iter()).chain([own]).any(|path| may_be_module(path, start))
    }
}

/// Whether a module whose name begins so may be this file, wherever Python looks for modules, or a package around it.
fn may_be_module(path: &RelativePath, start: &str) -> bool {
    let path = path.as_str();
    let path = path.strip_suffix(".py").unwrap_or(path);
    let dotted = path.strip_suffix("/__init__").unwrap_or(path).replace('/', ".");
    let ends = dotted.match_indices('.').map(|(at, _)| &dotted[at + 1..]);
    ends.chain([&*dotted]).any(|name| {
        name.starts_with(start) || start.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'))
    })
}

impl<'f> Visitor<'f> for Computed<'_, 'f> {
    fn visit_stmt(&mut self, stmt: &'f Stmt) {
        if let Stmt::FunctionDef(node) = stmt
            && matches!(node.name.as_str(), "__getattr__" | "__getattribute__")
            && let Some(last) = node.parameters.args.last()
        {
            let before = self.handed_on.replace(last.name().as_str());
            visitor::walk_stmt(self, stmt);
            self.handed_on = before;
            return;
        }
        visitor::walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, expr: &'f Expr) {
        match expr {
            Expr::Call(call) => {
                let asked = match (&*call.func, &*call.arguments.args) {
                    (Expr::Name(_), [_, Expr::Name(wanted), ..])
                        if Some(wanted.id.as_str()) == self.handed_on =>
                    {
                        None
                    }
                    (Expr::Name(name), [object, wanted, ..])
                        if name.id.as_str() == "getattr" && may_be(wanted, self.name) =>
                    {
                        self.may_have_it(object).then_some(wanted)
                    }
                    (Expr::Attribute(attribute), [wanted, ..])
                        if matches!(attribute.attr.as_str(), "get" | "pop")
                            && is_namespace(&attribute.value)
                            && self.may_be_in(&attribute.value) =>
                    {
                        Some(wanted)
                    }
                    _ => None,
                };
                if asked.is_some_and(|wanted| may_be(wanted, self.name)) {
                    self.found.get_or_insert(call.range());
                }
            }
            Expr::Subscript(node)
                if is_namespace(&node.value)
                    && may_be(&node.slice, self.name)
                    && self.may_be_in(&node.value) =>
            {
                self.found.get_or_insert(node.range());
            }
            _ => {}
        }
        visitor::walk_expr(self, expr);
    }
}

/// Reading of `None` raises: where somebody does it, something else is stored there.
const ONLY_NONE: &str = "only `None` is seen to be stored in what it is read of";

fn is_none(objects: &[Type]) -> bool {
    !objects.is_empty() && objects.iter().all(|ty| *ty == Type::None)
}

/// `p` of `@p.setter`.
pub(super) fn part_of_property(decorator: &ast::Decorator) -> Option<&str> {
    let Expr::Attribute(attribute) = &decorator.expression else { return None };
    let Expr::Name(property) = &*attribute.value else { return None };
    matches!(attribute.attr.as_str(), "setter" | "getter" | "deleter").then(|| property.id.as_str())
}

/// Whether a method gives a value to those who name it.
fn is_property(function: FunctionRef) -> bool {
    function.has_decorator("property")
        || function.has_decorator("cached_property")
        || function.node.decorator_list.iter().any(|decorator| part_of_property(decorator).is_some())
}

/// Whether an attribute that is named as one of something from outside (`maker().name`) may be
/// one of the target: of a module that was loaded by its name, or, for a method, of an object
/// that a container, a queue or a library gave back.
fn may_be_of_target(name: &str, definition: Definition) -> bool {
    let Some((maker, _)) = name.rsplit_once("().") else { return false };
    let loads = maker.starts_with("importlib.") || matches!(maker, "builtins.__import__" | "runpy.run_path");
    match definition {
        // What reads and writes is declared to be a file, and seldom is one.
        Definition::Function(function) if function.class.is_some() => {
            loads
                || facts::gives_anything(maker)
                || matches!(maker, "typing.IO" | "typing.TextIO" | "typing.BinaryIO")
        }
        Definition::Function(_) | Definition::Class(_) => loads,
    }
}

/// `globals()`, `vars(x)`, `x.__dict__`.
fn is_namespace(expr: &Expr) -> bool {
    match expr {
        Expr::Call(call) => matches!(&*call.func, Expr::Name(name)
            if matches!(name.id.as_str(), "globals" | "vars" | "locals")),
        Expr::Attribute(attribute) => attribute.attr.as_str() == "__dict__",
        _ => false,
    }
}

/// Whether an expression can be this text: a literal must be equal, and what is put together must
/// begin alike.
fn may_be(expr: &Expr, name: &str) -> bool {
    match expr {
        // Texts that are written out are found by themselves.
        Expr::StringLiteral(text) => text.value.to_str() == name,
        Expr::BinOp(node) if node.op == ast::Operator::Add => match &*node.left {
            Expr::StringLiteral(text) => name.starts_with(text.value.to_str()),
            _ => match &*node.right {
                Expr::StringLiteral(text) => name.ends_with(text.value.to_str()),
                _ => true,
            },
        },
        Expr::FString(node) => {
            let first = node.value.elements().next();
            first.and_then(|element| element.as_literal()).is_none_or(|text| name.starts_with(&*text.value))
        }
        Expr::NumberLiteral(_) | Expr::NoneLiteral(_) | Expr::BooleanLiteral(_) => false,
        _ => true,
    }
}
