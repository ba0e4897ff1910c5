//! Typestate: in which order can events happen to one object?
//!
//! The engine walks paths. A path begins in a constructor, a method, a function or a module's
//! top level; it takes both branches of a condition unless the condition is constant or tells
//! whether something is `None`; it runs loops until nothing changes; it goes through `try`,
//! `finally`, `with` and `match`; and it enters the functions of the project that are called,
//! with the objects that they are given. An object is what one expression makes in one calling
//! context, so that other names for it (a parameter, a second variable, an attribute) are still
//! the same object, and a new value in the same variable is not.
//!
//! Everything is "can": an order is found when some path has it. What is stored on a branch
//! that may be skipped replaces the object on that branch only.

mod evaluate;
mod facts;
mod names;
mod narrow;
mod roots;
mod slots;
mod state;
mod uncertain;
mod walk;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};

use crate::python::ast::{self, Expr};
use crate::python::callees::Across;
use crate::python::calls::calls_in;
use crate::python::control_flow::Surroundings;
use crate::python::pattern::Pattern;
use crate::python::project::types::Callees;
use crate::python::project::{ClassRef, FunctionRef, Scope};
use crate::python::{ParsedFile, Project, Ranged, TextRange};

pub use roots::plainest;

use facts::{FileFacts, FunctionFacts, Occurrences};
use names::{Alias, Group, Names};
use state::{ChainId, Frame, Loc, Name, Slot, State};

/// What to look for.
#[derive(Clone, Copy, Debug)]
pub struct Events<'e> {
    /// The events in their order, at least two.
    pub events: &'e [Pattern],
    /// The metavariable that is the object in all of them.
    pub object: &'e str,
    /// Events that end a sequence.
    pub unless: &'e [Pattern],
}

impl Events<'_> {
    /// The events and those that end a sequence.
    fn all(&self) -> impl Iterator<Item = &Pattern> {
        self.events.iter().chain(self.unless)
    }

    /// Other metavariables that must stand for the same code wherever they occur.
    fn shared_metavariables(&self) -> BTreeSet<String> {
        let mut seen: BTreeSet<String> = BTreeSet::new();
        let mut shared = BTreeSet::new();
        for pattern in self.events {
            let mut own: BTreeSet<String> = BTreeSet::new();
            let text = pattern.source();
            for (at, _) in text.match_indices('$') {
                let length = text[at + 1..]
                    .find(|character: char| !character.is_ascii_alphanumeric() && character != '_')
                    .unwrap_or(text.len() - at - 1);
                own.insert(text[at..at + 1 + length].to_owned());
            }
            for name in own {
                if name.len() > 1 && name != "$_" && name != self.object && !seen.insert(name.clone()) {
                    shared.insert(name);
                }
            }
        }
        shared
    }
}

/// An order of events that can occur.
#[derive(Clone, Debug)]
pub struct Chain<'f> {
    /// One step per event.
    pub steps: Vec<Step<'f>>,
    /// The object, as the code of the first step calls it: `self.context`.
    pub object: String,
    /// The class, function or module in which the path begins.
    pub root: Root<'f>,
    /// The path begins in a method that the class inherits and that nothing in it calls.
    pub inherited: bool,
    /// The functions that are running when the last event happens, outermost first.
    pub through: Vec<FunctionRef<'f>>,
    /// All of it happens in classes that the root's class inherits from: it is told of them.
    pub of_bases: bool,
}

/// One event of a chain.
#[derive(Clone, Copy, Debug)]
pub struct Step<'f> {
    /// Where the code is.
    pub file: &'f ParsedFile,
    /// The code that matched.
    pub range: TextRange,
}

/// Where paths begin.
#[derive(Clone, Copy, Debug)]
pub enum Root<'f> {
    /// An object of this class: its constructor, then its methods.
    Class(ClassRef<'f>),
    /// A function that is no method.
    Function(FunctionRef<'f>),
    /// The top level of a file.
    Module(&'f ParsedFile),
}

impl<'f> Root<'f> {
    fn address(&self) -> usize {
        match self {
            Root::Class(class) => address(class.node),
            Root::Function(function) => address(function.node),
            Root::Module(file) => address(*file),
        }
    }

    /// The file and what in it the root is.
    pub fn place(&self) -> (&'f ParsedFile, TextRange) {
        match self {
            Root::Class(class) => (class.file, class.node.range()),
            Root::Function(function) => (function.file, function.node.range()),
            Root::Module(file) => (file, file.source().module().range()),
        }
    }
}

/// What was found in one file.
#[derive(Clone, Debug, Default)]
pub struct Found<'f> {
    /// The chains, each once for every root; [`plainest`] takes one of those that are alike.
    pub chains: Vec<Chain<'f>>,
    /// How many places of the file each event has.
    pub counts: Vec<usize>,
    /// Statements that were walked, once per path through them.
    pub walked: u64,
    /// Some path was given up, because there were too many.
    pub gave_up: bool,
    /// Files that do not compile and that a path may go through.
    pub broken: Vec<&'f ParsedFile>,
    /// Code that the object gets to and that is not followed.
    pub unfollowed: Vec<Unfollowed<'f>>,
}

/// Code that an object gets to and that is not followed.
#[derive(Clone, Debug)]
pub struct Unfollowed<'f> {
    /// Which code, and why, in words.
    pub what: String,
    /// The definitions that alone it can matter to: those that are running there, and the one in
    /// which the path begins. [`None`] when the object can be met from everywhere.
    pub within: Option<Vec<(&'f ParsedFile, TextRange)>>,
}

/// How far to look for orders that begin in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// What the code of each class does: constructor, its own methods, what they call.
    Own,
    /// Also methods that a class only inherits and that anybody could call.
    Inherited,
}

/// A search for one sequence in any number of files; what is known of a file is shared.
pub struct Search<'e, 'f> {
    project: &'e Project<'f>,
    events: &'e Events<'e>,
    files: Mutex<HashMap<usize, Arc<FileKnowledge<'f>>>>,
    /// What the calls in a function resolve to.
    calls: Mutex<HashMap<usize, Arc<[Callees<'f>]>>>,
}

/// What has to be looked at in one file.
struct Objects<'f> {
    objects: HashSet<Alias<'f>>,
    followed: HashSet<usize>,
    broken: Vec<&'f ParsedFile>,
    gave_up: bool,
}

/// Of the functions that run when an object is given away, so many are looked at.
const MAX_HELPERS: usize = 300;

/// What is known of one file for one search.
struct FileKnowledge<'f> {
    facts: FileFacts<'f>,
    names: OnceLock<Names<'f>>,
}

impl<'e, 'f> Search<'e, 'f> {
    /// A search that has looked at nothing yet.
    pub fn new(project: &'e Project<'f>, events: &'e Events<'e>) -> Self {
        Self { project, events, files: Mutex::default(), calls: Mutex::default() }
    }

    /// Finds the chains whose paths begin in `file`.
    pub fn find(&self, file: &'f ParsedFile, reach: Reach) -> Found<'f> {
        let known = self.knowledge(file);
        let counts = known.facts.counts.clone();
        let Objects { objects, followed, broken, gave_up } = self.objects(file, &known);
        let mut found = Found { counts, broken, gave_up: gave_up || known.facts.gave_up, ..Found::default() };
        if objects.is_empty() {
            return found;
        }
        let mut engine = Engine::new(self, objects, followed);
        engine.file(file, reach);
        found.chains = engine.chains_found();
        found.walked = engine.walked;
        found.gave_up |= engine.gave_up;
        found.gave_up |= engine.files.iter().any(|entered| self.knowledge(entered.file).facts.gave_up);
        for entered in &engine.files {
            found.goes_through(file, entered.file);
        }
        found.unfollowed = engine.unfollowed.into_values().collect();
        found
    }

    fn knowledge(&self, file: &'f ParsedFile) -> Arc<FileKnowledge<'f>> {
        let key = address(file);
        if let Some(known) = self.lock().get(&key) {
            return Arc::clone(known);
        }
        // Two threads may do this at once; it is the same for both.
        let known = FileKnowledge { facts: FileFacts::new(file, self.events), names: OnceLock::new() };
        Arc::clone(self.lock().entry(key).or_insert_with(|| Arc::new(known)))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<usize, Arc<FileKnowledge<'f>>>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The names under which an object of this file could go through all events: those that
    /// share a group with a name of every event, here, in a base's file, or in a function
    /// elsewhere that the object is given to or comes from. Also the calls of such functions.
    fn objects(&self, file: &'f ParsedFile, known: &FileKnowledge<'f>) -> Objects<'f> {
        let mut found = Found::default();
        let names = known.names(file);
        let mut events_of: HashMap<Group<'f>, HashSet<usize>> = HashMap::new();
        for (event, objects) in known.facts.objects.iter().enumerate() {
            for object in objects {
                events_of.entry(names.group(*object)).or_default().insert(event);
            }
        }
        let total = self.events.events.len();
        let mut live: HashSet<Group<'f>> = HashSet::new();
        let mut open: HashSet<Group<'f>> = HashSet::new();
        for (group, events) in &events_of {
            if events.len() == total {
                live.insert(*group)
            } else {
                open.insert(*group)
            };
        }
        if !open.is_empty() {
            for base in self.base_files(file) {
                found.goes_through(file, base);
                let base = self.knowledge(base);
                for group in &open {
                    let members = names.members(&HashSet::from_iter([*group]));
                    if let Some(events) = events_of.get_mut(group) {
                        for (event, objects) in base.facts.objects.iter().enumerate() {
                            // Between files it is attributes that objects have in common.
                            let shared = |member: &Alias<'f>| {
                                matches!(member, Alias::Attribute(_)) && objects.contains(member)
                            };
                            if members.iter().any(shared) {
                                events.insert(event);
                            }
                        }
                    }
                }
            }
        }
        let mut followed: HashSet<usize> = HashSet::new();
        let held = names.held(&events_of.keys().copied().collect());
        for (call, given) in &names.outside {
            let groups: Vec<Group<'f>> = given
                .iter()
                .map(|alias| names.group(*alias))
                .filter(|group| events_of.contains_key(group))
                .collect();
            // Who gets the whole object may store another one in its attribute, and who makes it may
            // have done something to that.
            let in_holder = given.iter().filter_map(|alias| held.get(&names.group(*alias))).flatten();
            let in_holder: Vec<Group<'f>> = in_holder.copied().collect();
            let gives_holder = given
                .iter()
                .any(|alias| matches!(alias, Alias::Variable(name) if names.receivers.contains(name)))
                || !in_holder.is_empty();
            let groups: Vec<Group<'f>> = groups.into_iter().chain(in_holder).collect();
            if groups.is_empty() && !gives_holder {
                continue;
            }
            let scope = Scope::at(file, call.range());
            let reached = self.reached(self.project.resolve_call(&scope, call));
            found.gave_up |= reached.len() > MAX_HELPERS;
            for function in reached {
                if std::ptr::eq(function.file, file) {
                    continue;
                }
                let text = function.file.source().text();
                if gives_holder
                    && names.attributes_of(events_of.keys()).iter().any(|attribute| text.contains(attribute))
                {
                    followed.insert(address(*call));
                }
                if !groups.is_empty() {
                    found.goes_through(file, function.file);
                }
                for event in 0..total {
                    let literals = self.events.events[event].literals();
                    if literals.all().iter().all(|word| text.contains(word.as_str())) {
                        followed.insert(address(*call));
                        for group in &groups {
                            events_of.entry(*group).or_default().insert(event);
                        }
                    }
                }
            }
        }
        live.extend(open.into_iter().filter(|group| events_of[group].len() == total));
        if !live.is_empty() {
            self.follow_ends(file, known, &mut followed);
        }
        let objects = names.members(&live);
        Objects { objects, followed, broken: found.broken, gave_up: found.gave_up }
    }

    /// Adds the calls of functions elsewhere that never come back: nothing behind them happens.
    fn follow_ends(&self, file: &'f ParsedFile, known: &FileKnowledge<'f>, followed: &mut HashSet<usize>) {
        let body = &file.source().module().body;
        let defined = &known.names(file).defined;
        let across = Across::new(self.project);
        let inside = across.inside(file, None, body);
        for call in facts::statements_that_call(body) {
            let is_here = facts::last_name(&call.func).is_none_or(|name| defined.contains(name));
            if !is_here && !inside.call(call).returns {
                followed.insert(address(call));
            }
        }
    }

    /// The functions that a call runs, and those that they run, in the order in which they are
    /// met. One more than [`MAX_HELPERS`] when there are too many.
    fn reached(&self, callees: Callees<'f>) -> Vec<FunctionRef<'f>> {
        let mut reached: Vec<FunctionRef<'f>> = Vec::new();
        let mut open = vec![callees];
        let mut next = 0;
        loop {
            while let Some(callees) = open.pop() {
                let constructors = callees.classes.iter().flat_map(|class| {
                    let constructor = self.project.method(*class, "__init__");
                    constructor.unwrap_or_default()
                });
                let functions = callees.functions.iter().map(|(function, _)| *function);
                for function in functions.chain(constructors) {
                    if !reached.contains(&function) {
                        reached.push(function);
                    }
                }
            }
            let Some(function) = reached.get(next).copied() else { break };
            if reached.len() > MAX_HELPERS {
                reached.truncate(MAX_HELPERS + 1);
                break;
            }
            next += 1;
            let key = address(function.node);
            let known = self.calls.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
            let calls = known.unwrap_or_else(|| {
                let scope = Scope::inside(function.file, function.node);
                let calls: Arc<[Callees<'f>]> = calls_in(&function.node.body)
                    .into_iter()
                    .map(|call| self.project.resolve_call(&scope, call))
                    .filter(|callees| !callees.functions.is_empty() || !callees.classes.is_empty())
                    .collect();
                self.calls.lock().unwrap_or_else(PoisonError::into_inner).insert(key, Arc::clone(&calls));
                calls
            });
            open.extend(calls.iter().cloned());
        }
        reached
    }

    /// The other files in which classes that this file's classes inherit from are defined.
    fn base_files(&self, file: &'f ParsedFile) -> Vec<&'f ParsedFile> {
        let mut files: Vec<&'f ParsedFile> = Vec::new();
        for class in roots::classes(file) {
            for linearisation in self.project.linearisations(class).iter() {
                for class in linearisation.classes() {
                    if !std::ptr::eq(class.file, file)
                        && !files.iter().any(|known| std::ptr::eq(*known, class.file))
                    {
                        files.push(class.file);
                    }
                }
            }
        }
        files
    }
}

impl<'f> Found<'f> {
    /// A path that begins in `home` may go through `other`.
    fn goes_through(&mut self, home: &ParsedFile, other: &'f ParsedFile) {
        let known = |known: &&ParsedFile| std::ptr::eq(*known, other);
        if !std::ptr::eq(home, other) && !other.source().errors().is_empty() && !self.broken.iter().any(known)
        {
            self.broken.push(other);
        }
    }
}

impl<'f> FileKnowledge<'f> {
    fn names(&self, file: &'f ParsedFile) -> &Names<'f> {
        self.names.get_or_init(|| Names::new(file))
    }
}

/// An abstract object.
#[derive(Default)]
struct LocInfo<'f> {
    /// It is `None`, stored where the event that matched says so.
    none: bool,
    /// Its class, when a constructor call or the root tells.
    class: Option<ClassRef<'f>>,
    /// It is a function that closes over this frame.
    function: Option<(FunctionRef<'f>, Frame)>,
    /// It is a lambda that closes over this frame.
    lambda: Option<(&'f ast::ExprLambda, Frame)>,
    /// How many attributes away from something known.
    depth: u32,
    /// An expression makes it, and another one each time that it runs.
    is_made: bool,
    /// The object whose attribute held it at first.
    owner: Option<Loc>,
    /// What its own attributes held at first.
    parts: Vec<(Name, Loc)>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum LocKey {
    Instance(usize),
    Globals(usize),
    Initial(Slot),
    Value(Frame, usize, TextRange),
    Function(usize, Frame),
}

/// One activation of a function, or of a module's or class's body.
struct FrameInfo<'f> {
    file: usize,
    function: Option<FunctionRef<'f>>,
    /// The lambda whose body runs.
    lambda: Option<&'f ast::ExprLambda>,
    /// The frame that a nested function closes over.
    parent: Option<Frame>,
    scope: Rc<Scope<'f>>,
    /// The class of `self`.
    class: Option<ClassRef<'f>>,
    depth: u32,
}

struct FileInfo<'f> {
    file: &'f ParsedFile,
    /// Only the occurrences whose objects can go through all events.
    occurrences: Occurrences<'f>,
    /// Names that are followed.
    tracked: HashSet<Alias<'f>>,
    /// Functions, methods and classes of the file.
    defined: HashSet<&'f str>,
    /// What methods of the file call their own object.
    receivers: HashSet<&'f str>,
}

/// What a function does to the state in which it is entered.
struct Entered {
    before: State,
    after: Option<State>,
    values: state::Locs,
    raised: Option<State>,
}

struct ChainInfo {
    before: Option<ChainId>,
    event: usize,
    file: usize,
    range: TextRange,
    shared: Vec<(String, String)>,
    object: String,
}

/// A chain that is complete, as it was found.
#[derive(Clone)]
struct Complete<'f> {
    chain: ChainId,
    root: Root<'f>,
    inherited: bool,
    through: Vec<FunctionRef<'f>>,
}

struct Engine<'e, 'f> {
    search: &'e Search<'e, 'f>,
    project: &'e Project<'f>,
    events: &'e Events<'e>,
    /// Names that objects which can go through all events have in the file of the roots.
    objects: HashSet<Alias<'f>>,
    /// Calls of functions in other files that are entered.
    followed: HashSet<usize>,
    /// Simple statements that cannot matter.
    inert: HashMap<usize, bool>,
    /// What entering a frame led to, the last time.
    entered: HashMap<Frame, Entered>,
    files: Vec<FileInfo<'f>>,
    file_ids: HashMap<usize, usize>,
    functions: HashMap<usize, FunctionFacts<'f>>,
    relevant: HashMap<(usize, usize), bool>,
    orders: HashMap<usize, Vec<ClassRef<'f>>>,
    resolved: HashMap<(usize, usize), Callees<'f>>,
    scopes: HashMap<(usize, usize), Rc<Scope<'f>>>,
    names: HashMap<String, Name>,
    name_texts: Vec<String>,
    locs: Vec<LocInfo<'f>>,
    loc_keys: HashMap<LocKey, Loc>,
    frames: Vec<FrameInfo<'f>>,
    frame_keys: HashMap<(Frame, TextRange, usize, usize), Frame>,
    chains: Vec<ChainInfo>,
    chain_keys: HashMap<(Option<ChainId>, usize, usize, TextRange, String), ChainId>,
    /// What is on its way to the innermost handler: joined states, one per `try`.
    raised: Vec<walk::Sink>,
    /// What the active functions return.
    returned: Vec<walk::Returned>,
    /// Functions that are active, innermost last.
    active: Vec<FunctionRef<'f>>,
    /// Functions that are asked what a condition tells, innermost last.
    answering: Vec<&'f ast::StmtFunctionDef>,
    /// How many functions the condition has asked.
    asked: u32,
    /// Functions that were walked at all.
    visited: HashSet<usize>,
    /// Functions inside functions that were handed on and run later.
    deferred: Vec<(Loc, State)>,
    /// The code after the current expression cannot run.
    dead: bool,
    root: Option<(Root<'f>, bool)>,
    complete: Vec<Complete<'f>>,
    /// Which of [`Self::complete`] a chain of a root is.
    complete_keys: HashMap<(ChainId, usize, bool), usize>,
    /// The objects that calls and properties gave when they were last run.
    results: HashMap<(Frame, TextRange), state::Locs>,
    walked: u64,
    /// What that cost of the file's budget.
    spent: u64,
    budget: u64,
    gave_up: bool,
    /// Code that the object gets to and that is not followed, by what is said of it and where the
    /// path begins.
    unfollowed: BTreeMap<(String, usize), Unfollowed<'f>>,
}

/// How many attributes deep an object is followed.
const MAX_ATTRIBUTES: u32 = 12;
/// Statements walked per root, before paths are given up. Those with a large state count for several.
const BUDGET: u64 = 20_000;
/// The same per file.
const FILE_BUDGET: u64 = 200_000;

/// The identity of a node.
fn address<T>(node: &T) -> usize {
    std::ptr::from_ref(node) as usize
}

impl<'e, 'f> Engine<'e, 'f> {
    fn new(search: &'e Search<'e, 'f>, objects: HashSet<Alias<'f>>, followed: HashSet<usize>) -> Self {
        Self {
            search,
            project: search.project,
            events: search.events,
            objects,
            followed,
            inert: HashMap::new(),
            entered: HashMap::new(),
            files: Vec::new(),
            file_ids: HashMap::new(),
            functions: HashMap::new(),
            relevant: HashMap::new(),
            orders: HashMap::new(),
            resolved: HashMap::new(),
            scopes: HashMap::new(),
            names: HashMap::new(),
            name_texts: Vec::new(),
            locs: Vec::new(),
            loc_keys: HashMap::new(),
            frames: Vec::new(),
            frame_keys: HashMap::new(),
            chains: Vec::new(),
            chain_keys: HashMap::new(),
            raised: Vec::new(),
            returned: Vec::new(),
            active: Vec::new(),
            answering: Vec::new(),
            asked: 0,
            visited: HashSet::new(),
            deferred: Vec::new(),
            dead: false,
            root: None,
            complete: Vec::new(),
            complete_keys: HashMap::new(),
            results: HashMap::new(),
            walked: 0,
            spent: 0,
            budget: BUDGET,
            gave_up: false,
            unfollowed: BTreeMap::new(),
        }
    }

    fn file_id(&mut self, file: &'f ParsedFile) -> usize {
        if let Some(id) = self.file_ids.get(&address(file)) {
            return *id;
        }
        let known = self.search.knowledge(file);
        let names = known.names(file);
        let home = self.files.is_empty();
        // Into another file an object comes as an attribute of the same name or as an argument.
        let given = if home { HashSet::new() } else { names.given() };
        let matters = |occurrence: &facts::Occurrence<'f>| {
            Alias::of(occurrence.object).is_none_or(|alias| {
                self.objects.contains(&alias)
                    || given.contains(&names.group(alias))
                    // What a function elsewhere gives may be what it was given.
                    || (!home && matches!(alias, Alias::Result(_)))
            })
        };
        let mut occurrences: Occurrences<'f> = HashMap::new();
        let mut objects = self.objects.clone();
        for (range, found) in &known.facts.occurrences {
            let found: Vec<facts::Occurrence<'f>> =
                found.iter().filter(|occurrence| matters(occurrence)).cloned().collect();
            if !found.is_empty() {
                objects.extend(found.iter().filter_map(|occurrence| Alias::of(occurrence.object)));
                occurrences.insert(*range, found);
            }
        }
        let tracked = names.with_holders(objects);
        let (defined, receivers) = (names.defined.clone(), names.receivers.clone());
        self.files.push(FileInfo { file, occurrences, tracked, defined, receivers });
        self.file_ids.insert(address(file), self.files.len() - 1);
        self.files.len() - 1
    }

    fn name(&mut self, text: &str) -> Name {
        if let Some(name) = self.names.get(text) {
            return *name;
        }
        let name = Name::try_from(self.name_texts.len()).expect("fewer than 2^32 names");
        self.names.insert(text.to_owned(), name);
        self.name_texts.push(text.to_owned());
        name
    }

    fn function_facts(&mut self, function: FunctionRef<'f>) -> &FunctionFacts<'f> {
        let key = address(function.node);
        if !self.functions.contains_key(&key) {
            let file = self.file_id(function.file);
            let facts = FunctionFacts::new(function.node, &self.files[file].occurrences);
            self.functions.insert(key, facts);
        }
        &self.functions[&key]
    }

    /// The classes of the project that an object of this class is, nearest first.
    fn order(&mut self, class: ClassRef<'f>) -> Vec<ClassRef<'f>> {
        let project = self.project;
        self.orders
            .entry(address(class.node))
            .or_insert_with(|| {
                let mut order: Vec<ClassRef<'f>> = Vec::new();
                for linearisation in project.linearisations(class).iter() {
                    for class in linearisation.classes() {
                        if !order.contains(&class) {
                            order.push(class);
                        }
                    }
                }
                order
            })
            .clone()
    }

    /// The method of this name that an object of the class has, behind `behind` if given.
    fn method(
        &mut self,
        class: ClassRef<'f>,
        behind: Option<ClassRef<'f>>,
        name: &str,
    ) -> Vec<FunctionRef<'f>> {
        let order = self.order(class);
        let start = match behind {
            Some(behind) => order.iter().position(|class| *class == behind).map_or(order.len(), |at| at + 1),
            None => 0,
        };
        order[start..]
            .iter()
            .map(|class| self.project.own_functions(*class, name))
            .find(|functions| !functions.is_empty())
            .unwrap_or_default()
    }

    fn loc(&mut self, key: LocKey, info: impl FnOnce() -> LocInfo<'f>) -> Loc {
        if let Some(loc) = self.loc_keys.get(&key) {
            return *loc;
        }
        let loc = Loc::try_from(self.locs.len()).expect("fewer than 2^32 objects");
        self.locs.push(info());
        self.loc_keys.insert(key, loc);
        loc
    }

    /// What a slot holds when nothing on the path stored to it.
    fn initial(&mut self, slot: Slot) -> Option<Loc> {
        let depth = match slot {
            Slot::Variable(_, _) => 0,
            Slot::Field(loc, _) => self.locs[loc as usize].depth + 1,
        };
        // A list that is walked by `node = node.next` has no end.
        if depth > MAX_ATTRIBUTES {
            self.gave_up = true;
            return None;
        }
        let field = match slot {
            Slot::Variable(_, _) => None,
            Slot::Field(owner, name) => Some((owner, name)),
        };
        let owner = field.map(|(owner, _)| owner);
        let known = self.locs.len();
        let loc = self.loc(LocKey::Initial(slot), || LocInfo { depth, owner, ..LocInfo::default() });
        if let (Some((owner, name)), true) = (field, self.locs.len() > known) {
            self.locs[owner as usize].parts.push((name, loc));
        }
        Some(loc)
    }

    /// The object that some expression makes and that another is, or is an attribute of.
    fn made(&self, mut loc: Loc) -> Option<Loc> {
        loop {
            let info = &self.locs[loc as usize];
            match info.owner {
                _ if info.is_made => return Some(loc),
                Some(owner) => loc = owner,
                None => return None,
            }
        }
    }

    /// Forgets an object, with what its attributes held: the expression that makes it is about to
    /// make another one.
    fn renew(&self, state: &mut State, loc: Loc) {
        let mut all = vec![loc];
        while let Some(loc) = all.pop() {
            state.renew(loc);
            all.extend(self.locs[loc as usize].parts.iter().map(|(_, part)| *part));
        }
    }

    fn join(&mut self, state: &mut State, other: &State) {
        let lost = state.lost(other, |loc| self.made(loc));
        state.join(other, &lost, |slot| match slot {
            // A variable that is not bound on the other path cannot be used there.
            Slot::Variable(_, _) => None,
            Slot::Field(_, _) => self.initial(slot),
        });
    }

    fn join_into(&mut self, into: &mut Option<State>, other: Option<State>) {
        match (into, other) {
            (_, None) => {}
            (Some(state), Some(other)) => self.join(state, &other),
            (into, other) => *into = other,
        }
    }

    /// An event has happened to these objects.
    fn happen(
        &mut self,
        state: &mut State,
        frame: Frame,
        range: TextRange,
        at: &facts::Occurrence<'f>,
        locs: &[Loc],
    ) {
        let file = self.frames[frame as usize].file;
        for loc in locs {
            let before = state.chains(*loc);
            let Some(event) = at.event else {
                state.set_chains(*loc, Vec::new());
                continue;
            };
            // When a variable may hold one of several objects, the event happens to one of them.
            let mut after: Vec<ChainId> = if locs.len() > 1 { before.to_vec() } else { Vec::new() };
            for chain in before.iter() {
                if self.chains[*chain as usize].event + 1 == event && self.agrees(*chain, at) {
                    let next = self.chain(Some(*chain), event, file, range, at);
                    if event + 1 == self.events.events.len() {
                        self.report(next);
                        after.push(*chain);
                    } else {
                        after.push(next);
                    }
                } else {
                    after.push(*chain);
                }
            }
            if event == 0 {
                after.push(self.chain(None, 0, file, range, at));
            }
            state.set_chains(*loc, after);
        }
    }

    fn agrees(&self, chain: ChainId, at: &facts::Occurrence<'f>) -> bool {
        let mut link = Some(chain);
        while let Some(chain) = link {
            let info = &self.chains[chain as usize];
            let differs = |(name, text): &(String, String)| {
                at.shared.iter().any(|(other, value)| name == other && text != value)
            };
            if info.shared.iter().any(differs) {
                return false;
            }
            link = info.before;
        }
        true
    }

    fn chain(
        &mut self,
        before: Option<ChainId>,
        event: usize,
        file: usize,
        range: TextRange,
        at: &facts::Occurrence<'f>,
    ) -> ChainId {
        let object = self.files[file].file.source().slice(at.object).to_owned();
        let key = (before, event, file, range, object.clone());
        if let Some(chain) = self.chain_keys.get(&key) {
            return *chain;
        }
        let chain = ChainId::try_from(self.chains.len()).expect("fewer than 2^32 chains");
        self.chains.push(ChainInfo { before, event, file, range, shared: at.shared.clone(), object });
        self.chain_keys.insert(key, chain);
        chain
    }

    fn report(&mut self, chain: ChainId) {
        let Some((root, inherited)) = self.root else { return };
        // The same events in a shared helper are a chain of each root that gets there.
        let key = (chain, root.address(), inherited);
        let at = *self.complete_keys.entry(key).or_insert_with(|| {
            self.complete.push(Complete { chain, root, inherited, through: Vec::new() });
            self.complete.len() - 1
        });
        for function in &self.active {
            if !self.complete[at].through.contains(function) {
                self.complete[at].through.push(*function);
            }
        }
    }

    /// Writes down that code is not followed. `confined`: the object is not met by others than
    /// the functions that are running now.
    fn not_followed(&mut self, what: String, confined: bool, at: FunctionRef<'f>) {
        let Some((root, _)) = self.root else { return };
        let key = (what.clone(), root.address());
        let unfollowed = self
            .unfollowed
            .entry(key)
            .or_insert_with(|| Unfollowed { what, within: Some(vec![root.place()]) });
        match &mut unfollowed.within {
            Some(within) if confined => {
                for function in self.active.iter().chain([&at]) {
                    let place = (function.file, function.node.range());
                    if !within.iter().any(|(file, range)| std::ptr::eq(*file, place.0) && *range == place.1) {
                        within.push(place);
                    }
                }
            }
            within => *within = None,
        }
    }

    fn scope_of(&mut self, function: FunctionRef<'f>, class: Option<ClassRef<'f>>) -> Rc<Scope<'f>> {
        let class = if function.class.is_some() { class } else { None };
        let key = (address(function.node), class.map_or(0, |class| address(class.node)));
        let scope = self.scopes.entry(key).or_insert_with(|| {
            let scope = Scope::inside(function.file, function.node);
            Rc::new(match class {
                Some(class) => scope.on_behalf_of(class),
                None => scope,
            })
        });
        Rc::clone(scope)
    }

    /// Whether a call may run a function that is followed: one of the same file, or one of
    /// those elsewhere that an object is given to or comes from.
    fn may_follow(&self, file: usize, call: &ast::ExprCall) -> bool {
        // Elsewhere an object has been handed on, and is followed wherever it goes.
        file != 0
            || facts::last_name(&call.func).is_some_and(|name| self.files[file].defined.contains(name))
            || self.followed.contains(&address(call))
    }

    /// The functions of the project that a call can run, as its text tells.
    fn resolve(&mut self, frame: Frame, call: &'f ast::ExprCall) -> Callees<'f> {
        let info = &self.frames[frame as usize];
        if !self.may_follow(info.file, call) {
            return Callees::default();
        }
        let key = (address(call), info.class.map_or(0, |class| address(class.node)));
        if let Some(known) = self.resolved.get(&key) {
            return known.clone();
        }
        let callees = self.project.resolve_call(&info.scope, call);
        self.resolved.insert(key, callees.clone());
        callees
    }

    fn text(&self, frame: Frame, expr: &Expr) -> &'f str {
        self.files[self.frames[frame as usize].file].file.source().slice(expr.range())
    }
}

#[cfg(test)]
mod tests;
