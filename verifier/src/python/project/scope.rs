//! Names: what binds them, in which scope, and which bindings a use can see.

use foldhash::HashMap;
use std::sync::Arc;

use super::{ClassRef, Project, address};
use crate::python::ast::{self, Expr, Stmt};
use crate::python::visitor::{self, Visitor};
use crate::python::{ParsedFile, Ranged, TextRange, TextSize};

/// A place in a file, seen as the scopes around it.
#[derive(Clone)]
pub struct Scope<'f> {
    /// The file.
    pub file: &'f ParsedFile,
    /// The scopes, outermost first; empty at module level.
    pub frames: Vec<Frame<'f>>,
    /// The class that `self` is taken to be, when it is not the one that the method stands in:
    /// a method of a base looked at on behalf of a subclass.
    pub receiver: Option<ClassRef<'f>>,
}

/// One scope.
#[derive(Clone, Copy, Debug)]
pub enum Frame<'f> {
    /// A class body.
    Class(&'f ast::StmtClassDef),
    /// A function.
    Function(&'f ast::StmtFunctionDef),
    /// A lambda.
    Lambda(&'f ast::ExprLambda),
    /// A comprehension or generator expression.
    Comprehension(&'f [ast::Comprehension]),
}

/// The bindings of one scope.
#[derive(Debug, Default)]
pub struct Bindings<'f> {
    names: HashMap<&'f str, Vec<Binding<'f>>>,
    /// `from module import *`, in source order.
    pub stars: Vec<&'f ast::StmtImportFrom>,
    /// What inner functions store here by `global` or `nonlocal`: it can happen at any time.
    late: HashMap<&'f str, Vec<Binding<'f>>>,
    /// Names that belong to an outer scope.
    pub outer: HashMap<&'f str, Outer>,
}

/// Where a name that a function declares not to be its own belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outer {
    /// `global`.
    Global,
    /// `nonlocal`.
    Nonlocal,
}

/// One place that gives a name a value.
#[derive(Clone, Copy, Debug)]
pub struct Binding<'f> {
    /// How.
    pub kind: BindingKind<'f>,
    /// The binding statement or expression.
    pub range: TextRange,
    /// It stands under an `if`, `try`, loop or `match`, so that it may not happen.
    pub conditional: bool,
}

/// How a name gets a value.
#[derive(Clone, Copy, Debug)]
pub enum BindingKind<'f> {
    /// `import a.b` binds `a`; `import a.b as c` binds the whole.
    Import {
        /// The dotted module.
        module: &'f str,
        /// Whether the name stands for the whole of it.
        renamed: bool,
    },
    /// `from module import name`.
    ImportFrom {
        /// The statement.
        from: &'f ast::StmtImportFrom,
        /// The name inside the module.
        name: &'f str,
    },
    /// `def`.
    Function(&'f ast::StmtFunctionDef),
    /// `class`.
    Class(&'f ast::StmtClassDef),
    /// `name = value`, `name := value`, `with`-less and loop-less.
    Value(&'f Expr),
    /// `name: annotation = value`.
    Annotated(&'f Expr, Option<&'f Expr>),
    /// `name += value`.
    Augmented(&'f Expr),
    /// `for name in iterable`.
    Iterated(&'f Expr),
    /// `with value as name`.
    Entered(&'f Expr),
    /// A parameter, with its position among the positional ones.
    Parameter(&'f ast::Parameter, Option<&'f Expr>, Option<usize>),
    /// An element of what is unpacked, an exception, a `match` capture, `del`: something that
    /// is not followed.
    Other,
}

impl<'f> Bindings<'f> {
    /// Every binding of a name, in source order.
    pub fn all(&self, name: &str) -> &[Binding<'f>] {
        self.names.get(name).map_or(&[], Vec::as_slice)
    }

    /// The names that are bound.
    pub fn names(&self) -> impl Iterator<Item = &'f str> {
        self.names.keys().copied()
    }

    /// The bindings that count once the whole scope has run: those from the last unconditional
    /// one on, and whatever inner functions store.
    pub fn last(&self, name: &str) -> Vec<Binding<'f>> {
        self.with_late(name, after_last_unconditional(self.all(name)).to_vec())
    }

    fn with_late(&self, name: &str, mut seen: Vec<Binding<'f>>) -> Vec<Binding<'f>> {
        seen.extend(self.late.get(name).into_iter().flatten());
        seen
    }

    fn binds(&self, name: &str) -> bool {
        self.names.contains_key(name) || self.late.contains_key(name)
    }

    fn add(&mut self, name: &'f str, kind: BindingKind<'f>, range: TextRange, conditional: bool) {
        self.names.entry(name).or_default().push(Binding { kind, range, conditional });
    }
}

fn after_last_unconditional<'b, 'f>(bindings: &'b [Binding<'f>]) -> &'b [Binding<'f>] {
    let start = bindings.iter().rposition(|binding| !binding.conditional).unwrap_or(0);
    &bindings[start..]
}

impl<'f> Scope<'f> {
    /// Module level.
    pub fn module(file: &'f ParsedFile) -> Self {
        Self { file, frames: Vec::new(), receiver: None }
    }

    /// The scopes around a place.
    pub fn at(file: &'f ParsedFile, place: TextRange) -> Self {
        let mut finder = Finder { place, frames: Vec::new() };
        finder.visit_body(&file.source().module().body);
        Self { file, frames: finder.frames, receiver: None }
    }

    /// The same place on behalf of another class.
    pub fn on_behalf_of(mut self, receiver: ClassRef<'f>) -> Self {
        self.receiver = Some(receiver);
        self
    }

    /// The scope of a function's body.
    pub fn inside(file: &'f ParsedFile, function: &'f ast::StmtFunctionDef) -> Self {
        let mut scope = Self::at(file, function.name.range);
        let is_inside = matches!(
            scope.frames.last(),
            Some(Frame::Function(last)) if std::ptr::eq(*last, function)
        );
        if !is_inside {
            scope.frames.push(Frame::Function(function));
        }
        scope
    }

    /// The innermost function.
    pub fn function(&self) -> Option<&'f ast::StmtFunctionDef> {
        self.frames.iter().rev().find_map(|frame| match frame {
            Frame::Function(function) => Some(*function),
            Frame::Class(_) | Frame::Lambda(_) | Frame::Comprehension(_) => None,
        })
    }

    /// The innermost class.
    pub fn class(&self) -> Option<ClassRef<'f>> {
        let node = self.frames.iter().rev().find_map(|frame| match frame {
            Frame::Class(class) => Some(*class),
            Frame::Function(_) | Frame::Lambda(_) | Frame::Comprehension(_) => None,
        })?;
        Some(ClassRef { file: self.file, node })
    }

    /// The scope one step out.
    pub fn outer(&self, depth: usize) -> Self {
        let frames = self.frames[..depth.min(self.frames.len())].to_vec();
        Self { file: self.file, frames, receiver: self.receiver }
    }
}

impl<'f> Project<'f> {
    /// The bindings of a module.
    pub fn module_bindings(&self, file: &'f ParsedFile) -> Arc<Bindings<'f>> {
        let module = file.source().module();
        self.cached(address(module), || {
            let mut collector = Collector::default();
            collector.body(&module.body);
            let mut bindings = collector.bindings;
            LateStores { bindings: &mut bindings, outer: Outer::Global }.visit_body(&module.body);
            bindings
        })
    }

    /// The bindings of one frame.
    pub fn frame_bindings(&self, frame: Frame<'f>) -> Arc<Bindings<'f>> {
        match frame {
            Frame::Class(class) => self.cached(address(class), || {
                let mut collector = Collector::default();
                collector.body(&class.body);
                collector.bindings
            }),
            Frame::Function(function) => self.cached(address(function), || {
                let mut collector = Collector::default();
                collector.parameters(&function.parameters);
                collector.body(&function.body);
                let mut bindings = collector.bindings;
                LateStores { bindings: &mut bindings, outer: Outer::Nonlocal }.visit_body(&function.body);
                bindings
            }),
            Frame::Lambda(lambda) => self.cached(address(lambda), || {
                let mut collector = Collector::default();
                if let Some(parameters) = &lambda.parameters {
                    collector.parameters(parameters);
                }
                collector.bindings
            }),
            Frame::Comprehension(generators) => {
                let mut collector = Collector::default();
                for generator in generators {
                    collector.target(&generator.target, &|_| BindingKind::Iterated(&generator.iter));
                }
                Arc::new(collector.bindings)
            }
        }
    }

    fn cached(&self, key: usize, make: impl FnOnce() -> Bindings<'f>) -> Arc<Bindings<'f>> {
        if let Some(known) = self.bindings.read().ok().and_then(|map| map.get(&key).cloned()) {
            return known;
        }
        let made = Arc::new(make());
        if let Ok(mut map) = self.bindings.write() {
            map.entry(key).or_insert_with(|| Arc::clone(&made));
        }
        made
    }

    /// The bindings that a use of `name` at `place` can see, with the depth of the scope that
    /// has them; depth 0 is the module. Nothing when no scope of the file binds it.
    pub fn lookup(
        &self,
        scope: &Scope<'f>,
        name: &str,
        place: Option<TextSize>,
    ) -> Option<(usize, Vec<Binding<'f>>)> {
        let mut only_global = false;
        for depth in (1..=scope.frames.len()).rev() {
            let frame = scope.frames[depth - 1];
            // A class body's names are seen in the body itself and not in its methods.
            if only_global || (matches!(frame, Frame::Class(_)) && depth != scope.frames.len()) {
                continue;
            }
            let bindings = self.frame_bindings(frame);
            match bindings.outer.get(name) {
                Some(Outer::Global) => {
                    only_global = true;
                    continue;
                }
                Some(Outer::Nonlocal) => continue,
                None => {}
            }
            if !bindings.binds(name) {
                continue;
            }
            let own = depth == scope.frames.len();
            let seen = visible(frame, bindings.all(name), own.then_some(place).flatten());
            return Some((depth, bindings.with_late(name, seen)));
        }
        let bindings = self.module_bindings(scope.file);
        if !bindings.binds(name) {
            return None;
        }
        let seen = match place {
            Some(place) if scope.frames.is_empty() => {
                bindings.with_late(name, before(bindings.all(name), place))
            }
            _ => bindings.last(name),
        };
        Some((0, seen))
    }
}

/// The bindings of a frame that a use at `place` in the same frame can see. Without a place, or
/// in a loop, every one of them counts.
fn visible<'f>(frame: Frame<'f>, all: &[Binding<'f>], place: Option<TextSize>) -> Vec<Binding<'f>> {
    match (frame, place) {
        (Frame::Function(function), Some(place)) if !in_loop(&function.body, place) => before(all, place),
        (Frame::Class(_), Some(place)) => before(all, place),
        (Frame::Class(_), None) => after_last_unconditional(all).to_vec(),
        (Frame::Function(_) | Frame::Lambda(_) | Frame::Comprehension(_), _) => all.to_vec(),
    }
}

/// What straight-line code before `place` leaves bound. Nothing there at all means that the
/// reading is wrong, and then everything counts.
fn before<'f>(all: &[Binding<'f>], place: TextSize) -> Vec<Binding<'f>> {
    let end = all.partition_point(|binding| binding.range.start() < place);
    // An assignment's own right-hand side still sees what was there before.
    let is_done = |binding: &&Binding<'f>| {
        !binding.range.contains(place)
            || matches!(binding.kind, BindingKind::Iterated(_) | BindingKind::Entered(_))
    };
    let mut earlier: Vec<Binding<'f>> = Vec::new();
    for binding in all[..end].iter().rev().filter(is_done) {
        earlier.push(*binding);
        if !binding.conditional {
            break;
        }
    }
    if earlier.is_empty() {
        return all.to_vec();
    }
    earlier.reverse();
    earlier
}

fn in_loop(body: &[Stmt], place: TextSize) -> bool {
    let around = visitor::around(body, TextRange::empty(place)).iter();
    around.filter(|stmt| stmt.range().contains_inclusive(place)).any(|stmt| match stmt {
        Stmt::For(_) | Stmt::While(_) => true,
        Stmt::If(stmt) => {
            let clauses = stmt.elif_else_clauses.iter();
            let mut around = clauses.filter(|clause| clause.range.contains_inclusive(place));
            in_loop(&stmt.body, place) || around.any(|clause| in_loop(&clause.body, place))
        }
        Stmt::With(stmt) => in_loop(&stmt.body, place),
        Stmt::Try(stmt) => {
            let handlers = stmt.handlers.iter().map(|ast::ExceptHandler::ExceptHandler(handler)| handler);
            let mut around = handlers.filter(|handler| handler.range.contains_inclusive(place));
            in_loop(&stmt.body, place)
                || around.any(|handler| in_loop(&handler.body, place))
                || in_loop(&stmt.orelse, place)
                || in_loop(&stmt.finalbody, place)
        }
        Stmt::Match(stmt) => {
            let mut around = stmt.cases.iter().filter(|case| case.range.contains_inclusive(place));
            around.any(|case| in_loop(&case.body, place))
        }
        _ => false,
    })
}

/// The class or function definition of exactly this range.
pub(super) fn definition_at(file: &ParsedFile, range: TextRange) -> Option<Frame<'_>> {
    struct Definitions<'f> {
        range: TextRange,
        found: Option<Frame<'f>>,
    }
    impl<'f> Visitor<'f> for Definitions<'f> {
        fn visit_stmt(&mut self, stmt: &'f Stmt) {
            if self.found.is_some() || !stmt.range().contains_range(self.range) {
                return;
            }
            if stmt.range() == self.range {
                self.found = match stmt {
                    Stmt::FunctionDef(function) => Some(Frame::Function(function)),
                    Stmt::ClassDef(class) => Some(Frame::Class(class)),
                    _ => None,
                };
            }
            if self.found.is_none() {
                visitor::walk_stmt(self, stmt);
            }
        }
        fn visit_body(&mut self, body: &'f [Stmt]) {
            visitor::around(body, self.range).iter().for_each(|stmt| self.visit_stmt(stmt));
        }
        fn visit_expr(&mut self, _: &'f Expr) {}
    }
    let mut definitions = Definitions { range, found: None };
    definitions.visit_body(&file.source().module().body);
    definitions.found
}

/// Walks down to a place and remembers the scopes that it passes.
struct Finder<'f> {
    place: TextRange,
    frames: Vec<Frame<'f>>,
}

impl<'f> Finder<'f> {
    fn around(&self, range: TextRange) -> bool {
        range.contains_range(self.place)
    }
}

impl<'f> Visitor<'f> for Finder<'f> {
    fn visit_body(&mut self, body: &'f [Stmt]) {
        visitor::around(body, self.place).iter().for_each(|stmt| self.visit_stmt(stmt));
    }

    fn visit_stmt(&mut self, stmt: &'f Stmt) {
        if !self.around(stmt.range()) {
            return;
        }
        match stmt {
            // Decorators, defaults, annotations and bases are evaluated outside.
            Stmt::FunctionDef(function) => {
                let outside = function.decorator_list.iter().any(|decorator| self.around(decorator.range()))
                    || function.parameters.iter_non_variadic_params().any(|parameter| {
                        parameter.default.as_ref().is_some_and(|default| self.around(default.range()))
                    });
                if outside {
                    visitor::walk_stmt(self, stmt);
                } else {
                    self.frames.push(Frame::Function(function));
                    self.visit_body(&function.body);
                }
            }
            Stmt::ClassDef(class) => {
                let outside = class.decorator_list.iter().any(|decorator| self.around(decorator.range()))
                    || class.arguments.as_ref().is_some_and(|arguments| self.around(arguments.range()));
                if outside {
                    visitor::walk_stmt(self, stmt);
                } else {
                    self.frames.push(Frame::Class(class));
                    self.visit_body(&class.body);
                }
            }
            _ => visitor::walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, expr: &'f Expr) {
        if !self.around(expr.range()) {
            return;
        }
        let generators: &'f [ast::Comprehension] = match expr {
            Expr::Lambda(lambda) => {
                if self.around(lambda.body.range()) {
                    self.frames.push(Frame::Lambda(lambda));
                }
                return visitor::walk_expr(self, expr);
            }
            Expr::ListComp(node) => &node.generators,
            Expr::SetComp(node) => &node.generators,
            Expr::DictComp(node) => &node.generators,
            Expr::Generator(node) => &node.generators,
            _ => return visitor::walk_expr(self, expr),
        };
        // The first iterable is evaluated outside.
        let outside = generators.first().is_some_and(|first| self.around(first.iter.range()));
        if !outside {
            self.frames.push(Frame::Comprehension(generators));
        }
        visitor::walk_expr(self, expr);
    }
}

/// Collects what one body binds, without looking into functions and classes.
#[derive(Default)]
struct Collector<'f> {
    bindings: Bindings<'f>,
    conditional: bool,
}

impl<'f> Collector<'f> {
    fn parameters(&mut self, parameters: &'f ast::Parameters) {
        let positional = parameters.posonlyargs.len() + parameters.args.len();
        for (index, parameter) in parameters.iter_non_variadic_params().enumerate() {
            let kind = BindingKind::Parameter(
                &parameter.parameter,
                parameter.default.as_deref(),
                (index < positional).then_some(index),
            );
            self.bindings.add(parameter.name().as_str(), kind, parameter.range(), false);
        }
        for parameter in [&parameters.vararg, &parameters.kwarg].into_iter().flatten() {
            self.bindings.add(parameter.name.as_str(), BindingKind::Other, parameter.range, false);
        }
    }

    fn body(&mut self, body: &'f [Stmt]) {
        for stmt in body {
            self.visit_stmt(stmt);
        }
    }

    fn under_condition(&mut self, walk: impl FnOnce(&mut Self)) {
        let before = std::mem::replace(&mut self.conditional, true);
        walk(self);
        self.conditional = before;
    }

    fn add(&mut self, name: &'f str, kind: BindingKind<'f>, range: TextRange) {
        self.bindings.add(name, kind, range, self.conditional);
    }

    /// Binds what stands on the left of an assignment; `kind` tells what a plain name gets.
    fn target(&mut self, target: &'f Expr, kind: &dyn Fn(&'f Expr) -> BindingKind<'f>) {
        self.target_in(target, kind, target.range());
    }

    fn target_in(&mut self, target: &'f Expr, kind: &dyn Fn(&'f Expr) -> BindingKind<'f>, range: TextRange) {
        match target {
            Expr::Name(name) => self.add(name.id.as_str(), kind(target), range),
            Expr::Tuple(tuple) => {
                for element in &tuple.elts {
                    self.target_in(element, &|_| BindingKind::Other, range);
                }
            }
            Expr::List(list) => {
                for element in &list.elts {
                    self.target_in(element, &|_| BindingKind::Other, range);
                }
            }
            Expr::Starred(starred) => {
                self.target_in(&starred.value, &|_| BindingKind::Other, range);
            }
            _ => {}
        }
    }
}

impl<'f> Visitor<'f> for Collector<'f> {
    fn visit_stmt(&mut self, stmt: &'f Stmt) {
        let range = stmt.range();
        match stmt {
            Stmt::FunctionDef(function) => {
                self.add(function.name.as_str(), BindingKind::Function(function), range);
                for decorator in &function.decorator_list {
                    self.visit_decorator(decorator);
                }
                self.visit_parameters(&function.parameters);
            }
            Stmt::ClassDef(class) => {
                self.add(class.name.as_str(), BindingKind::Class(class), range);
                for decorator in &class.decorator_list {
                    self.visit_decorator(decorator);
                }
            }
            Stmt::Import(import) => {
                for alias in &import.names {
                    let module = alias.name.as_str();
                    let (name, renamed) = match &alias.asname {
                        Some(name) => (name.as_str(), true),
                        None => (module.split('.').next().unwrap_or(module), false),
                    };
                    self.add(name, BindingKind::Import { module, renamed }, range);
                }
            }
            Stmt::ImportFrom(from) => {
                for alias in &from.names {
                    let name = alias.name.as_str();
                    if name == "*" {
                        self.bindings.stars.push(from);
                        continue;
                    }
                    let bound = alias.asname.as_ref().map_or(name, |name| name.as_str());
                    self.add(bound, BindingKind::ImportFrom { from, name }, range);
                }
            }
            Stmt::Assign(assign) => {
                visitor::walk_stmt(self, stmt);
                for target in &assign.targets {
                    self.assign(target, &assign.value, range);
                }
            }
            Stmt::AnnAssign(assign) => {
                visitor::walk_stmt(self, stmt);
                let value = assign.value.as_deref();
                self.target_in(&assign.target, &|_| BindingKind::Annotated(&assign.annotation, value), range);
            }
            Stmt::AugAssign(assign) => {
                visitor::walk_stmt(self, stmt);
                // What was there before still matters, so this replaces nothing.
                self.under_condition(|this| {
                    this.target_in(&assign.target, &|_| BindingKind::Augmented(&assign.value), range);
                });
            }
            Stmt::For(for_stmt) => {
                self.visit_expr(&for_stmt.iter);
                self.under_condition(|this| {
                    this.target_in(&for_stmt.target, &|_| BindingKind::Iterated(&for_stmt.iter), range);
                    this.body(&for_stmt.body);
                    this.body(&for_stmt.orelse);
                });
            }
            Stmt::While(while_stmt) => {
                self.visit_expr(&while_stmt.test);
                self.under_condition(|this| {
                    this.body(&while_stmt.body);
                    this.body(&while_stmt.orelse);
                });
            }
            Stmt::If(if_stmt) => {
                self.visit_expr(&if_stmt.test);
                self.under_condition(|this| {
                    this.body(&if_stmt.body);
                    for clause in &if_stmt.elif_else_clauses {
                        if let Some(test) = &clause.test {
                            this.visit_expr(test);
                        }
                        this.body(&clause.body);
                    }
                });
            }
            Stmt::Try(try_stmt) => {
                self.under_condition(|this| {
                    this.body(&try_stmt.body);
                    for ast::ExceptHandler::ExceptHandler(handler) in &try_stmt.handlers {
                        if let Some(name) = &handler.name {
                            this.add(name.as_str(), BindingKind::Other, handler.range);
                        }
                        this.body(&handler.body);
                    }
                    this.body(&try_stmt.orelse);
                });
                self.body(&try_stmt.finalbody);
            }
            Stmt::With(with_stmt) => {
                for item in &with_stmt.items {
                    self.visit_expr(&item.context_expr);
                    if let Some(target) = &item.optional_vars {
                        self.target_in(target, &|_| BindingKind::Entered(&item.context_expr), range);
                    }
                }
                self.body(&with_stmt.body);
            }
            Stmt::Match(match_stmt) => {
                self.visit_expr(&match_stmt.subject);
                self.under_condition(|this| {
                    for case in &match_stmt.cases {
                        this.visit_pattern(&case.pattern);
                        if let Some(guard) = &case.guard {
                            this.visit_expr(guard);
                        }
                        this.body(&case.body);
                    }
                });
            }
            Stmt::Global(global) => {
                for name in &global.names {
                    self.bindings.outer.insert(name.as_str(), Outer::Global);
                }
            }
            Stmt::Nonlocal(nonlocal) => {
                for name in &nonlocal.names {
                    self.bindings.outer.insert(name.as_str(), Outer::Nonlocal);
                }
            }
            Stmt::Delete(delete) => {
                self.under_condition(|this| {
                    for target in &delete.targets {
                        this.target(target, &|_| BindingKind::Other);
                    }
                });
            }
            Stmt::TypeAlias(alias) => {
                self.target_in(&alias.name, &|_| BindingKind::Other, range);
            }
            _ => visitor::walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, expr: &'f Expr) {
        match expr {
            Expr::Named(named) => {
                self.visit_expr(&named.value);
                let range = named.range();
                self.under_condition(|this| {
                    this.target_in(&named.target, &|_| BindingKind::Value(&named.value), range);
                });
            }
            // What a lambda binds is its own.
            Expr::Lambda(_) => {}
            _ => visitor::walk_expr(self, expr),
        }
    }

    fn visit_pattern(&mut self, pattern: &'f ast::Pattern) {
        let name = match pattern {
            ast::Pattern::MatchAs(node) => node.name.as_ref(),
            ast::Pattern::MatchStar(node) => node.name.as_ref(),
            ast::Pattern::MatchMapping(node) => node.rest.as_ref(),
            _ => None,
        };
        if let Some(name) = name {
            self.add(name.as_str(), BindingKind::Other, pattern.range());
        }
        visitor::walk_pattern(self, pattern);
    }
}

impl<'f> Collector<'f> {
    /// `a, b = x, y` gives each its own value.
    fn assign(&mut self, target: &'f Expr, value: &'f Expr, range: TextRange) {
        if let (Expr::Tuple(targets), Expr::Tuple(values)) = (target, value) {
            let starred = targets.elts.iter().chain(&values.elts).any(Expr::is_starred_expr);
            if targets.elts.len() == values.elts.len() && !starred {
                for (target, value) in targets.elts.iter().zip(&values.elts) {
                    self.assign(target, value, range);
                }
                return;
            }
        }
        self.target_in(target, &|_| BindingKind::Value(value), range);
    }
}

/// Adds to a scope what functions inside it store to names that they declare to be its own.
struct LateStores<'b, 'f> {
    bindings: &'b mut Bindings<'f>,
    outer: Outer,
}

impl<'f> Visitor<'f> for LateStores<'_, 'f> {
    fn visit_stmt(&mut self, stmt: &'f Stmt) {
        if let Stmt::FunctionDef(function) = stmt {
            let mut collector = Collector::default();
            collector.body(&function.body);
            for (name, outer) in &collector.bindings.outer {
                if *outer == self.outer {
                    let stores = collector.bindings.all(name);
                    self.bindings.late.entry(name).or_default().extend(stores);
                }
            }
        }
        visitor::walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, _: &'f Expr) {}
}
