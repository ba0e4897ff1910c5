//! Where paths begin, and what one path leaves behind for the next: a constructor for the
//! methods, a module's top level for its functions, one method for another.

use std::collections::{BTreeMap, BTreeSet};

use foldhash::{HashSet, HashSetExt};

use super::state::{Frame, Loc, Locs, Name, Slot, State, union};
use super::{
    BUDGET, Chain, Complete, Engine, FILE_BUDGET, LocInfo, LocKey, Reach, Root, Step, address, state,
};
use crate::python::ast::{self, Expr, Stmt};
use crate::python::project::{ClassRef, FunctionRef, Scope, Type, facts};
use crate::python::visitor::{self, Visitor};
use crate::python::{ParsedFile, Ranged, TextRange};
use crate::target::RelativePath;

/// The objects whose attribute is given something that is not `None`.
struct OutsideStores<'n, 'f> {
    attribute: &'n str,
    objects: Vec<&'f Expr>,
}

impl<'f> Visitor<'f> for OutsideStores<'_, 'f> {
    fn visit_stmt(&mut self, stmt: &'f Stmt) {
        if let Stmt::Assign(node) = stmt
            && !node.value.is_none_literal_expr()
        {
            for target in &node.targets {
                if let Expr::Attribute(attribute) = target
                    && attribute.attr.as_str() == self.attribute
                {
                    self.objects.push(&attribute.value);
                }
            }
        }
        visitor::walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, _: &'f Expr) {}
}

/// A function in which a path can begin.
#[derive(Clone, Copy)]
struct Entry<'f> {
    function: FunctionRef<'f>,
    /// The class of the object that it is called on.
    class: Option<ClassRef<'f>>,
}

impl<'f> Engine<'_, 'f> {
    /// Walks every path that begins in a file.
    pub(super) fn file(&mut self, file: &'f ParsedFile, reach: Reach) {
        let mut definitions = Definitions { classes: Vec::new(), functions: Vec::new(), within: None };
        for stmt in &file.source().module().body {
            definitions.visit_stmt(stmt);
        }
        self.module(file, &definitions);
        for node in &definitions.classes {
            self.class(ClassRef { file, node }, reach);
        }
        // What nobody calls and nothing reaches is still code in which an order can be seen.
        for (node, class) in &definitions.functions {
            if self.visited.contains(&address(*node)) {
                continue;
            }
            let function = FunctionRef { file, node, class: *class };
            if self.function_facts(function).has_occurrence {
                self.begin(Root::Function(function), false);
                let entry = Entry { function, class: function.class_ref() };
                self.run_entry(entry, State::default(), None);
            }
        }
    }

    fn begin(&mut self, root: Root<'f>, inherited: bool) {
        self.root = Some((root, inherited));
        self.budget = BUDGET.min(FILE_BUDGET.saturating_sub(self.spent));
        self.raised.clear();
        self.returned.clear();
        self.active.clear();
        self.deferred.clear();
        self.dead = false;
    }

    fn module(&mut self, file: &'f ParsedFile, definitions: &Definitions<'f>) {
        let id = self.file_id(file);
        let frame = self.top_frame(id, Scope::module(file), None);
        self.begin(Root::Module(file), false);
        let before = self.visited.clone();
        let flow = self.block(frame, State::default(), &file.source().module().body);
        let exit = flow.normal.unwrap_or_default();
        let exit = self.run_deferred(frame, exit);
        let constructing: HashSet<usize> = self.visited.difference(&before).copied().collect();
        let globals = self.globals(id);
        let functions: Vec<FunctionRef<'f>> = definitions
            .functions
            .iter()
            .filter(|(node, class)| {
                class.is_none() && is_top_level(&file.source().module().body, node.range())
            })
            .map(|(node, _)| FunctionRef { file, node, class: None })
            .collect();
        let mut repaired = BTreeSet::new();
        for function in &functions {
            if !constructing.contains(&address(function.node)) {
                self.global_stores(function.node, &mut repaired);
            }
        }
        let (public, private): (Vec<_>, Vec<_>) =
            functions.into_iter().partition(|function| !function.node.name.starts_with('_'));
        let entries = |functions: Vec<FunctionRef<'f>>| {
            functions.into_iter().map(|function| Entry { function, class: None }).collect::<Vec<_>>()
        };
        let state = self.crossing(&exit, globals, &repaired);
        let state = self.life(globals, state, &entries(public), &repaired);
        let private = entries(private)
            .into_iter()
            .filter(|entry| !self.visited.contains(&address(entry.function.node)))
            .collect::<Vec<_>>();
        self.life(globals, state, &private, &repaired);
    }

    fn class(&mut self, class: ClassRef<'f>, reach: Reach) {
        let order = self.order(class);
        let key = LocKey::Instance(address(class.node));
        let info = || LocInfo { class: Some(class), ..LocInfo::default() };
        let instance = self.loc(key, info);
        self.begin(Root::Class(class), false);
        let before = std::mem::take(&mut self.visited);

        let mut exit: Option<State> = None;
        let declared = self.class_attributes(class, instance);
        let constructors = self.method(class, None, "__init__");
        if constructors.is_empty() {
            exit = Some(declared.clone());
        }
        for function in constructors {
            if self.is_relevant(function, Some(class)) {
                let entry = Entry { function, class: Some(class) };
                let state = self.run_entry(entry, declared.clone(), Some(instance));
                self.join_into(&mut exit, state);
            } else {
                self.join_into(&mut exit, Some(declared.clone()));
            }
        }
        let constructing = std::mem::replace(&mut self.visited, before);
        self.visited.extend(&constructing);

        let mut repaired = BTreeSet::new();
        for ancestor in &order {
            for function in self.project.own_methods(*ancestor) {
                if !constructing.contains(&address(function.node)) {
                    self.attribute_stores(function.node, &mut repaired);
                }
            }
        }
        if let Some(exit) = &exit {
            let empty: Vec<Name> = exit
                .fields(instance)
                .filter(|(name, locs)| {
                    !repaired.contains(name) && locs.iter().any(|loc| self.locs[*loc as usize].none)
                })
                .map(|(name, _)| name)
                .collect();
            for name in empty {
                if self.is_stored_outside(class, &order, &self.name_texts[name as usize]) {
                    repaired.insert(name);
                }
            }
        }
        let own = self.project.own_methods(class);
        let referenced = references(class.node);
        let mut entries: Vec<Entry<'f>> = Vec::new();
        let mut private: Vec<Entry<'f>> = Vec::new();
        for function in own {
            let name = function.node.name.as_str();
            if matches!(name, "__init__" | "__new__") {
                continue;
            }
            let is_entry = is_public(name)
                || referenced.contains(name)
                || !self.method(class, Some(class), name).is_empty();
            let entry = Entry { function, class: Some(class) };
            if is_entry { entries.push(entry) } else { private.push(entry) }
        }
        let start = self.crossing(&exit.unwrap_or_default(), instance, &repaired);
        let state = self.life(instance, start, &entries, &repaired);
        for entry in private {
            if !self.visited.contains(&address(entry.function.node)) {
                self.begin(Root::Class(class), false);
                if self.is_relevant(entry.function, entry.class) {
                    self.run_entry(entry, State::default(), Some(instance));
                }
            }
        }
        if reach == Reach::Inherited {
            let mut seen: HashSet<&'f str> =
                self.project.own_methods(class).iter().map(|function| function.node.name.as_str()).collect();
            let mut inherited: Vec<Entry<'f>> = Vec::new();
            for ancestor in order.iter().skip(1) {
                let referenced = references(ancestor.node);
                for function in self.project.own_methods(*ancestor) {
                    let name = function.node.name.as_str();
                    if seen.insert(name)
                        && !matches!(name, "__init__" | "__new__")
                        && (is_public(name) || referenced.contains(name))
                    {
                        inherited.push(Entry { function, class: Some(class) });
                    }
                }
            }
            self.begin(Root::Class(class), true);
            for entry in inherited {
                if self.is_relevant(entry.function, entry.class) {
                    self.budget = BUDGET.min(FILE_BUDGET.saturating_sub(self.spent));
                    let state = self.opened(&state, instance);
                    self.run_entry(entry, state, Some(instance));
                }
            }
        }
    }

    /// The attributes that stand in class bodies. A class with a base or decorator from outside
    /// may make something else of them: fields with defaults, for instance.
    fn class_attributes(&mut self, class: ClassRef<'f>, instance: Loc) -> State {
        let mut state = State::default();
        let complete = self
            .project
            .linearisations(class)
            .iter()
            .all(|linearisation| linearisation.classes().count() == linearisation.ancestors.len());
        let order = self.order(class);
        if !complete || order.iter().any(|class| !class.node.decorator_list.is_empty()) {
            // Whether what an event says of a class body is true of its objects is not known.
            self.gave_up |= self.fields_matter(class, &order);
            return state;
        }
        for class in order.iter().rev() {
            let file = self.file_id(class.file);
            let scope = self.project.class_scope(*class);
            let frame = self.top_frame(file, scope, None);
            for stmt in &class.node.body {
                let (target, value) = match stmt {
                    Stmt::Assign(node) => match &*node.targets {
                        [target] => (target, &*node.value),
                        _ => continue,
                    },
                    Stmt::AnnAssign(node) => match &node.value {
                        Some(value) => (&*node.target, &**value),
                        None => continue,
                    },
                    _ => continue,
                };
                let Expr::Name(name) = target else { continue };
                let locs = self.evaluate(frame, &mut state, value);
                self.dead = false;
                // Inside the class body it is a plain name; the events are looked for under it.
                let slot = self.variable(frame, name.id.as_str());
                state.set(slot, locs.clone());
                self.occurrences(frame, &mut state, stmt.range(), Some(value));
                let name = self.name(name.id.as_str());
                state.set(Slot::Field(instance, name), locs);
            }
        }
        state
    }

    /// Runs entries one after another in any order, until what they leave behind changes nothing.
    fn life(&mut self, owner: Loc, start: State, entries: &[Entry<'f>], repaired: &BTreeSet<Name>) -> State {
        let mut state = start;
        let entries: Vec<Entry<'f>> =
            entries.iter().copied().filter(|entry| self.is_relevant(entry.function, entry.class)).collect();
        for _ in 0..=self.events.events.len() {
            let mut next = state.clone();
            for entry in &entries {
                let root = match entry.class {
                    Some(class) => Root::Class(class),
                    None => Root::Function(entry.function),
                };
                self.begin(root, false);
                let opened = self.opened(&state, owner);
                let receiver = entry.class.map(|_| owner);
                if let Some(exit) = self.run_entry(*entry, opened, receiver) {
                    let crossing = self.crossing(&exit, owner, repaired);
                    self.join(&mut next, &crossing);
                }
            }
            if next == state {
                break;
            }
            state = next;
        }
        state
    }

    /// A state in which the owner's attributes may also hold what nobody here stored.
    fn opened(&mut self, state: &State, owner: Loc) -> State {
        let mut opened = state.clone();
        let fields: Vec<(Name, Locs)> =
            state.fields(owner).map(|(name, locs)| (name, locs.clone())).collect();
        for (name, locs) in fields {
            let slot = Slot::Field(owner, name);
            if let Some(initial) = self.initial(slot) {
                opened.set(slot, union(&locs, &[initial]));
            }
        }
        opened
    }

    /// What a path leaves behind on the owner for paths that begin later. A `None` does not
    /// stay when it ends the object's use (it was closed just before), or when another method
    /// stores something real: then the order in which they are called is the caller's affair,
    /// and nothing here shows it to be wrong.
    fn crossing(&mut self, exit: &State, owner: Loc, repaired: &BTreeSet<Name>) -> State {
        let mut crossing = State::default();
        let fields: Vec<(Name, Locs)> = exit.fields(owner).map(|(name, locs)| (name, locs.clone())).collect();
        for (name, locs) in fields {
            let kept: Vec<Loc> = locs
                .iter()
                .copied()
                .filter(|loc| {
                    !self.locs[*loc as usize].none
                        || (!repaired.contains(&name) && !self.is_released(*loc, name))
                })
                .collect();
            if kept.is_empty() {
                continue;
            }
            for loc in &kept {
                crossing.set_chains(*loc, exit.chains(*loc).to_vec());
                let inner: Vec<(Name, Locs)> =
                    exit.fields(*loc).map(|(name, locs)| (name, locs.clone())).collect();
                for (inner_name, inner_locs) in inner {
                    for inner_loc in inner_locs.iter() {
                        crossing.set_chains(*inner_loc, exit.chains(*inner_loc).to_vec());
                    }
                    crossing.set(Slot::Field(*loc, inner_name), inner_locs);
                }
            }
            for loc in &kept {
                self.cross_parts(exit, *loc, &mut crossing);
            }
            crossing.set(Slot::Field(owner, name), kept.into());
        }
        self.cross_parts(exit, owner, &mut crossing);
        crossing
    }

    /// Keeps what happened to attributes of an object that nobody here stored, and to theirs.
    fn cross_parts(&self, exit: &State, owner: Loc, crossing: &mut State) {
        let mut owners = vec![owner];
        while let Some(owner) = owners.pop() {
            for (name, part) in &self.locs[owner as usize].parts {
                if exit.get(Slot::Field(owner, *name)).is_none_or(|held| held.contains(part)) {
                    crossing.set_chains(*part, exit.chains(*part).to_vec());
                    owners.push(*part);
                }
            }
        }
    }

    /// Whether a `None` was stored where the same function had used or handed on the old value.
    fn is_released(&mut self, loc: Loc, name: Name) -> bool {
        let Some((frame, range)) = self.loc_keys.iter().find_map(|(key, known)| match key {
            LocKey::Value(frame, _, range) if *known == loc => Some((*frame, *range)),
            _ => None,
        }) else {
            return false;
        };
        let Some(function) = self.frames[frame as usize].function else { return false };
        let text = self.name_texts[name as usize].clone();
        let is_it = |expr: &Expr| super::facts::last_name(expr) == Some(text.as_str());
        self.function_facts(function).calls.iter().any(|call| {
            call.start() < range.start()
                && (matches!(&*call.func, Expr::Attribute(attribute) if is_it(&attribute.value))
                    || call.arguments.args.iter().any(is_it))
        })
    }

    fn run_entry(&mut self, entry: Entry<'f>, mut state: State, receiver: Option<Loc>) -> Option<State> {
        let function = entry.function;
        let frame = self.frame(Frame::MAX, function.node.range(), function, entry.class, None);
        let is_static = function.has_decorator("staticmethod") || function.has_decorator("classmethod");
        for (index, parameter) in function.node.parameters.iter_non_variadic_params().enumerate() {
            let given = match receiver {
                Some(receiver) if index == 0 && entry.class.is_some() && !is_static => {
                    Some(state::one(receiver))
                }
                _ => None,
            };
            self.bind(frame, &mut state, parameter.name().as_str(), given);
        }
        let (after, _) = self.run(frame, state, function);
        let after = after?;
        let mut after = self.run_deferred(frame, after);
        after.drop_frame(frame);
        Some(after)
    }

    /// Runs the functions inside functions that were handed on: threads, callbacks, timers.
    fn run_deferred(&mut self, caller: Frame, exit: State) -> State {
        let mut exit = exit;
        let mut done: HashSet<Loc> = HashSet::new();
        while let Some((loc, snapshot)) = self.deferred.pop() {
            if !done.insert(loc) {
                continue;
            }
            if let Some((lambda, parent)) = self.locs[loc as usize].lambda {
                let mut state = exit.clone();
                self.join(&mut state, &snapshot);
                self.run_lambda(caller, &mut state, lambda, parent, &[]);
                if !std::mem::take(&mut self.dead) {
                    self.join(&mut exit, &state);
                }
                continue;
            }
            let Some((function, parent)) = self.locs[loc as usize].function else { continue };
            let class = self.frames[parent as usize].class;
            if self.active.contains(&function) || !self.is_relevant(function, class) {
                continue;
            }
            let mut state = exit.clone();
            self.join(&mut state, &snapshot);
            let frame = self.frame(caller, function.node.range(), function, class, Some(parent));
            for parameter in function.node.parameters.iter_non_variadic_params() {
                self.bind(frame, &mut state, parameter.name().as_str(), None);
            }
            let (after, _) = self.run(frame, state, function);
            if let Some(mut after) = after {
                after.drop_frame(frame);
                self.join(&mut exit, &after);
            }
        }
        self.dead = false;
        exit
    }

    /// Whether the program stores something real in the attribute of such an object from outside
    /// of its class: `agent.context = zmq.Context()`.
    fn is_stored_outside(&self, class: ClassRef<'f>, order: &[ClassRef<'f>], attribute: &str) -> bool {
        let storing = self.project.mentioning(&format!(".{attribute} = "));
        let of_interest =
            |path: &&RelativePath| facts::is_test_code(class.file.path()) || !facts::is_test_code(path);
        let mut storing =
            storing.iter().filter(of_interest).filter(|path| *path != class.file.path()).peekable();
        if storing.peek().is_none() {
            return false;
        }
        let naming = self.project.mentioning(class.node.name.as_str());
        storing.filter(|path| naming.contains(path)).filter_map(|path| self.project.file(path).ok()).any(
            |file| {
                let mut stores = OutsideStores { attribute, objects: Vec::new() };
                stores.visit_body(&file.source().module().body);
                stores.objects.into_iter().any(|object| {
                    let scope = Scope::at(file, object.range());
                    let is_own = scope.class().is_some_and(|class| order.contains(&class));
                    !is_own
                        && self.project.infer(&scope, object).iter().any(
                            |ty| matches!(ty, Type::Instance(of) if self.project.are_related(*of, class)),
                        )
                })
            },
        )
    }

    fn attribute_stores(&mut self, function: &'f ast::StmtFunctionDef, stored: &mut BTreeSet<Name>) {
        let mut stores =
            Stores { attributes: BTreeSet::new(), names: BTreeSet::new(), globals: BTreeSet::new() };
        for stmt in &function.body {
            stores.visit_stmt(stmt);
        }
        stored.extend(stores.attributes.into_iter().map(|name| self.name(name)).collect::<Vec<_>>());
    }

    fn global_stores(&mut self, function: &'f ast::StmtFunctionDef, stored: &mut BTreeSet<Name>) {
        let mut stores =
            Stores { attributes: BTreeSet::new(), names: BTreeSet::new(), globals: BTreeSet::new() };
        for stmt in &function.body {
            stores.visit_stmt(stmt);
        }
        let names: Vec<&str> = stores.names.intersection(&stores.globals).copied().collect();
        stored.extend(names.into_iter().map(|name| self.name(name)).collect::<Vec<_>>());
    }

    /// The chains that are complete, each once for every root.
    pub(super) fn chains_found(&mut self) -> Vec<Chain<'f>> {
        self.complete
            .clone()
            .into_iter()
            .map(|complete| {
                let mut chain = self.chain_of(complete);
                chain.of_bases = self.is_of_bases(&chain);
                chain
            })
            .collect()
    }

    fn chain_of(&self, complete: Complete<'f>) -> Chain<'f> {
        let mut steps = Vec::new();
        let mut object = String::new();
        let mut link = Some(complete.chain);
        while let Some(id) = link {
            let info = &self.chains[id as usize];
            steps.push(Step { file: self.files[info.file].file, range: info.range });
            object.clone_from(&info.object);
            link = info.before;
        }
        steps.reverse();
        let Complete { root, inherited, through, .. } = complete;
        Chain { steps, object, root, inherited, through, of_bases: false }
    }

    /// Whether all of a chain happens in classes that the root's class inherits from, which are
    /// looked at for themselves.
    fn is_of_bases(&mut self, chain: &Chain<'f>) -> bool {
        let Root::Class(class) = chain.root else { return false };
        let within = |step: &Step<'f>, class: ClassRef<'f>| {
            std::ptr::eq(step.file, class.file) && class.node.range().contains_range(step.range)
        };
        if chain.steps.iter().any(|step| within(step, class)) {
            return false;
        }
        let order = self.order(class);
        chain.steps.iter().all(|step| order.iter().any(|ancestor| within(step, *ancestor)))
    }
}

/// One chain for each object and first event, in the order of these: the plainest.
pub fn plainest(chains: Vec<Chain<'_>>) -> Vec<Chain<'_>> {
    let mut best: BTreeMap<(RelativePath, u32, String), (Score, Chain<'_>)> = BTreeMap::new();
    for chain in chains {
        let first = chain.steps[0];
        let key = (first.file.path().clone(), first.range.start().to_u32(), chain.object.clone());
        let score = score(&chain);
        match best.get(&key) {
            Some((known, _)) if *known <= score => {}
            _ => {
                best.insert(key, (score, chain));
            }
        }
    }
    best.into_values().map(|(_, chain)| chain).collect()
}

/// The plainer, the lower: own code before inherited, one function before several.
type Score = (bool, usize, usize, u32);

fn score(chain: &Chain) -> Score {
    let place = |step: &Step| {
        (std::ptr::from_ref(step.file), step.file.symbols().innermost(step.range).map(|symbol| symbol.range))
    };
    let first = place(&chain.steps[0]);
    let elsewhere = chain.steps.iter().filter(|step| place(step) != first).count();
    let is_module = usize::from(!matches!(chain.root, Root::Class(_)));
    let last = chain.steps.last().map_or(0, |step| step.range.start().to_u32());
    (chain.inherited, elsewhere, is_module, last)
}

/// The classes that a file defines.
pub(super) fn classes<'f>(file: &'f ParsedFile) -> Vec<ClassRef<'f>> {
    let mut definitions = Definitions { classes: Vec::new(), functions: Vec::new(), within: None };
    for stmt in &file.source().module().body {
        definitions.visit_stmt(stmt);
    }
    definitions.classes.into_iter().map(|node| ClassRef { file, node }).collect()
}

fn is_public(name: &str) -> bool {
    !name.starts_with('_') || (name.starts_with("__") && name.ends_with("__"))
}

fn is_top_level(body: &[Stmt], range: TextRange) -> bool {
    body.iter().any(|stmt| match stmt {
        Stmt::FunctionDef(function) => function.range() == range,
        Stmt::If(node) => {
            is_top_level(&node.body, range)
                || node.elif_else_clauses.iter().any(|clause| is_top_level(&clause.body, range))
        }
        Stmt::Try(node) => {
            is_top_level(&node.body, range)
                || node
                    .handlers
                    .iter()
                    .any(|ast::ExceptHandler::ExceptHandler(handler)| is_top_level(&handler.body, range))
        }
        _ => false,
    })
}

/// The classes and functions of a file.
struct Definitions<'f> {
    classes: Vec<&'f ast::StmtClassDef>,
    functions: Vec<(&'f ast::StmtFunctionDef, Option<&'f ast::StmtClassDef>)>,
    within: Option<&'f ast::StmtClassDef>,
}

impl<'f> Visitor<'f> for Definitions<'f> {
    fn visit_stmt(&mut self, stmt: &'f Stmt) {
        match stmt {
            Stmt::ClassDef(class) => {
                self.classes.push(class);
                let outer = self.within.replace(class);
                visitor::walk_stmt(self, stmt);
                self.within = outer;
            }
            Stmt::FunctionDef(function) => {
                self.functions.push((function, self.within));
                let outer = self.within.take();
                visitor::walk_stmt(self, stmt);
                self.within = outer;
            }
            _ => visitor::walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, _: &'f Expr) {}
}

/// The names of attributes that code of a class uses as values: `self._run` in
/// `Thread(target=self._run)`.
fn references(class: &ast::StmtClassDef) -> HashSet<&str> {
    let mut references = References { callees: HashSet::new(), names: HashSet::new() };
    for stmt in &class.body {
        references.visit_stmt(stmt);
    }
    references.names
}

struct References<'f> {
    callees: HashSet<TextRange>,
    names: HashSet<&'f str>,
}

impl<'f> Visitor<'f> for References<'f> {
    fn visit_expr(&mut self, expr: &'f Expr) {
        match expr {
            Expr::Call(call) => {
                self.callees.insert(call.func.range());
            }
            Expr::Attribute(attribute)
                if attribute.ctx.is_load() && !self.callees.contains(&expr.range()) =>
            {
                self.names.insert(attribute.attr.as_str());
            }
            _ => {}
        }
        visitor::walk_expr(self, expr);
    }
}

/// Attributes and names to which something other than `None` is stored.
struct Stores<'f> {
    attributes: BTreeSet<&'f str>,
    names: BTreeSet<&'f str>,
    globals: BTreeSet<&'f str>,
}

impl<'f> Visitor<'f> for Stores<'f> {
    fn visit_stmt(&mut self, stmt: &'f Stmt) {
        match stmt {
            Stmt::Assign(node) if node.value.is_none_literal_expr() => {}
            Stmt::AnnAssign(node) if node.value.as_deref().is_none_or(Expr::is_none_literal_expr) => {}
            Stmt::Delete(_) => {}
            Stmt::Global(node) => self.globals.extend(node.names.iter().map(ast::Identifier::as_str)),
            _ => visitor::walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, expr: &'f Expr) {
        match expr {
            Expr::Attribute(attribute) if attribute.ctx.is_store() => {
                self.attributes.insert(attribute.attr.as_str());
            }
            Expr::Name(name) if name.ctx.is_store() => {
                self.names.insert(name.id.as_str());
            }
            _ => {}
        }
        visitor::walk_expr(self, expr);
    }
}
