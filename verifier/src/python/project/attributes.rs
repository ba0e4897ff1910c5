//! What the methods of a class do with the attributes of its objects.

use std::borrow::Cow;
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt};

use super::types::{Trail, unique};
use super::{ClassRef, FunctionRef, Project, Scope, Types, address};
use crate::python::ast::{self, Expr, ExprContext, Stmt};
use crate::python::visitor::{self, Visitor};
use crate::python::{Ranged, TextRange};

/// One use of an attribute of an object of a class, in the class's own body.
#[derive(Clone, Debug)]
pub struct Access<'f> {
    /// `endpoint`; empty when the name is computed.
    pub name: &'f str,
    /// The class in whose body it stands. Names with two leading underscores belong to it alone.
    pub class: ClassRef<'f>,
    /// The method in whose body it stands, nested functions included; none at class level.
    pub method: Option<FunctionRef<'f>>,
    /// What is done.
    pub kind: AccessKind<'f>,
    /// The attribute expression, or the statement at class level.
    pub range: TextRange,
}

/// What is done with an attribute.
#[derive(Clone, Copy, Debug)]
pub enum AccessKind<'f> {
    /// It is read.
    Load,
    /// It is read if it is there: `hasattr`, `getattr` with a default.
    Probe,
    /// It gets a value.
    Store(Stored<'f>),
    /// It is deleted.
    Delete,
    /// An attribute whose name is computed gets a value.
    Computed,
}

/// How an attribute gets a value.
#[derive(Clone, Copy, Debug)]
pub enum Stored<'f> {
    /// `self.x = value`, also by `setattr` with a literal name.
    Value(&'f Expr),
    /// `self.x: annotation = value`.
    Annotated(&'f Expr, Option<&'f Expr>),
    /// `self.x += value`.
    Augmented(&'f Expr),
    /// `for self.x in iterable`.
    Iterated(&'f Expr),
    /// `with value as self.x`.
    Entered(&'f Expr),
    /// One of several that are unpacked.
    Unpacked,
    /// A name in the class's body that is assigned.
    InClassBody,
    /// A name in the class's body that is only annotated: a field of a dataclass.
    Declared,
    /// A method, property or nested class.
    Definition,
    /// A name in `__slots__`: there is room for it, and no value.
    Slot,
}

impl<'f> Access<'f> {
    /// Whether this is about the attribute that `name` means in `class`.
    pub fn is_of(&self, name: &str, class: ClassRef<'f>) -> bool {
        if is_private(name) || is_private(self.name) {
            mangled(self.name, self.class) == mangled(name, class)
        } else {
            self.name == name
        }
    }
}

/// The name that an attribute really has: Python adds the class's to one with two leading
/// underscores that its code writes.
pub fn mangled<'n>(name: &'n str, class: ClassRef) -> Cow<'n, str> {
    let owner = class.name().trim_start_matches('_');
    if is_private(name) && !owner.is_empty() {
        Cow::Owned(format!("_{owner}{name}"))
    } else {
        Cow::Borrowed(name)
    }
}

/// Whether Python adds the class's name to this one.
pub fn is_private(name: &str) -> bool {
    name.starts_with("__") && !name.ends_with("__")
}

impl<'f> Project<'f> {
    /// What the class's own body does with attributes, in source order.
    pub fn accesses(&self, class: ClassRef<'f>) -> Arc<Vec<Access<'f>>> {
        let key = address(class.node);
        if let Some(known) = self.accesses.read().ok().and_then(|map| map.get(&key).cloned()) {
            return known;
        }
        let mut found = Vec::new();
        class_level(class, &class.node.body, &mut found);
        for method in self.own_methods(class) {
            let objects = object_names(method);
            if objects.is_empty() {
                continue;
            }
            let mut walker = Walker {
                class,
                method,
                objects,
                dictionaries: Vec::new(),
                targets: HashMap::new(),
                literal_names: Vec::new(),
                found: &mut found,
            };
            walker.find_dictionaries();
            walker.visit_body(&method.node.body);
        }
        found.sort_by_key(|access: &Access| access.range.start());
        let found = Arc::new(found);
        if let Ok(mut map) = self.accesses.write() {
            map.insert(key, Arc::clone(&found));
        }
        found
    }

    /// The accesses to one attribute in the class and its bases, nearest class first. With
    /// several orders the union.
    pub fn accesses_of(&self, class: ClassRef<'f>, name: &str) -> Vec<Access<'f>> {
        let mut owners: Vec<ClassRef<'f>> = Vec::new();
        for linearisation in self.linearisations(class).iter() {
            for owner in linearisation.classes() {
                if !owners.contains(&owner) {
                    owners.push(owner);
                }
            }
        }
        let mut accesses = Vec::new();
        for owner in owners {
            let own = self.accesses(owner);
            accesses.extend(own.iter().filter(|access| access.is_of(name, class)).cloned());
        }
        accesses
    }

    /// What the stores of `self.name` anywhere in the hierarchy give.
    pub(super) fn stored_types(&self, class: ClassRef<'f>, name: &str, trail: &mut Trail) -> Types<'f> {
        let mut declared = Types::new();
        let mut stored = Types::new();
        for access in self.accesses_of(class, name) {
            let (AccessKind::Store(store), Some(method)) = (access.kind, access.method) else {
                continue;
            };
            let scope = |expr: &Expr| {
                let mut scope = Scope::at(method.file, expr.range());
                scope.receiver = Some(class);
                scope
            };
            match store {
                Stored::Value(value) => stored.extend(self.infer_in(&scope(value), value, trail)),
                Stored::Annotated(annotation, value) => {
                    declared.extend(self.infer_annotation(&scope(annotation), annotation));
                    if let Some(value) = value {
                        stored.extend(self.infer_in(&scope(value), value, trail));
                    }
                }
                Stored::Entered(_) | Stored::Iterated(_) | Stored::Unpacked => {
                    stored.extend(super::types::unknown("a value that is not followed"));
                }
                Stored::Augmented(_)
                | Stored::InClassBody
                | Stored::Declared
                | Stored::Definition
                | Stored::Slot => {}
            }
        }
        let is_unknown = |ty: &super::Type| matches!(ty, super::Type::Unknown(_));
        if declared.is_empty() {
            return stored;
        }
        // A declaration speaks for the values that cannot be followed, and for those to come.
        if stored.iter().any(is_unknown) || stored.iter().all(|ty| *ty == super::Type::None) {
            stored.retain(|ty| !is_unknown(ty));
            stored.extend(declared);
        }
        unique(&mut stored);
        stored
    }
}

/// The name by which a method knows its object or class.
pub fn object_parameter<'f>(method: FunctionRef<'f>) -> Option<&'f str> {
    if method.class.is_none() || method.has_decorator("staticmethod") {
        return None;
    }
    let parameters = &method.node.parameters;
    let first = parameters.posonlyargs.first().or(parameters.args.first())?;
    Some(first.parameter.name.as_str())
}

/// The names by which a method knows its object or class: its first parameter, and what it
/// stores that as.
pub fn object_names<'f>(method: FunctionRef<'f>) -> Vec<&'f str> {
    let mut names: Vec<&'f str> = object_parameter(method).into_iter().collect();
    if !names.is_empty() {
        let is_object = |names: &[&'f str], value: &Expr| matches!(value, Expr::Name(name) if names.contains(&name.id.as_str()));
        Aliases { stands_for: &is_object, names: &mut names }.visit_body(&method.node.body);
    }
    names
}

/// Collects names that are assigned what certain expressions, or names collected before, stand for.
struct Aliases<'a, 'f> {
    stands_for: &'a dyn Fn(&[&'f str], &Expr) -> bool,
    names: &'a mut Vec<&'f str>,
}

impl<'f> Visitor<'f> for Aliases<'_, 'f> {
    fn visit_stmt(&mut self, stmt: &'f Stmt) {
        let (targets, value) = match stmt {
            Stmt::Assign(assign) => (&*assign.targets, Some(&*assign.value)),
            Stmt::AnnAssign(assign) => (std::slice::from_ref(&*assign.target), assign.value.as_deref()),
            _ => (&[][..], None),
        };
        if value.is_some_and(|value| (self.stands_for)(self.names, value)) {
            for target in targets {
                if let Expr::Name(name) = target {
                    self.names.push(name.id.as_str());
                }
            }
        }
        visitor::walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, _: &'f Expr) {}
}

/// What a class's body binds is an attribute of its objects.
fn class_level<'f>(class: ClassRef<'f>, body: &'f [Stmt], found: &mut Vec<Access<'f>>) {
    let mut add = |name: &'f str, kind: Stored<'f>, range: TextRange| {
        found.push(Access { name, class, method: None, kind: AccessKind::Store(kind), range });
    };
    for stmt in body {
        match stmt {
            Stmt::Assign(assign) => {
                for target in &assign.targets {
                    each_name(target, &mut |name| {
                        add(name, Stored::InClassBody, stmt.range());
                        if name == "__slots__" {
                            for slot in literal_strings(&assign.value).unwrap_or_default() {
                                add(slot, Stored::Slot, assign.value.range());
                            }
                        }
                    });
                }
            }
            Stmt::AnnAssign(assign) => {
                let kind = if assign.value.is_some() { Stored::InClassBody } else { Stored::Declared };
                each_name(&assign.target, &mut |name| add(name, kind, stmt.range()));
            }
            Stmt::AugAssign(assign) => {
                each_name(&assign.target, &mut |name| add(name, Stored::InClassBody, stmt.range()));
            }
            Stmt::FunctionDef(function) => {
                add(function.name.as_str(), Stored::Definition, function.name.range);
            }
            Stmt::ClassDef(inner) => add(inner.name.as_str(), Stored::Definition, inner.name.range),
            Stmt::Import(import) => {
                for alias in &import.names {
                    let name = alias.asname.as_ref().unwrap_or(&alias.name);
                    add(name.as_str(), Stored::InClassBody, stmt.range());
                }
            }
            Stmt::ImportFrom(import) => {
                for alias in &import.names {
                    let name = alias.asname.as_ref().unwrap_or(&alias.name);
                    add(name.as_str(), Stored::InClassBody, stmt.range());
                }
            }
            Stmt::For(node) => {
                each_name(&node.target, &mut |name| add(name, Stored::InClassBody, stmt.range()));
            }
            Stmt::With(node) => {
                for target in node.items.iter().filter_map(|item| item.optional_vars.as_deref()) {
                    each_name(target, &mut |name| add(name, Stored::InClassBody, stmt.range()));
                }
            }
            _ => {}
        }
    }
    for stmt in body {
        for inner in inner_blocks(stmt) {
            class_level(class, inner, found);
        }
    }
}

/// The blocks of a statement that run in the same scope.
pub(crate) fn inner_blocks(stmt: &Stmt) -> Vec<&[Stmt]> {
    match stmt {
        Stmt::If(node) => {
            let mut blocks: Vec<&[Stmt]> = vec![&node.body];
            blocks.extend(node.elif_else_clauses.iter().map(|clause| &clause.body[..]));
            blocks
        }
        Stmt::Try(node) => {
            let mut blocks: Vec<&[Stmt]> = vec![&node.body];
            for ast::ExceptHandler::ExceptHandler(handler) in &node.handlers {
                blocks.push(&handler.body);
            }
            blocks.push(&node.orelse);
            blocks.push(&node.finalbody);
            blocks
        }
        Stmt::With(node) => vec![&node.body],
        Stmt::For(node) => vec![&node.body, &node.orelse],
        Stmt::While(node) => vec![&node.body, &node.orelse],
        Stmt::Match(node) => node.cases.iter().map(|case| &case.body[..]).collect(),
        _ => Vec::new(),
    }
}

fn each_name<'f>(target: &'f Expr, each: &mut dyn FnMut(&'f str)) {
    match target {
        Expr::Name(name) => each(name.id.as_str()),
        Expr::Tuple(tuple) => tuple.elts.iter().for_each(|element| each_name(element, each)),
        Expr::List(list) => list.elts.iter().for_each(|element| each_name(element, each)),
        Expr::Starred(starred) => each_name(&starred.value, each),
        _ => {}
    }
}

/// `("a", "b")`, `["a"]`, `{"a"}`, `"a"`.
pub(crate) fn literal_strings(expr: &Expr) -> Option<Vec<&str>> {
    let elements = match expr {
        Expr::Tuple(tuple) => &tuple.elts,
        Expr::List(list) => &list.elts,
        Expr::Set(set) => &set.elts,
        Expr::StringLiteral(text) => return Some(vec![text.value.to_str()]),
        Expr::Dict(dict) => {
            return dict.items.iter().map(|item| as_string(item.key.as_ref()?)).collect();
        }
        _ => return None,
    };
    elements.iter().map(as_string).collect()
}

fn as_string(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::StringLiteral(text) => Some(text.value.to_str()),
        _ => None,
    }
}

struct Walker<'w, 'f> {
    class: ClassRef<'f>,
    method: FunctionRef<'f>,
    /// Names that stand for the object here.
    objects: Vec<&'f str>,
    /// Names that stand for its `__dict__`.
    dictionaries: Vec<&'f str>,
    /// Attribute expressions that are targets of the statement around them.
    targets: HashMap<usize, Stored<'f>>,
    /// Loop variables that run over literal names.
    literal_names: Vec<(&'f str, Vec<&'f str>)>,
    found: &'w mut Vec<Access<'f>>,
}

impl<'f> Walker<'_, 'f> {
    fn is_object(&self, expr: &Expr) -> bool {
        matches!(expr, Expr::Name(name) if self.objects.contains(&name.id.as_str()))
    }

    /// `type(self)`, `self.__class__`: stores there are seen through every object.
    fn is_object_or_its_class(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Attribute(attribute) => {
                attribute.attr.as_str() == "__class__" && self.is_object(&attribute.value)
            }
            Expr::Call(call) => {
                is_name(&call.func, "type")
                    && call.arguments.args.first().is_some_and(|object| self.is_object(object))
            }
            Expr::Name(name) => name.id == self.class.node.name.id || self.is_object(expr),
            _ => false,
        }
    }

    /// `self.__dict__` or `vars(self)`, and what stands for it.
    fn is_dictionary(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Name(name) => self.dictionaries.contains(&name.id.as_str()),
            Expr::Attribute(attribute) => {
                attribute.attr.as_str() == "__dict__" && self.is_object(&attribute.value)
            }
            Expr::Call(call) => {
                is_name(&call.func, "vars")
                    && call.arguments.args.first().is_some_and(|object| self.is_object(object))
            }
            _ => false,
        }
    }

    fn find_dictionaries(&mut self) {
        let mut names = Vec::new();
        let stands_for = |known: &[&'f str], value: &Expr| {
            self.is_dictionary(value)
                || matches!(value, Expr::Name(name) if known.contains(&name.id.as_str()))
        };
        Aliases { stands_for: &stands_for, names: &mut names }.visit_body(&self.method.node.body);
        self.dictionaries = names;
    }

    fn add(&mut self, name: &'f str, kind: AccessKind<'f>, range: TextRange) {
        let (class, method) = (self.class, Some(self.method));
        self.found.push(Access { name, class, method, kind, range });
    }

    fn target(&mut self, target: &'f Expr, stored: Stored<'f>) {
        match target {
            Expr::Tuple(tuple) => {
                for element in &tuple.elts {
                    self.target(element, Stored::Unpacked);
                }
            }
            Expr::List(list) => {
                for element in &list.elts {
                    self.target(element, Stored::Unpacked);
                }
            }
            Expr::Starred(starred) => self.target(&starred.value, Stored::Unpacked),
            _ => {
                self.targets.insert(address(target), stored);
            }
        }
    }

    fn assign(&mut self, target: &'f Expr, value: &'f Expr) {
        if let (Expr::Tuple(targets), Expr::Tuple(values)) = (target, value)
            && targets.elts.len() == values.elts.len()
            && !targets.elts.iter().chain(&values.elts).any(Expr::is_starred_expr)
        {
            for (target, value) in targets.elts.iter().zip(&values.elts) {
                self.assign(target, value);
            }
            return;
        }
        self.target(target, Stored::Value(value));
    }

    /// The names that an argument can be: a literal, or a variable that runs over literals.
    fn names_of(&self, expr: &'f Expr) -> Option<Vec<&'f str>> {
        match expr {
            Expr::StringLiteral(text) => Some(vec![text.value.to_str()]),
            Expr::Name(name) => self
                .literal_names
                .iter()
                .rev()
                .find(|(variable, _)| *variable == name.id.as_str())
                .map(|(_, names)| names.clone()),
            _ => None,
        }
    }

    fn store_named(&mut self, name: &'f Expr, value: Option<&'f Expr>, range: TextRange) {
        match self.names_of(name) {
            Some(names) => {
                for name in names {
                    let stored = value.map_or(Stored::Unpacked, Stored::Value);
                    self.add(name, AccessKind::Store(stored), range);
                }
            }
            None => self.add("", AccessKind::Computed, range),
        }
    }

    fn call(&mut self, call: &'f ast::ExprCall) {
        let arguments = &call.arguments.args;
        let range = call.range();
        match call.func.as_ref() {
            Expr::Name(function) => {
                let on_object = arguments.first().is_some_and(|object| self.is_object_or_its_class(object));
                match (function.id.as_str(), arguments.as_ref()) {
                    ("setattr", [_, name, value]) if on_object => {
                        self.store_named(name, Some(value), range);
                    }
                    ("getattr", [_, name]) if on_object => {
                        for name in self.names_of(name).unwrap_or_default() {
                            self.add(name, AccessKind::Load, range);
                        }
                    }
                    ("getattr", [_, name, _]) | ("hasattr", [_, name]) if on_object => {
                        for name in self.names_of(name).unwrap_or_default() {
                            self.add(name, AccessKind::Probe, range);
                        }
                    }
                    ("delattr", [_, name]) if on_object => {
                        for name in self.names_of(name).unwrap_or_default() {
                            self.add(name, AccessKind::Delete, range);
                        }
                    }
                    _ => {}
                }
            }
            Expr::Attribute(function) => {
                let on_dictionary = self.is_dictionary(&function.value);
                match (function.attr.as_str(), arguments.as_ref()) {
                    ("__setattr__", [object, name, value]) if self.is_object(object) => {
                        self.store_named(name, Some(value), range);
                    }
                    ("__setattr__", [name, value])
                        if is_super(&function.value) || self.is_object(&function.value) =>
                    {
                        self.store_named(name, Some(value), range);
                    }
                    ("setdefault", [name, value]) if on_dictionary => {
                        self.store_named(name, Some(value), range);
                    }
                    ("update", arguments) if on_dictionary => {
                        for keyword in &call.arguments.keywords {
                            match &keyword.arg {
                                Some(name) => {
                                    let stored = AccessKind::Store(Stored::Value(&keyword.value));
                                    self.add(name.as_str(), stored, range);
                                }
                                None => self.add("", AccessKind::Computed, range),
                            }
                        }
                        for argument in arguments {
                            match (argument, literal_strings(argument)) {
                                (Expr::Dict(_), Some(names)) => {
                                    for name in names {
                                        self.add(name, AccessKind::Store(Stored::Unpacked), range);
                                    }
                                }
                                _ => self.add("", AccessKind::Computed, range),
                            }
                        }
                    }
                    _ => {}
                }
            }
            _ => {}
        }
    }

    /// Walks a nested function: its own parameters hide the object's name.
    fn nested(&mut self, parameters: Option<&ast::Parameters>, walk: impl FnOnce(&mut Self)) {
        let before = self.objects.clone();
        if let Some(parameters) = parameters {
            self.objects.retain(|object| !parameters.includes(object));
        }
        walk(self);
        self.objects = before;
    }
}

impl<'f> Visitor<'f> for Walker<'_, 'f> {
    fn visit_stmt(&mut self, stmt: &'f Stmt) {
        match stmt {
            Stmt::FunctionDef(function) => {
                for decorator in &function.decorator_list {
                    self.visit_decorator(decorator);
                }
                self.visit_parameters(&function.parameters);
                self.nested(Some(&function.parameters), |this| this.visit_body(&function.body));
                return;
            }
            Stmt::Assign(assign) => {
                for target in &assign.targets {
                    self.assign(target, &assign.value);
                }
            }
            Stmt::AnnAssign(assign) => {
                // Without a value nothing is stored.
                if assign.value.is_none() && matches!(assign.target.as_ref(), Expr::Attribute(_)) {
                    self.visit_annotation(&assign.annotation);
                    return;
                }
                self.target(&assign.target, Stored::Annotated(&assign.annotation, assign.value.as_deref()));
            }
            Stmt::AugAssign(assign) => self.target(&assign.target, Stored::Augmented(&assign.value)),
            Stmt::For(node) => {
                self.target(&node.target, Stored::Iterated(&node.iter));
                if let (Expr::Name(variable), Some(names)) =
                    (node.target.as_ref(), literal_strings(&node.iter))
                {
                    self.literal_names.push((variable.id.as_str(), names));
                    visitor::walk_stmt(self, stmt);
                    self.literal_names.pop();
                    return;
                }
            }
            Stmt::With(node) => {
                for item in &node.items {
                    if let Some(target) = &item.optional_vars {
                        self.target(target, Stored::Entered(&item.context_expr));
                    }
                }
            }
            _ => {}
        }
        visitor::walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, expr: &'f Expr) {
        match expr {
            Expr::Lambda(lambda) => {
                self.nested(lambda.parameters.as_deref(), |this| visitor::walk_expr(this, expr));
                return;
            }
            Expr::Call(call) => self.call(call),
            Expr::Subscript(subscript)
                if subscript.ctx == ExprContext::Store && self.is_dictionary(&subscript.value) =>
            {
                let target = address(expr);
                let value = match self.targets.get(&target) {
                    Some(Stored::Value(value)) => Some(*value),
                    _ => None,
                };
                self.store_named(&subscript.slice, value, expr.range());
            }
            Expr::Attribute(attribute) => {
                let name = attribute.attr.as_str();
                let range = expr.range();
                match attribute.ctx {
                    ExprContext::Store if self.is_object_or_its_class(&attribute.value) => {
                        let target = address(expr);
                        let stored = self.targets.get(&target).copied().unwrap_or(Stored::Unpacked);
                        if name == "__dict__" {
                            self.add("", AccessKind::Computed, range);
                        }
                        self.add(name, AccessKind::Store(stored), range);
                    }
                    ExprContext::Load if self.is_object(&attribute.value) => {
                        self.add(name, AccessKind::Load, range);
                    }
                    ExprContext::Del if self.is_object(&attribute.value) => {
                        self.add(name, AccessKind::Delete, range);
                    }
                    ExprContext::Store | ExprContext::Load | ExprContext::Del | ExprContext::Invalid => {}
                }
            }
            _ => {}
        }
        visitor::walk_expr(self, expr);
    }
}

fn is_name(expr: &Expr, text: &str) -> bool {
    matches!(expr, Expr::Name(name) if name.id.as_str() == text)
}

fn is_super(expr: &Expr) -> bool {
    matches!(expr, Expr::Call(call) if is_name(&call.func, "super"))
}
