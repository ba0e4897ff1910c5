//! Where parameters and settings get their defaults.

use super::evaluate::{Evaluator, keyword};
use super::options::{Declared, declared, plain};
use crate::python::ast::{self, CmpOp, Expr, Stmt};
use crate::python::literal::{Value, operate};
use crate::python::project::{
    AccessKind, Ancestor, Binding, BindingKind, ClassRef, Frame, FunctionRef, Project, Scope, Stored, Type,
};
use crate::python::visitor::{self, Visitor};
use crate::python::{ParsedFile, Ranged, TextRange};

/// One place that says what a parameter or setting is by default.
pub(super) struct Place<'f> {
    pub(super) file: &'f ParsedFile,
    pub(super) range: TextRange,
    pub(super) given: Given,
    /// The name as it stands there.
    pub(super) what: &'f str,
    pub(super) notes: Vec<String>,
}

/// What it is.
#[derive(Debug)]
pub(super) enum Given {
    Value(Value),
    /// `None` in the signature, and this in its place in the body.
    Replaced(Value),
    /// `None` in the signature; why it is not certain what the body puts in its place.
    ReplacedBySomething(String),
    /// It may be left out; why it is not certain what it is then.
    Something(String),
    /// Whoever calls must say.
    Required,
    /// Why it is not certain.
    Unknown(String),
}

/// Looks for one name in one file.
#[derive(Clone, Copy)]
pub(super) struct Places<'p, 'f> {
    pub(super) project: &'p Project<'f>,
    pub(super) file: &'f ParsedFile,
    pub(super) name: &'p str,
}

/// The places, or why they cannot be found.
type Found<'f> = Result<Vec<Place<'f>>, String>;

impl<'f> Places<'_, 'f> {
    /// The parameter of a function, or settings in its body.
    pub(super) fn of_function(self, range: TextRange) -> Found<'f> {
        let Some(function) = self.project.function_at(self.file, range) else {
            return Err("the definition is not there".to_owned());
        };
        if let Some(place) = self.parameter(function) {
            return Ok(vec![place]);
        }
        let found = self.entries(&function.node.body);
        if !found.is_empty() {
            return Ok(found);
        }
        let bindings = self.project.frame_bindings(Frame::Function(function.node));
        let scope = Scope::inside(self.file, function.node);
        let locals: Vec<Place<'f>> =
            bindings.all(self.name).iter().map(|binding| self.binding(&scope, binding)).collect();
        if locals.is_empty()
            && let Some(kwargs) = &function.node.parameters.kwarg
        {
            return Err(format!("`**{}` may take a `{}`", kwargs.name, self.name));
        }
        Ok(locals)
    }

    /// A name in a class's body or a base's, a parameter of its constructor, what that stores.
    pub(super) fn of_class(self, range: TextRange) -> Found<'f> {
        let Some(class) = self.project.class_at(self.file, range) else {
            return Err("the definition is not there".to_owned());
        };
        let mut found = self.class_level(class)?;
        let constructors = self.project.method(class, "__init__");
        let settled = found.iter().any(|place| matches!(place.given, Given::Value(_)));
        for constructor in constructors.clone().unwrap_or_default() {
            found.extend(Self { file: constructor.file, ..self }.parameter(constructor));
        }
        if found.is_empty() {
            for access in self.project.accesses_of(class, self.name) {
                let is_constructor =
                    access.method.is_some_and(|method| method.node.name.as_str() == "__init__");
                if let (true, AccessKind::Store(Stored::Value(value) | Stored::Annotated(_, Some(value)))) =
                    (is_constructor, access.kind)
                {
                    let file = access.class.file;
                    found.push(Self { file, ..self }.place(
                        &Scope::at(file, value.range()),
                        value,
                        access.range,
                    ));
                }
            }
        }
        if found.is_empty() {
            found = self.entries(&class.node.body);
        }
        match constructors {
            Err(why) if found.is_empty() && !settled => Err(why),
            _ => Ok(found),
        }
    }

    fn class_level(self, class: ClassRef<'f>) -> Found<'f> {
        let mut found = Vec::new();
        for order in self.project.linearisations(class).iter() {
            for ancestor in &order.ancestors {
                match ancestor {
                    Ancestor::Class(owner) => {
                        let bindings = self.project.frame_bindings(Frame::Class(owner.node)).last(self.name);
                        let scope = self.project.class_scope(*owner);
                        let here = Self { file: owner.file, ..self };
                        let values: Vec<Binding<'f>> = bindings
                            .iter()
                            .filter(|binding| !matches!(binding.kind, BindingKind::Function(_)))
                            .copied()
                            .collect();
                        found.extend(here.bound(&scope, &values, &owner.node.body));
                        if !bindings.is_empty() {
                            break;
                        }
                    }
                    Ancestor::External(_) | Ancestor::Unresolved(_) => {
                        // A base that nobody knows may define it, but the constructor can tell more.
                    }
                }
            }
        }
        Ok(found)
    }

    /// Everything of this name in a part of the file.
    pub(super) fn anywhere(self, range: TextRange) -> Vec<Place<'f>> {
        let body = &self.file.source().module().body;
        let mut found = Vec::new();
        let bindings = self.project.module_bindings(self.file);
        let settings = |bindings: &[Binding<'f>]| {
            let is_setting = |binding: &&Binding<'f>| {
                matches!(
                    binding.kind,
                    BindingKind::Value(_) | BindingKind::Annotated(_, Some(_)) | BindingKind::Augmented(_)
                )
            };
            bindings.iter().filter(is_setting).copied().collect::<Vec<_>>()
        };
        let scope = Scope::module(self.file);
        found.extend(self.bound(&scope, &settings(&bindings.last(self.name)), body));
        for symbol in self.file.symbols().iter() {
            if symbol.replaced {
                continue;
            }
            if let Some(function) = self.project.function_at(self.file, symbol.range) {
                let parameter = self.parameter(function);
                found.extend(parameter.filter(|place| !matches!(place.given, Given::Required)));
            } else if let Some(class) = self.project.class_at(self.file, symbol.range) {
                let bindings = self.project.frame_bindings(Frame::Class(class.node)).last(self.name);
                let scope = self.project.class_scope(class);
                found.extend(self.bound(&scope, &settings(&bindings), &class.node.body));
            }
        }
        found.extend(self.entries(body));
        found.retain(|place| range.contains_range(place.range));
        found
    }

    /// Why a name that the file does not bind may come from elsewhere.
    pub(super) fn stars(self) -> Option<(crate::evidence::Site, String)> {
        let bindings = self.project.module_bindings(self.file);
        let star = bindings.stars.first()?;
        let why = format!("`{}` may come from an `import *`", self.name);
        Some((crate::static_checks::site(self.file, star.range, None), why))
    }

    /// What the bindings of a scope with this body leave: each a value, unless one changes what
    /// was there before (`LIMIT += 1`).
    fn bound(self, scope: &Scope<'f>, bindings: &[Binding<'f>], body: &'f [Stmt]) -> Vec<Place<'f>> {
        let changes = |binding: &&Binding<'f>| matches!(binding.kind, BindingKind::Augmented(_));
        let Some(last) = bindings.iter().rfind(changes) else {
            return bindings.iter().map(|binding| self.binding(scope, binding)).collect();
        };
        let evaluator = Evaluator::new(self.project);
        let mut bindings = bindings.iter();
        let mut value = match bindings.next().map(|first| first.kind) {
            Some(BindingKind::Value(value) | BindingKind::Annotated(_, Some(value))) => {
                evaluator.value(scope, value).ok()
            }
            _ => None,
        };
        for binding in bindings {
            let change = body.iter().find_map(|stmt| match stmt {
                Stmt::AugAssign(change) if change.range == binding.range => Some(change),
                _ => None,
            });
            value = value.zip(change).and_then(|(value, change)| {
                operate(change.op, value, evaluator.value(scope, &change.value).ok()?)
            });
        }
        let given = match value {
            Some(value) => Given::Value(value),
            None => Given::Unknown(format!("what changes `{}` in its place is not followed", self.name)),
        };
        vec![Place { notes: evaluator.notes.into_inner(), ..self.given(last.range, given) }]
    }

    fn binding(self, scope: &Scope<'f>, binding: &Binding<'f>) -> Place<'f> {
        match binding.kind {
            BindingKind::Value(value) | BindingKind::Annotated(_, Some(value)) => {
                self.place(scope, value, binding.range)
            }
            BindingKind::Annotated(_, None) => self.given(binding.range, Given::Required),
            BindingKind::ImportFrom { .. } => {
                let evaluator = Evaluator::new(self.project);
                let given = match evaluator.bound(scope, &[*binding], self.name) {
                    Some(value) => Given::Value(value),
                    None => {
                        Given::Unknown(format!("`{}` is imported, and its value is not known", self.name))
                    }
                };
                self.given(binding.range, given)
            }
            BindingKind::Import { .. }
            | BindingKind::Function(_)
            | BindingKind::Class(_)
            | BindingKind::Augmented(_)
            | BindingKind::Iterated(_)
            | BindingKind::Entered(_)
            | BindingKind::Parameter(..)
            | BindingKind::Other => {
                self.given(binding.range, Given::Unknown(format!("`{}` is no plain value", self.name)))
            }
        }
    }

    fn place(self, scope: &Scope<'f>, value: &'f Expr, range: TextRange) -> Place<'f> {
        let evaluator = Evaluator::new(self.project);
        let given = match field(self.project, scope, value) {
            Field::Required => Given::Required,
            Field::Factory(value) => Given::Value(value),
            Field::Default(value) => match evaluator.value(scope, value) {
                Ok(value) => Given::Value(value),
                Err(why) => Given::Unknown(why),
            },
        };
        Place { notes: evaluator.notes.into_inner(), ..self.given(range, given) }
    }

    fn given(self, range: TextRange, given: Given) -> Place<'f> {
        let text = self.file.source().slice(range);
        // The name itself, borrowed from the text so that it lives as long as the file.
        let what = text.find(self.name).map_or(text, |start| &text[start..start + self.name.len()]);
        let what = if what.len() == self.name.len() { what } else { "the setting" };
        Place { file: self.file, range, given, what, notes: Vec::new() }
    }

    /// The parameter of this name.
    fn parameter(self, function: FunctionRef<'f>) -> Option<Place<'f>> {
        let parameters = &function.node.parameters;
        let Some(parameter) =
            parameters.iter_non_variadic_params().find(|it| it.name().as_str() == self.name)
        else {
            let variadic = [&parameters.vararg, &parameters.kwarg].into_iter().flatten();
            let collects = variadic.into_iter().find(|it| it.name.as_str() == self.name)?;
            let why = format!("`{}` collects arguments, and has no default", self.name);
            return Some(self.given(collects.range, Given::Unknown(why)));
        };
        let range = parameter.range();
        let Some(default) = &parameter.default else {
            let place = self.given(range, Given::Required);
            return Some(self.option(function).unwrap_or(place));
        };
        let mut scope = Scope::inside(self.file, function.node);
        scope.frames.pop();
        let place = self.place(&scope, default, range);
        Some(match place.given {
            Given::Value(Value::None) => self.replaced(function, place),
            // A call may be a framework's way to say what the parameter is: `t=Option(...)`.
            Given::Unknown(why) if !default.is_call_expr() => Place { given: Given::Something(why), ..place },
            Given::Value(_)
            | Given::Replaced(_)
            | Given::ReplacedBySomething(_)
            | Given::Something(_)
            | Given::Required
            | Given::Unknown(_) => place,
        })
    }

    /// `@option("--timeout", default=5)`: a decorator that speaks of the parameter, or may.
    fn option(self, function: FunctionRef<'f>) -> Option<Place<'f>> {
        let mut scope = Scope::inside(self.file, function.node);
        scope.frames.pop();
        for decorator in &function.node.decorator_list {
            if let Expr::Call(call) = &decorator.expression
                && let Some(declared) = declared(call, "option", self.name)
            {
                return Some(self.declared(&scope, declared, call.range()));
            }
        }
        let why = self.project.opaque_to_callers(function)?;
        Some(self.given(function.heading(), Given::Unknown(why)))
    }

    /// What the declaration of an option says.
    fn declared(self, scope: &Scope<'f>, declared: Declared<'f>, range: TextRange) -> Place<'f> {
        let given = match declared {
            Declared::Default { value, conversion } => {
                let place = self.place(scope, value, range);
                let (Some(conversion), Given::Value(value)) = (conversion, &place.given) else {
                    return place;
                };
                let given = match conversion.apply(value.clone()) {
                    Some(value) => Given::Value(value),
                    None => Given::Unknown(format!("what its type makes of {value} is not known")),
                };
                return Place { given, ..place };
            }
            Declared::Flag(value) => Given::Value(Value::Bool(value)),
            Declared::Absent => Given::Value(Value::None),
            Declared::Required => Given::Required,
            Declared::Computed(why) => Given::Unknown(why.to_owned()),
        };
        self.given(range, given)
    }

    /// Whether an option is certainly declared to something that is no parser of a command line.
    fn is_no_parser(self, call: &'f ast::ExprCall) -> bool {
        let types = self.project.infer(&Scope::at(self.file, call.range()), &call.func);
        let is_parser =
            |name: &str| name.contains("argparse") || name.contains("optparse") || name.contains("Parser");
        types.iter().any(|ty| matches!(ty, Type::External(name) if !is_parser(name)))
    }

    /// A default of `None` that the body replaces.
    fn replaced(self, function: FunctionRef<'f>, place: Place<'f>) -> Place<'f> {
        let mut body =
            Replacements { name: self.name, values: Vec::new(), other: false, understood: Vec::new() };
        body.visit_body(&function.node.body);
        if body.values.is_empty() && !body.other {
            return place;
        }
        let scope = Scope::inside(self.file, function.node);
        let evaluator = Evaluator::new(self.project);
        let mut values: Vec<Value> = Vec::new();
        let mut unknown = body.other.then(|| format!("`{}` is replaced in the body", self.name));
        for expr in body.values {
            match evaluator.value(&scope, expr) {
                Ok(value) if values.iter().any(|known| known.is_same(&value)) => {}
                Ok(value) => values.push(value),
                Err(why) => unknown = Some(why),
            }
        }
        let given = match (values.as_slice(), unknown) {
            ([value], None) => Given::Replaced(value.clone()),
            ([], None) => Given::Value(Value::None),
            (_, Some(why)) => Given::ReplacedBySomething(format!("`{}` is None, and then {why}", self.name)),
            (_, None) => {
                Given::ReplacedBySomething(format!("`{}` is None, and several values replace it", self.name))
            }
        };
        Place { given, notes: evaluator.notes.into_inner(), ..place }
    }

    /// Settings of this name in code.
    fn entries(self, body: &'f [Stmt]) -> Vec<Place<'f>> {
        let mut entries =
            Entries { name: self.name, plain: plain(self.name), found: Vec::new(), parser_may_say: false };
        entries.visit_body(body);
        let parser_may_say = entries.parser_may_say;
        let mut places = Vec::new();
        for (range, entry) in entries.found {
            places.push(match entry {
                Entry::Value(value) => self.place(&Scope::at(self.file, value.range()), value, range),
                Entry::Option(_, Declared::Absent | Declared::Default { .. } | Declared::Flag(_))
                    if parser_may_say =>
                {
                    let why = "the parser's own defaults may say otherwise";
                    self.given(range, Given::Unknown(why.to_owned()))
                }
                Entry::Option(call, Declared::Absent | Declared::Required | Declared::Computed(_))
                    if self.is_no_parser(call) =>
                {
                    continue;
                }
                Entry::Option(call, declared) => {
                    self.declared(&Scope::at(self.file, call.range()), declared, range)
                }
            });
        }
        places
    }
}

enum Field<'f> {
    Default(&'f Expr),
    Factory(Value),
    Required,
}

/// `field(default=5)`, `Field(5)`, `Query(...)`: what stands for the default.
fn field<'f>(project: &Project<'f>, scope: &Scope<'f>, value: &'f Expr) -> Field<'f> {
    let Expr::Call(call) = value else { return Field::Default(value) };
    let types = project.infer(scope, &call.func);
    let [Type::External(name)] = types.as_slice() else { return Field::Default(value) };
    let last = name.rsplit('.').next().unwrap_or(name);
    if name.starts_with("os.") || name.starts_with("builtins.") || matches!(last, "get" | "pop") {
        return Field::Default(value);
    }
    if let Some(default) = keyword(&call.arguments, "default") {
        return if default.is_ellipsis_literal_expr() { Field::Required } else { Field::Default(default) };
    }
    if let Some(Expr::Name(factory)) = keyword(&call.arguments, "default_factory") {
        match factory.id.as_str() {
            "list" => return Field::Factory(Value::List(Vec::new())),
            "dict" => return Field::Factory(Value::Dict(Vec::new())),
            "set" => return Field::Factory(Value::Set(Vec::new())),
            _ => return Field::Default(value),
        }
    }
    let takes_it_first = matches!(
        name.as_str(),
        "pydantic.Field"
            | "fastapi.Query"
            | "fastapi.Path"
            | "fastapi.Body"
            | "fastapi.Header"
            | "fastapi.Cookie"
            | "fastapi.Form"
            | "fastapi.File"
            | "typer.Option"
            | "typer.Argument"
    );
    match call.arguments.args.first() {
        Some(Expr::EllipsisLiteral(_)) if takes_it_first => Field::Required,
        Some(first) if takes_it_first => Field::Default(first),
        _ if name == "dataclasses.field" || takes_it_first => {
            let factory = keyword(&call.arguments, "default_factory").is_some();
            if factory { Field::Default(value) } else { Field::Required }
        }
        _ => Field::Default(value),
    }
}

/// What stands in for a parameter that is `None`.
struct Replacements<'n, 'f> {
    name: &'n str,
    values: Vec<&'f Expr>,
    /// It gets a value in a way that is not understood.
    other: bool,
    /// Statements that were.
    understood: Vec<TextRange>,
}

impl Replacements<'_, '_> {
    fn is_it(&self, expr: &Expr) -> bool {
        matches!(expr, Expr::Name(name) if name.id.as_str() == self.name)
    }

    /// Whether a condition is true just when the parameter is not given (`Some(true)`), or just
    /// when it is given (`Some(false)`).
    fn asks(&self, test: &Expr) -> Option<bool> {
        match test {
            Expr::Compare(node) if self.is_it(&node.left) => match (&*node.ops, &*node.comparators) {
                ([CmpOp::Is | CmpOp::Eq], [Expr::NoneLiteral(_)]) => Some(true),
                ([CmpOp::IsNot | CmpOp::NotEq], [Expr::NoneLiteral(_)]) => Some(false),
                _ => None,
            },
            Expr::UnaryOp(node) if node.op == ast::UnaryOp::Not => {
                if self.is_it(&node.operand) {
                    Some(true)
                } else {
                    self.asks(&node.operand).map(|it| !it)
                }
            }
            Expr::Name(_) if self.is_it(test) => Some(false),
            _ => None,
        }
    }
}

impl<'f> Visitor<'f> for Replacements<'_, 'f> {
    fn visit_stmt(&mut self, stmt: &'f Stmt) {
        match stmt {
            Stmt::FunctionDef(_) | Stmt::ClassDef(_) => return,
            Stmt::If(node) if self.asks(&node.test) == Some(true) => {
                for inner in &node.body {
                    if let Stmt::Assign(assign) = inner
                        && let [target] = assign.targets.as_slice()
                        && self.is_it(target)
                    {
                        self.values.push(&assign.value);
                        self.understood.push(assign.range);
                    }
                }
            }
            Stmt::Assign(assign) if assign.targets.iter().any(|target| self.is_it(target)) => {
                let before = self.values.len();
                self.visit_expr(&assign.value);
                if self.values.len() == before && !self.understood.contains(&assign.range) {
                    self.other = true;
                }
                return;
            }
            _ => {}
        }
        visitor::walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, expr: &'f Expr) {
        match expr {
            Expr::BoolOp(node) if node.op == ast::BoolOp::Or && self.is_it(&node.values[0]) => {
                if let [_, other] = node.values.as_slice() {
                    self.values.push(other);
                } else {
                    self.other = true;
                }
            }
            Expr::If(node) => match self.asks(&node.test) {
                Some(true) if self.is_it(&node.orelse) => self.values.push(&node.body),
                Some(false) if self.is_it(&node.body) => self.values.push(&node.orelse),
                _ => visitor::walk_expr(self, expr),
            },
            Expr::Name(name) if name.ctx.is_store() && self.is_it(expr) => self.other = true,
            Expr::Lambda(_) => {}
            _ => visitor::walk_expr(self, expr),
        }
    }
}

enum Entry<'f> {
    Value(&'f Expr),
    Option(&'f ast::ExprCall, Declared<'f>),
}

/// Collects settings by their name.
struct Entries<'n, 'f> {
    name: &'n str,
    /// The name that the code has for it when it is an option.
    plain: String,
    found: Vec<(TextRange, Entry<'f>)>,
    /// A parser has defaults of its own, which come before those of its options.
    parser_may_say: bool,
}

impl Entries<'_, '_> {
    fn is_key(&self, key: &Expr) -> bool {
        matches!(key, Expr::StringLiteral(text) if text.value.to_str() == self.name)
    }
}

impl<'f> Visitor<'f> for Entries<'_, 'f> {
    fn visit_stmt(&mut self, stmt: &'f Stmt) {
        if let Stmt::Assign(assign) = stmt {
            for target in &assign.targets {
                let is_it = match target {
                    Expr::Subscript(subscript) => self.is_key(&subscript.slice),
                    // What a method stores on its object is asked of the class.
                    Expr::Attribute(attribute) => {
                        attribute.attr.as_str() == self.name
                            && !matches!(&*attribute.value, Expr::Name(name) if name.id.as_str() == "self")
                    }
                    _ => false,
                };
                if is_it {
                    self.found.push((stmt.range(), Entry::Value(&assign.value)));
                }
            }
        }
        visitor::walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, expr: &'f Expr) {
        match expr {
            Expr::Dict(dict) => {
                for item in &dict.items {
                    if let Some(key) = &item.key
                        && self.is_key(key)
                    {
                        let range = TextRange::new(key.start(), item.value.end());
                        self.found.push((range, Entry::Value(&item.value)));
                    }
                }
            }
            Expr::Call(call) => {
                let method = match &*call.func {
                    Expr::Attribute(attribute) => attribute.attr.as_str(),
                    Expr::Name(name) => name.id.as_str(),
                    _ => "",
                };
                let args = &call.arguments.args;
                self.parser_may_say |= keyword(&call.arguments, "argument_default").is_some();
                match (method, &**args) {
                    ("get" | "pop" | "getenv" | "setdefault", [key, rest @ ..]) if self.is_key(key) => {
                        let named =
                            || ["default", "fallback"].iter().find_map(|it| keyword(&call.arguments, it));
                        if let Some(default) = rest.first().or_else(named) {
                            self.found.push((call.range(), Entry::Value(default)));
                        }
                    }
                    // `configparser`: the section comes first, or is what is asked.
                    ("get" | "getint" | "getfloat" | "getboolean", [_, key]) if self.is_key(key) => {
                        if let Some(default) = keyword(&call.arguments, "fallback") {
                            self.found.push((call.range(), Entry::Value(default)));
                        }
                    }
                    ("getint" | "getfloat" | "getboolean", [key, rest @ ..]) if self.is_key(key) => {
                        if let Some(default) = rest.first().or(keyword(&call.arguments, "fallback")) {
                            self.found.push((call.range(), Entry::Value(default)));
                        }
                    }
                    ("set_defaults", _) => {
                        if let Some(value) = keyword(&call.arguments, &self.plain) {
                            self.found.push((value.range(), Entry::Value(value)));
                            self.parser_may_say = true;
                        }
                        self.parser_may_say |=
                            call.arguments.keywords.iter().any(|keyword| keyword.arg.is_none());
                    }
                    ("getattr", [_, key, default]) if self.is_key(key) => {
                        self.found.push((call.range(), Entry::Value(default)));
                    }
                    ("update" | "dict" | "from_mapping", _) => {
                        if let Some(value) = keyword(&call.arguments, self.name) {
                            self.found.push((value.range(), Entry::Value(value)));
                        }
                    }
                    ("add_argument" | "add_option" | "option", _) => {
                        if let Some(declared) = declared(call, method, self.name) {
                            self.found.push((call.range(), Entry::Option(call, declared)));
                        }
                    }
                    _ => {}
                }
            }
            _ => {}
        }
        visitor::walk_expr(self, expr);
    }
}
