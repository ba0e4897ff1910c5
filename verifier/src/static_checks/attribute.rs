//! # `attribute`: is this attribute assigned anywhere in the class or its bases?
//!
//! What it asks: whether any code of the class, or of a base class in any file of the target,
//! gives the attribute a value: `self.x = …` in any method (also annotated, augmented, unpacked,
//! as the target of `for` or `with`, through an alias of `self`, by `setattr` with a literal
//! name, through `__dict__`), a name in a class body, a property or method, a field of a
//! dataclass, or a function that gets `self` as an argument and stores the attribute on it, also
//! in a thread or another object that keeps it. The object can be another one of the class that
//! its own code makes: `obj = cls(); obj.x = …`.
//!
//! In `findings.toml`:
//!
//! ```toml
//! file = "agents/emotion.py"
//! symbol = "EmotionEngine"
//! static = { attribute = "endpoint", read = true, assigned = false }
//! ```
//!
//! - `assigned` is what is claimed.
//! - `read`, when given, must be true too: with `read = true` a class that does not read the
//!   attribute any more is mended.
//! - `late = true`, with `assigned = true`: the class's constructor assigns it only after it has
//!   called the constructor of a base, and that already runs a method that reads it; or another
//!   method assigns it, which runs later still. A function that is only defined there reads nothing.
//!
//! With `files`, or without `symbol`, every class of the scope is asked, and the claim holds when
//! it holds of one.
//!
//! What it cannot see: stores from outside the hierarchy (`agent.endpoint = …`). When a base
//! cannot be resolved, a name is computed (`setattr(self, name, …)`), or `__getattr__`, an
//! unknown metaclass or class decorator may supply the attribute, "never assigned" is not
//! answered at all; bases from the standard library are known by what they define.
//!
//! Holds (`assigned = false`): `class A:\n  def f(self): return self.x`. Does not: the same with
//! `x = 1` in the class body.

mod handed;
mod late;
mod made;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::catalogue::check::AttributeCheck;
use crate::catalogue::{CheckKind, Claim, Scope as ClaimScope};
use crate::evidence::{Observation, Reason, Site};
use crate::python::ast::{self, Expr};
use crate::python::project::{
    Access, AccessKind, Ancestor, ClassRef, Linearisation, Project, Scope, Stored, Type, facts,
};
use crate::python::symbols::SymbolKind;
use crate::python::visitor::{self, Visitor};
use crate::python::{ParsedFile, Ranged, TextRange};
use crate::static_checks::{
    Context, Example, Examples, Sight, Subject, broken_elsewhere_note, broken_within, find_symbol, site,
    sweep_in_parts,
};
use handed::helper_stores;
use late::{Late, late};
use made::made_stores;

const KIND: CheckKind = CheckKind::Attribute;

/// One that holds and one that does not.
pub const EXAMPLES: Examples = Examples {
    holds: Example {
        claim: "file = \"agent.py\"\nsymbol = \"Agent\"\nstatic = { attribute = \"endpoint\", read = true, assigned = false }",
        python: "--- base.py\nclass Base:\n    def __init__(self, port):\n        self.port = port\n--- agent.py\nfrom base import Base\n\nclass Agent(Base):\n    def open(self):\n        return connect(self.endpoint)\n",
    },
    does_not_hold: Example {
        claim: "file = \"agent.py\"\nsymbol = \"Agent\"\nstatic = { attribute = \"endpoint\", read = true, assigned = false }",
        python: "--- base.py\nclass Base:\n    def __init__(self, port):\n        self.endpoint = f\"tcp://*:{port}\"\n--- agent.py\nfrom base import Base\n\nclass Agent(Base):\n    def open(self):\n        return connect(self.endpoint)\n",
    },
};

/// Asks it.
pub fn observe(check: &AttributeCheck, claim: &Claim, context: &Context) -> Observation {
    match (&claim.scope, &claim.symbol) {
        (ClaimScope::File(path), Some(symbol)) => {
            let file = match context.project.file(path) {
                Ok(file) => file,
                Err(reason) => return Sight::default().unobserved(KIND, reason),
            };
            one_class(check, file, symbol, context)
        }
        (ClaimScope::File(_), None) | (ClaimScope::Sweep(_), _) => every_class(check, claim, context),
    }
}

/// What is true of one class.
struct Known<'f> {
    /// Reads, in the class and its bases.
    reads: Vec<Access<'f>>,
    /// Places that give it a value.
    stores: Vec<Place<'f>>,
    assigned: Assigned,
    /// The place at which a constructor of a base already needs what comes later.
    late: Option<(Place<'f>, Place<'f>)>,
    /// Files of the hierarchy.
    files: BTreeSet<String>,
    accesses: usize,
    /// Why the hierarchy cannot be read, and files of it that are broken elsewhere.
    broken: Option<Reason>,
    /// Files of bases and helpers that do not compile: what is seen in them proves nothing.
    blind: Vec<Reason>,
    /// Why it cannot be told whether it is assigned too late.
    late_unknown: Option<String>,
    notes: Vec<String>,
}

/// A place in a file.
#[derive(Clone, Copy)]
struct Place<'f> {
    file: &'f ParsedFile,
    range: TextRange,
}

enum Assigned {
    Yes,
    Never,
    /// Why neither can be said.
    Unknown(String),
}

/// The answer for one class.
enum Answer {
    Holds(String),
    DoesNotHold(String),
    Unknown(Reason),
}

fn one_class<'f>(
    check: &AttributeCheck,
    file: &'f ParsedFile,
    symbol: &str,
    context: &Context<'_, 'f>,
) -> Observation {
    let symbols = match find_symbol(file, symbol) {
        Ok(symbols) => symbols,
        Err(reason) => return Sight::default().unobserved(KIND, reason),
    };
    let mut sight = Sight::default();
    let mut answers = Vec::new();
    let mut files = BTreeSet::new();
    for symbol in symbols {
        let class = match symbol.kind {
            SymbolKind::Class => context.project.class_at(file, symbol.range),
            SymbolKind::Function => {
                // A method stands for the class around it.
                context.project.function_at(file, symbol.range).and_then(|function| function.class_ref())
            }
            SymbolKind::Variable => None,
        };
        let Some(class) = class else { continue };
        let known = known(context.project, class, &check.name);
        files.extend(known.files.iter().cloned());
        sight.searched.nodes += known.accesses as u64;
        answers.push(answer(check, class, &known, known.reads.iter()));
        cite(&mut sight.sites, check, &known, known.reads.iter());
        sight.notes.extend(known.notes);
        sight.searched.blind.extend(file.broken());
        sight.searched.blind.extend(known.blind);
        sight.notes.extend(broken_elsewhere_note(file));
    }
    sight.searched.files = u32::try_from(files.len()).unwrap_or(u32::MAX);
    sight.searched.parsed = sight.searched.files;
    sight.notes.sort();
    sight.notes.dedup();
    if answers.is_empty() {
        let what = format!("`{symbol}` in `{}` is not a class", file.path());
        return sight.unobserved(KIND, Reason::Unresolved { what });
    }
    if answers.iter().any(|answer| matches!(answer, Answer::Holds(_)))
        && answers.iter().any(|answer| matches!(answer, Answer::DoesNotHold(_)))
    {
        let what = format!("`{symbol}` is defined more than once, and the definitions differ");
        return sight.unobserved(KIND, Reason::Unresolved { what });
    }
    let unknown = answers.iter().position(|answer| matches!(answer, Answer::Unknown(_)));
    match answers.swap_remove(unknown.unwrap_or(0)) {
        Answer::Holds(because) => sight.holds(KIND, because),
        Answer::DoesNotHold(because) => sight.does_not_hold(KIND, because),
        Answer::Unknown(reason) => sight.unobserved(KIND, reason),
    }
}

fn every_class(check: &AttributeCheck, claim: &Claim, context: &Context) -> Observation {
    let name = check.name.as_bytes();
    let candidate = |bytes: &[u8]| memchr::memmem::find(bytes, name).is_some();
    let swept = sweep_in_parts(check, claim, context, candidate, |subject, context| {
        look(check, subject, context.project)
    });
    let swept = match swept {
        Ok(swept) => swept,
        Err(reason) => return Sight::default().unobserved(KIND, reason),
    };
    let mut sight = Sight { searched: swept.searched, ..Sight::default() };
    let mut holding = Vec::new();
    let mut unknown = Vec::new();
    for seen in swept.found {
        sight.sites.extend(seen.sight.sites);
        sight.searched.nodes += seen.sight.searched.nodes;
        sight.notes.extend(seen.sight.notes);
        holding.extend(seen.holding);
        unknown.extend(seen.unknown);
    }
    sight.notes.extend(unknown.iter().map(|what| format!("not decided: {what}")));
    sight.notes.sort();
    sight.notes.dedup();
    match (holding.as_slice(), unknown.into_iter().next()) {
        ([], Some(what)) => sight.unobserved(KIND, Reason::Unresolved { what }),
        ([], None) => {
            let because = format!(
                "of the classes in {} files none is as the claim says of `{}`",
                sight.searched.files, check.name
            );
            sight.does_not_hold(KIND, because)
        }
        ([one], _) => {
            let because = one.clone();
            sight.holds(KIND, because)
        }
        (many, _) => {
            let because = format!("{}; and {} classes more", many[0], many.len() - 1);
            sight.holds(KIND, because)
        }
    }
}

/// What one file of a sweep has.
#[derive(Serialize, Deserialize)]
struct Seen {
    sight: Sight,
    /// Why the classes for which it holds are as the claim says.
    holding: Vec<String>,
    /// What is not decided, and why.
    unknown: Vec<String>,
}

fn look<'f>(check: &AttributeCheck, subject: Subject<'f>, project: &Project<'f>) -> Seen {
    let path = subject.file.path();
    let mut seen = Seen { sight: Sight::default(), holding: Vec::new(), unknown: Vec::new() };
    for symbol in subject.file.symbols().iter() {
        if symbol.kind != SymbolKind::Class
            || symbol.replaced
            || !subject.range().contains_range(symbol.range)
        {
            continue;
        }
        let Some(class) = project.class_at(subject.file, symbol.range) else { continue };
        let own = project.accesses(class);
        seen.sight.searched.nodes += own.len() as u64;
        // What a base reads is told of the base.
        let reads: Vec<Access> = own
            .iter()
            .filter(|access| is_read(access) && access.is_of(&check.name, class))
            .cloned()
            .collect();
        if check.read == Some(true) && reads.is_empty() {
            continue;
        }
        let known = known(project, class, &check.name);
        match answer(check, class, &known, reads.iter()) {
            Answer::Holds(because) => {
                cite(&mut seen.sight.sites, check, &known, reads.iter());
                seen.holding.push(because);
                seen.sight.notes.extend(broken_elsewhere_note(subject.file));
            }
            Answer::DoesNotHold(_) => {
                let elsewhere = known.blind.into_iter();
                seen.unknown.extend(
                    elsewhere
                        .map(|reason| format!("{path}: `{}`: {}", symbol.name, super::describe(&reason))),
                );
            }
            Answer::Unknown(reason) => {
                seen.unknown.push(format!("{path}: `{}`: {}", symbol.name, super::describe(&reason)));
            }
        }
    }
    seen
}

/// Whether an access reads the attribute: `self.x += 1` does, too.
fn is_read(access: &Access) -> bool {
    match access.kind {
        AccessKind::Load => true,
        AccessKind::Store(stored) => matches!(stored, Stored::Augmented(_)),
        AccessKind::Probe | AccessKind::Delete | AccessKind::Computed => false,
    }
}

fn answer<'k, 'f: 'k>(
    check: &AttributeCheck,
    class: ClassRef<'f>,
    known: &Known<'f>,
    reads: impl Iterator<Item = &'k Access<'f>>,
) -> Answer {
    let (class, name) = (class.qualified_name(), &check.name);
    if let Some(reason) = &known.broken {
        return Answer::Unknown(reason.clone());
    }
    let reads = reads.count();
    match check.read {
        Some(true) if reads == 0 => {
            return Answer::DoesNotHold(format!("`{class}` does not read `self.{name}`"));
        }
        Some(false) if reads > 0 => return Answer::DoesNotHold(format!("`{class}` reads `self.{name}`")),
        Some(_) | None => {}
    }
    let reads = if reads > 0 { "reads `self.{}` and " } else { "" }.replace("{}", name);
    match (&known.assigned, check.assigned, check.late) {
        (Assigned::Unknown(why), _, _) => Answer::Unknown(Reason::Unresolved { what: why.clone() }),
        (Assigned::Never, false, _) => {
            Answer::Holds(format!("`{class}` {reads}neither it nor a base assigns it"))
        }
        (Assigned::Never, true, _) => {
            Answer::DoesNotHold(format!("neither `{class}` nor a base assigns `self.{name}`"))
        }
        (Assigned::Yes, false, _) => Answer::DoesNotHold(stored_words(&class, name, known)),
        (Assigned::Yes, true, None) => Answer::Holds(stored_words(&class, name, known)),
        (Assigned::Yes, true, Some(_)) if known.late.is_none() && known.late_unknown.is_some() => {
            Answer::Unknown(Reason::Unresolved { what: known.late_unknown.clone().unwrap_or_default() })
        }
        (Assigned::Yes, true, Some(late)) => {
            let because = match &known.late {
                Some((read, store)) => format!(
                    "`{class}` assigns `self.{name}` at line {}, after a constructor of a base has run code that reads it at line {}",
                    line(store),
                    line(read)
                ),
                None => format!("no constructor of a base reads `self.{name}` before `{class}` assigns it"),
            };
            if known.late.is_some() == late { Answer::Holds(because) } else { Answer::DoesNotHold(because) }
        }
    }
}

fn stored_words(class: &str, name: &str, known: &Known) -> String {
    match known.stores.first() {
        Some(store) => format!("`{class}` has `{name}` assigned at `{}:{}`", store.file.path(), line(store)),
        None => format!("`{class}` has `{name}` assigned"),
    }
}

fn line(place: &Place) -> u32 {
    place.file.source().line(place.range.start())
}

fn cite<'k, 'f: 'k>(
    sites: &mut Vec<Site>,
    check: &AttributeCheck,
    known: &Known<'f>,
    reads: impl Iterator<Item = &'k Access<'f>>,
) {
    for store in &known.stores {
        sites.push(site(store.file, store.range, Some("assigned")));
    }
    if let Some((read, _)) = &known.late
        && check.late.is_some()
    {
        sites.push(site(read.file, read.range, Some("read before it is assigned")));
    }
    // When it is assigned, where it is read tells nothing.
    if known.stores.is_empty() {
        for read in reads {
            sites.push(site(read.class.file, read.range, Some("read")));
        }
    }
}

/// Looks at a class and its bases.
fn known<'f>(project: &Project<'f>, class: ClassRef<'f>, name: &str) -> Known<'f> {
    let linearisations = project.linearisations(class);
    let mut known = Known {
        reads: Vec::new(),
        stores: Vec::new(),
        assigned: Assigned::Never,
        late: None,
        files: BTreeSet::new(),
        accesses: 0,
        broken: None,
        blind: Vec::new(),
        late_unknown: None,
        notes: Vec::new(),
    };
    let mut seen: Vec<ClassRef<'f>> = Vec::new();
    // With bases chosen at run time the answer must be the same for every choice.
    let mut outcomes: Vec<(bool, Option<String>)> = Vec::new();
    for linearisation in linearisations.iter() {
        let mut stored = false;
        let mut maybe = None;
        for owner in linearisation.classes() {
            let own = project.accesses(owner);
            let mut stores = Vec::new();
            for access in own.iter() {
                if access.is_of(name, class) {
                    if is_read(access) && !seen.contains(&owner) {
                        known.reads.push(access.clone());
                    }
                    match access.kind {
                        AccessKind::Store(how) if counts(project, owner, how, &mut maybe, name) => {
                            stores.push(Place { file: owner.file, range: access.range });
                        }
                        AccessKind::Probe if !seen.contains(&owner) => {
                            let line = owner.file.source().line(access.range.start());
                            let path = owner.file.path();
                            known.notes.push(format!("`{path}:{line}` asks whether `{name}` is there"));
                        }
                        AccessKind::Store(_)
                        | AccessKind::Load
                        | AccessKind::Probe
                        | AccessKind::Delete
                        | AccessKind::Computed => {}
                    }
                }
                if matches!(access.kind, AccessKind::Computed) {
                    let line = owner.file.source().line(access.range.start());
                    maybe.get_or_insert(format!(
                        "`{}:{line}` stores attributes whose names are computed",
                        owner.file.path()
                    ));
                }
            }
            stores.extend(helper_stores(project, owner, class, name, &mut maybe, &mut known.blind));
            stores.extend(made_stores(project, owner, class, name, &mut maybe));
            stores.sort_by_key(|place| (place.file.path(), place.range.start(), place.range.end()));
            stores.dedup_by_key(|place| (place.file.path(), place.range));
            stored |= !stores.is_empty();
            maybe = maybe.or_else(|| supplies_otherwise(project, owner));
            if !seen.contains(&owner) {
                seen.push(owner);
                known.accesses += own.len();
                known.files.insert(owner.file.path().as_str().to_owned());
                known.stores.extend(stores);
                known.broken = known.broken.or_else(|| broken_within(owner.file, owner.node.range()));
                if owner.file.path() != class.file.path() {
                    known.blind.extend(owner.file.broken());
                    known.notes.extend(broken_elsewhere_note(owner.file));
                }
            }
        }
        maybe =
            maybe.or_else(|| linearisation.may_inherit(name)).or_else(|| of_every_object(name, &known.reads));
        outcomes.push((stored, maybe));
    }
    let outside = outside_stores(project, class, name);
    if !outside.is_empty() {
        outcomes.iter_mut().for_each(|(stored, _)| *stored = true);
        known.stores.extend(outside);
    }
    known.assigned = if outcomes.iter().all(|(stored, _)| *stored) {
        Assigned::Yes
    } else if outcomes.iter().any(|(stored, _)| *stored) {
        let why = format!("which base `{}` has is decided at run time, and they differ", class.name());
        Assigned::Unknown(why)
    } else {
        match outcomes.into_iter().find_map(|(_, maybe)| maybe) {
            Some(why) => Assigned::Unknown(why),
            None => Assigned::Never,
        }
    };
    let mut open = None;
    for order in linearisations.iter() {
        match late(project, class, order, name) {
            Some(Late::Read(read, store)) => known.late = known.late.or(Some((read, store))),
            Some(Late::Open(why)) => open = open.or(Some(why)),
            None => {}
        }
    }
    known.late_unknown = open.or_else(|| {
        linearisations.iter().find_map(|order| {
            order.ancestors.iter().find_map(|ancestor| match ancestor {
                Ancestor::Class(_) => None,
                Ancestor::External(base) if facts::attributes_of(base).is_some() => None,
                Ancestor::External(base) => {
                    Some(format!("what the constructor of `{base}` runs is not known"))
                }
                Ancestor::Unresolved(why) => Some(format!("a base cannot be resolved: {why}")),
            })
        })
    });
    if let Some((read, store)) = &known.late {
        known.notes.push(format!(
            "the constructor of a base already runs code that reads `{name}` (`{}:{}`) before it is assigned at line {}",
            read.file.path(),
            line(read),
            line(store)
        ));
    }
    known
}

/// Why an attribute is there though no code of the target assigns it: Python gives it to every
/// object, or to every class where a class reads it of itself.
fn of_every_object(name: &str, reads: &[Access]) -> Option<String> {
    if facts::is_of_every_object(name) {
        return Some(format!("every object has `{name}`"));
    }
    let is_of_class = |access: &Access| {
        access.method.is_some_and(|method| {
            method.has_decorator("classmethod")
                || matches!(method.node.name.as_str(), "__new__" | "__init_subclass__" | "__class_getitem__")
        })
    };
    (facts::is_of_every_class(name) && reads.iter().any(is_of_class))
        .then(|| format!("every class has `{name}`"))
}

/// Whether a store leaves a value behind.
fn counts<'f>(
    project: &Project<'f>,
    owner: ClassRef<'f>,
    stored: Stored<'f>,
    maybe: &mut Option<String>,
    name: &str,
) -> bool {
    match stored {
        Stored::Value(_)
        | Stored::Annotated(_, Some(_))
        | Stored::Augmented(_)
        | Stored::Iterated(_)
        | Stored::Entered(_)
        | Stored::Unpacked
        | Stored::InClassBody
        | Stored::Definition => true,
        Stored::Annotated(_, None) | Stored::Slot => false,
        // Only something that makes a constructor from annotations gives it a value.
        Stored::Declared => {
            let is_dataclass = class_decorators(project, owner)
                .iter()
                .any(|decorator| matches!(decorator, Some(name) if name == "dataclasses.dataclass"));
            if !is_dataclass && (owner.node.arguments.is_some() || !owner.node.decorator_list.is_empty()) {
                maybe.get_or_insert(format!(
                    "`{}` declares `{name}`, and a base or decorator may make a field of it",
                    owner.name()
                ));
            }
            is_dataclass
        }
    }
}

/// The full names of a class's decorators; nothing for those that cannot be told.
fn class_decorators<'f>(project: &Project<'f>, class: ClassRef<'f>) -> Vec<Option<String>> {
    let mut scope = project.class_scope(class);
    scope.frames.pop();
    class
        .node
        .decorator_list
        .iter()
        .map(|decorator| {
            let expression = match &decorator.expression {
                Expr::Call(call) => call.func.as_ref(),
                expression => expression,
            };
            match project.infer(&scope, expression).as_slice() {
                [Type::External(name)] => Some(name.clone()),
                _ => None,
            }
        })
        .collect()
}

/// Why a class may have attributes that none of its code stores.
fn supplies_otherwise<'f>(project: &Project<'f>, class: ClassRef<'f>) -> Option<String> {
    struct Computes(bool);
    impl<'f> Visitor<'f> for Computes {
        fn visit_stmt(&mut self, stmt: &'f ast::Stmt) {
            // What methods do with their own local variables is no matter of the class.
            if !matches!(stmt, ast::Stmt::FunctionDef(_) | ast::Stmt::ClassDef(_)) {
                visitor::walk_stmt(self, stmt);
            }
        }
        fn visit_expr(&mut self, expr: &'f Expr) {
            if let Expr::Call(call) = expr
                && let Expr::Name(name) = call.func.as_ref()
            {
                self.0 |= matches!(name.id.as_str(), "locals" | "vars" | "exec");
            }
            visitor::walk_expr(self, expr);
        }
    }
    let mut computes = Computes(false);
    computes.visit_body(&class.node.body);
    if computes.0 {
        return Some(format!("the body of `{}` computes names", class.name()));
    }
    for method in ["__getattr__", "__getattribute__"] {
        if !project.own_functions(class, method).is_empty() {
            return Some(format!("`{}` computes attributes in `{method}`", class.name()));
        }
    }
    for decorator in class_decorators(project, class) {
        if !decorator.as_deref().is_some_and(facts::is_harmless_class_decorator) {
            let name = decorator.unwrap_or_else(|| "that cannot be resolved".to_owned());
            return Some(format!("the decorator `{name}` of `{}` may add attributes", class.name()));
        }
    }
    let arguments = class.node.arguments.as_ref()?;
    let mut scope = project.class_scope(class);
    scope.frames.pop();
    for keyword in &arguments.keywords {
        let harmless = match keyword.arg.as_ref().map(|name| name.as_str()) {
            Some("metaclass") => matches!(
                project.infer(&scope, &keyword.value).as_slice(),
                [Type::External(name)]
                    if matches!(name.as_str(), "abc.ABCMeta" | "builtins.type" | "enum.EnumMeta")
            ),
            // Goes to `__init_subclass__`, which is the base's own code.
            Some(_) => true,
            None => false,
        };
        if !harmless {
            return Some(format!("the metaclass of `{}` may add attributes", class.name()));
        }
    }
    None
}

/// `Class.name = …` outside of the class, in any file that says so.
fn outside_stores<'f>(project: &Project<'f>, class: ClassRef<'f>, name: &str) -> Vec<Place<'f>> {
    struct Stores<'n, 'f> {
        name: &'n str,
        found: Vec<&'f ast::ExprAttribute>,
    }
    impl<'f> Visitor<'f> for Stores<'_, 'f> {
        fn visit_expr(&mut self, expr: &'f Expr) {
            if let Expr::Attribute(attribute) = expr
                && attribute.ctx.is_store()
                && attribute.attr.as_str() == self.name
            {
                self.found.push(attribute);
            }
            visitor::walk_expr(self, expr);
        }
    }
    let mut places = Vec::new();
    let orders = project.linearisations(class);
    let mut texts: Vec<String> = orders
        .iter()
        .flat_map(Linearisation::classes)
        .map(|owner| format!("{}.{name}", owner.name()))
        .collect();
    texts.sort();
    texts.dedup();
    for text in texts {
        for path in project.mentioning(&text).iter() {
            let Ok(file) = project.file(path) else { continue };
            let mut stores = Stores { name, found: Vec::new() };
            stores.visit_body(&file.source().module().body);
            for store in stores.found {
                let scope = Scope::at(file, store.range());
                let is_its = project.infer(&scope, &store.value).iter().any(|ty| {
                    matches!(ty, Type::Class(owner)
                        if orders.iter().any(|order| order.classes().any(|known| known == *owner)))
                });
                if is_its {
                    places.push(Place { file, range: store.range() });
                }
            }
        }
    }
    places
}

#[cfg(test)]
mod tests;
