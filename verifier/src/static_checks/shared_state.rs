//! # `shared-state`: is this attribute touched from more than one thread with no common lock?
//!
//! What it asks: whether two threads of control can touch the attribute of one object at the
//! same time, one of them to change it, while no lock is held by both.
//!
//! In `findings.toml`:
//!
//! ```toml
//! file = "agents/analyser.py"
//! symbol = "Analyser"
//! static = { shared-state = "buffer" }   # expected = false claims the opposite
//! ```
//!
//! Threads of control: what `Thread(target=…)`, a thread class's `run`, a `Timer`, an executor or
//! a signal handler runs, with everything that it calls on the object; and the callers of the
//! object, who are taken to be one thread, as are the tasks of an event loop. Two threads of the
//! same target, or a pool's tasks, are two, unless the pool has one thread alone. What the
//! constructor does before a thread starts, and what is done after a thread was joined, does not
//! meet that thread. A `join` with a timeout, or on some ways alone, does not tell that it ended,
//! unless the thread is only started under the same flag, which the constructor alone stores.
//! A class of the target whose constructor is given the object (`Poller(self)`) or a method of it
//! (`Server(self.on_message)`) is looked into for threads that run it.
//!
//! Touches: by the attribute's name, by a variable that got its object (`items = self.items`), a
//! method or property that returns it, `setattr`, and functions that change what they are given.
//! What a parameter is, is told by everybody in the target who calls the function, by an
//! `isinstance` before it, or by another attribute that it has and no object of the class.
//!
//! Locks: `with`, `acquire` and `release`, also in helper methods, context managers and decorators
//! of the target; a method that is only called with the lock held is safe. A lambda has the locks of
//! where it is called; of one that is handed on that is not known. What the constructor is given is
//! a lock when all of its callers give it one. Locks are the same when they are the same
//! object: by another variable, attribute or property, by the class, or in another file; one that
//! comes out of a table or by a computed name may be any. Queues, events and other objects that are
//! made for several threads are safe but for being replaced.
//!
//! The answer names the two touches that race and the threads and locks of each.
//!
//! A method that is handed to code outside of the target (`schedule(self.tick)`), or kept in a table
//! that a thread calls out of, may run in any thread; where that would make a race, it is
//! unresolved. So is an attribute that is a property: what it keeps can be asked about.
//!
//! Test code (`tests/`, `test_*.py`) is not part of the program and does not count as a caller.
//!
//! What it cannot see: several callers at once, and whether a race does harm: that one thread
//! stores a flag and another reads it is told like any other. Methods of objects that are not
//! builtin containers may or may not change them; when only that is left, it is unresolved.
//!
//! Holds: a thread's `self.items.pop()` and a method's `self.items.append(x)`. Does not: both
//! under `with self.lock:`.

mod conditions;
mod decorators;
mod elsewhere;
mod given;
mod lambdas;
mod locks;
mod outside;
mod parameters;
mod pools;
mod roots;
mod tables;
mod walk;

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use crate::catalogue::check::SharedStateCheck;
use crate::catalogue::{CheckKind, Claim};
use crate::evidence::{Observation, Reason};
use crate::python::ast::{Expr, ExprLambda, Stmt};
use crate::python::project::{
    BindingKind, ClassRef, Frame, FunctionRef, Project, Scope, Spawn, SpawnKind, Target, Type,
};
use crate::python::symbols::SymbolKind;
use crate::python::visitor::{self, Visitor};
use crate::python::{ParsedFile, Ranged, TextRange};
use crate::static_checks::{
    Context, Example, Examples, Sight, Subject, broken_elsewhere_note, broken_within, site, subjects,
};
use conditions::Condition;
use roots::{Start, Walked, one_after_another, set_apart};
pub(super) use walk::CHANGING;
use walk::{Lock, Step};

const KIND: CheckKind = CheckKind::SharedState;

/// One that holds and one that does not.
pub const EXAMPLES: Examples = Examples {
    holds: Example {
        claim: "file = \"example.py\"\nsymbol = \"Buffer\"\nstatic = { shared-state = \"items\" }",
        python: "import threading\n\nclass Buffer:\n    def __init__(self):\n        self.items = []\n        threading.Thread(target=self.drain).start()\n\n    def put(self, item):\n        self.items.append(item)\n\n    def drain(self):\n        while True:\n            if self.items:\n                handle(self.items.pop(0))\n",
    },
    does_not_hold: Example {
        claim: "file = \"example.py\"\nsymbol = \"Buffer\"\nstatic = { shared-state = \"items\" }",
        python: "import threading\n\nclass Buffer:\n    def __init__(self):\n        self.lock = threading.Lock()\n        self.items = []\n        threading.Thread(target=self.drain).start()\n\n    def put(self, item):\n        with self.lock:\n            self.items.append(item)\n\n    def drain(self):\n        while True:\n            with self.lock:\n                if self.items:\n                    handle(self.items.pop(0))\n",
    },
};

/// What a touch does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effect {
    /// It looks.
    Read,
    /// It gives the attribute another value.
    Store,
    /// It looks and stores: `+=`.
    Update,
    /// It changes the object.
    Change,
    /// It looks into the object that the attribute held when it was read.
    LookInside,
    /// It changes the object that the attribute held when it was read.
    ChangeInside,
    /// It calls a method that may change the object.
    Unclear,
    /// It uses an object that is made for several threads.
    Safe,
}

impl Effect {
    fn words(self) -> &'static str {
        match self {
            Effect::Read | Effect::LookInside => "reads",
            Effect::Store => "stores",
            Effect::Update => "updates",
            Effect::Change | Effect::ChangeInside => "changes",
            Effect::Unclear => "calls a method of",
            Effect::Safe => "uses",
        }
    }

    fn writes(self) -> bool {
        match self {
            Effect::Store | Effect::Update | Effect::Change | Effect::ChangeInside => true,
            Effect::Read | Effect::LookInside | Effect::Unclear | Effect::Safe => false,
        }
    }
}

/// A thread that the class's own code makes, or that the object itself is.
struct Spawned<'f> {
    kind: SpawnKind,
    target: Target<'f>,
    repeated: bool,
    /// The call that makes it; none when the object is the thread.
    place: Option<(&'f ParsedFile, TextRange)>,
    /// What the thread is assigned to, as text.
    names: Vec<String>,
    /// Collections that it is put into, as text.
    collections: Vec<String>,
    /// The pool that runs it, as text.
    pool: Option<String>,
    /// That pool has one thread alone.
    takes_turns: bool,
    /// It runs from the call on: a task, or a thread of which no `start` is to be seen.
    at_once: bool,
    label: String,
    /// Attributes that are named in what the thread is given.
    gives: Vec<String>,
}

/// What the check knows of the class.
struct Known<'p, 'f> {
    project: &'p Project<'f>,
    class: ClassRef<'f>,
    attribute: &'p str,
    owners: Vec<ClassRef<'f>>,
    spawned: Vec<Spawned<'f>>,
    /// Lambdas that they run, with their number and the method that has the lambda.
    lambdas: Vec<(usize, FunctionRef<'f>, &'f ExprLambda)>,
    /// From here on they are made by code outside the class.
    first_foreign: usize,
    /// Which of them can run beside themselves.
    often: Vec<bool>,
    /// The tests without which they are not started.
    guards: HashMap<usize, Vec<Condition>>,
    /// A test that was taken to answer the same each time, though that is not certain.
    leans_on: RefCell<Option<String>>,
    /// Pairs of them of which one ends before the other begins.
    apart: BTreeSet<(usize, usize)>,
    /// The steps of functions that were walked.
    steps: RefCell<HashMap<usize, Rc<Vec<Step<'f>>>>>,
    /// The attribute only ever holds objects that are made for several threads.
    is_safe: bool,
    /// It is known to hold a container at times, which `+=` changes in place.
    holds_container: bool,
}

/// Who touches: the callers of the object, or one of the threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Control {
    Callers,
    Thread(usize),
}

/// One touch as one thread of control makes it.
struct Touch<'f> {
    control: Control,
    function: FunctionRef<'f>,
    range: TextRange,
    effect: Effect,
    locks: BTreeSet<Lock>,
    maybe: BTreeSet<Lock>,
    /// Threads that this touch cannot meet: not yet started, or joined already.
    apart: Vec<usize>,
    in_constructor: bool,
    /// Whether it happens at all is not known.
    doubt: Option<String>,
}

/// Asks it.
pub fn observe(check: &SharedStateCheck, claim: &Claim, context: &Context) -> Observation {
    let subjects = match subjects(claim, context) {
        Ok(subjects) => subjects,
        Err(reason) => return Sight::default().unobserved(KIND, reason),
    };
    let mut sight = Sight::default();
    let Some(subject) = subjects.into_iter().next_back() else {
        let what = "the claim names nothing".to_owned();
        return sight.unobserved(KIND, Reason::Unresolved { what });
    };
    sight.searched.blind.extend(subject.blind());
    sight.notes.extend(broken_elsewhere_note(subject.file));
    let classes = match classes(context.project, subject, &check.attribute) {
        Ok(classes) => classes,
        Err(reason) => return sight.unobserved(KIND, reason),
    };
    let mut against = None;
    let mut open = None;
    for class in classes {
        match examine(check, context.project, class, &mut sight) {
            Ok((true, because)) => return sight.answer(KIND, check.expected, because),
            Ok((false, because)) => {
                against.get_or_insert(because);
            }
            Err(reason) => {
                open.get_or_insert(reason);
            }
        }
    }
    match (open, against) {
        (Some(reason), _) => sight.unobserved(KIND, reason),
        (None, Some(because)) => match sight.searched.blind.first().cloned() {
            // That they never meet is an absence, whatever is claimed.
            Some(reason) => sight.unobserved(KIND, reason),
            None => sight.answer(KIND, !check.expected, because),
        },
        (None, None) => {
            let symbol = format!("self.{}", check.attribute);
            sight.unobserved(KIND, Reason::SymbolMissing { symbol })
        }
    }
}

/// The claim's class, or every class of the file that has the attribute.
fn classes<'f>(
    project: &Project<'f>,
    subject: Subject<'f>,
    attribute: &str,
) -> Result<Vec<ClassRef<'f>>, Reason> {
    if let Some(symbol) = subject.symbol {
        if let Some(reason) = subject.broken_inside() {
            return Err(reason);
        }
        let class = match symbol.kind {
            SymbolKind::Class => project.class_at(subject.file, symbol.range),
            SymbolKind::Function => project
                .function_at(subject.file, symbol.range)
                .and_then(|function| Scope::inside(function.file, function.node).class()),
            SymbolKind::Variable => None,
        };
        let what = format!("`{}` is not a class", symbol.name);
        return class.map(|class| vec![class]).ok_or(Reason::Unresolved { what });
    }
    let classes = subject
        .file
        .symbols()
        .iter()
        .filter(|symbol| symbol.kind == SymbolKind::Class && !symbol.replaced)
        .filter_map(|symbol| project.class_at(subject.file, symbol.range))
        .filter(|class| project.accesses(*class).iter().any(|access| access.is_of(attribute, *class)))
        .collect();
    Ok(classes)
}

/// Whether two threads can meet at the attribute, and why.
fn examine<'f>(
    check: &SharedStateCheck,
    project: &Project<'f>,
    class: ClassRef<'f>,
    sight: &mut Sight,
) -> Result<(bool, String), Reason> {
    let unresolved = |what: String| Reason::Unresolved { what };
    let name = check.attribute.as_str();
    let accesses = project.accesses_of(class, name);
    if accesses.is_empty() {
        let symbol = format!("{}.{name}", class.qualified_name());
        return Err(class.file.broken().unwrap_or(Reason::SymbolMissing { symbol }));
    }
    let mut known = Known::new(project, class, name);
    if !known.accessors(name, "getter").is_empty() {
        return Err(unresolved(format!("`{name}` is a property, which keeps what it gives elsewhere")));
    }
    let mut files = BTreeSet::new();
    for owner in &known.owners {
        files.insert(owner.file.path().as_str());
        if let Some(reason) = broken_within(owner.file, owner.node.range()) {
            return Err(reason);
        }
    }
    let elsewhere = known.elsewhere();
    let first_foreign = known.spawned.len();
    known.first_foreign = first_foreign;
    known.spawned.extend(elsewhere.threads);
    sight.searched.blind.extend(elsewhere.broken.into_iter().filter_map(ParsedFile::broken));
    let home = class.file;
    let broken = project.broken_files(class).into_iter().filter(|file| !std::ptr::eq(*file, home));
    sight.searched.blind.extend(broken.filter_map(ParsedFile::broken));
    known.guards = known.find_guards();
    let mut walked = Walked {
        known: &known,
        touches: Vec::new(),
        starts: Vec::new(),
        left: Vec::new(),
        roots: 0,
        steps: 0,
        cut: false,
    };
    walked.everything();
    let Walked { mut touches, starts, left, steps, cut, .. } = walked;
    known.apart = one_after_another(&starts, &left);
    known.often = (0..known.spawned.len()).map(|number| known.can_be_many(number, &starts)).collect();
    set_apart(&known, &mut touches, &starts);
    let mut outside = known.outside();
    for touch in &mut outside.touches {
        let by = elsewhere.reached.iter().position(|reached| reached.contains(&touch.function));
        if let Some(number) = by {
            touch.control = Control::Thread(first_foreign + number);
        }
    }
    sight.searched.files = u32::try_from(files.len()).unwrap_or(u32::MAX) + outside.files;
    sight.searched.parsed = sight.searched.files;
    sight.searched.nodes += steps as u64;
    let touches: Vec<Touch> = touches.into_iter().chain(outside.touches).collect();
    let mut maybe = outside.doubt;
    for (index, one) in touches.iter().enumerate() {
        for other in &touches[index..] {
            match known.race(one, other) {
                Race::No => {}
                Race::Yes => {
                    for touch in [one, other] {
                        let label = format!("{} `{name}`: {}", known.who(touch), touch.effect.words());
                        sight.sites.push(site(touch.function.file, touch.range, Some(&label)));
                    }
                    if matches!(
                        (one.effect, other.effect),
                        (Effect::Read | Effect::Store, Effect::Read | Effect::Store)
                    ) {
                        sight.notes.push(
                            "a plain store and a plain read: each is one step for the interpreter".to_owned(),
                        );
                    }
                    return Ok((true, known.words(one, other)));
                }
                Race::Maybe(why) => {
                    maybe.get_or_insert(why);
                }
            }
        }
    }
    if maybe.is_none() {
        maybe = known.handed_on(&touches).or_else(|| known.given_by_value(&touches));
    }
    if cut || elsewhere.cut {
        maybe.get_or_insert("more code may run in threads than is followed".to_owned());
    }
    if let Some(test) = known.leans_on.borrow().as_ref() {
        maybe
            .get_or_insert(format!("whether `{test}` answers the same where a thread is started and joined"));
    }
    let by_class: Vec<String> = known.owners.iter().map(|owner| format!("{}.{name}", owner.name())).collect();
    if let Some(text) = by_class.iter().find(|text| !project.mentioning(text).is_empty()) {
        maybe.get_or_insert(format!("`{text}` is touched as an attribute of the class"));
    }
    maybe = maybe.or_else(|| pools::by_requests(&known));
    for spawned in &known.spawned {
        if let Target::Unknown(why) = &spawned.target {
            maybe.get_or_insert(format!("what {} runs: {why}", spawned.label));
        }
    }
    for touch in touches.iter().filter(|touch| !touch.in_constructor) {
        let label = format!("{}: {}", known.who(touch), touch.effect.words());
        sight.sites.push(site(touch.function.file, touch.range, Some(&label)));
    }
    if let Some(what) = maybe {
        return Err(unresolved(what));
    }
    Ok((false, known.peace(&touches, sight)))
}

enum Race {
    Yes,
    No,
    Maybe(String),
}

impl<'p, 'f> Known<'p, 'f> {
    fn new(project: &'p Project<'f>, class: ClassRef<'f>, attribute: &'p str) -> Self {
        let mut owners: Vec<ClassRef<'f>> = Vec::new();
        for order in project.linearisations(class).iter() {
            for owner in order.classes() {
                if !owners.contains(&owner) {
                    owners.push(owner);
                }
            }
        }
        let mut known = Self {
            project,
            class,
            attribute,
            owners,
            spawned: Vec::new(),
            lambdas: Vec::new(),
            first_foreign: usize::MAX,
            often: Vec::new(),
            guards: HashMap::new(),
            leans_on: RefCell::default(),
            apart: BTreeSet::new(),
            steps: RefCell::default(),
            is_safe: false,
            holds_container: false,
        };
        known.is_safe = known.holds_only_safe_objects();
        known.holds_container = known.may_hold_container();
        known.spawned.extend(Spawned::of_itself(project, class));
        for owner in known.owners.clone() {
            for method in project.own_methods(owner) {
                // An overridden method is not run but by `super()`; its threads count then too.
                for spawn in project.spawns(method.file, &method.node.body, Some(class)) {
                    known.add(spawn, method);
                }
            }
        }
        known
    }

    /// Adds a thread of the class's own code. Another process has a memory of its own.
    fn add(&mut self, mut spawn: Spawn<'f>, method: FunctionRef<'f>) {
        let mut scope = Scope::at(spawn.file, spawn.call.func.range());
        scope.receiver = Some(self.class);
        let is_process = self.project.infer(&scope, &spawn.call.func).iter().any(|ty| {
            matches!(ty, Type::External(name)
                if name.starts_with("multiprocessing.") || name.contains("ProcessPoolExecutor"))
        });
        if is_process {
            return;
        }
        if let Target::Lambda(lambda) = &spawn.target {
            self.lambdas.push((self.spawned.len(), method, lambda));
            let functions = elsewhere::calls_of(self.project, spawn.file, &lambda.body, Some(self.class));
            if !functions.is_empty() {
                spawn.target = Target::Functions(functions);
            }
        }
        self.spawned.push(Spawned::new(self.project, spawn, method, Some(self.class)));
    }

    /// The steps of a function, found when somebody asks and kept.
    fn steps(&self, function: FunctionRef<'f>) -> Rc<Vec<Step<'f>>> {
        let key = std::ptr::from_ref(function.node).addr();
        if let Some(known) = self.steps.borrow().get(&key) {
            return Rc::clone(known);
        }
        let steps = Rc::new(walk::steps(self, function));
        self.steps.borrow_mut().insert(key, Rc::clone(&steps));
        steps
    }

    /// The functions that read, store or delete a property of the class.
    fn accessors(&self, name: &str, accessor: &str) -> Vec<FunctionRef<'f>> {
        let by = format!("{name}.{accessor}");
        for owner in &self.owners {
            let bindings = self.project.frame_bindings(Frame::Class(owner.node));
            let functions: Vec<FunctionRef<'f>> = bindings
                .all(name)
                .iter()
                .filter_map(|binding| match binding.kind {
                    BindingKind::Function(node) => Some(self.project.function_ref(owner.file, node)),
                    _ => None,
                })
                .collect();
            if functions.is_empty() {
                continue;
            }
            let is_it = |function: &FunctionRef<'f>| {
                function.has_decorator(&by) || (accessor == "getter" && function.has_decorator("property"))
            };
            return functions.into_iter().filter(is_it).collect();
        }
        Vec::new()
    }

    fn objects_in(&self, function: FunctionRef<'f>) -> Vec<&'f str> {
        walk::objects(self.project, &self.owners, function)
    }

    /// Whether a function is code of the class: a method of it or a base, or one inside such a
    /// method.
    fn is_ours(&self, function: FunctionRef<'f>, receiver: Option<ClassRef<'f>>) -> bool {
        match (function.class_ref(), receiver) {
            (Some(owner), Some(receiver)) => self.owners.contains(&owner) && self.owners.contains(&receiver),
            (Some(owner), None) => self.owners.contains(&owner),
            (None, _) => self.owners.iter().any(|owner| {
                owner.file.path() == function.file.path()
                    && owner.node.range().contains_range(function.node.range())
            }),
        }
    }

    fn holds_only_safe_objects(&self) -> bool {
        let types = self.project.member(&Type::Instance(self.class), self.attribute);
        let types: Vec<Type> = types.into_iter().map(|ty| self.project.by_library_name(ty)).collect();
        let is_safe = |ty: &Type| match ty {
            Type::ExternalInstance(name) => matches!(
                name.as_str(),
                "queue.Queue"
                    | "queue.LifoQueue"
                    | "queue.PriorityQueue"
                    | "queue.SimpleQueue"
                    | "multiprocessing.Queue"
                    | "collections.deque"
                    | "_collections.deque"
                    | "threading.Event"
                    | "threading.Lock"
                    | "threading.RLock"
                    | "threading.Condition"
                    | "threading.Semaphore"
                    | "threading.BoundedSemaphore"
                    | "threading.Barrier"
                    | "threading.local"
                    | "logging.getLogger"
            ),
            Type::None => true,
            _ => false,
        };
        !types.is_empty() && types.iter().all(is_safe) && types.iter().any(|ty| *ty != Type::None)
    }

    /// `Thread(target=drain, args=(self.items,))`: the thread has the object without the attribute.
    fn given_by_value(&self, touches: &[Touch<'f>]) -> Option<String> {
        let gets_it = |spawned: &&Spawned<'f>| spawned.gives.iter().any(|name| name == self.attribute);
        let spawned = self.spawned.iter().find(gets_it)?;
        let types = self.project.member(&Type::Instance(self.class), self.attribute);
        let is_unknown = types.iter().any(|ty| matches!(ty, Type::Unknown(_) | Type::Instance(_)));
        let is_changed = touches.iter().any(|touch| {
            !touch.in_constructor
                && matches!(touch.effect, Effect::Change | Effect::ChangeInside | Effect::Unclear)
        });
        let is_shared = !self.is_safe && (self.holds_container || (is_unknown && is_changed));
        is_shared.then(|| format!("what {} does with `{}`, which it is given", spawned.label, self.attribute))
    }

    fn may_hold_container(&self) -> bool {
        let types = self.project.member(&Type::Instance(self.class), self.attribute);
        types.iter().any(|ty| {
            matches!(ty, Type::ExternalInstance(name) if matches!(
                name.as_str(),
                "builtins.list" | "builtins.set" | "builtins.dict" | "builtins.bytearray" | "collections.deque"
                    | "collections.Counter"
            ))
        })
    }

    /// Whether two touches can happen at the same time with nothing between them.
    fn race(&self, one: &Touch<'f>, other: &Touch<'f>) -> Race {
        if !self.can_meet(one, other) || self.misses(one.effect, other.effect) {
            return Race::No;
        }
        let writes = one.effect.writes() || other.effect.writes();
        let unclear = one.effect == Effect::Unclear || other.effect == Effect::Unclear;
        // An object that is made for it may be used by one while another replaces it.
        if !writes && !unclear {
            return Race::No;
        }
        if !one.locks.is_disjoint(&other.locks) {
            return Race::No;
        }
        let held = |touch: &Touch| -> BTreeSet<Lock> { touch.locks.union(&touch.maybe).cloned().collect() };
        if let Some(lock) = held(one).intersection(&held(other)).next() {
            return Race::Maybe(format!("whether `{lock}` is a lock that is held there"));
        }
        for (touch, other) in [(one, other), (other, one)] {
            if let Some(lock) = touch.maybe.iter().find(|lock| locks::may_be_any(lock))
                && !held(other).is_empty()
            {
                return Race::Maybe(format!("whether `{lock}` is the lock that the other holds"));
            }
        }
        if let (Control::Thread(a), Control::Thread(b)) = (one.control, other.control)
            && a != b
            && a.max(b) >= self.first_foreign
        {
            let (one, other) = (self.who(one), self.who(other));
            return Race::Maybe(format!("whether {one} and {other} have the same object"));
        }
        if let Some(number) = [one, other].iter().find_map(|touch| self.in_other_loop(touch.control)) {
            let label = &self.spawned[number].label;
            return Race::Maybe(format!("whether the loop of {label} is that of the object's callers"));
        }
        for touch in [one, other] {
            if let Some(why) = self.decorated(touch.function).unknown {
                let name = touch.function.qualified_name();
                return Race::Maybe(format!("whether `{name}` holds a lock: {why}"));
            }
        }
        if let Some(why) = one.doubt.as_ref().or(other.doubt.as_ref()) {
            return Race::Maybe(why.clone());
        }
        if !writes {
            return Race::Maybe(format!("whether a method that is called changes `{}`", self.attribute));
        }
        Race::Yes
    }

    /// Another value of the attribute is nothing to the object that it held before. `+=` gives
    /// it another value, but for containers.
    fn misses(&self, one: Effect, other: Effect) -> bool {
        let is_inside = |effect| matches!(effect, Effect::LookInside | Effect::ChangeInside);
        let replaces = |effect| match effect {
            Effect::Store => true,
            Effect::Update => !self.holds_container,
            Effect::Read
            | Effect::Change
            | Effect::LookInside
            | Effect::ChangeInside
            | Effect::Unclear
            | Effect::Safe => false,
        };
        (is_inside(one) && replaces(other)) || (is_inside(other) && replaces(one))
    }

    fn can_meet(&self, one: &Touch, other: &Touch) -> bool {
        let apart = |touch: &Touch, control: Control| match control {
            Control::Callers => false,
            Control::Thread(number) => touch.apart.contains(&number),
        };
        if apart(one, other.control) || apart(other, one.control) {
            return false;
        }
        match (one.control, other.control) {
            (Control::Callers, Control::Callers) => false,
            (Control::Thread(a), Control::Thread(b)) if a == b => self.often.get(a) == Some(&true),
            (Control::Thread(a), Control::Thread(b)) if self.apart.contains(&(a.min(b), a.max(b))) => false,
            (Control::Thread(a), Control::Thread(b)) if self.take_turns(a, b) => false,
            (Control::Thread(a), Control::Thread(b)) if self.is_task(a) && self.is_task(b) => false,
            (one, other) => {
                let is_elsewhere = |control| self.in_other_loop(control).is_some();
                is_elsewhere(one)
                    || is_elsewhere(other)
                    || !(self.is_in_main_thread(one) && self.is_in_main_thread(other))
            }
        }
    }

    /// Whether there can be two of a thread: it is made in a loop, or by a method that can be
    /// called again. A thread that is kept in an attribute is taken to be the only one.
    fn can_be_many(&self, number: usize, starts: &[Start]) -> bool {
        let spawned = &self.spawned[number];
        let is_kept = spawned.place.is_none() || spawned.names.iter().any(|name| name.contains('.'));
        let by_callers = starts.iter().any(|start| start.number == number && !start.in_constructor);
        let all_joined = starts.iter().filter(|start| start.number == number).all(|start| start.joined_there);
        match spawned.kind {
            SpawnKind::Thread | SpawnKind::Timer => {
                spawned.repeated || (by_callers && !is_kept && !all_joined)
            }
            SpawnKind::Executor => !spawned.takes_turns && (spawned.repeated || by_callers),
            SpawnKind::Task | SpawnKind::SignalHandler => false,
        }
    }

    /// Whether the same pool runs both in its only thread.
    fn take_turns(&self, one: usize, other: usize) -> bool {
        let (one, other) = (&self.spawned[one], &self.spawned[other]);
        one.takes_turns && other.takes_turns && one.pool.is_some() && one.pool == other.pool
    }

    fn is_task(&self, number: usize) -> bool {
        self.spawned[number].kind == SpawnKind::Task
    }

    /// A task that is given to an event loop from another thread: `run_coroutine_threadsafe`.
    fn in_other_loop(&self, control: Control) -> Option<usize> {
        let Control::Thread(number) = control else { return None };
        let (file, call) = self.spawned[number].place.filter(|_| self.is_task(number))?;
        file.source().slice(call).contains("run_coroutine_threadsafe").then_some(number)
    }

    /// Tasks of the event loop take turns with the object's callers.
    fn is_in_main_thread(&self, control: Control) -> bool {
        match control {
            Control::Callers => true,
            Control::Thread(number) => self.spawned[number].kind == SpawnKind::Task,
        }
    }

    fn who(&self, touch: &Touch) -> String {
        match touch.control {
            Control::Callers if touch.in_constructor => "the constructor".to_owned(),
            Control::Callers => "callers".to_owned(),
            Control::Thread(number) => self.spawned[number].label.clone(),
        }
    }

    fn words(&self, one: &Touch, other: &Touch) -> String {
        let tell = |touch: &Touch| {
            let locks: Vec<String> = touch.locks.iter().map(|lock| format!("`{lock}`")).collect();
            let under = if locks.is_empty() { "no lock".to_owned() } else { locks.join(", ") };
            format!(
                "{} {} it in `{}` (line {}, under {under})",
                self.who(touch),
                touch.effect.words().trim_end_matches(" of"),
                touch.function.qualified_name(),
                touch.function.file.source().line(touch.range.start())
            )
        };
        if std::ptr::eq(one, other) {
            return format!("`{}`: {}, and can run beside itself", self.attribute, tell(one));
        }
        format!("`{}`: {}; {}", self.attribute, tell(one), tell(other))
    }

    /// Why nobody meets.
    fn peace(&self, touches: &[Touch<'f>], sight: &mut Sight) -> String {
        let mut who: Vec<String> = Vec::new();
        for touch in touches.iter().filter(|touch| !touch.in_constructor) {
            let name = self.who(touch);
            if !who.contains(&name) {
                who.push(name);
            }
        }
        let fills = touches.iter().any(|touch| {
            !touch.in_constructor
                && matches!(
                    touch.effect,
                    Effect::Change | Effect::Store | Effect::Update | Effect::Unclear | Effect::Safe
                )
                && self.adds(touch)
        });
        if !fills {
            sight.notes.push(format!("nothing ever puts anything into `{}`", self.attribute));
        }
        match who.as_slice() {
            [] => format!("only the constructor touches `{}`", self.attribute),
            [one] => format!("only {one} touch `{}`", self.attribute).replace("touch ", "touches "),
            many => format!(
                "`{}` is touched by {}, but never at the same time without a common lock",
                self.attribute,
                many.join(" and ")
            ),
        }
    }

    /// Whether a touch can put something in, seen by the method that it calls.
    fn adds(&self, touch: &Touch) -> bool {
        let text = touch.function.file.source().text();
        let rest = &text[usize::from(touch.range.end())..];
        let method = rest.strip_prefix('.').map(|rest| {
            rest.split(|character: char| !character.is_alphanumeric() && character != '_')
                .next()
                .unwrap_or("")
        });
        !matches!(
            method,
            Some("pop" | "popleft" | "popitem" | "remove" | "discard" | "clear" | "get" | "sort" | "reverse")
        )
    }
}

impl<'f> Spawned<'f> {
    fn new(
        project: &Project<'f>,
        spawn: Spawn<'f>,
        method: FunctionRef<'f>,
        receiver: Option<ClassRef<'f>>,
    ) -> Self {
        struct Names<'f> {
            call: TextRange,
            file: &'f ParsedFile,
            names: Vec<String>,
            collections: Vec<String>,
            started: bool,
        }
        impl Names<'_> {
            /// Whether it is the thread, by one of its names or as it is made.
            fn is_it(&self, expr: &Expr) -> bool {
                expr.range() == self.call
                    || (matches!(expr, Expr::Name(_) | Expr::Attribute(_))
                        && self.names.iter().any(|name| name == self.file.source().slice(expr.range())))
            }

            /// Whether it is a collection that the thread is in.
            fn has_it(&self, expr: &Expr) -> bool {
                match expr {
                    Expr::List(list) => list.elts.iter().any(|element| self.is_it(element)),
                    Expr::Tuple(tuple) => tuple.elts.iter().any(|element| self.is_it(element)),
                    Expr::Set(set) => set.elts.iter().any(|element| self.is_it(element)),
                    Expr::Dict(dict) => dict.items.iter().any(|item| self.is_it(&item.value)),
                    Expr::ListComp(node) => self.is_it(&node.elt),
                    Expr::SetComp(node) => self.is_it(&node.elt),
                    Expr::Generator(node) => self.is_it(&node.elt),
                    Expr::DictComp(node) => self.is_it(&node.value),
                    Expr::Call(call) => match (call.func.as_ref(), call.arguments.args.as_ref()) {
                        (Expr::Name(_), [inner]) => self.has_it(inner),
                        _ => false,
                    },
                    Expr::Name(_) | Expr::Attribute(_) => {
                        let text = self.file.source().slice(expr.range());
                        self.collections.iter().any(|known| known == text)
                    }
                    _ => false,
                }
            }

            fn add_collection(&mut self, expr: &Expr) {
                let text = self.file.source().slice(expr.range()).to_owned();
                if !self.collections.contains(&text) {
                    self.collections.push(text);
                }
            }
        }
        impl<'f> Visitor<'f> for Names<'f> {
            fn visit_stmt(&mut self, stmt: &'f Stmt) {
                let (targets, value): (Vec<&Expr>, Option<&Expr>) = match stmt {
                    Stmt::Assign(assign) => (assign.targets.iter().collect(), Some(&assign.value)),
                    Stmt::AnnAssign(assign) => (vec![&assign.target], assign.value.as_deref()),
                    _ => (Vec::new(), None),
                };
                // `self.t = t`: the other name as well.
                let is_it = value.is_some_and(|value| self.is_it(value));
                let has_it = value.is_some_and(|value| self.has_it(value));
                for target in targets {
                    match target {
                        Expr::Subscript(subscript) if is_it => self.add_collection(&subscript.value),
                        target if is_it => {
                            self.names.push(self.file.source().slice(target.range()).to_owned());
                        }
                        target if has_it => self.add_collection(target),
                        _ => {}
                    }
                }
                if let Stmt::AugAssign(assign) = stmt
                    && self.has_it(&assign.value)
                {
                    self.add_collection(&assign.target);
                }
                visitor::walk_stmt(self, stmt);
            }
            fn visit_expr(&mut self, expr: &'f Expr) {
                if let Expr::Attribute(attribute) = expr
                    && attribute.attr.as_str() == "start"
                    && attribute.value.range() == self.call
                {
                    self.started = true;
                }
                if let Expr::Call(call) = expr
                    && let (Expr::Attribute(method), [element]) =
                        (call.func.as_ref(), call.arguments.args.as_ref())
                    && matches!(method.attr.as_str(), "append" | "add" | "extend" | "appendleft")
                    && (self.is_it(element) || self.has_it(element))
                {
                    self.add_collection(&method.value);
                }
                visitor::walk_expr(self, expr);
            }
        }
        let mut names = Names {
            call: spawn.call.range(),
            file: spawn.file,
            names: Vec::new(),
            collections: Vec::new(),
            started: false,
        };
        names.visit_body(&method.node.body);
        let line = spawn.file.source().line(spawn.call.range().start());
        let what = match spawn.kind {
            SpawnKind::Thread => "the thread",
            SpawnKind::Timer => "the timer",
            SpawnKind::Executor => "the pool's task",
            SpawnKind::Task => "the event loop's task",
            SpawnKind::SignalHandler => "the signal handler",
        };
        let runs = match &spawn.target {
            Target::Functions(functions) => functions
                .first()
                .map_or_else(String::new, |(function, _)| format!(" that runs `{}`", function.node.name)),
            Target::Lambda(_) => " that runs a lambda".to_owned(),
            Target::Outside(name) => format!(" that runs `{name}`"),
            Target::Unknown(_) => String::new(),
        };
        let label = format!("{what}{runs} (made at line {line})");
        let is_thread = matches!(spawn.kind, SpawnKind::Thread | SpawnKind::Timer);
        let is_kept = !names.names.is_empty() || !names.collections.is_empty();
        let at_once = !is_thread || (!is_kept && !names.started);
        let pool = pools::pool_of(project, &spawn, receiver);
        let mut given = GivenAttributes { names: Vec::new(), stored: stored_variables(method) };
        let values = spawn.call.arguments.keywords.iter().map(|keyword| &keyword.value);
        spawn.call.arguments.args.iter().chain(values).for_each(|argument| given.visit_expr(argument));
        Self {
            gives: given.names,
            takes_turns: pool.as_ref().is_some_and(|pool| pool.has_one_thread),
            pool: pool.map(|pool| pool.name),
            collections: names.collections,
            kind: spawn.kind,
            place: Some((spawn.file, spawn.call.range())),
            target: spawn.target,
            repeated: spawn.repeated,
            names: names.names,
            at_once,
            label,
        }
    }

    /// The thread that an object of a thread class is.
    fn of_itself(project: &Project<'f>, class: ClassRef<'f>) -> Option<Self> {
        if !project.is_thread_class(class) {
            return None;
        }
        let run = project.own_or_inherited(class, "run")?;
        Some(Self {
            kind: SpawnKind::Thread,
            target: Target::Functions(vec![(run, Some(class))]),
            repeated: false,
            place: None,
            names: vec!["self".to_owned()],
            collections: Vec::new(),
            pool: None,
            takes_turns: false,
            at_once: false,
            gives: Vec::new(),
            label: "the thread that the object is".to_owned(),
        })
    }
}

/// The attributes of the object that a function stores variables in: `self.items = items`.
fn stored_variables<'f>(function: FunctionRef<'f>) -> Vec<(&'f str, &'f str)> {
    struct Assigned<'f>(Vec<(&'f str, &'f str)>);
    impl<'f> Assigned<'f> {
        fn add(&mut self, one: &'f Expr, other: &'f Expr) {
            if let (Expr::Name(name), Expr::Attribute(attribute)) = (one, other) {
                self.0.push((name.id.as_str(), attribute.attr.as_str()));
            }
        }
    }
    impl<'f> Visitor<'f> for Assigned<'f> {
        fn visit_stmt(&mut self, stmt: &'f Stmt) {
            if let Stmt::Assign(node) = stmt {
                // `items = self.items = []` stores the same object in both, in whatever order.
                let all: Vec<&'f Expr> = node.targets.iter().chain([node.value.as_ref()]).collect();
                for one in &all {
                    all.iter().for_each(|other| self.add(one, other));
                }
            }
            if let Stmt::AnnAssign(node) = stmt
                && let Some(value) = &node.value
            {
                self.add(value, &node.target);
                self.add(&node.target, value);
            }
            visitor::walk_stmt(self, stmt);
        }
    }
    let mut assigned = Assigned(Vec::new());
    assigned.visit_body(&function.node.body);
    assigned.0
}

/// The attributes that arguments name, or whose object they name by a variable. What a lambda
/// names it looks at when it runs.
struct GivenAttributes<'f> {
    names: Vec<String>,
    /// Variables and the attributes that hold the same object.
    stored: Vec<(&'f str, &'f str)>,
}

impl<'f> Visitor<'f> for GivenAttributes<'_> {
    fn visit_expr(&mut self, expr: &'f Expr) {
        match expr {
            Expr::Attribute(attribute) => self.names.push(attribute.attr.as_str().to_owned()),
            Expr::Name(name) => {
                let held = self.stored.iter().filter(|(variable, _)| *variable == name.id.as_str());
                self.names.extend(held.map(|(_, attribute)| (*attribute).to_owned()));
            }
            // `args=(list(self.items),)` gives a copy.
            Expr::Lambda(_) | Expr::Call(_) => return,
            _ => {}
        }
        visitor::walk_expr(self, expr);
    }
}

#[cfg(test)]
mod tests;
