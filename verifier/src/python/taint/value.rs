//! What the engine knows of a value: where its taint comes from, and on which way.

use std::cmp::Ordering;
use std::sync::Arc;

use ruff_python_ast::name::Name;
use ruff_text_size::TextRange;

/// Beyond this many sources of one value the rest is dropped: the flow is found all the same.
const MOST_TAINTS: usize = 48;
/// Beyond this many parts of one argument the whole of it is meant.
const MOST_PARTS: usize = 6;
/// Longer ways than this are cut in the middle of nowhere; nobody reads them.
const LONGEST_TRACE: u16 = 64;
/// `a.b.c.d`: deeper parts of an object count as the whole of the third.
pub(super) const LONGEST_PATH: usize = 3;
/// More known parts of one object than this are taken together.
const MOST_FIELDS: usize = 64;

/// A step from an object to a part of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Element {
    /// `.name`
    Attribute(Name),
    /// `["key"]`, `[0]`
    Key(Name),
    /// `[i]` of a list whose elements have moved: any that has a number.
    Place,
    /// `[i]`
    Anything,
}

impl Element {
    /// Whether it may be several: a store there leaves what was there before.
    pub(super) fn is_vague(&self) -> bool {
        matches!(self, Element::Place | Element::Anything)
    }

    /// Whether two different elements may be the same all the same.
    pub(super) fn overlaps(&self, other: &Element) -> bool {
        match (self, other) {
            (Element::Attribute(_), _) | (_, Element::Attribute(_)) => false,
            (Element::Key(_), Element::Key(_)) => false,
            (Element::Key(key), Element::Place) | (Element::Place, Element::Key(key)) => is_place(key),
            (Element::Anything | Element::Place, _) | (_, Element::Anything) => true,
        }
    }
}

/// Whether a key is the number of an element of a list.
pub(super) fn is_place(key: &Name) -> bool {
    key.parse::<i64>().is_ok()
}

/// Where taint was born.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Origin {
    /// At a source.
    Source {
        /// The engine's number of the file.
        file: u32,
        /// The index in [`super::Marks::sources`].
        mark: u32,
    },
    /// In the caller: a placeholder that each call replaces by what it passes.
    Parameter {
        /// Its position.
        index: u16,
        /// Which part of the argument.
        path: Vec<Element>,
        /// Anything inside that part, because the value was computed from it.
        whole: bool,
    },
}

/// A label, or the index of one: 0 is the default.
pub(super) type Label = u16;

/// One reason why a value is tainted. Compared without its trace: the first way found is kept,
/// unless a later one goes through the code that the question is about.
#[derive(Clone, Debug)]
pub(super) struct Taint {
    pub(super) origin: Origin,
    pub(super) label: Label,
    pub(super) trace: Trace,
}

impl Taint {
    fn order(&self, other: &Taint) -> Ordering {
        self.origin.cmp(&other.origin).then(self.label.cmp(&other.label))
    }
}

/// The way that a value took, last step first.
#[derive(Clone, Debug, Default)]
pub(super) struct Trace(Option<Arc<TraceNode>>);

#[derive(Debug)]
struct TraceNode {
    step: Arc<Step>,
    previous: Trace,
    length: u16,
    /// Whether some step up to here is in the code that the question is about.
    concerns: bool,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) file: u32,
    pub(super) range: TextRange,
    pub(super) kind: StepKind,
    /// Whether it is in the code that the question is about.
    pub(super) concerns: bool,
}

/// What happens at a step of a flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepKind {
    /// The value is born.
    Source,
    /// It is stored in this variable, attribute or element.
    Stored(String),
    /// It is passed to this function as this parameter.
    Passed(String, String),
    /// This function returns it.
    Returned(String),
    /// A function that was given it gives it back.
    GivenBack,
    /// It goes into a call that cannot be followed, whose result is taken to be tainted.
    Unresolved(String),
    /// A propagator hands it on.
    Propagated,
    /// It arrives.
    Sink,
}

impl Trace {
    pub(super) fn then(&self, step: Step) -> Trace {
        self.then_shared(&Arc::new(step))
    }

    fn then_shared(&self, step: &Arc<Step>) -> Trace {
        let concerns = self.concerns() || step.concerns;
        let length = match &self.0 {
            Some(node) if Arc::ptr_eq(&node.step, step) || node.step == *step => return self.clone(),
            Some(node) if node.length >= LONGEST_TRACE && concerns == node.concerns => return self.clone(),
            Some(node) => node.length + 1,
            None => 1,
        };
        Trace(Some(Arc::new(TraceNode { step: step.clone(), previous: self.clone(), length, concerns })))
    }

    /// Whether it goes through the code that the question is about.
    pub(super) fn concerns(&self) -> bool {
        self.0.as_ref().is_some_and(|node| node.concerns)
    }

    pub(super) fn steps(&self) -> Vec<&Arc<Step>> {
        let mut steps = Vec::new();
        let mut trace = self;
        while let Some(node) = &trace.0 {
            steps.push(&node.step);
            trace = &node.previous;
        }
        steps.reverse();
        steps
    }

    fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// This way, then that one.
    pub(super) fn join(&self, continued: &Trace) -> Trace {
        let mut trace = self.clone();
        for step in continued.steps() {
            trace = trace.then_shared(step);
        }
        trace
    }
}

/// All reasons why a value is tainted, sorted; empty when it is clean. Copied at every step, so
/// that copies share.
#[derive(Clone, Debug, Default)]
pub(super) struct TaintSet(Option<Arc<Vec<Taint>>>);

impl TaintSet {
    pub(super) fn one(taint: Taint) -> Self {
        Self(Some(Arc::new(vec![taint])))
    }

    fn taints(&self) -> &[Taint] {
        self.0.as_ref().map_or(&[], |taints| taints.as_slice())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.taints().is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Taint> {
        self.taints().iter()
    }

    pub(super) fn same(&self, other: &TaintSet) -> bool {
        let (one, two) = (self.taints(), other.taints());
        std::ptr::eq(one, two)
            || one.len() == two.len()
                && one.iter().zip(two).all(|(one, two)| {
                    one.order(two) == Ordering::Equal && one.trace.concerns() == two.trace.concerns()
                })
    }

    /// Whether adding the other taint would change nothing.
    pub(super) fn covers(&self, other: &TaintSet) -> bool {
        let taints = self.taints();
        std::ptr::eq(taints, other.taints())
            || other.iter().all(|taint| {
                taints
                    .binary_search_by(|present| present.order(taint))
                    .is_ok_and(|position| taints[position].trace.concerns() || !taint.trace.concerns())
            })
    }

    pub(super) fn insert(&mut self, taint: Taint) {
        let Some(taints) = &mut self.0 else {
            *self = Self::one(taint);
            return;
        };
        let position = match taints.binary_search_by(|present| present.order(&taint)) {
            Err(position) => position,
            Ok(position) => {
                if taint.trace.concerns() && !taints[position].trace.concerns() {
                    Arc::make_mut(taints)[position].trace = taint.trace;
                }
                return;
            }
        };
        let Origin::Parameter { index, .. } = taint.origin else {
            if taints.len() < MOST_TAINTS {
                Arc::make_mut(taints).insert(position, taint);
            }
            return;
        };
        // Once the whole of an argument is meant, no part of it tells anything more.
        let label = taint.label;
        let alike = |present: &Taint| {
            present.label == label
                && matches!(present.origin, Origin::Parameter { index: of, .. } if of == index)
        };
        let is_all = |taint: &Taint| matches!(&taint.origin, Origin::Parameter { path, whole: true, .. } if path.is_empty());
        if taints.iter().any(|present| alike(present) && is_all(present)) {
            return;
        }
        let taints = Arc::make_mut(taints);
        let parts = taints.iter().filter(|present| alike(present)).count();
        if is_all(&taint) || parts >= MOST_PARTS {
            taints.retain(|present| !alike(present));
            let origin = Origin::Parameter { index, path: Vec::new(), whole: true };
            let all = Taint { origin, ..taint };
            let position = taints.partition_point(|present| present.order(&all) == Ordering::Less);
            taints.insert(position, all);
        } else if taints.len() < MOST_TAINTS {
            taints.insert(position, taint);
        }
    }

    pub(super) fn extend(&mut self, other: &TaintSet) {
        if self.is_empty() {
            self.0.clone_from(&other.0);
        } else if !std::ptr::eq(self.taints(), other.taints()) {
            for taint in other.iter() {
                self.insert(taint.clone());
            }
        }
    }

    pub(super) fn union(mut self, other: &TaintSet) -> Self {
        self.extend(other);
        self
    }

    /// The same taint one step further on.
    pub(super) fn then(&self, step: &Step) -> TaintSet {
        if self.is_empty() {
            return TaintSet::default();
        }
        let step = Arc::new(step.clone());
        let further = |taint: &Taint| Taint {
            origin: taint.origin.clone(),
            label: taint.label,
            trace: taint.trace.then_shared(&step),
        };
        Self(Some(Arc::new(self.iter().map(further).collect())))
    }

    /// The same taint, with this step for what has none yet.
    fn with_first(&self, step: &Step) -> TaintSet {
        let first = |taint: &Taint| match taint.trace.is_empty() {
            true => Taint { trace: taint.trace.then(step.clone()), ..taint.clone() },
            false => taint.clone(),
        };
        match self.iter().any(|taint| taint.trace.is_empty()) {
            true => Self(Some(Arc::new(self.iter().map(first).collect()))),
            false => self.clone(),
        }
    }

    pub(super) fn map(&self, function: impl Fn(&Taint) -> Option<Taint>) -> TaintSet {
        let mut mapped = TaintSet::default();
        for taint in self.iter().filter_map(function) {
            mapped.insert(taint);
        }
        mapped
    }

    /// The taint of something computed from this value.
    pub(super) fn derived(&self) -> TaintSet {
        if self.iter().all(|taint| !matches!(taint.origin, Origin::Parameter { whole: false, .. })) {
            return self.clone();
        }
        self.map(|taint| {
            let origin = match &taint.origin {
                Origin::Source { .. } => taint.origin.clone(),
                Origin::Parameter { index, path, whole: _ } => {
                    Origin::Parameter { index: *index, path: path.clone(), whole: true }
                }
            };
            Some(Taint { origin, ..taint.clone() })
        })
    }

    /// The taint of a part of this value.
    fn part(&self, element: &Element) -> TaintSet {
        if self.iter().all(|taint| matches!(taint.origin, Origin::Source { .. })) {
            return self.clone();
        }
        self.map(|taint| {
            let origin = match &taint.origin {
                Origin::Parameter { index, path, whole: false } if path.len() < LONGEST_PATH => {
                    let path = path.iter().chain([element]).cloned().collect();
                    Origin::Parameter { index: *index, path, whole: false }
                }
                Origin::Parameter { index, path, whole: _ } => {
                    Origin::Parameter { index: *index, path: path.clone(), whole: true }
                }
                Origin::Source { .. } => taint.origin.clone(),
            };
            Some(Taint { origin, ..taint.clone() })
        })
    }
}

/// Parts of a value by path; copies share.
pub(super) type Parts = Arc<Vec<(Vec<Element>, TaintSet)>>;

/// A value: the taint of the whole, and of the parts that differ from the whole. A part with an
/// empty set is known to be clean.
#[derive(Clone, Debug)]
pub(super) struct Value {
    pub(super) own: TaintSet,
    /// Sorted by path; no path is empty.
    pub(super) parts: Parts,
}

impl Default for Value {
    fn default() -> Self {
        Self::whole(TaintSet::default())
    }
}

impl Value {
    pub(super) fn whole(own: TaintSet) -> Self {
        // Nearly all values have no parts that are known: one empty list is enough for them.
        thread_local! {
            static NO_PARTS: Parts = Parts::default();
        }
        Self { own, parts: NO_PARTS.with(Arc::clone) }
    }

    pub(super) fn is_clean(&self) -> bool {
        self.own.is_empty() && self.parts.iter().all(|(_, taints)| taints.is_empty())
    }

    /// The taint of the value and of everything inside it.
    pub(super) fn reachable(&self) -> TaintSet {
        let mut all = self.own.clone();
        for (_, taints) in self.parts.iter() {
            all.extend(taints);
        }
        all
    }

    /// The value of a part.
    pub(super) fn project(&self, element: &Element) -> Value {
        let mut own = None;
        let mut vague = TaintSet::default();
        let mut parts = Value::default();
        for (path, taints) in self.parts.iter() {
            let same = path[0] == *element;
            match path.len() {
                _ if !(same || path[0].overlaps(element)) => {}
                // What is stored at an unknown index leaves the rest as it was.
                1 if same && !element.is_vague() => own = Some(taints.clone()),
                1 => vague.extend(taints),
                _ => parts.add(&path[1..], taints),
            }
        }
        let own = own.unwrap_or_else(|| self.own.part(element)).union(&vague);
        Value { own, parts: parts.parts }
    }

    /// The taint of a part itself, without what is inside it.
    fn project_own(&self, element: &Element) -> TaintSet {
        let mut own = None;
        let mut vague = TaintSet::default();
        for (path, taints) in self.parts.iter().filter(|(path, _)| path.len() == 1) {
            let same = path[0] == *element;
            if same && !element.is_vague() {
                own = Some(taints);
            } else if same || path[0].overlaps(element) {
                vague.extend(taints);
            }
        }
        match own {
            Some(own) => own.clone().union(&vague),
            None => self.own.part(element).union(&vague),
        }
    }

    /// The same for a part of a part.
    pub(super) fn own_of_path(&self, path: &[Element]) -> TaintSet {
        match path {
            [] => self.own.clone(),
            [element] => self.project_own(element),
            [first, rest @ ..] => self.project(first).own_of_path(rest),
        }
    }

    /// Whether adding taint to a part and to what in it was known to be clean would change nothing.
    pub(super) fn covers(&self, path: &[Element], taints: &TaintSet) -> bool {
        let path = &path[..path.len().min(LONGEST_PATH)];
        let known = match path {
            [] => &self.own,
            _ => match self.parts.binary_search_by(|(present, _)| present.as_slice().cmp(path)) {
                Ok(position) => &self.parts[position].1,
                Err(_) => return false,
            },
        };
        known.covers(taints)
            && !self.parts.iter().any(|(present, taints)| taints.is_empty() && present.starts_with(path))
    }

    /// The value of a part of a part.
    pub(super) fn project_path(&self, path: &[Element]) -> Value {
        path.iter().fold(self.clone(), |value, element| value.project(element))
    }

    /// What is known of a part, or what it has from its whole.
    fn taint_of(&self, path: &[Element]) -> TaintSet {
        match self.parts.binary_search_by(|(present, _)| present.as_slice().cmp(path)) {
            Ok(position) => self.parts[position].1.clone(),
            Err(_) if self.parts.is_empty() && self.own.is_empty() => TaintSet::default(),
            Err(_) => self.own_of_path(path),
        }
    }

    /// Adds taint to a part, and keeps what is known of it.
    pub(super) fn add(&mut self, path: &[Element], taints: &TaintSet) {
        let path = &path[..path.len().min(LONGEST_PATH)];
        if path.is_empty() {
            self.own.extend(taints);
            return;
        }
        match self.parts.binary_search_by(|(present, _)| present.as_slice().cmp(path)) {
            Ok(position) => Arc::make_mut(&mut self.parts)[position].1.extend(taints),
            Err(_) if self.parts.len() >= MOST_FIELDS => self.own.extend(taints),
            Err(position) => Arc::make_mut(&mut self.parts).insert(position, (path.to_vec(), taints.clone())),
        }
    }

    /// Either this value or that one.
    pub(super) fn join(&mut self, other: &Value) {
        if other.parts.is_empty() && self.parts.is_empty() {
            self.own.extend(&other.own);
            return;
        }
        if self.same(other) {
            return;
        }
        if self.is_clean() && self.parts.is_empty() {
            *self = other.clone();
            return;
        }
        // A part that only one side knows is, on the other side, what its whole is.
        let mut parts: Vec<Vec<Element>> = Vec::new();
        parts.extend(self.parts.iter().map(|(path, _)| path.clone()));
        parts.extend(other.parts.iter().map(|(path, _)| path.clone()));
        parts.sort();
        parts.dedup();
        let mut joined = Value::whole(self.own.clone().union(&other.own));
        for path in parts {
            let taints = self.taint_of(&path).union(&other.taint_of(&path));
            joined.add(&path, &taints);
        }
        *self = joined;
    }

    /// Gives an element another value; one that is not known by its key leaves the others as they are.
    pub(super) fn put(&mut self, element: &Element, part: &Value) {
        let is_it = |path: &[Element]| path.first() == Some(element) && !element.is_vague();
        if !self.parts.iter().any(|(path, _)| is_it(path)) && self.own.is_empty() {
            self.join(&part.wrapped(element));
            return;
        }
        Arc::make_mut(&mut self.parts).retain(|(path, _)| !is_it(path));
        self.add(std::slice::from_ref(element), &part.own);
        for (path, taints) in part.parts.iter() {
            let path: Vec<Element> = [element.clone()].into_iter().chain(path.iter().cloned()).collect();
            self.add(&path, taints);
        }
    }

    /// This value as a part of another: `{"a": this}`.
    pub(super) fn wrapped(&self, element: &Element) -> Value {
        let mut value = Value::default();
        value.add(std::slice::from_ref(element), &self.own);
        for (path, taints) in self.parts.iter() {
            let path: Vec<Element> = [element.clone()].into_iter().chain(path.iter().cloned()).collect();
            value.add(&path, taints);
        }
        value
    }

    /// The same value one step further on.
    pub(super) fn then(&self, step: &Step) -> Value {
        if self.parts.is_empty() {
            return Value::whole(self.own.then(step));
        }
        let parts = self.parts.iter().map(|(path, taints)| (path.clone(), taints.then(step))).collect();
        Value { own: self.own.then(step), parts: Arc::new(parts) }
    }

    /// The same value, with this step for those of its parts that have taken none yet.
    pub(super) fn with_first(&self, step: &Step) -> Value {
        let parts = self.parts.iter().map(|(path, taints)| (path.clone(), taints.with_first(step))).collect();
        Value { own: self.own.with_first(step), parts: Arc::new(parts) }
    }

    pub(super) fn same(&self, other: &Value) -> bool {
        let shared = Arc::ptr_eq(&self.parts, &other.parts);
        self.own.same(&other.own)
            && (shared
                || self.parts.len() == other.parts.len()
                    && self
                        .parts
                        .iter()
                        .zip(other.parts.iter())
                        .all(|(one, two)| one.0 == two.0 && one.1.same(&two.1)))
    }
}
