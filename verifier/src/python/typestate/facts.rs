//! What is known of files and functions before any path is walked.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use foldhash::{HashMap, HashSet, HashSetExt};

use crate::python::ast::{self, Expr, Stmt};
use crate::python::control_flow::{Raised, endings, is_generator};
use crate::python::pattern::{Match, Matcher, Pattern};
use crate::python::visitor::{self, Visitor};
use crate::python::{ParsedFile, Ranged, TextRange};

use super::Events;
use super::evaluate::PlainNames;
use super::names::Alias;

/// A place at which an event can happen.
#[derive(Clone)]
pub(super) struct Occurrence<'f> {
    /// Which event; [`None`] for one that ends every sequence.
    pub(super) event: Option<usize>,
    /// The object that it happens to.
    pub(super) object: &'f Expr,
    /// What the metavariables that several events share stand for here.
    pub(super) shared: Vec<(String, String)>,
}

/// Occurrences by the range of the code that matched.
pub(super) type Occurrences<'f> = HashMap<TextRange, Vec<Occurrence<'f>>>;

/// The occurrences of one file.
#[derive(Default)]
pub(super) struct FileFacts<'f> {
    pub(super) occurrences: Occurrences<'f>,
    /// How many places each event has.
    pub(super) counts: Vec<usize>,
    /// The last names of each event's objects: `context` of `self.context`.
    pub(super) objects: Vec<HashSet<Alias<'f>>>,
    /// A pattern had too many ways to match somewhere.
    pub(super) gave_up: bool,
}

impl<'f> FileFacts<'f> {
    pub(super) fn new(file: &'f ParsedFile, events: &Events) -> Self {
        let count = events.events.len();
        let mut facts =
            Self { counts: vec![0; count], objects: vec![HashSet::new(); count], ..Self::default() };
        let gave_up = Arc::new(AtomicBool::new(false));
        let matcher = Matcher::new(file.source()).watched_by(&gave_up);
        let text = file.source().text();
        let shared = events.shared_metavariables();
        let numbered = events.events.iter().enumerate().map(|(index, pattern)| (Some(index), pattern));
        for (event, pattern) in numbered.chain(events.unless.iter().map(|pattern| (None, pattern))) {
            if !pattern.literals().all().iter().all(|literal| text.contains(literal.as_str())) {
                continue;
            }
            for found in matcher.find(pattern) {
                let Some(object) = object_of(file, &found, events.object) else { continue };
                if let Some(event) = event {
                    facts.counts[event] += 1;
                    facts.objects[event].extend(Alias::of(object));
                }
                let shared = shared
                    .iter()
                    .filter_map(|name| Some((name.clone(), found.bindings.get(name)?.text().to_owned())))
                    .collect();
                facts.occurrences.entry(found.range).or_default().push(Occurrence { event, object, shared });
            }
        }
        facts.gave_up = gave_up.load(Ordering::Relaxed);
        facts.add_bound(file, events);
        // One piece of code that is several events happens once: it goes on with what was there
        // before it, and only then begins anew.
        for found in facts.occurrences.values_mut() {
            found.sort_by_key(|occurrence| std::cmp::Reverse(occurrence.event));
        }
        facts
    }
}

impl<'f> FileFacts<'f> {
    /// `c = f.close` names what may be an event of `f`, whether or not the event is called so.
    fn add_bound(&mut self, file: &'f ParsedFile, events: &Events) {
        struct Bound<'f>(Vec<&'f ast::ExprAttribute>);
        impl<'f> Visitor<'f> for Bound<'f> {
            fn visit_stmt(&mut self, stmt: &'f Stmt) {
                if let Stmt::Assign(node) = stmt
                    && let (Expr::Attribute(method), [Expr::Name(_)]) = (&*node.value, &*node.targets)
                {
                    self.0.push(method);
                }
                visitor::walk_stmt(self, stmt);
            }

            fn visit_expr(&mut self, _: &'f Expr) {}
        }
        let text = file.source().text();
        let is_bound = |pattern: &Pattern| {
            method_of(pattern).is_some_and(|method| {
                text.match_indices(&format!(".{method}")).any(|(at, found)| {
                    let next = text[at + found.len()..].trim_start_matches([' ', '\t']).chars().next();
                    matches!(next, None | Some('\n' | '\r' | '#' | ';'))
                })
            })
        };
        if !events.events.iter().any(is_bound) {
            return;
        }
        let mut bound = Bound(Vec::new());
        bound.visit_body(&file.source().module().body);
        for method in bound.0 {
            for (event, pattern) in events.events.iter().enumerate() {
                if calls_method(pattern, method.attr.as_str()) {
                    self.objects[event].extend(Alias::of(&method.value));
                }
            }
        }
    }
}

/// `close` of the event `$F.close()`.
fn method_of(pattern: &Pattern) -> Option<&str> {
    let (callee, _) = pattern.source().split_once('(')?;
    let (_, method) = callee.trim().rsplit_once('.')?;
    (!method.starts_with('$')).then_some(method)
}

/// Whether an event is a call of a method of this name.
pub(super) fn calls_method(pattern: &Pattern, name: &str) -> bool {
    method_of(pattern) == Some(name)
}

fn object_of<'f>(file: &'f ParsedFile, found: &Match<'f>, metavariable: &str) -> Option<&'f Expr> {
    let bound = found.bindings.get(metavariable)?;
    if let Some(expression) = bound.expression() {
        return Some(expression);
    }
    // An identifier: in `self.$NAME` the object is the attribute, not its name.
    let mut search = AttributeSearch { whole: found.range, name: bound.range(), found: None };
    for stmt in &file.source().module().body {
        if stmt.range().contains_range(found.range) {
            search.visit_stmt(stmt);
        }
    }
    search.found
}

struct AttributeSearch<'f> {
    whole: TextRange,
    name: TextRange,
    found: Option<&'f Expr>,
}

impl<'f> Visitor<'f> for AttributeSearch<'f> {
    fn visit_stmt(&mut self, stmt: &'f Stmt) {
        if stmt.range().intersect(self.whole).is_some() {
            visitor::walk_stmt(self, stmt);
        }
    }

    fn visit_expr(&mut self, expr: &'f Expr) {
        if !expr.range().contains_range(self.name) {
            return;
        }
        match expr {
            Expr::Attribute(attribute) if attribute.attr.range == self.name => self.found = Some(expr),
            Expr::Name(name) if name.range == self.name => self.found = Some(expr),
            _ => visitor::walk_expr(self, expr),
        }
    }
}

/// The calls that are statements of their own.
pub(super) fn statements_that_call(body: &[Stmt]) -> Vec<&ast::ExprCall> {
    struct Calls<'f>(Vec<&'f ast::ExprCall>);
    impl<'f> Visitor<'f> for Calls<'f> {
        fn visit_stmt(&mut self, stmt: &'f Stmt) {
            if let Stmt::Expr(node) = stmt
                && let Expr::Call(call) = &*node.value
            {
                self.0.push(call);
            }
            visitor::walk_stmt(self, stmt);
        }

        fn visit_expr(&mut self, _: &'f Expr) {}
    }
    let mut calls = Calls(Vec::new());
    calls.visit_body(body);
    calls.0
}

/// `context` of `self.context`, `sock` of `sock` and of `sock["a"]`.
pub(super) fn last_name(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Name(name) => Some(name.id.as_str()),
        Expr::Attribute(attribute) => Some(attribute.attr.as_str()),
        Expr::Subscript(subscript) => match &*subscript.value {
            Expr::Name(name) => Some(name.id.as_str()),
            Expr::Attribute(attribute) => Some(attribute.attr.as_str()),
            _ => None,
        },
        _ => None,
    }
}

/// What one function's own text has.
#[derive(Default)]
pub(super) struct FunctionFacts<'f> {
    /// Names that are its own: parameters and what it binds.
    pub(super) locals: HashSet<&'f str>,
    /// Attributes that it reads or stores.
    pub(super) attributes: HashSet<&'f str>,
    /// Its calls, those of functions inside it too.
    pub(super) calls: Vec<&'f ast::ExprCall>,
    /// It has a place at which an event can happen.
    pub(super) has_occurrence: bool,
    /// It returns what a name stands for.
    pub(super) returns_name: bool,
    /// It always raises or exits.
    pub(super) never_returns: bool,
    /// Its code does not run when it is called.
    pub(super) is_generator: bool,
    /// All that it does is to say that a subclass has to do it.
    pub(super) is_placeholder: bool,
}

impl<'f> FunctionFacts<'f> {
    pub(super) fn new(function: &'f ast::StmtFunctionDef, occurrences: &Occurrences<'f>) -> Self {
        let mut facts = Self::default();
        for parameter in function.parameters.iter() {
            facts.locals.insert(parameter.name().as_str());
        }
        let mut collector = Collector { facts, occurrences, outer: HashSet::new(), nested: 0, depth: 0 };
        for stmt in &function.body {
            collector.visit_stmt(stmt);
        }
        let Collector { mut facts, outer, .. } = collector;
        facts.locals.retain(|name| !outer.contains(name));
        let endings = endings(&function.body, &PlainNames);
        facts.is_generator = is_generator(&function.body);
        facts.never_returns = !endings.normal && !endings.returns && !facts.is_generator;
        facts.is_placeholder = facts.never_returns
            && !endings.leaves
            && !endings.raises.is_empty()
            && endings.raises.iter().all(|raised| *raised == Raised::Class("NotImplementedError".to_owned()));
        facts
    }
}

struct Collector<'c, 'f> {
    facts: FunctionFacts<'f>,
    occurrences: &'c Occurrences<'f>,
    /// Names declared `global` or `nonlocal`.
    outer: HashSet<&'f str>,
    /// How many functions deep inside the function.
    nested: u32,
    depth: u32,
}

const MAX_DEPTH: u32 = 300;

impl<'f> Collector<'_, 'f> {
    fn bind(&mut self, name: &'f str) {
        if self.nested == 0 {
            self.facts.locals.insert(name);
        }
    }
}

impl<'f> Visitor<'f> for Collector<'_, 'f> {
    fn visit_stmt(&mut self, stmt: &'f Stmt) {
        if self.depth >= MAX_DEPTH {
            return;
        }
        self.depth += 1;
        self.facts.has_occurrence |= self.occurrences.contains_key(&stmt.range());
        match stmt {
            Stmt::FunctionDef(function) => {
                self.bind(function.name.as_str());
                self.nested += 1;
                visitor::walk_stmt(self, stmt);
                self.nested -= 1;
            }
            Stmt::ClassDef(class) => {
                self.bind(class.name.as_str());
                self.nested += 1;
                visitor::walk_stmt(self, stmt);
                self.nested -= 1;
            }
            Stmt::Return(node) => {
                self.facts.returns_name |= self.nested == 0
                    && matches!(node.value.as_deref(), Some(Expr::Name(_) | Expr::Attribute(_)));
                visitor::walk_stmt(self, stmt);
            }
            Stmt::Global(ast::StmtGlobal { names, .. }) | Stmt::Nonlocal(ast::StmtNonlocal { names, .. }) => {
                if self.nested == 0 {
                    self.outer.extend(names.iter().map(ast::Identifier::as_str));
                }
            }
            _ => visitor::walk_stmt(self, stmt),
        }
        self.depth -= 1;
    }

    fn visit_expr(&mut self, expr: &'f Expr) {
        if self.depth >= MAX_DEPTH {
            return;
        }
        self.depth += 1;
        self.facts.has_occurrence |= self.occurrences.contains_key(&expr.range());
        match expr {
            Expr::Name(name) if !name.ctx.is_load() => self.bind(name.id.as_str()),
            Expr::Attribute(attribute) => {
                self.facts.attributes.insert(attribute.attr.as_str());
            }
            Expr::Call(call) => self.facts.calls.push(call),
            _ => {}
        }
        visitor::walk_expr(self, expr);
        self.depth -= 1;
    }

    fn visit_except_handler(&mut self, handler: &'f ast::ExceptHandler) {
        let ast::ExceptHandler::ExceptHandler(clause) = handler;
        if let Some(name) = &clause.name {
            self.bind(name.as_str());
        }
        visitor::walk_except_handler(self, handler);
    }
}
