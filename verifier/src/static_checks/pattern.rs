//! # `pattern`: does this code occur?
//!
//! What it asks: whether code that a pattern describes stands in the file, in the symbol if the
//! claim names one, or anywhere in the files of a sweep. The language of patterns, which is
//! Semgrep's, is told in `docs/patterns.md`.
//!
//! In `findings.toml`:
//!
//! ```toml
//! file = "app.py"
//! symbol = "Server.start"
//! static = { pattern = "$SOCKET.bind(...)", not-inside = "if $SOCKET.closed: ..." }
//! ```
//!
//! | key | meaning |
//! | --- | --- |
//! | `pattern`, `all` | all of these match: the innermost of nested matches is the site |
//! | `any` | one of these matches, besides the others |
//! | `not` | none of these matches the very same code |
//! | `inside`, `not-inside` | the site stands, or does not stand, within a match of these |
//! | `where` | `{ "$X" = "regex" }`, or a table with `regex`, `min`, `max`, `pattern` |
//! | `focus` | the site is what this metavariable stands for |
//! | `count` | how many sites there must be: a number, or `{ min, max }`; at least one by default |
//!
//! `rule = "rules/x.yaml"`, a path beside the catalogue, takes a rule of Semgrep's in place of patterns;
//! `rule-id` says which where the file has several. Of a rule in taint mode the sites are the sinks
//! that a value arrives at; it looks at each function for itself, as Semgrep does, where the kind
//! `flow` follows values through the project. The rule's `paths` narrow a sweep.
//!
//! A metavariable that several of them name must stand for the same code in all of them.
//!
//! What it cannot see: code that is put together while the program runs (`getattr`, `exec`),
//! names that are imported under a computed name, and what a variable holds unless that is
//! certain from the assignments in the same function or at the top of the file.
//!
//! Holds: `pattern = "pickle.loads(...)"` on `from pickle import loads as l` and `l(data)`. Does
//! not: on `json.loads(data)`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};

use crate::catalogue::check::PatternCheck;
use crate::catalogue::{CheckKind, Claim, Scope};
use crate::evidence::{Observation, Reason, Site};
use crate::python::pattern::{Bindings, Matcher, Pattern, Prefilter, Settings};
use crate::python::rule::{All, Condition, Formula, Mode, Rule, Selection};
use crate::static_checks::{
    Context, Example, Examples, Sight, Subject, Swept, broken_elsewhere_note, broken_within, in_ticks, site,
    subjects, sweep_in_parts,
};

const KIND: CheckKind = CheckKind::Pattern;

/// One that holds and one that does not.
pub const EXAMPLES: Examples = Examples {
    holds: Example {
        claim: "file = \"example.py\"\nstatic = { pattern = \"pickle.loads(...)\" }",
        python: "from pickle import loads as read\n\ndef receive(socket):\n    return read(socket.recv())\n",
    },
    does_not_hold: Example {
        claim: "file = \"example.py\"\nstatic = { pattern = \"pickle.loads(...)\" }",
        python: "import json\n\ndef receive(socket):\n    return json.loads(socket.recv())\n",
    },
};

/// Asks it.
pub fn observe(check: &PatternCheck, claim: &Claim, context: &Context) -> Observation {
    let asked = match check.rule.as_deref() {
        Some(rule) => match &rule.mode {
            Mode::Search(formula) => Asked::Places { formula: formula.clone(), settings: rule.settings() },
            Mode::Taint(_) => Asked::Flows(rule),
        },
        None => Asked::Places { formula: formula(check), settings: Settings::default() },
    };
    // The globs were tried when the catalogue was read.
    let selection = check.rule.as_deref().and_then(|rule| rule.paths.selection().ok()).unwrap_or_default();
    let first = check.all.first().filter(|_| !qualifiers(check).is_empty());
    let swept = match looked(check, claim, context, &asked, &selection, first) {
        Ok(swept) => swept,
        Err(reason) => return Sight::default().unobserved(KIND, reason),
    };
    let mut sight = Sight { searched: swept.searched, ..Sight::default() };
    let mut unqualified = Vec::new();
    for seen in swept.found {
        sight.searched.nodes += seen.nodes;
        sight.sites.extend(seen.sites);
        unqualified.extend(seen.unqualified);
        sight.notes.extend(seen.note);
        sight.searched.blind.extend(seen.unfinished);
    }
    let number = u32::try_from(sight.sites.len()).unwrap_or(u32::MAX);
    let because = if number == 0 && !unqualified.is_empty() {
        let places = unqualified.len();
        sight.sites = unqualified;
        elsewise(check, claim, places)
    } else {
        because(check, claim, number, &sight)
    };
    if let (0, Asked::Flows(_)) = (number, &asked) {
        sight.notes.push("the rule looks at each function for itself".to_owned());
    }
    let enough = number >= check.count.min;
    match check.count.max {
        // More may stand where nothing can be read, but no fewer.
        None if enough => sight.holds(KIND, because),
        None => sight.does_not_hold(KIND, because),
        Some(max) if enough && number <= max => match sight.searched.blind.first().cloned() {
            Some(reason) => sight.unobserved(KIND, reason),
            None => sight.holds(KIND, because),
        },
        // What cannot be read can only add to what is too many already.
        Some(max) if number > max => sight.surely_does_not_hold(KIND, because),
        Some(_) => sight.does_not_hold(KIND, because),
    }
}

/// What is asked of each file.
enum Asked<'c> {
    Places {
        formula: Formula,
        settings: Settings,
    },
    /// A rule in taint mode.
    Flows(&'c Rule),
}

/// What was seen in one file or symbol.
#[derive(Serialize, Deserialize)]
struct Seen {
    sites: Vec<Site>,
    /// Where nothing is as the check wants it: places of its first pattern alone.
    unqualified: Vec<Site>,
    nodes: u64,
    note: Option<String>,
    /// Why there may be more.
    unfinished: Option<Reason>,
}

fn looked(
    check: &PatternCheck,
    claim: &Claim,
    context: &Context,
    asked: &Asked<'_>,
    selection: &Selection,
    first: Option<&Pattern>,
) -> Result<Swept<Seen>, Reason> {
    match claim.scope {
        Scope::File(_) => {
            // Parsed in any case: an absence means nothing where the symbol is missing.
            let subjects = subjects(claim, context)?;
            let mut swept = Swept { found: Vec::new(), searched: Default::default() };
            swept.searched.files = 1;
            swept.searched.parsed = 1;
            swept.searched.blind.extend(subjects.first().and_then(Subject::blind));
            swept.found.extend(subjects.into_iter().map(|subject| look(subject, asked, first)));
            Ok(swept)
        }
        Scope::Sweep(_) => {
            let prefilter = Prefilter::new(&match asked {
                Asked::Places { formula, .. } => formula.literals(),
                Asked::Flows(rule) => rule.mode.literals(),
            });
            let candidate = |bytes: &[u8]| prefilter.is_candidate(bytes);
            let swept = sweep_in_parts(check, claim, context, candidate, |subject, _| {
                // A file that a claim names is looked at, whatever the rule says of paths.
                selection.contains(subject.file.path()).then(|| look(subject, asked, first))
            })?;
            Ok(Swept { found: swept.found.into_iter().flatten().collect(), searched: swept.searched })
        }
    }
}

fn look(subject: Subject, asked: &Asked<'_>, first: Option<&Pattern>) -> Seen {
    let gave_up = Arc::new(AtomicBool::new(false));
    let settings = match asked {
        Asked::Places { settings, .. } => *settings,
        Asked::Flows(rule) => rule.settings(),
    };
    let matcher = Matcher::with_settings(subject.file.source(), settings).watched_by(&gave_up);
    let within = subject.symbol.map(|symbol| symbol.range);
    let mut ranges: Vec<_> = match asked {
        Asked::Places { formula, .. } => matcher
            .find_formula_within(formula, within, &Bindings::default())
            .into_iter()
            .map(|found| found.range)
            .collect(),
        Asked::Flows(rule) => {
            let places = rule.flows(subject.file).into_iter().map(|(range, _)| range);
            places.filter(|range| within.is_none_or(|within| within.contains_range(*range))).collect()
        }
    };
    // What the parser made of broken code is a guess.
    ranges.retain(|range| broken_within(subject.file, *range).is_none());
    ranges.dedup();
    let unqualified = match first {
        Some(pattern) if ranges.is_empty() => matcher
            .find_within(pattern, subject.range())
            .into_iter()
            .map(|found| site(subject.file, found.range, Some("without the rest")))
            .collect(),
        Some(_) | None => Vec::new(),
    };
    let note = if ranges.is_empty() { None } else { broken_elsewhere_note(subject.file) };
    let sites = ranges.into_iter().map(|range| site(subject.file, range, None)).collect();
    let nodes = matcher.count_nodes(subject.range());
    let unfinished = gave_up.load(Ordering::Relaxed).then(|| Reason::Unresolved {
        what: format!(
            "the pattern has too many ways to match in `{}`: not all were tried",
            subject.file.path()
        ),
    });
    Seen { sites, unqualified, nodes, note, unfinished }
}

fn because(check: &PatternCheck, claim: &Claim, number: u32, sight: &Sight) -> String {
    let pattern = check.all.first().or(check.any.first()).map(|pattern| pattern.source());
    let rule = check.rule.as_deref().map(|rule| rule.id.as_str());
    let wanted = in_ticks(&one_line(pattern.or(rule).unwrap_or("…")));
    let searched = match (&claim.scope, &claim.symbol) {
        (Scope::File(_), Some(symbol)) => format!("`{symbol}` ({} nodes searched)", sight.searched.nodes),
        (Scope::File(path), None) => format!("`{path}` ({} nodes searched)", sight.searched.nodes),
        (Scope::Sweep(_), _) => {
            let files = if sight.searched.files == 1 { "file" } else { "files" };
            format!("{} {files} ({} of them parsed)", sight.searched.files, sight.searched.parsed)
        }
    };
    match (number, sight.sites.first()) {
        (1, Some(site)) => format!("{wanted} is at {}:{}", site.file, site.line),
        (_, Some(site)) => format!("{wanted} is at {number} places, the first {}:{}", site.file, site.line),
        (_, None) => format!("{wanted} is nowhere in {searched}"),
    }
}

/// Why no place counts although the first pattern is there.
fn elsewise(check: &PatternCheck, claim: &Claim, places: usize) -> String {
    let wanted = check.all.first().map_or_else(String::new, |pattern| in_ticks(&one_line(pattern.source())));
    let within = match (&claim.scope, &claim.symbol) {
        (Scope::File(_), Some(symbol)) => format!("`{symbol}`"),
        (Scope::File(path), None) => format!("`{path}`"),
        (Scope::Sweep(_), _) => "the files searched".to_owned(),
    };
    let missed = qualifiers(check).join(", ");
    match places {
        1 => format!("the one {wanted} in {within} is not as claimed: {missed}"),
        _ => format!("none of {places} {wanted} in {within} is as claimed: {missed}"),
    }
}

/// What the check wants of the code besides its first pattern, in words.
fn qualifiers(check: &PatternCheck) -> Vec<String> {
    let named = |word: &str, patterns: &[Pattern]| -> Vec<String> {
        patterns.iter().map(|pattern| format!("{word} {}", in_ticks(&one_line(pattern.source())))).collect()
    };
    let mut words = named("also", check.all.get(1..).unwrap_or_default());
    words.extend(named("one of", &check.any));
    words.extend(named("not", &check.not));
    words.extend(named("inside", &check.inside));
    words.extend(named("not inside", &check.not_inside));
    words.extend(check.conditions.keys().map(|metavariable| format!("with bounds on `{metavariable}`")));
    words
}

/// A pattern on one line; of a long one, the beginning.
fn one_line(pattern: &str) -> String {
    const MOST: usize = 120;
    let mut line = String::new();
    for part in pattern.lines().map(str::trim).filter(|part| !part.is_empty()) {
        match line.chars().last() {
            None => {}
            Some(':' | '(' | '[' | '{' | ',') => line.push(' '),
            Some(_) => line.push_str("; "),
        }
        line.push_str(part);
    }
    match line.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// The check as a formula.
fn formula(check: &PatternCheck) -> Formula {
    let mut all = All::default();
    all.positive.extend(check.all.iter().cloned().map(Formula::Pattern));
    if !check.any.is_empty() {
        all.positive.push(Formula::Any(check.any.iter().cloned().map(Formula::Pattern).collect()));
    }
    let inside = |pattern: &Pattern| Formula::Inside(Box::new(Formula::Pattern(pattern.clone())));
    all.positive.extend(check.inside.iter().map(inside));
    all.negative.extend(check.not.iter().cloned().map(Formula::Pattern));
    all.negative.extend(check.not_inside.iter().map(inside));
    for (metavariable, condition) in &check.conditions {
        let metavariable = metavariable.clone();
        if let Some(regex) = &condition.regex {
            all.conditions.push(Condition::Text { metavariable: metavariable.clone(), regex: regex.clone() });
        }
        if condition.min.is_some() || condition.max.is_some() {
            let (min, max) = (condition.min, condition.max);
            all.conditions.push(Condition::Bounds { metavariable: metavariable.clone(), min, max });
        }
        if let Some(pattern) = &condition.pattern {
            let formula = Box::new(Formula::Pattern(pattern.clone()));
            all.conditions.push(Condition::Pattern { metavariable, formula, of_text: false });
        }
    }
    all.focus.extend(check.focus.clone());
    Formula::All(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::StaticCheck;
    use crate::catalogue::check::{self, Count};
    use crate::static_checks::testing::{claim, lines, observe_fixture, word};

    fn pattern(text: &str) -> Pattern {
        Pattern::parse(text).unwrap()
    }

    fn one(text: &str) -> PatternCheck {
        PatternCheck { all: vec![pattern(text)], ..PatternCheck::default() }
    }

    fn check(
        fixture: &str,
        symbol: Option<&str>,
        check: PatternCheck,
        expected: &str,
        expected_lines: &[&str],
    ) {
        let claim = claim("example.py", symbol, StaticCheck::Pattern(check));
        let observation = observe_fixture(fixture, &claim);
        assert_eq!(word(&observation), expected, "{}", observation.because);
        assert_eq!(lines(&observation), expected_lines);
    }

    /// What is not known to be elsewhere is not claimed to be.
    #[test]
    fn exceptions_that_were_not_all_tried_leave_it_open() {
        let numbers: Vec<String> = (0..400).map(|number| number.to_string()).collect();
        let unless_repeated =
            PatternCheck { not: vec![pattern("f(..., $X, ..., $Y, ..., $Z, ..., $X)")], ..one("f(...)") };
        let text = format!("f({}, 300)\n", numbers.join(", "));
        let claim = claim("example.py", None, StaticCheck::Pattern(unless_repeated));
        assert_eq!(word(&observe_fixture(&text, &claim)), "unresolved");
    }

    #[test]
    fn places_in_very_many_others_are_few() {
        let calls = "    f(a, b, c)\n".repeat(300);
        let both = PatternCheck {
            all: vec![pattern("f(..., $X, ...)"), pattern("...")],
            not_inside: vec![pattern("if $C: ...")],
            ..PatternCheck::default()
        };
        let claim = claim("example.py", None, StaticCheck::Pattern(both));
        let observation = observe_fixture(&format!("def g():\n{calls}"), &claim);
        assert_eq!((word(&observation), observation.sites.len()), ("holds", 300));
    }

    #[test]
    fn examples_answer_as_they_say() {
        check(EXAMPLES.holds.python, None, one("pickle.loads(...)"), "holds", &["example.py:4"]);
        check(EXAMPLES.does_not_hold.python, None, one("pickle.loads(...)"), "does not hold", &[]);
    }

    const TWO: &str = "def first(s):\n    s.bind(1)\n\ndef second(s):\n    if s.ready:\n        s.bind(2)\n";

    #[test]
    fn symbol_confines_the_search_and_must_exist() {
        check(TWO, Some("second"), one("$S.bind(...)"), "holds", &["example.py:6"]);
        check(TWO, Some("third"), one("$S.bind(...)"), "symbol missing", &[]);
    }

    #[test]
    fn operators_narrow_what_is_found() {
        let inside = PatternCheck { inside: vec![pattern("if $S.ready: ...")], ..one("$S.bind(...)") };
        check(TWO, None, inside, "holds", &["example.py:6"]);
        let not_inside =
            PatternCheck { not_inside: vec![pattern("if $S.ready: ...")], ..one("$S.bind(...)") };
        check(TWO, None, not_inside, "holds", &["example.py:2"]);
        let not = PatternCheck { not: vec![pattern("$S.bind(1)")], ..one("$S.bind(...)") };
        check(TWO, None, not, "holds", &["example.py:6"]);
        let any =
            PatternCheck { any: vec![pattern("$S.bind(2)"), pattern("nothing()")], ..one("$S.bind(...)") };
        check(TWO, None, any, "holds", &["example.py:6"]);
    }

    #[test]
    fn conditions_bound_metavariables() {
        let bound = |condition: check::Condition| PatternCheck {
            conditions: [("$N".to_owned(), condition)].into(),
            ..one("$S.bind($N)")
        };
        let min = bound(check::Condition { min: Some(2.0), ..Default::default() });
        check(TWO, None, min, "holds", &["example.py:6"]);
        let max = bound(check::Condition { max: Some(0.5), ..Default::default() });
        check(TWO, None, max, "does not hold", &["example.py:2", "example.py:6"]);
        let regex = bound(check::Condition { regex: regex::Regex::new("^1$").ok(), ..Default::default() });
        check(TWO, None, regex, "holds", &["example.py:2"]);
        let inner = bound(check::Condition { pattern: Some(pattern("2")), ..Default::default() });
        check(TWO, None, inner, "holds", &["example.py:6"]);
    }

    #[test]
    fn places_that_only_the_first_pattern_fits_are_told_apart_from_none() {
        let because = |qualified: PatternCheck| {
            observe_fixture(TWO, &claim("example.py", None, StaticCheck::Pattern(qualified))).because
        };
        let inside = PatternCheck { inside: vec![pattern("for $X in $Y: ...")], ..one("$S.bind(...)") };
        assert_eq!(
            because(inside),
            "none of 2 `$S.bind(...)` in `example.py` is as claimed: inside `for $X in $Y: ...`"
        );
        let absent = PatternCheck { not: vec![pattern("$S.bind(1)")], ..one("$S.close()") };
        let lines =
            PatternCheck { not: vec![pattern("if $S.ready:\n    ...\n    $S.bind(2)")], ..one("if $X: ...") };
        assert_eq!(
            because(lines),
            "the one `if $X: ...` in `example.py` is not as claimed: not `if $S.ready: ...; $S.bind(2)`"
        );
        assert_eq!(because(absent), "`$S.close()` is nowhere in `example.py` (30 nodes searched)");
    }

    #[test]
    fn backticks_of_a_pattern_stay_inside_it() {
        let observation =
            observe_fixture(TWO, &claim("example.py", None, StaticCheck::Pattern(one("run('`ls`')"))));
        assert_eq!(observation.because, "``run('`ls`')`` is nowhere in `example.py` (30 nodes searched)");
    }

    #[test]
    fn count_has_a_lower_and_an_upper_end() {
        for (min, max, expected) in
            [(2, None, "holds"), (3, None, "does not hold"), (0, Some(1), "does not hold")]
        {
            let counted = PatternCheck { count: Count { min, max }, ..one("$S.bind(...)") };
            let lines: &[&str] = &["example.py:2", "example.py:6"];
            check(TWO, None, counted, expected, lines);
        }
        let none = PatternCheck { count: Count { min: 0, max: Some(0) }, ..one("$S.close()") };
        check(TWO, None, none, "holds", &[]);
    }

    #[test]
    fn rule_stands_in_place_of_patterns() {
        let yaml = "rules: [{id: r, languages: [python], patterns: [{pattern: $S.bind(...)}, {pattern-inside: 'if ...: ...'}]}]";
        let rule = Rule::read(yaml).unwrap().remove(0);
        let check_of = PatternCheck { rule: Some(rule.into()), ..PatternCheck::default() };
        check(TWO, None, check_of, "holds", &["example.py:6"]);
    }

    const TAINT: &str = "rules: [{id: r, languages: [python], mode: taint, paths: {exclude: [tests]}, \
                         pattern-sources: [{pattern: recv()}], pattern-sinks: [{pattern: $S.bind(...)}]}]";

    #[test]
    fn rule_in_taint_mode_has_its_sinks_as_sites() {
        let ask = |fixture: &str, symbol: Option<&str>, expected: &str, lines: &[&str]| {
            let rule = Rule::read(TAINT).unwrap().remove(0);
            let check_of = PatternCheck { rule: Some(rule.into()), ..PatternCheck::default() };
            check(fixture, symbol, check_of, expected, lines);
        };
        let code = "def f(s):\n    x = recv()\n    s.bind(x)\n\ndef g(s):\n    s.bind(1)\n";
        ask(code, None, "holds", &["example.py:3"]);
        ask(code, Some("f"), "holds", &["example.py:3"]);
        ask(code, Some("g"), "does not hold", &[]);
        ask(&format!("{code}def h(:\n"), Some("g"), "does not compile", &[]);
    }

    #[test]
    fn paths_of_a_rule_narrow_a_sweep() {
        let rule = Rule::read(TAINT).unwrap().remove(0);
        let check_of = PatternCheck { rule: Some(rule.into()), ..PatternCheck::default() };
        let mut claim = claim("example.py", None, StaticCheck::Pattern(check_of));
        claim.scope = Scope::Sweep(vec!["**/*.py".to_owned()]);
        let observation =
            observe_fixture("--- a.py\ns.bind(recv())\n--- tests/b.py\ns.bind(recv())\n", &claim);
        assert_eq!(lines(&observation), ["a.py:1"]);
    }

    #[test]
    fn too_many_are_too_many_whatever_cannot_be_read() {
        let sweep = |max: u32, expected: &str| {
            let check = PatternCheck { count: Count { min: 0, max: Some(max) }, ..one("f()") };
            let mut claim = claim("example.py", None, StaticCheck::Pattern(check));
            claim.scope = Scope::Sweep(vec!["*.py".to_owned()]);
            let observation = observe_fixture("--- a.py\nf()\nf()\n--- b.py\ndef f(:\n    f()\n", &claim);
            assert_eq!(word(&observation), expected, "{}", observation.because);
        };
        sweep(1, "does not hold");
        sweep(2, "does not compile");
    }

    #[test]
    fn broken_file_confirms_what_is_whole_and_refutes_nothing() {
        let broken = "def first(s):\n    s.bind(1)\n\ndef second(s:\n    s.bind(2)\n";
        check(broken, Some("first"), one("$S.bind(...)"), "holds", &["example.py:2"]);
        check(broken, None, one("$S.close()"), "does not compile", &[]);
        let none = PatternCheck { count: Count { min: 0, max: Some(0) }, ..one("$S.close()") };
        check(broken, None, none, "does not compile", &[]);
    }
}
