//! What the engine knows at one point of a function: which variables, attributes and elements
//! are tainted. A variable that is not mentioned is clean.

use std::collections::BTreeMap;
use std::sync::Arc;

use ruff_python_ast::name::Name;

use super::value::{Element, LONGEST_PATH, TaintSet, Value};

/// A variable by its scope.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Root {
    /// Of the function, or of a function around it.
    Local(Name),
    /// Of the module.
    Global(Name),
}

/// A variable or a part of the object in it: `self.buffer["x"]`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Path {
    pub(super) root: Root,
    pub(super) elements: Vec<Element>,
}

impl Path {
    pub(super) fn variable(root: Root) -> Self {
        Self { root, elements: Vec::new() }
    }

    /// The path of a part of this.
    pub(super) fn join(&self, rest: &[Element]) -> Self {
        Self { root: self.root.clone(), elements: self.elements.iter().chain(rest).cloned().collect() }
    }

    pub(super) fn is_within(&self, other: &Path) -> bool {
        self.root == other.root && self.elements.starts_with(&other.elements)
    }

    fn is_vague(&self) -> bool {
        self.elements.iter().any(Element::is_vague) || self.elements.len() > LONGEST_PATH
    }

    /// What is left of this path after another that may lead to the same object.
    fn after(&self, other: &Path) -> Option<&[Element]> {
        let overlap = |(one, two): (&Element, &Element)| one == two || one.overlaps(two);
        (self.root == other.root
            && self.elements.len() >= other.elements.len()
            && self.elements.iter().zip(&other.elements).all(overlap))
        .then(|| &self.elements[other.elements.len()..])
    }
}

/// Copies are cheap until one of them is changed.
#[derive(Clone, Debug, Default)]
pub(super) struct Environment {
    variables: Arc<BTreeMap<Root, Value>>,
    /// What propagators have set out with, by mark.
    pub(super) departed: Arc<BTreeMap<usize, TaintSet>>,
    /// The taint of whatever runs from here on.
    pub(super) control: TaintSet,
    /// Paths that lead to one object, and whether they do so for certain. The smaller one first.
    aliases: Arc<BTreeMap<(Path, Path), bool>>,
}

/// More pairs of names for one object than this are not kept apart from none.
const MOST_ALIASES: usize = 100;
/// Names of one object that are followed from one of them.
const MOST_NAMES: usize = 16;

impl Environment {
    pub(super) fn variable(&self, root: &Root) -> Value {
        self.variables.get(root).cloned().unwrap_or_default()
    }

    pub(super) fn variables(&self) -> impl Iterator<Item = (&Root, &Value)> {
        self.variables.iter()
    }

    pub(super) fn read(&self, path: &Path) -> Value {
        match self.variables.get(&path.root) {
            Some(value) => value.project_path(&path.elements),
            None => Value::default(),
        }
    }

    /// The taint of a part itself, without what is inside it.
    pub(super) fn read_own(&self, path: &Path) -> TaintSet {
        match self.variables.get(&path.root) {
            Some(value) => value.own_of_path(&path.elements),
            None => TaintSet::default(),
        }
    }

    /// The other paths to the object at a path, and whether they lead there for certain.
    pub(super) fn others(&self, path: &Path) -> Vec<(Path, bool)> {
        if self.aliases.is_empty() {
            return Vec::new();
        }
        let mut found = vec![(path.clone(), true)];
        let mut next = 0;
        while next < found.len() && found.len() < MOST_NAMES {
            let (path, certain) = found[next].clone();
            next += 1;
            for ((one, two), always) in self.aliases.iter() {
                for (here, there) in [(one, two), (two, one)] {
                    let Some(rest) = path.after(here) else { continue };
                    let other = there.join(rest);
                    if other.elements.len() <= LONGEST_PATH + 1
                        && !found.iter().any(|(known, _)| *known == other)
                    {
                        let certain = certain && *always && !here.is_vague() && !there.is_vague();
                        found.push((other, certain));
                    }
                }
            }
        }
        found.remove(0);
        found
    }

    /// From here on, a path leads to an object that these others lead to as well.
    pub(super) fn alias(&mut self, path: &Path, objects: &[(Path, bool)]) {
        for (object, certain) in objects {
            if object.is_within(path) || path.is_within(object) || self.aliases.len() >= MOST_ALIASES {
                continue;
            }
            let pair =
                if path < object { (path.clone(), object.clone()) } else { (object.clone(), path.clone()) };
            Arc::make_mut(&mut self.aliases).insert(pair, *certain && !path.is_vague());
        }
    }

    /// What was known of the object at a path is of another object from here on.
    fn part_ways(&mut self, path: &Path) {
        let concerns = |pair: &(Path, Path)| pair.0.is_within(path) || pair.1.is_within(path);
        if !path.is_vague() && self.aliases.keys().any(concerns) {
            Arc::make_mut(&mut self.aliases).retain(|pair, _| !concerns(pair));
        }
    }

    /// Stores a value; in a part of an object, under all names of that.
    pub(super) fn store(&mut self, path: &Path, value: &Value) {
        if self.aliases.is_empty() {
            return self.store_here(path, value);
        }
        // The object whose part is stored has other names; those of what was in the part stay with that.
        let others = match path.elements.split_last() {
            None => Vec::new(),
            Some((part, object)) => {
                let names = self.others(&Path { root: path.root.clone(), elements: object.to_vec() });
                let part_of =
                    |(name, certain): (Path, bool)| (name.join(std::slice::from_ref(part)), certain);
                names.into_iter().map(part_of).collect()
            }
        };
        self.part_ways(path);
        self.store_here(path, value);
        for (other, certain) in others {
            if certain {
                self.part_ways(&other);
                self.store_here(&other, value);
            } else {
                self.taint_here(&other, &value.own);
                for (rest, taints) in value.parts.iter() {
                    self.taint_here(&other.join(rest), taints);
                }
            }
        }
    }

    /// Stores a value. A store to an element that is not known by its key keeps what was there.
    fn store_here(&mut self, path: &Path, value: &Value) {
        if path.elements.is_empty() {
            if value.is_clean() {
                if self.variables.contains_key(&path.root) {
                    Arc::make_mut(&mut self.variables).remove(&path.root);
                }
            } else {
                Arc::make_mut(&mut self.variables).insert(path.root.clone(), value.clone());
            }
            return;
        }
        if !self.variables.contains_key(&path.root) && value.is_clean() {
            return;
        }
        let vague = path.elements.iter().any(Element::is_vague) || path.elements.len() > LONGEST_PATH;
        let object = Arc::make_mut(&mut self.variables).entry(path.root.clone()).or_default();
        if !vague {
            if object.parts.iter().any(|(present, _)| present.starts_with(&path.elements)) {
                Arc::make_mut(&mut object.parts).retain(|(present, _)| !present.starts_with(&path.elements));
            }
            let inherited = object.own_of_path(&path.elements);
            // The empty set is the mark of a clean part in a tainted whole. It replaces.
            if !(value.own.is_empty() && inherited.is_empty()) {
                object.add(&path.elements, &value.own);
            }
        } else if !value.own.is_empty() {
            let before = object.own_of_path(&path.elements);
            object.add(&path.elements, &before.union(&value.own));
        }
        for (rest, taints) in value.parts.iter() {
            let path: Vec<Element> = path.elements.iter().chain(rest).cloned().collect();
            object.add(&path, taints);
        }
    }

    /// Adds taint to what is there, under all its names.
    pub(super) fn taint(&mut self, path: &Path, taints: &TaintSet) {
        for (other, _) in self.others(path) {
            self.taint_here(&other, taints);
        }
        self.taint_here(path, taints);
    }

    /// Adds taint to what is there, and to those parts of it that were known to be clean.
    pub(super) fn taint_here(&mut self, path: &Path, taints: &TaintSet) {
        if taints.is_empty() || self.covers(path, taints) {
            return;
        }
        let object = Arc::make_mut(&mut self.variables).entry(path.root.clone()).or_default();
        if object.parts.iter().any(|(_, taints)| taints.is_empty()) {
            Arc::make_mut(&mut object.parts)
                .retain(|(present, taints)| !(taints.is_empty() && present.starts_with(&path.elements)));
        }
        let before = object.own_of_path(&path.elements);
        object.add(&path.elements, &before.union(taints));
    }

    /// Whether a place has all this taint already.
    pub(super) fn covers(&self, path: &Path, taints: &TaintSet) -> bool {
        self.variables.get(&path.root).is_some_and(|object| object.covers(&path.elements, taints))
    }

    /// Makes a variable or a part of it clean, with everything inside.
    pub(super) fn clean(&mut self, path: &Path) {
        self.store(path, &Value::default());
    }

    /// Either this state or that one.
    pub(super) fn join(&mut self, other: &Environment) {
        self.control.extend(&other.control);
        if !Arc::ptr_eq(&self.aliases, &other.aliases) && !self.same_aliases(other) {
            let aliases = Arc::make_mut(&mut self.aliases);
            aliases.iter_mut().for_each(|(pair, certain)| *certain &= other.aliases.get(pair) == Some(&true));
            for pair in other.aliases.keys() {
                aliases.entry(pair.clone()).or_insert(false);
            }
        }
        if !Arc::ptr_eq(&self.departed, &other.departed) {
            let departed = Arc::make_mut(&mut self.departed);
            for (mark, taints) in other.departed.iter() {
                departed.entry(*mark).or_default().extend(taints);
            }
        }
        if Arc::ptr_eq(&self.variables, &other.variables)
            || other.variables.is_empty() && self.variables.is_empty()
        {
            return;
        }
        let mut variables = None;
        for (root, value) in other.variables.iter() {
            let present = self.variables.get(root);
            if present.is_some_and(|present| present.same(value)) {
                continue;
            }
            let mut joined = present.cloned().unwrap_or_default();
            if present.is_none() {
                // Clean on this side: parts that are known to be clean say nothing any more.
                joined = value.clone();
                if value.own.is_empty() {
                    Arc::make_mut(&mut joined.parts).retain(|(_, taints)| !taints.is_empty());
                }
            } else {
                joined.join(value);
            }
            variables.get_or_insert_with(|| (*self.variables).clone()).insert(root.clone(), joined);
        }
        if let Some(variables) = variables {
            self.variables = Arc::new(variables);
        }
    }

    pub(super) fn same(&self, other: &Environment) -> bool {
        let variables = Arc::ptr_eq(&self.variables, &other.variables)
            || self.variables.len() == other.variables.len()
                && self
                    .variables
                    .iter()
                    .zip(other.variables.iter())
                    .all(|(one, two)| one.0 == two.0 && one.1.same(two.1));
        let departed = Arc::ptr_eq(&self.departed, &other.departed)
            || self.departed.len() == other.departed.len()
                && self
                    .departed
                    .iter()
                    .zip(other.departed.iter())
                    .all(|(one, two)| one.0 == two.0 && one.1.same(two.1));
        variables && departed && self.control.same(&other.control) && self.same_aliases(other)
    }

    /// The variables that have other values than before; nothing where more than values differs.
    pub(super) fn changed_since(&self, before: &Environment) -> Option<Vec<Name>> {
        if !self.same_aliases(before) || !self.departed.is_empty() || !before.departed.is_empty() {
            return None;
        }
        let is_new = |(root, value): &(&Root, &Value)| {
            before.variables.get(*root).is_none_or(|known| !known.same(value))
        };
        let gone = before.variables.keys().filter(|root| !self.variables.contains_key(*root));
        let changed = self.variables.iter().filter(is_new).map(|(root, _)| root).chain(gone);
        Some(
            changed
                .map(|root| match root {
                    Root::Local(name) | Root::Global(name) => name.clone(),
                })
                .collect(),
        )
    }

    fn same_aliases(&self, other: &Environment) -> bool {
        Arc::ptr_eq(&self.aliases, &other.aliases) || self.aliases == other.aliases
    }
}

/// Joins a state into one that may not have been reached yet.
pub(super) fn join_into(into: &mut Option<Environment>, state: Option<&Environment>) {
    match (into.as_mut(), state) {
        (_, None) => {}
        (None, Some(state)) => *into = Some(state.clone()),
        (Some(into), Some(state)) => into.join(state),
    }
}
