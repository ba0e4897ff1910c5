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
//! What it cannot see: errors that only some versions of Python have, how many blocks may stand in
//! one another (20 loops and the like up to Python 3.12), names with letters of an encoding that
//! is neither UTF-8 nor Latin-1, and what happens when the code runs. A file that cannot be read at all is neither valid nor broken, nor is one that is
//! nested more deeply than is read here and not more deeply than Python allows (a sum of hundreds of terms).
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
    fn broken_file_is_not_valid_and_a_whole_one_is() {
        check("def f(:\n    pass\n", SyntaxCheck::Valid, "does not hold", &["example.py:1"]);
        check("def f():\n    pass\n", SyntaxCheck::Valid, "holds", &[]);
    }
}
