//! # `syntax`: does the file compile?
//!
//! What it asks: whether Python would compile the file. The parser reads on behind an error, so
//! every error of the file is listed, not only the first.
//!
//! In `findings.toml`:
//!
//! ```toml
//! file = "agents/enhanced.py"
//! static = { syntax = "error" }   # or "valid"
//! ```
//!
//! With `files = "glob"` the claim holds when at least one file has the answer that is named
//! (`"error"`), or when all have it (`"valid"`).
//!
//! What it cannot see: errors that only some versions of Python have, names with letters of an
//! encoding that is neither UTF-8 nor Latin-1, and what happens when the code runs. A file that
//! cannot be read at all is neither valid nor broken, nor is one that is nested more deeply than is
//! read here and not more deeply than Python allows (a sum of hundreds of terms), one with more than
//! 20 loops and the like in one another, which only newer versions take, and one that unpacks in a
//! comprehension (`[*x for x in y]`).
//!
//! Holds for `"error"`: `def f(:`. Does not: `def f(): pass`.

use crate::catalogue::check::SyntaxCheck;
use crate::catalogue::{CheckKind, Claim};
use crate::evidence::{Observation, Reason, Site};
use crate::static_checks::{Context, Example, Examples, Sight, Subject, site, sweep_in_parts};

const KIND: CheckKind = CheckKind::Syntax;

/// One that holds and one that does not.
pub const EXAMPLES: Examples = Examples {
    holds: Example {
        claim: "file = \"example.py\"\nstatic = { syntax = \"error\" }",
        python: "logging.basicConfig(level=INFO)\n    filename=\"a.log\")\n",
    },
    does_not_hold: Example {
        claim: "file = \"example.py\"\nstatic = { syntax = \"error\" }",
        python: "logging.basicConfig(level=INFO, filename=\"a.log\")\n",
    },
};

/// Asks it.
pub fn observe(check: &SyntaxCheck, claim: &Claim, context: &Context) -> Observation {
    let swept = match sweep_in_parts(check, claim, context, |_| true, |subject, _| errors(subject)) {
        Ok(swept) => swept,
        Err(reason) => return Sight::default().unobserved(KIND, reason),
    };
    let mut searched = swept.searched;
    // That a file does not compile is the answer here and no reason to have none.
    searched.blind.retain(|reason| !matches!(reason, Reason::DoesNotCompile { .. }));
    let sites: Vec<Site> = swept.found.into_iter().flatten().collect();
    let broken = !sites.is_empty();
    let because = match sites.first() {
        Some(site) => format!(
            "`{}` does not compile: line {}: {}",
            site.file,
            site.line,
            site.label.as_deref().unwrap_or_default()
        ),
        None => format!("{} of {} files compile", searched.parsed, searched.files),
    };
    let unreadable = searched.blind.first().cloned();
    let sight = Sight { sites, searched, notes: Vec::new() };
    match check {
        SyntaxCheck::Error => match unreadable {
            Some(reason) if !broken => sight.unobserved(KIND, reason),
            _ => sight.answer(KIND, broken, because),
        },
        SyntaxCheck::Valid => match unreadable {
            Some(reason) if !broken => sight.unobserved(KIND, reason),
            // A file that does not compile settles it, whatever the unreadable ones are.
            _ => {
                let mut sight = sight;
                if broken {
                    sight.searched.blind.clear();
                }
                sight.answer(KIND, !broken, because)
            }
        },
    }
}

fn errors(subject: Subject) -> Vec<Site> {
    let file = subject.file;
    let range = subject.range();
    let errors = file.source().errors().iter();
    let mut errors: Vec<_> = errors
        .filter(|error| !error.is_own_limit())
        .filter(|error| subject.symbol.is_none() || range.contains_inclusive(error.range.start()))
        .collect();
    // Recovery makes several complaints of one mistake; the first of a line is the one that helps.
    errors.dedup_by_key(|error| error.line);
    errors.truncate(MOST_ERRORS);
    errors.into_iter().map(|error| site(file, error.range, Some(&error.message))).collect()
}

/// What is no Python at all has an error on every line.
const MOST_ERRORS: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::StaticCheck;
    use crate::static_checks::testing::{claim, lines, observe_fixture, word};

    fn check(fixture: &str, check: SyntaxCheck, expected: &str, expected_lines: &[&str]) {
        let claim = claim("example.py", None, StaticCheck::Syntax(check));
        let observation = observe_fixture(fixture, &claim);
        assert_eq!(word(&observation), expected, "{}", observation.because);
        assert_eq!(lines(&observation), expected_lines);
    }

    #[test]
    fn examples_answer_as_they_say() {
        check(EXAMPLES.holds.python, SyntaxCheck::Error, "holds", &["example.py:2"]);
        check(EXAMPLES.does_not_hold.python, SyntaxCheck::Error, "does not hold", &[]);
    }

    #[test]
    fn missing_file_is_neither_valid_nor_broken() {
        for kind in [SyntaxCheck::Error, SyntaxCheck::Valid] {
            check("--- other.py\nx = 1\n", kind, "file missing", &[]);
        }
    }

    #[test]
    fn long_sum_that_is_not_read_is_neither_valid_nor_broken() {
        let sum = format!("x = {}1\n", "1 + ".repeat(600));
        for kind in [SyntaxCheck::Error, SyntaxCheck::Valid] {
            check(&sum, kind, "file unreadable", &[]);
        }
    }

    #[test]
    fn what_versions_of_python_disagree_on_is_neither_valid_nor_broken() {
        let nested = |count: usize, head: &str| -> String {
            let heads = (0..count).map(|depth| format!("{}{head}:\n", " ".repeat(depth)));
            heads.chain([format!("{}pass\n", " ".repeat(count))]).collect()
        };
        let with = |items: usize| format!("with {}: pass\n", vec!["x"; items].join(", "));
        let tries = |count: usize| {
            let mut text = "x\n".to_owned();
            for _ in 0..count {
                let body: String = text.lines().map(|line| format!(" {line}\n")).collect();
                text = format!("try:\n{body}except E: pass\n");
            }
            text
        };
        let handlers = |count: usize| -> String {
            let heads = (0..count).map(|depth| format!("{0}try: pass\n{0}except E:\n", " ".repeat(depth)));
            heads.chain([format!("{}pass\n", " ".repeat(count))]).collect()
        };
        for (text, expected) in [
            (nested(20, "for a in b"), "holds"),
            (nested(21, "for a in b"), "file unreadable"),
            (nested(21, "while a"), "file unreadable"),
            (nested(21, "with a"), "file unreadable"),
            (nested(60, "while a"), "does not hold"),
            (nested(60, "if a"), "holds"),
            (with(20), "holds"),
            (with(21), "file unreadable"),
            (tries(19), "holds"),
            (tries(20), "file unreadable"),
            (handlers(10), "holds"),
            (handlers(11), "file unreadable"),
            (nested(20, "for a in b").replace("pass", "def f(): [a for a in b]"), "holds"),
            (
                nested(15, "for a in b")
                    .replace("pass", &format!("def f():\n{}for a in b: pass", " ".repeat(16))),
                "holds",
            ),
            ("y = [*x for x in z]\n".to_owned(), "file unreadable"),
            ("y = {*x for x in z}\n".to_owned(), "file unreadable"),
            ("f(*x for x in z)\n".to_owned(), "file unreadable"),
            ("y = {**x for x in z}\n".to_owned(), "file unreadable"),
            ("y = [(*x, 1) for x in z]\nf(*[x for x in z])\n".to_owned(), "holds"),
        ] {
            let claim = claim("example.py", None, StaticCheck::Syntax(SyntaxCheck::Valid));
            assert_eq!(word(&observe_fixture(&text, &claim)), expected, "{text}");
        }
    }

    #[test]
    fn broken_file_is_not_valid_and_a_whole_one_is() {
        check("def f(:\n    pass\n", SyntaxCheck::Valid, "does not hold", &["example.py:1"]);
        check("def f():\n    pass\n", SyntaxCheck::Valid, "holds", &[]);
    }
}
