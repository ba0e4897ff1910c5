//! Where parameters and settings get their defaults.

use super::evaluate::{Evaluator, keyword};
use crate::python::ast::visitor::{self, Visitor};
use crate::python::ast::{self, CmpOp, Expr, Stmt};
use crate::python::literal::Value;
use crate::python::project::{
    AccessKind, Ancestor, Binding, BindingKind, ClassRef, Frame, FunctionRef, Project, Scope, Stored, Type,
};
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
        for order in self.project.linearisations(class) {
            for ancestor in &order.ancestors {
                match ancestor {
                    Ancestor::Class(owner) => {
                        let bindings = self.project.frame_bindings(Frame::Class(owner.node)).last(self.name);
                        let scope = self.project.class_scope(*owner);
                        let here = Self { file: owner.file, ..self };
                        found.extend(
                            bindings
                                .iter()
                                .filter(|binding| !matches!(binding.kind, BindingKind::Function(_)))
                                .map(|binding| here.binding(&scope, binding)),
                        );
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
        let plain = |binding: &&Binding<'f>| {
            matches!(
                binding.kind,
                BindingKind::Value(_) | BindingKind::Annotated(_, Some(_)) | BindingKind::Augmented(_)
            )
        };
        let scope = Scope::module(self.file);
        found.extend(
            bindings.last(self.name).iter().filter(plain).map(|binding| self.binding(&scope, binding)),
        );
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
                found.extend(bindings.iter().filter(plain).map(|binding| self.binding(&scope, binding)));
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
            Given::Value(_) | Given::Replaced(_) | Given::Required | Given::Unknown(_) => place,
        })
    }

    /// `@option("--timeout", default=5)`: a decorator that speaks of the parameter, or may.
    fn option(self, function: FunctionRef<'f>) -> Option<Place<'f>> {
        let mut scope = Scope::inside(self.file, function.node);
        scope.frames.pop();
        for decorator in &function.node.decorator_list {
            if let Expr::Call(call) = &decorator.expression
                && let Some(value) = option_default(call, self.name)
            {
                return Some(self.place(&scope, value, call.range()));
            }
        }
        let why = self.project.opaque_decorator(function)?;
        Some(self.given(function.heading(), Given::Unknown(why)))
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
            (_, Some(why)) => Given::Unknown(format!("`{}` is None, and then {why}", self.name)),
            (_, None) => Given::Unknown(format!("`{}` is None, and several values replace it", self.name)),
        };
        Place { given, notes: evaluator.notes.into_inner(), ..place }
    }

    /// Settings of this name in code.
    fn entries(self, body: &'f [Stmt]) -> Vec<Place<'f>> {
        let mut entries = Entries { name: self.name, found: Vec::new() };
        entries.visit_body(body);
        entries
            .found
            .into_iter()
            .map(|(range, value)| match value {
                Entry::Value(value) => self.place(&Scope::at(self.file, value.range()), value, range),
                Entry::Flag(value) => self.given(range, Given::Value(Value::Bool(value))),
            })
            .collect()
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
    Flag(bool),
}

/// Collects settings by their name.
struct Entries<'n, 'f> {
    name: &'n str,
    found: Vec<(TextRange, Entry<'f>)>,
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
                match (method, &**args) {
                    ("get" | "pop" | "getenv" | "setdefault", [key, rest @ ..]) if self.is_key(key) => {
                        if let Some(default) = rest.first().or(keyword(&call.arguments, "default")) {
                            self.found.push((call.range(), Entry::Value(default)));
                        }
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
                        if let Some(value) = option_default(call, self.name) {
                            self.found.push((call.range(), Entry::Value(value)));
                        } else if let Some(flag) = option_flag(call, self.name) {
                            self.found.push((call.range(), Entry::Flag(flag)));
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

/// Whether a call declares an option of this name: `"--max-size"` is `max_size`, and itself.
fn declares(call: &ast::ExprCall, name: &str) -> bool {
    if name.starts_with('-') {
        return call
            .arguments
            .args
            .iter()
            .any(|argument| matches!(argument, Expr::StringLiteral(text) if text.value.to_str() == name));
    }
    if let Some(Expr::StringLiteral(dest)) = keyword(&call.arguments, "dest") {
        return dest.value.to_str() == name;
    }
    call.arguments.args.iter().any(|argument| match argument {
        Expr::StringLiteral(text) => text.value.to_str().trim_start_matches('-').replace('-', "_") == name,
        _ => false,
    })
}

fn option_default<'f>(call: &'f ast::ExprCall, name: &str) -> Option<&'f Expr> {
    if declares(call, name) { keyword(&call.arguments, "default") } else { None }
}

/// `action="store_true"` is `False` by default.
fn option_flag(call: &ast::ExprCall, name: &str) -> Option<bool> {
    if !declares(call, name) {
        return None;
    }
    match keyword(&call.arguments, "action") {
        Some(Expr::StringLiteral(action)) if action.value.to_str() == "store_true" => Some(false),
        Some(Expr::StringLiteral(action)) if action.value.to_str() == "store_false" => Some(true),
        _ => None,
    }
}
