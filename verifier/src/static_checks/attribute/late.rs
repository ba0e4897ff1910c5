//! Attributes that the constructor of a base needs before the class's own constructor has
//! assigned them.

use super::Place;
use crate::python::ast::{Expr, Stmt};
use crate::python::control_flow::truth;
use crate::python::project::{AccessKind, ClassRef, FunctionRef, Linearisation, Project, Stored};
use crate::python::visitor::{self, Visitor};
use crate::python::{Ranged, TextRange, TextSize};

/// What a constructor of a base does with an attribute that comes later.
pub(super) enum Late<'f> {
    /// It reads it: where, and where the class assigns it.
    Read(Place<'f>, Place<'f>),
    /// It may; why that is not known.
    Open(String),
}

/// A read that a constructor of a base brings about before the class's own constructor stores
/// the attribute: the read and the store.
pub(super) fn late<'f>(
    project: &Project<'f>,
    class: ClassRef<'f>,
    order: &Linearisation<'f>,
    name: &str,
) -> Option<Late<'f>> {
    let constructor = project.own_functions(class, "__init__").into_iter().next()?;
    let own = project.accesses(class);
    let base_call = base_constructor_call(constructor)?;
    let before = methods_used(project, class, constructor, base_call.start());
    let mut first = None;
    // Methods of its own that store it, none of which runs before the base's constructor.
    let mut storing: Vec<FunctionRef<'f>> = Vec::new();
    for store in own.iter() {
        if !store.is_of(name, class)
            || !matches!(store.kind, AccessKind::Store(how) if !matches!(how, Stored::Slot | Stored::Declared))
        {
            continue;
        }
        let method = store.method?;
        let is_early = match method == constructor {
            true => store.range.start() < base_call.start(),
            false => before.contains(&method),
        };
        if is_early {
            return None;
        }
        if method != constructor {
            storing.push(method);
        }
        first.get_or_insert(store);
    }
    let first = first?;
    let stored_by_base = order.classes().skip(1).any(|base| {
        project.accesses(base).iter().any(|access| {
            access.is_of(name, class)
                && matches!(access.kind, AccessKind::Store(stored) if !matches!(stored, Stored::Slot | Stored::Declared))
        })
    });
    if stored_by_base {
        return None;
    }
    let classes: Vec<ClassRef<'f>> = order.classes().collect();
    let constructor_behind = |owner: ClassRef<'f>| {
        let at = classes.iter().position(|class| *class == owner)?;
        classes[at + 1..].iter().find_map(|base| project.own_functions(*base, "__init__").into_iter().next())
    };
    let mut reached: Vec<FunctionRef<'f>> = vec![constructor_behind(class)?];
    let mut perhaps: Vec<FunctionRef<'f>> = Vec::new();
    let mut next = 0;
    let (mut read, mut open) = (None, None);
    // First what certainly runs, then what runs if somebody calls what was only defined.
    for is_certain in [true, false] {
        if !is_certain {
            // When the base's constructor runs a method that stores it, too, the order is not told here.
            if storing.iter().any(|method| reached.contains(method)) {
                return None;
            }
            perhaps.retain(|method| !reached.contains(method));
            reached.append(&mut perhaps);
        }
        while let Some(function) = reached.get(next).copied() {
            next += 1;
            let Some(owner) = function.class_ref() else { continue };
            // A constructor that calls the one behind it.
            if function.node.name.as_str() == "__init__"
                && base_constructor_call(function).is_some()
                && let Some(behind) = constructor_behind(owner)
                && !reached.contains(&behind)
            {
                reached.push(behind);
            }
            let deferred = Deferred::of(function);
            let accesses = project.accesses(owner);
            let mut there = false;
            for access in accesses.iter().filter(|access| access.method == Some(function)) {
                let runs = deferred.runs(access.range);
                if runs == Runs::Never {
                    continue;
                }
                match access.kind {
                    // From here on it is there, or the code has looked whether it is.
                    AccessKind::Store(_) | AccessKind::Probe => {
                        there |= access.is_of(name, class) && runs == Runs::Certainly;
                    }
                    AccessKind::Delete | AccessKind::Computed => {}
                    AccessKind::Load if there => {}
                    AccessKind::Load => {
                        let is_certain = is_certain && runs == Runs::Certainly;
                        if access.is_of(name, class) {
                            let place = if is_certain { &mut read } else { &mut open };
                            place.get_or_insert(Place { file: owner.file, range: access.range });
                        }
                        // Calling it, or handing it to a thread or as a callback: either way it may run.
                        let run = if is_certain { &mut reached } else { &mut perhaps };
                        for method in project.method(class, access.name).unwrap_or_default() {
                            if !run.contains(&method) {
                                run.push(method);
                            }
                        }
                    }
                }
            }
            if !is_certain {
                perhaps.retain(|method| !reached.contains(method));
                reached.append(&mut perhaps);
            }
        }
    }
    match (read, open) {
        (Some(read), _) => Some(Late::Read(read, Place { file: class.file, range: first.range })),
        (None, Some(place)) => Some(Late::Open(format!(
            "whether the function that reads it at `{}:{}` runs before that is not known",
            place.file.path(),
            place.file.source().line(place.range.start())
        ))),
        (None, None) => None,
    }
}

/// Whether what stands in a method runs when the method does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Runs {
    Certainly,
    /// In a function that is defined there, and that somebody may call.
    Perhaps,
    Never,
}

/// Parts of a method that do not run with the rest of it.
struct Deferred<'f> {
    parts: Vec<(TextRange, Runs)>,
    /// Names that are used: called or handed over, or in some other way.
    used: Vec<(&'f str, Runs)>,
    /// Lambdas that are called or handed over where they stand.
    given: Vec<TextRange>,
}

impl<'f> Deferred<'f> {
    fn of(function: FunctionRef<'f>) -> Self {
        let mut deferred = Self { parts: Vec::new(), used: Vec::new(), given: Vec::new() };
        Uses(&mut deferred).visit_body(&function.node.body);
        deferred.visit_body(&function.node.body);
        deferred
    }

    fn runs(&self, place: TextRange) -> Runs {
        let around = self.parts.iter().filter(|(part, _)| part.contains_range(place));
        around.fold(Runs::Certainly, |all, (_, runs)| match (all, runs) {
            (Runs::Never, _) | (_, Runs::Never) => Runs::Never,
            (Runs::Perhaps, _) | (_, Runs::Perhaps) => Runs::Perhaps,
            (Runs::Certainly, Runs::Certainly) => Runs::Certainly,
        })
    }

    /// What becomes of a function that has a name of its own.
    fn named(&self, name: &str) -> Runs {
        let uses = || self.used.iter().filter(|(used, _)| *used == name);
        if uses().any(|(_, runs)| *runs == Runs::Certainly) {
            Runs::Certainly
        } else if uses().next().is_some() {
            Runs::Perhaps
        } else {
            Runs::Never
        }
    }
}

/// Collects how a method uses names and lambdas.
struct Uses<'d, 'f>(&'d mut Deferred<'f>);

impl<'f> Visitor<'f> for Uses<'_, 'f> {
    fn visit_expr(&mut self, expr: &'f Expr) {
        match expr {
            Expr::Call(call) => {
                let keywords = call.arguments.keywords.iter().map(|keyword| &keyword.value);
                for given in std::iter::once(&*call.func).chain(&call.arguments.args).chain(keywords) {
                    match given {
                        Expr::Name(name) => self.0.used.push((name.id.as_str(), Runs::Certainly)),
                        Expr::Lambda(lambda) => self.0.given.push(lambda.range()),
                        _ => {}
                    }
                }
            }
            Expr::Name(name) if name.ctx.is_load() => {
                self.0.used.push((name.id.as_str(), Runs::Perhaps));
            }
            _ => {}
        }
        visitor::walk_expr(self, expr);
    }
}

impl<'f> Visitor<'f> for Deferred<'f> {
    fn visit_stmt(&mut self, stmt: &'f Stmt) {
        let block = |body: &[Stmt]| Some(TextRange::new(body.first()?.start(), body.last()?.end()));
        match stmt {
            Stmt::FunctionDef(function) if function.decorator_list.is_empty() => {
                let runs = self.named(function.name.as_str());
                self.parts.extend(block(&function.body).map(|body| (body, runs)));
            }
            Stmt::Assign(assign) => {
                if let ([Expr::Name(name)], Expr::Lambda(lambda)) = (&*assign.targets, &*assign.value) {
                    let runs = self.named(name.id.as_str());
                    self.parts.push((lambda.body.range(), runs));
                    return;
                }
            }
            Stmt::If(node) => match truth(&node.test) {
                Some(false) => self.parts.extend(block(&node.body).map(|body| (body, Runs::Never))),
                Some(true) => {
                    for clause in &node.elif_else_clauses {
                        self.parts.extend(block(&clause.body).map(|body| (body, Runs::Never)));
                    }
                }
                None => {}
            },
            _ => {}
        }
        visitor::walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, expr: &'f Expr) {
        if let Expr::Lambda(lambda) = expr
            && !self.given.contains(&lambda.range())
        {
            self.parts.push((lambda.body.range(), Runs::Perhaps));
        }
        visitor::walk_expr(self, expr);
    }
}

/// The methods of the object that a function mentions in front of a place, and those that they do.
fn methods_used<'f>(
    project: &Project<'f>,
    class: ClassRef<'f>,
    function: FunctionRef<'f>,
    end: TextSize,
) -> Vec<FunctionRef<'f>> {
    let mut used: Vec<FunctionRef<'f>> = vec![function];
    let mut next = 0;
    while let Some(current) = used.get(next).copied() {
        next += 1;
        let Some(owner) = current.class_ref() else { continue };
        for access in project.accesses(owner).iter() {
            let is_in_front = current != function || access.range.start() < end;
            if access.method == Some(current) && matches!(access.kind, AccessKind::Load) && is_in_front {
                for method in project.method(class, access.name).unwrap_or_default() {
                    if !used.contains(&method) {
                        used.push(method);
                    }
                }
            }
        }
    }
    used
}

/// `super().__init__(…)` or `Base.__init__(self, …)`.
fn base_constructor_call(constructor: FunctionRef) -> Option<TextRange> {
    struct Call(Option<TextRange>);
    impl<'f> Visitor<'f> for Call {
        fn visit_expr(&mut self, expr: &'f Expr) {
            if let Expr::Call(call) = expr
                && let Expr::Attribute(attribute) = call.func.as_ref()
                && attribute.attr.as_str() == "__init__"
                && self.0.is_none()
            {
                self.0 = Some(call.range());
            }
            visitor::walk_expr(self, expr);
        }
    }
    let mut call = Call(None);
    call.visit_body(&constructor.node.body);
    call.0
}
