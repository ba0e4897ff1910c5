//! # `thread`: is this thread started, signalled, joined, daemonic?
//!
//! What it asks: what the code does with a thread that an attribute or a local variable holds.
//!
//! In `findings.toml`:
//!
//! ```toml
//! file = "transport/server.py"
//! symbol = "Server.stop"
//! static = { thread = "self.servicer._sweeper", signalled = true, joined = false }
//! ```
//!
//! - `thread` is the thread as the symbol's code would write it. The object in front of the last
//!   dot may be of a class in another file; it is found as any attribute's class is.
//! - `started`, `joined`, `daemon`: looked for wherever the target mentions the attribute, through
//!   aliases, loops over collections that it was put into, and functions that it is handed to.
//!   Tests are left out: that a test joins the thread says nothing of the program.
//! - `signalled`: the symbol's code, or what it calls, sets an event (or clears the one that the
//!   loop runs while it is set), stores a flag or feeds a
//!   queue that the thread's own loop looks at, or cancels a timer.
//!
//! Each answer that is given must be the true one for the claim to hold.
//!
//! What tests do (`tests/`, `test_*.py`) is not what the program does, and does not count.
//!
//! What it cannot see: threads that leave by ways that it does not follow (returned, handed to
//! code outside the target, reached by a computed attribute name). Then "never joined" is
//! unresolved. A thread is a daemon when its creator is one, which is not followed.
//!
//! Holds (`joined = false`): `self.t = Thread(target=f); self.t.start()`. Does not: the same with
//! `self.t.join()` in any method.

mod uses;

use std::collections::BTreeSet;

use crate::catalogue::check::ThreadCheck;
use crate::catalogue::{CheckKind, Claim};
use crate::evidence::{Observation, Reason, Site};
use crate::python::ast::visitor::{self, Visitor};
use crate::python::ast::{Expr, ExprContext, Stmt, UnaryOp};
use crate::python::project::{
    AccessKind, ClassRef, Frame, FunctionRef, Project, Scope, Spawn, SpawnKind, Stored, Target, Type,
    object_parameter,
};
use crate::python::symbols::SymbolKind;
use crate::python::{ParsedFile, Ranged, TextRange};
use crate::static_checks::{
    Context, Example, Examples, Sight, Subject, broken_elsewhere_note, broken_within, site, subjects,
};
use uses::{EventKind, Uses};

const KIND: CheckKind = CheckKind::Thread;

/// One that holds and one that does not.
pub const EXAMPLES: Examples = Examples {
    holds: Example {
        claim: "file = \"example.py\"\nsymbol = \"Worker.stop\"\nstatic = { thread = \"self.thread\", signalled = true, joined = false }",
        python: "import threading\n\nclass Worker:\n    def __init__(self):\n        self.done = threading.Event()\n        self.thread = threading.Thread(target=self.run)\n        self.thread.start()\n\n    def run(self):\n        while not self.done.wait(1):\n            work()\n\n    def stop(self):\n        self.done.set()\n",
    },
    does_not_hold: Example {
        claim: "file = \"example.py\"\nsymbol = \"Worker.stop\"\nstatic = { thread = \"self.thread\", signalled = true, joined = false }",
        python: "import threading\n\nclass Worker:\n    def __init__(self):\n        self.done = threading.Event()\n        self.thread = threading.Thread(target=self.run)\n        self.thread.start()\n\n    def run(self):\n        while not self.done.wait(1):\n            work()\n\n    def stop(self):\n        self.done.set()\n        self.thread.join()\n",
    },
};

/// The thread that a claim is about.
#[derive(Clone, Copy)]
pub(super) enum Held<'f> {
    /// An attribute of objects of a class.
    Attribute(ClassRef<'f>),
    /// A local variable of a function.
    Local(FunctionRef<'f>),
    /// A variable of a module.
    Module(&'f ParsedFile),
}

/// Yes with its place, no, or why neither.
#[derive(Clone)]
enum Known {
    Yes(Vec<Site>),
    No,
    Unknown(String),
}

/// Asks it.
pub fn observe(check: &ThreadCheck, claim: &Claim, context: &Context) -> Observation {
    let subjects = match subjects(claim, context) {
        Ok(subjects) => subjects,
        Err(reason) => return Sight::default().unobserved(KIND, reason),
    };
    let Some(subject) = subjects.into_iter().next_back() else {
        let what = "the claim names nothing".to_owned();
        return Sight::default().unobserved(KIND, Reason::Unresolved { what });
    };
    let mut sight = Sight::default();
    sight.searched.blind.extend(subject.blind());
    sight.notes.extend(broken_elsewhere_note(subject.file));
    if let Some(reason) = subject.broken_inside() {
        return sight.unobserved(KIND, reason);
    }
    match examine(check, subject, context, &mut sight) {
        Ok(answers) => conclude(check, answers, sight),
        Err(reason) => sight.unobserved(KIND, reason),
    }
}

/// What was found of each property that was asked for.
struct Answers {
    made: Vec<Site>,
    asked: Vec<(&'static str, bool, Known)>,
}

fn conclude(check: &ThreadCheck, answers: Answers, mut sight: Sight) -> Observation {
    sight.notes.sort();
    sight.notes.dedup();
    let mut words = Vec::new();
    let mut wrong = None;
    let mut unknown = None;
    sight.sites.extend(answers.made);
    for (property, expected, known) in answers.asked {
        match known {
            Known::Yes(sites) => {
                words.push(property.to_owned());
                sight.sites.extend(sites);
                if !expected {
                    wrong.get_or_insert(format!("`{}` is {property}", check.thread));
                }
            }
            Known::No => {
                words.push(format!("not {property}"));
                if expected {
                    wrong.get_or_insert(format!("`{}` is not {property}", check.thread));
                }
            }
            Known::Unknown(why) => {
                unknown.get_or_insert(format!("whether `{}` is {property}: {why}", check.thread));
            }
        }
    }
    match (wrong, unknown) {
        (Some(because), _) => sight.does_not_hold(KIND, because),
        (None, Some(what)) => sight.unobserved(KIND, Reason::Unresolved { what }),
        (None, None) => {
            let because = format!("`{}` is {}", check.thread, words.join(", "));
            sight.holds(KIND, because)
        }
    }
}

fn examine<'f>(
    check: &ThreadCheck,
    subject: Subject<'f>,
    context: &Context<'_, 'f>,
    sight: &mut Sight,
) -> Result<Answers, Reason> {
    let project = context.project;
    let unresolved = |what: String| Reason::Unresolved { what };
    let (function, class) = around(project, subject);
    let (held, name) = held(project, subject, function, class, &check.thread)?;
    let made = creations(project, held, name)?;
    if let Some(reason) = match held {
        Held::Attribute(owner) => broken_within(owner.file, owner.node.range()),
        Held::Local(function) => broken_within(function.file, function.node.range()),
        Held::Module(file) => file.broken(),
    } {
        return Err(reason);
    }
    let threads: Vec<&Spawn<'f>> = made.spawns.iter().collect();
    if threads.is_empty() {
        let why = made.unknown.into_iter().next();
        return Err(match why {
            Some(why) => unresolved(format!("what `{}` holds: {why}", check.thread)),
            None => Reason::SymbolMissing { symbol: check.thread.clone() },
        });
    }
    let mut uses = Uses::new(project, held, name, class);
    uses.look();
    // What is said of the claim's own file is weighed with the answer.
    uses.broken.retain(|file| !std::ptr::eq(*file, subject.file));
    sight.searched.files = uses.files.max(1);
    sight.searched.parsed = sight.searched.files;
    sight.searched.nodes = uses.nodes;
    sight.notes.extend(uses.notes.iter().cloned());
    let absent = |known: Vec<Site>| -> Known {
        if !known.is_empty() {
            return Known::Yes(known);
        }
        match uses.maybe.iter().chain(&made.unknown).next() {
            Some(why) => Known::Unknown(why.clone()),
            None => Known::No,
        }
    };
    let mut asked = Vec::new();
    if let Some(expected) = check.started {
        let mut started = uses.sites(EventKind::Start, "started");
        for spawn in &threads {
            started.extend(started_by_itself(project, spawn));
        }
        asked.push(("started", expected, absent(started)));
    }
    if let Some(expected) = check.signalled {
        asked.push(("signalled", expected, signalled(project, &threads, &uses, function, class)));
    }
    if let Some(expected) = check.joined {
        asked.push(("joined", expected, absent(uses.sites(EventKind::Join, "joined"))));
    }
    if let Some(expected) = check.daemon {
        asked.push(("a daemon", expected, daemon(project, &threads, &uses, &made.unknown)));
    }
    for (_, _, known) in &mut asked {
        doubt_what_is_broken(known, held, &uses);
    }
    let made = threads
        .iter()
        .map(|spawn| site(spawn.file, spawn.call.range(), Some("the thread is made")))
        .collect();
    Ok(Answers { made, asked })
}

/// What is only seen in files that do not compile is not known; neither is what is not seen, when
/// such a file names the class.
fn doubt_what_is_broken(known: &mut Known, held: Held, uses: &Uses) {
    let doubt = match known {
        Known::Yes(sites) => {
            let first = sites.first().map(|site| site.file.clone());
            let is_broken = |site: &Site| uses.broken.iter().any(|file| *file.path() == site.file);
            uses.broken
                .iter()
                .find(|file| first.as_ref() == Some(file.path()))
                .filter(|_| sites.iter().all(is_broken))
        }
        Known::No => uses.broken.iter().find(|file| match held {
            Held::Attribute(owner) => {
                !std::ptr::eq(**file, owner.file) && file.source().text().contains(owner.node.name.as_str())
            }
            Held::Local(_) | Held::Module(_) => true,
        }),
        Known::Unknown(_) => None,
    };
    if let Some(reason) = doubt.and_then(|file| file.broken()) {
        *known = Known::Unknown(super::describe(&reason));
    }
}

/// The function that the claim's symbol is, and the class around it.
fn around<'f>(
    project: &Project<'f>,
    subject: Subject<'f>,
) -> (Option<FunctionRef<'f>>, Option<ClassRef<'f>>) {
    let Some(symbol) = subject.symbol else { return (None, None) };
    match symbol.kind {
        SymbolKind::Class => (None, project.class_at(subject.file, symbol.range)),
        SymbolKind::Function => {
            let function = project.function_at(subject.file, symbol.range);
            let scope = function.map(|function| Scope::inside(function.file, function.node));
            (function, scope.and_then(|scope| scope.class()))
        }
        SymbolKind::Variable => (None, None),
    }
}

/// Finds what holds the thread, and the last name of its path.
fn held<'c, 'f>(
    project: &Project<'f>,
    subject: Subject<'f>,
    function: Option<FunctionRef<'f>>,
    class: Option<ClassRef<'f>>,
    path: &'c str,
) -> Result<(Held<'f>, &'c str), Reason> {
    let unresolved = |what: String| Reason::Unresolved { what };
    let (objects, name) = match path.rsplit_once('.') {
        Some((objects, name)) => (objects, name),
        None => {
            let held = match function {
                Some(function) => {
                    let bindings = project.frame_bindings(Frame::Function(function.node));
                    if bindings.all(path).is_empty() {
                        Held::Module(subject.file)
                    } else {
                        Held::Local(function)
                    }
                }
                None => Held::Module(subject.file),
            };
            return Ok((held, path));
        }
    };
    let mut parts = objects.split('.');
    let first = parts.next().unwrap_or_default();
    let object = function.and_then(object_parameter).unwrap_or("self");
    let mut types = match class {
        Some(class) if first == object || first == "self" => vec![Type::Instance(class)],
        _ => {
            let scope = match function {
                Some(function) => Scope::inside(function.file, function.node),
                None => Scope::module(subject.file),
            };
            project.resolve_dotted(&scope, first)
        }
    };
    for part in parts {
        types = types
            .iter()
            .filter(|ty| **ty != Type::None)
            .flat_map(|object| project.member(object, part))
            .collect();
    }
    let mut owners: Vec<ClassRef<'f>> = Vec::new();
    let mut why = None;
    for ty in types {
        match ty {
            Type::Instance(class) | Type::Class(class) if !owners.contains(&class) => owners.push(class),
            Type::Instance(_) | Type::Class(_) | Type::None => {}
            Type::Module(module) => return Ok((Held::Module(module.0), name)),
            Type::Unknown(reason) => why = Some(reason),
            Type::Namespace(_)
            | Type::Function(_)
            | Type::Method(_, _)
            | Type::External(_)
            | Type::ExternalInstance(_) => why = Some("its class is not in the target".to_owned()),
        }
    }
    match (owners.as_slice(), why) {
        ([owner], None) => Ok((Held::Attribute(*owner), name)),
        (_, Some(why)) => Err(unresolved(format!("what `{objects}` is: {why}"))),
        ([], None) => Err(unresolved(format!("nothing gives `{objects}` a value"))),
        (_, None) => Err(unresolved(format!("`{objects}` can be of more than one class"))),
    }
}

/// The calls that make what is held, and why there may be others.
struct Made<'f> {
    spawns: Vec<Spawn<'f>>,
    unknown: Vec<String>,
}

fn creations<'f>(project: &Project<'f>, held: Held<'f>, name: &str) -> Result<Made<'f>, Reason> {
    let mut made = Made { spawns: Vec::new(), unknown: Vec::new() };
    match held {
        Held::Attribute(owner) => {
            let accesses = project.accesses_of(owner, name);
            let mut is_stored = false;
            for access in &accesses {
                let AccessKind::Store(stored) = access.kind else { continue };
                is_stored = true;
                let value = match stored {
                    Stored::Value(value) | Stored::Annotated(_, Some(value)) => value,
                    Stored::Declared | Stored::InClassBody | Stored::Slot => continue,
                    Stored::Annotated(_, None)
                    | Stored::Augmented(_)
                    | Stored::Iterated(_)
                    | Stored::Entered(_)
                    | Stored::Unpacked
                    | Stored::Definition => {
                        made.unknown.push("it is stored in a way that is not followed".to_owned());
                        continue;
                    }
                };
                let mut scope = Scope::at(access.class.file, value.range());
                scope.receiver = Some(owner);
                creation(project, &scope, value, &mut made, 0);
            }
            if !is_stored {
                let may = project.linearisations(owner).iter().find_map(|order| order.may_inherit(name));
                return Err(match may {
                    Some(what) => Reason::Unresolved { what },
                    None => Reason::SymbolMissing { symbol: format!("{}.{name}", owner.name()) },
                });
            }
        }
        Held::Local(function) => {
            let scope = Scope::inside(function.file, function.node);
            let bindings = project.frame_bindings(Frame::Function(function.node));
            from_bindings(project, &scope, bindings.all(name), &mut made, 0);
        }
        Held::Module(file) => {
            let bindings = project.module_bindings(file);
            if bindings.all(name).is_empty() && bindings.last(name).is_empty() {
                return Err(Reason::SymbolMissing { symbol: name.to_owned() });
            }
            let mut all = bindings.all(name).to_vec();
            all.extend(bindings.last(name));
            from_bindings(project, &Scope::module(file), &all, &mut made, 0);
        }
    }
    made.spawns.dedup_by_key(|spawn| spawn.call.range());
    Ok(made)
}

fn from_bindings<'f>(
    project: &Project<'f>,
    scope: &Scope<'f>,
    bindings: &[crate::python::project::Binding<'f>],
    made: &mut Made<'f>,
    depth: u32,
) {
    use crate::python::project::BindingKind;
    for binding in bindings {
        match binding.kind {
            BindingKind::Value(value) | BindingKind::Annotated(_, Some(value)) => {
                let mut inner = Scope::at(scope.file, value.range());
                inner.receiver = scope.receiver;
                creation(project, &inner, value, made, depth + 1);
            }
            BindingKind::Annotated(_, None) => {}
            BindingKind::Import { .. }
            | BindingKind::ImportFrom { .. }
            | BindingKind::Function(_)
            | BindingKind::Class(_)
            | BindingKind::Augmented(_)
            | BindingKind::Iterated(_)
            | BindingKind::Entered(_)
            | BindingKind::Parameter(..)
            | BindingKind::Other => {
                made.unknown.push("it comes from where it is not followed".to_owned());
            }
        }
    }
}

fn creation<'f>(project: &Project<'f>, scope: &Scope<'f>, value: &'f Expr, made: &mut Made<'f>, depth: u32) {
    if depth > 8 {
        made.unknown.push("the chain of assignments is too long".to_owned());
        return;
    }
    match value {
        Expr::NoneLiteral(_) => {}
        Expr::Call(call) => match project.spawn(scope, call) {
            Some(spawn) if matches!(spawn.kind, SpawnKind::Thread | SpawnKind::Timer) => {
                made.spawns.push(spawn);
            }
            _ => made.unknown.push("it is the result of a call that is not followed".to_owned()),
        },
        Expr::Name(name) => match project.lookup(scope, name.id.as_str(), Some(name.start())) {
            Some((at, bindings)) => from_bindings(project, &scope.outer(at), &bindings, made, depth),
            None => made.unknown.push(format!("`{}` is not defined", name.id)),
        },
        Expr::Named(named) => creation(project, scope, &named.value, made, depth + 1),
        Expr::If(node) => {
            creation(project, scope, &node.body, made, depth + 1);
            creation(project, scope, &node.orelse, made, depth + 1);
        }
        _ => made.unknown.push("it is stored a value that is not followed".to_owned()),
    }
}

/// A thread class whose constructor starts it.
fn started_by_itself<'f>(project: &Project<'f>, spawn: &Spawn<'f>) -> Vec<Site> {
    let Some(class) = spawn.class else { return Vec::new() };
    let mut sites = Vec::new();
    for constructor in project.method(class, "__init__").unwrap_or_default() {
        let Some(object) = object_parameter(constructor) else { continue };
        for call in calls_on(constructor, object) {
            if call.1 == "start" {
                sites.push(site(constructor.file, call.0, Some("started")));
            }
        }
    }
    sites
}

/// Calls `object.method(…)` in a function.
fn calls_on<'f>(function: FunctionRef<'f>, object: &str) -> Vec<(TextRange, &'f str)> {
    struct Calls<'n, 'f> {
        object: &'n str,
        found: Vec<(TextRange, &'f str)>,
    }
    impl<'f> Visitor<'f> for Calls<'_, 'f> {
        fn visit_expr(&mut self, expr: &'f Expr) {
            if let Expr::Call(call) = expr
                && let Expr::Attribute(attribute) = call.func.as_ref()
                && matches!(attribute.value.as_ref(), Expr::Name(name) if name.id.as_str() == self.object)
            {
                self.found.push((call.range(), attribute.attr.as_str()));
            }
            visitor::walk_expr(self, expr);
        }
    }
    let mut calls = Calls { object, found: Vec::new() };
    calls.visit_body(&function.node.body);
    calls.found
}

fn daemon<'f>(
    project: &Project<'f>,
    threads: &[&Spawn<'f>],
    uses: &Uses<'_, 'f>,
    unknown: &[String],
) -> Known {
    let later = uses.sites(EventKind::Daemon(true), "made a daemon");
    if !uses.sites(EventKind::Daemon(false), "").is_empty() {
        let is_certain = later.is_empty()
            && threads.iter().all(|spawn| matches!(created_as_daemon(project, spawn), Known::No));
        return match is_certain {
            true => Known::No,
            false => Known::Unknown("it is made a daemon at one place and not at another".to_owned()),
        };
    }
    if !later.is_empty() {
        return Known::Yes(later);
    }
    let mut natures = Vec::new();
    for spawn in threads {
        natures.push(created_as_daemon(project, spawn));
    }
    let mut yes = Vec::new();
    let mut no = false;
    for nature in natures {
        match nature {
            Known::Yes(sites) => yes.extend(sites),
            Known::No => no = true,
            Known::Unknown(why) => return Known::Unknown(why),
        }
    }
    if let Some(why) = unknown.first().or(uses.maybe.first().filter(|_| no)) {
        return Known::Unknown(why.clone());
    }
    match (yes.is_empty(), no) {
        (false, false) => Known::Yes(yes),
        (true, _) => Known::No,
        (false, true) => Known::Unknown("some of the threads that it holds are and some are not".to_owned()),
    }
}

fn created_as_daemon<'f>(project: &Project<'f>, spawn: &Spawn<'f>) -> Known {
    let literal = |value: &Expr, file: &'f ParsedFile, range: TextRange| match value {
        Expr::BooleanLiteral(literal) if literal.value => {
            Known::Yes(vec![site(file, range, Some("made a daemon"))])
        }
        Expr::BooleanLiteral(_) | Expr::NoneLiteral(_) => Known::No,
        _ => Known::Unknown("`daemon` is given a value that is computed".to_owned()),
    };
    let Some(class) = spawn.class else {
        if let Some(keyword) = spawn.call.arguments.find_keyword("daemon") {
            return literal(&keyword.value, spawn.file, spawn.call.range());
        }
        if spawn.call.arguments.keywords.iter().any(|keyword| keyword.arg.is_none()) {
            return Known::Unknown("it is made with `**` arguments".to_owned());
        }
        return Known::No;
    };
    // A class of its own: what its code says of `daemon`, nearest first.
    for access in project.accesses_of(class, "daemon") {
        if let AccessKind::Store(Stored::Value(value)) = access.kind {
            return literal(value, access.class.file, access.range);
        }
        if let AccessKind::Store(_) = access.kind {
            return Known::Unknown("its class says something about `daemon` that is not followed".to_owned());
        }
    }
    for constructor in project.method(class, "__init__").unwrap_or_default() {
        struct Keyword<'f>(Option<(&'f Expr, TextRange)>, bool);
        impl<'f> Visitor<'f> for Keyword<'f> {
            fn visit_expr(&mut self, expr: &'f Expr) {
                if let Expr::Call(call) = expr
                    && let Expr::Attribute(attribute) = call.func.as_ref()
                    && attribute.attr.as_str() == "__init__"
                {
                    if let Some(keyword) = call.arguments.find_keyword("daemon") {
                        self.0 = Some((&keyword.value, call.range()));
                    }
                    self.1 |= call.arguments.keywords.iter().any(|keyword| keyword.arg.is_none());
                }
                visitor::walk_expr(self, expr);
            }
        }
        let mut keyword = Keyword(None, false);
        keyword.visit_body(&constructor.node.body);
        match keyword {
            Keyword(Some((value, range)), _) => return literal(value, constructor.file, range),
            Keyword(None, true) => {
                return Known::Unknown("its constructor hands `**` arguments on".to_owned());
            }
            Keyword(None, false) => {}
        }
    }
    if spawn.call.arguments.find_keyword("daemon").is_some() {
        return Known::Unknown("its class decides what `daemon` means".to_owned());
    }
    Known::No
}

/// What the thread's own code looks at to learn that it shall end.
struct Watched<'f> {
    /// The class whose attribute it is; nothing for a variable.
    owner: Option<ClassRef<'f>>,
    name: &'f str,
    is_attribute: bool,
    /// It goes on for as long as nobody has set the event: clearing it ends nothing.
    until_set: bool,
}

fn signalled<'f>(
    project: &Project<'f>,
    threads: &[&Spawn<'f>],
    uses: &Uses<'_, 'f>,
    function: Option<FunctionRef<'f>>,
    class: Option<ClassRef<'f>>,
) -> Known {
    // Where the signal must come from.
    let signallers: Vec<(FunctionRef<'f>, Option<ClassRef<'f>>)> = match (function, class) {
        (Some(function), class) => vec![(function, class)],
        (None, Some(class)) => {
            project.own_methods(class).into_iter().map(|method| (method, Some(class))).collect()
        }
        (None, None) => return Known::Unknown("the claim's symbol is no code".to_owned()),
    };
    let reached = reach(project, signallers);
    let inside = |file: &ParsedFile, range: TextRange| {
        reached.iter().any(|(function, _)| {
            function.file.path() == file.path() && function.node.range().contains_range(range)
        })
    };
    let cancelled: Vec<Site> = uses
        .events(EventKind::Cancel)
        .filter(|(file, range)| inside(file, *range))
        .map(|(file, range)| site(file, range, Some("signalled")))
        .collect();
    if !cancelled.is_empty() && threads.iter().any(|spawn| spawn.kind == SpawnKind::Timer) {
        return Known::Yes(cancelled);
    }
    let mut watched = Vec::new();
    for spawn in threads {
        match &spawn.target {
            Target::Functions(functions) => {
                for (function, receiver) in reach(project, functions.clone()) {
                    let mut own = watched_by(function, receiver);
                    own.extend(given_to(spawn, function, receiver, &own));
                    watched.extend(own);
                }
            }
            Target::Lambda(_) | Target::Outside(_) => {}
            Target::Unknown(why) => return Known::Unknown(format!("what it runs: {why}")),
        }
    }
    let mut sites = Vec::new();
    let mut doubt = None;
    for (function, receiver) in &reached {
        sites.extend(signals_in(project, *function, *receiver, &watched, &mut doubt));
    }
    match (sites.is_empty(), doubt) {
        (false, _) => Known::Yes(sites),
        (true, Some(why)) => Known::Unknown(why),
        (true, None) => Known::No,
    }
}

/// What a thread watches by the name of a parameter is what its maker gives it:
/// `Thread(target=loop, args=(self.stop,))`.
fn given_to<'f>(
    spawn: &Spawn<'f>,
    function: FunctionRef<'f>,
    receiver: Option<ClassRef<'f>>,
    watched: &[Watched<'f>],
) -> Vec<Watched<'f>> {
    let Some(keyword) = spawn.call.arguments.find_keyword("args") else { return Vec::new() };
    let given = match &keyword.value {
        Expr::Tuple(tuple) => &tuple.elts,
        Expr::List(list) => &list.elts,
        _ => return Vec::new(),
    };
    let skip = usize::from(receiver.is_some() && !function.has_decorator("staticmethod"));
    let parameters = function.node.parameters.iter_non_variadic_params().skip(skip);
    parameters
        .zip(given)
        .filter(|(parameter, _)| {
            let name = parameter.parameter.name.as_str();
            watched.iter().any(|watched| !watched.is_attribute && watched.name == name)
        })
        .filter_map(|(_, value)| match value {
            Expr::Attribute(attribute) => Some(Watched {
                owner: None,
                name: attribute.attr.as_str(),
                is_attribute: true,
                until_set: false,
            }),
            Expr::Name(name) => {
                Some(Watched { owner: None, name: name.id.as_str(), is_attribute: false, until_set: false })
            }
            _ => None,
        })
        .collect()
}

/// The functions that can run when these do, over calls that resolve.
fn reach<'f>(
    project: &Project<'f>,
    from: Vec<(FunctionRef<'f>, Option<ClassRef<'f>>)>,
) -> Vec<(FunctionRef<'f>, Option<ClassRef<'f>>)> {
    const LIMIT: usize = 2_000;
    let mut reached = from;
    let mut next = 0;
    while let Some((function, receiver)) = reached.get(next).copied() {
        next += 1;
        if reached.len() > LIMIT {
            break;
        }
        for call in calls_in(&function.node.body) {
            let mut scope = Scope::at(function.file, call.func.range());
            scope.receiver = receiver;
            for callee in project.resolve_call(&scope, call).functions {
                if !reached.contains(&callee) {
                    reached.push(callee);
                }
            }
        }
    }
    reached
}

fn calls_in(body: &[Stmt]) -> Vec<&crate::python::ast::ExprCall> {
    struct Calls<'f>(Vec<&'f crate::python::ast::ExprCall>);
    impl<'f> Visitor<'f> for Calls<'f> {
        fn visit_expr(&mut self, expr: &'f Expr) {
            if let Expr::Call(call) = expr {
                self.0.push(call);
            }
            visitor::walk_expr(self, expr);
        }
    }
    let mut calls = Calls(Vec::new());
    calls.visit_body(body);
    calls.0
}

/// The attributes and variables that decide whether a function goes on: in the tests of its
/// loops, in tests that leave, and what it waits for.
fn watched_by<'f>(function: FunctionRef<'f>, receiver: Option<ClassRef<'f>>) -> Vec<Watched<'f>> {
    struct Tests<'f> {
        /// With whether it is an attribute.
        names: BTreeSet<(&'f str, bool)>,
        /// Names of events whose being set ends a loop, and of those whose being cleared does.
        until_set: BTreeSet<&'f str>,
        while_set: BTreeSet<&'f str>,
    }
    impl<'f> Tests<'f> {
        fn event(&mut self, test: &'f Expr, is_loop: bool) {
            let (asked, goes_on_when_set) = match test {
                Expr::UnaryOp(unary) if unary.op == UnaryOp::Not => (unary.operand.as_ref(), !is_loop),
                _ => (test, is_loop),
            };
            if let Expr::Call(call) = asked
                && let Expr::Attribute(attribute) = call.func.as_ref()
                && matches!(attribute.attr.as_str(), "is_set" | "wait")
                && let Some(name) = last_name(&attribute.value)
            {
                if goes_on_when_set {
                    self.while_set.insert(name)
                } else {
                    self.until_set.insert(name)
                };
            }
        }

        fn all_of(&mut self, expr: &'f Expr) {
            struct Names<'s, 'f>(&'s mut BTreeSet<(&'f str, bool)>);
            impl<'f> Visitor<'f> for Names<'_, 'f> {
                fn visit_expr(&mut self, expr: &'f Expr) {
                    match expr {
                        Expr::Attribute(attribute) => {
                            self.0.insert((attribute.attr.as_str(), true));
                        }
                        Expr::Name(name) => {
                            self.0.insert((name.id.as_str(), false));
                        }
                        _ => {}
                    }
                    visitor::walk_expr(self, expr);
                }
            }
            Names(&mut self.names).visit_expr(expr);
        }
    }
    impl<'f> Visitor<'f> for Tests<'f> {
        fn visit_stmt(&mut self, stmt: &'f Stmt) {
            match stmt {
                Stmt::While(node) => {
                    self.all_of(&node.test);
                    self.event(&node.test, true);
                }
                Stmt::For(node) => self.all_of(&node.iter),
                Stmt::If(node) if leaves(&node.body) => {
                    self.all_of(&node.test);
                    self.event(&node.test, false);
                }
                _ => {}
            }
            visitor::walk_stmt(self, stmt);
        }
        fn visit_expr(&mut self, expr: &'f Expr) {
            if let Expr::Call(call) = expr
                && let Expr::Attribute(attribute) = call.func.as_ref()
                && matches!(attribute.attr.as_str(), "wait" | "get" | "is_set")
            {
                self.all_of(&attribute.value);
            }
            visitor::walk_expr(self, expr);
        }
    }
    let mut tests = Tests { names: BTreeSet::new(), until_set: BTreeSet::new(), while_set: BTreeSet::new() };
    tests.visit_body(&function.node.body);
    let Tests { names, until_set, while_set } = tests;
    names
        .into_iter()
        .map(|(name, is_attribute)| {
            let owner = if is_attribute { receiver.or(function.class_ref()) } else { None };
            let until_set = until_set.contains(name) && !while_set.contains(name);
            Watched { owner, name, is_attribute, until_set }
        })
        .collect()
}

/// `b` of `b` and of `a.b`.
fn last_name(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Name(name) => Some(name.id.as_str()),
        Expr::Attribute(attribute) => Some(attribute.attr.as_str()),
        _ => None,
    }
}

fn leaves(body: &[Stmt]) -> bool {
    body.iter().any(|stmt| matches!(stmt, Stmt::Break(_) | Stmt::Return(_) | Stmt::Raise(_)))
}

/// Places in a function that change what a thread watches.
fn signals_in<'f>(
    project: &Project<'f>,
    function: FunctionRef<'f>,
    receiver: Option<ClassRef<'f>>,
    watched: &[Watched<'f>],
    doubt: &mut Option<String>,
) -> Vec<Site> {
    struct Changes<'f> {
        /// With whether an event is cleared.
        found: Vec<(&'f Expr, TextRange, bool)>,
        /// What `setattr` with a literal name stores.
        by_name: Vec<(&'f str, TextRange)>,
    }
    impl<'f> Visitor<'f> for Changes<'f> {
        fn visit_stmt(&mut self, stmt: &'f Stmt) {
            if let Stmt::Assign(assign) = stmt {
                for target in &assign.targets {
                    self.found.push((target, stmt.range(), false));
                }
            }
            visitor::walk_stmt(self, stmt);
        }
        fn visit_expr(&mut self, expr: &'f Expr) {
            if let Expr::Call(call) = expr
                && let Expr::Attribute(attribute) = call.func.as_ref()
                && matches!(
                    attribute.attr.as_str(),
                    "set" | "clear" | "put" | "put_nowait" | "notify" | "notify_all" | "shutdown"
                )
            {
                let clears = attribute.attr.as_str() == "clear";
                self.found.push((&attribute.value, call.range(), clears));
            }
            if let Expr::Call(call) = expr
                && matches!(call.func.as_ref(), Expr::Name(name) if name.id.as_str() == "setattr")
                && let [_, Expr::StringLiteral(name), _] = &*call.arguments.args
            {
                self.by_name.push((name.value.to_str(), call.range()));
            }
            visitor::walk_expr(self, expr);
        }
    }
    let mut changes = Changes { found: Vec::new(), by_name: Vec::new() };
    changes.visit_body(&function.node.body);
    let mut sites = Vec::new();
    for (name, range) in changes.by_name {
        if watched.iter().any(|watched| watched.is_attribute && watched.name == name) {
            sites.push(site(function.file, range, Some("signalled")));
        }
    }
    for (expr, range, clears) in changes.found {
        let (name, object) = match expr {
            Expr::Attribute(attribute) => (attribute.attr.as_str(), Some(attribute.value.as_ref())),
            Expr::Name(name) => (name.id.as_str(), None),
            _ => continue,
        };
        let candidates: Vec<&Watched<'f>> = watched
            .iter()
            .filter(|watched| watched.name == name && watched.is_attribute == object.is_some())
            .filter(|watched| !(clears && watched.until_set))
            .collect();
        if candidates.is_empty() {
            continue;
        }
        let Some(object) = object else {
            // A variable that both see: of the module, or of a function around both. A plain
            // store makes a variable of its own, unless the function says otherwise.
            let is_store = matches!(expr, Expr::Name(node) if node.ctx == ExprContext::Store);
            let bindings = project.frame_bindings(Frame::Function(function.node));
            if !is_store || bindings.outer.contains_key(name) {
                sites.push(site(function.file, range, Some("signalled")));
            }
            continue;
        };
        let mut scope = Scope::at(function.file, object.range());
        scope.receiver = receiver;
        for ty in project.infer(&scope, object) {
            match ty {
                Type::Instance(class) | Type::Class(class) => {
                    if candidates
                        .iter()
                        .any(|watched| watched.owner.is_none_or(|owner| project.are_related(owner, class)))
                    {
                        sites.push(site(function.file, range, Some("signalled")));
                    }
                }
                Type::Unknown(why) => {
                    doubt.get_or_insert(format!("`{name}` is changed on an object that is not known: {why}"));
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
    }
    sites
}

#[cfg(test)]
mod tests;
