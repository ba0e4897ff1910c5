//! Every thread of control, walked from where it begins, with what it has started and joined
//! and the locks that it holds on the way.

use std::collections::{BTreeSet, HashSet};

use super::conditions::Condition;
use super::lambdas;
use super::outside::Called;
use super::walk::{Lock, Step};
use super::{Control, Effect, Known, Touch};
use crate::python::project::{FunctionRef, Target};

/// All roots of a class.
pub(super) struct Walked<'k, 'p, 'f> {
    pub(super) known: &'k Known<'p, 'f>,
    pub(super) touches: Vec<Touch<'f>>,
    pub(super) starts: Vec<Start>,
    /// For each root, the threads that still run when it ends.
    pub(super) left: Vec<Vec<usize>>,
    pub(super) roots: usize,
    pub(super) steps: usize,
    /// Not everything was walked.
    pub(super) cut: bool,
}

/// Where a thread is started.
pub(super) struct Start {
    pub(super) number: usize,
    pub(super) in_constructor: bool,
    /// The function that starts it waits for its end.
    pub(super) joined_there: bool,
    /// The threads that the same root has started and not joined.
    running: Vec<usize>,
    /// The root that starts it, and what it has touched before.
    root: usize,
    before: std::ops::Range<usize>,
}

/// A method that gives the attribute a new value and then starts the only thread of its kind
/// does so before that thread runs.
pub(super) fn set_apart(known: &Known, touches: &mut [Touch], starts: &[Start]) {
    for start in starts {
        let is_only = starts.iter().all(|other| other.number != start.number || other.root == start.root);
        if start.in_constructor || !is_only || known.often.get(start.number) != Some(&false) {
            continue;
        }
        for touch in &mut touches[start.before.clone()] {
            if touch.effect == Effect::Store {
                touch.apart.push(start.number);
            }
        }
    }
}

/// A function, the locks around, and the threads that were started and joined before.
type Walk = (usize, Vec<Lock>, BTreeSet<usize>, BTreeSet<usize>);

/// One walk from one root.
struct Root {
    control: Control,
    in_constructor: bool,
    started: BTreeSet<usize>,
    joined: BTreeSet<usize>,
    /// What was joined where the blocks around began, and their tests.
    branches: Vec<(BTreeSet<usize>, Option<Condition>)>,
    /// Functions that were walked with these locks, after these threads were started and joined.
    seen: HashSet<Walk>,
    number: usize,
    /// How many calls are being followed.
    depth: usize,
    /// The first of its touches.
    first: usize,
    doubt: Option<String>,
}

impl Root {
    fn running(&self) -> Vec<usize> {
        self.started.difference(&self.joined).copied().collect()
    }
}

/// Pairs of threads that one root starts, one after the other has ended.
pub(super) fn one_after_another(starts: &[Start], left: &[Vec<usize>]) -> BTreeSet<(usize, usize)> {
    let mut pairs = BTreeSet::new();
    let numbers: BTreeSet<usize> = starts.iter().map(|start| start.number).collect();
    for one in &numbers {
        for other in numbers.range(one + 1..) {
            let of_both: Vec<&Start> =
                starts.iter().filter(|start| start.number == *one || start.number == *other).collect();
            let Some(root) = of_both.first().map(|start| start.root) else { continue };
            let ends = of_both[0].in_constructor
                || left.get(root - 1).is_some_and(|left| !left.contains(one) && !left.contains(other));
            let meet = |start: &&Start| {
                let second = if start.number == *one { other } else { one };
                start.running.contains(second)
            };
            if ends && of_both.iter().all(|start| start.root == root) && !of_both.iter().any(meet) {
                pairs.insert((*one, *other));
            }
        }
    }
    pairs
}

impl<'f> Known<'_, 'f> {
    /// The functions of the class's own code that run when these do, these among them.
    pub(super) fn functions_from(&self, from: Vec<FunctionRef<'f>>) -> Vec<FunctionRef<'f>> {
        const MOST: usize = 200;
        let mut functions = from;
        let mut next = 0;
        while let Some(function) = functions.get(next).copied() {
            next += 1;
            for step in self.steps(function).iter() {
                let Step::Call { callees, .. } = step else { continue };
                for callee in callees {
                    if !functions.contains(callee) && functions.len() < MOST {
                        functions.push(*callee);
                    }
                }
            }
        }
        functions
    }

    /// The threads that functions of the class's own code start, with what they call.
    pub(super) fn started_from(&self, from: Vec<FunctionRef<'f>>) -> Vec<usize> {
        let mut started = Vec::new();
        for function in self.functions_from(from) {
            started.extend(self.steps(function).iter().filter_map(|step| match step {
                Step::Start(number) => Some(*number),
                _ => None,
            }));
        }
        started
    }
}

/// Steps of one root; more of them are a program that nobody reads.
const STEPS: usize = 20_000;
/// Calls inside of calls are followed this far.
const CALLS: usize = 200;

impl<'f> Walked<'_, '_, 'f> {
    pub(super) fn everything(&mut self) {
        let known = self.known;
        let constructors = known.project.method(known.class, "__init__").unwrap_or_default();
        for constructor in constructors {
            self.root(Control::Callers, true, constructor, None);
        }
        for number in 0..known.spawned.len() {
            if let Target::Functions(functions) = &known.spawned[number].target {
                for (function, receiver) in functions.clone() {
                    if known.is_ours(function, receiver) {
                        self.root(Control::Thread(number), false, function, None);
                    }
                }
            }
        }
        for (number, function, lambda) in &known.lambdas {
            let steps = lambdas::touches(known, *function, lambda);
            let mut root = self.new_root(Control::Thread(*number), false, None);
            self.follow(&mut root, *function, &steps, &[], &[]);
            self.left.push(Vec::new());
        }
        let kept = known.kept_methods();
        let callers = self.callers_methods(&kept);
        for (method, doubt) in callers {
            self.root(Control::Callers, false, method, doubt);
        }
        self.out_of_tables(&kept);
    }

    /// Threads may run what they find in tables.
    fn out_of_tables(&mut self, kept: &[(FunctionRef<'f>, String)]) {
        let known = self.known;
        for (number, spawned) in known.spawned.iter().enumerate().filter(|_| !kept.is_empty()) {
            let Target::Functions(functions) = &spawned.target else { continue };
            let own = functions.iter().filter(|(function, receiver)| known.is_ours(*function, *receiver));
            let reached = known.functions_from(own.map(|(function, _)| *function).collect());
            if !reached.iter().any(|function| known.calls_what_is_kept(*function)) {
                continue;
            }
            for (method, place) in kept.iter().filter(|(method, _)| !reached.contains(method)) {
                let doubt =
                    format!("whether {} runs `{}`, which `{place}` keeps", spawned.label, method.node.name);
                self.root(Control::Thread(number), false, *method, Some(doubt));
            }
        }
    }

    /// The methods that somebody outside the class calls: public ones, and private ones that
    /// none of the class's own code runs.
    fn callers_methods(
        &mut self,
        kept: &[(FunctionRef<'f>, String)],
    ) -> Vec<(FunctionRef<'f>, Option<String>)> {
        let known = self.known;
        let mut methods: Vec<FunctionRef<'f>> = Vec::new();
        for owner in &known.owners {
            for method in known.project.own_methods(*owner) {
                let name = method.node.name.as_str();
                let is_nearest =
                    known.project.method(known.class, name).map_or(true, |nearest| nearest.contains(&method));
                if is_nearest && !matches!(name, "__init__" | "__new__" | "__del__") {
                    methods.push(method);
                }
            }
        }
        let run: Vec<FunctionRef<'f>> = methods
            .iter()
            .flat_map(|method| known.steps(*method).iter().cloned().collect::<Vec<_>>())
            .chain(
                known
                    .project
                    .method(known.class, "__init__")
                    .unwrap_or_default()
                    .into_iter()
                    .flat_map(|constructor| self.reached_steps(constructor)),
            )
            .filter_map(|step| match step {
                Step::Call { callees, .. } => Some(callees),
                Step::Touch { .. } | Step::Start(_) | Step::Join(_) | Step::Branch(_) | Step::Merge => None,
            })
            .flatten()
            .collect();
        let is_target = |method: &FunctionRef<'f>| {
            known.spawned.iter().any(|spawned| match &spawned.target {
                Target::Functions(functions) => functions.iter().any(|(function, _)| function == method),
                Target::Lambda(_) | Target::Outside(_) | Target::Unknown(_) => false,
            })
        };
        let mut by_threads: Vec<FunctionRef<'f>> = Vec::new();
        for spawned in &known.spawned {
            if let Target::Functions(functions) = &spawned.target {
                for (function, _) in functions {
                    by_threads.extend(self.reached(*function));
                }
            }
        }
        let mut roots = Vec::new();
        for method in methods {
            let name = method.node.name.as_str();
            let is_dunder = name.starts_with("__") && name.ends_with("__");
            let is_public = !name.starts_with('_') || is_dunder;
            if is_target(&method) || (!is_public && run.contains(&method)) {
                continue;
            }
            if let (false, Some((_, place))) = (is_public, kept.iter().find(|(known, _)| *known == method)) {
                roots.push((method, Some(format!("in which thread `{name}` runs, which `{place}` keeps"))));
                continue;
            }
            // A public method that a thread runs: that somebody else calls it too must show.
            if !is_dunder && by_threads.contains(&method) {
                match known.called_outside(name) {
                    Called::No => continue,
                    Called::Yes => roots.push((method, None)),
                    Called::Maybe(why) => roots.push((method, Some(why))),
                }
            } else {
                roots.push((method, None));
            }
        }
        roots
    }

    fn reached(&self, from: FunctionRef<'f>) -> Vec<FunctionRef<'f>> {
        let called = self.reached_steps(from).into_iter().filter_map(|step| match step {
            Step::Call { callees, .. } => Some(callees),
            Step::Touch { .. } | Step::Start(_) | Step::Join(_) | Step::Branch(_) | Step::Merge => None,
        });
        called.flatten().collect()
    }

    fn reached_steps(&self, from: FunctionRef<'f>) -> Vec<Step<'f>> {
        let mut steps = Vec::new();
        for function in self.known.functions_from(vec![from]) {
            steps.extend(self.known.steps(function).iter().cloned());
        }
        steps
    }

    fn root(
        &mut self,
        control: Control,
        in_constructor: bool,
        function: FunctionRef<'f>,
        doubt: Option<String>,
    ) {
        let mut root = self.new_root(control, in_constructor, doubt);
        self.walk(&mut root, function, &[], &[]);
        self.left.push(root.running());
    }

    fn new_root(&mut self, control: Control, in_constructor: bool, doubt: Option<String>) -> Root {
        self.roots += 1;
        Root {
            control,
            in_constructor,
            started: BTreeSet::new(),
            joined: BTreeSet::new(),
            branches: Vec::new(),
            seen: HashSet::new(),
            number: self.roots,
            depth: 0,
            first: self.touches.len(),
            doubt,
        }
    }

    fn walk(&mut self, root: &mut Root, function: FunctionRef<'f>, locks: &[Lock], maybe: &[Lock]) {
        let key = (
            std::ptr::from_ref(function.node).addr(),
            locks.to_vec(),
            root.started.clone(),
            root.joined.clone(),
        );
        if self.steps > STEPS || root.depth > CALLS {
            self.cut = true;
            return;
        }
        if !root.seen.insert(key) {
            return;
        }
        let steps = self.known.steps(function);
        self.follow(root, function, &steps, locks, maybe);
    }

    fn follow(
        &mut self,
        root: &mut Root,
        function: FunctionRef<'f>,
        steps: &[Step<'f>],
        locks: &[Lock],
        maybe: &[Lock],
    ) {
        for step in steps.iter().cloned() {
            self.steps += usize::from(!matches!(step, Step::Branch(_) | Step::Merge));
            match step {
                Step::Touch { range, effect, locks: own, maybe: own_maybe } => {
                    let all = 0..self.known.spawned.len();
                    let apart = all
                        .filter(|number| {
                            let not_yet = root.in_constructor && !root.started.contains(number);
                            not_yet || root.joined.contains(number)
                        })
                        .collect();
                    self.touches.push(Touch {
                        control: root.control,
                        function,
                        range,
                        effect,
                        locks: own.iter().chain(locks).cloned().collect(),
                        maybe: own_maybe.iter().chain(maybe).cloned().collect(),
                        apart,
                        in_constructor: root.in_constructor,
                        doubt: root.doubt.clone(),
                    });
                }
                Step::Call { callees, locks: own, maybe: own_maybe } => {
                    let mut held: Vec<Lock> = own.iter().chain(locks).cloned().collect();
                    held.sort();
                    held.dedup();
                    let unsure: Vec<Lock> = own_maybe.iter().chain(maybe).cloned().collect();
                    root.depth += 1;
                    for callee in callees {
                        self.walk(root, callee, &held, &unsure);
                    }
                    root.depth -= 1;
                }
                Step::Start(number) => {
                    root.joined.remove(&number);
                    let running = root.running();
                    root.started.insert(number);
                    self.starts.push(Start {
                        number,
                        in_constructor: root.in_constructor,
                        joined_there: self.known.is_joined(steps, number),
                        running,
                        root: root.number,
                        before: root.first..self.touches.len(),
                    });
                }
                Step::Join(number) => {
                    root.joined.insert(number);
                }
                Step::Branch(condition) => root.branches.push((root.joined.clone(), condition)),
                Step::Merge => {
                    let (before, condition) = root.branches.pop().unwrap_or_default();
                    root.joined.retain(|joined| {
                        before.contains(joined) || self.known.is_only_under(*joined, condition.as_ref())
                    });
                }
            }
        }
    }
}

impl Known<'_, '_> {
    /// Whether a function waits for a thread whatever way it takes.
    fn is_joined(&self, steps: &[Step], number: usize) -> bool {
        // The blocks around that may be left out although the thread was started.
        let mut around: Vec<bool> = Vec::new();
        steps.iter().any(|step| {
            match step {
                Step::Branch(condition) => around.push(!self.is_only_under(number, condition.as_ref())),
                Step::Merge => drop(around.pop()),
                Step::Touch { .. } | Step::Call { .. } | Step::Start(_) | Step::Join(_) => {}
            }
            !around.contains(&true) && matches!(step, Step::Join(joined) if *joined == number)
        })
    }
}
