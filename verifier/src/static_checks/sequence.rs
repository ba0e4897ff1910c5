//! # `sequence`: do these events happen to one object in an order that can occur?
//!
//! What it asks: is there a way through the code on which the events, given as patterns that
//! share a metavariable, happen one after another to the same object? The object is that
//! metavariable: a socket that is bound by the pool and then bound again, a context that is set
//! to `None` and then used, a file that is closed and then read.
//!
//! In `findings.toml`:
//!
//! ```toml
//! file = "agents/emotion_engine.py"
//! symbol = "EmotionEngine"            # some event must happen in it, or the way begin in it
//! static = { sequence = ["$S = get_rep_socket(...).socket", "$S.bind(...)"] }
//! # unless = ["$S.unbind(...)"]       # events after which the ones before do not count
//! ```
//!
//! With `files = "glob"` each object of the files is cited once, where the last event is.
//!
//! What counts as a way:
//!
//! - Both branches of an `if`, a loop run never, once or more, every handler of a `try`,
//!   `finally` on all ways through it; nothing behind `return`, `raise`, `break`, `sys.exit()`
//!   and functions of the project that never come back.
//! - A value that is stored replaces the object: what happened to the old one does not count for
//!   the new one. On a branch that can be skipped it replaces it on that branch only.
//! - A test for `None` (`if x is None`, `if x:`, `x or y`, `None in (x, y)`, `all([x, y])`,
//!   `case None:`, `isinstance`, `assert`) keeps `None` out of the branch that it cannot reach; so
//!   does the call of a function that only answers such a test (`return self.context is not None`).
//! - Calls of functions of the project are entered, with the objects that they are given: a
//!   helper that binds its parameter binds the caller's socket. Other names for an object are
//!   followed, through variables, attributes, parameters, results and closures.
//! - An object's life begins with its constructor, with those of its bases and the methods that
//!   they call, in the versions that the class has. Then its own public methods run in any
//!   order, and those handed on as callbacks, targets of threads or overrides. A private method
//!   runs where it is called. A function or lambda inside a function runs where it is called under
//!   its name, and later when it is handed on.
//! - What one method leaves behind another finds. A `None` is an exception: it stays only when
//!   no other method stores something real, and no code outside of the class does (then the
//!   caller sees to the order), and when it does not end the object's use (`x.close(); x = None`).
//! - In a sweep, what is found in files that do not compile is told in notes; for a claim about
//!   one file it counts when the broken part lies elsewhere.
//! - Methods that a class only inherits count for a claim about one file, under a label; a sweep
//!   cites a class for what its own code does.
//!
//! There are bounds on the work: on paths, on calls inside calls, on how far an object is
//! followed. Where one of them was met and nothing was found, the answer is that it could not be
//! observed; so it is when the object was given to code in a file that does not compile, to a
//! generator of the project (when its code runs is not followed), or when a method that is an event
//! is called under another name (`c = f.close`).
//!
//! What it cannot see: objects in containers with computed keys, values that condition one
//! another (`if self.ready:`), functions outside the target, decorators that change a function.
//! In a sweep a file is looked at when it has the words of the first pattern, or, when that has
//! none, those of all others.

use serde::{Deserialize, Serialize};

use crate::catalogue::check::SequenceCheck;
use crate::catalogue::{CheckKind, Claim, Scope};
use crate::evidence::{Observation, Reason, Site};
use crate::parallel;
use crate::python::pattern::Pattern;
use crate::python::typestate::{Chain, Events, Reach, Root, Search, Step, Unfollowed, plainest};
use crate::python::{ParsedFile, Ranged, TextRange};
use crate::static_checks::{
    Context, Example, Examples, Sight, Subject, broken_elsewhere_note, broken_within, find_symbol, site,
    sweep_parts,
};

const KIND: CheckKind = CheckKind::Sequence;

/// One that holds and one that does not.
pub const EXAMPLES: Examples = Examples {
    holds: Example {
        claim: "file = \"example.py\"\nsymbol = \"Agent\"\n\
                static = { sequence = [\"$S = get_rep_socket(...).socket\", \"$S.bind(...)\"] }",
        python: "\
class Agent:
    def setup(self):
        self.socket = get_rep_socket(self.endpoint).socket  # <-
        self.bind_with_retry(self.socket, self.port)

    def bind_with_retry(self, sock, port):
        for attempt in range(5):
            sock.bind(f\"tcp://*:{port}\")  # <-
            return
",
    },
    does_not_hold: Example {
        claim: "file = \"example.py\"\nsymbol = \"Agent\"\n\
                static = { sequence = [\"$S = get_rep_socket(...).socket\", \"$S.bind(...)\"] }",
        python: "\
class Agent:
    def setup(self):
        self.socket = get_rep_socket(self.endpoint).socket
        self.events = self.context.socket(PUB)
        self.bind_with_retry(self.events, self.port)

    def bind_with_retry(self, sock, port):
        for attempt in range(5):
            sock.bind(f\"tcp://*:{port}\")
            return
",
    },
};

/// Asks it.
pub fn observe(check: &SequenceCheck, claim: &Claim, context: &Context) -> Observation {
    let sweeps = match &claim.scope {
        Scope::Sweep(_) => true,
        Scope::File(path) => {
            if let Some(name) = &claim.symbol
                && let Err(reason) = context.project.file(path).and_then(|file| find_symbol(file, name))
            {
                return Sight::default().unobserved(KIND, reason);
            }
            false
        }
    };
    let events = Events { events: &check.events, object: &check.object, unless: &check.unless };
    let candidate = |bytes: &[u8]| !sweeps || is_candidate(check, bytes);
    let looked = sweep_parts(check, claim, context, candidate, |subjects, context| {
        let search = Search::new(context.project, &events);
        parallel::map_into(subjects, |subject| look(check, &search, subject, sweeps))
    });
    let swept = match looked {
        Ok(swept) => swept,
        Err(reason) => return Sight::default().unobserved(KIND, reason),
    };
    let mut sight = Sight { searched: swept.searched, ..Sight::default() };
    let mut objects = 0;
    let mut because = None;
    let mut counts = vec![0; check.events.len()];
    for seen in swept.found {
        sight.searched.nodes += seen.walked;
        sight.notes.extend(seen.notes);
        sight.sites.extend(seen.sites);
        for reason in seen.blind {
            if !sight.searched.blind.contains(&reason) {
                sight.searched.blind.push(reason);
            }
        }
        objects += seen.objects;
        because = because.or(seen.because);
        for (total, count) in counts.iter_mut().zip(seen.counts) {
            *total += count;
        }
    }
    match because {
        Some(because) if objects == 1 => sight.holds(KIND, because),
        Some(because) => sight.holds(KIND, format!("{because}; {objects} objects in all")),
        None => {
            let seen: Vec<String> = check
                .events
                .iter()
                .zip(counts)
                .map(|(pattern, count)| format!("`{}` {count} times", pattern.source()))
                .collect();
            let because = format!("no object goes through the events in this order: {}", seen.join(", "));
            sight.does_not_hold(KIND, because)
        }
    }
}

/// What one file, or one symbol of it, has.
#[derive(Default, Serialize, Deserialize)]
struct Seen {
    sites: Vec<Site>,
    objects: usize,
    because: Option<String>,
    counts: Vec<usize>,
    walked: u64,
    notes: Vec<String>,
    /// Why it proves nothing that no object was found.
    blind: Vec<Reason>,
}

fn look<'f>(check: &SequenceCheck, search: &Search<'_, 'f>, subject: Subject<'f>, sweeps: bool) -> Seen {
    let file = subject.file;
    let ask = |reach: Reach| {
        let mut found = search.find(file, reach);
        found.chains.retain(|chain| concerns(chain, &subject));
        found.chains = plainest(found.chains);
        found
    };
    let mut found = ask(Reach::Own);
    if found.chains.is_empty() && !sweeps && found.counts.iter().any(|count| *count > 0) {
        found = ask(Reach::Inherited);
    }
    let mut seen = Seen { counts: found.counts, walked: found.walked, ..Seen::default() };
    seen.blind.extend(found.broken.iter().filter_map(|file| file.broken()));
    let matters = found.unfollowed.into_iter().filter(|unfollowed| may_concern(unfollowed, &subject));
    seen.blind.extend(matters.map(|unfollowed| Reason::Unresolved { what: unfollowed.what }));
    for chain in &found.chains {
        // Where the parser had to guess, nothing can be concluded.
        if let Some(reason) = chain.steps.iter().find_map(broken_around) {
            seen.blind.push(reason);
            continue;
        }
        if sweeps && file.broken().is_some() {
            seen.notes.push(format!("in a file that does not compile: `{}`: {}", chain.object, path(chain)));
            continue;
        }
        seen.objects += 1;
        seen.because.get_or_insert_with(|| because(chain, &check.events));
        if sweeps {
            seen.sites.extend(chain.steps.last().map(|step| {
                let first = &chain.steps[0];
                let label = format!("`{}` after {}", chain.object, place(first, step.file));
                site(step.file, step.range, Some(&label))
            }));
        } else {
            let total = chain.steps.len();
            for (index, step) in chain.steps.iter().enumerate() {
                let pattern = check.events[index].source();
                let inherited = if chain.inherited && index + 1 == total {
                    format!(", in a method that `{}` inherits", root_name(&chain.root))
                } else {
                    String::new()
                };
                let label = format!("{} of {total}: `{pattern}`{inherited}", index + 1);
                seen.sites.push(site(step.file, step.range, Some(&label)));
            }
            seen.notes.push(format!("`{}`: {}", chain.object, path(chain)));
        }
    }
    if !seen.sites.is_empty() {
        seen.notes.extend(broken_elsewhere_note(file));
    }
    if found.gave_up {
        let what = format!("`{}`: too many ways through the code, some were left out", file.path());
        if seen.sites.is_empty() {
            seen.blind.push(Reason::Unresolved { what });
        } else {
            seen.notes.push(what);
        }
    }
    seen
}

/// The error in the function or class body that a step stands in, if there is one.
fn broken_around(step: &Step) -> Option<Reason> {
    let around = step.file.symbols().innermost(step.range).map_or(step.range, |symbol| symbol.range);
    broken_within(step.file, around)
}

/// Whether a chain is about the subject: some event stands in it, the way begins in it, or goes
/// through it to the last event. What happens in the bases of a class alone is told of them, unless
/// it is the subject that has it happen.
fn concerns(chain: &Chain, subject: &Subject) -> bool {
    let within = |file: &ParsedFile, range: TextRange| {
        std::ptr::eq(file, subject.file) && subject.range().contains_range(range)
    };
    let goes_through = subject.symbol.is_some()
        && chain.through.iter().any(|function| within(function.file, function.node.range()));
    let (file, range) = chain.root.place();
    goes_through
        || !chain.of_bases
            && (within(file, range) || chain.steps.iter().any(|step| within(step.file, step.range)))
}

/// Whether code that is not followed can have to do with the subject.
fn may_concern(unfollowed: &Unfollowed, subject: &Subject) -> bool {
    let Some(within) = &unfollowed.within else { return true };
    within.iter().any(|(file, range)| {
        std::ptr::eq(*file, subject.file)
            && (subject.range().contains_range(*range) || range.contains_range(subject.range()))
    })
}

fn because(chain: &Chain, events: &[Pattern]) -> String {
    let last = events.last().map_or("", Pattern::source);
    let last_step = &chain.steps[chain.steps.len() - 1];
    let inherited = if chain.inherited { ", in an inherited method" } else { "" };
    format!(
        "`{}` goes through {} and then {} (`{last}`){inherited}",
        chain.object,
        place(&chain.steps[0], last_step.file),
        place(last_step, chain.steps[0].file),
    )
}

/// `line 12`, with the file when it is not the other one.
fn place(step: &Step, other: &ParsedFile) -> String {
    let (line, _) = step.file.source().lines(step.range);
    if std::ptr::eq(step.file, other) {
        format!("line {line}")
    } else {
        format!("line {line} of `{}`", step.file.path())
    }
}

fn path(chain: &Chain) -> String {
    let steps: Vec<String> = chain
        .steps
        .iter()
        .map(|step| {
            let (line, _) = step.file.source().lines(step.range);
            let symbol = step.file.symbols().innermost(step.range).map_or("top level", |symbol| &symbol.name);
            format!("{}:{line} in {symbol}", step.file.path())
        })
        .collect();
    steps.join(", then ")
}

fn root_name(root: &Root) -> String {
    match root {
        Root::Class(class) => class.qualified_name(),
        Root::Function(function) => function.qualified_name(),
        Root::Module(file) => file.path().to_string(),
    }
}

/// Whether a file can have a sequence of its own, seen from its bytes.
fn is_candidate(check: &SequenceCheck, bytes: &[u8]) -> bool {
    let has = |pattern: &Pattern| {
        pattern.literals().all().iter().all(|word| memchr::memmem::find(bytes, word.as_bytes()).is_some())
    };
    match check.events.first() {
        Some(first) if !first.literals().is_empty() => has(first),
        _ => check.events.iter().all(has),
    }
}

#[cfg(test)]
mod tests;
