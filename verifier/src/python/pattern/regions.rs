//! Which functions of a file a search has to parse.
//!
//! A file that has the words of a pattern has most of its functions without them. When all that
//! is asked stays within one function, or outside of all, a function without the words can be left
//! out: nothing is found in it, and what is found elsewhere does not depend on it.
//!
//! - A match of a pattern that does not describe the inside of a definition lies in one function,
//!   or outside of all, where a definition counts as a whole.
//! - Its words stand there, or in an import: an import gives its names to the whole file.
//! - What a variable holds depends on its own function, and on names at the top of the file that
//!   are assigned there alone, which `global` in any function undoes.

use std::ops::Range;

use aho_corasick::{AhoCorasick, MatchKind};

use super::literals::{Form, Literals, each_word};
use super::tree::*;
use crate::python::outline::Outline;
use crate::python::rule::Formula;

/// Decides what of a text may matter to a search.
#[derive(Clone, Debug)]
pub struct Regions {
    searcher: AhoCorasick,
    /// For each word of the searcher, how it may stand, and the number of the word in that form.
    forms: Vec<Vec<(Form, u32)>>,
    /// For each alternative, its words.
    alternatives: Vec<Words>,
}

/// What of a text may matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Relevant {
    /// Nothing: there is no match.
    Nothing,
    /// Everything, or it cannot be told.
    Everything,
    /// All but these bodies of functions, in their order.
    AllBut(Vec<Range<usize>>),
}

/// A set of words in some form, by their numbers.
type Words = u128;

const IMPORT: u32 = 0;
const GLOBAL: u32 = 1;

/// A body that is shorter is parsed in no time.
const SHORTEST: usize = 40;

impl Regions {
    /// For a search for any of several formulas. `None` when a match of one of them may reach into
    /// several functions, or has no words of its own.
    pub fn new<'f>(formulas: impl IntoIterator<Item = &'f Formula>) -> Option<Self> {
        let mut words = vec!["import".to_owned(), "global".to_owned()];
        let mut forms = vec![vec![(Form::Word, IMPORT)], vec![(Form::Word, GLOBAL)]];
        let mut alternatives = Vec::new();
        for formula in formulas {
            for literals in formula.local_literals()? {
                alternatives.push(Self::number(&literals, &mut words, &mut forms)?);
            }
        }
        let searcher = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(&words).ok()?;
        Some(Self { searcher, forms, alternatives })
    }

    fn number(
        literals: &Literals,
        words: &mut Vec<String>,
        forms: &mut Vec<Vec<(Form, u32)>>,
    ) -> Option<Words> {
        let mut numbers = 0;
        // A word that is everywhere tells nothing.
        for (word, form) in literals.words().filter(|(word, _)| *word != "self") {
            let index = words.iter().position(|known| known == word).unwrap_or_else(|| {
                words.push(word.to_owned());
                forms.push(Vec::new());
                words.len() - 1
            });
            let next = u32::try_from(forms.iter().map(Vec::len).sum::<usize>()).ok()?;
            let number = match forms[index].iter().find(|(known, _)| *known == form) {
                Some((_, number)) => *number,
                None => {
                    forms[index].push((form, next));
                    next
                }
            };
            numbers |= (1 as Words).checked_shl(number)?;
        }
        (numbers != 0).then_some(numbers)
    }

    /// What of this text may matter.
    pub fn relevant(&self, text: &str) -> Relevant {
        let Some(outline) = Outline::of(text) else { return Relevant::Everything };
        let mut outside: Words = 0;
        let mut shared: Words = 0;
        let mut inside: Vec<Words> = vec![0; outline.bodies.len()];
        let (mut body, mut import) = (0, 0);
        each_word(&self.searcher, text.as_bytes(), &mut |word, place| {
            let forms = &self.forms[word];
            let start = place.start;
            while outline.bodies.get(body).is_some_and(|range| range.end <= start) {
                body += 1;
            }
            while outline.imports.get(import).is_some_and(|range| range.end <= start) {
                import += 1;
            }
            if outline.imports.get(import).is_some_and(|range| range.start <= start) {
                shared |= numbers(forms.iter());
                return true;
            }
            let seen = numbers(forms.iter().filter(|(form, _)| form.allows(text.as_bytes(), place.clone())));
            if outline.bodies.get(body).is_some_and(|range| range.start <= start) {
                inside[body] |= seen;
            } else {
                outside |= seen;
            }
            true
        });
        let imports_elsewhere = outside & (1 << IMPORT) != 0;
        let speaks_for_all = |words: Words| words & (1 << IMPORT | 1 << GLOBAL) != 0;
        if imports_elsewhere {
            shared |= outside;
        }
        shared |= inside.iter().filter(|words| speaks_for_all(**words)).fold(0, |all, words| all | words);
        let is_wanted = |words: Words| {
            let words = words | shared;
            self.alternatives.iter().any(|alternative| words & alternative == *alternative)
        };
        if !is_wanted(outside) && !inside.iter().any(|words| is_wanted(*words)) {
            return Relevant::Nothing;
        }
        let left_out = outline.bodies.into_iter().zip(&inside).filter(|(body, words)| {
            body.len() >= SHORTEST && !speaks_for_all(**words) && !is_wanted(**words)
        });
        let left_out: Vec<Range<usize>> = left_out.map(|(body, _)| body).collect();
        if left_out.is_empty() { Relevant::Everything } else { Relevant::AllBut(left_out) }
    }
}

fn numbers<'f>(forms: impl Iterator<Item = &'f (Form, u32)>) -> Words {
    forms.fold(0, |all, (_, number)| all | 1 << number)
}

/// Whether no match of this pattern depends on what is within a definition that it does not lie in.
pub(super) fn is_local(root: &Root) -> bool {
    match root {
        Root::Expression(_) | Root::Decorator(_) => true,
        Root::Statements(statements) => are_local(statements),
    }
}

fn are_local(statements: &[Statement]) -> bool {
    statements.iter().all(|statement| match statement {
        Statement::Ellipsis
        | Statement::Expression(_)
        | Statement::Return(_)
        | Statement::Delete(_)
        | Statement::Assign { .. }
        | Statement::AugAssign { .. }
        | Statement::AnnAssign { .. }
        | Statement::Raise { .. }
        | Statement::Assert { .. }
        | Statement::Import(_)
        | Statement::Global(_)
        | Statement::Nonlocal(_)
        | Statement::TypeAlias { .. }
        | Statement::Pass
        | Statement::Break
        | Statement::Continue => true,
        // They may stand for definitions, which are then compared.
        Statement::Rest(_) | Statement::Metavariable(_) => false,
        Statement::For { body, orelse, .. } | Statement::While { body, orelse, .. } => {
            are_local(body) && are_local(orelse)
        }
        Statement::If(branches) => branches.iter().all(|branch| are_local(&branch.body)),
        Statement::With { body, .. } => are_local(body),
        Statement::Match { cases, .. } => cases.iter().all(|case| are_local(&case.body)),
        Statement::Try { body, handlers, orelse, finalbody, .. } => {
            are_local(body)
                && handlers.iter().all(|handler| are_local(&handler.body))
                && are_local(orelse)
                && are_local(finalbody)
        }
        Statement::Function(function) => matches!(function.body[..], [Statement::Ellipsis]),
        Statement::Class(class) => matches!(class.body[..], [Statement::Ellipsis]),
    })
}
