//! # `inspect`
//!
//! ## What it asks
//!
//! What a live object is: whether it exists and can be called, whether it is a coroutine function
//! or an asynchronous generator, its signature, parameters, defaults and annotations, its value and
//! type, its bases and method resolution order, the module that it was defined in, its source, and
//! the thread that an instance holds. The module is imported in a process of its own, in a
//! sandbox; the interpreter's own tables are read, so that a class that overrides `__class__`,
//! `__signature__` or `__getattribute__`, or code that patches `inspect` or `builtins`, changes
//! nothing.
//!
//! ## In findings.toml
//!
//! ```toml
//! file = "server/rpc.py"
//! symbol = "Server.start"
//! inspect = { is-coroutine-function = false, return-annotation = "None" }
//! ```
//!
//! Each question that is asked must have the answer that is given:
//!
//! | key | the true answer |
//! | --- | --- |
//! | `exists`, `callable` | whether the object is there, whether it can be called |
//! | `is-coroutine-function`, `is-async-generator` | what `async def` made of it |
//! | `signature` | the text of `inspect.signature`, as `"(host, port=80)"` |
//! | `parameters` | names of the parameters in their order |
//! | `kinds` | `{ name = "keyword-only" }`; also `positional-only`, `positional-or-keyword`, `var-positional`, `var-keyword` |
//! | `defaults` | `{ port = 80, host = "'localhost'" }`: what `repr` says of each |
//! | `annotations`, `return-annotation` | as text, `none` when there is none |
//! | `value`, `type` | what `repr` says of it, and its type's qualified name |
//! | `bases`, `mro`, `subclass-of` | names of the direct bases, of the resolution order, of one class in it |
//! | `origin` | the module that it was defined in |
//! | `source-contains` | a text in its source |
//! | `names` | names that it has: a class its own members; without a `symbol`, the module its globals |
//! | `thread` | see below |
//!
//! Of a class: `inspect = { thread = { attribute = "_sweeper", target = "_sweep", daemon = true,
//! event = "_stop" } }` constructs an instance, with stand-ins where the constructor wants
//! arguments, and looks at the thread that it holds.
//!
//! ## What it cannot see
//!
//! Anything of a module that does not import here, and anything that is a stub or derives from
//! one where the answer depends on it.

use serde_json::Value;

use super::cited::CitedCode;
use super::request::{Ending, Question};
use super::session::{Session, Told, ending_reason, error_reason, file_of, list, no_answer, texts, unseen};
use crate::catalogue::check::ThreadQuestion;
use crate::catalogue::{CheckKind, Claim, InspectCheck};
use crate::evidence::{Observation, Outcome, Reason, Searched, Strength};

/// Answers the check.
pub(super) fn observe(session: &Session<'_>, claim: &Claim, check: &InspectCheck) -> Observation {
    let question = Question::Inspect { symbol: claim.symbol.clone(), construct: check.thread.is_some() };
    let told = match session.ask(claim, question, 0) {
        Ok(told) => told,
        Err(reason) => return unseen(CheckKind::Inspect, Strength::Inspected, reason, Vec::new()),
    };
    let Told { reply, notes, root } = told;
    let answer = match (&reply.ending, ending_reason(&reply.ending)) {
        (_, Some(reason)) => return unseen(CheckKind::Inspect, Strength::Inspected, reason, notes),
        (Ending::Answered(answer), None) => answer,
        (_, None) => unreachable!("every other ending has a reason"),
    };
    if let Some(error) = answer.get("error") {
        return unseen(CheckKind::Inspect, Strength::Inspected, error_reason(error, &root), notes);
    }
    let source = CitedCode::of(session, claim);
    match judge(claim, check, answer, &source) {
        Err(reason) => unseen(CheckKind::Inspect, Strength::Inspected, reason, notes),
        Ok((holds, because)) => Observation {
            check: CheckKind::Inspect,
            strength: Strength::Inspected,
            outcome: if holds { Outcome::Holds } else { Outcome::DoesNotHold },
            because,
            sites: source.site.into_iter().collect(),
            searched: Searched { files: 1, parsed: 1, nodes: 1, blind: Vec::new() },
            notes,
        },
    }
}

/// Compares what was asked with what was seen: whether all of it is so, and why.
fn judge(
    claim: &Claim,
    check: &InspectCheck,
    answer: &Value,
    source: &CitedCode,
) -> Result<(bool, String), Reason> {
    let file = file_of(claim).map(|file| file.as_str()).unwrap_or_default();
    let symbol = claim.symbol.as_deref().unwrap_or(file);
    let found = answer.get("found").and_then(Value::as_bool).unwrap_or(false);
    if !found {
        if let Some(stub) = answer.get("stub").and_then(Value::as_str) {
            return Err(no_answer(
                "stubbed",
                format!("`{symbol}` would come from `{stub}`, which is a stub"),
            ));
        }
        if let Some(function) = answer.get("answered-by").and_then(Value::as_str) {
            return Err(no_answer(
                "dynamic",
                format!("nothing defines `{symbol}`, and `{function}` may answer for it when it is asked"),
            ));
        }
        return match check.exists {
            Some(false) => Ok((true, format!("`{symbol}` does not exist"))),
            Some(true) => Ok((false, format!("`{symbol}` does not exist"))),
            None => Err(Reason::SymbolMissing { symbol: symbol.to_owned() }),
        };
    }
    let none = Value::Null;
    let facts = answer.get("facts").unwrap_or(&none);
    if let Some(stub) = facts.get("stub").and_then(Value::as_str)
        && (facts.get("is-class").and_then(Value::as_bool) != Some(true)
            || facts.get("is-stub").and_then(Value::as_bool) == Some(true)
            || check.subclass_of.is_some()
            || check.bases.is_some()
            || check.mro.is_some())
    {
        return Err(no_answer("stubbed", format!("`{symbol}` is or derives from `{stub}`, which is a stub")));
    }
    let mut answers = Answers { symbol, good: Vec::new(), bad: Vec::new() };
    if let Some(function) = facts.get("computed").and_then(Value::as_str)
        && *check != (InspectCheck { exists: check.exists, ..InspectCheck::default() })
    {
        return Err(no_answer(
            "dynamic",
            format!("what `{symbol}` is, `{function}` works out when it is asked, and it was not asked"),
        ));
    }
    let flag = |key: &str| facts.get(key).and_then(Value::as_bool).unwrap_or(false);
    let text = |key: &str| facts.get(key).and_then(Value::as_str);
    let parameters = facts.get("parameters").and_then(Value::as_array);
    let needs = |what: &str| {
        no_answer(
            "no-signature",
            format!("`{symbol}` is no function of the target, so that it has no {what}"),
        )
    };

    if let Some(expected) = check.exists {
        answers.add("exists", expected, true, "true".to_owned());
    }
    for (name, expected, key) in [
        ("callable", check.callable, "callable"),
        ("is-coroutine-function", check.is_coroutine_function, "is-coroutine-function"),
        ("is-async-generator", check.is_async_generator, "is-async-generator"),
    ] {
        if let Some(expected) = expected {
            let seen = flag(key);
            answers.add(name, expected, seen, seen.to_string());
        }
    }
    for (name, expected, key) in [
        ("signature", &check.signature, "signature"),
        ("return-annotation", &check.return_annotation, "return-annotation"),
        ("value", &check.value, "value"),
        ("type", &check.type_name, "type"),
        ("origin", &check.origin, "origin"),
    ] {
        let Some(expected) = expected else { continue };
        let seen = match (text(key), key) {
            (Some(seen), _) => seen,
            (None, "return-annotation") if parameters.is_some() => "none",
            (None, "origin") if text("qualname").is_some() => {
                return Err(no_answer(
                    "no-origin",
                    format!("`{symbol}` does not say truly, or not surely, which module it is from"),
                ));
            }
            (None, _) => return Err(needs(name)),
        };
        let same = match key {
            "type" => same_name(expected, seen),
            "return-annotation" if text(key).is_none() => expected.eq_ignore_ascii_case("none"),
            "value" => same_value(expected, seen),
            _ => normal(expected) == normal(seen),
        };
        if matches!(key, "value" | "signature") {
            unless_opaque(same, expected, seen)?;
        }
        unless_stubbed(answer, same, seen)?;
        answers.add(&format!("{name} `{expected}`"), true, same, format!("`{seen}`"));
    }
    if let Some(expected) = &check.parameters {
        let parameters = parameters.ok_or_else(|| needs("parameters"))?;
        let seen: Vec<&str> =
            parameters.iter().filter_map(|parameter| parameter.get("name")?.as_str()).collect();
        let same = seen == expected.iter().map(String::as_str).collect::<Vec<_>>();
        answers.add(
            &format!("parameters ({})", expected.join(", ")),
            true,
            same,
            format!("({})", seen.join(", ")),
        );
    }
    for (what, expected, key) in [
        ("kind", &check.kinds, "kind"),
        ("default", &check.defaults, "default"),
        ("annotation", &check.annotations, "annotation"),
    ] {
        for (name, expected) in expected {
            let parameters = parameters.ok_or_else(|| needs("parameters"))?;
            let parameter = parameters
                .iter()
                .find(|parameter| parameter.get("name").and_then(Value::as_str) == Some(name));
            let (same, seen) = match parameter.map(|parameter| parameter.get(key).and_then(Value::as_str)) {
                Some(Some(seen)) => {
                    let same = match key {
                        "default" => same_value(expected, seen),
                        _ => normal(expected) == normal(seen),
                    };
                    unless_opaque(same, expected, seen)?;
                    unless_stubbed(answer, same, seen)?;
                    (same, format!("`{seen}`"))
                }
                Some(None) => (false, format!("no {what}")),
                None => (false, "no such parameter".to_owned()),
            };
            answers.add(&format!("{what} of `{name}` `{expected}`"), true, same, seen);
        }
    }
    for (name, expected, key) in [("bases", &check.bases, "bases"), ("mro", &check.mro, "mro")] {
        let Some(expected) = expected else { continue };
        if !flag("is-class") {
            return Err(no_answer("no-class", format!("`{symbol}` is no class")));
        }
        let seen = texts(facts, key);
        let same = seen.len() == expected.len()
            && expected.iter().zip(&seen).all(|(name, seen)| same_name(name, seen));
        answers.add(
            &format!("{name} ({})", expected.join(", ")),
            true,
            same,
            format!("({})", seen.join(", ")),
        );
    }
    if let Some(expected) = &check.subclass_of {
        if !flag("is-class") {
            return Err(no_answer("no-class", format!("`{symbol}` is no class")));
        }
        let seen = texts(facts, "mro");
        let same = seen.iter().any(|seen| same_name(expected, seen));
        answers.add(&format!("subclass of `{expected}`"), true, same, format!("({})", seen.join(", ")));
    }
    if let Some(expected) = &check.source_contains {
        if source.text.as_deref().is_none_or(str::is_empty) {
            return Err(Reason::SymbolMissing { symbol: symbol.to_owned() });
        }
        is_the_source(claim, facts, symbol, source)?;
        let same = source.text.as_deref().unwrap_or_default().contains(expected.as_str());
        answers.add(&format!("source contains `{expected}`"), true, same, "not in it".to_owned());
    }
    if let Some(expected) = &check.names {
        let seen = if flag("is-class") { texts(facts, "members") } else { texts(facts, "names") };
        if !flag("is-class") && facts.get("names").is_none() {
            return Err(no_answer("no-names", format!("`{symbol}` is neither a class nor a module")));
        }
        let absent: Vec<String> = expected.iter().filter(|name| !seen.contains(name)).cloned().collect();
        if let Some(function) = text("answered-by").filter(|_| !absent.is_empty()) {
            let absent = list(&absent, 5);
            return Err(no_answer(
                "dynamic",
                format!("nothing defines {absent}, and `{function}` may answer for it when it is asked"),
            ));
        }
        answers.add(
            &format!("has {}", expected.join(", ")),
            true,
            absent.is_empty(),
            format!("no {}", list(&absent, 5)),
        );
    }
    if let Some(question) = &check.thread {
        if !flag("is-class") {
            return Err(no_answer("no-class", format!("`{symbol}` is no class")));
        }
        let text = source.text.as_deref().unwrap_or_default();
        thread(question, symbol, text, answer, &mut answers)?;
    }
    Ok(answers.told())
}

/// A value that a stub has given says nothing of what the package would have given; neither does
/// an annotation that is not as expected and names one, because packages hand out what they
/// define elsewhere.
fn unless_stubbed(answer: &Value, same: bool, seen: &str) -> Result<(), Reason> {
    let named = || texts(answer, "stubs").into_iter().any(|stub| stub.contains('.') && seen.contains(&stub));
    if seen.contains("<stub ") || (!same && named()) {
        return Err(no_answer("stubbed", format!("`{seen}` comes from a stub")));
    }
    Ok(())
}

/// Whether the text that was found by name is what the live object was made from.
fn is_the_source(claim: &Claim, facts: &Value, symbol: &str, source: &CitedCode) -> Result<(), Reason> {
    if claim.symbol.is_none() {
        return Ok(());
    }
    let elsewhere = |place: String| {
        Err(no_answer("other-source", format!("what `{symbol}` is by now was not made there, but {place}")))
    };
    let is_class = facts.get("is-class").and_then(Value::as_bool) == Some(true);
    let line = facts.get("line").and_then(Value::as_u64);
    let file = facts.get("file").and_then(Value::as_str).unwrap_or_default();
    match (line, source.lines.functions_only) {
        // Where a class was made is not kept; its name is as good as what can be had.
        (None, true) if is_class => Ok(()),
        (None, true) => elsewhere("outside of Python code".to_owned()),
        // The value of a variable.
        (None, false) => Ok(()),
        (Some(line), _) => {
            let here = file_of(claim).is_ok_and(|asked| file.ends_with(asked.as_str()));
            let lines = u64::from(source.lines.first)..=u64::from(source.lines.last);
            match here && lines.contains(&line) {
                true => Ok(()),
                false if here => elsewhere(format!("in line {line}")),
                false => elsewhere("in another file".to_owned()),
            }
        }
    }
}

/// What an instance's thread is.
fn thread(
    question: &ThreadQuestion,
    symbol: &str,
    source: &str,
    answer: &Value,
    answers: &mut Answers<'_>,
) -> Result<(), Reason> {
    let none = Value::Null;
    let instance = answer.get("instance").unwrap_or(&none);
    let facts = answer.get("facts").unwrap_or(&none);
    let attribute = &question.attribute;
    if let Some(error) = instance.get("error") {
        let kind = error.get("type").and_then(Value::as_str).unwrap_or("an exception");
        let message = error.get("message").and_then(Value::as_str).unwrap_or_default();
        return Err(no_answer(
            "not-constructed",
            format!("`{symbol}` cannot be constructed with stand-ins: {kind}: {message}"),
        ));
    }
    let threads = instance.get("threads");
    // A name that is private to its class is kept under a longer one.
    let private =
        format!("_{}{attribute}", symbol.rsplit('.').next().unwrap_or(symbol).trim_start_matches('_'));
    let found = threads.and_then(|threads| {
        threads
            .get(attribute)
            .or_else(|| attribute.starts_with("__").then(|| threads.get(&private)).flatten())
    });
    let Some(thread) = found else {
        // Stand-ins may have led the constructor elsewhere.
        let parameters = facts.get("parameters").and_then(Value::as_array);
        let stand_ins: Vec<String> = (parameters.into_iter().flatten())
            .filter(|parameter| parameter.get("default").is_none())
            .filter(|parameter| {
                !parameter.get("kind").and_then(Value::as_str).unwrap_or_default().starts_with("var-")
            })
            .filter_map(|parameter| parameter.get("name")?.as_str().map(str::to_owned))
            .collect();
        let inherits = texts(facts, "bases").iter().any(|base| base != "object");
        if !stand_ins.is_empty() && (inherits || source.contains(attribute.as_str())) {
            return Err(no_answer(
                "not-constructed",
                format!(
                    "`{symbol}` was constructed with stand-ins for {}, and put no thread in `{attribute}`",
                    list(&stand_ins, 5)
                ),
            ));
        }
        let held =
            threads.and_then(Value::as_object).map(|threads| threads.keys().cloned().collect::<Vec<_>>());
        let held = held.filter(|held| !held.is_empty());
        let seen = held.map_or("no thread".to_owned(), |held| format!("threads in {}", list(&held, 5)));
        answers.add(&format!("a thread in `{attribute}`"), true, false, seen);
        return Ok(());
    };
    answers.add(&format!("a thread in `{attribute}`"), true, true, "a thread".to_owned());
    if let Some(expected) = &question.target {
        let Some(seen) = thread.get("target").and_then(Value::as_str) else {
            return Err(no_answer(
                "no-target",
                format!(
                    "the thread in `{attribute}` does not say what it runs: it has ended, or runs no function"
                ),
            ));
        };
        let same = same_name(expected, seen);
        answers.add(&format!("its target `{expected}`"), true, same, format!("`{seen}`"));
    }
    for (name, expected) in [("daemon", question.daemon), ("started", question.started)] {
        if let Some(expected) = expected {
            let seen = thread.get(name).and_then(Value::as_bool).unwrap_or(false);
            answers.add(name, expected, seen, seen.to_string());
        }
    }
    if let Some(event) = &question.event {
        let events = texts(instance, "events");
        answers.add(
            &format!("an event in `{event}`"),
            true,
            events.contains(event),
            format!("events in ({})", events.join(", ")),
        );
    }
    Ok(())
}

/// Answers to the parts of a question.
struct Answers<'a> {
    symbol: &'a str,
    good: Vec<String>,
    bad: Vec<String>,
}

impl Answers<'_> {
    fn add(&mut self, what: &str, expected: bool, seen: bool, told: String) {
        if expected == seen {
            self.good.push(if expected { what.to_owned() } else { format!("not {what}") });
        } else {
            let expected = if expected { what.to_owned() } else { format!("not {what}") };
            self.bad.push(format!("expected {expected}, seen {told}"));
        }
    }

    fn told(self) -> (bool, String) {
        match self.bad.is_empty() {
            true => (true, format!("live `{}`: {}", self.symbol, self.good.join("; "))),
            false => (false, format!("live `{}`: {}", self.symbol, self.bad.join("; "))),
        }
    }
}

/// Text as it counts: quotes alike, no blanks, no `typing.`.
fn normal(text: &str) -> String {
    text.replace('"', "'")
        .replace("typing.", "")
        .chars()
        .filter(|character| !character.is_whitespace())
        .collect()
}

/// Whether a value is as expected. A member of an enumeration is named, by its whole name or the end of
/// it, or written as `repr` writes it.
fn same_value(expected: &str, seen: &str) -> bool {
    let is_name = seen.split('.').count() > 1
        && seen.split('.').all(|part| part.chars().all(|c| c.is_alphanumeric() || c == '_'))
        && !seen.starts_with(|first: char| first.is_ascii_digit());
    let short = seen.rmatch_indices('.').nth(1).map_or(seen, |(at, _)| &seen[at + 1..]);
    normal(expected) == normal(seen)
        || (is_name && (same_name(expected, seen) || expected.starts_with(&format!("<{short}: "))))
}

/// Objects are not asked to write themselves. One that is told by its type alone is no literal; whether
/// it would write itself as expected cannot be known.
fn unless_opaque(same: bool, expected: &str, seen: &str) -> Result<(), Reason> {
    let is_opaque = [" object>", "<range>", " items>", " bits>", "<function ", "<typing>", "<nested>"]
        .iter()
        .any(|part| seen.contains(part))
        || seen.ends_with("...")
        || seen.split('=').skip(1).any(|default| {
            // A member of an enumeration, in a signature.
            let name = default.trim_start();
            let end = name.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '.').unwrap_or(name.len());
            name.starts_with(|first: char| first.is_alphabetic()) && name[..end].contains('.')
        });
    // `None` is not how an object writes itself, and neither is a number.
    let is_literal = ["None", "True", "False", "Ellipsis"].contains(&expected)
        || expected.trim_start_matches(['-', '+']).starts_with(|first: char| first.is_ascii_digit());
    if same || !is_opaque || (is_literal && seen.starts_with('<')) {
        return Ok(());
    }
    Err(no_answer(
        "opaque",
        format!("`{seen}` was not asked how it writes itself, so that it cannot be compared"),
    ))
}

/// Whether an expected name, which may leave out leading parts, is the seen one.
fn same_name(expected: &str, seen: &str) -> bool {
    seen == expected || seen.strip_suffix(expected).is_some_and(|rest| rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::request::Cited;
    use super::*;
    use crate::catalogue::{ClaimId, Role, Scope};
    use crate::target::RelativePath;

    fn claim() -> Claim {
        Claim {
            id: ClaimId::new("F/claim"),
            role: Role::Instance,
            says: String::new(),
            scope: Scope::File(RelativePath::new("m.py").unwrap()),
            symbol: Some("C.f".to_owned()),
            lines: None,
            checks: Vec::new(),
            example: None,
            line: 1,
        }
    }

    fn cited(text: &str, functions_only: bool) -> CitedCode {
        let lines = Cited { first: 3, last: 5, functions_only };
        CitedCode { text: Some(text.to_owned()), lines, site: None }
    }

    fn function() -> Value {
        json!({"found": true, "facts": {
            "type": "function", "value": "<function C.f>", "callable": true, "is-class": false,
            "is-coroutine-function": false, "is-async-generator": false,
            "signature": "(endpoint: str, options=None) -> Optional[int]",
            "return-annotation": "Optional[int]", "origin": "m", "line": 3, "file": "/t/m.py",
            "parameters": [
                {"name": "endpoint", "kind": "positional-or-keyword", "annotation": "str"},
                {"name": "options", "kind": "positional-or-keyword", "default": "None"},
            ],
        }})
    }

    fn class() -> Value {
        json!({"found": true, "facts": {
            "type": "type", "value": "<class 'm.C'>", "callable": true, "is-class": true,
            "bases": ["m.B"], "mro": ["m.C", "m.B", "object"], "members": ["f", "g"],
        }, "instance": {
            "threads": {"_sweeper": {"target": "m.C._sweep", "daemon": true, "started": true}},
            "events": ["_stop"],
        }})
    }

    #[test]
    fn every_predicate_can_hold_and_can_fail() {
        let check = |question: &str, answer: Value, expected: Option<bool>| {
            let check: InspectCheck = toml::from_str(question).unwrap();
            let seen = judge(&claim(), &check, &answer, &cited("def f(self): pass", true));
            assert_eq!(seen.as_ref().ok().map(|(holds, _)| *holds), expected, "{question}: {seen:?}");
        };
        for (holds, fails) in [
            ("exists = true", "exists = false"),
            ("callable = true", "callable = false"),
            ("is-coroutine-function = false", "is-coroutine-function = true"),
            ("is-async-generator = false", "is-async-generator = true"),
            (
                "signature = '(endpoint: str, options = None) -> typing.Optional[int]'",
                "signature = '(endpoint: str)'",
            ),
            ("parameters = ['endpoint', 'options']", "parameters = ['options', 'endpoint']"),
            ("kinds = { options = 'positional-or-keyword' }", "kinds = { options = 'keyword-only' }"),
            ("defaults = { options = 'None' }", "defaults = { endpoint = 'None' }"),
            ("annotations = { endpoint = 'str' }", "annotations = { options = 'str' }"),
            ("return-annotation = 'Optional[int]'", "return-annotation = 'int'"),
            ("type = 'function'", "type = 'type'"),
            ("value = '<function C.f>'", "value = '3'"),
            ("origin = 'm'", "origin = 'n'"),
            ("source-contains = 'pass'", "source-contains = 'fail'"),
        ] {
            check(holds, function(), Some(true));
            check(fails, function(), Some(false));
        }
        for (holds, fails) in [
            ("bases = ['B']", "bases = ['object']"),
            ("mro = ['m.C', 'B', 'object']", "mro = ['C', 'object']"),
            ("subclass-of = 'B'", "subclass-of = 'D'"),
            ("names = ['g']", "names = ['h']"),
            ("thread = { attribute = '_sweeper', target = '_sweep' }", "thread = { attribute = '_other' }"),
            (
                "thread = { attribute = '_sweeper', daemon = true }",
                "thread = { attribute = '_sweeper', daemon = false }",
            ),
            (
                "thread = { attribute = '_sweeper', event = '_stop' }",
                "thread = { attribute = '_sweeper', event = '_go' }",
            ),
        ] {
            check(holds, class(), Some(true));
            check(fails, class(), Some(false));
        }
    }

    #[test]
    fn missing_and_stubbed_objects_refute_nothing() {
        let check = |question: &str, answer: Value, expected: &str| {
            let check: InspectCheck = toml::from_str(question).unwrap();
            let seen = judge(&claim(), &check, &answer, &cited("def f(self): pass", true));
            assert!(format!("{seen:?}").contains(expected), "{question}: {seen:?}");
        };
        check("callable = true", json!({"found": false}), "SymbolMissing");
        check("exists = true", json!({"found": false}), "Ok((false");
        check("exists = false", json!({"found": false}), "Ok((true");
        check("exists = false", json!({"found": false, "stub": "zmq.Base"}), "stubbed");
        check("exists = false", json!({"found": false, "answered-by": "__getattr__"}), "dynamic");
        check("callable = true", json!({"found": true, "facts": {"stub": "zmq.Context"}}), "stubbed");
        check(
            "bases = ['object']",
            json!({"found": true, "facts": {"stub": "x.Base", "is-class": true}}),
            "stubbed",
        );
        check("signature = '()'", json!({"found": true, "facts": {"type": "int"}}), "no-signature");
        let failed = json!({"found": true, "facts": {"is-class": true}, "instance": {"error": {"type": "KeyError", "message": "x"}}});
        check("thread = { attribute = 'a' }", failed, "not-constructed");
        let computed = || json!({"found": true, "facts": {"computed": "property"}});
        check("exists = true", computed(), "Ok((true");
        check("type = 'int'", computed(), "dynamic");
        check("exists = true\ncallable = true", computed(), "dynamic");
        let defaults = |default: &str| {
            json!({"found": true, "stubs": ["zmq", "zmq.REP"], "facts": {"type": "function", "value": default,
                "parameters": [{"name": "kind", "default": default, "annotation": "zmq.REP"}]}})
        };
        check("defaults = { kind = '4' }", defaults("<stub zmq.REP>"), "stubbed");
        check("defaults = { kind = '<stub zmq.REP>' }", defaults("<stub zmq.REP>"), "stubbed");
        check("value = '[4]'", defaults("[<stub zmq.REP>]"), "stubbed");
        let value = |value: &str| json!({"found": true, "facts": {"value": value}});
        check("value = \"Decimal('1')\"", value("<decimal.Decimal object>"), "opaque");
        check("value = '<decimal.Decimal object>'", value("<decimal.Decimal object>"), "Ok((true");
        check("value = '3'", value("<decimal.Decimal object>"), "Ok((false");
        check("value = 'None'", value("<decimal.Decimal object>"), "Ok((false");
        check("value = '[1]'", value("[<decimal.Decimal object>]"), "opaque");
        for same in ["m.Kind.A", "Kind.A", "<Kind.A: 1>"] {
            check(&format!("value = '{same}'"), value("m.Kind.A"), "Ok((true");
        }
        let signature = |text: &str| json!({"found": true, "facts": {"signature": text}});
        check("signature = '(a=<Kind.A: 1>)'", signature("(a=m.Kind.A, b=1.5)"), "opaque");
        check("signature = '(a=Decimal(1))'", signature("(a=<decimal.Decimal object>)"), "opaque");
        check("signature = '(a)'", signature("(a: x.Y = 3, b=1.5, c='p.q')"), "Ok((false");
        check("value = 'Kind.B'", value("m.Kind.A"), "Ok((false");
        check("value = '<Kind.B: 1>'", value("m.Kind.A"), "Ok((false");
        check("annotations = { kind = 'zmq.constants.REP' }", defaults("4"), "stubbed");
        check("annotations = { kind = 'zmq.REP' }", defaults("4"), "Ok((true");
        let names = |facts: Value| json!({"found": true, "facts": facts});
        check("names = ['a']", names(json!({"names": ["a"], "answered-by": "__getattr__"})), "Ok((true");
        check("names = ['b']", names(json!({"names": ["a"], "answered-by": "__getattr__"})), "dynamic");
        check("names = ['b']", names(json!({"names": ["a"]})), "Ok((false");
        check("names = ['b']", names(json!({"type": "int"})), "no-names");
        check("origin = 'm'", names(json!({"is-class": true, "qualname": "C"})), "no-origin");
        check("return-annotation = 'none'", names(json!({"type": "int"})), "no-signature");
    }

    #[test]
    fn source_is_that_of_the_live_object() {
        let check = |facts: Value, functions_only: bool, expected: &str| {
            let check: InspectCheck = toml::from_str("source-contains = 'pass'").unwrap();
            let answer = json!({"found": true, "facts": facts});
            let seen = judge(&claim(), &check, &answer, &cited("def f(self): pass", functions_only));
            assert!(format!("{seen:?}").contains(expected), "{facts}: {seen:?}");
        };
        check(json!({"line": 4, "file": "/t/m.py"}), true, "Ok((true");
        check(json!({"line": 9, "file": "/t/m.py"}), true, "but in line 9");
        check(json!({"line": 4, "file": "/lib/other.py"}), true, "but in another file");
        check(json!({"type": "builtin_function_or_method"}), true, "outside of Python code");
        check(json!({"is-class": true}), true, "Ok((true");
        check(json!({"type": "int"}), false, "Ok((true");
    }

    #[test]
    fn thread_that_stand_ins_may_have_prevented_is_not_said_to_be_absent() {
        let check = |question: &str, answer: Value, expected: &str| {
            let check: InspectCheck = toml::from_str(&format!("thread = {{ {question} }}")).unwrap();
            let seen = judge(&claim(), &check, &answer, &cited("self._sweeper = Thread()", true));
            assert!(format!("{seen:?}").contains(expected), "{question}: {seen:?}");
        };
        let made = |parameters: Value, bases: Value| {
            json!({"found": true, "facts": {"is-class": true, "parameters": parameters, "bases": bases},
                "instance": {"threads": {"_f__hidden": {"target": "go"}, "_ended": {"target": null}}}})
        };
        let wants = || json!([{"name": "kernel", "kind": "positional-or-keyword"}]);
        check("attribute = '_sweeper'", made(wants(), json!(["object"])), "with stand-ins for kernel");
        check("attribute = '_other'", made(wants(), json!(["m.Base"])), "with stand-ins for kernel");
        check("attribute = '_other'", made(wants(), json!(["object"])), "Ok((false");
        let given = json!([{"name": "a", "default": "3"}, {"name": "b", "kind": "var-keyword"}]);
        check("attribute = '_sweeper'", made(given, json!(["object"])), "Ok((false");
        check("attribute = '__hidden', target = 'go'", made(wants(), json!(["object"])), "Ok((true");
        check("attribute = '_ended', target = 'go'", made(wants(), json!(["object"])), "no-target");
    }
}
