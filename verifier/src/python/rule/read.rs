//! Reading rules: from YAML to formulas.

use std::collections::BTreeSet;

use fancy_regex::Regex;
use serde_yaml_ng::{Mapping, Value};

use super::{
    All, Comparison, Condition, ForeignRule, Formula, Mode, Options, Paths, Propagator, Requirement, Rule,
    RuleError, RuleFile, Sanitizer, SideEffect, Sink, Source, Taint, generic,
};
use crate::python::pattern::{Pattern, metavariables};

type Read<T> = Result<T, RuleError>;

/// Keys of a rule that change nothing about what it finds.
const ABOUT: [&str; 13] = [
    "id",
    "message",
    "languages",
    "severity",
    "metadata",
    "fix",
    "fix-regex",
    "paths",
    "options",
    "mode",
    "min-version",
    "max-version",
    "category",
];

/// Keys of a formula.
const OPERATORS: [&str; 16] = [
    "pattern",
    "patterns",
    "pattern-either",
    "pattern-inside",
    "pattern-not",
    "pattern-not-inside",
    "pattern-regex",
    "pattern-not-regex",
    "focus-metavariable",
    "all",
    "any",
    "not",
    "inside",
    "regex",
    "focus",
    "where",
];

pub(super) fn rules(yaml: &str) -> Read<RuleFile> {
    let document: Value =
        serde_yaml_ng::from_str(yaml).map_err(|error| fail("the file", format!("not YAML: {error}")))?;
    let rules = document
        .get("rules")
        .and_then(Value::as_sequence)
        .ok_or_else(|| fail("the file", "a list `rules` was expected at the top"))?;
    if rules.is_empty() {
        return Err(fail("rules", "there is no rule"));
    }
    let mut file = RuleFile { rules: Vec::new(), foreign: Vec::new() };
    for (index, value) in rules.iter().enumerate() {
        let place = format!("rules[{index}]");
        // A file may have rules for all that a project is written in.
        match foreign(as_mapping(value, &place)?, &place)? {
            Some(other) => file.foreign.push(other),
            None => file.rules.push(rule(value, &place)?),
        }
    }
    match file.foreign.first() {
        Some(other) if file.rules.is_empty() => Err(fail("rules", format!("the rule {other}"))),
        Some(_) | None => Ok(file),
    }
}

fn rule(value: &Value, place: &str) -> Read<Rule> {
    let mapping = as_mapping(value, place)?;
    let id = text(mapping, "id", place)?.ok_or_else(|| fail(place, "`id` is missing"))?;
    let options = options(mapping, place)?;
    metavariables_are_named(mapping, place)?;
    let mode = match text(mapping, "mode", place)?.as_deref() {
        _ if mapping.contains_key("taint") => {
            known_keys(mapping, place, &[&["taint"]])?;
            taint_v2(&mapping["taint"], &format!("{place}.taint"))?
        }
        Some("taint") => {
            let keys = ["pattern-sources", "pattern-sinks", "pattern-sanitizers", "pattern-propagators"];
            known_keys(mapping, place, &[&keys])?;
            taint(mapping, keys, place)?
        }
        None | Some("search") => {
            known_keys(mapping, place, &[&OPERATORS, &["match"]])?;
            Mode::Search(match mapping.get("match") {
                Some(value) => formula(value, &format!("{place}.match"))?,
                None => formula_of(mapping, place, &ABOUT)?,
            })
        }
        Some(other) => {
            return Err(fail(&format!("{place}.mode"), format!("mode `{other}` is not supported")));
        }
    };
    let message = text(mapping, "message", place)?.unwrap_or_default();
    Ok(Rule { id, message, mode, options, paths: paths(mapping, place)? })
}

/// A bound on a metavariable that no pattern names can never be met: that is a slip of the pen,
/// not a rule that finds nothing.
fn metavariables_are_named(rule: &Mapping, place: &str) -> Read<()> {
    let mut named = BTreeSet::new();
    let mut asked = Vec::new();
    for (key, value) in rule {
        let key = key.as_str().unwrap_or_default();
        if !ABOUT.contains(&key) {
            metavariables_of(key, value, &format!("{place}.{key}"), &mut named, &mut asked);
        }
    }
    for (name, place) in asked {
        if !named.contains(&name) {
            let message = if name.starts_with('$') {
                format!("no pattern names the metavariable `{name}`")
            } else {
                format!("`{name}` is not a metavariable: those are written `$NAME`")
            };
            return Err(fail(&place, message));
        }
    }
    Ok(())
}

/// Which metavariables the patterns in a part of a rule name, and which are asked about, where.
fn metavariables_of(
    key: &str,
    value: &Value,
    place: &str,
    named: &mut BTreeSet<String>,
    asked: &mut Vec<(String, String)>,
) {
    match (key, value) {
        (_, Value::Mapping(mapping)) => {
            for (key, value) in mapping {
                let key = key.as_str().unwrap_or_default();
                metavariables_of(key, value, &format!("{place}.{key}"), named, asked);
            }
        }
        (_, Value::Sequence(values)) => {
            for (index, value) in values.iter().enumerate() {
                metavariables_of(key, value, &format!("{place}[{index}]"), named, asked);
            }
        }
        ("metavariable" | "focus-metavariable" | "focus" | "from" | "to", Value::String(name)) => {
            asked.push((name.trim().to_owned(), place.to_owned()));
        }
        ("comparison", Value::String(comparison)) => {
            asked.extend(metavariables(comparison).into_iter().map(|name| (name, place.to_owned())));
        }
        ("pattern-regex" | "pattern-not-regex" | "regex", Value::String(source)) => {
            let Ok(regex) = Regex::new(source) else { return };
            named.extend((1..regex.captures_len()).map(|group| format!("${group}")));
            named.extend(regex.capture_names().flatten().map(|name| format!("${name}")));
        }
        (_, Value::String(pattern)) => named.extend(metavariables(pattern)),
        _ => {}
    }
}

/// A rule for other languages alone.
fn foreign(mapping: &Mapping, place: &str) -> Read<Option<ForeignRule>> {
    let Some(value) = mapping.get("languages") else { return Ok(None) };
    let languages = texts(value, &format!("{place}.languages"))?;
    if languages.iter().any(|language| is_python(language)) {
        return Ok(None);
    }
    let id = text(mapping, "id", place)?.unwrap_or_else(|| place.to_owned());
    Ok(Some(ForeignRule { id, languages }))
}

fn is_python(language: &str) -> bool {
    matches!(language, "python" | "py" | "python3")
}

/// Operators for text that is no Python, with regular expressions in place of patterns.
fn as_regexes(language: &str, mapping: &Mapping, place: &str) -> Read<Mapping> {
    let mut regexes = Mapping::new();
    for (key, value) in mapping {
        let name = key.as_str().unwrap_or_default();
        let place = format!("{place}.{name}");
        let (name, value) = match (name, value) {
            ("pattern" | "pattern-not", Value::String(pattern)) => {
                let regex = match language {
                    "regex" => pattern.clone(),
                    "generic" => generic::regular_expression(pattern).map_err(|error| fail(&place, error))?,
                    _ => return Err(fail(&place, format!("patterns of `{language}` are not supported"))),
                };
                (format!("{name}-regex"), Value::String(regex))
            }
            (_, Value::Sequence(values)) => {
                let each = |value: &Value| match value {
                    Value::Mapping(mapping) => as_regexes(language, mapping, &place).map(Value::Mapping),
                    Value::String(_) => Err(fail(&place, "a table of operators was expected")),
                    other => Ok(other.clone()),
                };
                (name.to_owned(), Value::Sequence(values.iter().map(each).collect::<Read<_>>()?))
            }
            ("metavariable" | "language" | "pattern-regex" | "pattern-not-regex", value) => {
                (name.to_owned(), value.clone())
            }
            _ => return Err(fail(&place, format!("it is not supported for `{language}`"))),
        };
        regexes.insert(Value::String(name), value);
    }
    Ok(regexes)
}

fn options(mapping: &Mapping, place: &str) -> Read<Options> {
    let mut options = Options::default();
    let Some(value) = mapping.get("options") else { return Ok(options) };
    let place = format!("{place}.options");
    for (key, value) in as_mapping(value, &place)? {
        let key = key.as_str().ok_or_else(|| fail(&place, "a name was expected"))?;
        let place = format!("{place}.{key}");
        match key {
            "constant_propagation" => options.constant_propagation = boolean(value, &place)?,
            "symbolic_propagation" => options.symbolic_propagation = boolean(value, &place)?,
            "attr_expr" => options.attribute_expressions = boolean(value, &place)?,
            _ if TAINT_OPTIONS.contains(&key) => {
                options.others.insert(key.to_owned(), scalar(value, &place)?);
            }
            _ if OPTIONS_OF_OTHERS.iter().any(|beginning| key.starts_with(beginning)) => {}
            _ if DEFAULTS.iter().any(|(name, default)| *name == key && value.as_bool() == Some(*default)) => {
            }
            _ => return Err(fail(&place, "this option is not supported")),
        }
    }
    Ok(options)
}

/// Options of taint mode that are followed.
const TAINT_OPTIONS: [&str; 7] = [
    "taint_assume_safe_functions",
    "taint_assume_safe_indexes",
    "taint_assume_safe_comparisons",
    "taint_assume_safe_booleans",
    "taint_assume_safe_numbers",
    "taint_only_propagate_through_assignments",
    "taint_focus_on",
];

/// Options about other languages, or about looking further than Semgrep's open engine does.
const OPTIONS_OF_OTHERS: [&str; 5] = ["generic_", "xml_", "cpp_", "interfile", "taint_intrafile"];

/// Options that cannot be turned, and how they stand.
const DEFAULTS: [(&str, bool); 15] = [
    ("ac_matching", true),
    ("arrow_is_function", true),
    ("commutative_boolop", false),
    ("commutative_compop", false),
    ("decorators_order_matters", false),
    ("flddef_assign", false),
    ("go_deeper_expr", true),
    ("go_deeper_stmt", true),
    ("implicit_deep_exprstmt", true),
    ("implicit_ellipsis", true),
    ("implicit_return", true),
    ("let_is_var", true),
    ("symmetric_eq", false),
    ("taint_unify_mvars", false),
    ("vardef_assign", true),
];

fn paths(mapping: &Mapping, place: &str) -> Read<Paths> {
    let mut paths = Paths::default();
    let Some(value) = mapping.get("paths") else { return Ok(paths) };
    let place = format!("{place}.paths");
    for (key, value) in as_mapping(value, &place)? {
        match key.as_str() {
            Some("include") => paths.include = texts(value, &place)?,
            Some("exclude") => paths.exclude = texts(value, &place)?,
            _ => return Err(fail(&place, "`include` or `exclude` was expected")),
        }
    }
    Ok(paths)
}

/// A pattern as text, or a table with operators.
fn formula(value: &Value, place: &str) -> Read<Formula> {
    match value {
        Value::String(source) => pattern(source, place),
        Value::Number(_) | Value::Bool(_) => pattern(&scalar(value, place)?, place),
        Value::Mapping(mapping) => {
            known_keys_exactly(mapping, place, &OPERATORS)?;
            formula_of(mapping, place, &[])
        }
        _ => Err(fail(place, "a pattern or a table of operators was expected")),
    }
}

/// The operators of a table, all of which must be fulfilled.
fn formula_of(mapping: &Mapping, place: &str, ignored: &[&str]) -> Read<Formula> {
    let mut all = All::default();
    for (key, value) in mapping {
        let key = key.as_str().ok_or_else(|| fail(place, "a name was expected"))?;
        if ignored.contains(&key) {
            continue;
        }
        operator(key, value, &format!("{place}.{key}"), &mut all)?;
    }
    simplify(all, place)
}

fn simplify(mut all: All, place: &str) -> Read<Formula> {
    if all.negative.is_empty() && all.conditions.is_empty() && all.focus.is_empty() && all.positive.len() == 1
    {
        return Ok(all.positive.remove(0));
    }
    if all.positive.is_empty() && all.negative.is_empty() && all.conditions.is_empty() {
        return Err(fail(place, "there is no pattern"));
    }
    Ok(Formula::All(all))
}

/// Adds what one key asks for.
fn operator(key: &str, value: &Value, place: &str, all: &mut All) -> Read<()> {
    match key {
        "pattern" => all.positive.push(formula(value, place)?),
        "patterns" | "all" => all.positive.push(conjunction(value, place)?),
        "pattern-either" | "any" => {
            let any = as_sequence(value, place)?
                .iter()
                .enumerate()
                .map(|(index, value)| formula(value, &format!("{place}[{index}]")))
                .collect::<Read<Vec<_>>>()?;
            if any.is_empty() {
                return Err(fail(place, "there is no pattern"));
            }
            all.positive.push(Formula::Any(any));
        }
        "pattern-inside" | "inside" => all.positive.push(Formula::Inside(Box::new(formula(value, place)?))),
        "pattern-not" | "not" => all.negative.push(formula(value, place)?),
        "pattern-not-inside" => all.negative.push(Formula::Inside(Box::new(formula(value, place)?))),
        "pattern-regex" | "regex" => all.positive.push(Formula::Regex(Box::new(regex(value, place)?))),
        "pattern-not-regex" => all.negative.push(Formula::Regex(Box::new(regex(value, place)?))),
        "focus-metavariable" | "focus" => all.focus.extend(texts(value, place)?),
        "metavariable-regex" => all.conditions.push(metavariable_regex(value, place, false)?),
        "metavariable-comparison" => {
            let mapping = as_mapping(value, place)?;
            known_keys_exactly(mapping, place, &["metavariable", "comparison", "base", "strip"])?;
            let base = match mapping.get("base") {
                None => None,
                Some(value) => Some(
                    value
                        .as_u64()
                        .and_then(|base| u32::try_from(base).ok())
                        .filter(|base| (2..=36).contains(base))
                        .ok_or_else(|| fail(&format!("{place}.base"), "a base from 2 to 36 was expected"))?,
                ),
            };
            let strip = flag(mapping, "strip", place)?;
            let metavariable = text(mapping, "metavariable", place)?;
            all.conditions.push(comparison(mapping, metavariable, base, strip, place)?);
        }
        "metavariable-pattern" => {
            let mapping = as_mapping(value, place)?;
            let metavariable = metavariable(mapping, place)?;
            let language = text(mapping, "language", place)?;
            let of_text = language.as_deref().is_some_and(|language| !is_python(language));
            let mapping = match language.as_deref() {
                Some(language) if of_text => &as_regexes(language, mapping, place)?,
                Some(_) | None => mapping,
            };
            let formula = Box::new(formula_of(mapping, place, &["metavariable", "language"])?);
            all.conditions.push(Condition::Pattern { metavariable, formula, of_text });
        }
        "metavariable-type" => {
            let mapping = as_mapping(value, place)?;
            known_keys_exactly(mapping, place, &["metavariable", "type", "types"])?;
            let sources = match (mapping.get("type"), mapping.get("types")) {
                (Some(value), None) | (None, Some(value)) => texts(value, place)?,
                _ => return Err(fail(place, "`type` or `types` was expected")),
            };
            let types = sources
                .iter()
                .map(|source| {
                    Pattern::parse(source)
                        .map_err(|error| fail(place, format!("`{source}` is not a type: {error}")))
                })
                .collect::<Read<_>>()?;
            all.conditions.push(Condition::Type { metavariable: metavariable(mapping, place)?, types });
        }
        "where" => {
            for (index, value) in as_sequence(value, place)?.iter().enumerate() {
                where_v2(value, &format!("{place}[{index}]"), all)?;
            }
        }
        _ => return Err(fail(place, format!("`{key}` is not supported"))),
    }
    Ok(())
}

fn conjunction(value: &Value, place: &str) -> Read<Formula> {
    let mut all = All::default();
    for (index, value) in as_sequence(value, place)?.iter().enumerate() {
        let place = format!("{place}[{index}]");
        match value {
            Value::Mapping(mapping) => {
                // `where` and `focus` beside an operator belong to that operator alone.
                if mapping.len() > 1 && (mapping.contains_key("where") || mapping.contains_key("focus")) {
                    all.positive.push(formula_of(mapping, &place, &[])?);
                    continue;
                }
                for (key, value) in mapping {
                    let key = key.as_str().ok_or_else(|| fail(&place, "a name was expected"))?;
                    operator(key, value, &format!("{place}.{key}"), &mut all)?;
                }
            }
            _ => all.positive.push(formula(value, &place)?),
        }
    }
    simplify(all, place)
}

fn where_v2(value: &Value, place: &str, all: &mut All) -> Read<()> {
    let mapping = as_mapping(value, place)?;
    if mapping.contains_key("comparison") {
        known_keys_exactly(mapping, place, &["comparison"])?;
        all.conditions.push(comparison(mapping, None, None, false, place)?);
    } else if let Some(value) = mapping.get("focus") {
        all.focus.extend(texts(value, place)?);
    } else if mapping.contains_key("regex") && mapping.len() <= 3 {
        all.conditions.push(metavariable_regex(value, place, true)?);
    } else if mapping.contains_key("type") || mapping.contains_key("types") {
        operator("metavariable-type", value, place, all)?;
    } else {
        operator("metavariable-pattern", value, place, all)?;
    }
    Ok(())
}

/// The older syntax asks for what is written unless it says otherwise, the newer for what it is worth.
fn metavariable_regex(value: &Value, place: &str, constant_propagation: bool) -> Read<Condition> {
    let mapping = as_mapping(value, place)?;
    known_keys_exactly(mapping, place, &["metavariable", "regex", "constant-propagation"])?;
    let constant_propagation = match mapping.get("constant-propagation") {
        None => constant_propagation,
        Some(value) => boolean(value, &format!("{place}.constant-propagation"))?,
    };
    Ok(Condition::Regex {
        metavariable: metavariable(mapping, place)?,
        regex: Box::new(regex(required(mapping, "regex", place)?, place)?),
        constant_propagation,
    })
}

fn comparison(
    mapping: &Mapping,
    metavariable: Option<String>,
    base: Option<u32>,
    strip: bool,
    place: &str,
) -> Read<Condition> {
    let source = scalar(required(mapping, "comparison", place)?, place)?;
    let comparison = Comparison::parse(&source, metavariable, base, strip)
        .map_err(|message| fail(&format!("{place}.comparison"), message))?;
    Ok(Condition::Comparison(comparison))
}

fn taint(mapping: &Mapping, [sources, sinks, sanitizers, propagators]: [&str; 4], place: &str) -> Read<Mode> {
    let parts = |key: &str| -> Read<Vec<(String, All, Mapping)>> {
        let place = format!("{place}.{key}");
        match mapping.get(key) {
            None => Ok(Vec::new()),
            Some(value) => as_sequence(value, &place)?
                .iter()
                .enumerate()
                .map(|(index, value)| taint_part(value, &format!("{place}[{index}]")))
                .collect(),
        }
    };
    let mut taint = Taint::default();
    for (place, all, settings) in parts(sources)? {
        known_keys_exactly(&settings, &place, &["exact", "by-side-effect", "control", "label", "requires"])?;
        taint.sources.push(Source {
            formula: simplify(all, &place)?,
            exact: flag(&settings, "exact", &place)?,
            by_side_effect: side_effect(&settings, &place)?,
            control: flag(&settings, "control", &place)?,
            label: text(&settings, "label", &place)?,
            requires: requirement(&settings, &place)?,
        });
    }
    for (place, all, settings) in parts(sinks)? {
        known_keys_exactly(&settings, &place, &["exact", "at-exit", "requires"])?;
        taint.sinks.push(Sink {
            formula: simplify(all, &place)?,
            // Where nothing is said, only the place as a whole counts.
            exact: settings.get("exact").map_or(Ok(true), |value| boolean(value, &place))?,
            at_exit: flag(&settings, "at-exit", &place)?,
            requires: requirement(&settings, &place)?,
        });
    }
    for (place, all, settings) in parts(sanitizers)? {
        known_keys_exactly(&settings, &place, &["exact", "by-side-effect", "not_conflicting"])?;
        taint.sanitizers.push(Sanitizer {
            formula: simplify(all, &place)?,
            exact: flag(&settings, "exact", &place)?,
            by_side_effect: side_effect(&settings, &place)?,
            yields: flag(&settings, "not_conflicting", &place)?,
        });
    }
    for (place, all, settings) in parts(propagators)? {
        known_keys_exactly(
            &settings,
            &place,
            &["from", "to", "by-side-effect", "requires", "label", "replace-labels"],
        )?;
        taint.propagators.push(Propagator {
            formula: simplify(all, &place)?,
            from: text(&settings, "from", &place)?.ok_or_else(|| fail(&place, "`from` is missing"))?,
            to: text(&settings, "to", &place)?.ok_or_else(|| fail(&place, "`to` is missing"))?,
            by_side_effect: settings
                .get("by-side-effect")
                .map_or(Ok(true), |value| boolean(value, &place))?,
            requires: requirement(&settings, &place)?,
            label: text(&settings, "label", &place)?,
            replace_labels: settings.get("replace-labels").map(|value| texts(value, &place)).transpose()?,
        });
    }
    if taint.sources.is_empty() {
        return Err(fail(place, format!("`{sources}` is missing")));
    }
    if taint.sinks.is_empty() {
        return Err(fail(place, format!("`{sinks}` is missing")));
    }
    Ok(Mode::Taint(taint))
}

fn taint_v2(value: &Value, place: &str) -> Read<Mode> {
    let keys = ["sources", "sinks", "sanitizers", "propagators"];
    let mapping = as_mapping(value, place)?;
    known_keys_exactly(mapping, place, &keys)?;
    taint(mapping, keys, place)
}

/// A source, sink, …: its formula, and what else is said of it.
fn taint_part(value: &Value, place: &str) -> Read<(String, All, Mapping)> {
    let mut all = All::default();
    let mut settings = Mapping::new();
    match value {
        Value::Mapping(mapping) => {
            for (key, value) in mapping {
                let name = key.as_str().ok_or_else(|| fail(place, "a name was expected"))?;
                if OPERATORS.contains(&name) {
                    operator(name, value, &format!("{place}.{name}"), &mut all)?;
                } else {
                    settings.insert(key.clone(), value.clone());
                }
            }
        }
        _ => all.positive.push(formula(value, place)?),
    }
    Ok((place.to_owned(), all, settings))
}

fn side_effect(mapping: &Mapping, place: &str) -> Read<SideEffect> {
    match mapping.get("by-side-effect") {
        None | Some(Value::Bool(false)) => Ok(SideEffect::No),
        Some(Value::Bool(true)) => Ok(SideEffect::Yes),
        Some(Value::String(text)) if text == "only" => Ok(SideEffect::Only),
        Some(_) => Err(fail(&format!("{place}.by-side-effect"), "`true`, `false` or `only` was expected")),
    }
}

fn requirement(mapping: &Mapping, place: &str) -> Read<Option<Requirement>> {
    match text(mapping, "requires", place)? {
        None => Ok(None),
        Some(source) => Requirement::parse(&source).map(Some).ok_or_else(|| {
            fail(&format!("{place}.requires"), "labels with `and`, `or`, `not` were expected")
        }),
    }
}

fn pattern(source: &str, place: &str) -> Read<Formula> {
    Pattern::parse(source).map(Formula::Pattern).map_err(|error| {
        let line = source[..error.range.start.min(source.len())].matches('\n').count() + 1;
        let hint = error.hint.as_deref().map(|hint| format!(" ({hint})")).unwrap_or_default();
        fail(place, format!("{} in line {line} of the pattern{hint}", error.message))
    })
}

fn regex(value: &Value, place: &str) -> Read<Regex> {
    let source = scalar(value, place)?;
    // As in Semgrep: `^` and `$` are those of lines.
    Regex::new(&format!("(?m){source}"))
        .map_err(|error| fail(place, format!("not a regular expression: {error}")))
}

fn metavariable(mapping: &Mapping, place: &str) -> Read<String> {
    text(mapping, "metavariable", place)?.ok_or_else(|| fail(place, "`metavariable` is missing"))
}

fn required<'v>(mapping: &'v Mapping, key: &str, place: &str) -> Read<&'v Value> {
    mapping.get(key).ok_or_else(|| fail(place, format!("`{key}` is missing")))
}

fn text(mapping: &Mapping, key: &str, place: &str) -> Read<Option<String>> {
    mapping
        .get(key)
        .map(|value| scalar(value, &format!("{place}.{key}")).map(|text| text.trim().to_owned()))
        .transpose()
}

fn scalar(value: &Value, place: &str) -> Read<String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(value) => Ok(value.to_string()),
        _ => Err(fail(place, "text was expected")),
    }
}

/// One text or a list of them.
fn texts(value: &Value, place: &str) -> Read<Vec<String>> {
    match value {
        Value::Sequence(values) => values.iter().map(|value| scalar(value, place)).collect(),
        value => Ok(vec![scalar(value, place)?]),
    }
}

fn flag(mapping: &Mapping, key: &str, place: &str) -> Read<bool> {
    mapping.get(key).map_or(Ok(false), |value| boolean(value, &format!("{place}.{key}")))
}

fn boolean(value: &Value, place: &str) -> Read<bool> {
    value.as_bool().ok_or_else(|| fail(place, "`true` or `false` was expected"))
}

fn as_mapping<'v>(value: &'v Value, place: &str) -> Read<&'v Mapping> {
    value.as_mapping().ok_or_else(|| fail(place, "a table was expected"))
}

fn as_sequence<'v>(value: &'v Value, place: &str) -> Read<&'v [Value]> {
    value.as_sequence().map(Vec::as_slice).ok_or_else(|| fail(place, "a list was expected"))
}

fn known_keys(mapping: &Mapping, place: &str, known: &[&[&str]]) -> Read<()> {
    let all: Vec<&str> = known.iter().copied().flatten().copied().chain(ABOUT).collect();
    known_keys_exactly(mapping, place, &all)
}

fn known_keys_exactly(mapping: &Mapping, place: &str, known: &[&str]) -> Read<()> {
    for key in mapping.keys() {
        match key.as_str() {
            Some(key) if known.contains(&key) => {}
            Some(key) => return Err(fail(place, format!("`{key}` is not supported"))),
            None => return Err(fail(place, "a name was expected")),
        }
    }
    Ok(())
}

fn fail(place: &str, message: impl Into<String>) -> RuleError {
    RuleError { message: message.into(), place: place.to_owned() }
}
