//! Runs functions in the order in which they learn from each other: a function again when one
//! that it calls, its class's attributes, or the function around it has something new to tell.

mod asked;
mod captured;
mod concern;
mod defaults;
mod inherited;
mod modules;
mod open;

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};

use ruff_python_ast as ast;
use ruff_python_ast::Stmt;
use ruff_python_ast::name::Name;
use ruff_text_size::{Ranged, TextRange, TextSize};

use concern::Ways;

use super::certain::{self, Replaced};
use super::environment::{Environment, Path, Root};
use super::interpreter::Interpreter;
use super::keys::Constants;
use super::scope;
use super::specification::{MarkIndex, Specification};
use super::summary::{Arrival, Place, Summary, Write};
use super::value::{Element, Label, Origin, Step, StepKind, Taint, TaintSet, Trace, Value};
use super::{
    Beyond, CallSite, Callee, ClassAt, Findings, Flow, FlowStep, Given, ObjectSite, Open, Special, World,
};
use crate::python::ParsedFile;
use crate::python::rule::Requirement;

pub(super) type UnitId = usize;
pub(super) type ClassId = usize;
/// An attribute of the objects of a class, in which a value may be stored.
pub(super) type Stored = (ClassId, Name);

/// A function is run again at most this often. Its summary only grows, and what is new after
/// so many rounds is a longer way to what is known.
const MOST_VISITS: u32 = 24;
/// Chains of calls that are longer than this, and circles, are run in any order.
const MOST_RANKS: u32 = 40;
/// Statements and expressions that are run for the sake of one question, repetitions included.
const MOST_NODES: u64 = 200_000;
/// So many arrivals that are looked at cost as much as one of them.
const ARRIVALS_PER_NODE: u64 = 64;
/// Functions of other files that are looked into for the sake of one question.
const MOST_UNITS: usize = 6_000;

pub(super) struct Engine<'w, 'f> {
    pub(super) specification: &'w Specification,
    pub(super) world: &'w dyn World<'f>,
    pub(super) files: Vec<FileState<'f>>,
    pub(super) units: Vec<Unit<'f>>,
    pub(super) classes: Vec<Class<'f>>,
    pub(super) labels: Vec<String>,
    pub(super) too_deep: bool,
    /// The code of the first file that the question is about.
    concern: Option<TextRange>,
    flows: BTreeMap<(u32, u32, u32, u32), Ways>,
    file_ids: HashMap<*const ParsedFile, u32>,
    unit_ids: HashMap<(u32, TextSize), UnitId>,
    class_ids: HashMap<(u32, TextSize), ClassId>,
    callees: HashMap<*const ast::ExprCall, Rc<[Callee<'f>]>>,
    beyond: HashMap<*const ast::ExprCall, Rc<Beyond<'f>>>,
    given: HashMap<*const ast::Expr, Rc<Given<'f>>>,
    modules: HashMap<*const ast::ExprAttribute, Option<&'f ParsedFile>>,
    imported_classes: HashMap<*const ast::ExprAttribute, Option<ClassId>>,
    fields: HashMap<*const ast::ExprCall, Option<Rc<[Name]>>>,
    specials: HashMap<(*const ast::Expr, &'static str), Rc<Special<'f>>>,
    results: HashMap<(*const ast::StmtFunctionDef, &'static str), Rc<[Callee<'f>]>>,
    /// The variables that some code stores in, as far as its text tells; by its first statement.
    stored_names: RefCell<HashMap<*const Stmt, HashSet<Name>>>,
    /// Calls of libraries, which may run such methods on what they are given.
    library_calls: HashMap<*const ast::ExprCall, (UnitId, &'f ast::ExprCall)>,
    /// Methods that Python runs on objects that cannot be told.
    unknown_objects: BTreeSet<&'static str>,
    /// Files that do not compile and whose variables are read.
    broken_modules: BTreeSet<u32>,
    /// Who is to be run, by rank.
    queue: BTreeSet<(u32, UnitId)>,
    /// Code that reads attributes and variables of modules which have grown. It waits until nothing
    /// else does: much of what is to come grows the same ones, and once more is enough for all of it.
    readers_waiting: BTreeSet<UnitId>,
    /// The names of properties in the files that were met.
    properties: HashSet<Name>,
    /// What is not followed, in words, with the code that the value has come through.
    lost: BTreeMap<concern::LostAt, Vec<(u32, TextRange)>>,
    functions_run: BTreeSet<UnitId>,
    nodes: u64,
    too_many: bool,
    /// What is found now relies on defaults of functions of which no call is known.
    is_last: bool,
}

pub(super) struct FileState<'f> {
    pub(super) source: &'f ParsedFile,
    pub(super) marks: Rc<MarkIndex>,
    /// Variables of the module when it has been run.
    globals: Environment,
    /// What functions have stored in variables of the module.
    stored: Environment,
    /// Lambdas that are variables of the module.
    pub(super) lambdas: HashMap<Name, &'f ast::ExprLambda>,
    /// All its functions are run, not only those that are called.
    root: bool,
    /// Its variables that always stand for one text or number.
    pub(super) constants: OnceCell<Constants>,
    /// The body of the module.
    module: UnitId,
    /// The names of its variables.
    variables: HashSet<Name>,
    /// Names that its functions declare `global` or `nonlocal`.
    pub(super) declared: OnceCell<HashSet<Name>>,
    /// The names that are imported anywhere in it.
    pub(super) imports: HashSet<Name>,
    /// Those that are variables of other modules of the project, with the names that they have there.
    pub(super) borrowed: HashMap<Name, (u32, Name)>,
    /// The names of its classes.
    classes: HashSet<Name>,
    /// The variables and classes that code which was run reads from it.
    read: HashSet<Name>,
    /// Code of other files that reads its variables.
    readers: BTreeSet<UnitId>,
}

pub(super) struct Unit<'f> {
    pub(super) file: u32,
    pub(super) body: Body<'f>,
    pub(super) class: Option<ClassId>,
    pub(super) name: String,
    locals: Rc<HashSet<Name>>,
    outer: Rc<HashSet<Name>>,
    captured: Environment,
    /// The variables of functions around that it reads.
    captured_names: Rc<[Name]>,
    defaults: Vec<(Name, Value)>,
    /// The code that defines it, of whose arguments its defaults may be made.
    pub(super) definer: Option<UnitId>,
    /// What calls without the argument have put into objects that are defaults.
    kept: Vec<(Name, Value)>,
    /// Some call of it is known.
    called: bool,
    /// No call is known: its parameters have their defaults.
    by_default: bool,
    /// Places that it gives another value for certain.
    replaced: OnceCell<Rc<[Replaced]>>,
    summary: Rc<Summary>,
    callers: BTreeSet<UnitId>,
    /// The parameters whose way through the function somebody wants to know.
    wanted: Wanted,
    visits: u32,
    /// More than that of its callers.
    rank: u32,
    /// Attributes that it names.
    attributes: Rc<HashSet<Name>>,
    /// It does something with its object but to look at an attribute of it.
    hands_on: OnceCell<bool>,
    /// Names of variables that it mentions.
    names: OnceCell<HashSet<Name>>,
    /// Its variables that always stand for one text or number.
    pub(super) constants: OnceCell<Constants>,
}

/// Most functions are never given anything that matters. Following all their parameters all the
/// same would be most of the work.
#[derive(Clone, Debug)]
pub(super) enum Wanted {
    /// These, because a caller passes something tainted.
    Some(BTreeSet<u16>),
    /// All, because a sink is in the function or in what it calls, and callers are to come.
    All,
}

#[derive(Clone, Copy)]
pub(super) enum Body<'f> {
    Module(&'f [Stmt]),
    Function(&'f ast::StmtFunctionDef),
}

pub(super) struct Class<'f> {
    pub(super) at: ClassAt<'f>,
    /// Attributes by the name `self`.
    attributes: Environment,
    /// The same with those of its bases and of the classes built on it, while that is as it was.
    joined: Option<Value>,
    /// What code of other modules has stored in attributes of the class itself.
    own: Value,
    family: Vec<ClassId>,
    descendants: Vec<ClassId>,
    members: BTreeSet<UnitId>,
    /// Code elsewhere that reads attributes of the class itself.
    readers: BTreeSet<UnitId>,
}

impl<'w, 'f> Engine<'w, 'f> {
    pub(super) fn new(
        specification: &'w Specification,
        world: &'w dyn World<'f>,
        concern: Option<TextRange>,
    ) -> Self {
        Self {
            concern,
            specification,
            world,
            files: Vec::new(),
            units: Vec::new(),
            classes: Vec::new(),
            labels: vec![super::specification::DEFAULT_LABEL.to_owned()],
            too_deep: false,
            flows: BTreeMap::new(),
            file_ids: HashMap::new(),
            unit_ids: HashMap::new(),
            class_ids: HashMap::new(),
            callees: HashMap::new(),
            beyond: HashMap::new(),
            given: HashMap::new(),
            modules: HashMap::new(),
            imported_classes: HashMap::new(),
            fields: HashMap::new(),
            specials: HashMap::new(),
            results: HashMap::new(),
            stored_names: RefCell::default(),
            library_calls: HashMap::new(),
            unknown_objects: BTreeSet::new(),
            broken_modules: BTreeSet::new(),
            queue: BTreeSet::new(),
            readers_waiting: BTreeSet::new(),
            properties: HashSet::new(),
            lost: BTreeMap::new(),
            functions_run: BTreeSet::new(),
            nodes: 0,
            too_many: false,
            is_last: false,
        }
    }

    pub(super) fn run(mut self, roots: &[&'f ParsedFile]) -> Findings {
        for root in roots {
            self.file(root, true);
        }
        self.visit_all();
        // Other files may call what nobody here does, and give it other values than its defaults.
        self.is_last = true;
        for unit in 0..self.units.len() {
            if self.specification.options.deep
                && !self.units[unit].called
                && !self.units[unit].defaults.is_empty()
            {
                self.units[unit].by_default = true;
                self.enqueue(unit);
            }
        }
        self.visit_all();
        self.findings()
    }

    /// Runs what waits: callees before callers, as far as calls do not go in circles.
    fn visit_all(&mut self) {
        while let Some(unit) = self.next() {
            if self.specification.options.deep && self.nodes > MOST_NODES {
                self.too_many = true;
                break;
            }
            self.visit(unit);
        }
    }

    fn next(&mut self) -> Option<UnitId> {
        if self.queue.is_empty() {
            let readers = std::mem::take(&mut self.readers_waiting);
            readers.into_iter().for_each(|unit| self.enqueue(unit));
        }
        self.queue.pop_last().map(|(_, unit)| unit)
    }

    /// The engine's number of a file.
    pub(super) fn file(&mut self, source: &'f ParsedFile, root: bool) -> u32 {
        if let Some(file) = self.file_ids.get(&std::ptr::from_ref(source)) {
            return *file;
        }
        let file = u32::try_from(self.files.len()).expect("fewer files than that");
        let module = self.units.len();
        let marks = Rc::new(MarkIndex::new(self.world.marks(source)));
        // The body of a module that is only called into matters when taint can begin there.
        let runs = root || marks.marks.has_sources();
        let mut names = (HashSet::new(), HashSet::new());
        let mut classes = HashSet::new();
        if self.specification.options.deep {
            scope::properties(&source.source().module().body, &mut self.properties);
            let body = &source.source().module().body;
            names = scope::module_variables(body);
            classes
                .extend(body.iter().filter_map(Stmt::as_class_def_stmt).map(|class| class.name.id.clone()));
        }
        self.files.push(FileState {
            source,
            marks,
            globals: Environment::default(),
            stored: Environment::default(),
            lambdas: HashMap::new(),
            root,
            constants: OnceCell::new(),
            module,
            variables: names.0,
            declared: OnceCell::new(),
            imports: names.1,
            borrowed: HashMap::new(),
            classes,
            read: HashSet::new(),
            readers: BTreeSet::new(),
        });
        self.file_ids.insert(std::ptr::from_ref(source), file);
        let body = Body::Module(&source.source().module().body);
        self.add_unit(Unit::new(file, body, None, "<module>".to_owned()));
        if runs {
            self.enqueue(module);
        }
        file
    }

    fn add_unit(&mut self, unit: Unit<'f>) -> UnitId {
        self.units.push(unit);
        self.units.len() - 1
    }

    fn enqueue(&mut self, unit: UnitId) {
        if self.units[unit].visits < MOST_VISITS {
            self.queue.insert((self.units[unit].rank, unit));
        }
    }

    fn visit(&mut self, id: UnitId) {
        if self.units.len() > MOST_UNITS {
            self.too_many = true;
        }
        self.units[id].visits += 1;
        self.functions_run.insert(id);
        let file = self.units[id].file as usize;
        match self.units[id].body {
            Body::Module(body) => {
                let fuel = fuel(body);
                let mut interpreter = Interpreter::new(self, id, fuel);
                let mut exit = interpreter.run(body).unwrap_or_default();
                self.nodes += interpreter_nodes(interpreter);
                exit.join(&self.files[file].stored);
                if !self.files[file].globals.same(&exit) {
                    let before = std::mem::replace(&mut self.files[file].globals, exit);
                    self.again_in(file, id, &before);
                }
            }
            Body::Function(function) => self.visit_function(id, function),
        }
    }

    /// Variables of a module have something new to tell to the functions that name them.
    fn again_in(&mut self, file: usize, but: UnitId, before: &Environment) {
        let changed = self.files[file].globals.changed_since(before);
        let again: Vec<_> = (0..self.units.len())
            .filter(|unit| {
                let is_other = *unit != but;
                let unit = &self.units[*unit];
                is_other
                    && unit.file as usize == file
                    && unit.visits > 0
                    && changed.as_ref().is_none_or(|names| unit.mentions_any(names))
            })
            .chain(self.files[file].readers.iter().copied())
            .collect();
        self.readers_waiting.extend(again);
    }

    /// A function has stored in variables of the module.
    fn store_globals(&mut self, id: UnitId, exit: &Environment) {
        let file = self.units[id].file as usize;
        let mut stored = self.files[file].stored.clone();
        for (root, value) in exit.variables().filter(|(root, _)| matches!(root, Root::Global(_))) {
            let known = super::interpreter::without_parameters(value);
            if !known.is_clean() && !self.files[file].globals.variable(root).same(value) {
                let mut joined = stored.variable(root);
                joined.join(&known);
                stored.store(&Path::variable(root.clone()), &joined);
            }
        }
        if !stored.same(&self.files[file].stored) {
            let before = self.files[file].globals.clone();
            self.files[file].globals.join(&stored);
            self.files[file].stored = stored;
            self.again_in(file, id, &before);
        }
    }

    /// Something that is stored in an object of a class, from wherever: its methods are run that
    /// name the attribute.
    pub(super) fn tell_class(&mut self, class: ClassId, path: &[Element], value: &Value) {
        self.class_attribute(class, path, value);
        let Some(Element::Attribute(name)) = path.first() else { return };
        for class in self.classes[class].family.clone() {
            let at = self.classes[class].at;
            let file = self.file(at.file, false);
            for statement in &at.class.body {
                if let Stmt::FunctionDef(function) = statement {
                    let method = self.unit(file, function, Some(class));
                    if self.units[method].visits == 0 && self.units[method].attributes.contains(name) {
                        self.enqueue(method);
                    }
                }
            }
        }
    }

    fn visit_function(&mut self, id: UnitId, function: &'f ast::StmtFunctionDef) {
        let file = self.units[id].file as usize;
        let mut state = self.files[file].globals.clone();
        // What the module has run through by its end does not decide what runs in here.
        state.control = TaintSet::default();
        for (root, value) in self.units[id].captured.variables() {
            let Root::Local(name) = root else { continue };
            if !self.units[id].locals.contains(name) {
                state.store(&Path::variable(root.clone()), value);
            }
        }
        self.bind_captured(id, &mut state);
        let receiver = self.receiver(id);
        let attributes = receiver.as_ref().map(|(class, _)| self.attributes(*class)).unwrap_or_default();
        let (locals, outer) = (self.units[id].locals.clone(), self.units[id].outer.clone());
        let defaults = self.defaults_without_calls(id);
        let mut interpreter = Interpreter::new(self, id, fuel(&function.body));
        interpreter.locals = Some(locals);
        interpreter.outer = outer;
        interpreter.state = Some(state);
        interpreter.bind_parameters(&function.parameters, &defaults, &attributes);
        let exit = interpreter.run(&function.body).unwrap_or_default();
        let mut summary = std::mem::take(&mut interpreter.summary);
        let (moved, added) = (std::mem::take(&mut interpreter.moved), std::mem::take(&mut interpreter.added));
        self.nodes += interpreter_nodes(interpreter);
        summary.writes = writes(function, &self.units[id].captured_names, &exit, &added);
        summary.moves = moves(function, &self.units[id].captured_names, &moved);
        if self.specification.options.deep {
            self.store_globals(id, &exit);
            keep_globals(self.units[id].file, &exit, &mut summary);
            summary.outer = self.outer_writes(id, &exit);
        }
        if !self.units[id].summary.same(&summary) {
            self.units[id].summary = Rc::new(summary);
            let arrives = !self.units[id].summary.arrivals.is_empty();
            let callers: Vec<_> = self.units[id].callers.iter().copied().collect();
            for caller in callers {
                if arrives {
                    self.units[caller].wanted = Wanted::All;
                }
                self.enqueue(caller);
            }
        }
    }

    /// What a function inside another has stored in variables of that one.
    fn outer_writes(&self, id: UnitId, exit: &Environment) -> Vec<(Name, TaintSet)> {
        let unit = &self.units[id];
        let of_outer = |root: &Root| match root {
            Root::Local(name) => {
                (unit.outer.contains(name) && !unit.locals.contains(name)).then(|| name.clone())
            }
            Root::Global(_) => None,
        };
        let rebound = match unit.body {
            Body::Function(function) => scope::rebound(function),
            Body::Module(_) => HashSet::new(),
        };
        let (first, captured) = self.captured_of(id);
        exit.variables()
            .filter_map(|(root, value)| {
                let name = of_outer(root)?;
                // What it was given there is there already.
                let own = captured.iter().position(|one| *one == name).map(|position| first + position);
                let taints = match rebound.contains(&name) {
                    true => value.reachable().map(|taint| match &taint.origin {
                        Origin::Parameter { index, .. } if own == Some(usize::from(*index)) => None,
                        Origin::Parameter { .. } | Origin::Source { .. } => Some(taint.clone()),
                    }),
                    false => super::interpreter::without_parameters(value).reachable(),
                };
                Some((name, taints)).filter(|(_, taints)| !taints.is_empty())
            })
            .collect()
    }

    /// A function definition that has been come across while its surroundings run.
    pub(super) fn define(
        &mut self,
        around: UnitId,
        function: &'f ast::StmtFunctionDef,
        defaults: Vec<(Name, Value)>,
        captured: Environment,
    ) -> UnitId {
        let file = self.units[around].file;
        let class = match self.units[around].body {
            // A function inside a method is no method, but its `self` is the method's.
            Body::Module(_) | Body::Function(_) => self.units[around].class,
        };
        let id = self.unit(file, function, class);
        let mut outer: HashSet<Name> = self.units[around].outer.as_ref().clone();
        if matches!(self.units[around].body, Body::Function(_)) {
            outer.extend(self.units[around].locals.iter().cloned());
        }
        let globals = scope::global_names(&function.body);
        outer.retain(|name| !globals.contains(name));
        let mut is_new = false;
        if self.specification.options.deep && self.units[id].definer.is_none() && !outer.is_empty() {
            let names = self.captured_names(around, function, &outer, &self.units[id].locals);
            // It may have been called already, by who did not know where it is defined.
            is_new = !names.is_empty() && self.units[id].visits > 0;
            self.units[id].captured_names = names;
        }
        let unit = &mut self.units[id];
        unit.outer = Rc::new(outer);
        let mut all = unit.captured.clone();
        all.join(&captured);
        let has_other_defaults = unit.defaults.len() != defaults.len()
            || unit.defaults.iter().zip(&defaults).any(|(one, two)| one.0 != two.0 || !one.1.same(&two.1));
        let grown = has_other_defaults || !all.same(&unit.captured);
        unit.captured = all;
        unit.defaults = defaults;
        unit.definer = Some(around);
        let first = unit.visits == 0 && self.files[file as usize].root;
        if grown || first || is_new {
            self.enqueue(id);
        }
        if has_other_defaults {
            // Calls without an argument are given the default.
            let callers: Vec<UnitId> = self.units[id].callers.iter().copied().collect();
            callers.into_iter().for_each(|caller| self.enqueue(caller));
        }
        id
    }

    /// Variables of the function around have other values where one inside it is called, or later.
    pub(super) fn recapture(&mut self, inner: UnitId, captured: &Environment) {
        let mut all = self.units[inner].captured.clone();
        all.join(captured);
        if !all.same(&self.units[inner].captured) {
            self.units[inner].captured = all;
            if self.units[inner].visits > 0 {
                self.enqueue(inner);
            }
        }
    }

    fn unit(&mut self, file: u32, function: &'f ast::StmtFunctionDef, class: Option<ClassId>) -> UnitId {
        if let Some(id) = self.unit_ids.get(&(file, function.start())) {
            return *id;
        }
        let mut unit = Unit::new(file, Body::Function(function), class, function.name.to_string());
        unit.locals = Rc::new(scope::locals(function));
        unit.attributes = Rc::new(scope::attributes(function));
        if self.files[file as usize]
            .marks
            .marks
            .sinks
            .iter()
            .any(|mark| function.range().contains_range(mark.range))
        {
            unit.wanted = Wanted::All;
        }
        let id = self.add_unit(unit);
        self.unit_ids.insert((file, function.start()), id);
        if let Some(class) = class {
            self.classes[class].members.insert(id);
        }
        id
    }

    /// The summary of a function that is called, as far as it is known by now.
    pub(super) fn call(&mut self, caller: UnitId, callee: &Callee<'f>) -> Option<(UnitId, Rc<Summary>)> {
        let file = self.file(callee.file, false);
        let class = callee.class.map(|class| self.class(class));
        if self.units.len() > MOST_UNITS {
            self.too_many = true;
            return None;
        }
        let id = self.unit(file, callee.function, class);
        Some((id, self.summary(caller, id)))
    }

    pub(super) fn summary(&mut self, caller: UnitId, callee: UnitId) -> Rc<Summary> {
        if self.units[callee].callers.insert(caller)
            && !self.units[callee].summary.arrivals.is_empty()
            && matches!(self.units[caller].wanted, Wanted::Some(_))
        {
            self.units[caller].wanted = Wanted::All;
            self.enqueue(caller);
        }
        let rank = self.units[caller].rank + 1;
        if self.units[callee].rank < rank && rank <= MOST_RANKS {
            let queued = self.queue.remove(&(self.units[callee].rank, callee));
            self.units[callee].rank = rank;
            if queued {
                self.enqueue(callee);
            }
        }
        if self.units[callee].visits == 0 {
            self.enqueue(callee);
        }
        self.units[callee].summary.clone()
    }

    /// A caller passes something tainted, and wants to know what becomes of it.
    pub(super) fn want(&mut self, unit: UnitId, parameter: u16) {
        if let Wanted::Some(wanted) = &mut self.units[unit].wanted
            && wanted.insert(parameter)
        {
            self.enqueue(unit);
        }
    }

    pub(super) fn is_wanted(&self, unit: UnitId, parameter: u16) -> bool {
        match &self.units[unit].wanted {
            Wanted::Some(wanted) => wanted.contains(&parameter),
            Wanted::All => true,
        }
    }

    pub(super) fn define_class(&mut self, around: UnitId, class: &'f ast::StmtClassDef) -> ClassId {
        let file = self.files[self.units[around].file as usize].source;
        self.class(ClassAt { file, class })
    }

    /// Registers a class with all that it inherits from. Chains of classes can be long: those
    /// that are new wait in a list, and not on the stack.
    fn class(&mut self, at: ClassAt<'f>) -> ClassId {
        let (id, is_new) = self.register(at);
        let mut waiting = Vec::new();
        if is_new {
            waiting.push(id);
        }
        while let Some(next) = waiting.pop() {
            self.relate(next, &mut waiting);
        }
        id
    }

    fn register(&mut self, at: ClassAt<'f>) -> (ClassId, bool) {
        let file = self.file(at.file, false);
        if let Some(id) = self.class_ids.get(&(file, at.class.start())) {
            return (*id, false);
        }
        let id = self.classes.len();
        self.class_ids.insert((file, at.class.start()), id);
        self.classes.push(Class {
            at,
            attributes: Environment::default(),
            joined: None,
            own: Value::default(),
            family: vec![id],
            descendants: Vec::new(),
            members: BTreeSet::new(),
            readers: BTreeSet::new(),
        });
        (id, true)
    }

    fn relate(&mut self, id: ClassId, waiting: &mut Vec<ClassId>) {
        let at = self.classes[id].at;
        let file = self.file(at.file, false);
        if self.specification.options.deep {
            for base in self.world.bases(at) {
                let (base, is_new) = self.register(base);
                if is_new {
                    waiting.push(base);
                }
                if !self.classes[id].family.contains(&base) {
                    self.classes[id].family.push(base);
                    self.classes[base].family.push(id);
                    self.classes[id].joined = None;
                    self.classes[base].joined = None;
                    self.classes[base].descendants.push(id);
                    // Its methods may run those of the new class.
                    let again: Vec<UnitId> = self.classes[base].members.iter().copied().collect();
                    again
                        .into_iter()
                        .filter(|member| self.units[*member].visits > 0)
                        .collect::<Vec<_>>()
                        .into_iter()
                        .for_each(|member| self.enqueue(member));
                }
            }
            // What any of its methods stores in an attribute, the others read.
            if !self.files[file as usize].root && self.files[file as usize].marks.marks.has_sources() {
                for statement in &at.class.body {
                    if let Stmt::FunctionDef(function) = statement {
                        let method = self.unit(file, function, Some(id));
                        self.enqueue(method);
                    }
                }
            }
        }
    }

    /// Makes `class` the one whose body is being run; the answer is the one before.
    pub(super) fn enter_class(&mut self, unit: UnitId, class: Option<ClassId>) -> Option<ClassId> {
        std::mem::replace(&mut self.units[unit].class, class)
    }

    /// The class and the name of the object that a method is called on.
    pub(super) fn receiver(&self, unit: UnitId) -> Option<(ClassId, Name)> {
        let class = self.units[unit].class?;
        let Body::Function(function) = self.units[unit].body else { return None };
        let is_static = function.decorator_list.iter().any(
            |decorator| matches!(&decorator.expression, ast::Expr::Name(name) if name.id == "staticmethod"),
        );
        if is_static {
            return None;
        }
        let first = function.parameters.iter_non_variadic_params().next();
        // A function inside a method reads the method's `self`.
        match first.map(|first| first.parameter.name.id.clone()) {
            Some(name) if self.is_member(unit) => Some((class, name)),
            Some(_) | None => Some((class, Name::new_static("self"))),
        }
    }

    fn is_member(&self, unit: UnitId) -> bool {
        let Some(class) = self.units[unit].class else { return false };
        let Body::Function(function) = self.units[unit].body else { return false };
        self.classes[class]
            .at
            .class
            .body
            .iter()
            .any(|statement| statement.range().contains_range(function.range()))
            && self.units[unit].outer.is_empty()
    }

    /// Something that is stored in an attribute of a class's instances.
    pub(super) fn class_attribute(&mut self, class: ClassId, path: &[Element], value: &Value) {
        let path = Path { root: Root::Local(Name::new_static("self")), elements: path.to_vec() };
        let known = &self.classes[class].attributes;
        if known.covers(&path, &value.own)
            && value.parts.iter().all(|(rest, taints)| known.covers(&path.join(rest), taints))
        {
            return;
        }
        let mut attributes = self.classes[class].attributes.clone();
        attributes.taint(&path, &value.own);
        for (rest, taints) in value.parts.iter() {
            let elements =
                path.elements.iter().chain(rest).take(super::value::LONGEST_PATH).cloned().collect();
            attributes.taint(&Path { root: path.root.clone(), elements }, taints);
        }
        if !attributes.same(&self.classes[class].attributes) {
            self.classes[class].attributes = attributes;
            for relative in self.classes[class].family.clone() {
                self.classes[relative].joined = None;
            }
            let members: BTreeSet<UnitId> = self.classes[class]
                .family
                .iter()
                .flat_map(|class| {
                    let class = &self.classes[*class];
                    class.members.iter().chain(&class.readers).copied()
                })
                .collect();
            let name = match path.elements.first() {
                Some(Element::Attribute(name)) => Some(name.clone()),
                Some(Element::Key(_) | Element::Place | Element::Anything) | None => None,
            };
            let units = &self.units;
            let again = members.into_iter().filter(|member| {
                let unit = &units[*member];
                unit.visits > 0 && name.as_ref().is_none_or(|name| unit.may_read(name))
            });
            self.readers_waiting.extend(again);
        }
    }

    /// What is known to be tainted in the attributes of a class, its bases and those built on it.
    fn attributes(&mut self, class: ClassId) -> Value {
        if let Some(joined) = &self.classes[class].joined {
            return joined.clone();
        }
        let mut all = Value::default();
        for class in &self.classes[class].family {
            let attributes = self.classes[*class].attributes.variable(&Root::Local(Name::new_static("self")));
            for (path, taints) in attributes.parts.iter() {
                all.add(path, taints);
            }
        }
        self.classes[class].joined = Some(all.clone());
        all
    }

    pub(super) fn slice(&self, file: u32, range: TextRange) -> &'f str {
        &self.files[file as usize].source.source().text()[range]
    }

    pub(super) fn label(&mut self, name: Option<&str>) -> Label {
        let name = name.unwrap_or(super::specification::DEFAULT_LABEL);
        let position = self.labels.iter().position(|label| label == name).unwrap_or_else(|| {
            self.labels.push(name.to_owned());
            self.labels.len() - 1
        });
        Label::try_from(position).unwrap_or(Label::MAX)
    }

    pub(super) fn requires_holds(&self, requires: Option<&Requirement>, taints: &TaintSet) -> bool {
        let Some(requires) = requires else { return true };
        requires.is_fulfilled(&|label| {
            taints
                .iter()
                .any(|taint| self.labels.get(usize::from(taint.label)).is_some_and(|name| name == label))
        })
    }

    /// Taint arrives at a sink.
    pub(super) fn arrive(
        &mut self,
        taints: &TaintSet,
        file: u32,
        mark: usize,
        step: &Step,
        summary: &mut Summary,
    ) {
        let kind = self.files[file as usize].marks.marks.sinks[mark].kind;
        let requires = self.specification.sinks[kind].requires.as_ref();
        if !self.requires_holds(requires, taints) {
            return;
        }
        let mark = u32::try_from(mark).unwrap_or(u32::MAX);
        for taint in taints.iter() {
            self.arrive_one(taint, file, mark, taint.trace.then(step.clone()), summary);
        }
    }

    pub(super) fn arrive_one(
        &mut self,
        taint: &Taint,
        sink_file: u32,
        sink_mark: u32,
        trace: Trace,
        summary: &mut Summary,
    ) {
        match &taint.origin {
            Origin::Source { file, mark } => {
                let is_last = self.is_last;
                let new = || Ways { by_default: is_last, ..Ways::default() };
                self.flows.entry((sink_file, sink_mark, *file, *mark)).or_insert_with(new).add(trace);
            }
            Origin::Parameter { index, path, whole } => {
                // Where every call is a sink, functions that call one another hand on each other's
                // arrivals, and each is looked for among those that are known.
                self.nodes += 1 + summary.arrivals.len() as u64 / ARRIVALS_PER_NODE;
                if self.specification.options.deep && self.nodes > MOST_NODES {
                    self.too_many = true;
                    return;
                }
                summary.arrives(Arrival {
                    parameter: *index,
                    path: path.clone(),
                    whole: *whole,
                    label: taint.label,
                    sink_file,
                    sink_mark,
                    trace,
                });
            }
        }
    }

    fn findings(self) -> Findings {
        let step = |step: &Arc<Step>| FlowStep {
            file: self.files[step.file as usize].source.path().clone(),
            range: step.range,
            kind: step.kind.clone(),
        };
        let flows = self
            .flows
            .iter()
            .map(|((sink_file, sink_mark, source_file, source_mark), ways)| {
                let sink = self.files[*sink_file as usize].marks.marks.sinks[*sink_mark as usize];
                let source = self.files[*source_file as usize].marks.marks.sources[*source_mark as usize];
                let mut ways_told = ways.known.iter().map(|(_, trace)| {
                    let mut steps: Vec<FlowStep> = trace.steps().into_iter().map(step).collect();
                    // The sink as the pattern sees it, where the engine saw an argument of it.
                    if let Some(last) = steps.last_mut().filter(|last| last.kind == StepKind::Sink) {
                        last.range = sink.range;
                    }
                    steps
                });
                Flow {
                    source_file: self.files[*source_file as usize].source.path().clone(),
                    source,
                    sink_file: self.files[*sink_file as usize].source.path().clone(),
                    sink,
                    steps: ways_told.next().unwrap_or_default(),
                    others: ways_told.collect(),
                    has_more: ways.has_more,
                    by_default: ways.by_default,
                }
            })
            .collect();
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Findings {
            flows,
            files: count(self.files.len()),
            functions: count(self.functions_run.len()),
            nodes: self.nodes,
            sources: count(self.files.iter().map(|file| file.marks.marks.sources.len()).sum()),
            open: self.open(),
            sinks: count(self.files.iter().map(|file| file.marks.marks.sinks.len()).sum()),
            too_deep: self.too_deep,
            too_many: self.too_many,
            broken: self.broken(),
            lost: self.doubts(),
            receptive: self.receptive(),
        }
    }
}

impl<'f> Unit<'f> {
    /// Names that the code mentions; the body of a module those of its functions, too.
    fn names(&self) -> &HashSet<Name> {
        self.names.get_or_init(|| match self.body {
            Body::Function(function) => scope::names(function),
            Body::Module(_) => HashSet::new(),
        })
    }

    /// Whether new values of these variables can be anything to the code.
    fn mentions_any(&self, names: &[Name]) -> bool {
        matches!(self.body, Body::Module(_)) || names.iter().any(|name| self.names().contains(name))
    }

    /// Whether a method, or code that reads from the class, may read an attribute: it names it, or
    /// hands on the whole object.
    fn may_read(&self, attribute: &Name) -> bool {
        let Body::Function(function) = self.body else { return true };
        self.attributes.contains(attribute)
            || self.attributes.contains(&Name::new_static("__dict__"))
            || *self.hands_on.get_or_init(|| scope::hands_on_its_object(function))
    }

    /// Whether a name that it declares is a variable of a function around it.
    pub(super) fn declares_outer(&self, name: &Name) -> bool {
        self.outer.contains(name)
    }

    fn new(file: u32, body: Body<'f>, class: Option<ClassId>, name: String) -> Self {
        Self {
            file,
            body,
            class,
            name,
            locals: Rc::default(),
            outer: Rc::default(),
            captured: Environment::default(),
            captured_names: Rc::default(),
            defaults: Vec::new(),
            definer: None,
            kept: Vec::new(),
            called: false,
            by_default: false,
            replaced: OnceCell::new(),
            summary: Rc::default(),
            callers: BTreeSet::new(),
            wanted: Wanted::Some(BTreeSet::new()),
            visits: 0,
            rank: 0,
            attributes: Rc::default(),
            hands_on: OnceCell::new(),
            names: OnceCell::new(),
            constants: OnceCell::new(),
        }
    }
}

fn interpreter_nodes(interpreter: Interpreter<'_, '_, '_>) -> u64 {
    interpreter.nodes
}

/// How many nodes the repetitions of loops in a body may cost.
fn fuel(body: &[Stmt]) -> u64 {
    let length =
        body.first().zip(body.last()).map_or(0, |(first, last)| last.end().to_u32() - first.start().to_u32());
    10_000 + u64::from(length) * 4
}

/// What a function has stored of its arguments in variables of its module.
fn keep_globals(file: u32, exit: &Environment, summary: &mut Summary) {
    let is_given = |taint: &Taint| matches!(taint.origin, Origin::Parameter { .. });
    for (root, value) in exit.variables() {
        let Root::Global(name) = root else { continue };
        let own = [(Vec::new(), value.own.clone())];
        for (rest, taints) in own.iter().chain(value.parts.iter()) {
            let given = taints.map(|taint| is_given(taint).then(|| taint.clone()));
            if !given.is_empty() {
                let path: Vec<Element> =
                    [Element::Attribute(name.clone())].into_iter().chain(rest.iter().cloned()).collect();
                summary.keeps(Place::Module(file), &path, &given);
            }
        }
    }
}

/// What a function has stored in the objects that it was given.
fn writes(
    function: &ast::StmtFunctionDef,
    captured: &[Name],
    exit: &Environment,
    added: &[(Path, TaintSet)],
) -> Vec<Write> {
    let mut writes = Vec::new();
    for_each_given(function, captured, |index, root, is_rebound| {
        for (path, taints) in added.iter().filter(|(path, _)| path.root == *root) {
            writes.push(Write { parameter: index, path: path.elements.clone(), taints: taints.clone() });
        }
        // The name may stand for another object by now.
        if is_rebound {
            return;
        }
        let value = exit.variable(root);
        // An element that is stored at another place is not what it was there.
        let given = |taint: &Taint, at: &[Element]| matches!(&taint.origin, Origin::Parameter { index: of, path, .. } if *of == index && path.as_slice() == at && at.last() != Some(&Element::Anything));
        let own = [(Vec::new(), value.own.clone())];
        for (path, taints) in own.iter().chain(value.parts.iter()) {
            let taints = taints.map(|taint| (!given(taint, path)).then(|| taint.clone()));
            if !taints.is_empty() {
                writes.push(Write { parameter: index, path: path.clone(), taints });
            }
        }
    });
    writes
}

/// The lists among the objects that a function was given whose elements it has moved.
fn moves(function: &ast::StmtFunctionDef, captured: &[Name], moved: &[Path]) -> Vec<(u16, Vec<Element>)> {
    let mut moves = Vec::new();
    if !moved.is_empty() {
        for_each_given(function, captured, |index, root, _| {
            let of_it = moved.iter().filter(|path| path.root == *root);
            moves.extend(of_it.map(|path| (index, path.elements.clone())));
        });
    }
    moves
}

/// The parameters of a function and the variables around that it reads, as variables, and whether it
/// gives them other values.
fn for_each_given(
    function: &ast::StmtFunctionDef,
    captured: &[Name],
    mut each: impl FnMut(u16, &Root, bool),
) {
    let rebound = scope::rebound(function);
    let parameters = function.parameters.iter().map(|parameter| &parameter.name().id);
    for (index, name) in parameters.chain(captured).enumerate() {
        let Ok(index) = u16::try_from(index) else { break };
        each(index, &Root::Local(name.clone()), rebound.contains(name));
    }
}
