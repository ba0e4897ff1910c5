//! What the target's code does with a thread that an attribute or variable holds: through
//! aliases, loops, collections, and functions that it is handed to.

use std::collections::BTreeSet;

use foldhash::{HashSet, HashSetExt};

use super::Held;
use crate::evidence::Site;
use crate::python::ast::visitor::{self, Visitor};
use crate::python::ast::{self, Expr, ExprContext, Stmt};
use crate::python::project::{ClassRef, FunctionRef, Project, Scope, Type, object_parameter};
use crate::python::{ParsedFile, Ranged, TextRange};
use crate::static_checks::{is_test_code, site};

/// Something that is done with the thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EventKind {
    Start,
    Join,
    Cancel,
    /// It is given this value of `daemon`.
    Daemon(bool),
}

/// Looks for uses and collects them.
pub(super) struct Uses<'p, 'f> {
    project: &'p Project<'f>,
    held: Held<'f>,
    name: &'p str,
    /// Further attributes that hold the thread or a collection that it is in.
    other_names: BTreeSet<String>,
    events: Vec<(EventKind, &'f ParsedFile, TextRange)>,
    seen: HashSet<(usize, String)>,
    /// Why there may be uses that were not seen.
    pub(super) maybe: Vec<String>,
    pub(super) notes: Vec<String>,
    /// Files that do not compile and that mention the thread, or get it.
    pub(super) broken: Vec<&'f ParsedFile>,
    pub(super) files: u32,
    pub(super) nodes: u64,
    holder: Option<ClassRef<'f>>,
}

/// A function that is handed to is followed this far.
const DEPTH: u32 = 4;

impl<'p, 'f> Uses<'p, 'f> {
    pub(super) fn new(
        project: &'p Project<'f>,
        held: Held<'f>,
        name: &'p str,
        holder: Option<ClassRef<'f>>,
    ) -> Self {
        Self {
            project,
            held,
            name,
            other_names: BTreeSet::new(),
            events: Vec::new(),
            seen: HashSet::new(),
            maybe: Vec::new(),
            notes: Vec::new(),
            broken: Vec::new(),
            files: 0,
            nodes: 0,
            holder,
        }
    }

    pub(super) fn events(&self, kind: EventKind) -> impl Iterator<Item = (&'f ParsedFile, TextRange)> + '_ {
        self.events.iter().filter(move |(known, _, _)| *known == kind).map(|(_, file, range)| (*file, *range))
    }

    pub(super) fn sites(&self, kind: EventKind, label: &str) -> Vec<Site> {
        self.events(kind).map(|(file, range)| site(file, range, Some(label))).collect()
    }

    /// Looks wherever the name is mentioned.
    pub(super) fn look(&mut self) {
        match self.held {
            Held::Local(function) => {
                self.files = 1;
                self.function(function, &[self.name], 0);
            }
            Held::Module(file) => {
                self.files = 1;
                self.body(file, &file.source().module().body, &[self.name], 0);
                let others = self.project.mentioning(self.name);
                if let Some(other) = others.iter().find(|path| *path != file.path()) {
                    self.maybe.push(format!("`{other}` mentions the name too"));
                }
            }
            Held::Attribute(owner) => {
                self.everywhere(self.name);
                // What the thread was put into has uses of its own.
                let others: Vec<String> = self.other_names.iter().cloned().collect();
                for name in &others {
                    self.everywhere(name);
                }
                self.reflection(owner);
                if let Some(holder) = self.holder {
                    self.reflection(holder);
                }
            }
        }
    }

    fn everywhere(&mut self, name: &str) {
        let project = self.project;
        let owner_is_test = matches!(self.held, Held::Attribute(owner) if is_test_code(owner.file.path()));
        let mentioning = project.mentioning(name);
        let mut broken = 0;
        for path in mentioning.iter() {
            if !owner_is_test && is_test_code(path) {
                self.notes.push(format!("what the test `{path}` does with it is not counted"));
                continue;
            }
            let file = match project.file(path) {
                Ok(file) => file,
                Err(reason) => {
                    self.maybe.push(crate::static_checks::describe(&reason));
                    continue;
                }
            };
            self.files += 1;
            broken += u32::from(file.broken().is_some());
            self.body(file, &file.source().module().body, &[], 0);
        }
        if broken > 0 {
            self.notes.push(format!(
                "{broken} files that mention `{name}` do not compile, and were searched as far as they go"
            ));
        }
    }

    fn function(&mut self, function: FunctionRef<'f>, aliases: &[&str], depth: u32) {
        self.body(function.file, &function.node.body, aliases, depth);
    }

    fn body(&mut self, file: &'f ParsedFile, body: &'f [Stmt], aliases: &[&str], depth: u32) {
        if !file.source().errors().is_empty()
            && (!aliases.is_empty() || file.source().text().contains(&format!(".{}", self.name)))
            && !self.broken.iter().any(|known| std::ptr::eq(*known, file))
        {
            self.broken.push(file);
        }
        let key = (body.as_ptr().addr(), aliases.join(","));
        if !aliases.is_empty() && !self.seen.insert(key) {
            return;
        }
        let mut walker = Walker {
            uses: self,
            file,
            depth,
            aliases: vec![aliases.iter().map(|alias| (*alias).to_owned()).collect()],
            collections: vec![HashSet::new()],
            called: HashSet::new(),
        };
        // Twice, because a loop can use what a later line puts in.
        walker.gather(body);
        walker.visit_body(body);
    }

    /// `for name in dir(self): getattr(self, name).join()` reaches every attribute.
    fn reflection(&mut self, class: ClassRef<'f>) {
        let mut owners = Vec::new();
        for order in self.project.linearisations(class) {
            owners.extend(order.classes());
        }
        for owner in owners {
            for method in self.project.own_methods(owner) {
                let Some(object) = object_parameter(method) else { continue };
                let mut search = Reflection { object, computed: false, joins: false };
                search.visit_body(&method.node.body);
                if search.computed && search.joins {
                    let why =
                        format!("`{}` joins attributes whose names are computed", method.qualified_name());
                    if !self.maybe.contains(&why) {
                        self.maybe.push(why);
                    }
                }
            }
        }
    }

    /// Whether an expression in front of the name can be the object that holds the thread.
    fn is_holder(&mut self, file: &'f ParsedFile, object: &'f Expr) -> bool {
        let Held::Attribute(owner) = self.held else { return false };
        let scope = Scope::at(file, object.range());
        let mut is_holder = false;
        for ty in self.project.infer(&scope, object) {
            match ty {
                Type::Instance(class) | Type::Class(class) => {
                    is_holder |= self.project.are_related(owner, class);
                }
                Type::Unknown(_) => {
                    let line = file.source().line(object.start());
                    let why = format!(
                        "`{}` at `{}:{line}` is an object that is not known",
                        file.source().slice(object.range()),
                        file.path()
                    );
                    if !self.maybe.contains(&why) {
                        self.maybe.push(why);
                    }
                }
                Type::Module(_)
                | Type::Namespace(_)
                | Type::Function(_)
                | Type::Method(_, _)
                | Type::External(_)
                | Type::ExternalInstance(_)
                | Type::None => {}
            }
        }
        is_holder
    }

    fn event(&mut self, kind: EventKind, file: &'f ParsedFile, range: TextRange) {
        let event = (kind, file, range);
        let is_known = self
            .events
            .iter()
            .any(|known| known.0 == kind && known.1.path() == file.path() && known.2 == range);
        if !is_known {
            self.events.push(event);
        }
    }
}

struct Walker<'u, 'p, 'f> {
    uses: &'u mut Uses<'p, 'f>,
    file: &'f ParsedFile,
    depth: u32,
    /// Names that stand for the thread, per function around.
    aliases: Vec<HashSet<String>>,
    /// Names that stand for a collection with the thread in it.
    collections: Vec<HashSet<String>>,
    /// The callees of the calls around.
    called: HashSet<TextRange>,
}

impl<'f> Walker<'_, '_, 'f> {
    /// Finds aliases until no more come.
    fn gather(&mut self, body: &'f [Stmt]) {
        for _ in 0..3 {
            let before = self.known();
            let mut gatherer = Gatherer { walker: self };
            gatherer.visit_body(body);
            if self.known() == before {
                break;
            }
        }
    }

    fn known(&self) -> usize {
        self.aliases.iter().chain(&self.collections).map(HashSet::len).sum()
    }

    /// Whether code here can have to do with the thread: most functions do not name it.
    fn may_use(&self, code: TextRange) -> bool {
        let text = self.file.source().slice(code);
        self.known() > 0
            || text.contains(self.uses.name)
            || self.uses.other_names.iter().any(|name| text.contains(name.as_str()))
    }

    fn is_alias(&self, name: &str) -> bool {
        self.aliases.iter().any(|names| names.contains(name))
    }

    fn add_alias(&mut self, target: &Expr) {
        if let (Expr::Name(name), Some(names)) = (target, self.aliases.last_mut()) {
            names.insert(name.id.as_str().to_owned());
        }
    }

    fn add_collection(&mut self, target: &Expr) {
        match target {
            Expr::Name(name) => {
                if let Some(names) = self.collections.last_mut() {
                    names.insert(name.id.as_str().to_owned());
                }
            }
            Expr::Attribute(attribute) => {
                self.uses.other_names.insert(attribute.attr.as_str().to_owned());
            }
            Expr::Subscript(subscript) => self.add_collection(&subscript.value),
            _ => {}
        }
    }

    /// Whether an expression is the thread.
    fn is_thread(&mut self, expr: &'f Expr) -> bool {
        match expr {
            Expr::Name(name) => self.is_alias(name.id.as_str()),
            Expr::Attribute(attribute) => {
                attribute.attr.as_str() == self.uses.name && self.uses.is_holder(self.file, &attribute.value)
            }
            Expr::Named(named) => self.is_thread(&named.value),
            Expr::Call(call) => match (call.func.as_ref(), call.arguments.args.as_ref()) {
                (Expr::Name(function), [object, Expr::StringLiteral(name), ..])
                    if function.id.as_str() == "getattr" && name.value.to_str() == self.uses.name =>
                {
                    self.uses.is_holder(self.file, object)
                }
                _ => false,
            },
            Expr::Subscript(subscript) => self.is_collection(&subscript.value),
            Expr::BoolOp(node) => node.values.iter().any(|value| self.is_thread(value)),
            _ => false,
        }
    }

    /// Whether an expression is a collection that the thread may be in.
    fn is_collection(&mut self, expr: &'f Expr) -> bool {
        match expr {
            Expr::Name(name) => self.collections.iter().any(|names| names.contains(name.id.as_str())),
            Expr::Attribute(attribute) => self.uses.other_names.contains(attribute.attr.as_str()),
            Expr::Tuple(tuple) => tuple.elts.iter().any(|element| self.is_thread(element)),
            Expr::List(list) => list.elts.iter().any(|element| self.is_thread(element)),
            Expr::Set(set) => set.elts.iter().any(|element| self.is_thread(element)),
            Expr::Dict(dict) => dict.items.iter().any(|item| self.is_thread(&item.value)),
            Expr::Starred(starred) => self.is_collection(&starred.value),
            Expr::BinOp(node) => self.is_collection(&node.left) || self.is_collection(&node.right),
            Expr::Subscript(subscript) => self.is_collection(&subscript.value),
            Expr::ListComp(node) => node.generators.iter().any(|part| self.is_collection(&part.iter)),
            Expr::Generator(node) => node.generators.iter().any(|part| self.is_collection(&part.iter)),
            Expr::Call(call) => match call.func.as_ref() {
                // `list(x)`, `reversed(x)`, `filter(f, x)`, `enumerate(x)`, `getattr(self, "x", [])`.
                Expr::Name(function) if function.id.as_str() == "getattr" => {
                    matches!(
                        call.arguments.args.get(1),
                        Some(Expr::StringLiteral(name))
                            if self.uses.other_names.contains(name.value.to_str())
                    )
                }
                Expr::Name(_) => call.arguments.args.iter().any(|argument| self.is_collection(argument)),
                // `x.copy()`, `x.values()`.
                Expr::Attribute(attribute) => self.is_collection(&attribute.value),
                _ => false,
            },
            _ => false,
        }
    }

    /// The thread is an argument of a call.
    fn handed(&mut self, call: &'f ast::ExprCall, index: Option<usize>, keyword: Option<&'f str>) {
        let name = match call.func.as_ref() {
            Expr::Name(name) => name.id.as_str(),
            Expr::Attribute(attribute) => attribute.attr.as_str(),
            _ => "",
        };
        if let Expr::Attribute(attribute) = call.func.as_ref()
            && matches!(name, "append" | "add" | "insert" | "extend" | "appendleft" | "put" | "setdefault")
        {
            self.add_collection(&attribute.value);
            return;
        }
        if matches!(
            name,
            "isinstance"
                | "print"
                | "id"
                | "repr"
                | "str"
                | "bool"
                | "hasattr"
                | "getattr"
                | "type"
                | "callable"
                | "debug"
                | "info"
                | "warning"
                | "error"
                | "exception"
                | "log"
                | "critical"
                | "remove"
                | "discard"
                | "list"
                | "tuple"
                | "set"
                | "reversed"
                | "sorted"
                | "filter"
                | "setattr"
        ) {
            return;
        }
        let scope = Scope::at(self.file, call.func.range());
        let callees = self.uses.project.resolve_call(&scope, call);
        let mut functions: Vec<(FunctionRef<'f>, bool)> =
            callees.functions.iter().map(|(function, receiver)| (*function, receiver.is_some())).collect();
        for class in &callees.classes {
            let constructors = self.uses.project.method(*class, "__init__").unwrap_or_default();
            functions.extend(constructors.into_iter().map(|function| (function, true)));
        }
        // No builtin joins or starts what it gets.
        let is_builtin = callees.unresolved.is_empty()
            && functions.is_empty()
            && callees.external.iter().all(|name| name.starts_with("builtins."));
        if is_builtin {
            return;
        }
        let is_followed = !functions.is_empty() && callees.unresolved.is_empty() && self.depth < DEPTH;
        if !is_followed {
            let line = self.file.source().line(call.start());
            let why =
                format!("it is handed to `{name}` at `{}:{line}`, which is not followed", self.file.path());
            self.uses.maybe.push(why);
        }
        for (function, bound) in functions {
            if self.depth >= DEPTH {
                break;
            }
            let parameters = &function.node.parameters;
            let parameter = match (index, keyword) {
                (_, Some(name)) => parameters.find(name).map(|parameter| parameter.name().as_str()),
                (Some(index), None) => {
                    let index = index + usize::from(bound && !function.has_decorator("staticmethod"));
                    parameters
                        .posonlyargs
                        .iter()
                        .chain(&parameters.args)
                        .nth(index)
                        .map(|parameter| parameter.name().as_str())
                        .or(parameters.vararg.as_ref().map(|parameter| parameter.name.as_str()))
                }
                (None, None) => None,
            };
            match parameter {
                Some(parameter) => {
                    let (file, depth) = (function.file, self.depth + 1);
                    self.uses.body(file, &function.node.body, &[parameter], depth);
                }
                None => {
                    self.uses.maybe.push(format!("it is handed to `{name}` in a way that is not followed"))
                }
            }
        }
    }

    fn method_call(&mut self, call: &'f ast::ExprCall, method: &str) {
        let range = call.range();
        match method {
            "start" => self.uses.event(EventKind::Start, self.file, range),
            "join" => self.uses.event(EventKind::Join, self.file, range),
            "cancel" => self.uses.event(EventKind::Cancel, self.file, range),
            "setDaemon" => {
                let value = !matches!(
                    call.arguments.args.first(),
                    Some(Expr::BooleanLiteral(literal)) if !literal.value
                );
                self.uses.event(EventKind::Daemon(value), self.file, range);
            }
            _ => self.own_method(call, method),
        }
    }

    /// A method of a thread class of the target may join or start the thread itself.
    fn own_method(&mut self, call: &'f ast::ExprCall, method: &str) {
        let scope = Scope::at(self.file, call.func.range());
        for (function, _) in self.uses.project.resolve_call(&scope, call).functions {
            let Some(object) = object_parameter(function) else { continue };
            if self.depth < DEPTH && function.node.name.as_str() == method {
                let (file, depth) = (function.file, self.depth + 1);
                self.uses.body(file, &function.node.body, &[object], depth);
            }
        }
    }
}

impl<'f> Visitor<'f> for Walker<'_, '_, 'f> {
    fn visit_stmt(&mut self, stmt: &'f Stmt) {
        self.uses.nodes += 1;
        match stmt {
            Stmt::FunctionDef(_) if !self.may_use(stmt.range()) => return,
            Stmt::FunctionDef(function) => {
                // An inner function sees the names around it, but for those that it binds itself.
                let mut seen: HashSet<String> = HashSet::new();
                for names in &self.aliases {
                    seen.extend(names.iter().filter(|name| !function.parameters.includes(name)).cloned());
                }
                let hidden = std::mem::replace(&mut self.aliases, vec![seen]);
                self.collections.push(HashSet::new());
                self.gather(&function.body);
                self.visit_body(&function.body);
                self.collections.pop();
                self.aliases = hidden;
                return;
            }
            Stmt::ClassDef(class) => {
                self.visit_body(&class.body);
                return;
            }
            Stmt::Assign(assign) => {
                for target in &assign.targets {
                    if let Expr::Attribute(attribute) = target
                        && attribute.attr.as_str() == "daemon"
                        && self.is_thread(&attribute.value)
                    {
                        match assign.value.as_ref() {
                            Expr::BooleanLiteral(literal) => {
                                let kind = EventKind::Daemon(literal.value);
                                self.uses.event(kind, self.file, stmt.range());
                            }
                            _ => {
                                self.uses.maybe.push("`daemon` is given a value that is computed".to_owned())
                            }
                        }
                    }
                }
            }
            Stmt::Return(node) => {
                if let Some(value) = &node.value
                    && !matches!(value.as_ref(), Expr::Name(_) if self.depth > 0)
                    && self.is_thread(value)
                {
                    let line = self.file.source().line(stmt.start());
                    let path = self.file.path();
                    self.uses.maybe.push(format!("it is returned at `{path}:{line}`"));
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
                self.called.insert(call.func.range());
                if let Expr::Attribute(attribute) = call.func.as_ref()
                    && self.is_thread(&attribute.value)
                {
                    self.method_call(call, attribute.attr.as_str());
                }
                // `[t.join() for t in threads]` is a loop; `map(Thread.join, threads)` is one too.
                if let (Expr::Name(name), [Expr::Attribute(method), rest @ ..]) =
                    (call.func.as_ref(), call.arguments.args.as_ref())
                    && name.id.as_str() == "map"
                    && rest.iter().any(|argument| self.is_collection(argument))
                {
                    self.method_call(call, method.attr.as_str());
                }
                for (index, argument) in call.arguments.args.iter().enumerate() {
                    if self.is_thread(argument) {
                        self.handed(call, Some(index), None);
                    }
                }
                for keyword in &call.arguments.keywords {
                    if self.is_thread(&keyword.value) {
                        self.handed(call, None, keyword.arg.as_ref().map(|name| name.as_str()));
                    }
                }
            }
            // Handed on as a callback: `atexit.register(self.t.join)`.
            Expr::Attribute(attribute)
                if attribute.attr.as_str() == "join"
                    && !self.called.contains(&expr.range())
                    && self.is_thread(&attribute.value) =>
            {
                let line = self.file.source().line(expr.start());
                let path = self.file.path();
                self.uses.maybe.push(format!("its `join` is handed on at `{path}:{line}`"));
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
    fn comprehension(&mut self, generators: &'f [ast::Comprehension]) {
        for generator in generators {
            if self.is_collection(&generator.iter) {
                self.loop_target(&generator.target);
            }
        }
    }

    fn loop_target(&mut self, target: &'f Expr) {
        match target {
            // `for name, thread in threads.items()`: either may be it.
            Expr::Tuple(tuple) => tuple.elts.iter().for_each(|element| self.add_alias(element)),
            target => self.add_alias(target),
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
        if self.walker.is_thread(value) {
            match target {
                Expr::Name(_) => self.walker.add_alias(target),
                Expr::Attribute(attribute) if attribute.attr.as_str() != self.walker.uses.name => {
                    self.walker.uses.other_names.insert(attribute.attr.as_str().to_owned());
                    self.walker.uses.maybe.push(format!("it is also stored as `{}`", attribute.attr));
                }
                Expr::Subscript(subscript) => self.walker.add_collection(&subscript.value),
                _ => {}
            }
        }
        // `self.t = t` makes the variable another name of the attribute.
        if let Expr::Attribute(attribute) = target
            && attribute.ctx == ExprContext::Store
            && matches!(value, Expr::Name(_))
            && self.walker.is_thread(target)
        {
            self.walker.add_alias(value);
        }
        if self.walker.is_collection(value) {
            self.walker.add_collection(target);
        }
    }
}

impl<'f> Visitor<'f> for Gatherer<'_, '_, '_, 'f> {
    fn visit_stmt(&mut self, stmt: &'f Stmt) {
        match stmt {
            Stmt::FunctionDef(_) | Stmt::ClassDef(_) => return,
            Stmt::Assign(assign) => {
                for target in &assign.targets {
                    self.assign(target, &assign.value);
                }
                // `self.t = t = Thread(…)`.
                let names = assign.targets.len() > 1
                    && assign
                        .targets
                        .iter()
                        .any(|target| matches!(target, Expr::Attribute(_)) && self.walker.is_thread(target));
                if names {
                    for target in &assign.targets {
                        self.walker.add_alias(target);
                    }
                }
            }
            Stmt::AnnAssign(assign) => {
                if let Some(value) = &assign.value {
                    self.assign(&assign.target, value);
                }
            }
            Stmt::AugAssign(assign) if self.walker.is_collection(&assign.value) => {
                self.walker.add_collection(&assign.target);
            }
            Stmt::For(node) if self.walker.is_collection(&node.iter) => {
                self.walker.loop_target(&node.target);
            }
            _ => {}
        }
        visitor::walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, expr: &'f Expr) {
        match expr {
            Expr::Named(named) if self.walker.is_thread(&named.value) => self.walker.add_alias(&named.target),
            Expr::Call(call) => {
                if let Expr::Attribute(attribute) = call.func.as_ref()
                    && matches!(attribute.attr.as_str(), "append" | "add" | "insert" | "put")
                    && call.arguments.args.iter().any(|argument| self.walker.is_thread(argument))
                {
                    self.walker.add_collection(&attribute.value);
                }
            }
            _ => {}
        }
        visitor::walk_expr(self, expr);
    }
}

/// Whether a method reaches attributes by computed names, and joins something.
struct Reflection<'n> {
    object: &'n str,
    computed: bool,
    joins: bool,
}

impl<'f> Visitor<'f> for Reflection<'_> {
    fn visit_expr(&mut self, expr: &'f Expr) {
        let is_object = |expr: &Expr| matches!(expr, Expr::Name(name) if name.id.as_str() == self.object);
        match expr {
            Expr::Call(call) => match (call.func.as_ref(), call.arguments.args.as_ref()) {
                (Expr::Name(function), [object, name, ..])
                    if function.id.as_str() == "getattr"
                        && is_object(object)
                        && !name.is_string_literal_expr() =>
                {
                    self.computed = true;
                }
                (Expr::Name(function), [object]) if function.id.as_str() == "vars" && is_object(object) => {
                    self.computed = true;
                }
                (Expr::Attribute(attribute), _) if attribute.attr.as_str() == "join" => {
                    self.joins |= !attribute.value.is_string_literal_expr();
                }
                (Expr::Attribute(attribute), _) if attribute.attr.as_str() == "enumerate" => {
                    self.computed |= matches!(attribute.value.as_ref(), Expr::Name(name) if name.id.as_str() == "threading");
                }
                _ => {}
            },
            Expr::Attribute(attribute) if attribute.attr.as_str() == "__dict__" => {
                self.computed |= is_object(&attribute.value);
            }
            _ => {}
        }
        visitor::walk_expr(self, expr);
    }
}
