//! Which functions a call runs, and what they take.

use super::library;
use std::cell::RefCell;
use std::rc::Rc;

use crate::python::ast::{self, Expr, Stmt};
use crate::python::project::{
    Ancestor, BindingKind, ClassRef, Frame, FunctionRef, Linearisation, Project, Scope, Type, dotted_name,
    facts, object_parameter,
};
use crate::python::signature::{Parameter, ParameterKind, Signature};
use crate::python::{ParsedFile, Ranged, TextRange};
use crate::static_checks::async_function::{changed_defaults, replaced, replaced_in_module};
use crate::static_checks::broken_within;

/// One function that a call can run.
pub(super) struct Callee<'f> {
    pub(super) signature: Signature,
    pub(super) name: String,
    pub(super) file: &'f ParsedFile,
    pub(super) range: TextRange,
    /// What runs behind it with the same arguments: `__init__` behind `__new__`.
    pub(super) then: Option<Box<Callee<'f>>>,
}

/// Why the callees are not known, or all of them.
pub(super) type Found<'f> = Result<Vec<Callee<'f>>, String>;

/// What a call can run.
pub(super) fn of<'f>(
    project: &Project<'f>,
    scope: &Scope<'f>,
    call: &'f ast::ExprCall,
    known: &Known<'f>,
) -> Found<'f> {
    Resolver { project, scope, func: &call.func, call, known }.callees()
}

impl<'f> Resolver<'_, 'f> {
    /// What a call of the function can run.
    pub(super) fn callees(&self) -> Found<'f> {
        if let Some(found) = self.named() {
            return found;
        }
        let mut callees = Vec::new();
        for ty in self.project.infer(self.scope, self.func) {
            match ty {
                Type::Function(function) => callees.push(self.function(function, false)?),
                Type::Method(function, class) => callees.extend(self.method(function, class)?),
                Type::Class(class) => callees.extend(self.made(class)?),
                Type::Instance(class) => {
                    let methods = self.project.method(class, "__call__")?;
                    if methods.is_empty() {
                        return Err(format!("what calling a `{}` does is not known", class.name()));
                    }
                    for method in methods {
                        callees.extend(self.overridable(method, class, "__call__")?);
                    }
                }
                // Calling `None` raises whatever the arguments are; the other values decide.
                Type::None => {}
                Type::External(name) => return Err(format!("`{name}` is not in the target")),
                Type::ExternalInstance(name) => return Err(format!("an object of `{name}` is called")),
                Type::Module(_) | Type::Namespace(_) => return Err("a module is called".to_owned()),
                Type::Unknown(why) => return Err(why),
            }
        }
        if callees.is_empty() {
            return Err("nothing gives the called object a value".to_owned());
        }
        Ok(callees)
    }
}

/// A class that names its fields by annotations, and is made of them.
const NAMED_TUPLE: &str = "typing.NamedTuple";
/// Names that stand for names, until it is known what they stand for.
const MOST_NAMES: usize = 64;

/// One call, and where it stands.
pub(super) struct Resolver<'r, 'f> {
    pub(super) project: &'r Project<'f>,
    pub(super) scope: &'r Scope<'f>,
    /// What is called.
    pub(super) func: &'f Expr,
    /// The call, or the one that gives some arguments before.
    pub(super) call: &'f ast::ExprCall,
    pub(super) known: &'r Known<'f>,
}

/// The subclasses of the classes whose methods a file calls: most calls are of a few classes.
#[derive(Default)]
pub(super) struct Known<'f>(RefCell<Vec<(ClassRef<'f>, Rc<[ClassRef<'f>]>)>>);

impl<'f> Resolver<'_, 'f> {
    fn subclasses(&self, class: ClassRef<'f>) -> Rc<[ClassRef<'f>]> {
        let known =
            self.known.0.borrow().iter().find(|known| known.0 == class).map(|known| Rc::clone(&known.1));
        known.unwrap_or_else(|| {
            let found: Rc<[ClassRef<'f>]> = self.project.subclasses(class).into();
            self.known.0.borrow_mut().push((class, Rc::clone(&found)));
            found
        })
    }

    fn function(&self, function: FunctionRef<'f>, bound: bool) -> Result<Callee<'f>, String> {
        let name = function.qualified_name();
        if let Some(why) = self.project.opaque_to_callers(function) {
            return Err(why);
        }
        if function.has_decorator("property") || function.has_decorator("cached_property") {
            return Err(format!("`{name}` is a property, and what it gives is called"));
        }
        if let Some(reason) = broken_within(function.file, function.node.range()) {
            return Err(crate::static_checks::describe(&reason));
        }
        if let Some(class) = function.class_ref()
            && let Some(place) = replaced(self.project, class, function.node.name.as_str())
        {
            return Err(format!("`{name}` is replaced at `{place}`"));
        }
        if function.class.is_none() {
            self.stays(function.file, function.node.name.as_str())?;
        }
        let is_meant = |ty: &Type<'f>| match ty {
            Type::Function(other) | Type::Method(other, _) => *other == function,
            Type::Class(class) => {
                function.class_ref().is_some_and(|own| self.project.are_related(own, *class))
            }
            Type::Unknown(_) => true,
            _ => false,
        };
        if let Some(place) = changed_defaults(self.project, &is_meant) {
            return Err(format!("`{place}` gives functions other defaults, and may mean `{name}`"));
        }
        // `__new__` gets its class like any other argument.
        let bound = bound && function.node.name.as_str() != "__new__";
        let Some(signature) = Signature::of(&function.node.parameters, bound) else {
            return Err(format!("`{name}` has no parameter for its object"));
        };
        let private =
            |parameter: &Parameter| parameter.name.starts_with("__") && !parameter.name.ends_with("__");
        if function.class.is_some() && signature.parameters.iter().any(private) {
            return Err(format!("a parameter of `{name}` has a name that Python changes"));
        }
        Ok(Callee { signature, name, file: function.file, range: function.heading(), then: None })
    }

    /// A method taken from an object or class.
    fn method(&self, function: FunctionRef<'f>, class: ClassRef<'f>) -> Found<'f> {
        let Expr::Attribute(attribute) = self.func else {
            return self.overridable(function, class, function.node.name.as_str());
        };
        let name = self.known_as(function, class, attribute.attr.as_str());
        if function.class.is_none() || name != function.node.name.as_str() {
            let here = replaced(self.project, class, name);
            if let Some(place) = here {
                return Err(format!("`{}.{name}` is replaced at `{place}`", class.name()));
            }
        }
        if let Expr::Call(call) = &*attribute.value
            && matches!(&*call.func, Expr::Name(name) if name.id.as_str() == "super")
        {
            self.no_other_base(call)?;
            return Ok(vec![self.function(function, true)?]);
        }
        if self.is_exact(&attribute.value) {
            return Ok(vec![self.function(function, true)?]);
        }
        self.overridable(function, class, name)
    }

    /// The name under which a class has a method: `stop = close` in its body makes it another one
    /// than that of the definition, and what overrides it has that, too.
    fn known_as(&self, function: FunctionRef<'f>, class: ClassRef<'f>, written: &'f str) -> &'f str {
        let is_it = |ty: &Type<'f>| matches!(ty, Type::Function(known) | Type::Method(known, _) if *known == function);
        if self.project.member(&Type::Class(class), written).iter().any(is_it) {
            written
        } else {
            function.node.name.as_str()
        }
    }

    /// Whether an object is certainly of the class itself: it was made on the spot, or the name
    /// stands for that alone.
    fn is_exact(&self, object: &'f Expr) -> bool {
        match object {
            Expr::Call(call) => {
                matches!(self.project.infer(self.scope, &call.func).as_slice(), [Type::Class(_)])
            }
            Expr::Name(name) => match self.project.lookup(self.scope, name.id.as_str(), Some(name.start())) {
                Some((_, bindings)) => match bindings.as_slice() {
                    [binding] => match binding.kind {
                        BindingKind::Value(value @ Expr::Call(_)) => self.is_exact(value),
                        BindingKind::Class(_) | BindingKind::ImportFrom { .. } => true,
                        _ => false,
                    },
                    _ => false,
                },
                None => false,
            },
            _ => false,
        }
    }

    /// The method, and what overrides it in subclasses: the object may be of one.
    fn overridable(&self, function: FunctionRef<'f>, class: ClassRef<'f>, name: &str) -> Found<'f> {
        let mut callees = Vec::new();
        for subclass in self.subclasses(class).iter().copied() {
            let bindings = self.project.frame_bindings(Frame::Class(subclass.node)).last(name);
            let methods = self.project.own_functions(subclass, name);
            if methods.len() == bindings.len() {
                for method in methods {
                    callees.push(self.function(method, !method.has_decorator("staticmethod"))?);
                }
                continue;
            }
            for ty in self.project.member(&Type::Instance(subclass), name) {
                match ty {
                    Type::Function(other) => callees.push(self.function(other, false)?),
                    Type::Method(other, _) => callees.push(self.function(other, true)?),
                    // Calling `None` raises whatever the arguments are.
                    Type::None => {}
                    _ => return Err(format!("what `{}.{name}` is is not known", subclass.name())),
                }
            }
        }
        if is_abstract(function) {
            if callees.is_empty() {
                return Err(format!("`{}` is abstract, and nothing overrides it", function.qualified_name()));
            }
            return Ok(callees);
        }
        callees.insert(0, self.function(function, true)?);
        Ok(callees)
    }

    /// `super()` means the next class of the object's own order, which a subclass can change.
    fn no_other_base(&self, call: &'f ast::ExprCall) -> Result<(), String> {
        let class = match call.arguments.args.first() {
            None => self.scope.class(),
            Some(class) => match self.project.infer(self.scope, class).as_slice() {
                [Type::Class(class)] => Some(*class),
                _ => None,
            },
        };
        let Some(class) = class else { return Err("`super()` stands in no class".to_owned()) };
        let next = |order: &Linearisation<'f>| {
            let at = order.ancestors.iter().position(|ancestor| *ancestor == Ancestor::Class(class));
            at.and_then(|at| order.ancestors.get(at + 1).cloned())
        };
        let own: Vec<_> = self.project.linearisations(class).iter().map(next).collect();
        for subclass in self.subclasses(class).iter().copied() {
            if !self.project.linearisations(subclass).iter().all(|order| own.contains(&next(order))) {
                let (class, subclass) = (class.name(), subclass.name());
                return Err(format!("in `{subclass}` another base comes behind `{class}`"));
            }
        }
        Ok(())
    }

    /// What calling a class runs: its constructor, and where it may be a subclass that of each.
    fn made(&self, class: ClassRef<'f>) -> Found<'f> {
        let mut callees = self.constructor(class)?;
        if self.may_be_subclass(self.scope, self.func, &mut Vec::new()) {
            for subclass in self.subclasses(class).iter().copied() {
                callees.extend(self.constructor(subclass)?);
            }
        }
        Ok(callees)
    }

    /// Whether an expression stands for the class of some object, or for a class that somebody
    /// gave: `cls`, `self.__class__`, `type(self)`.
    fn may_be_subclass(&self, scope: &Scope<'f>, expr: &'f Expr, seen: &mut Vec<TextRange>) -> bool {
        if seen.contains(&expr.range()) {
            return false;
        }
        if seen.len() == MOST_NAMES {
            return true;
        }
        seen.push(expr.range());
        match expr {
            Expr::Attribute(attribute) => attribute.attr.as_str() == "__class__",
            Expr::Call(_) => true,
            Expr::Name(name) => match self.project.lookup(scope, name.id.as_str(), Some(name.start())) {
                Some((level, bindings)) => bindings.iter().any(|binding| match binding.kind {
                    BindingKind::Parameter(..) => true,
                    BindingKind::Value(value) | BindingKind::Annotated(_, Some(value)) => {
                        self.may_be_subclass(&scope.outer(level), value, seen)
                    }
                    _ => false,
                }),
                None => false,
            },
            _ => false,
        }
    }

    /// What making an object of a class runs: `__new__`, then `__init__`.
    fn constructor(&self, class: ClassRef<'f>) -> Found<'f> {
        self.stays(class.file, class.name())?;
        if self.project.is_protocol(class) {
            return Err(format!("`{}` is a protocol, of which no objects are made", class.name()));
        }
        let mut callees: Vec<Callee<'f>> = Vec::new();
        for order in self.project.linearisations(class).iter() {
            let is_dictionary = |ancestor: &Ancestor| matches!(ancestor, Ancestor::External(base) if library::is_typed_dictionary(base));
            if order.ancestors.iter().any(is_dictionary) {
                callees.push(Callee {
                    signature: library::dictionary(),
                    name: class.qualified_name(),
                    file: class.file,
                    range: class.node.name.range,
                    then: None,
                });
                continue;
            }
            let is_enumeration = |ancestor: &Ancestor| matches!(ancestor, Ancestor::External(base) if library::is_enumeration(base));
            if order.ancestors.iter().any(is_enumeration) {
                for owner in order.classes() {
                    self.plain_metaclass(owner)?;
                    self.plain_class(owner)?;
                }
                let why = || format!("what calling the enumeration `{}` gives is not known", class.name());
                callees.push(self.member(class).ok_or_else(why)?);
                continue;
            }
            let (mut new, mut init) = (None, None);
            // Whether the object that `__new__` gives is one of the class, so that `__init__` runs.
            let mut gives_its_own = true;
            // The base from elsewhere whose own `__new__` may run, whatever comes behind it.
            let mut behind: Option<&str> = None;
            for ancestor in &order.ancestors {
                match ancestor {
                    Ancestor::Class(owner) => {
                        self.plain_metaclass(*owner)?;
                        if new.is_none() && !behind.is_some_and(library::has_a_new) {
                            new = self.own_constructor(*owner, "__new__")?;
                            if let (Some(_), Some(base)) = (&new, behind) {
                                return Err(format!(
                                    "whether `{base}` lets the `__new__` of `{}` run is not known",
                                    owner.name()
                                ));
                            }
                            if new.is_some() {
                                gives_its_own = self.gives_its_own(*owner);
                            } else if self.is_named_tuple(*owner) {
                                self.keeps_its_defaults()?;
                                new = Some(self.named_tuple(*owner));
                            }
                        }
                        if init.is_none() {
                            init = match self.own_constructor(*owner, "__init__")? {
                                Some(callee) => Some(callee),
                                None => self.generated(*owner, order)?,
                            };
                        }
                        if init.is_none() && new.is_none() {
                            self.plain_class(*owner)?;
                        }
                    }
                    Ancestor::External(base) if library::leaves_constructors_alone(base) => {}
                    Ancestor::External(base) if base == NAMED_TUPLE && new.is_some() => {}
                    Ancestor::External(base)
                        if base.strip_suffix("()").is_some_and(library::makes_named_tuples) =>
                    {
                        if new.is_none() {
                            let made = order.classes().find_map(|owner| self.tuple_base(owner));
                            let unknown = || {
                                format!("the named tuple that `{}` inherits is not followed", class.name())
                            };
                            new = Some(made.ok_or_else(unknown)??);
                        }
                    }
                    Ancestor::External(base) if library::leaves_it_to_init(base) && init.is_some() => {
                        behind.get_or_insert(base);
                    }
                    Ancestor::External(base) if library::leaves_it_to_new(base) && new.is_some() => {}
                    Ancestor::External(base) if library::is_plain_exception(base) => {
                        behind.get_or_insert(base);
                        init.get_or_insert_with(|| Callee {
                            signature: Signature { collects_positional: true, ..Signature::default() },
                            name: class.qualified_name(),
                            file: class.file,
                            range: class.node.name.range,
                            then: None,
                        });
                    }
                    // These take anything in `__new__`, and what the class defines comes first.
                    Ancestor::External(base) if facts::attributes_of(base).is_some() && init.is_some() => {
                        behind.get_or_insert(base);
                    }
                    Ancestor::External(base) => {
                        return Err(format!(
                            "how objects of `{}` are made may be up to `{base}`",
                            class.name()
                        ));
                    }
                    Ancestor::Unresolved(why) => return Err(why.clone()),
                }
            }
            match (new, init) {
                (None, None) => callees.push(Callee {
                    signature: Signature::default(),
                    name: class.qualified_name(),
                    file: class.file,
                    range: class.node.name.range,
                    then: None,
                }),
                (Some(new), Some(init)) if gives_its_own => {
                    callees.push(Callee { then: Some(Box::new(init)), ..new });
                }
                (new, init) => {
                    callees.extend(new);
                    callees.extend(init);
                }
            }
        }
        Ok(callees)
    }

    /// Whether the `__new__` of a class certainly gives an object of the class that it was asked
    /// for: a new one, or one that the class keeps (`cls._instance`).
    fn gives_its_own(&self, owner: ClassRef<'f>) -> bool {
        let [function] = self.project.own_functions(owner, "__new__")[..] else { return false };
        let Some(class) = object_parameter(function) else { return false };
        let scope = Scope::inside(function.file, function.node);
        let mut returns = Returned(Vec::new());
        crate::python::visitor::Visitor::visit_body(&mut returns, &function.node.body);
        let is_own = |value: &&'f Expr| {
            let kept = match value {
                Expr::Subscript(subscript) => &*subscript.value,
                _ => value,
            };
            if let Expr::Attribute(attribute) = kept
                && matches!(&*attribute.value, Expr::Name(name) if name.id.as_str() == class)
            {
                return true;
            }
            let types = self.project.infer(&scope, value);
            !types.is_empty() && types.iter().all(|ty| *ty == Type::Instance(owner))
        };
        !returns.0.is_empty() && returns.0.iter().all(is_own)
    }

    fn is_named_tuple(&self, class: ClassRef<'f>) -> bool {
        let bases = self.project.bases(class);
        bases.iter().flatten().any(|base| matches!(base, Ancestor::External(name) if name == NAMED_TUPLE))
    }

    /// The constructor of a class that says `NamedTuple`: its annotated names, in their order.
    fn named_tuple(&self, class: ClassRef<'f>) -> Callee<'f> {
        let fields = class.node.body.iter().filter_map(|stmt| match stmt {
            Stmt::AnnAssign(field) => match &*field.target {
                Expr::Name(name) => Some(Parameter {
                    name: name.id.as_str().to_owned(),
                    kind: ParameterKind::Plain,
                    has_default: field.value.is_some(),
                }),
                _ => None,
            },
            _ => None,
        });
        Callee {
            signature: Signature { parameters: fields.collect(), ..Signature::default() },
            name: class.qualified_name(),
            file: class.file,
            range: class.node.name.range,
            then: None,
        }
    }

    /// Whether nothing is stored from outside in the place of what a module defines.
    pub(super) fn stays(&self, module: &'f ParsedFile, name: &str) -> Result<(), String> {
        match replaced_in_module(self.project, module, name) {
            Some(place) => Err(format!("`{name}` is replaced at `{place}`")),
            None => Ok(()),
        }
    }

    /// Whether a function that no `def` makes has the defaults that it was made with: of a lambda,
    /// a named tuple, a dataclass.
    pub(super) fn keeps_its_defaults(&self) -> Result<(), String> {
        let is_meant = |ty: &Type<'f>| !matches!(ty, Type::Function(_) | Type::Method(..));
        match changed_defaults(self.project, &is_meant) {
            Some(place) => Err(format!("`{place}` gives functions other defaults")),
            None => Ok(()),
        }
    }

    fn own_constructor(&self, class: ClassRef<'f>, name: &str) -> Result<Option<Callee<'f>>, String> {
        let bindings = self.project.frame_bindings(Frame::Class(class.node)).last(name);
        if bindings.is_empty() {
            return Ok(None);
        }
        match (bindings.as_slice(), self.project.own_functions(class, name).as_slice()) {
            ([_], [function]) => {
                let function = *function;
                let Some(signature) = Signature::of(&function.node.parameters, true) else {
                    return Err(format!("`{}` has no parameter for its object", function.qualified_name()));
                };
                let callee = self.function(function, true)?;
                Ok(Some(Callee { signature, ..callee }))
            }
            _ => Err(format!("`{}.{name}` has several definitions", class.name())),
        }
    }

    /// A class that is made by `type`, and whose objects are.
    fn plain_metaclass(&self, class: ClassRef<'f>) -> Result<(), String> {
        let keywords = class.node.arguments.iter().flat_map(|arguments| &arguments.keywords);
        let mut scope = self.project.class_scope(class);
        scope.frames.pop();
        for keyword in keywords {
            let named = keyword.arg.as_ref().map(|name| name.as_str());
            if named != Some("metaclass") {
                continue;
            }
            let plain = |ty: &Type| matches!(ty, Type::External(name) if name == "abc.ABCMeta" || name == "builtins.type");
            if !self.project.infer(&scope, &keyword.value).iter().all(plain) {
                return Err(format!("the metaclass of `{}` may call it in another way", class.name()));
            }
        }
        Ok(())
    }

    /// A class that no decorator changes.
    fn plain_class(&self, class: ClassRef<'f>) -> Result<(), String> {
        let mut scope = self.project.class_scope(class);
        scope.frames.pop();
        for decorator in &class.node.decorator_list {
            let expression = undecorated(&decorator.expression);
            let known =
                |ty: &Type| matches!(ty, Type::External(name) if facts::is_harmless_class_decorator(name));
            if !self.project.infer(&scope, expression).iter().all(known) {
                let name = dotted_name(expression).unwrap_or_else(|| "…".to_owned());
                return Err(format!("the decorator `@{name}` may give `{}` a constructor", class.name()));
            }
        }
        Ok(())
    }

    /// The constructor that `@dataclass` writes for a class of an order.
    fn generated(
        &self,
        class: ClassRef<'f>,
        order: &Linearisation<'f>,
    ) -> Result<Option<Callee<'f>>, String> {
        let Some(settings) = self.dataclass(class)? else { return Ok(None) };
        if !settings.init {
            return Ok(None);
        }
        self.keeps_its_defaults()?;
        let position = order.ancestors.iter().position(|ancestor| *ancestor == Ancestor::Class(class));
        let mut fields: Vec<Parameter> = Vec::new();
        for ancestor in order.ancestors[position.unwrap_or(0)..].iter().rev() {
            let Ancestor::Class(owner) = ancestor else { continue };
            if let Some(settings) = self.dataclass(*owner)? {
                self.fields(*owner, settings, &mut fields)?;
            }
        }
        // A stable sort: keyword-only fields come behind the others.
        fields.sort_by_key(|field| field.kind == ParameterKind::KeywordOnly);
        Ok(Some(Callee {
            signature: Signature { parameters: fields, collects_positional: false, collects_keywords: false },
            name: class.qualified_name(),
            file: class.file,
            range: class.node.name.range,
            then: None,
        }))
    }

    fn dataclass(&self, class: ClassRef<'f>) -> Result<Option<Dataclass>, String> {
        let mut scope = self.project.class_scope(class);
        scope.frames.pop();
        for decorator in &class.node.decorator_list {
            let expression = undecorated(&decorator.expression);
            let types = self.project.infer(&scope, expression);
            if !matches!(types.as_slice(), [Type::External(name)] if name == "dataclasses.dataclass") {
                continue;
            }
            let Expr::Call(call) = &decorator.expression else {
                return Ok(Some(Dataclass { init: true, keyword_only: false }));
            };
            let flag = |name: &str, otherwise: bool| match call.arguments.find_keyword(name) {
                None => Ok(otherwise),
                Some(keyword) => match &keyword.value {
                    Expr::BooleanLiteral(literal) => Ok(literal.value),
                    _ => Err(format!("`{name}` of `{}` is computed", class.name())),
                },
            };
            return Ok(Some(Dataclass { init: flag("init", true)?, keyword_only: flag("kw_only", false)? }));
        }
        Ok(None)
    }

    fn fields(
        &self,
        class: ClassRef<'f>,
        settings: Dataclass,
        fields: &mut Vec<Parameter>,
    ) -> Result<(), String> {
        let mut keyword_only = settings.keyword_only;
        let scope = self.project.class_scope(class);
        let conditional = class.node.body.iter().any(|stmt| {
            matches!(
                stmt,
                Stmt::If(_) | Stmt::Try(_) | Stmt::For(_) | Stmt::While(_) | Stmt::With(_) | Stmt::Match(_)
            )
        });
        if conditional {
            return Err(format!("the fields of `{}` are conditional", class.name()));
        }
        for stmt in &class.node.body {
            let Stmt::AnnAssign(node) = stmt else { continue };
            let Expr::Name(name) = &*node.target else { continue };
            let annotation = annotation_name(&node.annotation);
            if annotation.ends_with("ClassVar") {
                continue;
            }
            if annotation.ends_with("KW_ONLY") {
                keyword_only = true;
                continue;
            }
            let mut has_default = node.value.is_some();
            let mut is_parameter = true;
            let mut by_keyword = keyword_only;
            if let Some(Expr::Call(call)) = node.value.as_deref() {
                let types = self.project.infer(&scope, &call.func);
                if matches!(types.as_slice(), [Type::External(name)] if name == "dataclasses.field") {
                    has_default = ["default", "default_factory"]
                        .iter()
                        .any(|key| call.arguments.find_keyword(key).is_some());
                    for (key, flag) in [("init", &mut is_parameter), ("kw_only", &mut by_keyword)] {
                        match call.arguments.find_keyword(key).map(|keyword| &keyword.value) {
                            None => {}
                            Some(Expr::BooleanLiteral(literal)) => *flag = literal.value,
                            Some(_) => return Err(format!("a field of `{}` is computed", class.name())),
                        }
                    }
                    if call.arguments.keywords.iter().any(|keyword| keyword.arg.is_none()) {
                        return Err(format!("a field of `{}` is computed", class.name()));
                    }
                }
            }
            let kind = if by_keyword { ParameterKind::KeywordOnly } else { ParameterKind::Plain };
            let field = Parameter { name: name.id.as_str().to_owned(), kind, has_default };
            let known = fields.iter().position(|known| known.name == field.name);
            match (known, is_parameter) {
                (Some(at), true) => fields[at] = field,
                (Some(at), false) => {
                    fields.remove(at);
                }
                (None, true) => fields.push(field),
                (None, false) => {}
            }
        }
        Ok(())
    }
}

/// The values that a function's own `return` statements give.
struct Returned<'f>(Vec<&'f Expr>);

impl<'f> crate::python::visitor::Visitor<'f> for Returned<'f> {
    fn visit_stmt(&mut self, stmt: &'f Stmt) {
        match stmt {
            Stmt::FunctionDef(_) | Stmt::ClassDef(_) => {}
            Stmt::Return(node) => self.0.extend(node.value.as_deref()),
            _ => crate::python::visitor::walk_stmt(self, stmt),
        }
    }
    fn visit_expr(&mut self, _: &'f Expr) {}
}

#[derive(Clone, Copy)]
struct Dataclass {
    init: bool,
    keyword_only: bool,
}

/// `ClassVar` of `typing.ClassVar[int]` and of `"ClassVar[int]"`.
fn annotation_name(annotation: &Expr) -> String {
    match annotation {
        Expr::Subscript(subscript) => annotation_name(&subscript.value),
        Expr::StringLiteral(text) => {
            let text = text.value.to_str();
            text.split('[').next().unwrap_or(text).trim().to_owned()
        }
        _ => dotted_name(annotation).unwrap_or_default(),
    }
}

fn undecorated(expr: &Expr) -> &Expr {
    match expr {
        Expr::Call(call) => &call.func,
        _ => expr,
    }
}

/// A method that is there to be overridden.
fn is_abstract(function: FunctionRef) -> bool {
    if function.has_decorator("abstractmethod") {
        return true;
    }
    let body = function
        .node
        .body
        .iter()
        .filter(|stmt| !matches!(stmt, Stmt::Expr(node) if node.value.is_string_literal_expr()));
    let only: Vec<&Stmt> = body.collect();
    match only.as_slice() {
        [Stmt::Raise(raise)] => raise.exc.as_deref().is_some_and(|raised| {
            dotted_name(undecorated(raised)).is_some_and(|name| name == "NotImplementedError")
        }),
        _ => false,
    }
}
