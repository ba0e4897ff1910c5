//! Static checks: questions that the text of the target answers. One kind, one file; each file
//! has the manual of its kind, one function `observe`, and examples that are run.
//!
//! A check reads, cites, and concludes nothing. Rules that all kinds share are here:
//! what a claim is about, what may be said of a file that does not compile, sweeps.

mod sweep;

pub mod async_function;
pub mod attribute;
pub mod call;
pub mod default;
pub mod endless_loop;
pub mod flow;
pub mod handler;
pub mod pattern;
pub mod sequence;
pub mod shared_state;
pub mod syntax;
pub mod thread;
pub mod undefined_name;
pub mod unused;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::catalogue::{CheckKind, Claim, Scope, StaticCheck};
use crate::evidence::{Observation, Outcome, Reason, Searched, Site, Strength};
pub use crate::python::project::facts::is_test_code;
use crate::python::symbols::{Symbol, SymbolKind};
use crate::python::{ParsedFile, Project, Ranged, TextRange, TextSize, ast};
use crate::remembered;
use crate::target::RelativePath;
pub use sweep::{Swept, sweep, sweep_in_parts, sweep_parts};

/// What every static check may read.
#[derive(Clone, Copy)]
pub struct Context<'c, 'f> {
    /// The model of the target.
    pub project: &'c Project<'f>,
}

/// Two claims with the code that they are about, as a reader would write them: one that holds
/// and one that does not. They are run by `cargo xtask check`, and the manual shows them.
#[derive(Clone, Copy, Debug)]
pub struct Examples {
    /// The claim is true of this code.
    pub holds: Example,
    /// The claim is not true of this code.
    pub does_not_hold: Example,
}

/// One claim and its code.
#[derive(Clone, Copy, Debug)]
pub struct Example {
    /// The keys of a `[[finding.claim]]` that matter here: `file`, `symbol`, `static`.
    pub claim: &'static str,
    /// Files as in [`crate::fixture`]; a file without header is `example.py`.
    pub python: &'static str,
}

/// Asks one question.
pub fn observe(check: &StaticCheck, claim: &Claim, context: &Context) -> Observation {
    match check {
        StaticCheck::Syntax(check) => syntax::observe(check, claim, context),
        StaticCheck::EndlessLoop(check) => endless_loop::observe(check, claim, context),
        StaticCheck::Sequence(check) => sequence::observe(check, claim, context),
        StaticCheck::Attribute(check) => attribute::observe(check, claim, context),
        StaticCheck::AsyncFunction(check) => async_function::observe(check, claim, context),
        StaticCheck::Pattern(check) => pattern::observe(check, claim, context),
        StaticCheck::Thread(check) => thread::observe(check, claim, context),
        StaticCheck::Flow(check) => flow::observe(check, claim, context),
        StaticCheck::Unused(check) => unused::observe(check, claim, context),
        StaticCheck::UndefinedName(check) => undefined_name::observe(check, claim, context),
        StaticCheck::Call(check) => call::observe(check, claim, context),
        StaticCheck::Default(check) => default::observe(check, claim, context),
        StaticCheck::Handler(check) => handler::observe(check, claim, context),
        StaticCheck::SharedState(check) => shared_state::observe(check, claim, context),
    }
}

/// Asks one question, unless the answer is known from an earlier run.
pub fn recall(check: &StaticCheck, claim: &Claim, context: &Context) -> Observation {
    let question = format!("observation {check:?} {:?} {:?} {:?}", claim.scope, claim.symbol, claim.lines);
    let parses = |path: &RelativePath| {
        // A sweep over this file alone tells whether a sweep that comes to it parses it.
        let alone = Claim { scope: Scope::Sweep(vec![globset::escape(path.as_str())]), ..claim.clone() };
        may_have_been_parsed(&observe(check, &alone, context).searched)
    };
    let ask = |project: &Project| observe(check, claim, &Context { project });
    remembered::recall(&question, context.project, &parses, ask)
}

/// Whether a sweep over one file has parsed it, or could not have told.
pub fn may_have_been_parsed(searched: &Searched) -> bool {
    let was_looked_at_and_left = searched.files == 1 && searched.parsed == 0 && searched.blind.is_empty();
    !was_looked_at_and_left
}

/// The examples of a kind, if it is a static one.
pub fn examples(kind: CheckKind) -> Option<Examples> {
    match kind {
        CheckKind::Syntax => Some(syntax::EXAMPLES),
        CheckKind::EndlessLoop => Some(endless_loop::EXAMPLES),
        CheckKind::Sequence => Some(sequence::EXAMPLES),
        CheckKind::Attribute => Some(attribute::EXAMPLES),
        CheckKind::AsyncFunction => Some(async_function::EXAMPLES),
        CheckKind::Pattern => Some(pattern::EXAMPLES),
        CheckKind::Thread => Some(thread::EXAMPLES),
        CheckKind::Flow => Some(flow::EXAMPLES),
        CheckKind::Unused => Some(unused::EXAMPLES),
        CheckKind::UndefinedName => Some(undefined_name::EXAMPLES),
        CheckKind::Call => Some(call::EXAMPLES),
        CheckKind::Default => Some(default::EXAMPLES),
        CheckKind::Handler => Some(handler::EXAMPLES),
        CheckKind::SharedState => Some(shared_state::EXAMPLES),
        CheckKind::Import | CheckKind::Inspect | CheckKind::Probe => None,
    }
}

/// What a check saw on its way to an answer; the answer is one of the three functions at the end.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Sight {
    /// Cited places.
    pub sites: Vec<Site>,
    /// How much was searched.
    pub searched: Searched,
    /// Facts that decide nothing.
    pub notes: Vec<String>,
}

impl Sight {
    /// The claim is true as far as the check can see.
    pub fn holds(self, kind: CheckKind, because: impl Into<String>) -> Observation {
        self.observation(kind, Outcome::Holds, because.into())
    }

    /// The check looked in the right place and the claim is not true. When a file that was
    /// searched is [blind](Searched::blind) this proves nothing, and the answer says so instead.
    pub fn does_not_hold(self, kind: CheckKind, because: impl Into<String>) -> Observation {
        match self.searched.blind.first().cloned() {
            Some(reason) => {
                let because = format!("{}; what cannot be read may differ", because.into());
                self.observation(kind, Outcome::CouldNotBeObserved { reason }, because)
            }
            None => self.surely_does_not_hold(kind, because),
        }
    }

    /// The claim is not true, whatever stands where nothing can be read.
    pub fn surely_does_not_hold(self, kind: CheckKind, because: impl Into<String>) -> Observation {
        self.observation(kind, Outcome::DoesNotHold, because.into())
    }

    /// The check could not look.
    pub fn unobserved(self, kind: CheckKind, reason: Reason) -> Observation {
        let because = describe(&reason);
        self.observation(kind, Outcome::CouldNotBeObserved { reason }, because)
    }

    /// [`holds`](Self::holds) or [`does_not_hold`](Self::does_not_hold).
    pub fn answer(self, kind: CheckKind, holds: bool, because: impl Into<String>) -> Observation {
        if holds { self.holds(kind, because) } else { self.does_not_hold(kind, because) }
    }

    fn observation(self, check: CheckKind, outcome: Outcome, because: String) -> Observation {
        let Sight { mut sites, searched, notes } = self;
        sites.sort();
        sites.dedup();
        Observation { check, strength: Strength::Matched, outcome, because, sites, searched, notes }
    }
}

/// A reason in words.
pub fn describe(reason: &Reason) -> String {
    match reason {
        Reason::FileMissing { path } => format!("`{path}` is not in the target"),
        Reason::FileUnreadable { path, problem } => format!("`{path}` cannot be read: {problem}"),
        Reason::DoesNotCompile { path, line, message } => {
            format!("`{path}` does not compile: line {line}: {message}")
        }
        Reason::SymbolMissing { symbol } => format!("there is no `{symbol}`"),
        Reason::Unresolved { what } => what.clone(),
        Reason::NoAnswer { how, message } => format!("{how}: {message}"),
    }
}

/// Code within a sentence, between backticks that nothing in it can close.
pub fn in_ticks(code: &str) -> String {
    let longest = code.split(|character| character != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    // Where a space stands on both sides, Markdown takes one of each away.
    let is_padded = code.starts_with(' ') && code.ends_with(' ') && !code.trim().is_empty();
    let space = if is_padded || code.starts_with('`') || code.ends_with('`') { " " } else { "" };
    format!("{fence}{space}{code}{space}{fence}")
}

/// A file of a claim's scope, and the part of it that the claim's symbol is.
#[derive(Clone, Copy)]
pub struct Subject<'f> {
    /// The file.
    pub file: &'f ParsedFile,
    /// The definition that the claim names, if it names one.
    pub symbol: Option<&'f Symbol>,
}

impl<'f> Subject<'f> {
    /// The symbol's range, or that of the whole file.
    pub fn range(&self) -> TextRange {
        self.symbol.map_or_else(|| self.file.source().module().range(), |symbol| symbol.range)
    }

    /// Why the answer "no" proves nothing here: the file does not compile.
    pub fn blind(&self) -> Option<Reason> {
        self.file.broken()
    }

    /// Why the answer "yes" proves nothing either: the broken part is inside the subject.
    pub fn broken_inside(&self) -> Option<Reason> {
        broken_within(self.file, self.range())
    }
}

/// The error inside `range`, if the file is broken there.
pub fn broken_within(file: &ParsedFile, range: TextRange) -> Option<Reason> {
    let error = file.source().errors().iter().find(|error| range.contains_inclusive(error.range.start()))?;
    Some(Reason::DoesNotCompile {
        path: file.path().as_str().to_owned(),
        line: error.line,
        message: error.message.clone(),
    })
}

/// The error with which a definition seems to end: it may go on behind it. One that other statements
/// follow before the error has ended where it ends.
pub fn broken_behind(file: &ParsedFile, range: TextRange) -> Option<Reason> {
    let follows = |start: TextSize, end: TextSize| {
        let body = &file.source().module().body;
        body.iter().any(|stmt| stmt.start() >= start && stmt.start() < end)
    };
    let errors = file.source().errors().iter().map(|error| error.range.start());
    let next = errors.filter(|start| *start >= range.end()).min()?;
    if follows(range.end(), next) { None } else { file.broken() }
}

/// What to note when an answer comes from a file that is broken elsewhere.
pub fn broken_elsewhere_note(file: &ParsedFile) -> Option<String> {
    file.broken().map(|reason| format!("{}, outside the code that was asked about", describe(&reason)))
}

/// The file that a claim names and its symbol. A name that is defined on several branches gives
/// several subjects. For claims that sweep see [`sweep`].
pub fn subjects<'f>(claim: &Claim, context: &Context<'_, 'f>) -> Result<Vec<Subject<'f>>, Reason> {
    let path = match &claim.scope {
        Scope::File(path) => path,
        Scope::Sweep(_) => {
            let what = "this question is about one file, and the claim sweeps".to_owned();
            return Err(Reason::Unresolved { what });
        }
    };
    let file = context.project.file(path)?;
    let Some(name) = &claim.symbol else {
        return Ok(vec![Subject { file, symbol: None }]);
    };
    let symbols = find_symbol(file, name)?;
    Ok(symbols.into_iter().map(|symbol| Subject { file, symbol: Some(symbol) }).collect())
}

/// A name that is defined more often means nothing in particular, and each definition is
/// searched on its own.
const MOST_DEFINITIONS: usize = 200;

/// The definitions that a dotted name means in a file. In a file that does not compile a name
/// that is not found may have been lost with the broken part, and the reason says that.
pub fn find_symbol<'f>(file: &'f ParsedFile, name: &str) -> Result<Vec<&'f Symbol>, Reason> {
    let symbols = file.symbols().find(name);
    if symbols.len() > MOST_DEFINITIONS {
        let what = format!("`{name}` is defined {} times in `{}`", symbols.len(), file.path());
        return Err(Reason::Unresolved { what });
    }
    if !symbols.is_empty() {
        return Ok(symbols);
    }
    Err(file.broken().unwrap_or(Reason::SymbolMissing { symbol: name.to_owned() }))
}

/// A place in a file, with the source lines and the innermost class or function around it.
pub fn site(file: &ParsedFile, range: TextRange, label: Option<&str>) -> Site {
    let source = file.source();
    let (line, end_line) = source.lines(range);
    Site {
        file: source.path().clone(),
        line,
        end_line,
        symbol: file.symbols().innermost(range).map(|symbol| symbol.name.clone()),
        excerpt: source.whole_lines(range).to_owned(),
        label: label.map(str::to_owned),
    }
}

/// The call of exactly this range.
pub fn call_at(module: &ast::ModModule, range: TextRange) -> Option<&ast::ExprCall> {
    struct Calls<'f> {
        range: TextRange,
        found: Option<&'f ast::ExprCall>,
    }
    impl<'f> crate::python::visitor::Visitor<'f> for Calls<'f> {
        fn visit_body(&mut self, body: &'f [ast::Stmt]) {
            crate::python::visitor::around(body, self.range).iter().for_each(|stmt| self.visit_stmt(stmt));
        }
        fn visit_stmt(&mut self, stmt: &'f ast::Stmt) {
            if stmt.range().contains_range(self.range) {
                crate::python::visitor::walk_stmt(self, stmt);
            }
        }
        fn visit_expr(&mut self, expr: &'f ast::Expr) {
            if !expr.range().contains_range(self.range) {
                return;
            }
            match expr {
                ast::Expr::Call(call) if call.range() == self.range => self.found = Some(call),
                // `await f()` matched as a statement still has its call inside.
                _ => crate::python::visitor::walk_expr(self, expr),
            }
        }
    }
    let mut calls = Calls { range, found: None };
    crate::python::visitor::Visitor::visit_body(&mut calls, &module.body);
    calls.found
}

/// The names of symbols that the claim could have meant, for a hint.
pub fn classes_of(file: &ParsedFile) -> BTreeSet<&str> {
    file.symbols()
        .iter()
        .filter(|symbol| symbol.kind == SymbolKind::Class)
        .map(|symbol| symbol.name.as_str())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_of_every_kind_answer_as_they_say() {
        for kind in CheckKind::ALL {
            let Some(examples) = examples(kind) else { continue };
            testing::check(examples.holds.claim, examples.holds.python, "holds");
            testing::check(examples.does_not_hold.claim, examples.does_not_hold.python, "does not hold");
        }
    }

    #[test]
    fn a_sweep_for_a_symbol_that_no_file_has_looks_at_nothing() {
        let questions = [
            "syntax = \"error\"",
            "pattern = \"eval(...)\"",
            "pattern = \"eval(...)\", count = 0",
            "flow = { from = \"recv()\", to = \"eval(...)\" }",
            "sequence = [\"$X.close()\", \"$X.send(...)\"]",
            "attribute = \"x\", assigned = true",
            "attribute = \"x\", assigned = false",
            "endless-loop = true",
            "handler = \"bare\"",
            "handler = \"bare\", expected = false",
            "default = \"timeout\", value = 5",
            "call = \"g(...)\", fits = false",
            "undefined-name = true",
            "unused = true",
        ];
        for question in questions {
            let ask = |symbol: &str, code: &str, expected: &str| {
                let claim = format!("files = \"*.py\"\nsymbol = \"{symbol}\"\nstatic = {{ {question} }}");
                let fixture = format!("--- a.py\nx = 1\n--- b.py\n{code}");
                let observation = testing::observe_fixture(&fixture, &testing::claim_of(&claim));
                let is_missing = testing::word(&observation) == "symbol missing";
                assert_eq!(is_missing, expected == "symbol missing", "{claim}\n{code}\n{observation:#?}");
            };
            let code = "class A:\n    def f(self):\n        return 1\n\nprint(A().f())\n";
            ask("A.f", code, "looked");
            ask("A.g", code, "symbol missing");
            ask("B.f", code, "symbol missing");
            // The definition may be in the part that is lost.
            ask("A.f", "class A(:\n    def f(self):\n        return 1\n", "looked");
        }
    }
}

#[cfg(test)]
pub(crate) mod testing {
    //! Runs a check on a fixture.

    use super::{Context, observe};
    use crate::catalogue::{Check, Claim, ClaimId, PythonSettings, Role, Scope, StaticCheck};
    use crate::evidence::Observation;
    use crate::fixture::MemoryTree;
    use crate::python::{Files, Project};
    use crate::target::RelativePath;

    /// A claim about one file.
    pub(crate) fn claim(file: &str, symbol: Option<&str>, check: StaticCheck) -> Claim {
        let scope = Scope::File(RelativePath::new(file).unwrap());
        Claim {
            id: ClaimId::new("T-1/claim"),
            role: Role::Instance,
            says: "it is so".to_owned(),
            scope,
            symbol: symbol.map(str::to_owned),
            lines: None,
            checks: vec![Check::Static(check)],
            example: None,
            line: 1,
        }
    }

    /// A claim as it stands in a catalogue: `file`, `symbol`, `static`.
    pub(crate) fn claim_of(toml: &str) -> Claim {
        let text = format!(
            "[[report]]\nid = \"R1\"\ntitle = \"An audit\"\n[[finding]]\nid = \"R1-1\"\nreport = \"R1\"\n\
             severity = \"low\"\ntitle = \"t\"\nbug = \"b\"\n[[finding.claim]]\nid = \"c\"\nsays = \"s\"\n{toml}\n"
        );
        let catalogue =
            crate::catalogue::Catalogue::parse(std::path::Path::new("findings.toml"), &text, &|_| true);
        let catalogue = catalogue.unwrap_or_else(|problems| panic!("{toml}\n{problems:?}"));
        catalogue.findings[0].claims[0].clone()
    }

    /// Asks what the TOML claims about a fixture, and compares the answer and, where the fixture
    /// marks lines, the sites with them.
    pub(crate) fn check(toml: &str, fixture: &str, expected: &str) {
        let observation = observe_fixture(fixture, &claim_of(toml));
        let shown = format!("{toml}\n{fixture}\n{}\n{:#?}", observation.because, observation.notes);
        assert_eq!(word(&observation), expected, "{shown}");
        let marked = crate::fixture::marked_lines(fixture);
        if !marked.is_empty() {
            let mut found = lines(&observation);
            let mut marked = marked;
            marked.sort();
            found.sort();
            found.dedup();
            assert_eq!(found, marked, "{shown}");
        }
    }

    /// Asks every claim of a list: `=== what it is about | expected`, the claim's TOML, then
    /// `---` and the code. `file` is `example.py` where the claim does not say.
    pub(crate) fn check_cases(cases: &str) {
        let mut wrong = Vec::new();
        for case in cases.split("\n=== ").map(|case| case.trim_start_matches("=== ")) {
            let (heading, rest) = case.split_once('\n').expect("a case has a heading");
            let (about, expected) = heading.split_once(" | ").expect("a heading says what is expected");
            let (toml, python) = rest.split_once("---").expect("a case has code");
            let toml = if toml.contains("file") {
                toml.to_owned()
            } else {
                format!("file = \"example.py\"\n{toml}")
            };
            let python = match python.strip_prefix('\n') {
                Some(rest) => rest.to_owned(),
                None => format!("---{python}"),
            };
            let observation = observe_fixture(&python, &claim_of(&toml));
            if word(&observation) != expected {
                let because = &observation.because;
                wrong.push(format!("{about}: {}, expected {expected}: {because}", word(&observation)));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    /// Asks the first check of a claim about a fixture.
    pub(crate) fn observe_fixture(fixture: &str, claim: &Claim) -> Observation {
        let tree = MemoryTree::parse(fixture);
        let files = Files::new(&tree);
        let settings = PythonSettings { path: vec![".".to_owned()], ..Default::default() };
        let project = Project::new(&files, &settings);
        let Some(Check::Static(check)) = claim.checks.first() else {
            panic!("the claim has no static check")
        };
        observe(check, claim, &Context { project: &project })
    }

    /// The sites of an observation as `path:line`.
    pub(crate) fn lines(observation: &Observation) -> Vec<String> {
        observation.sites.iter().map(|site| format!("{}:{}", site.file, site.line)).collect()
    }

    /// The outcome in one word: `holds`, `does not hold`, or the reason's name.
    pub(crate) fn word(observation: &Observation) -> &'static str {
        use crate::evidence::{Outcome, Reason};
        match &observation.outcome {
            Outcome::Holds => "holds",
            Outcome::DoesNotHold => "does not hold",
            Outcome::CouldNotBeObserved { reason } => match reason {
                Reason::FileMissing { .. } => "file missing",
                Reason::FileUnreadable { .. } => "file unreadable",
                Reason::DoesNotCompile { .. } => "does not compile",
                Reason::SymbolMissing { .. } => "symbol missing",
                Reason::Unresolved { .. } => "unresolved",
                Reason::NoAnswer { .. } => "no answer",
            },
        }
    }
}
