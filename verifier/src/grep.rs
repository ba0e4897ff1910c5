//! Patterns over a whole tree, without a catalogue: what `cargo xtask grep` shows.
//!
//! One pass over each file's bytes decides whether it can contain a match of anything that is
//! asked for; only such files are parsed, in parallel.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};

use crate::cache::Key;
use crate::evidence::{Reason, Searched};
use crate::parallel;
use crate::python::files::unreadable_reason;
use crate::python::pattern::{Bindings, Matcher, Prefilter, Regions, Settings};
use crate::python::rule::{Formula, Mode, Rule, Selection};
use crate::python::source::boundary;
use crate::python::{ParsedFile, SourceFile, TextRange};
use crate::remembered;
use crate::target::{ContentHash, RelativePath, TargetTree};

/// Several questions, asked together.
#[derive(Debug)]
pub struct Query {
    questions: Vec<Question>,
    prefilter: Prefilter,
    /// What of a file has to be parsed, if not always all of it.
    regions: Option<Regions>,
}

#[derive(Debug)]
struct Question {
    /// The rule that asks, if it is one.
    rule: Option<String>,
    asks: Asks,
    settings: Settings,
    selection: Selection,
}

#[derive(Debug)]
enum Asks {
    /// For places.
    Places(Formula),
    /// For values that get to a place, within one function.
    Flows(Box<Rule>),
}

/// One match, ready to be shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// The file's path in its tree.
    pub file: String,
    /// One-based.
    pub line: u32,
    /// One-based, in characters.
    pub column: u32,
    /// The last line, inclusive.
    pub end_line: u32,
    /// Where the match ends on it: the column behind its last character.
    pub end_column: u32,
    /// The lines of the match, from the first to the last.
    pub excerpt: String,
    /// Metavariables and what they stand for, by name.
    pub metavariables: Vec<(String, String)>,
    /// The rule that found it, if it is one.
    pub rule: Option<String>,
}

/// What a search found, and where it could not look.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// In the order of files and lines.
    pub found: Vec<Found>,
    /// How much was searched. [Blind](Searched::blind): files that do not compile and were read
    /// as far as they can be, and files that cannot be read.
    pub searched: Searched,
}

/// Why a query cannot be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryError(pub String);

impl std::fmt::Display for QueryError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for QueryError {}

impl Query {
    /// Asks for the places that a formula describes.
    pub fn of_formula(formula: Formula) -> Self {
        let question = Question {
            rule: None,
            asks: Asks::Places(formula),
            settings: Settings::default(),
            selection: Selection::default(),
        };
        Self::new(vec![question])
    }

    /// Asks what the rules of a file ask.
    pub fn of_rules(rules: Vec<Rule>) -> Result<Self, QueryError> {
        let questions = rules
            .into_iter()
            .map(|rule| {
                let settings = rule.settings();
                let selection = rule.paths.selection().map_err(QueryError)?;
                let id = rule.id.clone();
                let asks = match rule.mode {
                    Mode::Search(formula) => Asks::Places(formula),
                    Mode::Taint(_) => Asks::Flows(Box::new(rule)),
                };
                Ok(Question { rule: Some(id), asks, settings, selection })
            })
            .collect::<Result<_, _>>()?;
        Ok(Self::new(questions))
    }

    fn new(questions: Vec<Question>) -> Self {
        let literals: Vec<_> = questions
            .iter()
            .flat_map(|question| match &question.asks {
                Asks::Places(formula) => formula.literals(),
                Asks::Flows(rule) => rule.mode.literals(),
            })
            .collect();
        let prefilter = Prefilter::new(&literals);
        let formulas: Option<Vec<&Formula>> = questions
            .iter()
            .map(|question| match &question.asks {
                Asks::Places(formula) => Some(formula),
                // Values go from function to function.
                Asks::Flows(_) => None,
            })
            .collect();
        let regions = formulas.and_then(Regions::new);
        Self { questions, prefilter, regions }
    }

    /// Searches these files of a tree.
    pub fn search(&self, tree: &dyn TargetTree, paths: &[RelativePath]) -> Report {
        let looked = self.look_at_all(tree, paths);
        let mut report = Report::default();
        for looked in looked {
            report.searched.files += 1;
            report.searched.parsed += u32::from(looked.parsed);
            report.searched.blind.extend(looked.blind);
            report.found.extend(looked.found);
        }
        report
    }

    /// Looks at these files, save those that are as they were when they were last looked at.
    fn look_at_all(&self, tree: &dyn TargetTree, paths: &[RelativePath]) -> Vec<Looked> {
        let look = |path: &RelativePath| self.look(tree, path);
        let Some(cache) = tree.cache() else { return parallel::map(paths, look) };
        let questions = format!("{:?}", self.questions);
        let day = remembered::day_asked(&questions).to_le_bytes();
        let key = Key::of(&[b"grep", cache.snapshot().listing(), questions.as_bytes(), &day]);
        let stored = cache.get(key).unwrap_or_default();
        let known = Pack::read(&stored);
        let looked: Vec<(Looked, Option<PackName>, bool)> = parallel::map(paths, |path| {
            // A file outside the listing that was named; there are few.
            let Ok(number) = tree.python_files().binary_search(path) else {
                return (look(path), None, false);
            };
            let name = pack_name(path, cache.snapshot().content(number));
            match known.0.get(&name).and_then(|bytes| Looked::restored(bytes)) {
                Some(looked) => (looked, Some(name), false),
                None => (look(path), Some(name), true),
            }
        });
        if looked.iter().any(|(_, _, is_new)| *is_new) {
            let mut pack = Vec::new();
            for (looked, name, _) in &looked {
                name.iter().for_each(|name| looked.store(name, &mut pack));
            }
            cache.learn(key, pack);
        }
        looked.into_iter().map(|(looked, _, _)| looked).collect()
    }

    fn look(&self, tree: &dyn TargetTree, path: &RelativePath) -> Looked {
        let mut looked = Looked::default();
        let mut parsed = None;
        let read = tree.look(path, &mut |bytes| {
            if self.prefilter.is_candidate(bytes) {
                parsed = match &self.regions {
                    Some(regions) => SourceFile::relevant(path.clone(), bytes, regions),
                    None => Some(SourceFile::from_bytes(path.clone(), bytes)),
                };
            }
        });
        if let Err(unreadable) = read {
            looked.blind = Some(unreadable_reason(path, unreadable));
            return looked;
        }
        let Some(parsed) = parsed.map(ParsedFile::new) else { return looked };
        let file = parsed.source();
        looked.parsed = true;
        looked.blind = file.errors().first().map(|error| Reason::DoesNotCompile {
            path: path.as_str().to_owned(),
            line: error.line,
            message: error.message.clone(),
        });
        let mut gave_up = false;
        for question in &self.questions {
            if !question.selection.contains(path) {
                continue;
            }
            let rule = question.rule.as_ref();
            match &question.asks {
                Asks::Places(formula) => {
                    let gives_up = Arc::new(AtomicBool::new(false));
                    let matcher = Matcher::with_settings(file, question.settings).watched_by(&gives_up);
                    let matches = matcher.find_formula_within(formula, None, &Bindings::default());
                    gave_up |= gives_up.load(Ordering::Relaxed);
                    looked
                        .found
                        .extend(matches.iter().map(|found| shown(file, found.range, &found.bindings, rule)));
                }
                Asks::Flows(flows) => {
                    let flows = flows.flows(&parsed);
                    let places = flows.iter().map(|(range, _)| *range);
                    looked.found.extend(places.map(|range| shown(file, range, &Bindings::default(), rule)));
                }
            }
        }
        looked.found.sort_by(|a, b| {
            (a.line, a.column, a.end_line, &a.rule).cmp(&(b.line, b.column, b.end_line, &b.rule))
        });
        looked.found.dedup();
        if looked.blind.is_none() && gave_up {
            let what = format!("there are too many ways to match in `{path}`: not all were tried");
            looked.blind = Some(Reason::Unresolved { what });
        }
        looked
    }
}

#[derive(Default, PartialEq, Serialize, Deserialize)]
struct Looked {
    found: Vec<Found>,
    parsed: bool,
    blind: Option<Reason>,
}

impl Looked {
    /// Adds it to a pack. For most files there is nothing to tell, and nothing is written.
    fn store(&self, name: &PackName, pack: &mut Vec<u8>) {
        let text = if *self == Self::default() {
            Vec::new()
        } else {
            serde_json::to_vec(self).expect("texts and numbers can be written as JSON")
        };
        pack.extend_from_slice(name);
        pack.extend_from_slice(&u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes());
        pack.extend_from_slice(&text);
    }

    fn restored(text: &[u8]) -> Option<Self> {
        if text.is_empty() { Some(Self::default()) } else { serde_json::from_slice(text).ok() }
    }
}

/// Stands for a path and what is there.
type PackName = [u8; 16];

fn pack_name(path: &RelativePath, content: ContentHash) -> PackName {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&content).update(path.as_str().as_bytes());
    let mut name = PackName::default();
    name.copy_from_slice(&hasher.finalize().as_bytes()[..size_of::<PackName>()]);
    name
}

/// What was seen in many files, one after the other in one entry of the cache.
struct Pack<'b>(HashMap<PackName, &'b [u8]>);

impl<'b> Pack<'b> {
    fn read(mut bytes: &'b [u8]) -> Self {
        let mut files = HashMap::new();
        while let Some((name, rest)) = bytes.split_first_chunk::<{ size_of::<PackName>() }>()
            && let Some((length, rest)) = rest.split_first_chunk::<4>()
            && let Some((text, rest)) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)
        {
            files.insert(*name, text);
            bytes = rest;
        }
        Self(files)
    }
}

fn shown(file: &SourceFile, range: TextRange, bindings: &Bindings<'_>, rule: Option<&String>) -> Found {
    let (line, end_line) = file.lines(range);
    let mut metavariables: Vec<(String, String)> =
        bindings.iter().map(|(name, bound)| (name.to_owned(), beginning(bound.text()).to_owned())).collect();
    metavariables.sort();
    Found {
        file: file.path().as_str().to_owned(),
        line,
        column: file.column(range.start()),
        end_line,
        end_column: file.column(range.end()),
        excerpt: file.whole_lines(range).to_owned(),
        metavariables,
        rule: rule.cloned(),
    }
}

/// What stands for a metavariable, cut where nobody reads on: a value can be a megabyte, and
/// another of the same megabyte at every place in it.
fn beginning(text: &str) -> &str {
    &text[..boundary(text, LONGEST_VALUE)]
}

const LONGEST_VALUE: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::MemoryTree;
    use crate::python::pattern::Pattern;
    use crate::python::rule::All;

    fn search(query: &Query, fixture: &str) -> Report {
        let tree = MemoryTree::parse(fixture);
        let paths = tree.python_files().to_vec();
        query.search(&tree, &paths)
    }

    impl Query {
        fn formula(&self) -> &Formula {
            match &self.questions[0].asks {
                Asks::Places(formula) => formula,
                Asks::Flows(_) => panic!("a formula was asked"),
            }
        }
    }

    fn pattern(text: &str) -> Query {
        Query::of_formula(Formula::Pattern(Pattern::parse(text).unwrap()))
    }

    #[test]
    fn matches_have_places_and_values() {
        let report = search(&pattern("bind($PORT)"), "--- a.py\nx = 1\n--- b.py\nif x:\n    é = bind(80)\n");
        let [found] = &report.found[..] else { panic!("{report:?}") };
        assert_eq!(
            (&*found.file, found.line, found.column, found.end_line, found.end_column),
            ("b.py", 2, 9, 2, 17)
        );
        assert_eq!(found.excerpt, "    é = bind(80)");
        assert_eq!(found.metavariables, [("$PORT".to_owned(), "80".to_owned())]);
        assert_eq!((report.searched.files, report.searched.parsed), (2, 1));
    }

    #[test]
    fn files_that_cannot_contain_the_literals_are_not_parsed() {
        let report = search(&pattern("bind($PORT)"), "--- a.py\nblind(80\n");
        assert_eq!((report.searched.parsed, report.searched.blind.len()), (0, 0));
    }

    #[test]
    fn broken_files_are_searched_and_named() {
        let report = search(&pattern("bind($PORT)"), "--- a.py\nbind(80)\ndef f(:\n");
        assert_eq!(report.found.len(), 1);
        assert!(matches!(&report.searched.blind[..], [Reason::DoesNotCompile { line: 2, .. }]));
    }

    #[test]
    fn rules_in_taint_mode_find_where_values_arrive() {
        let yaml = "rules:\n- id: t\n  mode: taint\n  languages: [python]\n  pattern-sources: [{pattern: read()}]\n  \
                    pattern-sinks: [{pattern: run(...)}]\n";
        let query = Query::of_rules(Rule::read(yaml).unwrap()).unwrap();
        let report = search(&query, "--- a.py\ndef f():\n    x = read()\n    run(1)\n    run(x)\n");
        assert_eq!(report.found.iter().map(|found| found.line).collect::<Vec<_>>(), [4]);
    }

    #[test]
    fn rules_look_where_their_paths_say() {
        let yaml =
            "rules:\n- id: r\n  languages: [python]\n  paths: {exclude: [tests]}\n  pattern: bind(...)\n";
        let query = Query::of_rules(Rule::read(yaml).unwrap()).unwrap();
        let report = search(&query, "--- tests/a.py\nbind()\n--- src/b.py\nbind()\n");
        assert_eq!(report.found.iter().map(|found| &*found.file).collect::<Vec<_>>(), ["src/b.py"]);
        assert_eq!(report.found[0].rule.as_deref(), Some("r"));
    }

    /// Formulas that each ask for something else of what is around a place.
    fn formulas() -> Vec<Formula> {
        let pattern = |text: &str| Formula::Pattern(Pattern::parse(text).unwrap());
        let inside = |text: &str| Formula::Inside(Box::new(pattern(text)));
        let all = |positive: Vec<Formula>, negative: Vec<Formula>| {
            Formula::All(All { positive, negative, ..All::default() })
        };
        let mut formulas: Vec<Formula> = [
            "run($X)",
            "m.run(...)",
            "$X.run(...)",
            "self.a = None",
            "self.a = $X",
            "run(1)",
            "while True: ...",
            "def run(...): ...",
            "class A: ...",
            "def $F(...):\n  ...\n  run(1)\n  ...",
            "class $C:\n  ...\n  def $F(...):\n    ...\n    run(...)\n    ...\n  ...",
            "a = 1\n...\nrun(a)",
            "$X = 1\n...\n$Y.run($X)",
            "run(1)\n...\nrun(2)\n...\ngo()",
            "while True:\n  ...\n  run(...)",
            "if $X:\n  run(...)",
            "if $X:\n  $S",
            "@run\ndef $F(...): ...",
            "import m",
            "global a",
        ]
        .into_iter()
        .map(pattern)
        .collect();
        formulas.push(all(vec![pattern("run(...)"), inside("class A: ...")], vec![]));
        formulas
            .push(all(vec![pattern("run(...)")], vec![inside("def a(...):\n  ...\n  self.a = None\n  ...")]));
        formulas.push(all(vec![pattern("run($X)")], vec![pattern("run(1)"), inside("while True: ...")]));
        formulas.push(all(vec![inside("def run(...): ...")], vec![]));
        let bounds = Formula::Any(vec![inside("while True: ..."), inside("def run(...): ...")]);
        formulas.push(all(vec![pattern("run($X)"), bounds], vec![]));
        let until_run = "self.a = None\n...\nm.run(...)\n...";
        formulas.push(all(vec![pattern("self.a = $X"), inside(until_run)], vec![]));
        formulas.push(all(vec![pattern("self.a = $X")], vec![inside(until_run)]));
        formulas.push(Formula::Any(vec![pattern("self.a = $X"), pattern("run(...)")]));
        formulas
    }

    /// Whether leaving functions out makes no difference.
    fn agrees(formula: Formula, text: &str) -> Result<(), String> {
        let mut tree = MemoryTree::default();
        tree.insert("a.py", text.as_bytes());
        let paths = tree.python_files().to_vec();
        let query = Query::of_formula(formula);
        let whole = Query { regions: None, ..Query::of_formula(query.formula().clone()) };
        let (found, expected) = (query.search(&tree, &paths), whole.search(&tree, &paths));
        // A function that is left out may be one that does not compile.
        if found.found == expected.found || !expected.searched.blind.is_empty() {
            return Ok(());
        }
        Err(format!(
            "{:?}\n{text}\nfound {:?}\ninstead of {:?}",
            query.formula(),
            found.found,
            expected.found
        ))
    }

    #[test]
    fn functions_that_are_left_out_are_not_missed() {
        let long = "        nothing = 'but a long line that says nothing at all'\n";
        for text in [
            format!(
                "'''see import (x'''\nfrom m import run\ndef f():\n{long}        run(1)\ndef g():\n{long}"
            ),
            format!("def f():\n{long}        from m \\\n import run\ndef g():\n{long}        run(1)\n"),
            format!("from m import ( # )\n  run\n as r)\ndef f():\n{long}        r(1)\ndef g():\n{long}"),
            format!("import m\ndef f():\n{long}def g():\n{long}        m.run(1)\n"),
            format!("def f():\n{long}        from m import run as r\ndef g():\n{long}        r(1)\n"),
            format!("from m import *\ndef g():\n{long}        run(1)\ndef f():\n{long}"),
            format!(
                "a = 1\ndef f():\n{long}        global a\n        a = 2\ndef g():\n{long}        run(a)\n"
            ),
            format!("a = 1\ndef f():\n{long}def g():\n{long}        run(a)\n"),
            format!(
                "class A:\n    a = 1\n    def run(self):\n{long}    def f(self):\n{long}        run(2)\n"
            ),
            format!(
                "class A:\n    def f(self, x=run(1)):\n{long}    @run\n    def g(self):\n{long}\n    # end\n"
            ),
            format!("while True:\n    def f():\n{long}    run(1)\nif x:\n    run(1)\n    def g():\n{long}"),
            format!("a = 1\nif x:\n    def f():\n{long}        run(a)\nrun(a)\n"),
            format!(
                "try:\n    import m\nexcept: from n import m\ndef f():\n{long}def g():\n{long}        m.run()\n"
            ),
            format!("a = 1\ndef f():\n{long}        m.run(a)\ndef g():\n{long}"),
            format!("while True:\n    def f():\n{long}        run(1)\n    def g():\n{long}"),
            format!("run(1)\ndef f():\n{long}        run(2)\ngo()\n"),
            format!("self.a = None\ndef f():\n{long}        m.run(1)\ndef g():\n{long}"),
            format!(
                "class A:\n    def a(self):\n{long}        self.a = None\n        def f():\n{long}            run(1)\n"
            ),
        ] {
            for formula in formulas() {
                agrees(formula, &text).unwrap_or_else(|difference| panic!("{difference}"));
            }
        }
    }

    #[test]
    fn only_what_matters_is_parsed() {
        let long = "    nothing = 'but a long line that says nothing at all'\n";
        let check = |pattern: &str, text: &str, expected: bool| {
            let file = format!("--- a.py\n{text}");
            assert_eq!(
                search(&self::pattern(pattern), &file).searched.parsed == 1,
                expected,
                "{pattern}: {text}"
            );
        };
        // Both words are there, in two functions.
        let text = format!("def f():\n{long}    m\ndef g():\n{long}    run(1)\n");
        check("m.run(...)", &text, false);
        check("m.run(...)", &format!("import m\n{text}"), false);
        check("m.run(...)", &format!("import m as n\n{text}"), true);
        check("m.run(...)", &format!("from m import run\n{text}"), true);
        check("m.run(...)", &format!("from m import run as f\ndef f():\n{long}"), true);
        check("m.run(...)", &format!("from m import *\ndef f():\n{long}    run\n"), true);
        check("run(...)", &text, true);
        // From where the text is odd on it is parsed.
        let text = format!("def f():\n{long}\n\tx\ndef g():\n{long}    run(1)\n");
        check("run(1)", &text, true);
        // What is left out may be broken.
        let text = format!("def f():\n{long}    1 +\ndef g():\n{long}    run(1)\n");
        assert_eq!(search(&pattern("run(1)"), &format!("--- a.py\n{text}")).searched.blind, []);
    }

    const PIECES: &[&str] = &[
        "import m\n",
        "import m as n\n",
        "import m; import n as m\n",
        "from m import run as r\n",
        "from m import run\n",
        "from run import m\n",
        "# import (\n",
        "from . import (\n m\n)\n",
        "from m import *\n",
        "a = 1\n",
        "class A:\n",
        "def f():\n",
        "def run(self):\n",
        "@run\n",
        "if x:\n",
        "while True:\n",
        "    ",
        "    ",
        "        ",
        "run(1)\n",
        "r(a)\n",
        "m.run(a)\n",
        "n.run(a)\n",
        "self.a = None\n",
        "global a\n",
        "a = 2\n",
        "nothing = 'but a long line that says nothing at all'\n",
    ];

    proptest::proptest! {
        #![proptest_config(proptest::test_runner::Config { cases: 400, ..Default::default() })]
        #[test]
        fn leaving_functions_out_makes_no_difference(
            pieces in proptest::collection::vec(proptest::sample::select(PIECES), 4..40),
        ) {
            for formula in formulas() {
                let agreement = agrees(formula, &pieces.concat());
                proptest::prop_assert!(agreement.is_ok(), "{}", agreement.unwrap_err());
            }
        }
    }
}
