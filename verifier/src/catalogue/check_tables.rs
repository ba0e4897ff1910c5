//! From the tables of a claim's checks to the questions that they ask. What the keys of a kind
//! mean is told by the manual of the kind; here is how they are written.

mod code;

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use regex::Regex;
use toml::Spanned;
use toml::de::DeValue;

use super::check::{
    AsyncFunctionCheck, AttributeCheck, Condition, Count, EndlessLoopCheck, FlowCheck, ImportCheck,
    InspectCheck, PatternCheck, ProbeCheck, Propagator, SequenceCheck, SharedStateCheck, StaticCheck,
    SyntaxCheck, ThreadCheck, ThreadQuestion,
};
use super::literal::place_in_literal;
use super::problems::{Problem, Sink, closest, quoted};
use super::raw::{Table, Text, as_table, python_value_of, text_of};
use super::validate::beside_the_catalogue;
use crate::python::pattern::{Pattern, metavariables};
use crate::python::rule::RuleFile;
use crate::target::RelativePath;

/// What reading a check may look at.
#[derive(Clone, Copy)]
pub(super) struct Reader<'r> {
    /// The text of the catalogue.
    pub(super) text: &'r str,
    /// Where problems go.
    pub(super) sink: &'r Sink,
    /// Whether a file exists beside the catalogue.
    pub(super) exists: &'r dyn Fn(&Path) -> bool,
    /// The text of a file beside the catalogue, or why it has none.
    pub(super) read: &'r dyn Fn(&Path) -> Result<String, String>,
}

/// A kind of static check: the keys that name it in a `static` table, and how the rest is read.
type ReadStatic = for<'t> fn(Reader<'_>, &mut Table<'t>) -> Option<StaticCheck>;

const STATIC_KINDS: [(&[&str], ReadStatic); 15] = [
    (&["syntax"], |reader, table| reader.syntax(table)),
    (&["pattern", "all", "any"], |reader, table| reader.pattern_check(table)),
    (&["rule"], |reader, table| reader.rule(table)),
    (&["flow"], |reader, table| reader.flow(table)),
    (&["sequence"], |reader, table| reader.sequence(table)),
    (&["attribute"], |reader, table| reader.attribute(table)),
    (&["async-function"], |reader, table| reader.async_function(table)),
    (&["thread"], |reader, table| reader.thread(table)),
    (&["shared-state"], |reader, table| reader.shared_state(table)),
    (&["endless-loop"], |reader, table| reader.endless_loop(table)),
    (&["handler"], |reader, table| reader.handler(table)),
    (&["default"], |reader, table| reader.default(table)),
    (&["call"], |reader, table| reader.call(table)),
    (&["undefined-name"], |reader, table| reader.undefined_name(table)),
    (&["unused"], |reader, table| reader.unused(table)),
];

impl Reader<'_> {
    /// `static = { … }`: one kind, named by its key.
    pub(super) fn static_check(self, mut table: Table<'_>) -> Option<StaticCheck> {
        let keys = table.keys();
        let mut chosen: Vec<(usize, &str)> = Vec::new();
        // `async-function` has a `call` of its own.
        let is_second = |key: &str| key == "call" && keys.iter().any(|(key, _)| *key == "async-function");
        for (key, place) in keys.iter().filter(|(key, _)| !is_second(key)) {
            let Some(kind) = STATIC_KINDS.iter().position(|(names, _)| names.contains(key)) else { continue };
            if chosen.iter().any(|(earlier, _)| *earlier == kind) {
                continue;
            }
            if let Some((_, earlier_key)) = chosen.first() {
                let help = "make two claims of it: one claim, one question";
                let title = format!("`{earlier_key}` and `{key}` are two kinds of check in one table");
                self.sink.add(place.clone(), title, "a second kind", help);
            }
            chosen.push((kind, key));
        }
        let check = match &chosen[..] {
            [] => {
                self.no_kind(&table);
                return None;
            }
            [(kind, _)] => STATIC_KINDS[*kind].1(self, &mut table),
            several => {
                self.read_each(several.iter().map(|(kind, _)| *kind), &mut table);
                None
            }
        };
        table.finish(self.sink);
        check
    }

    /// Reads a table as each of several kinds, for what is wrong with the values in it. What the
    /// table as a whole lacks is told when it asks one thing.
    fn read_each(self, kinds: impl Iterator<Item = usize>, table: &mut Table<'_>) {
        let aside = Sink::default();
        for kind in kinds {
            let _ = STATIC_KINDS[kind].1(Reader { sink: &aside, ..self }, table);
        }
        let of_values = |problem: &Problem| problem.place.as_ref() != Some(&table.place());
        aside.into_problems().into_iter().filter(of_values).for_each(|problem| self.sink.push(problem));
    }

    fn no_kind(self, table: &Table<'_>) {
        let names = || STATIC_KINDS.iter().flat_map(|(names, _)| names.iter().copied());
        let list = format!("the kinds are {}", quoted(names()));
        match table.keys().first() {
            None => self.sink.add(table.place(), "a static check asks nothing", "empty", list),
            Some((key, place)) => {
                let help = match closest(key, names()) {
                    Some(near) => format!("did you mean `{near}`? {list}"),
                    None => list,
                };
                self.sink.add(place.clone(), format!("unknown kind of check `{key}`"), "no such kind", help);
            }
        }
    }

    /// `syntax = "error"`.
    fn syntax(self, table: &mut Table<'_>) -> Option<StaticCheck> {
        let answer = table.text("syntax", self.sink)?;
        let check = match answer.get_ref().as_str() {
            "error" => SyntaxCheck::Error,
            "valid" => SyntaxCheck::Valid,
            other => {
                let title = format!("`syntax` cannot be `{other}`");
                self.sink.add(answer.span(), title, "", "write `\"error\"` or `\"valid\"`");
                return None;
            }
        };
        Some(StaticCheck::Syntax(check))
    }

    /// `pattern`, `all`, `any`, with `not`, `inside`, `not-inside`, `where`, `focus`, `count`.
    fn pattern_check(self, table: &mut Table<'_>) -> Option<StaticCheck> {
        let mut all = self.patterns(table, "pattern");
        all.extend(self.patterns(table, "all"));
        let any = self.patterns(table, "any");
        let conditions = self.conditions(table);
        let check = PatternCheck {
            all,
            any,
            not: self.patterns(table, "not"),
            inside: self.patterns(table, "inside"),
            not_inside: self.patterns(table, "not-inside"),
            conditions: BTreeMap::new(),
            focus: None,
            rule: None,
            count: self.count(table),
        };
        let is_anything = |pattern: &Pattern| matches_anything(pattern.source());
        if check.all.is_empty() && check.any.is_empty() {
            // An empty list, or patterns that do not parse, which has been said.
            return None;
        }
        if check.all.iter().all(is_anything)
            && (check.any.is_empty() || check.any.iter().any(is_anything))
            && check.not.is_empty()
            && check.inside.is_empty()
            && check.not_inside.is_empty()
            && conditions.is_empty()
        {
            let help = "say more about the code: a name, a call, an operator";
            self.sink.add(table.place(), "a pattern that matches any code cannot fail", "", help);
            return None;
        }
        let inner = conditions.iter().filter_map(|(_, condition)| condition.pattern.as_ref());
        let named: Vec<String> = [&check.all, &check.any, &check.inside]
            .into_iter()
            .flatten()
            .chain(inner)
            .flat_map(|pattern| metavariables(pattern.source()))
            .collect();
        let focus = table.text("focus", self.sink).and_then(|focus| {
            self.known_metavariable(focus.get_ref(), focus.span(), &named).then(|| focus.into_inner())
        });
        let conditions = conditions
            .into_iter()
            .filter(|(name, _)| self.known_metavariable(name.get_ref(), name.span(), &named))
            .map(|(name, condition)| (name.into_inner(), condition))
            .collect();
        Some(StaticCheck::Pattern(PatternCheck { focus, conditions, ..check }))
    }

    /// `rule = "rules/x.yaml"`, with `rule-id` where the file has several, and `count`.
    fn rule(self, table: &mut Table<'_>) -> Option<StaticCheck> {
        let file = table.text("rule", self.sink)?;
        let wanted = table.text("rule-id", self.sink);
        let count = self.count(table);
        let fail = |title: String, help: String| {
            self.sink.add(file.span(), title, "", help);
            None
        };
        let path = match RelativePath::new(file.get_ref()) {
            Ok(path) => path,
            Err(error) => {
                let title =
                    format!("cannot use the rule `{}`: {}", file.get_ref(), beside_the_catalogue(error));
                return fail(title, "give a path below the catalogue's directory".to_owned());
            }
        };
        let text = match (self.read)(Path::new(path.as_str())) {
            Ok(text) => text,
            Err(problem) => {
                return fail(
                    format!("cannot read the rule `{path}`: {problem}"),
                    "create it, or mend the path".to_owned(),
                );
            }
        };
        let RuleFile { mut rules, foreign } = match RuleFile::read(&text) {
            Ok(file) => file,
            Err(error) => return fail(format!("cannot use the rule `{path}`"), error.to_string()),
        };
        let named = wanted.as_ref().map(|wanted| wanted.get_ref());
        if let Some(other) = foreign.iter().find(|other| Some(&other.id) == named) {
            return fail(format!("cannot use the rule `{}`", other.id), other.to_string());
        }
        let ids = quoted(rules.iter().map(|rule| rule.id.as_str()));
        if let Some(wanted) = named {
            rules.retain(|rule| rule.id == *wanted);
        }
        let [rule] = &rules[..] else {
            return fail(format!("`{path}` does not name one rule"), format!("add `rule-id`: it has {ids}"));
        };
        if let Err(error) = rule.paths.selection() {
            return fail(format!("cannot use the `paths` of the rule `{}`", rule.id), error);
        }
        let rule = Some(Arc::new(rule.clone()));
        Some(StaticCheck::Pattern(PatternCheck { rule, count, ..PatternCheck::default() }))
    }

    fn known_metavariable(self, name: &str, place: Range<usize>, named: &[String]) -> bool {
        if named.iter().any(|known| known == name) {
            return true;
        }
        let help = match closest(name, named.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None if named.is_empty() => "metavariables are written `$NAME`".to_owned(),
            None => format!("the patterns name {}", quoted(named.iter().map(String::as_str))),
        };
        self.sink.add(place, format!("no pattern names the metavariable `{name}`"), "", help);
        false
    }

    /// `where = { "$X" = "regex" }` or `where = { "$X" = { regex = "…", min = 1, max = 5, pattern = "…" } }`.
    fn conditions(self, table: &mut Table<'_>) -> Vec<(Text, Condition)> {
        let mut conditions = Vec::new();
        let Some(entries) = table.table("where", "`where`", self.sink) else { return conditions };
        for (name, value) in entries.every_entry() {
            if !name.get_ref().starts_with('$') {
                let help = format!("write `\"${}\"`, with quotes", name.get_ref().to_uppercase());
                self.sink.add(name.span(), format!("`{}` is not a metavariable", name.get_ref()), "", help);
                continue;
            }
            if let Some(condition) = self.condition(name.get_ref(), value) {
                conditions.push((name, condition));
            }
        }
        conditions
    }

    fn condition(self, name: &str, value: &Spanned<DeValue<'_>>) -> Option<Condition> {
        let Some(mut table) = as_table(value, "a bound on a metavariable") else {
            let regex = self.regex(&text_of(value, name, self.sink)?)?;
            return Some(Condition { regex: Some(regex), ..Condition::default() });
        };
        let condition = Condition {
            regex: table.text("regex", self.sink).and_then(|regex| self.regex(&regex)),
            min: table.number("min", self.sink).map(Spanned::into_inner),
            max: table.number("max", self.sink).map(Spanned::into_inner),
            pattern: table.text("pattern", self.sink).and_then(|pattern| self.pattern(&pattern)),
        };
        if table.keys().is_empty() {
            self.sink.add(
                table.place(),
                format!("the bound on `{name}` says nothing"),
                "",
                "give `regex`, `min`, `max` or `pattern`",
            );
        }
        if let (Some(min), Some(max)) = (condition.min, condition.max)
            && min > max
        {
            self.sink.add(
                table.place(),
                format!("no number is at least {min} and at most {max}"),
                "",
                "swap `min` and `max`",
            );
        }
        table.finish(self.sink);
        Some(condition)
    }

    fn regex(self, text: &Text) -> Option<Regex> {
        let problem = match regex_syntax_error(text.get_ref()) {
            None => match Regex::new(text.get_ref()) {
                Ok(regex) => return Some(regex),
                Err(error) => (error.to_string(), 0..text.get_ref().len()),
            },
            Some(problem) => problem,
        };
        let place = place_in_literal(self.text, text.span(), problem.1);
        self.sink.add(
            place,
            format!("cannot understand the regular expression: {}", problem.0),
            "",
            "the syntax is that of Rust's `regex`: no look-around, no back-references",
        );
        None
    }

    /// `count = 3` is exactly three; `count = { min = 1, max = 3 }` is a range.
    fn count(self, table: &mut Table<'_>) -> Count {
        let Some(value) = table.value("count") else { return Count::default() };
        let count = match as_table(value, "`count`") {
            None => {
                let Some(exactly) = table.whole("count", self.sink) else { return Count::default() };
                let exactly = exactly.into_inner();
                Count { min: exactly, max: Some(exactly) }
            }
            Some(mut bounds) => {
                let max = bounds.whole("max", self.sink).map(Spanned::into_inner);
                let min = bounds.whole("min", self.sink).map(Spanned::into_inner);
                bounds.finish(self.sink);
                // "At most three" is true of none: `min` is what it is given as.
                Count { min: min.unwrap_or(0), max }
            }
        };
        match count.max {
            Some(max) if count.min > max => {
                let title = format!("no number is at least {} and at most {max}", count.min);
                self.sink.add(value.span(), title, "", "swap `min` and `max`");
            }
            None if count.min == 0 => {
                let help = "give `min` of at least 1, or a `max`";
                self.sink.add(value.span(), "a check that accepts any number of sites cannot fail", "", help);
            }
            Some(_) | None => {}
        }
        count
    }

    /// `flow = { from = "…", to = ["…"], sanitizers = [], propagators = [{ pattern, from, to }] }`.
    fn flow(self, table: &mut Table<'_>) -> Option<StaticCheck> {
        let mut flow = table.table("flow", "`flow`", self.sink)?;
        let check = FlowCheck {
            from: self.needed_patterns(&mut flow, "from", "where the value comes from"),
            to: self.needed_patterns(&mut flow, "to", "where it must not arrive"),
            sanitizers: self.patterns(&mut flow, "sanitizers"),
            propagators: flow
                .tables("propagators", "a propagator", self.sink)
                .into_iter()
                .filter_map(|propagator| self.propagator(propagator))
                .collect(),
        };
        flow.finish(self.sink);
        Some(StaticCheck::Flow(check))
    }

    /// `{ pattern = "$BUFFER.feed($DATA)", from = "$DATA", to = "$BUFFER" }`.
    fn propagator(self, mut table: Table<'_>) -> Option<Propagator> {
        let place = table.place();
        let pattern = table.text("pattern", self.sink).and_then(|pattern| self.pattern(&pattern));
        let from = table.text("from", self.sink);
        let to = table.text("to", self.sink);
        table.finish(self.sink);
        let (Some(pattern), Some(from), Some(to)) = (pattern, from, to) else {
            let help = "write `{ pattern = \"$BUFFER.feed($DATA)\", from = \"$DATA\", to = \"$BUFFER\" }`";
            self.sink.add(place, "a propagator needs `pattern`, `from` and `to`", "", help);
            return None;
        };
        let named = metavariables(pattern.source());
        let known = [&from, &to].map(|end| self.known_metavariable(end.get_ref(), end.span(), &named));
        known.iter().all(|known| *known).then(|| Propagator {
            pattern,
            from: from.into_inner(),
            to: to.into_inner(),
        })
    }

    /// `sequence = ["$S = f(...)", "$S.bind(...)"]`, with `object` and `unless`.
    fn sequence(self, table: &mut Table<'_>) -> Option<StaticCheck> {
        let place = table.value("sequence")?.span();
        let (written, events) = self.written_patterns(table, "sequence");
        let unless = self.patterns(table, "unless");
        let object = table.text("object", self.sink);
        if written < 2 {
            let help = "a sequence is a list of at least two patterns, in the order of the events";
            self.sink.add(place, "a sequence of fewer than two events is no sequence", "", help);
            return None;
        }
        if events.len() < written {
            return None;
        }
        let shared: Vec<String> = metavariables(events[0].source())
            .into_iter()
            .filter(|name| events.iter().all(|event| metavariables(event.source()).contains(name)))
            .collect();
        let object = match object {
            Some(object) => {
                if !self.known_metavariable(object.get_ref(), object.span(), &shared) {
                    return None;
                }
                object.into_inner()
            }
            None => match shared.first() {
                Some(object) => object.clone(),
                None => {
                    let help = "name the object by the same metavariable in each: `[\"$S = f(...)\", \"$S.bind(...)\"]`";
                    self.sink.add(place, "the events of a sequence name no common object", "", help);
                    return None;
                }
            },
        };
        Some(StaticCheck::Sequence(SequenceCheck { events, object, unless }))
    }

    /// `attribute = "endpoint", assigned = false, read = true`, or `assigned = true, late = true`.
    fn attribute(self, table: &mut Table<'_>) -> Option<StaticCheck> {
        let name = self.identifier(table, "attribute");
        let assigned = table.boolean("assigned", self.sink);
        let read = table.boolean("read", self.sink).map(Spanned::into_inner);
        let late = table.boolean("late", self.sink).map(Spanned::into_inner);
        if assigned.is_none() && table.key_place("assigned").is_none() {
            self.sink.add(
                table.place(),
                "`attribute` does not say what is claimed",
                "",
                "add `assigned = false` or `assigned = true`",
            );
        }
        let assigned = assigned?.into_inner();
        Some(StaticCheck::Attribute(AttributeCheck { name: name?, assigned, read, late }))
    }

    /// `async-function = false`, with `call`, `inside` and `not-inside`.
    fn async_function(self, table: &mut Table<'_>) -> Option<StaticCheck> {
        let expected = table.boolean("async-function", self.sink).map(Spanned::into_inner);
        let call = table.text("call", self.sink);
        let has_call = call.is_some();
        let call = call.and_then(|call| self.call_pattern(&call));
        let inside = self.patterns(table, "inside");
        let not_inside = self.patterns(table, "not-inside");
        let speaks_of_a_call = !inside.is_empty() || !not_inside.is_empty();
        if speaks_of_a_call && !has_call {
            let help = "add `call = \"…\"`: it is the call that stands inside something";
            self.sink.add(
                table.place(),
                "`inside` and `not-inside` speak of a call, and there is none",
                "",
                help,
            );
        }
        Some(StaticCheck::AsyncFunction(AsyncFunctionCheck { expected: expected?, call, inside, not_inside }))
    }

    /// `thread = "self._sweeper"`, with `started`, `signalled`, `joined`, `daemon`.
    fn thread(self, table: &mut Table<'_>) -> Option<StaticCheck> {
        let thread = table.text("thread", self.sink);
        let mut answer = |key| table.boolean(key, self.sink).map(Spanned::into_inner);
        let check = ThreadCheck {
            thread: String::new(),
            started: answer("started"),
            signalled: answer("signalled"),
            joined: answer("joined"),
            daemon: answer("daemon"),
        };
        let is_name = |thread: &Text| thread.get_ref().split('.').all(is_identifier);
        if let Some(thread) = thread.as_ref().filter(|thread| !is_name(thread)) {
            let title = format!("`{}` is not the name of an object", thread.get_ref());
            self.sink.add(thread.span(), title, "", "write it as the code does: `self.servicer._sweeper`");
        }
        let asked = ["started", "signalled", "joined", "daemon"];
        if asked.iter().all(|key| table.key_place(key).is_none()) {
            let help = format!("add one of {}, with `true` or `false`", quoted(asked));
            self.sink.add(table.place(), "`thread` does not say what is claimed of it", "", help);
        }
        Some(StaticCheck::Thread(ThreadCheck { thread: thread?.into_inner(), ..check }))
    }

    /// `shared-state = "voice_buffer"`; `expected = false` claims the opposite.
    fn shared_state(self, table: &mut Table<'_>) -> Option<StaticCheck> {
        let attribute = self.identifier(table, "shared-state");
        let expected = table.boolean("expected", self.sink).is_none_or(Spanned::into_inner);
        Some(StaticCheck::SharedState(SharedStateCheck { attribute: attribute?, expected }))
    }

    /// `endless-loop = true`.
    fn endless_loop(self, table: &mut Table<'_>) -> Option<StaticCheck> {
        let expected = table.boolean("endless-loop", self.sink)?.into_inner();
        Some(StaticCheck::EndlessLoop(EndlessLoopCheck { expected }))
    }

    /// `import = { succeeds = false, raises = "ImportError" }`.
    pub(super) fn import_check(self, mut table: Table<'_>) -> Option<ImportCheck> {
        let place = table.place();
        let check = ImportCheck {
            succeeds: table.boolean("succeeds", self.sink).map(Spanned::into_inner),
            raises: table.text("raises", self.sink).map(Spanned::into_inner),
            writes_files: table.boolean("writes-files", self.sink).map(Spanned::into_inner),
            uses_network: table.boolean("uses-network", self.sink).map(Spanned::into_inner),
            starts_processes: table.boolean("starts-processes", self.sink).map(Spanned::into_inner),
            leaves_threads: table.boolean("leaves-threads", self.sink).map(Spanned::into_inner),
            changes_environment: table.boolean("changes-environment", self.sink).map(Spanned::into_inner),
            takes_seconds: table.whole("takes-seconds", self.sink).map(Spanned::into_inner),
        };
        if table.keys().is_empty() {
            self.sink.add(
                place,
                "an import check asks nothing",
                "empty",
                "add `succeeds = true` or `raises = \"ImportError\"`",
            );
        } else if check.succeeds == Some(true) && check.raises.is_some() {
            self.sink.add(
                place,
                "an import cannot both succeed and raise",
                "",
                "drop `succeeds = true` or `raises`",
            );
        }
        table.finish(self.sink);
        Some(check)
    }

    /// `inspect = { is-coroutine-function = false, … }`.
    pub(super) fn inspect_check(self, mut table: Table<'_>) -> Option<InspectCheck> {
        let sink = self.sink;
        let place = table.place();
        let is_empty = table.keys().is_empty();
        let names =
            |texts: Spanned<Vec<Text>>| texts.into_inner().into_iter().map(Spanned::into_inner).collect();
        let check = InspectCheck {
            exists: table.boolean("exists", sink).map(Spanned::into_inner),
            is_coroutine_function: table.boolean("is-coroutine-function", sink).map(Spanned::into_inner),
            signature: table.text("signature", sink).map(Spanned::into_inner),
            callable: table.boolean("callable", sink).map(Spanned::into_inner),
            is_async_generator: table.boolean("is-async-generator", sink).map(Spanned::into_inner),
            parameters: table.texts("parameters", sink).map(names),
            kinds: entries(&mut table, "kinds", "`kinds`", sink, text_of),
            defaults: entries(&mut table, "defaults", "`defaults`", sink, python_value_of),
            annotations: entries(&mut table, "annotations", "`annotations`", sink, text_of),
            return_annotation: table.text("return-annotation", sink).map(Spanned::into_inner),
            value: table.python_value("value", sink).map(Spanned::into_inner),
            type_name: table.text("type", sink).map(Spanned::into_inner),
            bases: table.texts("bases", sink).map(names),
            mro: table.texts("mro", sink).map(names),
            subclass_of: table.text("subclass-of", sink).map(Spanned::into_inner),
            origin: table.text("origin", sink).map(Spanned::into_inner),
            source_contains: table.text("source-contains", sink).map(Spanned::into_inner),
            names: table.texts("names", sink).map(names),
            thread: table.table("thread", "`thread`", sink).and_then(|table| self.thread_question(table)),
        };
        let known = table.clone();
        table.finish(sink);
        if is_empty {
            let help = "add a question, as `is-coroutine-function = false`";
            sink.add(place, "an inspect check asks nothing", "empty", help);
        } else if check.exists == Some(false) && known.keys().len() > 1 {
            let help = "drop `exists = false`, or the other questions";
            sink.add(place, "an object that does not exist has no other properties", "", help);
        }
        Some(check)
    }

    /// `thread = { attribute = "_sweeper", target = "_sweep", daemon = true }`.
    fn thread_question(self, mut table: Table<'_>) -> Option<ThreadQuestion> {
        let sink = self.sink;
        let place = table.place();
        let attribute = table.text("attribute", sink).map(Spanned::into_inner);
        let question = ThreadQuestion {
            attribute: attribute.clone().unwrap_or_default(),
            target: table.text("target", sink).map(Spanned::into_inner),
            daemon: table.boolean("daemon", sink).map(Spanned::into_inner),
            started: table.boolean("started", sink).map(Spanned::into_inner),
            event: table.text("event", sink).map(Spanned::into_inner),
        };
        table.finish(sink);
        if attribute.is_none() {
            let help = "add `attribute = \"…\"`: the attribute of an instance that holds the thread";
            sink.add(place, "a thread question names no thread", "", help);
        }
        attribute.is_some().then_some(question)
    }

    /// `probe = { file = "probes/x.py", runs = 3 }`.
    pub(super) fn probe_check(self, mut table: Table<'_>) -> Option<ProbeCheck> {
        let sink = self.sink;
        let place = table.place();
        let file = table.text("file", sink);
        let runs = table.whole("runs", sink);
        let has_file = table.key_place("file").is_some();
        table.finish(sink);
        if let Some(runs) = &runs
            && !(1..=100).contains(runs.get_ref())
        {
            sink.add(runs.span(), "a probe runs between 1 and 100 times", "", "leave it out for 3 runs");
        }
        if !has_file {
            sink.add(
                place,
                "a probe has no file",
                "",
                "add `file = \"probes/….py\"`, a path beside the catalogue",
            );
        }
        let file = file?;
        let path = match RelativePath::new(file.get_ref()) {
            Ok(path) => path,
            Err(error) => {
                let title =
                    format!("cannot use the probe `{}`: {}", file.get_ref(), beside_the_catalogue(error));
                sink.add(file.span(), title, "", "give a path below the catalogue's directory");
                return None;
            }
        };
        if !(self.exists)(Path::new(path.as_str())) {
            let title = format!("there is no probe `{path}`");
            sink.add(file.span(), title, "not found beside the catalogue", "create it, or mend the path");
        }
        Some(ProbeCheck { file: path.as_str().to_owned(), runs: runs.map(Spanned::into_inner) })
    }

    fn needed_patterns(self, table: &mut Table<'_>, key: &'static str, meaning: &str) -> Vec<Pattern> {
        let is_absent = table.texts(key, &Sink::default()).is_some_and(|texts| texts.get_ref().is_empty())
            || table.key_place(key).is_none();
        if is_absent {
            let help = format!("add `{key} = \"…\"`: {meaning}");
            self.sink.add(table.place(), format!("`{key}` is missing"), "", help);
        }
        self.written_patterns(table, key).1
    }

    /// The patterns of a key that may be left out: one text or a list. An empty list of what must be
    /// there would be no condition at all, where it reads like one that nothing can meet.
    fn patterns(self, table: &mut Table<'_>, key: &'static str) -> Vec<Pattern> {
        let takes_away = ["not", "not-inside", "unless", "sanitizers"].contains(&key);
        if let Some(texts) = table.texts(key, &Sink::default())
            && texts.get_ref().is_empty()
            && !takes_away
        {
            let help = "name a pattern, or drop the key";
            self.sink.add(texts.span(), format!("`{key}` lists no pattern"), "", help);
        }
        self.written_patterns(table, key).1
    }

    /// How many patterns a key has, and those that parse. The others are reported.
    fn written_patterns(self, table: &mut Table<'_>, key: &'static str) -> (usize, Vec<Pattern>) {
        let texts = table.texts(key, self.sink).map(Spanned::into_inner).unwrap_or_default();
        (texts.len(), texts.iter().filter_map(|text| self.pattern(text)).collect())
    }

    /// A pattern that stands for calls and nothing else.
    fn call_pattern(self, text: &Text) -> Option<Pattern> {
        let pattern = self.pattern(text)?;
        if text.get_ref().trim_end().ends_with(')') {
            return Some(pattern);
        }
        let help = "write it with its arguments: `\"connect(...)\"`";
        self.sink.add(text.span(), format!("`{}` is not a call", text.get_ref().trim()), "", help);
        None
    }

    fn pattern(self, text: &Text) -> Option<Pattern> {
        match Pattern::parse(text.get_ref()) {
            Ok(pattern) => Some(pattern),
            Err(error) => {
                let place = place_in_literal(self.text, text.span(), error.range.clone());
                let help = error.hint.as_deref().unwrap_or(
                    "a pattern is Python with `...` for anything and `$NAME` for any name or value: `explain pattern` has examples",
                );
                self.sink.add(place, format!("cannot understand the pattern: {}", error.message), "", help);
                None
            }
        }
    }

    fn identifier(self, table: &mut Table<'_>, key: &'static str) -> Option<String> {
        let name = table.text(key, self.sink)?;
        if is_identifier(name.get_ref()) {
            return Some(name.into_inner());
        }
        let title = format!("`{}` is not the name of an attribute", name.get_ref());
        self.sink.add(name.span(), title, "", "give the bare name, without `self.`");
        None
    }
}

/// Whether a text is a Python identifier, as far as its characters tell.
pub(super) fn is_identifier(text: &str) -> bool {
    let mut characters = text.chars();
    characters.next().is_some_and(|first| first == '_' || first.is_alphabetic())
        && characters.all(|character| character == '_' || character.is_alphanumeric())
}

/// A pattern of nothing but one metavariable and ellipses, on whatever level of the code.
fn matches_anything(pattern: &str) -> bool {
    let mut pattern = pattern.trim();
    while let Some(inner) = pattern.strip_prefix("<...").and_then(|rest| rest.strip_suffix("...>")) {
        pattern = inner.trim();
    }
    let lines = pattern.lines().map(str::trim).filter(|line| !line.is_empty() && *line != "...");
    let mut named =
        lines.map(|line| line == "$_" || metavariables(line).first().is_some_and(|name| name == line));
    // Two metavariables on lines of their own are two statements, which not all code has.
    named.next().unwrap_or(!pattern.is_empty()) && named.next().is_none()
}

/// What is wrong with a regular expression and where, if its syntax is.
fn regex_syntax_error(text: &str) -> Option<(String, Range<usize>)> {
    let error = regex_syntax::parse(text).err()?;
    Some(match &error {
        regex_syntax::Error::Parse(error) => {
            (error.kind().to_string(), error.span().start.offset..error.span().end.offset)
        }
        regex_syntax::Error::Translate(error) => {
            (error.kind().to_string(), error.span().start.offset..error.span().end.offset)
        }
        other => (other.to_string(), 0..text.len()),
    })
}

/// A table of names and what they stand for, as `defaults = { block = true }`.
fn entries(
    table: &mut Table<'_>,
    key: &'static str,
    shown: &'static str,
    sink: &Sink,
    read: impl Fn(&Spanned<DeValue<'_>>, &str, &Sink) -> Option<Text>,
) -> BTreeMap<String, String> {
    let Some(entries) = table.table(key, shown, sink) else { return BTreeMap::new() };
    let entries = entries.every_entry();
    entries
        .into_iter()
        .filter_map(|(name, value)| {
            let text = read(value, name.get_ref(), sink)?;
            Some((name.into_inner(), text.into_inner()))
        })
        .collect()
}
