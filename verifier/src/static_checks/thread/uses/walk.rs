//! A walk over one body of code: first the names that stand for the thread, then what is done
//! with them.

use std::collections::BTreeMap;

use super::value::{Sure, What, is_property};
use super::{DEPTH, EventKind, Owner, Uses};
use crate::python::ast::{self, Expr, ExprContext, Stmt};
use crate::python::calls::is_only_called;
use crate::python::control_flow::truth;
use crate::python::project::{
    BindingKind, ClassRef, Frame, FunctionRef, Scope, Type, dotted_name, object_parameter,
};
use crate::python::visitor::{self, Visitor};
use crate::python::{ParsedFile, Ranged, TextRange};

/// A name that stands for the thread, or for a collection that it is in.
#[derive(Clone, Debug)]
pub(super) struct Alias {
    name: String,
    what: What,
    /// The targets that give it that meaning; none when every binding does.
    targets: Option<Vec<TextRange>>,
}

impl Alias {
    /// A name whatever binds it.
    pub(super) fn whole(name: &str, what: What) -> Self {
        Self { name: name.to_owned(), what, targets: None }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

/// Methods that put their argument into the object.
const PUTTING: &[&str] =
    &["append", "add", "insert", "extend", "appendleft", "put", "put_nowait", "setdefault", "update"];

/// Functions that do nothing with a thread but look at it.
const LOOKING: &[&str] = &[
    "isinstance",
    "print",
    "id",
    "repr",
    "str",
    "bool",
    "len",
    "any",
    "all",
    "hasattr",
    "getattr",
    "type",
    "callable",
    "debug",
    "info",
    "warning",
    "error",
    "exception",
    "log",
    "critical",
    "remove",
    "discard",
    "list",
    "tuple",
    "set",
    "reversed",
    "sorted",
    "filter",
    "map",
    "setattr",
];

pub(super) struct Walker<'u, 'p, 'f> {
    pub(super) uses: &'u mut Uses<'p, 'f>,
    pub(super) file: &'f ParsedFile,
    pub(super) depth: u32,
    /// The class of the object that the code runs on, when it is a subclass.
    receiver: Option<ClassRef<'f>>,
    /// Names that have to do with the thread, as the code at hand sees them.
    names: BTreeMap<String, (What, Option<Vec<TextRange>>)>,
    /// The callees of the calls around.
    pub(super) called: Vec<TextRange>,
    /// The functions around, innermost last.
    pub(super) functions: Vec<&'f ast::StmtFunctionDef>,
}

impl<'u, 'p, 'f> Walker<'u, 'p, 'f> {
    pub(super) fn new(
        uses: &'u mut Uses<'p, 'f>,
        file: &'f ParsedFile,
        depth: u32,
        receiver: Option<ClassRef<'f>>,
        function: Option<&'f ast::StmtFunctionDef>,
        aliases: Vec<Alias>,
    ) -> Self {
        let names = aliases.into_iter().map(|alias| (alias.name, (alias.what, alias.targets))).collect();
        let functions = function.into_iter().collect();
        Self { uses, file, depth, receiver, names, called: Vec::new(), functions }
    }

    pub(super) fn run(&mut self, body: &'f [Stmt]) {
        // Twice, because a loop can use what a later line puts in.
        self.gather(body);
        self.visit_body(body);
    }

    pub(super) fn scope(&self, expr: &Expr) -> Scope<'f> {
        self.scope_at(expr.range())
    }

    fn scope_at(&self, range: TextRange) -> Scope<'f> {
        let mut scope = Scope::at(self.file, range);
        scope.receiver = self.receiver;
        scope
    }

    /// Finds aliases until no more come.
    fn gather(&mut self, body: &'f [Stmt]) {
        for _ in 0..4 {
            let before = (self.names.clone(), self.uses.places.len());
            let mut gatherer = Gatherer { walker: self };
            gatherer.visit_body(body);
            if (&self.names, self.uses.places.len()) == (&before.0, before.1) {
                break;
            }
        }
    }

    /// Whether code here can have to do with the thread: most functions do not name it.
    fn may_use(&self, code: TextRange) -> bool {
        let text = self.file.source().slice(code);
        self.names.keys().any(|name| text.contains(name.as_str()))
            || self.uses.places.iter().any(|place| text.contains(place.name.as_str()))
    }

    /// A function inside another one that nothing names, and so nothing runs.
    fn is_never_named(&self, function: &'f ast::StmtFunctionDef) -> bool {
        let Some(outer) = self.functions.last() else { return false };
        let name = function.name.as_str();
        let text = self.file.source().slice(outer.range());
        function.decorator_list.is_empty()
            && self.uses.project.function_ref(self.file, function).class.is_none()
            && text.matches(name).count() == 1
            && !["locals()", "vars()", "eval(", "exec("].iter().any(|word| text.contains(word))
    }

    pub(super) fn named(&self, name: &str) -> What {
        self.names.get(name).map_or(What::NOTHING, |(what, _)| what.clone())
    }

    /// What a variable is where it is used: `x = thread; x = ","` leaves no thread in `x`.
    pub(super) fn variable(&self, name: &'f ast::ExprName) -> What {
        let Some((what, targets)) = self.names.get(name.id.as_str()) else { return What::NOTHING };
        let Some(targets) = targets else { return what.clone() };
        let scope = Scope::at(self.file, name.range());
        let bindings = self.uses.project.lookup(&scope, name.id.as_str(), Some(name.start()));
        let is_bound = bindings.is_none_or(|(_, bindings)| {
            bindings.iter().any(|binding| targets.iter().any(|target| binding.range.contains_range(*target)))
        });
        if is_bound { what.clone() } else { What::NOTHING }
    }

    /// A variable gets the thread.
    fn bind(&mut self, target: &'f Expr, what: &What) {
        let Expr::Name(name) = target else { return };
        if !what.any().is_possible() {
            return;
        }
        match self.owner(name) {
            Some(owner) if what.any() == Sure::Yes => {
                let is_collection = what.thread != Sure::Yes;
                self.uses.put_into(owner, name.id.as_str(), is_collection);
            }
            Some(_) | None => {}
        }
        let entry =
            self.names.entry(name.id.as_str().to_owned()).or_insert((What::NOTHING, Some(Vec::new())));
        entry.0 = entry.0.clone().or(what.clone());
        if let Some(targets) = &mut entry.1
            && !targets.contains(&name.range())
        {
            targets.push(name.range());
        }
    }

    /// Whose variable a name is, when it is not one of the function at hand.
    fn owner(&self, name: &'f ast::ExprName) -> Option<Owner<'f>> {
        let scope = Scope::at(self.file, name.range());
        let id = name.id.as_str();
        let (depth, _) = self.uses.project.lookup(&scope, id, None)?;
        if depth == 0 {
            return Some(Owner::Module(self.file.path().as_str()));
        }
        match scope.frames[depth - 1] {
            Frame::Function(node) if !self.functions.last().is_some_and(|own| std::ptr::eq(*own, node)) => {
                Some(Owner::Function(self.uses.project.function_ref(self.file, node)))
            }
            // What a class's body binds is an attribute of its objects.
            Frame::Class(node) => Some(Owner::Class(ClassRef { file: self.file, node })),
            Frame::Function(_) | Frame::Lambda(_) | Frame::Comprehension(_) => None,
        }
    }

    /// The thread, or a collection with it, is put into a collection.
    fn put_into(&mut self, target: &'f Expr, sure: &Sure) {
        let what = What { thread: Sure::No, collection: sure.clone() };
        match target {
            Expr::Name(name) => {
                let is_known = self.named(name.id.as_str()).collection.is_possible();
                let is_parameter = self
                    .functions
                    .last()
                    .is_some_and(|function| function.parameters.includes(name.id.as_str()));
                match self.owner(name) {
                    Some(owner) if *sure == Sure::Yes => self.uses.put_into(owner, name.id.as_str(), true),
                    None if is_parameter && !is_known => self.uses.may(format!(
                        "it is put into the parameter `{}`, and what that is is not followed",
                        name.id
                    )),
                    Some(_) | None => {}
                }
                // A collection stays what it is, whatever binds the name.
                let entry = self.names.entry(name.id.as_str().to_owned()).or_insert((What::NOTHING, None));
                entry.0 = entry.0.clone().or(what);
                entry.1 = None;
            }
            Expr::Attribute(attribute) => self.store(attribute, sure, true),
            Expr::Subscript(subscript) => self.put_into(&subscript.value, sure),
            // `self.groups.setdefault(key, []).append(t)`.
            Expr::Call(call) => match call.func.as_ref() {
                Expr::Attribute(method) if matches!(method.attr.as_str(), "setdefault" | "get") => {
                    self.put_into(&method.value, sure);
                }
                _ => self.uses.may("it is put into what a call gives, which is not followed".to_owned()),
            },
            _ => self.uses.may("it is put into something that is not followed".to_owned()),
        }
    }

    /// The thread becomes an attribute, or part of one.
    fn store(&mut self, attribute: &'f ast::ExprAttribute, sure: &Sure, is_collection: bool) {
        let name = attribute.attr.as_str();
        match sure {
            Sure::No => return,
            Sure::Maybe(why) => return self.uses.may(why.clone()),
            Sure::Yes => {}
        }
        let scope = self.scope(&attribute.value);
        for ty in self.uses.project.infer(&scope, &attribute.value) {
            match ty {
                Type::Instance(class) | Type::Class(class) => {
                    self.uses.put_into(Owner::Class(class), name, is_collection);
                }
                Type::Module(module) => {
                    self.uses.put_into(Owner::Module(module.0.path().as_str()), name, is_collection);
                }
                Type::None => {}
                Type::Namespace(_)
                | Type::Function(_)
                | Type::Method(_, _)
                | Type::External(_)
                | Type::ExternalInstance(_)
                | Type::Unknown(_) => {
                    let place = self.file.source().slice(attribute.range());
                    let line = self.file.source().line(attribute.start());
                    let path = self.file.path();
                    self.uses
                        .may(format!("it is stored as `{place}` at `{path}:{line}`, which is not followed"));
                }
            }
        }
    }

    /// `x.append(t)` on a collection, not on an object whose `append` is the target's own.
    fn collection_put_into(&self, call: &'f ast::ExprCall) -> Option<&'f Expr> {
        let Expr::Attribute(method) = call.func.as_ref() else { return None };
        let is_method = PUTTING.contains(&method.attr.as_str());
        if !is_method || !self.uses.project.resolve_call(&self.scope(&call.func), call).functions.is_empty() {
            return None;
        }
        Some(&method.value)
    }

    /// The thread, or a collection that it is in, is an argument of a call.
    fn handed(
        &mut self,
        call: &'f ast::ExprCall,
        index: Option<usize>,
        keyword: Option<&'f str>,
        what: &What,
    ) {
        let name = match call.func.as_ref() {
            Expr::Name(name) => name.id.as_str(),
            Expr::Attribute(attribute) => attribute.attr.as_str(),
            _ => "",
        };
        let scope = self.scope(&call.func);
        let callees = self.uses.project.resolve_call(&scope, call);
        let mut functions: Vec<(FunctionRef<'f>, Option<ClassRef<'f>>)> = callees.functions.clone();
        if functions.is_empty() && (LOOKING.contains(&name) || self.collection_put_into(call).is_some()) {
            return;
        }
        for class in &callees.classes {
            let constructors = self.uses.project.method(*class, "__init__").unwrap_or_default();
            functions.extend(constructors.into_iter().map(|function| (function, Some(*class))));
        }
        // No builtin joins or starts what it gets.
        let mut is_kept = false;
        for class in &callees.classes {
            is_kept |= self.kept_in_field(*class, index, keyword, what);
        }
        if is_kept && functions.is_empty() {
            return;
        }
        let is_builtin = callees.unresolved.is_empty()
            && functions.is_empty()
            && callees.classes.is_empty()
            && callees.external.iter().all(|name| name.starts_with("builtins."));
        if is_builtin {
            return;
        }
        let is_threading = |name: &String| name.starts_with("threading.");
        let is_nothing_else =
            functions.is_empty() && callees.classes.is_empty() && callees.unresolved.is_empty();
        if is_nothing_else && !callees.external.is_empty() && callees.external.iter().all(is_threading) {
            // `threading.Thread.join(t)`.
            if index == Some(0) {
                self.own_event(call, name, &what.thread);
            }
            self.handed_to_thread(call);
            return;
        }
        if functions.is_empty() && self.handed_to_library(call, index, keyword, what) {
            return;
        }
        let is_followed = !functions.is_empty() && callees.unresolved.is_empty() && self.depth < DEPTH;
        if !is_followed {
            let line = self.file.source().line(call.start());
            self.uses.may(format!(
                "it is handed to `{name}` at `{}:{line}`, which is not followed",
                self.file.path()
            ));
        }
        let is_starred = index
            .and_then(|index| call.arguments.args.get(index))
            .is_some_and(|argument| matches!(argument, Expr::Starred(_)));
        for (function, receiver) in functions {
            if self.depth >= DEPTH {
                break;
            }
            let aliases = parameters(function, receiver.is_some(), (index, keyword), is_starred, what);
            if aliases.is_empty() {
                self.uses.may(format!("it is handed to `{name}` in a way that is not followed"));
                continue;
            }
            self.uses.function(function, aliases, receiver, self.depth + 1);
        }
    }

    /// `Job(name, thread)` of a dataclass: a field gets it. Whether it is one.
    fn kept_in_field(
        &mut self,
        class: ClassRef<'f>,
        index: Option<usize>,
        keyword: Option<&'f str>,
        what: &What,
    ) -> bool {
        let is_dataclass = class.node.decorator_list.iter().any(|decorator| {
            let called = match &decorator.expression {
                Expr::Call(call) => call.func.as_ref(),
                plain => plain,
            };
            dotted_name(called).is_some_and(|name| name.rsplit('.').next() == Some("dataclass"))
        });
        let mut fields = class.node.body.iter().filter_map(|stmt| match stmt {
            Stmt::AnnAssign(field) => match field.target.as_ref() {
                Expr::Name(name) => Some(name.id.as_str()),
                _ => None,
            },
            _ => None,
        });
        // Fields of a base come first.
        let has_base = class.node.arguments.as_ref().is_some_and(|bases| !bases.args.is_empty());
        let field = match (index, keyword) {
            (_, Some(name)) => Some(name),
            (Some(index), None) if !has_base => fields.nth(index),
            _ => None,
        };
        match (field, what.any()) {
            (Some(field), Sure::Yes) if is_dataclass => {
                self.uses.put_into(Owner::Class(class), field, what.thread != Sure::Yes);
                true
            }
            _ => false,
        }
    }

    /// Something that every thread can do. Whether it was one of these.
    fn own_event(&mut self, call: &'f ast::ExprCall, method: &str, sure: &Sure) -> bool {
        let kind = match method {
            "start" => EventKind::Start,
            "join" if self.joins_text(call) => return true,
            "join" => EventKind::Join,
            "cancel" => EventKind::Cancel,
            "setDaemon" => EventKind::Daemon(!matches!(
                call.arguments.args.first(),
                Some(Expr::BooleanLiteral(literal)) if !literal.value
            )),
            _ => return false,
        };
        self.uses.event(kind, sure, self.file, call.range());
        true
    }

    /// `name.join(parts)`: a thread cannot be given several values to wait for.
    fn joins_text(&self, call: &'f ast::ExprCall) -> bool {
        let [parts] = call.arguments.args.as_ref() else { return false };
        let is_several = |ty: &Type| {
            matches!(ty, Type::ExternalInstance(name) if matches!(
                name.as_str(),
                "builtins.list" | "builtins.tuple" | "builtins.set" | "builtins.dict" | "builtins.str" | "builtins.generator"
            ))
        };
        let types = self.uses.project.infer(&self.scope(parts), parts);
        !types.is_empty() && types.iter().all(is_several)
    }

    fn method_call(&mut self, call: &'f ast::ExprCall, method: &str, sure: &Sure) {
        self.own_event(call, method, sure);
        // A method of a thread class of the target may join or start the thread itself.
        let scope = self.scope(&call.func);
        for (function, receiver) in self.uses.project.resolve_call(&scope, call).functions {
            self.own_method(function, receiver, method, sure);
        }
    }

    pub(super) fn own_method(
        &mut self,
        function: FunctionRef<'f>,
        receiver: Option<ClassRef<'f>>,
        method: &str,
        sure: &Sure,
    ) {
        let Some(object) = object_parameter(function) else { return };
        if self.depth < DEPTH && function.node.name.as_str() == method {
            let alias = Alias::whole(object, What { thread: sure.clone(), collection: Sure::No });
            let receiver = match (self.receiver, receiver) {
                // `super().__init__()` runs on the same object.
                (Some(own), Some(base)) if self.uses.project.are_related(own, base) => Some(own),
                (_, receiver) => receiver,
            };
            self.uses.function(function, vec![alias], receiver, self.depth + 1);
        }
    }

    /// `with thread:` runs the two methods of its class.
    fn entered(&mut self, expr: &'f Expr) {
        let what = self.what(expr);
        if !what.thread.is_possible() {
            return;
        }
        for ty in self.uses.project.infer(&self.scope(expr), expr) {
            let Type::Instance(class) = ty else { continue };
            for method in ["__enter__", "__exit__"] {
                for function in self.uses.project.method(class, method).unwrap_or_default() {
                    self.own_method(function, Some(class), method, &what.thread);
                }
            }
        }
    }

    /// `stop` of `join = self.t.join; join()`: the method that a variable only ever is.
    fn method_by_name(&self, name: &'f ast::ExprName) -> Option<&'f ast::ExprAttribute> {
        let scope = self.scope_at(name.range());
        let (_, bindings) = self.uses.project.lookup(&scope, name.id.as_str(), Some(name.start()))?;
        match bindings.as_slice() {
            [binding] => match binding.kind {
                BindingKind::Value(Expr::Attribute(method)) => Some(method),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether the function does nothing with a variable of its own but to call it.
    fn is_only_called(&self, name: &str) -> bool {
        self.functions.last().is_some_and(|function| {
            let bindings = self.uses.project.frame_bindings(Frame::Function(function));
            is_only_called(&function.body, name) && !bindings.outer.contains_key(name)
        })
    }

    fn leaves(&mut self, value: &'f Expr, how: &str) {
        let what = self.what(value);
        if !what.any().is_possible() || (matches!(value, Expr::Name(_)) && self.depth > 0) {
            return;
        }
        let line = self.file.source().line(value.start());
        let path = self.file.path();
        let function = self.functions.last().map(|node| self.uses.project.function_ref(self.file, node));
        if function.is_some_and(|function| self.uses.factories.contains(&function)) {
            return;
        }
        // What reads a property is code like any other; what a function gives may go anywhere.
        if !function.is_some_and(|function| is_property(function) && what.any() == Sure::Yes) {
            self.uses.may(format!("it is {how} at `{path}:{line}`"));
        }
        if let (Some(function), Sure::Yes) = (function, what.any()) {
            let is_collection = what.thread != Sure::Yes;
            self.uses.put_into(Owner::Result(function), function.node.name.as_str(), is_collection);
        }
    }
}

/// The parameters that an argument becomes.
pub(super) fn parameters(
    function: FunctionRef,
    is_bound: bool,
    (index, keyword): (Option<usize>, Option<&str>),
    is_starred: bool,
    what: &What,
) -> Vec<Alias> {
    let parameters = &function.node.parameters;
    let inside = What { thread: Sure::No, collection: what.any() };
    if let Some(name) = keyword {
        return match (parameters.find(name), &parameters.kwarg) {
            (Some(parameter), _) => vec![Alias::whole(parameter.name().as_str(), what.clone())],
            (None, Some(all)) => vec![Alias::whole(all.name.as_str(), inside)],
            (None, None) => Vec::new(),
        };
    }
    let Some(index) = index else { return Vec::new() };
    let index = index + usize::from(is_bound && !function.has_decorator("staticmethod"));
    let mut positional = parameters.posonlyargs.iter().chain(&parameters.args).skip(index);
    let rest = parameters.vararg.as_ref().map(|parameter| Alias::whole(parameter.name.as_str(), inside));
    if is_starred {
        let element = what.element();
        let mut aliases: Vec<Alias> =
            positional.map(|parameter| Alias::whole(parameter.name().as_str(), element.clone())).collect();
        aliases.extend(rest);
        return aliases;
    }
    match positional.next() {
        Some(parameter) => vec![Alias::whole(parameter.name().as_str(), what.clone())],
        None => rest.into_iter().collect(),
    }
}

/// Nothing after it in its block runs.
fn ends_block(stmt: &Stmt) -> bool {
    matches!(stmt, Stmt::Return(_) | Stmt::Raise(_) | Stmt::Break(_) | Stmt::Continue(_))
}

/// Walks what can run of a block.
fn walk_block<'f>(walker: &mut impl Visitor<'f>, body: &'f [Stmt]) {
    for stmt in body {
        walker.visit_stmt(stmt);
        if ends_block(stmt) {
            return;
        }
    }
}

/// Walks what can run of an `if`. Whether it was one with a constant test.
fn walk_constant<'f>(walker: &mut impl Visitor<'f>, node: &'f ast::StmtIf) -> bool {
    match truth(&node.test) {
        Some(true) => walk_block(walker, &node.body),
        Some(false) => {
            for clause in &node.elif_else_clauses {
                walker.visit_elif_else_clause(clause);
            }
        }
        None => return false,
    }
    true
}

impl<'f> Visitor<'f> for Walker<'_, '_, 'f> {
    fn visit_body(&mut self, body: &'f [Stmt]) {
        walk_block(self, body);
    }

    fn visit_stmt(&mut self, stmt: &'f Stmt) {
        self.uses.nodes += 1;
        match stmt {
            Stmt::FunctionDef(function) if !self.may_use(stmt.range()) || self.is_never_named(function) => {
                return;
            }
            Stmt::FunctionDef(function) => {
                // An inner function sees the names around it, but for those that it binds itself.
                let bindings = self.uses.project.frame_bindings(Frame::Function(function));
                let mut seen = self.names.clone();
                seen.retain(|name, _| {
                    bindings.all(name).is_empty() || bindings.outer.contains_key(name.as_str())
                });
                let hidden = std::mem::replace(&mut self.names, seen);
                self.functions.push(function);
                self.gather(&function.body);
                self.visit_body(&function.body);
                self.functions.pop();
                self.names = hidden;
                return;
            }
            Stmt::ClassDef(class) => {
                self.visit_body(&class.body);
                return;
            }
            Stmt::If(node) if walk_constant(self, node) => return,
            Stmt::Assign(assign) => {
                if let ([Expr::Name(name)], Expr::Attribute(_)) = (&*assign.targets, assign.value.as_ref())
                    && self.is_only_called(name.id.as_str())
                {
                    // What the calls do is told where they stand.
                    self.called.push(assign.value.range());
                }
                for target in &assign.targets {
                    if let Expr::Attribute(attribute) = target
                        && attribute.attr.as_str() == "daemon"
                    {
                        let sure = self.what(&attribute.value).thread;
                        match assign.value.as_ref() {
                            Expr::BooleanLiteral(literal) => {
                                let kind = EventKind::Daemon(literal.value);
                                self.uses.event(kind, &sure, self.file, stmt.range());
                            }
                            _ if sure.is_possible() => {
                                self.uses.may("`daemon` is given a value that is computed".to_owned());
                            }
                            _ => {}
                        }
                    }
                }
            }
            Stmt::With(node) => node.items.iter().for_each(|item| self.entered(&item.context_expr)),
            Stmt::Return(node) => {
                if let Some(value) = &node.value {
                    self.leaves(value, "returned");
                }
            }
            _ => {}
        }
        visitor::walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, expr: &'f Expr) {
        self.uses.nodes += 1;
        match expr {
            Expr::Call(call) => {
                self.called.push(call.func.range());
                self.method_handed_on(call);
                if let Expr::Attribute(attribute) = call.func.as_ref() {
                    let sure = self.what(&attribute.value).thread;
                    if sure.is_possible() {
                        self.method_call(call, attribute.attr.as_str(), &sure);
                    }
                }
                // `getattr(self.t, "join")()`.
                if let Expr::Call(inner) = call.func.as_ref()
                    && let (Expr::Name(function), [object, Expr::StringLiteral(name), ..]) =
                        (inner.func.as_ref(), inner.arguments.args.as_ref())
                    && function.id.as_str() == "getattr"
                {
                    let sure = self.what(object).thread;
                    if sure.is_possible() {
                        self.method_call(call, name.value.to_str(), &sure);
                    }
                }
                if let Expr::Name(name) = call.func.as_ref()
                    && let Some(method) = self.method_by_name(name)
                {
                    let sure = self.what(&method.value).thread;
                    if sure.is_possible() {
                        self.method_call(call, method.attr.as_str(), &sure);
                    }
                }
                self.mapped(call);
                for (index, argument) in call.arguments.args.iter().enumerate() {
                    let what = self.what(argument);
                    if what.any().is_possible() {
                        self.handed(call, Some(index), None, &what);
                    }
                }
                for keyword in &call.arguments.keywords {
                    let what = self.what(&keyword.value);
                    if what.any().is_possible() {
                        self.handed(call, None, keyword.arg.as_ref().map(|name| name.as_str()), &what);
                    }
                }
            }
            // Handed on as a callback: `atexit.register(self.t.join)`.
            Expr::Attribute(attribute) if !self.called.contains(&expr.range()) => {
                let kind = match attribute.attr.as_str() {
                    "join" => EventKind::Join,
                    "start" => EventKind::Start,
                    "cancel" => EventKind::Cancel,
                    "run" => return visitor::walk_expr(self, expr),
                    name => {
                        // `hub.register(self.stop)`: somebody may run a method that joins it.
                        let is_loaded = attribute.ctx == ExprContext::Load;
                        if is_loaded && self.what(&attribute.value).thread.is_possible() {
                            let line = self.file.source().line(expr.start());
                            let why = format!("its `{name}` is handed on at `{}:{line}`", self.file.path());
                            self.methods_of_the_thread(expr, name, &Sure::Maybe(why));
                        }
                        return visitor::walk_expr(self, expr);
                    }
                };
                if self.what(&attribute.value).thread.is_possible() {
                    let line = self.file.source().line(expr.start());
                    let why =
                        format!("its `{}` is handed on at `{}:{line}`", attribute.attr, self.file.path());
                    self.uses.event(kind, &Sure::Maybe(why), self.file, expr.range());
                }
            }
            Expr::Yield(node) => {
                if let Some(value) = &node.value {
                    self.leaves(value, "yielded");
                }
            }
            Expr::ListComp(node) => self.comprehension(&node.generators),
            Expr::SetComp(node) => self.comprehension(&node.generators),
            Expr::DictComp(node) => self.comprehension(&node.generators),
            Expr::Generator(node) => self.comprehension(&node.generators),
            _ => {}
        }
        visitor::walk_expr(self, expr);
    }
}

impl<'f> Walker<'_, '_, 'f> {
    /// `map(Thread.join, threads)` and `map(lambda t: t.join(), threads)` are loops.
    fn mapped(&mut self, call: &'f ast::ExprCall) {
        let Expr::Name(name) = call.func.as_ref() else { return };
        let (true, [function, collections @ ..]) = (name.id.as_str() == "map", call.arguments.args.as_ref())
        else {
            return;
        };
        let element =
            collections.iter().map(|argument| self.what(argument)).fold(What::NOTHING, What::or).element();
        if !element.any().is_possible() {
            return;
        }
        match function {
            Expr::Attribute(method) => {
                self.own_event(call, method.attr.as_str(), &element.thread);
            }
            Expr::Lambda(lambda) => {
                for parameter in lambda.parameters.iter().flat_map(|parameters| parameters.iter()) {
                    let parameter = parameter.as_parameter();
                    let entry = (element.clone(), Some(vec![parameter.range()]));
                    self.names.insert(parameter.name.as_str().to_owned(), entry);
                }
            }
            _ => {
                let callees =
                    self.uses.project.callees(self.uses.project.infer(&self.scope(function), function));
                for (callee, receiver) in callees.functions {
                    let aliases = parameters(callee, receiver.is_some(), (Some(0), None), false, &element);
                    if self.depth < DEPTH {
                        self.uses.function(callee, aliases, receiver, self.depth + 1);
                    }
                }
                if let Some(why) = callees.unresolved.into_iter().next() {
                    self.uses.may(format!("it is handed to a function that is not known: {why}"));
                }
            }
        }
    }

    fn comprehension(&mut self, generators: &'f [ast::Comprehension]) {
        for generator in generators {
            let what = self.what(&generator.iter);
            if what.collection.is_possible() {
                self.loop_target(&generator.target, &generator.iter, &what.element());
            }
        }
    }

    /// The names that a loop gives the elements of a collection.
    fn loop_target(&mut self, target: &'f Expr, iterated: &'f Expr, element: &What) {
        let parts = match target {
            Expr::Tuple(tuple) => &tuple.elts,
            Expr::List(list) => &list.elts,
            target => return self.bind(target, element),
        };
        let only = match iterated {
            Expr::Call(call) => match (call.func.as_ref(), call.arguments.args.as_ref()) {
                // Whatever is done around it, the pairs stay pairs.
                (Expr::Name(name), [inner])
                    if matches!(name.id.as_str(), "list" | "tuple" | "sorted" | "reversed") =>
                {
                    return self.loop_target(target, inner, element);
                }
                // The key of an item is no thread, and neither is a number.
                (Expr::Name(name), _) if name.id.as_str() == "enumerate" => Some(vec![1]),
                (Expr::Attribute(method), _) if method.attr.as_str() == "items" => Some(vec![1]),
                (Expr::Name(name), collections) if name.id.as_str() == "zip" => Some(
                    (0..collections.len())
                        .filter(|index| self.what(&collections[*index]).collection.is_possible())
                        .collect(),
                ),
                _ => None,
            },
            _ => None,
        };
        for (index, part) in parts.iter().enumerate() {
            if only.as_ref().is_none_or(|only| only.contains(&index)) {
                self.loop_target(part, part, element);
            }
        }
    }
}

/// Finds the names that stand for the thread in one function, without its inner functions.
struct Gatherer<'w, 'u, 'p, 'f> {
    walker: &'w mut Walker<'u, 'p, 'f>,
}

impl<'f> Gatherer<'_, '_, '_, 'f> {
    fn assign(&mut self, target: &'f Expr, value: &'f Expr) {
        if let (Expr::Tuple(targets), Expr::Tuple(values)) = (target, value)
            && targets.elts.len() == values.elts.len()
        {
            for (target, value) in targets.elts.iter().zip(&values.elts) {
                self.assign(target, value);
            }
            return;
        }
        let what = self.walker.what(value);
        match target {
            Expr::Name(_) => self.walker.bind(target, &what),
            Expr::Attribute(attribute) => {
                self.walker.store(attribute, &what.thread, false);
                self.walker.store(attribute, &what.collection, true);
            }
            Expr::Subscript(subscript) if what.any().is_possible() => {
                self.walker.put_into(&subscript.value, &what.any());
            }
            Expr::Tuple(tuple) if what.any().is_possible() => {
                let element = what.element();
                for part in &tuple.elts {
                    self.walker.bind(part, &element);
                }
            }
            _ => {}
        }
        // `self.t = t` makes the variable another name of the attribute.
        if let Expr::Attribute(attribute) = target
            && attribute.ctx == ExprContext::Store
            && matches!(value, Expr::Name(_))
        {
            let what = self.walker.what(target);
            if what.any() == Sure::Yes {
                self.name_all_bindings(value, &what);
            }
        }
    }

    /// A variable is the thread by what it is stored as later.
    fn name_all_bindings(&mut self, value: &'f Expr, what: &What) {
        let Expr::Name(name) = value else { return };
        let scope = Scope::at(self.walker.file, name.range());
        let found = self.walker.uses.project.lookup(&scope, name.id.as_str(), Some(name.start()));
        let targets: Vec<TextRange> =
            found.into_iter().flat_map(|(_, bindings)| bindings).map(|binding| binding.range).collect();
        let entry =
            self.walker.names.entry(name.id.as_str().to_owned()).or_insert((What::NOTHING, Some(Vec::new())));
        entry.0 = entry.0.clone().or(what.clone());
        if let Some(known) = &mut entry.1 {
            for target in targets {
                if !known.contains(&target) {
                    known.push(target);
                }
            }
        }
    }
}

impl<'f> Visitor<'f> for Gatherer<'_, '_, '_, 'f> {
    fn visit_body(&mut self, body: &'f [Stmt]) {
        walk_block(self, body);
    }

    fn visit_stmt(&mut self, stmt: &'f Stmt) {
        match stmt {
            Stmt::FunctionDef(_) | Stmt::ClassDef(_) => return,
            Stmt::If(node) if walk_constant(self, node) => return,
            Stmt::Assign(assign) => {
                for target in &assign.targets {
                    self.assign(target, &assign.value);
                }
                // `self.t = t = Thread(…)`.
                let stored = assign.targets.iter().filter(|target| matches!(target, Expr::Attribute(_)));
                let what = stored.map(|target| self.walker.what(target)).fold(What::NOTHING, What::or);
                if assign.targets.len() > 1 && what.any() == Sure::Yes {
                    for target in &assign.targets {
                        self.walker.bind(target, &what);
                    }
                }
            }
            Stmt::AnnAssign(assign) => {
                if let Some(value) = &assign.value {
                    self.assign(&assign.target, value);
                }
            }
            Stmt::AugAssign(assign) => {
                let sure = self.walker.what(&assign.value).collection;
                if sure.is_possible() {
                    self.walker.put_into(&assign.target, &sure);
                }
            }
            Stmt::For(node) => {
                let what = self.walker.what(&node.iter);
                if what.collection.is_possible() {
                    self.walker.loop_target(&node.target, &node.iter, &what.element());
                }
            }
            Stmt::With(node) => {
                for item in &node.items {
                    if let Some(target) = &item.optional_vars {
                        let what = self.walker.what(&item.context_expr);
                        self.walker.bind(target, &what);
                    }
                }
            }
            _ => {}
        }
        visitor::walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, expr: &'f Expr) {
        match expr {
            Expr::Named(named) => {
                let what = self.walker.what(&named.value);
                self.walker.bind(&named.target, &what);
            }
            Expr::Call(call) => {
                let values = call.arguments.keywords.iter().map(|keyword| &keyword.value);
                let what = call
                    .arguments
                    .args
                    .iter()
                    .chain(values)
                    .map(|argument| self.walker.what(argument))
                    .fold(What::NOTHING, What::or);
                if what.any().is_possible()
                    && let Some(collection) = self.walker.collection_put_into(call)
                {
                    self.walker.put_into(collection, &what.any());
                }
            }
            _ => {}
        }
        visitor::walk_expr(self, expr);
    }
}
