//! # `default`: what is a parameter or setting when nobody says otherwise?
//!
//! What it asks: the value that a parameter has when a caller leaves it out, or that a setting has
//! in the code: a name of a module or class, a field of a dataclass, an attribute that the
//! constructor stores, an entry of a dictionary (`config["MAX_SIZE"] = …`, `{"MAX_SIZE": …}`), what
//! is taken when it is missing elsewhere (`os.getenv("PORT", "80")`, `options.get("port", 80)`), an
//! option of a command line (`add_argument("--port", default=80)`; `None` where nothing says it, and
//! what `type` makes of a text), a `fallback` of `configparser`.
//!
//! In `findings.toml`:
//!
//! ```toml
//! file = "client.py"
//! symbol = "connect"
//! static = { default = "timeout", value = 5 }        # or: above = 4.5
//! ```
//!
//! | key | meaning |
//! | --- | --- |
//! | `default` | the name of the parameter or setting; an option also as it is typed: `"--port"` |
//! | `value` | it is this: a number, `true`, or a Python literal in a text: `"None"`, `"'localhost'"` |
//! | `min`, `max` | it is a number of at least, at most this |
//! | `above`, `below` | it is a number above, below this |
//! | `required` | a caller must give it (`true`), or may leave it out (`false`) |
//! | `expected` | `false` claims the opposite |
//!
//! With a function as `symbol`, its parameter is meant; with a class, the name in its body or in
//! a base's, or a parameter of its constructor. Where that does not exist, settings of this name
//! in the symbol's body count, and all of them must agree. Without `symbol`, and with
//! `files = "glob"`, every place that gives a default of this name is looked at, and one is enough.
//!
//! Values are computed as far as that is certain: arithmetic (`500 * 1024 * 1024`), names that
//! have one value, in other files, too, `int("5")`, `dataclasses.field(default=…)`. A parameter that is
//! `None` by default and replaced in the body (`if timeout is None: timeout = 5`,
//! `timeout or 5`) has the value that replaces it; that it is `None` is true as well.
//!
//! What it cannot see: values that are computed while the program runs, settings in files that
//! are not Python, and whether a caller gives the parameter. `5` equals `5.0`; `True` is no number.
//!
//! Holds (`default = "timeout", above = 3`): `def connect(timeout=5)`. Does not: `timeout=3`.

mod evaluate;
mod options;
mod places;

use serde::{Deserialize, Serialize};

use crate::catalogue::check::DefaultCheck;
use crate::catalogue::{CheckKind, Claim, Scope as ClaimScope};
use crate::evidence::{Observation, Reason, Site};
use crate::python::literal::Value;
use crate::python::symbols::SymbolKind;
use crate::static_checks::{
    Context, Example, Examples, Sight, Subject, broken_elsewhere_note, broken_within, site, subjects,
    sweep_in_parts,
};
use places::{Given, Place, Places};

const KIND: CheckKind = CheckKind::Default;

/// One that holds and one that does not.
pub const EXAMPLES: Examples = Examples {
    holds: Example {
        claim: "file = \"upload.py\"\nstatic = { default = \"MAX_CONTENT_LENGTH\", above = 104857600 }",
        python: "--- limits.py\nMEGABYTE = 1024 * 1024\n--- upload.py\nfrom limits import MEGABYTE\n\ndef configure(app):\n    app.config[\"MAX_CONTENT_LENGTH\"] = 500 * MEGABYTE  # <-\n",
    },
    does_not_hold: Example {
        claim: "file = \"upload.py\"\nstatic = { default = \"MAX_CONTENT_LENGTH\", above = 104857600 }",
        python: "--- limits.py\nMEGABYTE = 1024 * 1024\n--- upload.py\nfrom limits import MEGABYTE\n\ndef configure(app):\n    app.config[\"MAX_CONTENT_LENGTH\"] = 50 * MEGABYTE\n",
    },
};

/// Asks it.
pub fn observe(check: &DefaultCheck, claim: &Claim, context: &Context) -> Observation {
    match (&claim.scope, &claim.symbol) {
        (ClaimScope::File(_), Some(symbol)) => of_symbol(check, symbol, claim, context),
        (ClaimScope::File(_), None) | (ClaimScope::Sweep(_), _) => anywhere(check, claim, context),
    }
}

/// What a place says of the claim.
enum Answer {
    Yes(String),
    No(String),
    Unknown(String),
}

fn of_symbol(check: &DefaultCheck, symbol: &str, claim: &Claim, context: &Context) -> Observation {
    let subjects = match subjects(claim, context) {
        Ok(subjects) => subjects,
        Err(reason) => return Sight::default().unobserved(KIND, reason),
    };
    let mut sight = Sight::default();
    sight.searched.files = 1;
    sight.searched.parsed = 1;
    let mut answers = Vec::new();
    for subject in &subjects {
        sight.searched.nodes += 1;
        sight.searched.blind.extend(subject.blind());
        sight.notes.extend(broken_elsewhere_note(subject.file));
        if let Some(reason) = subject.broken_inside() {
            return sight.unobserved(KIND, reason);
        }
        let places = Places { project: context.project, file: subject.file, name: &check.name };
        let found = match subject.symbol.map(|symbol| symbol.kind) {
            Some(SymbolKind::Function) => places.of_function(subject.range()),
            Some(SymbolKind::Class) => places.of_class(subject.range()),
            Some(SymbolKind::Variable) | None => {
                let what = format!("`{symbol}` is neither a function nor a class");
                return sight.unobserved(KIND, Reason::Unresolved { what });
            }
        };
        match found {
            Err(what) => return sight.unobserved(KIND, Reason::Unresolved { what }),
            Ok(found) if found.is_empty() => {
                let project = context.project;
                let range = subject.symbol.map(|symbol| symbol.range);
                let function = range.and_then(|range| project.function_at(subject.file, range));
                // What a decorator puts in the function's place may well have it.
                answers.push(match function.and_then(|function| project.opaque_to_callers(function)) {
                    Some(why) => Answer::Unknown(why),
                    None => Answer::No(format!("`{symbol}` has no `{}`", check.name)),
                });
            }
            Ok(found) => {
                for place in &found {
                    sight.sites.push(cite(place));
                    sight.notes.extend(place.notes.iter().cloned());
                    answers.push(judge(check, place, &format!("`{}` of `{symbol}`", check.name)));
                }
            }
        }
    }
    sight.notes.sort();
    sight.notes.dedup();
    let (mut yes, mut no, mut unknown) = (None, None, None);
    for answer in answers {
        match answer {
            Answer::Yes(because) => yes = yes.or(Some(because)),
            Answer::No(because) => no = no.or(Some(because)),
            Answer::Unknown(why) => unknown = unknown.or(Some(why)),
        }
    }
    match (yes, no, unknown) {
        (_, _, Some(what)) => sight.unobserved(KIND, Reason::Unresolved { what }),
        (Some(yes), Some(no), None) => {
            let what = format!("there are several, and they differ: {yes}; {no}");
            sight.unobserved(KIND, Reason::Unresolved { what })
        }
        (Some(yes), None, None) => sight.answer(KIND, check.expected, yes),
        (None, Some(no), None) => told_as(sight, !check.expected, no),
        (None, None, None) => {
            let what = format!("nothing gives `{}` a value", check.name);
            sight.unobserved(KIND, Reason::Unresolved { what })
        }
    }
}

/// An answer that rests on nothing else being there: where a file is broken it proves nothing.
fn told_as(sight: Sight, holds: bool, because: String) -> Observation {
    match sight.searched.blind.first().cloned() {
        Some(reason) if holds && sight.sites.is_empty() => sight.unobserved(KIND, reason),
        _ => sight.answer(KIND, holds, because),
    }
}

fn anywhere(check: &DefaultCheck, claim: &Claim, context: &Context) -> Observation {
    let parses = matches!(claim.scope, ClaimScope::File(_));
    let name = check.name.as_bytes();
    // `max-size` on a command line is `max_size` in the code.
    let dashed = check.name.replace('_', "-");
    let candidate = |bytes: &[u8]| {
        parses
            || memchr::memmem::find(bytes, name).is_some()
            || memchr::memmem::find(bytes, dashed.as_bytes()).is_some()
    };
    let swept = sweep_in_parts(check, claim, context, candidate, |subject, context| {
        look(check, subject, context, parses)
    });
    let swept = match swept {
        Ok(swept) => swept,
        Err(reason) => return Sight::default().unobserved(KIND, reason),
    };
    let mut sight = Sight { searched: swept.searched, ..Sight::default() };
    let (mut holding, mut against, mut unknown) = (Vec::new(), Vec::new(), Vec::new());
    for seen in swept.found {
        sight.searched.nodes += seen.places;
        for (cited, because, notes) in seen.yes {
            holding.push((cited, because));
            sight.notes.extend(notes);
        }
        against.extend(seen.no);
        unknown.extend(seen.unknown);
        sight.notes.extend(seen.note);
    }
    sight.notes.sort();
    sight.notes.dedup();
    if let Some((first, because)) = holding.first() {
        let more = if holding.len() > 1 {
            format!("; and {} places more", holding.len() - 1)
        } else {
            String::new()
        };
        let because = format!("{because} at {}:{}{more}", first.file, first.line);
        sight.sites = holding.into_iter().map(|(site, _)| site).collect();
        return sight.answer(KIND, check.expected, because);
    }
    if let Some((first, why)) = unknown.first() {
        let what = format!("{}:{}: {why}", first.file, first.line);
        sight.sites = unknown.into_iter().map(|(site, _)| site).collect();
        return sight.unobserved(KIND, Reason::Unresolved { what });
    }
    if !check.expected
        && let Some(reason) = sight.searched.blind.first().cloned()
    {
        return sight.unobserved(KIND, reason);
    }
    let because = match against.as_slice() {
        [] => format!("nothing gives a default of `{}`", check.name),
        [(_, only)] => only.clone(),
        [(_, first), ..] => format!("{first}; and {} places more", against.len() - 1),
    };
    sight.sites = against.into_iter().map(|(site, _)| site).collect();
    sight.answer(KIND, !check.expected, because)
}

/// What one file, or one symbol of it, has.
#[derive(Default, Serialize, Deserialize)]
struct Seen {
    /// Places that are as the claim says, why, and what is to be noted of them.
    yes: Vec<(Site, String, Vec<String>)>,
    no: Vec<(Site, String)>,
    unknown: Vec<(Site, String)>,
    /// How many places were judged.
    places: u64,
    note: Option<String>,
}

/// Looks at one subject; where it was asked for alone, what an `import *` may bring counts.
fn look<'f>(
    check: &DefaultCheck,
    subject: Subject<'f>,
    context: &Context<'_, 'f>,
    asked_alone: bool,
) -> Seen {
    let places = Places { project: context.project, file: subject.file, name: &check.name };
    let found = places.anywhere(subject.range());
    let mut seen = Seen::default();
    for place in &found {
        if broken_within(place.file, place.range).is_some() {
            continue;
        }
        let cited = cite(place);
        match judge(check, place, &format!("`{}`", check.name)) {
            Answer::Yes(because) => seen.yes.push((cited, because, place.notes.clone())),
            Answer::No(because) => seen.no.push((cited, because)),
            Answer::Unknown(why) => seen.unknown.push((cited, why)),
        }
    }
    seen.places = (seen.yes.len() + seen.no.len() + seen.unknown.len()) as u64;
    seen.unknown.extend(places.stars().filter(|_| found.is_empty() && asked_alone));
    seen.note = (!seen.yes.is_empty()).then(|| broken_elsewhere_note(subject.file)).flatten();
    seen
}

fn cite(place: &Place) -> Site {
    let label = match &place.given {
        Given::Value(value) => format!("{} = {}", place.what, shortened(value)),
        Given::Replaced(value) => format!("{} = {}, where none is given", place.what, shortened(value)),
        Given::Required => format!("{} must be given", place.what),
        Given::ReplacedBySomething(_) | Given::Something(_) | Given::Unknown(_) => place.what.to_owned(),
    };
    site(place.file, place.range, Some(&label))
}

fn shortened(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= 60 {
        text
    } else {
        format!("{}…", text.chars().take(59).collect::<String>())
    }
}

fn judge(check: &DefaultCheck, place: &Place, name: &str) -> Answer {
    let value = match &place.given {
        Given::Unknown(why) => return Answer::Unknown(why.clone()),
        Given::Required => {
            let because = format!("{name} must be given by the caller");
            return match check.required {
                Some(true) => Answer::Yes(because),
                Some(false) | None => Answer::No(because),
            };
        }
        // Both are true of it: `None` in the signature, and what takes its place.
        Given::Replaced(_) | Given::ReplacedBySomething(_) if check.value == Some(Value::None) => {
            &Value::None
        }
        // That it may be left out is certain, whatever it is then.
        Given::ReplacedBySomething(why) | Given::Something(why) => {
            let because = format!("{name} may be left out");
            return match check.required {
                Some(true) => Answer::No(because),
                Some(false) if check.value.is_none() && !check.has_bounds() => Answer::Yes(because),
                Some(false) | None => Answer::Unknown(why.clone()),
            };
        }
        Given::Value(value) | Given::Replaced(value) => value,
    };
    let because = format!("{name} is {} by default", shortened(value));
    if check.required == Some(true) {
        return Answer::No(because);
    }
    let mut holds = check.value.as_ref().is_none_or(|wanted| wanted.is_same(value));
    if check.has_bounds() {
        if matches!(value, Value::Text(_) | Value::Bytes(_)) {
            return Answer::Unknown(format!("{name} is the text {}, not a number", shortened(value)));
        }
        holds &= value.number().is_some_and(|number| {
            check.min.is_none_or(|min| number >= min)
                && check.max.is_none_or(|max| number <= max)
                && check.above.is_none_or(|above| number > above)
                && check.below.is_none_or(|below| number < below)
        });
    }
    if holds { Answer::Yes(because) } else { Answer::No(because) }
}

#[cfg(test)]
mod tests;
