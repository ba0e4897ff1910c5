//! # `flow`: a value from one place reaches another
//!
//! What it asks: does a value that comes from code matching `from` arrive at code matching `to`?
//! At a call arrives what is passed to it, with the object that it is called on; at any other
//! expression, its value. The value is followed
//!
//! - through assignments, unpacking, attributes, elements of containers by their keys, operators,
//!   strings, comprehensions, lambdas, `with`, `for`, `match`, both ways of each branch, round each
//!   loop, and with what is raised to the handler that names its class;
//! - into functions and methods of the project and out of them, across files; into a class's
//!   other methods by the attributes of `self`, into functions by variables of their module or of
//!   one that they import; to the property that an attribute is, when it is read and when it is
//!   stored to; behind `super()` also to the class that comes next in the order of a subclass;
//! - into the methods of the project that Python runs where no call is written: `__iter__` and
//!   `__next__`, `__getitem__` and `__setitem__`, `__enter__` and `__exit__` with their
//!   asynchronous kin, `__str__`; where the object can be told;
//! - into a variable of a module, or an attribute of a class, that code of a third module stores
//!   to (`settings.value = …`);
//! - with elements of a list that move because the function, one that it calls, or the library takes
//!   others out, puts them in or sorts them: each may have any place then;
//! - into an object under each of the names that one function has for it, and where a method does
//!   nothing but to give it (`self.box().put(value)`), with `setattr`, `getattr` and `__dict__`
//!   where the attribute's name is written out or a name always stands for it; into containers that
//!   are attributes of a class, for all its objects; into files in memory (`io.BytesIO`) and out
//!   of them;
//! - where the code gives a function that a pattern `function(...)` looks for another name
//!   (`loads = pickle.loads`), or gives it away (`map(pickle.loads, parts)`);
//! - through a call that cannot be followed, from its arguments and its object to its result.
//!   This is an assumption, and a note names the call.
//!
//! It is not followed through what matches `sanitizers`, nor through comparisons, `len`, `bool`,
//! `isinstance` and the like, which tell something about a value and are not the value. A
//! propagator hands it on where nothing else would: from one metavariable of its pattern to
//! another.
//!
//! In `findings.toml`:
//!
//! ```toml
//! file = "agents/listener.py"       # some step of the way is in this file
//! symbol = "Listener.run"           # and inside this
//! static = { flow = {
//!     from = ["$SOCKET.recv(...)"],
//!     to = ["pickle.loads(...)"],
//!     sanitizers = ["verify(...)"],
//!     propagators = [{ pattern = "$BUFFER.feed($DATA)", from = "$DATA", to = "$BUFFER" }],
//! } }
//! ```
//!
//! With `files = "glob"` every flow whose sink is in one of the files is cited. The sites are the
//! steps of each way; the notes tell each way in order.
//!
//! A function that is given away is followed where the library is known to run it: `map`, `filter`,
//! `partial`, `Thread(target=…)`, `submit`, `run_in_executor`, `to_thread`, `call_soon` and their kin.
//!
//! What it cannot see: values that go through processes, files, queues or sockets and come back;
//! `exec`, `globals()`; an object that one function has under another name than the function that
//! gave it; what an exception tells that a library raises; values that only decide which branch is
//! taken; a class's own attribute that is read of an object other than `self`; setters, `__setattr__` and
//! `__getattr__` that do otherwise than their name says; a `range` of one's own; context managers that
//! swallow an exception and are neither `suppress` nor written as a class or a generator with `except`.
//! A branch that can never be taken counts as taken, unless a constant decides that. When the sink is
//! reached by a parameter, callers are looked for in all files that name the function and its class or
//! module.
//!
//! "No" is said only when every way could be followed. It could not be observed when the work for
//! one question was more than its bound, when functions of a file that does not compile are called
//! or its variables read, when the value is stored in an attribute whose name is computed or in an
//! object that cannot be told, when it is raised and handlers do not tell whether they catch it, when
//! a decorator of the project is not seen to hand on all that a function is given, when the value is
//! given to code that cannot be told (a parameter that is called, an element of a table, a method of
//! an unknown object where a method of that name hands it on), and when a function with a sink is itself given away to code that cannot be told. For a claim about a symbol
//! that counts where the value has come through the symbol, or the symbol may take to a sink what
//! it is given or what it reads from variables. What a library does with a value is not looked at.

mod aliases;
mod resolve;
mod special;
mod wrappers;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use foldhash::HashSet;

use crate::catalogue::check::FlowCheck;
use crate::catalogue::{CheckKind, Claim, Scope as ClaimScope};
use crate::evidence::{Observation, Reason, Site};
use crate::parallel;
use crate::python::ast::name::Name;
use crate::python::pattern::{Matcher, Pattern};
use crate::python::taint::{
    self, AttributeSite, Beyond, CallSite, Callee, ClassAt, Doubt, Findings, Flow, FlowStep, Given, Mark,
    Marks, ObjectSite, Open, Options, Place, PropagatorKind, PropagatorMark, SanitizerKind, SinkKind,
    SourceKind, Special, Specification, StepKind, World,
};
use crate::python::{ParsedFile, Project, TextRange, ast};
use crate::static_checks::{
    Context, Example, Examples, Sight, Subject, broken_elsewhere_note, broken_within, site, subjects, sweep,
};
use crate::target::RelativePath;
use resolve::{
    bases, beyond, callees, class_of, escapes, fields, getters, given, imported, module_of, setters,
};

const KIND: CheckKind = CheckKind::Flow;
/// Callers of a function are looked for in at most this many files.
const MOST_CALLER_FILES: usize = 150;
/// Callers of callers, and so on.
const MOST_CALLER_ROUNDS: usize = 4;
/// Files of a sweep whose calls are followed.
const MOST_FOLLOWED: usize = 12;
/// Ways told step by step; the rest is counted.
const MOST_WAYS: usize = 20;

/// One that holds and one that does not.
pub const EXAMPLES: Examples = Examples {
    holds: Example {
        claim: "file = \"example.py\"\nstatic = { flow = { from = \"$S.recv(...)\", to = \"pickle.loads(...)\" } }",
        python: "\
import pickle

class Listener:
    def receive(self):
        self.message = self.socket.recv()  # <-

    def decode(self, data):
        return pickle.loads(data)  # <-

    def run(self):
        self.receive()
        return self.decode(self.message)  # <-
",
    },
    does_not_hold: Example {
        claim: "file = \"example.py\"\nstatic = { flow = { from = \"$S.recv(...)\", to = \"pickle.loads(...)\" } }",
        python: "\
import json
import pickle

class Listener:
    def run(self, cache):
        message = self.socket.recv()
        state = pickle.loads(cache.read())
        return json.loads(message), state
",
    },
};

/// Asks it.
pub fn observe(check: &FlowCheck, claim: &Claim, context: &Context) -> Observation {
    let asked = Asked::new(check, context.project);
    let result = match &claim.scope {
        ClaimScope::File(_) => subjects(claim, context).map(|subjects| {
            let answers: Vec<Answer> = subjects.into_iter().map(|subject| asked.look(subject)).collect();
            let searched = crate::evidence::Searched { files: 1, parsed: 1, ..Default::default() };
            (answers, searched)
        }),
        ClaimScope::Sweep(_) => {
            sweep(claim, context, |bytes| asked.may_have_sink(bytes), |subject| asked.pass(subject))
                .map(|swept| (asked.follow_some(swept.found), swept.searched))
        }
    };
    match result {
        Ok((mut answers, searched)) if asked.gave_up.load(Ordering::Relaxed) => {
            let what = "a pattern has too many ways to match: not all were tried".to_owned();
            answers.push(Answer { unresolved: Some(what), ..Answer::default() });
            conclude(check, answers, searched)
        }
        Ok((answers, searched)) => conclude(check, answers, searched),
        Err(reason) => Sight::default().unobserved(KIND, reason),
    }
}

/// What one subject gave.
#[derive(Default)]
struct Answer {
    ways: Vec<Way>,
    blind: Option<Reason>,
    /// Flows whose code does not compile at one of their steps.
    broken_ways: Vec<Reason>,
    /// Sources and sinks of the subject, cited when nothing is found.
    looked_at: Vec<Site>,
    sources: u32,
    sinks: u32,
    functions: u32,
    nodes: u64,
    notes: Vec<String>,
    unresolved: Option<String>,
}

/// A subject of a sweep after the first look.
struct Passed<'f> {
    subject: Subject<'f>,
    answer: Answer,
    done: bool,
    has_source: bool,
}

/// A flow, ready to be cited.
struct Way {
    sites: Vec<Site>,
    steps: Vec<String>,
    source: String,
    sink: String,
}

fn conclude(check: &FlowCheck, answers: Vec<Answer>, mut searched: crate::evidence::Searched) -> Observation {
    let mut sight = Sight::default();
    let (mut sources, mut sinks, mut functions) = (0, 0, 0);
    let mut ways = Vec::new();
    let mut looked_at = Vec::new();
    let mut notes = BTreeSet::new();
    let mut unresolved = None;
    let mut broken = None;
    for answer in answers {
        sources += answer.sources;
        sinks += answer.sinks;
        functions += answer.functions;
        searched.nodes += answer.nodes;
        // What was called may be in other files than those that were swept.
        if let Some(blind) = answer.blind.filter(|blind| !searched.blind.contains(blind)) {
            searched.blind.push(blind);
        }
        ways.extend(answer.ways);
        looked_at.extend(answer.looked_at);
        notes.extend(answer.notes);
        unresolved = unresolved.or(answer.unresolved);
        broken = broken.or(answer.broken_ways.into_iter().next());
    }
    sight.searched = searched;
    if let Some(first) = ways.first() {
        let named = |patterns: &[Pattern], place: &str| match patterns {
            [one] => format!("`{}` ({place})", one.source()),
            _ => format!("the value at {place}"),
        };
        let mut because =
            format!("{} reaches {}", named(&check.from, &first.source), named(&check.to, &first.sink));
        if ways.len() > 1 {
            because.push_str(&format!(", and {} more", ways.len() - 1));
        }
        sight
            .notes
            .extend(ways.iter().take(MOST_WAYS).map(|way| format!("path: {}", way.steps.join(", then "))));
        if ways.len() > MOST_WAYS {
            sight.notes.push(format!("{} more paths are not told step by step", ways.len() - MOST_WAYS));
        }
        sight.notes.extend(notes);
        sight.sites = merge(ways.into_iter().flat_map(|way| way.sites));
        return sight.holds(KIND, because);
    }
    sight.notes.extend(notes);
    sight.sites = merge(looked_at);
    let tell = |patterns: &[Pattern]| {
        let texts: Vec<String> = patterns.iter().map(|pattern| format!("`{}`", pattern.source())).collect();
        texts.join(", ")
    };
    let because = format!(
        "{} from {} and {} to {} were looked at in {}, and none of the values arrives",
        plural(sources, "place", "places"),
        tell(&check.from),
        plural(sinks, "place", "places"),
        tell(&check.to),
        plural(functions, "function", "functions"),
    );
    if let Some(reason) = broken {
        return sight.unobserved(KIND, reason);
    }
    match unresolved {
        Some(what) => sight.unobserved(KIND, Reason::Unresolved { what }),
        None => sight.does_not_hold(KIND, because),
    }
}

fn plural(number: u32, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// One site per line: a line may be a step of several ways, or two steps of one.
fn merge(sites: impl IntoIterator<Item = Site>) -> Vec<Site> {
    let mut merged: BTreeMap<(RelativePath, u32), Site> = BTreeMap::new();
    for site in sites {
        match merged.entry((site.file.clone(), site.line)) {
            std::collections::btree_map::Entry::Vacant(entry) => drop(entry.insert(site)),
            std::collections::btree_map::Entry::Occupied(mut entry) => {
                let present = entry.get_mut();
                present.end_line = present.end_line.max(site.end_line);
                let label = site.label.unwrap_or_default();
                let known = present.label.get_or_insert_default();
                if !known.split(", ").any(|part| part == label) {
                    known.push_str(", ");
                    known.push_str(&label);
                }
            }
        }
    }
    merged.into_values().collect()
}

/// The question, prepared for many files.
struct Asked<'c, 'f> {
    check: &'c FlowCheck,
    project: &'c Project<'f>,
    specification: Specification,
    marks: Mutex<HashMap<RelativePath, Arc<Marks>>>,
    stored: Mutex<HashMap<RelativePath, Arc<HashSet<Name>>>>,
    /// A pattern had too many ways to match somewhere.
    gave_up: Arc<AtomicBool>,
}

impl<'c, 'f> Asked<'c, 'f> {
    fn new(check: &'c FlowCheck, project: &'c Project<'f>) -> Self {
        let specification = Specification {
            // A value that somebody names is that value and not what it is made of.
            sources: check.from.iter().map(|_| SourceKind { exact: true, ..SourceKind::default() }).collect(),
            sinks: check.to.iter().map(|_| SinkKind::default()).collect(),
            sanitizers: check.sanitizers.iter().map(|_| SanitizerKind::default()).collect(),
            propagators: check.propagators.iter().map(|_| PropagatorKind::default()).collect(),
            options: Options { deep: true, ..Options::default() },
        };
        Self {
            check,
            project,
            specification,
            marks: Mutex::default(),
            stored: Mutex::default(),
            gave_up: Arc::default(),
        }
    }

    fn may_have_sink(&self, text: &[u8]) -> bool {
        self.check.to.iter().any(|pattern| may_match(pattern, text))
    }

    /// The first look of a sweep.
    fn pass(&self, subject: Subject<'f>) -> Passed<'f> {
        let marks = self.marks_of(subject.file);
        let mut answer = Answer { blind: subject.blind(), ..Answer::default() };
        let has_sink = marks.sinks.iter().any(|mark| subject.range().contains_range(mark.range));
        let done = !has_sink || self.look_nearby(&mut answer, subject);
        Passed { subject, answer, done, has_source: marks.has_sources() }
    }

    /// The second look, at those files of a sweep for which the first was not enough; at those
    /// with a source of their own first, when there are more than can be looked at.
    fn follow_some(&self, passed: Vec<Passed<'f>>) -> Vec<Answer> {
        let open = passed.iter().filter(|passed| !passed.done).count();
        let mut first: Vec<usize> = (0..passed.len()).filter(|index| !passed[*index].done).collect();
        first.sort_by_key(|index| (!passed[*index].has_source, *index));
        first.truncate(MOST_FOLLOWED);
        let first: BTreeSet<usize> = first.into_iter().collect();
        let passed = passed.into_iter().enumerate().collect();
        parallel::map_into(passed, |(index, mut passed): (usize, Passed<'f>)| {
            if first.contains(&index) {
                return self.look(passed.subject);
            }
            if !passed.done {
                let what =
                    format!("calls were followed from {MOST_FOLLOWED} of {open} files, more are too many");
                passed.answer.notes.push(what.clone());
                passed.answer.unresolved = Some(what);
            }
            passed.answer
        })
    }

    fn look(&self, subject: Subject<'f>) -> Answer {
        let file = subject.file;
        let mut answer = Answer { blind: subject.blind(), ..Answer::default() };
        if self.look_nearby(&mut answer, subject) {
            return answer;
        }
        answer = Answer { blind: answer.blind, ..Answer::default() };
        let mut roots = vec![file];
        let mut asked_for = BTreeSet::new();
        for round in 0..=MOST_CALLER_ROUNDS {
            if round == MOST_CALLER_ROUNDS {
                answer.unresolved.get_or_insert_with(|| {
                    format!("callers were looked for {MOST_CALLER_ROUNDS} calls far, and there are more")
                });
                break;
            }
            let findings = taint::analyse(&self.specification, self, &roots, Some(subject.range()));
            answer.functions = findings.functions;
            answer.nodes += findings.nodes;
            self.take(&mut answer, &findings, subject, |flow| !flow.by_default);
            if !answer.ways.is_empty() {
                break;
            }
            // What a parameter brings to the sink is decided by callers elsewhere, and so is what
            // becomes of a result.
            let before = roots.len();
            let known = |open: &Open| (open.function.clone(), open.related.clone(), open.stored);
            for open in findings.open.iter().filter(|open| asked_for.insert(known(open))) {
                let added = match open.stored {
                    true => self.add_writers(open, &mut roots),
                    false => self.add_callers(open, &mut roots),
                };
                if let Err(what) = added {
                    answer.unresolved = Some(what);
                }
            }
            if roots.len() == before {
                self.take(&mut answer, &findings, subject, |flow| flow.by_default);
                // A value that others bring goes through the subject when that is given it, too.
                let place = |open: &Open| open.arrives.clone().map(|(file, range)| Place { file, range });
                let concerned = subject.symbol.is_none()
                    || findings.open.iter().filter_map(place).any(|place| overlaps(&place, subject));
                let escaped = concerned
                    .then(|| findings.open.iter().find_map(|open| escapes(self.project, open, &roots)))
                    .flatten();
                answer.unresolved = answer.unresolved.take().or(escaped);
                break;
            }
            answer.notes.push(format!("callers were followed into {}", plural_files(roots.len() - 1)));
        }
        self.count(&mut answer, subject);
        answer
    }

    /// Looks at the file alone. A way that needs no call of unknown effect is there whatever
    /// the calls do; whether every sink of the subject has one, so that nothing else has to be read.
    fn look_nearby(&self, answer: &mut Answer, subject: Subject<'f>) -> bool {
        let marks = self.marks_of(subject.file);
        let start = |range: TextRange| range.start().to_u32();
        let sinks: BTreeSet<u32> = marks
            .sinks
            .iter()
            .filter(|mark| subject.range().contains_range(mark.range))
            .map(|mark| start(mark.range))
            .collect();
        if sinks.is_empty() || marks.sources.is_empty() {
            return false;
        }
        let mut findings =
            taint::analyse(&self.specification, &Nearby(self), &[subject.file], Some(subject.range()));
        for flow in &mut findings.flows {
            *flow = flow.by_way_of(|step| is_within(step, subject)).unwrap_or_else(|| flow.clone());
        }
        findings.flows.retain(|flow| {
            let certain = |kind: &StepKind| !matches!(kind, StepKind::Unresolved(_));
            !flow.by_default
                && flow.steps.iter().all(|step| certain(&step.kind))
                && self.broken(flow).is_none()
        });
        let reached: BTreeSet<u32> = findings.flows.iter().map(|flow| start(flow.sink.range)).collect();
        answer.functions = findings.functions;
        answer.nodes = findings.nodes;
        self.take(answer, &findings, subject, |flow| !flow.by_default);
        self.count(answer, subject);
        sinks.is_subset(&reached) && !findings.too_deep && !findings.too_many
    }

    /// Adds the files that may call a function of this name. One whose object or module is not
    /// even named there could not be told to be called.
    fn add_callers(&self, open: &Open, roots: &mut Vec<&'f ParsedFile>) -> Result<(), String> {
        let name = &open.function;
        let mut related: BTreeSet<RelativePath> = BTreeSet::new();
        for word in &open.related {
            related.extend(self.project.mentioning(word).iter().cloned());
        }
        // `observer.on_message(…)` needs no class; but then a value has to come from that file.
        let by_method = self.project.mentioning(&format!(".{name}("));
        let may_have_source = |path: &RelativePath| {
            // Asked of words and not of bytes: an answer that was drawn from words is as good as
            // before when a file is edited that has the same ones.
            let has = |literal: &String| self.project.mentioning(literal).binary_search(path).is_ok();
            self.check.from.iter().any(|pattern| pattern.literals().all().iter().all(has))
        };
        let callers: Vec<RelativePath> = self
            .project
            .mentioning(name)
            .iter()
            .filter(|path| roots.iter().all(|root| root.path() != *path))
            .filter(|path| related.contains(*path) || (by_method.contains(path) && may_have_source(path)))
            .cloned()
            .collect();
        if callers.len() > MOST_CALLER_FILES {
            let number = callers.len();
            return Err(format!(
                "{number} files may call `{name}`, too many to look for the value in them all"
            ));
        }
        for path in &callers {
            if let Ok(file) = self.project.file(path) {
                roots.push(file);
            }
        }
        Ok(())
    }

    /// Adds the files that may store something in a variable of a module.
    fn add_writers(&self, open: &Open, roots: &mut Vec<&'f ParsedFile>) -> Result<(), String> {
        let mut related: BTreeSet<RelativePath> = BTreeSet::new();
        for word in &open.related {
            related.extend(self.project.mentioning(word).iter().cloned());
        }
        related.retain(|path| roots.iter().all(|root| root.path() != path));
        if related.is_empty() {
            return Ok(());
        }
        let mut writers = Vec::new();
        for path in self.project.mentioning(&open.function).iter().filter(|path| related.contains(*path)) {
            if let Ok(file) = self.project.file(path)
                && self.stored_from_outside(file).contains(open.function.as_str())
            {
                writers.push(file);
            }
        }
        if writers.len() > MOST_CALLER_FILES {
            let number = writers.len();
            let name = &open.function;
            return Err(format!(
                "{number} files may store in `{name}`, too many to look for the value in them all"
            ));
        }
        roots.extend(writers);
        Ok(())
    }

    /// Takes what was found in so far as it concerns the subject.
    fn take(
        &self,
        answer: &mut Answer,
        findings: &Findings,
        subject: Subject<'f>,
        counts: impl Fn(&Flow) -> bool,
    ) {
        if findings.too_many {
            answer.unresolved = Some("more functions are called than can be followed".to_owned());
        }
        if findings.too_deep {
            answer.unresolved = Some("some code is nested too deep to be followed".to_owned());
        }
        for path in &findings.broken {
            if path != subject.file.path()
                && let Ok(file) = self.project.file(path)
            {
                answer.blind = answer.blind.take().or(file.broken());
            }
        }
        let lost = findings.lost.iter().find(|doubt| may_concern(doubt, &findings.receptive, subject));
        if let Some(doubt) = lost {
            answer.unresolved.get_or_insert_with(|| doubt.what.clone());
        }
        for flow in findings.flows.iter().filter(|flow| counts(flow)) {
            let Some(flow) = flow.by_way_of(|step| is_within(step, subject)) else {
                if flow.has_more {
                    let what = "the value takes more ways to the same place than are told apart";
                    answer.unresolved.get_or_insert_with(|| what.to_owned());
                }
                continue;
            };
            match self.broken(&flow) {
                Some(reason) => answer.broken_ways.push(reason),
                None => answer.ways.push(self.way(&flow, &mut answer.notes)),
            }
        }
    }

    /// The error in one of the functions that the flow goes through.
    fn broken(&self, flow: &Flow) -> Option<Reason> {
        flow.steps.iter().find_map(|step| {
            let file = self.project.file(&step.file).ok()?;
            let around = file.symbols().innermost(step.range).map_or(step.range, |symbol| symbol.range);
            broken_within(file, around)
        })
    }

    fn way(&self, flow: &Flow, notes: &mut Vec<String>) -> Way {
        let mut way =
            Way { sites: Vec::new(), steps: Vec::new(), source: String::new(), sink: String::new() };
        let last = flow.steps.len().saturating_sub(1);
        for (index, step) in flow.steps.iter().enumerate() {
            let Ok(file) = self.project.file(&step.file) else { continue };
            let label = match &step.kind {
                StepKind::Source => "the value comes from here".to_owned(),
                StepKind::Stored(place) => format!("stored in `{}`", short(place)),
                StepKind::Passed(function, parameter) => format!("passed to `{function}` as `{parameter}`"),
                StepKind::Returned(function) => format!("returned by `{function}`"),
                StepKind::GivenBack => "given back".to_owned(),
                StepKind::Unresolved(callee) => format!("goes through `{}`", short(callee)),
                StepKind::Propagated => "handed on".to_owned(),
                StepKind::Sink => "arrives here".to_owned(),
            };
            let site = site(file, step.range, Some(&label));
            if let StepKind::Unresolved(callee) = &step.kind {
                notes.push(format!(
                    "`{}` at {}:{} cannot be followed: its result is taken to hold what it is given",
                    short(callee),
                    site.file,
                    site.line
                ));
            }
            if index == 0 {
                way.source = format!("{}:{}", site.file, site.line);
            }
            if index == last {
                way.sink = format!("{}:{}", site.file, site.line);
            }
            way.steps.push(format!("{}:{} {label}", site.file, site.line));
            way.sites.push(site);
            notes.extend(broken_elsewhere_note(file));
        }
        way
    }

    /// Counts and cites the places that were looked at.
    fn count(&self, answer: &mut Answer, subject: Subject<'f>) {
        let marks = self.marks_of(subject.file);
        for (places, number, label) in [
            (&marks.sources, &mut answer.sources, "a value comes from here and does not arrive"),
            (&marks.sinks, &mut answer.sinks, "no such value arrives here"),
        ] {
            for mark in places.iter().filter(|mark| subject.range().contains_range(mark.range)) {
                *number += 1;
                answer.looked_at.push(site(subject.file, mark.range, Some(label)));
            }
        }
    }

    fn marks_of(&self, file: &'f ParsedFile) -> Arc<Marks> {
        let known = self.marks.lock().unwrap_or_else(PoisonError::into_inner).get(file.path()).cloned();
        if let Some(marks) = known {
            return marks;
        }
        let marks = Arc::new(self.find_marks(file));
        let mut all = self.marks.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(file.path().clone()).or_insert(marks).clone()
    }

    /// The variables of other modules that a file stores in: of the file alone, and read once.
    fn stored_from_outside(&self, file: &'f ParsedFile) -> Arc<HashSet<Name>> {
        let known = self.stored.lock().unwrap_or_else(PoisonError::into_inner).get(file.path()).cloned();
        if let Some(stored) = known {
            return stored;
        }
        let stored = Arc::new(taint::stored_from_outside(&file.source().module().body));
        let mut all = self.stored.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(file.path().clone()).or_insert(stored).clone()
    }

    fn find_marks(&self, file: &'f ParsedFile) -> Marks {
        let text = file.source().text().as_bytes();
        let matcher = Matcher::new(file.source()).watched_by(&self.gave_up);
        let find = |patterns: &[Pattern]| {
            let mut marks = Vec::new();
            for (kind, pattern) in patterns.iter().enumerate().filter(|(_, pattern)| may_match(pattern, text))
            {
                let mut ranges: Vec<TextRange> =
                    matcher.find(pattern).into_iter().map(|found| found.range).collect();
                ranges.dedup();
                marks.extend(ranges.into_iter().map(|range| Mark { range, kind }));
            }
            marks
        };
        let mut propagators = Vec::new();
        for (kind, propagator) in self.check.propagators.iter().enumerate() {
            if !may_match(&propagator.pattern, text) {
                continue;
            }
            for found in matcher.find(&propagator.pattern) {
                let from = found.bindings.get(&propagator.from);
                let to = found.bindings.get(&propagator.to);
                if let (Some(from), Some(to)) = (from, to) {
                    propagators.push(PropagatorMark { from: from.range(), to: to.range(), kind });
                }
            }
        }
        let mut sources = find(&self.check.from);
        let mut sinks = find(&self.check.to);
        let by_name = |patterns: &[Pattern]| aliases::marks(self.project, file, &matcher, patterns);
        let (called, _) = by_name(&self.check.from);
        sources.extend(called.into_iter().filter(|mark| !sources.contains(mark)).collect::<Vec<_>>());
        let (called, handed) = by_name(&self.check.to);
        let more = called.into_iter().chain(handed).filter(|mark| !sinks.contains(mark));
        sinks.extend(more.collect::<Vec<_>>());
        Marks { sources, sinks, sanitizers: find(&self.check.sanitizers), propagators }
    }
}

impl<'f> World<'f> for Asked<'_, 'f> {
    fn marks(&self, file: &'f ParsedFile) -> Marks {
        (*self.marks_of(file)).clone()
    }

    fn callees(&self, call: CallSite<'f>) -> Vec<Callee<'f>> {
        callees(self.project, call)
    }

    fn made(&self, site: CallSite<'f>) -> Vec<ClassAt<'f>> {
        resolve::made(self.project, site)
    }

    fn getters(&self, site: AttributeSite<'f>) -> Vec<Callee<'f>> {
        getters(self.project, site)
    }

    fn setters(&self, site: AttributeSite<'f>) -> Vec<Callee<'f>> {
        setters(self.project, site)
    }

    fn beyond(&self, site: CallSite<'f>) -> Beyond<'f> {
        beyond(self.project, site)
    }

    fn library_function(&self, site: CallSite<'f>) -> Option<String> {
        resolve::library_function(self.project, site)
    }

    fn function(&self, site: CallSite<'f>, function: &'f ast::Expr) -> Given<'f> {
        given(self.project, site, function, |name| may_be_call_of(&self.check.to, name))
    }

    fn imported(&self, file: &'f ParsedFile, from: &'f ast::StmtImportFrom) -> Option<&'f ParsedFile> {
        imported(self.project, file, from)
    }

    fn module_of(&self, site: AttributeSite<'f>) -> Option<&'f ParsedFile> {
        module_of(self.project, site)
    }

    fn class_of(&self, site: AttributeSite<'f>) -> Option<ClassAt<'f>> {
        class_of(self.project, site)
    }

    fn fields(&self, site: CallSite<'f>) -> Option<Vec<ast::name::Name>> {
        fields(self.project, site)
    }

    fn special(&self, site: ObjectSite<'f>, method: &str) -> Special<'f> {
        special::special(self.project, site, method)
    }

    fn methods_of_result(&self, function: &Callee<'f>, method: &str) -> Vec<Callee<'f>> {
        special::methods_of_result(self.project, function, method)
    }

    fn is_buffer(&self, site: ObjectSite<'f>) -> bool {
        special::is_buffer(self.project, site)
    }

    fn bases(&self, class: ClassAt<'f>) -> Vec<ClassAt<'f>> {
        bases(self.project, class)
    }
}

/// One file for itself, with calls that nobody follows.
struct Nearby<'a, 'c, 'f>(&'a Asked<'c, 'f>);

impl<'f> World<'f> for Nearby<'_, '_, 'f> {
    fn marks(&self, file: &'f ParsedFile) -> Marks {
        self.0.marks(file)
    }

    fn callees(&self, _: CallSite<'f>) -> Vec<Callee<'f>> {
        Vec::new()
    }

    fn bases(&self, _: ClassAt<'f>) -> Vec<ClassAt<'f>> {
        Vec::new()
    }

    fn follows(&self) -> bool {
        false
    }
}

fn is_within(step: &FlowStep, subject: Subject) -> bool {
    step.file == *subject.file.path() && subject.range().contains_range(step.range)
}

/// Whether a value that is not followed can be one that goes through the subject: it has come
/// through it, or may be given to it and arrive.
fn may_concern(doubt: &Doubt, receptive: &[Place], subject: Subject) -> bool {
    let Some(through) = doubt.through.as_ref().filter(|_| subject.symbol.is_some()) else { return true };
    through.iter().chain(receptive).any(|place| overlaps(place, subject))
}

fn overlaps(place: &Place, subject: Subject) -> bool {
    place.file == *subject.file.path()
        && (subject.range().contains_range(place.range) || place.range.contains_range(subject.range()))
}

/// Whether a call of a function of this full name may be what the patterns look for.
fn may_be_call_of(patterns: &[Pattern], name: &str) -> bool {
    patterns.iter().any(|pattern| may_match(pattern, name.as_bytes()))
}

/// Whether a text has all that a pattern needs.
fn may_match(pattern: &Pattern, text: &[u8]) -> bool {
    pattern.literals().all().iter().all(|literal| memchr::memmem::find(text, literal.as_bytes()).is_some())
}

fn plural_files(number: usize) -> String {
    plural(u32::try_from(number).unwrap_or(u32::MAX), "file", "files")
}

/// One line of code, cut where it gets long.
fn short(code: &str) -> String {
    let line: String = code.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= 80 {
        return line;
    }
    let cut: String = line.chars().take(79).collect();
    format!("{cut}…")
}

#[cfg(test)]
mod tests;
