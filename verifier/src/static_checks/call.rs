//! # `call`: do the arguments fit?
//!
//! What it asks: whether a call passes what its callee takes. The callee is found through
//! imports, constructor calls, annotations and the class hierarchy, in other files, too, and the
//! arguments are bound as Python binds them: positional-only and keyword-only parameters, defaults,
//! `*args` and `**kwargs` on both sides, methods and class methods, which have their first argument
//! already, also under another name (`stop = close` in the class's body), constructors (`__new__`
//! and `__init__` through the method resolution order, the generated one of a dataclass,
//! `NamedTuple` or `namedtuple`, those of the builtin exceptions and of a `TypedDict`), the lookup of
//! an enumeration's member by its value, lambdas that have a name, functions that
//! `functools.partial` gives some arguments.
//!
//! In `findings.toml`:
//!
//! ```toml
//! file = "app.py"
//! symbol = "App.start"
//! static = { call = "self.server.start(...)", unexpected = "timeout" }
//! ```
//!
//! | key | meaning |
//! | --- | --- |
//! | `call` | the call, as a pattern |
//! | `fits` | `false`: it raises `TypeError` for its arguments; `true`: every such call fits |
//! | `unexpected` | it passes a keyword that is not taken: `true`, or the keyword's name |
//! | `missing` | it leaves out a parameter without default: `true`, or the parameter's name |
//! | `repeated` | it passes a parameter by position and by keyword: `true`, or its name |
//! | `too-many` | it passes more positional arguments than are taken |
//!
//! What is given must be true of one and the same call; of several calls one is enough.
//!
//! What it cannot see: what `*values` and `**values` hold, callees that nothing resolves or that
//! are not in the target, decorators and metaclasses that change how something is called, a
//! `partial` whose arguments are computed. Where the object may be of a subclass that overrides the method with another
//! signature, or the class a subclass with another constructor (`cls(...)`), the call is not
//! decided. Nor are methods of objects that are only declared to follow a protocol, abstract methods,
//! unless all overrides agree, and
//! methods that code outside of tests replaces (`Class.method = …`, `setattr`).
//!
//! Holds (`unexpected = "timeout"`): `def f(a): ...` and `f(1, timeout=2)`. Does not: `def f(a, **options): ...`.

mod callee;
mod library;
mod partial;

use serde::{Deserialize, Serialize};

use crate::catalogue::check::{CallCheck, Named};
use crate::catalogue::{CheckKind, Claim, Scope as ClaimScope};
use crate::evidence::{Observation, Reason, Site};
use crate::python::pattern::{Matcher, Pattern, Prefilter};
use crate::python::project::Scope;
use crate::python::signature::{Arguments, Misfit, Signature};
use crate::python::{ParsedFile, Ranged, TextRange};
use crate::static_checks::{
    Context, Example, Examples, Sight, Subject, broken_elsewhere_note, broken_within, call_at, find_symbol,
    site, sweep_in_parts,
};
use callee::{Callee, Known};

const KIND: CheckKind = CheckKind::Call;

/// One that holds and one that does not.
pub const EXAMPLES: Examples = Examples {
    holds: Example {
        claim: "file = \"app.py\"\nsymbol = \"run\"\nstatic = { call = \"server.start(...)\", unexpected = \"timeout\" }",
        python: "--- server.py\nclass Server:\n    def start(self, port):\n        return port\n--- app.py\nfrom server import Server\n\ndef run():\n    server = Server()\n    server.start(80, timeout=5)\n",
    },
    does_not_hold: Example {
        claim: "file = \"app.py\"\nsymbol = \"run\"\nstatic = { call = \"server.start(...)\", unexpected = \"timeout\" }",
        python: "--- server.py\nclass Server:\n    def start(self, port, *, timeout=None):\n        return port\n--- app.py\nfrom server import Server\n\ndef run():\n    server = Server()\n    server.start(80, timeout=5)\n",
    },
};

/// Asks it.
pub fn observe(check: &CallCheck, claim: &Claim, context: &Context) -> Observation {
    if let (ClaimScope::File(path), Some(name)) = (&claim.scope, &claim.symbol)
        && let Err(reason) = context.project.file(path).and_then(|file| find_symbol(file, name))
    {
        return Sight::default().unobserved(KIND, reason);
    }
    let parses = matches!(claim.scope, ClaimScope::File(_));
    let prefilter = Prefilter::new(std::slice::from_ref(check.call.literals()));
    let candidate = |bytes: &[u8]| parses || prefilter.is_candidate(bytes);
    let looked =
        sweep_in_parts(check, claim, context, candidate, |subject, context| look(check, subject, context));
    let swept = match looked {
        Ok(swept) => swept,
        Err(reason) => return Sight::default().unobserved(KIND, reason),
    };
    let mut sight = Sight { searched: swept.searched, ..Sight::default() };
    let (mut holding, mut against, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
    for call in swept.found.into_iter().flatten() {
        sight.searched.nodes += 1;
        sight.notes.extend(call.note);
        match call.judgement {
            Judgement::As(because) => holding.push((because, call.sites)),
            Judgement::Not(because) => against.push((because, call.sites)),
            Judgement::Unknown(why) => unknown.push((why, call.sites)),
        }
    }
    sight.notes.sort();
    sight.notes.dedup();
    if check.fits == Some(true) {
        // Every one must fit: one that does not is enough to the contrary.
        if !against.is_empty() {
            return told(sight, false, against, &check.call);
        }
        if let Some((why, sites)) = unknown.into_iter().next() {
            sight.sites = sites;
            return sight.unobserved(KIND, Reason::Unresolved { what: why });
        }
        if let Some(reason) = sight.searched.blind.first().cloned() {
            return sight.unobserved(KIND, reason);
        }
        let holds = !holding.is_empty();
        return told(sight, holds, holding, &check.call);
    }
    if !holding.is_empty() {
        return told(sight, true, holding, &check.call);
    }
    if !unknown.is_empty() {
        let why = unknown[0].0.clone();
        sight.sites = unknown.into_iter().flat_map(|(_, sites)| sites).collect();
        return sight.unobserved(KIND, Reason::Unresolved { what: why });
    }
    told(sight, false, against, &check.call)
}

fn told(mut sight: Sight, holds: bool, calls: Vec<(String, Vec<Site>)>, pattern: &Pattern) -> Observation {
    let because = match calls.as_slice() {
        [] => format!("no call `{}` stands where the claim puts it", pattern.source().trim()),
        [(only, _)] => only.clone(),
        [(first, _), ..] => format!("{first}; and {} calls more", calls.len() - 1),
    };
    sight.sites = calls.into_iter().flat_map(|(_, sites)| sites).collect();
    sight.answer(KIND, holds, because)
}

/// One call that the pattern matches.
#[derive(Serialize, Deserialize)]
struct Judged {
    judgement: Judgement,
    sites: Vec<Site>,
    note: Option<String>,
}

#[derive(Serialize, Deserialize)]
enum Judgement {
    As(String),
    Not(String),
    Unknown(String),
}

fn look<'f>(check: &CallCheck, subject: Subject<'f>, context: &Context<'_, 'f>) -> Vec<Judged> {
    let file = subject.file;
    let matcher = Matcher::new(file.source());
    let mut ranges: Vec<TextRange> =
        matcher.find_within(&check.call, subject.range()).into_iter().map(|found| found.range).collect();
    ranges.sort_by_key(|range| (range.start(), range.end()));
    ranges.dedup();
    let known = Known::default();
    ranges.into_iter().map(|range| one_call(check, file, range, context, &known)).collect()
}

fn one_call<'f>(
    check: &CallCheck,
    file: &'f ParsedFile,
    range: TextRange,
    context: &Context<'_, 'f>,
    known: &Known<'f>,
) -> Judged {
    let place = site(file, range, Some("the call"));
    let note = broken_elsewhere_note(file);
    let unknown = |why: String| Judged {
        judgement: Judgement::Unknown(format!("{}:{}: {why}", place.file, place.line)),
        sites: vec![place.clone()],
        note: None,
    };
    if let Some(reason) = broken_within(file, range) {
        return unknown(super::describe(&reason));
    }
    let Some(call) = call_at(file.source().module(), range) else {
        return unknown("what the pattern matches is no call".to_owned());
    };
    let scope = Scope::at(file, call.range());
    let callees = match callee::of(context.project, &scope, call, known) {
        Ok(callees) => callees,
        Err(why) => return unknown(why),
    };
    let arguments = Arguments::of(&call.arguments);
    let text = file.source().slice(call.func.range());
    let mut sites = vec![place.clone()];
    let (mut yes, mut no, mut open) = (None, None, None);
    for callee in &callees {
        for part in std::iter::successors(Some(callee), |callee| callee.then.as_deref()) {
            sites.push(site(part.file, part.range, Some("what it calls")));
        }
        let (answer, name, misfit) = judge_all(check, callee, &arguments);
        match answer {
            Some(true) => yes = yes.or(Some((name, misfit))),
            Some(false) => no = no.or(Some((name, misfit))),
            None => open = open.or(Some(name)),
        }
    }
    let judgement = match (yes, no, open) {
        (Some((name, misfit)), None, None) => {
            Judgement::As(format!("`{text}(…)` at {}:{} {}", place.file, place.line, words(name, &misfit)))
        }
        (None, Some((name, misfit)), None) => {
            Judgement::Not(format!("`{text}(…)` at {}:{} {}", place.file, place.line, words(name, &misfit)))
        }
        (_, _, Some(name)) => {
            return unknown(format!("what the stars of the call bring to `{name}` is not known"));
        }
        _ => return unknown(format!("`{text}` can be several functions, and they differ")),
    };
    Judged { judgement, sites, note }
}

/// Whether what is asked is true of a call that may run several functions one behind the other,
/// and which of them says so. Where one does not take the arguments, those behind it never run.
fn judge_all<'c>(
    check: &CallCheck,
    callee: &'c Callee,
    arguments: &Arguments,
) -> (Option<bool>, &'c str, Misfit) {
    let misfit = callee.signature.bind(arguments);
    let answer = judge(check, &callee.signature, &misfit, arguments);
    match &callee.then {
        Some(then) if !misfit.is_certain() => {
            let later = judge_all(check, then, arguments);
            if !misfit.is_possible() || later.0 == answer { later } else { (None, &callee.name, misfit) }
        }
        Some(_) | None => (answer, &callee.name, misfit),
    }
}

/// Whether what is asked is true of a call; nothing when its stars leave that open.
fn judge(check: &CallCheck, signature: &Signature, misfit: &Misfit, arguments: &Arguments) -> Option<bool> {
    let one = |certain: bool, possible: bool| match (certain, possible) {
        (true, _) => Some(true),
        (false, true) => None,
        (false, false) => Some(false),
    };
    let named = |wanted: &Named, certain: &[String], possible: &dyn Fn(&str) -> bool, any: bool| match wanted
    {
        Named::Any => one(!certain.is_empty(), any),
        Named::One(name) => one(certain.iter().any(|known| known == name), possible(name)),
    };
    let mut answers = Vec::new();
    if let Some(fits) = check.fits {
        answers.push(one(misfit.is_certain(), misfit.is_possible()).map(|wrong| wrong != fits));
    }
    if let Some(wanted) = &check.unexpected {
        let is_passed = |name: &str| arguments.keywords.iter().any(|known| known == name);
        let may = |name: &str| misfit.open.unexpected && !is_passed(name) && !signature.takes(name);
        answers.push(named(wanted, &misfit.unexpected, &may, misfit.open.unexpected));
    }
    if let Some(wanted) = &check.missing {
        let open = &misfit.open.missing;
        let may = |name: &str| open.iter().any(|known| known == name);
        answers.push(named(wanted, &misfit.missing, &may, !open.is_empty()));
    }
    if let Some(wanted) = &check.repeated {
        let open = &misfit.open.repeated;
        let may = |name: &str| open.iter().any(|known| known == name);
        answers.push(named(wanted, &misfit.repeated, &may, !open.is_empty()));
    }
    if check.too_many {
        answers.push(one(misfit.surplus > 0, misfit.open.surplus));
    }
    if answers.contains(&Some(false)) {
        return Some(false);
    }
    if answers.contains(&None) { None } else { Some(true) }
}

/// What is wrong with a call, in words.
fn words(name: &str, misfit: &Misfit) -> String {
    let list = |names: &[String]| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let mut wrong = Vec::new();
    if !misfit.unexpected.is_empty() {
        wrong.push(format!("passes {}, which `{name}` does not take", list(&misfit.unexpected)));
    }
    if !misfit.missing.is_empty() {
        wrong.push(format!("leaves out {}, which `{name}` needs", list(&misfit.missing)));
    }
    if misfit.surplus > 0 {
        wrong.push(format!("passes {} positional arguments more than `{name}` takes", misfit.surplus));
    }
    if !misfit.repeated.is_empty() {
        wrong.push(format!("passes {} twice to `{name}`", list(&misfit.repeated)));
    }
    if wrong.is_empty() { format!("fits `{name}`") } else { wrong.join(", and ") }
}

#[cfg(test)]
mod tests;
