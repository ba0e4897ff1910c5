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
//! - `thread` is the thread as the symbol's code would write it; the symbol may be an inherited
//!   method. The object in front of the last dot may be of a class in another file; it is found as
//!   any attribute's class is.
//! - `started`, `joined`, `daemon`: looked for wherever the target mentions the attribute, through
//!   aliases, loops over collections that it was put into, and functions that it, or a collection
//!   with it, is handed to. A local variable is followed into the attributes, collections and
//!   module variables that get it. What the constructor of a thread class does counts, and so do
//!   its `__enter__` and `__exit__` in a `with`; so does what `atexit`, `weakref.finalize` or an
//!   executor is given to run. Code that nothing reaches does not, nor does a coroutine that nobody
//!   awaits (`asyncio.to_thread(self.t.join)`).
//!   Tests are left out: that a test joins the thread says nothing of the program.
//! - `signalled`: the symbol's code, or what it calls, sets an event (or clears the one that the
//!   loop runs while it is set), stores a flag or feeds a queue that the thread's own loop looks
//!   at, itself or through a method or property, stops the server or event loop that it runs, or
//!   cancels a timer. Storing the value on which the loop goes on is no signal, nor is storing
//!   something else where the thread was given what it looks at. What the thread is given as
//!   an argument, or its class's constructor stores, is followed to who gives it. The claim's own
//!   constructor signals nothing, nor does a test after which only a called function returns.
//!
//! Each answer that is given must be the true one for the claim to hold.
//!
//! That nothing signals is told only where that is certain: the symbol ends nothing that the thread
//! may be in (`self.sock.close()`), hands nothing on that the thread looks at, and neither side calls
//! code that is not known while other code of the target signals, or looks at what is changed, no
//! decorator or log handler of the target tells the thread, and nothing replaces the method.
//!
//! What tests do (`tests/`, `test_*.py`) is not what the program does, and does not count.
//!
//! What it cannot see: threads that leave by ways that it does not follow (returned by a function
//! that others may call, handed to code outside the target, stored on an object that is not known,
//! reached by a computed attribute name). Then "never joined" is unresolved. A thread is a daemon when its creator is one, which is not followed.
//!
//! Holds (`joined = false`): `self.t = Thread(target=f); self.t.start()`. Does not: the same with
//! `self.t.join()` in any method.

mod daemon;
mod signals;
mod uses;

use crate::catalogue::check::ThreadCheck;
use crate::catalogue::{CheckKind, Claim};
use crate::evidence::{Observation, Reason, Site};
use crate::python::ast::{Expr, ExprCall, Stmt};
use crate::python::control_flow::is_generator;
use crate::python::project::{
    AccessKind, BindingKind, ClassRef, Frame, FunctionRef, Project, Scope, Spawn, SpawnKind, Stored, Type,
    object_parameter,
};
use crate::python::symbols::SymbolKind;
use crate::python::visitor::{self, Visitor};
use crate::python::{ParsedFile, Ranged};
use crate::static_checks::{
    Context, Example, Examples, Sight, Subject, broken_behind, broken_elsewhere_note, broken_within, site,
    subjects,
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
    let asked = match subjects(claim, context) {
        Ok(subjects) => subjects.into_iter().next_back().map(|subject| {
            let (function, class) = around(context.project, subject);
            Asked { subject, function, class }
        }),
        Err(reason @ Reason::SymbolMissing { .. }) => match inherited(claim, context.project) {
            Some(asked) => Some(asked),
            None => return Sight::default().unobserved(KIND, reason),
        },
        Err(reason) => return Sight::default().unobserved(KIND, reason),
    };
    let Some(asked) = asked else {
        let what = "the claim names nothing".to_owned();
        return Sight::default().unobserved(KIND, Reason::Unresolved { what });
    };
    let subject = asked.subject;
    let mut sight = Sight::default();
    sight.searched.blind.extend(subject.blind());
    sight.notes.extend(broken_elsewhere_note(subject.file));
    if let Some(reason) = subject.broken_inside() {
        return sight.unobserved(KIND, reason);
    }
    match examine(check, asked, context, &mut sight) {
        Ok(answers) => conclude(check, answers, sight),
        Err(reason) => sight.unobserved(KIND, reason),
    }
}

/// The code that the claim names.
#[derive(Clone, Copy)]
struct Asked<'f> {
    subject: Subject<'f>,
    function: Option<FunctionRef<'f>>,
    /// The class of its objects.
    class: Option<ClassRef<'f>>,
}

/// `Worker.stop` where `Worker` inherits `stop`: the method of the base, run by a `Worker`.
fn inherited<'f>(claim: &Claim, project: &Project<'f>) -> Option<Asked<'f>> {
    let crate::catalogue::Scope::File(path) = &claim.scope else { return None };
    let (class, method) = claim.symbol.as_deref()?.rsplit_once('.')?;
    let file = project.file(path).ok()?;
    let symbols = file.symbols().find(class);
    let class = symbols.last().and_then(|symbol| project.class_at(file, symbol.range))?;
    let function = project.own_or_inherited(class, method)?;
    let range = function.node.range();
    let symbol = function.file.symbols().iter().find(|symbol| symbol.range == range);
    let subject = Subject { file: function.file, symbol: Some(symbol?) };
    Some(Asked { subject, function: Some(function), class: Some(class) })
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
    Asked { subject, function, class }: Asked<'f>,
    context: &Context<'_, 'f>,
    sight: &mut Sight,
) -> Result<Answers, Reason> {
    let project = context.project;
    let unresolved = |what: String| Reason::Unresolved { what };
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
    uses.made_by(&made.factories);
    uses.look();
    for class in threads.iter().filter_map(|spawn| spawn.class) {
        uses.constructor(class);
    }
    // What is said of the claim's own file is weighed with the answer.
    uses.broken.retain(|file| !std::ptr::eq(*file, subject.file));
    sight.searched.files = uses.files.max(1);
    sight.searched.parsed = sight.searched.files;
    sight.searched.nodes = uses.nodes;
    sight.notes.extend(uses.notes.iter().cloned());
    let found = |kind: EventKind, label: &str| -> Known {
        let sites = uses.sites(kind, label);
        match uses.doubt(kind).into_iter().chain(&made.unknown).next() {
            _ if !sites.is_empty() => Known::Yes(sites),
            Some(why) => Known::Unknown(why.clone()),
            None => Known::No,
        }
    };
    let mut asked = Vec::new();
    if let Some(expected) = check.started {
        asked.push(("started", expected, found(EventKind::Start, "started")));
    }
    if let Some(expected) = check.signalled {
        asked.push(("signalled", expected, signals::signalled(project, &threads, &uses, function, class)));
    }
    if let Some(expected) = check.joined {
        asked.push(("joined", expected, found(EventKind::Join, "joined")));
    }
    if let Some(expected) = check.daemon {
        asked.push(("a daemon", expected, daemon::daemon(project, &threads, &uses, &made.unknown)));
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
    let goes_on = match (&known, held) {
        (Known::No, Held::Attribute(owner)) => broken_behind(owner.file, owner.node.range()),
        (Known::No, Held::Local(function)) => broken_behind(function.file, function.node.range()),
        (Known::No, Held::Module(_)) | (Known::Yes(_) | Known::Unknown(_), _) => None,
    };
    if let Some(reason) = doubt.and_then(|file| file.broken()).or(goes_on) {
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
                    let scope = Scope::inside(function.file, function.node);
                    // `global` and `nonlocal` make it a variable of somebody else.
                    let owner = project.lookup(&scope, path, None).and_then(|(depth, _)| {
                        depth.checked_sub(1).and_then(|index| scope.frames.get(index).copied())
                    });
                    match owner {
                        Some(Frame::Function(node)) => Held::Local(project.function_ref(function.file, node)),
                        _ => Held::Module(subject.file),
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
    /// Functions that make and return it, with the variable that holds it there.
    factories: Vec<(FunctionRef<'f>, &'f str)>,
    steps: u32,
}

fn creations<'f>(project: &Project<'f>, held: Held<'f>, name: &str) -> Result<Made<'f>, Reason> {
    let mut made = Made { spawns: Vec::new(), unknown: Vec::new(), factories: Vec::new(), steps: 0 };
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
    const MOST_STEPS: u32 = 1_000;
    made.steps += 1;
    if depth > 8 || made.steps > MOST_STEPS {
        made.unknown.push("the chain of assignments is too long".to_owned());
        return;
    }
    match value {
        Expr::NoneLiteral(_) => {}
        Expr::Call(call) => match project.spawn(scope, call) {
            Some(spawn) if matches!(spawn.kind, SpawnKind::Thread | SpawnKind::Timer) => {
                made.spawns.push(spawn);
            }
            _ => factory(project, scope, call, made, depth),
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

/// `self.t = start_thread(f)`: a function of the target that returns the thread that it makes.
fn factory<'f>(
    project: &Project<'f>,
    scope: &Scope<'f>,
    call: &'f ExprCall,
    made: &mut Made<'f>,
    depth: u32,
) {
    struct Returns<'f>(Vec<&'f Expr>);
    impl<'f> Visitor<'f> for Returns<'f> {
        fn visit_stmt(&mut self, stmt: &'f Stmt) {
            match stmt {
                Stmt::Return(node) => self.0.extend(node.value.as_deref()),
                Stmt::FunctionDef(_) | Stmt::ClassDef(_) => {}
                _ => visitor::walk_stmt(self, stmt),
            }
        }
    }
    let callees = project.resolve_call(scope, call);
    let is_known = callees.unresolved.is_empty() && callees.classes.is_empty() && callees.external.is_empty();
    let plain = match callees.functions.as_slice() {
        [(function, receiver)] if is_known => Some((*function, *receiver)).filter(|(function, _)| {
            !function.node.is_async
                && !is_generator(&function.node.body)
                && project.opaque_decorator(*function).is_none()
        }),
        _ => None,
    };
    let mut returns = Returns(Vec::new());
    if let Some((function, receiver)) = plain {
        returns.visit_body(&function.node.body);
        for value in &returns.0 {
            let mut inside = Scope::at(function.file, value.range());
            inside.receiver = receiver;
            creation(project, &inside, value, made, depth + 1);
            if let Expr::Name(name) = value {
                made.factories.push((function, name.id.as_str()));
            }
        }
    }
    if returns.0.is_empty() {
        made.unknown.push("it is the result of a call that is not followed".to_owned());
    }
}

#[cfg(test)]
mod tests;
